"""Reports that no domain declares, to see what the machinery does with large, slow and broken ones."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

from reintegration.database.transaction import Transaction
from reintegration.exports.definitions import Parameters, ReportDefinition, ReportTable, connect, from_query
from reintegration.exports.tables import Batch, Column, ColumnKind, Table

KIND = "payments_ledger"
"""One of the kinds that the database knows."""
NOTES = Table("notes", (Column("number", ColumnKind.INTEGER, "a number"), Column("note", ColumnKind.TEXT, "a text")))
LARGE_ROWS = 5_000
LARGE_NOTE = 2_000


def declare(*tables: ReportTable, version: str = "synthetic-1") -> None:
    """Make the only known report one of these tables."""
    connect([ReportDefinition(KIND, version, "For tests", tables, dict)])


def large() -> ReportTable:
    """10 MiB of CSV through a server-side cursor: two parts of an upload, five batches."""
    return _table(
        from_query(
            f"select n, repeat('x', {LARGE_NOTE}) as note from generate_series(1, {LARGE_ROWS}) as n order by n",  # noqa: S608 - our numbers
            lambda _: (),
            lambda row: [row["n"], row["note"]],
        ),
        LARGE_ROWS,
    )


def failing(errors: Sequence[Exception | None]) -> ReportTable:
    """One row; the first runs raise what is given, in order."""
    left = list(errors)

    async def rows(_transaction: Transaction, _parameters: Parameters) -> AsyncGenerator[Batch]:
        error = left.pop(0) if left else None
        if error is not None:
            raise error
        yield [[1, "one"]]

    return _table(rows, 1)


def waiting(begun: asyncio.Event, go_on: asyncio.Event) -> ReportTable:
    """Two rows with a pause between."""

    async def rows(_transaction: Transaction, _parameters: Parameters) -> AsyncGenerator[Batch]:
        yield [[1, "one"]]
        begun.set()
        await go_on.wait()
        yield [[2, "two"]]

    return _table(rows, 2)


def malformed() -> ReportTable:
    """A text where a number belongs."""

    async def rows(_transaction: Transaction, _parameters: Parameters) -> AsyncGenerator[Batch]:
        yield [["one", "one"]]

    return _table(rows, 1)


def _table(rows: Callable[[Transaction, Parameters], AsyncGenerator[Batch]], expected: int) -> ReportTable:
    async def expected_rows(_transaction: Transaction, _parameters: Parameters) -> int:
        return expected

    return ReportTable(NOTES, rows, expected_rows)
