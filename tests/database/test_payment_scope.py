"""Whose eyes a payment is for: its case's office and partner, copied to the payment by the database and by nobody else."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork, open_pool
from tests.builders import AUDITOR, CARITAS, IOM, MONGOLIA, MONGOLIA_CARITAS, OFFICER, SYSTEM
from tests.database.law import become, one, undone
from tests.database.law_case import LawCase, a_law_case, a_payment
from tests.database.law_payment import Stage

_MOVE = "update cases set (field_office_id, partner_id) = (select id, partner_id from field_offices where id = $2) where id = $1"
_SCOPE = "select case_office_id, case_partner_id, version, status from payments where id = $1"
_DIFFERENCES = "select count(*) from payment_scope_differences()"
_MIGRATION = Path(__file__).parents[2] / "migrations" / "0016_payment_scope.sql"


@pytest.fixture
async def stage(law_pool: asyncpg.Pool) -> AsyncIterator[Stage]:
    async with undone(law_pool) as transaction:
        yield Stage(transaction, await a_law_case(transaction))


async def scope(stage: Stage) -> tuple[object, ...]:
    return tuple((await one(stage.transaction, _SCOPE, stage.case.payment_id)).values())


@pytest.mark.parametrize(("status", "version"), [("draft", 1), ("approved", 3), ("paid", 5)])
async def test_it_goes_with_the_case_and_nothing_else_of_the_payment_changes(stage: Stage, status: str, version: int) -> None:
    await stage.bring_to(status)
    assert await scope(stage) == (MONGOLIA, IOM, version, status)
    before = await one(stage.transaction, "select * from payments where id = $1", stage.case.payment_id)
    await stage.transaction.execute(_MOVE, stage.case.id, MONGOLIA_CARITAS)
    after = await one(stage.transaction, "select * from payments where id = $1", stage.case.payment_id)
    assert after == {**before, "case_office_id": MONGOLIA_CARITAS, "case_partner_id": CARITAS}
    assert await stage.transaction.fetch_value(_DIFFERENCES) == 0
    entry = await one(
        stage.transaction,
        "select before ->> 'case_office_id' as before, after ->> 'case_office_id' as after from audit_log"
        " where table_name = 'payments' and row_id = $1 order by sequence desc limit 1",
        str(stage.case.payment_id),
    )
    assert entry == {"before": str(MONGOLIA), "after": str(MONGOLIA_CARITAS)}


async def test_a_new_payment_gets_its_cases_whatever_the_writer_says(stage: Stage) -> None:
    case = stage.case
    made = await a_payment(
        stage.transaction,
        case.id,
        MONGOLIA,
        plan_item_id=case.item_id,
        case_office_id=MONGOLIA_CARITAS,
        case_partner_id=CARITAS,
    )
    assert (await one(stage.transaction, _SCOPE, made))["case_office_id"] == MONGOLIA
    assert await stage.transaction.fetch_value(_DIFFERENCES) == 0


@pytest.mark.parametrize("who", [OFFICER, SYSTEM], ids=lambda who: who.role.value)
async def test_nobody_writes_it(stage: Stage, who: object) -> None:
    await become(stage.transaction, OFFICER if who is OFFICER else SYSTEM)
    assert await stage.change(f"case_office_id = '{MONGOLIA_CARITAS}', case_partner_id = null") == 1
    await become(stage.transaction, SYSTEM)
    assert await scope(stage) == (MONGOLIA, IOM, 2, "draft")


async def test_writing_it_lets_nothing_pass_by_the_other_rules(stage: Stage) -> None:
    await stage.bring_to("approved")
    elsewhere = f"case_office_id = '{MONGOLIA_CARITAS}'"
    assert await stage.change(f"{elsewhere}, description = 'Another loom'") == "payments_content_ck"
    assert await stage.change(f"{elsewhere}, status = 'paid'") == "payments_transition_ck"
    await become(stage.transaction, OFFICER)
    released = f"{elsewhere}, status = 'released', released_by = 'officer', released_at = now()"
    assert await stage.change(released) == "denied"
    await become(stage.transaction, SYSTEM)
    assert await scope(stage) == (MONGOLIA, IOM, 3, "approved")


async def test_a_difference_is_told_to_who_sees_all_alone(fresh_database: DatabaseAddresses) -> None:
    pool = await open_pool(fresh_database.application_url, max_size=1)
    superuser = await asyncpg.connect(fresh_database.superuser_url)
    try:
        work = UnitOfWork(pool, {})
        case = await work.write(SYSTEM, a_law_case)
        await superuser.execute("set session_replication_role = replica; update payments set case_partner_id = null")
        for who, expected in ((SYSTEM, [case.payment_id]), (AUDITOR, [case.payment_id]), (OFFICER, [])):
            async with work.read(who) as transaction:
                rows = await transaction.fetch("select payment_id from payment_scope_differences()")
                assert [row["payment_id"] for row in rows] == expected
    finally:
        await pool.close()
        await superuser.close()


async def test_a_payment_and_a_move_at_once_wait_for_each_other(fresh_database: DatabaseAddresses) -> None:
    pool = await open_pool(fresh_database.application_url, max_size=3)
    try:
        work = UnitOfWork(pool, {})
        case = await work.write(SYSTEM, a_law_case)
        moved, go_on = asyncio.Event(), asyncio.Event()

        async def move(transaction: Transaction) -> None:
            await transaction.execute(_MOVE, case.id, MONGOLIA_CARITAS)
            moved.set()
            await go_on.wait()

        async def pay(transaction: Transaction) -> UUID:
            return await a_payment(transaction, case.id, MONGOLIA, plan_item_id=case.item_id)

        async with asyncio.TaskGroup() as group:
            group.create_task(work.write(SYSTEM, move))
            await moved.wait()
            paid = group.create_task(work.write(SYSTEM, pay))
            await _waits_for_a_lock(fresh_database.superuser_url)
            go_on.set()
        async with work.read(SYSTEM) as transaction:
            assert (await one(transaction, _SCOPE, paid.result()))["case_office_id"] == MONGOLIA_CARITAS
            assert await transaction.fetch_value(_DIFFERENCES) == 0
    finally:
        await pool.close()


async def _waits_for_a_lock(url: str) -> None:
    waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    superuser = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(10):
            while await superuser.fetchval(waiting) != 1:  # noqa: ASYNC110 - only PostgreSQL knows
                await asyncio.sleep(0.02)
    finally:
        await superuser.close()


async def test_payments_of_before_the_migration_get_theirs(fresh_database: DatabaseAddresses) -> None:
    pool = await open_pool(fresh_database.application_url, max_size=1)
    owner = await asyncpg.connect(fresh_database.owner_url)
    superuser = await asyncpg.connect(fresh_database.superuser_url)
    try:
        work = UnitOfWork(pool, {})
        case: LawCase = await work.write(SYSTEM, a_law_case)
        await superuser.execute(
            "set session_replication_role = replica; update payments set case_office_id = null, case_partner_id = null"
        )
        log = await superuser.fetchval("select count(*) from audit_log")
        async with work.read(SYSTEM) as transaction:
            assert await transaction.fetch_value(_DIFFERENCES) == 1
        text = _MIGRATION.read_text(encoding="utf-8")
        async with owner.transaction():
            await owner.execute(text[text.index("create function fill_payment_scope") :])
        async with work.read(SYSTEM) as transaction:
            assert tuple((await one(transaction, _SCOPE, case.payment_id)).values()) == (MONGOLIA, IOM, 1, "draft")
        assert await superuser.fetchval("select count(*) from audit_log") == log
    finally:
        await pool.close()
        await owner.close()
        await superuser.close()
