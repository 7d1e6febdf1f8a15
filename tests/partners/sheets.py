"""How a bank of the partner writes an extract as CSV: each of these ways is a dialect, with the mapping that describes it."""

import json
from dataclasses import dataclass
from typing import Final

from tests.partners.books import Movement, Statement

COLUMNS: Final = ("Day", "Amount", "Balance", "Currency", "Account", "Reference", "E2E", "Name", "To", "Text")
FIRST_LINE: Final = 4
"""The row of the first movement: before it stand the two balances and the names of the columns."""
_DIGITS: Final = {"arabic": "٠١٢٣٤٥٦٧٨٩", "persian": "۰۱۲۳۴۵۶۷۸۹"}

Rows = list[list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How amounts and characters are spelled; `decimals` None means as many as the currency has."""

    decimal: str = ","
    grouping: str = "."
    decimals: int | None = None
    minus: str = "-{}"
    digits: str | None = None
    encoding: str = "utf-8"
    mark: bytes = b""
    line_end: str = "\r\n"
    delimiter: str = ";"
    mapped: tuple[tuple[str, object], ...] = ()
    """What the mapping says otherwise than this dialect would suggest, as for signs that it spells in ASCII."""

    def mapping(self) -> str:
        """The mapping that reads it, as JSON."""
        names = ("booking_date", "amount", "balance", "currency", "account", "bank_reference", "end_to_end_reference")
        columns: dict[str, object] = {name: number for number, name in enumerate(names, start=1)}
        columns |= {"counterparty_name": 8, "counterparty_account": 9, "remittance": [10]}
        said: dict[str, object] = {
            "columns": columns,
            "column_count": len(COLUMNS),
            "delimiter": self.delimiter,
            "date_format": "YYYY-MM-DD",
            "decimal_sign": self.decimal,
            "grouping_sign": self.grouping,
            "encoding": self.encoding,
            "header_rows": FIRST_LINE - 1,
            "opening_cell": {"label": "Opening", "column": 2, "date_column": 3},
            "closing_cell": {"label": "Closing", "column": 2, "date_column": 3},
        }
        return json.dumps(said | dict(self.mapped))

    def amount(self, minor: int, digits: int) -> str:
        """An amount as this bank spells it."""
        whole, fraction = divmod(abs(minor), 10**digits)
        places = digits if self.decimals is None else self.decimals
        part = f"{fraction:0{digits}}"[:places].ljust(places, "0") if digits else "0" * places
        text = grouped(str(whole), self.grouping) + (f"{self.decimal}{part}" if places else "")
        if self.digits is not None:
            text = text.translate(str.maketrans("0123456789", _DIGITS[self.digits]))
        return self.minus.format(text) if minor < 0 else text

    def rows(self, statement: Statement) -> Rows:
        """The cells of an honest file."""
        edges = (
            ("Opening", statement.opening_minor, statement.opening_on),
            ("Closing", statement.closing_minor, statement.closing_on),
        )
        head = [[label, self.amount(minor, statement.digits), day.isoformat()] for label, minor, day in edges]
        lines = zip(statement.movements, statement.balances(), strict=True)
        return [*head, list(COLUMNS), *(self.line(statement, movement, balance) for movement, balance in lines)]

    def line(self, statement: Statement, movement: Movement, balance: int) -> list[str]:
        """The cells of one movement."""
        return [
            movement.on.isoformat(),
            self.amount(movement.minor, statement.digits),
            self.amount(balance, statement.digits),
            statement.currency,
            statement.account,
            movement.reference,
            movement.end_to_end,
            movement.name,
            movement.account,
            movement.remittance,
        ]

    def written(self, rows: Rows) -> bytes:
        """The bytes of these cells."""
        text = "".join(self.delimiter.join(map(_quoted, row)) + self.line_end for row in rows)
        return self.mark + text.encode(self.encoding)

    def file(self, statement: Statement) -> bytes:
        """An honest file."""
        return self.written(self.rows(statement))


def grouped(whole: str, sign: str) -> str:
    """Digits in groups of three."""
    first = len(whole) % 3 or 3
    return sign.join([whole[:first], *(whole[place : place + 3] for place in range(first, len(whole), 3))])


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if set(cell) & set(';,\t"\r\n') else cell


PLAIN: Final = Dialect()
"""UTF-8, 1.234,56."""
