"""What is given up of what is owed: asked for by one person, decided by Fedasil's finance. It stays spent."""

from reintegration.cases.errors import AlreadyDecidedError
from reintegration.database.rows import locked, visible
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.clock import now
from reintegration.kernel.errors import SamePersonError
from reintegration.kernel.reference import Reference
from reintegration.recovery.commands import DecideWriteOff, RequestWriteOff
from reintegration.recovery.errors import MoreThanOwedError
from reintegration.recovery.models import ReceivableWriteOff
from reintegration.recovery.sides import check_owed, check_side, lock_receivable

_SQL = load_queries(__file__)


async def request_write_off(transaction: Transaction, command: RequestWriteOff) -> Reference:
    """Ask to give up a part of what is owed, or all of it. Locks the payment, then the receivable.

    Raises:
        WriteOffOpenError, MoreThanOwedError, NotOwedError, InvalidInputError, NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.RECEIVABLE_RECORD)
    receivable, _ = await lock_receivable(transaction, command.receivable_id)
    await check_side(transaction, receivable.field_office_id, kind="Receivable")
    check_owed(receivable, command.amount)
    outstanding = await transaction.fetch_value(_SQL["outstanding"], receivable.id)
    if command.amount.amount_minor > int(str(outstanding)):
        raise MoreThanOwedError
    number = await transaction.fetch_value(_SQL["write_offs"], receivable.id)
    write_off = await ReceivableWriteOff.create(
        using_db=transaction.orm,
        id=command.id,
        receivable_id=receivable.id,
        number=int(str(number)) + 1,
        amount_minor=command.amount.amount_minor,
        currency_row_id=command.amount.currency,
        reason=command.reason,
        requested_by=transaction.actor.id,
    )
    return Reference("ReceivableWriteOff", write_off.id, write_off.version)


async def decide_write_off(transaction: Transaction, command: DecideWriteOff) -> Reference:
    """Approve or refuse what somebody else asked to give up; approved, it is owed no more and stays spent.

    Locks the payment, then the receivable, then the write-off.

    Raises:
        MoreThanOwedError: money came in the meantime; refuse it, and ask for the rest.
        AlreadyDecidedError, SamePersonError, VersionConflictError, NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.RECEIVABLE_WRITE_OFF)
    seen = await visible(transaction, ReceivableWriteOff, command.id, kind="ReceivableWriteOff")
    await lock_receivable(transaction, seen.receivable_id, kind="ReceivableWriteOff")
    write_off = await locked(
        transaction, ReceivableWriteOff, seen.id, kind="ReceivableWriteOff", expected_version=command.expected_version
    )
    if write_off.decision is not None:
        raise AlreadyDecidedError(kind="write-off")
    if write_off.requested_by == transaction.actor.id:
        raise SamePersonError(step="decision on the write-off")
    write_off.decision = "approved" if command.approved else "refused"
    write_off.decision_note = command.note
    write_off.decided_by, write_off.decided_at = transaction.actor.id, now()
    await write_off.save(using_db=transaction.orm, update_fields=["decision", "decision_note", "decided_by", "decided_at"])
    return Reference("ReceivableWriteOff", write_off.id, write_off.version + 1)
