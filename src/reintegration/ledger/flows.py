"""How money of a case moves: granted → budgeted → reserved → spent, and back. Pure: each flow makes the entry that `post` writes.

    fund ──grant──▶ entitlement ──budget──▶ plan_line ──reserve──▶ reserved ──spend──▶ spent
                                          ⟳ rebudget
      ◀───────────────────────release──────────────┘◀──unreserve──┘◀─reverse, refund, receive─┘

The premium and the refund of travel documents have no plan: they are reserved straight from the entitlement.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from reintegration.ledger.posting import Account, Entry, Posting


@dataclass(frozen=True, slots=True)
class Pot:
    """Whose money: a case, one of its streams, the fund behind it, and the plan line where there is one."""

    case_id: UUID
    stream: str
    fund_id: UUID
    line_id: UUID | None = None

    def account(self, kind: str) -> Account:
        """The account of `kind` of this pot. The entitlement is the case's, never a line's."""
        line_id = None if kind == "entitlement" else self.line_id
        return Account(kind, self.fund_id, self.stream, self.case_id, line_id)

    @property
    def source(self) -> Account:
        """Where a payment's money is reserved from."""
        return self.account("entitlement" if self.line_id is None else "plan_line")


def _move(giver: Account, taker: Account, amount_minor: int) -> tuple[Posting, Posting]:
    return Posting(giver, -amount_minor), Posting(taker, amount_minor)


def grant(pot: Pot, *, entitlement_id: UUID, amount_minor: int, on: date) -> Entry:
    """A fund gives what an entitlement grants."""
    fund = Account("fund", pot.fund_id, pot.stream)
    postings = _move(fund, pot.account("entitlement"), amount_minor)
    return Entry("entitlement_granted", pot.case_id, "Entitlement", entitlement_id, 1, on, postings)


def budget(pot: Pot, *, plan_id: UUID, changes: Mapping[UUID, int], on: date) -> Entry:
    """An approved plan moves the entitlement to its lines; `changes` is new less old budget for each line."""
    postings: list[Posting] = []
    for line_id, change in sorted(changes.items()):
        line = Pot(pot.case_id, pot.stream, pot.fund_id, line_id).account("plan_line")
        postings += _move(pot.account("entitlement"), line, change)
    return Entry("plan_budgeted", pot.case_id, "Plan", plan_id, 1, on, _merged(postings))


def rebudget(pot: Pot, *, transfer_id: UUID, from_line: UUID, to_line: UUID, amount_minor: int, on: date) -> Entry:
    """An approved transfer moves money from one plan line to another."""
    giver, taker = (Pot(pot.case_id, pot.stream, pot.fund_id, line).account("plan_line") for line in (from_line, to_line))
    postings = _move(giver, taker, amount_minor)
    return Entry("plan_rebudgeted", pot.case_id, "BudgetTransfer", transfer_id, 1, on, postings)


def reserve(pot: Pot, *, payment_id: UUID, occasion: int, amount_minor: int, on: date) -> Entry:
    """A submitted payment sets its money aside."""
    postings = _move(pot.source, pot.account("reserved"), amount_minor)
    return Entry("payment_reserved", pot.case_id, "Payment", payment_id, occasion, on, postings)


def unreserve(pot: Pot, *, payment_id: UUID, occasion: int, amount_minor: int, on: date) -> Entry:
    """A payment that goes back to draft, or failed, gives its money back."""
    postings = _move(pot.account("reserved"), pot.source, amount_minor)
    return Entry("payment_unreserved", pot.case_id, "Payment", payment_id, occasion, on, postings)


def spend(pot: Pot, *, payment_id: UUID, occasion: int, amount_minor: int, on: date) -> Entry:
    """A paid payment is spent."""
    postings = _move(pot.account("reserved"), pot.account("spent"), amount_minor)
    return Entry("payment_spent", pot.case_id, "Payment", payment_id, occasion, on, postings)


def reverse(pot: Pot, *, payment_id: UUID, occasion: int, amount_minor: int, on: date, reverses_id: UUID) -> Entry:
    """Money that came back: a reversing entry, never an edit."""
    postings = _move(pot.account("spent"), pot.source, amount_minor)
    return Entry("payment_reversed", pot.case_id, "Payment", payment_id, occasion, on, postings, reverses_id)


def refund(pot: Pot, *, payment_id: UUID, number: int, amount_minor: int, on: date) -> Entry:
    """A part of what was spent that a supplier gave back: the refund of that number of the payment."""
    postings = _move(pot.account("spent"), pot.source, amount_minor)
    return Entry("payment_refunded", pot.case_id, "Payment", payment_id, number, on, postings)


def receive(pot: Pot, *, payment_id: UUID, number: int, amount_minor: int, on: date, is_closed: bool) -> Entry:
    """What came of a receivable on a payment: back to where the payment had it from, or to the fund once the case is closed."""
    postings = _move(pot.account("spent"), _receiver(pot, is_closed=is_closed), amount_minor)
    return Entry("receivable_received", pot.case_id, "Payment", payment_id, number, on, postings)


def take_back(
    pot: Pot, *, payment_id: UUID, number: int, amount_minor: int, on: date, is_closed: bool, reverses_id: UUID
) -> Entry:
    """The receipt of that number did not stay: it is spent again, from where its money is now."""
    postings = _move(_receiver(pot, is_closed=is_closed), pot.account("spent"), amount_minor)
    return Entry("receivable_taken_back", pot.case_id, "Payment", payment_id, number, on, postings, reverses_id)


def _receiver(pot: Pot, *, is_closed: bool) -> Account:
    return Account("fund", pot.fund_id, pot.stream) if is_closed else pot.source


def return_to_fund(pot: Pot, *, payment_id: UUID, occasion: int, amount_minor: int, on: date) -> Entry:
    """What came back to a case that is closed goes on to the fund."""
    postings = _move(pot.source, Account("fund", pot.fund_id, pot.stream), amount_minor)
    return Entry("entitlement_released", pot.case_id, "Payment", payment_id, occasion, on, postings)


def expire(case_id: UUID, balances: Sequence[tuple[Account, int]], *, expiry_id: UUID, on: date) -> Entry:
    """What nobody has spent or reserved when a budget's time has passed goes back to the funds that gave it."""
    return Entry("entitlement_released", case_id, "DeadlineExpiry", expiry_id, 1, on, _given_back(balances))


def release(case_id: UUID, balances: Sequence[tuple[Account, int]], *, on: date) -> Entry:
    """What a closing case has left goes back to the funds that gave it."""
    return Entry("entitlement_released", case_id, "Case", case_id, 1, on, _given_back(balances))


def _given_back(balances: Sequence[tuple[Account, int]]) -> tuple[Posting, ...]:
    postings: list[Posting] = []
    for account, balance_minor in balances:
        postings += _move(account, Account("fund", account.fund_id, account.stream, currency=account.currency), balance_minor)
    return _merged(postings)


def _merged(postings: Sequence[Posting]) -> tuple[Posting, ...]:
    """One posting for each account; those of zero fall out."""
    totals: dict[Account, int] = {}
    for posting in postings:
        totals[posting.account] = totals.get(posting.account, 0) + posting.amount_minor
    return tuple(Posting(account, amount_minor) for account, amount_minor in totals.items() if amount_minor)
