"""One pass over the rows of a report into all of its files, in constant memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from reintegration.exports.scratch import scratch_folder
from reintegration.exports.sealing import Seal
from reintegration.exports.tables import LARGEST_BATCH_ROWS, Batch, Table, TableTotals, Tally
from reintegration.exports.writers import comma_separated, workbook
from reintegration.exports.writers.comma_separated import CsvEncoder
from reintegration.exports.writers.workbook import WorkbookEncoder
from reintegration.storage.shielding import to_the_end

Progress = Callable[[int], Awaitable[None]]
"""Told how many rows of the report are done, after each batch."""
_Result = TypeVar("_Result")


class ExportFormat(StrEnum):
    """A kind of file."""

    CSV = "csv"
    XLSX = "xlsx"


ALL_FORMATS: Final = frozenset(ExportFormat)


@dataclass(frozen=True, slots=True)
class Source:
    """A table and its rows, in a fixed order: batches of a server-side cursor, of at most 10,000 rows.

    Whoever made `rows` closes it (its transaction, its connection), also when an export fails half-way.
    """

    table: Table
    rows: AsyncIterator[Batch]


async def export_tables(
    seal: Seal,
    sources: Sequence[Source],
    formats: frozenset[ExportFormat],
    *,
    scratch_dir: Path,
    progress: Progress | None = None,
) -> tuple[TableTotals, ...]:
    """Write `<table>.csv` for each source and one `<report kind>.xlsx` with a sheet for each; then `seal.close()` is due.

    Each source is read once. Encoding runs in a thread, so that the event loop stays free.

    Raises:
        CellError: a row doesn't fit its table.
        ObjectConflictError: a file of this identity exists with other bytes.
    """
    if not formats:
        raise ValueError("an export needs a format")
    totals: list[TableTotals] = []
    with ExitStack() as stack:
        book: WorkbookEncoder | None = None
        if ExportFormat.XLSX in formats:
            book = WorkbookEncoder(stack.enter_context(scratch_folder(scratch_dir)))
            stack.callback(book.close)
        for source in sources:
            done = sum(total.rows for total in totals)
            run = _Run(source.table, CsvEncoder(source.table) if ExportFormat.CSV in formats else None, book)
            totals.append(await _export_source(seal, source, run, done, progress))
        if book is not None:
            await _upload_workbook(seal, book, totals)
    return tuple(totals)


async def export_table(
    seal: Seal,
    source: Source,
    formats: frozenset[ExportFormat] = ALL_FORMATS,
    *,
    scratch_dir: Path,
    progress: Progress | None = None,
) -> TableTotals:
    """A report of one table: see `export_tables`."""
    [totals] = await export_tables(seal, [source], formats, scratch_dir=scratch_dir, progress=progress)
    return totals


class _Run:
    """The encoders of one table, called from one thread at a time."""

    def __init__(self, table: Table, lines: CsvEncoder | None, book: WorkbookEncoder | None) -> None:
        self.tally = Tally(table)
        self._table = table
        self._lines = lines
        self._book = book

    def header(self) -> bytes:
        """Begin the table in every format; the CSV's bytes."""
        if self._book is not None:
            self._book.header(self._table)
        return self._lines.header() if self._lines is not None else b""

    def rows(self, batch: Batch) -> bytes:
        """Add a batch in every format; the CSV's bytes."""
        if len(batch) > LARGEST_BATCH_ROWS:
            raise ValueError(f"a batch of {len(batch)} rows; at most {LARGEST_BATCH_ROWS}")
        data = self._lines.rows(batch) if self._lines is not None else b""
        if self._book is not None:
            self._book.rows(batch)
        self.tally.add(batch)
        return data


async def _export_source(seal: Seal, source: Source, run: _Run, done: int, progress: Progress | None) -> TableTotals:
    """One table: through the sink, where CSV is asked for."""
    name = f"{source.table.name}.{ExportFormat.CSV}"
    async with seal.sink(name, comma_separated.MEDIA_TYPE) as sink:
        first = await _in_thread(run.header)
        if first:
            await sink.write(first)
        async for batch in source.rows:
            await sink.write(await _in_thread(partial(run.rows, batch)))
            if progress is not None:
                await progress(done + run.tally.rows)
        totals = run.tally.totals()
        if first:
            seal.add(name, comma_separated.MEDIA_TYPE, await sink.complete(), [totals])
    return totals


async def _upload_workbook(seal: Seal, book: WorkbookEncoder, totals: Sequence[TableTotals]) -> None:
    """Pack the workbook and stream it up."""
    name = f"{seal.identity.report_kind}.{ExportFormat.XLSX}"
    chunks: Iterator[bytes] = book.finish()
    async with seal.sink(name, workbook.MEDIA_TYPE) as sink:
        while chunk := await _in_thread(lambda: next(chunks, b"")):
            await sink.write(chunk)
        seal.add(name, workbook.MEDIA_TYPE, await sink.complete(), totals)


async def _in_thread(work: Callable[[], _Result]) -> _Result:
    """Run `work` in a thread and never leave it running: whoever cleans up after a cancellation would meet it."""
    return await to_the_end(asyncio.ensure_future(asyncio.to_thread(work)))
