"""Whose a receivable is: the office's and its partner's who paid, or Fedasil's where a partner owes it or Belgium paid."""

from typing import TYPE_CHECKING
from uuid import UUID

from reintegration.database.rows import locked, visible
from reintegration.database.transaction import Transaction
from reintegration.kernel.actor import FIELD_ROLES, Role
from reintegration.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from reintegration.kernel.money import Money
from reintegration.payments.service import lock_payment
from reintegration.programme.service import office
from reintegration.recovery.errors import NotOwedError
from reintegration.recovery.models import Receivable

if TYPE_CHECKING:
    from reintegration.payments.models import Payment


async def check_side(transaction: Transaction, field_office_id: UUID | None, *, kind: str) -> None:
    """Let everybody pass with receivables of their own side alone.

    Raises:
        NotFoundError: of another office or partner; of the record of `kind` that hangs on it.
        ForbiddenError: Fedasil collects for no office, and nobody else for Fedasil.
    """
    actor = transaction.actor
    if (field_office_id is None) != (actor.role is Role.FEDASIL_FINANCE):
        raise ForbiddenError(permission="receivables of another side")
    if field_office_id is None:
        return
    if actor.role in FIELD_ROLES:
        is_own = field_office_id in actor.offices
    else:
        is_own = (await office(transaction, field_office_id)).partner_id == actor.partner_id
    if not is_own:
        raise NotFoundError(kind=kind)


async def lock_receivable(
    transaction: Transaction, receivable_id: UUID, *, kind: str = "Receivable", expected_version: int | None = None
) -> tuple[Receivable, "Payment | None"]:
    """A receivable, locked after the payment that it is about, so that whoever claims from one line comes after another.

    Raises:
        NotFoundError, VersionConflictError.
    """
    seen = await visible(transaction, Receivable, receivable_id, kind=kind)
    payment = None if seen.payment_id is None else await lock_payment(transaction, seen.payment_id, kind=kind)
    found = await locked(transaction, Receivable, seen.id, kind=kind, expected_version=expected_version)
    return found, payment


def check_owed(receivable: Receivable, amount: Money, *, field: str = "amount") -> None:
    """Let an amount pass in the currency of what is owed.

    Raises:
        NotOwedError: nobody has confirmed it, or somebody refused it.
        InvalidInputError: in another currency.
    """
    if receivable.decision != "approved":
        raise NotOwedError
    if amount.currency != receivable.currency_row_id:
        raise InvalidInputError(field=field, reason=f"in {receivable.currency_row_id}")
