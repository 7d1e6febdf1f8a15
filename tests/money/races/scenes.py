"""Scenes: cases in which many money mutations are possible at once, made by the use cases themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from reintegration.cases import service as cases
from reintegration.cases.commands import RecordVulnerability
from reintegration.cases.values import VulnerabilityKind
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.entitlements import service as entitlements
from reintegration.entitlements.commands import AssessEntitlement, RequestedException, RequestException, RequestExtension
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
from reintegration.payments import service as payments
from reintegration.payments.commands import (
    DecideSupplierAccount,
    HoldPayment,
    IssueReceiptCode,
    RecordSupplierAccount,
    RequestRefund,
)
from reintegration.plans import service as plans
from reintegration.plans.commands import RequestBudgetTransfer
from tests.builders import APPROVER, COORDINATOR, COUNSELLOR, OFFICER, SYSTEM, a_granted_case, days_ago
from tests.payment_steps import (
    BuiltPlan,
    a_draft,
    a_drafted_plan,
    a_line,
    a_submitted_plan,
    a_supplier,
    an_approved_plan,
    attach,
    carry,
    done,
    doubt,
    euros,
    supplied,
)
from tests.proofs import value

CODE = "7KQ2-XW9M"
BUDGETS = (100_000, 50_000)
BIG = 50_000
"""Cents of which the first line can give once, whoever asks for them."""
OPEN_PAYMENTS: Mapping[str, tuple[str, int]] = {
    "draft": ("draft", BIG),
    "other draft": ("draft", BIG),
    "submitted": ("submitted", 1_000),
    "held": ("submitted", 1_100),
    "approved": ("approved", 2_000),
    "other approved": ("approved", 2_500),
    "unsure account": ("approved", 100),
    "released": ("released", 3_000),
    "unconfirmed": ("unconfirmed", 4_000),
}
"""With the status and the cents of each."""
PAID_PAYMENTS: Mapping[str, tuple[str, int]] = {"paid": ("paid", 5_000), "refunding": ("paid", 6_000)}
_ELSEWHERE = frozenset({"other draft", "unsure account"})
"""Payments to suppliers of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A case and what is in it, by name. `closes` says what is open when it is to be closed; None where it isn't."""

    name: str
    is_submitted: bool
    closes: str | None
    plan: BuiltPlan
    next_plan: BuiltPlan
    """The version that is drafted, or submitted."""
    supplier: UUID
    budget: UUID
    payments: Mapping[str, UUID]
    records: dict[str, UUID] = field(default_factory=dict)

    @property
    def case_id(self) -> UUID:
        return self.plan.case.id


