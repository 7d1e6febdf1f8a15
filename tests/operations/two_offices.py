"""A caseload of two offices of two partners in which every table is filled, made by the use cases.

Whatever office B, its coordinator or Belgium for its cases writes carries B's mark, and its amounts, days and digests are its
own: what of them shows up in an answer to office A has leaked.
"""

import dataclasses
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from hashlib import sha256
from itertools import count
from typing import cast
from uuid import UUID

from reintegration.cases import service as cases
from reintegration.cases.commands import (
    CloseCase,
    ConfirmArrival,
    DecideVulnerability,
    HouseholdMember,
    RecordDeparture,
    RecordVulnerability,
    ReferCase,
    RegisterCase,
    TransferCase,
)
from reintegration.cases.values import CloseReason, Gender, HouseholdRole, TravelMode, VulnerabilityKind
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.entitlements import service as entitlements
from reintegration.entitlements.commands import (
    AssessEntitlement,
    DecideException,
    DecideExtension,
    GrantEntitlements,
    RequestedException,
    RequestException,
    RequestExtension,
)
from reintegration.entitlements.notices import note_deadlines
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.clock import add_months, today
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
from reintegration.kernel.reference import Reference
from reintegration.payments import service as payments
from reintegration.payments.commands import (
    DecideSupplierAccount,
    DecideSupplierLikeness,
    RecordSupplierAccount,
    RegisterSupplier,
)
from reintegration.plans import service as plans
from reintegration.plans.commands import (
    ApprovePlan,
    DecideBudgetTransfer,
    DraftPlan,
    PlanLine,
    RejectPlan,
    RequestBudgetTransfer,
    SubmitPlan,
)
from tests.builders import CARITAS, CEILING_RULE, IOM, MONGOLIA, MONGOLIA_CARITAS, SYSTEM, a_registration, actor, days_ago
from tests.proofs import value

SHARED_FILE = sha256(b"the receipt that both offices show").hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """An office with everybody who works on its cases, each called by the side's mark."""

    mark: str
    office_id: UUID
    partner_id: UUID
    cents: int
    """What makes the side's amounts its own."""
    files: "count[int]" = field(default_factory=count)

    def who(self, role: Role) -> Actor:
        """The side's person of a role."""
        return actor(role, f"{role.value}-{self.mark}", office=self.office_id)

    def text(self, about: str) -> str:
        """A text that only this side writes."""
        return f"{about} {self.mark}"

    def euros(self, amount: int) -> Money:
        """An amount that only this side has."""
        return Money(100 * amount + self.cents, "EUR")

    def digest(self) -> str:
        """The SHA-256 of a file that nobody else has."""
        return sha256(f"{self.mark} {next(self.files)}".encode()).hexdigest()


A = Side(mark="alphaoffice", office_id=MONGOLIA, partner_id=IOM, cents=0)
B = Side(mark="bravooffice", office_id=MONGOLIA_CARITAS, partner_id=CARITAS, cents=37)

_LAST_DAY = "update entitlements set deadline_on = $2 where case_id = $1 and stream = 'reintegration'"
UseCase = Callable[[Transaction], Awaitable[Reference]]


