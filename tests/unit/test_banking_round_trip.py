"""A statement that a bank writes as CSV, in whatever dress its mapping describes, is the statement that is read."""

import csv
import io
from dataclasses import replace
from datetime import date
from itertools import accumulate

from hypothesis import given, settings
from hypothesis import strategies as st

from reintegration.banking.csv_reader import BesideFile, read_csv
from reintegration.banking.mapping import (
    BalanceCell,
    Columns,
    CsvMapping,
    Encoding,
    mapping_from_document,
    mapping_to_document,
)
from reintegration.banking.statement import Balance, StatementLine
from reintegration.kernel.money import AmountMinor, minor_digits

from .banking_files import NAMES, SUPPLIER, line, numbered

ZEROS = ("0", "\u0660", "\u06f0", "\u0966")
TEXTS = st.none() | st.sampled_from([*NAMES, 'a "quoted" one', "semi;colon, comma|bar", "=1+1", "'"])
LINES = st.builds(
    lambda amount, day, valued, reversal, name, text: replace(
        line(0, 0, amount, date(2026, 3, day)),
        value_date=date(2026, 12, day) if valued else None,
        is_reversal=reversal,
        bank_reference=None if text is None else "B-1",
        counterparty_name=name,
        counterparty_account=None if name is None else SUPPLIER,
        remittance=text,
    ),
    st.integers(-(10**11), 10**11),
    st.integers(1, 28),
    st.booleans(),
    st.booleans(),
    TEXTS,
    TEXTS,
)


@st.composite
def mappings(draw: st.DrawFn) -> CsvMapping:
    """Any mapping that leaves nothing of a line out."""
    style = draw(st.sampled_from(["signed", "indicator", "sides"]))
    names = ["booking_date", "value_date", "balance", "bank_reference", "counterparty_name", "counterparty_account", "reversal"]
    names += {"signed": ["amount"], "indicator": ["amount", "indicator"], "sides": ["debit", "credit"]}[style]
    order = draw(st.permutations([*names, "remittance", "unused"]))
    by_name = draw(st.booleans())
    keys = {name: (f"The {name}" if by_name else place) for place, name in enumerate(order, start=1)}
    decimal_sign = draw(st.sampled_from([".", ","]))
    grouping_sign = draw(st.sampled_from([sign for sign in ("", " ", "'", ".", ",") if sign != decimal_sign]))
    has_cells = draw(st.booleans())
    return CsvMapping(
        columns=Columns(**{name: keys[name] for name in names}, remittance=(keys["remittance"],)),  # type: ignore[arg-type]
        column_count=len(order),
        delimiter=draw(st.sampled_from([",", ";", "\t", "|"])),
        date_format=draw(st.sampled_from(["DD.MM.YYYY", "YYYY-MM-DD", "D/M/YY", "DD-MMM-YYYY", "YYYYMMDD"])),
        decimal_sign=decimal_sign,
        grouping_sign=grouping_sign,
        is_lakh=bool(grouping_sign) and draw(st.booleans()),
        decimals=draw(st.sampled_from([None, 3])),
        encoding=draw(st.sampled_from([Encoding.UTF_8, Encoding.UTF_16_LE, Encoding.UTF_16])),
        header_rows=2,
        footer_labels=("Closing",) if has_cells else (),
        newest_first=draw(st.booleans()),
        debit_has_minus=style == "sides" and draw(st.booleans()),
        opening_cell=BalanceCell(row=1, column=2) if has_cells else None,
        closing_cell=BalanceCell(label="closing", column=3) if has_cells else None,
        reversal_marks=("R", "Storno"),
        **({"credit_marks": ("CR", "C"), "debit_marks": ("DR",)} if style == "indicator" else {}),  # type: ignore[arg-type]
    )


