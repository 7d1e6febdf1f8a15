"""Races: two moves at once, forced together at their lock points, must end as if one had come after the other."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from reintegration.kernel.errors import DomainError
from reintegration.kernel.reference import Reference
from tests.money.races.ground import Changes, Ground
from tests.money.races.lanes import Racer, takes_locks
from tests.money.races.moves import Move

_HELD = """
select (select count(*) from ledger_accounts) > (
    select count(*) from (select from ledger_accounts for no key update skip locked) free
)
"""
FAULT = "fault:"
"""How the answer begins to somebody who was told an error that isn't the domain's."""


@dataclass(frozen=True, slots=True)
class Result:
    """What the two were told, in their order, and what is stored otherwise than before."""

    answers: tuple[str, ...]
    changes: Changes


@dataclass(frozen=True, slots=True)
class Alone:
    """What a move does when nobody is in its way."""

    answer: str
    sent: tuple[str, ...]
    changes: Changes
    is_refused: bool

    @property
    def tables(self) -> set[str]:
        """Those that it changes."""
        return {change.partition(" ")[0] for change in self.changes}

    def reaches(self, other: "Alone") -> bool:
        """Whether the other's statements name a table that this one changes, or change it by a trigger."""
        return any(table in other.tables or any(table in statement for statement in other.sent) for table in self.tables)

    @property
    def locks(self) -> list[int]:
        """The statements that lock rows; the last one in any case, for what is done by then is done under locks."""
        return [number for number, statement in enumerate(self.sent) if takes_locks(statement)] or [self.last]

    @property
    def last(self) -> int:
        """The statement before the commit."""
        return len(self.sent) - 1

    @property
    def stops(self) -> list[int]:
        """After each statement that locks, right before each, and before the commit."""
        return sorted({*self.locks, *(number - 1 for number in self.locks if number), self.last})


