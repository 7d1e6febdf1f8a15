"""A worker beside a server, in a process of its own."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog

_STOP_TIMEOUT_S: Final = 20.0
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 30.0
_log = structlog.get_logger(__name__)


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
