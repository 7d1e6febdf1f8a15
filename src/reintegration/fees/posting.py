"""What the ledger has of a fee: an entry for each step, tied to its fund and to no case."""

from datetime import date, datetime
from uuid import UUID

from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.fees.models import ServiceFee
from reintegration.kernel.clock import BRUSSELS
from reintegration.ledger.service import fee_flows, post

_SQL = load_queries(__file__)


async def owe(transaction: Transaction, fee: ServiceFee, approved_at: datetime) -> None:
    """The fund owes an approved fee."""
    on = approved_at.astimezone(BRUSSELS).date()
    await post(transaction, fee_flows.owe(fee.fund_id, fee_id=fee.id, amount_minor=fee.amount_minor, on=on))


async def pay(transaction: Transaction, fee: ServiceFee, *, on: date) -> None:
    """The fund has paid it."""
    await post(transaction, fee_flows.pay(fee.fund_id, fee_id=fee.id, amount_minor=fee.amount_minor, on=on))


async def mirror(transaction: Transaction, fee: ServiceFee, *, on: datetime | date) -> None:
    """Take back whatever was posted of it, each entry by its mirror: what was paid, then what was owed."""
    day = on.astimezone(BRUSSELS).date() if isinstance(on, datetime) else on
    if fee.paid_on is not None:
        paid = await _entry(transaction, fee.id, "service_fee_paid")
        entry = fee_flows.unpay(fee.fund_id, fee_id=fee.id, amount_minor=fee.amount_minor, on=day, reverses_id=paid)
        await post(transaction, entry)
    owed = await _entry(transaction, fee.id, "service_fee_owed")
    entry = fee_flows.owe_no_more(fee.fund_id, fee_id=fee.id, amount_minor=fee.amount_minor, on=day, reverses_id=owed)
    await post(transaction, entry)


async def _entry(transaction: Transaction, fee_id: UUID, kind: str) -> UUID:
    row = await transaction.fetch_one(_SQL["entry_of"], fee_id, kind)
    if row is None:
        raise AssertionError("a step of a fee has its entry")
    found: UUID = row["id"]
    return found
