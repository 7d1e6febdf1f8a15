"""The log: one entry for each changed row, by the trigger, in the transaction of the change, with the actor as copied values."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.roles import OWNER_ROLE
from reintegration.database.transaction import Transaction
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.ids import new_id
from tests.builders import SYSTEM
from tests.database.law import become, become_nobody, insert, one, outcome, refused, undone
from tests.database.law_case import LawCase, a_law_case, a_line

ANN = Actor(id="ann", role=Role.FEDASIL_PROGRAMME)


@pytest.fixture
async def stage(law_pool: asyncpg.Pool) -> AsyncIterator[Transaction]:
    async with undone(law_pool) as transaction:
        yield transaction


async def entries(transaction: Transaction, after: int = 0) -> list[dict[str, object]]:
    """What was logged since a sequence number, by the present transaction."""
    rows = await transaction.fetch(
        "select * from audit_log where sequence > $1 and transaction_id = pg_current_xact_id()::text::bigint order by sequence",
        after,
    )
    return [{name: row[name] for name in row.keys()} for row in rows]  # noqa: SIM118 - a row iterates over its values


async def position(transaction: Transaction) -> int:
    found = await transaction.fetch_value("select coalesce(max(sequence), 0) from audit_log")
    assert isinstance(found, int)
    return found


async def a_case(transaction: Transaction, reference: str = "BE-1903-000001") -> UUID:
    return await insert(
        transaction, "cases", reference=reference, status="registered", country_of_return="MN", registered_by=transaction.actor.id
    )


async def test_an_insert_and_an_update_leave_one_entry_each(stage: Transaction) -> None:
    before = await position(stage)
    await become(stage, Actor(id="ann", role=Role.RETURN_COUNSELLOR))
    case_id = await a_case(stage)
    await stage.execute("update cases set status = 'departed', departed_on = '2025-03-01' where id = $1", case_id)
    await become(stage, SYSTEM)
    first, second = await entries(stage, before)
    number = await stage.fetch_value("select pg_current_xact_id()::text::bigint")
    row = await stage.fetch_value("select to_jsonb(c) from cases c where id = $1", case_id)
    assert isinstance(row, str)
    new = json.loads(row)
    old = {**new, "version": 1, "status": "registered", "departed_on": None}
    for entry, action, images in ((first, "insert", (None, old)), (second, "update", (old, new))):
        assert entry["table_name"] == "cases"
        assert entry["row_id"] == str(case_id)
        assert entry["action"] == action
        assert (entry["actor_id"], entry["actor_role"]) == ("ann", "return_counsellor")
        assert entry["transaction_id"] == number
        assert isinstance(entry["occurred_at"], datetime)
        assert datetime.now(UTC) - entry["occurred_at"] < timedelta(minutes=1)
        assert (
            tuple(json.loads(image) if isinstance(image, str) else None for image in (entry["before"], entry["after"])) == images
        )


async def test_a_deletion_keeps_the_row_as_it_was(stage: Transaction) -> None:
    case = await a_law_case(stage)
    before = await position(stage)
    await stage.execute("delete from payment_lines where id = $1", case.payment_line_id)
    (entry,) = await entries(stage, before)
    assert (entry["action"], entry["row_id"], entry["after"]) == ("delete", str(case.payment_line_id), None)
    assert json.loads(str(entry["before"]))["amount_minor"] == 10_000


async def test_each_row_of_a_statement_has_its_entry(stage: Transaction) -> None:
    ids = [await a_case(stage, f"BE-1903-{number:06d}") for number in range(5)]
    before = await position(stage)
    assert await stage.execute("update cases set close_note = 'all' where id = any($1)", ids) == 5
    found = await entries(stage, before)
    assert sorted(str(entry["row_id"]) for entry in found) == sorted(map(str, ids))
    for entry in found:
        old, new = json.loads(str(entry["before"])), json.loads(str(entry["after"]))
        assert old["id"] == new["id"] == entry["row_id"]
        assert (old["reference"], old["close_note"]) == (new["reference"], None)


async def test_a_row_whose_key_changes_went_and_another_came(fresh_database: DatabaseAddresses) -> None:
    connection = await asyncpg.connect(fresh_database.superuser_url)
    try:
        async with connection.transaction():
            await connection.execute("select set_config('app.actor', 'ann', true), set_config('app.role', 'system', true)")
            await connection.execute("insert into countries values ('ZZ', 'ZZZ', 'Nowhere')")
            before = await connection.fetchval("select max(sequence) from audit_log")
            await connection.execute("update countries set code = 'ZY' where code = 'ZZ'")
            found = await connection.fetch(
                "select action, row_id, before ->> 'code' as old, after ->> 'code' as new from audit_log where sequence > $1",
                before,
            )
    finally:
        await connection.close()
    assert {tuple(entry) for entry in found} == {("delete", "ZZ", "ZZ", None), ("insert", "ZY", None, "ZY")}


async def test_a_whole_case_leaves_as_many_entries_as_changes(stage: Transaction) -> None:
    before = await position(stage)
    case: LawCase = await a_law_case(stage)
    found: dict[str, int] = {}
    for entry in await entries(stage, before):
        found[f"{entry['table_name']} {entry['action']}"] = found.get(f"{entry['table_name']} {entry['action']}", 0) + 1
    fund_account = found.pop("ledger_accounts insert") - 2
    assert fund_account in {0, 1}  # the fund's own account is opened by whoever grants first
    assert case.id is not None
    assert found == {
        "cases insert": 1,
        "cases update": 3,
        "case_intakes insert": 1,
        "case_transfers insert": 1,
        "returnees insert": 1,
        "returnee_identities insert": 1,
        "vulnerabilities insert": 1,
        "entitlement_assessments insert": 1,
        "entitlement_exceptions insert": 1,
        "entitlements insert": 2,
        "deadline_extensions insert": 1,
        "deadline_notices insert": 1,
        "plans insert": 1,
        "plans update": 2,
        "plan_items insert": 2,
        "budget_transfers insert": 1,
        "ledger_transactions insert": 2,
        "ledger_postings insert": 4,
        "suppliers insert": 1,
        "payments insert": 1,
        "payment_holds insert": 1,
        "payment_holds update": 1,
        "payment_lines insert": 1,
        "documents insert": 1,
        "payment_documents insert": 1,
    }


async def test_the_actor_of_each_entry_is_the_one_of_the_moment(stage: Transaction) -> None:
    before = await position(stage)
    case_id = await a_case(stage)
    await become(stage, Actor(id="Ann", role=Role.RETURN_COUNSELLOR))
    await stage.execute("update cases set status = 'departed', departed_on = '2025-03-01' where id = $1", case_id)
    await become(stage, SYSTEM)
    found = [(entry["actor_id"], entry["actor_role"]) for entry in await entries(stage, before)]
    assert found == [("system", "system"), ("Ann", "return_counsellor")]


async def test_an_update_that_changes_nothing_leaves_no_entry(stage: Transaction) -> None:
    case = await a_law_case(stage)
    before = await position(stage)
    assert await stage.execute("update payment_lines set amount_minor = amount_minor where id = $1", case.payment_line_id) == 1
    assert await stage.execute("update cases set close_note = 'x' where id = $1", new_id()) == 0
    assert await entries(stage, before) == []


async def test_a_versioned_row_counts_its_updates_and_the_log_shows_it(stage: Transaction) -> None:
    case_id = await a_case(stage)
    before = await position(stage)
    await stage.execute("update cases set version = 99, close_note = 'x' where id = $1", case_id)
    await stage.execute("update cases set close_note = 'x' where id = $1", case_id)
    assert [json.loads(str(entry["after"]))["version"] for entry in await entries(stage, before)] == [2, 3]


async def test_a_change_without_an_actor_is_refused(fresh_database: DatabaseAddresses) -> None:
    connection = await asyncpg.connect(fresh_database.superuser_url)
    try:
        for settings in ({}, {"app.actor": "x"}, {"app.role": "system"}, {"app.actor": "", "app.role": "system"}):
            async with connection.transaction():
                for name, value in settings.items():
                    await connection.execute("select set_config($1, $2, true)", name, value)
                for statement in (
                    "insert into countries values ('ZZ', 'ZZZ', 'Nowhere')",
                    "update countries set name = 'x' where code = 'BE'",
                    "delete from return_desks",
                ):
                    with pytest.raises(asyncpg.CheckViolationError) as caught:
                        async with connection.transaction():
                            await connection.execute(statement)
                    assert caught.value.constraint_name == "audit_log_actor_ck"
        assert await connection.fetchval("select count(*) from countries where code = 'ZZ' or name = 'x'") == 0
    finally:
        await connection.close()


async def test_nobody_writes_the_log_by_hand(stage: Transaction) -> None:
    statement = (
        "insert into audit_log (transaction_id, occurred_at, table_name, row_id, action, after, actor_id, actor_role)"
        " values (1, now(), 'cases', 'x', 'insert', '{}', 'ann', 'system')"
    )
    for who in (SYSTEM, ANN, Actor(id="aud", role=Role.AUDITOR)):
        await become(stage, who)
        await refused(stage, "denied", statement)
    await become_nobody(stage)
    await refused(stage, "denied", statement)


async def test_the_owner_can_forge_no_entry(fresh_database: DatabaseAddresses) -> None:
    connection = await asyncpg.connect(fresh_database.superuser_url)
    try:
        async with connection.transaction():
            await connection.execute(
                f"set local role {OWNER_ROLE};select set_config('app.actor', 'x', true), set_config('app.role', 'system', true)"
            )
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with connection.transaction():
                    await connection.execute(
                        "insert into audit_log (transaction_id, occurred_at, table_name, row_id, action, after, actor_id,"
                        " actor_role) values (1, now(), 'cases', 'x', 'insert', '{}', 'ann', 'system')"
                    )
    finally:
        await connection.close()


async def test_what_is_rolled_back_leaves_no_entry(stage: Transaction) -> None:
    before = await position(stage)
    await stage.execute("savepoint change")
    await a_case(stage)
    await stage.execute("rollback to change")
    assert await entries(stage, before) == []


async def test_reference_data_was_logged_as_the_loaders(stage: Transaction) -> None:
    row = await one(
        stage,
        "select count(*) as entries, count(distinct row_id) as rows, min(actor_id) as who, min(actor_role) as role"
        " from audit_log where table_name = 'field_offices' and actor_id = 'reference-data'",
    )
    offices = await stage.fetch_value("select count(*) from field_offices")
    assert row == {"entries": offices, "rows": offices, "who": "reference-data", "role": "system"}


async def test_a_refused_line_leaves_no_entry(stage: Transaction) -> None:
    case = await a_law_case(stage)
    before = await position(stage)
    with pytest.raises(asyncpg.UniqueViolationError):
        await in_savepoint(stage, case)
    assert await outcome(stage, "update payment_lines set amount_minor = -1 where id = $1", case.payment_line_id) != 1
    assert await entries(stage, before) == []


async def in_savepoint(transaction: Transaction, case: LawCase) -> None:
    await transaction.execute("savepoint line")
    try:
        await a_line(transaction, case.payment_id, case.id)
    finally:
        await transaction.execute("rollback to line")
