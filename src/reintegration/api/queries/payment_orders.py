"""Orders to banks: one, and lists with filters."""

import strawberry

from reintegration.api import identifiers
from reintegration.api.connections import Connection, window
from reintegration.api.pages import After, Before, First, Last, by_id
from reintegration.api.queries.filters import PaymentOrderFilter
from reintegration.api.reading import Page, Record, root
from reintegration.api.types.payment_orders import PaymentOrder
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.actor import Actor

_NEWEST = by_id("paymentOrders.newest", is_descending=True)


@strawberry.type
class PaymentOrderQueries:
    """Roots about orders to banks."""

    @root(PaymentOrder | None, description="One order to a bank.")
    def payment_order(actor: Actor, id: strawberry.ID) -> Record:  # noqa: A002, N805 - the argument's name in the graph; see reading.py
        """By id."""
        require(actor, Permission.PAYMENT_ORDER_READ)
        return Record("PaymentOrder", identifiers.decode(id, "PaymentOrder"))

    @root(
        Connection[PaymentOrder] | None,
        description="A page of the orders to banks that the caller may see, last prepared first.",
    )
    def payment_orders(
        actor: Actor,  # noqa: N805 - see reading.py
        *,
        filter: PaymentOrderFilter | None = None,  # noqa: A002 - the argument's name in the graph
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Page:
        """The filter is in the statement."""
        require(actor, Permission.PAYMENT_ORDER_READ)
        page = window(_NEWEST.ordering, first, after, last, before)
        return Page("PaymentOrder", _NEWEST, page, tuple(filter.conditions()) if filter else ())
