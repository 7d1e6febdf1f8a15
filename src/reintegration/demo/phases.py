"""One batch of cases through its whole life in one transaction: every step is an ordinary change of status.

The rows go through the same constraints, triggers, policies, pure rules and ledger flows as the use cases; only the
statements are by the set. Where a use case checks something in Python alone, the staging has done it.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date

from reintegration.database.bulk import insert_rows, update_rows
from reintegration.database.transaction import Transaction
from reintegration.demo.granting import decided
from reintegration.demo.spending_rows import File, StagedPayment
from reintegration.demo.staging import Cells, StagedCase, at, demo_id, person, travel_mode
from reintegration.ledger.flows import reverse, spend, unreserve
from reintegration.ledger.posting import Entry
from reintegration.ledger.service import flows, post_many, release_cases
from reintegration.programme.reference import identifier

_TRANSFER_REFERENCE = "TRF"
_CLEAR = (
    "update supplier_likenesses set decision = 'cleared', decided_by = $1, decided_at = now(),"
    " decision_note = 'One shop, known to both offices' where decision is null"
)


def rows_of(cases: Iterable[StagedCase], table: str) -> list[Cells]:
    """All staged rows of a table."""
    return [row for case in cases for row in case.rows.get(table, [])]


async def register(transaction: Transaction, cases: Sequence[StagedCase], grants: Sequence[Entry]) -> None:
    """Application in Belgium: file, household, vulnerabilities and exceptions with their second person, grants."""
    for table in ("cases", "case_intakes", "returnees", "returnee_identities", "vulnerabilities"):
        await insert_rows(transaction, table, rows_of(cases, table))
    decisions = [decided(row, case.source.applied_on) for case in cases for row in case.rows.get("vulnerabilities", [])]
    await update_rows(transaction, "vulnerabilities", decisions)
    await insert_rows(transaction, "entitlement_exceptions", rows_of(cases, "entitlement_exceptions"))
    decisions = [decided(row, case.source.applied_on) for case in cases for row in case.rows.get("entitlement_exceptions", [])]
    await update_rows(transaction, "entitlement_exceptions", decisions)
    await insert_rows(transaction, "entitlement_assessments", rows_of(cases, "entitlement_assessments"))
    await insert_rows(transaction, "entitlements", rows_of(cases, "entitlements"))
    if grants:
        await post_many(transaction, grants)


async def travel(transaction: Transaction, cases: Sequence[StagedCase], deadline: Callable[[date], date]) -> None:
    """Referral, departure, and for those with an office the confirmed arrival that starts the deadline."""
    referred = [
        {
            "id": case.id,
            "status": "referred",
            "partner_id": identifier("partner", case.source.partner_code),
            "field_office_id": case.office_id,
        }
        for case in cases
        if case.source.partner_code is not None
    ]
    await update_rows(transaction, "cases", referred)
    departed = [
        {
            "id": case.id,
            "status": "departed",
            "departed_on": case.source.departed_on,
            "travel_mode": travel_mode(case.source),
        }
        for case in cases
    ]
    await update_rows(transaction, "cases", departed)
    arrived = [
        {
            "id": case.id,
            "status": "arrived",
            "arrived_on": case.source.arrived_on,
            "arrival_confirmed_by": person("officer", case.source.office_code),
            "arrival_confirmed_at": at(case.source.arrived_on, 12),
        }
        for case in cases
        if case.source.arrived_on is not None
    ]
    await update_rows(transaction, "cases", arrived)
    deadlines = [
        {"id": row["id"], "deadline_on": deadline(case.source.arrived_on)}
        for case in cases
        if case.source.arrived_on is not None
        for row in case.rows.get("entitlements", [])
        if row["stream"] == "reintegration"
    ]
    await update_rows(transaction, "entitlements", deadlines)


async def plan(transaction: Transaction, cases: Sequence[StagedCase], budgets: Sequence[Entry]) -> None:
    """Plans drafted and submitted by the office, approved by the coordinator, budgets posted."""
    await insert_rows(transaction, "plans", rows_of(cases, "plans"))
    await insert_rows(transaction, "plan_items", rows_of(cases, "plan_items"))
    planned = [(case, row) for case in cases for row in case.rows.get("plans", [])]
    submitted = [
        {"id": row["id"], "status": "submitted", "submitted_by": row["prepared_by"], "submitted_at": row["prepared_at"]}
        for _, row in planned
    ]
    await update_rows(transaction, "plans", submitted)
    approved = [
        {
            "id": row["id"],
            "status": "approved",
            "decided_by": person("coordinator", case.source.partner_code),
            "decided_at": at(case.source.arrived_on or case.source.departed_on, 16),
        }
        for case, row in planned
    ]
    await update_rows(transaction, "plans", approved)
    if budgets:
        await post_many(transaction, budgets)
    await update_rows(transaction, "cases", [{"id": case.id, "status": "implementing"} for case, _ in planned])


async def pay(transaction: Transaction, cases: Sequence[StagedCase], payments: Sequence[StagedPayment]) -> None:
    """Payments as far as their outcome goes: draft, submitted, approved, released, paid or not, reversed."""
    await insert_rows(transaction, "suppliers", _once(rows_of(cases, "suppliers")), if_absent=True)
    # Shops of one name serve both partners in a country; the programme sees both.
    await transaction.execute(_CLEAR, person("programme", "fedasil"))
    drafts = [{field: value for field, value in payment.row.items() if field != "content_digest"} for payment in payments]
    await insert_rows(transaction, "payments", drafts)
    await insert_rows(transaction, "payment_lines", [line for payment in payments for line in payment.lines])
    await _attach(transaction, payments, "request", lambda payment: payment.request)
    started = _reached(payments, "submitted", "approved", "paid", "failed", "unconfirmed", "reversed")
    await update_rows(transaction, "payments", [_submitted(payment) for payment in started])
    await _post(transaction, started, 2, flows.reserve)
    approved = _reached(started, "approved", "paid", "failed", "unconfirmed", "reversed")
    await update_rows(transaction, "payments", [_approved(payment) for payment in approved])
    released = _reached(approved, "paid", "failed", "unconfirmed", "reversed")
    await update_rows(transaction, "payments", [_released(payment) for payment in released])
    await _settle(transaction, released)


async def close(transaction: Transaction, cases: Sequence[StagedCase]) -> None:
    """End the cases that ended; what is left goes back to its fund."""
    ended = [case for case in cases if case.source.closed_on is not None]
    await release_cases(transaction, {case.id: case.source.closed_on or date.min for case in ended})
    closed = [
        {"id": case.id, "status": "closed", "closed_on": case.source.closed_on, "close_reason": case.source.close_reason}
        for case in ended
    ]
    await update_rows(transaction, "cases", closed)


async def _settle(transaction: Transaction, released: Sequence[StagedPayment]) -> None:
    paid = _reached(released, "paid", "reversed")
    await _attach(transaction, paid, "settlement", lambda payment: payment.settlement)
    await update_rows(transaction, "payments", [_paid(payment) for payment in paid])
    await _post(transaction, paid, 5, spend)
    failed = _reached(released, "failed")
    await update_rows(transaction, "payments", [_ended(payment, "failed", "The bank sent the money back") for payment in failed])
    await _post(transaction, failed, 5, unreserve)
    unknown = _reached(released, "unconfirmed")
    await update_rows(
        transaction, "payments", [_ended(payment, "unconfirmed", "The operator did not answer") for payment in unknown]
    )
    returned = _reached(paid, "reversed")
    await update_rows(transaction, "payments", [_reversed(payment) for payment in returned])
    spent = await transaction.fetch(
        "select id, reference_id from ledger_transactions where kind = 'payment_spent' and reference_id = any($1)",
        [payment.id for payment in returned],
    )
    spent_of = {row["reference_id"]: row["id"] for row in spent}
    entries = [
        reverse(
            payment.pot,
            payment_id=payment.id,
            occasion=6,
            amount_minor=payment.total_minor,
            on=payment.source.payment_date,
            reverses_id=spent_of[payment.id],
        )
        for payment in returned
    ]
    if entries:
        await post_many(transaction, entries)


def _reached(payments: Sequence[StagedPayment], *outcomes: str) -> list[StagedPayment]:
    return [payment for payment in payments if payment.source.outcome in outcomes]


def _once(rows: Sequence[Cells]) -> list[Cells]:
    return list({row["id"]: row for row in rows}.values())


async def _attach(
    transaction: Transaction, payments: Sequence[StagedPayment], stage: str, files: Callable[[StagedPayment], list[File]]
) -> None:
    held = [(payment, file) for payment in payments for file in files(payment)]
    await insert_rows(transaction, "documents", [file.row for _, file in held])
    stored = [{"id": file.row["id"], "status": "stored", "completed_at": file.row["requested_at"]} for _, file in held]
    await update_rows(transaction, "documents", stored)
    attached = [
        {
            "id": demo_id(payment.source.payment_date, payment.id, file.row["id"]),
            "payment_id": payment.id,
            "document_id": file.row["id"],
            "case_id": payment.row["case_id"],
            "stage": stage,
            "attached_by": payment.row["prepared_by"],
            "attached_at": at(payment.source.payment_date, 9),
        }
        for payment, file in held
    ]
    await insert_rows(transaction, "payment_documents", attached)


async def _post(transaction: Transaction, payments: Sequence[StagedPayment], occasion: int, flow: Callable[..., Entry]) -> None:
    entries = [
        flow(
            payment.pot,
            payment_id=payment.id,
            occasion=occasion,
            amount_minor=payment.total_minor,
            on=payment.source.payment_date,
        )
        for payment in payments
    ]
    if entries:
        await post_many(transaction, entries)


def _submitted(payment: StagedPayment) -> Cells:
    return {
        "id": payment.id,
        "status": "submitted",
        "submitted_at": at(payment.source.payment_date, 9),
        "content_digest": payment.row["content_digest"],
    }


def _approved(payment: StagedPayment) -> Cells:
    return {
        "id": payment.id,
        "status": "approved",
        "approved_by": person("approver", payment.office),
        "approved_at": at(payment.source.payment_date, 10),
        "approved_digest": payment.row["content_digest"],
    }


def _released(payment: StagedPayment) -> Cells:
    return {
        "id": payment.id,
        "status": "released",
        "released_by": person("coordinator", payment.office.split("-")[0]),
        "released_at": at(payment.source.payment_date, 11),
    }


def _paid(payment: StagedPayment) -> Cells:
    return {
        "id": payment.id,
        "status": "paid",
        "paid_on": payment.source.payment_date,
        "settled_by": person("officer", payment.office),
        "settled_at": at(payment.source.payment_date, 14),
        "settlement_reference": f"{_TRANSFER_REFERENCE}-{payment.source.invoice_number}",
    }


def _ended(payment: StagedPayment, status: str, note: str) -> Cells:
    return {
        "id": payment.id,
        "status": status,
        "settled_by": person("officer", payment.office),
        "settled_at": at(payment.source.payment_date, 14),
        "outcome_note": note,
    }


def _reversed(payment: StagedPayment) -> Cells:
    return {
        "id": payment.id,
        "status": "reversed",
        "reversed_by": person("coordinator", payment.office.split("-")[0]),
        "reversed_at": at(payment.source.payment_date, 16),
        "outcome_note": "The supplier gave the money back",
    }
