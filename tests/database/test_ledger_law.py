"""The ledger's law, held by the database: balanced, append-only, never below zero, whoever races."""

import asyncio
import random
from collections.abc import AsyncIterator
from functools import partial
from uuid import UUID

import asyncpg
import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork, open_pool
from reintegration.kernel.ids import new_id
from reintegration.ledger import errors
from reintegration.ledger.errors import AlreadyPostedError, NotEnoughLeftError
from reintegration.ledger.flows import reserve, reverse, spend, unreserve
from reintegration.ledger.posting import Account, Entry, Posting, last_posting_of, post
from reintegration.ledger.service import balances
from tests.builders import SYSTEM, actor
from tests.database.law import refused, undone
from tests.database.law_case import BUDGET_MINOR, FUND, PAID, LawCase, a_law_case

ROUNDS = 20
_POSTING = "insert into ledger_postings (transaction_id, account_id, case_id, amount_minor, currency) values ($1, $2, $3, $4, $5)"


@pytest.fixture
async def stage(law_pool: asyncpg.Pool) -> AsyncIterator[tuple[Transaction, LawCase]]:
    async with undone(law_pool) as transaction:
        yield transaction, await a_law_case(transaction)


@pytest.fixture
async def work(fresh_database: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    """Two connections on a database of one's own, with the errors that callers get."""
    pool = await open_pool(fresh_database.application_url, max_size=2)
    yield UnitOfWork(pool, errors.CONSTRAINTS)
    await pool.close()


async def held(transaction: Transaction, case: LawCase) -> dict[str, int]:
    """The balance of each kind of account of the reintegration budget."""
    return {entry.account.kind: entry.balance_minor for entry in await balances(transaction, case.id)}


async def a_transaction(transaction: Transaction, case_id: UUID) -> UUID:
    """A ledger transaction without postings yet."""
    found = await transaction.fetch_value(
        "insert into ledger_transactions (id, kind, case_id, reference_kind, reference_id, occasion, effective_on, actor_id)"
        " values ($1, 'payment_reserved', $2, 'Payment', $3, 1, $4, 'x') returning id",
        new_id(),
        case_id,
        new_id(),
        PAID,
    )
    assert isinstance(found, UUID)
    return found


async def test_a_budget_moves_and_every_balance_is_the_sum_of_its_postings(stage: tuple[Transaction, LawCase]) -> None:
    transaction, case = stage
    payment = case.payment_id
    assert await held(transaction, case) == {"entitlement": 0, "plan_line": BUDGET_MINOR}
    await post(transaction, reserve(case.pot, payment_id=payment, occasion=2, amount_minor=70_000, on=PAID))
    await post(transaction, reserve(case.pot, payment_id=new_id(), occasion=2, amount_minor=110_000, on=PAID))
    await post(transaction, spend(case.pot, payment_id=payment, occasion=5, amount_minor=70_000, on=PAID))
    expected = {"entitlement": 0, "plan_line": 0, "reserved": 110_000, "spent": 70_000}
    assert await held(transaction, case) == expected
    sums = await transaction.fetch(
        "select a.kind, sum(p.amount_minor)::bigint as total from ledger_postings p join ledger_accounts a on a.id = p.account_id"
        " where a.case_id = $1 group by a.kind",
        case.id,
    )
    assert {row["kind"]: row["total"] for row in sums} == expected
    whole = "select sum(amount_minor)::bigint from ledger_postings where case_id = $1"
    assert await transaction.fetch_value(whole, case.id) == 0


@pytest.mark.parametrize("amount", [1, -1, 99])
async def test_an_unbalanced_transaction_is_refused_at_commit(work: UnitOfWork, amount: int) -> None:
    case = await work.write(SYSTEM, a_law_case)
    entry = reserve(case.pot, payment_id=new_id(), occasion=1, amount_minor=500, on=PAID)
    crooked = Entry(
        entry.kind,
        entry.case_id,
        "Payment",
        entry.reference_id,
        1,
        PAID,
        (entry.postings[0], Posting(entry.postings[1].account, 500 + amount)),
    )
    reached: list[str] = []

    async def unbalanced(transaction: Transaction) -> None:
        await post(transaction, crooked)
        reached.append("the end of the work")

    with pytest.raises(asyncpg.CheckViolationError) as caught:
        await work.write(SYSTEM, unbalanced)
    assert caught.value.constraint_name == "ledger_postings_balanced_ck"
    assert reached == ["the end of the work"]
    async with work.read(SYSTEM) as transaction:
        assert await held(transaction, case) == {"entitlement": 0, "plan_line": BUDGET_MINOR}


async def test_balance_is_asked_of_each_currency(stage: tuple[Transaction, LawCase]) -> None:
    transaction, case = stage
    dollars = Account("fund", FUND, "reintegration", currency="USD")
    source = case.pot.source
    entry = Entry("plan_budgeted", case.id, "Plan", new_id(), 1, PAID, (Posting(source, -5), Posting(dollars, 5)))
    await transaction.execute("savepoint mixed")
    await post(transaction, entry)
    with pytest.raises(asyncpg.CheckViolationError) as caught:
        await transaction.execute("set constraints all immediate")
    assert caught.value.constraint_name == "ledger_postings_balanced_ck"
    await transaction.execute("rollback to mixed")


async def test_nothing_is_added_to_a_transaction_that_was_committed(work: UnitOfWork) -> None:
    case = await work.write(SYSTEM, a_law_case)
    entry = reserve(case.pot, payment_id=new_id(), occasion=1, amount_minor=500, on=PAID)
    old = await work.write(SYSTEM, lambda transaction: post(transaction, entry))

    async def add(transaction: Transaction) -> None:
        for posting in entry.postings:
            await transaction.execute(_POSTING, old, posting.account.id, case.id, posting.amount_minor, "EUR")

    with pytest.raises(asyncpg.CheckViolationError) as caught:
        await work.write(SYSTEM, add)
    assert caught.value.constraint_name == "ledger_postings_belongs_ck"


async def test_a_posting_belongs_to_the_case_and_currency_of_its_account(stage: tuple[Transaction, LawCase]) -> None:
    transaction, case = stage
    other = await a_law_case(transaction)
    entry = await a_transaction(transaction, case.id)
    rule = "ledger_postings_belongs_ck"
    await refused(transaction, rule, _POSTING, entry, other.pot.source.id, case.id, -1, "EUR")
    await refused(transaction, rule, _POSTING, entry, case.pot.source.id, other.id, -1, "EUR")
    await refused(transaction, rule, _POSTING, entry, case.pot.source.id, case.id, -1, "USD")
    await refused(transaction, "ledger_postings_amount_ck", _POSTING, entry, case.pot.source.id, case.id, 0, "EUR")
    await refused(transaction, "ledger_postings_account_fk", _POSTING, entry, new_id(), case.id, 1, "EUR")
    await refused(transaction, "ledger_postings_transaction_fk", _POSTING, new_id(), case.pot.source.id, case.id, 1, "EUR")


async def test_no_account_of_a_case_goes_below_zero(work: UnitOfWork) -> None:
    case = await work.write(SYSTEM, a_law_case)

    def ask(amount: int) -> Entry:
        return reserve(case.pot, payment_id=new_id(), occasion=1, amount_minor=amount, on=PAID)

    with pytest.raises(NotEnoughLeftError):
        await work.write(SYSTEM, lambda transaction: post(transaction, ask(BUDGET_MINOR + 1)))
    await work.write(SYSTEM, lambda transaction: post(transaction, ask(BUDGET_MINOR)))
    with pytest.raises(NotEnoughLeftError):
        await work.write(SYSTEM, lambda transaction: post(transaction, ask(1)))
    async with work.read(SYSTEM) as transaction:
        assert await held(transaction, case) == {"entitlement": 0, "plan_line": 0, "reserved": BUDGET_MINOR}
        assert await transaction.fetch_value("select count(*) from ledger_transactions where case_id = $1", case.id) == 3


async def test_neither_side_of_a_pot_is_overdrawn(stage: tuple[Transaction, LawCase]) -> None:
    transaction, case = stage
    for entry in (
        unreserve(case.pot, payment_id=new_id(), occasion=1, amount_minor=1, on=PAID),
        spend(case.pot, payment_id=new_id(), occasion=1, amount_minor=1, on=PAID),
    ):
        await transaction.execute("savepoint overdrawn")
        with pytest.raises(asyncpg.CheckViolationError) as caught:
            await post(transaction, entry)
        assert caught.value.constraint_name == "ledger_postings_available_ck"
        await transaction.execute("rollback to overdrawn")


async def test_two_connections_race_on_the_last_euro_and_one_wins(work: UnitOfWork) -> None:
    for _ in range(ROUNDS):
        case = await work.write(SYSTEM, a_law_case)
        barrier = asyncio.Barrier(2)

        async def ask(who: str, case: LawCase = case, barrier: asyncio.Barrier = barrier) -> str:
            async def take(transaction: Transaction) -> str:
                await transaction.fetch_value("select pg_backend_pid()")
                await barrier.wait()
                entry = reserve(case.pot, payment_id=new_id(), occasion=1, amount_minor=BUDGET_MINOR - 100, on=PAID)
                await post(transaction, entry)
                await asyncio.sleep(random.uniform(0, 0.01))  # noqa: S311 - the winner commits at any moment
                return who

            return await work.write(actor(SYSTEM.role, who), take)

        results = await asyncio.gather(ask("ann"), ask("bob"), return_exceptions=True)
        assert sorted(type(result).__name__ for result in results) == ["NotEnoughLeftError", "str"]
        async with work.read(SYSTEM) as transaction:
            assert await held(transaction, case) == {"entitlement": 0, "plan_line": 100, "reserved": BUDGET_MINOR - 100}


async def test_an_old_snapshot_may_not_post(work: UnitOfWork) -> None:
    case = await work.write(SYSTEM, a_law_case)

    async def stale(transaction: Transaction) -> None:
        await transaction.execute("rollback")
        await transaction.execute("begin isolation level repeatable read")
        await transaction.execute(
            "select set_config('app.actor', 'x', true), set_config('app.role', 'system', true),"
            " set_config('role', 'reintegration_app', true)"
        )
        await post(transaction, reserve(case.pot, payment_id=new_id(), occasion=1, amount_minor=1, on=PAID))

    with pytest.raises(asyncpg.CheckViolationError) as caught:
        await work.write(SYSTEM, stale)
    assert caught.value.constraint_name == "ledger_postings_isolation_ck"


async def test_a_servers_default_isolation_does_not_change_ours(fresh_database: DatabaseAddresses) -> None:
    pool = await open_pool(f"{fresh_database.application_url}?default_transaction_isolation=repeatable%20read", max_size=1)
    try:
        work = UnitOfWork(pool, {})
        found = await work.write(SYSTEM, lambda transaction: transaction.fetch_value("show transaction_isolation"))
        async with pool.acquire() as connection:
            default = await connection.fetchval("show default_transaction_isolation")
    finally:
        await pool.close()
    assert (found, default) == ("read committed", "repeatable read")


async def test_a_step_is_posted_once_and_reversed_once(work: UnitOfWork) -> None:
    case = await work.write(SYSTEM, a_law_case)
    payment = case.payment_id
    for entry in (
        reserve(case.pot, payment_id=payment, occasion=2, amount_minor=500, on=PAID),
        spend(case.pot, payment_id=payment, occasion=5, amount_minor=500, on=PAID),
    ):
        await work.write(SYSTEM, partial(post, entry=entry))
        with pytest.raises(AlreadyPostedError):
            await work.write(SYSTEM, partial(post, entry=entry))
    async with work.read(SYSTEM) as transaction:
        spent = await last_posting_of(transaction, payment, "payment_spent")
    assert spent is not None

    async def bring_back(transaction: Transaction, occasion: int) -> UUID:
        entry = reverse(case.pot, payment_id=payment, occasion=occasion, amount_minor=500, on=PAID, reverses_id=spent)
        return await post(transaction, entry)

    await work.write(SYSTEM, lambda transaction: bring_back(transaction, 6))
    for again in (6, 7):
        with pytest.raises(AlreadyPostedError):
            await work.write(SYSTEM, partial(bring_back, occasion=again))
    async with work.read(SYSTEM) as transaction:
        assert await held(transaction, case) == {"entitlement": 0, "plan_line": BUDGET_MINOR, "reserved": 0, "spent": 0}


async def test_only_funds_have_no_minimum_and_no_case(stage: tuple[Transaction, LawCase]) -> None:
    transaction, case = stage
    account = (
        "insert into ledger_accounts (id, kind, fund_id, case_id, stream, line_id, currency, minimum_minor)"
        " values (gen_random_uuid(), $1, $2, $3, 'reintegration', $4, 'EUR', $5)"
    )
    await refused(transaction, "ledger_accounts_minimum_ck", account, "reserved", FUND, case.id, new_id(), None)
    await refused(transaction, "ledger_accounts_minimum_ck", account, "fund", FUND, None, None, 0)
    await refused(transaction, "ledger_accounts_stream_ck", account, "fund", FUND, case.id, None, None)
    await refused(transaction, "ledger_accounts_stream_ck", account, "plan_line", FUND, case.id, None, 0)
    await refused(transaction, "ledger_accounts_name_uq", account, "plan_line", FUND, case.id, case.line_id, 0)
    await refused(transaction, "ledger_accounts_name_uq", account, "entitlement", FUND, case.id, None, 0)
    await refused(transaction, "ledger_accounts_kind_ck", account, "pocket", FUND, case.id, None, 0)
