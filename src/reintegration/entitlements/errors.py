"""What can be wrong with facts, exceptions and tariff versions, and what the entitlements room refuses."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from reintegration.database.constraints import ConstraintErrors, id_taken
from reintegration.kernel.errors import ConstraintViolationError, DomainError, SamePersonError


@dataclass(kw_only=True)
class ContradictoryFactsError(DomainError):
    """The facts of the case contradict each other: {contradictions}."""

    code: ClassVar[str] = "CONTRADICTORY_FACTS"
    contradictions: tuple[str, ...]


@dataclass(kw_only=True)
class FactsDocumentError(DomainError):
    """The stored facts can't be read at {path}: {reason}."""

    code: ClassVar[str] = "FACTS_UNREADABLE"
    path: str
    reason: str


@dataclass(kw_only=True)
class TariffRowError(DomainError):
    """The tariff row {rule_id} can't be used; {column}: {reason}."""

    code: ClassVar[str] = "TARIFF_ROW_INVALID"
    rule_id: str
    column: str
    reason: str


@dataclass(kw_only=True)
class AmbiguousTariffError(DomainError):
    """The tariff version {version} has equally specific rules for one person: {rule_ids}."""

    code: ClassVar[str] = "TARIFF_AMBIGUOUS"
    version: str
    rule_ids: tuple[str, ...]


@dataclass(kw_only=True)
class ExceptionNotAllowedError(DomainError):
    """The exception {reference} can't be applied to {rule_id}: {reason}."""

    code: ClassVar[str] = "EXCEPTION_NOT_ALLOWED"
    rule_id: str
    reference: str
    reason: str


@dataclass(kw_only=True)
class DepartureUnknownError(DomainError):
    """No departure is recorded: name the planned day, for age, visa regime and tariff hang on it."""

    code: ClassVar[str] = "DEPARTURE_UNKNOWN"


@dataclass(kw_only=True)
class GrantDateError(DomainError):
    """Entitlements are granted on the day of the decision; only the loader records another day, never one in the future."""

    code: ClassVar[str] = "GRANT_DATE_NOT_TODAY"


@dataclass(kw_only=True)
class AssessmentOutdatedError(DomainError):
    """The assessment no longer holds ({reason}): assess the case again."""

    code: ClassVar[str] = "ASSESSMENT_OUTDATED"
    reason: str


@dataclass(kw_only=True)
class AssessmentDamagedError(DomainError):
    """The stored facts and rules of the assessment don't give its stored result; nothing is granted by it."""

    code: ClassVar[str] = "ASSESSMENT_DAMAGED"


@dataclass(kw_only=True)
class NothingToGrantError(DomainError):
    """The assessment gives nothing that is not granted already."""

    code: ClassVar[str] = "NOTHING_TO_GRANT"


@dataclass(kw_only=True)
class GrantedOtherwiseError(DomainError):
    """The {stream} was granted with other amounts or rules; a grant is never edited."""

    code: ClassVar[str] = "GRANTED_OTHERWISE"
    stream: str


@dataclass(kw_only=True)
class BudgetLimitMissingError(DomainError):
    """The tariff version {version} does not say how long a budget can be used: no budget is granted by it."""

    code: ClassVar[str] = "BUDGET_LIMIT_MISSING"
    version: str


@dataclass(kw_only=True)
class DublinEntitlementError(DomainError):
    """A Dublin departure has no entitlement."""

    code: ClassVar[str] = "DUBLIN_ENTITLEMENT"


@dataclass(kw_only=True)
class DeadlineNotStartedError(DomainError):
    """The entitlement has no deadline yet: the time to use it starts with the confirmed arrival."""

    code: ClassVar[str] = "DEADLINE_NOT_STARTED"


@dataclass(kw_only=True)
class DeadlineExpiredError(DomainError):
    """The time to use this budget has passed, and what was left of it went back to its fund."""

    code: ClassVar[str] = "DEADLINE_EXPIRED"


@dataclass(kw_only=True)
class DeadlineNotLaterError(DomainError):
    """The new last day is not after the present one."""

    code: ClassVar[str] = "DEADLINE_NOT_LATER"


@dataclass(kw_only=True)
class RequestOpenError(DomainError):
    """The same {kind} was asked for and is not decided yet."""

    code: ClassVar[str] = "REQUEST_OPEN"
    kind: str


def _rule(constraint: str, explanation: str) -> tuple[str, Callable[[], DomainError]]:
    return constraint, partial(ConstraintViolationError, constraint=constraint, explanation=explanation)


CONSTRAINTS: ConstraintErrors = {
    "entitlement_exceptions_four_eyes_ck": partial(SamePersonError, step="decision on the exception"),
    "entitlement_exceptions_one_open_uq": partial(RequestOpenError, kind="exception"),
    "deadline_extensions_four_eyes_ck": partial(SamePersonError, step="decision on the extension"),
    "deadline_extensions_one_open_uq": partial(RequestOpenError, kind="extension"),
    "entitlements_dublin_ck": DublinEntitlementError,
    **dict(
        (
            ("entitlement_assessments_pk", id_taken),
            ("entitlement_exceptions_pk", id_taken),
            _rule("entitlement_exceptions_amount_ck", "A ceiling has an amount in EUR, an override has none"),
            _rule("entitlement_exceptions_reason_ck", "A reason has 3 to 2000 characters, a reference 1 to 200"),
            _rule("entitlements_once_uq", "This was granted already"),
            ("deadline_extensions_pk", id_taken),
            ("deadline_extensions_expired_ck", DeadlineExpiredError),
            _rule("deadline_extensions_reason_ck", "A reason has 3 to 2000 characters"),
        )
    ),
}

WRITTEN_BY_THE_ENTITLEMENTS_ROOM_ALONE = frozenset(
    {
        "deadline_expiries_amount_ck",
        "deadline_expiries_append_only_ck",
        "deadline_expiries_case_fk",
        "deadline_expiries_due_ck",
        "deadline_expiries_once_uq",
        "deadline_expiries_pk",
        "deadline_expiries_posted_ck",
        "deadline_extensions_decision_ck",
        "deadline_extensions_entitlement_fk",
        "deadline_notices_append_only_ck",
        "deadline_notices_case_fk",
        "deadline_notices_days_ck",
        "deadline_notices_once_uq",
        "deadline_notices_pk",
        "entitlement_assessments_append_only_ck",
        "entitlement_assessments_case_fk",
        "entitlement_assessments_case_uq",
        "entitlement_assessments_deviations_ck",
        "entitlement_assessments_digest_ck",
        "entitlement_assessments_version_fk",
        "entitlement_exceptions_case_fk",
        "entitlement_exceptions_decision_ck",
        "entitlement_exceptions_kind_ck",
        "entitlements_amount_ck",
        "entitlements_append_only_ck",
        "entitlements_assessment_fk",
        "entitlements_case_fk",
        "entitlements_case_uq",
        "entitlements_fund_fk",
        "entitlements_pk",
        "entitlements_returnee_fk",
        "entitlements_stream_ck",
        "entitlements_use_ck",
    }
)
"""Constraints that no input reaches: violating one is a bug of ours, shown with an incident id."""