@dataclass(frozen=True, slots=True)
class Stage:
    """Where scenes are made."""

    work: UnitOfWork

    async def scene(
        self, name: str, of: Sequence[str], *, is_submitted: bool = True, is_extended: bool = True, closes: str | None = None
    ) -> Scene:
        """A case with these payments, whose last day was yesterday.

        A version of its plan is submitted, or else drafted; an extension is asked for, or can be.
        """
        work = self.work
        case = await a_granted_case(work)
        plan = await an_approved_plan(work, case, *(a_line(budget) for budget in BUDGETS))
        supplier = await self._supplier(is_sure=True)
        made = {one: await self._payment(plan, one, supplier) for one in of}
        lines = (a_line(60_000, line_id=plan.lines[0]), a_line(60_000, line_id=plan.lines[1]))
        next_plan = await (a_submitted_plan if is_submitted else a_drafted_plan)(work, case, *lines)
        budget = await value(work, "select id from entitlements where case_id = $1 and stream = 'reintegration'", case.id)
        scene = Scene(
            name=name,
            is_submitted=is_submitted,
            closes=closes,
            plan=plan,
            next_plan=next_plan,
            supplier=supplier,
            budget=UUID(str(budget)),
            payments=made,
        )
        move = "update entitlements set deadline_on = $2 where case_id = $1 and stream = 'reintegration'"
        await work.write(SYSTEM, lambda transaction: transaction.execute(move, case.id, days_ago(1)))
        await self._records(scene, is_extended=is_extended)
        return scene

    async def _records(self, scene: Scene, *, is_extended: bool) -> None:
        work, plan = self.work, scene.plan
        transfer = RequestBudgetTransfer(new_id(), plan.items[0], plan.items[1], euros(BIG), "School began")
        scene.records["transfer"] = (await done(work, OFFICER, plans.request_budget_transfer, transfer)).id
        if is_extended:
            extension = RequestExtension(
                id=new_id(), entitlement_id=scene.budget, new_deadline_on=days_ago(-90), reason="Illness"
            )
            scene.records["extension"] = (await done(work, OFFICER, entitlements.request_extension, extension)).id
        question = AssessEntitlement(id=new_id(), case_id=scene.case_id, travel_document_cost=Money(8_050, "EUR"))
        scene.records["assessment"] = (await done(work, COUNSELLOR, entitlements.assess_entitlement, question)).id
        wish = RequestException(
            id=new_id(),
            case_id=scene.case_id,
            kind=RequestedException.EXCLUSION_OVERRIDE,
            rule_id="X-02",
            reason="As agreed",
            reference="FED-3",
        )
        scene.records["exception"] = (await done(work, COUNSELLOR, entitlements.request_exception, wish)).id
        head, kind = plan.case.head_id, VulnerabilityKind.ELDERLY
        vulnerable = RecordVulnerability(id=new_id(), case_id=scene.case_id, returnee_id=head, kind=kind)
        scene.records["vulnerability"] = (await done(work, COUNSELLOR, cases.record_vulnerability, vulnerable)).id
        for name in ("released", "paid"):
            if name in scene.payments:
                issue = IssueReceiptCode(new_id(), scene.payments[name], CODE)
                await done(work, COORDINATOR, payments.issue_receipt_code, issue)
        if "held" in scene.payments:
            hold = HoldPayment(new_id(), scene.payments["held"], "complaint", "A neighbour called")
            scene.records["hold"] = (await done(work, APPROVER, payments.hold_payment, hold)).id
        if "refunding" in scene.payments:
            refund = await self.refund(scene.payments["refunding"])
            scene.records["refund"] = (await done(work, OFFICER, payments.request_refund, refund)).id
        if "unsure account" in scene.payments:
            where = "select a.id from supplier_accounts a join payments p on p.supplier_id = a.supplier_id where p.id = $1"
            scene.records["account"] = UUID(str(await value(work, where, scene.payments["unsure account"])))

    async def refund(self, payment: UUID, cents: int = 1_000) -> RequestRefund:
        """A part of a paid payment's line that came back."""
        line = await value(self.work, "select id from payment_lines where payment_id = $1", payment)
        proof = "select document_id from payment_documents where payment_id = $1 and stage = 'settlement' order by id limit 1"
        document = await value(self.work, proof, payment)
        return RequestRefund(
            new_id(), payment, UUID(str(line)), UUID(str(document)), euros(cents), days_ago(1), "BANK-9", "A sheep short"
        )

    async def _supplier(self, *, is_sure: bool) -> UUID:
        supplier = await a_supplier(self.work)
        account = RecordSupplierAccount(new_id(), supplier, "bank", str(supplier.int)[:20], "Cashmere")
        await done(self.work, OFFICER, payments.record_supplier_account, account)
        if is_sure:
            decision = DecideSupplierAccount(account.id, 1, approved=True, note="By telephone")
            await done(self.work, APPROVER, payments.decide_supplier_account, decision)
        return supplier

    async def _payment(self, plan: BuiltPlan, name: str, supplier: UUID) -> UUID:
        status, cents = {**OPEN_PAYMENTS, **PAID_PAYMENTS}[name]
        whose = await self._supplier(is_sure=name != "unsure account") if name in _ELSEWHERE else supplier
        made = await a_draft(self.work, plan, await supplied(self.work, euros(cents), supplier=whose, invoice=f"F-{name}"))
        if status == "unconfirmed":
            await carry(self.work, made, "released")
            await done(self.work, COORDINATOR, payments.mark_payment_unconfirmed, await doubt(self.work, made))
        elif status != "draft":
            await carry(self.work, made, status)
        if status in {"released", "unconfirmed"}:
            await attach(self.work, made, "proof_of_payment")
        if status == "unconfirmed":
            await attach(self.work, made, "non_payment_evidence")
        return made
