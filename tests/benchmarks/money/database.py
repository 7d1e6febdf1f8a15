"""The databases of the money benchmark: the caseload at each size with its log and keys, beside those of the read benchmark."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import asyncpg

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.sql import load_queries
from tests.benchmarks import caseload
from tests.benchmarks.database import kept_databases, migrations_digest
from tests.benchmarks.money.work import SQL

VERSION: Final = 1
"""Of what is loaded beside the caseload; another one makes a kept database be made anew."""
_PAYMENTS_A_CASE: Final = 2.93
"""Of the caseload, a little less than it has."""
_HERE: Final = Path(__file__).parent
_HISTORY: Final = load_queries(str(_HERE / "history" / "all"))
_WRITTEN: Final = (
    "payments",
    "payment_lines",
    "payment_documents",
    "ledger_accounts",
    "ledger_transactions",
    "ledger_postings",
    "audit_log",
    "idempotency_records",
    "cases",
    "suppliers",
)


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a database held before anything was paid, in rows and bytes."""

    cases: int
    payments: int
    lines: int
    postings: int
    log_entries: int
    keys: int
    load_seconds: float
    bytes: int


async def money_databases(server: DatabaseAddresses, sizes: Sequence[int]) -> list[DatabaseAddresses]:
    """The databases that hold at least so many payments; loaded, at once, unless they are there."""
    fills = {
        f"money{size}_{VERSION}_{caseload.VERSION}_{migrations_digest()}": partial(fill, cases=round(size / _PAYMENTS_A_CASE))
        for size in sizes
    }
    return await kept_databases(server, fills, f"Loading {', '.join(f'{size:,}' for size in sizes)} payments")


async def fill(owner_url: str, cases: int) -> None:
    """The caseload, what its payments would have left in log and keys, and the mark where runs begin."""
    began = time.monotonic()
    connection = await asyncpg.connect(owner_url)
    try:
        await caseload.fill(connection, cases)
        indexes = await connection.fetch(SQL["log_indexes"])
        await connection.execute("".join(row["removal"] for row in indexes))
        await _side_by_side(owner_url, [_HISTORY[name] for name in ("log_of_the_ledger", "log_of_payments", "keys", "invoices")])
        await _side_by_side(owner_url, [row["definition"] for row in indexes])
        await connection.execute(SQL["keep_mark"])
        await connection.execute(SQL["keep_load_seconds"], time.monotonic() - began)
    finally:
        await connection.close()


async def _side_by_side(owner_url: str, statements: Sequence[str]) -> None:
    """Each on a connection and in a transaction of its own: loading has all cores."""

    async def run(statement: str) -> None:
        connection = await asyncpg.connect(owner_url)
        try:
            async with connection.transaction():
                await connection.execute(_HISTORY["begin"])
                await connection.execute(statement)
        finally:
            await connection.close()

    await asyncio.gather(*map(run, statements))


async def holdings(connection: asyncpg.Connection) -> Holdings:
    """What was loaded, and how long that took."""
    return Holdings(**dict(await connection.fetchrow(SQL["holdings"])))


async def prepare(connection: asyncpg.Connection) -> None:
    """Make the functions of the bare limit anew, and begin with the rows that were loaded.

    Autovacuum leaves the tables alone that `forget` vacuums: when it comes would be chance, and its CPU is PostgreSQL's too.
    """
    await connection.execute("".join(f"alter table {table} set (autovacuum_enabled = false);" for table in _WRITTEN))
    await connection.execute(_script("functions"))
    await forget(connection)


async def forget(connection: asyncpg.Connection) -> None:
    """Take away what was paid, and what is left of it in the tables."""
    await connection.execute(_script("forget"))
    await connection.execute(f"vacuum {', '.join(_WRITTEN)}")


def _script(name: str) -> str:
    return (_HERE / f"{name}.sql").read_text(encoding="utf-8")
