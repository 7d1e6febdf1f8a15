"""Loading the row that a use case is about: locked, visible to the actor, and at the version that the caller knows."""

from datetime import datetime
from typing import TypeVar, cast
from uuid import UUID

from tortoise.models import Model

from reintegration.database.transaction import Transaction
from reintegration.kernel.errors import NotFoundError, VersionConflictError

M = TypeVar("M", bound=Model)


async def database_now(transaction: Transaction) -> datetime:
    """This moment by the database's clock, for what is put in order by moments: the clocks of servers differ, and step back."""
    return cast("datetime", await transaction.fetch_value("select clock_timestamp()"))


async def visible(transaction: Transaction, model: type[M], row_id: UUID, *, kind: str) -> M:
    """The row, unlocked.

    Raises:
        NotFoundError: absent, or hidden from the actor by row-level security; the two look alike.
    """
    row = await model.filter(**_key(model, row_id)).using_db(transaction.orm).get_or_none()
    if row is None:
        raise NotFoundError(kind=kind)
    return row


async def locked(transaction: Transaction, model: type[M], row_id: UUID, *, kind: str, expected_version: int | None = None) -> M:
    """The row, locked until the transaction ends (SELECT … FOR UPDATE).

    Raises:
        NotFoundError: absent, or hidden from the actor by row-level security; the two look alike.
        VersionConflictError: the row is not at `expected_version`.
    """
    row = await model.filter(**_key(model, row_id)).using_db(transaction.orm).select_for_update().get_or_none()
    if row is None:
        raise NotFoundError(kind=kind)
    current: int = getattr(row, "version", 0)
    if expected_version is not None and current != expected_version:
        raise VersionConflictError(kind=kind, id=row_id, expected_version=expected_version, current_version=current)
    return row


def _key(model: type[Model], row_id: UUID) -> dict[str, UUID]:
    """The filter for a row's key; Tortoise's own `pk` fails where the key is a relation."""
    return {model._meta.pk_attr: row_id}  # noqa: SLF001 - Tortoise's name for its metadata
