"""Exchange rates: imported from InforEuro documents, confirmed by another person, and only then used. Never a guess."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from uuid import UUID

from reintegration.database.rows import locked
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.canonical import digest
from reintegration.kernel.clock import add_months, first_of_month, today
from reintegration.kernel.errors import InvalidInputError, SamePersonError
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import EURO
from reintegration.kernel.reference import Reference
from reintegration.programme.commands import ConfirmRateMonth, ImportRateHistory, ImportRateMonth, RateSource
from reintegration.programme.errors import CONFIRMATION_STEP, NoRateError, RateMonthConfirmedError
from reintegration.programme.inforeuro import InforEuroFormatError, ParsedMonth, parse_history, parse_monthly
from reintegration.programme.models import ExchangeRateMonth

MOST_MONTHS = 120
MOST_DOCUMENTS = 200
_FIRST_MONTH = date(1994, 1, 1)
"""InforEuro's series begins here."""

_KIND = "ExchangeRateMonth"
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_SQL = load_queries(__file__)


@dataclass(frozen=True, slots=True)
class FrozenRate:
    """What a payment line keeps: 1 EUR = `rate` units, of which month and from where. EUR itself has no month."""

    rate: str
    month: date | None
    source: str


EURO_RATE = FrozenRate(rate="1", month=None, source=EURO)


async def import_rate_month(transaction: Transaction, command: ImportRateMonth) -> Reference:
    """Keep the rates of a monthly file, unconfirmed. The same document again gives the first import.

    Raises:
        InvalidInputError: `month` is no first day, before 1994, or later than next month.
        InforEuroFormatError: the document is refused; every problem is named.
        RateMonthConfirmedError: the month is settled by another document.
    """
    require(transaction.actor, Permission.RATE_IMPORT)
    _check_month("month", command.month)
    parsed = parse_monthly(command.document, command.month)
    return await _keep(transaction, command.id, (parsed,), command.source, hashlib.sha256(command.document).hexdigest())


async def import_rate_history(transaction: Transaction, command: ImportRateHistory) -> Reference:
    """Keep the months of histories, unconfirmed, and return the newest. The same documents again give the first import.

    Raises:
        InvalidInputError: no or too many documents or months, or months out of order.
        InforEuroFormatError: a document is refused, two are of one currency, or none has rates in these months.
        RateMonthConfirmedError: a month is settled by another document; leave it out.
    """
    require(transaction.actor, Permission.RATE_IMPORT)
    _check_month("first_month", command.first_month)
    _check_month("last_month", command.last_month)
    if not command.first_month <= command.last_month < add_months(command.first_month, MOST_MONTHS):
        raise InvalidInputError(field="last_month", reason=f"not within {MOST_MONTHS} months from the first")
    if not 1 <= len(command.documents) <= MOST_DOCUMENTS:
        raise InvalidInputError(field="documents", reason=f"not between 1 and {MOST_DOCUMENTS}")
    months = [
        month
        for document in command.documents
        for month in parse_history(document)
        if command.first_month <= month.month <= command.last_month
    ]
    document_digest = digest(sorted(hashlib.sha256(document).hexdigest() for document in command.documents))
    return await _keep(transaction, command.id, _together(months), RateSource.PUBLISHED, document_digest)


async def confirm_rate_month(transaction: Transaction, command: ConfirmRateMonth) -> Reference:
    """Let the rates of an imported month be used. Locks the import.

    Raises:
        NotFoundError: no such import.
        VersionConflictError: it is not as the caller saw it.
        RateMonthConfirmedError: this import, or another of its month, is confirmed already.
        SamePersonError: the actor imported it.
    """
    require(transaction.actor, Permission.RATE_CONFIRM)
    found = await locked(transaction, ExchangeRateMonth, command.id, kind=_KIND, expected_version=command.expected_version)
    if await transaction.fetch(_SQL["confirmed_months"], [found.month]):
        raise RateMonthConfirmedError(month=found.month)
    if found.imported_by == transaction.actor.id:
        raise SamePersonError(step=CONFIRMATION_STEP)
    row = await transaction.fetch_one(_SQL["confirm_month"], command.id, transaction.actor.id)
    if row is None:
        raise AssertionError("a locked row can't vanish")
    return Reference(_KIND, command.id, row["version"])


