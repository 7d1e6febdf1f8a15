"""What becomes of a payment: four eyes, and its outcomes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from reintegration.kernel.actor import Role
from tests.builders import APPROVER, COORDINATOR, OFFICER, actor
from tests.money.cases import day
from tests.money.procedure import Procedure
from tests.money.records import Payment, Said
from tests.money.reference import DIGITS
from tests.money.steps import OfPayment, attachment, change
from tests.money.wishes import Wish, World, decimal

NOTHING = "0" * 64
UNDER_WAY = frozenset({"released", "unconfirmed"})


class Submit(OfPayment):
    """Ask for approval."""

    at = frozenset({"draft"})

    def of(self, world: World, name: str) -> Iterable[Wish]:
        yield change(world, name, "submit", OFFICER, "paymentSubmit", "is submitted")


class SendBack(OfPayment):
    """Back to draft."""

    at = frozenset({"submitted", "approved"})

    def of(self, world: World, name: str) -> Iterable[Wish]:
        yield change(world, name, "send_back", APPROVER, "paymentReturn", "goes back to draft", reason="The date is wrong")


class Cancel(OfPayment):
    """Give a draft up."""

    at = frozenset({"draft"})

    def of(self, world: World, name: str) -> Iterable[Wish]:
        yield change(world, name, "cancel", OFFICER, "paymentCancel", "is cancelled")


class MarkUnconfirmed(OfPayment):
    """Nobody knows."""

    at = frozenset({"released"})

    def of(self, world: World, name: str) -> Iterable[Wish]:
        yield change(
            world, name, "mark_unconfirmed", COORDINATOR, "paymentMarkUnconfirmed", "is unconfirmed", reason="The bank is silent"
        )


@dataclass(frozen=True, slots=True)
class Decision(OfPayment):
    """A second or third pair of eyes: `eyes` 1 are those of who prepared it, 2 have not seen what is there."""

    eyes: int = 0
    from_float: bool = False
    role: ClassVar[Role]
    mutation: ClassVar[tuple[str, str, str]]

    def of(self, world: World, name: str) -> Iterable[Wish]:
        step, mutation, says = self.mutation
        usual = APPROVER if self.role is Role.FIELD_APPROVER else COORDINATOR
        who = actor(self.role, OFFICER.id) if self.eyes == 1 else usual
        digest = world.ids.get(f"{name} digest", NOTHING)

        def decide(ledger: Procedure, version: int) -> None:
            ledger.step(step, name, version, who.id, Said(is_blind=self.eyes == 2, from_float=self.from_float))

        says += ("", " by who prepared it", " by somebody who saw something else")[self.eyes]
        asked: dict[str, object] = {"contentDigest": NOTHING if self.eyes == 2 else digest}
        if self.from_float:
            asked, says = {**asked, "fromFloat": True}, f"{says} out of the float"
        yield change(world, name, step, who, mutation, says, decide, **asked)


class Approve(Decision):
    """The second pair."""

    at = frozenset({"submitted"})
    role = Role.FIELD_APPROVER
    mutation = ("approve", "paymentApprove", "is approved")


class Release(Decision):
    """The third pair; out of the float, or of other money."""

    at = frozenset({"approved"})
    role = Role.PARTNER_COORDINATOR
    mutation = ("release", "paymentRelease", "is released")


@dataclass(frozen=True, slots=True)
class Reverse(OfPayment):
    """The money came back; `eyes` as of a decision."""

    at = frozenset({"paid"})
    eyes: int = 0

    def of(self, world: World, name: str) -> Iterable[Wish]:
        who = actor(Role.PARTNER_COORDINATOR, OFFICER.id) if self.eyes == 1 else COORDINATOR
        yield change(world, name, "reverse", who, "paymentReverse", "is reversed", reason="The shop closed")


@dataclass(frozen=True, slots=True)
class Confirm(OfPayment):
    """The money arrived, so many days from today; with its proof, unless it lacks it. `paid` are hundredths of lines, if less."""

    at = UNDER_WAY
    on: int = -3
    has_paper: bool = True
    paid: tuple[int, ...] = ()

    def of(self, world: World, name: str) -> Iterable[Wish]:
        payment = world.ledger.payments[name]
        if self.has_paper and payment.supplier and payment.status in UNDER_WAY and "proof_of_payment" not in payment.papers:
            yield attachment(world, payment.case, name, "proof_of_payment")

        shares = (*self.paid, *(100 for _ in payment.content[0]))
        paid = tuple(amount * share // 100 for (amount, _), share in zip(payment.content[0], shares, strict=False))
        in_part = [
            {
                "lineId": world.ids[f"{name}.{place}"],
                "amount": {"amount": decimal(paid[place], DIGITS[currency]), "currency": currency},
            }
            for place, (_, currency) in enumerate(payment.content[0][: len(self.paid)])
        ]

        def confirm(ledger: Procedure, version: int) -> None:
            ledger.step("confirm", name, version, COORDINATOR.id, Said(day=self.on, paid=paid))

        asked = {"paidOn": day(self.on).isoformat(), "reference": "B-1"} | ({"paidInPart": in_part} if in_part else {})
        says = f"is paid{f' in part: {in_part_of(paid, payment)}' if in_part else ''}"
        yield change(world, name, "confirm", COORDINATOR, "paymentConfirm", says, confirm, **asked)


def in_part_of(paid: tuple[int, ...], payment: Payment) -> str:
    """What was paid of each line, for people."""
    lines = zip(paid, payment.content[0], strict=True)
    return ", ".join(f"{decimal(amount, DIGITS[currency])} {currency}" for amount, (_, currency) in lines)


@dataclass(frozen=True, slots=True)
class Fail(OfPayment):
    """The money has not gone; with evidence, if there is any."""

    at = UNDER_WAY
    has_paper: bool = True

    def of(self, world: World, name: str) -> Iterable[Wish]:
        payment = world.ledger.payments[name]
        if self.has_paper and payment.status == "unconfirmed" and "non_payment_evidence" not in payment.papers:
            yield attachment(world, payment.case, name, "non_payment_evidence")
        yield change(world, name, "fail", COORDINATOR, "paymentFail", "has failed", reason="The bank sent it back")


class Onward(OfPayment):
    """Whatever comes next for a payment."""

    NEXT: ClassVar = {
        "draft": Submit,
        "submitted": Approve,
        "approved": Release,
        "released": Confirm,
        "unconfirmed": Confirm,
        "paid": Reverse,
    }

    def of(self, world: World, name: str) -> Iterable[Wish]:
        following = self.NEXT.get(world.ledger.payments[name].status)
        return following(self.case).of(world, name) if following else ()
