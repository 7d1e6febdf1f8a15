"""When the time to use a budget has passed: drafts are closed, and what nobody has spent or reserved goes back to its fund."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from reintegration.cases.service import locked_case
from reintegration.cases.values import CaseStatus
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.kernel.clock import today
from reintegration.kernel.ids import new_id
from reintegration.ledger.service import balances, flows, post

_SQL = load_queries(__file__)
_STREAM = "reintegration"
_LEFT = frozenset({"entitlement", "plan_line"})


@dataclass(frozen=True, slots=True)
class Expiry:
    """What an expiry did: euro cents that went back, and drafts that it closed."""

    released_minor: int
    drafts_cancelled: int


async def due_cases(transaction: Transaction, *, after: UUID, most: int) -> tuple[UUID, ...]:
    """Cases with something to expire today, by id, those after `after`. As `expire_case` sees them; others may come first."""
    rows = await transaction.fetch(_SQL["due_cases"], today(), after, most)
    return tuple(row["case_id"] for row in rows)


async def expire_case(transaction: Transaction, case_id: UUID) -> Expiry | None:
    """Return what is left of an expired budget and close its drafts; None where there is nothing to do. For the system alone.

    It may run as often as one likes: what went back is gone, and what comes back later (a payment that fails, a draft that is
    returned) goes back the next time. Money reserved for payments under way stays with them. Nothing expires while somebody who
    asked in time for an extension awaits the decision. Locks the case, its drafts, then the accounts that give.
    """
    case = await locked_case(transaction, case_id)
    budget = await transaction.fetch_one(_SQL["expiry_of"], case_id)
    if case.status is CaseStatus.CLOSED or budget is None or not _has_passed(budget["deadline_on"]) or budget["awaits_decision"]:
        return None
    drafts = await transaction.execute(
        _SQL["close_drafts"], case_id, f"The last day to use the budget was {budget['deadline_on']}"
    )
    left = [
        (held.account, held.balance_minor)
        for held in await balances(transaction, case_id)
        if held.account.kind in _LEFT and held.account.stream == _STREAM and held.balance_minor
    ]
    if not left and not drafts and budget["occasions"]:
        return None
    expiry_id, released_minor = new_id(), sum(balance_minor for _, balance_minor in left)
    await transaction.execute(
        _SQL["record_expiry"], expiry_id, case_id, budget["occasions"] + 1, budget["deadline_on"], today(), released_minor, drafts
    )
    if left:
        await post(transaction, flows.expire(case_id, left, expiry_id=expiry_id, on=today()))
    return Expiry(released_minor, drafts)


def _has_passed(deadline_on: date | None) -> bool:
    return deadline_on is not None and deadline_on < today()
