"""The life of a case, through its use cases: what they do, whom they let, and that a refusal changes nothing."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, timedelta
from uuid import UUID

import pytest

from reintegration.cases import errors
from reintegration.cases import service as cases
from reintegration.cases.commands import (
    CloseCase,
    ConfirmArrival,
    DecideVulnerability,
    RecordDeparture,
    RecordVulnerability,
    ReferCase,
    TransferCase,
)
from reintegration.cases.values import CloseReason, HouseholdRole, TravelMode, VulnerabilityKind
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.identity.permissions import Permission, allows
from reintegration.kernel.actor import Actor
from reintegration.kernel.clock import add_months, today
from reintegration.kernel.errors import (
    ConstraintViolationError,
    DomainError,
    ForbiddenError,
    NotFoundError,
    SamePersonError,
    TransitionError,
    VersionConflictError,
)
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
from reintegration.kernel.reference import Reference
from reintegration.payments.commands import DraftPayment, PaymentContent, PaymentLineDraft
from reintegration.payments.service import draft_payment
from tests import builders
from tests.builders import COORDINATOR, COUNSELLOR, EVERYBODY, OFFICER, PROGRAMME, SYSTEM, BuiltCase, days_ago

UseCase = Callable[[Transaction], Awaitable[Reference]]
_POSITION = "select coalesce(max(sequence), 0) from audit_log"


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


async def value(work: UnitOfWork, sql: str, *arguments: object) -> object:
    async with work.read(SYSTEM) as transaction:
        return await transaction.fetch_value(sql, *arguments)


async def row(work: UnitOfWork, sql: str, *arguments: object) -> dict[str, object]:
    async with work.read(SYSTEM) as transaction:
        found = await transaction.fetch_one(sql, *arguments)
    assert found is not None
    return dict(found)  # type: ignore[call-overload]  # a row is what dict takes


async def refused(work: UnitOfWork, who: Actor, use_case: UseCase, error: type[DomainError]) -> DomainError:
    """Run a use case that must fail, and prove by the log that nothing changed."""
    before = await value(work, _POSITION)
    with pytest.raises(error) as caught:
        await work.write(who, use_case)
    assert type(caught.value) is error
    assert await value(work, _POSITION) == before
    return caught.value


def departure(case: BuiltCase, on: date | None = None) -> RecordDeparture:
    return RecordDeparture(
        case_id=case.id, expected_version=case.version, departed_on=on or days_ago(30), travel_mode=TravelMode.PLANE
    )


def arrival(case: BuiltCase, on: date | None = None) -> ConfirmArrival:
    return ConfirmArrival(case_id=case.id, expected_version=case.version, arrived_on=on or days_ago(29))


def confirming(command: ConfirmArrival) -> UseCase:
    return lambda transaction: cases.confirm_arrival(transaction, command)


def referral(case: BuiltCase, office: UUID | None = builders.MONGOLIA, partner: UUID = builders.IOM) -> ReferCase:
    return ReferCase(case_id=case.id, expected_version=case.version, partner_id=partner, field_office_id=office)


def transfer(case: BuiltCase, to: UUID = builders.CAMEROON) -> TransferCase:
    return TransferCase(id=new_id(), case_id=case.id, expected_version=case.version, to_office_id=to, reason="Moved house")


def closure(case: BuiltCase, reason: CloseReason, on: date | None = None) -> CloseCase:
    return CloseCase(case_id=case.id, expected_version=case.version, reason=reason, closed_on=on or today())


async def test_a_registration_stores_case_intake_household_and_names(work: UnitOfWork) -> None:
    command = builders.a_registration(reference="BE-1999-000042")
    assert await work.write(COUNSELLOR, lambda t: cases.register_case(t, command)) == Reference("Case", command.id, 1)
    found = await row(work, "select reference, status, country_of_return, registered_by from cases where id = $1", command.id)
    assert found == {
        "reference": "BE-1999-000042",
        "status": "registered",
        "country_of_return": "MN",
        "registered_by": "return_counsellor",
    }
    intake = await row(work, "select administrative_status, applied_on from case_intakes where case_id = $1", command.id)
    assert intake == {"administrative_status": "rejected_applicant", "applied_on": days_ago(60)}
    people = await value(
        work,
        "select array_agg(r.position || ' ' || r.household_role || ' ' || i.latin_name order by r.position) "
        "from returnees r join returnee_identities i on i.returnee_id = r.id where r.case_id = $1",
        command.id,
    )
    assert people == [
        f"{position} {member.role.value} {member.latin_name}" for position, member in enumerate(command.members, start=1)
    ]


async def test_references_of_registrations_at_once_follow_each_other(work: UnitOfWork) -> None:
    year = days_ago(60).year
    last = await value(work, "select max(reference) from cases where reference like $1", f"BE-{year}-%")
    start = 0 if last is None else int(str(last)[-6:])
    built = await asyncio.gather(*(builders.a_case(work) for _ in range(6)))
    references = await value(
        work, "select array_agg(reference order by reference) from cases where id = any ($1)", [case.id for case in built]
    )
    assert references == [f"BE-{year}-{start + number:06d}" for number in range(1, 7)]


async def test_no_reference_is_left_after_the_last(work: UnitOfWork) -> None:
    last = builders.a_registration(reference="BE-1987-999999")
    await builders.a_case(work, last)
    old = builders.a_registration()
    intake = dataclasses.replace(
        old.intake, applied_on=date(1987, 5, 1), entered_belgium_on=None, consent_signed_on=None, return_desk_id=None
    )
    command = dataclasses.replace(old, intake=intake)
    await refused(work, COUNSELLOR, lambda t: cases.register_case(t, command), errors.ReferencesExhaustedError)


async def test_a_registration_that_can_not_be_is_refused(work: UnitOfWork) -> None:
    good = builders.a_registration()
    head, partner, child = good.members
    twice = (head, partner, dataclasses.replace(child, id=partner.id))
    heads = (head, dataclasses.replace(partner, role=HouseholdRole.HEAD))
    tomorrow = today() + timedelta(days=1)
    taken = builders.a_registration(reference="BE-1999-000777")
    await builders.a_case(work, taken)
    unborn = dataclasses.replace(child, birth_date=tomorrow)
    nameless = (dataclasses.replace(head, family_name=""), partner)
    intake = good.intake
    wrong: list[tuple[object, type[DomainError]]] = [
        (dataclasses.replace(good, members=()), errors.HouseholdError),
        (dataclasses.replace(good, members=(partner,)), errors.HouseholdError),
        (dataclasses.replace(good, members=heads), errors.HouseholdError),
        (dataclasses.replace(good, members=twice), errors.HouseholdError),
        (dataclasses.replace(good, members=(head, unborn)), errors.FutureDateError),
        (dataclasses.replace(good, members=nameless), ConstraintViolationError),
        (dataclasses.replace(good, intake=dataclasses.replace(intake, applied_on=tomorrow)), errors.FutureDateError),
        (dataclasses.replace(good, intake=dataclasses.replace(intake, entered_belgium_on=days_ago(59))), errors.DateOrderError),
        (dataclasses.replace(good, intake=dataclasses.replace(intake, return_desk_id=new_id())), ConstraintViolationError),
        (dataclasses.replace(good, country_of_return="ZZ"), ConstraintViolationError),
        (dataclasses.replace(good, reference="BE-1999-000777"), errors.ReferenceTakenError),
        (dataclasses.replace(good, reference="BE-1999-77"), ConstraintViolationError),
        (dataclasses.replace(good, id=taken.id), ConstraintViolationError),
    ]
    for command, error in wrong:
        await refused(work, COUNSELLOR, lambda t, c=command: cases.register_case(t, c), error)  # type: ignore[misc]  # bound now


async def test_a_referral_gives_the_case_to_a_partner_and_its_office(work: UnitOfWork) -> None:
    case = await builders.a_case(work)
    assert await work.write(COUNSELLOR, lambda t: cases.refer_case(t, referral(case))) == Reference("Case", case.id, 2)
    found = await row(work, "select status, partner_id, field_office_id from cases where id = $1", case.id)
    assert found == {"status": "referred", "partner_id": builders.IOM, "field_office_id": builders.MONGOLIA}
    assert await value(work, "select count(*) from case_transfers where case_id = $1", case.id) == 0


async def test_an_office_abroad_needs_a_reason_and_the_reason_is_kept(work: UnitOfWork) -> None:
    case = await builders.a_case(work)
    command = referral(case, builders.CAMEROON)
    await refused(work, COUNSELLOR, lambda t: cases.refer_case(t, command), errors.OfficeCountryError)
    with_reason = dataclasses.replace(command, reason="The family lives there")
    await work.write(COUNSELLOR, lambda t: cases.refer_case(t, with_reason))
    kept = await row(work, "select from_office_id, to_office_id, reason from case_transfers where case_id = $1", case.id)
    assert kept == {"from_office_id": None, "to_office_id": builders.CAMEROON, "reason": "The family lives there"}


async def test_a_referral_that_does_not_fit_is_refused(work: UnitOfWork) -> None:
    case = await builders.a_case(work)
    dublin = await builders.a_case(work, builders.a_registration(dublin=True))
    departed = await builders.depart(work, await builders.a_case(work))
    referred = await builders.a_referred_case(work)
    stale = dataclasses.replace(referral(case), expected_version=7)
    wrong: list[tuple[ReferCase, type[DomainError]]] = [
        (referral(case, partner=builders.CARITAS), errors.OfficeMismatchError),
        (referral(case, new_id()), NotFoundError),
        (referral(case, None, new_id()), ConstraintViolationError),
        (stale, VersionConflictError),
        (referral(dublin), errors.DublinCaseError),
        (referral(departed, None), errors.OfficeMissingError),
        (referral(referred), TransitionError),
    ]
    for command, error in wrong:
        await refused(work, COUNSELLOR, lambda t, c=command: cases.refer_case(t, c), error)  # type: ignore[misc]  # bound now


async def test_a_case_that_departed_without_an_office_gets_one_later(work: UnitOfWork) -> None:
    case = await builders.depart(work, await builders.a_case(work))
    assert await work.write(PROGRAMME, lambda t: cases.refer_case(t, referral(case))) == Reference("Case", case.id, 3)
    found = await row(work, "select status, field_office_id from cases where id = $1", case.id)
    assert found == {"status": "departed", "field_office_id": builders.MONGOLIA}


async def test_a_departure_is_recorded_with_its_day(work: UnitOfWork) -> None:
    case = await builders.a_referred_case(work)
    found = await work.write(COUNSELLOR, lambda t: cases.record_departure(t, departure(case)))
    assert found == Reference("Case", case.id, 3)
    stored = await row(work, "select status, departed_on, travel_mode from cases where id = $1", case.id)
    assert stored == {"status": "departed", "departed_on": days_ago(30), "travel_mode": "plane"}
    dublin = await builders.a_case(work, builders.a_registration(dublin=True))
    assert (await builders.depart(work, dublin)).version == 2


async def test_a_departure_that_can_not_be_is_refused(work: UnitOfWork) -> None:
    case, gone = await builders.a_referred_case(work), await builders.a_departed_case(work)
    wrong: list[tuple[RecordDeparture, type[DomainError]]] = [
        (departure(case, today() + timedelta(days=1)), errors.FutureDateError),
        (departure(case, days_ago(61)), errors.DateOrderError),
        (dataclasses.replace(departure(case), expected_version=1), VersionConflictError),
        (departure(gone), TransitionError),
    ]
    for command, error in wrong:
        await refused(work, COUNSELLOR, lambda t, c=command: cases.record_departure(t, c), error)  # type: ignore[misc]  # bound now


async def test_an_officer_who_can_not_read_the_intake_confirms_the_arrival_and_the_time_starts(work: UnitOfWork) -> None:
    case = await builders.depart(work, await builders.grant(work, await builders.a_referred_case(work)))
    async with work.read(OFFICER) as transaction:
        assert await transaction.fetch("select from case_intakes") == []
        assert await transaction.fetch("select from entitlement_assessments") == []
    found = await work.write(OFFICER, lambda t: cases.confirm_arrival(t, arrival(case)))
    assert found == Reference("Case", case.id, 4)
    stored = await row(work, "select status, arrived_on, arrival_confirmed_by from cases where id = $1", case.id)
    assert stored == {"status": "arrived", "arrived_on": days_ago(29), "arrival_confirmed_by": "field_officer"}
    deadlines = await value(
        work,
        "select array_agg(distinct stream || ' ' || coalesce(deadline_on::text, '-') order by stream || ' ' || "
        "coalesce(deadline_on::text, '-')) from entitlements where case_id = $1",
        case.id,
    )
    assert deadlines == ["cash_premium -", f"reintegration {add_months(days_ago(29), 12)}"]


async def test_an_arrival_that_can_not_be_is_refused(work: UnitOfWork) -> None:
    case, waiting = await builders.a_departed_case(work), await builders.a_referred_case(work)
    wrong: list[tuple[ConfirmArrival, type[DomainError]]] = [
        (arrival(case, today() + timedelta(days=1)), errors.FutureDateError),
        (arrival(case, days_ago(31)), errors.DateOrderError),
        (dataclasses.replace(arrival(case), expected_version=2), VersionConflictError),
        (arrival(waiting), TransitionError),
    ]
    for command, error in wrong:
        await refused(work, OFFICER, lambda t, c=command: cases.confirm_arrival(t, c), error)  # type: ignore[misc]  # bound now
    nobody = await builders.depart(work, await builders.a_case(work))
    await refused(work, SYSTEM, lambda t: cases.confirm_arrival(t, arrival(nobody)), errors.OfficeMissingError)
    dublin = await builders.depart(work, await builders.a_case(work, builders.a_registration(dublin=True)))
    await refused(work, SYSTEM, lambda t: cases.confirm_arrival(t, arrival(dublin)), errors.DublinCaseError)


async def test_of_two_confirmations_at_once_one_wins(work: UnitOfWork) -> None:
    case = await builders.a_departed_case(work)
    outcomes = await asyncio.gather(
        *(work.write(OFFICER, confirming(arrival(case, on))) for on in (days_ago(28), days_ago(27))),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Reference", "VersionConflictError"]
    changes = "select count(*) from audit_log where table_name = 'cases' and row_id = $1 and after ->> 'status' = 'arrived'"
    assert await value(work, changes, str(case.id)) == 1


async def test_a_transfer_moves_the_rights_with_the_case(work: UnitOfWork) -> None:
    case = await builders.a_referred_case(work)
    command = transfer(case)
    assert await work.write(COORDINATOR, lambda t: cases.transfer_case(t, command)) == Reference("Case", case.id, 3)
    kept = await row(
        work, "select id, from_office_id, to_office_id, transferred_by from case_transfers where case_id = $1", case.id
    )
    assert kept == {
        "id": command.id,
        "from_office_id": builders.MONGOLIA,
        "to_office_id": builders.CAMEROON,
        "transferred_by": "partner_coordinator",
    }
    seen = "select count(*) from cases where id = $1"
    for officer, count in ((OFFICER, 0), (builders.OTHER_OFFICER, 1)):
        async with work.read(officer) as transaction:
            assert await transaction.fetch_value(seen, case.id) == count


async def test_fedasil_moves_a_case_to_another_partner_and_a_coordinator_does_not(work: UnitOfWork) -> None:
    case = await builders.a_referred_case(work)
    command = transfer(case, builders.MONGOLIA_CARITAS)
    await refused(work, COORDINATOR, lambda t: cases.transfer_case(t, command), errors.OfficeMismatchError)
    await work.write(PROGRAMME, lambda t: cases.transfer_case(t, command))
    assert await value(work, "select partner_id from cases where id = $1", case.id) == builders.CARITAS
    async with work.read(COORDINATOR) as transaction:
        assert await transaction.fetch("select from cases where id = $1", case.id) == []


async def test_a_transfer_that_can_not_be_is_refused(work: UnitOfWork) -> None:
    case, fresh = await builders.a_referred_case(work), await builders.a_case(work)
    dublin = await builders.a_case(work, builders.a_registration(dublin=True))
    wrong: list[tuple[TransferCase, type[DomainError]]] = [
        (transfer(case, builders.MONGOLIA), errors.SameOfficeError),
        (transfer(case, new_id()), NotFoundError),
        (dataclasses.replace(transfer(case), reason="x"), ConstraintViolationError),
        (dataclasses.replace(transfer(case), expected_version=1), VersionConflictError),
        (transfer(fresh), TransitionError),
        (transfer(dublin), errors.DublinCaseError),
    ]
    for command, error in wrong:
        await refused(work, PROGRAMME, lambda t, c=command: cases.transfer_case(t, c), error)  # type: ignore[misc]  # bound now


async def test_closing_gives_what_is_left_back_to_the_fund(work: UnitOfWork) -> None:
    case = await builders.a_granted_case(work)
    command = dataclasses.replace(closure(case, CloseReason.LOST_CONTACT), note="No answer for a year")
    assert await work.write(COORDINATOR, lambda t: cases.close_case(t, command)) == Reference("Case", case.id, 5)
    found = await row(work, "select status, closed_on, close_reason, close_note from cases where id = $1", case.id)
    assert found == {
        "status": "closed",
        "closed_on": today(),
        "close_reason": "lost_contact",
        "close_note": "No answer for a year",
    }
    left = (
        "select coalesce(sum(p.amount_minor), 0)::bigint from ledger_postings p join ledger_accounts a on a.id = p.account_id "
        "where p.case_id = $1 and a.kind = $2"
    )
    assert await value(work, left, case.id, "entitlement") == 0
    assert await value(work, left, case.id, "fund") == 0
    released = "select count(*) from ledger_transactions where case_id = $1 and kind = 'entitlement_released'"
    assert await value(work, released, case.id) == 1


async def test_a_withdrawal_is_possible_until_the_departure(work: UnitOfWork) -> None:
    case = await builders.grant(work, await builders.a_referred_case(work))
    command = closure(case, CloseReason.WITHDRAWN_BEFORE_DEPARTURE)
    await work.write(COUNSELLOR, lambda t: cases.close_case(t, command))
    assert await value(work, "select close_reason from cases where id = $1", case.id) == "withdrawn_before_departure"
    again = dataclasses.replace(command, expected_version=case.version + 1)
    await refused(work, COUNSELLOR, lambda t: cases.close_case(t, again), TransitionError)


async def test_a_closure_that_can_not_be_is_refused(work: UnitOfWork) -> None:
    case, early = await builders.a_departed_case(work), await builders.a_referred_case(work)
    wrong: list[tuple[CloseCase, type[DomainError]]] = [
        (closure(case, CloseReason.WITHDRAWN_BEFORE_DEPARTURE), errors.CloseReasonError),
        (closure(early, CloseReason.COMPLETED), errors.CloseReasonError),
        (closure(case, CloseReason.DECEASED, today() + timedelta(days=1)), errors.FutureDateError),
        (closure(case, CloseReason.DECEASED, days_ago(31)), errors.DateOrderError),
        (dataclasses.replace(closure(case, CloseReason.DECEASED), expected_version=1), VersionConflictError),
    ]
    for command, error in wrong:
        await refused(work, COUNSELLOR, lambda t, c=command: cases.close_case(t, c), error)  # type: ignore[misc]  # bound now


async def test_a_case_with_open_payments_stays_open(work: UnitOfWork) -> None:
    case = await builders.a_granted_case(work)
    premium = await value(work, "select id from entitlements where case_id = $1 and stream = 'cash_premium' limit 1", case.id)
    assert isinstance(premium, UUID)
    content = PaymentContent(
        description="Premium", payment_date=days_ago(30), lines=(PaymentLineDraft("Premium", Money(35_000, "EUR")),)
    )
    draft = DraftPayment(id=new_id(), case_id=case.id, kind="cash_premium", content=content, entitlement_id=premium)
    await work.write(COUNSELLOR, lambda t: draft_payment(t, draft))
    error = await refused(
        work, COORDINATOR, lambda t: cases.close_case(t, closure(case, CloseReason.FRAUD)), errors.OpenPaymentsError
    )
    assert isinstance(error, errors.OpenPaymentsError)
    assert error.count == 1


async def test_a_vulnerability_counts_once_a_second_person_approves_it(work: UnitOfWork) -> None:
    case = await builders.a_case(work)
    command = RecordVulnerability(id=new_id(), case_id=case.id, returnee_id=case.head_id, kind=VulnerabilityKind.PREGNANT)
    recorded = await work.write(COUNSELLOR, lambda t: cases.record_vulnerability(t, command))
    assert recorded == Reference("Vulnerability", command.id, 1)
    again = dataclasses.replace(command, id=new_id())
    await refused(work, COUNSELLOR, lambda t: cases.record_vulnerability(t, again), errors.VulnerabilityKnownError)
    stranger = dataclasses.replace(again, returnee_id=(await builders.a_case(work)).head_id)
    await refused(work, COUNSELLOR, lambda t: cases.record_vulnerability(t, stranger), NotFoundError)

    decision = DecideVulnerability(vulnerability_id=command.id, expected_version=1, approved=True)
    same = dataclasses.replace(PROGRAMME, id=COUNSELLOR.id)
    await refused(work, same, lambda t: cases.decide_vulnerability(t, decision), SamePersonError)
    stale = dataclasses.replace(decision, expected_version=2)
    await refused(work, PROGRAMME, lambda t: cases.decide_vulnerability(t, stale), VersionConflictError)
    decided = await work.write(PROGRAMME, lambda t: cases.decide_vulnerability(t, decision))
    assert decided == Reference("Vulnerability", command.id, 2)
    found = await row(work, "select decision, decided_by from vulnerabilities where id = $1", command.id)
    assert found == {"decision": "approved", "decided_by": "fedasil_programme"}
    await refused(work, PROGRAMME, lambda t: cases.decide_vulnerability(t, stale), errors.AlreadyDecidedError)
    async with work.read(SYSTEM) as transaction:
        file = await cases.case_file(transaction, case.id)
    assert [sorted(member.vulnerabilities) for member in file.members] == [["pregnant"], [], []]


async def test_implementation_begins_once(work: UnitOfWork) -> None:
    case, early = await builders.a_granted_case(work), await builders.a_departed_case(work)
    for _ in range(2):
        await work.write(COORDINATOR, lambda t: cases.begin_implementation(t, case.id))
    assert await row(work, "select status, version from cases where id = $1", case.id) == {"status": "implementing", "version": 5}
    with pytest.raises(TransitionError):
        await work.write(COORDINATOR, lambda t: cases.begin_implementation(t, early.id))


async def test_each_role_does_what_its_permissions_say_and_no_more(work: UnitOfWork) -> None:
    nothing = BuiltCase(id=new_id(), version=1, member_ids=(new_id(),))
    vulnerability = RecordVulnerability(
        id=new_id(), case_id=nothing.id, returnee_id=nothing.head_id, kind=VulnerabilityKind.ELDERLY
    )
    decision = DecideVulnerability(vulnerability_id=new_id(), expected_version=1, approved=True)
    empty = dataclasses.replace(builders.a_registration(), members=())
    steps: list[tuple[Permission, UseCase]] = [
        (Permission.CASE_REGISTER, lambda t: cases.register_case(t, empty)),
        (Permission.CASE_REFER, lambda t: cases.refer_case(t, referral(nothing))),
        (Permission.CASE_DEPART, lambda t: cases.record_departure(t, departure(nothing))),
        (Permission.ARRIVAL_CONFIRM, lambda t: cases.confirm_arrival(t, arrival(nothing))),
        (Permission.CASE_TRANSFER, lambda t: cases.transfer_case(t, transfer(nothing))),
        (Permission.CASE_CLOSE, lambda t: cases.close_case(t, closure(nothing, CloseReason.FRAUD))),
        (Permission.VULNERABILITY_RECORD, lambda t: cases.record_vulnerability(t, vulnerability)),
        (Permission.VULNERABILITY_APPROVE, lambda t: cases.decide_vulnerability(t, decision)),
    ]
    for permission, use_case in steps:
        for who in EVERYBODY:
            allowed = errors.HouseholdError if permission is Permission.CASE_REGISTER else NotFoundError
            await refused(work, who, use_case, allowed if allows(who.role, permission) else ForbiddenError)


async def test_a_case_of_another_office_or_partner_is_not_there(work: UnitOfWork) -> None:
    case = await builders.a_departed_case(work)
    await refused(work, builders.OTHER_OFFICER, lambda t: cases.confirm_arrival(t, arrival(case)), NotFoundError)
    other = builders.OTHER_COORDINATOR
    await refused(work, other, lambda t: cases.transfer_case(t, transfer(case)), NotFoundError)
    await refused(work, other, lambda t: cases.close_case(t, closure(case, CloseReason.FRAUD)), NotFoundError)
