"""Which partner and country a field office belongs to."""

from dataclasses import dataclass
from uuid import UUID

from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.kernel.errors import NotFoundError

_SQL = load_queries(__file__)


@dataclass(frozen=True, slots=True)
class Office:
    """A field office."""

    id: UUID
    partner_id: UUID
    country: str


async def office(transaction: Transaction, office_id: UUID) -> Office:
    """The office.

    Raises:
        NotFoundError: there is none.
    """
    row = await transaction.fetch_one(_SQL["office"], office_id)
    if row is None:
        raise NotFoundError(kind="FieldOffice")
    return Office(office_id, row["partner_id"], row["country_code"])
