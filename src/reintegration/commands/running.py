"""Runs a command's coroutine until it ends or somebody asks it to: the first SIGINT or SIGTERM ends it in order."""

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StoppedError(BaseException):
    """A signal ended the command; like KeyboardInterrupt no error, so that nothing on its way takes it for one."""


@contextmanager
def stoppable() -> Iterator[None]:
    """Turn the first SIGINT or SIGTERM of the block into StoppedError; later ones wait until what is open is closed.

    For the blocking parts of a command, which start and stop servers; `run` takes over inside.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise StoppedError

    before = {number: signal.signal(number, stop) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(work: Coroutine[object, object, None]) -> None:
    """Run `work` on uvloop where there is one, within `stoppable`; a signal cancels it, once.

    Raises:
        StoppedError: a signal ended it; everything that it had open is closed.
    """
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        try:
            runner.run(_until_stopped(work))
        finally:
            for number in SIGNALS:  # from here on servers are being stopped
                signal.signal(number, signal.SIG_IGN)


async def _until_stopped(work: Coroutine[object, object, None]) -> None:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    is_stopped = False

    def stop() -> None:
        nonlocal is_stopped
        if not is_stopped:
            is_stopped = True
            task.cancel()

    for number in SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        await task
    except asyncio.CancelledError:
        if is_stopped:
            raise StoppedError from None
        raise


def _loop_factory() -> "type[asyncio.AbstractEventLoop] | None":
    try:
        import uvloop  # noqa: PLC0415 - not on Windows
    except ImportError:
        return None
    return uvloop.Loop
