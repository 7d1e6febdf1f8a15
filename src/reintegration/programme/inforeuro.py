"""InforEuro, the Commission's monthly accounting rates: 1 EUR = value units (amif.md 6.2). Reads, never fetches."""

import calendar
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import ClassVar

import orjson

from reintegration.kernel.clock import first_of_month
from reintegration.kernel.errors import DomainError, InvalidInputError
from reintegration.kernel.money import EURO, minor_digits, parse_rate
from reintegration.programme.reference import countries, rates_by_month

LARGEST_PAYLOAD_BYTES = 1_000_000
MOST_PROBLEMS = 20
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_DAY = re.compile(r"(0[1-9]|[12][0-9]|3[01])/(0[1-9]|1[0-2])/(19|20)[0-9]{2}", re.ASCII)
_FIXTURE_COUNTRIES = {
    "BRL": ("BR",),
    EURO: ("AT", "BE", "DE", "FR", "XK"),
    "GBP": ("GB",),
    "USD": ("EC", "SV", "US"),
}


@dataclass(kw_only=True)
class InforEuroFormatError(DomainError):
    """The InforEuro document was refused: {problems}.

    `problems` names what is wrong, at most 20 entries; nothing of a refused document is used.
    """

    code: ClassVar[str] = "INFOREURO_REFUSED"
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ParsedMonth:
    """The rates of one month (its first day) by currency, each as the exact digits of the document.

    `not_in_use` lists currencies that the document quotes and ISO 4217 doesn't know (any more); they are no rates.
    """

    month: date
    rates: Mapping[str, str]
    not_in_use: tuple[str, ...] = ()


class _Number(str):
    """A JSON number as the digits of the document, told apart from a JSON string."""

    __slots__ = ()


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object names a field twice")
    return found


def _constant(word: str) -> object:
    raise ValueError(f"{word} is not a number")


def _load(payload: bytes) -> list[object]:
    """The document's array, its numbers as digits.

    Raises:
        InforEuroFormatError: too large, not UTF-8, not JSON, an error object of the service, or no entries.
    """
    if len(payload) > LARGEST_PAYLOAD_BYTES:
        raise InforEuroFormatError(problems=(f"longer than {LARGEST_PAYLOAD_BYTES} bytes",))
    try:
        document: object = json.loads(
            payload.decode("utf-8-sig"),
            parse_float=_Number,
            parse_int=_Number,
            parse_constant=_constant,
            object_pairs_hook=_object,
        )
    except UnicodeDecodeError as error:
        raise InforEuroFormatError(problems=("not UTF-8",)) from error
    except RecursionError as error:
        raise InforEuroFormatError(problems=("nested too deeply",)) from error
    except ValueError as error:
        raise InforEuroFormatError(problems=(f"not JSON: {error}",)) from error
    if isinstance(document, dict) and isinstance(document.get("message"), str):
        raise InforEuroFormatError(problems=(f"the service answered with an error: {document['message'][:200]!r}",))
    if not isinstance(document, list):
        raise InforEuroFormatError(problems=("not an array of entries",))
    if not document:
        raise InforEuroFormatError(problems=("no entries",))
    return document


def _currency(value: object) -> str:
    if not isinstance(value, str) or isinstance(value, _Number) or _CURRENCY.fullmatch(value) is None:
        raise ValueError("the currency is not three capital letters")
    return value


def _rate(value: object) -> str:
    if not isinstance(value, _Number):
        raise ValueError("the value is not a number")  # noqa: TRY004 - one kind of problem, gathered by the caller
    try:
        parse_rate(str(value))
    except InvalidInputError as error:
        raise ValueError(f"the value is {error.reason}") from error
    return str(value)


def _day(value: object) -> date:
    if not isinstance(value, str) or _DAY.fullmatch(value) is None:
        raise ValueError("a date is not dd/MM/yyyy")
    try:
        return date(int(value[6:]), int(value[3:5]), int(value[:2]))
    except ValueError as error:
        raise ValueError("a date is not in the calendar") from error


