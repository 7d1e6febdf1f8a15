"""A small schema behind the real edge: what the edge promises is tested without any of the domain."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

import asyncpg
import strawberry
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from reintegration.api.codes import bad_user_input
from reintegration.api.connections import Connection, Ordering, connection, window
from reintegration.api.cost import Cost
from reintegration.api.documents import TrustedDocuments
from reintegration.api.edge import EdgeSchema
from reintegration.api.limits import Limits
from reintegration.api.open_connections import ConnectionLimits
from reintegration.api.problems import result_union
from reintegration.api.view import ApiView
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.identity.actors import SignIn
from reintegration.identity.errors import AuthenticationError, AuthenticationReason
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.clock import now
from reintegration.kernel.errors import NotFoundError, SamePersonError, TransitionError
from reintegration.storage.address import ObjectStoreAddress
from reintegration.storage.client import ObjectStore

_NUMBERS = Ordering("numbers", (int,))
EVENTS: list[str] = []
"""What operations did that no answer shows; tests clear it."""


@strawberry.type
class Number:
    value: int

    @strawberry.field(directives=[Cost(weight=5)])
    def heavy(self) -> int:
        return self.value

    @strawberry.field(directives=[Cost(size=2)])
    def divisors(self) -> list["Number"]:
        return [Number(value=1)]

    @strawberry.field
    def others(self) -> list["Number"]:
        return []

    @strawberry.field
    def self(self) -> "Number":
        return self


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "world") -> str:
        return f"hello {name}"

    @strawberry.field
    def me(self, info: strawberry.Info) -> str:
        return str(info.context.actor.id)

    @strawberry.field
    def numbers(
        self, first: int | None = None, after: str | None = None, last: int | None = None, before: str | None = None
    ) -> Connection[Number]:
        page = window(_NUMBERS, first, after, last, before)
        start = int(str(page.after_key[0])) if page.after_key else 0
        rows = range(start + 1, start + 1 + page.limit)

        async def count() -> int:
            return 1000

        return connection(_NUMBERS, page, rows, key=lambda row: (row,), node=lambda row: Number(value=row), count=count)

    @strawberry.field
    def absent(self) -> Number | None:
        raise NotFoundError(kind="Number")

    @strawberry.field
    def closed(self) -> Number | None:
        raise TransitionError(kind="case", current="closed", wanted="open")

    @strawberry.field
    def refused(self) -> Number | None:
        raise bad_user_input("no such number")

    @strawberry.field
    def broken(self) -> str | None:
        raise RuntimeError("secret text of a bug")

    @strawberry.field
    def large(self) -> int | None:
        return 2**40

    @strawberry.field
    def unreachable(self) -> str | None:
        raise ConnectionRefusedError("10.0.0.1 refused")

    @strawberry.field
    async def slow(self) -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            EVENTS.append("slow was cancelled")
            raise
        return "never"

    @strawberry.field
    async def position(self, info: strawberry.Info) -> str:
        """The snapshot that this operation reads."""
        transaction = await info.context.read()
        return str(await transaction.fetch_value("select pg_current_snapshot()::text || ' ' || pg_backend_pid()"))


@strawberry.type
class SetPayload:
    value: int


@strawberry.type
class Mutation:
    @strawberry.mutation(graphql_type=result_union("SetResult", SetPayload, SamePersonError))
    async def set(self, value: int) -> SetPayload:
        if value == 0:
            raise SamePersonError(step="release")
        EVENTS.append(f"set {value}")
        return SetPayload(value=value)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, info: strawberry.Info, to: int) -> AsyncIterator[str]:
        try:
            for number in range(1, to + 1):
                yield f"{info.context.actor.id} {number}"
                await asyncio.sleep(0)
        finally:
            EVENTS.append("count ended")

    @strawberry.subscription
    async def waiting(self) -> AsyncIterator[int]:
        try:
            yield 1
            await asyncio.sleep(60)
        finally:
            EVENTS.append("waiting ended")

    @strawberry.subscription
    async def positions(self, info: strawberry.Info) -> AsyncIterator[str]:
        while True:
            yield str(await (await info.context.read()).fetch_value("select pg_current_snapshot()::text"))

    @strawberry.subscription
    async def breaking(self) -> AsyncIterator[int]:
        yield 1
        raise RuntimeError("secret text of a bug")


async def authenticate(request: web.Request) -> SignIn:
    """`Bearer <name>` is the auditor of that name; of `<name> <seconds>`, for so long."""
    scheme, _, name = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not name or name == "expired":
        raise AuthenticationError(reason=AuthenticationReason.EXPIRED if name else AuthenticationReason.TOKEN_MISSING)
    if name == "outage":
        raise AuthenticationError(reason=AuthenticationReason.ISSUER_UNAVAILABLE)
    if name == "bug":
        raise RuntimeError("secret text of a bug")
    person, _, seconds = name.partition(" ")
    return SignIn(Actor(id=person, role=Role.AUDITOR), now() + timedelta(seconds=float(seconds or 3600)))


async def authenticate_anybody(_request: web.Request) -> SignIn:
    """For audits that send no token."""
    return SignIn(Actor(id="anybody", role=Role.AUDITOR), now() + timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Edge:
    """How an app of the tests is built."""

    limits: Limits = field(default_factory=Limits)
    is_production: bool = False
    operations: Path = Path("nowhere")
    takes_anybody: bool = False
    pool: asyncpg.Pool | None = None
    allowed_origins: tuple[str, ...] = ()
    connections: ConnectionLimits = field(default_factory=ConnectionLimits)


@lru_cache
def _schema(limits: Limits, *, is_hardened: bool) -> EdgeSchema:
    return EdgeSchema(Query, Mutation, Subscription, limits=limits, is_hardened=is_hardened)


@lru_cache
def _store() -> ObjectStore:
    """A store that nobody asks for anything, and that therefore holds nothing open."""
    return ObjectStore(ObjectStoreAddress("nothing", "http://127.0.0.1:1", "nobody", "nothing"))


def make_app(edge: Edge) -> web.Application:
    """The app; without a pool it has no database, and nothing of it asks for one."""
    pool = edge.pool or asyncpg.create_pool("postgresql://nobody@127.0.0.1:1/nothing")
    view = ApiView(
        _schema(edge.limits, is_hardened=edge.is_production),
        authenticate=authenticate_anybody if edge.takes_anybody else authenticate,
        unit_of_work=UnitOfWork(pool, {}),
        object_store=_store(),
        documents=TrustedDocuments.load(edge.operations),
        is_production=edge.is_production,
        allowed_origins=edge.allowed_origins,
        connections=edge.connections,
    )
    app = web.Application()
    app.router.add_route("*", "/graphql", view)
    return app


@asynccontextmanager
async def serve(edge: Edge) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    """A client of the app on a free loopback port, signed in as `ann`."""
    EVENTS.clear()
    async with TestClient(TestServer(make_app(edge)), headers={"Authorization": "Bearer ann"}) as client:
        yield client
