"""Service fees: one, lists by partner, fund and status, and the tariffs."""

import strawberry

from reintegration.api import identifiers
from reintegration.api.connections import Connection, window
from reintegration.api.pages import After, Before, Condition, First, Last, by_id
from reintegration.api.queries.filters import ServiceFeeFilter
from reintegration.api.reading import Listing, Page, Record, root
from reintegration.api.types.fees import ServiceFee, ServiceFeeTariff
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.actor import Actor

_NEWEST = by_id("serviceFees.newest", is_descending=True)


@strawberry.type
class ServiceFeeQueries:
    """Roots about service fees."""

    @root(ServiceFee | None, description="One service fee.")
    def service_fee(actor: Actor, id: strawberry.ID) -> Record:  # noqa: A002, N805 - the argument's name in the graph; see reading.py
        """By id."""
        require(actor, Permission.SERVICE_FEE_READ)
        return Record("ServiceFee", identifiers.decode(id, "ServiceFee"))

    @root(Connection[ServiceFee] | None, description="A page of the fees that the caller may see, last claimed first.")
    def service_fees(
        actor: Actor,  # noqa: N805 - see reading.py
        *,
        filter: ServiceFeeFilter | None = None,  # noqa: A002 - the argument's name in the graph
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Page:
        """The filter is in the statement."""
        require(actor, Permission.SERVICE_FEE_READ)
        page = window(_NEWEST.ordering, first, after, last, before)
        return Page("ServiceFee", _NEWEST, page, tuple(filter.conditions()) if filter else ())

    @root(
        list[ServiceFeeTariff] | None,
        description="The tariffs of fees that the caller may see, or those of a partner: by service, then by first day.",
        size=20,
    )
    def service_fee_tariffs(actor: Actor, partner: strawberry.ID | None = None) -> Listing:  # noqa: N805 - see reading.py
        """Partners see their own."""
        require(actor, Permission.SERVICE_FEE_READ)
        conditions = () if partner is None else (Condition("t.partner_id = {}", identifiers.decode(partner, "Partner")),)
        return Listing("ServiceFeeTariff", ("t.kind", "t.valid_from", "t.id"), conditions)
