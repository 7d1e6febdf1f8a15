"""What can be asked of the cases room. A new record's `id` is made by the caller; `expected_version` is what the caller saw."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from reintegration.cases.values import (
    AdministrativeStatus,
    CloseReason,
    Gender,
    HouseholdRole,
    ReferralChannel,
    TravelMode,
    VulnerabilityKind,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdMember:
    """A person of a new case; `nationality` is ISO 3166-1 alpha-2 (or XK), `latin_name` the whole name in Latin letters."""

    id: UUID
    role: HouseholdRole
    gender: Gender
    birth_date: date
    nationality: str
    family_name: str
    given_names: str
    latin_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeFacts:
    """What only Belgium may know of a case.

    `applied_on` is the application for return, `previous_support_departed_on` the last departure with support.
    """

    administrative_status: AdministrativeStatus
    referral_channel: ReferralChannel
    applied_on: date
    return_desk_id: UUID | None = None
    entered_belgium_on: date | None = None
    previous_support_departed_on: date | None = None
    consent_signed_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterCase:
    """Open the file of a household; `reference` (BE-2026-000123) is the next of the year of application when not given."""

    id: UUID
    country_of_return: str
    intake: IntakeFacts
    members: tuple[HouseholdMember, ...]
    dublin: bool = False
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordVulnerability:
    """Say that a member is vulnerable; it counts once Fedasil approves it."""

    id: UUID
    case_id: UUID
    returnee_id: UUID
    kind: VulnerabilityKind


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideVulnerability:
    """Approve or refuse a recorded vulnerability."""

    vulnerability_id: UUID
    expected_version: int
    approved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferCase:
    """Give a case to a partner and, if known, an office; `reason` is needed when the office is in another country."""

    case_id: UUID
    expected_version: int
    partner_id: UUID
    field_office_id: UUID | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDeparture:
    """The household left Belgium."""

    case_id: UUID
    expected_version: int
    departed_on: date
    travel_mode: TravelMode


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmArrival:
    """The field office saw the household arrive; starts the time to use the budget."""

    case_id: UUID
    expected_version: int
    arrived_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferCase:
    """Move a case to another office; `id` is the transfer's."""

    id: UUID
    case_id: UUID
    expected_version: int
    to_office_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseCase:
    """End a case; what is left of its money goes back to the fund."""

    case_id: UUID
    expected_version: int
    reason: CloseReason
    closed_on: date
    note: str | None = None
