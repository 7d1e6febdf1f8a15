"""The worker: takes reports from the queue until it is told to stop. Any number of workers may run.

PgQueuer hands a job over again when its worker has shown no sign of life for the heartbeat timeout, but counts no such try;
`export_jobs.attempts` does, so that a report which kills its worker stops after five.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final, Protocol
from uuid import UUID

import asyncpg
import structlog
from pgqueuer.adapters.drivers.asyncpg import AsyncpgPoolDriver
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job as QueueEntry

from reintegration.database.unit_of_work import open_pool
from reintegration.exports.errors import FailureCode
from reintegration.exports.manifest import SealBrokenError
from reintegration.exports.ordering import enqueue_lost
from reintegration.exports.queue import ENTRYPOINT, SETTINGS, queue_queries
from reintegration.exports.running import (
    MOST_TRIES,
    WORKER,
    DefinitionReplacedError,
    ReportResources,
    TriesExhaustedError,
    fail_report,
    give_back,
    run_report,
)
from reintegration.exports.tables import CellError
from reintegration.exports.writers.workbook import WorkbookFullError
from reintegration.storage.errors import ObjectConflictError, ObjectStoreError

HEARTBEAT_TIMEOUT: Final = timedelta(seconds=5)
_CONNECTIONS: Final = 4
_AT_ONCE: Final = 2
_LONGEST_DELAY_S: Final = 60
_SWEEP_INTERVAL_S: Final = 60.0
# Trying again can't help with these.
_FINAL: Final[tuple[tuple[type[Exception], FailureCode], ...]] = (
    (TriesExhaustedError, FailureCode.CRASHED),
    (DefinitionReplacedError, FailureCode.DEFINITION_REPLACED),
    (SealBrokenError, FailureCode.SEAL_BROKEN),
    (CellError, FailureCode.CELL_INVALID),
    (WorkbookFullError, FailureCode.TOO_MANY_ROWS),
)
# At the last try these say why; before it, they may pass. A conflict passes when it was another worker's upload under way.
_AT_LAST: Final[tuple[tuple[type[Exception], FailureCode], ...]] = (
    (ObjectConflictError, FailureCode.CONTENT_CONFLICT),
    (ObjectStoreError, FailureCode.STORE_UNAVAILABLE),
)
_TOLD_IN_WORDS: Final = (SealBrokenError, ObjectStoreError)
_log = structlog.get_logger()


class Delay(Protocol):
    """How long to wait before a report is tried again, by the number of tries so far."""

    def __call__(self, attempts: int) -> timedelta:
        """The pause."""


def growing_delay(attempts: int) -> timedelta:
    """2, 4, 8 … seconds, a minute at most."""
    return timedelta(seconds=min(2**attempts, _LONGEST_DELAY_S))


@dataclass(frozen=True, slots=True)
class WorkerPace:
    """How fast a worker reacts; tests are in more of a hurry."""

    heartbeat_timeout: timedelta = HEARTBEAT_TIMEOUT
    poll: timedelta = HEARTBEAT_TIMEOUT
    """How often it looks for jobs of dead workers; new orders announce themselves."""
    delay: Delay = growing_delay


async def run_worker(resources: ReportResources, database_url: str, stop: asyncio.Event, pace: WorkerPace | None = None) -> None:
    """Work until `stop` is set; reports under way then go back to the queue untouched. Opens a pool of its own for the queue.

    Each of its two reports at once holds a connection of the unit of work's pool for its snapshot and needs another for
    progress: that pool has at least four.
    Don't cancel it: PgQueuer takes a cancelled job for one that nobody wants any more.
    """
    pace = pace or WorkerPace()
    async with _jobs_pool(database_url) as pool:
        manager = QueueManager(queue_queries(AsyncpgPoolDriver(pool)), channel=SETTINGS.channel)
        manager.entrypoint(ENTRYPOINT, accepts_context=False)(partial(_handle, resources, stop, pace))
        stopping = asyncio.create_task(_pass_on(stop, manager.shutdown))
        sweeping = asyncio.create_task(_sweep(resources))
        try:
            await manager.run(
                dequeue_timeout=pace.poll,
                batch_size=1,
                max_concurrent_tasks=_AT_ONCE,
                heartbeat_timeout=pace.heartbeat_timeout,
                shutdown_on_listener_failure=True,
            )
        finally:
            stopping.cancel()
            sweeping.cancel()
            await asyncio.wait({stopping, sweeping})


@asynccontextmanager
async def _jobs_pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(database_url, max_size=_CONNECTIONS)
    try:
        yield pool
    finally:
        await pool.close()


async def _pass_on(first: asyncio.Event, second: asyncio.Event) -> None:
    await first.wait()
    second.set()


async def _sweep(resources: ReportResources) -> None:
    """At the start and then each minute: orders whose entry got lost, as when the database went away under a failing job."""
    while True:
        try:
            lost = await resources.unit_of_work.write(WORKER, enqueue_lost)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            _log.warning("queue not swept", error=type(error).__name__)
        else:
            if lost:
                _log.warning("lost orders queued again", orders=lost)
        await asyncio.sleep(_SWEEP_INTERVAL_S)


async def _handle(resources: ReportResources, stop: asyncio.Event, pace: WorkerPace, entry: QueueEntry) -> None:
    """One entry of the queue: run it, or put it back, or end it."""
    report_id = UUID(bytes=entry.payload)
    work = asyncio.create_task(run_report(resources, report_id))
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            work.cancel()
            await asyncio.wait({work})
            if work.cancelled():
                await give_back(resources.unit_of_work, report_id)
                raise RetryRequested(reason="the worker stops")
    finally:
        stopped.cancel()
    error = work.exception()
    if error is None:
        _log.info("report finished", report_id=str(report_id))
    elif isinstance(error, Exception):
        await _fail_or_retry(resources, pace, report_id, error)
    else:
        raise error


async def _fail_or_retry(resources: ReportResources, pace: WorkerPace, report_id: UUID, error: Exception) -> None:
    """End the report if it can't succeed or has had its tries; else ask for another one."""
    # What an operator must see to is told in words, which name keys and places; what is a fault of ours, with its stack.
    if isinstance(error, _TOLD_IN_WORDS):
        _log.error("report failed", report_id=str(report_id), error=type(error).__name__, reason=str(error))
    else:
        _log.error("report failed", report_id=str(report_id), error=type(error).__name__, exc_info=error)
    code = next((code for kind, code in _FINAL if isinstance(error, kind)), None)
    try:
        attempts = await _attempts(resources, report_id)
        if code is None and attempts >= MOST_TRIES:
            code = next((code for kind, code in _AT_LAST if isinstance(error, kind)), FailureCode.INTERNAL)
        if code is not None:
            await fail_report(resources.unit_of_work, report_id, code)
            return
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        # The database is away: nothing can be written now, so the entry stays in the queue. PgQueuer keeps the text of the
        # chain, where a value could stand; `jobs` holds none.
        raise RetryRequested(pace.delay(MOST_TRIES), "the database is away") from None
    raise RetryRequested(pace.delay(attempts), type(error).__name__)


async def _attempts(resources: ReportResources, report_id: UUID) -> int:
    async with resources.unit_of_work.read(WORKER) as transaction:
        value = await transaction.fetch_value("select attempts from export_jobs where id = $1", report_id)
    return value if isinstance(value, int) else MOST_TRIES
