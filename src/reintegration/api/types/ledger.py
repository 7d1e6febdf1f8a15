"""The ledger: accounts, balanced transactions, postings, and the balances that follow from them."""

from datetime import date, datetime
from types import SimpleNamespace

import strawberry

from reintegration.api import loaders
from reintegration.api.graph import READS, Amount, ApiInfo, Beside, ByPermission, Node, column, money, reads, show
from reintegration.api.loaders import ByKey, ByStatement, to_many, to_one
from reintegration.api.scalars import Money
from reintegration.api.types.enums import LedgerAccountKind, LedgerTransactionKind
from reintegration.api.types.fee_enums import LedgerStream
from reintegration.api.types.programme import Fund
from reintegration.api.types.references import CaseRef, LedgerAccountRef, LedgerCorrectionRef, LedgerPostingRef
from reintegration.database.transaction import Row
from reintegration.entitlements.rules import Stream
from reintegration.identity.permissions import Permission, allows
from reintegration.kernel import money as kernel
from reintegration.ledger import models as rows


@reads(None, Permission.CASE_READ)
@strawberry.type(
    description="What a case has of one stream from one fund: granted less released is available, reserved and spent."
)
class CaseBalance:
    """Derived from the ledger's postings."""

    row: strawberry.Private[SimpleNamespace]
    stream: Stream
    granted: Money = money("granted", "currency")
    released: Money = money("released", "currency", "What a closed case gave back.")
    reserved: Money = money("reserved", "currency", "Set aside for payments under way.")
    spent: Money = money("spent", "currency")
    available: Money = money("available", "currency", "What may still be planned or paid.")
    fund: Fund = to_one("Fund", "fund_id", "Whose money.")


def balance(row: Row) -> CaseBalance:
    """A row of `balances_of_cases`."""
    return show(CaseBalance, SimpleNamespace(**{name: row[name] for name in row.keys()}))  # noqa: SIM118 - asyncpg's rows iterate over values


@reads(rows.LedgerAccount, Permission.PAYMENT_READ)
@strawberry.type(description="An account; its balance is the sum of its postings.")
class LedgerAccount(Node):
    """Table ledger_accounts."""

    row: strawberry.Private[rows.LedgerAccount]
    kind: LedgerAccountKind
    stream: LedgerStream
    currency: str = column("currency_row_id")
    fund: Fund = to_one("Fund", "fund_id")
    case: CaseRef | None = to_one("Case", "case_id")

    @strawberry.field(
        description="The sum of its postings, for who sees all of them; else null.",
        metadata={
            READS: ByPermission(
                Permission.STATISTICS_READ,
                Amount("balance", "currency_row_id", Beside("balance", loaders.SQL["account_balance"])),
                Amount("balance", "currency_row_id", Beside("balance", loaders.SQL["account_balance_of_visible_case"])),
            )
        },
    )
    async def balance(self, info: ApiInfo) -> Money | None:
        """A part of the postings would look like the balance, and isn't."""
        if not allows(info.context.actor.role, Permission.STATISTICS_READ):
            case = self.row.case_id
            if case is None or await info.context.loader(ByKey("Case")).load(case) is None:
                return None
        found = await info.context.loader(ByStatement("balances_of_accounts", "account_id")).load(self.row.pk)
        return Money.of(kernel.Money(0 if found is None else found["balance"], self.currency))


@reads(rows.LedgerPosting, Permission.PAYMENT_READ)
@strawberry.type(description="An amount on an account.")
class LedgerPosting:
    """Table ledger_postings."""

    row: strawberry.Private[rows.LedgerPosting]
    amount: Money = money("amount_minor", "currency")
    account: LedgerAccountRef = to_one("LedgerAccount", "account_id")


@reads(rows.LedgerTransaction, Permission.PAYMENT_READ)
@strawberry.type(description="Money moved between accounts; the postings add up to zero.")
class LedgerTransaction(Node):
    """Table ledger_transactions."""

    row: strawberry.Private[rows.LedgerTransaction]
    kind: LedgerTransactionKind
    effective_on: date
    recorded_by: str = column("actor_id")
    recorded_at: datetime
    reference_kind: str = strawberry.field(description="The type of the record that it is about.")
    case: CaseRef | None = to_one("Case", "case_id")
    reverses: "LedgerTransaction | None" = to_one("LedgerTransaction", "reverses_id")
    postings: list[LedgerPostingRef] = to_many(
        "LedgerPosting", "transaction_id", ("amount_minor", "id"), "What was taken comes first.", size=2
    )
    corrections: list[LedgerCorrectionRef] = to_many(
        "LedgerCorrection", "transaction_id", ("month",), "Where its month was closed: in which one it counts.", size=1
    )
