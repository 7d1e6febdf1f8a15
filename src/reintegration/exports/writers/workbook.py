"""XLSX in constant memory: rows go to files in a scratch folder and are packed at the end.

Text cells are strings by type, so that nothing in them is evaluated and codes keep their zeros. Money is a number with the
decimals of its currency, written from its exact decimal. Rates, digests and instants stay text. Fixed times inside make the
same rows the same bytes.
"""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import xlsxwriter  # type: ignore[import-untyped]  # xlsxwriter doesn't mark itself as typed

from reintegration.exports.tables import Batch, CellError, CellValue, Column, ColumnKind, Table, check_width, spell
from reintegration.kernel.money import Money, minor_digits

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LARGEST_SHEET_ROWS: Final = 1_048_576
_LARGEST_TEXT_UNITS: Final = 32_767
_LARGEST_EXACT: Final = 10**15
_FIRST_YEAR: Final = 1900
_CHUNK_BYTES: Final = 1 << 20
_CREATED: Final = datetime(2000, 1, 1)  # noqa: DTZ001  # a constant that xlsxwriter wants without a zone
_WIDTHS: Final = {
    ColumnKind.TEXT: 24,
    ColumnKind.INTEGER: 10,
    ColumnKind.MONEY: 16,
    ColumnKind.DATE: 12,
    ColumnKind.TIMESTAMP: 28,
    ColumnKind.DIGEST: 20,
    ColumnKind.RATE: 14,
}


class WorkbookFullError(Exception):
    """The table has more rows than a sheet can hold; order the CSV file."""


class WorkbookEncoder:
    """Several tables as the sheets of one workbook: `header(table)` begins each, `finish()` gives the file.

    Used from one thread at a time. `close()` must follow; the files lie in `folder`, which the caller removes.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "workbook.xlsx"
        self._book = xlsxwriter.Workbook(
            str(self._path),
            {
                "constant_memory": True,
                "tmpdir": str(folder),
                "strings_to_formulas": False,
                "strings_to_numbers": False,
                "strings_to_urls": False,
            },
        )
        self._book.set_properties({"created": _CREATED})
        self._bold = self._book.add_format({"bold": True})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        # Made at once: a format's number depends on the order of making, and bytes must not depend on the rows' order.
        self._amounts = {
            digits: self._book.add_format({"num_format": "#,##0" + ("." + "0" * digits if digits else "")}) for digits in range(5)
        }

    def header(self, table: Table) -> None:
        """Begin the sheet of `table` with its column names; the sheet before can't be continued."""
        self._table = table
        self._sheet = self._book.add_worksheet(table.name)
        self._next_row = 1
        for index, column in enumerate(table.columns):
            self._sheet.set_column(index, index, _WIDTHS[column.kind])
        self._sheet.freeze_panes(1, 0)
        for index, column in enumerate(table.columns):
            self._sheet.write_string(0, index, column.name, self._bold)

    def rows(self, batch: Batch) -> None:
        """Write a batch below.

        Raises:
            CellError: a value is not of its column's kind, or longer than a cell can hold.
            WorkbookFullError: the sheet is full.
        """
        if self._next_row + len(batch) > LARGEST_SHEET_ROWS:
            raise WorkbookFullError(f"{self._table.name} has more than {LARGEST_SHEET_ROWS - 1} rows; order it as CSV")
        for row in batch:
            check_width(self._table, row)
            for index, (column, value) in enumerate(zip(self._table.columns, row, strict=True)):
                self._write(index, column, value)
            self._next_row += 1

    def finish(self) -> Iterator[bytes]:
        """Pack the workbook (at the first step), then its bytes in chunks of at most 1 MiB."""
        self._book.close()
        with self._path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk

    def close(self) -> None:
        """Release the sheets' open files; safe after `finish` and after a failure."""
        for sheet in self._book.worksheets():
            if sheet.row_data_fh is not None:
                sheet.row_data_fh.close()

    def _write(self, index: int, column: Column, value: CellValue) -> None:
        """One cell, typed by its column."""
        text = spell(self._table, column, value)
        if text is None:
            return
        match value:
            case Money():
                self._sheet.write_number(self._next_row, index, Decimal(text), self._amounts[minor_digits(value.currency)])
            case int() if abs(value) <= _LARGEST_EXACT:
                self._sheet.write_number(self._next_row, index, value)
            case date() if column.kind is ColumnKind.DATE and value.year >= _FIRST_YEAR:
                self._sheet.write_datetime(self._next_row, index, value, self._day)
            case _:
                # The writer would cut longer text and only return a code.
                if len(text.encode("utf-16-le", "surrogatepass")) // 2 > _LARGEST_TEXT_UNITS:
                    raise CellError(self._table, column, value)
                self._sheet.write_string(self._next_row, index, text)
