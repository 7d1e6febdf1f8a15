"""A connection that the server ends is an outage at whatever moment it ends: UNAVAILABLE, and the next request works."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest
from yarl import URL

from reintegration.api.identifiers import encode
from reintegration.api.masking import incident
from reintegration.api.schema import build_schema
from reintegration.constraints import ALL_CONSTRAINTS
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork, open_pool
from reintegration.models import register_models
from reintegration.payments.models import Supplier
from reintegration.storage.client import ObjectStore
from tests.builders import MONGOLIA, OFFICER
from tests.operations.desk import Desk

_REGISTER = """
mutation ($input: SupplierRegisterInput!) {
  supplierRegister(input: $input) { __typename ... on SupplierRegisterPayload { replayed } }
}
"""
_READ = "query ($office: ID!) { suppliers(office: $office, first: 1) { edges { node { id } } } }"
_UNAVAILABLE = "A part of the service is not reachable or too busy; try again"


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    await register_models()
    pool = await open_pool(database_urls.application_url, max_size=1)
    yield UnitOfWork(pool, ALL_CONSTRAINTS)
    pool.terminate()


@pytest.fixture
async def owner(database_urls: DatabaseAddresses) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_urls.owner_url)
    yield connection
    await connection.close()


async def end(owner: asyncpg.Connection, pid: int) -> None:
    """End a connection from the server's side and wait until it is gone there."""
    assert await owner.fetchval("select pg_terminate_backend($1, 5000)", pid)


async def waiting_for_suppliers(owner: asyncpg.Connection) -> int:
    """The connection that waits for the locked table."""
    while True:
        pid = await owner.fetchval(
            "select pid from pg_locks where relation = 'suppliers'::regclass and not granted"
            " and database = (select oid from pg_database where datname = current_database())"
        )
        if pid is not None:
            return int(pid)
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("document", [_REGISTER, _READ], ids=["mutation", "query"])
async def test_an_operation_whose_connection_is_ended_may_be_tried_again(
    work: UnitOfWork, owner: asyncpg.Connection, object_store: ObjectStore, document: str
) -> None:
    desk = Desk(build_schema(), work, object_store)
    asked = {"idempotencyKey": str(uuid4()), "fieldOfficeId": encode("FieldOffice", MONGOLIA), "name": f"Felt {uuid4()}"}
    variables: dict[str, object] = {"input": asked} if document is _REGISTER else {"office": asked["fieldOfficeId"]}
    await owner.execute("begin; lock table suppliers in access exclusive mode")
    running = asyncio.ensure_future(desk.schema.execute(document, variables, desk.context(OFFICER)))
    await end(owner, await asyncio.wait_for(waiting_for_suppliers(owner), 10))
    result = await asyncio.wait_for(running, 10)
    await owner.execute("rollback")
    assert result.errors is not None
    assert {(error.message, (error.extensions or {})["code"]) for error in result.errors} == {(_UNAVAILABLE, "UNAVAILABLE")}
    again = await desk.schema.execute(document, variables, desk.context(OFFICER))
    assert again.errors is None
    if document is _REGISTER:
        assert again.data == {"supplierRegister": {"__typename": "SupplierRegisterPayload", "replayed": False}}


async def by_statement(transaction: Transaction) -> object:
    return await transaction.fetch_value("select 1")


async def by_model(transaction: Transaction) -> object:
    return await Supplier.filter(name="nobody").using_db(transaction.orm)


async def by_nothing(_transaction: Transaction) -> object:
    """What comes next is the commit."""
    return None


@pytest.mark.parametrize("then", [by_statement, by_model, by_nothing], ids=["statement", "model", "commit"])
@pytest.mark.parametrize("noticed", [True, False], ids=["noticed", "unnoticed"])
async def test_what_comes_after_the_end_is_an_outage_and_no_bug(
    work: UnitOfWork,
    owner: asyncpg.Connection,
    then: object,
    noticed: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    opened = work.read(OFFICER)
    transaction = await opened.__aenter__()
    pid = await transaction.fetch_value("select pg_backend_pid()")
    await end(owner, int(str(pid)))
    if noticed:
        await asyncio.sleep(0.2)
    codes = []
    for attempt in (then, then) if then is not by_nothing else ():
        with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it is: masking has to tell
            await attempt(transaction)  # type: ignore[operator]
        codes.append(incident(caught.value, None)["code"])
    with pytest.raises(Exception) as caught:  # noqa: PT011 - as above
        await opened.__aexit__(None, None, None)
    codes.append(incident(caught.value, None)["code"])
    assert set(codes) == {"UNAVAILABLE"}
    async with work.read(OFFICER) as next_one:
        assert await next_one.fetch_value("select 2") == 2


class Proxy:
    """Stands between a client and PostgreSQL, and keeps from the client that the server has closed a connection."""

    def __init__(self, url: str) -> None:
        self._server = URL(url)
        self._carrying: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """The address to connect to, until the end of the block, which waits for every connection to be over."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            yield str(self._server.with_port(server.sockets[0].getsockname()[1]))
        finally:
            server.close()
            async with asyncio.timeout(10):
                await asyncio.gather(*self._carrying)

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._carrying.add(asyncio.create_task(self._both_ways(reader, writer)))

    async def _both_ways(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection(self._server.host, self._server.port)
        await asyncio.gather(self._carry(reader, to_server), self._carry(from_server, writer))
        writer.close()
        to_server.close()

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            target.write(data)


@pytest.fixture
async def proxied(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    """Work on one connection at a time, through the proxy."""
    await register_models()
    async with Proxy(database_urls.application_url).listening() as url:
        pool = await open_pool(url, max_size=1)
        yield UnitOfWork(pool, ALL_CONSTRAINTS)
        pool.terminate()


@pytest.mark.parametrize("then", [by_statement, by_model, by_nothing], ids=["statement", "model", "commit"])
@pytest.mark.parametrize("kind", ["read", "write"])
async def test_a_last_word_between_two_statements_is_an_outage(
    proxied: UnitOfWork, owner: asyncpg.Connection, then: object, kind: str
) -> None:
    """The server says that it ends the connection, and the client hears that before it hears of the end."""
    codes = []

    async def steps(transaction: Transaction) -> None:
        await end(owner, int(str(await transaction.fetch_value("select pg_backend_pid()"))))
        await asyncio.sleep(0.2)
        try:
            await then(transaction)  # type: ignore[operator]
        except Exception as error:
            codes.append(incident(error, None)["code"])  # what a resolver sees, before the transaction ends
            raise

    async def reading() -> None:
        async with proxied.read(OFFICER) as transaction:
            await steps(transaction)

    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it is: masking has to tell
        await (proxied.write(OFFICER, steps) if kind == "write" else reading())
    assert {*codes, incident(caught.value, None)["code"]} == {"UNAVAILABLE"}
    async with proxied.read(OFFICER) as next_one:
        assert await next_one.fetch_value("select 2") == 2


def test_other_errors_of_the_driver_stay_bugs() -> None:
    for error in (
        asyncpg.InterfaceError("cannot perform operation: another operation is in progress"),
        asyncpg.InternalClientError("no decoder for OID 7"),
    ):
        assert incident(error, None)["code"] == "INTERNAL"
