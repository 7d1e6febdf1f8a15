"""A ledger of grants in plain Python, written from the rules and not from the code: what every account holds after every step.

It knows neither our code nor SQL, so where the two agree, two descriptions of the same rules do. Everything has a name ("p1");
money is whole minor units, days are counted from today. A refused step raises `RefusedError` with the name of the problem, and
may have begun to write: whoever tries one keeps a copy.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

BUDGET, PREMIUM = "reintegration", "cash_premium"
DIGITS = {"EUR": 2, "MNT": 2, "JPY": 0, "KWD": 3}
DEAD = ("failed", "cancelled", "reversed")
STEPS = {
    "amend": ("draft", "draft"),
    "submit": ("draft", "submitted", "plan_line", "reserved"),
    "send_back": ("submitted approved", "draft", "reserved", "plan_line"),
    "approve": ("submitted", "approved"),
    "release": ("approved", "released"),
    "confirm": ("released unconfirmed", "paid", "reserved", "spent"),
    "mark_unconfirmed": ("released", "unconfirmed"),
    "fail": ("released unconfirmed", "failed", "reserved", "plan_line"),
    "reverse": ("paid", "reversed", "spent", "plan_line"),
    "cancel": ("draft", "cancelled"),
}
"""A payment's steps: from which states to which, and from which account of its line the money goes to which."""
Content = tuple[tuple[tuple[int, str], ...], int, str | None]  # amounts with currencies, the day of payment, the invoice


class RefusedError(Exception):
    """The rules refuse a step: the name of the problem."""


def refuse_if(is_so: object, problem: str) -> None:
    if is_so:
        raise RefusedError(problem)


def to_cents(amount: int, currency: str, rate: str) -> int:
    """Euro cents of an amount at so many units for 1 EUR: half a cent goes up."""
    whole, _, decimals = rate.partition(".")
    numerator, denominator = amount * 100 * 10 ** len(decimals), int(whole + decimals) * 10 ** DIGITS[currency]
    return (2 * numerator + denominator) // (2 * denominator)


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
    papers: dict[str, str] = field(default_factory=dict)
    hold: str | None = None


@dataclass(slots=True)
class Asked:
    """What one asks and another decides: a plan, a transfer between lines, a later deadline; a hold, which is lifted."""

    case: str
    by: str
    about: tuple[str, ...] = ()
    amount: int = 0
    budgets: Mapping[str, int] = field(default_factory=dict)
    status: str = "open"
    version: int = 1


