"""Applies `migrations/*.sql`, the only DDL: one migrator at a time, each file and its record in one transaction.

Nothing is ever half applied: a process killed anywhere leaves whole migrations behind, and the next run goes on. The lock
is polled, because a blocking advisory lock deadlocks with CREATE INDEX CONCURRENTLY.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from reintegration.database.roles import OWNER_ROLE, ensure_roles

MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"
_LOCK_KEY = 0x7265696E
_LOCK_POLL_S = 0.1
_LOCK_TIMEOUT_S = 300.0


class MigrationError(Exception):
    """The migrations can't be applied; the message says why in one line."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file of `migrations/`."""

    name: str
    sql: str

    @property
    def digest(self) -> str:
        """SHA-256 of the file, so that an edited migration is found."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read_migrations(folder: Path = MIGRATIONS) -> tuple[Migration, ...]:
    """All migrations in order of their names.

    Raises:
        MigrationError: the folder has none.
    """
    found = tuple(Migration(path.stem, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("[0-9]*.sql")))
    if not found:
        raise MigrationError(f"no migrations in {folder}")
    return found


async def migrate(owner_url: str, migrations: tuple[Migration, ...] | None = None) -> int:
    """Bring the database to the newest migration. Returns how many were applied; 0 when it was current.

    Raises:
        MigrationError: an applied migration was edited or is unknown here, or the lock was not free in time.
    """
    wanted = read_migrations() if migrations is None else migrations
    connection = await asyncpg.connect(owner_url, timeout=30)
    try:
        await _lock(connection)
        await ensure_roles(connection)
        return await _apply(connection, wanted)
    finally:
        await connection.close()


async def pending(connection: asyncpg.Connection) -> tuple[str, ...]:
    """Names of the migrations that the database has not had yet; for readiness checks by any role."""
    applied = await _applied(connection)
    return tuple(migration.name for migration in read_migrations() if migration.name not in applied)


async def _lock(connection: asyncpg.Connection) -> None:
    deadline = asyncio.get_running_loop().time() + _LOCK_TIMEOUT_S
    while not await connection.fetchval("select pg_try_advisory_lock($1)", _LOCK_KEY):
        if asyncio.get_running_loop().time() > deadline:
            raise MigrationError(f"another migrator has held the lock for {_LOCK_TIMEOUT_S:.0f} s")
        await asyncio.sleep(_LOCK_POLL_S)


async def _applied(connection: asyncpg.Connection) -> dict[str, str]:
    if await connection.fetchval("select to_regclass('public.schema_migrations')") is None:
        return {}
    rows = await connection.fetch("select name, digest from schema_migrations")
    return {row["name"]: row["digest"] for row in rows}


async def _apply(connection: asyncpg.Connection, wanted: tuple[Migration, ...]) -> int:
    applied = await _applied(connection)
    known = {migration.name: migration.digest for migration in wanted}
    for name, digest in applied.items():
        if known.get(name) != digest:
            raise MigrationError(f"migration {name} of this database is not the one in migrations/: it was edited or removed")
    waiting = [migration for migration in wanted if migration.name not in applied]
    for migration in waiting:
        async with connection.transaction():
            await connection.execute(f"set local role {OWNER_ROLE}")
            await connection.execute(
                "create table if not exists schema_migrations ("
                "name text constraint schema_migrations_pk primary key, digest text not null,"
                " applied_at timestamptz not null default now());"
                "grant select on schema_migrations to public"
            )
            await connection.execute(migration.sql)
            await connection.execute(
                "insert into schema_migrations (name, digest) values ($1, $2)", migration.name, migration.digest
            )
    return len(waiting)
