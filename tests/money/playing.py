"""Playing a history: each step through the API and on the reference, and after each the two compared to the cent."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import asyncpg

from reintegration.constraints import ALL_CONSTRAINTS
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.clock import first_of_month
from reintegration.kernel.ids import new_id
from reintegration.programme.commands import ConfirmRateMonth, ImportRateMonth
from reintegration.programme.rates import confirm_rate_month, import_rate_month
from tests.builders import ADMINISTRATOR, FINANCE
from tests.money.cases import Ground, day, make_grounds
from tests.money.comparing import differences, expected, month_of, stored
from tests.money.draft_steps import DAYS
from tests.money.procedure import Procedure
from tests.money.repeats import AtOnce
from tests.money.steps import Step
from tests.money.wishes import Answer, Desk, Known, Request, Wish, World
from tests.operations.conftest import serve
from tests.payment_steps import done

History = Sequence[Step]
RATES = ({"JPY": "200", "MNT": "3800.5", "KWD": "0.35"}, {"JPY": "160.25", "MNT": "3912.4"})
"""Of the months of `DAYS`; with the first, every odd number of yen ends in half a cent. The second has no dinar."""
_GROUNDS = 10
LIMITS = {"payment": 55_000, "case": 90_000, "supplier": 100_000}
"""What leaves without an endorsement, in cents: by payment, and within 30 days by case and by supplier."""
_LIMITS = """
insert into payment_thresholds (id, scope, most_minor, valid_from, certainty, source)
select gen_random_uuid(), case scope when 'payment' then scope else scope || '_30_days' end, most_minor, '2020-01-01',
    'assumed', 'tests'
from unnest($1::text[], $2::bigint[]) as limits (scope, most_minor)
"""


_ENDS = {
    "liftedBy": "lifted",
    "takenBackAt": "taken_back",
    "undoneAt": "undone",
    "recalledAt": "recalled",
    "settledAt": "settled",
    "receivedAt": "received",
}
"""Of records without a status: the fields that say how one has ended, the last end first."""


_LOADER = "select set_config('app.actor', 'loader', true), set_config('app.role', 'system', true)"
_EXPLAINED = """
insert into open_item_explanations (id, month, line_id, reason, explained_by)
select gen_random_uuid(), m.month, l.id, 'Of another history', 'loader'
from statement_lines l
cross join generate_series(date_trunc('month', now()) - interval '3 months', now(), '1 month') m (month)
where not exists (select from open_item_explanations x where x.line_id = l.id and x.month = m.month)
"""
"""What earlier histories left in suspense keeps no month of a later one open: a line has no fund."""


class DifferenceError(Exception):
    """The product and the reference disagree."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A history that ended in a difference: its steps, what each of them did, and the difference."""

    history: History
    told: tuple[str, ...]
    difference: str

    def __str__(self) -> str:
        """For people."""
        steps = "\n".join(f"    {step!r}," for step in self.history)
        told = "\n".join(f"  {number}. {line}" for number, line in enumerate(self.told, 1))
        return f"The history\n{steps}\nin which\n{told}\n{self.difference}"


