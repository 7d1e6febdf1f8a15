"""Holds: who controls payments stops one with a reason; a second person lets it go on."""

from uuid import UUID

from reintegration.database.rows import locked, visible
from reintegration.database.transaction import Transaction
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.actor import FIELD_ROLES, Role
from reintegration.kernel.clock import now
from reintegration.kernel.errors import NotFoundError, SamePersonError, TransitionError
from reintegration.kernel.reference import Reference
from reintegration.payments.commands import HoldPayment, LiftHold
from reintegration.payments.errors import HoldLiftedError
from reintegration.payments.models import Payment, PaymentHold
from reintegration.programme.service import office

_HOLDABLE = frozenset({"draft", "submitted", "approved"})


async def hold_payment(transaction: Transaction, command: HoldPayment) -> Reference:
    """Stop a payment: it is neither submitted, approved nor released until the hold is lifted. Locks the payment.

    Field approvers and coordinators hold payments of their own side, Fedasil any.

    Raises:
        AlreadyHeldError, TransitionError, NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.PAYMENT_HOLD)
    payment = await locked(transaction, Payment, command.payment_id, kind="Payment")
    await _check_side(transaction, payment)
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
    await _check_side(transaction, await visible(transaction, Payment, seen.payment_id, kind="PaymentHold"), kind="PaymentHold")
    hold = await locked(transaction, PaymentHold, seen.id, kind="PaymentHold", expected_version=command.expected_version)
    if hold.lifted_by is not None:
        raise HoldLiftedError
    if hold.placed_by == transaction.actor.id:
        raise SamePersonError(step="lifting of the hold")
    hold.lifted_by, hold.lifted_at, hold.lift_reason = transaction.actor.id, now(), command.reason
    await hold.save(using_db=transaction.orm, update_fields=["lifted_by", "lifted_at", "lift_reason"])
    return Reference("PaymentHold", hold.id, hold.version + 1)


async def _check_side(transaction: Transaction, payment: Payment, kind: str = "Payment") -> None:
    """Another office's payment of a case that one sees is not one's own: it stays with the office that made it."""
    actor = transaction.actor
    if actor.role in FIELD_ROLES:
        if payment.field_office_id not in actor.offices:
            raise NotFoundError(kind=kind)
    elif actor.role is Role.PARTNER_COORDINATOR and not await _is_of_partner(transaction, payment.field_office_id):
        raise NotFoundError(kind=kind)


async def _is_of_partner(transaction: Transaction, office_id: UUID | None) -> bool:
    return office_id is not None and (await office(transaction, office_id)).partner_id == transaction.actor.partner_id
