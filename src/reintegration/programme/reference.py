"""The reference data of the programme as typed values; the loaders of the database and the tests read the same files."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from uuid import UUID, uuid5

from reintegration.programme.tables import Row, codes, read_table

NAMESPACE = UUID("6f1d0c1e-5f0b-5c52-9a56-3b1f8a2b7c10")
"""Fixed for ever: the ids of partners, offices and desks follow from it and their codes."""

DERIVED_RATE_SOURCE = "ECB reference rate of the InforEuro rule day (derived)"
PUBLISHED_RATE_SOURCE = "InforEuro, as published"
_PUBLISHED_RATES = frozenset({("2023-07", "GBP"), ("2023-08", "GBP"), ("2023-09", "GBP"), ("2023-10", "GBP")})


def identifier(kind: str, code: str) -> UUID:
    """The id of a reference record: the same on every installation. `kind` is partner, field_office or return_desk."""
    return uuid5(NAMESPACE, f"{kind}:{code}")


class VisaRegime(StrEnum):
    """How nationals of a country stand to the visa obligation and to the Union, on a day."""

    VISA_REQUIRED = "visa_required"
    VISA_FREE = "visa_free"
    EU = "eu"
    EU_OLD_15 = "eu_old_15"


@dataclass(frozen=True, slots=True)
class Country:
    """An ISO 3166-1 country, or Kosovo under its user-assigned code (`assignment` is then "user")."""

    alpha_2: str
    alpha_3: str
    name: str
    assignment: str
    certainty: str
    source: str


@dataclass(frozen=True, slots=True)
class VisaRegimePeriod:
    """A regime from its first to its last day, both included; None means no known limit."""

    country: str
    regime: VisaRegime
    valid_from: date | None
    valid_to: date | None
    certainty: str
    source: str

    def holds_on(self, day: date) -> bool:
        """Whether the period covers `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class ReturnDesk:
    """A walk-in desk of Fedasil (domain.md 1.1)."""

    id: UUID
    code: str
    name: str
    city: str
    certainty: str
    source: str


@dataclass(frozen=True, slots=True)
class Partner:
    """One of the two reintegration partners."""

    id: UUID
    code: str
    name: str
    kind: str
    certainty: str
    source: str


@dataclass(frozen=True, slots=True)
class FieldOffice:
    """A local office of a partner; it pays in `payment_currencies`, each with monthly rates, and quotes in `local_currency`."""

    id: UUID
    code: str
    partner_id: UUID
    partner_code: str
    name: str
    city: str
    country: str
    local_currency: str
    payment_currencies: tuple[str, ...]
    certainty: str
    source: str


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """1 EUR = `rate` units of `currency` in `month` (its first day); the text of the rate is never reformatted."""

    month: date
    currency: str
    rate: str
    quoted_on: date
    certainty: str
    source: str


def _day(cell: str) -> date | None:
    return date.fromisoformat(cell) if cell else None


@cache
def countries() -> tuple[Country, ...]:
    """All countries, by alpha-2 code."""
    return tuple(Country(**row) for row in read_table("countries.csv"))


@cache
def visa_regime_periods() -> tuple[VisaRegimePeriod, ...]:
    """The dated table; a country or day that it leaves out is visa-required."""
    return tuple(
        VisaRegimePeriod(
            country=row["country"],
            regime=VisaRegime(row["regime"]),
            valid_from=_day(row["valid_from"]),
            valid_to=_day(row["valid_to"]),
            certainty=row["certainty"],
            source=row["source"],
        )
        for row in read_table("visa_regimes.csv")
    )


def visa_regime_on(country: str, day: date) -> VisaRegime:
    """The regime of `country` (alpha-2) on `day`."""
    for period in visa_regime_periods():
        if period.country == country and period.holds_on(day):
            return period.regime
    return VisaRegime.VISA_REQUIRED


@cache
def return_desks() -> tuple[ReturnDesk, ...]:
    """Fedasil's five return desks."""
    return tuple(ReturnDesk(id=identifier("return_desk", row["code"]), **row) for row in read_table("return_desks.csv"))


@cache
def partners() -> tuple[Partner, ...]:
    """IOM and Caritas."""
    return tuple(Partner(id=identifier("partner", row["code"]), **row) for row in read_table("partners.csv"))


@cache
def field_offices() -> tuple[FieldOffice, ...]:
    """The local offices of both partners."""
    return tuple(
        FieldOffice(
            id=identifier("field_office", row["code"]),
            code=row["code"],
            partner_id=identifier("partner", row["partner"]),
            partner_code=row["partner"],
            name=row["name"],
            city=row["city"],
            country=row["country"],
            local_currency=row["local_currency"],
            payment_currencies=codes(row["payment_currencies"]),
            certainty=row["certainty"],
            source=row["source"],
        )
        for row in read_table("field_offices.csv")
    )


@cache
def exchange_rates() -> tuple[ExchangeRate, ...]:
    """The 36 months of amif.md 6.4, a value per month and currency."""
    return tuple(
        ExchangeRate(
            month=date.fromisoformat(f"{row['month']}-01"),
            currency=currency,
            rate=row[currency],
            quoted_on=date.fromisoformat(row["ecb_day"]),
            certainty="secondary" if (row["month"], currency) in _PUBLISHED_RATES else "assumed",
            source=PUBLISHED_RATE_SOURCE if (row["month"], currency) in _PUBLISHED_RATES else DERIVED_RATE_SOURCE,
        )
        for row in read_table("exchange_rates.csv")
        for currency in ("BRL", "USD", "GBP")
    )


@cache
def rates_by_month() -> Mapping[date, Mapping[str, str]]:
    """First day of the month → currency → rate text."""
    months: dict[date, dict[str, str]] = {}
    for entry in exchange_rates():
        months.setdefault(entry.month, {})[entry.currency] = entry.rate
    return MappingProxyType({month: MappingProxyType(rates) for month, rates in months.items()})


def tariff_rule_rows() -> tuple[Row, ...]:
    """The 24 rows of domain.md 3.1 with their selectors, as text; `entitlements.rules` gives them meaning."""
    return read_table("tariff_rules.csv")


def exclusion_rule_rows() -> tuple[Row, ...]:
    """The 13 rows of domain.md 3.2 with their selectors, as text."""
    return read_table("exclusion_rules.csv")


def deadline_rule_rows() -> tuple[Row, ...]:
    """The time limits that follow from an entitlement (domain.md 2.2), as text."""
    return read_table("deadline_rules.csv")
