"""Invariants: nothing breaks them, each finds what is planted past every constraint, and who may hear of it."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest
from structlog.testing import capture_logs

from reintegration.audit.invariants import CHECKER, INVARIANTS, check, check_and_record, findings, last_check
from reintegration.cases import service as cases
from reintegration.cases.commands import CloseCase
from reintegration.cases.values import CloseReason
from reintegration.commands.clock import keep_time
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.funding import periods
from reintegration.funding.commands import ClosePeriod
from reintegration.kernel.actor import Role
from reintegration.kernel.clock import first_of_month, today
from reintegration.kernel.errors import NotFoundError
from reintegration.kernel.ids import new_id
from reintegration.ordering import service as orders
from reintegration.payments import service as payments
from reintegration.payments.commands import (
    DecideRefund,
    DecideSupplierLikeness,
    HoldPayment,
    LiftHold,
    RegisterSupplier,
    RequestRefund,
)
from reintegration.plans import service as plans
from reintegration.plans.commands import DecideBudgetTransfer, RequestBudgetTransfer
from reintegration.recovery import service as recovery
from tests import builders, order_steps
from tests.advance_steps import a_float
from tests.builders import ADMINISTRATOR, APPROVER, AUDITOR, COORDINATOR, EVERYBODY, FINANCE, MONGOLIA, OFFICER, days_ago
from tests.database.law import become
from tests.fee_steps import a_life_of_fees, add_tariffs
from tests.order_steps import cancelling, payable, sealed, sent
from tests.payment_steps import (
    BuiltPlan,
    a_draft,
    a_payment,
    a_planned_case,
    a_premium,
    a_premium_case,
    attach,
    carry,
    confirmation,
    done,
    euros,
    go,
    reversal,
    supplied,
)
from tests.proofs import value
from tests.receivable_steps import a_plan, as_bought, bounced, came, owed, owed_by_partner, written_off
from tests.statement_steps import a_match, an_account

_PAID = "(select id from payments where status = 'paid' and kind = 'supplier_direct' order by id limit 1)"
_POSTING = "(select min(id) from ledger_postings where amount_minor > 0)"
PLANTED: Mapping[str, str] = {
    "postings_balance": "update ledger_postings set amount_minor = amount_minor + 1 where id = @posting",
    "accounts_above_minimum": "update ledger_postings set amount_minor = -1000000 where id = @posting",
    "postings_belong": "update ledger_postings set currency = 'USD' where id = @posting",
    "entitlements_granted": "update entitlements set amount_minor = amount_minor + 1 where stream = 'reintegration'",
    "payments_posted": "update payment_lines set amount_minor = amount_minor + 1, euro_minor = euro_minor + 1 where rate = '1'",
    "payments_approved": (
        "alter table payments drop constraint payments_four_eyes_ck;"
        " update payments set released_by = approved_by where id = @paid"
    ),
    "payments_proved": "delete from payment_documents where payment_id = @paid",
    "payments_in_time": "update payments set paid_on = paid_on + 1000 where id = @paid",
    "payments_not_held": "update payment_holds set placed_at = now() - interval '1 day', lifted_at = now() + interval '1 day'",
    "payments_within_thresholds": (
        "insert into payment_thresholds (id, scope, most_minor, valid_from, certainty, source, known_since)"
        " values (gen_random_uuid(), 'case_30_days', 1500, '2020-01-01', 'assumed', 'planted', '2020-01-01')"
    ),
    "payments_to_cleared_suppliers": "update supplier_likenesses set decided_at = now() + interval '1 day'",
    "supplier_likenesses": "update supplier_traits set key = null where key = 'woolandsons'",
    "lines_converted": (
        "alter table payment_lines drop constraint payment_lines_conversion_ck, drop constraint payment_lines_euro_ck;"
        " update payment_lines set rate = '2' where payment_id = @paid"
    ),
    "refunds_within_lines": "update payment_refunds set amount_minor = amount_minor + 1000000",
    "receivables_accounted": "update receivable_receipts set amount_minor = amount_minor + 1000000",
    "receivables_by_two": (
        "alter table receivable_write_offs drop constraint receivable_write_offs_four_eyes_ck;"
        " update receivable_write_offs set requested_by = decided_by"
    ),
    "receipts_posted": "update receivable_receipts set euro_minor = euro_minor + 1 where taken_back_at is null",
    "service_fees_posted": "update service_fees set amount_minor = amount_minor + 1 where status = 'paid'",
    "service_fees_by_three": (
        "alter table service_fees drop constraint service_fees_four_eyes_ck;"
        " update service_fees set approved_by = claimed_by where status = 'paid'"
    ),
    "transfers_posted": "update budget_transfers set amount_minor = amount_minor + 1 where decision = 'approved'",
    "expiries_posted": (
        "insert into deadline_expiries (id, case_id, occasion, deadline_on, expired_on, released_minor, drafts_cancelled)"
        " select gen_random_uuid(), id, 1, '2020-01-01', '2020-01-02', 5, 0 from cases limit 1"
    ),
    "closed_cases_empty": (
        "update cases set status = 'closed', closed_on = arrived_on, close_reason = 'completed' where status = 'implementing'"
    ),
    "payment_scopes": "update payments set case_office_id = null where id = @paid",
    "cash_balances": "update cash_postings set cost_minor = cost_minor + 1 where id = (select min(id) from cash_postings)",
    "cash_held": (
        "update cash_postings set amount_minor = amount_minor - 1000000000"
        " where id = (select max(p.id) from cash_postings p join cash_accounts a on a.id = p.account_id where a.kind = 'advance')"
    ),
    "advances_accounted": "update advances set received_minor = received_minor + 1",
    "float_payments": (
        "update payments set from_float = false where from_float; update payments set from_float = true where id = @paid"
    ),
    "statements_follow": "update statements set closing_minor = closing_minor + 1",
    "statement_matches": "update statement_match_records set amount_minor = amount_minor + 1",
    "records_matched": "update statement_match_records set amount_minor = amount_minor * 1000000",
    "bank_explained": "update bank_accounts set opening_minor = opening_minor + 1",
    "orders_total": (
        "update payment_order_lines set amount_minor = amount_minor + 1;"
        " update payment_orders set total_minor = total_minor + line_count"
    ),
    "orders_once": "drop index payment_order_lines_payment_uq; update payment_order_lines set in_force = true",
    "orders_sealed": (
        "update payments set status = 'failed', outcome_note = 'By hand', settled_by = 'x' where id in ("
        "select l.payment_id from payment_order_lines l join payment_orders o on o.id = l.order_id where o.status = 'sealed')"
    ),
    "periods_sealed": "update period_closes set spent_minor = spent_minor + 1",
    "payment_totals": "update payment_totals set euro_minor = euro_minor + 1",
}


async def a_life_of_money(work: UnitOfWork) -> None:
    """A payment at each status, a transfer, a hold, a refund, a premium, a reversal, and a case that is closed."""
    plan = await a_planned_case(work, 90_000, 10_000)
    for status in ("draft", "submitted", "approved", "released", "paid"):
        await a_payment(work, plan, 1_000, status=status)
    await done(work, COORDINATOR, payments.reverse_payment, await reversal(work, await a_payment(work, plan, 1_000)))
    asked = RequestBudgetTransfer(new_id(), plan.items[0], plan.items[1], euros(500), "School began")
    await done(work, OFFICER, plans.request_budget_transfer, asked)
    await done(work, COORDINATOR, plans.decide_budget_transfer, DecideBudgetTransfer(asked.id, 1, approved=True))
    await a_float(work, euros(5_000), euros(5_000))
    from_float = await a_payment(work, plan, 1_000, status="approved")
    await carry_on(work, from_float, from_float=True)
    account = await an_account(work)
    await a_match(work, account, await a_payment(work, plan, 1_000))
    fund = UUID(str(await value(work, "select fund_id from payments limit 1")))
    await done(work, FINANCE, periods.close_period, ClosePeriod(new_id(), fund, first_of_month(days_ago(65))))
    await in_orders(work, plan)
    held = await a_payment(work, plan, 1_000, status="approved")
    hold = await done(work, APPROVER, payments.hold_payment, HoldPayment(new_id(), held, "complaint", "A neighbour called"))
    await done(work, FINANCE, payments.lift_hold, LiftHold(hold.id, 1, "Another household"))
    await carry_on(work, held)
    await refunded(work, held)
    await owing(work, plan, held)
    case, entitlement = await a_premium_case(work)
    premium = await a_premium(work, case, entitlement, on=today())
    await builders.depart(work, case, on=today())
    await carry(work, premium, "paid", on=today(), in_belgium=True)
    supplier = await alike(work)
    await carry(work, await a_draft(work, plan, await supplied(work, euros(1_000), supplier=supplier)), "released")
    closed = await a_planned_case(work)
    await a_payment(work, closed, 1_000)
    version = int(str(await value(work, "select version from cases where id = $1", closed.case.id)))
    close = CloseCase(case_id=closed.case.id, expected_version=version, closed_on=today(), reason=CloseReason.COMPLETED)
    await done(work, COORDINATOR, cases.close_case, close)
    await a_life_of_fees(work, closed.case.id)


async def alike(work: UnitOfWork) -> UUID:
    """A supplier that is like another one, and cleared."""
    for name in ("Wool and Sons", "Wool and Sons LLC"):
        supplier = await done(work, OFFICER, payments.register_supplier, RegisterSupplier(new_id(), MONGOLIA, name))
    likeness = UUID(str(await value(work, "select id from supplier_likenesses where later_id = $1", supplier.id)))
    clear = DecideSupplierLikeness(likeness, 1, cleared=True, note="Two streets")
    await done(work, COORDINATOR, payments.decide_supplier_likeness, clear)
    return supplier.id


async def carry_on(work: UnitOfWork, payment: UUID, *, from_float: bool = False) -> None:
    """From approved to paid."""
    release = replace(await go(work, payment), from_float=from_float)
    await done(work, COORDINATOR, payments.release_payment, release)
    await attach(work, payment, "proof_of_payment")
    await done(work, COORDINATOR, payments.confirm_payment, await confirmation(work, payment))


async def refunded(work: UnitOfWork, payment: UUID) -> None:
    line = UUID(str(await value(work, "select id from payment_lines where payment_id = $1", payment)))
    proof = "select document_id from payment_documents where payment_id = $1 and stage = 'settlement'"
    document = UUID(str(await value(work, proof, payment)))
    back = RequestRefund(new_id(), payment, line, document, euros(100), days_ago(1), "BANK-2", "A sheep short")
    await done(work, OFFICER, payments.request_refund, back)
    await done(work, COORDINATOR, payments.decide_refund, DecideRefund(back.id, 1, approved=True))


async def in_orders(work: UnitOfWork, plan: BuiltPlan) -> None:
    """An order that was cancelled and made anew, and one that the bank has paid."""
    account, first, second = await order_steps.an_account(work), await payable(work, plan), await payable(work, plan)
    await done(work, OFFICER, orders.cancel_order, await cancelling(work, await sealed(work, account, first)))
    await sealed(work, account, first)
    await sent(work, account, second)
    await attach(work, second, "proof_of_payment")
    await done(work, COORDINATOR, payments.confirm_payment, await confirmation(work, second))


async def owing(work: UnitOfWork, plan: BuiltPlan, payment: UUID) -> None:
    """A part of a payment is owed, of which some came, some bounced and some is given up; and the partner owes something."""
    receivable = await owed(work, (await as_bought(work, plan, payment)).claim(euros(500)))
    await bounced(work, await came(work, receivable, euros(100)))
    await came(work, receivable, euros(200))
    await done(work, OFFICER, recovery.agree_plan, a_plan(receivable, (10, 100), (20, 200)))
    await written_off(work, receivable, euros(50))
    await came(work, await owed_by_partner(work, euros(300)), euros(300), FINANCE)


@pytest.fixture(scope="module")
async def lived(own_database: DatabaseAddresses) -> DatabaseAddresses:
    """A life of money."""
    await add_tariffs(own_database)
    async with builders.open_work(own_database) as work:
        await a_life_of_money(work)
    return own_database


async def broken(addresses: DatabaseAddresses, *statements: str) -> dict[str, int]:
    """What is found after statements that no constraint, trigger or policy has seen; nothing of it stays."""
    connection = await asyncpg.connect(addresses.superuser_url)
    try:
        await connection.execute("begin; set local session_replication_role = replica")
        for statement in statements:
            await connection.execute(statement)
        await connection.execute("set local role reintegration_app")
        transaction = Transaction(connection, CHECKER)
        await become(transaction, CHECKER)
        return {finding.name: finding.violations for finding in await findings(transaction) if finding.violations}
    finally:
        await connection.close()


async def test_nothing_breaks_an_invariant(lived: DatabaseAddresses) -> None:
    assert await broken(lived) == {}


def test_every_invariant_has_its_fault_here() -> None:
    assert {invariant.name for invariant in INVARIANTS} == PLANTED.keys()


@pytest.mark.parametrize("name", PLANTED)
async def test_what_breaks_it_is_found(lived: DatabaseAddresses, name: str) -> None:
    planted = PLANTED[name].replace("@paid", _PAID).replace("@posting", _POSTING)
    assert (await broken(lived, planted)).get(name, 0) > 0


async def test_a_check_is_kept_and_read_by_auditors_and_administrators_alone(lived: DatabaseAddresses) -> None:
    async with builders.open_work(lived) as work:
        before = await check(work)
        assert (before.violations, len(before.findings)) == (0, len(INVARIANTS))
        kept = await check_and_record(work)
        for who in EVERYBODY:
            async with work.read(who) as transaction:
                found = await last_check(transaction)
            assert found == (kept if who in {AUDITOR, ADMINISTRATOR} else None), who
        async with work.read(builders.SYSTEM) as transaction:
            assert await last_check(transaction) == kept


async def test_the_clock_looks_and_says_what_is_broken(fresh_database: DatabaseAddresses) -> None:
    owner = await asyncpg.connect(fresh_database.superuser_url)
    await owner.execute("insert into payment_totals (country, month, payments, euro_minor) values ('MN', '2023-05-01', 1, 7)")
    await owner.close()
    stop = asyncio.Event()
    async with builders.open_work(fresh_database) as work:
        with capture_logs() as logged:
            clock = asyncio.create_task(keep_time(work, stop))
            try:
                async with asyncio.timeout(60):
                    while await value(work, "select count(*) from invariant_checks") == 0:  # noqa: ASYNC110 - the clock decides
                        await asyncio.sleep(0.02)
            finally:
                stop.set()
                await clock
    told = [(entry["invariant"], entry["violations"]) for entry in logged if entry["event"] == "an invariant is broken"]
    assert told == [("payment_totals", 1)]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SYSTEM])
async def test_nobody_but_the_system_keeps_a_check(lived: DatabaseAddresses, role: Role) -> None:
    async with builders.open_work(lived) as work:

        async def record(transaction: Transaction) -> None:
            await transaction.execute(
                "insert into invariant_checks (id, checked_at, checked_by, violations, results)"
                " values (gen_random_uuid(), now(), 'somebody', 0, '[]')"
            )

        with pytest.raises(NotFoundError):
            await work.write(builders.actor(role), record)
