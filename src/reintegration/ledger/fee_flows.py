"""How the money of service fees moves: a fund owes a fee, then has paid it, and back. Of the fund alone, never of a case.

fund ──owe──▶ fee_owed ──pay──▶ fee_paid
◀─owe no more─┘    ◀──unpay──┘
"""

from datetime import date
from uuid import UUID

from reintegration.ledger.posting import Account, Entry, Posting

_STREAM = "service_fee"
_FEE = "ServiceFee"


def owe(fund_id: UUID, *, fee_id: UUID, amount_minor: int, on: date) -> Entry:
    """An approved fee is owed."""
    return Entry("service_fee_owed", None, _FEE, fee_id, 1, on, _move(fund_id, "fund", "fee_owed", amount_minor))


def pay(fund_id: UUID, *, fee_id: UUID, amount_minor: int, on: date) -> Entry:
    """What was owed is paid."""
    return Entry("service_fee_paid", None, _FEE, fee_id, 1, on, _move(fund_id, "fee_owed", "fee_paid", amount_minor))


def owe_no_more(fund_id: UUID, *, fee_id: UUID, amount_minor: int, on: date, reverses_id: UUID) -> Entry:
    """The mirror of what was owed."""
    postings = _move(fund_id, "fee_owed", "fund", amount_minor)
    return Entry("service_fee_reversed", None, _FEE, fee_id, 1, on, postings, reverses_id)


def unpay(fund_id: UUID, *, fee_id: UUID, amount_minor: int, on: date, reverses_id: UUID) -> Entry:
    """The mirror of what was paid."""
    postings = _move(fund_id, "fee_paid", "fee_owed", amount_minor)
    return Entry("service_fee_reversed", None, _FEE, fee_id, 2, on, postings, reverses_id)


def _move(fund_id: UUID, giver: str, taker: str, amount_minor: int) -> tuple[Posting, Posting]:
    return (
        Posting(Account(giver, fund_id, _STREAM), -amount_minor),
        Posting(Account(taker, fund_id, _STREAM), amount_minor),
    )
