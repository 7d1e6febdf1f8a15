"""What the cases room refuses."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import ClassVar

from reintegration.database.constraints import ConstraintErrors, id_taken
from reintegration.kernel.errors import ConstraintViolationError, DomainError, SamePersonError


@dataclass(kw_only=True)
class DublinCaseError(DomainError):
    """A Dublin departure is no return in the programme: it can't be {step}."""

    code: ClassVar[str] = "DUBLIN_CASE"
    step: str


@dataclass(kw_only=True)
class FutureDateError(DomainError):
    """{field} is in the future; what has not happened can't be recorded."""

    code: ClassVar[str] = "DATE_IN_FUTURE"
    field: str


@dataclass(kw_only=True)
class DateOrderError(DomainError):
    """{field} must not be before {earlier} ({earlier_on})."""

    code: ClassVar[str] = "DATES_OUT_OF_ORDER"
    field: str
    earlier: str
    earlier_on: date


@dataclass(kw_only=True)
class HouseholdError(DomainError):
    """The household can't be registered: {reason}."""

    code: ClassVar[str] = "HOUSEHOLD_INVALID"
    reason: str


@dataclass(kw_only=True)
class ReferenceTakenError(DomainError):
    """Another case has this reference."""

    code: ClassVar[str] = "REFERENCE_TAKEN"


@dataclass(kw_only=True)
class ReferencesExhaustedError(DomainError):
    """No reference is left for the year {year}: give one of another form."""

    code: ClassVar[str] = "REFERENCES_EXHAUSTED"
    year: int


@dataclass(kw_only=True)
class OfficeMismatchError(DomainError):
    """The office does not belong to the partner."""

    code: ClassVar[str] = "OFFICE_OF_OTHER_PARTNER"


@dataclass(kw_only=True)
class OfficeCountryError(DomainError):
    """The office is in {office_country} and the case returns to {country_of_return}: say why."""

    code: ClassVar[str] = "OFFICE_IN_OTHER_COUNTRY"
    office_country: str
    country_of_return: str


@dataclass(kw_only=True)
class OfficeMissingError(DomainError):
    """The case has no field office yet: refer it first."""

    code: ClassVar[str] = "OFFICE_MISSING"


@dataclass(kw_only=True)
class SameOfficeError(DomainError):
    """The case is with that office already."""

    code: ClassVar[str] = "SAME_OFFICE"


@dataclass(kw_only=True)
class CloseReasonError(DomainError):
    """A case can be closed as {reason} only {when} departure."""

    code: ClassVar[str] = "CLOSE_REASON_NOT_ALLOWED"
    reason: str
    when: str


@dataclass(kw_only=True)
class OpenPaymentsError(DomainError):
    """{count} payments of the case are open: settle or cancel them first."""

    code: ClassVar[str] = "PAYMENTS_OPEN"
    count: int


@dataclass(kw_only=True)
class VulnerabilityKnownError(DomainError):
    """This vulnerability of the person is recorded already."""

    code: ClassVar[str] = "VULNERABILITY_KNOWN"


@dataclass(kw_only=True)
class AlreadyDecidedError(DomainError):
    """The {kind} was decided already."""

    code: ClassVar[str] = "ALREADY_DECIDED"
    kind: str


def _rule(constraint: str, explanation: str) -> tuple[str, Callable[[], DomainError]]:
    return constraint, partial(ConstraintViolationError, constraint=constraint, explanation=explanation)


CONSTRAINTS: ConstraintErrors = {
    "cases_reference_uq": ReferenceTakenError,
    "cases_office_fk": OfficeMismatchError,
    "cases_dublin_ck": partial(DublinCaseError, step="referred"),
    "returnees_one_head_uq": partial(HouseholdError, reason="more than one head"),
    "vulnerabilities_kind_uq": VulnerabilityKnownError,
    "vulnerabilities_four_eyes_ck": partial(SamePersonError, step="decision on the vulnerability"),
    "case_transfers_offices_ck": SameOfficeError,
    **dict(
        (
            ("cases_pk", id_taken),
            _rule("cases_reference_ck", "A reference is spelled like BE-2026-000123"),
            _rule("cases_country_fk", "The country of return is unknown"),
            _rule("cases_partner_fk", "The partner is unknown"),
            _rule("cases_office_ck", "An office needs its partner"),
            _rule("cases_transition_ck", "The case can't take this step in its present status"),
            _rule("cases_departure_ck", "A case that departed has a date of departure"),
            _rule("cases_arrival_ck", "An arrival needs an office, and is not before the departure"),
            _rule("cases_referred_ck", "A referred case has a partner"),
            _rule("cases_open_payments_ck", "Payments of the case are open: settle or cancel them first"),
            _rule("cases_closed_ck", "A closed case has a date and a reason"),
            _rule("case_intakes_desk_fk", "The return desk is unknown"),
            ("returnees_pk", id_taken),
            _rule("returnees_nationality_fk", "The nationality is unknown"),
            _rule("returnees_birth_ck", "A birth date is after 1 January 1900"),
            _rule("returnee_identities_name_ck", "Names have 1 to 200 characters, the Latin name 1 to 400"),
            ("vulnerabilities_pk", id_taken),
            _rule("vulnerabilities_returnee_fk", "The person is not of this case"),
            ("case_transfers_pk", id_taken),
            _rule("case_transfers_to_fk", "The office is unknown"),
            _rule("case_transfers_reason_ck", "A reason has 3 to 2000 characters"),
        )
    ),
}

WRITTEN_BY_THE_CASES_ROOM_ALONE = frozenset(
    {
        "case_intakes_case_fk",
        "case_intakes_channel_ck",
        "case_intakes_pk",
        "case_intakes_status_ck",
        "case_transfers_append_only_ck",
        "case_transfers_case_fk",
        "case_transfers_from_fk",
        "cases_close_reason_ck",
        "cases_status_ck",
        "cases_travel_mode_ck",
        "returnee_identities_pk",
        "returnee_identities_returnee_fk",
        "returnees_case_fk",
        "returnees_case_uq",
        "returnees_gender_ck",
        "returnees_position_uq",
        "returnees_role_ck",
        "vulnerabilities_decision_ck",
        "vulnerabilities_kind_ck",
    }
)
"""Constraints that no input reaches: violating one is a bug of ours, shown with an incident id."""