def _fields(entry: object, names: tuple[str, ...]) -> tuple[object, ...]:
    if not isinstance(entry, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one kind of problem, gathered by the caller
    missing = [name for name in names if name not in entry]
    if missing:
        raise ValueError(f"without {', '.join(missing)}")
    return tuple(entry[name] for name in names)


def _monthly_entry(entry: object, month: date) -> tuple[date, str, str]:
    currency, value = _fields(entry, ("isoA3Code", "value"))
    return month, _currency(currency), _rate(value)


def _history_entry(entry: object) -> tuple[date, str, str]:
    currency, reference, amount, start, end = _fields(entry, ("currencyIso", "refCurrencyIso", "amount", "dateStart", "dateEnd"))
    if reference != EURO:
        raise ValueError("the reference currency is not EUR")
    first, last = _day(start), _day(end)
    if first.day != 1 or last != first.replace(day=calendar.monthrange(first.year, first.month)[1]):
        raise ValueError("the dates are not the first and last day of one month")
    return first, _currency(currency), _rate(amount)


def _in_use(currency: str) -> bool:
    try:
        minor_digits(currency)
    except InvalidInputError:
        return False
    return True


def _merge(entries: Iterable[tuple[int, date, str, str]], problems: list[str]) -> tuple[ParsedMonth, ...]:
    """One rate per month and currency; countries that share a currency must agree on its value."""
    months: dict[date, dict[str, str]] = {}
    for number, month, currency, rate in entries:
        kept = months.setdefault(month, {}).setdefault(currency, rate)
        if Decimal(kept) != Decimal(rate):
            problems.append(f"entry {number}: {currency} has {rate}, an earlier entry has {kept}")
        elif currency == EURO and Decimal(rate) != 1:
            problems.append(f"entry {number}: 1 EUR is {rate} EUR")
    if problems:
        raise InforEuroFormatError(problems=tuple(problems[:MOST_PROBLEMS]))
    return tuple(
        ParsedMonth(
            month=month,
            rates=MappingProxyType({currency: rates[currency] for currency in sorted(rates) if _in_use(currency)}),
            not_in_use=tuple(currency for currency in sorted(rates) if not _in_use(currency)),
        )
        for month, rates in sorted(months.items())
    )


def parse_monthly(payload: bytes, month: date) -> ParsedMonth:
    """Read the monthly file; the document carries no date, so the caller says which `month` was asked for.

    Raises:
        InforEuroFormatError: with every problem found.
    """
    entries: list[tuple[int, date, str, str]] = []
    problems: list[str] = []
    for number, entry in enumerate(_load(payload), start=1):
        try:
            entries.append((number, *_monthly_entry(entry, first_of_month(month))))
        except ValueError as error:
            problems.append(f"entry {number}: {error}")
    return _merge(entries, problems)[0]


def parse_history(payload: bytes) -> tuple[ParsedMonth, ...]:
    """Read the history of one currency, oldest month first whatever the order of the document.

    Raises:
        InforEuroFormatError: with every problem found; also when the document mixes currencies.
    """
    entries: list[tuple[int, date, str, str]] = []
    problems: list[str] = []
    for number, entry in enumerate(_load(payload), start=1):
        try:
            entries.append((number, *_history_entry(entry)))
        except ValueError as error:
            problems.append(f"entry {number}: {error}")
    quoted = sorted({currency for _, _, currency, _ in entries})
    if len(quoted) > 1:
        problems.append(f"several currencies in one history: {', '.join(quoted[:MOST_PROBLEMS])}")
    return _merge(entries, problems)


def monthly_document(month: date) -> bytes:
    """The rates of `exchange_rates.csv` for `month` in the format of the monthly file, a row per country, digits untouched.

    Raises:
        InvalidInputError: the file has no rates for that month.
    """
    rates = rates_by_month().get(first_of_month(month))
    if rates is None:
        raise InvalidInputError(field="month", reason="no rates are shipped for it")
    names = {country.alpha_2: country.name for country in countries()}
    return orjson.dumps(
        [
            {
                "country": names[country],
                "currency": currency,
                "isoA3Code": currency,
                "isoA2Code": country,
                "value": orjson.Fragment(rate),
                "comment": None,
            }
            for currency, rate in sorted({**rates, EURO: "1"}.items())
            for country in _FIXTURE_COUNTRIES[currency]
        ]
    )
