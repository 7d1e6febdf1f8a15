"""Plans: versions, and items with what is left of their budget."""

from datetime import datetime
from uuid import UUID

import strawberry

from reintegration.api import loaders
from reintegration.api.connections import Connection
from reintegration.api.graph import READS, Amount, ApiInfo, Beside, Node, money, reads
from reintegration.api.loaders import to_many, to_money, to_one
from reintegration.api.pages import by_id, pages
from reintegration.api.scalars import Digest, Money
from reintegration.api.types.enums import Decision, PlanItemKind, PlanStatus
from reintegration.api.types.references import CaseRef, PaymentRef, PlanItemRef, ReturneeRef
from reintegration.database.transaction import Row
from reintegration.identity.permissions import Permission
from reintegration.plans import models as rows


@reads(rows.Plan, Permission.PLAN_READ)
@strawberry.type(description="One version of the reintegration plan of a case.")
class Plan(Node):
    """Table plans."""

    row: strawberry.Private[rows.Plan]
    number: int
    status: PlanStatus
    content_digest: Digest = strawberry.field(description="Of the items; what an approval is bound to.")
    prepared_by: str
    prepared_at: datetime
    submitted_by: str | None
    submitted_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    decision_note: str | None
    version: int
    case: CaseRef = to_one("Case", "case_id")
    items: list[PlanItemRef] = to_many("PlanItem", "plan_id", ("position",))


_BALANCES = Beside("balances", loaders.SQL["line_balance"])


@reads(rows.PlanItem, Permission.PLAN_READ)
@strawberry.type(description="A line of a plan version. What is left of it counts for the line across versions.")
class PlanItem(Node):
    """Table plan_items."""

    row: strawberry.Private[rows.PlanItem]
    line_id: UUID = strawberry.field(description="Stays the same from version to version.")
    position: int
    kind: PlanItemKind
    description: str
    budget: Money = money("budget_minor", "currency", "As this version of the plan agreed it.")
    co_investment: Money = money("co_investment_minor", "currency", "What the household adds itself.")
    plan: Plan | None = to_one("Plan", "plan_id", "Null for an office that paid for it before the case moved to another one.")
    returnee: ReturneeRef | None = to_one("Returnee", "returnee_id", "The family member it is for.")
    payments: Connection[PaymentRef] = pages("Payment", "plan_item_id", by_id("planItem.payments"))

    @strawberry.field(description="Paid, from the ledger.", metadata={READS: Amount("spent", "currency", _BALANCES)})
    async def spent(self, info: ApiInfo) -> Money:
        """Balance of the line's account `spent`."""
        return to_money(await self._balances(info), "spent")

    @strawberry.field(
        description="Set aside for payments under way, from the ledger.",
        metadata={READS: Amount("reserved", "currency", _BALANCES)},
    )
    async def reserved(self, info: ApiInfo) -> Money:
        """Balance of the line's account `reserved`."""
        return to_money(await self._balances(info), "reserved")

    @strawberry.field(
        description="What may still be paid; zero until the plan is approved. From the ledger.",
        metadata={READS: Amount("available", "currency", _BALANCES)},
    )
    async def available(self, info: ApiInfo) -> Money:
        """Balance of the line's account `plan_line`."""
        return to_money(await self._balances(info), "available")

    @strawberry.field(
        description="What the line has now: its budget in force, with what transfers brought and took. From the ledger.",
        metadata={READS: Amount("budgeted", "currency", _BALANCES)},
    )
    async def budgeted(self, info: ApiInfo) -> Money:
        """Left, reserved and spent together."""
        return to_money(await self._balances(info), "budgeted")

    async def _balances(self, info: ApiInfo) -> Row | None:
        return await info.context.loader(loaders.line_balances).load((self.row.case_id, self.line_id))


@reads(rows.BudgetTransfer, Permission.PLAN_READ)
@strawberry.type(description="Money asked to move from one plan item to another, decided by a second person.")
class BudgetTransfer(Node):
    """Table budget_transfers."""

    row: strawberry.Private[rows.BudgetTransfer]
    amount: Money = money("amount_minor", "currency")
    reason: str
    requested_by: str
    requested_at: datetime
    decision: Decision | None = strawberry.field(description="Null until it is decided; approval moves the money.")
    decision_note: str | None
    decided_by: str | None
    decided_at: datetime | None
    version: int
    case: CaseRef = to_one("Case", "case_id")
    from_item: PlanItem = to_one("PlanItem", "from_item_id")
    to_item: PlanItem = to_one("PlanItem", "to_item_id")
