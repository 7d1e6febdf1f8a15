"""The programme's clock: notices before deadlines, and the return of what is left after them. Any number of clocks may tick."""

import asyncio
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from reintegration.audit.invariants import check_and_record
from reintegration.commands.running import run, stoppable
from reintegration.commands.starting import started_places
from reintegration.database.outage import ConnectionLostError
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.entitlements.service import note_deadlines
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.clock import today
from reintegration.kernel.errors import DomainError
from reintegration.payments.service import due_cases, expire_case
from reintegration.resources import Places, open_stores
from reintegration.settings import Settings

CLOCK: Final = Actor(id="clock", role=Role.SYSTEM)
"""Who expires budgets, in the log and the ledger."""
_INTERVAL_S: Final = 3600.0
_BATCH: Final = 200
_FIRST: Final = UUID(int=0)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Tick:
    """What one look at the clock did. `failed` cases are tried again at the next."""

    notices: int = 0
    expired: int = 0
    released_minor: int = 0
    drafts_cancelled: int = 0
    failed: int = 0


async def tick(work: UnitOfWork) -> Tick:
    """Record the notices that are due and expire what has passed, each case in a transaction of its own.

    A case that fails is logged and counted, and keeps nobody else waiting.

    Raises:
        ConnectionLostError: PostgreSQL is away; what was done until then stays.
    """
    notices = 0
    while found := await work.write(CLOCK, lambda transaction: note_deadlines(transaction, on=today(), most=_BATCH)):
        notices += found
    expired = released_minor = drafts = failed = 0
    after = _FIRST
    while cases := await _due(work, after):
        for case_id in cases:
            try:
                done = await work.write(CLOCK, lambda transaction, case_id=case_id: expire_case(transaction, case_id))  # type: ignore[misc]
            except (DomainError, asyncpg.PostgresError):
                _log.exception("a budget did not expire", case_id=str(case_id))
                failed += 1
                continue
            if done is not None:
                expired += 1
                released_minor += done.released_minor
                drafts += done.drafts_cancelled
        after = cases[-1]
    return Tick(notices, expired, released_minor, drafts, failed)


async def keep_time(work: UnitOfWork, stop: asyncio.Event) -> None:
    """Tick now and then each hour until `stop` is set; an outage waits for the next tick."""
    while not stop.is_set():
        try:
            done = await tick(work)
        except (ConnectionLostError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            _log.warning("the clock stands still", error=type(error).__name__)
        else:
            await _look(work)
            if done != Tick():
                _log.info("clock", notices=done.notices, expired=done.expired, drafts=done.drafts_cancelled, failed=done.failed)
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({stopped}, timeout=_INTERVAL_S)
        stopped.cancel()


async def _look(work: UnitOfWork) -> None:
    """Ask the invariants and keep what was found; what breaks one is an error of the log, whoever reads it."""
    try:
        found = await check_and_record(work)
    except (ConnectionLostError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        _log.warning("the invariants were not asked", error=type(error).__name__)
        return
    for finding in found.findings:
        if finding.violations:
            _log.error("an invariant is broken", invariant=finding.name, violations=finding.violations)


def tick_once(settings: Settings) -> Tick:
    """One look at the clock, for the command.

    Raises what `open_places` and `open_stores` raise.
    """
    done: list[Tick] = []
    with stoppable(), started_places(settings) as places:
        run(_once(settings, places, done))
    return done[0]


async def _once(settings: Settings, places: Places, done: list[Tick]) -> None:
    async with open_stores(settings, places) as stores:
        done.append(await tick(stores.unit_of_work))


async def _due(work: UnitOfWork, after: UUID) -> tuple[UUID, ...]:
    async with work.read(CLOCK) as transaction:
        return await due_cases(transaction, after=after, most=_BATCH)
