"""Records beside the ledger: what state each is in, in which version, and who has had a hand in it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.money.reference import BUDGET, Ledger, Lines, Pot, refuse_if

DEAD, GONE = ("failed", "cancelled", "reversed"), ("released", "unconfirmed", "paid")
STEPS = {
    "amend": ("draft", "draft"),
    "submit": ("draft", "submitted"),
    "send_back": ("submitted approved", "draft"),
    "approve": ("submitted", "approved"),
    "release": ("approved", "released"),
    "confirm": ("released unconfirmed", "paid"),
    "mark_unconfirmed": ("released", "unconfirmed"),
    "fail": ("released unconfirmed", "failed"),
    "reverse": ("paid", "reversed"),
    "cancel": ("draft", "cancelled"),
}
"""A payment's steps: from which states to which."""
Content = tuple[tuple[tuple[int, str], ...], int, str | None]  # amounts with currencies, the day of payment, the invoice


@dataclass(slots=True)
class Case:
    plan: str
    deadline: int
    status: str = "implementing"
    version: int = 1
    has_expired: bool = False


@dataclass(slots=True)
class Payment:
    case: str
    plan: str
    line: str
    supplier: str | None  # None for a reimbursement
    content: Content
    people: tuple[str, ...]
    status: str = "draft"
    version: int = 1
    total: int | None = None
    paid: tuple[int, ...] = ()
    paid_on: int = 0
    from_float: bool = False
    papers: dict[str, str] = field(default_factory=dict)
    hold: str | None = None
    endorsed: set[str] = field(default_factory=set)

    @property
    def pot(self) -> Pot:
        return self.case, BUDGET, self.line

    @property
    def seal(self) -> str:
        """What an approval, or an endorsement, binds to."""
        return str((self.content, sorted(paper for paper, stage in self.papers.items() if stage == "request")))

    def sums(self, amounts: tuple[int, ...]) -> Counter[str]:
        """By currency."""
        sums = Counter[str]()
        for amount, (_, currency) in zip(amounts, self.content[0], strict=True):
            sums[currency] += amount
        return sums


@dataclass(slots=True)
class Asked:
    """What one begins and another decides, receives or takes back, such as a plan, a refund, an advance; and what it is about."""

    kind: str
    by: str
    about: tuple[str, ...]
    amount: int = 0
    currency: str = "EUR"
    day: int = 0
    outcome: int = 0  # the cents of a refund or receipt, what has arrived of an advance
    budgets: Mapping[str, int] = field(default_factory=dict)
    status: str = "open"
    version: int = 1


class Said(NamedTuple):
    """What comes with a step of a payment; who is blind has not seen what is there."""

    day: int = 0
    content: Content | None = None
    is_blind: bool = False
    paid: tuple[int, ...] = ()
    from_float: bool = False


@dataclass(slots=True, kw_only=True)
class Records(Ledger):
    """All of them by name. `rates` are by currency and day of the payment, `limits` by payment, case and supplier."""

    rates: Mapping[tuple[str, int], str]
    limits: Mapping[str, int] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)

    def about(self, name: str, kinds: str, statuses: str = "open approved") -> list[Asked]:
        """What is asked for of a record, the first first."""
        of_it = [asked for asked in self.asked.values() if name in asked.about and asked.kind in kinds.split()]
        return [asked for asked in of_it if asked.status in statuses.split()]

    def change(self, record: Case | Payment | Asked, version: int, old: str, new: str, problem: str = "Transition") -> None:
        """From one of these states to another, by somebody who has seen the last version."""
        refuse_if(version != record.version, "VersionConflict")
        refuse_if(record.status not in old.split(), problem)
        record.version, record.status = version + 1, new

    def decide(self, name: str, version: int, decision: str, by: str, problem: str = "AlreadyDecided") -> Asked:
        """A second person says so, once."""
        self.change(self.asked[name], version, "open", decision, problem)
        refuse_if(by == self.asked[name].by, "SamePerson")
        return self.asked[name]

    def lines_of(self, payment: Payment, amounts: tuple[int, ...] = ()) -> Lines:
        """Its lines, as they were asked for or with these amounts, at their rates."""
        asked, due, _ = payment.content
        whole = zip(amounts or (amount for amount, _ in asked), asked, strict=True)
        return tuple((amount, currency, self.rates[currency, due]) for amount, (_, currency) in whole)

    def reopen_settled(self) -> None:
        """Money came back to settled advances: they are open again, and what they were sent from."""
        for name, advance in self.asked.items():
            if advance.kind == "advance" and advance.status == "settled" and name not in self.settled:
                self.settled.discard(advance.about[1])
                advance.status, advance.version = "received", advance.version + 1
                source = self.asked.get(advance.about[1])
                if source and source.status == "settled":
                    source.status, source.version = "received", source.version + 1

    def moved(self, name: str) -> int:
        """What a record has moved on the office's account in euro, signed as a bank signs it."""
        payment, asked = self.payments.get(name), self.asked.get(name)
        if payment:
            amounts = payment.sums(payment.paid or tuple(amount for amount, _ in payment.content[0]))
            return -amounts["EUR"] if payment.status in GONE else 0
        if asked and asked.kind == "refund" and asked.status == "approved" and asked.currency == "EUR":
            return asked.amount
        if asked and asked.kind == "advance" and asked.currency == "EUR":
            return asked.outcome
        return -asked.amount if asked and asked.kind == "return" and asked.about[2] == "EUR" else 0
