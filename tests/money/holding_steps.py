"""Money that partners and offices hold: advances and their returns, and payments out of the float."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reintegration.api.identifiers import encode
from tests.builders import APPROVER, COORDINATOR, FINANCE, IOM, OFFICER
from tests.money.cases import day
from tests.money.draft_steps import Bill, Draft
from tests.money.payment_steps import Confirm, Onward, Release, Reverse
from tests.money.records import Asked
from tests.money.reference import OFFICE
from tests.money.refund_steps import BILL, NAMED, OfAsked, money, spelled
from tests.money.steps import Step
from tests.money.wishes import Request, Wish, World
from tests.receivable_steps import SECOND_COORDINATOR, SECOND_FINANCE

PARTNER = "partner"
UNITS = {"EUR": 1, "MNT": 38, "JPY": 2, "KWD": 1}
"""What a cent about comes to in minor units: banks have their own rates."""
_ADVANCE = f"{NAMED} recalledAt settledAt receivedAt"


def holder_of(advance: Asked) -> str:
    """Of an advance or of what is sent back of one."""
    return advance.about[3]


@dataclass(frozen=True, slots=True)
class Send(Step):
    """An advance of so many cents: to the office, from what its partner got or of the partner's own; or to the partner."""

    cents: int = 200_000
    currency: str = "EUR"
    is_of_partner: bool = False
    is_to_partner: bool = False

    def wishes(self, world: World) -> list[Wish]:
        """On its way from now on."""
        holder = PARTNER if self.is_to_partner else OFFICE
        name, giver = world.new_name(f"{holder}-advance"), ("treasury" if self.is_to_partner else "own", PARTNER, "EUR")
        asked: dict[str, object] = {"id": world.mint(name, "Advance"), "reference": "T-1", "sentOn": day(-5).isoformat()}
        if self.is_to_partner:
            asked |= {"partnerId": encode("Partner", IOM)}
        else:
            asked |= {"officeId": encode("FieldOffice", world.ground.office_id)}
            sources = [n for n, a in reversed(world.ledger.asked.items()) if a.kind == "advance" and holder_of(a) == PARTNER]
            if self.is_of_partner and sources:
                giver = ("advance", sources[0], world.ledger.asked[sources[0]].currency)
                asked |= {"sourceId": world.ids[sources[0]]}
        who, amount = FINANCE if self.is_to_partner else COORDINATOR, self.cents * UNITS[giver[2]]
        return [
            Request(
                says=f"{name} is sent: {spelled(amount, giver[2])} of {giver[1]}, to be held in {self.currency}",
                who=who,
                mutation="advanceSend",
                asked={**asked, "amount": money(amount, giver[2]), "currency": self.currency},
                name=name,
                step=lambda ledger, _: ledger.send(name, Asked("advance", who.id, (*giver, holder), amount, self.currency)),
                part="advance",
                shows=_ADVANCE,
            )
        ]


