"""What happens to a plan: versions, their approval, transfers between its lines."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.builders import COORDINATOR, OFFICER
from tests.money.procedure import Procedure
from tests.money.records import Asked
from tests.money.steps import DECIDED, Step, newest
from tests.money.wishes import Request, Wish, World, decimal

_PLAN = "id version status contentDigest items { id lineId }"


def euros(cents: int) -> dict[str, str]:
    """An amount as the API is asked for it."""
    return {"amount": decimal(cents), "currency": "EUR"}


@dataclass(frozen=True, slots=True)
class Replan(Step):
    """A new version: cents for each line that ever was, in order, and for new ones; 0 leaves a line out."""

    case: int = 0
    budgets: tuple[int, ...] = (100_000, 50_000)

    def wishes(self, world: World) -> list[Wish]:
        """Drafted and submitted."""
        case = world.case(self.case)
        known = [f"{case}{place + 1}" for place in range(world.numbers[f"{case}-line"])]
        fresh = [world.new_name(f"{case}-line") for _ in self.budgets[len(known) :]]
        names = (*known, *(name.replace("-line", "") for name in fresh))
        budgets = {name: budget for name, budget in zip(names, self.budgets, strict=False) if budget}
        if not budgets:
            return []
        name = world.new_name(f"{case}-plan")
        lines = [
            {"kind": "MICRO_BUSINESS", "description": "Sheep", "budget": euros(budget)}
            | ({"lineId": world.ids[line]} if line in world.ids else {})
            for line, budget in budgets.items()
        ]
        plan = {"who": OFFICER, "name": name, "part": "plan", "shows": _PLAN, "lines": tuple(budgets)}
        drafted = Request(
            says=f"{name} is drafted: " + ", ".join(f"{decimal(budget)} EUR for {line}" for line, budget in budgets.items()),
            mutation="planDraft",
            asked={"id": world.mint(name, "Plan"), "caseId": world.ids[case], "lines": lines},
            step=lambda ledger, _: ledger.draft_plan(name, Asked("plan", OFFICER.id, (case,), budgets=budgets)),
            **plan,
        )
        submitted = Request(
            says=f"{name} is submitted",
            mutation="planSubmit",
            asked={"planId": world.ids[name]},
            step=lambda ledger, version: ledger.submit_plan(name, version),
            version=1,
            **plan,
        )
        return [drafted, submitted]


@dataclass(frozen=True, slots=True)
class ApprovePlan(Step):
    """The newest version comes into force, if it can; one of these budgets, if nothing awaits its approval."""

    case: int = 0
    budgets: tuple[int, ...] = (100_000, 50_000)

    def parts(self, world: World) -> Sequence[Step]:
        """A version, then its approval."""
        name = newest(world, world.case(self.case), "plan")
        return (self,) if name and world.ledger.asked[name].status == "submitted" else (Replan(self.case, self.budgets), self)

    def wishes(self, world: World) -> list[Wish]:
        """By the coordinator."""
        name = newest(world, world.case(self.case), "plan")
        if name is None or f"{name} digest" not in world.ids:
            return []
        return [
            Request(
                says=f"{name} is approved",
                who=COORDINATOR,
                mutation="planApprove",
                asked={"planId": world.ids[name], "contentDigest": world.ids[f"{name} digest"]},
                name=name,
                step=lambda ledger, version: ledger.approve_plan(name, version),
                part="plan",
                shows=_PLAN,
                version=world.ledger.asked[name].version,
                lines=tuple(world.ledger.asked[name].budgets),
            )
        ]


@dataclass(frozen=True, slots=True)
class Transfer(Step):
    """Ask to move money from one line of the plan in force to the next."""

    case: int = 0
    line: int = 0
    amount: int = 1

    def wishes(self, world: World) -> list[Wish]:
        """A plan of one line has nowhere to move it to."""
        case = world.case(self.case)
        plan = world.ledger.cases[case].plan
        lines = list(world.ledger.asked[plan].budgets)
        if len(lines) == 1:
            return []
        giver, taker = (lines[place % len(lines)] for place in (self.line, self.line + 1))
        name = world.new_name(f"{case}-transfer")
        items = {"fromItemId": world.ids[f"{plan} {giver}"], "toItemId": world.ids[f"{plan} {taker}"]}
        asked = {"id": world.mint(name, "BudgetTransfer"), **items, "amount": euros(self.amount), "reason": "School began"}

        def request(ledger: Procedure, _: int) -> None:
            ledger.request_transfer(name, Asked("transfer", OFFICER.id, (case, giver, taker, plan), self.amount))

        says = f"{name} is asked for: {decimal(self.amount)} EUR from {giver} to {taker}"
        request_ = Request(says=says, who=OFFICER, mutation="budgetTransferRequest", asked=asked, name=name, step=request)
        return [replace(request_, part="transfer", shows=DECIDED)]


@dataclass(frozen=True, slots=True)
class DecideTransfer(Step):
    """Decide on the newest transfer, whether or not somebody has; on one of this amount, if nobody asked."""

    case: int = 0
    is_approved: bool = True
    amount: int = 1
    times: int = 1

    def parts(self, world: World) -> Sequence[Step]:
        """A request, then its decision."""
        decisions = (self,) * self.times
        asked = newest(world, world.case(self.case), "transfer")
        return decisions if asked else (Transfer(self.case, 0, self.amount), *decisions)

    def wishes(self, world: World) -> list[Wish]:
        """By the coordinator."""
        name = newest(world, world.case(self.case), "transfer")
        if name is None:
            return []
        decision = "approved" if self.is_approved else "refused"
        return [
            Request(
                says=f"{name} is {decision}",
                who=COORDINATOR,
                mutation="budgetTransferDecide",
                asked={"transferId": world.ids[name], "decision": decision.upper()},
                name=name,
                step=lambda ledger, version: ledger.decide_transfer(name, version, decision),
                part="transfer",
                shows=DECIDED,
                version=world.ledger.asked[name].version,
            )
        ]
