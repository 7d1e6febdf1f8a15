"""kill -9 of a worker at every await of its clock: notices, budgets that expire, the invariants. The next clock does the rest.

Each case has a transaction of its own, so that of several some may be done when the worker dies; none is done in part, and
none twice.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from signal import SIGKILL
from uuid import UUID

import asyncpg
import pytest

from reintegration.audit.invariants import check
from reintegration.commands.clock import CLOCK, Tick, tick
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.clock import today
from tests.builders import SYSTEM, open_work
from tests.faults.effects import Effect, position, since
from tests.faults.nursery import Child, Nursery
from tests.faults.trial import IS_WHOLE, PRESENT, forgotten
from tests.payment_steps import BuiltPlan, a_payment, a_planned_case
from tests.proofs import row, value

_PATIENCE_S = 60
_MOVE = "update entitlements set deadline_on = $2 where case_id = $1 and stream = 'reintegration'"
_STATE = """
select
    (select array_agg((occasion, released_minor, drafts_cancelled)::text) from deadline_expiries where case_id = $1) as expiries,
    (select array_agg(days_before) from deadline_notices n where n.case_id = $1) as notices,
    (select count(*) from payments p where p.case_id = $1 and p.status = 'draft') as drafts,
    (select count(*) from ledger_transactions t where t.case_id = $1 and t.kind = 'entitlement_released') as released
"""
_CHECKS = "select count(*) from invariant_checks"
_DUE_BEFORE: dict[str, object] = {"expiries": None, "notices": None, "drafts": 0, "released": 0}
_OPEN_BEFORE = {**_DUE_BEFORE, "drafts": 1}
_NOTED = {**_DUE_BEFORE, "notices": [30]}
_EXPIRED = {**_DUE_BEFORE, "expiries": ["(1,180000,0)"], "released": 1}
_EXPIRED_WITH_DRAFT = {**_DUE_BEFORE, "expiries": ["(1,179900,1)"], "released": 1}


@dataclass(slots=True)
class Place:
    """A database and the files of the clocks that die there."""

    work: UnitOfWork
    owner: asyncpg.Pool
    nursery: Nursery
    database: DatabaseAddresses
    folder: Path

    async def clock(self, number: int) -> Child:
        """A worker's clock that dies at a moment, or at none."""
        return await self.nursery.bear(
            "tests.faults.victim_clock",
            (self.database.application_url, str(number)),
            {"TMPDIR": str(self.folder), "PATH": "", "MOMENTS": str(self.folder / "moments.txt")},
            output=self.folder / "clock.txt",
            errors=self.folder / "clock.log",
        )

    def moments(self) -> list[str]:
        return (self.folder / "moments.txt").read_text().split("\n")

    async def states(self, cases: tuple[UUID, ...]) -> list[dict[str, object]]:
        return [await row(self.work, _STATE, case) for case in cases]


async def _move(work: UnitOfWork, plan: BuiltPlan, on: date) -> None:
    async def set_deadline(transaction: Transaction) -> int:
        return await transaction.execute(_MOVE, plan.case.id, on)

    assert await work.write(SYSTEM, set_deadline) == 1


async def _due(work: UnitOfWork) -> tuple[UUID, ...]:
    """A case to be told of its deadline, one whose budget has expired, and one that has paid a euro and drafted another."""
    plans = [await a_planned_case(work) for _ in range(3)]
    for status in ("paid", "draft"):
        await a_payment(work, plans[2], 100, status=status)
    for plan, days in zip(plans, (20, -1, -1), strict=True):
        await _move(work, plan, today() + timedelta(days=days))
    return tuple(plan.case.id for plan in plans)


@pytest.fixture
async def place(nursery: Nursery, fresh_database: DatabaseAddresses, tmp_path: Path) -> object:
    owner = await asyncpg.create_pool(fresh_database.superuser_url, min_size=1, max_size=1)
    async with open_work(fresh_database) as work:
        yield Place(work, owner, nursery, fresh_database, tmp_path)
    await owner.close()


async def test_the_clock_goes_on_after_every_await(place: Place, record_property: Callable[[str, object], None]) -> None:
    work = place.work
    cases = await _due(work)
    before = await position(work)
    assert await asyncio.wait_for((await place.clock(0)).ended, _PATIENCE_S) == 0, (place.folder / "clock.log").read_text()
    twin, moments = await since(work, before), place.moments()
    assert await place.states(cases) == [_NOTED, _EXPIRED, _EXPIRED_WITH_DRAFT]
    assert await value(work, _CHECKS) == 1
    numbers = range(1, len(moments) + 1) if IS_WHOLE else range(4, len(moments) + 1, len(moments) // 5)
    done = [await _killed(place, twin, moments, number) for number in numbers]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 3)
    record_property("moments", len(moments))
    record_property("kills", len(numbers))
    record_property("done", str(done))


async def _killed(place: Place, twin: Effect, moments: list[str], number: int) -> int:
    """How many of the three cases were done when the worker died."""
    work = place.work
    cases = await _due(work)
    before, checks = await position(work), await value(work, _CHECKS)
    present = await place.owner.fetchval(PRESENT)
    clock = await place.clock(number)
    assert await asyncio.wait_for(clock.ended, _PATIENCE_S) == -SIGKILL, (place.folder / "clock.log").read_text()
    assert place.moments() == moments[:number]
    await forgotten(place.owner, present)
    states = await place.states(cases)
    done = []
    for state, undone, whole in zip(
        states,
        (_DUE_BEFORE, _DUE_BEFORE, _OPEN_BEFORE),
        (_NOTED, _EXPIRED, _EXPIRED_WITH_DRAFT),
        strict=True,
    ):
        assert state in (undone, whole), (moments[number - 1], state)
        done.append(state == whole)
    rest = await tick(work)
    assert (rest.notices, rest.expired, rest.failed) == (1 - done[0], 2 - done[1] - done[2], 0)
    assert rest.released_minor == 180_000 * (not done[1]) + 179_900 * (not done[2])
    assert await place.states(cases) == [_NOTED, _EXPIRED, _EXPIRED_WITH_DRAFT]
    assert await since(work, before) == twin
    assert await tick(work) == Tick()
    assert await since(work, before) == twin
    assert [finding for finding in (await check(work)).findings if finding.violations] == []
    assert int(str(await value(work, _CHECKS))) - int(str(checks)) in {0, 1}
    assert CLOCK.id == "clock"
    return sum(done)
