"""Receivables through their use cases: what is owed, what comes of it, what the ledger and the totals then say."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest

from reintegration.audit.invariants import check
from reintegration.cases import service as cases
from reintegration.cases.commands import CloseCase
from reintegration.cases.values import CloseReason
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.clock import first_of_month, today
from reintegration.kernel.errors import SamePersonError
from reintegration.kernel.money import Money
from reintegration.ledger.errors import NotEnoughLeftError
from reintegration.payments import service as payments
from reintegration.payments.commands import DecideRefund
from reintegration.payments.errors import PaymentRefundedError, RefundOpenError, RefundTooLargeError
from reintegration.recovery import service as recovery
from reintegration.recovery.commands import DecideReceivable, TakeBackReceipt
from reintegration.recovery.errors import ClaimTooLargeError, MoreThanOwedError
from tests import builders
from tests.builders import COORDINATOR, FINANCE, OFFICER, days_ago
from tests.payment_steps import (
    BuiltPlan,
    a_draft,
    a_planned_case,
    a_premium,
    a_premium_case,
    asking,
    carry,
    done,
    euros,
    held,
    plain,
    reversal,
    supplied,
)
from tests.proofs import refused, value
from tests.rates import a_confirmed_month
from tests.receivable_steps import (
    SECOND_COORDINATOR,
    SECOND_FINANCE,
    a_claim,
    a_plan,
    bought,
    bounced,
    came,
    owed,
    owed_by_partner,
    paid,
    receipt,
    refund_of,
    standing,
    written_off,
)


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


async def test_what_a_supplier_owes_comes_back_in_parts_and_the_rest_is_given_up(work: UnitOfWork) -> None:
    it = await bought(work, euros(40_000))
    claim = it.claim(euros(10_000))
    await done(work, OFFICER, recovery.record_receivable, claim)
    assert await standing(work, claim.id) == (0, 0, 0, 0, "proposed")
    await done(work, COORDINATOR, recovery.decide_receivable, DecideReceivable(claim.id, 1, approved=True, note="Seen"))
    assert await standing(work, claim.id) == (0, 0, 10_000, 0, "open")
    assert await held(work, it.plan.case.id) == {"entitlement": 30_000, "plan_line": 110_000, "spent": 40_000}
    await came(work, claim.id, euros(2_500))
    assert await standing(work, claim.id) == (2_500, 0, 7_500, 0, "open")
    assert await held(work, it.plan.case.id) == {"entitlement": 30_000, "plan_line": 112_500, "spent": 37_500}
    await written_off(work, claim.id, euros(1_500))
    # A loss of the fund stays spent.
    assert await standing(work, claim.id) == (2_500, 1_500, 6_000, 0, "open")
    assert (await held(work, it.plan.case.id))["spent"] == 37_500
    await came(work, claim.id, euros(6_000))
    assert await standing(work, claim.id) == (8_500, 1_500, 0, 0, "written_off")
    assert (await held(work, it.plan.case.id))["spent"] == 31_500
    await refused(work, COORDINATOR, asking(recovery.record_receipt, receipt(claim.id, euros(1))), MoreThanOwedError)


async def test_a_refused_receivable_is_never_owed_and_makes_room(work: UnitOfWork) -> None:
    it = await bought(work, euros(40_000))
    claim = it.claim(euros(40_000))
    await done(work, OFFICER, recovery.record_receivable, claim)
    await refused(work, OFFICER, asking(recovery.record_receivable, it.claim(euros(1))), ClaimTooLargeError)
    await done(work, COORDINATOR, recovery.decide_receivable, DecideReceivable(claim.id, 1, approved=False))
    assert await standing(work, claim.id) == (0, 0, 0, 0, "refused")
    again = await owed(work, it.claim(euros(40_000)))
    await came(work, again, euros(40_000))
    assert await standing(work, again) == (40_000, 0, 0, 0, "settled")
    assert "spent" not in await held(work, it.plan.case.id)


async def test_refunds_and_receipts_of_a_line_follow_its_rate_together(fresh_database: DatabaseAddresses) -> None:
    """33.33 BRL at 5.3115 are 6.28 EUR. A third is worth 2.09, the second as much, the last what is left: 2.10."""
    async with builders.open_work(fresh_database) as work:
        await a_confirmed_month(work, first_of_month(days_ago(3)), BRL="5.3115")
        it = await bought(work, Money.parse("33.33", "BRL"), euros(10_000))
        third = Money.parse("11.11", "BRL")
        receivable = await owed(work, it.claim(Money.parse("22.22", "BRL")))
        first = await came(work, receivable, third)
        request = await refund_of(work, it, third)
        await done(work, OFFICER, payments.request_refund, request)
        await refused(work, COORDINATOR, asking(recovery.record_receipt, receipt(receivable, third)), RefundOpenError)
        take_back = asking(recovery.take_back_receipt, TakeBackReceipt(first, 1, "The cheque bounced"))
        await refused(work, SECOND_COORDINATOR, take_back, RefundOpenError)
        await done(work, COORDINATOR, payments.decide_refund, DecideRefund(request.id, 1, approved=True))
        await came(work, receivable, third)
        parts = "select array_agg(euro_minor order by recorded_at) from receivable_receipts where line_id = $1"
        assert await value(work, parts, it.lines[0]) == [209, 210]
        assert await value(work, "select euro_minor from payment_refunds where line_id = $1", it.lines[0]) == 209
        assert (await held(work, it.plan.case.id))["spent"] == 10_000
        # Taken back, the second and third keep their cents; what comes in its stead takes what is missing.
        await bounced(work, first)
        assert (await held(work, it.plan.case.id))["spent"] == 10_209
        await came(work, receivable, third)
        assert (await held(work, it.plan.case.id))["spent"] == 10_000
        assert (await check(work)).violations == 0


async def test_what_is_owed_is_not_refunded_and_what_was_refunded_not_owed(work: UnitOfWork) -> None:
    it = await bought(work, euros(10_000))
    receivable = await owed(work, it.claim(euros(6_000)))
    await refused(work, OFFICER, asking(payments.request_refund, await refund_of(work, it, euros(4_001))), RefundTooLargeError)
    await done(work, OFFICER, payments.request_refund, await refund_of(work, it, euros(4_000)))
    await refused(work, OFFICER, asking(recovery.record_receivable, it.claim(euros(1))), ClaimTooLargeError)
    await refused(work, COORDINATOR, asking(payments.reverse_payment, await reversal(work, it.payment)), PaymentRefundedError)
    await written_off(work, receivable, euros(6_000))
    assert await standing(work, receivable) == (0, 6_000, 0, 0, "written_off")
    # What was given up may still come, as a refund or a new receivable.
    await owed(work, it.claim(euros(6_000)))


async def test_a_payment_on_which_something_is_owed_is_not_reversed(work: UnitOfWork) -> None:
    it = await bought(work, euros(10_000))
    claim = it.claim(euros(1))
    await done(work, OFFICER, recovery.record_receivable, claim)
    await refused(work, COORDINATOR, asking(payments.reverse_payment, await reversal(work, it.payment)), PaymentRefundedError)
    await done(work, COORDINATOR, recovery.decide_receivable, DecideReceivable(claim.id, 1, approved=False))
    await done(work, COORDINATOR, payments.reverse_payment, await reversal(work, it.payment))


async def test_a_plan_says_what_is_overdue_and_a_later_one_takes_its_place(work: UnitOfWork) -> None:
    it = await bought(work, euros(10_000))
    receivable = await owed(work, replace(it.claim(euros(9_000)), due_on=days_ago(40)))
    since = "select overdue_since from receivable_standing($1)"
    assert await standing(work, receivable) == (0, 0, 9_000, 9_000, "overdue")
    assert await value(work, since, receivable) == days_ago(40)
    await done(work, OFFICER, recovery.agree_plan, a_plan(receivable, (0, 3_000), (30, 3_000), (60, 3_000)))
    assert await standing(work, receivable) == (0, 0, 9_000, 0, "open")
    first = await came(work, receivable, euros(3_000))
    await done(work, OFFICER, recovery.agree_plan, a_plan(receivable, (10, 1_000), (20, 5_000)))
    # What is owed beyond the plan, since a cheque bounced, is due as it was before there was one.
    await bounced(work, first)
    assert await standing(work, receivable) == (0, 0, 9_000, 3_000, "overdue")
    assert await value(work, since, receivable) == days_ago(40)
    plans = "select array_agg(number || ':' || total_minor order by number) from receivable_plans where receivable_id = $1"
    assert await value(work, plans, receivable) == ["1:9000", "2:6000"]


async def test_instalments_that_have_passed_are_overdue_as_far_as_nothing_came(fresh_database: DatabaseAddresses) -> None:
    async with builders.open_work(fresh_database) as work:
        it = await bought(work, euros(10_000))
        receivable = await owed(work, it.claim(euros(9_000)))
        await came(work, receivable, euros(1_000))
        await done(work, OFFICER, recovery.agree_plan, a_plan(receivable, (0, 2_000), (10, 3_000), (60, 3_000)))
        await came(work, receivable, euros(2_500))
        # Twenty days go by: nothing that the application may do moves a day of a plan.
        owner = await asyncpg.connect(fresh_database.superuser_url)
        await owner.execute("set session_replication_role = replica; update receivable_instalments set due_on = due_on - 20")
        await owner.close()
        assert await standing(work, receivable) == (3_500, 0, 5_500, 2_500, "overdue")
        assert await value(work, "select overdue_since from receivable_standing($1)", receivable) == days_ago(10)
        await written_off(work, receivable, euros(2_500))
        assert await standing(work, receivable) == (3_500, 2_500, 3_000, 0, "open")


async def test_what_comes_to_a_closed_case_goes_to_its_fund_and_bounces_out_of_it(work: UnitOfWork) -> None:
    it = await bought(work, euros(10_000))
    receivable = await owed(work, it.claim(euros(500)))
    early = await came(work, receivable, euros(100))
    await close(work, it.plan)
    assert await held(work, it.plan.case.id) == {"spent": 9_900}
    late = await came(work, receivable, euros(400))
    assert await held(work, it.plan.case.id) == {"spent": 9_500}
    await bounced(work, late)
    await bounced(work, early)
    assert await held(work, it.plan.case.id) == {"spent": 10_000}
    assert await standing(work, receivable) == (0, 0, 500, 0, "open")


async def test_what_was_spent_again_is_not_taken_back_from_the_case(work: UnitOfWork) -> None:
    it = await bought(work, euros(10_000), budget=10_000)
    receivable = await owed(work, it.claim(euros(10_000)))
    cheque = await came(work, receivable, euros(10_000))
    await paid(work, it.plan, euros(9_000))
    take_back = asking(recovery.take_back_receipt, TakeBackReceipt(cheque, 1, "The cheque bounced"))
    await refused(work, SECOND_COORDINATOR, take_back, NotEnoughLeftError)
    await close(work, it.plan)
    await bounced(work, cheque)
    assert await held(work, it.plan.case.id) == {"spent": 19_000}


async def test_a_returnee_owes_what_was_reimbursed_and_a_premium_goes_back_to_the_entitlement(work: UnitOfWork) -> None:
    plan = await a_planned_case(work)
    payment = await a_draft(work, plan, plain(euros(5_000)))
    await carry(work, payment, "paid")
    line = UUID(str(await value(work, "select id from payment_lines where payment_id = $1", payment)))
    claim = replace(a_claim(euros(2_000)), case_id=plan.case.id, line_id=line, reason="overpaid")
    await came(work, await owed(work, claim), euros(2_000))
    assert (await held(work, plan.case.id))["spent"] == 3_000

    case, entitlement = await a_premium_case(work)
    premium = await a_premium(work, case, entitlement, on=today())
    await builders.depart(work, case, on=today())
    await carry(work, premium, "paid", on=today(), in_belgium=True)
    line = UUID(str(await value(work, "select id from payment_lines where payment_id = $1", premium)))
    claim = replace(a_claim(euros(35_000)), case_id=case.id, line_id=line, reason="returned_to_belgium")
    receivable = await owed(work, claim, FINANCE, SECOND_FINANCE)
    receive = asking(recovery.record_receipt, receipt(receivable, euros(35_000), on=today()))
    await work.write(FINANCE, receive)
    assert "spent" not in await held(work, case.id, "cash_premium")


async def test_what_is_of_no_line_was_never_spent_and_moves_nothing(work: UnitOfWork) -> None:
    plan = await a_planned_case(work)
    before = await value(work, "select count(*) from ledger_transactions")
    supplier = (await supplied(work, euros(1))).supplier_id
    of_case = await owed(work, replace(a_claim(euros(700)), case_id=plan.case.id))
    of_supplier = await owed(work, replace(a_claim(Money(5_000, "MNT")), supplier_id=supplier))
    await came(work, of_case, euros(700))
    await came(work, of_supplier, Money(2_000, "MNT"))
    of_iom = await owed_by_partner(work, euros(900))
    await bounced(work, await came(work, of_iom, euros(900), FINANCE), SECOND_FINANCE)
    assert await standing(work, of_case) == (700, 0, 0, 0, "settled")
    assert await standing(work, of_supplier) == (2_000, 0, 3_000, 0, "open")
    assert await standing(work, of_iom) == (0, 0, 900, 0, "open")
    assert await value(work, "select count(*) from ledger_transactions") == before


async def test_who_took_a_cheque_does_not_say_that_it_bounced(work: UnitOfWork) -> None:
    it = await bought(work, euros(1_000))
    cheque = await came(work, await owed(work, it.claim(euros(100))), euros(100))
    take_back = asking(recovery.take_back_receipt, TakeBackReceipt(cheque, 1, "The cheque bounced"))
    await refused(work, COORDINATOR, take_back, SamePersonError)
    await bounced(work, cheque)


async def close(work: UnitOfWork, plan: BuiltPlan) -> None:
    version = int(str(await value(work, "select version from cases where id = $1", plan.case.id)))
    command = CloseCase(case_id=plan.case.id, expected_version=version, closed_on=today(), reason=CloseReason.COMPLETED)
    await done(work, COORDINATOR, cases.close_case, command)
