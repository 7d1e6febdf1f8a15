"""A move: a use case with its command, as somebody would run it in a scene; the same in every race."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

from reintegration.database.transaction import Transaction
from reintegration.kernel.actor import Actor
from reintegration.kernel.ids import new_id
from tests.payment_steps import Doing

C = TypeVar("C")


@dataclass(frozen=True, slots=True, eq=False)
class Move:
    """`name` begins with the mutation; what comes after a colon tells it from another move of that mutation.

    `rivals` are the mutations that it is raced with, where it isn't all. One that is `refused` alone can be done after its rival.
    """

    name: str
    who: Actor
    use_case: Doing[object]
    command: object
    rivals: frozenset[str] | None = None
    is_refused: bool = False

    @property
    def mutation(self) -> str:
        return self.name.partition(":")[0]

    @property
    def is_creation(self) -> bool:
        """Whether the command brings the id of a new record along."""
        return hasattr(self.command, "id") and not hasattr(self.command, "expected_version")

    async def __call__(self, transaction: Transaction) -> object:
        return await self.use_case(transaction, self.command)

    def twin(self) -> "Move":
        """The same by somebody else at the same moment: of a new record with an id of its own."""
        command = replace(self.command, id=new_id()) if self.is_creation else self.command  # type: ignore[type-var]  # a dataclass
        return replace(self, command=command)

    def races(self, other: "Move") -> bool:
        """Whether the two are raced with each other."""
        return all(one.rivals is None or two.mutation in one.rivals for one, two in ((self, other), (other, self)))


def move(
    name: str, who: Actor, use_case: Doing[C], command: C, *, rivals: Iterable[str] | None = None, is_refused: bool = False
) -> Move:
    """A move whose command fits its use case."""
    return Move(name, who, use_case, command, None if rivals is None else frozenset(rivals), is_refused)  # type: ignore[arg-type]


def pairs(moves: Iterable[Move]) -> list[tuple[Move, Move]]:
    """Every two of these that race, and every one with its twin, by name."""
    ordered = sorted(moves, key=lambda one: one.name)
    found = [(one, other) for number, one in enumerate(ordered) for other in ordered[number + 1 :] if one.races(other)]
    return sorted(
        [*found, *((one, one.twin()) for one in ordered if one.races(one))], key=lambda pair: (pair[0].name, pair[1].name)
    )
