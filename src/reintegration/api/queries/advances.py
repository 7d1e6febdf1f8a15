"""Advances: one, lists by holder, and how long money has been held."""

import strawberry

from reintegration.api import identifiers
from reintegration.api.connections import Connection, window
from reintegration.api.cost import Cost
from reintegration.api.graph import ApiInfo
from reintegration.api.loaders import SQL
from reintegration.api.pages import After, Before, First, Last, by_id
from reintegration.api.queries.filters import AdvanceFilter
from reintegration.api.reading import Page, Record, root
from reintegration.api.types.advances import Advance, AdvanceAge, advance_age
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.actor import Actor

_NEWEST = by_id("advances.newest", is_descending=True)


@strawberry.type
class AdvanceQueries:
    """Roots about advances."""

    @root(Advance | None, description="One advance.")
    def advance(actor: Actor, id: strawberry.ID) -> Record:  # noqa: A002, N805 - the argument's name in the graph; see reading.py
        """By id."""
        require(actor, Permission.ADVANCE_READ)
        return Record("Advance", identifiers.decode(id, "Advance"))

    @root(Connection[Advance] | None, description="A page of the advances that the caller may see, last sent first.")
    def advances(
        actor: Actor,  # noqa: N805 - see reading.py
        *,
        filter: AdvanceFilter | None = None,  # noqa: A002 - the argument's name in the graph
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Page:
        """The filter is in the statement."""
        require(actor, Permission.ADVANCE_READ)
        page = window(_NEWEST.ordering, first, after, last, before)
        return Page("Advance", _NEWEST, page, tuple(filter.conditions()) if filter else ())

    @strawberry.field(
        description="How long partners and offices have held what is left of advances: by holder and age.",
        directives=[Cost(weight=20)],
    )
    async def advance_ageing(self, info: ApiInfo) -> list[AdvanceAge] | None:
        """Within what the caller may see."""
        require(info.context.actor, Permission.ADVANCE_READ)
        return [advance_age(row) for row in await (await info.context.read()).fetch(SQL["advance_ageing"])]
