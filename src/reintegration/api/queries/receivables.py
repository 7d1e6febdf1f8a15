"""Receivables: one, lists by debtor and state, and how long what is owed has been overdue."""

import strawberry

from reintegration.api import identifiers
from reintegration.api.connections import Connection, window
from reintegration.api.cost import Cost
from reintegration.api.graph import ApiInfo
from reintegration.api.loaders import SQL
from reintegration.api.pages import After, Before, First, Last, by_id
from reintegration.api.queries.filters import ReceivableFilter
from reintegration.api.reading import Page, Record, root
from reintegration.api.types.receivables import Receivable, ReceivableAge, receivable_age
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.actor import Actor

_NEWEST = by_id("receivables.newest", is_descending=True)


@strawberry.type
class ReceivableQueries:
    """Roots about receivables."""

    @root(Receivable | None, description="One receivable.")
    def receivable(actor: Actor, id: strawberry.ID) -> Record:  # noqa: A002, N805 - the argument's name in the graph; see reading.py
        """By id."""
        require(actor, Permission.RECEIVABLE_READ)
        return Record("Receivable", identifiers.decode(id, "Receivable"))

    @root(Connection[Receivable] | None, description="A page of the receivables that the caller may see, last recorded first.")
    def receivables(
        actor: Actor,  # noqa: N805 - see reading.py
        *,
        filter: ReceivableFilter | None = None,  # noqa: A002 - the argument's name in the graph
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Page:
        """The filter is in the statement."""
        require(actor, Permission.RECEIVABLE_READ)
        page = window(_NEWEST.ordering, first, after, last, before)
        return Page("Receivable", _NEWEST, page, tuple(filter.conditions()) if filter else ())

    @strawberry.field(
        description="What is owed, by kind of debtor, currency, and how many days ago the first part of it was due.",
        directives=[Cost(weight=20)],
    )
    async def receivable_ageing(self, info: ApiInfo) -> list[ReceivableAge] | None:
        """Within what the caller may see."""
        require(info.context.actor, Permission.RECEIVABLE_READ)
        return [receivable_age(row) for row in await (await info.context.read()).fetch(SQL["receivable_ageing"])]
