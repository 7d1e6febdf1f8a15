"""Where the money of receivables is: in the float, in the totals, and when two ask at once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from reintegration.audit.invariants import check
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.sql import load_queries
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.payments import reports
from reintegration.payments import service as payments
from reintegration.payments.commands import DecideRefund
from reintegration.recovery import service as recovery
from reintegration.recovery.errors import ClaimTooLargeError, MoreThanOwedError
from tests import builders
from tests.advance_steps import a_float, on_accounts
from tests.advance_steps import held as advance_held
from tests.builders import COORDINATOR, FINANCE, IOM, MONGOLIA, OFFICER, days_ago
from tests.payment_steps import (
    done,
    euros,
    held,
)
from tests.proofs import value
from tests.receivable_steps import (
    SECOND_COORDINATOR,
    SECOND_FINANCE,
    bought,
    bounced,
    came,
    of_partner,
    out_of_the_float,
    owed,
    refund_of,
)

_LEDGER = load_queries(reports.__file__)


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


async def test_what_comes_of_a_payment_out_of_the_float_is_held_again(work: UnitOfWork) -> None:
    await a_float(work, euros(20_000), euros(20_000), on=days_ago(30))
    it = await out_of_the_float(work, euros(10_000))
    drawn = UUID(
        str(
            await value(
                work,
                "select p.account_id from cash_transactions t join cash_postings p on p.transaction_id = t.id"
                " join advances a on a.id = p.account_id where t.reference_id = $1"
                " order by a.received_on desc, a.id desc limit 1",
                it.payment,
            )
        )
    )
    before = await advance_held(work, drawn)
    spent = await on_accounts(work, "spent", MONGOLIA)
    treasury = await on_accounts(work, "treasury", IOM)
    cheque = await came(work, await owed(work, it.claim(euros(1_000))), euros(1_000))
    assert await advance_held(work, drawn) == tuple(int(str(one)) + 1_000 for one in before)
    assert await on_accounts(work, "spent", MONGOLIA) == tuple(int(str(one)) - 1_000 for one in spent)
    await bounced(work, cheque)
    assert (await advance_held(work, drawn), await on_accounts(work, "spent", MONGOLIA)) == (before, spent)
    # What the partner owes, it pays to Fedasil, not to its office.
    claim = replace(of_partner(euros(300)), line_id=it.lines[0])
    await came(work, await owed(work, claim, FINANCE, SECOND_FINANCE), euros(300), FINANCE)
    assert await advance_held(work, drawn) == before
    assert await on_accounts(work, "treasury", IOM) == tuple(int(str(one)) + 300 for one in treasury)
    assert await on_accounts(work, "spent", MONGOLIA) == tuple(int(str(one)) - 300 for one in spent)
    assert (await held(work, it.plan.case.id))["spent"] == 9_700


async def test_totals_count_what_came_in_its_month_until_it_is_taken_back(fresh_database: DatabaseAddresses) -> None:
    totals = (
        "select array[sum(payments)::int, sum(euro_minor)::int, sum(refunds)::int, sum(refunded_minor)::int] from payment_totals"
    )
    async with builders.open_work(fresh_database) as work:
        it = await bought(work, euros(10_000))
        receivable = await owed(work, it.claim(euros(500)))
        cheque = await came(work, receivable, euros(300))
        await came(work, receivable, euros(200))
        assert await value(work, totals) == [1, 10_000, 2, 500]
        await bounced(work, cheque)
        assert await value(work, totals) == [1, 10_000, 1, 200]
        assert await value(work, "select count(*) from payment_totals_differences()") == 0
        assert (await check(work)).violations == 0


async def test_of_two_receipts_at_once_no_more_comes_than_is_owed(work: UnitOfWork) -> None:
    for _ in range(3):
        it = await bought(work, euros(10_000))
        receivable = await owed(work, it.claim(euros(1_000)))
        results = await asyncio.gather(
            came(work, receivable, euros(700)), came(work, receivable, euros(600), SECOND_COORDINATOR), return_exceptions=True
        )
        assert [type(one) for one in results if isinstance(one, BaseException)] == [MoreThanOwedError]


async def test_of_two_claims_at_once_no_more_is_owed_than_the_line_has_cost(work: UnitOfWork) -> None:
    for _ in range(3):
        it = await bought(work, euros(1_000))
        results = await asyncio.gather(
            *(done(work, OFFICER, recovery.record_receivable, it.claim(euros(cents))) for cents in (700, 600)),
            return_exceptions=True,
        )
        assert [type(one) for one in results if isinstance(one, BaseException)] == [ClaimTooLargeError]


async def test_the_payments_ledger_counts_what_came_and_shows_it_in_the_period_of_each_step(
    fresh_database: DatabaseAddresses,
) -> None:
    async with builders.open_work(fresh_database) as work:
        it = await bought(work, euros(10_000))
        receivable = await owed(work, it.claim(euros(500)))
        cheque = await came(work, receivable, euros(300))
        await came(work, receivable, euros(200))
        request = await refund_of(work, it, euros(100))
        await done(work, OFFICER, payments.request_refund, request)
        await done(work, COORDINATOR, payments.decide_refund, DecideRefund(request.id, 1, approved=True))
        paid_and_came = await exported(work, days_ago(9), days_ago(0))
        assert paid_and_came == [(10_000, 600, 600, days_ago(1))]
        assert await exported(work, days_ago(1), days_ago(1)) == paid_and_came
        assert await exported(work, days_ago(0), days_ago(0)) == []
        await bounced(work, cheque)
        assert await exported(work, days_ago(0), days_ago(0)) == [(10_000, 300, 300, days_ago(1))]


async def exported(work: UnitOfWork, first: date, last: date) -> list[tuple[object, ...]]:
    """What was paid, what came back in the line's currency and in euro, and when the last of it came; as many rows as counted."""
    async with work.read(FINANCE) as transaction:
        rows = await transaction.fetch(_LEDGER["payments_ledger"], first, last)
        assert await transaction.fetch_value(_LEDGER["payments_ledger_count"], first, last) == len(rows)
    return [(row["euro_minor"], row["refunded_minor"], row["refunded_euro_minor"], row["last_refund_on"]) for row in rows]
