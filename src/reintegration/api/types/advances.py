"""Advances: money that a partner or an office holds and accounts for, and the cash book that says where it is."""

from datetime import date, datetime
from types import SimpleNamespace
from typing import cast

import strawberry
from tortoise.models import Model

from reintegration.api.connections import Connection, Key, Ordering
from reintegration.api.graph import READS, Amount, ApiInfo, Beside, Node, column, money, reads, show
from reintegration.api.loaders import SQL, ByStatement, to_many, to_one
from reintegration.api.pages import Order, pages
from reintegration.api.scalars import Money
from reintegration.api.types.enums import CashAccountKind, CashTransactionKind
from reintegration.api.types.programme import FieldOffice, Partner
from reintegration.api.types.references import AdvanceRef, AdvanceReturnRef, CashPostingRef
from reintegration.database.transaction import Row
from reintegration.identity.permissions import Permission
from reintegration.kernel import money as kernel
from reintegration.treasury import models as rows


def _number(row: Model) -> Key:
    return (cast("rows.CashPosting", row).id,)


_POSTINGS = Order(Ordering("advance.postings", (int,)), ("t.id",), _number)
_HELD = Beside("held", SQL["advance_held"])


@reads(rows.Advance, Permission.ADVANCE_READ)
@strawberry.type(description="Money sent to a partner or an office, which accounts for it until nothing is left.")
class Advance(Node):
    """Table advances."""

    row: strawberry.Private[rows.Advance]
    sent: Money = money("sent_minor", "sent_currency_row_id")
    sent_on: date
    reference: str = strawberry.field(description="Of the bank or the transfer.")
    currency: str = column("currency_row_id", "In which it is held.")
    sent_by: str
    sent_at: datetime
    received: Money | None = money("received_minor", "currency_row_id", "What arrived; null until then.")
    received_on: date | None
    received_by: str | None
    received_at: datetime | None
    recall_reason: str | None = strawberry.field(description="Why it never arrived, where it is back where it came from.")
    recalled_by: str | None
    recalled_at: datetime | None
    settled_by: str | None
    settled_at: datetime | None = strawberry.field(description="When it was closed, with nothing left.")
    version: int
    partner: Partner = to_one("Partner", "partner_id")
    office: FieldOffice | None = to_one("FieldOffice", "field_office_id", "Null for what the partner itself holds.")
    source: AdvanceRef | None = to_one(
        "Advance", "source_id", "The partner's advance that it was sent from, for who may see it; null is the giver's own money."
    )
    sent_onward: list[AdvanceRef] = to_many("Advance", "source_id", ("sent_on", "id"), "What was sent on from it.", size=3)
    returns: list[AdvanceReturnRef] = to_many(
        "AdvanceReturn", "advance_id", ("number",), "What its holder has sent back.", size=1
    )
    postings: Connection[CashPostingRef] = pages("CashPosting", "account_id", _POSTINGS)

    @strawberry.field(description="What is left, in its currency.", metadata={READS: Amount("held", "currency_row_id", _HELD)})
    async def held(self, info: ApiInfo) -> Money:
        """The sum of the postings of its account."""
        found = await info.context.loader(ByStatement("held_of_advances", "account_id")).load(self.row.pk)
        return Money.of(kernel.Money(0 if found is None else found["held"], self.currency))

    @strawberry.field(description="What that has cost, in EUR.", metadata={READS: Amount("cost", None, _HELD)})
    async def held_cost(self, info: ApiInfo) -> Money:
        """The same of its costs."""
        found = await info.context.loader(ByStatement("held_of_advances", "account_id")).load(self.row.pk)
        return Money.of(kernel.Money(0 if found is None else found["cost"], kernel.EURO))


@reads(rows.AdvanceReturn, Permission.ADVANCE_READ)
@strawberry.type(description="What the holder of an advance sends back to whom it came from.")
class AdvanceReturn(Node):
    """Table advance_returns."""

    row: strawberry.Private[rows.AdvanceReturn]
    number: int = strawberry.field(description="Among the returns of its advance, in the order in which they were sent.")
    sent: Money = money("sent_minor", "currency_row_id")
    sent_on: date
    reference: str
    sent_by: str
    sent_at: datetime
    received: Money | None = money("received_minor", "back_currency_row_id", "What arrived; null until then.")
    received_on: date | None
    received_by: str | None
    received_at: datetime | None
    version: int
    advance: Advance = to_one("Advance", "advance_id")


@reads(rows.CashAccount, Permission.ADVANCE_READ)
@strawberry.type(description="Where money is: with Fedasil, held as an advance, on its way, spent.")
class CashAccount(Node):
    """Table cash_accounts."""

    row: strawberry.Private[rows.CashAccount]
    kind: CashAccountKind
    currency: str = column("currency_row_id")
    partner: Partner = to_one("Partner", "partner_id")
    office: FieldOffice | None = to_one("FieldOffice", "field_office_id")


@reads(rows.CashTransaction, Permission.ADVANCE_READ)
@strawberry.type(description="Money moved in the cash book; amounts add up to zero per currency, and so do their costs.")
class CashTransaction(Node):
    """Table cash_transactions."""

    row: strawberry.Private[rows.CashTransaction]
    kind: CashTransactionKind
    effective_on: date
    recorded_by: str = column("actor_id")
    recorded_at: datetime
    reference_kind: str = strawberry.field(description="The type of the record that it is about.")
    postings: list[CashPostingRef] = to_many(
        "CashPosting", "transaction_id", ("id",), "Of the accounts that the caller may see.", size=3
    )


@reads(rows.CashPosting, Permission.ADVANCE_READ)
@strawberry.type(description="An amount on an account of the cash book, and what it has cost.")
class CashPosting:
    """Table cash_postings."""

    row: strawberry.Private[rows.CashPosting]
    amount: Money = money("amount_minor", "currency")
    cost: Money = money("cost_minor", None, "In EUR.")
    account: CashAccount = to_one("CashAccount", "account_id")
    transaction: CashTransaction = to_one("CashTransaction", "transaction_id")


@reads(None, Permission.ADVANCE_READ)
@strawberry.type(description="Advances that one partner or office has held for so many days, by the calendar of Brussels.")
class AdvanceAge:
    """Counted from the day on which they arrived."""

    row: strawberry.Private[SimpleNamespace]
    days_from: int
    days_to: int | None = strawberry.field(description="Null for the longest.")
    advances: int
    cost: Money = money("cost_minor", "currency", "What is left of them has cost, in EUR.")
    oldest_on: date = strawberry.field(description="When the first of them arrived.")
    partner: Partner = to_one("Partner", "partner_id")
    office: FieldOffice | None = to_one("FieldOffice", "field_office_id", "Null for what the partner itself holds.")


def advance_age(row: Row) -> AdvanceAge:
    """A row of `advance_ageing`."""
    return show(AdvanceAge, SimpleNamespace(**{name: row[name] for name in row.keys()}))  # noqa: SIM118 - asyncpg's rows iterate over values
