"""Entitlements: assessed and granted by the people who may, once, and so that anybody can compute them again."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import cast
from uuid import UUID

import asyncpg
import orjson
import pytest

from reintegration.cases import service as cases
from reintegration.cases.commands import CloseCase, DecideVulnerability, RecordVulnerability
from reintegration.cases.values import CloseReason, HouseholdRole, VulnerabilityKind
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.entitlements import errors
from reintegration.entitlements import service as entitlements
from reintegration.entitlements.assessment import USE_OF_BUDGET
from reintegration.entitlements.commands import (
    AssessEntitlement,
    GrantEntitlements,
)
from reintegration.entitlements.rules import Stream
from reintegration.kernel.clock import add_months, today
from reintegration.kernel.errors import (
    DomainError,
    NotFoundError,
    TransitionError,
)
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
from reintegration.kernel.reference import Reference
from reintegration.programme.loading import load_tables
from reintegration.programme.table_rows import tariff_files
from tests import builders
from tests.builders import (
    CEILING,
    CEILING_RULE,
    COORDINATOR,
    COUNSELLOR,
    OFFICER,
    PROGRAMME,
    SYSTEM,
    BuiltCase,
    days_ago,
)
from tests.proofs import UseCase, refused, row, value

_LINES = """
select array_agg(stream || ' ' || coalesce(r.position, 0) || ' ' || rule_id || ' ' || amount_minor order by stream, r.position)
from entitlements e left join returnees r on r.id = e.returnee_id
where e.case_id = $1
"""
_BALANCE = """
select coalesce(sum(p.amount_minor), 0)::bigint
from ledger_postings p join ledger_accounts a on a.id = p.account_id
where p.case_id = $1 and a.kind = 'entitlement' and a.stream = $2
"""
_FUND = "select distinct f.code from entitlements e join funds f on f.id = e.fund_id where e.case_id = $1"
_LIMIT = "select use_months, use_counted_from, deadline_on from entitlements where case_id = $1 and stream = 'reintegration'"
_UNLIMITED = "select count(*) from entitlements where case_id = $1 and num_nulls(use_months, use_counted_from, deadline_on) = 3"
_NOTED = """
select id, facts ->> 'departureDate' as departed_on, assessed_by, deviations
from entitlement_assessments where case_id = $1 and id <> $2
"""
_COUNTS = """
select (select count(*) from entitlements where case_id = $1) + (select count(*) from ledger_postings where case_id = $1)
"""


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


def question(case: BuiltCase) -> AssessEntitlement:
    return AssessEntitlement(id=new_id(), case_id=case.id, planned_departure_on=days_ago(30))


def assessing(command: AssessEntitlement) -> UseCase:
    return lambda transaction: entitlements.assess_entitlement(transaction, command)


def granting(case: BuiltCase, assessment_id: UUID) -> UseCase:
    command = GrantEntitlements(case_id=case.id, assessment_id=assessment_id)
    return lambda transaction: entitlements.grant_entitlements(transaction, command)


async def close(work: UnitOfWork, case: BuiltCase) -> None:
    command = CloseCase(case_id=case.id, expected_version=case.version, reason=CloseReason.DECEASED, closed_on=today())
    await work.write(COUNSELLOR, lambda transaction: cases.close_case(transaction, command))


async def copy_of(work: UnitOfWork, assessment_id: UUID, result_digest: str) -> UUID:
    """A forged copy of an assessment, with another digest of its result."""
    copied = new_id()
    sql = """
    insert into entitlement_assessments
    select $1, case_id, tariff_version_id, facts, facts_digest, steps, result, $3, assessed_by, now()
    from entitlement_assessments where id = $2
    """
    await work.write(SYSTEM, lambda transaction: transaction.execute(sql, copied, assessment_id, result_digest))
    return copied


async def test_an_assessment_is_kept_with_facts_steps_and_digests_and_gives_the_same_again(work: UnitOfWork) -> None:
    case = await builders.a_case(work)
    command = question(case)
    assert await work.write(COUNSELLOR, assessing(command)) == Reference("EntitlementAssessment", command.id, 1)
    found = await row(
        work,
        "select facts ->> 'administrativeStatus' as status, facts ->> 'grantDate' as granted, "
        "result ->> 'versionCode' as version, jsonb_array_length(steps) > 5 as told, "
        "assessed_by from entitlement_assessments where id = $1",
        command.id,
    )
    assert found == {
        "status": "rejected_applicant",
        "granted": today().isoformat(),
        "told": True,
        "version": "2026-11",
        "assessed_by": "return_counsellor",
    }
    async with work.read(builders.AUDITOR) as transaction:
        again = await entitlements.replay(transaction, command.id)
    assert again.same
    assert again.replayed_digest == again.stored_digest


async def test_a_forged_result_is_found_and_nothing_is_granted_by_it(work: UnitOfWork) -> None:
    case = await builders.a_case(work)
    forged = await copy_of(work, await builders.an_assessment(work, case), "0" * 64)
    async with work.read(PROGRAMME) as transaction:
        assert not (await entitlements.replay(transaction, forged)).same
    await refused(work, COUNSELLOR, granting(case, forged), errors.AssessmentDamagedError)


async def test_the_dry_run_answers_like_the_assessment_and_stores_nothing(work: UnitOfWork) -> None:
    case = await builders.a_case(work)
    async with work.read(COUNSELLOR) as transaction:
        answer = await entitlements.preview_assessment(
            transaction, case.id, planned_departure_on=days_ago(30), travel_document_cost=Money(8_050, "EUR")
        )
    assert [answer.stream(stream).cap_minor for stream in Stream] == [builders.PREMIUM_MINOR, 0, 8_050]
    assert [need.rule_id for need in answer.stream(Stream.REINTEGRATION).needs] == [CEILING_RULE]
    assert await value(work, "select count(*) from entitlement_assessments where case_id = $1", case.id) == 0
    stated = dataclasses.replace(question(case), travel_document_cost=Money(8_050, "EUR"))
    await work.write(COUNSELLOR, assessing(stated))
    caps = await value(
        work,
        "select array_agg((s ->> 'capMinor')::int) from entitlement_assessments, jsonb_array_elements(result -> 'streams') s "
        "where id = $1",
        stated.id,
    )
    assert caps == [builders.PREMIUM_MINOR, 0, 8_050]


async def test_an_assessment_that_can_not_be_is_refused(work: UnitOfWork) -> None:
    case = await builders.a_case(work)
    good = question(case)
    wrong: list[tuple[AssessEntitlement, type[DomainError]]] = [
        (dataclasses.replace(good, planned_departure_on=None), errors.DepartureUnknownError),
        (dataclasses.replace(good, planned_departure_on=days_ago(900)), errors.ContradictoryFactsError),
        (dataclasses.replace(good, grant_date=days_ago(1)), errors.GrantDateError),
        (dataclasses.replace(good, tariff_version="1066-1"), NotFoundError),
        (dataclasses.replace(good, case_id=new_id()), NotFoundError),
    ]
    for command, error in wrong:
        await refused(work, COUNSELLOR, assessing(command), error)
    ahead = dataclasses.replace(good, grant_date=today() + timedelta(days=1))
    await refused(work, SYSTEM, assessing(ahead), errors.GrantDateError)


async def test_the_loader_may_grant_as_of_an_earlier_day_and_nobody_else(work: UnitOfWork) -> None:
    case = await builders.a_case(work)
    command = dataclasses.replace(question(case), grant_date=days_ago(40))
    await work.write(SYSTEM, assessing(command))
    await refused(work, COUNSELLOR, granting(case, command.id), errors.AssessmentOutdatedError)
    await work.write(SYSTEM, granting(case, command.id))
    days = await value(work, "select array_agg(distinct granted_on) from entitlements where case_id = $1", case.id)
    assert days == [days_ago(40)]


async def test_a_grant_gives_each_stream_its_lines_and_posts_them(work: UnitOfWork) -> None:
    case = await builders.a_referred_case(work)
    await builders.an_exception(work, case)
    assessed = await builders.an_assessment(work, case)
    assert await work.write(COUNSELLOR, granting(case, assessed)) == Reference("Case", case.id, case.version)
    assert await value(work, _LINES, case.id) == [
        "cash_premium 1 BE-CASH-04 35000",
        "cash_premium 2 BE-CASH-04 35000",
        "cash_premium 3 BE-CASH-04 17500",
        "reintegration 0 BE-REIN-04 180000",
    ]
    assert await value(work, _BALANCE, case.id, "cash_premium") == builders.PREMIUM_MINOR
    assert await value(work, _BALANCE, case.id, "reintegration") == CEILING.amount_minor
    assert await value(work, _FUND, case.id) == "AMIF-2021-2027"
    await refused(work, COUNSELLOR, granting(case, assessed), errors.NothingToGrantError)


async def test_the_national_fund_pays_a_whole_case_with_a_citizen_of_the_union(work: UnitOfWork) -> None:
    citizen = builders.a_member(HouseholdRole.PARTNER, age=40, nationality="PL")
    case = await builders.a_case(work, builders.a_registration(members=(builders.a_member(), citizen)))
    await work.write(COUNSELLOR, granting(case, await builders.an_assessment(work, case)))
    assert await value(work, _FUND, case.id) == "BE-NATIONAL"
    assert await value(work, _LINES, case.id) == ["cash_premium 1 BE-CASH-04 35000", "cash_premium 2 BE-CASH-05 5000"]


async def test_a_grant_that_no_longer_holds_is_refused(work: UnitOfWork) -> None:
    case, other = await builders.a_case(work), await builders.a_case(work)
    old, new = await builders.an_assessment(work, case), await builders.an_assessment(work, case)
    await refused(work, COUNSELLOR, granting(case, old), errors.AssessmentOutdatedError)
    await refused(work, COUNSELLOR, granting(other, new), NotFoundError)
    await refused(work, COUNSELLOR, granting(case, new_id()), NotFoundError)
    record = RecordVulnerability(id=new_id(), case_id=case.id, returnee_id=case.head_id, kind=VulnerabilityKind.PREGNANT)
    await work.write(COUNSELLOR, lambda transaction: cases.record_vulnerability(transaction, record))
    approve = DecideVulnerability(vulnerability_id=record.id, expected_version=1, approved=True)
    await work.write(PROGRAMME, lambda transaction: cases.decide_vulnerability(transaction, approve))
    error = await refused(work, COUNSELLOR, granting(case, new), errors.AssessmentOutdatedError)
    assert error.message == "The assessment no longer holds (the facts of the case have changed): assess the case again."
    await close(work, case)
    await refused(work, COUNSELLOR, granting(case, new), TransitionError)
    assert await value(work, _COUNTS, case.id) == 0


async def test_a_dublin_departure_is_granted_nothing(work: UnitOfWork) -> None:
    case = await builders.a_case(work, builders.a_registration(dublin=True))
    await refused(work, COUNSELLOR, granting(case, await builders.an_assessment(work, case)), errors.DublinEntitlementError)


async def test_a_later_grant_adds_a_stream_and_never_changes_one(work: UnitOfWork) -> None:
    case = await builders.grant(work, await builders.a_case(work), ceiling=None)
    assert await value(work, _BALANCE, case.id, "reintegration") == 0
    await builders.grant(work, case)
    assert await value(work, _BALANCE, case.id, "reintegration") == CEILING.amount_minor
    assert await value(work, _BALANCE, case.id, "cash_premium") == builders.PREMIUM_MINOR
    await builders.an_exception(work, case, amount=Money(200_000, "EUR"))
    higher = await builders.an_assessment(work, case)
    error = await refused(work, COUNSELLOR, granting(case, higher), errors.GrantedOtherwiseError)
    assert error.message == "The reintegration was granted with other amounts or rules; a grant is never edited."


async def test_of_two_grants_at_once_one_wins(work: UnitOfWork) -> None:
    case = await builders.a_case(work)
    await builders.an_exception(work, case)
    assessed = await builders.an_assessment(work, case)
    outcomes = await asyncio.gather(*(work.write(COUNSELLOR, granting(case, assessed)) for _ in range(2)), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NothingToGrantError", "Reference"]
    assert await value(work, _BALANCE, case.id, "reintegration") == CEILING.amount_minor


async def test_a_budget_granted_after_the_arrival_has_its_deadline_at_once(work: UnitOfWork) -> None:
    case = await builders.arrive(work, await builders.a_departed_case(work))
    await builders.grant(work, case)
    deadline = await value(work, "select deadline_on from entitlements where case_id = $1 and stream = 'reintegration'", case.id)
    assert deadline == add_months(days_ago(29), 12)


async def load_tariffs_that_count_otherwise(addresses: DatabaseAddresses) -> None:
    """A newer version in which a budget is used within six months of the departure, and one that names no time."""
    files = tariff_files()
    use, *others = files.deadlines
    assert use["key"] == USE_OF_BUDGET
    shorter = {**use, "months": 6, "counted_from": "departure"}
    connection = await asyncpg.connect(addresses.owner_url)
    try:
        for code, deadlines in (("2027-01", (shorter, *others)), ("2027-02", tuple(others))):
            await load_tables(connection, (), dataclasses.replace(files, code=code, deadlines=deadlines))
    finally:
        await connection.close()


async def test_the_deadline_comes_from_the_version_that_gave_the_budget(fresh_database: DatabaseAddresses) -> None:
    async with builders.open_work(fresh_database) as work:
        old = await builders.depart(work, await builders.grant(work, await builders.a_referred_case(work)))
        await load_tariffs_that_count_otherwise(fresh_database)
        new = await builders.a_referred_case(work)
        await builders.an_exception(work, new)
        for version in ("2027-02", "2027-01"):
            asked = dataclasses.replace(question(new), tariff_version=version)
            await work.write(COUNSELLOR, assessing(asked))
            if version == "2027-02":
                error = await refused(work, COUNSELLOR, granting(new, asked.id), errors.BudgetLimitMissingError)
                assert error.version == "2027-02"
        await work.write(COUNSELLOR, granting(new, asked.id))
        new = await builders.depart(work, new)
        for case, limit in ((old, (12, "arrival", 29)), (new, (6, "departure", 30))):
            await builders.arrive(work, case)
            months, counted_from, days = limit
            assert await row(work, _LIMIT, case.id) == {
                "use_months": months,
                "use_counted_from": counted_from,
                "deadline_on": add_months(days_ago(days), months),
            }
        assert await value(work, _UNLIMITED, old.id) == 3


@pytest.mark.parametrize(("planned", "expected"), [(40, {}), (30, {}), (10, {"grantedMinor": 35_000, "dueMinor": 17_500})])
async def test_a_departure_on_another_day_notes_what_was_granted_otherwise(
    work: UnitOfWork, planned: int, expected: dict[str, int]
) -> None:
    """The child of the household turned 18 twenty days ago, ten days after the departure."""
    child = dataclasses.replace(builders.a_member(HouseholdRole.CHILD, age=17), birth_date=add_months(days_ago(20), -12 * 18))
    case = await builders.a_case(work, builders.a_registration(members=(builders.a_member(), child)))
    granted = await builders.an_assessment(work, case, planned=days_ago(planned))
    await work.write(COUNSELLOR, granting(case, granted))
    lines = await value(work, _LINES, case.id)
    await builders.depart(work, case)
    assert await value(work, _LINES, case.id) == lines
    assert await value(work, "select count(*) from entitlement_assessments where case_id = $1", case.id) == 1 + bool(expected)
    if not expected:
        return
    noted = await row(work, _NOTED, case.id, granted)
    assert (noted["departed_on"], noted["assessed_by"]) == (days_ago(30).isoformat(), "return_counsellor")
    deviation = {"stream": "cash_premium", "returneeId": str(child.id), **expected}
    assert orjson.loads(cast("str", noted["deviations"])) == [deviation]
    found = cast("UUID", noted["id"])
    async with work.read(PROGRAMME) as transaction:
        assert (await entitlements.replay(transaction, found)).same
    await refused(work, COUNSELLOR, granting(case, found), errors.AssessmentOutdatedError)


async def test_a_departure_after_a_change_of_the_visa_regime_is_noted_too(work: UnitOfWork) -> None:
    """Georgians need no visa since 28 March 2017; the case is registered years late."""
    command = builders.a_registration(country="GE", members=(builders.a_member(nationality="GE"),))
    intake = dataclasses.replace(command.intake, applied_on=date(2017, 1, 9), entered_belgium_on=None, consent_signed_on=None)
    case = await builders.a_case(work, dataclasses.replace(command, intake=intake))
    granted = await builders.an_assessment(work, case, planned=date(2017, 3, 1))
    await work.write(COUNSELLOR, granting(case, granted))
    await builders.depart(work, case, on=date(2017, 4, 1))
    noted = await row(work, _NOTED, case.id, granted)
    deviation = {"stream": "cash_premium", "returneeId": str(case.head_id), "grantedMinor": 25_000, "dueMinor": 0}
    assert orjson.loads(cast("str", noted["deviations"])) == [deviation]


async def test_field_roles_see_amounts_and_no_asylum_facts(work: UnitOfWork) -> None:
    case = await builders.a_granted_case(work)
    for who in (OFFICER, builders.APPROVER, COORDINATOR):
        async with work.read(who) as transaction:
            assert await transaction.fetch_value("select count(*) from entitlements where case_id = $1", case.id) == 4
            for table in ("case_intakes", "entitlement_assessments", "entitlement_exceptions"):
                assert await transaction.fetch_value(f"select count(*) from {table} where case_id = $1", case.id) == 0  # noqa: S608 - tables of ours
