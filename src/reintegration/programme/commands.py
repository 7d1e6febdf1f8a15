"""What can be asked of the programme room: exchange rates in, and another person's word that they may be used."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from reintegration.programme.reference import DERIVED_RATE_SOURCE, PUBLISHED_RATE_SOURCE


class RateSource(StrEnum):
    """Where the rates of a document come from; kept with every converted payment line."""

    PUBLISHED = PUBLISHED_RATE_SOURCE
    DERIVED = DERIVED_RATE_SOURCE
    """Not the Commission's own file: computed by its rule, to be replaced by the published month (amif.md 10 row 11)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRateMonth:
    """Import the monthly InforEuro file. It carries no date, so `month` (its first day) says which one was downloaded."""

    id: UUID
    month: date
    document: bytes
    source: RateSource = RateSource.PUBLISHED


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRateHistory:
    """Import months (first days, both included) from InforEuro histories, a document per currency.

    A month is used as a whole, so all currencies that it shall have come together. `id` is the newest month's; older
    months get ids of their own.
    """

    id: UUID
    first_month: date
    last_month: date
    documents: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmRateMonth:
    """Let an imported month be used; not by the person who imported it."""

    id: UUID
    expected_version: int
