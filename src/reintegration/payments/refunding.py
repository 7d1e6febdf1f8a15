"""Refunds: a supplier gave a part of what it was paid back; a second person agrees before the money counts as here."""

from reintegration.cases.errors import AlreadyDecidedError
from reintegration.database.rows import locked, visible
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.clock import now, today
from reintegration.kernel.errors import InvalidInputError, NotFoundError, SamePersonError, TransitionError
from reintegration.kernel.money import Money, to_euro
from reintegration.kernel.reference import Reference
from reintegration.ledger.service import flows, post
from reintegration.payments.commands import DecideRefund, RequestRefund
from reintegration.payments.drafting import pot_of_payment
from reintegration.payments.errors import DocumentsMissingError, PaymentInFutureError
from reintegration.payments.models import Payment, PaymentRefund
from reintegration.payments.sides import check_side

_SQL = load_queries(__file__)


async def request_refund(transaction: Transaction, command: RequestRefund) -> Reference:
    """Record that a supplier gave a part of a line back. Nothing moves until a second person agrees. Locks the payment.

    The euro are those of all refunds of the line together at its frozen rate, HALF_UP, less those before: a line that came back
    wholly has cost nothing (schema/decisions/0018).

    Raises:
        RefundOpenError, RefundTooLargeError, DocumentsMissingError, PaymentInFutureError, TransitionError, InvalidInputError,
        NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.PAYMENT_SETTLE)
    if command.received_on > today():
        raise PaymentInFutureError
    payment = await _paid(transaction, command)
    line = await transaction.fetch_one(_SQL["line_refunded"], payment.id, command.line_id, command.document_id)
    if line is None:
        raise NotFoundError(kind="PaymentLine")
    if line["evidence_id"] is None:
        raise DocumentsMissingError(kinds=("the proof of the refund, attached to the payment",))
    if command.amount.currency != line["currency"]:
        raise InvalidInputError(field="amount", reason=f"the line is in {line['currency']}")
    back = Money(line["refunded_minor"] + command.amount.amount_minor, line["currency"])
    refund = await PaymentRefund.create(
        using_db=transaction.orm,
        id=command.id,
        payment_id=payment.id,
        case_id=payment.case_id,
        line_id=command.line_id,
        evidence_id=line["evidence_id"],
        number=line["refunds"] + 1,
        amount_minor=command.amount.amount_minor,
        currency_row_id=line["currency"],
        euro_minor=to_euro(back, line["rate"]).amount_minor - line["refunded_euro_minor"],
        received_on=command.received_on,
        reference=command.reference,
        reason=command.reason,
        requested_by=transaction.actor.id,
    )
    return Reference("PaymentRefund", refund.id, refund.version)


async def decide_refund(transaction: Transaction, command: DecideRefund) -> Reference:
    """Approve or refuse a refund that somebody else has recorded. Locks the payment, the refund, then the account that gives.

    An approved one is free for the case again, or goes on to the fund where the case is closed.

    Raises:
        AlreadyDecidedError, SamePersonError, VersionConflictError, NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.PAYMENT_REVERSE)
    seen = await visible(transaction, PaymentRefund, command.refund_id, kind="PaymentRefund")
    payment = await locked(transaction, Payment, seen.payment_id, kind="PaymentRefund")
    await check_side(transaction, payment, kind="PaymentRefund")
    refund = await locked(transaction, PaymentRefund, seen.id, kind="PaymentRefund", expected_version=command.expected_version)
    if refund.decision is not None:
        raise AlreadyDecidedError(kind="refund")
    if refund.requested_by == transaction.actor.id:
        raise SamePersonError(step="decision on the refund")
    refund.decision = "approved" if command.approved else "refused"
    if command.note is not None:
        refund.decision_note = command.note
    refund.decided_by, refund.decided_at = transaction.actor.id, now()
    await refund.save(using_db=transaction.orm, update_fields=["decision", "decision_note", "decided_by", "decided_at"])
    if command.approved:
        await _come_back(transaction, payment, refund)
    return Reference("PaymentRefund", refund.id, refund.version + 1)


async def _come_back(transaction: Transaction, payment: Payment, refund: PaymentRefund) -> None:
    pot = await pot_of_payment(transaction, payment)
    entry = flows.refund(pot, payment_id=payment.id, number=refund.number, amount_minor=refund.euro_minor, on=refund.received_on)
    await post(transaction, entry)
    # Asked after the entry: its foreign key waits for who is closing the case, and who comes to close it waits for this.
    if await transaction.fetch_value(_SQL["case_is_closed"], payment.id):
        onward = flows.return_to_fund(
            pot, payment_id=payment.id, occasion=refund.number, amount_minor=refund.euro_minor, on=refund.received_on
        )
        await post(transaction, onward)


async def _paid(transaction: Transaction, command: RequestRefund) -> Payment:
    """A payment to a supplier, locked and paid, of the actor's own side."""
    payment = await locked(transaction, Payment, command.payment_id, kind="Payment")
    await check_side(transaction, payment)
    if payment.status != "paid":
        raise TransitionError(kind="Payment", current=payment.status, wanted="refunded")
    return payment
