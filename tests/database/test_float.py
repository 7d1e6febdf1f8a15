"""Payments out of what an office holds: drawn at the release, spent or given back with the outcome, the difference told."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest

from reintegration.audit.invariants import check
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.clock import first_of_month
from reintegration.kernel.errors import InvalidInputError
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
from reintegration.kernel.reference import Reference
from reintegration.payments import service as payments
from reintegration.payments.commands import DecideRefund, PaidLine, RequestRefund
from reintegration.payments.errors import FloatTooSmallError
from reintegration.treasury import service as treasury
from reintegration.treasury.commands import SendBack, SettleAdvance, TakeBack
from reintegration.treasury.errors import AdvanceNotAtZeroError
from tests import builders
from tests.advance_steps import a_float, a_partner_advance, held, on_accounts, tugrik
from tests.builders import COORDINATOR, FINANCE, MONGOLIA, OFFICER, SYSTEM, days_ago
from tests.payment_steps import (
    a_draft,
    a_planned_case,
    a_premium,
    a_premium_case,
    asking,
    attach,
    carry,
    confirmation,
    done,
    doubt,
    euros,
    failure,
    found,
    go,
    reversal,
    supplied,
)
from tests.proofs import refused, row, value
from tests.rates import a_confirmed_month


@pytest.fixture
async def work(fresh_database: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    """An office whose float nobody else touches; 4,000 tugrik are 1 EUR."""
    async with builders.open_work(fresh_database) as opened:
        await a_confirmed_month_of_tugrik(opened)
        yield opened


async def a_confirmed_month_of_tugrik(work: UnitOfWork) -> None:
    await a_confirmed_month(work, first_of_month(days_ago(3)), MNT="4000")


async def approved(work: UnitOfWork, *amounts: Money) -> UUID:
    plan = await a_planned_case(work, 150_000)
    payment = await a_draft(work, plan, await supplied(work, *amounts))
    await carry(work, payment, "approved")
    return payment


async def released(work: UnitOfWork, *amounts: Money) -> UUID:
    payment = await approved(work, *amounts)
    await done(work, COORDINATOR, payments.release_payment, replace(await go(work, payment), from_float=True))
    return payment


async def paid(work: UnitOfWork, payment: UUID, *parts: PaidLine) -> None:
    await attach(work, payment, "proof_of_payment")
    await done(work, COORDINATOR, payments.confirm_payment, replace(await confirmation(work, payment), paid_in_part=parts))


async def lines(work: UnitOfWork, payment: UUID) -> list[UUID]:
    async with work.read(SYSTEM) as transaction:
        rows = await transaction.fetch("select id from payment_lines where payment_id = $1 order by position", payment)
    return [line["id"] for line in rows]


async def gives_back(work: UnitOfWork, payment: UUID, amount: Money) -> None:
    sql = "select document_id from payment_documents where payment_id = $1 and stage = 'settlement'"
    proof = UUID(str(await value(work, sql, payment)))
    line = (await lines(work, payment))[0]
    request = RequestRefund(new_id(), payment, line, proof, amount, days_ago(1), "BANK-9", "A sheep short")
    await done(work, OFFICER, payments.request_refund, request)
    await done(work, COORDINATOR, payments.decide_refund, DecideRefund(request.id, 1, approved=True))


async def nothing_is_broken(work: UnitOfWork) -> None:
    assert [finding.name for finding in (await check(work)).findings if finding.violations] == []


async def test_it_is_drawn_from_what_came_first_and_the_difference_to_the_payments_rate_is_told(work: UnitOfWork) -> None:
    # 3,900 and 4,100 tugrik for a euro; payments are accounted at 4,000.
    first = await a_float(work, euros(10_000), tugrik(39_000_000), on=days_ago(40))
    second = await a_float(work, euros(20_000), tugrik(82_000_000), on=days_ago(30))
    payment = await released(work, tugrik(40_000_000), tugrik(39_000_000))
    # All of the first; 400,000.00 of the second have cost 97.56 EUR.
    assert (await held(work, first), await held(work, second)) == ((0, 0), (42_000_000, 10_244))
    assert await on_accounts(work, "paying", payment) == (79_000_000, 19_756)
    await refused(work, COORDINATOR, asking(treasury.settle_advance, SettleAdvance(first, 2)), AdvanceNotAtZeroError)
    await nothing_is_broken(work)
    await paid(work, payment)
    assert await on_accounts(work, "paying", payment) == (0, 0)
    assert await on_accounts(work, "spent", MONGOLIA) == (79_000_000, 19_750)
    # 197.50 EUR are charged to the budget, the money had cost 197.56: a loss of 6 cents.
    assert await on_accounts(work, "difference", MONGOLIA) == (0, 6)
    await done(work, COORDINATOR, treasury.settle_advance, SettleAdvance(first, 2))
    await nothing_is_broken(work)

    await done(work, COORDINATOR, payments.reverse_payment, await reversal(work, payment))
    assert (await held(work, first), await held(work, second)) == ((39_000_000, 10_000), (82_000_000, 20_000))
    assert (await on_accounts(work, "spent", MONGOLIA), await on_accounts(work, "difference", MONGOLIA)) == ((0, 0), (0, 0))
    # Money came back to a settled advance: it is open again.
    assert (await row(work, "select settled_by, version from advances where id = $1", first)) == {
        "settled_by": None,
        "version": 4,
    }
    await nothing_is_broken(work)


async def test_what_is_not_paid_is_held_again(work: UnitOfWork) -> None:
    advance = await a_float(work, euros(10_000), tugrik(40_000_000))
    payment = await released(work, tugrik(30_000_000))
    await done(work, COORDINATOR, payments.mark_payment_unconfirmed, await doubt(work, payment))
    assert (await held(work, advance), await on_accounts(work, "paying", payment)) == ((10_000_000, 2_500), (30_000_000, 7_500))
    rest = SendBack(new_id(), advance, tugrik(10_000_000), days_ago(1), "B-1")
    await done(work, OFFICER, treasury.send_back, rest)
    await done(work, COORDINATOR, treasury.take_back, TakeBack(rest.id, 1, euros(2_500), days_ago(0)))
    # Nothing is left of it, and nobody knows of a part whether it was paid.
    await refused(work, COORDINATOR, asking(treasury.settle_advance, SettleAdvance(advance, 2)), AdvanceNotAtZeroError)
    await nothing_is_broken(work)
    await attach(work, payment, "non_payment_evidence")
    await done(work, COORDINATOR, payments.fail_payment, await failure(work, payment))
    assert (await held(work, advance), await on_accounts(work, "paying", payment)) == ((30_000_000, 7_500), (0, 0))
    await nothing_is_broken(work)


async def test_of_what_was_paid_in_part_the_rest_goes_back_to_where_it_was_drawn_last(work: UnitOfWork) -> None:
    first = await a_float(work, euros(5_000), tugrik(20_000_000), on=days_ago(40))
    second = await a_float(work, euros(5_500), tugrik(20_000_000), on=days_ago(30))
    payment = await released(work, tugrik(30_000_000))
    line = (await lines(work, payment))[0]
    await paid(work, payment, PaidLine(line, tugrik(8_000_000)))
    # 10,000.00 of the second and 12,000.00 of the first are held again.
    assert (await held(work, first), await held(work, second)) == ((12_000_000, 3_000), (20_000_000, 5_500))
    assert await on_accounts(work, "spent", MONGOLIA) == (8_000_000, 2_000)
    await nothing_is_broken(work)
    await done(work, COORDINATOR, payments.reverse_payment, await reversal(work, payment))
    assert (await held(work, first), await held(work, second)) == ((20_000_000, 5_000), (20_000_000, 5_500))
    await nothing_is_broken(work)


async def test_what_a_supplier_gives_back_is_held_again_and_opens_what_was_settled(work: UnitOfWork) -> None:
    partner = await a_partner_advance(work, 10_000)
    advance = await a_float(work, euros(10_000), tugrik(40_000_000), source=partner)
    payment = await released(work, tugrik(40_000_000))
    await paid(work, payment)
    await done(work, COORDINATOR, treasury.settle_advance, SettleAdvance(advance, 2))
    await done(work, FINANCE, treasury.settle_advance, SettleAdvance(partner, 2))
    await gives_back(work, payment, tugrik(4_000_000))
    assert (await held(work, advance), await on_accounts(work, "spent", MONGOLIA)) == ((4_000_000, 1_000), (36_000_000, 9_000))
    reopened = "select count(*) from advances where id = any ($1::uuid[]) and settled_at is null and version = 4"
    assert await value(work, reopened, [partner, advance]) == 2
    await nothing_is_broken(work)
    back = SendBack(new_id(), advance, tugrik(4_000_000), days_ago(1), "B-1")
    await done(work, OFFICER, treasury.send_back, back)
    await done(work, COORDINATOR, treasury.take_back, TakeBack(back.id, 1, euros(1_000), days_ago(0)))
    await done(work, COORDINATOR, treasury.settle_advance, SettleAdvance(advance, 4))
    await nothing_is_broken(work)


async def test_what_a_supplier_gives_back_goes_to_the_advance_that_was_drawn_last(work: UnitOfWork) -> None:
    first = await a_float(work, euros(5_000), tugrik(20_000_000), on=days_ago(40))
    second = await a_float(work, euros(5_000), tugrik(20_000_000), on=days_ago(30))
    payment = await released(work, tugrik(30_000_000))
    await paid(work, payment)
    await gives_back(work, payment, tugrik(4_000_000))
    assert (await held(work, first), await held(work, second)) == ((0, 0), (14_000_000, 3_500))
    await nothing_is_broken(work)


async def test_an_office_pays_no_more_than_it_holds_of_each_currency(work: UnitOfWork) -> None:
    await a_float(work, euros(10_000), tugrik(40_000_000))
    payment = await approved(work, tugrik(20_000_000), euros(1))
    release = replace(await go(work, payment), from_float=True)
    await refused(work, COORDINATOR, asking(payments.release_payment, release), FloatTooSmallError)
    more = await approved(work, tugrik(40_000_001))
    release = replace(await go(work, more), from_float=True)
    await refused(work, COORDINATOR, asking(payments.release_payment, release), FloatTooSmallError)
    # Out of other money it may go.
    await done(work, COORDINATOR, payments.release_payment, await go(work, more))
    assert await on_accounts(work, "paying", more) == (0, 0)
    case, entitlement = await a_premium_case(work)
    premium = await a_premium(work, case, entitlement)
    await carry(work, premium, "approved", in_belgium=True)
    in_belgium = replace(await go(work, premium), from_float=True)
    await refused(work, FINANCE, asking(payments.release_payment, in_belgium), InvalidInputError)


async def test_two_who_pay_out_of_the_last_money_do_not_both_succeed(work: UnitOfWork) -> None:
    advance = await a_float(work, euros(10_000), tugrik(40_000_000))
    rivals = [await approved(work, tugrik(30_000_000)) for _ in range(2)]
    releases = [replace(await go(work, payment), from_float=True) for payment in rivals]
    outcomes = await asyncio.gather(
        *(done(work, COORDINATOR, payments.release_payment, release) for release in releases), return_exceptions=True
    )
    assert sorted(type(outcome) for outcome in outcomes if not isinstance(outcome, Reference)) == [FloatTooSmallError]
    assert await held(work, advance) == (10_000_000, 2_500)
    assert sorted([(await found(work, payment)).status for payment in rivals]) == ["approved", "released"]
    await nothing_is_broken(work)
