"""Rows of rules as they come from a CSV file or from the database, read into typed values."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import TypeVar

from reintegration.entitlements.errors import TariffRowError
from reintegration.kernel.errors import InvalidInputError
from reintegration.kernel.money import EURO, Money

Cells = Mapping[str, object]
"""A row: text as in the CSV, or the database's own dates, booleans, numbers and lists; empty, NULL and absent mean the same.

The database keeps the selector columns together, in a column `selector`.
"""

_Value = TypeVar("_Value")


class RowReader:
    """Reads the cells of one row; every failure names the rule and the column."""

    def __init__(self, cells: Cells, key: str) -> None:
        selector = cells.get("selector")
        self._cells = {**cells, **selector} if isinstance(selector, Mapping) else cells
        self.key = self._text(key)
        if not self.key:
            raise TariffRowError(rule_id="(none)", column=key, reason="empty")

    def _text(self, column: str) -> str:
        match self._cells.get(column):
            case None:
                return ""
            case bool() as flag:
                return str(flag).lower()
            case date() as day:
                return day.isoformat()
            case str() as text:
                return text
            case int() | Decimal() as number:
                return str(number)
            case list() | tuple() as parts:
                return ";".join(map(str, parts))
            case other:
                raise TariffRowError(rule_id=self._text("rule_id"), column=column, reason=f"{type(other).__name__} is not a cell")

    def text(self, column: str) -> str:
        """The cell as it stands."""
        return self._text(column)

    def read(self, column: str, convert: Callable[[str], _Value]) -> _Value:
        """The cell as a value of another kind."""
        try:
            return convert(self._text(column))
        except (ValueError, InvalidInputError) as error:
            raise TariffRowError(rule_id=self.key, column=column, reason="not a value of its kind") from error

    def read_if(self, column: str, convert: Callable[[str], _Value]) -> _Value | None:
        """The same, None for an empty cell."""
        return self.read(column, convert) if self._text(column) else None

    def flag(self, column: str) -> bool:
        """True or false; empty is false."""
        text = self._text(column)
        if text not in {"true", "false", ""}:
            raise TariffRowError(rule_id=self.key, column=column, reason="neither true nor false")
        return text == "true"

    def several(self, column: str, convert: Callable[[str], _Value]) -> frozenset[_Value]:
        """The values of a cell that holds several, separated by semicolons."""
        return self.read(column, lambda text: frozenset(convert(part) for part in text.split(";") if part))

    def euros(self, column: str) -> int | None:
        """An amount in euro as cents; the database keeps the published amounts as `<column>_minor`."""
        minor = self._cells.get(f"{column}_minor")
        if type(minor) is int:
            return minor
        return self.read_if(column, lambda text: Money.parse(text, EURO).amount_minor)
