"""The caseload keeps every rule that foreign keys and triggers would keep, and who breaks one is told."""

import asyncpg
import pytest

from reintegration.database.embedded import DatabaseAddresses
from tests.benchmarks.caseload import BIG_OFFICE, broken_rules, fill


@pytest.fixture
async def owner(fresh_database: DatabaseAddresses) -> asyncpg.Connection:
    connection = await asyncpg.connect(fresh_database.owner_url)
    yield connection
    await connection.close()


async def _count(connection: asyncpg.Connection, table: str) -> int:
    return int(await connection.fetchval(f"select count(*) from {table}"))  # noqa: S608 - tables of ours


async def test_a_caseload_keeps_every_rule_and_has_its_size(owner: asyncpg.Connection) -> None:
    indexes = await owner.fetch("select indexdef from pg_indexes where schemaname = 'public' order by indexname")
    await fill(owner, 300)
    assert await broken_rules(owner) == []
    counts = {table: await _count(owner, table) for table in ("cases", "case_intakes", "returnees", "returnee_identities")}
    assert (counts["cases"], counts["case_intakes"]) == (300, 300)
    assert counts["returnees"] == counts["returnee_identities"]
    assert 1.8 < counts["returnees"] / 300 < 2.3
    assert 1.0 < await _count(owner, "plans") / 300 < 1.4
    assert 2.5 < await _count(owner, "plan_items") / await _count(owner, "plans") < 3.5
    assert 2.5 < await _count(owner, "payments") / 300 < 3.5
    assert await owner.fetchval("select count(*) > 700 from payments where status = 'paid' and paid_on is not null")
    assert await owner.fetchval("select extract(year from min(departed_on)) from cases") == 2019
    assert await owner.fetchval("select extract(year from max(departed_on)) from cases") == 2026
    assert await owner.fetchval("select count(distinct status) from cases") == 6
    sizes = await owner.fetch(
        "select o.code from cases as c join field_offices as o on o.id = c.field_office_id group by o.code order by count(*) desc"
    )
    assert sizes[0]["code"] == BIG_OFFICE
    assert indexes == await owner.fetch("select indexdef from pg_indexes where schemaname = 'public' order by indexname")
    assert await owner.fetchval("select count(*) from pg_extension where extname = 'pgcrypto'") == 0


async def test_money_has_left_the_funds_once(owner: asyncpg.Connection) -> None:
    await fill(owner, 300)
    held = await owner.fetch(
        """
        select a.kind, sum(p.amount_minor)::bigint as minor from ledger_postings as p
        join ledger_accounts as a on a.id = p.account_id
        group by a.kind
        """
    )
    minor = {row["kind"]: row["minor"] for row in held}
    assert sum(minor.values()) == 0
    assert minor["spent"] == await owner.fetchval(
        "select sum(l.euro_minor) from payment_lines as l join payments as p on p.id = l.payment_id where p.status = 'paid'"
    )


async def test_the_same_size_gives_the_same_rows(owner: asyncpg.Connection, postgres_addresses: DatabaseAddresses) -> None:
    await fill(owner, 50, with_ledger=False, with_documents=False)
    digest = "select md5(string_agg(t::text, '|' order by t.id)) from {table} as t"
    first = [await owner.fetchval(digest.format(table=table)) for table in ("cases", "payments", "payment_lines")]
    name = await owner.fetchval("select current_database()")
    other = await asyncpg.connect(postgres_addresses.of(name).owner_url)
    try:
        async with other.transaction():
            await other.execute("set local session_replication_role = replica")
            tables = await other.fetch(
                "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and reltuples > 0"
            )
            filled = {row["relname"] for row in tables} & {
                "cases",
                "case_intakes",
                "returnees",
                "returnee_identities",
                "vulnerabilities",
                "entitlement_assessments",
                "entitlements",
                "plans",
                "plan_items",
                "suppliers",
                "supplier_traits",
                "payments",
                "payment_lines",
                "exchange_rates",
                "exchange_rate_months",
                "payment_totals",
            }
            for table in filled:
                await other.execute(f"delete from {table}")  # noqa: S608 - tables of ours
        await fill(other, 50, with_ledger=False, with_documents=False)
        assert first == [await other.fetchval(digest.format(table=table)) for table in ("cases", "payments", "payment_lines")]
        assert await _count(other, "ledger_accounts") == await _count(other, "documents") == 0
    finally:
        await other.close()


_CLOSED = "update cases set status = 'closed', closed_on = '2026-06-01', close_reason = 'completed' where id = "
_BROKEN = {
    "payments_case_fk": "update payments set case_id = gen_random_uuid() where id = (select id from payments limit 1)",
    "transactions_balance": "update ledger_postings set amount_minor = 7 where id = (select min(id) from ledger_postings)",
    "closed_cases_have_no_open_payments": _CLOSED + "(select case_id from payments where status = 'draft' limit 1)",  # noqa: S608 - texts of ours
    "plans_stay_within_the_entitlement": "update entitlements set amount_minor = 1 where stream = 'reintegration'",
    "totals_are_sums_of_paid_lines": "update payment_totals set euro_minor = euro_minor + 1",
    "payments_have_lines_that_are_frozen_when_submitted": "delete from payment_lines",
    "what_is_spent_is_what_was_paid": "delete from payment_lines",
    "payments_lie_between_arrival_and_deadline": "update entitlements set deadline_on = '2019-01-01'",
    "suppliers_are_compared_and_none_is_like_another": "update suppliers set name = 'The Shop ' || id",
    "grants_are_their_entitlements": "delete from entitlements where id = (select id from entitlements limit 1)",
}


async def test_a_broken_rule_is_named(owner: asyncpg.Connection) -> None:
    await fill(owner, 100)
    for rule, sabotage in _BROKEN.items():
        transaction = owner.transaction()
        await transaction.start()
        await owner.execute("set local session_replication_role = replica")
        await owner.execute(sabotage)
        assert rule in [line.partition(":")[0] for line in await broken_rules(owner)]
        await transaction.rollback()
    assert await broken_rules(owner) == []
