"""What a domain declares of a report, so that this room can run it without knowing the domain."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from reintegration.database.transaction import Row as DatabaseRow
from reintegration.database.transaction import Transaction
from reintegration.exports.errors import UnknownReportError
from reintegration.exports.tables import Batch, Row, Table
from reintegration.kernel.errors import InvalidInputError

Parameters = Mapping[str, str]
"""Canonical texts by name: the same wish in other words must become the same mapping, for its digest names the report."""

BATCH_ROWS: Final = 1000
_FIRST_DAY: Final = date(2000, 1, 1)
_LAST_DAY: Final = date(2100, 12, 31)


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A table of a report, and where its rows come from.

    Both read the given snapshot and no clock; rows come in a fixed order. They must not depend on who ordered: the
    roles that may order see the same facts.
    """

    table: Table
    rows: Callable[[Transaction, Parameters], AsyncGenerator[Batch]]
    expected_rows: Callable[[Transaction, Parameters], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class ReportDefinition:
    """A kind of report. Whoever changes a query, a column or a rule of it gives it a new version."""

    kind: str
    definition_version: str
    description: str
    tables: tuple[ReportTable, ...]
    parse: Callable[[Parameters], Parameters]
    """Checks and canonicalises what was asked for; raises InvalidInputError."""


_known: dict[str, ReportDefinition] = {}


def connect(definitions: Iterable[ReportDefinition]) -> None:
    """Make the definitions known, once for a process; repeatable.

    Raises:
        ValueError: two definitions have one kind, or two tables of one report one name.
    """
    given = tuple(definitions)
    if len({definition.kind for definition in given}) != len(given):
        raise ValueError("two reports have one kind")
    for definition in given:
        names = {part.table.name for part in definition.tables}
        if len(names) != len(definition.tables):
            raise ValueError(f"two tables of {definition.kind} have one name")
    _known.clear()
    _known.update({definition.kind: definition for definition in given})


def known_definitions() -> Mapping[str, ReportDefinition]:
    """What `connect` was given, by kind."""
    return MappingProxyType(_known)


def definition_of(kind: str) -> ReportDefinition:
    """The definition of a kind.

    Raises:
        UnknownReportError: there is none.
    """
    try:
        return _known[kind]
    except KeyError:
        raise UnknownReportError(kind=kind) from None


def from_query(
    sql: str,
    arguments: Callable[[Parameters], Sequence[object]],
    to_row: Callable[[DatabaseRow], Row],
) -> Callable[[Transaction, Parameters], AsyncGenerator[Batch]]:
    """Rows of a statement through a server-side cursor: memory for one batch, whatever the number of rows."""

    async def rows(transaction: Transaction, parameters: Parameters) -> AsyncGenerator[Batch]:
        cursor = await transaction.raw.cursor(sql, *arguments(parameters))
        while found := await cursor.fetch(BATCH_ROWS):
            yield [to_row(row) for row in found]

    return rows


def counted_by(
    sql: str, arguments: Callable[[Parameters], Sequence[object]]
) -> Callable[[Transaction, Parameters], Awaitable[int]]:
    """The number of rows by a statement that returns it."""

    async def expected_rows(transaction: Transaction, parameters: Parameters) -> int:
        value = await transaction.fetch_value(sql, *arguments(parameters))
        if not isinstance(value, int):
            raise TypeError("a count is a whole number")
        return value

    return expected_rows


def only(parameters: Parameters, *names: str) -> tuple[str, ...]:
    """The values of exactly these parameters.

    Raises:
        InvalidInputError: one is missing, or another was given.
    """
    for name in names:
        if name not in parameters:
            raise InvalidInputError(field=name, reason="is needed for this report")
    for name in parameters:
        if name not in names:
            raise InvalidInputError(field="parameters", reason=f"this report takes {', '.join(names)} and nothing else")
    return tuple(parameters[name] for name in names)


def day(name: str, text: str) -> date:
    """A parameter that is a day, written YYYY-MM-DD.

    Raises:
        InvalidInputError: it isn't, or lies outside 2000 to 2100.
    """
    try:
        value = date.fromisoformat(text)
    except ValueError:
        raise InvalidInputError(field=name, reason="is a day such as 2026-06-30") from None
    if value.isoformat() != text or not _FIRST_DAY <= value <= _LAST_DAY:
        raise InvalidInputError(field=name, reason="is a day between 2000-01-01 and 2100-12-31, such as 2026-06-30")
    return value
