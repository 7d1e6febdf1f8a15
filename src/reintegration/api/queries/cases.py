"""Cases: one, by id or reference, and lists with filters."""

from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, cast
from uuid import UUID

import strawberry
from tortoise.models import Model

from reintegration.api import identifiers, loaders
from reintegration.api.connections import Connection, Key, Ordering, window
from reintegration.api.cost import Cost
from reintegration.api.graph import ApiInfo
from reintegration.api.pages import After, Before, First, Last, Order, by_id, table_page
from reintegration.api.queries.filters import CaseFilter, checked_reference
from reintegration.api.scalars import MoneyInput
from reintegration.api.types.cases import Case
from reintegration.api.types.explanations import Explanation, explanation
from reintegration.entitlements.service import preview_assessment
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.errors import NotFoundError

if TYPE_CHECKING:
    from reintegration.cases import models as rows

_NEVER = date(9999, 1, 1)
"""Stands for no departure yet. Not the last day that Python knows: asyncpg sends that as infinity."""


def _departure_key(row: Model) -> Key:
    case = cast("rows.Case", row)
    return (case.departed_on or _NEVER, case.id)


def _reference_key(row: Model) -> Key:
    return (cast("rows.Case", row).reference,)


@strawberry.enum(description="How a list of cases is ordered.")
class CaseOrder(Enum):
    """What `cases` offers."""

    NEWEST = strawberry.enum_value("newest", description="Last registered first.")
    REFERENCE = strawberry.enum_value("reference", description="By reference.")
    DEPARTURE = strawberry.enum_value("departure", description="Last departed first; those still to depart before them.")


_ORDERS = {
    CaseOrder.NEWEST: by_id("cases.newest", is_descending=True),
    CaseOrder.REFERENCE: Order(Ordering("cases.reference", (str,)), ("t.reference",), _reference_key),
    CaseOrder.DEPARTURE: Order(
        Ordering("cases.departure", (date, UUID)),
        ("coalesce(t.departed_on, date '9999-01-01')", "t.id"),
        _departure_key,
        is_descending=True,
    ),
}


@strawberry.type
class CaseQueries:
    """Roots about cases."""

    @strawberry.field(description="One case.")
    async def case(self, info: ApiInfo, id: strawberry.ID) -> Case | None:  # noqa: A002 - the argument's name in the graph
        """By id."""
        require(info.context.actor, Permission.CASE_READ)
        return await loaders.record(info.context, Case, identifiers.decode(id, "Case"))

    @strawberry.field(description="One case by its reference.")
    async def case_by_reference(self, info: ApiInfo, reference: str) -> Case | None:
        """By reference."""
        require(info.context.actor, Permission.CASE_READ)
        key = checked_reference(reference, "reference")
        found = await info.context.loader(loaders.ByColumn("Case", "reference", ("id",))).load(key)
        if not found:
            raise NotFoundError(kind="Case")
        return cast("Case", found[0])

    @strawberry.field(description="A page of the cases that the caller may see.")
    async def cases(
        self,
        info: ApiInfo,
        *,
        filter: CaseFilter | None = None,  # noqa: A002 - the argument's name in the graph
        order: CaseOrder = CaseOrder.NEWEST,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Case] | None:
        """Filter and order are in the statement."""
        require(info.context.actor, Permission.CASE_READ)
        chosen = _ORDERS[order]
        page = window(chosen.ordering, first, after, last, before)
        return await table_page(info.context, Case, chosen, page, filter.conditions() if filter else [])

    @strawberry.field(
        description="What the rules would give today; nothing is stored. Before the departure, the planned day stands in.",
        directives=[Cost(weight=20)],
    )
    async def entitlement_preview(
        self,
        info: ApiInfo,
        case: strawberry.ID,
        planned_departure_on: date | None = None,
        travel_document_cost: MoneyInput | None = None,
        tariff_version: str | None = None,
    ) -> Explanation | None:
        """The dry run of an assessment, in the operation's snapshot."""
        cost = None if travel_document_cost is None else travel_document_cost.read("travel_document_cost")
        found = await preview_assessment(
            await info.context.read(),
            identifiers.decode(case, "Case"),
            planned_departure_on=planned_departure_on,
            travel_document_cost=cost,
            tariff_version=tariff_version,
        )
        return explanation(None, found.step_documents(), found.result_document())
