"""The one way to write to the ledger: a balanced entry over named accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from uuid import UUID, uuid5

from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import EURO

_SQL = load_queries(__file__)
_WITHOUT_LIMIT = frozenset({"fund", "fee_owed", "fee_paid"})
_NAMESPACE = UUID("6d2f6c1e-3f55-5a0e-9a55-6c1d1f0e7a10")


@dataclass(frozen=True, slots=True)
class Account:
    """The name of an account. Those of funds and of fees have neither case nor line and may go below zero; no other may."""

    kind: str
    fund_id: UUID
    stream: str
    case_id: UUID | None = None
    line_id: UUID | None = None
    currency: str = EURO

    @property
    def id(self) -> UUID:
        """The account's id, which follows from its name."""
        return _account_id(self.kind, self.fund_id, self.stream, self.case_id, self.line_id, self.currency)

    @property
    def minimum_minor(self) -> int | None:
        """The balance below which the database refuses a posting."""
        return None if self.kind in _WITHOUT_LIMIT else 0


@dataclass(frozen=True, slots=True)
class Posting:
    """An amount in minor units on an account; negative takes, positive gives."""

    account: Account
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A reason and its postings. `occasion` tells repetitions of one kind for one record apart (the record's version).

    Without a case it is of a partner's fee.
    """

    kind: str
    case_id: UUID | None
    reference_kind: str
    reference_id: UUID
    occasion: int
    effective_on: date
    postings: tuple[Posting, ...]
    reverses_id: UUID | None = None


@lru_cache(maxsize=10_000)
def _account_id(*name: object) -> UUID:
    return uuid5(_NAMESPACE, "|".join(map(str, name)))


async def post(transaction: Transaction, entry: Entry) -> UUID:
    """Write `entry`; returns the ledger transaction's id. Locks the accounts that give, in key order, until commit.

    Raises (as mapped by the unit of work):
        NotEnoughLeftError: an account would fall below its minimum.
        AlreadyPostedError: the same kind, record and occasion were posted before.
    """
    return (await post_many(transaction, (entry,)))[0]


async def post_many(transaction: Transaction, entries: Sequence[Entry]) -> tuple[UUID, ...]:
    """Write several entries at once, all or none; like `post` for each."""
    accounts = {posting.account for entry in entries for posting in entry.postings}
    await open_accounts(transaction, sorted(accounts, key=lambda account: account.id))
    ids = tuple(new_id() for _ in entries)
    await transaction.execute(
        _SQL["record_transactions"],
        ids,
        [entry.kind for entry in entries],
        [entry.case_id for entry in entries],
        [entry.reference_kind for entry in entries],
        [entry.reference_id for entry in entries],
        [entry.occasion for entry in entries],
        [entry.reverses_id for entry in entries],
        [entry.effective_on for entry in entries],
        transaction.actor.id,
    )
    postings = [
        (transaction_id, entry.case_id, posting)
        for transaction_id, entry in zip(ids, entries, strict=True)
        for posting in entry.postings
        if posting.amount_minor
    ]
    await transaction.execute(
        _SQL["record_postings"],
        [transaction_id for transaction_id, _, _ in postings],
        [posting.account.id for _, _, posting in postings],
        [case_id for _, case_id, _ in postings],
        [posting.amount_minor for _, _, posting in postings],
        [posting.account.currency for _, _, posting in postings],
    )
    return ids


async def open_accounts(transaction: Transaction, accounts: Sequence[Account]) -> None:
    """Make sure that the accounts exist."""
    await transaction.execute(
        _SQL["open_accounts"],
        [account.id for account in accounts],
        [account.kind for account in accounts],
        [account.fund_id for account in accounts],
        [account.case_id for account in accounts],
        [account.stream for account in accounts],
        [account.line_id for account in accounts],
        [account.currency for account in accounts],
        [account.minimum_minor for account in accounts],
    )


async def last_posting_of(transaction: Transaction, reference_id: UUID, kind: str) -> UUID | None:
    """The newest ledger transaction of `kind` for a record."""
    row = await transaction.fetch_one(_SQL["last_posting_of"], reference_id, kind)
    return None if row is None else row["id"]
