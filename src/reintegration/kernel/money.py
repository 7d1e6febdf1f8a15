"""Money as integers of minor units with an ISO 4217 code, and the one conversion to euro."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import NewType, Self

from iso4217 import Currency as IsoCurrency

from reintegration.kernel.errors import InvalidInputError

AmountMinor = NewType("AmountMinor", int)
"""An amount in the minor unit of its currency (euro cents, but whole yen)."""

EURO = "EUR"
LARGEST_AMOUNT_MINOR = 10**15
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})?", re.ASCII)
_RATE = re.compile(r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,10})?", re.ASCII)


def minor_digits(currency: str) -> int:
    """Number of decimals of `currency` (ISO 4217, upper case).

    Raises:
        InvalidInputError: the code is unknown, or names a thing without minor units (gold, testing).
    """
    try:
        digits = IsoCurrency(currency).exponent
    except ValueError:
        digits = None
    if digits is None:
        raise InvalidInputError(field="currency", reason="not an ISO 4217 currency in use")
    return int(digits)


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An exact amount: integer minor units and an ISO 4217 code."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        """Refuse what no ledger should carry: floats, unknown currencies, amounts beyond 10^15 minor units."""
        if type(self.amount_minor) is not int or abs(self.amount_minor) > LARGEST_AMOUNT_MINOR:
            raise InvalidInputError(field="amount", reason="not a whole number of minor units within ±10^15")
        minor_digits(self.currency)

    @classmethod
    def parse(cls, amount: str, currency: str) -> Self:
        """Read a decimal string such as "658.95"; never rounds.

        Raises:
            InvalidInputError: not a plain decimal, or more decimals than the currency has.
        """
        digits = minor_digits(currency)
        if not isinstance(amount, str) or _DECIMAL.fullmatch(amount) is None:
            raise InvalidInputError(field="amount", reason="not a plain decimal number such as 658.95")
        scaled = Decimal(amount).scaleb(digits)
        if scaled != scaled.to_integral_value():
            raise InvalidInputError(field="amount", reason=f"{currency} has {digits} decimals")
        return cls(int(scaled), currency)

    def decimal(self) -> str:
        """The amount as a decimal string with exactly the decimals of its currency."""
        digits = minor_digits(self.currency)
        return f"{Decimal(self.amount_minor).scaleb(-digits):.{digits}f}"


def parse_rate(text: str) -> Decimal:
    """Read an exchange rate kept as text: units of currency for 1 EUR, more than zero.

    Raises:
        InvalidInputError: not a plain positive decimal.
    """
    if not isinstance(text, str) or _RATE.fullmatch(text) is None or Decimal(text) == 0:
        raise InvalidInputError(field="rate", reason="not a positive decimal number such as 5.3115")
    return Decimal(text)


def to_euro(money: Money, rate: str) -> Money:
    """Convert one payment line: EUR = amount / rate, HALF_UP to cents (amif.md 6.3). Totals are sums of such lines.

    `rate` is units of `money.currency` for 1 EUR, as text (InforEuro's direction).
    """
    amount = Decimal(money.amount_minor).scaleb(-minor_digits(money.currency))
    cents = (amount * 100 / parse_rate(rate)).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return Money(int(cents), EURO)
