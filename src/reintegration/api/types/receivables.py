"""Receivables: what returnees, suppliers and partners owe, when it is due, what came of it, and what was given up."""

from datetime import date, datetime
from types import SimpleNamespace

import strawberry

from reintegration.api.graph import READS, Amount, ApiInfo, Beside, Expression, Node, money, reads, show
from reintegration.api.loaders import SQL, ByStatement, to_many, to_one
from reintegration.api.scalars import Money
from reintegration.api.types.enums import Decision
from reintegration.api.types.payments import Payment, PaymentLine
from reintegration.api.types.programme import FieldOffice, Partner
from reintegration.api.types.receivable_enums import Debtor, ReceivableReason, ReceivableState
from reintegration.api.types.references import (
    CaseRef,
    DocumentRef,
    ReceivableInstalmentRef,
    ReceivablePlanRef,
    ReceivableReceiptRef,
    ReceivableWriteOffRef,
)
from reintegration.api.types.suppliers import Supplier
from reintegration.database.transaction import Row
from reintegration.identity.permissions import Permission
from reintegration.kernel import money as kernel
from reintegration.recovery import models as rows

_STANDING = Beside("standing", SQL["receivable_standing"])


async def _standing(receivable: "Receivable", info: ApiInfo) -> Row:
    found = await info.context.loader(ByStatement("standing_of_receivables", "receivable_id")).load(receivable.row.pk)
    if found is None:
        raise AssertionError("a receivable that is seen stands somehow")
    return found


async def _amount(receivable: "Receivable", info: ApiInfo, column: str) -> Money:
    found = await _standing(receivable, info)
    return Money.of(kernel.Money(found[column], receivable.row.currency_row_id))


@reads(rows.Receivable, Permission.RECEIVABLE_READ)
@strawberry.type(description="What somebody owes, once a second person has confirmed it.")
class Receivable(Node):
    """Table receivables."""

    row: strawberry.Private[rows.Receivable]
    debtor: Debtor
    amount: Money = money("amount_minor", "currency_row_id")
    reason: ReceivableReason
    explanation: str
    due_on: date = strawberry.field(description="By when all of it was to come; a plan says otherwise of what it is about.")
    recorded_by: str
    recorded_at: datetime
    decision: Decision | None = strawberry.field(description="Null until it is decided; approval makes it owed.")
    decision_note: str | None
    decided_by: str | None
    decided_at: datetime | None
    version: int
    case: CaseRef | None = to_one(
        "Case", "case_id", "Of the returnee who owes it, or of the payment that it is about, for who may see the case."
    )
    supplier: Supplier | None = to_one("Supplier", "supplier_id", "Where a supplier owes it.")
    partner: Partner | None = to_one("Partner", "partner_id", "Where a partner owes it.")
    office: FieldOffice | None = to_one("FieldOffice", "field_office_id", "Who collects it; null is Fedasil.")
    payment: Payment | None = to_one("Payment", "payment_id", "What was paid too much, or for nothing.")
    line: PaymentLine | None = to_one("PaymentLine", "line_id")
    document: DocumentRef | None = to_one("Document", "document_id", "What shows that it is owed.")
    plans: list[ReceivablePlanRef] = to_many(
        "ReceivablePlan", "receivable_id", ("number",), "When it is to be paid; the last is in force.", size=1
    )
    receipts: list[ReceivableReceiptRef] = to_many("ReceivableReceipt", "receivable_id", ("number",), "Money that came.", size=3)
    write_offs: list[ReceivableWriteOffRef] = to_many(
        "ReceivableWriteOff", "receivable_id", ("number",), "What was given up, or is asked to be.", size=1
    )

    @strawberry.field(
        description="What is still owed: confirmed, less what came, less what was given up.",
        metadata={READS: Amount("outstanding_minor", "currency_row_id", _STANDING)},
    )
    async def outstanding(self, info: ApiInfo) -> Money:
        """Derived, never stored."""
        return await _amount(self, info, "outstanding_minor")

    @strawberry.field(
        description="What came, and was not taken back.",
        metadata={READS: Amount("received_minor", "currency_row_id", _STANDING)},
    )
    async def received(self, info: ApiInfo) -> Money:
        """A sum of receipts."""
        return await _amount(self, info, "received_minor")

    @strawberry.field(
        description="What was given up; a loss of the fund, which stays spent.",
        metadata={READS: Amount("written_off_minor", "currency_row_id", _STANDING)},
    )
    async def written_off(self, info: ApiInfo) -> Money:
        """A sum of write-offs."""
        return await _amount(self, info, "written_off_minor")

    @strawberry.field(
        description="What of it should have come by now.",
        metadata={READS: Amount("overdue_minor", "currency_row_id", _STANDING)},
    )
    async def overdue(self, info: ApiInfo) -> Money:
        """What came covers the first instalments."""
        return await _amount(self, info, "overdue_minor")

    @strawberry.field(
        description="The first day by which something of that was to come; null where nothing is overdue.",
        metadata={READS: Expression(SQL["receivable_overdue_since"])},
    )
    async def overdue_since(self, info: ApiInfo) -> date | None:
        """By the calendar of Brussels."""
        found = (await _standing(self, info))["overdue_since"]
        return found if isinstance(found, date) else None

    @strawberry.field(description="How it stands.", metadata={READS: Expression(SQL["receivable_state"])})
    async def state(self, info: ApiInfo) -> ReceivableState:
        """Derived, never stored."""
        return ReceivableState((await _standing(self, info))["state"])


