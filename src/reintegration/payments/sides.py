"""Whose a payment is: a field office's and its partner's coordinator's, or Fedasil's where it was made in Belgium."""

from uuid import UUID

from reintegration.database.rows import locked
from reintegration.database.transaction import Transaction
from reintegration.kernel.actor import FIELD_ROLES, Role
from reintegration.kernel.errors import ForbiddenError, NotFoundError
from reintegration.payments.models import Payment
from reintegration.programme.service import office


async def lock_payment(transaction: Transaction, payment_id: UUID, *, kind: str) -> Payment:
    """A payment for who claims money back from it: locked, so that claims, refunds and its reversal come one after the other.

    Raises:
        NotFoundError: absent, or not the actor's to see; of the record of `kind` that hangs on it.
    """
    return await locked(transaction, Payment, payment_id, kind=kind)


async def check_abroad(transaction: Transaction, payment: Payment, kind: str = "Payment") -> None:
    """Let people abroad pass with payments of their own side; Fedasil's roles pass with all.

    Another office's payment of a case that one sees is not one's own: it stays with the office that made it.

    Raises:
        NotFoundError: of another office or partner, or of Belgium; of the record of `kind` that hangs on it.
    """
    actor = transaction.actor
    if actor.role in FIELD_ROLES:
        if payment.field_office_id not in actor.offices:
            raise NotFoundError(kind=kind)
    elif actor.role is Role.PARTNER_COORDINATOR and (
        payment.field_office_id is None or (await office(transaction, payment.field_office_id)).partner_id != actor.partner_id
    ):
        raise NotFoundError(kind=kind)


async def check_side(transaction: Transaction, payment: Payment, kind: str = "Payment") -> None:
    """Let everybody pass with payments of their own side alone.

    Raises:
        NotFoundError: as `check_abroad`.
        ForbiddenError: Fedasil's roles carry no field office's payment on.
    """
    await check_abroad(transaction, payment, kind)
    role = transaction.actor.role
    if role not in FIELD_ROLES and role is not Role.PARTNER_COORDINATOR and payment.field_office_id is not None:
        raise ForbiddenError(permission="payments of a field office")
