"""Use cases of advances. The database writes the cash book from their records (migrations/0027): nobody posts by hand."""

from datetime import date
from uuid import UUID

from reintegration.cases.errors import FutureDateError
from reintegration.database.rows import locked, visible
from reintegration.database.transaction import Transaction
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.actor import FIELD_ROLES, Actor, Role
from reintegration.kernel.clock import now, today
from reintegration.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError, SamePersonError, TransitionError
from reintegration.kernel.money import Money
from reintegration.kernel.reference import Reference
from reintegration.programme.models import FieldOffice
from reintegration.treasury.commands import RecallAdvance, ReceiveAdvance, SendAdvance, SendBack, SettleAdvance, TakeBack
from reintegration.treasury.errors import AdvanceClosedError
from reintegration.treasury.models import Advance, AdvanceReturn

__all__ = ["recall_advance", "receive_advance", "send_advance", "send_back", "settle_advance", "take_back"]


async def send_advance(transaction: Transaction, command: SendAdvance) -> Reference:
    """Send money: Fedasil's finance to a partner, a partner's coordinator to an office. Locks its source.

    Of a source it has cost its share of what the source has cost, HALF_UP.

    Raises:
        NotEnoughHeldError, AdvanceClosedError, FutureDateError, InvalidInputError, NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.ADVANCE_GIVE)
    _not_in_future(command.sent_on, "sentOn")
    if (command.partner_id is None) == (command.field_office_id is None):
        raise InvalidInputError(field="officeId", reason="an advance goes to a partner or to an office, and to one of them")
    if command.source_id is not None:
        if command.field_office_id is None:
            raise InvalidInputError(field="sourceId", reason="what a partner gets comes from Fedasil")
        source = await locked(transaction, Advance, command.source_id, kind="Advance")
        if source.received_at is None or source.settled_at is not None or source.field_office_id is not None:
            raise AdvanceClosedError
    _gives(transaction.actor, command.field_office_id)
    advance = await Advance.create(
        using_db=transaction.orm,
        id=command.id,
        partner_id=command.partner_id or await _partner_of(transaction, command.field_office_id),
        field_office_id=command.field_office_id,
        source_id=command.source_id,
        sent_minor=command.amount.amount_minor,
        sent_currency_row_id=command.amount.currency,
        sent_on=command.sent_on,
        reference=command.reference,
        currency_row_id=command.currency,
        sent_by=transaction.actor.id,
    )
    return Reference("Advance", advance.id, advance.version)


async def receive_advance(transaction: Transaction, command: ReceiveAdvance) -> Reference:
    """Record what has arrived; from now on the holder accounts for it. What was sent is what it has cost. Locks the advance.

    Raises:
        TransitionError, SamePersonError, FutureDateError, InvalidInputError, VersionConflictError,
        NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.ADVANCE_TAKE)
    _not_in_future(command.received_on, "receivedOn")
    advance = await _under_way(transaction, command.id, command.expected_version, "received")
    _holds(transaction.actor, advance)
    _another(transaction, advance.sent_by, "receipt of an advance")
    _in_currency(command.amount, advance.currency_row_id)
    advance.received_minor, advance.received_on = command.amount.amount_minor, command.received_on
    advance.received_by, advance.received_at = transaction.actor.id, now()
    await advance.save(using_db=transaction.orm, update_fields=["received_minor", "received_on", "received_by", "received_at"])
    return Reference("Advance", advance.id, advance.version + 1)


async def recall_advance(transaction: Transaction, command: RecallAdvance) -> Reference:
    """Record that an advance never arrived and its money is back where it came from. Locks the advance; its source by trigger.

    Raises:
        AdvanceMatchedError, TransitionError, SamePersonError, InvalidInputError, VersionConflictError, NotFoundError,
        ForbiddenError.
    """
    require(transaction.actor, Permission.ADVANCE_GIVE)
    advance = await _under_way(transaction, command.id, command.expected_version, "recalled")
    _gives(transaction.actor, advance.field_office_id)
    _another(transaction, advance.sent_by, "recall of an advance")
    advance.recall_reason, advance.recalled_by, advance.recalled_at = command.reason, transaction.actor.id, now()
    await advance.save(using_db=transaction.orm, update_fields=["recall_reason", "recalled_by", "recalled_at"])
    return Reference("Advance", advance.id, advance.version + 1)


