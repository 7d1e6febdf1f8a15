"""The bytes of a CSV file as rows of cells, or the reason why they are none."""

import codecs
import csv
import io
from dataclasses import dataclass
from typing import Final

from reintegration.banking.faults import FaultLog
from reintegration.banking.mapping import CsvMapping, Encoding
from reintegration.banking.statement import LARGEST_FILE_BYTES, MOST_LINES
from reintegration.banking.text import is_utf_8

MOST_ROWS: Final = MOST_LINES + 1_000
"""Header, footer and empty rows included."""
_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UNICODE: Final = {Encoding.UTF_8, Encoding.UTF_16, Encoding.UTF_16_LE, Encoding.UTF_16_BE}


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is not empty; `number` counts the empty ones too, from 1 on, as a spreadsheet does."""

    number: int
    cells: tuple[str, ...]


def rows_of(content: bytes, mapping: CsvMapping, faults: FaultLog) -> tuple[Row, ...]:
    """The rows that hold something; after a fault those before it."""
    if len(content) > LARGEST_FILE_BYTES:
        faults.add(f"at most {LARGEST_FILE_BYTES} bytes are read", found=f"{len(content)} bytes")
        return ()
    text = _decoded(content, mapping.encoding, faults)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mapping.delimiter, strict=True)
    rows: list[Row] = []
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            if number > MOST_ROWS:
                faults.add(f"at most {MOST_ROWS} rows are read", row=number)
                break
            if any(cell and not cell.isspace() for cell in cells):
                rows.append(Row(number, tuple(cells)))
    except csv.Error as error:
        faults.add(f"cells that are quoted as CSV quotes them were expected ({error})", row=number + 1)
    return tuple(rows)


def _decoded(content: bytes, encoding: Encoding, faults: FaultLog) -> str:
    """The text; empty after a fault."""
    mark = next((name for mark, name in _BYTE_ORDER_MARKS if content.startswith(mark)), None)
    if mark is None and encoding is Encoding.UTF_16:
        faults.add("a byte order mark was expected at the start of a file in UTF-16")
        return ""
    if mark is None and encoding not in _UNICODE and is_utf_8(content):
        # Read as an 8-bit code it would give no error, but other names.
        faults.add(f"text in {encoding.value} was expected; this is UTF-8")
        return ""
    try:
        text = content.decode(mark or encoding.value)
    except UnicodeDecodeError as error:
        faults.add(f"text in {mark or encoding.value} was expected", row=content.count(b"\n", 0, error.start) + 1)
        return ""
    if "\0" in text:
        faults.add(f"text in {mark or encoding.value} was expected, without NUL", row=text.count("\n", 0, text.index("\0")) + 1)
        return ""
    return text
