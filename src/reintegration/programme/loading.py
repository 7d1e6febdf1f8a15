"""Brings the reference data of the package into a database: repeatable, in one transaction, in the owner's role.

Rows are added and updated, never deleted; what is unchanged is not written, so the log only tells of real changes.
"""

import asyncpg
import orjson

from reintegration.database.roles import OWNER_ROLE
from reintegration.database.sql import load_queries
from reintegration.kernel.actor import Role
from reintegration.programme.errors import ReferenceRowMissingError, ReferenceRowRefusedError, TariffVersionChangedError
from reintegration.programme.reference import identifier
from reintegration.programme.table_rows import TariffFiles, reference_tables, tariff_files
from reintegration.programme.tables import TableRow, TableRows

LOADER = "reference-data"
"""Who the log names."""

_SQL = load_queries(__file__)
_CONNECT_TIMEOUT_S = 30


async def load_reference(database: str | asyncpg.Connection) -> int:
    """Load or update the reference data. Returns how many rows were added or changed; 0 when all was current.

    `database` is the address of a login that may become the owner, or an open connection of one, outside a transaction.

    Raises:
        ReferenceDataError: the tariff of the files differs from the stored version of that code, a row that decides something
            was taken out of its file, or the database refuses a row; nothing has changed then.
    """
    if not isinstance(database, str):
        return await load_tables(database, reference_tables(), tariff_files())
    connection = await asyncpg.connect(database, timeout=_CONNECT_TIMEOUT_S)
    try:
        return await load_tables(connection, reference_tables(), tariff_files())
    finally:
        await connection.close()


async def load_tables(connection: asyncpg.Connection, tables: tuple[TableRows, ...], tariff: TariffFiles) -> int:
    """The same for given rows."""
    async with connection.transaction():
        await connection.execute(_SQL["become_loader"], OWNER_ROLE, LOADER, Role.SYSTEM.value)
        changed = 0
        for table in tables:
            changed += await _load_table(connection, table)
        return changed + await _load_tariff(connection, tariff)


async def _load_table(connection: asyncpg.Connection, rows: TableRows) -> int:
    if rows.decides:
        stored = await connection.fetch(f"select id::text from {rows.table}")  # noqa: S608 - a table of ours, not input
        wanted = {row["id"] for row in rows.rows}
        # Rows of version 5 are the loader's; an installation's own rows have other ids.
        missing = sorted(row["id"] for row in stored if row["id"][14] == "5" and row["id"] not in wanted)
        if missing:
            raise ReferenceRowMissingError(file=rows.file, row=missing[0])
    return await _upsert(connection, rows)


async def _upsert(connection: asyncpg.Connection, rows: TableRows) -> int:
    """Insert what is new and update what differs; an equal row is not touched and leaves no trace in the log."""
    if not rows.rows:
        return 0
    names = sorted({name for row in rows.rows for name in row})
    others = [name for name in names if name != rows.key]
    offered = ", ".join(f"excluded.{name}" for name in others)
    stored = ", ".join(f"{rows.table}.{name}" for name in others)
    statement = (
        f"insert into {rows.table} ({', '.join(names)})"  # noqa: S608 - tables and columns of ours, not input
        f" select {', '.join(names)} from jsonb_populate_recordset(null::{rows.table}, $1::jsonb)"
        f" on conflict ({rows.key}) do update set ({', '.join(others)}) = row({offered})"
        f" where ({stored}) is distinct from ({offered})"
    )
    try:
        status: str = await connection.execute(statement, orjson.dumps(rows.rows).decode())
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError) as error:
        raise ReferenceRowRefusedError(file=rows.file, reason=str(error)) from error
    return int(status.rsplit(" ", 1)[-1])


async def _load_tariff(connection: asyncpg.Connection, tariff: TariffFiles) -> int:
    """A version is written once, whole; afterwards it can only be the same or another one."""
    version_id = identifier("tariff_version", tariff.code)
    added: str = await connection.execute(_SQL["add_tariff_version"], version_id, tariff.code, tariff.digest)
    if added.endswith(" 0"):
        if await connection.fetchval(_SQL["tariff_digest"], tariff.code) != tariff.digest:
            raise TariffVersionChangedError(version=tariff.code)
        return 0
    changed = 1
    for table, key, rows in (
        ("tariff_rules", "rule_id", tariff.rules),
        ("exclusion_rules", "rule_id", tariff.exclusions),
        ("deadline_rules", "key", tariff.deadlines),
    ):
        complete: tuple[TableRow, ...] = tuple(
            {
                **row,
                "id": str(identifier(table, f"{tariff.code}:{row[key]}")),
                "tariff_version_id": str(version_id),
            }
            for row in rows
        )
        changed += await _upsert(connection, TableRows(table, f"{table}.csv", complete))
    return changed
