"""Amounts as banks write them, read to the minor unit or refused; nothing is guessed and nothing rounded."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from reintegration.banking.text import with_ascii_digits, without_marks
from reintegration.kernel.money import LARGEST_AMOUNT_MINOR, AmountMinor

_SPACES: Final = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f"), " ")
_SIGNS: Final = {ord("\u2212"): "-", ord("\u2019"): "'"}
_ARABIC_DECIMAL: Final = "\u066b"
_ARABIC_GROUPING: Final = "\u066c"
_SIGNED: Final = re.compile(r"(?P<open>\()?\s*(?P<front>[+-])?\s*(?P<number>[^+()-]+?)\s*(?P<back>[+-])?\s*(?P<close>\))?")
_ISO: Final = re.compile(r"\+?(?P<whole>[0-9]{0,18})(?:\.(?P<fraction>[0-9]{0,17}))?", re.ASCII)
MOST_DECIMALS: Final = 4
_LONGEST_CELL: Final = 80
_DECIMAL_SIGNS: Final = {".", ","}
_GROUP: Final = 3
"""Digits of the last group; a few currencies, such as the Tunisian and the Iraqi dinar, have as many decimals."""


@dataclass(frozen=True)
class AmountFormat:
    """How a file writes amounts.

    `decimal_sign` is "." or ",". `grouping_sign` is "", " ", "'", "." or ","; a space stands for every space that no line
    breaks at, an apostrophe for the curly one too. Groups are of three digits, with `is_lakh` of two above the last three
    (12,34,567), and the first one does not begin with a zero: 0.750 are no seven hundred and fifty. `decimals` is how many are
    always written; without it as many as the currency has, or fewer, and with three in the currency an amount of two groups and
    no decimals (12.500) is refused, for a bank with the other sign writes twelve and a half so. The Arabic decimal and grouping
    signs count as the ones given here.
    """

    decimal_sign: str
    grouping_sign: str
    is_lakh: bool = False
    decimals: int | None = None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        group = re.escape(self.grouping_sign)
        whole = r"[0-9]{1,15}"
        if self.grouping_sign:
            upper = (
                f"[1-9][0-9]?(?:{group}[0-9]{{2}}){{0,6}}" if self.is_lakh else f"[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}}){{0,4}}"
            )
            whole = f"{whole}|{upper}{group}[0-9]{{3}}"
        return re.compile(f"(?P<whole>{whole})(?:{re.escape(self.decimal_sign)}(?P<fraction>[0-9]{{1,9}}))?", re.ASCII)

    def example(self, digits: int) -> str:
        """1234567 and some decimals in this format, for a message."""
        places = digits if self.decimals is None else self.decimals
        sign = self.grouping_sign
        whole = f"12{sign}34{sign}567" if self.is_lakh else f"1{sign}234{sign}567"
        return whole + (f"{self.decimal_sign}{'5' + '0' * (places - 1)}" if places else "")

    def read(self, cell: str, digits: int) -> AmountMinor:
        """The amount in minor units of a currency with `digits` decimals. Below zero is a minus before or after, or parentheses.

        Raises:
            ValueError: it says what was expected.
        """
        if len(cell) > _LONGEST_CELL:
            raise ValueError(f"an amount such as {self.example(digits)} was expected")
        text = without_marks(with_ascii_digits(cell.translate(_SPACES).translate(_SIGNS)))
        text = text.replace(_ARABIC_DECIMAL, self.decimal_sign)
        if self.grouping_sign:
            text = text.replace(_ARABIC_GROUPING, self.grouping_sign)
        signed = _SIGNED.fullmatch(text)
        number = self._pattern.fullmatch(signed["number"]) if signed is not None else None
        if signed is None or number is None or not _one_sign(signed):
            raise ValueError(f"an amount such as {self.example(digits)} was expected")
        whole = re.sub("[^0-9]", "", number["whole"])
        fraction = number["fraction"] or ""
        if self.decimals is not None and len(fraction) != self.decimals:
            raise ValueError(f"an amount with {self.decimals} decimals such as {self.example(digits)} was expected")
        if self.decimals is None and len(fraction) > digits:
            raise ValueError(f"an amount with at most {digits} decimals, as the currency has, was expected")
        if self.decimals is None and digits == _GROUP and not fraction and self._looks_like_decimals(number["whole"]):
            raise ValueError("decimals, or a mapping that says how many there are, were expected: a group may be decimals here")
        amount = _scaled(whole, fraction, digits)
        return AmountMinor(-amount if signed["open"] or "-" in (signed["front"], signed["back"]) else amount)

    def _looks_like_decimals(self, whole: str) -> bool:
        """Whether another bank writes a decimal sign where this one has the only sign between its groups."""
        return self.grouping_sign in _DECIMAL_SIGNS and whole.count(self.grouping_sign) == 1


def _one_sign(signed: re.Match[str]) -> bool:
    """Whether nothing, one sign, or a pair of parentheses says the direction."""
    ways = [signed["front"] is not None, signed["back"] is not None, signed["open"] is not None]
    return sum(ways) <= 1 and (signed["open"] is None) == (signed["close"] is None)


def read_iso_amount(text: str, digits: int) -> AmountMinor:
    """An amount of an ISO 20022 message: digits with a point, zero or more; decimals beyond the currency's must be zeros.

    Raises:
        ValueError: it says what was expected.
    """
    number = _ISO.fullmatch(text)
    whole, fraction = (number["whole"], number["fraction"] or "") if number is not None else ("", "")
    if not whole and not fraction:
        raise ValueError("an amount such as 1234.50 was expected")
    return AmountMinor(_scaled(whole, fraction, digits))


def _scaled(whole: str, fraction: str, digits: int) -> int:
    if fraction[digits:].strip("0"):
        raise ValueError(f"an amount with at most {digits} decimals, as the currency has, was expected")
    amount = int(whole + fraction[:digits].ljust(digits, "0") or "0")
    if amount > LARGEST_AMOUNT_MINOR:
        raise ValueError("an amount of at most 10^15 minor units was expected")
    return amount