@dataclass(slots=True)
class Desk:
    """Does what a side's people do, one step after the other."""

    work: UnitOfWork
    side: Side

    async def do(self, role: Role, use_case: UseCase) -> Reference:
        """A use case by the side's person of this role."""
        return await self.work.write(self.side.who(role), use_case)

    def member(self, role: HouseholdRole, age: int, gender: Gender) -> HouseholdMember:
        """A person whose names and day of birth are the side's."""
        return HouseholdMember(
            id=new_id(),
            role=role,
            gender=gender,
            birth_date=add_months(today(), -12 * age - 6) - timedelta(days=self.side.cents),
            nationality="MN",
            family_name=self.side.text("Бат"),
            given_names=self.side.text("Оюун"),
            latin_name=self.side.text("Oyuun Bat"),
        )

    def household(self) -> tuple[HouseholdMember, ...]:
        """Two adults and a child."""
        return (
            self.member(HouseholdRole.HEAD, 38, Gender.FEMALE),
            self.member(HouseholdRole.PARTNER, 35, Gender.MALE),
            self.member(HouseholdRole.CHILD, 6, Gender.FEMALE),
        )

    async def referred(
        self, *, dublin: bool = False, helped_days_ago: int = 4000, child_of_age_days_ago: int | None = None
    ) -> RegisterCase:
        """A case of the side's office; a Dublin one has none."""
        *adults, child = self.household()
        if child_of_age_days_ago is not None:
            child = dataclasses.replace(child, birth_date=add_months(days_ago(child_of_age_days_ago), -12 * 18))
        command = a_registration(
            members=(*adults, child),
            dublin=dublin,
            previous_support_departed_on=days_ago(helped_days_ago + self.side.cents),
        )
        await self.do(Role.RETURN_COUNSELLOR, lambda t: cases.register_case(t, command))
        if not dublin:
            refer = ReferCase(
                case_id=command.id, expected_version=1, partner_id=self.side.partner_id, field_office_id=self.side.office_id
            )
            await self.do(Role.RETURN_COUNSELLOR, lambda t: cases.refer_case(t, refer))
        return command

    async def vulnerable(self, case: RegisterCase) -> None:
        """One vulnerability approved, one open."""
        head = case.members[0].id
        approved = RecordVulnerability(id=new_id(), case_id=case.id, returnee_id=head, kind=VulnerabilityKind.COMPLEX_MEDICAL)
        await self.do(Role.RETURN_COUNSELLOR, lambda t: cases.record_vulnerability(t, approved))
        decision = DecideVulnerability(vulnerability_id=approved.id, expected_version=1, approved=True)
        await self.do(Role.FEDASIL_PROGRAMME, lambda t: cases.decide_vulnerability(t, decision))
        still = RecordVulnerability(id=new_id(), case_id=case.id, returnee_id=head, kind=VulnerabilityKind.PREGNANT)
        await self.do(Role.RETURN_COUNSELLOR, lambda t: cases.record_vulnerability(t, still))

    async def granted(self, case: RegisterCase) -> None:
        """Premium and budget, under the exception for a ceiling."""
        request = RequestException(
            id=new_id(),
            case_id=case.id,
            kind=RequestedException.GRANTED_CEILING,
            rule_id=CEILING_RULE,
            reason=self.side.text("As agreed"),
            reference=self.side.text("FED"),
            amount=self.side.euros(1800),
        )
        await self.do(Role.RETURN_COUNSELLOR, lambda t: entitlements.request_exception(t, request))
        decision = DecideException(exception_id=request.id, expected_version=1, approved=True, note=self.side.text("A hard case"))
        await self.do(Role.FEDASIL_PROGRAMME, lambda t: entitlements.decide_exception(t, decision))
        cost = self.side.euros(40)
        planned = days_ago(30)
        assess = AssessEntitlement(id=new_id(), case_id=case.id, planned_departure_on=planned, travel_document_cost=cost)
        await self.grant(case, assess)

    async def grant(self, case: RegisterCase, assess: AssessEntitlement) -> None:
        """Assessed and granted."""
        await self.do(Role.RETURN_COUNSELLOR, lambda t: entitlements.assess_entitlement(t, assess))
        grant = GrantEntitlements(case_id=case.id, assessment_id=assess.id)
        await self.do(Role.RETURN_COUNSELLOR, lambda t: entitlements.grant_entitlements(t, grant))

    async def arrived(self, case: RegisterCase) -> None:
        """Departed and arrived."""
        departure = RecordDeparture(case_id=case.id, expected_version=2, departed_on=days_ago(30), travel_mode=TravelMode.PLANE)
        await self.do(Role.RETURN_COUNSELLOR, lambda t: cases.record_departure(t, departure))
        arrival = ConfirmArrival(case_id=case.id, expected_version=3, arrived_on=days_ago(29))
        await self.do(Role.FIELD_OFFICER, lambda t: cases.confirm_arrival(t, arrival))

    async def ready(self) -> RegisterCase:
        """A case that can have a plan."""
        case = await self.referred()
        await self.vulnerable(case)
        await self.granted(case)
        await self.arrived(case)
        return case

    async def barred(self) -> None:
        """Somebody who was helped before: the exclusion is lifted by an exception, and the assessment says so.

        The household leaves before the planned day, on which a child is of age: what was granted deviates.
        """
        case = await self.referred(helped_days_ago=700, child_of_age_days_ago=20)
        request = RequestException(
            id=new_id(),
            case_id=case.id,
            kind=RequestedException.EXCLUSION_OVERRIDE,
            rule_id="X-02",
            reason=self.side.text("Ill since then"),
            reference=self.side.text("FED-2"),
        )
        await self.do(Role.RETURN_COUNSELLOR, lambda t: entitlements.request_exception(t, request))
        decision = DecideException(exception_id=request.id, expected_version=1, approved=True)
        await self.do(Role.FEDASIL_PROGRAMME, lambda t: entitlements.decide_exception(t, decision))
        assess = AssessEntitlement(id=new_id(), case_id=case.id, planned_departure_on=days_ago(10))
        await self.grant(case, assess)
        await self.arrived(case)
        again = AssessEntitlement(id=new_id(), case_id=case.id)
        await self.do(Role.RETURN_COUNSELLOR, lambda t: entitlements.assess_entitlement(t, again))

    async def extended(self, case: RegisterCase) -> None:
        """A later deadline approved, and another asked for."""
        found = await value(self.work, "select id from entitlements where case_id = $1 and stream = 'reintegration'", case.id)
        assert isinstance(found, UUID)
        for months in (24, 30):
            request = RequestExtension(
                id=new_id(),
                entitlement_id=found,
                new_deadline_on=add_months(today(), months) + timedelta(days=self.side.cents),
                reason=self.side.text("Illness"),
            )
            await self.do(Role.FIELD_OFFICER, partial(entitlements.request_extension, command=request))
            if months == 24:
                decision = DecideExtension(
                    extension_id=request.id, expected_version=1, approved=True, note=self.side.text("Until healed")
                )
                await self.do(Role.FEDASIL_PROGRAMME, partial(entitlements.decide_extension, command=decision))

    async def expired(self) -> None:
        """A case whose office was told that its last day is near, and whose budget has expired since."""
        case = await self.ready()

        async def near(transaction: Transaction) -> None:
            await transaction.execute(_LAST_DAY, case.id, days_ago(-20 - self.side.cents % 10))
            await note_deadlines(transaction, on=today(), most=9)

        async def over(transaction: Transaction) -> None:
            await transaction.execute(_LAST_DAY, case.id, days_ago(1))
            await payments.expire_case(transaction, case.id)

        await self.work.write(SYSTEM, near)
        await self.work.write(SYSTEM, over)

    async def rebudgeted(self, case: RegisterCase) -> None:
        """A transfer between the items in force approved, and another asked for."""
        giver, taker = [
            await value(
                self.work,
                "select i.id from plan_items as i join plans as p on p.id = i.plan_id"
                " where p.case_id = $1 and p.status = 'approved' and i.position = $2",
                case.id,
                position,
            )
            for position in (1, 2)
        ]
        for amount in (7, 9):
            request = RequestBudgetTransfer(
                id=new_id(),
                from_item_id=cast("UUID", giver),
                to_item_id=cast("UUID", taker),
                amount=self.side.euros(amount),
                reason=self.side.text("School began"),
            )
            await self.do(Role.FIELD_OFFICER, partial(plans.request_budget_transfer, command=request))
            if amount == 7:
                decision = DecideBudgetTransfer(
                    transfer_id=request.id, expected_version=1, approved=True, note=self.side.text("Agreed")
                )
                await self.do(Role.PARTNER_COORDINATOR, partial(plans.decide_budget_transfer, command=decision))

    async def planned(self, case: RegisterCase) -> UUID:
        """A rejected plan and one in force, which continues the lines of one before; returns the latter's first item."""
        workshop, school = [
            await value(
                self.work,
                "select i.line_id from plan_items as i join plans as p on p.id = i.plan_id"
                " where p.case_id = $1 and p.status = 'approved' and i.position = $2",
                case.id,
                position,
            )
            for position in (1, 2)
        ]
        lines = (
            PlanLine(
                "micro_business",
                self.side.text("A workshop for felt"),
                self.side.euros(1200),
                line_id=cast("UUID | None", workshop),
                co_investment=self.side.euros(50),
            ),
            PlanLine(
                "schooling_child",
                self.side.text("School fees"),
                self.side.euros(100),
                line_id=cast("UUID | None", school),
                returnee_id=case.members[2].id,
            ),
        )
        for is_approved in (False, True):
            draft = DraftPlan(new_id(), case.id, lines)
            await self.do(Role.FIELD_OFFICER, partial(plans.draft_plan, command=draft))
            submit = SubmitPlan(draft.id, 1)
            await self.do(Role.FIELD_OFFICER, partial(plans.submit_plan, command=submit))
            if is_approved:
                digest = str(await value(self.work, "select content_digest from plans where id = $1", draft.id))
                approve = ApprovePlan(draft.id, 2, digest)
                await self.do(Role.PARTNER_COORDINATOR, partial(plans.approve_plan, command=approve))
            else:
                reject = RejectPlan(draft.id, 2, self.side.text("Too dear"))
                await self.do(Role.PARTNER_COORDINATOR, partial(plans.reject_plan, command=reject))
        item = await value(self.work, "select id from plan_items where plan_id = $1 and position = 1", draft.id)
        assert isinstance(item, UUID)
        return item

    async def supplier(self, name: str) -> UUID:
        """A supplier of the office."""
        supplier = await self.registered(self.side.text(name), self.side.text(f"TIN {name}"))
        for account in ("4000123", self.account(name)):
            await self.paid_at(supplier, account)
        return supplier

    def account(self, name: str) -> str:
        """Where a supplier of the office is paid; at two offices one of the same name isn't paid at the same."""
        return f"5000{name}{self.side.cents}".upper()

    async def registered(self, name: str, tax_number: str) -> UUID:
        """A supplier of this name."""
        command = RegisterSupplier(new_id(), self.side.office_id, name, tax_number)
        await self.do(Role.FIELD_OFFICER, lambda t: payments.register_supplier(t, command))
        return command.id

    async def paid_at(self, supplier: UUID, account: str) -> None:
        """An account of a supplier, approved."""
        record = RecordSupplierAccount(new_id(), supplier, "bank", account, self.side.text("Holder"))
        await self.do(Role.FIELD_OFFICER, partial(payments.record_supplier_account, command=record))
        decide = DecideSupplierAccount(record.id, 1, approved=True, note=self.side.text("By telephone"))
        await self.do(Role.FIELD_APPROVER, partial(payments.decide_supplier_account, command=decide))

    async def alike(self) -> None:
        """A supplier that was cleared of being another, and then is paid at its account; and one that both offices know."""
        await self.supplier("Salt")
        later = await self.registered(f"{self.side.text('Salt')}, LLC", self.side.text("tin-salt"))
        found = await value(self.work, "select id from supplier_likenesses where later_id = $1", later)
        clear = DecideSupplierLikeness(cast("UUID", found), 1, cleared=True, note=self.side.text("Two streets"))
        await self.do(Role.PARTNER_COORDINATOR, partial(payments.decide_supplier_likeness, command=clear))
        await self.paid_at(later, self.account("Salt"))
        await self.registered(self.side.text("Soap"), "SOAP 1")

    async def closed(self) -> None:
        """A case that ended before the departure."""
        case = await self.referred()
        close = CloseCase(
            case_id=case.id,
            expected_version=2,
            reason=CloseReason.WITHDRAWN_BEFORE_DEPARTURE,
            closed_on=today(),
            note=self.side.text("They stay"),
        )
        await self.do(Role.RETURN_COUNSELLOR, lambda t: cases.close_case(t, close))

    async def move(self, case: RegisterCase, office: UUID, by: Side) -> None:
        """The case goes to another office; Fedasil does it for a side."""
        version = await value(self.work, "select version from cases where id = $1", case.id)
        assert isinstance(version, int)
        command = TransferCase(
            id=new_id(),
            case_id=case.id,
            expected_version=version,
            to_office_id=office,
            reason=by.text("Nearer to the family"),
        )
        await self.work.write(by.who(Role.FEDASIL_PROGRAMME), lambda t: cases.transfer_case(t, command))