async def rate_for(transaction: Transaction, currency: str, month: date) -> FrozenRate:
    """The confirmed rate of the month of `month`.

    Raises:
        NoRateError: there is none.
    """
    return (await rates_for(transaction, [(currency, month)]))[currency, month]


async def rates_for(transaction: Transaction, pairs: Iterable[tuple[str, date]]) -> Mapping[tuple[str, date], FrozenRate]:
    """The confirmed rate of each pair of currency and a day of the month, in one statement.

    Raises:
        NoRateError: the first pair, by month and currency, that has none.
    """
    wanted = sorted(set(pairs), key=lambda pair: (pair[1], pair[0]))
    asked = sorted({(code, first_of_month(day)) for code, day in wanted if code != EURO and _CURRENCY.fullmatch(code)})
    rows = await transaction.fetch(_SQL["confirmed_rates"], [currency for currency, _ in asked], [month for _, month in asked])
    known = {(row["currency"], row["month"]): FrozenRate(row["rate"], row["month"], row["source"]) for row in rows}
    found: dict[tuple[str, date], FrozenRate] = {}
    for currency, day in wanted:
        rate = EURO_RATE if currency == EURO else known.get((currency, first_of_month(day)))
        if rate is None:
            raise NoRateError(currency=currency, month=first_of_month(day))
        found[currency, day] = rate
    return MappingProxyType(found)


def _check_month(field: str, month: date) -> None:
    if month.day != 1:
        raise InvalidInputError(field=field, reason="not the first day of a month")
    if not _FIRST_MONTH <= month <= add_months(first_of_month(today()), 1):
        raise InvalidInputError(field=field, reason="before January 1994 or after the next month")


def _together(months: Iterable[ParsedMonth]) -> tuple[ParsedMonth, ...]:
    """One entry per month with the currencies of all histories."""
    gathered: dict[date, dict[str, str]] = {}
    for month in months:
        rates = gathered.setdefault(month.month, {})
        twice = rates.keys() & month.rates.keys()
        if twice:
            raise InforEuroFormatError(problems=(f"two documents of {min(twice)}",))
        rates.update(month.rates)
    return tuple(ParsedMonth(month, MappingProxyType(rates)) for month, rates in sorted(gathered.items()))


async def _keep(
    transaction: Transaction, newest_id: UUID, months: Sequence[ParsedMonth], source: RateSource, document_digest: str
) -> Reference:
    """Store the months that this document has not brought before; the newest one is the answer."""
    quoted = sorted({currency for month in months for currency in month.rates})
    known = {row["code"] for row in await transaction.fetch(_SQL["known_currencies"], quoted)}
    usable = {month.month: {currency: rate for currency, rate in month.rates.items() if currency in known} for month in months}
    kept = sorted(month for month, rates in usable.items() if rates.keys() - {EURO})
    if not kept:
        raise InforEuroFormatError(problems=("no rate of a currency in use, apart from the euro",))
    ids = [*(new_id() for _ in kept[1:]), newest_id]
    added = await transaction.fetch(_SQL["import_months"], ids, kept, source.value, document_digest, transaction.actor.id)
    # Looked at after the insert, which waits for a concurrent import; a refusal takes the insert back with it.
    new_ids = {row["id"] for row in added}
    for row in await transaction.fetch(_SQL["confirmed_months"], [row["month"] for row in added]):
        if row["id"] not in new_ids:
            raise RateMonthConfirmedError(month=row["month"])
    rates = [(new_id(), row["id"], currency, rate) for row in added for currency, rate in sorted(usable[row["month"]].items())]
    if rates:
        await transaction.execute(_SQL["add_rates"], *map(list, zip(*rates, strict=True)))
    newest = (await transaction.fetch(_SQL["imported_months"], kept, source.value, document_digest))[-1]
    return Reference(_KIND, newest["id"], newest["version"])
