"""What can be asked of the entitlements room. The caller makes a new record's `id`; `expected_version` is what the caller saw."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from reintegration.kernel.money import Money


class RequestedException(StrEnum):
    """The exceptions that can be asked for."""

    EXCLUSION_OVERRIDE = "exclusion_override"
    GRANTED_CEILING = "granted_ceiling"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessEntitlement:
    """Apply a tariff version (None: the newest) to the facts of a case as they are now.

    `planned_departure_on` stands in until a departure is recorded. `travel_document_cost` is in EUR.
    `grant_date` selects rules keyed on the grant; it is today, and only the loader may say another day.
    """

    id: UUID
    case_id: UUID
    planned_departure_on: date | None = None
    travel_document_cost: Money | None = None
    tariff_version: str | None = None
    grant_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestException:
    """Ask to lift the exclusion `rule_id`, or to fix a ceiling (`amount`, EUR) under the tariff rule `rule_id`.

    `reference` is Fedasil's own, and goes into the explanation.
    """

    id: UUID
    case_id: UUID
    kind: RequestedException
    rule_id: str
    reason: str
    reference: str
    amount: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideException:
    """Approve or refuse an exception that somebody else asked for."""

    exception_id: UUID
    expected_version: int
    approved: bool
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantEntitlements:
    """Grant what the newest assessment of a case gives, as long as its facts still hold."""

    case_id: UUID
    assessment_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestExtension:
    """Ask for a later last day of an entitlement."""

    id: UUID
    entitlement_id: UUID
    new_deadline_on: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideExtension:
    """Approve or refuse an extension that somebody else asked for; approval moves the deadline."""

    extension_id: UUID
    expected_version: int
    approved: bool
    note: str | None = None
