"""What happens to a case beside its plan and payments: holds, extensions, expiry, closing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tests.builders import APPROVER, COORDINATOR, OFFICER, PROGRAMME
from tests.money.besides import Expiry, Passing
from tests.money.cases import day
from tests.money.payment_steps import Cancel, Confirm, SendBack
from tests.money.procedure import Procedure
from tests.money.records import Asked
from tests.money.steps import DECIDED, OfPayment, Step, newest, payments_of
from tests.money.wishes import Request, Wish, World


@dataclass(frozen=True, slots=True)
class Extend(Step):
    """Ask for a last day so many days from today."""

    case: int = 0
    days: int = 400

    def wishes(self, world: World) -> list[Wish]:
        """By the office."""
        case = world.case(self.case)
        name = world.new_name(f"{case}-extension")
        deadline = day(self.days).isoformat()
        asked = {
            "id": world.mint(name, "DeadlineExtension"),
            "entitlementId": world.ids[f"{case} budget"],
            "newDeadlineOn": deadline,
            "reason": "Illness",
        }

        def request(ledger: Procedure, version: int) -> None:
            ledger.extend(name, Asked("extension", OFFICER.id, (case,), self.days), version, None)

        says = f"{name} is asked for: {self.days} days from today"
        wish = Request(says=says, who=OFFICER, mutation="extensionRequest", asked=asked, name=name, step=request)
        return [replace(wish, part="extension", shows=DECIDED)]


@dataclass(frozen=True, slots=True)
class DecideExtension(Step):
    """Decide on the newest request, whether or not somebody has; on a first one, if nobody asked yet."""

    case: int = 0
    is_approved: bool = True

    def parts(self, world: World) -> Sequence[Step]:
        """A request, then its decision."""
        return (self,) if newest(world, world.case(self.case), "extension") else (Extend(self.case), self)

    def wishes(self, world: World) -> list[Wish]:
        """By Fedasil."""
        name = newest(world, world.case(self.case), "extension")
        if name is None:
            return []
        decision = "approved" if self.is_approved else "refused"
        return [
            Request(
                says=f"{name} is {decision}",
                who=PROGRAMME,
                mutation="extensionDecide",
                asked={"extensionId": world.ids[name], "decision": decision.upper()},
                name=name,
                step=lambda ledger, version: ledger.extend(name, ledger.asked[name], version, decision),
                part="extension",
                shows=DECIDED,
                version=world.ledger.asked[name].version,
            )
        ]


@dataclass(frozen=True, slots=True)
class Hold(OfPayment):
    """Stop a payment."""

    at = frozenset({"draft", "submitted", "approved"})

    def of(self, world: World, name: str) -> Iterable[Wish]:
        hold = world.new_name(f"{name}-hold")
        asked = {
            "id": world.mint(hold, "PaymentHold"),
            "paymentId": world.ids[name],
            "cause": "SUPPLIER",
            "reason": "Who is this?",
        }
        yield Request(
            says=f"{name} is held",
            who=APPROVER,
            mutation="paymentHold",
            asked=asked,
            name=hold,
            step=lambda ledger, _: ledger.hold(hold, name, APPROVER.id),
            part="hold",
            shows="id version liftedBy",
        )


@dataclass(frozen=True, slots=True)
class Lift(OfPayment):
    """Let it go on; `eyes` 1 are those of who stopped it."""

    eyes: int = 0
    at = frozenset({"draft", "submitted", "approved"})

    def parts(self, world: World) -> Sequence[Step]:
        """Nothing is lifted that nobody holds."""
        held = any(payment.hold for payment in world.ledger.payments.values())
        return (self,) if held else (Hold(self.case, self.payment), self)

    def of(self, world: World, name: str) -> Iterable[Wish]:
        hold = newest(world, name, "hold")
        if hold is not None:
            who = APPROVER if self.eyes else COORDINATOR
            yield Request(
                says=f"{hold} is lifted{' by who placed it' if self.eyes else ''}",
                who=who,
                mutation="paymentHoldLift",
                asked={"holdId": world.ids[hold], "reason": "It is a cousin"},
                name=hold,
                step=lambda ledger, version: ledger.lift(hold, version, who.id),
                part="hold",
                shows="id version liftedBy",
                version=world.ledger.asked[hold].version,
            )


@dataclass(frozen=True, slots=True)
class Deadline(Step):
    """The last day to use the budget comes to lie so many days from today."""

    case: int = 0
    days: int = -1

    def wishes(self, world: World) -> list[Wish]:
        """Time does this, and nobody."""
        case = world.case(self.case)
        return [Passing(f"the last day of {case} was {-self.days} days ago", case, world.made[case].id, self.days)]


@dataclass(frozen=True, slots=True)
class Expire(Step):
    """The clock ticks, once or twice; the last day has passed by then, unless it is early."""

    case: int = 0
    is_early: bool = False
    times: int = 1

    def parts(self, world: World) -> Sequence[Step]:
        """The day, then the clock."""
        is_due = world.ledger.cases[world.case(self.case)].deadline < 0
        ticks = (self,) * self.times
        return ticks if is_due or self.is_early else (Deadline(self.case), *ticks)

    def wishes(self, world: World) -> list[Wish]:
        """For one case."""
        case = world.case(self.case)
        return [Expiry(f"the clock ticks for {case}", case, world.made[case].id)]


@dataclass(frozen=True, slots=True)
class End(Step):
    """The next step towards the end of a payment that is open."""

    name: str

    def wishes(self, world: World) -> list[Wish]:
        """Back to draft, cancelled, paid."""
        status = world.ledger.payments[self.name].status
        step = {"draft": Cancel, "submitted": SendBack, "approved": SendBack, "released": Confirm, "unconfirmed": Confirm}.get(
            status
        )
        return list(step().of(world, self.name)) if step else []


@dataclass(frozen=True, slots=True)
class Close(Step):
    """The end of a case, for whose payments an end is made first unless it comes too soon."""

    case: int = 0
    is_soon: bool = False

    def parts(self, world: World) -> Sequence[Step]:
        """What is open is given up, or was paid; then the case is closed."""
        case = world.case(self.case)
        names = [] if self.is_soon else payments_of(world, case)
        return (*(End(name) for name in names for _ in range(2)), self)

    def wishes(self, world: World) -> list[Wish]:
        """By the approver."""
        case = world.case(self.case)
        return [
            Request(
                says=f"{case} is closed",
                who=APPROVER,
                mutation="caseClose",
                asked={"caseId": world.ids[case], "reason": "COMPLETED", "closedOn": day(0).isoformat()},
                name=case,
                step=lambda ledger, version: ledger.close_case(case, version),
                part="case",
                shows="id version status",
                version=world.ledger.cases[case].version,
            )
        ]
