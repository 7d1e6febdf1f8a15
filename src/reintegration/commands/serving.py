"""`serve` and `worker`: the commands that go on until a signal comes."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, nullcontext
from importlib.metadata import PackageNotFoundError, version
from typing import Final

import structlog

from reintegration.app import open_site
from reintegration.commands.running import StoppedError, run, stoppable
from reintegration.exports.running import ReportResources
from reintegration.exports.worker import run_worker
from reintegration.progress import progress
from reintegration.resources import Places, Stores, embedded_servers, open_places, open_resources, open_stores
from reintegration.settings import Profile, Settings
from reintegration.telemetry import configure_logging

_STOP_TIMEOUT_S: Final = 20.0
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 30.0
_log = structlog.get_logger(__name__)


class WorkerEndedError(Exception):
    """The worker ended though nobody stopped it: it lost the database."""


def serve(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve the API, with a worker beside it, until a signal comes; `announce` gets a line for each thing to know.

    Raises what `open_places`, `open_resources` and `open_site` raise.
    """
    configure_logging(is_production=settings.profile is Profile.PRODUCTION)
    with _until_stopped(), started_places(settings) as places:
        run(_serve(settings, places, announce))


def work(settings: Settings, *, follows_stdin: bool) -> None:
    """Work on reports until a signal comes or, with `follows_stdin`, until whoever started us is gone.

    Raises what `open_places` and `open_stores` raise, and WorkerEndedError.
    """
    configure_logging(is_production=settings.profile is Profile.PRODUCTION)
    # Beside a server everything runs already, and the terminal is the server's.
    opened = open_places(settings) if follows_stdin else started_places(settings)
    with _until_stopped(), opened as places:
        run(_work(settings, places, follows_stdin=follows_stdin))


@contextmanager
def started_places(settings: Settings) -> Iterator[Places]:
    """`open_places` with a sign of progress."""
    with ExitStack() as stack:
        with waiting(f"Starting {' and '.join(embedded_servers(settings))}" if embedded_servers(settings) else "Starting"):
            places = stack.enter_context(open_places(settings))
        yield places


def waiting(title: str) -> AbstractContextManager[object]:
    """A spinner for a person at a terminal; elsewhere nothing, so that a refusal is the only line."""
    return progress(title) if sys.stderr.isatty() else nullcontext()


def report_resources(stores: Stores) -> ReportResources:
    """What the worker needs of the stores."""
    return ReportResources(stores.unit_of_work, stores.object_store, stores.settings.data_dir / "scratch", _software())


@asynccontextmanager
async def worker_process() -> AsyncIterator[None]:
    """A worker in a process of its own, in our process group and with our environment; started again when it dies.

    It follows our end of a pipe, which the kernel closes, so a worker never outlives a killed server.
    """
    stop = asyncio.Event()
    keeping = asyncio.create_task(_keep_worker(stop), name="worker")
    try:
        yield
    finally:
        stop.set()
        await asyncio.shield(keeping)


def _software() -> str:
    """Who makes reports, for their manifests."""
    try:
        return f"reintegration {version('reintegration')}"
    except PackageNotFoundError:
        return "reintegration (from its sources)"


@contextmanager
def _until_stopped() -> Iterator[None]:
    """For these commands a signal is the ordinary end."""
    try:
        with stoppable():
            yield
    except StoppedError:
        _log.info("stopped")


async def _serve(settings: Settings, places: Places, announce: Callable[[str], None]) -> None:
    async with AsyncExitStack() as stack:
        with waiting("Migrating and connecting"):
            resources = await stack.enter_async_context(open_resources(settings, places))
        site = await stack.enter_async_context(open_site(resources))
        await stack.enter_async_context(worker_process())
        announce(f"API       {site.url}/graphql")
        if settings.profile is not Profile.PRODUCTION:
            announce(f"GraphiQL  {site.url}/graphiql")
        announce(f"Readiness {site.url}/readyz")
        await asyncio.Event().wait()


async def _work(settings: Settings, places: Places, *, follows_stdin: bool) -> None:
    async with open_stores(settings, places) as stores:
        stop = asyncio.Event()
        worker = asyncio.create_task(run_worker(report_resources(stores), places.database.application_url, stop), name="worker")
        waited: set[asyncio.Task[None]] = {worker}
        if follows_stdin:
            waited.add(asyncio.create_task(_end_of_stdin(), name="starter"))
        _log.info("worker started")
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if worker.done():
                worker.result()
                raise WorkerEndedError("the worker lost the database")
        finally:
            stop.set()  # never cancelled: PgQueuer would take its job for one that nobody wants
            await asyncio.shield(asyncio.wait({worker}))


async def _end_of_stdin() -> None:
    """Return when the other end of the pipe is closed."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


async def _keep_worker(stop: asyncio.Event) -> None:
    stopped = asyncio.create_task(stop.wait())
    pause_s = _FIRST_PAUSE_S
    while not stop.is_set():
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "reintegration", "worker", "--follow-stdin", stdin=asyncio.subprocess.PIPE
        )
        ended = asyncio.create_task(process.wait())
        await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            await _end(process)
            break
        _log.error("worker ended; it is started again", status=process.returncode, pause_s=pause_s)
        await asyncio.wait({stopped}, timeout=pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
    await stopped


async def _end(process: asyncio.subprocess.Process) -> None:
    """Let the worker give back what it works on; a bounded time. One that still starts has nothing and ends at once."""
    if process.stdin is not None:
        process.stdin.close()
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOP_TIMEOUT_S)
    except TimeoutError:
        _log.warning("worker was killed at shutdown")
        process.kill()
        await process.wait()
