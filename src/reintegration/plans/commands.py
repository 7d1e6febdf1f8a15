"""What can be asked of the plans room."""

from dataclasses import dataclass
from uuid import UUID

from reintegration.kernel.money import Money


@dataclass(frozen=True, slots=True)
class PlanLine:
    """An item of a plan version. `line_id` continues a line of the version before; None begins a new one."""

    kind: str
    description: str
    budget: Money
    line_id: UUID | None = None
    returnee_id: UUID | None = None
    co_investment: Money | None = None


@dataclass(frozen=True, slots=True)
class DraftPlan:
    """Write a new version of the plan of a case; a draft that nobody submitted is superseded by it."""

    id: UUID
    case_id: UUID
    lines: tuple[PlanLine, ...]


@dataclass(frozen=True, slots=True)
class SubmitPlan:
    """Hand a draft to the partner's coordinator."""

    id: UUID
    expected_version: int


@dataclass(frozen=True, slots=True)
class ApprovePlan:
    """Approve exactly the content with this digest; its budgets are posted to the ledger."""

    id: UUID
    expected_version: int
    content_digest: str


@dataclass(frozen=True, slots=True)
class RequestBudgetTransfer:
    """Ask to move money from one item of the plan in force to another."""

    id: UUID
    from_item_id: UUID
    to_item_id: UUID
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True)
class DecideBudgetTransfer:
    """Approve or refuse a transfer that somebody else asked for."""

    transfer_id: UUID
    expected_version: int
    approved: bool
    note: str | None = None


@dataclass(frozen=True, slots=True)
class RejectPlan:
    """Send a submitted plan back with a reason; a new version follows."""

    id: UUID
    expected_version: int
    reason: str
