"""Reference data: places, partners, tariffs, exchange rates, funds."""

from datetime import date
from typing import TYPE_CHECKING, TypeVar, cast
from uuid import UUID

import strawberry
from tortoise.models import Model

from reintegration.api import identifiers
from reintegration.api.codes import bad_user_input
from reintegration.api.connections import Connection, Key, Ordering, window
from reintegration.api.cost import Cost
from reintegration.api.graph import ApiInfo, shape_of, show
from reintegration.api.loaders import LARGEST_LIST
from reintegration.api.pages import After, Before, First, Last, Order, table_page
from reintegration.api.queries.filters import checked_country
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

if TYPE_CHECKING:
    from reintegration.programme import models as rows

T = TypeVar("T")


def _month_key(row: Model) -> Key:
    month = cast("rows.ExchangeRateMonth", row)
    return (month.month, month.id)


_MONTHS = Order(Ordering("exchangeRateMonths", (date, UUID)), ("t.month", "t.id"), _month_key, is_descending=True)


async def _listed(info: ApiInfo, kind: type[T], *order: str, **filters: object) -> list[T]:
    """All rows of a small table of reference data."""
    shape = shape_of(kind)
    require(info.context.actor, shape.permission)
    transaction = await info.context.read()
    found = await shape.model.filter(**filters).using_db(transaction.orm).order_by(*order).limit(LARGEST_LIST + 1)
    if len(found) > LARGEST_LIST:
        raise AssertionError(f"{shape.kind} has outgrown a list without pages")
    return [show(kind, row) for row in found]


@strawberry.type
class ProgrammeQueries:
    """Roots about reference data."""

    @strawberry.field(description="All field offices, or those of a partner or in a country.", directives=[Cost(size=20)])
    async def offices(
        self, info: ApiInfo, partner: strawberry.ID | None = None, country: str | None = None
    ) -> list[FieldOffice] | None:
        """By code."""
        filters: dict[str, object] = {}
        if partner is not None:
            filters["partner_id"] = identifiers.decode(partner, "Partner")
        if country is not None:
            filters["country_id"] = checked_country(country, "country")
        return await _listed(info, FieldOffice, "code", **filters)

    @strawberry.field(description="The partners.", directives=[Cost(size=2)])
    async def partners(self, info: ApiInfo) -> list[Partner] | None:
        """By code."""
        return await _listed(info, Partner, "code")

    @strawberry.field(description="Fedasil's return desks.", directives=[Cost(size=10)])
    async def return_desks(self, info: ApiInfo) -> list[ReturnDesk] | None:
        """By code."""
        return await _listed(info, ReturnDesk, "code")

    @strawberry.field(description="All countries.", directives=[Cost(size=250)])
    async def countries(self, info: ApiInfo) -> list[Country] | None:
        """By name."""
        return await _listed(info, Country, "name")

    @strawberry.field(description="The funds.", directives=[Cost(size=3)])
    async def funds(self, info: ApiInfo) -> list[Fund] | None:
        """By code."""
        return await _listed(info, Fund, "code")

    @strawberry.field(
        description="The versions of the tariff, newest first, or the one with this code.", directives=[Cost(size=3)]
    )
    async def tariffs(self, info: ApiInfo, version: str | None = None) -> list[TariffVersion] | None:
        """A version that isn't there gives an empty list."""
        filters: dict[str, object] = {} if version is None else {"code": version}
        return await _listed(info, TariffVersion, "-loaded_at", "-code", **filters)

    @strawberry.field(description="The confirmed rates of a month; none where nobody confirmed it.", directives=[Cost(size=150)])
    async def exchange_rates(self, info: ApiInfo, month: date) -> list[ExchangeRate] | None:
        """By currency."""
        if month.day != 1:
            raise bad_user_input('"month" is the first day of a month')
        filters: dict[str, object] = {"month__month": month, "month__confirmed_by__isnull": False}
        return await _listed(info, ExchangeRate, "currency_row_id", **filters)

    @strawberry.field(description="A page of the imported months, newest first, confirmed or not.")
    async def exchange_rate_months(
        self, info: ApiInfo, *, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[ExchangeRateMonth] | None:
        """Several imports of one month stand side by side."""
        require(info.context.actor, Permission.REFERENCE_READ)
        page = window(_MONTHS.ordering, first, after, last, before)
        return await table_page(info.context, ExchangeRateMonth, _MONTHS, page, [])