async def settle_advance(transaction: Transaction, command: SettleAdvance) -> Reference:
    """Close an advance of which nothing is left, by another person than who received it. Locks the advance.

    Raises:
        AdvanceNotAtZeroError, TransitionError, SamePersonError, VersionConflictError, NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.ADVANCE_GIVE)
    advance = await locked(transaction, Advance, command.id, kind="Advance", expected_version=command.expected_version)
    _gives(transaction.actor, advance.field_office_id)
    if advance.received_by is None or advance.settled_at is not None:
        raise TransitionError(kind="Advance", current=_step(advance), wanted="settled")
    _another(transaction, advance.received_by, "settlement of an advance")
    advance.settled_by, advance.settled_at = transaction.actor.id, now()
    await advance.save(using_db=transaction.orm, update_fields=["settled_by", "settled_at"])
    return Reference("Advance", advance.id, advance.version + 1)


async def send_back(transaction: Transaction, command: SendBack) -> Reference:
    """Send a part of an advance back to whom it came from. Locks the advance.

    Raises:
        NotEnoughHeldError, AdvanceClosedError, FutureDateError, InvalidInputError, NotFoundError,
        ForbiddenError.
    """
    require(transaction.actor, Permission.ADVANCE_TAKE)
    _not_in_future(command.sent_on, "sentOn")
    advance = await locked(transaction, Advance, command.advance_id, kind="Advance")
    _holds(transaction.actor, advance)
    if advance.received_at is None or advance.settled_at is not None:
        raise AdvanceClosedError
    _in_currency(command.amount, advance.currency_row_id)
    numbers = await AdvanceReturn.filter(advance_id=advance.id).using_db(transaction.orm).count()
    back = await AdvanceReturn.create(
        using_db=transaction.orm,
        id=command.id,
        advance_id=advance.id,
        number=numbers + 1,
        sent_minor=command.amount.amount_minor,
        currency_row_id=advance.currency_row_id,
        back_currency_row_id=advance.sent_currency_row_id,
        sent_on=command.sent_on,
        reference=command.reference,
        sent_by=transaction.actor.id,
    )
    return Reference("AdvanceReturn", back.id, back.version)


async def take_back(transaction: Transaction, command: TakeBack) -> Reference:
    """Record what has arrived of a return. Locks the advance, then the return; the source by trigger.

    Euro that come back are worth what they are: what they had cost besides is a difference, gain or loss, of the holder.

    Raises:
        TransitionError, SamePersonError, FutureDateError, InvalidInputError, VersionConflictError,
        NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.ADVANCE_GIVE)
    _not_in_future(command.received_on, "receivedOn")
    seen = await visible(transaction, AdvanceReturn, command.id, kind="AdvanceReturn")
    advance = await locked(transaction, Advance, seen.advance_id, kind="AdvanceReturn")
    _gives(transaction.actor, advance.field_office_id)
    back = await locked(transaction, AdvanceReturn, seen.id, kind="AdvanceReturn", expected_version=command.expected_version)
    if back.received_at is not None:
        raise TransitionError(kind="AdvanceReturn", current="received", wanted="received")
    _another(transaction, back.sent_by, "receipt of a return")
    _in_currency(command.amount, advance.sent_currency_row_id)
    back.received_minor, back.received_on = command.amount.amount_minor, command.received_on
    back.received_by, back.received_at = transaction.actor.id, now()
    await back.save(using_db=transaction.orm, update_fields=["received_minor", "received_on", "received_by", "received_at"])
    return Reference("AdvanceReturn", back.id, back.version + 1)


async def _under_way(transaction: Transaction, advance_id: UUID, expected_version: int, wanted: str) -> Advance:
    advance = await locked(transaction, Advance, advance_id, kind="Advance", expected_version=expected_version)
    if advance.received_at is not None or advance.recalled_at is not None:
        raise TransitionError(kind="Advance", current=_step(advance), wanted=wanted)
    return advance


async def _partner_of(transaction: Transaction, field_office_id: UUID | None) -> UUID:
    office = await FieldOffice.filter(id=field_office_id).using_db(transaction.orm).get_or_none()
    if office is None or transaction.actor.partner_id not in {None, office.partner_id}:
        raise NotFoundError(kind="FieldOffice")
    return office.partner_id


def _step(advance: Advance) -> str:
    if advance.recalled_at is not None:
        return "recalled"
    if advance.settled_at is not None:
        return "settled"
    return "sent" if advance.received_at is None else "received"


def _gives(actor: Actor, field_office_id: UUID | None) -> None:
    """Fedasil's finance gives to partners, a coordinator to the offices of their partner."""
    if actor.role is not (Role.FEDASIL_FINANCE if field_office_id is None else Role.PARTNER_COORDINATOR):
        raise ForbiddenError(permission=Permission.ADVANCE_GIVE.value)


def _holds(actor: Actor, advance: Advance) -> None:
    """What an office holds, its people account for; what a partner holds, its coordinator."""
    if actor.role not in (frozenset({Role.PARTNER_COORDINATOR}) if advance.field_office_id is None else FIELD_ROLES):
        raise ForbiddenError(permission=Permission.ADVANCE_TAKE.value)


def _another(transaction: Transaction, first: str, step: str) -> None:
    if transaction.actor.id == first:
        raise SamePersonError(step=step)


def _not_in_future(day: date, field: str) -> None:
    if day > today():
        raise FutureDateError(field=field)


def _in_currency(amount: Money, currency: str) -> None:
    if amount.currency != currency:
        raise InvalidInputError(field="amount", reason=f"in {currency}")
