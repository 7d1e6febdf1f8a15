"""Inserting and updating many rows in one statement, through the same constraints, triggers and policies as one row."""

import re
from collections.abc import Mapping, Sequence
from uuid import UUID

import orjson

from reintegration.database.transaction import Transaction

_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*")
Cells = Mapping[str, object]


async def insert_rows(transaction: Transaction, table: str, rows: Sequence[Cells], *, if_absent: bool = False) -> int:
    """Insert rows that all have the same columns; returns how many went in. `if_absent` skips rows whose key is there."""
    if not rows:
        return 0
    columns = _names(rows[0])
    names = ", ".join(columns)
    tail = " on conflict do nothing" if if_absent else ""
    return await transaction.execute(
        f"insert into {_name(table)} ({names}) select {names} from jsonb_populate_recordset(null::{_name(table)}, $1){tail}",  # noqa: S608 - names are checked
        _json(rows),
    )


async def update_rows(transaction: Transaction, table: str, rows: Sequence[Cells], *, key: str = "id") -> int:
    """Set the columns of each row, found by its key; returns how many were changed."""
    if not rows:
        return 0
    changes = ", ".join(f"{column} = given.{column}" for column in _names(rows[0]) if column != key)
    return await transaction.execute(
        f"update {_name(table)} as stored set {changes} "  # noqa: S608 - names are checked
        f"from jsonb_populate_recordset(null::{_name(table)}, $1) as given where stored.{_name(key)} = given.{_name(key)}",
        _json(rows),
    )


def _json(rows: Sequence[Cells]) -> str:
    """The rows as PostgreSQL reads them; orjson spells ids, days and instants itself."""
    return orjson.dumps(rows, default=_plain).decode()


def _plain(value: object) -> object:
    if isinstance(value, UUID):  # asyncpg's own kind of it
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} is no cell")


def _names(row: Cells) -> list[str]:
    return [_name(column) for column in row]


def _name(name: str) -> str:
    if _IDENTIFIER.fullmatch(name) is None:
        raise ValueError("not the name of a table or column")
    return name
