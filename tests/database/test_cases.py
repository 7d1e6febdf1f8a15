"""The life of a case, through its use cases: what they do, whom they let, and that a refusal changes nothing."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import date, timedelta
from uuid import UUID

import pytest

from reintegration.cases import errors
from reintegration.cases import service as cases
from reintegration.cases.commands import (
    ConfirmArrival,
    RecordDeparture,
    ReferCase,
)
from reintegration.cases.values import HouseholdRole, TravelMode
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.clock import add_months, today
from reintegration.kernel.errors import (
    ConstraintViolationError,
    DomainError,
    NotFoundError,
    TransitionError,
    VersionConflictError,
)
from reintegration.kernel.ids import new_id
from reintegration.kernel.reference import Reference
from tests import builders
from tests.builders import COUNSELLOR, OFFICER, PROGRAMME, SYSTEM, BuiltCase, days_ago
from tests.proofs import UseCase, refused, row, value


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


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
