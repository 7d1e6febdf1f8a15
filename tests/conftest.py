"""One embedded PostgreSQL for all test runs of this checkout, a migrated database for each worker, no sockets to elsewhere."""

import fcntl
import gc
import hashlib
import os
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from ipaddress import ip_address
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import structlog
from hypothesis.configuration import set_hypothesis_home_dir

from reintegration.database.embedded import DatabaseAddresses, EmbeddedPostgres
from reintegration.database.migrate import migrate
from reintegration.database.roles import ensure_roles
from reintegration.programme.loading import load_reference
from tests.builders import shared_pool

ROOT = Path(__file__).parents[1]
TEST_DIR = ROOT / ".data" / "test"
_TEMPORARY = TEST_DIR / "tmp"

if (ROOT / "tests" / "storage_fixtures.py").exists():
    pytest_plugins = ["tests.storage_fixtures"]

_LONGEST = (
    "demo/test_demo_once.py",
    "operations/test_compiled_random.py",
    "money/test_seeded_faults.py",
    "money/test_races.py",
    "faults/test_api_kill.py",
    "faults/test_kill_everywhere.py",
    "faults/test_postgres_kill.py",
    "faults/test_cut_everywhere.py",
    "conformance/test_schemathesis.py",
    "faults/test_export_kill.py",
    "exports/test_storage_embedded.py",
    "story/test_a_month.py",
    "operations/test_serve.py",
    "faults/test_outages.py",
    "database/test_migrations.py",
)
"""Modules that take longest, which a worker has to begin with, lest the other waits for it at the end."""

_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex


class ForbiddenAddressError(Exception):
    """A test tried to reach beyond this machine."""


def _check(family: int, address: object) -> None:
    if family not in {socket.AF_INET, socket.AF_INET6} or not isinstance(address, tuple):
        return
    host = str(address[0])
    if host == "localhost":
        return
    try:
        is_loopback = ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise ForbiddenAddressError(f"a test tried to connect to {host}")


def _guarded_connect(self: socket.socket, address: tuple[str, int] | str) -> None:
    _check(self.family, address)
    _connect(self, address)


def _guarded_connect_ex(self: socket.socket, address: tuple[str, int] | str) -> int:
    _check(self.family, address)
    return _connect_ex(self, address)


def pytest_configure() -> None:
    gc.disable()  # what is collected stays to the end
    _TEMPORARY.mkdir(parents=True, exist_ok=True)
    # The default shows every local of every frame: seconds for a traceback.
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
        ]
    )
    set_hypothesis_home_dir(ROOT / ".data" / "cache" / "hypothesis")
    os.environ["PYTEST_DEBUG_TEMPROOT"] = str(_TEMPORARY)
    os.environ["TMPDIR"] = tempfile.tempdir = str(_TEMPORARY)
    socket.socket.connect = _guarded_connect  # type: ignore[method-assign, assignment]  # the guard
    socket.socket.connect_ex = _guarded_connect_ex  # type: ignore[method-assign, assignment]  # the guard


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {ROOT / "tests" / name: number for number, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(10_000)
    gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what workers left that were killed, as after Ctrl-C; other runs on this checkout keep the server up."""
    if not hasattr(config, "workerinput"):
        EmbeddedPostgres(TEST_DIR, durable=False).stop()


@pytest.fixture(scope="session")
def postgres_addresses() -> Iterator[DatabaseAddresses]:
    """The server of the tests, on its empty database `reintegration`."""
    with EmbeddedPostgres(TEST_DIR, durable=False) as addresses:
        yield addresses


async def _execute(addresses: DatabaseAddresses, *statements: str) -> None:
    connection = await asyncpg.connect(addresses.owner_url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _drop_forgotten(addresses: DatabaseAddresses) -> None:
    """Remove what killed runs and older migrations left; an hour is longer than any run."""
    connection = await asyncpg.connect(addresses.owner_url)
    try:
        names = await connection.fetch(
            """
            select datname from pg_database
            where (datname like 'clone\\_%' or datname like 'template\\_%')
                and (pg_stat_file('base/' || oid || '/PG_VERSION', true)).modification < now() - interval '1 hour'
            """
        )
        for row in names:
            await connection.execute(f'drop database if exists "{row["datname"]}" (force)')
    finally:
        await connection.close()


def _migrations_digest() -> str:
    """Everything that decides what a migrated database with its reference data looks like."""
    digest = hashlib.sha256()
    rooms = ROOT / "src" / "reintegration"
    files = [
        *(ROOT / "migrations").rglob("*"),
        *(rooms / "database").glob("*.py"),
        *(rooms / "programme").rglob("*"),
        *(rooms / "funding" / "data").rglob("*"),
    ]
    for file in sorted(file for file in files if file.is_file() and "__pycache__" not in file.parts):
        digest.update(f"{file.relative_to(ROOT)}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:16]


@pytest.fixture(scope="session")
async def database_template(postgres_addresses: DatabaseAddresses) -> str:
    """The name of a migrated database with reference data and nothing else, to clone: built once for all workers and runs."""
    name = f"template_{_migrations_digest()}"
    with (TEST_DIR / "template.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        connection = await asyncpg.connect(postgres_addresses.owner_url)
        try:
            exists = await connection.fetchval("select exists (select from pg_database where datname = $1)", name)
        finally:
            await connection.close()
        if not exists:
            await _drop_forgotten(postgres_addresses)
            building = postgres_addresses.of(f"building_{name}")
            await _execute(
                postgres_addresses, f"drop database if exists building_{name} (force)", f"create database building_{name}"
            )
            connection = await asyncpg.connect(building.owner_url)
            try:
                await ensure_roles(connection)
            finally:
                await connection.close()
            await migrate(building.owner_url)
            await load_reference(building.owner_url)
            await _execute(postgres_addresses, f"alter database building_{name} rename to {name}")
    return name


async def _clone(addresses: DatabaseAddresses, template: str) -> AsyncIterator[DatabaseAddresses]:
    name = f"clone_{uuid4().hex}"
    await _execute(addresses, f"create database {name} template {template}")
    yield addresses.of(name)
    await _execute(addresses, f"drop database {name} (force)")


@pytest.fixture(scope="session")
async def database_urls(postgres_addresses: DatabaseAddresses, database_template: str) -> AsyncIterator[DatabaseAddresses]:
    """This worker's migrated database, at first with reference data alone; tests that commit leave their rows to the next."""
    async for addresses in _clone(postgres_addresses, database_template):
        async with shared_pool(addresses):
            yield addresses


@pytest.fixture
async def fresh_database(postgres_addresses: DatabaseAddresses, database_template: str) -> AsyncIterator[DatabaseAddresses]:
    """A migrated database with reference data for one test alone."""
    async for addresses in _clone(postgres_addresses, database_template):
        yield addresses


@pytest.fixture(scope="module")
async def own_database(postgres_addresses: DatabaseAddresses, database_template: str) -> AsyncIterator[DatabaseAddresses]:
    """A migrated database with reference data for one module alone."""
    async for addresses in _clone(postgres_addresses, database_template):
        yield addresses


@pytest.fixture
async def another_database(postgres_addresses: DatabaseAddresses, database_template: str) -> AsyncIterator[DatabaseAddresses]:
    """One more beside `fresh_database`, alike at first."""
    async for addresses in _clone(postgres_addresses, database_template):
        yield addresses
