"""The course: every scene with its moves on one ground, and which two of them race."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from reintegration.database.embedded import DatabaseAddresses
from tests import builders
from tests.fee_steps import add_tariffs
from tests.money.races.case_moves import moves_of_case
from tests.money.races.early_moves import a_case_before_arrival, early_moves
from tests.money.races.fee_moves import fee_moves
from tests.money.races.float_moves import float_moves
from tests.money.races.ground import a_ground
from tests.money.races.lanes import a_racer
from tests.money.races.likeness_moves import likeness_moves
from tests.money.races.moves import Move, pairs
from tests.money.races.order_moves import order_moves
from tests.money.races.payment_moves import moves_of_payments
from tests.money.races.racing import Track
from tests.money.races.receivable_moves import receivable_moves
from tests.money.races.scenes import OPEN_PAYMENTS, PAID_PAYMENTS, Stage
from tests.money.races.statement_moves import statement_moves

_ALL = (*OPEN_PAYMENTS, *PAID_PAYMENTS)
SCENES: Final = (
    "busy",
    "with a plan in the making",
    "to be closed",
    "to be closed with a plan in the making",
    "to be closed but for a draft",
    "to be closed but for a released payment",
    "before its departure",
    "before its arrival",
    "out of the float",
    "lines of a bank",
    "alike suppliers",
    "something is owed",
    "orders to a bank",
    "fees of a partner",
)
_THRESHOLD = """
insert into payment_thresholds (id, scope, most_minor, valid_from, certainty, source)
values (gen_random_uuid(), 'case_30_days', 21000, '2020-01-01', 'assumed', 'a test')
"""
"""Of the two approved payments of a busy case, one can be released."""


@dataclass(frozen=True, slots=True)
class Course:
    """`moves` by scene."""

    track: Track
    case_id: UUID
    """Of the first scene."""
    moves: dict[str, list[Move]] = field(default_factory=dict)

    def races(self) -> Iterator[tuple[str, tuple[Move, Move]]]:
        """Every two moves of a scene that race, in the first scene where they can, with its name."""
        seen: set[tuple[str, str]] = set()
        for scene, moves in self.moves.items():
            for one, other in pairs(moves):
                if (one.name, other.name) not in seen and not (one.is_refused and other.is_refused):
                    seen.add((one.name, other.name))
                    yield scene, (one, other)

    def move(self, name: str, scene: str = SCENES[0]) -> Move:
        """The move of that name."""
        return next(move for move in self.moves[scene] if move.name == name)

    def first_moves(self) -> Mapping[str, Move]:
        """The first move of each mutation that can be made alone."""
        every = [move for moves in self.moves.values() for move in moves if not move.is_refused]
        return {move.mutation: move for move in reversed(every)}


@asynccontextmanager
async def a_course(addresses: DatabaseAddresses) -> AsyncIterator[Course]:
    """All scenes, made anew in a database of their own."""
    async with (
        builders.open_work(addresses) as work,
        a_ground(addresses) as ground,
        a_racer(addresses) as one,
        a_racer(addresses) as other,
    ):
        await ground.eye.execute(_THRESHOLD)
        await add_tariffs(addresses)
        stage = Stage(work)
        scenes = [
            await stage.scene(SCENES[0], _ALL),
            await stage.scene(SCENES[1], _ALL, is_submitted=False, is_extended=False),
            await stage.scene(SCENES[2], tuple(PAID_PAYMENTS), is_extended=False, closes=""),
            await stage.scene(SCENES[3], tuple(PAID_PAYMENTS), is_submitted=False, closes=""),
            await stage.scene(SCENES[4], ("draft",), closes=": with a draft"),
            await stage.scene(SCENES[5], ("released",), closes=": with a released payment"),
        ]
        course = Course(Track(ground, (one, other)), scenes[0].case_id)
        for scene in scenes:
            course.moves[scene.name] = [*await moves_of_payments(stage, scene), *await moves_of_case(stage, scene)]
        for name, has_left in ((SCENES[6], False), (SCENES[7], True)):
            course.moves[name] = await early_moves(work, await a_case_before_arrival(work, has_left=has_left), has_left=has_left)
        course.moves[SCENES[8]] = await float_moves(work)
        course.moves[SCENES[9]] = await statement_moves(work)
        course.moves[SCENES[10]] = await likeness_moves(work)
        course.moves[SCENES[11]] = await receivable_moves(work)
        course.moves[SCENES[12]] = await order_moves(work)
        course.moves[SCENES[13]] = await fee_moves(work)
        await ground.keep()
        yield course
