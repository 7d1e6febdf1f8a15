"""Waiting for work that must not be left half-done when its task is cancelled."""

import asyncio
from typing import TypeVar

_Result = TypeVar("_Result")


async def to_the_end(work: "asyncio.Future[_Result]") -> _Result:
    """Await `work` even while being cancelled, however often, and only then pass the cancellation on.

    For work that ends by itself in bounded time: a call with a time limit, a step in a thread.
    """
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is None:
        return work.result()
    failure = None if work.cancelled() else work.exception()
    if failure is not None:
        cancelled.add_note(f"the work under way failed, too: {failure}")
    raise cancelled
