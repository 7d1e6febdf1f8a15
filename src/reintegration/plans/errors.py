"""What the plans room refuses."""

from dataclasses import dataclass
from typing import ClassVar

from reintegration.cases.errors import AlreadyDecidedError
from reintegration.database.constraints import ConstraintErrors, id_taken
from reintegration.kernel.errors import (
    ConstraintViolationError,
    DomainError,
    InvalidInputError,
    NotFoundError,
    SamePersonError,
    TransitionError,
)


@dataclass(kw_only=True)
class PlanTooLargeError(DomainError):
    """The plan's items add up to {total_minor} euro cents, more than the {granted_minor} granted."""

    code: ClassVar[str] = "PLAN_TOO_LARGE"
    total_minor: int
    granted_minor: int


@dataclass(kw_only=True)
class PlanOpenError(DomainError):
    """Another version of this plan awaits a decision; it must be approved or rejected first."""

    code: ClassVar[str] = "PLAN_OPEN"


@dataclass(kw_only=True)
class PlanBelowUseError(DomainError):
    """A line can't shrink below what is already spent or reserved on it."""

    code: ClassVar[str] = "PLAN_BELOW_USE"


@dataclass(kw_only=True)
class ItemNotInForceError(DomainError):
    """The plan item does not belong to the approved version of this case's plan."""

    code: ClassVar[str] = "ITEM_NOT_IN_FORCE"


@dataclass(kw_only=True)
class CaseNotReadyError(DomainError):
    """The case is {status}; a plan needs a confirmed arrival and an open case."""

    code: ClassVar[str] = "CASE_NOT_READY"
    status: str


@dataclass(kw_only=True)
class ContentChangedError(DomainError):
    """The {kind} is not the one you looked at: its content has another digest now."""

    code: ClassVar[str] = "CONTENT_CHANGED"
    kind: str


def _violated(constraint: str, explanation: str) -> ConstraintViolationError:
    return ConstraintViolationError(constraint=constraint, explanation=explanation)


CONSTRAINTS: ConstraintErrors = {
    "plans_pk": id_taken,
    "plans_number_uq": PlanOpenError,
    "plans_one_open_uq": PlanOpenError,
    "plans_one_approved_uq": PlanOpenError,
    "plans_total_ck": lambda: _violated("plans_total_ck", "The plan is larger than the entitlement"),
    "plans_four_eyes_ck": lambda: SamePersonError(step="decision on a plan"),
    "plans_transition_ck": lambda: TransitionError(kind="Plan", current="in another status", wanted="that"),
    "plans_case_fk": lambda: NotFoundError(kind="Case"),
    "budget_transfers_pk": id_taken,
    "budget_transfers_amount_ck": lambda: InvalidInputError(field="amount", reason="more than zero, in EUR"),
    "budget_transfers_reason_ck": lambda: InvalidInputError(
        field="reason", reason="3 to 2000 characters, and a note of at most 2000"
    ),
    "budget_transfers_items_ck": lambda: InvalidInputError(field="toItem", reason="another item than the one that gives"),
    "budget_transfers_from_fk": lambda: NotFoundError(kind="PlanItem"),
    "budget_transfers_to_fk": lambda: NotFoundError(kind="PlanItem"),
    "budget_transfers_force_ck": ItemNotInForceError,
    "budget_transfers_four_eyes_ck": lambda: SamePersonError(step="decision on the transfer"),
    "budget_transfers_decided_ck": lambda: AlreadyDecidedError(kind="transfer"),
    "plan_items_pk": id_taken,
    "plan_items_line_uq": lambda: InvalidInputError(field="lines", reason="the same line stands there twice"),
    "plan_items_returnee_fk": lambda: NotFoundError(kind="Returnee"),
    "plan_items_budget_ck": lambda: InvalidInputError(field="budget", reason="more than zero, in EUR"),
    "plan_items_description_ck": lambda: InvalidInputError(field="description", reason="1 to 500 characters"),
    "plan_items_kind_ck": lambda: InvalidInputError(field="kind", reason="not a kind of plan item"),
}

WRITTEN_BY_THE_PLANS_ROOM_ALONE = frozenset(
    {
        "budget_transfers_case_fk",
        "budget_transfers_decision_ck",
        "budget_transfers_posted_ck",
        "ledger_postings_rebudget_ck",
        "plan_items_append_only_ck",
        "plan_items_case_uq",
        "plan_items_draft_ck",
        "plan_items_plan_fk",
        "plan_items_position_uq",
        "plans_case_uq",
        "plans_decided_ck",
        "plans_digest_ck",
        "plans_number_ck",
        "plans_status_ck",
        "plans_submitted_ck",
    }
)
"""Constraints that no input reaches: violating one is a bug of ours, shown with an incident id."""
