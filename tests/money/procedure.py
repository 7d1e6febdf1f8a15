"""Who may ask for a step of a case or payment, and when: states, versions, papers, other eyes; the money is the ledger's.

The rules stand in the order of their answers. Like the ledger it knows neither our code nor SQL, and a refused step may have
begun to write.
"""

from dataclasses import dataclass

from tests.money.claims import Claims
from tests.money.records import DEAD, GONE, STEPS, Asked, Payment, Said
from tests.money.reference import BUDGET, PREMIUM, refuse_if, to_cents


@dataclass(slots=True, kw_only=True)
class Procedure(Claims):
    """All that can be asked for."""

    # Payments.

    def draft(self, name: str, payment: Payment) -> None:
        refuse_if(self.asked[payment.plan].status != "approved", "ItemNotInForce")
        self.payments[name] = payment
        refuse_if(self._has_twin(payment), "AlreadyPaid")
        refuse_if(self.cases[payment.case].status == "closed", "ConstraintViolation")

    def attach(self, name: str, paper: str) -> None:
        payment = self.payments[name]
        refuse_if(payment.status not in ("draft", *GONE), "WrongStep")
        refuse_if(paper in payment.papers, "ConstraintViolation")
        payment.papers[paper] = "request" if payment.status == "draft" else "settlement"

    def step(self, step: str, name: str, version: int, by: str, said: Said = Said()) -> None:  # noqa: B008 - a value
        payment, (needed, wanted) = self.payments[name], STEPS[step]
        case, is_unsure = self.cases[payment.case], (step, payment.status) == ("fail", "unconfirmed")
        refuse_if(said.day > 0, "PaymentInFuture")
        self.change(payment, version, needed, wanted)
        amounts, due, _ = payment.content = said.content or payment.content
        if step in ("approve", "release", "reverse"):
            refuse_if(by in (payment.people[:1] if step == "reverse" else payment.people), "SamePerson")
            refuse_if(said.is_blind, "ApprovalVoid")
        if step == "release":
            self._check_release(payment)
        if step == "submit":
            refuse_if(payment.line not in self.asked[case.plan].budgets, "ItemNotInForce")
            refuse_if(payment.papers.get("invoice" if payment.supplier else "receipt") != "request", "DocumentsMissing")
            refuse_if(any((currency, due) not in self.rates for _, currency in amounts), "NoRate")
            cents = [to_cents(*line) for line in self.lines_of(payment)]
            refuse_if(min(cents) < 1, "InvalidInput")
            payment.total = sum(cents)
        needs_proof = step == "confirm" and payment.supplier
        refuse_if(needs_proof and payment.papers.get("proof_of_payment") != "settlement", "DocumentsMissing")
        if step == "confirm":
            payment.paid, payment.paid_on = said.paid or tuple(amount for amount, _ in amounts), said.day
            missing = zip(self.lines_of(payment), self.lines_of(payment, payment.paid), strict=True)
            refuse_if(any(one != other and to_cents(*one) == to_cents(*other) for one, other in missing), "InvalidInput")
        is_dated = step in ("submit", "release", "confirm")
        refuse_if(is_dated and (said.day if step == "confirm" else due) > case.deadline, "PaymentAfterDeadline")
        refuse_if(step in ("amend", "submit") and self._has_twin(payment), "AlreadyPaid")
        refuse_if(is_unsure and payment.papers.get("non_payment_evidence") != "settlement", "NonPaymentUnproved")
        refuse_if(step in ("submit", "approve", "release") and payment.hold, "PaymentHeld")
        refuse_if(step == "reverse" and self.about(name, "refund receivable"), "PaymentRefunded")
        if wanted in ("paid", "failed", "reversed"):
            refuse_if(-self.held("explained", name) > -self.moved(name), "PaymentMatched")
        payment.from_float = payment.from_float or said.from_float
        self._move(step, name, payment, said.day)
        payment.people += (by,) if step in ("approve", "release") else ()
        if step == "send_back":
            payment.total, payment.people = None, payment.people[:1]

    def _move(self, step: str, name: str, payment: Payment, day: int) -> None:
        total, lines = payment.total or 0, self.lines_of(payment, payment.paid) if payment.paid else ()
        cents = sum(to_cents(*line) for line in lines)
        if payment.from_float:
            self._move_float(step, name, payment)
        line, reserved = ("plan_line", *payment.pot), ("reserved", *payment.pot)
        if step == "submit":
            self.move(name, line, reserved, total)
        if step in ("send_back", "fail"):
            self.move(name, reserved, line, total)
        if step == "confirm":
            self.pay(name, payment.pot, total, lines, day)
            refuse_if(not cents, "InvalidInput")
        if step == "reverse":
            self.come_back(payment.pot, cents, 0, is_closed=self.cases[payment.case].status == "closed")

    def _move_float(self, step: str, name: str, payment: Payment) -> None:
        wanted = payment.sums(tuple(amount for amount, _ in payment.content[0]))
        for currency in sorted(wanted):
            if step == "release":
                self.draw(name, currency, wanted[currency])
            if step == "confirm":
                lines = [line for line in self.lines_of(payment, payment.paid) if line[1] == currency]
                missing = wanted[currency] - payment.sums(payment.paid)[currency]
                self.pay_out(name, currency, missing, sum(to_cents(*line) for line in lines))
        if step in ("fail", "reverse"):
            self.restore(name)
        self.reopen_settled()

    def _check_release(self, payment: Payment) -> None:
        accounts = self.about(payment.supplier or "", "account", "open approved refused")
        refuse_if(accounts and accounts[-1].status != "approved", "AccountUnapproved")
        gone = [other for other in self.payments.values() if other.status in GONE]
        sums = {
            "payment": payment.total or 0,
            "case": sum(other.total or 0 for other in gone if other.case == payment.case),
            "supplier": sum(other.total or 0 for other in gone if payment.supplier and other.supplier == payment.supplier),
        }
        is_over = any(sums[scope] > limit for scope, limit in self.limits.items())
        refuse_if(is_over and payment.seal not in payment.endorsed, "ThresholdExceeded")

    def endorse(self, name: str, endorsed: str, by: str, *, is_blind: bool) -> None:
        payment = self.payments[endorsed]
        refuse_if(payment.status != "approved", "Transition")
        refuse_if(by in payment.people, "SamePerson")
        refuse_if(is_blind, "ApprovalVoid")
        refuse_if(payment.seal in payment.endorsed, "AlreadyEndorsed")
        payment.endorsed.add(payment.seal)
        self.asked[name] = Asked("endorsement", by, (endorsed,))

    def record_account(self, name: str, account: Asked) -> None:
        refuse_if(self.about(account.about[0], "account", "open"), "AccountOpen")
        self.asked[name] = account

    def hold(self, name: str, held: str, by: str) -> None:
        payment = self.payments[held]
        refuse_if(payment.status not in ("draft", "submitted", "approved"), "Transition")
        refuse_if(payment.hold, "AlreadyHeld")
        payment.hold, self.asked[name] = name, Asked("hold", by, (held,))

    def lift(self, name: str, version: int, by: str) -> None:
        self.payments[self.decide(name, version, "lifted", by, "HoldLifted").about[0]].hold = None

    # Cases: plans, transfers, deadlines, the end.

    def draft_plan(self, name: str, plan: Asked) -> None:
        (case,) = plan.about
        refuse_if(self.cases[case].status == "closed", "CaseNotReady")
        self.check_plan(case, plan.budgets)
        self._supersede(case, "open")
        refuse_if(self.about(case, "plan", "submitted"), "PlanOpen")
        self.asked[name] = plan

    def submit_plan(self, name: str, version: int) -> None:
        plan = self.asked[name]
        self.change(plan, version, "open", "submitted")
        refuse_if(self.cases[plan.about[0]].status == "closed", "CaseNotReady")
        self.check_plan(plan.about[0], plan.budgets)

    def approve_plan(self, name: str, version: int) -> None:
        plan, case = self.asked[name], self.asked[name].about[0]
        self.change(plan, version, "submitted", "")
        refuse_if(self.cases[case].status == "closed", "CaseNotReady")
        self.divide(name, case, plan.budgets)
        self._supersede(case, "approved")
        plan.status, self.cases[case].plan = "approved", name

    def request_transfer(self, name: str, asked: Asked) -> None:
        case, giver, _, plan = asked.about
        refuse_if(self.asked[plan].status != "approved", "ItemNotInForce")
        refuse_if(self.cases[case].status == "closed", "CaseNotReady")
        refuse_if(self.held("plan_line", case, BUDGET, giver) < asked.amount, "NotEnoughLeft")
        self.asked[name] = asked

    def decide_transfer(self, name: str, version: int, decision: str) -> None:
        asked, (case, giver, taker, plan) = self.asked[name], self.asked[name].about
        refuse_if(self.cases[case].status == "closed", "CaseNotReady")
        self.change(asked, version, "open", decision, "AlreadyDecided")
        refuse_if(decision == "approved" and self.asked[plan].status != "approved", "ItemNotInForce")
        if decision == "approved":
            self.move(name, ("plan_line", case, BUDGET, giver), ("plan_line", case, BUDGET, taker), asked.amount)

    def extend(self, name: str, asked: Asked, version: int, decision: str | None) -> None:
        case, is_taken = self.cases[asked.about[0]], self.about(asked.about[0], "extension", "open")
        if decision:
            self.change(asked, version, "open", decision, "AlreadyDecided")
        refuse_if(case.status == "closed", "Transition")
        refuse_if(decision != "refused" and case.has_expired, "DeadlineExpired")
        refuse_if(decision != "refused" and asked.amount <= case.deadline, "DeadlineNotLater")
        refuse_if(not decision and is_taken, "RequestOpen")
        self.asked[name] = asked
        case.deadline = asked.amount if decision == "approved" else case.deadline

    def expire(self, name: str) -> tuple[int, int] | None:
        """Cents that went back and drafts that were closed; None where there was nothing to do."""
        case, drafts = self.cases[name], [p for p in self.payments.values() if (p.case, p.status) == (name, "draft")]
        if case.status == "closed" or case.deadline >= 0:
            return None
        for draft in drafts:
            draft.status, draft.version = "cancelled", draft.version + 1
        done, is_first = (self.give_back(name, BUDGET), len(drafts)), not case.has_expired
        case.has_expired = True
        return done if is_first or done != (0, 0) else None

    def close_case(self, name: str, version: int) -> None:
        self.change(self.cases[name], version, "implementing", "closed")
        refuse_if(any(p.case == name and p.status not in (*DEAD, "paid") for p in self.payments.values()), "OpenPayments")
        self.give_back(name, BUDGET, PREMIUM)

    def _has_twin(self, payment: Payment) -> bool:
        of_it = [o for o in self.payments.values() if o is not payment and o.status not in DEAD and o.supplier]
        of_it = [o for o in of_it if (o.case, o.line, o.supplier) == (payment.case, payment.line, payment.supplier)]
        of_it = [o for o in of_it if o.plan == payment.plan or "draft" not in (payment.status, o.status)]
        return any(other.content[2] == payment.content[2] for other in of_it)

    def _supersede(self, case: str, status: str) -> None:
        for plan in self.about(case, "plan", status):
            plan.status, plan.version = "superseded", plan.version + 1
