"""Playing a history: each step through the API and on the reference, and after each the two compared to the cent."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import asyncpg

from reintegration.api.identifiers import encode
from reintegration.constraints import ALL_CONSTRAINTS
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.clock import first_of_month
from reintegration.kernel.ids import new_id
from reintegration.payments.commands import RegisterSupplier
from reintegration.payments.service import register_supplier
from reintegration.programme.commands import ConfirmRateMonth, ImportRateMonth
from reintegration.programme.rates import confirm_rate_month, import_rate_month
from tests.builders import ADMINISTRATOR, FINANCE, MONGOLIA, OFFICER
from tests.money.cases import MadeCase, day, make_cases
from tests.money.draft_steps import DAYS, SUPPLIERS
from tests.money.reference import Reference
from tests.money.repeats import AtOnce
from tests.money.steps import Step
from tests.money.wishes import Answer, Desk, Known, Request, Wish, World, decimal
from tests.operations.conftest import serve
from tests.payment_steps import done

History = Sequence[Step]
State = Mapping[tuple[str, ...], object]
RATES = ({"JPY": "200", "MNT": "3800.5", "KWD": "0.35"}, {"JPY": "160.25", "MNT": "3912.4"})
"""Of the months of `DAYS`; with the first, every odd number of yen ends in half a cent. The second has no dinar."""
_CASES = 20
_ACCOUNTS = """
select p.case_id, a.stream, a.kind, a.line_id, sum(p.amount_minor)::bigint as held
from ledger_postings p
join ledger_accounts a on a.id = p.account_id
where p.case_id = any ($1)
group by p.case_id, a.stream, a.kind, a.line_id
"""
_PAYMENTS = """
select p.id, p.status, p.version, (select sum(l.euro_minor)::bigint from payment_lines l where l.payment_id = p.id) as total
from payments p
where p.case_id = any ($1)
"""


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
    suppliers: Mapping[str, str]
    spare: list[MadeCase] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    steps: int = 0
    is_racing: bool = False

    async def play(self, history: History) -> Failure | None:
        """Play with cases of its own, up to the first difference."""
        if len(self.spare) < 2:
            self.spare += await make_cases(self.desk.work, _CASES)
        rates = {(currency, on): rate for on, month in zip(DAYS, RATES, strict=True) for currency, rate in month.items()}
        euro = {("EUR", on): "1" for on in DAYS}
        world = World(self.spare, self.suppliers, Known(Reference(rates | euro)))
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
        expected, known = world.known.after(wish)
        answer = await wish.bring(self.desk)
        self._tell(world, wish, answer)
        if seen(wish, answer) != expected:
            raise DifferenceError(f"The answer is {answer}; by the reference it is {expected}")
        world.known = known
        found = differences(await self._state(world), state_of(world))
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
        state, reasons = await self._state(world), []
        before = world.known
        for order in ((0, 1), (1, 0)):
            known, expected = before, {}
            for place in order:
                expected[place], known = known.after((first, second)[place])
            world.known = known
            found = [
                f"the answer is {answers[place]}, not {expected[place]}"
                for place in (0, 1)
                if not is_alike(seen((first, second)[place], answers[place]), expected[place])
            ]
            found += differences(state, state_of(world))
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

    async def _state(self, world: World) -> State:
        """What is stored: each account's balance, each payment's state, version and total."""
        ids = [made.id for made in world.made.values()]
        names = {str(made.id): name for name, made in world.made.items()} | {found: name for name, found in world.ids.items()}
        accounts = await self.eye.fetch(_ACCOUNTS, ids)
        payments = await self.eye.fetch(_PAYMENTS, ids)
        state: dict[tuple[str, ...], object] = {
            (names[str(row["case_id"])], row["stream"], row["kind"], names.get(str(row["line_id"]), "")): row["held"]
            for row in accounts
            if row["held"]
        }
        for row in payments:
            state[(names[encode("Payment", row["id"])],)] = (row["status"], row["version"], row["total"])
        return state


def state_of(world: World) -> State:
    """The same, by the reference."""
    state: dict[tuple[str, ...], object] = {account: held for account, held in world.ledger.accounts.items() if held}
    for name, payment in world.ledger.payments.items():
        state[(name,)] = (payment.status, payment.version, payment.total)
    return state


def differences(stored: State, expected: State) -> list[str]:
    """A sentence for each account or payment that is not as it ought to be."""
    names = sorted(name for name in stored.keys() | expected.keys() if stored.get(name) != expected.get(name))
    return [f"{' '.join(name)} is {spelled(stored.get(name))}, by the reference {spelled(expected.get(name))}" for name in names]


def spelled(found: object) -> str:
    """A balance as an amount."""
    if isinstance(found, int):
        return f"{'-' if found < 0 else ''}{decimal(abs(found))} EUR"
    return "nothing" if found is None else str(found)


def seen(wish: Wish, answer: Answer) -> Answer:
    """As much of an answer as the reference can know."""
    if not isinstance(wish, Request):
        return answer
    record = answer.get(wish.part)
    if not isinstance(record, dict):
        return {"__typename": answer["__typename"]}
    status = {None: "open", "DRAFT": "open" if wish.part == "plan" else "draft"}.get(
        record["status"], str(record["status"]).lower()
    )
    if wish.part == "hold" and record["status"]:
        status = "lifted"
    total = {"total": record["total"]} if "total" in record else {}
    shown = {"version": record["version"], "status": status, **total}
    return {"__typename": answer["__typename"], "replayed": answer["replayed"], wish.part: shown}


def is_alike(answer: Answer, expected: Answer) -> bool:
    """For two at once: a refusal may give the reason that it met first, and a record may show what the other did to it."""
    if str(expected["__typename"]).endswith("Problem"):
        return str(answer["__typename"]).endswith("Problem")
    return all(answer.get(name) == expected.get(name) for name in ("__typename", "replayed", "done"))


@asynccontextmanager
async def lay(addresses: DatabaseAddresses) -> AsyncIterator[Table]:
    """A table over a migrated database: the served graph, rates and suppliers."""
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(serve(addresses, connections=4))
        work = UnitOfWork(api.pool, ALL_CONSTRAINTS)
        suppliers = {}
        for name in filter(None, SUPPLIERS):
            made = await done(work, OFFICER, register_supplier, RegisterSupplier(new_id(), MONGOLIA, f"{name} {new_id()}"))
            suppliers[name] = encode("Supplier", made.id)
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
        yield Table(Desk(api, work), eye, suppliers)


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
