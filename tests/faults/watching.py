"""Every moment at which a coroutine waits, counted, so that something can happen at any one of them.

A coroutine gives up control only where it awaits what is not there yet: a statement, an object, a thread. There it is passed
twice: what was asked for is on its way (`sent`), and has come (`answered`) with nothing asked for since. Between two such
moments nothing reaches the world, so that a fault at each of them is a fault at every place. Tasks that the coroutine starts
are watched like itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

_OURS = str(Path(__file__).parents[2] / "src" / "reintegration") + "/"
_watch: ContextVar["Watch | None"] = ContextVar("watch", default=None)


@dataclass(slots=True)
class Watch:
    """Counts moments and does `fault` at the one with number `at`, from 1 on; at none of them when it is 0."""

    at: int = 0
    fault: Callable[[str], None] | None = None
    moments: list[str] = field(default_factory=list)
    is_over: bool = False

    def passed(self, moment: str) -> None:
        """Another moment has come."""
        if self.is_over:
            return
        self.moments.append(moment)
        if len(self.moments) == self.at and self.fault is not None:
            self.fault(moment)

    async def over(self, coroutine: Coroutine[object, object, object]) -> object:
        """Run a coroutine; the last moment is its end, when nobody has heard of it yet."""
        asyncio.get_running_loop().set_task_factory(_watched_task)
        _watch.set(self)
        try:
            result = await _Watched(coroutine, self)
            self.passed("the end")
        finally:
            self.is_over = True
        return result


class _Watched(Awaitable[object]):
    """Drives a coroutine by hand, as a task would."""

    def __init__(self, coroutine: Coroutine[object, object, object], watch: Watch) -> None:
        self._coroutine = coroutine
        self._watch = watch

    def __await__(self) -> Generator[object, object, object]:
        go: Callable[[object], object] = self._coroutine.send
        argument: object = None
        while True:
            try:
                awaited = go(argument)
            except StopIteration as end:
                return end.value
            place = _place(self._coroutine)
            self._watch.passed(f"{place} sent")
            try:
                argument, go = (yield awaited), self._coroutine.send
            except GeneratorExit:
                self._coroutine.close()
                raise
            except BaseException as error:  # noqa: BLE001 - a cancellation, too, belongs to who is driven
                argument, go = error, self._coroutine.throw  # type: ignore[assignment] # one argument is enough
            self._watch.passed(f"{place} answered")


async def _driven(coroutine: Coroutine[object, object, object], watch: Watch) -> object:
    return await _Watched(coroutine, watch)


def _watched_task(
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[object, object, object], **options: object
) -> "asyncio.Task[object]":
    watch = _watch.get()
    if watch is not None and not watch.is_over:
        coroutine = _driven(coroutine, watch)
    return asyncio.Task(coroutine, loop=loop, **options)  # type: ignore[arg-type] # a name and a context


def _place(coroutine: object) -> str:
    """The innermost line of ours that waits. An asynchronous generator hides what it awaits: then the line that entered it."""
    found, inner = "the framework", coroutine
    while inner is not None:
        frame = getattr(inner, "cr_frame", None) or getattr(inner, "gi_frame", None)
        if frame is not None and frame.f_code.co_filename.startswith(_OURS):
            found = f"{frame.f_code.co_filename.removeprefix(_OURS)}:{frame.f_lineno} {frame.f_code.co_name}"
        inner = getattr(inner, "cr_await", None) or getattr(inner, "gi_yieldfrom", None)
    return found
