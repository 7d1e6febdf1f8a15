"""`worker`: works on reports and keeps the programme's time until a signal comes. It loads nothing of the API, which is slow."""

import asyncio
import sys
from importlib.metadata import PackageNotFoundError, version

import structlog

from reintegration.audit.invariants import findings
from reintegration.commands.clock import keep_time
from reintegration.commands.running import run
from reintegration.commands.starting import started_places, until_stopped
from reintegration.database.transaction import Transaction
from reintegration.exports.manifest import InvariantHeld
from reintegration.exports.running import ReportResources
from reintegration.exports.worker import run_worker
from reintegration.resources import Places, Stores, open_places, open_stores
from reintegration.settings import Profile, Settings
from reintegration.telemetry import configure_logging

_log = structlog.get_logger(__name__)


class WorkerEndedError(Exception):
    """The worker ended though nobody stopped it: it lost the database."""


def work(settings: Settings, *, follows_stdin: bool) -> None:
    """Work on reports until a signal comes or, with `follows_stdin`, until whoever started us is gone.

    Raises what `open_places` and `open_stores` raise, and WorkerEndedError.
    """
    configure_logging(is_production=settings.profile is Profile.PRODUCTION)
    # Beside a server everything runs already, and the terminal is the server's.
    opened = open_places(settings) if follows_stdin else started_places(settings)
    with until_stopped(), opened as places:
        run(_work(settings, places, follows_stdin=follows_stdin))


def report_resources(stores: Stores) -> ReportResources:
    """What the worker needs of the stores."""
    scratch_dir = stores.settings.data_dir / "scratch"
    return ReportResources(stores.unit_of_work, stores.object_store, scratch_dir, _software(), _invariants)


async def _invariants(snapshot: Transaction) -> tuple[InvariantHeld, ...]:
    return tuple(InvariantHeld(finding.name, finding.violations) for finding in await findings(snapshot))


def _software() -> str:
    """Who makes reports, for their manifests."""
    try:
        return f"reintegration {version('reintegration')}"
    except PackageNotFoundError:
        return "reintegration (from its sources)"


async def _work(settings: Settings, places: Places, *, follows_stdin: bool) -> None:
    async with open_stores(settings, places) as stores:
        stop = asyncio.Event()
        worker = asyncio.create_task(run_worker(report_resources(stores), places.database.application_url, stop), name="worker")
        clock = asyncio.create_task(keep_time(stores.unit_of_work, stop), name="clock")
        waited: set[asyncio.Task[None]] = {worker, clock}
        if follows_stdin:
            waited.add(asyncio.create_task(_end_of_stdin(), name="starter"))
        _log.info("worker started")
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if clock.done():
                clock.result()
            if worker.done():
                worker.result()
                raise WorkerEndedError("the worker lost the database")
        finally:
            stop.set()  # never cancelled: PgQueuer would take its job for one that nobody wants
            await asyncio.shield(asyncio.wait({worker, clock}))


async def _end_of_stdin() -> None:
    """Return when the other end of the pipe is closed."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
