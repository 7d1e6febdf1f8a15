"""What a step of a history is: data, of small numbers that mean something only in the present state, so that any part can go.

A step says what it wants (`wishes`); a new kind of step is a class with that one method, and a line in histories.py.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from reintegration.kernel.actor import Actor
from tests.builders import OFFICER
from tests.money.procedure import Procedure
from tests.money.wishes import Request, Wish, World

Do = Callable[[Procedure, int], None]
ANY = 2
DECIDED = "id version status: decision"
"""What is shown of a request that somebody decides."""


class Step:
    """Something that happens, if it can."""

    def parts(self, _world: World) -> Sequence["Step"]:
        """The steps that it takes in this state, each when the one before is done: what it needs first, then itself."""
        return (self,)

    def wishes(self, world: World) -> list[Wish]:
        """What is asked for, in order; nothing where the present state has nothing to ask it about."""
        raise NotImplementedError


def attachment(world: World, case: str, name: str, paper: str) -> Request:
    """Hang a paper of the case on a payment, which may be about to be drafted."""
    return Request(
        says=f"{name} gets its {paper.replace('_', ' ')}",
        who=OFFICER,
        mutation="documentAttach",
        asked={"paymentId": world.ids[name], "documentId": world.ids[f"{case} {paper}"]},
        name=name,
        step=lambda ledger, _: ledger.attach(name, paper),
    )


def payments_of(world: World, case: str) -> list[str]:
    """A case's payments, the newest first."""
    return [name for name, payment in reversed(world.ledger.payments.items()) if payment.case == case]


@dataclass(frozen=True, slots=True)
class OfPayment(Step):
    """A step of a payment that is there: 0 is the newest of those at a step where this can happen, from `ANY` on of all."""

    case: int = 0
    payment: int = 0
    at: ClassVar[frozenset[str]] = frozenset()

    def wishes(self, world: World) -> list[Wish]:
        """Nothing, as long as the case has no payment."""
        names = payments_of(world, world.case(self.case))
        fit = [name for name in names if world.ledger.payments[name].status in self.at]
        chosen = fit if fit and self.payment < ANY else names
        return list(self.of(world, chosen[self.payment % len(chosen)])) if chosen else []

    def of(self, world: World, name: str) -> Iterable[Wish]:
        """What is asked for about this one."""
        raise NotImplementedError


def change(
    world: World, name: str, step: str, who: Actor, mutation: str, says: str, do: Do | None = None, **asked: object
) -> Request:
    """A mutation of a payment at its present version."""

    def usual(ledger: Procedure, version: int) -> None:
        ledger.step(step, name, version, who.id)

    return Request(
        says=f"{name} {says}",
        who=who,
        mutation=mutation,
        asked={"paymentId": world.ids[name], **asked},
        name=name,
        step=do or usual,
        version=world.ledger.payments[name].version,
    )


def newest(world: World, case: str, kind: str) -> str | None:
    """The newest record of a kind that is asked for in a case."""
    return next((name for name in reversed(world.ledger.asked) if name.startswith(f"{case}-{kind}")), None)
