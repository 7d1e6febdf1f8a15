"""Cases: one, by id or reference, and lists with filters."""

from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, cast
from uuid import UUID

import strawberry
from tortoise.models import Model

from reintegration.api import identifiers
from reintegration.api.connections import Connection, Key, Ordering, window
from reintegration.api.cost import Cost
from reintegration.api.graph import ApiInfo
from reintegration.api.pages import After, Before, Condition, First, Last, Order, by_id
from reintegration.api.queries.filters import CaseFilter, checked_reference
from reintegration.api.reading import Page, Record, root
from reintegration.api.scalars import MoneyInput
from reintegration.api.types.cases import Case
from reintegration.api.types.entitlements import DeadlineNotice
from reintegration.api.types.explanations import Explanation, explanation
from reintegration.entitlements.service import preview_assessment
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.actor import FIELD_ROLES, Actor

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

_NOTICES = by_id("deadlineNotices.newest", is_descending=True)


def _scope(actor: Actor) -> tuple[Condition, ...]:
    """What the database's policy says of the cases of one office's people, said again where an index can start from it."""
    if actor.role in FIELD_ROLES and len(actor.offices) == 1:
        return (Condition("t.field_office_id = {}", next(iter(actor.offices))),)
    return ()


@strawberry.type
class CaseQueries:
    """Roots about cases."""

    @root(Case | None, description="One case.")
    def case(actor: Actor, id: strawberry.ID) -> Record:  # noqa: A002, N805 - the argument's name in the graph; see reading.py
        """By id."""
        require(actor, Permission.CASE_READ)
        return Record("Case", identifiers.decode(id, "Case"))

    @root(Case | None, description="One case by its reference.")
    def case_by_reference(actor: Actor, reference: str) -> Record:  # noqa: N805 - see reading.py
        """By reference."""
        require(actor, Permission.CASE_READ)
        return Record("Case", checked_reference(reference, "reference"), "reference")

    @root(Connection[Case] | None, description="A page of the cases that the caller may see.")
    def cases(
        actor: Actor,  # noqa: N805 - see reading.py
        *,
        filter: CaseFilter | None = None,  # noqa: A002 - the argument's name in the graph
        order: CaseOrder = CaseOrder.NEWEST,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Page:
        """Filter and order are in the statement."""
        require(actor, Permission.CASE_READ)
        chosen = _ORDERS[order]
        page = window(chosen.ordering, first, after, last, before)
        return Page("Case", chosen, page, (*_scope(actor), *(filter.conditions() if filter else ())))

    @root(Connection[DeadlineNotice] | None, description="A page of the notices of deadlines that are near, the newest first.")
    def deadline_notices(
        actor: Actor,  # noqa: N805 - see reading.py
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Page:
        """Those of the cases that the caller may see."""
        require(actor, Permission.ENTITLEMENT_READ)
        page = window(_NOTICES.ordering, first, after, last, before)
        return Page("DeadlineNotice", _NOTICES, page, ())

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