@dataclass(slots=True)
class Table:
    """Where histories are played; `steps` counts what was asked of the API and of the clock,
    `is_racing` says whether two are asking at once."""

    desk: Desk
    eye: asyncpg.Connection
    spare: list[Ground] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    steps: int = 0
    is_racing: bool = False

    async def play(self, history: History) -> Failure | None:
        """Play with cases of its own, up to the first difference."""
        self.spare = self.spare or await make_grounds(self.desk.work, self.eye, _GROUNDS)
        rates = {(currency, on): rate for on, month in zip(DAYS, RATES, strict=True) for currency, rate in month.items()}
        euro = {("EUR", on): "1" for on in DAYS}
        world = World(self.spare.pop(), Known(Procedure(month_of=month_of, rates=rates | euro, limits=LIMITS)))
        self.desk.office_id, self.desk.account_id = world.ground.office_id, None
        async with self.eye.transaction():
            await self.eye.execute(_LOADER)
            await self.eye.execute(_EXPLAINED)
        self.told.clear()
        for place, step in enumerate(history, 1):
            try:
                for part in step.parts(world):
                    await self._take(world, part)
            except DifferenceError as difference:
                return Failure(tuple(history[:place]), tuple(self.told), str(difference))
        return None

    async def _take(self, world: World, part: Step) -> None:
        before, racers = part.racers(world) if isinstance(part, AtOnce) else (part.wishes(world), [])
        for wish in before:
            if not await self._grant(world, wish):
                return
        if racers:
            await self._race(world, *racers)

    async def _grant(self, world: World, wish: Wish) -> bool:
        """Bring a wish to both; whether it was fulfilled."""
        wanted, known = world.known.after(wish)
        answer = await wish.bring(self.desk)
        self._tell(world, wish, answer)
        if seen(wish, answer) != wanted:
            raise DifferenceError(f"The answer is {answer}; by the reference it is {wanted}")
        world.known = known
        found = differences(await stored(self.eye, world), expected(world))
        if found:
            raise DifferenceError("\n".join(found))
        return not str(answer["__typename"]).endswith("Problem")

    async def _race(self, world: World, first: Wish, second: Wish) -> None:
        """Bring two at once; all must be as if one had come after the other."""
        self.is_racing = True
        answers = await asyncio.gather(first.bring(self.desk), second.bring(self.desk))
        self.is_racing = False
        for wish, answer in zip((first, second), answers, strict=True):
            self._tell(world, wish, answer, at_once=True)
        state, reasons = await stored(self.eye, world), []
        before = world.known
        for order in ((0, 1), (1, 0)):
            known, wanted = before, {}
            for place in order:
                wanted[place], known = known.after((first, second)[place])
            world.known = known
            found = [
                f"the answer is {answers[place]}, not {wanted[place]}"
                for place in (0, 1)
                if not is_alike(seen((first, second)[place], answers[place]), wanted[place])
            ]
            found += differences(state, expected(world))
            if not found:
                return
            reasons += [f"If the {('first', 'second')[order[0]]} came first: {reason}" for reason in found]
        raise DifferenceError("\n".join(reasons))

    def _tell(self, world: World, wish: Wish, answer: Answer, *, at_once: bool = False) -> None:
        self.steps += 1
        self.told.append(f"{'at once: ' if at_once else ''}{wish.says} → {answer['__typename']}")
        wish.learn(world, answer)
        if isinstance(wish, Request) and all(wish.key != other.key for other in world.sent):
            world.sent.append(wish)


def seen(wish: Wish, answer: Answer) -> Answer:
    """As much of an answer as the reference can know."""
    if not isinstance(wish, Request):
        return answer
    record = answer.get(wish.part)
    if not isinstance(record, dict):
        return {"__typename": answer["__typename"]}
    status = next((end for field_, end in _ENDS.items() if record.get(field_)), str(record.get("status") or "open").lower())
    status = "open" if (wish.part, status) == ("plan", "draft") else status
    total = {"total": record.get("total", record.get("spent"))} if record.keys() & {"total", "spent"} else {}
    shown = {"version": record.get("version", 1), "status": status, **total}
    return {"__typename": answer["__typename"], "replayed": answer["replayed"], wish.part: shown}


def is_alike(answer: Answer, expected: Answer) -> bool:
    """For two at once: a refusal may give the reason that it met first, and a record may show what the other did to it."""
    if str(expected["__typename"]).endswith("Problem"):
        return str(answer["__typename"]).endswith("Problem")
    return all(answer.get(name) == expected.get(name) for name in ("__typename", "replayed", "done"))


@asynccontextmanager
async def lay(addresses: DatabaseAddresses) -> AsyncIterator[Table]:
    """A table over a migrated database: the served graph, rates, and limits that these cases reach."""
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(serve(addresses, connections=4))
        work = UnitOfWork(api.pool, ALL_CONSTRAINTS)
        for on, rates in zip(DAYS, RATES, strict=True):
            rows = ",".join(
                f'{{"country":"X","currency":"x","isoA3Code":"{code}","isoA2Code":"XX","value":{rate}}}'
                for code, rate in rates.items()
            )
            month = ImportRateMonth(id=new_id(), month=first_of_month(day(on)), document=f"[{rows}]".encode())
            imported = await done(work, ADMINISTRATOR, import_rate_month, month)
            await done(work, FINANCE, confirm_rate_month, ConfirmRateMonth(id=imported.id, expected_version=imported.version))
        eye = await asyncpg.connect(addresses.superuser_url)
        stack.push_async_callback(eye.close)
        async with eye.transaction():
            await eye.execute(_LOADER)
            await eye.execute(_LIMITS, list(LIMITS), list(LIMITS.values()))
        yield Table(Desk(api, work), eye)


@dataclass(frozen=True, slots=True)
class Room:
    """A table in a loop of its own, for whoever has none: hypothesis calls functions, not coroutines."""

    table: Table
    runner: asyncio.Runner

    def play(self, history: History) -> Failure | None:
        """Play a history to its end."""
        return self.runner.run(self.table.play(history))


@contextmanager
def open_room(addresses: DatabaseAddresses) -> Iterator[Room]:
    """A room for as long as it is needed."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        stack = AsyncExitStack()
        try:
            yield Room(runner.run(stack.enter_async_context(lay(addresses))), runner)
        finally:
            runner.run(stack.aclose())
