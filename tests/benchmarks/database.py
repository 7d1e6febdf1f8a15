"""The benchmarks' own PostgreSQL under .data/bench; databases are filled once and kept, and their names tell what they hold."""

import asyncio
import fcntl
import hashlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import asyncpg

from reintegration.database.embedded import DatabaseAddresses, EmbeddedPostgres
from reintegration.database.migrate import migrate, read_migrations
from reintegration.programme.loading import load_reference
from reintegration.progress import progress
from tests.benchmarks import caseload

ROOT = Path(__file__).parents[2]
BENCH_DIR = ROOT / ".data" / "bench"
CLUSTER = BENCH_DIR / "postgresql" / "cluster"
Fill: TypeAlias = Callable[[str], Awaitable[None]]
"""Fills the migrated database at an owner's address."""


@contextmanager
def bench_server() -> Iterator[DatabaseAddresses]:
    """The running server of the benchmarks. One run at a time; it stops the server at its end."""
    BENCH_DIR.mkdir(parents=True, exist_ok=True)
    with (BENCH_DIR / "run.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs at once would measure each other
        with EmbeddedPostgres(BENCH_DIR) as server:
            yield server


@contextmanager
def bench_database(cases: int) -> Iterator[DatabaseAddresses]:
    """The running server and, in it, a database of `cases` cases."""

    async def fill(owner_url: str) -> None:
        connection = await asyncpg.connect(owner_url)
        try:
            await caseload.fill(connection, cases)
        finally:
            await connection.close()

    with bench_server() as server:
        name = f"bench_{caseload.VERSION}_{cases}_{migrations_digest()}"
        yield asyncio.run(kept_databases(server, {name: fill}, f"Filling a database with {cases:,} cases"))[0]


async def kept_databases(server: DatabaseAddresses, fills: Mapping[str, Fill], title: str) -> list[DatabaseAddresses]:
    """The databases of these names, migrated and filled unless they are there; those that aren't are filled at once.

    Older ones go whose name begins alike, up to `_`.
    """
    connection = await asyncpg.connect(server.owner_url)
    try:
        kept = {row["datname"] for row in await connection.fetch("select datname from pg_database")}
        missing = [name for name in fills if name not in kept]
        families = {name.partition("_")[0] for name in missing}
        for old in sorted(name for name in kept if name.partition("_")[0] in families):
            await connection.execute(f'drop database "{old}" (force)')
        for name in missing:
            await connection.execute(f'create database "{name}_unfinished"')
        if missing:
            with progress(title):
                await asyncio.gather(*(_fill(server.of(f"{name}_unfinished").owner_url, fills[name]) for name in missing))
        for name in missing:
            await connection.execute(f'alter database "{name}_unfinished" rename to "{name}"')
    finally:
        await connection.close()
    return [server.of(name) for name in fills]


async def _fill(owner_url: str, fill: Fill) -> None:
    await migrate(owner_url)
    await load_reference(owner_url)
    await fill(owner_url)
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute("vacuum (analyze)")
        await connection.execute("checkpoint")
    finally:
        await connection.close()


def migrations_digest() -> str:
    """Part of a database's name: with other migrations it is filled anew."""
    return hashlib.sha256("".join(one.digest for one in read_migrations()).encode()).hexdigest()[:8]


async def prepare_peers(connection: asyncpg.Connection) -> None:
    """What the peers need in the database and we don't: a schema `bench` of their own."""
    await connection.execute((Path(__file__).parent / "scripts" / "peers.sql").read_text(encoding="utf-8"))


async def forget_drafts(connection: asyncpg.Connection) -> None:
    """Take the payments away that a run has drafted, so that every run begins with the same rows."""
    await connection.execute((Path(__file__).parent / "scripts" / "forget.sql").read_text(encoding="utf-8"))
