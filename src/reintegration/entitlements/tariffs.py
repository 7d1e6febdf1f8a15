"""The stored tariff as the engine reads it."""

from dataclasses import dataclass
from uuid import UUID

from reintegration.database.transaction import Transaction
from reintegration.entitlements.models import EntitlementAssessment
from reintegration.entitlements.rules import TariffVersion
from reintegration.programme.service import tariff_version


@dataclass(frozen=True, slots=True)
class Tariff:
    """A version with the id of its row and the digest of its rules."""

    id: UUID
    digest: str
    version: TariffVersion


_read: dict[UUID, Tariff] = {}
"""Versions read before, a few in a programme's life. The rows of one never change, which their digest proves each time."""


async def tariff_of(transaction: Transaction, code: str | None) -> Tariff:
    """The version of that code, None for the newest.

    Raises:
        NotFoundError: no such version.
        TariffVersionDamagedError, TariffRowError: its rows can't be trusted or read.
    """
    stored = await tariff_version(transaction, code)
    known = _read.get(stored.id)
    if known is None or known.digest != stored.digest:
        version = TariffVersion.from_rows(stored.code, stored.rules, stored.exclusions, stored.deadlines)
        known = _read[stored.id] = Tariff(stored.id, stored.digest, version)
    return known


async def stored_version(transaction: Transaction, assessment: EntitlementAssessment) -> Tariff:
    """The version that an assessment was made with."""
    if not isinstance(assessment.result, dict) or not isinstance(code := assessment.result.get("versionCode"), str):
        raise TypeError("a stored result is an object that names its version")
    tariff = await tariff_of(transaction, code)
    if tariff.id != assessment.tariff_version_id:
        raise AssertionError("a stored result names the version of its row")
    return tariff
