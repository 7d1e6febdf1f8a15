"""What the database refuses of receivables later: of payments not paid, of lines whose refund is open, of what is taken back."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.evidence.commands import RequestUpload
from reintegration.evidence.service import request_upload
from reintegration.kernel.ids import new_id
from reintegration.ledger.service import flows, post
from reintegration.payments import service as payments
from reintegration.payments.models import Payment
from reintegration.payments.service import pot_of_payment
from tests import builders
from tests.builders import COORDINATOR, MONGOLIA, OFFICER, days_ago
from tests.database.law import become, insert, outcome, undone
from tests.payment_steps import a_payment, a_planned_case, done, euros, reversal
from tests.receivable_steps import Bought, as_bought, bought, owed, refund_of

_TAKE_BACK = (
    "update receivable_receipts set taken_back_reason = 'It bounced', taken_back_by = $2, taken_back_at = now() where id = $1"
)


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


@pytest.fixture
async def run(law_pool: asyncpg.Pool) -> AsyncIterator[Transaction]:
    async with undone(law_pool) as transaction:
        yield transaction


def claim(it: Bought, **cells: object) -> dict[str, object]:
    """A row that says that the supplier owes 1.00 EUR of the line."""
    given: dict[str, object] = {
        "id": new_id(),
        "debtor": "supplier",
        "case_id": it.plan.case.id,
        "supplier_id": it.supplier,
        "field_office_id": MONGOLIA,
        "payment_id": it.payment,
        "line_id": it.lines[0],
        "amount_minor": 100,
        "currency": "EUR",
        "reason": "overpaid",
        "explanation": "Too much",
        "due_on": days_ago(-9),
        "recorded_by": "ann",
    }
    return given | cells


async def put(run: Transaction, table: str, cells: dict[str, object]) -> int | str:
    """One row, or the rule that refused it."""
    places = ", ".join(f"${place}" for place in range(1, len(cells) + 1))
    return await outcome(run, f"insert into {table} ({', '.join(cells)}) values ({places})", *cells.values())  # noqa: S608 - ours


async def test_nothing_is_owed_of_a_payment_that_is_not_paid(work: UnitOfWork, run: Transaction) -> None:
    plan = await a_planned_case(work)
    released, reversed_ = await a_payment(work, plan, 1_000, status="released"), await a_payment(work, plan, 1_000)
    await done(work, COORDINATOR, payments.reverse_payment, await reversal(work, reversed_))
    for payment in (released, reversed_):
        it = await as_bought(work, plan, payment)
        assert await put(run, "receivables", claim(it)) == "receivables_step_ck"


async def test_what_proves_it_is_stored(work: UnitOfWork, run: Transaction) -> None:
    it = await bought(work, euros(1_000))
    announced = RequestUpload(new_id(), it.plan.case.id, "invoice", "чек.pdf", "application/pdf", 100, "c" * 64)
    await done(work, OFFICER, request_upload, announced)
    assert await put(run, "receivables", claim(it, document_id=announced.id)) == "receivables_stored_ck"


async def test_money_that_came_is_taken_back_once_by_somebody_else(work: UnitOfWork, run: Transaction) -> None:
    it = await bought(work, euros(1_000))
    nothing = {"case_id": None, "payment_id": None, "line_id": None}
    receivable = await insert(run, "receivables", **claim(it, **nothing))
    await run.execute(
        "update receivables set decision = 'approved', decided_by = 'bob', decided_at = now() where id = $1", receivable
    )
    receipt = await insert(
        run,
        "receivable_receipts",
        receivable_id=receivable,
        number=1,
        amount_minor=60,
        currency="EUR",
        received_on=days_ago(1),
        reference="BANK-1",
        recorded_by="ann",
    )
    outstanding = "select receivable_outstanding($1)"
    assert await run.fetch_value(outstanding, receivable) == 40
    assert await outcome(run, _TAKE_BACK, receipt, "ann") == "receivable_receipts_four_eyes_ck"
    assert await run.fetch_value(outstanding, receivable) == 40
    assert await outcome(run, _TAKE_BACK, receipt, "bob") == 1
    assert await outcome(run, _TAKE_BACK, receipt, "carol") == "receivable_receipts_once_ck"
    assert await run.fetch_value(outstanding, receivable) == 100


async def test_nothing_comes_of_a_line_whose_refund_is_open(work: UnitOfWork, run: Transaction) -> None:
    it = await bought(work, euros(10_000))
    receivable = await owed(work, it.claim(euros(3_000)))
    await done(work, OFFICER, payments.request_refund, await refund_of(work, it, euros(2_000)))
    row: dict[str, object] = {
        "id": new_id(),
        "receivable_id": receivable,
        "case_id": it.plan.case.id,
        "payment_id": it.payment,
        "line_id": it.lines[0],
        "number": 1,
        "amount_minor": 100,
        "currency": "EUR",
        "euro_minor": 100,
        "received_on": days_ago(1),
        "reference": "BANK-1",
        "recorded_by": "ann",
    }
    assert await put(run, "receivable_receipts", row) == "receivable_receipts_refund_ck"


async def test_no_entry_says_that_something_came_without_its_receipt(work: UnitOfWork, run: Transaction) -> None:
    it = await bought(work, euros(10_000))
    await owed(work, it.claim(euros(3_000)))
    await become(run, COORDINATOR)
    payment = await Payment.get(using_db=run.orm, id=it.payment)
    entry = flows.receive(
        await pot_of_payment(run, payment),
        payment_id=it.payment,
        number=1,
        amount_minor=100,
        on=days_ago(1),
        is_closed=False,
    )
    with pytest.raises(asyncpg.CheckViolationError) as caught:
        await post(run, entry)
    assert caught.value.constraint_name == "ledger_postings_receipt_ck"
