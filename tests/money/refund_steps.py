"""What a supplier gives back of a payment, and what that takes: something bought, asking, another who decides."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from reintegration.kernel.actor import Actor, Role
from tests.builders import COORDINATOR, OFFICER, actor
from tests.money.cases import day
from tests.money.draft_steps import Bill, Draft
from tests.money.payment_steps import Confirm, Onward
from tests.money.procedure import Procedure
from tests.money.records import Asked, Payment
from tests.money.reference import DIGITS
from tests.money.steps import ANY, DECIDED, OfPayment, Step, attachment, newest, payments_of
from tests.money.wishes import Request, Wish, World, decimal

BILL = Bill(((10_000, "EUR"),))
SHARES = (50, 100, 33, 1, 101)
"""In hundredths."""
NAMED = "id version"


def money(amount: int, currency: str) -> dict[str, str]:
    """As the API is asked for it."""
    return {"amount": decimal(amount, DIGITS[currency]), "currency": currency}


def spelled(amount: int, currency: str) -> str:
    """For people."""
    return f"{decimal(amount, DIGITS[currency])} {currency}"


def line_of(name: str, payment: Payment, line: int, share: int) -> tuple[str, int, str]:
    """A line of a payment by its name, a share of what was paid of it, and its currency."""
    place = line % len(payment.content[0])
    whole, currency = payment.content[0][place]
    if payment.paid:
        whole = payment.paid[place]
    return f"{name}.{place}", max(1, whole * share // 100), currency


@dataclass(frozen=True, slots=True)
class OfAsked(Step):
    """A step of a record of a kind: 0 is the newest of those in a state where this can happen, from `ANY` on of all."""

    number: int = 0
    kind: ClassVar[str] = "receivable"
    at: ClassVar[str] = "approved"
    first: ClassVar[tuple[type[Step], ...]] = ()

    def parts(self, world: World) -> Sequence[Step]:
        """What makes one, where there is none; then itself."""
        there = [asked for asked in world.ledger.asked.values() if (asked.kind, asked.status) == (self.kind, self.at)]
        if there or not self.first:
            return (self,)
        first, *then = (step() for step in self.first)
        return (*first.parts(world), *then, self)

    def wishes(self, world: World) -> list[Wish]:
        """Nothing, as long as there is none."""
        names = [name for name, asked in reversed(world.ledger.asked.items()) if asked.kind == self.kind]
        fit = [name for name in names if world.ledger.asked[name].status == self.at]
        chosen = fit if fit and self.number < ANY else names
        return list(self.of(world, chosen[self.number % len(chosen)])) if chosen else []

    def of(self, world: World, name: str) -> Iterable[Wish]:
        """What is asked for about this one."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Bought(Step):
    """A payment from its draft until it is paid, perhaps in part."""

    case: int = 0
    line: int = 0
    supplier: int = 1
    bill: Bill = BILL
    shares: tuple[int, ...] = ()
    on: int = -3

    def parts(self, _world: World) -> Sequence[Step]:
        """Each step when the one before is done."""
        return (Draft(self.case, self.line, self.supplier, self.bill), *(Onward(self.case) for _ in range(3)), self)

    def wishes(self, world: World) -> list[Wish]:
        """The last of them."""
        return Confirm(self.case, 0, self.on, paid=self.shares).wishes(world)


def bought(world: World, case: int) -> Sequence[Step]:
    """What it takes that something of the case is paid."""
    names = payments_of(world, world.case(case))
    return () if any(world.ledger.payments[name].status == "paid" for name in names) else Bought(case).parts(world)


@dataclass(frozen=True, slots=True)
class Refund(OfPayment):
    """A supplier gave a share of a line back, so many days from today."""

    at = frozenset({"paid"})
    line: int = 0
    share: int = 50
    on: int = -1

    def parts(self, world: World) -> Sequence[Step]:
        """Something is bought first, if nothing was."""
        return (*bought(world, self.case), self)

    def of(self, world: World, name: str) -> Iterable[Wish]:
        payment = world.ledger.payments[name]
        line, amount, currency = line_of(name, payment, self.line, self.share)
        if line not in world.ids:
            return
        if payment.status == "paid" and "proof_of_payment" not in payment.papers:
            yield attachment(world, payment.case, name, "proof_of_payment")
        refund = world.new_name(f"{name}-refund")
        asked = {"id": world.mint(refund, "PaymentRefund"), "paymentId": world.ids[name], "lineId": world.ids[line]}
        asked |= {"documentId": world.ids[f"{payment.case} proof_of_payment"], "amount": money(amount, currency)}
        asked |= {"receivedOn": day(self.on).isoformat(), "reference": "BANK-9", "reason": "A sheep short"}

        def request(ledger: Procedure, _: int) -> None:
            ledger.request_refund(refund, Asked("refund", OFFICER.id, (name, line), amount, currency, self.on))

        yield Request(
            says=f"{refund} is asked for: {spelled(amount, currency)}",
            who=OFFICER,
            mutation="paymentRefundRequest",
            asked=asked,
            name=refund,
            step=request,
            part="refund",
            shows=DECIDED,
        )


@dataclass(frozen=True, slots=True)
class DecideRefund(OfPayment):
    """A second person agrees, or not; `eyes` 1 are those of who asked. A refund is asked for first, if none was."""

    at = frozenset({"paid"})
    is_approved: bool = True
    eyes: int = 0

    def parts(self, world: World) -> Sequence[Step]:
        """A request, then its decision."""
        is_open = any(asked.kind == "refund" and asked.status == "open" for asked in world.ledger.asked.values())
        return (self,) if is_open else (*bought(world, self.case), Refund(self.case, self.payment), self)

    def of(self, world: World, name: str) -> Iterable[Wish]:
        refund = newest(world, name, "refund")
        if refund is not None:
            who = actor(Role.PARTNER_COORDINATOR, OFFICER.id) if self.eyes else COORDINATOR
            yield decision(world, refund, "paymentRefundDecide", "refundId", who, "refund", is_approved=self.is_approved)


def decision(world: World, name: str, mutation: str, key: str, who: Actor, part: str, *, is_approved: bool) -> Request:
    """Yes or no to what somebody else has asked for."""
    said = "approved" if is_approved else "refused"
    decide = {"refund": "decide_refund", "receivable": "decide_claim", "writeOff": "decide_write_off", "account": "decide"}[part]
    note = {"note": "A letter of the bank"} if part == "account" else {}
    return Request(
        says=f"{name} is {said} by {who.id}",
        who=who,
        mutation=mutation,
        asked={key: world.ids[name], "decision": said.upper(), **note},
        name=name,
        step=lambda ledger, version: getattr(ledger, decide)(name, version, said, who.id),
        part=part,
        shows=DECIDED,
        version=world.ledger.asked[name].version,
    )
