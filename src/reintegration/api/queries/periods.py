"""Months: those that are closed, and what stands in the way of the next."""

from datetime import date

import strawberry

from reintegration.api import identifiers
from reintegration.api.connections import Connection, window
from reintegration.api.cost import Cost
from reintegration.api.graph import ApiInfo
from reintegration.api.pages import After, Before, Condition, First, Last, by_id
from reintegration.api.reading import Page, Record, root
from reintegration.api.types.periods import OpenItem, PeriodClose
from reintegration.funding.periods import open_items
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.actor import Actor

_NEWEST = by_id("periodCloses", is_descending=True)


@strawberry.type
class PeriodQueries:
    """Roots about months."""

    @root(PeriodClose | None, description="One month that is closed.")
    def period_close(actor: Actor, id: strawberry.ID) -> Record:  # noqa: A002, N805 - the argument's name in the graph; see reading.py
        """By id."""
        require(actor, Permission.PERIOD_READ)
        return Record("PeriodClose", identifiers.decode(id, "PeriodClose"))

    @root(Connection[PeriodClose] | None, description="A page of the months of a fund that are closed, last closed first.")
    def period_closes(
        actor: Actor,  # noqa: N805 - see reading.py
        *,
        fund: strawberry.ID,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Page:
        """Months follow each other, and so do their ids."""
        require(actor, Permission.PERIOD_READ)
        condition = Condition("t.fund_id = {}", identifiers.decode(fund, "Fund"))
        return Page("PeriodClose", _NEWEST, window(_NEWEST.ordering, first, after, last, before), (condition,))

    @strawberry.field(
        description="What stands in the way of closing a month of a fund, of what the caller may see: at most 100 payments of "
        "which nobody knows and 100 lines in suspense that nobody has explained for it.",
        directives=[Cost(weight=20)],
    )
    async def open_items(self, info: ApiInfo, fund: strawberry.ID, month: date) -> list[OpenItem] | None:
        """Within what the caller may see."""
        require(info.context.actor, Permission.PERIOD_EXPLAIN)
        found = await open_items(await info.context.read(), identifiers.decode(fund, "Fund"), month)
        return [
            OpenItem(
                payment_id=identifiers.encode("Payment", item["id"]) if item["kind"] == "payment" else None,
                statement_line_id=identifiers.encode("StatementLine", item["id"]) if item["kind"] == "line" else None,
            )
            for item in found
        ]