class Bank:
    """Writes a statement by a mapping, in ways of its own that the mapping leaves open."""

    def __init__(self, mapping: CsvMapping, currency: str, draw: st.DataObject) -> None:
        self.mapping = mapping
        self.digits = minor_digits(currency)
        self.zero = draw.draw(st.sampled_from(ZEROS))
        self.minus = draw.draw(st.sampled_from(["-{}", "{}-", "({})", "\u2212{}", "{} -"]))
        self.space = draw.draw(st.sampled_from([" ", "\u00a0", "\u202f"]))
        self.with_empty_rows = draw.draw(st.booleans())

    def file(self, opening: int, lines: tuple[StatementLine, ...], closing: int) -> bytes:
        """The statement."""
        mapping = self.mapping
        places = self.places()
        header = [["Opening", self.amount(opening), ""], [f"the  {name}" for name in sorted(places, key=places.__getitem__)]]
        rows = [self.row(item, places) for item in lines]
        if mapping.newest_first:
            rows.reverse()
        footer = [["", "", ""], ["Closing balance", "", self.amount(closing)], ["Printed"]] if mapping.closing_cell else []
        target = io.StringIO()
        writer = csv.writer(target, delimiter=mapping.delimiter, lineterminator="\n" if self.with_empty_rows else "\r\n")
        writer.writerows(header)
        for row in rows:
            writer.writerows([[], row] if self.with_empty_rows else [row])
        writer.writerows(footer)
        return target.getvalue().encode(mapping.encoding.value)

    def places(self) -> dict[str, int]:
        """Where each column is, from 0 on."""
        keys = list(self.mapping.columns.named())
        if any(isinstance(key, int) for _, key in keys):
            places = {name: key - 1 for name, key in keys if isinstance(key, int)}
        else:
            places = {name: place for place, (name, _) in enumerate(keys)}
        (unused,) = set(range(self.mapping.column_count)) - set(places.values())
        return places | {"unused": unused}

    def row(self, item: StatementLine, places: dict[str, int]) -> list[str]:
        """A line."""
        amount, columns = item.amount_minor, self.mapping.columns
        debit = amount if self.mapping.debit_has_minus else -amount
        cells = {
            "booking_date": self.day(item.booking_date),
            "value_date": "" if item.value_date is None else self.day(item.value_date),
            "amount": self.amount(amount if columns.indicator is None else abs(amount)),
            "indicator": "c" if amount > 0 else "dr",
            "debit": self.amount(debit) if amount < 0 else "",
            "credit": self.amount(amount) if amount >= 0 else "",
            "balance": "" if item.balance_after_minor is None else self.amount(item.balance_after_minor),
            "reversal": " storno" if item.is_reversal else "",
            "bank_reference": item.bank_reference or "",
            "counterparty_name": item.counterparty_name or "",
            "counterparty_account": f" {item.counterparty_account or ''} ",
            "remittance": item.remittance or "",
            "unused": "x",
        }
        return [cells[name] for name in sorted(places, key=places.__getitem__)]

    def amount(self, amount: int) -> str:
        """An amount as the mapping has it."""
        places = self.digits if self.mapping.decimals is None else self.mapping.decimals
        scaled = str(abs(amount) * 10 ** (places - self.digits)).rjust(places + 1, "0")
        whole, fraction = scaled[: len(scaled) - places], scaled[len(scaled) - places :]
        text = self.grouped(whole) + (f"{self.mapping.decimal_sign}{fraction}" if fraction else "")
        return self.digits_of_script(self.minus.format(text) if amount < 0 else text)

    def grouped(self, whole: str) -> str:
        """Digits in groups."""
        groups, rest, width = [whole[-3:]], whole[:-3], 2 if self.mapping.is_lakh else 3
        while rest:
            groups.insert(0, rest[-width:])
            rest = rest[:-width]
        sign = self.mapping.grouping_sign
        return (self.space if sign == " " else sign).join(groups)

    def day(self, day: date) -> str:
        """A day as the mapping has it."""
        month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "DEC"][day.month - 1]
        text = self.mapping.date_format.replace("YYYY", f"{day.year}").replace("YY", f"{day.year % 100}")
        text = text.replace("DD", f"{day.day:02}").replace("MMM", "#").replace("MM", f"{day.month:02}")
        text = text.replace("M", f"{day.month}").replace("D", f"{day.day}").replace("#", month)
        return self.digits_of_script(text)

    def digits_of_script(self, text: str) -> str:
        """The same with the digits of the bank's script."""
        return text.translate({ord("0") + digit: chr(ord(self.zero) + digit) for digit in range(10)})


@settings(max_examples=120, deadline=None)
@given(
    st.data(),
    mappings(),
    st.lists(LINES, min_size=1, max_size=5),
    st.sampled_from(["EUR", "XOF", "TND", "GEL"]),
    st.integers(-(10**12), 10**12),
)
def test_what_a_bank_writes_is_what_is_read(
    data: st.DataObject, mapping: CsvMapping, items: list[StatementLine], currency: str, opening: int
) -> None:
    balances = list(accumulate((item.amount_minor for item in items), initial=opening))
    with_balance = [
        replace(item, balance_after_minor=AmountMinor(after)) for item, after in zip(items, balances[1:], strict=True)
    ]
    # The last day is December's, so that no order of the days contradicts the closing balance.
    with_balance[-1] = replace(with_balance[-1], booking_date=date(2026, 12, 31))
    lines = numbered(with_balance)
    content = Bank(mapping, currency, data).file(opening, lines, balances[-1])
    if mapping.encoding is Encoding.UTF_16:
        assert content.startswith((b"\xff\xfe", b"\xfe\xff"))
    statement = read_csv(content, mapping_from_document(mapping_to_document(mapping)), BesideFile(account="1", currency=currency))
    assert tuple(replace(item, source_row=0) for item in statement.lines) == lines
    assert statement.opening == Balance(AmountMinor(opening), lines[0].booking_date)
    assert statement.closing == Balance(AmountMinor(balances[-1]), lines[-1].booking_date)
    assert (statement.currency, statement.account) == (currency, "1")
