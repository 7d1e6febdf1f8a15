"""One snapshot an operation: shared by its resolvers, closed at its end, never left open."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import asyncpg
import pytest
from aiohttp.test_utils import make_mocked_request
from strawberry.dataloader import DataLoader
from strawberry.types import ExecutionResult

from reintegration.api.context import ApiContext, OperationOverError
from reintegration.api.edge import EdgeSchema
from reintegration.api.limits import Limits
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork, open_pool
from reintegration.kernel.actor import Actor, Role
from reintegration.storage.address import ObjectStoreAddress
from reintegration.storage.client import ObjectStore
from tests.api_app import Edge, Mutation, Query, Subscription, serve

_POSITION = "select pg_current_snapshot()::text"


@pytest.fixture
async def pool(database_urls: DatabaseAddresses) -> AsyncIterator[asyncpg.Pool]:
    opened = await open_pool(database_urls.application_url, max_size=1)
    yield opened
    await opened.close()


@pytest.fixture
async def context(pool: asyncpg.Pool) -> AsyncIterator[ApiContext]:
    async with ObjectStore(ObjectStoreAddress("nothing", "http://127.0.0.1:1", "nobody", "nothing")) as store:
        actor = Actor(id="ann", role=Role.ADMINISTRATOR)
        context = ApiContext(make_mocked_request("POST", "/graphql"), UnitOfWork(pool, {}), store, actor)
        yield context
        await context.reset_reads()


async def test_resolvers_that_ask_at_once_share_one_snapshot(context: ApiContext) -> None:
    transactions = await asyncio.gather(*(context.read() for _ in range(5)))
    assert len({id(transaction) for transaction in transactions}) == 1
    positions = await asyncio.gather(*(transaction.fetch_value(_POSITION) for transaction in transactions))
    assert len(set(positions)) == 1


async def test_a_reset_closes_the_snapshot_and_forgets_its_loaders(context: ApiContext, pool: asyncpg.Pool) -> None:
    def make(_context: ApiContext) -> DataLoader[int, int]:
        async def load(keys: list[int]) -> list[int]:
            return keys

        return DataLoader(load)

    first, loader = await context.read(), context.loader(make)
    assert context.loader(make) is loader
    assert pool.get_idle_size() == 0
    await context.reset_reads()
    assert pool.get_idle_size() == 1
    assert context.loader(make) is not loader
    assert await context.read() is not first


async def test_nothing_opens_a_snapshot_after_the_end(context: ApiContext, pool: asyncpg.Pool) -> None:
    await context.read()
    await context.close()
    with pytest.raises(OperationOverError):
        await context.read()
    assert pool.get_idle_size() == 1


async def test_an_event_holds_no_connection_while_the_client_reads_it(context: ApiContext, pool: asyncpg.Pool) -> None:
    schema = EdgeSchema(Query, Mutation, Subscription, limits=Limits(), is_hardened=False)
    async with aclosing(await schema.stream("subscription { positions }", context_value=context)) as events:
        for _ in range(3):
            event = await anext(events)
            assert isinstance(event, ExecutionResult)
            assert (event.errors, list(event.data or {})) == (None, ["positions"])
            assert pool.get_idle_size() == 1


async def test_those_who_share_turns_read_one_after_another(database_urls: DatabaseAddresses, context: ApiContext) -> None:
    pool = await open_pool(database_urls.application_url, max_size=4)
    try:
        turns = asyncio.Semaphore(2)
        work = UnitOfWork(pool, {})
        readers = [ApiContext(context.request, work, context.object_store, context.known_actor, turns=turns) for _ in range(3)]
        await readers[0].read()
        await readers[1].read()
        third = asyncio.ensure_future(readers[2].read())
        done, _ = await asyncio.wait({third}, timeout=0.2)
        assert not done
        await readers[0].reset_reads()
        await asyncio.wait_for(third, 5)
        for reader in readers:
            await reader.close()
        assert (turns._value, pool.get_idle_size()) == (2, pool.get_size())  # noqa: SLF001 - every turn was given back
    finally:
        await pool.close()


async def test_every_operation_gives_its_connection_back(pool: asyncpg.Pool) -> None:
    async with serve(Edge(pool=pool, limits=Limits(timeout_s=0.3))) as client:
        seen: list[str] = []
        for query in ("{ position }", "{ a: position b: position }", "{ position broken }", "{ position slow }", "{ position }"):
            body = await (await client.post("/graphql", json={"query": query})).json()
            data = body.get("data") or {}
            positions = {value for name, value in data.items() if name in {"position", "a", "b"}}
            seen += positions
            assert len(positions) == (0 if "slow" in query else 1)
            assert pool.get_idle_size() == 1
        assert len(seen) == 4


async def test_an_operation_over_websocket_has_a_snapshot_of_its_own(pool: asyncpg.Pool) -> None:
    async with serve(Edge(pool=pool)) as client:
        socket = await client.ws_connect("/graphql", protocols=("graphql-transport-ws",))
        await socket.send_json({"type": "connection_init"})
        await socket.receive_json(timeout=5)
        for name in ("1", "2"):
            await socket.send_json({"id": name, "type": "subscribe", "payload": {"query": "{ position }"}})
            assert "errors" not in (await socket.receive_json(timeout=5))["payload"]
            assert (await socket.receive_json(timeout=5))["type"] == "complete"
            assert pool.get_idle_size() == 1
        await socket.close()
