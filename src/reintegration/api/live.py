"""The graph's subscriptions: each event is read in a snapshot of its own, under the subscriber's own policies."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import strawberry

from reintegration.api import identifiers, loaders
from reintegration.api.codes import Code, api_error
from reintegration.api.feed import PAYMENT_FEED, PaymentFeed
from reintegration.api.graph import ApiInfo
from reintegration.api.types.payments import Payment
from reintegration.identity.permissions import Permission, require


def _feed(info: ApiInfo) -> PaymentFeed:
    feed = info.context.request.app.get(PAYMENT_FEED)
    if feed is None:
        raise api_error(Code.UNAVAILABLE, "This server announces nothing")
    return feed


@strawberry.type(description="What is told as it happens.")
class Subscription:
    """Roots that go on."""

    @strawberry.subscription(
        description="Payments that the caller may see, each time their status changes; of one office, or one payment, when asked."
    )
    async def payment_status_changed(
        self, info: ApiInfo, office: strawberry.ID | None = None, payment: strawberry.ID | None = None
    ) -> AsyncGenerator[Payment, None]:
        """The payment as it is when the event is read; of several changes in between, the last."""
        context = info.context
        require(context.actor, Permission.PAYMENT_READ)
        office_id = None if office is None else identifiers.decode(office, "FieldOffice")
        payment_id = None if payment is None else identifiers.decode(payment, "Payment")
        feed = _feed(info)
        context.turns = feed.turns
        async with aclosing(feed.subscribe()) as changed:
            async for key in changed:
                if payment_id is not None and key != payment_id:
                    continue
                await context.reset_reads()
                found = await loaders.record_if_visible(context, Payment, key)
                if found is not None and (office_id is None or found.row.field_office_id == office_id):
                    yield found
                # A subscriber that waits must hold no snapshot.
                await context.reset_reads()
