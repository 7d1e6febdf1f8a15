"""Use cases of the second and third pair of eyes: approve, release. Both bind to the digest of what the person saw."""

from reintegration.database.transaction import Transaction
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.clock import now
from reintegration.kernel.errors import InvalidInputError, SamePersonError
from reintegration.kernel.reference import Reference
from reintegration.payments.commands import ApprovePayment, ReleasePayment
from reintegration.payments.content import check_digest
from reintegration.payments.drafting import locked_payment
from reintegration.payments.endorsing import check_thresholds
from reintegration.payments.suppliers import check_supplier


async def approve_payment(transaction: Transaction, command: ApprovePayment) -> Reference:
    """Approve a submitted payment; the approver is not the preparer. Locks the payment.

    Raises:
        ApprovalVoidError, PaymentHeldError, SamePersonError, TransitionError, VersionConflictError, NotFoundError.
    """
    require(transaction.actor, Permission.PAYMENT_APPROVE)
    payment = await locked_payment(transaction, command.id, command.expected_version, {"submitted"}, "approved")
    if transaction.actor.id == payment.prepared_by:
        raise SamePersonError(step="approval of a payment")
    content = await check_digest(transaction, payment, command.content_digest)
    payment.status, payment.approved_by, payment.approved_at = "approved", transaction.actor.id, now()
    payment.approved_digest = content.digest
    await payment.save(using_db=transaction.orm, update_fields=["status", "approved_by", "approved_at", "approved_digest"])
    return Reference("Payment", payment.id, payment.version + 1)


async def release_payment(transaction: Transaction, command: ReleasePayment) -> Reference:
    """Release an approved payment; the releaser is neither its preparer nor its approver.

    Releases of one case, and of one supplier, wait for each other, so that thresholds hold; the moment of it is the database's.
    Out of the float it draws on the office's advances in the currencies of its lines, those first that came first.
    Locks the payment.

    Raises:
        FloatTooSmallError: the office holds less.
        ApprovalVoidError, PaymentHeldError, AccountUnapprovedError, SupplierDuplicateError, SupplierBarredError,
        ThresholdExceededError, SamePersonError, TransitionError, VersionConflictError, NotFoundError, PaymentAfterDeadlineError.
    """
    require(transaction.actor, Permission.PAYMENT_RELEASE)
    payment = await locked_payment(transaction, command.id, command.expected_version, {"approved"}, "released")
    if transaction.actor.id in {payment.prepared_by, payment.approved_by}:
        raise SamePersonError(step="release of a payment")
    await check_digest(transaction, payment, command.content_digest)
    await check_supplier(transaction, payment)
    await check_thresholds(transaction, payment)
    payment.status, payment.released_by, payment.released_at = "released", transaction.actor.id, now()
    written = ["status", "released_by", "released_at"]
    if command.from_float:
        if payment.field_office_id is None:
            raise InvalidInputError(field="fromFloat", reason="what is paid in Belgium is paid out of no office's money")
        payment.from_float = True
        written.append("from_float")
    await payment.save(using_db=transaction.orm, update_fields=written)
    return Reference("Payment", payment.id, payment.version + 1)
