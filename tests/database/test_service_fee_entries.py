"""What the database refuses of the entries and the tariffs of fees, whoever writes."""

from collections.abc import AsyncIterator
from datetime import date
from uuid import UUID

import asyncpg
import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.clock import today
from reintegration.kernel.ids import new_id
from reintegration.ledger import fee_flows
from reintegration.ledger.posting import Account, Entry, Posting
from tests import builders
from tests.builders import (
    CARITAS,
    IOM,
    MONGOLIA,
    SYSTEM,
    days_ago,
)
from tests.database.law import become, outcome
from tests.database.law_fee import FeeStage, a_set_of_fees, a_stage
from tests.fee_steps import FEE_MINOR, add_tariffs, claimed
from tests.payment_steps import a_planned_case

_ACCOUNT = """
insert into ledger_accounts (id, kind, fund_id, case_id, stream, currency, minimum_minor) values ($1, $2, $3, $4, $5, 'EUR', $6)
"""
_TARIFF = """
insert into service_fee_tariffs (
    id, partner_id, kind, country_code, amount_minor, currency, valid_from, valid_to, certainty, source
)
values ($1, $2, $3, $4, $5, $6, $7, $8, 'assumed', 'a test')
"""


@pytest.fixture(scope="module")
async def fees(database_urls: DatabaseAddresses) -> tuple[UUID, UUID, UUID, UUID]:
    return await a_set_of_fees(database_urls)


@pytest.fixture
async def stage(law_pool: asyncpg.Pool, fees: tuple[UUID, UUID, UUID, UUID]) -> AsyncIterator[FeeStage]:
    async with a_stage(law_pool, fees) as made:
        yield made


async def test_an_entry_of_a_fee_is_exactly_its_step_s(stage: FeeStage) -> None:
    fund = UUID(str(stage.due["fund_id"]))
    posted = "service_fees_posted_ck"
    day, cents = today(), FEE_MINOR
    assert await stage.posted(fee_flows.owe(fund, fee_id=stage.claimed, amount_minor=cents, on=day)) == posted
    assert await stage.posted(fee_flows.owe(fund, fee_id=new_id(), amount_minor=cents, on=day)) == posted
    assert await stage.posted(fee_flows.pay(fund, fee_id=stage.approved, amount_minor=cents, on=day)) == posted
    again = fee_flows.owe(fund, fee_id=stage.paid, amount_minor=cents, on=day)
    assert await stage.posted(again) == "ledger_transactions_once_uq"
    owed = await stage.transaction.fetch_value("select id from ledger_transactions where reference_id = $1", stage.approved)
    back = fee_flows.owe_no_more(fund, fee_id=stage.approved, amount_minor=cents, on=day, reverses_id=UUID(str(owed)))
    assert await stage.posted(back) == posted
    # Approved rightly, but posted of another amount, on another day, or out of another fund.
    approve = "update service_fees set status = 'approved', approved_by = 'ben', approved_at = now() where id = $1"
    other = UUID(str(await stage.transaction.fetch_value("select id from funds where id <> $1 limit 1", fund)))
    await stage.transaction.execute(approve, stage.claimed)
    for entry in (
        fee_flows.owe(fund, fee_id=stage.claimed, amount_minor=cents + 1, on=day),
        fee_flows.owe(fund, fee_id=stage.claimed, amount_minor=cents, on=days_ago(1)),
        fee_flows.owe(other, fee_id=stage.claimed, amount_minor=cents, on=day),
    ):
        assert await stage.posted(entry) == posted
    assert await stage.posted(fee_flows.owe(fund, fee_id=stage.claimed, amount_minor=cents, on=day)) == ""


