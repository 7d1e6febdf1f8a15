"""Service fees through their use cases: by a tariff, by three people, in the ledger of their fund and never of the case."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import asyncpg
import pytest

from reintegration.api import loaders
from reintegration.audit.invariants import check
from reintegration.cases import service as cases
from reintegration.cases.commands import CloseCase, TransferCase
from reintegration.cases.errors import FutureDateError
from reintegration.cases.values import CloseReason
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.fees import service as fees
from reintegration.fees.errors import (
    NoServiceFeeTariffError,
    ServiceFeeClaimedError,
    ServiceFeeNotDueError,
    ServiceFeeOfAnotherPartnerError,
)
from reintegration.funding import periods
from reintegration.funding.commands import ClosePeriod
from reintegration.kernel.actor import Actor
from reintegration.kernel.clock import today
from reintegration.kernel.errors import (
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    SamePersonError,
    TransitionError,
    VersionConflictError,
)
from reintegration.kernel.ids import new_id
from reintegration.payments import service as payments
from reintegration.reports import report_definitions
from tests import builders
from tests.builders import (
    ADMINISTRATOR,
    APPROVER,
    AUDITOR,
    COORDINATOR,
    COUNSELLOR,
    FINANCE,
    IOM,
    MONGOLIA_CARITAS,
    OFFICER,
    OTHER_COORDINATOR,
    OTHER_OFFICER,
    PROGRAMME,
    days_ago,
)
from tests.fee_steps import (
    FOLLOW_UP,
    FOLLOW_UP_MINOR,
    PLAN,
    SECOND_FINANCE,
    Tariff,
    add_tariffs,
    approval_of,
    carry_fee,
    claim_of,
    claimed,
    fee_held,
    payment_of,
    refusal_of,
    reversal_of,
    withdrawal_of,
)
from tests.payment_steps import a_payment, a_planned_case, asking, attach, confirmation, done, held
from tests.proofs import refused, row, value

_KEPT = """
select status, kind, amount_minor, currency, served_on, partner_id, field_office_id, claimed_by, approved_by, paid_by, ended_by
from service_fees where id = $1
"""
_DECIDED = """
select f.amount_minor, t.country_code from service_fees f join service_fee_tariffs t on t.id = f.tariff_id where f.id = $1
"""
_ENTRIES = """
select t.kind, t.occasion, t.effective_on, t.case_id, t.actor_id, r.kind as reverses, a.kind as account, a.stream, p.amount_minor
from ledger_transactions t
left join ledger_transactions r on r.id = t.reverses_id
join ledger_postings p on p.transaction_id = t.id
join ledger_accounts a on a.id = p.account_id
where t.reference_id = $1
order by t.recorded_at, t.kind, t.occasion desc, p.amount_minor
"""


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    await add_tariffs(database_urls)
    async with builders.open_work(database_urls) as opened:
        yield opened


@pytest.fixture
async def case_id(work: UnitOfWork) -> UUID:
    return (await a_planned_case(work)).case.id


def as_(who: Actor, like: Actor) -> Actor:
    """The person `who` in the role of `like`."""
    return replace(like, id=who.id)


async def entries(work: UnitOfWork, fee: UUID) -> list[tuple[object, ...]]:
    async with work.read(AUDITOR) as transaction:
        return [tuple(found) for found in await transaction.fetch(_ENTRIES, fee)]


async def test_a_fee_is_claimed_approved_and_paid_by_three_and_comes_back_as_a_mirror(work: UnitOfWork, case_id: UUID) -> None:
    fee = await claimed(work, case_id)
    kept = await row(work, _KEPT, fee)
    assert (kept["status"], kept["kind"], kept["amount_minor"], kept["currency"]) == (
        "claimed",
        "plan_preparation",
        30_000,
        "EUR",
    )
    assert (kept["served_on"], kept["partner_id"], kept["field_office_id"]) == (today(), IOM, builders.MONGOLIA)
    assert await fee_held(work, fee) == {}
    await carry_fee(work, fee, "approved")
    assert await fee_held(work, fee) == {"fund": -30_000, "fee_owed": 30_000}
    await done(work, FINANCE, fees.pay_service_fee, await payment_of(work, fee))
    assert await fee_held(work, fee) == {"fund": -30_000, "fee_paid": 30_000}
    await done(work, SECOND_FINANCE, fees.reverse_service_fee, await reversal_of(work, fee))
    assert await fee_held(work, fee) == {}
    day, stream, finance = today(), "service_fee", FINANCE.id
    assert await entries(work, fee) == [
        ("service_fee_owed", 1, day, None, PROGRAMME.id, None, "fund", stream, -30_000),
        ("service_fee_owed", 1, day, None, PROGRAMME.id, None, "fee_owed", stream, 30_000),
        ("service_fee_paid", 1, day, None, finance, None, "fee_owed", stream, -30_000),
        ("service_fee_paid", 1, day, None, finance, None, "fee_paid", stream, 30_000),
        ("service_fee_reversed", 2, day, None, SECOND_FINANCE.id, "service_fee_paid", "fee_paid", stream, -30_000),
        ("service_fee_reversed", 2, day, None, SECOND_FINANCE.id, "service_fee_paid", "fee_owed", stream, 30_000),
        ("service_fee_reversed", 1, day, None, SECOND_FINANCE.id, "service_fee_owed", "fee_owed", stream, -30_000),
        ("service_fee_reversed", 1, day, None, SECOND_FINANCE.id, "service_fee_owed", "fund", stream, 30_000),
    ]
    kept = await row(work, _KEPT, fee)
    people = [kept[step] for step in ("status", "claimed_by", "approved_by", "paid_by", "ended_by")]
    assert people == ["reversed", OFFICER.id, PROGRAMME.id, FINANCE.id, SECOND_FINANCE.id]
    # What came back may be asked for anew.
    await carry_fee(work, await claimed(work, case_id, COORDINATOR), "paid")


async def test_a_fee_changes_nothing_of_the_case(fresh_database: DatabaseAddresses) -> None:
    """Balances, budgets, totals, statistics and payments of the case are the same to the cent, whatever happens to its fees."""
    await add_tariffs(fresh_database)
    async with builders.open_work(fresh_database) as work:
        plan = await a_planned_case(work)
        payment = await a_payment(work, plan, 40_000, status="released")
        await attach(work, payment, "proof_of_payment")
        await done(work, COORDINATOR, payments.confirm_payment, await confirmation(work, payment))
        before = await of_case(work, plan.case.id)
        assert before["reintegration"] == {"entitlement": 30_000, "plan_line": 110_000, "spent": 40_000}
        assert before["payments_ledger"] != []
        fee = await claimed(work, plan.case.id)
        assert await of_case(work, plan.case.id) == before
        for approve, who, command in (
            (fees.approve_service_fee, PROGRAMME, approval_of),
            (fees.pay_service_fee, FINANCE, payment_of),
            (fees.reverse_service_fee, SECOND_FINANCE, reversal_of),
        ):
            await done(work, who, approve, await command(work, fee))
            assert await of_case(work, plan.case.id) == before
        await carry_fee(work, await claimed(work, plan.case.id), "paid")
        assert await of_case(work, plan.case.id) == before
        # Nor of what is left: the case pays on, and closes with what its own accounts hold.
        await done(work, APPROVER, cases.close_case, await closing(work, plan.case.id))
        assert await held(work, plan.case.id) == {"spent": 40_000}
        assert (await check(work)).violations == 0


async def test_the_tariff_of_the_day_of_the_service_decides(fresh_database: DatabaseAddresses) -> None:
    async with builders.open_work(fresh_database) as work:
        plan = await a_planned_case(work)
        claim = claim_of(plan.case.id)
        error = await refused(work, OFFICER, asking(fees.claim_service_fee, claim), NoServiceFeeTariffError)
        assert error.message == f"No tariff of this partner for this service was in force on {today()}."
        await add_tariffs(
            fresh_database,
            Tariff(amount_minor=25_000, valid_to=days_ago(1)),
            Tariff(amount_minor=26_000, valid_from=days_ago(-1)),
            Tariff(amount_minor=27_000, partner_id=builders.CARITAS),
            Tariff(amount_minor=29_000, kind=FOLLOW_UP),
            Tariff(amount_minor=31_000, country="CM"),
        )
        await refused(work, OFFICER, asking(fees.claim_service_fee, claim), NoServiceFeeTariffError)
        await add_tariffs(fresh_database, Tariff(amount_minor=30_000, valid_from=today(), valid_to=today()))
        # That of the country comes before that of all countries.
        await add_tariffs(fresh_database, Tariff(amount_minor=30_500, country="MN"))
        fee = await claimed(work, plan.case.id)
        assert await row(work, _DECIDED, fee) == {"amount_minor": 30_500, "country_code": "MN"}


async def test_a_case_is_followed_up_when_it_closes_with_its_budget_used(work: UnitOfWork, case_id: UUID) -> None:
    await refused(work, OFFICER, asking(fees.claim_service_fee, claim_of(case_id, FOLLOW_UP)), ServiceFeeNotDueError)
    lost = (await a_planned_case(work)).case.id
    await done(work, APPROVER, cases.close_case, await closing(work, lost, CloseReason.LOST_CONTACT))
    await refused(work, OFFICER, asking(fees.claim_service_fee, claim_of(lost, FOLLOW_UP)), ServiceFeeNotDueError)
    await done(work, APPROVER, cases.close_case, await closing(work, case_id))
    fee = await claimed(work, case_id, COORDINATOR, FOLLOW_UP)
    kept = await row(work, _KEPT, fee)
    assert (kept["amount_minor"], kept["served_on"]) == (FOLLOW_UP_MINOR, today())
    # One of each.
    await claimed(work, case_id, OFFICER, PLAN)


async def test_a_service_is_paid_once_for_a_case(work: UnitOfWork, case_id: UUID) -> None:
    unplanned = await builders.a_granted_case(work)
    await refused(work, OFFICER, asking(fees.claim_service_fee, claim_of(unplanned.id)), ServiceFeeNotDueError)
    fee = await claimed(work, case_id)
    await refused(work, COORDINATOR, asking(fees.claim_service_fee, claim_of(case_id)), ServiceFeeClaimedError)
    await done(work, COORDINATOR, fees.withdraw_service_fee, await withdrawal_of(work, fee))
    fee = await claimed(work, case_id)
    await done(work, PROGRAMME, fees.refuse_service_fee, await refusal_of(work, fee))
    fee = await claimed(work, case_id)
    await carry_fee(work, fee, "approved")
    await refused(work, COORDINATOR, asking(fees.claim_service_fee, claim_of(case_id)), ServiceFeeClaimedError)
    await done(work, FINANCE, fees.refuse_service_fee, await refusal_of(work, fee))
    assert await fee_held(work, fee) == {}
    assert [(kind, occasion, amount) for kind, occasion, *_, amount in await entries(work, fee)] == [
        ("service_fee_owed", 1, -30_000),
        ("service_fee_owed", 1, 30_000),
        ("service_fee_reversed", 1, -30_000),
        ("service_fee_reversed", 1, 30_000),
    ]
    await carry_fee(work, await claimed(work, case_id), "paid")
    await refused(work, COORDINATOR, asking(fees.claim_service_fee, claim_of(case_id)), ServiceFeeClaimedError)


async def test_the_partner_of_the_day_of_the_service_gets_its_fee(work: UnitOfWork, case_id: UUID) -> None:
    """A case that moved to another partner has a plan of the first; the new one did not prepare it."""
    version = int(str(await value(work, "select version from cases where id = $1", case_id)))
    transfer = TransferCase(
        id=new_id(), case_id=case_id, expected_version=version, to_office_id=MONGOLIA_CARITAS, reason="The family asked for it"
    )
    await done(work, PROGRAMME, cases.transfer_case, transfer)
    await refused(work, OTHER_COORDINATOR, asking(fees.claim_service_fee, claim_of(case_id)), ServiceFeeOfAnotherPartnerError)
    await refused(work, COORDINATOR, asking(fees.claim_service_fee, claim_of(case_id)), NotFoundError)


async def test_each_step_is_its_role_s_and_of_who_sees_the_case(work: UnitOfWork, case_id: UUID) -> None:
    claim = asking(fees.claim_service_fee, claim_of(case_id))
    for who in (COUNSELLOR, APPROVER, FINANCE, PROGRAMME, AUDITOR, ADMINISTRATOR):
        await refused(work, who, claim, ForbiddenError)
    for who in (OTHER_OFFICER, OTHER_COORDINATOR):
        await refused(work, who, claim, NotFoundError)
    fee = await claimed(work, case_id)
    withdraw = asking(fees.withdraw_service_fee, await withdrawal_of(work, fee))
    approve = asking(fees.approve_service_fee, await approval_of(work, fee))
    refuse = asking(fees.refuse_service_fee, await refusal_of(work, fee))
    for who in (OTHER_OFFICER, OTHER_COORDINATOR):
        await refused(work, who, withdraw, NotFoundError)
    for who in (COUNSELLOR, OFFICER, APPROVER, COORDINATOR, FINANCE, AUDITOR, ADMINISTRATOR):
        await refused(work, who, approve, ForbiddenError)
        await refused(work, who, refuse, ForbiddenError)
    await carry_fee(work, fee, "approved")
    pay = asking(fees.pay_service_fee, await payment_of(work, fee))
    for who in (COUNSELLOR, OFFICER, APPROVER, COORDINATOR, PROGRAMME, AUDITOR, ADMINISTRATOR):
        await refused(work, who, pay, ForbiddenError)
    # Approved, it is finance's to refuse, and the partner's to withdraw no more.
    await refused(work, PROGRAMME, asking(fees.refuse_service_fee, await refusal_of(work, fee)), ForbiddenError)
    await refused(work, OFFICER, asking(fees.withdraw_service_fee, await withdrawal_of(work, fee)), TransitionError)
    await refused(work, PROGRAMME, approve, VersionConflictError)


async def test_three_people(work: UnitOfWork, case_id: UUID) -> None:
    fee = await claimed(work, case_id)
    approve = asking(fees.approve_service_fee, await approval_of(work, fee))
    await refused(work, as_(OFFICER, PROGRAMME), approve, SamePersonError)
    refuse = asking(fees.refuse_service_fee, await refusal_of(work, fee))
    await refused(work, as_(OFFICER, PROGRAMME), refuse, SamePersonError)
    await carry_fee(work, fee, "approved")
    pay = asking(fees.pay_service_fee, await payment_of(work, fee))
    refuse = asking(fees.refuse_service_fee, await refusal_of(work, fee))
    for who in (OFFICER, PROGRAMME):
        await refused(work, as_(who, FINANCE), pay, SamePersonError)
        await refused(work, as_(who, FINANCE), refuse, SamePersonError)
    await carry_fee_on(work, fee)
    reverse = asking(fees.reverse_service_fee, await reversal_of(work, fee))
    for who in (OFFICER, FINANCE):
        await refused(work, as_(who, FINANCE), reverse, SamePersonError)


async def test_days_follow_one_another_and_none_is_to_come(work: UnitOfWork, case_id: UUID) -> None:
    fee = await carry_fee(work, await claimed(work, case_id), "approved")
    for day, error in ((days_ago(-1), FutureDateError), (days_ago(1), InvalidInputError)):
        await refused(work, FINANCE, asking(fees.pay_service_fee, await payment_of(work, fee, on=day)), error)
    nameless = replace(await payment_of(work, fee), reference="")
    await refused(work, FINANCE, asking(fees.pay_service_fee, nameless), InvalidInputError)
    await carry_fee_on(work, fee)
    for day, error in ((days_ago(-1), FutureDateError), (days_ago(1), InvalidInputError)):
        back = asking(fees.reverse_service_fee, await reversal_of(work, fee, on=day))
        await refused(work, SECOND_FINANCE, back, error)
    unsaid = replace(await reversal_of(work, fee), reason="no")
    await refused(work, SECOND_FINANCE, asking(fees.reverse_service_fee, unsaid), InvalidInputError)


async def test_a_fee_known_after_the_close_of_its_month_is_a_correction_in_the_next(fresh_database: DatabaseAddresses) -> None:
    await add_tariffs(fresh_database)
    this_month = today().replace(day=1)
    last_month = (this_month - timedelta(days=1)).replace(day=1)
    async with builders.open_work(fresh_database) as work:
        case = (await a_planned_case(work)).case.id
        fee = await carry_fee(work, await claimed(work, case), "approved")
        fund = UUID(str(await value(work, "select fund_id from service_fees where id = $1", fee)))
        await _approved_on(fresh_database, fee, last_month)
        closing_ = ClosePeriod(new_id(), fund, last_month)
        await done(work, FINANCE, periods.close_period, closing_)
        sealed = await row(work, "select transactions, spent_minor, digest from period_closes where id = $1", closing_.id)
        # The fee that was owed then is in it, and is no money of a returnee.
        assert sealed["spent_minor"] == 0
        entry = UUID(str(await value(work, "select id from ledger_transactions where reference_id = $1", fee)))
        counted = "select count(*) from period_transactions($1, $2, true) as x (id) where x.id = $3"
        assert await value(work, counted, fund, last_month, entry) == 1
        late = await payment_of(work, fee, on=last_month + timedelta(days=3))
        await done(work, FINANCE, fees.pay_service_fee, late)
        corrected = await row(work, "select corrects, month, fund_id from ledger_corrections")
        assert corrected == {"corrects": last_month, "month": this_month, "fund_id": fund}
        assert (await check(work)).violations == 0
        # Without its entry the month is not what was sealed.
        async with _as_nobody(fresh_database) as owner:
            await owner.execute("delete from ledger_postings where transaction_id = $1", entry)
        found = {finding.name: finding.violations for finding in (await check(work)).findings if finding.violations}
        assert found == {"periods_sealed": 1, "service_fees_posted": 1}


async def carry_fee_on(work: UnitOfWork, fee: UUID) -> None:
    """An approved fee is paid."""
    await done(work, FINANCE, fees.pay_service_fee, await payment_of(work, fee))


async def closing(work: UnitOfWork, case_id: UUID, reason: CloseReason = CloseReason.COMPLETED) -> CloseCase:
    version = int(str(await value(work, "select version from cases where id = $1", case_id)))
    return CloseCase(case_id=case_id, expected_version=version, closed_on=today(), reason=reason, note=None)


async def of_case(work: UnitOfWork, case_id: UUID) -> dict[str, object]:
    """All that is summed or shown of a case, and each other report of the database."""
    found: dict[str, object] = {stream: await held(work, case_id, stream) for stream in ("reintegration", "cash_premium")}
    async with work.read(AUDITOR) as transaction:
        for name, sql in (
            ("balances", loaders.SQL["balances_of_cases"]),
            ("accounts", "select id from ledger_accounts where case_id = any ($1) order by id"),
            ("entries", "select id from ledger_transactions where case_id = any ($1) order by id"),
            ("items", "select i.* from plan_items i join plans p on p.id = i.plan_id where p.case_id = any ($1) order by i.id"),
            ("payments", "select * from payments where case_id = any ($1) order by id"),
            ("totals", "select country, month, payments, euro_minor, refunds from payment_totals where $1::uuid[] <> '{}'"),
        ):
            found[name] = [tuple(one) for one in await transaction.fetch(sql, [case_id])]
    async with work.read(FINANCE) as transaction:
        for definition in report_definitions():
            if definition.kind == "service_fees":
                continue
            parameters = definition.parse(_PARAMETERS[definition.kind])
            for part in definition.tables:
                rows = [tuple(one) async for batch in part.rows(transaction, parameters) for one in batch]
                found[part.table.name] = rows
    return found


_PARAMETERS = {
    "payments_ledger": {"from": "2020-01-01", "to": "2100-12-31"},
    "programme_statistics": {"years": "2025,2026"},
    "amif_indicators": {"reference_date": "2030-06-30"},
}


async def _approved_on(addresses: DatabaseAddresses, fee: UUID, day: date) -> None:
    """As if it had been approved at noon of that day."""
    async with _as_nobody(addresses) as owner:
        await owner.execute("update service_fees set approved_at = $2::date + time '12:00' where id = $1", fee, day)
        await owner.execute("update ledger_transactions set effective_on = $2 where reference_id = $1", fee, day)


@asynccontextmanager
async def _as_nobody(addresses: DatabaseAddresses) -> AsyncIterator[asyncpg.Connection]:
    """A hand in the database, past every trigger."""
    owner = await asyncpg.connect(addresses.superuser_url)
    try:
        await owner.execute("set session_replication_role = replica")
        yield owner
    finally:
        await owner.close()