@dataclass(frozen=True, slots=True)
class Receive(OfAsked):
    """An advance arrived, less what the bank took."""

    kind = "advance"
    at = "open"
    first = (Send,)
    fee: int = 0
    on: int = -4

    def of(self, world: World, name: str) -> Iterable[Wish]:
        sent = world.ledger.asked[name]
        amount = max(1, sent.amount * UNITS[sent.currency] // UNITS[sent.about[2]] - self.fee)
        who = APPROVER if holder_of(sent) == OFFICE else COORDINATOR
        asked = {"advanceId": world.ids[name], "amount": money(amount, sent.currency), "receivedOn": day(self.on).isoformat()}
        yield Request(
            says=f"{name} has arrived: {spelled(amount, sent.currency)}",
            who=who,
            mutation="advanceReceive",
            asked=asked,
            name=name,
            step=lambda ledger, version: ledger.receive(name, version, amount, who.id, self.on),
            part="advance",
            shows=_ADVANCE,
            version=sent.version,
        )


@dataclass(frozen=True, slots=True)
class Recall(OfAsked):
    """It never arrived."""

    kind = "advance"
    at = "open"
    first = (Send,)

    def of(self, world: World, name: str) -> Iterable[Wish]:
        advance = world.ledger.asked[name]
        who = SECOND_COORDINATOR if holder_of(advance) == OFFICE else SECOND_FINANCE
        yield Request(
            says=f"{name} is recalled",
            who=who,
            mutation="advanceRecall",
            asked={"advanceId": world.ids[name], "reason": "It never came"},
            name=name,
            step=lambda ledger, version: ledger.recall(name, version, who.id),
            part="advance",
            shows=_ADVANCE,
            version=advance.version,
        )


@dataclass(frozen=True, slots=True)
class SendBackAdvance(OfAsked):
    """A share of what is held of an advance goes back to whom it came from."""

    kind = "advance"
    at = "received"
    first = (Send, Receive)
    share: int = 100

    def of(self, world: World, name: str) -> Iterable[Wish]:
        advance = world.ledger.asked[name]
        amount = max(1, world.ledger.held("advance", name) * self.share // 100)
        back, who = world.new_name(f"{name}-return"), OFFICER if holder_of(advance) == OFFICE else COORDINATOR
        about = ("advance", name, advance.currency, holder_of(advance))
        asked = {"id": world.mint(back, "AdvanceReturn"), "advanceId": world.ids[name], "sentOn": day(-2).isoformat()}
        yield Request(
            says=f"{back} is sent: {spelled(amount, advance.currency)}",
            who=who,
            mutation="advanceReturnSend",
            asked={**asked, "amount": money(amount, advance.currency), "reference": "B-1"},
            name=back,
            step=lambda ledger, _: ledger.send(back, Asked("return", who.id, about, amount, advance.about[2])),
            part="advanceReturn",
            shows=f"{NAMED} settledAt: receivedAt",
        )


@dataclass(frozen=True, slots=True)
class TakeBackAdvance(OfAsked):
    """What was sent back has arrived."""

    kind = "return"
    at = "open"
    first = (Send, Receive, SendBackAdvance)
    fee: int = 0

    def of(self, world: World, name: str) -> Iterable[Wish]:
        back = world.ledger.asked[name]
        amount = max(1, back.amount * UNITS[back.currency] // UNITS[back.about[2]] - self.fee)
        who = COORDINATOR if holder_of(back) == OFFICE else FINANCE
        asked = {"returnId": world.ids[name], "amount": money(amount, back.currency), "receivedOn": day(-1).isoformat()}
        yield Request(
            says=f"{name} has arrived: {spelled(amount, back.currency)}",
            who=who,
            mutation="advanceReturnReceive",
            asked=asked,
            name=name,
            step=lambda ledger, version: ledger.receive(name, version, amount, who.id, -1),
            part="advanceReturn",
            shows=f"{NAMED} settledAt: receivedAt",
            version=back.version,
        )


@dataclass(frozen=True, slots=True)
class SettleAdvance(OfAsked):
    """Nothing should be left of it."""

    kind = "advance"
    at = "received"
    first = (Send, Receive, SendBackAdvance, TakeBackAdvance)

    def of(self, world: World, name: str) -> Iterable[Wish]:
        advance = world.ledger.asked[name]
        who = COORDINATOR if holder_of(advance) == OFFICE else FINANCE
        yield Request(
            says=f"{name} is settled",
            who=who,
            mutation="advanceSettle",
            asked={"advanceId": world.ids[name]},
            name=name,
            step=lambda ledger, version: ledger.settle_advance(name, version, who.id),
            part="advance",
            shows=_ADVANCE,
            version=advance.version,
        )


@dataclass(frozen=True, slots=True)
class OutOfFloat(Step):
    """A payment that the office makes out of what it holds, which it gets first if it holds nothing; then perhaps it is paid."""

    case: int = 0
    line: int = 0
    supplier: int = 0
    bill: Bill = BILL
    cents: int = 20_000
    parts_paid: tuple[int, ...] | None = None

    def parts(self, world: World) -> Sequence[Step]:
        """An advance in the bill's first currency, a draft, and its release."""
        currency = self.bill.amounts[0][1]
        lots = [lot for lot, (*_, its) in world.ledger.lots.items() if its == currency and lot not in world.ledger.settled]
        funded = () if lots else (Send(self.cents, currency), Receive())
        approved = (Draft(self.case, self.line, self.supplier, self.bill), Onward(self.case), Onward(self.case))
        return (*funded, *approved, *(() if self.parts_paid is None else (Release(self.case, from_float=True),)), self)

    def wishes(self, world: World) -> list[Wish]:
        """The last of it."""
        if self.parts_paid is None:
            return Release(self.case, from_float=True).wishes(world)
        return Confirm(self.case, paid=self.parts_paid).wishes(world)


@dataclass(frozen=True, slots=True)
class BackToFloat(Step):
    """A payment out of the float that was paid, perhaps in part, and then came back."""

    case: int = 0
    line: int = 0
    shares: tuple[int, ...] = ()

    def parts(self, world: World) -> Sequence[Step]:
        """All of it, then the reversal."""
        return (*OutOfFloat(self.case, self.line, parts_paid=self.shares).parts(world), self)

    def wishes(self, world: World) -> list[Wish]:
        """The reversal."""
        return Reverse(self.case).wishes(world)
