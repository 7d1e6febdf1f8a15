"""Actors of every role, and cases brought to a stage through the use cases themselves, as their users would.

The default household goes to Mongolia, with IOM's office there: two adults of 38 and 35 and a child of 6, no published amount of
the reintegration budget, so a ceiling is granted by exception. Days are counted back from today.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from uuid import UUID

import asyncpg

from reintegration.cases import service as cases
from reintegration.cases.commands import (
    ConfirmArrival,
    HouseholdMember,
    IntakeFacts,
    RecordDeparture,
    ReferCase,
    RegisterCase,
)
from reintegration.cases.values import AdministrativeStatus, Gender, HouseholdRole, ReferralChannel, TravelMode
from reintegration.constraints import ALL_CONSTRAINTS
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork, open_pool
from reintegration.entitlements import service as entitlements
from reintegration.entitlements.commands import (
    AssessEntitlement,
    DecideException,
    GrantEntitlements,
    RequestedException,
    RequestException,
)
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.clock import add_months, today
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
from reintegration.models import register_models
from reintegration.programme.reference import field_offices, identifier

CEILING_RULE = "BE-REIN-04"
CEILING = Money(180_000, "EUR")
PREMIUM_MINOR = 35_000 + 35_000 + 17_500
"""BE-CASH-04 for the default household: 350 for each adult, 175 for the child."""

IOM = identifier("partner", "IOM")
CARITAS = identifier("partner", "CARITAS")
MONGOLIA = identifier("field_office", "IOM-MN")
MONGOLIA_CARITAS = identifier("field_office", "CARITAS-MN")
CAMEROON = identifier("field_office", "IOM-CM")

_PARTNER_OF = {office.id: office.partner_id for office in field_offices()}
_numbers = count(1)


def days_ago(days: int) -> date:
    """A day of the past, in Brussels."""
    return today() - timedelta(days=days)


def actor(role: Role, name: str | None = None, *, office: UUID = MONGOLIA) -> Actor:
    """An actor called like the role unless named; field roles have `office`, coordinators its partner."""
    offices = frozenset({office}) if role in {Role.FIELD_OFFICER, Role.FIELD_APPROVER} else frozenset[UUID]()
    partner = _PARTNER_OF[office] if role is Role.PARTNER_COORDINATOR else None
    return Actor(id=name or role.value, role=role, offices=offices, partner_id=partner)


COUNSELLOR = actor(Role.RETURN_COUNSELLOR)
OFFICER = actor(Role.FIELD_OFFICER)
APPROVER = actor(Role.FIELD_APPROVER)
COORDINATOR = actor(Role.PARTNER_COORDINATOR)
FINANCE = actor(Role.FEDASIL_FINANCE)
PROGRAMME = actor(Role.FEDASIL_PROGRAMME)
AUDITOR = actor(Role.AUDITOR)
ADMINISTRATOR = actor(Role.ADMINISTRATOR)
SYSTEM = actor(Role.SYSTEM)
EVERYBODY = (COUNSELLOR, OFFICER, APPROVER, COORDINATOR, FINANCE, PROGRAMME, AUDITOR, ADMINISTRATOR)
OTHER_OFFICER = actor(Role.FIELD_OFFICER, "officer-of-cameroon", office=CAMEROON)
OTHER_COORDINATOR = actor(Role.PARTNER_COORDINATOR, "coordinator-of-caritas", office=MONGOLIA_CARITAS)


_USUAL_SIZE = 4
_shared: dict[str, asyncpg.Pool] = {}
"""Pools by the address of a database that many tests use one after the other."""


@asynccontextmanager
async def shared_pool(addresses: DatabaseAddresses) -> AsyncIterator[None]:
    """Keep one pool for all who come to `a_pool` for this database: a new backend costs more than most tests."""
    async with a_pool(addresses) as pool:
        _shared[addresses.application_url] = pool
        yield
        del _shared[addresses.application_url]


@asynccontextmanager
async def a_pool(addresses: DatabaseAddresses, *, max_size: int = _USUAL_SIZE) -> AsyncIterator[asyncpg.Pool]:
    """A pool of the application's role: the shared one where there is one and nobody asks for another size."""
    if max_size == _USUAL_SIZE and addresses.application_url in _shared:
        yield _shared[addresses.application_url]
        return
    await register_models()
    pool = await open_pool(addresses.application_url, max_size=max_size)
    try:
        yield pool
    finally:
        await pool.close()


