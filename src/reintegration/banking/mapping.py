"""How a field office's bank writes its CSV statements: data, kept per office as JSON, checked before any file is read by it."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

import orjson
from pydantic import ConfigDict, TypeAdapter, ValidationError

from reintegration.banking.amounts import MOST_DECIMALS, AmountFormat
from reintegration.banking.dates import DateFormat
from reintegration.kernel.canonical import JsonDocument
from reintegration.kernel.errors import DomainError

MOST_COLUMNS: Final = 200
MOST_EDGE_ROWS: Final = 100
"""Rows of a header or a footer."""
MOST_MARKS: Final = 20
LONGEST_NAME: Final = 100
DELIMITERS: Final = (",", ";", "\t", "|")
DECIMAL_SIGNS: Final = (".", ",")
GROUPING_SIGNS: Final = ("", " ", "'", ".", ",")

ColumnKey = int | str
"""Which column: its place from 1 on, or its name in the header."""


@dataclass(kw_only=True)
class MappingRefusedError(DomainError):
    """The mapping can't be used: {first}.

    `problems` holds all that is wrong with it, each with the name of its field.
    """

    code: ClassVar[str] = "MAPPING_REFUSED"
    first: str
    problems: tuple[str, ...]


class Encoding(StrEnum):
    """How a file spells its characters, unless it starts with a byte order mark, which then decides."""

    UTF_8 = "utf-8"
    UTF_16 = "utf-16"
    """With a byte order mark."""
    UTF_16_LE = "utf-16-le"
    UTF_16_BE = "utf-16-be"
    WINDOWS_1250 = "windows-1250"
    WINDOWS_1251 = "windows-1251"
    """Cyrillic."""
    WINDOWS_1252 = "windows-1252"
    """Western Europe."""
    WINDOWS_1253 = "windows-1253"
    WINDOWS_1254 = "windows-1254"
    """Turkish."""
    WINDOWS_1256 = "windows-1256"
    """Arabic."""
    ISO_8859_1 = "iso-8859-1"
    ISO_8859_15 = "iso-8859-15"


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which column holds what.

    The amount is in `amount` alone, signed; in `amount` with its direction in `indicator`; or in `debit` and `credit`, of which
    each line fills one. `currency` and `account`, where they are, must name those of the statement in each line. The columns of
    `remittance` are read one after the other.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    booking_date: ColumnKey
    value_date: ColumnKey | None = None
    amount: ColumnKey | None = None
    indicator: ColumnKey | None = None
    debit: ColumnKey | None = None
    credit: ColumnKey | None = None
    balance: ColumnKey | None = None
    """What the account holds after the line; may be empty in some."""
    currency: ColumnKey | None = None
    account: ColumnKey | None = None
    bank_reference: ColumnKey | None = None
    end_to_end_reference: ColumnKey | None = None
    counterparty_name: ColumnKey | None = None
    counterparty_account: ColumnKey | None = None
    reversal: ColumnKey | None = None
    remittance: tuple[ColumnKey, ...] = ()

    def named(self) -> Iterator[tuple[str, ColumnKey]]:
        """Each column that is there, with the name of its field."""
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            for key in value if isinstance(value, tuple) else (value,):
                if key is not None:
                    yield field.name, key


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceCell:
    """Where a balance stands in the header or the footer.

    Its row is the `row`th of the file (from 1 on, or from the end: -1 is the last that is not empty), or the only one of header
    and footer with a cell that begins with `label` in any case of letters. `column` and `date_column` are places from 1 on.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    column: int
    row: int | None = None
    label: str | None = None
    date_column: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvMapping:
    """How to read the CSV statements of one bank.

    A balance comes from its cell, from the running balance of the lines, or from beside the file; where several are known they
    must agree. `footer_rows` are the last rows that are not empty; a row whose first filled cell begins with one of
    `footer_labels`, and that has no booking date, begins the footer too.

    Raises:
        MappingRefusedError: the fields contradict each other or leave their ranges.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    columns: Columns
    column_count: int
    delimiter: str
    date_format: str
    """See `DateFormat`."""
    decimal_sign: str
    grouping_sign: str = ""
    is_lakh: bool = False
    decimals: int | None = None
    """How many decimals each amount shows; None: as many as its currency has, or fewer. See `AmountFormat`."""
    encoding: Encoding = Encoding.UTF_8
    header_rows: int = 1
    footer_rows: int = 0
    footer_labels: tuple[str, ...] = ()
    newest_first: bool = False
    credit_marks: tuple[str, ...] = ()
    """What the indicator says of money that came in; compared without regard to case."""
    debit_marks: tuple[str, ...] = ()
    reversal_marks: tuple[str, ...] = ()
    """What the column `reversal` says of a booking that takes another one back."""
    debit_has_minus: bool = False
    """The column `debit` writes its amounts below zero."""
    opening_cell: BalanceCell | None = None
    closing_cell: BalanceCell | None = None

    def __post_init__(self) -> None:
        """Refuse a mapping that could read a file wrongly."""
        problems = (*_format_problems(self), *_row_problems(self), *_column_problems(self), *_mark_problems(self))
        if problems:
            raise MappingRefusedError(first=problems[0], problems=problems)

    @property
    def amounts(self) -> AmountFormat:
        """How its amounts are written."""
        return AmountFormat(self.decimal_sign, self.grouping_sign, self.is_lakh, self.decimals)

    @property
    def dates(self) -> DateFormat:
        """How its dates are written."""
        return DateFormat(self.date_format)


_ADAPTER: Final = TypeAdapter(CsvMapping)


def mapping_to_document(mapping: CsvMapping) -> JsonDocument:
    """The mapping as it is kept: a JSON object of its fields."""
    document: JsonDocument = orjson.loads(orjson.dumps(mapping))
    return document


def mapping_from_document(document: JsonDocument) -> CsvMapping:
    """The mapping that was kept, or that a person sends.

    Raises:
        MappingRefusedError: a field is missing, unknown, of another type, or contradicts another one.
    """
    try:
        return _ADAPTER.validate_json(orjson.dumps(document), strict=True)
    except ValidationError as error:
        problems = tuple(
            f"{'.'.join(str(part) for part in fault['loc']) or 'mapping'}: {fault['msg'].lower()}"
            for fault in error.errors(include_url=False, include_context=False, include_input=False)
        )
        raise MappingRefusedError(first=problems[0], problems=problems) from error


def _format_problems(mapping: CsvMapping) -> Iterator[str]:
    if mapping.delimiter not in DELIMITERS:
        yield "delimiter: comma, semicolon, tabulator or | is expected"
    if mapping.decimal_sign not in DECIMAL_SIGNS:
        yield "decimal_sign: a point or a comma is expected"
    if mapping.grouping_sign not in GROUPING_SIGNS:
        yield "grouping_sign: nothing, a space, an apostrophe, a point or a comma is expected"
    if mapping.grouping_sign == mapping.decimal_sign:
        yield "grouping_sign: another sign than the decimal sign is expected"
    if mapping.is_lakh and not mapping.grouping_sign:
        yield "is_lakh: groups need a grouping sign"
    if mapping.decimals is not None and not 0 <= mapping.decimals <= MOST_DECIMALS:
        yield f"decimals: 0 to {MOST_DECIMALS} is expected"
    if not mapping.dates.is_valid():
        yield "date_format: a year, a month and a day such as DD.MM.YYYY, D/M/YY, DD-MMM-YYYY or YYYY-MM-DD hh:mm:ss is expected"


def _row_problems(mapping: CsvMapping) -> Iterator[str]:
    if not 0 <= mapping.header_rows <= MOST_EDGE_ROWS:
        yield f"header_rows: 0 to {MOST_EDGE_ROWS} is expected"
    if not 0 <= mapping.footer_rows <= MOST_EDGE_ROWS:
        yield f"footer_rows: 0 to {MOST_EDGE_ROWS} is expected"
    if not _are_labels(mapping.footer_labels):
        yield f"footer_labels: at most {MOST_MARKS} texts of 1 to {LONGEST_NAME} characters are expected"
    for name, cell in (("opening_cell", mapping.opening_cell), ("closing_cell", mapping.closing_cell)):
        if cell is None:
            continue
        if (cell.row is None) == (cell.label is None) or cell.row == 0:
            yield f"{name}: either a row, from 1 on or from -1 down, or a label is expected"
        if cell.label is not None and not _are_labels((cell.label,)):
            yield f"{name}.label: 1 to {LONGEST_NAME} characters are expected"
        if not all(1 <= column <= MOST_COLUMNS for column in (cell.column, cell.date_column) if column is not None):
            yield f"{name}: columns from 1 to {MOST_COLUMNS} are expected"


def _column_problems(mapping: CsvMapping) -> Iterator[str]:
    columns = mapping.columns
    if not 1 <= mapping.column_count <= MOST_COLUMNS:
        yield f"column_count: 1 to {MOST_COLUMNS} is expected"
    for name, key in columns.named():
        if isinstance(key, int) and not 1 <= key <= mapping.column_count:
            yield f"columns.{name}: a place from 1 to the column_count {mapping.column_count}, or a name, is expected"
        if isinstance(key, str) and not _are_labels((key,)):
            yield f"columns.{name}: a name of 1 to {LONGEST_NAME} characters is expected"
        if isinstance(key, str) and mapping.header_rows < 1:
            yield f"columns.{name}: a name needs a header; header_rows is 0"
    if len(columns.remittance) > MOST_MARKS:
        yield f"columns.remittance: at most {MOST_MARKS} columns are expected"
    given = tuple(getattr(columns, name) is not None for name in ("amount", "indicator", "debit", "credit"))
    if given not in {(True, False, False, False), (True, True, False, False), (False, False, True, True)}:
        yield "columns: amount, amount with indicator, or debit with credit is expected"
    money = [key for key in (columns.amount, columns.debit, columns.credit, columns.balance) if key is not None]
    if len(set(money)) < len(money):
        yield "columns: a column of its own is expected for each of amount, debit, credit and balance"


def _mark_problems(mapping: CsvMapping) -> Iterator[str]:
    for name in ("credit_marks", "debit_marks", "reversal_marks"):
        if not _are_labels(getattr(mapping, name)):
            yield f"{name}: at most {MOST_MARKS} texts of 1 to {LONGEST_NAME} characters are expected"
    has_indicator = mapping.columns.indicator is not None
    if not bool(mapping.credit_marks) == bool(mapping.debit_marks) == has_indicator:
        yield "credit_marks, debit_marks: both are expected with columns.indicator, and neither without it"
    if {mark.casefold() for mark in mapping.credit_marks} & {mark.casefold() for mark in mapping.debit_marks}:
        yield "credit_marks, debit_marks: no mark in both is expected"
    if bool(mapping.reversal_marks) != (mapping.columns.reversal is not None):
        yield "reversal_marks: expected with columns.reversal, and only with it"
    if mapping.debit_has_minus and mapping.columns.debit is None:
        yield "debit_has_minus: expected with columns.debit only"


def _are_labels(texts: tuple[str, ...]) -> bool:
    return len(texts) <= MOST_MARKS and all(1 <= len(text) <= LONGEST_NAME and text == text.strip() for text in texts)