@reads(rows.ReceivablePlan, Permission.RECEIVABLE_READ)
@strawberry.type(description="When all that was owed at its agreement is to be paid.")
class ReceivablePlan(Node):
    """Table receivable_plans."""

    row: strawberry.Private[rows.ReceivablePlan]
    number: int = strawberry.field(description="Among the plans of its receivable; the last is in force.")
    total: Money = money("total_minor", "currency_row_id", "What was owed when it was agreed.")
    agreed_by: str
    agreed_at: datetime
    instalments: list[ReceivableInstalmentRef] = to_many("ReceivableInstalment", "plan_id", ("number",), size=6)
    receivable: Receivable = to_one("Receivable", "receivable_id")


@reads(rows.ReceivableInstalment, Permission.RECEIVABLE_READ)
@strawberry.type(description="A part of a plan, and its last day.")
class ReceivableInstalment(Node):
    """Table receivable_instalments."""

    row: strawberry.Private[rows.ReceivableInstalment]
    number: int
    due_on: date
    amount: Money = money("amount_minor", "currency_row_id")


@reads(rows.ReceivableReceipt, Permission.RECEIVABLE_READ)
@strawberry.type(description="Money that came of what is owed.")
class ReceivableReceipt(Node):
    """Table receivable_receipts."""

    row: strawberry.Private[rows.ReceivableReceipt]
    number: int = strawberry.field(description="Among the receipts of its payment, or of the receivable where it is of none.")
    amount: Money = money("amount_minor", "currency_row_id")
    euro: Money | None = money("euro_minor", None, "Of a payment's line: at its frozen rate; so much is no longer spent.")
    received_on: date
    reference: str = strawberry.field(description="Of the bank or the till.")
    recorded_by: str
    recorded_at: datetime
    taken_back_reason: str | None = strawberry.field(description="Why it did not stay; null where it did.")
    taken_back_by: str | None
    taken_back_at: datetime | None
    version: int
    receivable: Receivable = to_one("Receivable", "receivable_id")


@reads(rows.ReceivableWriteOff, Permission.RECEIVABLE_READ)
@strawberry.type(description="What is given up of what is owed, once Fedasil's finance has approved it.")
class ReceivableWriteOff(Node):
    """Table receivable_write_offs."""

    row: strawberry.Private[rows.ReceivableWriteOff]
    number: int
    amount: Money = money("amount_minor", "currency_row_id")
    reason: str
    requested_by: str
    requested_at: datetime
    decision: Decision | None = strawberry.field(description="Null until it is decided; approved, it is owed no more.")
    decision_note: str | None
    decided_by: str | None
    decided_at: datetime | None
    version: int
    receivable: Receivable = to_one("Receivable", "receivable_id")


@reads(None, Permission.RECEIVABLE_READ)
@strawberry.type(description="What one kind of debtor owes in one currency, by how many days ago the first part of it was due.")
class ReceivableAge:
    """By the calendar of Brussels."""

    row: strawberry.Private[SimpleNamespace]
    debtor: Debtor
    days_from: int = strawberry.field(description="0 where nothing is overdue.")
    days_to: int | None = strawberry.field(description="Null for the longest.")
    receivables: int
    outstanding: Money = money("outstanding_minor", "currency")
    overdue: Money = money("overdue_minor", "currency", "What of it should have come by now.")


def receivable_age(row: Row) -> ReceivableAge:
    """A row of `receivable_ageing`."""
    return show(ReceivableAge, SimpleNamespace(**{name: row[name] for name in row.keys()}))  # noqa: SIM118 - asyncpg's rows iterate over values
