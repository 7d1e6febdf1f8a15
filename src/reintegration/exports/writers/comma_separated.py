"""CSV as RFC 4180 has it: comma, CRLF, quotes doubled, a header line; UTF-8.

It starts with a byte order mark: without one Excel reads UTF-8 as Windows-1252 and spoils every Georgian or Arabic name.
Readers open it as "utf-8-sig".

Cells that people wrote can't become formulas: an apostrophe goes before = + - @ (also full-width), TAB, CR and LF at the start of
a text cell, after white space, and again after each ; TAB and line break inside, because a spreadsheet that is set to
semicolons splits there. Other kinds hold checked spellings and are never changed. The XLSX file keeps such text unchanged.
"""

import csv
import io
import re
from typing import Final

from reintegration.exports.tables import Batch, ColumnKind, Table, check_width, spell

MEDIA_TYPE: Final = "text/csv; charset=utf-8"
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
# With the full-width and small forms, and the minus sign: some spreadsheets fold them.
_DANGEROUS: Final = "=+\\-@\uff1d\uff0b\uff0d\uff20\u2212\ufe62\ufe63\ufe66\ufe6b"
# Without the separators, so that each character is looked at twice at most, whatever the text.
_SKIPPED: Final = "\\x00-\\x08\\x0b\\x0c\\x0e-\\x20\"'\x85\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff"
_FORMULA: Final = re.compile(f"(^|[;\\t\\r\\n])(?=[{_SKIPPED}]*[{_DANGEROUS}])|^(?=[\\t\\r\\n])")
_SUSPECT: Final = re.compile(f"[{_DANGEROUS}\\t\\r\\n]")


def neutralise(text: str) -> str:
    """`text` so that no spreadsheet takes it, or a part of it, for a formula."""
    # Most cells hold none of the signs: one quick look spares them the slow pattern.
    return _FORMULA.sub(r"\1'", text) if _SUSPECT.search(text) else text


class CsvEncoder:
    """One table as one CSV file. `header()`, then `rows(batch)` as often as needed, then `finish()`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def header(self) -> bytes:
        """The byte order mark and the line of column names."""
        return _BYTE_ORDER_MARK + _lines([[column.name for column in self._table.columns]])

    def rows(self, batch: Batch) -> bytes:
        """The lines of a batch.

        Raises:
            CellError: a value is not of its column's kind.
        """
        table = self._table
        lines: list[list[str]] = []
        for row in batch:
            check_width(table, row)
            line: list[str] = []
            for column, value in zip(table.columns, row, strict=True):
                text = spell(table, column, value) or ""
                line.append(neutralise(text) if column.kind is ColumnKind.TEXT else text)
            lines.append(line)
        return _lines(lines)

    def finish(self) -> bytes:
        """Nothing: CSV has no end mark, which is why the manifest counts rows."""
        return b""


def _lines(lines: list[list[str]]) -> bytes:
    """RFC 4180 lines."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(lines)
    return text.getvalue().encode("utf-8")
