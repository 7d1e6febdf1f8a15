"""What the mutations of cases are told, and the commands that it means."""

from datetime import date
from uuid import UUID

import strawberry

from reintegration.api.identifiers import decode
from reintegration.api.mutations.execute import CreationInput, UpdateInput, chosen_id, optional
from reintegration.api.types.enums import Decision
from reintegration.cases.commands import (
    CloseCase,
    ConfirmArrival,
    DecideVulnerability,
    HouseholdMember,
    IntakeFacts,
    RecordDeparture,
    RecordVulnerability,
    ReferCase,
    RegisterCase,
    TransferCase,
)
from reintegration.cases.values import (
    AdministrativeStatus,
    CloseReason,
    Gender,
    HouseholdRole,
    ReferralChannel,
    TravelMode,
    VulnerabilityKind,
)

_COUNTRY = "ISO 3166-1, two letters; XK stands for Kosovo."


@strawberry.input(description="A person of a new case.")
class HouseholdMemberInput:
    """See HouseholdMember."""

    id: UUID | None = strawberry.field(default=None, description="The person's UUIDv7, when the client makes it.")
    role: HouseholdRole
    gender: Gender
    birth_date: date
    nationality: str = strawberry.field(description=_COUNTRY)
    family_name: str
    given_names: str
    latin_name: str = strawberry.field(description="Both names in Latin letters.")

    def value(self, field: str) -> HouseholdMember:
        """The person; `field` is where in the input it stands."""
        return HouseholdMember(
            id=chosen_id(self.id, f"{field}.id"),
            role=self.role,
            gender=self.gender,
            birth_date=self.birth_date,
            nationality=self.nationality,
            family_name=self.family_name,
            given_names=self.given_names,
            latin_name=self.latin_name,
        )


@strawberry.input(description="What only Belgium may know of a case.")
class CaseIntakeInput:
    """See IntakeFacts."""

    administrative_status: AdministrativeStatus
    referral_channel: ReferralChannel
    applied_on: date = strawberry.field(description="The day of the application for return.")
    return_desk_id: strawberry.ID | None = None
    entered_belgium_on: date | None = None
    previous_support_departed_on: date | None = strawberry.field(
        default=None, description="The last departure with support, if there was one."
    )
    consent_signed_on: date | None = None

    def value(self) -> IntakeFacts:
        """The facts."""
        return IntakeFacts(
            administrative_status=self.administrative_status,
            referral_channel=self.referral_channel,
            applied_on=self.applied_on,
            return_desk_id=optional(self.return_desk_id, "ReturnDesk"),
            entered_belgium_on=self.entered_belgium_on,
            previous_support_departed_on=self.previous_support_departed_on,
            consent_signed_on=self.consent_signed_on,
        )


@strawberry.input
class CaseRegisterInput(CreationInput):
    """See RegisterCase."""

    country_of_return: str = strawberry.field(description=_COUNTRY)
    intake: CaseIntakeInput
    members: list[HouseholdMemberInput]
    dublin: bool = strawberry.field(default=False, description="A Dublin departure: no return in the programme.")
    reference: str | None = strawberry.field(
        default=None, description="Like BE-2026-000123; the next of the year of application when not given."
    )

    def command(self) -> RegisterCase:
        """The command."""
        return RegisterCase(
            id=chosen_id(self.id),
            country_of_return=self.country_of_return,
            intake=self.intake.value(),
            members=tuple(member.value(f"members.{place}") for place, member in enumerate(self.members)),
            dublin=self.dublin,
            reference=self.reference,
        )


@strawberry.input
class VulnerabilityRecordInput(CreationInput):
    """See RecordVulnerability."""

    case_id: strawberry.ID
    returnee_id: strawberry.ID
    kind: VulnerabilityKind

    def command(self) -> RecordVulnerability:
        """The command."""
        return RecordVulnerability(
            id=chosen_id(self.id),
            case_id=decode(self.case_id, "Case"),
            returnee_id=decode(self.returnee_id, "Returnee"),
            kind=self.kind,
        )


@strawberry.input
class VulnerabilityDecideInput(UpdateInput):
    """See DecideVulnerability."""

    vulnerability_id: strawberry.ID
    decision: Decision

    def command(self) -> DecideVulnerability:
        """The command."""
        return DecideVulnerability(
            vulnerability_id=decode(self.vulnerability_id, "Vulnerability"),
            expected_version=self.expected_version,
            approved=self.decision is Decision.APPROVED,
        )


@strawberry.input
class CaseReferInput(UpdateInput):
    """See ReferCase."""

    case_id: strawberry.ID
    partner_id: strawberry.ID
    field_office_id: strawberry.ID | None = None
    reason: str | None = strawberry.field(default=None, description="Needed when the office is in another country.")

    def command(self) -> ReferCase:
        """The command."""
        return ReferCase(
            case_id=decode(self.case_id, "Case"),
            expected_version=self.expected_version,
            partner_id=decode(self.partner_id, "Partner"),
            field_office_id=optional(self.field_office_id, "FieldOffice"),
            reason=self.reason,
        )


@strawberry.input
class CaseDepartInput(UpdateInput):
    """See RecordDeparture."""

    case_id: strawberry.ID
    departed_on: date
    travel_mode: TravelMode

    def command(self) -> RecordDeparture:
        """The command."""
        return RecordDeparture(
            case_id=decode(self.case_id, "Case"),
            expected_version=self.expected_version,
            departed_on=self.departed_on,
            travel_mode=self.travel_mode,
        )


@strawberry.input
class ArrivalConfirmInput(UpdateInput):
    """See ConfirmArrival."""

    case_id: strawberry.ID
    arrived_on: date

    def command(self) -> ConfirmArrival:
        """The command."""
        return ConfirmArrival(
            case_id=decode(self.case_id, "Case"), expected_version=self.expected_version, arrived_on=self.arrived_on
        )


@strawberry.input
class CaseTransferInput(UpdateInput):
    """See TransferCase."""

    id: UUID | None = strawberry.field(default=None, description="The transfer's UUIDv7, when the client makes it.")
    case_id: strawberry.ID
    to_office_id: strawberry.ID
    reason: str

    def command(self) -> TransferCase:
        """The command."""
        return TransferCase(
            id=chosen_id(self.id),
            case_id=decode(self.case_id, "Case"),
            expected_version=self.expected_version,
            to_office_id=decode(self.to_office_id, "FieldOffice"),
            reason=self.reason,
        )


@strawberry.input
class CaseCloseInput(UpdateInput):
    """See CloseCase."""

    case_id: strawberry.ID
    reason: CloseReason
    closed_on: date
    note: str | None = None

    def command(self) -> CloseCase:
        """The command."""
        return CloseCase(
            case_id=decode(self.case_id, "Case"),
            expected_version=self.expected_version,
            reason=self.reason,
            closed_on=self.closed_on,
            note=self.note,
        )
