"""What an export is made of: tables of typed columns, and the totals that a manifest promises."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final

from reintegration.kernel.errors import InvalidInputError
from reintegration.kernel.money import Money, minor_digits, parse_rate

_TABLE_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,30}", re.ASCII)
_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)

CellValue = str | int | Money | date | datetime | None
Row = Sequence[CellValue]
Batch = Sequence[Row]
LARGEST_BATCH_ROWS: Final = 10_000


class ColumnKind(StrEnum):
    """How a cell is typed, checked and spelled."""

    TEXT = "text"
    """Anything a person wrote; the only kind that can hold a hostile formula."""
    INTEGER = "integer"
    MONEY = "money"
    """`Money`, spelled with exactly the decimals of its currency; the currency has a column of its own."""
    DATE = "date"
    TIMESTAMP = "timestamp"
    """An aware instant, spelled in UTC with a final Z."""
    DIGEST = "digest"
    """SHA-256, 64 lower-case hexadecimal digits."""
    RATE = "rate"
    """An exchange rate, kept as the text that was published."""


class ColumnRole(StrEnum):
    """What a column means for the totals."""

    FUND = "fund"
    SUMMED = "summed"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `name` is the header, `description` goes into the column contract."""

    name: str
    kind: ColumnKind
    description: str
    role: ColumnRole | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A named list of columns; `name` becomes the CSV file's name and the sheet's."""

    name: str
    columns: tuple[Column, ...]

    def __post_init__(self) -> None:
        """Refuse tables whose totals or files would be ambiguous."""
        names = [column.name for column in self.columns]
        funds = [column for column in self.columns if column.role is ColumnRole.FUND]
        wrong_roles = [
            column.name
            for column in self.columns
            if (column.role is ColumnRole.SUMMED) > (column.kind is ColumnKind.MONEY)
            or (column.role is ColumnRole.FUND) > (column.kind is ColumnKind.TEXT)
        ]
        if _TABLE_NAME.fullmatch(self.name) is None:
            raise ValueError(f"{self.name!r} is no table name: lower-case letters, digits, underscores, at most 31")
        if not names or len(set(names)) != len(names) or len(funds) > 1 or wrong_roles:
            raise ValueError(f"{self.name} needs different column names, one fund at most (text), and sums of money only")


class CellError(ValueError):
    """A cell doesn't fit its column. Never shows the value: it may be a person's."""

    def __init__(self, table: Table, column: Column, value: CellValue) -> None:
        super().__init__(f"{table.name}.{column.name} can't hold this {type(value).__name__} as {column.kind}")


@dataclass(frozen=True, slots=True)
class FundSum:
    """The exact sum of one money column for a fund and a currency; `amount` is a decimal string."""

    column: str
    fund: str | None
    currency: str
    amount: str


@dataclass(frozen=True, slots=True)
class TableTotals:
    """What a table must add up to."""

    name: str
    rows: int
    sums: tuple[FundSum, ...]


class Tally:
    """Counts rows and adds sums up as integers while they pass by. Memory: one number for each fund and currency."""

    def __init__(self, table: Table) -> None:
        self.rows = 0
        self._table = table
        self._summed = [index for index, column in enumerate(table.columns) if column.role is ColumnRole.SUMMED]
        self._fund = next((index for index, column in enumerate(table.columns) if column.role is ColumnRole.FUND), None)
        self._sums: dict[tuple[str, str | None, str], int] = {}

    def add(self, batch: Batch) -> None:
        """Take a batch into account.

        Raises:
            CellError: a summed cell is not money, or the fund is not text.
        """
        self.rows += len(batch)
        columns = self._table.columns
        for row in batch:
            fund = None if self._fund is None else row[self._fund]
            if self._fund is not None and not (fund is None or isinstance(fund, str)):
                raise CellError(self._table, columns[self._fund], fund)
            for index in self._summed:
                value = row[index]
                if isinstance(value, Money):
                    key = (columns[index].name, fund if isinstance(fund, str) else None, value.currency)
                    self._sums[key] = self._sums.get(key, 0) + value.amount_minor
                elif value is not None:
                    raise CellError(self._table, columns[index], value)

    def totals(self) -> TableTotals:
        """Rows and sums so far, in a fixed order."""
        order = sorted(self._sums.items(), key=lambda item: (item[0][0], item[0][1] is not None, item[0][1] or "", item[0][2]))
        return TableTotals(
            self._table.name,
            self.rows,
            tuple(FundSum(column, fund, currency, _decimal(total, currency)) for (column, fund, currency), total in order),
        )


def spell(table: Table, column: Column, value: CellValue) -> str | None:
    """The one spelling of a cell, before any file format's own escaping; None for an empty cell.

    Raises:
        CellError: the value is not of the column's kind.
    """
    match column.kind, value:
        case _, None:
            text = None
        case ColumnKind.TEXT, str():
            text = value
        case ColumnKind.INTEGER, int() if type(value) is int:
            text = str(value)
        case ColumnKind.MONEY, Money():
            text = value.decimal()
        case ColumnKind.TIMESTAMP, datetime() if value.tzinfo is not None:
            text = value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case ColumnKind.DATE, date() if not isinstance(value, datetime):
            text = value.isoformat()
        case ColumnKind.DIGEST, str() if _DIGEST.fullmatch(value):
            text = value
        case ColumnKind.RATE, str() if _is_rate(value):
            text = value
        case _:
            raise CellError(table, column, value)
    return text


def check_width(table: Table, row: Row) -> None:
    """Refuse a row with too few or too many cells; it would shift every later column.

    Raises:
        ValueError: the row doesn't have a cell for each column.
    """
    if len(row) != len(table.columns):
        raise ValueError(f"a row of {table.name} has {len(row)} cells instead of {len(table.columns)}")


def _is_rate(text: str) -> bool:
    """Whether the kernel could convert with it."""
    try:
        parse_rate(text)
    except InvalidInputError:
        return False
    return True


def _decimal(total_minor: int, currency: str) -> str:
    """A total of any size as a decimal string; `Money` has a limit that a sum may pass."""
    digits = minor_digits(currency)
    sign, figures = "-" if total_minor < 0 else "", f"{abs(total_minor):0{digits + 1}d}"
    return f"{sign}{figures[:-digits]}.{figures[-digits:]}" if digits else str(total_minor)
