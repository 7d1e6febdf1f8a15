"""The yearly statistics of the programme, as Fedasil publishes them (domain.md 8)."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.errors import InvalidInputError

DEFINITION_VERSION: Final = "2026-1"
DEFINITION: Final = (
    "Returned: persons, not files, whose departure lies in the year; Dublin departures are counted apart and never as returns. "
    "With reintegration support: those of them whose case was granted an entitlement to the reintegration budget, whether or "
    "not it has been spent. Status: the administrative status at registration. Percentages are whole, rounded half up away "
    "from zero, with numerator and denominator beside them; none where the denominator is zero."
)
FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2100
_SQL = load_queries(__file__)


@dataclass(frozen=True, slots=True)
class StatusFigure:
    """Persons of one administrative status, and their share in all who returned."""

    administrative_status: str
    persons: int
    percent: int | None


@dataclass(frozen=True, slots=True)
class CountryFigure:
    """Persons who returned to one country (ISO 3166 alpha-2), and its place in the order."""

    rank: int
    country: str
    name: str
    persons: int


@dataclass(frozen=True, slots=True, kw_only=True)
class YearlyStatistics:
    """One year. `supported_percent` is supported / returned; `change_percent` (returned - previous) / previous."""

    year: int
    returned: int
    supported: int
    supported_percent: int | None
    returned_previous_year: int
    change_percent: int | None
    dublin_excluded: int
    by_status: tuple[StatusFigure, ...]
    countries: tuple[CountryFigure, ...]
    """Every country of return, the largest first; equal counts by code."""
    definition: str = DEFINITION
    definition_version: str = DEFINITION_VERSION


def percent(numerator: int, denominator: int) -> int | None:
    """Whole percents, half up away from zero; None without a denominator."""
    if denominator == 0:
        return None
    return int((Decimal(numerator) * 100 / Decimal(denominator)).quantize(Decimal(1), rounding=ROUND_HALF_UP))


async def yearly(transaction: Transaction, year: int) -> YearlyStatistics:
    """The statistics of a calendar year. The figures are the same for every role that may read them.

    The status of a case is hidden from finance; its counts come from a function of the database that returns nothing else.

    Raises:
        ForbiddenError: the role reads no statistics.
        InvalidInputError: not a year between 2000 and 2100.
    """
    require(transaction.actor, Permission.STATISTICS_READ)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise InvalidInputError(field="year", reason=f"is between {FIRST_YEAR} and {LAST_YEAR}")
    totals = await transaction.fetch_one(_SQL["yearly_totals"], year)
    if totals is None:
        raise AssertionError("an aggregate has a row")
    statuses = await transaction.fetch(_SQL["yearly_statuses"], year)
    countries = await transaction.fetch(_SQL["yearly_countries"], year)
    returned, before = int(totals["returned"]), int(totals["returned_before"])
    return YearlyStatistics(
        year=year,
        returned=returned,
        supported=totals["supported"],
        supported_percent=percent(totals["supported"], returned),
        returned_previous_year=before,
        change_percent=percent(returned - before, before),
        dublin_excluded=totals["dublin_excluded"],
        by_status=tuple(StatusFigure(row["status"], row["persons"], percent(row["persons"], returned)) for row in statuses),
        countries=tuple(
            CountryFigure(rank, row["country"], row["name"], row["persons"]) for rank, row in enumerate(countries, start=1)
        ),
    )
