"""Holds: who controls payments stops one with a reason; a second person lets it go on."""

from reintegration.database.rows import locked, visible
from reintegration.database.transaction import Transaction
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.clock import now
from reintegration.kernel.errors import SamePersonError, TransitionError
from reintegration.kernel.reference import Reference
from reintegration.payments.commands import HoldPayment, LiftHold
from reintegration.payments.errors import HoldLiftedError
from reintegration.payments.models import Payment, PaymentHold
from reintegration.payments.sides import check_abroad

_HOLDABLE = frozenset({"draft", "submitted", "approved"})


async def hold_payment(transaction: Transaction, command: HoldPayment) -> Reference:
    """Stop a payment: it is neither submitted, approved nor released until the hold is lifted. Locks the payment.

    Field approvers and coordinators hold payments of their own side, Fedasil any.

    Raises:
        AlreadyHeldError, TransitionError, NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.PAYMENT_HOLD)
    payment = await locked(transaction, Payment, command.payment_id, kind="Payment")
    await check_abroad(transaction, payment)
    if payment.status not in _HOLDABLE:
        raise TransitionError(kind="Payment", current=payment.status, wanted="held")
    hold = await PaymentHold.create(
        using_db=transaction.orm,
        id=command.id,
        payment_id=payment.id,
        case_id=payment.case_id,
        cause=command.cause,
        reason=command.reason,
        placed_by=transaction.actor.id,
    )
    return Reference("PaymentHold", hold.id, hold.version)


async def lift_hold(transaction: Transaction, command: LiftHold) -> Reference:
    """Let a payment go on that somebody else has stopped. Locks the hold.

    Raises:
        SamePersonError, HoldLiftedError, VersionConflictError, NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.PAYMENT_HOLD)
    seen = await visible(transaction, PaymentHold, command.hold_id, kind="PaymentHold")
    payment = await visible(transaction, Payment, seen.payment_id, kind="PaymentHold")
    await check_abroad(transaction, payment, kind="PaymentHold")
    hold = await locked(transaction, PaymentHold, seen.id, kind="PaymentHold", expected_version=command.expected_version)
    if hold.lifted_by is not None:
        raise HoldLiftedError
    if hold.placed_by == transaction.actor.id:
        raise SamePersonError(step="lifting of the hold")
    hold.lifted_by, hold.lifted_at, hold.lift_reason = transaction.actor.id, now(), command.reason
    await hold.save(using_db=transaction.orm, update_fields=["lifted_by", "lifted_at", "lift_reason"])
    return Reference("PaymentHold", hold.id, hold.version + 1)
