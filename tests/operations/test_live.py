"""Payment status as it happens: who is told, what a slow or an interrupted subscriber hears."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress

import asyncpg
import pytest
from aiohttp import ClientResponse
from graphql import GraphQLError

from reintegration.api import feed as feed_module
from reintegration.api.feed import LARGEST_BACKLOG, PaymentFeed
from reintegration.api.identifiers import encode
from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.actor import Actor
from reintegration.kernel.ids import new_id
from tests.builders import ADMINISTRATOR, CAMEROON, COORDINATOR, FINANCE, OFFICER, OTHER_OFFICER
from tests.operations.conftest import Api
from tests.operations.world import World

CHANGED = "subscription ($office: ID, $payment: ID) { paymentStatusChanged(office: $office, payment: $payment) { id status } }"


@asynccontextmanager
async def subscribed(api: Api, actor: Actor, **variables: str) -> AsyncIterator[ClientResponse]:
    headers = {**api.headers(actor), "Accept": "text/event-stream"}
    async with api.client.post("/graphql", json={"query": CHANGED, "variables": variables}, headers=headers) as response:
        assert response.content_type == "text/event-stream"
        await asyncio.sleep(0.2)
        yield response


async def next_event(response: ClientResponse) -> object:
    """The next event's payload, comments left out."""
    while True:
        line = (await asyncio.wait_for(response.content.readline(), 10)).decode()
        assert line, "the stream ended"
        if line.startswith("data:") and line.removeprefix("data:").strip():
            return json.loads(line.removeprefix("data:"))


async def announce(addresses: DatabaseAddresses, *payments: object) -> None:
    connection = await asyncpg.connect(addresses.owner_url)
    try:
        for payment in payments:
            await connection.execute("select pg_notify('payment_status', $1)", str(payment))
    finally:
        await connection.close()


async def test_an_office_hears_of_its_payments_and_of_no_others(api: Api, world: World, caseload_urls: DatabaseAddresses) -> None:
    async with subscribed(api, OFFICER, payment=world.paid) as mine, subscribed(api, OTHER_OFFICER) as others:
        await announce(caseload_urls, world.submitted_id, new_id(), world.paid_id)
        event = await next_event(mine)
        assert isinstance(event, dict)
        assert event["data"] == {"paymentStatusChanged": {"id": world.paid, "status": "PAID"}}
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await next_event(others)


async def test_a_subscription_may_be_to_one_office_and_needs_permission(
    api: Api, world: World, caseload_urls: DatabaseAddresses
) -> None:
    async with (
        subscribed(api, FINANCE, office=world.office) as mongolia,
        subscribed(api, COORDINATOR, office=encode("FieldOffice", CAMEROON)) as cameroon,
    ):
        await announce(caseload_urls, world.submitted_id)
        event = await next_event(mongolia)
        assert isinstance(event, dict)
        assert event["data"] == {"paymentStatusChanged": {"id": world.submitted, "status": "SUBMITTED"}}
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await next_event(cameroon)
    async with subscribed(api, ADMINISTRATOR) as refused:
        event = await next_event(refused)
        assert isinstance(event, dict)
        assert [error["extensions"]["code"] for error in event["errors"]] == ["FORBIDDEN"]


async def test_a_slow_subscriber_is_dropped_and_told(caseload_urls: DatabaseAddresses) -> None:
    async with PaymentFeed(caseload_urls.application_url) as feed, aclosing(feed.subscribe()) as events:
        first = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0.3)
        known = new_id()
        await announce(caseload_urls, known)
        assert await asyncio.wait_for(first, 10) == known
        await announce(caseload_urls, *(new_id() for _ in range(LARGEST_BACKLOG + 1)))
        await asyncio.sleep(0.3)
        with pytest.raises(GraphQLError, match="faster than you read") as caught:
            await anext(events)
        assert caught.value.extensions == {"code": "LIMIT_EXCEEDED"}


async def test_so_many_subscribers_and_no_more(caseload_urls: DatabaseAddresses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "LARGEST_AUDIENCE", 1)
    async with PaymentFeed(caseload_urls.application_url) as feed:
        async with aclosing(feed.subscribe()) as events:
            first = asyncio.ensure_future(anext(events))
            await asyncio.sleep(0.3)
            with pytest.raises(GraphQLError, match="Too many subscriptions") as caught:
                await anext(feed.subscribe())
            assert caught.value.extensions == {"code": "LIMIT_EXCEEDED"}
            first.cancel()
            with suppress(asyncio.CancelledError):
                await first
        async with aclosing(feed.subscribe()) as events:
            again = asyncio.ensure_future(anext(events))
            known = new_id()
            await asyncio.sleep(0.1)
            await announce(caseload_urls, known)
            assert await asyncio.wait_for(again, 10) == known


async def test_a_payment_that_changes_often_is_told_once(caseload_urls: DatabaseAddresses) -> None:
    async with PaymentFeed(caseload_urls.application_url) as feed, aclosing(feed.subscribe()) as events:
        first = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0.3)
        one, two = new_id(), new_id()
        await announce(caseload_urls, one, two, *[one] * LARGEST_BACKLOG, two)
        assert await asyncio.wait_for(first, 10) == one
        await asyncio.sleep(0.3)
        assert {await anext(events), await anext(events)} == {one, two}


async def test_an_interrupted_subscriber_is_told_and_may_come_back(caseload_urls: DatabaseAddresses) -> None:
    async with PaymentFeed(caseload_urls.application_url) as feed:
        async with aclosing(feed.subscribe()) as events:
            waiting = asyncio.ensure_future(anext(events))
            await asyncio.sleep(0.3)
            connection = await asyncpg.connect(caseload_urls.owner_url)
            ended = await connection.fetch(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = 'reintegration feed' and datname = current_database()"
            )
            await connection.close()
            assert ended
            with pytest.raises(GraphQLError, match="interrupted") as caught:
                await asyncio.wait_for(waiting, 10)
            assert caught.value.extensions == {"code": "UNAVAILABLE"}
        async with aclosing(feed.subscribe()) as events:
            waiting = asyncio.ensure_future(anext(events))
            await asyncio.sleep(0.5)
            again = new_id()
            await announce(caseload_urls, again)
            assert await asyncio.wait_for(waiting, 10) == again
