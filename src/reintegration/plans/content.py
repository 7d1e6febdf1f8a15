"""What an approval of a plan binds to."""

from collections.abc import Mapping
from uuid import UUID

from reintegration.plans.commands import PlanLine


def plan_content(line_id: UUID, line: PlanLine) -> Mapping[str, object]:
    """A line as it goes into the digest of its version."""
    return {
        "line": line_id,
        "kind": line.kind,
        "returnee": line.returnee_id,
        "description": line.description,
        "budget_minor": line.budget.amount_minor,
        "co_investment_minor": line.co_investment.amount_minor if line.co_investment else 0,
    }
