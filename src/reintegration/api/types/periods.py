"""Months: closed ones, corrections of them, and why something was open at their end."""

from datetime import date, datetime

import strawberry

from reintegration.api.graph import Node, money, reads
from reintegration.api.loaders import to_one
from reintegration.api.scalars import Digest, Money
from reintegration.api.types.programme import Fund
from reintegration.api.types.references import LedgerTransactionRef, PaymentRef, StatementLineRef
from reintegration.funding import period_models as rows
from reintegration.identity.permissions import Permission


@reads(rows.PeriodClose, Permission.PERIOD_READ)
@strawberry.type(description="A month of a fund that takes no more entries.")
class PeriodClose(Node):
    """Table period_closes."""

    row: strawberry.Private[rows.PeriodClose]
    month: date = strawberry.field(description="Its first day. The first month of a fund that is closed has all before it.")
    transactions: int = strawberry.field(description="How many entries of the ledger it holds, corrections included.")
    spent: Money = money("spent_minor", None, "What was spent for returnees less what came back, in EUR.")
    corrections: int = strawberry.field(description="How many of them are of months that were closed before.")
    digest: Digest = strawberry.field(description="SHA-256 over the digest of the month before and all its entries.")
    closed_by: str
    closed_at: datetime
    version: int
    fund: Fund = to_one("Fund", "fund_id")


@reads(rows.LedgerCorrection, Permission.PAYMENT_READ)
@strawberry.type(description="An entry that became known when its month was closed.")
class LedgerCorrection:
    """Table ledger_corrections."""

    row: strawberry.Private[rows.LedgerCorrection]
    corrects: date = strawberry.field(description="The first day of the month whose fact it is.")
    month: date = strawberry.field(description="The first day of the month in which it counts.")
    transaction: LedgerTransactionRef = to_one("LedgerTransaction", "transaction_id")


@reads(rows.OpenItemExplanation, Permission.PAYMENT_READ)
@strawberry.type(description="Why a payment or a line of a bank was open at the end of a month.")
class OpenItemExplanation(Node):
    """Table open_item_explanations."""

    row: strawberry.Private[rows.OpenItemExplanation]
    month: date
    reason: str
    explained_by: str
    explained_at: datetime
    version: int
    payment: PaymentRef | None = to_one("Payment", "payment_id")
    line: StatementLineRef | None = to_one("StatementLine", "line_id")


@strawberry.type(description="What stands in the way of closing a month: a payment nobody knows of, or a line in suspense.")
class OpenItem:
    """One of the two."""

    payment_id: strawberry.ID | None
    statement_line_id: strawberry.ID | None
