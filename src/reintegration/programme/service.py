"""What other rooms may ask of the reference data. Reads only; nothing here depends on who asks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from uuid import UUID

import orjson

from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.kernel.errors import InvalidInputError, NotFoundError
from reintegration.kernel.money import minor_digits
from reintegration.programme.errors import TariffVersionDamagedError
from reintegration.programme.reference import VisaRegime
from reintegration.programme.table_rows import tariff_digest
from reintegration.programme.tables import TableRow

_SQL = load_queries(__file__)


@dataclass(frozen=True, slots=True)
class StoredTariff:
    """A tariff version as the engine reads it: `TariffVersion.from_rows(code, rules, exclusions, deadlines)`."""

    id: UUID
    code: str
    digest: str
    rules: tuple[TableRow, ...]
    exclusions: tuple[TableRow, ...]
    deadlines: tuple[TableRow, ...]


@dataclass(frozen=True, slots=True)
class Office:
    """A partner's office; `country` is ISO 3166-1 alpha-2 or XK."""

    id: UUID
    code: str
    name: str
    city: str
    partner_id: UUID
    partner_code: str
    country: str
    local_currency: str


@dataclass(frozen=True, slots=True)
class NeededDocument:
    """A document that a payment needs; `plan_item_kind` None: whatever the item."""

    document_kind: str
    plan_item_kind: str | None
    stage: str
    certainty: str
    source: str


async def tariff_version(transaction: Transaction, code: str | None = None) -> StoredTariff:
    """The version of that code, or the one loaded last. Its digest is checked against its rows.

    Raises:
        NotFoundError: no such version.
        TariffVersionDamagedError: the rows are not the ones that were loaded.
    """
    row = await transaction.fetch_one(_SQL["tariff_version"], code)
    if row is None:
        raise NotFoundError(kind="TariffVersion")
    rules: tuple[TableRow, ...] = tuple(orjson.loads(row["rules"]))
    exclusions: tuple[TableRow, ...] = tuple(orjson.loads(row["exclusions"]))
    deadlines: tuple[TableRow, ...] = tuple(orjson.loads(row["deadlines"]))
    if tariff_digest(rules, exclusions, deadlines) != row["digest"]:
        raise TariffVersionDamagedError(version=row["code"])
    return StoredTariff(row["id"], row["code"], row["digest"], rules, exclusions, deadlines)


async def visa_regimes(transaction: Transaction, countries: Iterable[str], on: date) -> Mapping[str, VisaRegime]:
    """The regime of each country (alpha-2) on a day; a country without a row that day is visa-required."""
    wanted = sorted(set(countries))
    rows = await transaction.fetch(_SQL["visa_regimes"], wanted, on)
    found = {row["country_code"]: VisaRegime(row["regime"]) for row in rows}
    return MappingProxyType({country: found.get(country, VisaRegime.VISA_REQUIRED) for country in wanted})


async def office(transaction: Transaction, office_id: UUID) -> Office:
    """One field office.

    Raises:
        NotFoundError: no such office.
    """
    row = await transaction.fetch_one(_SQL["office"], office_id)
    if row is None:
        raise NotFoundError(kind="FieldOffice")
    return Office(
        id=row["id"],
        code=row["code"],
        name=row["name"],
        city=row["city"],
        partner_id=row["partner_id"],
        partner_code=row["partner_code"],
        country=row["country_code"],
        local_currency=row["local_currency"],
    )


async def currency_digits(transaction: Transaction, currency: str) -> int:
    """The decimals of a currency, as the database keeps them.

    Raises:
        InvalidInputError: the currency is not known.
    """
    minor_digits(currency)
    digits = await transaction.fetch_value(_SQL["currency_digits"], currency)
    if not isinstance(digits, int):
        raise InvalidInputError(field="currency", reason="not an ISO 4217 currency in use")
    return digits


async def required_documents(
    transaction: Transaction, payment_kind: str, plan_item_kind: str | None, stage: str
) -> tuple[NeededDocument, ...]:
    """What a payment must carry at a stage (`request` or `settlement`), by document kind."""
    rows = await transaction.fetch(_SQL["required_documents"], payment_kind, plan_item_kind, stage)
    return tuple(
        NeededDocument(row["document_kind"], row["plan_item_kind"], row["stage"], row["certainty"], row["source"]) for row in rows
    )
