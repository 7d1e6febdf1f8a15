"""Thresholds: what goes over one is released once Fedasil's programme has endorsed exactly its content."""

from reintegration.database.rows import locked
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.clock import now
from reintegration.kernel.errors import SamePersonError, TransitionError
from reintegration.kernel.money import EURO, Money
from reintegration.kernel.reference import Reference
from reintegration.payments.commands import EndorsePayment
from reintegration.payments.content import check_digest
from reintegration.payments.errors import ThresholdExceededError
from reintegration.payments.models import Payment, PaymentEndorsement

_SQL = load_queries(__file__)


async def endorse_payment(transaction: Transaction, command: EndorsePayment) -> Reference:
    """Let an approved payment go over a threshold; who endorses it has neither prepared nor approved it. Locks the payment.

    It counts for this content alone: a payment that goes back to draft and comes again with another content needs another one.

    Raises:
        SamePersonError, ApprovalVoidError, AlreadyEndorsedError, TransitionError, NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.PAYMENT_ENDORSE)
    payment = await locked(transaction, Payment, command.payment_id, kind="Payment")
    if payment.status != "approved":
        raise TransitionError(kind="Payment", current=payment.status, wanted="endorsed")
    if transaction.actor.id in {payment.prepared_by, payment.approved_by}:
        raise SamePersonError(step="endorsement of a payment")
    content = await check_digest(transaction, payment, command.content_digest)
    endorsement = await PaymentEndorsement.create(
        using_db=transaction.orm,
        id=command.id,
        payment_id=payment.id,
        case_id=payment.case_id,
        content_digest=content.digest,
        reason=command.reason,
        endorsed_by=transaction.actor.id,
    )
    return Reference("PaymentEndorsement", endorsement.id, 1)


async def check_thresholds(transaction: Transaction, payment: Payment) -> None:
    """Say which threshold a release would go over, as far as the actor sees what is counted; the database counts all.

    Raises:
        ThresholdExceededError: nobody else has endorsed the payment's content.
    """
    excess = await transaction.fetch_one(_SQL["first_excess"], payment.id, now(), transaction.actor.id)
    if excess is not None:
        raise ThresholdExceededError(
            scope=excess["scope"], limit=Money(excess["most_minor"], EURO), total=Money(excess["sum_minor"], EURO)
        )
