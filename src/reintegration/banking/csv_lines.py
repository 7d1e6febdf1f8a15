"""A row of a CSV file as a line of a statement, or all that is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from reintegration.banking.accounts import normalised_account
from reintegration.banking.amounts import AmountFormat
from reintegration.banking.csv_text import Row
from reintegration.banking.dates import DateFormat
from reintegration.banking.faults import FaultLog
from reintegration.banking.mapping import ColumnKey, CsvMapping
from reintegration.banking.statement import LONGEST_TEXT, StatementLine
from reintegration.banking.text import plain, reference
from reintegration.kernel.money import AmountMinor, minor_digits

_NOTHING: Final = AmountMinor(0)


@dataclass(frozen=True, slots=True)
class Places:
    """Where the columns of a mapping are in one file, from 0 on."""

    by_key: Mapping[ColumnKey, int]

    def of(self, key: ColumnKey) -> int:
        """The place of a column of the mapping."""
        return self.by_key[key]


def places_of(mapping: CsvMapping, header: tuple[Row, ...], faults: FaultLog) -> Places | None:
    """The places of the columns; those with a name are looked up in the first header row that has every name once.

    None after a fault.
    """
    names = {key: plain(key).casefold() for _, key in mapping.columns.named() if isinstance(key, str)}
    by_key: dict[ColumnKey, int] = {key: key - 1 for _, key in mapping.columns.named() if isinstance(key, int)}
    if not names:
        return Places(by_key)
    missing = [str(name) for name in names]
    for row in header:
        cells = [plain(cell).casefold() for cell in row.cells]
        missing_here = [key for key, name in names.items() if cells.count(name) != 1]
        if not missing_here:
            return Places(by_key | {key: cells.index(name) for key, name in names.items()})
        missing = min(missing, missing_here, key=len)
    expected = ", ".join(repr(name) for name in missing)
    faults.add(f"a header row with each of these names once was expected: {expected}", row=header[-1].number if header else None)
    return None


@dataclass(frozen=True, slots=True)
class LineReader:
    """Reads rows of one file into lines of a statement of `account` in `currency`."""

    mapping: CsvMapping
    places: Places
    account: str
    currency: str
    faults: FaultLog
    dates: DateFormat
    amounts: AmountFormat
    digits: int

    @classmethod
    def of(cls, mapping: CsvMapping, places: Places, account: str, currency: str, faults: FaultLog) -> "LineReader":
        """A reader by `mapping`."""
        return cls(mapping, places, account, currency, faults, mapping.dates, mapping.amounts, minor_digits(currency))

    def read(self, row: Row) -> StatementLine | None:
        """The line, its number still 0; None after a fault of the row."""
        faults_before = self.faults.count
        if len(row.cells) != self.mapping.column_count:
            self.faults.add(
                f"{self.mapping.column_count} columns were expected", row=row.number, found=f"{len(row.cells)} columns"
            )
            return None
        columns = self.mapping.columns
        for name, key in columns.named():
            if len(row.cells[self.places.of(key)]) > LONGEST_TEXT:
                self._fault(row, name, key, f"at most {LONGEST_TEXT} characters were expected")
        self._check_same(row, "currency", columns.currency, self.currency)
        self._check_same(row, "account", columns.account, self.account)
        booking_date = self._date(row, "booking_date", columns.booking_date)
        if booking_date is None and not self._cell(row, columns.booking_date):
            self._fault(row, "booking_date", columns.booking_date, f"a date as {self.mapping.date_format} was expected")
        value_date = self._date(row, "value_date", columns.value_date)
        amount = self._signed_amount(row)
        balance = self._amount(row, "balance", columns.balance)
        reversal = self._cell(row, columns.reversal).casefold()
        account = self._cell(row, columns.counterparty_account)
        if booking_date is None or amount is None or self.faults.count > faults_before:
            return None
        return StatementLine(
            number=0,
            source_row=row.number,
            booking_date=booking_date,
            value_date=value_date,
            amount_minor=amount,
            balance_after_minor=balance,
            is_reversal=reversal in {mark.casefold() for mark in self.mapping.reversal_marks},
            bank_reference=reference(self._cell(row, columns.bank_reference)),
            end_to_end_reference=reference(self._cell(row, columns.end_to_end_reference)),
            counterparty_name=self._cell(row, columns.counterparty_name) or None,
            counterparty_account=normalised_account(account) or None,
            remittance=plain(" ".join(self._cell(row, key) for key in columns.remittance)) or None,
        )

    def has_booking_date(self, row: Row) -> bool:
        """Whether the row could be a line: it has a date where lines have theirs."""
        place = self.places.of(self.mapping.columns.booking_date)
        if place >= len(row.cells):
            return False
        try:
            self.dates.read(row.cells[place])
        except ValueError:
            return False
        return True

    def _cell(self, row: Row, key: ColumnKey | None) -> str:
        return "" if key is None else plain(row.cells[self.places.of(key)])

    def _fault(self, row: Row, name: str, key: ColumnKey, reason: str) -> None:
        place = f"column {key}" if isinstance(key, int) else f'column "{key}"'
        self.faults.add(reason, row=row.number, column=f"{name} ({place})", found=row.cells[self.places.of(key)])

    def _check_same(self, row: Row, name: str, key: ColumnKey | None, expected: str) -> None:
        if key is not None and normalised_account(self._cell(row, key)).upper() != expected.upper():
            self._fault(row, name, key, f"{expected} was expected in each line")

    def _date(self, row: Row, name: str, key: ColumnKey | None) -> date | None:
        """The day of a cell; None when it is empty, and after a fault."""
        if key is None or not self._cell(row, key):
            return None
        try:
            return self.dates.read(self._cell(row, key))
        except ValueError as error:
            self._fault(row, name, key, str(error))
            return None

    def _amount(self, row: Row, name: str, key: ColumnKey | None) -> AmountMinor | None:
        """The amount of a cell; None when it is empty, and after a fault."""
        if key is None or not self._cell(row, key):
            return None
        try:
            return self.amounts.read(self._cell(row, key), self.digits)
        except ValueError as error:
            self._fault(row, name, key, str(error))
            return None

    def _signed_amount(self, row: Row) -> AmountMinor | None:
        columns = self.mapping.columns
        if columns.debit is not None and columns.credit is not None:
            return self._of_two_columns(row, columns.debit, columns.credit)
        assert columns.amount is not None, "a mapping has an amount, or a debit and a credit"  # noqa: S101 - the mapping checks it
        amount = self._amount(row, "amount", columns.amount)
        if amount is None and not self._cell(row, columns.amount):
            example = self.amounts.example(self.digits)
            self._fault(row, "amount", columns.amount, f"an amount such as {example} was expected")
        if columns.indicator is None:
            return amount
        mark = self._cell(row, columns.indicator).casefold()
        is_credit = mark in {known.casefold() for known in self.mapping.credit_marks}
        if not is_credit and mark not in {known.casefold() for known in self.mapping.debit_marks}:
            marks = ", ".join((*self.mapping.credit_marks, *self.mapping.debit_marks))
            self._fault(row, "indicator", columns.indicator, f"one of these was expected: {marks}")
            return None
        if amount is not None and amount < 0:
            self._fault(row, "amount", columns.amount, "an amount without a minus was expected; the indicator has its direction")
            return None
        return amount if is_credit or amount is None else AmountMinor(-amount)

    def _of_two_columns(self, row: Row, debit_key: ColumnKey, credit_key: ColumnKey) -> AmountMinor | None:
        faults_before = self.faults.count
        debit = self._amount(row, "debit", debit_key)
        credit = self._amount(row, "credit", credit_key)
        if self.faults.count > faults_before:
            return None
        if (debit is None and credit is None) or (debit and credit):
            self._fault(row, "debit", debit_key, "an amount was expected either here or in the column of the credit")
            return None
        out = AmountMinor(-debit if self.mapping.debit_has_minus else debit) if debit else _NOTHING
        if out < 0:
            sign = "with" if self.mapping.debit_has_minus else "without"
            self._fault(row, "debit", debit_key, f"an amount {sign} a minus was expected")
            return None
        if credit is not None and credit < 0:
            self._fault(row, "credit", credit_key, "an amount without a minus was expected")
            return None
        return AmountMinor((credit or 0) - out)
