"""Steps made of others: the same request again, its key with another input, somebody who has not looked, two at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import uuid4

from reintegration.kernel.ids import new_id
from tests.money.draft_steps import Bill, Draft
from tests.money.payment_steps import Onward, Submit
from tests.money.plan_steps import DecideTransfer, Transfer
from tests.money.reference import BUDGET
from tests.money.steps import Step
from tests.money.wishes import Request, Wish, World


@dataclass(frozen=True, slots=True)
class Again(Step):
    """A retry of an earlier request, the newest being 0: its key and its input, whatever has happened since."""

    back: int = 0

    def wishes(self, world: World) -> list[Wish]:
        """Nothing, as long as nothing was asked."""
        if not world.sent:
            return []
        request = world.sent[-1 - self.back % len(world.sent)]
        return [replace(request, says=f"again: {request.says}")]


@dataclass(frozen=True, slots=True)
class Otherwise(Step):
    """The key of an earlier request that was carried out, with another input."""

    back: int = 0

    def wishes(self, world: World) -> list[Wish]:
        """Of one whose key is kept."""
        kept = [request for request in world.sent if request.key in world.known.answered]
        if not kept:
            return []
        request = kept[-1 - self.back % len(kept)]
        says = f"with the same key, but otherwise: {request.says}"
        if request.version is None:
            return [replace(request, asked={**request.asked, "id": str(new_id())}, says=says)]
        return [replace(request, version=request.version + 100, says=says)]


@dataclass(frozen=True, slots=True)
class Stale(Step):
    """A step by somebody who saw the version before."""

    step: Step = field(default_factory=Submit)

    def parts(self, world: World) -> Sequence[Step]:
        """What the step needs first."""
        return (*self.step.parts(world)[:-1], self)

    def wishes(self, world: World) -> list[Wish]:
        """The last request, if it names a version, after what comes before it."""
        wishes = self.step.wishes(world)
        if not wishes or not isinstance(wishes[-1], Request) or wishes[-1].version is None:
            return []
        return [*wishes[:-1], wishes[-1].stale()]


class AtOnce(Step):
    """Two requests at the same moment. Which comes first is open, but not that one does."""

    def racers(self, world: World) -> tuple[list[Wish], list[Wish]]:
        """What has to be done before, and the two; nobody races if there is nothing to do for either."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Together(AtOnce):
    """Two steps of two people."""

    first: Step = field(default_factory=Submit)
    second: Step = field(default_factory=Submit)

    def parts(self, world: World) -> Sequence[Step]:
        """What the two need first, one after the other."""
        return (*self.first.parts(world)[:-1], *self.second.parts(world)[:-1], self)

    def racers(self, world: World) -> tuple[list[Wish], list[Wish]]:
        """The last request of each."""
        first, second = self.first.wishes(world), self.second.wishes(world)
        return ([*first[:-1], *second[:-1]], [first[-1], second[-1]]) if first and second else ([], [])


@dataclass(frozen=True, slots=True)
class Twice(AtOnce):
    """A step taken twice by one person: with one key, or with two."""

    step: Step = field(default_factory=Submit)
    has_one_key: bool = True

    def parts(self, world: World) -> Sequence[Step]:
        """What the step needs first."""
        return (*self.step.parts(world)[:-1], self)

    def racers(self, world: World) -> tuple[list[Wish], list[Wish]]:
        """The last request, and itself."""
        wishes = self.step.wishes(world)
        if not wishes:
            return [], []
        other = wishes[-1]
        if isinstance(other, Request) and not self.has_one_key:
            other = replace(other, key=str(uuid4()))
        return wishes[:-1], [wishes[-1], other]


@dataclass(frozen=True, slots=True)
class LastEuro(Step):
    """A payment of all that is left of a line, submitted just when another takes it: a payment too, or a transfer."""

    case: int = 0
    line: int = 0
    is_transfer: bool = False

    def parts(self, world: World) -> Sequence[Step]:
        """The line has had a reservation before, so that its account needn't be opened, which would keep the two apart."""
        case = world.case(self.case)
        lines = list(world.ledger.asked[world.ledger.cases[case].plan].budgets)
        left = world.ledger.held("plan_line", case, BUDGET, lines[self.line % len(lines)]) - 1
        if left < 1:
            return ()
        draft = Draft(self.case, self.line, bill=Bill(((left, "EUR"),)))
        first, submit = Draft(self.case, self.line), Submit(self.case)
        if self.is_transfer:
            return (
                first,
                Onward(self.case),
                draft,
                Transfer(self.case, self.line, left),
                Together(submit, DecideTransfer(self.case)),
            )
        return first, Onward(self.case), draft, draft, Together(submit, Submit(self.case, 1))
