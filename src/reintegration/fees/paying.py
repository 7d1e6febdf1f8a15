"""What Fedasil's finance does with an approved fee: pays it, or records that the money came back."""

from datetime import date

from reintegration.cases.errors import FutureDateError
from reintegration.database.transaction import Transaction
from reintegration.fees.commands import PayServiceFee, ReverseServiceFee
from reintegration.fees.posting import mirror, pay
from reintegration.fees.steps import locked_fee
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.clock import BRUSSELS, now, today
from reintegration.kernel.errors import InvalidInputError, SamePersonError
from reintegration.kernel.reference import Reference


async def pay_service_fee(transaction: Transaction, command: PayServiceFee) -> Reference:
    """Record that an approved fee was paid to the partner, on a day since its approval. Locks the fee.

    Raises:
        SamePersonError, FutureDateError, TransitionError, InvalidInputError, VersionConflictError, NotFoundError, ForbiddenError.
    """
    actor = transaction.actor
    require(actor, Permission.SERVICE_FEE_PAY)
    fee = await locked_fee(transaction, command.id, command.expected_version, frozenset({"approved"}), "paid")
    if actor.id in {fee.claimed_by, fee.approved_by}:
        raise SamePersonError(step="payment of a service fee")
    if fee.approved_at is None:
        raise AssertionError("an approved fee has its time")
    _check_day(command.paid_on, fee.approved_at.astimezone(BRUSSELS).date(), field="paidOn")
    fee.status, fee.paid_by, fee.paid_at = "paid", actor.id, now()
    fee.paid_on, fee.payment_reference = command.paid_on, command.reference
    await fee.save(using_db=transaction.orm, update_fields=["status", "paid_by", "paid_at", "paid_on", "payment_reference"])
    await pay(transaction, fee, on=command.paid_on)
    return Reference("ServiceFee", fee.id, fee.version + 1)


async def reverse_service_fee(transaction: Transaction, command: ReverseServiceFee) -> Reference:
    """Record that a paid fee came back, by entries that mirror it; who paid it doesn't. It may be claimed anew. Locks the fee.

    Raises:
        SamePersonError, FutureDateError, TransitionError, InvalidInputError, VersionConflictError, NotFoundError, ForbiddenError.
    """
    actor = transaction.actor
    require(actor, Permission.SERVICE_FEE_PAY)
    fee = await locked_fee(transaction, command.id, command.expected_version, frozenset({"paid"}), "reversed")
    if actor.id in {fee.claimed_by, fee.paid_by}:
        raise SamePersonError(step="reversal of a service fee")
    if fee.paid_on is None:
        raise AssertionError("a paid fee has its day")
    _check_day(command.returned_on, fee.paid_on, field="returnedOn")
    fee.status, fee.ended_reason, fee.returned_on = "reversed", command.reason, command.returned_on
    fee.ended_by, fee.ended_at = actor.id, now()
    await fee.save(using_db=transaction.orm, update_fields=["status", "ended_by", "ended_at", "ended_reason", "returned_on"])
    await mirror(transaction, fee, on=command.returned_on)
    return Reference("ServiceFee", fee.id, fee.version + 1)


def _check_day(day: date, first: date, *, field: str) -> None:
    if day > today():
        raise FutureDateError(field=field)
    if day < first:
        raise InvalidInputError(field=field, reason="not before the day of the step before it")
