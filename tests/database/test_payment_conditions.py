"""When a payment may take its next step, held by the database: dates, rates, documents, once only."""

from collections.abc import AsyncIterator
from datetime import date

import asyncpg
import pytest

from tests.builders import MONGOLIA
from tests.database.law import outcome, undone
from tests.database.law_case import DEADLINE, DEPARTED, a_document, a_law_case, a_line, a_payment, attach
from tests.database.law_payment import CHANGES, PATHS, Attempt, Stage, attach_to, premium


@pytest.fixture(scope="module")
async def prepared(law_pool: asyncpg.Pool) -> AsyncIterator[Stage]:
    async with undone(law_pool) as transaction:
        yield Stage(transaction, await a_law_case(transaction))


@pytest.fixture
async def stage(prepared: Stage) -> AsyncIterator[Stage]:
    await prepared.transaction.execute("savepoint test")
    yield prepared
    await prepared.transaction.execute("rollback to test")


async def test_nothing_of_the_budget_is_paid_before_the_arrival_or_after_the_deadline(stage: Stage) -> None:
    early, late = "2025-03-01", "2026-03-03"
    for day, rule in ((early, "payments_arrival_ck"), (late, "payments_deadline_ck")):
        await stage.savepoint()
        assert await stage.change(f"payment_date = '{day}'") == 1
        assert await stage.change(CHANGES["submitted"]) == rule
        await stage.back()
        await stage.bring_to("released")
        assert await stage.change(CHANGES["paid"].replace("2025-04-10", day)) == rule
        await stage.back()
    for day in ("2025-03-02", DEADLINE.isoformat()):
        assert await stage.change(f"payment_date = '{day}'") == 1
        await stage.savepoint()
        assert await stage.change(CHANGES["submitted"]) == 1
        await stage.back()


async def test_a_release_asks_the_deadline_again(stage: Stage) -> None:
    await stage.bring_to("approved")
    earlier = "update entitlements set deadline_on = '2025-04-09' where id = $1"
    assert await outcome(stage.transaction, earlier, stage.case.entitlement_id) == 1
    assert await stage.change(CHANGES["released"]) == "payments_deadline_ck"
    none = "update entitlements set deadline_on = null where id = $1"
    assert await outcome(stage.transaction, none, stage.case.entitlement_id) == 1
    assert await stage.change(CHANGES["released"]) == "payments_deadline_ck"


async def test_the_premium_is_paid_on_the_day_of_departure(stage: Stage) -> None:
    transaction, case = stage.transaction, stage.case
    payment = await a_payment(transaction, case.id, None, **premium(case))
    await a_line(transaction, payment, case.id, amount_minor=35_000, euro_minor=35_000)
    await stage.bring_to("released", payment)
    paid = CHANGES["paid"].replace("2025-04-10", DEPARTED.isoformat())
    assert await stage.change(paid, payment) == "payments_documents_ck"
    await attach(
        transaction, payment, case.id, await a_document(transaction, case.id, None, kind="signed_receipt"), stage="settlement"
    )
    assert await stage.change(paid.replace("03-01", "03-02"), payment) == "payments_departure_ck"
    assert await stage.change(paid, payment) == 1


async def test_an_entitlement_is_paid_once_and_an_invoice_too(stage: Stage) -> None:
    transaction, case = stage.transaction, stage.case
    direct = {"kind": "supplier_direct", "supplier_id": case.supplier_id, "invoice_number": "I-1", "plan_item_id": case.item_id}
    both: tuple[Attempt, ...] = (
        (None, premium(case), "payments_entitlement_once_uq"),
        (MONGOLIA, direct, "payments_invoice_uq"),
    )
    for office, cells, rule in both:
        first = await a_payment(transaction, case.id, office, **cells)
        await stage.savepoint()
        with pytest.raises(asyncpg.UniqueViolationError) as caught:
            await a_payment(transaction, case.id, office, **cells)
        assert caught.value.constraint_name == rule
        await stage.back()
        assert await stage.change("status = 'cancelled'", first) == 1
        await a_payment(transaction, case.id, office, **cells)


