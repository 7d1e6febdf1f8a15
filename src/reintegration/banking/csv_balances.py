"""Opening and closing balance of a CSV file: from a cell, the lines' own balances, or beside the file, and all the same."""

from dataclasses import dataclass
from datetime import date

from reintegration.banking.continuity import amount_text
from reintegration.banking.csv_lines import LineReader
from reintegration.banking.csv_text import Row
from reintegration.banking.mapping import BalanceCell
from reintegration.banking.statement import Balance, StatementLine
from reintegration.banking.text import plain
from reintegration.kernel.money import LARGEST_AMOUNT_MINOR, AmountMinor


@dataclass(frozen=True, slots=True)
class _Known:
    """A balance as one place has it; without a day it takes that of the first or last line."""

    amount_minor: AmountMinor
    day: date | None
    place: str


def balances_of(
    lines: tuple[StatementLine, ...] | None,
    header: tuple[Row, ...],
    footer: tuple[Row, ...],
    reader: LineReader,
    beside: tuple[Balance | None, Balance | None],
) -> tuple[Balance | None, Balance | None]:
    """Both balances; None for one after a fault. Without `lines`, because some have faults, the cells alone are looked at."""
    opening_cell = _from_cell("opening", reader.mapping.opening_cell, header, footer, reader)
    closing_cell = _from_cell("closing", reader.mapping.closing_cell, header, footer, reader)
    if lines is None or reader.faults.count:
        return None, None
    # A line that is taken for header or footer is not missing in the lines' own balances, so nothing there may look like one.
    for name, rows, others in (("header", header, (opening_cell, beside[0])), ("footer", footer, (closing_cell, beside[1]))):
        for row in rows:
            if others == (None, None) and reader.has_booking_date(row):
                reader.faults.add(f"a row of the {name} was expected; this one has a booking date as lines have", row=row.number)
    first_day, last_day = (lines[0].booking_date, lines[-1].booking_date) if lines else (None, None)
    opening = [known for known in (opening_cell, _before_first(lines), _beside(beside[0])) if known is not None]
    closing = [known for known in (closing_cell, _after_last(lines), _beside(beside[1])) if known is not None]
    return _agreed("opening", opening, first_day, reader), _agreed("closing", closing, last_day, reader)


def _before_first(lines: tuple[StatementLine, ...]) -> _Known | None:
    moved = 0
    for line in lines:
        moved += line.amount_minor
        if line.balance_after_minor is not None:
            return _Known(AmountMinor(line.balance_after_minor - moved), None, "the lines")
    return None


def _after_last(lines: tuple[StatementLine, ...]) -> _Known | None:
    balance = lines[-1].balance_after_minor if lines else None
    return None if balance is None else _Known(balance, None, "the lines")


def _beside(balance: Balance | None) -> _Known | None:
    return None if balance is None else _Known(balance.amount_minor, balance.day, "beside the file")


def _from_cell(
    name: str, cell: BalanceCell | None, header: tuple[Row, ...], footer: tuple[Row, ...], reader: LineReader
) -> _Known | None:
    if cell is None:
        return None
    row = _row_of(cell, header, footer)
    where = f"row {cell.row}" if cell.row is not None else f"one row with {cell.label!r}"
    if row is None:
        reader.faults.add(f"{where} was expected in header or footer, with the {name} balance")
        return None
    columns = [cell.column] if cell.date_column is None else [cell.column, cell.date_column]
    if max(columns) > len(row.cells):
        reader.faults.add(
            f"{max(columns)} columns were expected, with the {name} balance", row=row.number, found=f"{len(row.cells)} columns"
        )
        return None
    column, text = cell.column, row.cells[cell.column - 1]
    try:
        amount = reader.amounts.read(plain(text), reader.digits)
        day = None
        if cell.date_column is not None:
            column, text = cell.date_column, row.cells[cell.date_column - 1]
            day = reader.dates.read(plain(text))
    except ValueError as error:
        reader.faults.add(str(error), row=row.number, column=f"{name} balance (column {column})", found=text)
        return None
    return _Known(amount, day, f"row {row.number}")


def _row_of(cell: BalanceCell, header: tuple[Row, ...], footer: tuple[Row, ...]) -> Row | None:
    edges = (*header, *footer)
    if cell.row is not None and cell.row < 0:
        return footer[cell.row] if -cell.row <= len(footer) else None
    if cell.row is not None:
        return next((row for row in edges if row.number == cell.row), None)
    label = plain(cell.label or "").casefold()
    found = [row for row in edges if any(plain(text).casefold().startswith(label) for text in row.cells)]
    return found[0] if len(found) == 1 else None


def _agreed(name: str, known: list[_Known], day_of_lines: date | None, reader: LineReader) -> Balance | None:
    """The balance, when it is known, has a day, and all places agree."""
    if not known:
        reader.faults.add(f"the {name} balance was expected: the file does not show it, so it has to be given beside the file")
        return None
    first = known[0]
    for other in known[1:]:
        if other.amount_minor != first.amount_minor:
            reader.faults.add(
                f"{first.place} and {other.place} show different {name} balances: "
                f"{amount_text(first.amount_minor, reader.currency)} was expected",
                found=amount_text(other.amount_minor, reader.currency),
            )
            return None
    day = next((place.day for place in known if place.day is not None), day_of_lines)
    if day is None or abs(first.amount_minor) > LARGEST_AMOUNT_MINOR:
        reader.faults.add(f"the {name} balance was expected with its day, and within ±10^15 minor units")
        return None
    return Balance(first.amount_minor, day)
