"""What somebody owes: receivables with their instalments, receipts and write-offs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from reintegration.kernel.actor import Role
from tests.builders import COORDINATOR, OFFICER, actor
from tests.money.cases import day
from tests.money.records import Asked
from tests.money.refund_steps import NAMED, OfAsked, bought, decision, line_of, money, spelled
from tests.money.steps import DECIDED, OfPayment, Step
from tests.money.wishes import Request, Wish, World
from tests.receivable_steps import SECOND_COORDINATOR, SECOND_FINANCE


@dataclass(frozen=True, slots=True)
class Claim(OfPayment):
    """Somebody owes a share of a line, or a returnee so many cents for no payment's sake."""

    at = frozenset({"paid"})
    line: int = 0
    share: int = 50
    loose: int = 0

    def parts(self, world: World) -> Sequence[Step]:
        """Something is bought first, if nothing was."""
        return (self,) if self.loose else (*bought(world, self.case), self)

    def wishes(self, world: World) -> list[Wish]:
        """By the office."""
        if not self.loose:
            return super(Claim, self).wishes(world)
        case = world.case(self.case)
        return [self._recorded(world, case, {"caseId": world.ids[case]}, (case,), self.loose, "EUR")]

    def of(self, world: World, name: str) -> Iterable[Wish]:
        payment = world.ledger.payments[name]
        line, amount, currency = line_of(name, payment, self.line, self.share)
        if line in world.ids:
            of = {"supplierId": world.ids[payment.supplier]} if payment.supplier else {"caseId": world.ids[payment.case]}
            yield self._recorded(world, name, {**of, "lineId": world.ids[line]}, (name, line), amount, currency)

    def _recorded(
        self, world: World, of: str, debtor: dict[str, str], about: tuple[str, ...], amount: int, currency: str
    ) -> Request:
        name = world.new_name(f"{of}-claim")
        asked = {"id": world.mint(name, "Receivable"), **debtor, "amount": money(amount, currency), "reason": "NOT_DELIVERED"}
        return Request(
            says=f"{name} is recorded: {spelled(amount, currency)}",
            who=OFFICER,
            mutation="receivableRecord",
            asked={**asked, "explanation": "Two sheep never came", "dueOn": day(30).isoformat()},
            name=name,
            step=lambda ledger, _: ledger.record_claim(name, Asked("receivable", OFFICER.id, about, amount, currency)),
            part="receivable",
            shows=DECIDED,
        )


@dataclass(frozen=True, slots=True)
class DecideClaim(OfAsked):
    """A second person confirms it, or not."""

    at = "open"
    first = (Claim,)
    is_approved: bool = True
    eyes: int = 0

    def of(self, world: World, name: str) -> Iterable[Wish]:
        who = actor(Role.PARTNER_COORDINATOR, OFFICER.id) if self.eyes else COORDINATOR
        yield decision(world, name, "receivableDecide", "receivableId", who, "receivable", is_approved=self.is_approved)