async def test_a_submission_needs_lines_with_a_frozen_rate(stage: Stage) -> None:
    transaction, case = stage.transaction, stage.case
    await stage.savepoint()
    await transaction.execute("delete from payment_lines where payment_id = $1", case.payment_id)
    assert await stage.change(CHANGES["submitted"]) == "payments_lines_ck"
    await stage.back()
    await a_line(transaction, case.payment_id, case.id, position=2, rate=None, rate_source=None, euro_minor=None)
    assert await stage.change(CHANGES["submitted"]) == "payments_lines_ck"


async def test_money_that_went_in_the_month_after_its_rates_is_recorded_at_the_approved_rate(stage: Stage) -> None:
    transaction, case = stage.transaction, stage.case
    tugrik = {"currency": "MNT", "amount_minor": 380_000, "rate": "3800", "rate_source": "InforEuro", "euro_minor": 100}
    await a_line(transaction, case.payment_id, case.id, position=2, rate_month=date(2025, 4, 1), **tugrik)
    await stage.bring_to("released")
    assert await stage.change(CHANGES["paid"].replace("2025-04-10", "2025-05-01")) == 1
    frozen = await transaction.fetch(
        "select rate, rate_month, euro_minor from payment_lines where payment_id = $1 order by position", case.payment_id
    )
    assert [tuple(row.values()) for row in frozen] == [("1", None, 10_000), ("3800", date(2025, 4, 1), 100)]


async def test_under_the_legal_default_the_month_of_registration_stays(stage: Stage) -> None:
    transaction, case = stage.transaction, stage.case
    assert await stage.change("rate_rule = 'REGISTRATION_MONTH'") == 1
    tugrik = {"currency": "MNT", "amount_minor": 380_000, "rate": "3800", "rate_source": "InforEuro", "euro_minor": 100}
    await a_line(transaction, case.payment_id, case.id, position=2, rate_month=date(2025, 4, 1), **tugrik)
    await stage.bring_to("released")
    assert await stage.change(CHANGES["paid"].replace("2025-04-10", "2025-05-01")) == 1


async def test_required_documents_are_there_at_their_step(stage: Stage) -> None:
    transaction, case = stage.transaction, stage.case
    direct = {"kind": "supplier_direct", "supplier_id": case.supplier_id, "invoice_number": "I-1", "plan_item_id": case.item_id}
    payment = await a_payment(transaction, case.id, MONGOLIA, **direct)
    await a_line(transaction, payment, case.id)
    assert await stage.change(CHANGES["submitted"], payment) == "payments_documents_ck"
    await attach_to(stage, "receipt", "request", payment)
    assert await stage.change(CHANGES["submitted"], payment) == "payments_documents_ck"
    await attach_to(stage, "invoice", "request", payment)
    await stage.bring_to("released", payment)
    assert await stage.change(CHANGES["paid"], payment) == "payments_documents_ck"
    await attach_to(stage, "proof_of_payment", "settlement", payment)
    assert await stage.change(CHANGES["paid"], payment) == 1


async def test_an_unconfirmed_payment_fails_only_with_evidence_of_non_payment(stage: Stage) -> None:
    await stage.bring_to("unconfirmed")
    assert await stage.change(CHANGES["failed"]) == "payments_non_payment_ck"
    await attach_to(stage, "proof_of_payment", "settlement")
    assert await stage.change(CHANGES["failed"]) == "payments_non_payment_ck"
    await attach_to(stage, "non_payment_evidence", "settlement")
    assert await stage.change(CHANGES["failed"]) == 1


async def test_a_case_closes_when_no_payment_of_it_is_open(stage: Stage) -> None:
    close = "update cases set status = 'closed', closed_on = '2025-06-01', close_reason = 'completed' where id = $1"
    for status in PATHS:
        await stage.savepoint()
        await stage.bring_to(status)
        is_over = status in {"paid", "failed", "reversed", "cancelled"}
        assert await outcome(stage.transaction, close, stage.case.id) == (1 if is_over else "cases_open_payments_ck"), status
        await stage.back()
        await stage.transaction.execute("release stage")


async def test_a_closed_case_makes_no_payment(stage: Stage) -> None:
    await stage.bring_to("cancelled")
    close = "update cases set status = 'closed', closed_on = '2025-06-01', close_reason = 'completed' where id = $1"
    assert await outcome(stage.transaction, close, stage.case.id) == 1
    with pytest.raises(asyncpg.CheckViolationError) as caught:
        await a_payment(stage.transaction, stage.case.id, MONGOLIA, plan_item_id=stage.case.item_id)
    assert caught.value.constraint_name == "payments_case_ck"