async def test_accounts_of_fees_and_of_cases_never_meet(stage: FeeStage) -> None:
    fund = UUID(str(stage.due["fund_id"]))
    case = await a_pot(stage)
    belongs, day = "ledger_postings_belongs_ck", date(2026, 6, 1)

    def moved(kind: str, case_id: UUID | None, giver: Account, taker: Account) -> Entry:
        named = ("ServiceFee", stage.claimed) if case_id is None else ("Payment", new_id())
        return Entry(kind, case_id, *named, 1, day, (Posting(giver, -1), Posting(taker, 1)))

    of_fee, owed = Account("fund", fund, "service_fee"), Account("fee_owed", fund, "service_fee")
    line, money = Account("entitlement", fund, "reintegration", case), Account("fund", fund, "reintegration")
    assert await stage.posted(moved("payment_spent", case, line, owed)) == belongs
    assert await stage.posted(moved("entitlement_released", case, line, of_fee)) == belongs
    assert await stage.posted(moved("service_fee_owed", None, money, owed)) == belongs
    assert await stage.posted(moved("service_fee_owed", None, of_fee, line)) == belongs
    assert await stage.posted(moved("service_fee_paid", None, of_fee, owed)) == "ledger_postings_grant_ck"
    kind = "ledger_transactions_kind_ck"
    assert await stage.posted(moved("service_fee_owed", case, of_fee, owed)) == kind
    assert await stage.posted(moved("payment_spent", None, of_fee, owed)) == kind
    for cells, rule in (
        (("fee_owed", fund, case, "service_fee", None), "ledger_accounts_stream_ck"),
        (("fee_owed", fund, None, "reintegration", None), "ledger_accounts_stream_ck"),
        (("entitlement", fund, None, "service_fee", 0), "ledger_accounts_stream_ck"),
        (("fee_owed", fund, None, "service_fee", 0), "ledger_accounts_minimum_ck"),
        (("coffee", fund, None, "service_fee", None), "ledger_accounts_kind_ck"),
    ):
        assert await outcome(stage.transaction, _ACCOUNT, new_id(), *cells) == rule, cells


async def a_pot(stage: FeeStage) -> UUID:
    """The case of the stage, whose entitlement has something left."""
    found = await stage.transaction.fetch_value("select case_id from service_fees where id = $1", stage.claimed)
    return UUID(str(found))


async def test_tariffs_do_not_overlap_and_do_not_change(fresh_database: DatabaseAddresses) -> None:
    await add_tariffs(fresh_database)
    owner = await asyncpg.connect(fresh_database.superuser_url)
    await owner.execute("select set_config('app.actor', 'x', false), set_config('app.role', 'system', false)")
    try:

        async def tried(sql: str, *arguments: object) -> str:
            try:
                return str(await owner.execute(sql, *arguments))
            except asyncpg.IntegrityConstraintViolationError as error:
                return error.constraint_name or ""

        async def add(*cells: object) -> str:
            return await tried(_TARIFF, new_id(), *cells)

        first, plan = date(2022, 1, 26), "plan_preparation"
        over = "service_fee_tariffs_version_ex"
        assert await add(IOM, plan, None, 1, "EUR", date(2021, 1, 1), first) == over
        assert await add(IOM, plan, None, 1, "EUR", date(2030, 1, 1), None) == over
        assert await add(IOM, plan, None, 1, "EUR", date(2021, 1, 1), date(2022, 1, 25)) == "INSERT 0 1"
        assert await add(IOM, plan, "MN", 1, "EUR", first, None) == "INSERT 0 1"
        assert await add(IOM, plan, "MN", 1, "EUR", date(2031, 1, 1), None) == over
        assert await add(IOM, plan, "CM", 1, "EUR", first, None) == "INSERT 0 1"
        assert await add(CARITAS, "follow_up", None, 1, "EUR", first, None) == "INSERT 0 1"
        for cells, rule in (
            ((IOM, "coffee", None, 1, "EUR", first, None), "kind_ck"),
            ((IOM, plan, "AF", 0, "EUR", first, None), "amount_ck"),
            ((IOM, plan, "AF", 1, "USD", first, None), "amount_ck"),
            ((IOM, plan, "AF", 1, "EUR", first, date(2022, 1, 25)), "dates_ck"),
            ((MONGOLIA, plan, None, 1, "EUR", first, None), "partner_fk"),
            ((IOM, plan, "ZZ", 1, "EUR", first, None), "country_fk"),
        ):
            assert await add(*cells) == f"service_fee_tariffs_{rule}"
        async with builders.open_work(fresh_database) as work:
            fee = await claimed(work, (await a_planned_case(work)).case.id)
        decided = "update service_fee_tariffs t set {} from service_fees f where f.id = $1 and t.id = f.tariff_id"
        kept = "service_fee_tariffs_version_ck"
        for change in ("amount_minor = t.amount_minor + 1", "valid_from = '2023-01-01'", "partner_id = f.fund_id"):
            assert await tried(decided.format(change), fee) == kept
        # Its last day is none before what it has decided.
        assert await tried(decided.format("valid_to = f.served_on - 1"), fee) == kept
        assert await tried(decided.format("valid_to = f.served_on"), fee) == "UPDATE 1"
    finally:
        await owner.close()


async def test_the_application_reads_tariffs_alone(stage: FeeStage) -> None:
    await become(stage.transaction, SYSTEM)
    cells = (new_id(), IOM, "plan_preparation", None, 1, "EUR", date(1999, 1, 1), date(1999, 1, 2))
    assert await outcome(stage.transaction, _TARIFF, *cells) == "denied"
    assert await outcome(stage.transaction, "update service_fee_tariffs set source = 'another'") == "denied"