@dataclass(slots=True)
class Reference:
    """All cases; `rates` are by currency and day of the payment, accounts by case, stream, kind and line."""

    rates: Mapping[tuple[str, int], str]
    cases: dict[str, Case] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)
    accounts: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)

    def draft(self, name: str, payment: Payment) -> None:
        refuse_if(self.asked[payment.plan].status != "approved", "ItemNotInForce")
        self.payments[name] = payment
        refuse_if(self._has_twin(payment), "AlreadyPaid")
        refuse_if(self.cases[payment.case].status == "closed", "ConstraintViolation")

    def attach(self, name: str, paper: str) -> None:
        payment = self.payments[name]
        refuse_if(payment.status not in ("draft", "released", "unconfirmed", "paid"), "WrongStep")
        refuse_if(paper in payment.papers, "ConstraintViolation")
        payment.papers[paper] = "request" if payment.status == "draft" else "settlement"

    def step(
        self, step: str, name: str, version: int, by: str, *, day: int = 0, content: Content | None = None, is_blind: bool = False
    ) -> None:
        """Carry a payment on; who is blind has not seen what is there. The rules stand in the order of their answers."""
        payment, (needed, wanted, *accounts) = self.payments[name], STEPS[step]
        case, is_unsure = self.cases[payment.case], (step, payment.status) == ("fail", "unconfirmed")
        refuse_if(day > 0, "PaymentInFuture")
        self._change(payment, version, needed, wanted)
        amounts, due, _ = payment.content = content or payment.content
        if step in ("approve", "release", "reverse"):
            refuse_if(by in (payment.people[:1] if step == "reverse" else payment.people), "SamePerson")
            refuse_if(is_blind, "ApprovalVoid")
        if step == "submit":
            refuse_if(payment.line not in self.asked[case.plan].budgets, "ItemNotInForce")
            refuse_if(payment.papers.get("invoice" if payment.supplier else "receipt") != "request", "DocumentsMissing")
            refuse_if(any((currency, due) not in self.rates for _, currency in amounts), "NoRate")
            cents = [to_cents(amount, currency, self.rates[currency, due]) for amount, currency in amounts]
            refuse_if(min(cents) < 1, "InvalidInput")
            payment.total = sum(cents)
        needs_proof = step == "confirm" and payment.supplier
        refuse_if(needs_proof and payment.papers.get("proof_of_payment") != "settlement", "DocumentsMissing")
        is_dated = step in ("submit", "release", "confirm")
        refuse_if(is_dated and (day if step == "confirm" else due) > case.deadline, "PaymentAfterDeadline")
        refuse_if(step in ("amend", "submit") and self._has_twin(payment), "AlreadyPaid")
        refuse_if(is_unsure and payment.papers.get("non_payment_evidence") != "settlement", "NonPaymentUnproved")
        refuse_if(step in ("submit", "approve", "release") and payment.hold, "PaymentHeld")
        if accounts:
            self.move(payment.case, (accounts[0], payment.line), (accounts[1], payment.line), payment.total or 0)
        if step == "reverse" and case.status == "closed":
            self.move(payment.case, ("plan_line", payment.line), ("fund", ""), payment.total or 0)
        payment.people += (by,) if step in ("approve", "release") else ()
        if step == "send_back":
            payment.total, payment.people = None, payment.people[:1]

    def hold(self, name: str, held: str, by: str) -> None:
        payment = self.payments[held]
        refuse_if(payment.status not in ("draft", "submitted", "approved"), "Transition")
        refuse_if(payment.hold, "AlreadyHeld")
        payment.hold, self.asked[name] = name, Asked(payment.case, by, (held,))

    def lift(self, name: str, version: int, by: str) -> None:
        self._change(self.asked[name], version, "open", "lifted", "HoldLifted")
        refuse_if(by == self.asked[name].by, "SamePerson")
        self.payments[self.asked[name].about[0]].hold = None

    def draft_plan(self, name: str, plan: Asked) -> None:
        self._check_plan(plan)
        self._supersede(plan.case, "open")
        refuse_if(any(p.case == plan.case and p.status == "submitted" for p in self.asked.values()), "PlanOpen")
        self.asked[name] = plan

    def submit_plan(self, name: str, version: int) -> None:
        self._change(self.asked[name], version, "open", "submitted")
        self._check_plan(self.asked[name])

    def approve_plan(self, name: str, version: int) -> None:
        """All that is left goes back to the entitlement, and each line gets its budget, less what it has reserved and spent."""
        plan = self.asked[name]
        self._change(plan, version, "submitted", "")
        refuse_if(self.cases[plan.case].status == "closed", "CaseNotReady")
        lines = {line for case, _, _, line in self.accounts if case == plan.case and line} | plan.budgets.keys()
        used = {line: sum(self.accounts[plan.case, BUDGET, kind, line] for kind in ("reserved", "spent")) for line in lines}
        refuse_if(any(plan.budgets.get(line, 0) < used[line] for line in lines), "PlanBelowUse")
        for line in lines:
            self.move(plan.case, ("plan_line", line), ("entitlement", ""), self.accounts[plan.case, BUDGET, "plan_line", line])
        for line, budget in plan.budgets.items():
            self.move(plan.case, ("entitlement", ""), ("plan_line", line), budget - used[line])
        self._supersede(plan.case, "approved")
        plan.status, self.cases[plan.case].plan = "approved", name

    def request_transfer(self, name: str, asked: Asked) -> None:
        refuse_if(self.asked[asked.about[2]].status != "approved", "ItemNotInForce")
        refuse_if(self.cases[asked.case].status == "closed", "CaseNotReady")
        refuse_if(self.accounts[asked.case, BUDGET, "plan_line", asked.about[0]] < asked.amount, "NotEnoughLeft")
        self.asked[name] = asked

    def decide_transfer(self, name: str, version: int, decision: str) -> None:
        (giver, taker, plan), asked = self.asked[name].about, self.asked[name]
        refuse_if(self.cases[asked.case].status == "closed", "CaseNotReady")
        self._change(asked, version, "open", decision, "AlreadyDecided")
        refuse_if(decision == "approved" and self.asked[plan].status != "approved", "ItemNotInForce")
        if decision == "approved":
            self.move(asked.case, ("plan_line", giver), ("plan_line", taker), asked.amount)

    def extend(self, name: str, asked: Asked, version: int, decision: str | None) -> None:
        case = self.cases[asked.case]
        open_ones = [o for o in self.asked.values() if (o.case, o.about, o.status) == (asked.case, asked.about, "open")]
        if decision:
            self._change(asked, version, "open", decision, "AlreadyDecided")
        refuse_if(case.status == "closed", "Transition")
        refuse_if(decision != "refused" and case.has_expired, "DeadlineExpired")
        refuse_if(decision != "refused" and asked.amount <= case.deadline, "DeadlineNotLater")
        refuse_if(not decision and open_ones, "RequestOpen")
        self.asked[name] = asked
        case.deadline = asked.amount if decision == "approved" else case.deadline

    def expire(self, name: str) -> tuple[int, int] | None:
        """Cents that went back and drafts that were closed; None where there was nothing to do."""
        case, drafts = self.cases[name], [p for p in self.payments.values() if (p.case, p.status) == (name, "draft")]
        if case.status == "closed" or case.deadline >= 0:
            return None
        for draft in drafts:
            draft.status, draft.version = "cancelled", draft.version + 1
        done, is_first = (self._give_back(name, BUDGET), len(drafts)), not case.has_expired
        case.has_expired = True
        return done if is_first or done != (0, 0) else None

    def close(self, name: str, version: int) -> None:
        self._change(self.cases[name], version, "implementing", "closed")
        refuse_if(any(p.case == name and p.status not in (*DEAD, "paid") for p in self.payments.values()), "OpenPayments")
        self._give_back(name, BUDGET, PREMIUM)

    def move(self, case: str, giver: tuple[str, str], taker: tuple[str, str], amount: int, stream: str = BUDGET) -> None:
        """Every cent goes from one account to another; none but a fund's falls below zero."""
        refuse_if(giver[0] != "fund" and self.accounts[case, stream, *giver] < amount, "NotEnoughLeft")
        self.accounts[case, stream, *giver] -= amount
        self.accounts[case, stream, *taker] += amount

    def _give_back(self, name: str, *streams: str) -> int:
        left = {a: held for a, held in self.accounts.items() if a[0] == name and a[2] in ("entitlement", "plan_line")}
        left = {a: held for a, held in left.items() if a[1] in streams}
        for (_, stream, kind, line), amount in left.items():
            self.move(name, (kind, line), ("fund", ""), amount, stream)
        return sum(left.values())

    def _change(self, record: Case | Payment | Asked, version: int, old: str, new: str, problem: str = "Transition") -> None:
        refuse_if(version != record.version, "VersionConflict")
        refuse_if(record.status not in old.split(), problem)
        record.version, record.status = version + 1, new

    def _has_twin(self, payment: Payment) -> bool:
        of_it = [o for o in self.payments.values() if o is not payment and o.status not in DEAD and o.supplier]
        of_it = [o for o in of_it if (o.case, o.line, o.supplier) == (payment.case, payment.line, payment.supplier)]
        of_it = [o for o in of_it if o.plan == payment.plan or "draft" not in (payment.status, o.status)]
        return any(other.content[2] == payment.content[2] for other in of_it)

    def _check_plan(self, plan: Asked) -> None:
        refuse_if(self.cases[plan.case].status == "closed", "CaseNotReady")
        granted = sum(held for a, held in self.accounts.items() if a[:2] == (plan.case, BUDGET) and a[2] != "fund")
        refuse_if(sum(plan.budgets.values()) > granted, "PlanTooLarge")

    def _supersede(self, case: str, status: str) -> None:
        for plan in self.asked.values():
            if plan.budgets and (plan.case, plan.status) == (case, status):
                plan.status, plan.version = "superseded", plan.version + 1
