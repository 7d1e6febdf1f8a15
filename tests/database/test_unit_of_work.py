"""The unit of work: bounded retries, answers kept for ever, snapshots that stand still."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import asyncpg
import pytest

from reintegration.database.constraints import database_error
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import IdempotencyKey, Outcome, UnitOfWork, open_pool
from reintegration.kernel.actor import Role
from reintegration.kernel.errors import ConstraintViolationError, IdempotencyConflictError, NotFoundError
from reintegration.kernel.ids import new_id
from reintegration.kernel.reference import Reference
from tests.builders import OFFICER, OTHER_OFFICER, SYSTEM, actor
from tests.database.law import insert, one

TAKEN = ConstraintViolationError(constraint="cases_reference_uq", explanation="taken")


@pytest.fixture
async def work(fresh_database: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    pool = await open_pool(fresh_database.application_url, max_size=4)
    yield UnitOfWork(pool, {"cases_reference_uq": lambda: TAKEN})
    await pool.close()


async def a_case(transaction: Transaction, reference: str = "BE-1904-000001", case_id: UUID | None = None) -> Reference:
    new = await insert(
        transaction,
        "cases",
        id=case_id or new_id(),
        reference=reference,
        status="registered",
        country_of_return="MN",
        registered_by=transaction.actor.id,
    )
    return Reference("Case", new, 1)


async def number_of_cases(work: UnitOfWork) -> object:
    async with work.read(SYSTEM) as transaction:
        return await transaction.fetch_value("select count(*) from cases")


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
async def test_what_postgresql_asks_to_repeat_is_repeated_five_times_at_most(work: UnitOfWork, sqlstate: str) -> None:
    tries: list[int] = []

    async def fails(transaction: Transaction, times: int) -> int:
        tries.append(len(tries))
        await a_case(transaction, f"BE-1904-{times:06d}")
        if len(tries) <= times:
            await transaction.execute(f"do $$ begin raise exception 'again' using errcode = '{sqlstate}'; end $$")
        return len(tries)

    assert await work.write(SYSTEM, lambda transaction: fails(transaction, 4)) == 5
    assert await number_of_cases(work) == 1
    tries.clear()
    with pytest.raises(asyncpg.PostgresError) as caught:
        await work.write(SYSTEM, lambda transaction: fails(transaction, 99))
    assert caught.value.sqlstate == sqlstate
    assert len(tries) == 5
    assert await number_of_cases(work) == 1


@pytest.mark.parametrize("sqlstate", ["23514", "55P03", "57014", "XX000"])
async def test_nothing_else_is_repeated(work: UnitOfWork, sqlstate: str) -> None:
    tries: list[int] = []

    async def fails(transaction: Transaction) -> None:
        tries.append(1)
        await transaction.execute(f"do $$ begin raise exception 'no' using errcode = '{sqlstate}'; end $$")

    with pytest.raises(Exception) as caught:  # noqa: PT011 - by whatever name a room gives it
        await work.write(SYSTEM, fails)
    cause = database_error(caught.value)
    assert cause is not None
    assert cause.sqlstate == sqlstate
    assert len(tries) == 1


async def test_two_that_lock_in_opposite_order_both_get_through(work: UnitOfWork) -> None:
    first = await work.write(SYSTEM, lambda transaction: a_case(transaction, "BE-1904-000001"))
    second = await work.write(SYSTEM, lambda transaction: a_case(transaction, "BE-1904-000002"))
    barrier, runs = asyncio.Barrier(2), []

    async def both(transaction: Transaction, order: tuple[UUID, UUID]) -> None:
        runs.append(order)
        await transaction.execute("update cases set close_note = close_note || 'x' where id = $1", order[0])
        if len(runs) <= 2:
            await barrier.wait()
        await transaction.execute("update cases set close_note = 'x' where id = $1", order[1])

    await asyncio.gather(
        work.write(SYSTEM, lambda transaction: both(transaction, (first.id, second.id))),
        work.write(SYSTEM, lambda transaction: both(transaction, (second.id, first.id))),
    )
    assert len(runs) == 3  # one was the deadlock's victim, once
    async with work.read(SYSTEM) as transaction:
        versions = await transaction.fetch("select version from cases")
    assert [row["version"] for row in versions] == [3, 3]


async def test_a_violated_constraint_becomes_its_domain_error_and_nothing_stays(work: UnitOfWork) -> None:
    async def twice(transaction: Transaction) -> None:
        await a_case(transaction)
        await a_case(transaction)

    with pytest.raises(ConstraintViolationError) as caught:
        await work.write(SYSTEM, twice)
    assert caught.value is TAKEN
    assert isinstance(caught.value.__cause__, asyncpg.UniqueViolationError)
    assert await number_of_cases(work) == 0


async def test_a_row_that_policies_refuse_looks_absent(work: UnitOfWork) -> None:
    with pytest.raises(NotFoundError):
        await work.write(OFFICER, a_case)
    with pytest.raises(NotFoundError):
        await work.write(actor(Role.AUDITOR), a_case)
    assert await number_of_cases(work) == 0


class Counted:
    """A use case that counts how often it ran."""

    def __init__(self, use_case: Callable[[Transaction], Awaitable[Reference]]) -> None:
        self.runs = 0
        self._use_case = use_case

    async def __call__(self, transaction: Transaction) -> Reference:
        self.runs += 1
        return await self._use_case(transaction)


async def test_the_same_key_and_input_get_the_first_answer_whatever_the_order_of_the_input(work: UnitOfWork) -> None:
    use_case, key = Counted(a_case), new_id()
    first = await work.write_once(SYSTEM, IdempotencyKey(key, "register", {"a": 1, "b": [2, None]}), use_case)
    again = await work.write_once(SYSTEM, IdempotencyKey(key, "register", {"b": [2, None], "a": 1}), use_case)
    assert again == Outcome(first.reference, replayed=True)
    assert first.replayed is False
    assert use_case.runs == 1
    assert await number_of_cases(work) == 1
    async with work.read(SYSTEM) as transaction:
        row = await one(transaction, "select operation, result_kind, result_id, result_version from idempotency_records")
    assert row == {"operation": "register", "result_kind": "Case", "result_id": first.reference.id, "result_version": 1}


@pytest.mark.parametrize(
    ("other", "differences"),
    [
        ({"a": 2, "b": {"c": [1, 2]}}, ("a",)),
        ({"a": 1, "b": {"c": [1, 3]}}, ("b.c[1]",)),
        ({"a": 1, "b": {"c": [1]}}, ("b.c",)),
        ({"a": 1}, ("b",)),
        ({"a": 1, "b": {"c": [1, 2]}, "d": "x"}, ("d",)),
        ({"a": "1", "b": {"c": [2, 1]}}, ("a", "b.c[0]", "b.c[1]")),
        ([1], ("input",)),
    ],
)
async def test_another_input_under_the_key_is_refused_with_the_paths_that_differ(
    work: UnitOfWork, other: object, differences: tuple[str, ...]
) -> None:
    use_case, key = Counted(a_case), new_id()
    await work.write_once(SYSTEM, IdempotencyKey(key, "register", {"a": 1, "b": {"c": [1, 2]}}), use_case)
    with pytest.raises(IdempotencyConflictError) as caught:
        await work.write_once(SYSTEM, IdempotencyKey(key, "register", other), use_case)
    assert caught.value.differences == differences
    assert use_case.runs == 1


async def test_a_key_without_a_member_differs_from_one_whose_member_is_null(work: UnitOfWork) -> None:
    use_case, key = Counted(a_case), new_id()
    await work.write_once(SYSTEM, IdempotencyKey(key, "register", {"a": 1}), use_case)
    with pytest.raises(IdempotencyConflictError) as caught:
        await work.write_once(SYSTEM, IdempotencyKey(key, "register", {"a": 1, "b": None}), use_case)
    assert caught.value.differences == ("b",)


async def test_another_operation_under_the_key_is_refused(work: UnitOfWork) -> None:
    use_case, key = Counted(a_case), new_id()
    await work.write_once(SYSTEM, IdempotencyKey(key, "register", {}), use_case)
    with pytest.raises(IdempotencyConflictError) as caught:
        await work.write_once(SYSTEM, IdempotencyKey(key, "close", {}), use_case)
    assert caught.value.differences == ("operation",)
    assert use_case.runs == 1


async def test_a_key_is_an_actors_own(work: UnitOfWork) -> None:
    key = IdempotencyKey(new_id(), "anything", {"a": 1})

    async def nothing(transaction: Transaction) -> Reference:
        return Reference("Case", key.key, len(transaction.actor.id))

    for who in (OFFICER, OTHER_OFFICER):
        assert await work.write_once(who, key, nothing) == Outcome(Reference("Case", key.key, len(who.id)), replayed=False)


async def test_of_two_at_once_with_one_key_one_runs_and_both_get_its_answer(work: UnitOfWork) -> None:
    for number in range(10):
        barrier = asyncio.Barrier(2)
        started = asyncio.Event()

        async def slow(transaction: Transaction, number: int = number, started: asyncio.Event = started) -> Reference:
            started.set()
            await asyncio.sleep(0.02)
            return await a_case(transaction, f"BE-1905-{number:06d}")

        use_case, key = Counted(slow), IdempotencyKey(new_id(), "register", {"number": number})

        async def ask(key: IdempotencyKey = key, use_case: Counted = use_case, barrier: asyncio.Barrier = barrier) -> Outcome:
            await barrier.wait()
            return await work.write_once(SYSTEM, key, use_case)

        outcomes = await asyncio.gather(ask(), ask())
        assert use_case.runs == 1
        assert sorted(outcome.replayed for outcome in outcomes) == [False, True]
        assert outcomes[0].reference == outcomes[1].reference
    assert await number_of_cases(work) == 10


async def test_a_failed_attempt_forgets_its_key(work: UnitOfWork) -> None:
    key = IdempotencyKey(new_id(), "register", {})

    async def fails(transaction: Transaction) -> Reference:
        await a_case(transaction)
        raise NotFoundError(kind="Case")

    with pytest.raises(NotFoundError):
        await work.write_once(SYSTEM, key, fails)
    async with work.read(SYSTEM) as transaction:
        assert await transaction.fetch_value("select count(*) from idempotency_records") == 0
    assert (await work.write_once(SYSTEM, key, a_case)).replayed is False
    assert await number_of_cases(work) == 1


async def test_who_waits_for_a_key_whose_owner_fails_runs_itself(work: UnitOfWork) -> None:
    key, claimed, released = IdempotencyKey(new_id(), "register", {}), asyncio.Event(), asyncio.Event()

    async def fails(_transaction: Transaction) -> Reference:
        claimed.set()
        await released.wait()
        raise NotFoundError(kind="Case")

    loser = asyncio.create_task(work.write_once(SYSTEM, key, fails))
    await claimed.wait()
    waiter = asyncio.create_task(work.write_once(SYSTEM, key, a_case))
    await asyncio.sleep(0.1)
    assert not waiter.done()
    released.set()
    with pytest.raises(NotFoundError):
        await loser
    assert (await waiter).replayed is False
    assert await number_of_cases(work) == 1


async def test_a_read_is_one_snapshot_and_writes_nothing(work: UnitOfWork) -> None:
    async with work.read(SYSTEM) as transaction:
        assert await transaction.fetch_value("select count(*) from cases") == 0
        await work.write(SYSTEM, a_case)
        assert await transaction.fetch_value("select count(*) from cases") == 0
        for sql, expected in (("show transaction_isolation", "repeatable read"), ("show transaction_read_only", "on")):
            assert await transaction.fetch_value(sql) == expected
    assert await number_of_cases(work) == 1
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with work.read(SYSTEM) as transaction:
            await a_case(transaction, "BE-1904-000002")
    assert await number_of_cases(work) == 1


@pytest.mark.parametrize("error", [ZeroDivisionError, asyncio.CancelledError])
async def test_whatever_ends_a_transaction_gives_the_connection_back_clean(work: UnitOfWork, error: type[BaseException]) -> None:
    async def breaks(transaction: Transaction) -> None:
        await a_case(transaction)
        raise error

    for _ in range(8):  # more often than there are connections
        with pytest.raises(error):
            await work.write(SYSTEM, breaks)
        with pytest.raises(error):
            async with work.read(SYSTEM):
                raise error
    assert await number_of_cases(work) == 0
    states = await work.pool.fetch(
        "select state from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        " and backend_type = 'client backend'"  # PostgreSQL's own housekeeping comes when it likes
    )
    assert {row["state"] for row in states} <= {"idle"}


async def test_statements_and_locks_have_limits(work: UnitOfWork) -> None:
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "TimeZone")
    async with work.read(SYSTEM) as transaction:
        limits = {name: await transaction.fetch_value(f"show {name}") for name in names}
    assert limits == {
        "statement_timeout": "1min",
        "lock_timeout": "15s",
        "idle_in_transaction_session_timeout": "2min",
        "TimeZone": "UTC",
    }
