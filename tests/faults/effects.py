"""What has changed since a position: rows of the log, postings of the ledger and the cash book, keys that were used."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork
from tests.builders import SYSTEM

_POSITION: Final = """
select coalesce((select max(sequence) from audit_log), 0) as log, coalesce((select max(id) from ledger_postings), 0) as posting,
    coalesce((select max(id) from cash_postings), 0) as cash
"""
_LOG: Final = "select table_name, action, actor_id from audit_log where sequence > $1"
_POSTINGS: Final = """
select t.kind, a.kind as account, p.amount_minor, p.currency
from ledger_postings p join ledger_accounts a on a.id = p.account_id join ledger_transactions t on t.id = p.transaction_id
where p.id > $1
"""
_CASH: Final = """
select t.kind, a.kind as account, p.amount_minor, p.currency, p.cost_minor
from cash_postings p join cash_accounts a on a.id = p.account_id join cash_transactions t on t.id = p.transaction_id
where p.id > $1
"""
_COUNTS: Final = """
select (select count(*) from ledger_transactions) as transactions, (select count(*) from cash_transactions) as cash_transactions,
    (select count(*) from statement_lines) as lines, (select count(*) from period_closes) as closes
"""


@dataclass(frozen=True, slots=True)
class Effect:
    """What somebody did: each kind of row, and how many of it."""

    log: Counter[tuple[object, ...]]
    postings: Counter[tuple[object, ...]]
    cash: Counter[tuple[object, ...]]
    counts: tuple[int, ...]

    @property
    def is_nothing(self) -> bool:
        """Whether it left everything as it was."""
        return not (self.log or self.postings or self.cash or any(self.counts))


@dataclass(frozen=True, slots=True)
class Position:
    """How far everything has come."""

    log: int
    posting: int
    cash: int
    counts: tuple[int, ...]


async def position(work: UnitOfWork) -> Position:
    """Where it stands now."""
    async with work.read(SYSTEM) as transaction:
        found = await transaction.fetch_one(_POSITION)
        counts = await _counts(transaction)
    assert found is not None
    return Position(found["log"], found["posting"], found["cash"], counts)


async def since(work: UnitOfWork, before: Position) -> Effect:
    """What has been done since."""
    async with work.read(SYSTEM) as transaction:
        log = await _rows(transaction, _LOG, before.log)
        postings = await _rows(transaction, _POSTINGS, before.posting)
        cash = await _rows(transaction, _CASH, before.cash)
        counts = await _counts(transaction)
    return Effect(log, postings, cash, tuple(now - then for now, then in zip(counts, before.counts, strict=True)))


async def _rows(transaction: Transaction, sql: str, after: int) -> Counter[tuple[object, ...]]:
    return Counter(tuple(row[name] for name in row.keys()) for row in await transaction.fetch(sql, after))  # noqa: SIM118 - a row of asyncpg iterates over its values


async def _counts(transaction: Transaction) -> tuple[int, ...]:
    found = await transaction.fetch_one(_COUNTS)
    assert found is not None
    return tuple(found[name] for name in found.keys())  # noqa: SIM118 - as above
