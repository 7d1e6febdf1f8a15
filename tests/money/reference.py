"""A ledger of grants in plain Python, written from the rules and not from the code: what every account holds after every step.

It knows neither our code nor SQL, so where the two agree, two descriptions of the same rules do. A ledger is a list of moves from
one account to another, and each balance is a sum of them. An account is named by its kind and whose it is: ("plan_line", case,
stream, line) of a case; ("advance", its name, currency) of held money, with what that has cost in ("cost", "advance", ...);
("unclaimed", line) of a payment; ("owed", claim); ("suspense", line) of a bank. Money is whole minor units; days count from
today, months from this one. A refused step raises `RefusedError` with the name of the problem, and may have begun to write:
whoever tries one keeps a copy. Who may ask for a step, and when, is procedure.py's.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

BUDGET, PREMIUM = "reintegration", "cash_premium"
DIGITS = {"EUR": 2, "MNT": 2, "JPY": 0, "KWD": 3}
OFFICE = "office"
LIMITED = {
    **dict.fromkeys(("entitlement", "plan_line", "reserved", "spent"), "NotEnoughLeft"),
    **dict.fromkeys(("transit", "advance", "returning", "paying"), "NotEnoughHeld"),
    "unclaimed": "ClaimTooLarge",
    "owed": "MoreThanOwed",
}
"""What is said when more is asked for than is on an account of a kind. Others may fall below zero: they are the world outside."""
Account = tuple[str, ...]
Pot = tuple[str, str, str]  # a case, its stream, a line of its plan
Lines = tuple[tuple[int, str, str], ...]  # of a payment: what was paid of each, its currency, the rate


class RefusedError(Exception):
    """The rules refuse a step: the name of the problem."""


def refuse_if(is_so: object, problem: str) -> None:
    if is_so:
        raise RefusedError(problem)


def half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def to_cents(amount: int, currency: str, rate: str) -> int:
    """Euro cents of an amount at so many units for 1 EUR: half a cent goes up."""
    whole, _, decimals = rate.partition(".")
    return half_up(amount * 100 * 10 ** len(decimals), int(whole + decimals) * 10 ** DIGITS[currency])


class Move(NamedTuple):
    """An amount from one account to another, for a record; the month whose fact it is, and the one in which it counts."""

    of: str
    giver: Account
    taker: Account
    amount: int
    month: int
    counts: int


@dataclass(slots=True)
class Ledger:
    """All books. `month_of` a day; `lots` are advances that the office holds: when each came, its number and currency."""

    month_of: Callable[[int], int]
    moves: list[Move] = field(default_factory=list)
    lots: dict[str, tuple[int, int, str]] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    lines: dict[str, tuple[int, int]] = field(default_factory=dict)  # of a bank: an amount and a day
    explained: set[tuple[str, int]] = field(default_factory=set)
    closed: int | None = None

    def balances(self, of: str | None = None) -> Counter[Account]:
        """Of every account; or what a record alone has moved."""
        balances = Counter[Account]()
        for m in self.moves:
            if of in (None, m.of):
                balances[m.taker] += m.amount
                balances[m.giver] -= m.amount
        return balances

    def held(self, *account: str) -> int:
        """What is on an account, or on all whose names begin so."""
        return sum(held for name, held in self.balances().items() if name[: len(account)] == account)

    def move(self, of: str, giver: Account, taker: Account, amount: int, day: int = 0) -> None:
        """Every cent comes from somewhere. What is late for a month that is closed counts in the first that is open."""
        refuse_if(giver[0] in LIMITED and self.held(*giver) < amount, LIMITED.get(giver[0], ""))
        month = self.month_of(day)
        counts = month if self.closed is None else max(month, self.closed + 1)
        self.moves.append(Move(of, giver, taker, amount, month, counts))

    def undo(self, of: str) -> None:
        """All moves of a record together, the other way."""
        net = self.balances(of)
        for account, amount in net.items():
            self.move(of, account, ("undone",), amount if account != ("undone",) else 0)
        self._check_cost(*net)

    # What a case may spend: its fund grants, a plan divides, payments reserve and spend, what is left goes back.

    def grant(self, case: str, stream: str, amount: int) -> None:
        self.move(case, ("fund", case, stream), ("entitlement", case, stream, ""), amount)

    def check_plan(self, case: str, budgets: Mapping[str, int]) -> None:
        refuse_if(sum(budgets.values()) > -self.held("fund", case, BUDGET), "PlanTooLarge")

    def divide(self, plan: str, case: str, budgets: Mapping[str, int]) -> None:
        """All that is left goes back to the entitlement, and each line gets its budget, less what it has reserved and spent."""
        lines = {account[3] for account in self.balances() if account[:2] == ("plan_line", case)} | budgets.keys()
        used = {line: sum(self.held(kind, case, BUDGET, line) for kind in ("reserved", "spent")) for line in lines}
        refuse_if(any(budgets.get(line, 0) < used[line] for line in lines), "PlanBelowUse")
        entitlement = ("entitlement", case, BUDGET, "")
        for line in lines:
            self.move(plan, ("plan_line", case, BUDGET, line), entitlement, self.held("plan_line", case, BUDGET, line))
        for line, budget in budgets.items():
            self.move(plan, entitlement, ("plan_line", case, BUDGET, line), budget - used[line])

    def give_back(self, case: str, *streams: str) -> int:
        """What is neither reserved nor spent, to the fund."""
        kinds = [(kind, case, stream) for kind in ("entitlement", "plan_line") for stream in streams]
        left = {account: held for account, held in self.balances().items() if account[:3] in kinds}
        for account, amount in left.items():
            self.move(case, account, ("fund", case, account[2]), amount)
        return sum(left.values())

    def pay(self, name: str, pot: Pot, reserved: int, lines: Lines, day: int) -> None:
        """What was paid is spent, what was not is free again; what a line has cost may be claimed back from now on."""
        cents = sum(to_cents(*line) for line in lines)
        self.move(name, ("reserved", *pot), ("spent", *pot), cents, day)
        self.move(name, ("reserved", *pot), ("plan_line", *pot), reserved - cents)
        for place, (amount, *_) in enumerate(lines):
            self.move(name, ("paid",), ("unclaimed", f"{name}.{place}"), amount)

    # What comes back of a line, as a refund or of what somebody owes.

    def claim(self, name: str, line: str, amount: int) -> None:
        self.move(name, ("unclaimed", line), ("claimed", name), amount)

    def cents_back(self, name: str, line: str, currency: str, rate: str, *, amount: int) -> int:
        """The euro of all that came back of a line together, less those before: what came back wholly has cost nothing."""
        cents = to_cents(self.held("back", line) + amount, currency, rate) - self.held("cents_back", line)
        refuse_if(cents < 1, "InvalidInput")
        self.move(name, ("paid",), ("back", line), amount)
        self.move(name, ("paid",), ("cents_back", line), cents)
        return cents

    def come_back(self, pot: Pot, cents: int, day: int, *, is_closed: bool) -> None:
        """It is free for the case again, or goes to the fund of one that is closed; below zero, it did not stay."""
        home = ("fund", *pot[:2]) if is_closed else ("plan_line", *pot)
        giver, taker = (("spent", *pot), home) if cents > 0 else (home, ("spent", *pot))
        self.move("", giver, taker, abs(cents), day)

    # What partners and offices hold, and what it has cost.

    def carry(self, of: str, giver: Account, taker: Account, amount: int, cost: int | None = None) -> None:
        """Held money takes along its share of what it has cost, half a cent up; other money is worth what it is."""
        held, whole = self.held(*giver), self.held("cost", *giver)
        self.move(of, giver, taker, amount)
        share = half_up(whole * amount, held or 1) if giver[0] in LIMITED else amount
        self.move(of, ("cost", *giver), ("cost", *taker), share if cost is None else cost)
        self._check_cost(giver)
        self.settled -= {taker[1]} if amount else set()

    def arrive(self, name: str, way: Account, taker: Account, holder: str, amount: int, worth: int | None) -> None:
        """What was on its way has arrived, more or less or in another currency; it has cost what was sent, or its worth."""
        cost = self.held("cost", *way)
        self.move(name, way, ("exchange", holder, way[2]), self.held(*way))
        self.move(name, ("exchange", holder, taker[2]), taker, amount)
        self.move(name, ("cost", *way), ("cost", *taker), cost if worth is None else worth)
        self.move(name, ("cost", *way), ("cost", "difference", holder, "EUR"), 0 if worth is None else cost - worth)

    def settle(self, lot: str, *, is_sent_on: bool) -> None:
        """Nothing is held, sent on or back and open, or on its way to who is paid."""
        paying = any(account[3:] == (lot,) and held for account, held in self.balances().items() if account[0] == "paying")
        refuse_if(is_sent_on or paying or self.held("advance", lot), "AdvanceNotAtZero")
        self.settled.add(lot)

    def draw(self, name: str, currency: str, amount: int) -> None:
        """A payment out of the float takes of the office's advances what came first."""
        for lot in sorted(self.lots.keys() - self.settled, key=self.lots.__getitem__):
            part = min(amount, self.held("advance", lot, currency))
            self.carry(f"{name} float", ("advance", lot, currency), ("paying", name, currency, lot), part)
            amount -= part
        refuse_if(amount, "FloatTooSmall")

    def pay_out(self, name: str, currency: str, missing: int, cents: int) -> None:
        """What is missing goes back to where it was drawn last; the rest is charged these cents, and has cost more or less."""
        spent: Account = ("spent", OFFICE, currency)
        for account in reversed(drawn := self._drawn(name, currency)):
            part = min(missing, self.held(*account))
            self.carry(f"{name} float", account, ("advance", account[3], currency), part)
            missing -= part
        cost = self.held("cost", "paying", name, currency)
        for account in drawn:
            self.carry(f"{name} float", account, spent, self.held(*account))
        self.move(f"{name} float", ("cost", *spent), ("cost", "difference", OFFICE, "EUR"), cost - cents)

    def restore(self, name: str) -> None:
        """A payment out of the float failed, or came back: each lot gets what it gave, and is open."""
        self.settled -= {account[1] for account in self.balances(f"{name} float") if account[0] == "advance"}
        self.undo(f"{name} float")

    def pay_in(self, of: str, name: str, currency: str, amount: int, cents: int) -> None:
        """What comes back of a payment out of the float goes to where it was drawn last."""
        lot = self._drawn(name, currency)[-1][3]
        self.carry(of, ("spent", OFFICE, currency), ("advance", lot, currency), amount, cents)

    # What banks say, and the end of months.

    def book(self, line: str, amount: int, day: int) -> None:
        self.lines[line] = (amount, day)
        self.move(line, ("bank",), ("suspense", line), amount)

    def match(self, name: str, line: str, amount: int, record: str, whole: int) -> None:
        """A line is explained by a record, of which so much has moved on the account; or by words."""
        refuse_if(amount != self.lines[line][0], "MatchUnbalanced")
        refuse_if(record and whole * amount <= 0, "RecordNotOnAccount")
        refuse_if(not self.held("suspense", line), "LineMatched")
        self.move(name, ("suspense", line), ("explained", record), amount)
        refuse_if(record and abs(self.held("explained", record)) > abs(whole), "RecordMatched")

    def close(self, month: int) -> int:
        """A month is over, all before it are closed, and every line in suspense is explained. Returns what it has spent."""
        refuse_if(month >= 0, "PeriodNotOver")
        is_open = {line: self.month_of(day) <= month and self.held("suspense", line) for line, (_, day) in self.lines.items()}
        refuse_if(any(is_open[line] and (line, month) not in self.explained for line in is_open), "PeriodUnexplained")
        refuse_if(self.closed not in (None, month - 1), "PeriodOrder")
        first, self.closed = (month if self.closed is not None else -1_000), month
        return sum(amount for (_, counts), amount in self.spent().items() if first <= counts <= month)

    def spent(self) -> Counter[tuple[int, int]]:
        """What cases have spent, by the month whose fact it is and the one in which it counts."""
        spent = Counter[tuple[int, int]]()
        for m in self.moves:
            spent[m.month, m.counts] += m.amount * (_is_spent(m.taker) - _is_spent(m.giver))
        return spent

    def _drawn(self, name: str, currency: str) -> list[Account]:
        """Where a payment's money of a currency was put aside, by lot."""
        return [m.taker for m in self.moves if m.amount > 0 and m.taker[:3] == ("paying", name, currency)]

    def _check_cost(self, *accounts: Account) -> None:
        """What is held has cost something, and what is empty nothing."""
        held = {a: (self.held(*a), self.held("cost", *a)) for a in accounts if LIMITED.get(a[0]) == "NotEnoughHeld"}
        refuse_if(any(cost < 0 or (cost and not amount) for amount, cost in held.values()), "NotEnoughHeld")


def _is_spent(account: Account) -> bool:
    return account[0] == "spent" and len(account) == len(("spent", "case", "stream", "line"))
