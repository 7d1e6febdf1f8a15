"""Reference data: places, partners, tariffs, exchange rates, funds."""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, cast
from uuid import UUID

import strawberry
from tortoise.models import Model

from reintegration.api import identifiers
from reintegration.api.codes import bad_user_input
from reintegration.api.connections import Connection, Key, Ordering, window
from reintegration.api.graph import shape_of
from reintegration.api.loaders import SQL
from reintegration.api.pages import After, Before, Condition, First, Last, Order
from reintegration.api.queries.filters import checked_country
from reintegration.api.reading import Listing, Page, root
from reintegration.api.types.programme import (
    Country,
    ExchangeRate,
    ExchangeRateMonth,
    FieldOffice,
    Fund,
    Partner,
    ReturnDesk,
    TariffVersion,
)
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.actor import Actor

if TYPE_CHECKING:
    from reintegration.programme import models as rows


def _month_key(row: Model) -> Key:
    month = cast("rows.ExchangeRateMonth", row)
    return (month.month, month.id)


_MONTHS = Order(Ordering("exchangeRateMonths", (date, UUID)), ("t.month", "t.id"), _month_key, is_descending=True)


def _listed(actor: Actor, kind: type, *order: str, conditions: Iterable[Condition] = ()) -> Listing:
    """All rows of a small table of reference data."""
    shape = shape_of(kind)
    require(actor, shape.permission)
    return Listing(shape.kind, tuple(f"t.{name}" for name in order), tuple(conditions))


@strawberry.type
class ProgrammeQueries:
    """Roots about reference data."""

    @root(list[FieldOffice] | None, description="All field offices, or those of a partner or in a country.", size=20)
    def offices(actor: Actor, partner: strawberry.ID | None = None, country: str | None = None) -> Listing:  # noqa: N805 - see reading.py
        """By code."""
        conditions = []
        if partner is not None:
            conditions.append(Condition("t.partner_id = {}", identifiers.decode(partner, "Partner")))
        if country is not None:
            conditions.append(Condition("t.country_code = {}", checked_country(country, "country")))
        return _listed(actor, FieldOffice, "code", conditions=conditions)

    @root(list[Partner] | None, description="The partners.", size=2)
    def partners(actor: Actor) -> Listing:  # noqa: N805 - see reading.py
        """By code."""
        return _listed(actor, Partner, "code")

    @root(list[ReturnDesk] | None, description="Fedasil's return desks.", size=10)
    def return_desks(actor: Actor) -> Listing:  # noqa: N805 - see reading.py
        """By code."""
        return _listed(actor, ReturnDesk, "code")

    @root(list[Country] | None, description="All countries.", size=250)
    def countries(actor: Actor) -> Listing:  # noqa: N805 - see reading.py
        """By name."""
        return _listed(actor, Country, "name")

    @root(list[Fund] | None, description="The funds.", size=3)
    def funds(actor: Actor) -> Listing:  # noqa: N805 - see reading.py
        """By code."""
        return _listed(actor, Fund, "code")

    @root(
        list[TariffVersion] | None,
        description="The versions of the tariff, newest first, or the one with this code.",
        size=3,
    )
    def tariffs(actor: Actor, version: str | None = None) -> Listing:  # noqa: N805 - see reading.py
        """A version that isn't there gives an empty list."""
        conditions = [] if version is None else [Condition("t.code = {}", version)]
        return _listed(actor, TariffVersion, "loaded_at desc", "code desc", conditions=conditions)

    @root(list[ExchangeRate] | None, description="The confirmed rates of a month; none where nobody confirmed it.", size=150)
    def exchange_rates(actor: Actor, month: date) -> Listing:  # noqa: N805 - see reading.py
        """By currency."""
        if month.day != 1:
            raise bad_user_input('"month" is the first day of a month')
        return _listed(actor, ExchangeRate, "currency", conditions=[Condition(SQL["rate_is_confirmed_of"], month)])

    @root(Connection[ExchangeRateMonth] | None, description="A page of the imported months, newest first, confirmed or not.")
    def exchange_rate_months(
        actor: Actor,  # noqa: N805 - see reading.py
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Page:
        """Several imports of one month stand side by side."""
        require(actor, Permission.REFERENCE_READ)
        return Page("ExchangeRateMonth", _MONTHS, window(_MONTHS.ordering, first, after, last, before))
