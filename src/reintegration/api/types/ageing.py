"""Ageing: how long it is that nobody knows whether payments have arrived."""

from datetime import datetime
from types import SimpleNamespace

import strawberry

from reintegration.api.graph import money, reads, show
from reintegration.api.loaders import to_one
from reintegration.api.scalars import Money
from reintegration.api.types.programme import FieldOffice
from reintegration.database.transaction import Row
from reintegration.identity.permissions import Permission


@reads(None, Permission.PAYMENT_READ)
@strawberry.type(description="Payments of one office that have been unconfirmed for so many days, by the calendar of Brussels.")
class UnconfirmedAge:
    """Counted from the day on which somebody said that nobody knows."""

    row: strawberry.Private[SimpleNamespace]
    days_from: int
    days_to: int | None = strawberry.field(description="Null for the longest.")
    payments: int
    amount: Money = money("euro_minor", "currency", "The sum of their lines in EUR.")
    oldest_at: datetime = strawberry.field(description="When the first of them became unconfirmed.")
    office: FieldOffice | None = to_one("FieldOffice", "field_office_id", "Null for what is paid in Belgium.")


def unconfirmed_age(row: Row) -> UnconfirmedAge:
    """A row of `unconfirmed_ageing`."""
    return show(UnconfirmedAge, SimpleNamespace(**{name: row[name] for name in row.keys()}))  # noqa: SIM118 - asyncpg's rows iterate over values
