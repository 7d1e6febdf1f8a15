"""What Fedasil's programme says of a claimed fee, and its finance of an approved one."""

from reintegration.database.transaction import Transaction
from reintegration.fees.commands import ApproveServiceFee, RefuseServiceFee
from reintegration.fees.posting import mirror, owe
from reintegration.fees.steps import locked_fee
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.actor import Role
from reintegration.kernel.clock import now
from reintegration.kernel.errors import ForbiddenError, SamePersonError
from reintegration.kernel.reference import Reference


async def approve_service_fee(transaction: Transaction, command: ApproveServiceFee) -> Reference:
    """Let a claimed fee be paid: from now on its fund owes it. Locks the fee.

    Raises:
        SamePersonError, TransitionError, VersionConflictError, NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.SERVICE_FEE_APPROVE)
    fee = await locked_fee(transaction, command.id, command.expected_version, frozenset({"claimed"}), "approved")
    if fee.claimed_by == transaction.actor.id:
        raise SamePersonError(step="approval of a service fee")
    fee.status, fee.approved_by, fee.approved_at = "approved", transaction.actor.id, now()
    await fee.save(using_db=transaction.orm, update_fields=["status", "approved_by", "approved_at"])
    await owe(transaction, fee, fee.approved_at)
    return Reference("ServiceFee", fee.id, fee.version + 1)


async def refuse_service_fee(transaction: Transaction, command: RefuseServiceFee) -> Reference:
    """Refuse a claimed fee (the programme) or one that is approved (finance, which pays it): then it is owed no more.

    It may be claimed anew. Locks the fee.

    Raises:
        SamePersonError, TransitionError, InvalidInputError, VersionConflictError, NotFoundError, ForbiddenError: the step is the
        other's.
    """
    actor = transaction.actor
    require(actor, Permission.SERVICE_FEE_REFUSE)
    fee = await locked_fee(transaction, command.id, command.expected_version, frozenset({"claimed", "approved"}), "refused")
    was_approved = fee.approved_by is not None
    if was_approved != (actor.role is Role.FEDASIL_FINANCE):
        raise ForbiddenError(permission="refusal of a service fee at this step")
    if actor.id in {fee.claimed_by, fee.approved_by}:
        raise SamePersonError(step="refusal of a service fee")
    fee.status, fee.ended_reason = "refused", command.reason
    fee.ended_by, fee.ended_at = actor.id, now()
    await fee.save(using_db=transaction.orm, update_fields=["status", "ended_by", "ended_at", "ended_reason"])
    if was_approved:
        await mirror(transaction, fee, on=fee.ended_at)
    return Reference("ServiceFee", fee.id, fee.version + 1)
