"""Migrations: one migrator at a time, whole or not at all, the same schema however often the migrator died on the way."""

import asyncio
import os
import random
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from reintegration.database import migrate as migrator
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.migrate import MIGRATIONS, Migration, MigrationError, migrate, pending, read_migrations
from tests.database.schema_text import schema_text
from tests.faults.nursery import Nursery

ROOT = Path(__file__).parents[2]
MIGRATOR = "tests.database.migrator"
GATE = 7_777
RANDOM_KILLS = 8


@pytest.fixture
async def empty(postgres_addresses: DatabaseAddresses) -> AsyncIterator[DatabaseAddresses]:
    """An empty database of one's own."""
    name = f"clone_{uuid4().hex}"
    connection = await asyncpg.connect(postgres_addresses.superuser_url)
    try:
        await connection.execute(f"create database {name}")
        yield postgres_addresses.of(name)
        await connection.execute(f"drop database {name} (force)")
    finally:
        await connection.close()


@pytest.fixture(scope="module")
async def clean(database_urls: DatabaseAddresses) -> list[str]:
    """The schema of a database that was migrated without trouble."""
    return await schema_text(database_urls.superuser_url)


@asynccontextmanager
async def run(url: str) -> AsyncIterator[Process]:
    """A migrator as a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        MIGRATOR,
        url,
        cwd=ROOT,
        stdout=PIPE,
        stderr=PIPE,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def value(url: str, sql: str, *arguments: object) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql, *arguments)
    finally:
        await connection.close()


async def test_of_three_migrators_started_at_once_one_applies_and_all_end_well(
    empty: DatabaseAddresses, clean: list[str]
) -> None:
    async with run(empty.owner_url) as one, run(empty.owner_url) as two, run(empty.owner_url) as three:
        ends = [(await process.communicate(), process.returncode) for process in (one, two, three)]
    assert [code for _, code in ends] == [0, 0, 0], ends
    assert sorted(int(output) for (output, _), _ in ends) == [0, 0, len(read_migrations())]
    assert await schema_text(empty.superuser_url) == clean


def gated(folder: Path, name: str) -> Path:
    """The migrations, of which one waits for a gate before its end: whoever holds the lock decides how long."""
    shutil.copytree(MIGRATIONS, folder)
    with (folder / name).open("a") as file:
        file.write(f"\nselect pg_advisory_xact_lock({GATE});\n")
    return folder


async def wait_until(url: str, sql: str, *arguments: object) -> None:
    async with asyncio.timeout(20):
        while not await value(url, sql, *arguments):  # noqa: ASYNC110 - another process makes it true
            await asyncio.sleep(0.02)


async def test_a_migrator_killed_inside_any_migration_leaves_what_the_next_completes(
    empty: DatabaseAddresses, clean: list[str], tmp_path: Path
) -> None:
    waiting = "select exists (select from pg_locks where locktype = 'advisory' and objid = $1 and not granted)"
    gate = await asyncpg.connect(empty.superuser_url)
    nursery = await Nursery.open(MIGRATOR)
    try:
        for done, migration in enumerate(read_migrations()):
            await gate.execute(f"select pg_advisory_lock({GATE})")
            folder = gated(tmp_path / migration.name, f"{migration.name}.sql")
            said = tmp_path / f"{migration.name}.txt"
            process = await nursery.bear(MIGRATOR, [empty.owner_url, str(folder)], os.environ, output=said, errors=said)
            await wait_until(empty.superuser_url, waiting, GATE)
            await process.kill()
            assert await process.ended == -signal.SIGKILL, said.read_text()
            await gate.execute(f"select pg_advisory_unlock({GATE})")
            kept = await value(empty.superuser_url, "select to_regclass('public.schema_migrations') is not null")
            assert kept is (done > 0)
            if done:
                assert await value(empty.superuser_url, "select count(*) from schema_migrations") == done
    finally:
        await nursery.close()
        await gate.close()
    assert await migrate(empty.owner_url) == 1  # each run in between completed what the killed one before it had begun
    assert await migrate(empty.owner_url) == 0
    assert await schema_text(empty.superuser_url) == clean


async def test_a_migrator_killed_at_any_moment_leaves_what_the_next_completes(empty: DatabaseAddresses, clean: list[str]) -> None:
    seed = random.randrange(10**6)  # noqa: S311 - see below
    moments = random.Random(seed)  # noqa: S311 - says when to kill, and is printed for whoever wants it again
    applied = 0
    for _ in range(RANDOM_KILLS):
        async with run(empty.owner_url) as process:
            await asyncio.sleep(moments.uniform(0.15, 0.7))
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
            await process.wait()
        if await value(empty.superuser_url, "select to_regclass('public.schema_migrations') is not null"):
            now = await value(empty.superuser_url, "select count(*) from schema_migrations")
            assert isinstance(now, int)
            assert now >= applied, f"seed {seed}"
            applied = now
    await migrate(empty.owner_url)
    assert await schema_text(empty.superuser_url) == clean, f"seed {seed}"


def edited(migrations: tuple[Migration, ...]) -> tuple[Migration, ...]:
    return (*migrations[:1], Migration(migrations[1].name, migrations[1].sql + "\n-- a word"), *migrations[2:])


def removed(migrations: tuple[Migration, ...]) -> tuple[Migration, ...]:
    return migrations[:-1]


def renamed(migrations: tuple[Migration, ...]) -> tuple[Migration, ...]:
    return (*migrations[:-1], Migration("9999_other", migrations[-1].sql))


@pytest.mark.parametrize("change", [edited, removed, renamed], ids=lambda change: change.__name__)
async def test_an_applied_migration_that_was_edited_or_removed_is_refused(
    fresh_database: DatabaseAddresses, clean: list[str], change: Callable[[tuple[Migration, ...]], tuple[Migration, ...]]
) -> None:
    added = Migration("9998_added", "create table added (id uuid)")
    with pytest.raises(MigrationError, match="is not the one in migrations/"):
        await migrate(fresh_database.owner_url, (*change(read_migrations()), added))
    assert await schema_text(fresh_database.superuser_url) == clean


async def test_a_migration_that_fails_leaves_nothing_and_those_before_it(
    fresh_database: DatabaseAddresses, clean: list[str]
) -> None:
    good = Migration("9001_good", "create table good (id uuid)")
    bad = Migration("9002_bad", "create table bad (id uuid); select 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(fresh_database.owner_url, (*read_migrations(), good, bad))
    lines = set(await schema_text(fresh_database.superuser_url)) - set(clean)
    assert {line for line in lines if line.startswith(("table", "migration"))} == {
        "table good r reintegration_owner false false",
        f"migration 9001_good {good.digest}",
    }
    mended = Migration("9002_bad", "create table bad (id uuid)")
    assert await migrate(fresh_database.owner_url, (*read_migrations(), good, mended)) == 1


async def test_a_migrator_waits_for_the_lock_and_goes_on_when_it_is_free(empty: DatabaseAddresses) -> None:
    holder = await asyncpg.connect(empty.owner_url)
    try:
        await holder.execute(f"select pg_advisory_lock({migrator._LOCK_KEY})")  # noqa: SLF001 - what a second migrator would hold
        waiter = asyncio.create_task(migrate(empty.owner_url))
        await asyncio.sleep(0.5)
        assert not waiter.done()
        assert await value(empty.superuser_url, "select to_regclass('public.schema_migrations') is null") is True
    finally:
        await holder.close()
    assert await asyncio.wait_for(waiter, 30) == len(read_migrations())


async def test_a_migrator_gives_up_after_its_time_and_says_why(empty: DatabaseAddresses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrator, "_LOCK_TIMEOUT_S", 0.2)
    holder = await asyncpg.connect(empty.owner_url)
    try:
        await holder.execute(f"select pg_advisory_lock({migrator._LOCK_KEY})")  # noqa: SLF001 - see above
        with pytest.raises(MigrationError, match="another migrator has held the lock"):
            await migrate(empty.owner_url)
    finally:
        await holder.close()


async def test_any_role_can_ask_what_is_pending(fresh_database: DatabaseAddresses, empty: DatabaseAddresses) -> None:
    for addresses, expected in ((fresh_database, ()), (empty, tuple(migration.name for migration in read_migrations()))):
        connection = await asyncpg.connect(addresses.application_url)
        try:
            assert await pending(connection) == expected
        finally:
            await connection.close()


def test_a_folder_without_migrations_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MigrationError, match="no migrations"):
        read_migrations(tmp_path)
