"""The benchmark's own PostgreSQL under .data/bench, filled once and kept; a marker tells which caseload it holds."""

import asyncio
import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from reintegration.database.embedded import DatabaseAddresses, EmbeddedPostgres
from reintegration.database.migrate import migrate, read_migrations
from reintegration.programme.loading import load_reference
from reintegration.progress import progress
from tests.benchmarks import caseload

ROOT = Path(__file__).parents[2]
BENCH_DIR = ROOT / ".data" / "bench"
CLUSTER = BENCH_DIR / "postgresql" / "cluster"


@contextmanager
def bench_database(cases: int) -> Iterator[DatabaseAddresses]:
    """The running server and, in it, a database of `cases` cases. One run at a time; it stops the server at its end."""
    BENCH_DIR.mkdir(parents=True, exist_ok=True)
    with (BENCH_DIR / "run.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs at once would measure each other
        with EmbeddedPostgres(BENCH_DIR) as server:
            yield asyncio.run(_filled(server, cases))


async def _filled(server: DatabaseAddresses, cases: int) -> DatabaseAddresses:
    name = _name(cases)
    connection = await asyncpg.connect(server.owner_url)
    try:
        if await connection.fetchval("select exists (select from pg_database where datname = $1)", name):
            return server.of(name)
        with progress(f"Filling a database with {cases:,} cases"):
            for row in await connection.fetch("select datname from pg_database where datname like 'bench\\_%'"):
                await connection.execute(f'drop database "{row["datname"]}" (force)')
            await connection.execute(f'create database "{name}_unfinished"')
            await _fill(server.of(f"{name}_unfinished").owner_url, cases)
            await connection.execute(f'alter database "{name}_unfinished" rename to "{name}"')
    finally:
        await connection.close()
    return server.of(name)


async def _fill(owner_url: str, cases: int) -> None:
    await migrate(owner_url)
    await load_reference(owner_url)
    connection = await asyncpg.connect(owner_url)
    try:
        await caseload.fill(connection, cases)
        await connection.execute("vacuum (analyze)")
        await connection.execute("checkpoint")
    finally:
        await connection.close()


def _name(cases: int) -> str:
    """The marker: the caseload's version and size, and the migrations; another one is filled anew."""
    migrations = hashlib.sha256("".join(one.digest for one in read_migrations()).encode()).hexdigest()[:8]
    return f"bench_{caseload.VERSION}_{cases}_{migrations}"


async def prepare_peers(connection: asyncpg.Connection) -> None:
    """What the peers need in the database and we don't: a schema `bench` of their own."""
    await connection.execute((Path(__file__).parent / "scripts" / "peers.sql").read_text(encoding="utf-8"))


async def forget_drafts(connection: asyncpg.Connection) -> None:
    """Take the payments away that a run has drafted, so that every run begins with the same rows."""
    await connection.execute((Path(__file__).parent / "scripts" / "forget.sql").read_text(encoding="utf-8"))
