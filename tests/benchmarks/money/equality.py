"""Before anything is measured: one payment of each path leaves the same rows and the same log."""

import json
from collections.abc import Iterable, Mapping
from typing import Final, cast

import asyncpg

from tests.benchmarks.canonical import Json, first_difference
from tests.benchmarks.money.database import forget
from tests.benchmarks.money.driver import Cycle
from tests.benchmarks.money.work import SQL, Path, Step, fresh

_OWN: Final = frozenset(
    {
        "id",
        "payment_id",
        "transaction_id",
        "reference_id",
        "invoice_number",
        "content_digest",
        "approved_digest",
    }
)
"""Values that differ with every payment, and digests, whose canonical form is our own."""


async def rows_left(connection: asyncpg.Connection) -> list[Json]:
    """Every change since the database was loaded and every key, without what differs with every payment."""
    changes = [
        {
            "table": row["table_name"],
            "action": row["action"],
            "actor": row["actor_id"],
            "role": row["actor_role"],
            "before": _plain(row["table_name"], row["before"]),
            "after": _plain(row["table_name"], row["after"]),
        }
        for row in await connection.fetch(SQL["written"])
    ]
    keys = [dict(row) for row in await connection.fetch(SQL["kept_keys"])]
    return sorted([*changes, *keys], key=lambda row: json.dumps(row, sort_keys=True))


async def differences(paths: Mapping[str, Path], subjects: Cycle, connection: asyncpg.Connection) -> dict[str, str]:
    """Pay the same thing by each path, and compare what it leaves with what the first one does; of each that differs how."""
    subject, actors = next(subjects)
    found: dict[str, str] = {}
    expected: list[Json] | None = None
    for name, path in paths.items():
        payment = fresh(subject, actors)
        try:
            async with path.payers(1) as (payer,):
                for step in Step:
                    await payer.take(step, payment)
            left = await rows_left(connection)
        except Exception as error:  # noqa: BLE001 - whatever it is, this path is left out and the line says why
            found[name] = f"{type(error).__name__}: {error}"[:500]
            continue
        finally:
            await forget(connection)
        if expected is None:
            expected = left
        elif (difference := first_difference(expected, left, "rows")) is not None:
            found[name] = f"{difference} ({_counts(expected)}; {_counts(left)})"
    return found


def _plain(table: str, image: str | None) -> Json:
    if image is None:
        return None
    own = _OWN - {"id"} if table == "ledger_accounts" else _OWN
    row = cast("dict[str, Json]", json.loads(image))
    return {
        name: "its own" if value is not None and (name in own or name.endswith("_at")) else value for name, value in row.items()
    }


def _counts(rows: Iterable[Json]) -> str:
    counts: dict[str, int] = {}
    for row in rows:
        table = str(cast("Mapping[str, Json]", row).get("table", "idempotency_records"))
        counts[table] = counts.get(table, 0) + 1
    return ", ".join(f"{number} {table}" for table, number in sorted(counts.items()))
