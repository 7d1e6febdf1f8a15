"""What other rooms may ask of the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.ledger import fee_flows, flows
from reintegration.ledger.errors import NotEnoughLeftError
from reintegration.ledger.flows import Pot
from reintegration.ledger.posting import Account, last_posting_of, post, post_many

__all__ = [
    "AccountBalance",
    "Pot",
    "balances",
    "fee_flows",
    "flows",
    "grant",
    "last_posting_of",
    "post",
    "post_many",
    "pot_of",
    "release_case",
]

_SQL = load_queries(__file__)
_LEFT = frozenset({"entitlement", "plan_line"})


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """What an account holds, in minor units."""

    account: Account
    balance_minor: int


async def grant(
    transaction: Transaction,
    *,
    case_id: UUID,
    stream: str,
    fund_id: UUID,
    entitlement_id: UUID,
    amount_minor: int,
    on: date,
) -> UUID:
    """Post a granted entitlement; returns the ledger transaction's id."""
    pot = Pot(case_id, stream, fund_id)
    return await post(transaction, flows.grant(pot, entitlement_id=entitlement_id, amount_minor=amount_minor, on=on))


async def balances(transaction: Transaction, *case_ids: UUID) -> tuple[AccountBalance, ...]:
    """The balance of each account of these cases, from its postings."""
    rows = await transaction.fetch(_SQL["case_balances"], case_ids)
    return tuple(
        AccountBalance(
            Account(row["kind"], row["fund_id"], row["stream"], row["case_id"], row["line_id"], row["currency"]),
            row["balance_minor"],
        )
        for row in rows
    )


async def release_case(transaction: Transaction, *, case_id: UUID, on: date) -> int:
    """Return to its funds what a closing case has left; returns how many minor units of euro went back.

    The caller holds the case's row lock and has made sure that no payment is open, so nothing is reserved.
    """
    return await release_cases(transaction, {case_id: on})


async def release_cases(transaction: Transaction, closings: Mapping[UUID, date]) -> int:
    """The same for several closing cases, each on its day."""
    left: dict[UUID, list[tuple[Account, int]]] = {}
    for held in await balances(transaction, *closings):
        if held.account.kind in _LEFT and held.balance_minor and held.account.case_id is not None:
            left.setdefault(held.account.case_id, []).append((held.account, held.balance_minor))
    if left:
        await post_many(transaction, [flows.release(case_id, found, on=closings[case_id]) for case_id, found in left.items()])
    return sum(balance_minor for found in left.values() for _, balance_minor in found)


async def pot_of(transaction: Transaction, case_id: UUID, stream: str) -> Pot:
    """Where the money of a case's stream comes from.

    Raises:
        NotEnoughLeftError: nothing was granted in this stream.
    """
    for held in await balances(transaction, case_id):
        if held.account.kind == "entitlement" and held.account.stream == stream:
            return Pot(case_id, stream, held.account.fund_id)
    raise NotEnoughLeftError