def owed_share(world: World, name: str, share: int) -> int:
    """A share of what is still owed; of a claim where nothing is."""
    return max(1, (world.ledger.held("owed", name) or world.ledger.asked[name].amount) * share // 100)


@dataclass(frozen=True, slots=True)
class AgreePlan(OfAsked):
    """All that is owed is to come in two instalments; or less, which no plan may say."""

    first = (Claim, DecideClaim)
    missing: int = 0

    def of(self, world: World, name: str) -> Iterable[Wish]:
        whole, currency = world.ledger.held("owed", name) - self.missing, world.ledger.asked[name].currency
        parts = tuple(part for part in (whole // 2, whole - whole // 2) if part > 0)
        if not parts:
            return
        plan = world.new_name(f"{name}-plan")
        instalments = [{"dueOn": day(30 * n).isoformat(), "amount": money(part, currency)} for n, part in enumerate(parts, 1)]
        yield Request(
            says=f"{plan} is agreed: {', '.join(spelled(part, currency) for part in parts)}",
            who=OFFICER,
            mutation="receivablePlanAgree",
            asked={"id": world.mint(plan, "ReceivablePlan"), "receivableId": world.ids[name], "instalments": instalments},
            name=plan,
            step=lambda ledger, _: ledger.agree_plan(plan, Asked("instalments", OFFICER.id, (name,)), parts),
            part="plan",
            shows="id",
        )


@dataclass(frozen=True, slots=True)
class Receipt(OfAsked):
    """A share of what is owed came."""

    first = (Claim, DecideClaim)
    share: int = 50
    on: int = -1

    def of(self, world: World, name: str) -> Iterable[Wish]:
        claim = world.ledger.asked[name]
        amount, receipt = owed_share(world, name, self.share), world.new_name(f"{name}-receipt")
        about = (name, *claim.about) if claim.about[1:] else (name,)
        asked = {"id": world.mint(receipt, "ReceivableReceipt"), "receivableId": world.ids[name], "reference": "BANK-7"}
        coming = Asked("receipt", COORDINATOR.id, about, amount, claim.currency, self.on)
        yield Request(
            says=f"{receipt} is recorded: {spelled(amount, claim.currency)}",
            who=COORDINATOR,
            mutation="receivableReceiptRecord",
            asked={**asked, "amount": money(amount, claim.currency), "receivedOn": day(self.on).isoformat()},
            name=receipt,
            step=lambda ledger, _: ledger.record_receipt(receipt, replace(coming)),
            part="receipt",
            shows=f"{NAMED} takenBackAt",
        )


@dataclass(frozen=True, slots=True)
class TakeBack(OfAsked):
    """It did not stay; `eyes` 1 are those of who recorded it."""

    kind = "receipt"
    at = "open"
    first = (Claim, DecideClaim, Receipt)
    eyes: int = 0

    def of(self, world: World, name: str) -> Iterable[Wish]:
        who = COORDINATOR if self.eyes else SECOND_COORDINATOR
        yield Request(
            says=f"{name} did not stay",
            who=who,
            mutation="receivableReceiptTakeBack",
            asked={"receiptId": world.ids[name], "reason": "The cheque bounced"},
            name=name,
            step=lambda ledger, version: ledger.take_back_receipt(name, version, who.id),
            part="receipt",
            shows=f"{NAMED} takenBackAt",
            version=world.ledger.asked[name].version,
        )


@dataclass(frozen=True, slots=True)
class WriteOff(OfAsked):
    """Somebody asks to give a share of it up."""

    first = (Claim, DecideClaim)
    share: int = 50

    def of(self, world: World, name: str) -> Iterable[Wish]:
        claim, written_off = world.ledger.asked[name], world.new_name(f"{name}-write-off")
        amount = owed_share(world, name, self.share)
        about = (name, *claim.about) if claim.about[1:] else (name,)
        asked = {"id": world.mint(written_off, "ReceivableWriteOff"), "receivableId": world.ids[name]}
        yield Request(
            says=f"{written_off} is asked for: {spelled(amount, claim.currency)}",
            who=OFFICER,
            mutation="receivableWriteOffRequest",
            asked={**asked, "amount": money(amount, claim.currency), "reason": "The shop is gone"},
            name=written_off,
            step=lambda ledger, _: ledger.request_write_off(
                written_off, Asked("write_off", OFFICER.id, about, amount, claim.currency)
            ),
            part="writeOff",
            shows=DECIDED,
        )


@dataclass(frozen=True, slots=True)
class DecideWriteOff(OfAsked):
    """Fedasil's finance says yes or no."""

    kind = "write_off"
    at = "open"
    first = (Claim, DecideClaim, WriteOff)
    is_approved: bool = True

    def of(self, world: World, name: str) -> Iterable[Wish]:
        yield decision(
            world, name, "receivableWriteOffDecide", "writeOffId", SECOND_FINANCE, "writeOff", is_approved=self.is_approved
        )