@dataclass(frozen=True, slots=True)
class Race:
    """The leader stops after its statement `leads_to`, the follower after `follows_to`, if it gets there; None: at its end."""

    leader: Move
    follower: Move
    leads_to: int
    follows_to: int | None = None

    def __str__(self) -> str:
        return f"{self.leader.name} (after {self.leads_to}) and {self.follower.name} (after {self.follows_to})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """How a race ended: who waited, how many deadlocks PostgreSQL broke, and what doesn't hold any more.

    A serial one was one after the other in fact: the leader had sent its first lock alone, for which the follower waited with
    its own first statement.
    """

    result: Result
    follower_waited: bool
    leader_waited: bool
    is_serial: bool
    deadlocks: int
    broken: tuple[str, ...]


@dataclass(slots=True)
class Track:
    """Where two race. What somebody does alone, and what two do one after the other, is remembered."""

    ground: Ground
    racers: tuple[Racer, Racer]
    alone_before: dict[Move, Alone] = field(default_factory=dict)
    orders: dict[tuple[Move, Move], Result] = field(default_factory=dict)

    async def alone(self, move: Move) -> Alone:
        """One move, and back."""
        if move not in self.alone_before:
            self.ground.know(move)
            racer, _ = self.racers
            racer.lane.stop_after(None)
            answer, is_refused = await _ending(racer.start(move.who, move))
            self.alone_before[move] = Alone(answer, tuple(racer.lane.sent), await self.ground.undo(), is_refused)
        return self.alone_before[move]

    async def one_after_the_other(self, first: Move, second: Move) -> Result:
        """What becomes of it when the second begins after the first has ended."""
        racer, _ = self.racers
        if (first, second) not in self.orders:
            answers = []
            for move in (first, second):
                racer.lane.stop_after(None)
                answers.append((await _ending(racer.start(move.who, move)))[0])
            self.orders[first, second] = Result(tuple(answers), await self.ground.undo(await self._tables(first, second)))
        return self.orders[first, second]

    async def crossed(self, first: Move, second: Move) -> Race:
        """The race that tells most: one has its first lock when the other has done all and not committed."""
        return Race(first, second, (await self.alone(first)).locks[0], (await self.alone(second)).last)

    async def at_every_stop(self, *pair: Move) -> list[Race]:
        """Each of the two stops at each of its lock points, while the other goes as far as it can."""
        return [Race(one, two, stop) for one, two in (pair, pair[::-1]) for stop in (await self.alone(one)).stops]

    async def are_in_contact(self, *pair: Move) -> bool:
        """Whether one changes what the other changes or asks for, as far as their statements say."""
        one, two = [await self.alone(move) for move in pair]
        return one.is_refused or two.is_refused or one.reaches(two) or two.reaches(one)

    async def run(self, race: Race) -> Finish:
        """Race, and put everything back."""
        leader, follower = self.racers
        tables = await self._tables(race.leader, race.follower)
        leader.lane.stop_after(race.leads_to)
        follower.lane.stop_after(race.follows_to)
        leading = leader.start(race.leader.who, race.leader)
        await leader.lane.until_it_stops(leading)
        following = follower.start(race.follower.who, race.follower)
        follower_waited = await follower.is_held_up(following, leader, self.ground.eye)
        is_serial = follower_waited and not (race.leads_to or follower.lane.sent)
        leader.lane.release()
        leader_waited = follower.lane.stopped.is_set() and await leader.is_held_up(leading, follower, self.ground.eye)
        follower.lane.release()
        await asyncio.wait({leading, following})
        answers = [(await _ending(task))[0] for task in (leading, following)]
        broken = tuple(await self.ground.broken())
        result = Result(tuple(answers), await self.ground.undo(tables))
        return Finish(
            result=result,
            follower_waited=follower_waited,
            leader_waited=leader_waited,
            is_serial=is_serial,
            deadlocks=leader.lane.deadlocks + follower.lane.deadlocks,
            broken=broken,
        )

    async def holds_accounts(self, move: Move) -> bool:
        """Whether accounts of the ledger are locked when a move has done all and not committed."""
        racer, _ = self.racers
        racer.lane.stop_after((await self.alone(move)).last)
        task = racer.start(move.who, move)
        await racer.lane.until_it_stops(task)
        held = await self.ground.eye.fetchval(_HELD)
        racer.lane.release()
        await asyncio.wait({task})
        await self.ground.undo(await self._tables(move))
        return bool(held)

    async def verdict(self, race: Race, finish: Finish) -> str | None:
        """What is wrong with a race, if anything: it ended as in neither order, or it broke what must always hold."""
        if finish.broken:
            return f"{race}: broke {', '.join(finish.broken)}"
        if finish.is_serial and not any(answer.startswith(FAULT) for answer in finish.result.answers):
            return None
        orders: list[Result] = []
        leader_is_first = finish.follower_waited or (race.follows_to is not None and not finish.leader_waited)
        for one, two in ((race.leader, race.follower), (race.follower, race.leader))[:: 1 if leader_is_first else -1]:
            order = await self.one_after_the_other(one, two)
            if one is not race.leader:
                order = Result(order.answers[::-1], order.changes)
            if order == finish.result:
                return None
            orders.append(order)
        return f"{race}: {_told(finish.result, orders)}"

    async def _tables(self, *moves: Move) -> set[str] | None:
        """Those that the moves change; None, for all, where one of them can't be made alone."""
        known = [await self.alone(move) for move in moves]
        return None if any(one.is_refused for one in known) else set().union(*(one.tables for one in known))


def _told(result: Result, orders: Sequence[Result]) -> str:
    nearest = min(orders, key=lambda order: len(set(order.changes) ^ set(result.changes)))
    lines = [f"{result.answers}, not {' or '.join(str(order.answers) for order in orders)}"]
    lines += [f"  + {change}" for change in _without(result.changes, nearest.changes)]
    lines += [f"  - {change}" for change in _without(nearest.changes, result.changes)]
    return "\n".join(lines)


def _without(changes: Iterable[str], others: Iterable[str]) -> list[str]:
    return sorted(set(changes) - set(others))


async def _ending(task: "asyncio.Task[object]") -> tuple[str, bool]:
    """What the caller is told, and whether it is no. An error that isn't the domain's is what no order ends with."""
    try:
        found = await task
    except DomainError as refusal:
        return type(refusal).__name__, True
    except Exception as error:  # noqa: BLE001 - whatever reached the caller
        return f"{FAULT} {error!r}", True
    return (f"{found.kind} {found.version}" if isinstance(found, Reference) else repr(found)), False
