"""What the office's banks send: dinars as CSV, mobile money as another CSV, and the euro account as camt.053."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tests.story.setting import Story
from tests.unit.banking_files import Camt

BANK_MAPPING: Final = json.dumps(
    {
        "columns": {
            "booking_date": 1,
            "amount": 2,
            "balance": 3,
            "bank_reference": 4,
            "counterparty_name": 5,
            "remittance": [6],
        },
        "column_count": 6,
        "delimiter": ";",
        "date_format": "DD.MM.YYYY",
        "decimal_sign": ",",
        "grouping_sign": ".",
        "decimals": 0,
    }
)
"""German punctuation, no decimals: 1.050.000. In a currency with three of them the mapping has to say so."""
WALLET_MAPPING: Final = json.dumps(
    {
        "columns": {
            "booking_date": "Time",
            "debit": "Paid out",
            "credit": "Paid in",
            "balance": "Balance",
            "bank_reference": "Transaction",
            "counterparty_account": "Party",
        },
        "column_count": 6,
        "delimiter": ",",
        "date_format": "YYYY-MM-DD hh:mm:ss",
        "decimal_sign": ".",
        "newest_first": True,
    }
)
"""The newest line first, and columns by name."""


@dataclass(frozen=True, slots=True)
class Booking:
    """A line: its day, its whole amount in the account's currency, and what explains it in the end."""

    day: int
    amount: int
    of: str


# What explains a line: a payment's number, an advance, a refund, an own transfer, or nothing for now.
BANK_FIRST: Final = (
    Booking(4, 6_840_000, "advance in IQD"),
    Booking(5, -700_000, "own transfer"),
    Booking(5, -1_050_000, "1"),
    Booking(5, -456_000, "4"),
    Booking(6, -228_000, "2"),
    Booking(7, -1_520_000, "15"),
    Booking(8, -152_000, "5"),
    Booking(8, -190_000, "16"),
    Booking(9, -304_000, "9"),
    Booking(12, -760_000, "22"),
    Booking(13, -385_000, "typo"),
    Booking(14, -133_000, "23"),
)
WALLET_FIRST: Final = (
    Booking(5, 700_000, "own transfer"),
    Booking(9, -57_000, "6"),
    Booking(9, -91_762, "21"),
    Booking(10, -76_000, "10"),
    Booking(12, -38_000, "18"),
    Booking(14, -57_000, "29"),
)
BANK_SECOND: Final = (
    Booking(16, 304_000, "refund"),
    Booking(18, 25_000, "nobody"),
    Booking(20, -190_000, "19"),
    Booking(22, -114_000, "36"),
    Booking(24, -12_000, "return in IQD"),
    Booking(25, 114_238, "own transfer"),
    Booking(26, -1_064_238, "return in IQD"),
)
WALLET_SECOND: Final = (
    Booking(21, -266_000, "26"),
    Booking(25, -114_238, "own transfer"),
)
EURO_ACCOUNT: Final = (
    Booking(4, 2_200, "advance in EUR"),
    Booking(6, -380, "8"),
    Booking(10, -250, "11"),
    Booking(13, -310, "27"),
    Booking(15, -120, "13"),
    Booking(17, -450, "28"),
    Booking(20, -540, "34"),
    Booking(26, -150, "return in EUR"),
)


def bank_csv(story: Story, opening: int, bookings: Sequence[Booking]) -> bytes:
    """The bank's own file; it names our reference in the text."""
    rows, held = ["Date;Amount;Balance;Ref;Name;Text"], opening
    for number, line in enumerate(bookings, start=1):
        held += line.amount
        reference = f"REF-{int(line.of):02}" if line.of.isdigit() else ""
        cells = (f"{story.day(line.day):%d.%m.%Y}", _dotted(line.amount), _dotted(held), f"B{number}", "", reference)
        rows.append(";".join(cells))
    return "\r\n".join([*rows, ""]).encode()


def wallet_csv(story: Story, opening: int, bookings: Sequence[Booking]) -> bytes:
    """The operator's, newest first."""
    rows, held = [], opening
    for number, line in enumerate(bookings, start=1):
        held += line.amount
        out, came = ("", line.amount) if line.amount > 0 else (-line.amount, "")
        rows.append(f"{story.day(line.day):%Y-%m-%d} 10:{number:02}:00,{out},{came},{held},ZP{number:04},")
    return "\n".join(["Time,Paid out,Paid in,Balance,Transaction,Party", *reversed(rows), ""]).encode()


def euro_camt(story: Story, bookings: Sequence[Booking]) -> bytes:
    """camt.053.001.08 of the month."""
    camt, held = Camt(8), 0
    entries = []
    for line in bookings:
        held += line.amount
        reference = f"REF-{int(line.of):02}" if line.of.isdigit() else "NOTPROVIDED"
        mark = "CRDT" if line.amount > 0 else "DBIT"
        amount = f"{abs(line.amount)}.00"
        entries.append(
            camt.entry(
                amount,
                camt.transaction(reference, amount, mark=mark),
                mark=mark,
                booked=f"<BookgDt><Dt>{story.on(line.day)}</Dt></BookgDt>",
            )
        )
    days = (story.on(1), story.on(28))
    return camt.document(camt.statement("".join(entries), opening="0.00", closing=f"{held}.00", days=days))


def _dotted(amount: int) -> str:
    return f"{amount:,}".replace(",", ".")