@asynccontextmanager
async def open_work(addresses: DatabaseAddresses, *, max_size: int = _USUAL_SIZE) -> AsyncIterator[UnitOfWork]:
    """A unit of work with the constraints of all rooms."""
    async with a_pool(addresses, max_size=max_size) as pool:
        yield UnitOfWork(pool, ALL_CONSTRAINTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltCase:
    """A case at its present version; `head_id` is the first of `member_ids`."""

    id: UUID
    version: int
    member_ids: tuple[UUID, ...]
    office_id: UUID = MONGOLIA

    @property
    def head_id(self) -> UUID:
        """The head of the household."""
        return self.member_ids[0]


def a_member(
    role: HouseholdRole = HouseholdRole.HEAD, *, age: int = 38, nationality: str = "MN", gender: Gender = Gender.FEMALE
) -> HouseholdMember:
    """A person who was `age` years old half a year ago."""
    number = next(_numbers)
    return HouseholdMember(
        id=new_id(),
        role=role,
        gender=gender,
        birth_date=add_months(today(), -12 * age - 6),
        nationality=nationality,
        family_name=f"Бат {number}",
        given_names="Оюун",
        latin_name=f"Oyuun Bat {number}",
    )


def a_household(nationality: str = "MN") -> tuple[HouseholdMember, ...]:
    """Two adults and a child."""
    return (
        a_member(nationality=nationality),
        a_member(HouseholdRole.PARTNER, age=35, nationality=nationality, gender=Gender.MALE),
        a_member(HouseholdRole.CHILD, age=6, nationality=nationality),
    )


def a_registration(
    *,
    country: str = "MN",
    members: tuple[HouseholdMember, ...] | None = None,
    dublin: bool = False,
    reference: str | None = None,
    status: AdministrativeStatus = AdministrativeStatus.REJECTED_APPLICANT,
    previous_support_departed_on: date | None = None,
) -> RegisterCase:
    """The command for a household that applied 60 days ago."""
    return RegisterCase(
        id=new_id(),
        country_of_return=country,
        dublin=dublin,
        reference=reference,
        members=a_household(country) if members is None else members,
        intake=IntakeFacts(
            administrative_status=status,
            referral_channel=ReferralChannel.FEDASIL_DESK,
            return_desk_id=identifier("return_desk", "DESK-BRUSSELS"),
            applied_on=days_ago(60),
            entered_belgium_on=days_ago(800),
            previous_support_departed_on=previous_support_departed_on,
            consent_signed_on=days_ago(60),
        ),
    )


async def a_case(work: UnitOfWork, command: RegisterCase | None = None) -> BuiltCase:
    """A registered case."""
    registration = command or a_registration()
    found = await work.write(COUNSELLOR, lambda transaction: cases.register_case(transaction, registration))
    return BuiltCase(id=found.id, version=found.version, member_ids=tuple(member.id for member in registration.members))


async def a_referred_case(work: UnitOfWork, command: RegisterCase | None = None, *, office: UUID = MONGOLIA) -> BuiltCase:
    """A case with an office; one of another country than the case's gets a reason."""
    return await refer(work, await a_case(work, command), office=office)


async def refer(work: UnitOfWork, case: BuiltCase, *, office: UUID = MONGOLIA) -> BuiltCase:
    """Give a case to an office."""
    command = ReferCase(
        case_id=case.id,
        expected_version=case.version,
        partner_id=_PARTNER_OF[office],
        field_office_id=office,
        reason=None if office in {MONGOLIA, MONGOLIA_CARITAS} else "The family lives across the border",
    )
    found = await work.write(COUNSELLOR, lambda transaction: cases.refer_case(transaction, command))
    return BuiltCase(id=case.id, version=found.version, member_ids=case.member_ids, office_id=office)


async def depart(work: UnitOfWork, case: BuiltCase, *, on: date | None = None) -> BuiltCase:
    """Record a departure, 30 days ago unless said otherwise."""
    command = RecordDeparture(
        case_id=case.id, expected_version=case.version, departed_on=on or days_ago(30), travel_mode=TravelMode.PLANE
    )
    found = await work.write(COUNSELLOR, lambda transaction: cases.record_departure(transaction, command))
    return BuiltCase(id=case.id, version=found.version, member_ids=case.member_ids, office_id=case.office_id)


async def arrive(work: UnitOfWork, case: BuiltCase, *, on: date | None = None) -> BuiltCase:
    """Confirm an arrival by the case's office, 29 days ago unless said otherwise."""
    command = ConfirmArrival(case_id=case.id, expected_version=case.version, arrived_on=on or days_ago(29))
    officer = actor(Role.FIELD_OFFICER, office=case.office_id)
    found = await work.write(officer, lambda transaction: cases.confirm_arrival(transaction, command))
    return BuiltCase(id=case.id, version=found.version, member_ids=case.member_ids, office_id=case.office_id)


async def a_departed_case(work: UnitOfWork, command: RegisterCase | None = None, *, office: UUID = MONGOLIA) -> BuiltCase:
    """A referred case whose household left 30 days ago."""
    return await depart(work, await a_referred_case(work, command, office=office))


async def an_exception(
    work: UnitOfWork, case: BuiltCase, *, rule: str = CEILING_RULE, amount: Money | None = CEILING, approved: bool = True
) -> UUID:
    """An exception asked for by the counsellor and decided by Fedasil; without amount it lifts an exclusion."""
    kind = RequestedException.EXCLUSION_OVERRIDE if amount is None else RequestedException.GRANTED_CEILING
    request = RequestException(
        id=new_id(), case_id=case.id, kind=kind, rule_id=rule, reason="As agreed", reference="FED-1", amount=amount
    )
    asked = await work.write(COUNSELLOR, lambda transaction: entitlements.request_exception(transaction, request))
    decision = DecideException(exception_id=asked.id, expected_version=asked.version, approved=approved)
    await work.write(PROGRAMME, lambda transaction: entitlements.decide_exception(transaction, decision))
    return asked.id


async def an_assessment(work: UnitOfWork, case: BuiltCase, *, planned: date | None = None) -> UUID:
    """An assessment of today; the planned departure is 30 days ago, as `depart` records it."""
    command = AssessEntitlement(id=new_id(), case_id=case.id, planned_departure_on=planned or days_ago(30))
    found = await work.write(COUNSELLOR, lambda transaction: entitlements.assess_entitlement(transaction, command))
    return found.id


async def grant(work: UnitOfWork, case: BuiltCase, *, ceiling: Money | None = CEILING) -> BuiltCase:
    """Grant premium and budget under the exception for a ceiling (None: the premium alone)."""
    if ceiling is not None:
        await an_exception(work, case, amount=ceiling)
    command = GrantEntitlements(case_id=case.id, assessment_id=await an_assessment(work, case))
    await work.write(COUNSELLOR, lambda transaction: entitlements.grant_entitlements(transaction, command))
    return case


async def a_granted_case(
    work: UnitOfWork,
    command: RegisterCase | None = None,
    *,
    office: UUID = MONGOLIA,
    ceiling: Money = CEILING,
    arrived_on: date | None = None,
) -> BuiltCase:
    """A case ready for its plan: granted, departed 30 days ago, arrived."""
    granted = await grant(work, await a_referred_case(work, command, office=office), ceiling=ceiling)
    return await arrive(work, await depart(work, granted), on=arrived_on)
