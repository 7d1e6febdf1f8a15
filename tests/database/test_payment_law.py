"""The law of payments, held by the database: life cycle, four eyes, dates, documents, a content that stays as approved."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg
import pytest

from reintegration.database.transaction import Transaction
from reintegration.kernel.ids import new_id
from tests.builders import MONGOLIA
from tests.database.law import DEADLINE, DEPARTED, LawCase, a_document, a_law_case, a_line, a_payment, attach, outcome, undone

_SETTLED = "settled_by = 'officer', settled_at = now()"
CHANGES = {
    "draft": "status = 'draft', submitted_at = null, content_digest = null, approved_by = null, approved_at = null,"
    " approved_digest = null",
    "submitted": "status = 'submitted', submitted_at = now(), content_digest = repeat('a', 64)",
    "approved": "status = 'approved', approved_by = 'approver', approved_at = now(), approved_digest = content_digest",
    "released": "status = 'released', released_by = 'coordinator', released_at = now()",
    "paid": f"status = 'paid', paid_on = '2025-04-10', settlement_reference = 'R1', {_SETTLED}",
    "failed": f"status = 'failed', outcome_note = 'returned by the bank', {_SETTLED}",
    "unconfirmed": f"status = 'unconfirmed', outcome_note = 'the operator is silent', {_SETTLED}",
    "reversed": "status = 'reversed', reversed_by = 'coordinator', reversed_at = now(), outcome_note = 'came back'",
    "cancelled": "status = 'cancelled'",
}
PATHS: dict[str, tuple[str, ...]] = {
    "draft": (),
    "submitted": ("submitted",),
    "approved": ("submitted", "approved"),
    "released": ("submitted", "approved", "released"),
    "paid": ("submitted", "approved", "released", "paid"),
    "failed": ("submitted", "approved", "released", "failed"),
    "unconfirmed": ("submitted", "approved", "released", "unconfirmed"),
    "reversed": ("submitted", "approved", "released", "paid", "reversed"),
    "cancelled": ("cancelled",),
}
ALLOWED = {
    ("draft", "submitted"),
    ("draft", "cancelled"),
    ("submitted", "draft"),
    ("submitted", "approved"),
    ("approved", "draft"),
    ("approved", "released"),
    ("released", "paid"),
    ("released", "failed"),
    ("released", "unconfirmed"),
    ("unconfirmed", "paid"),
    ("unconfirmed", "failed"),
    ("paid", "reversed"),
}


@dataclass(frozen=True, slots=True)
class Stage:
    """A transaction with a case whose draft payment, a reimbursement of 100.00 EUR with its receipt, is ready to submit."""

    transaction: Transaction
    case: LawCase

    async def change(self, assignments: str, payment: UUID | None = None) -> int | str:
        """Set columns of the payment; 1, or the rule that refused."""
        statement = f"update payments set {assignments} where id = $1"  # noqa: S608 - written in this file
        return await outcome(self.transaction, statement, payment or self.case.payment_id)

    async def bring_to(self, status: str, payment: UUID | None = None) -> None:
        """Walk the life cycle."""
        for step in PATHS[status]:
            assert await self.change(CHANGES[step], payment) == 1

    async def savepoint(self) -> None:
        await self.transaction.execute("savepoint stage")

    async def back(self) -> None:
        await self.transaction.execute("rollback to stage")


@pytest.fixture(scope="module")
async def prepared(law_pool: asyncpg.Pool) -> AsyncIterator[Stage]:
    async with undone(law_pool) as transaction:
        yield Stage(transaction, await a_law_case(transaction))


@pytest.fixture
async def stage(prepared: Stage) -> AsyncIterator[Stage]:
    await prepared.transaction.execute("savepoint test")
    yield prepared
    await prepared.transaction.execute("rollback to test")


async def test_each_step_of_the_life_cycle_and_no_other(stage: Stage) -> None:
    await attach_to(stage, "non_payment_evidence", "request")
    found: dict[tuple[str, str], bool] = {}
    for origin in PATHS:
        await stage.savepoint()
        await stage.bring_to(origin)
        for target in PATHS.keys() - {origin}:
            await stage.savepoint()
            result = await stage.change(CHANGES[target])
            if (origin, target) in ALLOWED:
                assert result == 1, (origin, target, result)
            else:
                assert result == "payments_transition_ck", (origin, target, result)
            found[origin, target] = result == 1
            await stage.back()
            await stage.transaction.execute("release stage")
        await stage.back()
        await stage.transaction.execute("release stage")
    assert len(found) == 9 * 8
    assert {pair for pair, allowed in found.items() if allowed} == ALLOWED


@pytest.mark.parametrize("status", sorted(PATHS.keys() - {"draft"}))
async def test_a_payment_is_born_as_a_draft(stage: Stage, status: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError) as caught:
        await a_payment(stage.transaction, stage.case.id, MONGOLIA, plan_item_id=stage.case.item_id, status=status)
    assert caught.value.constraint_name == "payments_transition_ck"


@pytest.mark.parametrize(
    "column",
    [
        "field_office_id = null",
        "kind = 'supplier_direct'",
        "stream = 'cash_premium'",
        "prepared_by = 'somebody else'",
        "prepared_at = prepared_at - interval '1 day'",
        "case_id = gen_random_uuid()",
        "id = gen_random_uuid()",
    ],
)
async def test_whose_a_payment_is_never_changes(stage: Stage, column: str) -> None:
    assert await stage.change(column) == "payments_content_ck"


CONTENT = (
    "fund_id = gen_random_uuid()",
    "plan_item_id = gen_random_uuid()",
    "invoice_number = 'I-2'",
    "description = 'another'",
    "payment_date = payment_date + 1",
    "rate_rule = 'REGISTRATION_MONTH'",
)


@pytest.mark.parametrize(
    "status", ["submitted", "approved", "released", "unconfirmed", "paid", "failed", "reversed", "cancelled"]
)
async def test_the_content_is_fixed_from_the_submission_on(stage: Stage, status: str) -> None:
    await stage.bring_to(status)
    for change in CONTENT:
        assert await stage.change(change) == "payments_content_ck", change


async def test_the_content_of_a_draft_is_open_but_not_while_it_is_submitted_or_returned(stage: Stage) -> None:
    assert await stage.change("description = 'another', payment_date = payment_date + 1, invoice_number = 'I-2'") == 1
    assert await stage.change(f"{CHANGES['submitted']}, description = 'third'") == "payments_content_ck"
    await stage.bring_to("submitted")
    assert await stage.change(f"{CHANGES['draft']}, description = 'third'") == "payments_content_ck"
    assert await stage.change(CHANGES["draft"]) == 1
    assert await stage.change("description = 'third'") == 1


async def test_three_people_prepare_approve_and_release(stage: Stage) -> None:
    await stage.bring_to("submitted")
    rule = "payments_four_eyes_ck"
    assert await stage.change(CHANGES["approved"].replace("'approver'", "prepared_by")) == rule
    await stage.change(CHANGES["approved"])
    for same in ("prepared_by", "approved_by"):
        assert await stage.change(CHANGES["released"].replace("'coordinator'", same)) == rule
    await stage.change(CHANGES["released"])
    await stage.change(CHANGES["paid"])
    assert await stage.change(CHANGES["reversed"].replace("'coordinator'", "prepared_by")) == "payments_reversed_ck"


@pytest.mark.parametrize(
    ("status", "assignments", "rule"),
    [
        ("draft", "status = 'submitted', content_digest = repeat('a', 64)", "payments_submitted_ck"),
        ("draft", "status = 'submitted', submitted_at = now()", "payments_submitted_ck"),
        ("draft", "approved_by = 'approver', approved_at = now(), approved_digest = repeat('a', 64)", "payments_approved_ck"),
        ("submitted", "status = 'approved'", "payments_approved_ck"),
        ("submitted", "status = 'approved', approved_by = 'approver', approved_at = now()", "payments_approved_ck"),
        ("submitted", CHANGES["approved"].replace("= content_digest", "= repeat('b', 64)"), "payments_approved_digest_ck"),
        ("approved", "content_digest = repeat('b', 64)", "payments_approved_digest_ck"),
        ("approved", "status = 'released'", "payments_released_ck"),
        ("approved", "status = 'released', released_by = 'coordinator'", "payments_released_ck"),
        ("approved", "status = 'draft'", "payments_approved_ck"),
        ("released", CHANGES["paid"].replace("settlement_reference = 'R1',", ""), "payments_paid_ck"),
        ("released", f"status = 'failed', {_SETTLED}", "payments_paid_ck"),
        ("released", f"status = 'unconfirmed', {_SETTLED}", "payments_paid_ck"),
        ("released", "status = 'failed', outcome_note = 'returned'", "payments_paid_ck"),
        ("released", "paid_on = '2025-04-10'", "payments_paid_ck"),
        ("paid", "status = 'reversed', outcome_note = 'came back'", "payments_reversed_ck"),
        ("paid", "paid_on = null", "payments_paid_ck"),
        ("draft", "description = ''", "payments_description_ck"),
        ("draft", "rate_rule = 'MY_MONTH'", "payments_rate_rule_ck"),
    ],
)
async def test_a_status_has_what_belongs_to_it_and_nothing_else(stage: Stage, status: str, assignments: str, rule: str) -> None:
    await stage.bring_to(status)
    assert await stage.change(assignments) == rule


def premium(case: LawCase) -> dict[str, object]:
    return {"kind": "cash_premium", "stream": "cash_premium", "entitlement_id": case.premium_id, "payment_date": DEPARTED}


async def test_the_two_money_streams_never_mix(stage: Stage) -> None:
    case = stage.case
    item, direct = {"plan_item_id": case.item_id}, {"kind": "supplier_direct", "invoice_number": "I-1"}
    wrong: Sequence[tuple[UUID | None, dict[str, object], str]] = (
        (MONGOLIA, premium(case), "payments_stream_ck"),
        (None, premium(case) | item, "payments_stream_ck"),
        (None, premium(case) | {"stream": "reintegration"}, "payments_stream_ck"),
        (None, premium(case) | {"entitlement_id": None}, "payments_stream_ck"),
        (MONGOLIA, premium(case) | {"kind": "travel_document_refund"}, "payments_stream_ck"),
        (MONGOLIA, item | {"stream": "cash_premium"}, "payments_stream_ck"),
        (MONGOLIA, item | {"entitlement_id": case.premium_id}, "payments_stream_ck"),
        (None, item, "payments_stream_ck"),
        (MONGOLIA, {}, "payments_stream_ck"),
        (MONGOLIA, item | {"kind": "gift"}, "payments_kind_ck"),
        (MONGOLIA, item | direct, "payments_supplier_ck"),
        (MONGOLIA, item | direct | {"supplier_id": case.supplier_id, "invoice_number": None}, "payments_supplier_ck"),
        (MONGOLIA, item | {"supplier_id": case.supplier_id}, "payments_supplier_ck"),
        (MONGOLIA, item | direct | {"supplier_id": new_id()}, "payments_supplier_fk"),
        (MONGOLIA, {"plan_item_id": new_id()}, "payments_item_fk"),
    )
    for office, cells, rule in wrong:
        await stage.savepoint()
        with pytest.raises(asyncpg.IntegrityConstraintViolationError) as caught:
            await a_payment(stage.transaction, case.id, office, **cells)
        assert caught.value.constraint_name == rule, cells
        await stage.back()


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
    both: tuple[tuple[UUID | None, dict[str, object], str], ...] = (
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


async def test_a_rate_of_another_month_than_the_payments_is_refused_when_paid(stage: Stage) -> None:
    transaction, case = stage.transaction, stage.case
    tugrik = {"currency": "MNT", "amount_minor": 380_000, "rate": "3800", "rate_source": "InforEuro", "euro_minor": 100}
    await a_line(transaction, case.payment_id, case.id, position=2, rate_month=date(2025, 4, 1), **tugrik)
    await stage.bring_to("released")
    assert await stage.change(CHANGES["paid"].replace("2025-04-10", "2025-05-01")) == "payments_rate_month_ck"
    assert await stage.change(CHANGES["paid"].replace("2025-04-10", "2025-04-30")) == 1


async def test_under_the_legal_default_the_month_of_registration_stays(stage: Stage) -> None:
    transaction, case = stage.transaction, stage.case
    assert await stage.change("rate_rule = 'REGISTRATION_MONTH'") == 1
    tugrik = {"currency": "MNT", "amount_minor": 380_000, "rate": "3800", "rate_source": "InforEuro", "euro_minor": 100}
    await a_line(transaction, case.payment_id, case.id, position=2, rate_month=date(2025, 4, 1), **tugrik)
    await stage.bring_to("released")
    assert await stage.change(CHANGES["paid"].replace("2025-04-10", "2025-05-01")) == 1


async def attach_to(stage: Stage, kind: str, step: str, payment: UUID | None = None) -> None:
    document = await a_document(stage.transaction, stage.case.id, MONGOLIA, kind=kind)
    await attach(stage.transaction, payment or stage.case.payment_id, stage.case.id, document, stage=step)


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
