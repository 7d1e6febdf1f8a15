"""Who may ask for what comes back, is held or is explained, and when: refunds, receivables, advances, lines of banks, months.

Written as procedure.py is.
"""

from dataclasses import dataclass

from tests.money.records import Asked, Payment, Records
from tests.money.reference import Account, refuse_if


@dataclass(slots=True, kw_only=True)
class Claims(Records):
    """The records of it; `about` of a claim are its payment and its line ("p1.0"), or for one of no payment the case."""

    # Refunds by suppliers.

    def request_refund(self, name: str, refund: Asked) -> None:
        payment, line = self.payments[refund.about[0]], refund.about[1]
        refuse_if(refund.day > 0, "PaymentInFuture")
        refuse_if(payment.status != "paid", "Transition")
        refuse_if("proof_of_payment" not in payment.papers, "DocumentsMissing")
        refund.outcome = self._cents_back(name, refund, payment)
        refuse_if(self.about(line, "refund", "open"), "RefundOpen")
        refuse_if(not payment.supplier or refund.day < payment.paid_on, "InvalidInput")
        refuse_if(self.held("unclaimed", line) < refund.amount, "RefundTooLarge")
        self.claim(name, line, refund.amount)
        self.asked[name] = refund

    def decide_refund(self, name: str, version: int, decision: str, by: str) -> None:
        refund = self.decide(name, version, decision, by)
        if decision == "refused":
            self.undo(name)
        else:
            self._come_back(name, refund, refund.day)

    # What somebody owes, and what comes of it.

    def record_claim(self, name: str, claim: Asked) -> None:
        if claim.about[1:]:
            refuse_if(self.payments[claim.about[0]].status != "paid", "Transition")
            self.claim(name, claim.about[1], claim.amount)
        self.asked[name] = claim

    def decide_claim(self, name: str, version: int, decision: str, by: str) -> None:
        claim = self.decide(name, version, decision, by)
        if decision == "refused":
            self.undo(name)
        else:
            self.move(name, ("claims",), ("owed", name), claim.amount)

    def agree_plan(self, name: str, plan: Asked, instalments: tuple[int, ...]) -> None:
        refuse_if(self.asked[plan.about[0]].status != "approved", "NotOwed")
        refuse_if(sum(instalments) != self.held("owed", plan.about[0]), "PlanNotWhole")
        self.asked[name] = plan

    def record_receipt(self, name: str, receipt: Asked) -> None:
        owed, *line = receipt.about
        claim = self.asked[owed]
        refuse_if(receipt.day > 0, "FutureDate")
        refuse_if(claim.status != "approved", "NotOwed")
        self.move(name, ("owed", owed), ("received", owed), receipt.amount)
        if line:
            payment = self.payments[line[0]]
            receipt.outcome = self._cents_back(name, receipt, payment)
            refuse_if(self.about(line[1], "refund", "open"), "RefundOpen")
            refuse_if(receipt.day < payment.paid_on, "InvalidInput")
            self._come_back(name, receipt, receipt.day)
        self.asked[name] = receipt

    def take_back_receipt(self, name: str, version: int, by: str) -> None:
        receipt = self.decide(name, version, "taken_back", by, "ReceiptTakenBack")
        if receipt.about[1:]:
            refuse_if(self.about(receipt.about[2], "refund", "open"), "RefundOpen")
        self.undo(name)
        if receipt.about[1:]:
            payment = self.payments[receipt.about[1]]
            self.come_back(payment.pot, -receipt.outcome, 0, is_closed=self.cases[payment.case].status == "closed")

    def request_write_off(self, name: str, asked: Asked) -> None:
        refuse_if(self.asked[asked.about[0]].status != "approved", "NotOwed")
        refuse_if(asked.amount > self.held("owed", asked.about[0]), "MoreThanOwed")
        refuse_if(self.about(asked.about[0], "write_off", "open"), "WriteOffOpen")
        self.asked[name] = asked

    def decide_write_off(self, name: str, version: int, decision: str, by: str) -> None:
        asked = self.decide(name, version, decision, by)
        if decision == "approved":
            claim, *line = asked.about
            self.move(name, ("owed", claim), ("given_up", claim), asked.amount)
            if line:
                self.move(name, ("claimed", claim), ("unclaimed", line[1]), asked.amount)

    def _cents_back(self, name: str, back: Asked, payment: Payment) -> int:
        place = int(back.about[-1].rpartition(".")[2])
        return self.cents_back(name, back.about[-1], *self.lines_of(payment)[place][1:], amount=back.amount)

    def _come_back(self, name: str, back: Asked, day: int) -> None:
        paid = back.about[-2]
        payment = self.payments[paid]
        if payment.from_float:
            self.pay_in(name, paid, back.currency, back.amount, back.outcome)
            self.reopen_settled()
        self.come_back(payment.pot, back.outcome, day, is_closed=self.cases[payment.case].status == "closed")

    # Advances: `about` are the account that gives it, three names, and who holds it.

    def send(self, name: str, sent: Asked) -> None:
        """An advance, or a return of one."""
        source = self.asked.get(sent.about[1])
        refuse_if(source and source.status != "received", "AdvanceClosed")
        self.asked[name] = sent
        self.carry(name, sent.about[:3], self._way(name), sent.amount)

    def receive(self, name: str, version: int, amount: int, by: str, day: int) -> None:
        """Euro that come back are worth what they are; an advance has cost what was sent."""
        sent = self.asked[name]
        self.change(sent, version, "open", "received" if sent.kind == "advance" else "settled")
        refuse_if(by == sent.by, "SamePerson")
        sent.outcome, sent.by, sent.day = amount, by, day
        if sent.kind == "advance":
            self.arrive(name, self._way(name), ("advance", name, sent.currency), sent.about[3], amount, None)
            if sent.about[3] == "office":
                self.lots[name] = (day, list(self.asked).index(name), sent.currency)
        else:
            giver = self.asked[sent.about[1]].about[:3]
            self.arrive(name, self._way(name), giver, sent.about[3], amount, amount if giver[2] == "EUR" else None)

    def recall(self, name: str, version: int, by: str) -> None:
        refuse_if(version == self.asked[name].version and self.about(name, "match", "open"), "AdvanceMatched")
        self.decide(name, version, "recalled", by, "Transition")
        self.undo(name)

    def settle_advance(self, name: str, version: int, by: str) -> None:
        advance = self.asked[name]
        self.change(advance, version, "received", "settled")
        refuse_if(by == advance.by, "SamePerson")
        self.settle(name, is_sent_on=bool(self.about(name, "advance return", "open received")))

    def _way(self, name: str) -> Account:
        sent = self.asked[name]
        return ("transit" if sent.kind == "advance" else "returning", name, sent.about[2])

    # Lines of banks, and months.

    def match_line(self, name: str, match: Asked) -> None:
        line, *record = match.about
        self.match(name, line, match.amount, record[0] if record else "", self.moved(record[0]) if record else 0)
        self.asked[name] = match

    def undo_match(self, name: str, version: int) -> None:
        self.change(self.asked[name], version, "open", "undone")
        self.undo(name)

    def explain(self, name: str, line: str, month: int, by: str) -> None:
        is_open = self.month_of(self.lines[line][1]) <= month and self.held("suspense", line)
        refuse_if(not is_open, "ItemNotOpen")
        self.explained.add((line, month))
        self.asked[name] = Asked("explanation", by, (line,))

    def close_month(self, name: str, month: int, by: str) -> None:
        self.asked[name] = Asked("close", by, (), self.close(month))
