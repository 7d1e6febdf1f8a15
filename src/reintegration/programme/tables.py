"""The reference files shipped with the package: strict CSV in, text rows out; and the rows of tables that they become."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import ClassVar

from reintegration.kernel.errors import DomainError
from reintegration.kernel.money import EURO, Money

Row = Mapping[str, str]
"""One line of a reference file: column name to text; an empty cell means unknown or no limit, never zero."""

TableRow = Mapping[str, object]
"""A row as PostgreSQL writes it in JSON: dates and ids as text, absent values null."""


@dataclass(kw_only=True)
class ReferenceDataError(DomainError):
    """The reference file {file} is broken at line {line}: {reason}."""

    code: ClassVar[str] = "REFERENCE_DATA_BROKEN"
    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class TableRows:
    """The rows of one table, from one file; `decides`: a stored row would go on deciding after the file dropped it."""

    table: str
    file: str
    rows: tuple[TableRow, ...]
    key: str = "id"
    decides: bool = False


@cache
def read_table(file: str, room: str = "programme") -> tuple[Row, ...]:
    """All rows of `data/<file>` of a room, in file order, read once.

    Raises:
        ReferenceDataError: a line has more or fewer cells than the heading.
    """
    text = (resources.files(f"reintegration.{room}") / "data" / file).read_text(encoding="utf-8")
    lines = csv.reader(text.splitlines(), strict=True)
    heading = next(lines)
    rows: list[Row] = []
    for cells in lines:
        if len(cells) != len(heading):
            raise ReferenceDataError(file=file, line=lines.line_num, reason=f"{len(cells)} cells under {len(heading)} headings")
        rows.append(MappingProxyType(dict(zip(heading, cells, strict=True))))
    return tuple(rows)


def codes(cell: str) -> tuple[str, ...]:
    """The codes of a cell that holds several, separated by semicolons."""
    return tuple(part for part in cell.split(";") if part)


def cents(cell: str) -> int | None:
    """The euro cents of a cell; an empty one is no amount."""
    return Money.parse(cell, EURO).amount_minor if cell else None
