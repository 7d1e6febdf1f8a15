"""The whole graph behind the real edge, on a migrated database with a small caseload; a client that speaks as anybody."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from reintegration.api.compile.reads import CompiledReads
from reintegration.api.documents import TrustedDocuments
from reintegration.api.feed import PAYMENT_FEED, PaymentFeed
from reintegration.api.schema import build_schema
from reintegration.api.view import ApiView
from reintegration.constraints import ALL_CONSTRAINTS
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.snapshot import SnapshotReader
from reintegration.database.unit_of_work import UnitOfWork, open_pool
from reintegration.identity.actors import SignIn
from reintegration.identity.errors import AuthenticationError, AuthenticationReason
from reintegration.kernel.actor import Actor
from reintegration.kernel.clock import now
from reintegration.models import register_models
from reintegration.storage.address import ObjectStoreAddress
from reintegration.storage.client import ObjectStore
from tests import builders
from tests.fee_steps import add_tariffs
from tests.operations.caseload import Caseload, build
from tests.operations.world import World, build_world

Answer = Mapping[str, object]


@dataclass(slots=True)
class Api:
    """A served graph. Links are signed without asking the store, so none has to run."""

    client: TestClient[web.Request, web.Application]
    pool: asyncpg.Pool
    actors: dict[str, Actor]

    def headers(self, actor: Actor) -> dict[str, str]:
        """What makes a request the actor's."""
        name = f"{actor.role.value}:{actor.id}"
        self.actors[name] = actor
        return {"Authorization": f"Bearer {name}"}

    async def ask(self, actor: Actor, query: str, **variables: object) -> Answer:
        """The whole answer, errors and all."""
        body = {"query": query, "variables": variables}
        async with self.client.post("/graphql", json=body, headers=self.headers(actor)) as response:
            answer: Answer = await response.json()
        return answer

    async def data(self, actor: Actor, query: str, **variables: object) -> dict[str, object]:
        """The data of an answer without errors."""
        answer = await self.ask(actor, query, **variables)
        assert answer.get("errors") is None, answer["errors"]
        data = answer["data"]
        assert isinstance(data, dict)
        return data

    async def codes(self, actor: Actor, query: str, **variables: object) -> list[object]:
        """The codes of the errors of an answer."""
        errors = (await self.ask(actor, query, **variables)).get("errors", [])
        assert isinstance(errors, list)
        return [error["extensions"]["code"] for error in errors]


@asynccontextmanager
async def serve(addresses: DatabaseAddresses, *, is_compiled: bool = False, connections: int = 1) -> AsyncIterator[Api]:
    """The graph on one connection, so that statements can be counted; compiled reads have connections of their own."""
    await register_models()
    pool = await open_pool(addresses.application_url, max_size=connections)
    actors: dict[str, Actor] = {}

    async def authenticate(request: web.Request) -> SignIn:
        name = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if name not in actors:
            raise AuthenticationError(reason=AuthenticationReason.TOKEN_MISSING)
        return SignIn(actors[name], now() + timedelta(hours=1))

    async with (
        ObjectStore(ObjectStoreAddress("evidence", "http://127.0.0.1:1", "nobody", "nothing")) as store,
        PaymentFeed(addresses.application_url) as feed,
        SnapshotReader(addresses.application_url, max_connections=2) as reader,
    ):
        app = web.Application()
        app[PAYMENT_FEED] = feed
        schema = build_schema()
        view = ApiView(
            schema,
            authenticate=authenticate,
            unit_of_work=UnitOfWork(pool, ALL_CONSTRAINTS),
            object_store=store,
            documents=TrustedDocuments.load(Path("nowhere")),
            is_production=False,
            reads=CompiledReads(schema, reader) if is_compiled else None,
        )
        app.router.add_route("*", "/graphql", view)
        try:
            async with TestClient(TestServer(app)) as client:
                yield Api(client, pool, actors)
        finally:
            await pool.close()


@asynccontextmanager
async def cloned(server: DatabaseAddresses, template: str) -> AsyncIterator[DatabaseAddresses]:
    """A database like `template`, for as long as it is needed."""
    name = f"clone_{uuid4().hex}"
    owner = await asyncpg.connect(server.owner_url)
    try:
        await owner.execute(f"create database {name} template {template}")
        yield server.of(name)
        await owner.execute(f"drop database {name} (force)")
    finally:
        await owner.close()


@pytest.fixture(scope="session")
async def caseload_urls(postgres_addresses: DatabaseAddresses, database_template: str) -> AsyncIterator[DatabaseAddresses]:
    """A database for the tests of reading, which count what they find."""
    async with cloned(postgres_addresses, database_template) as addresses:
        yield addresses


@pytest.fixture(scope="session")
async def world(caseload_urls: DatabaseAddresses) -> World:
    """The caseload that the tests of reading share; whoever changes it changes it back."""
    async with builders.open_work(caseload_urls) as work:
        return await build_world(work)


@pytest.fixture(scope="session")
async def api(caseload_urls: DatabaseAddresses) -> AsyncIterator[Api]:
    """The served graph."""
    async with serve(caseload_urls) as served:
        yield served


@dataclass(frozen=True, slots=True)
class Offices:
    """The caseload of two offices and the database that holds it; tests that change it take a copy."""

    addresses: DatabaseAddresses
    caseload: Caseload


@pytest.fixture(scope="session")
async def offices(postgres_addresses: DatabaseAddresses, database_template: str) -> AsyncIterator[Offices]:
    """Built once for a worker."""
    async with cloned(postgres_addresses, database_template) as addresses:
        await add_tariffs(addresses)
        async with builders.open_work(addresses) as work:
            caseload = await build(work)
        yield Offices(addresses, caseload)


@pytest.fixture(scope="session", params=[False, True], ids=["resolvers", "compiled"])
async def offices_api(
    offices: Offices, postgres_addresses: DatabaseAddresses, request: pytest.FixtureRequest
) -> AsyncIterator[Api]:
    """The served graph on a copy of the caseload of two offices, which nobody changes; answered in both ways."""
    async with copied(offices, postgres_addresses) as addresses, serve(addresses, is_compiled=request.param) as served:
        yield served


_HOSTILE_TEXTS = r"""
set session_replication_role = replica;
update suppliers set name = name || E' "Ger & Sons" \\', tax_number = E'"\\\n\u2028'
where id in (select id from suppliers order by id limit 3);
update plan_items set description = description || E' \x01 \x02 "quoted" \\' where position = 1;
update payments set description = description || E' "to be\tpaid" \\';
"""
"""What people write, at its worst: the database takes it, and so must every answer."""


@pytest.fixture(scope="session")
async def read_offices(offices: Offices, postgres_addresses: DatabaseAddresses) -> AsyncIterator[Offices]:
    """A copy for tests that only read and keep connections open, with hostile texts in it."""
    async with copied(offices, postgres_addresses) as addresses:
        owner = await asyncpg.connect(addresses.owner_url)
        try:
            await owner.execute(_HOSTILE_TEXTS)
        finally:
            await owner.close()
        yield Offices(addresses, offices.caseload)


@asynccontextmanager
async def copied(offices: Offices, server: DatabaseAddresses) -> AsyncIterator[DatabaseAddresses]:
    """A copy of the caseload of two offices."""
    async with cloned(server, offices.addresses.owner_url.rpartition("/")[2]) as addresses:
        yield addresses
