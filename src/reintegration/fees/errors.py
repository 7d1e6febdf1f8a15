"""What the fees room refuses."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from reintegration.database.constraints import ConstraintErrors, id_taken
from reintegration.kernel.errors import DomainError, InvalidInputError, SamePersonError


@dataclass(kw_only=True)
class ServiceFeeNotDueError(DomainError):
    """There is no fee for this yet: the service is not done, or nothing was granted to the case."""

    code: ClassVar[str] = "SERVICE_FEE_NOT_DUE"


@dataclass(kw_only=True)
class ServiceFeeOfAnotherPartnerError(DomainError):
    """Another partner had the case on the day of this service."""

    code: ClassVar[str] = "SERVICE_FEE_OF_ANOTHER_PARTNER"


@dataclass(kw_only=True)
class NoServiceFeeTariffError(DomainError):
    """No tariff of this partner for this service was in force on {on}."""

    code: ClassVar[str] = "NO_SERVICE_FEE_TARIFF"
    on: date


@dataclass(kw_only=True)
class ServiceFeeClaimedError(DomainError):
    """The fee for this service on this case is claimed already."""

    code: ClassVar[str] = "SERVICE_FEE_CLAIMED"


CONSTRAINTS: ConstraintErrors = {
    "service_fees_pk": id_taken,
    "service_fees_once_uq": ServiceFeeClaimedError,
    "service_fees_due_ck": ServiceFeeNotDueError,
    "service_fees_claimant_ck": lambda: SamePersonError(step="claim of a service fee"),
    "service_fees_four_eyes_ck": lambda: SamePersonError(step="next step of a service fee"),
    "service_fees_text_ck": lambda: InvalidInputError(field="reason", reason="3 to 2000 characters; a reference 1 to 200"),
    "service_fees_dates_ck": lambda: InvalidInputError(field="paidOn", reason="not before the day of the step before it"),
}

WRITTEN_ALONE = frozenset(
    {
        "service_fees_amount_ck",
        "service_fees_approved_ck",
        "service_fees_case_fk",
        "service_fees_currency_fk",
        "service_fees_ended_ck",
        "service_fees_fund_fk",
        "service_fees_kept_ck",
        "service_fees_kind_ck",
        "service_fees_office_fk",
        "service_fees_paid_ck",
        "service_fees_partner_fk",
        "service_fees_posted_ck",
        "service_fees_status_ck",
        "service_fees_tariff_fk",
        "service_fees_transition_ck",
    }
)
"""Constraints that no input reaches: violating one is a bug of ours, shown with an incident id."""
