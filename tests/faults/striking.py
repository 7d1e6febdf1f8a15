"""One operation with a fault at one moment that its server survives: connections that are cut, PostgreSQL killed."""

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp

from tests.faults.api_process import Answer
from tests.faults.effects import position, since
from tests.faults.scenes import Scene, Wish
from tests.faults.trial import FAULT, Arena, Twin, alike, payload, retried, settled

_PATIENCE_S = 60
_UNAVAILABLE = ("A part of the service is not reachable or too busy; try again", "UNAVAILABLE")
_AT_WORK = """
select count(*) from pg_stat_activity
where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid() and state <> 'idle'
"""


async def warm(arena: Arena, scene: Scene) -> Twin:
    """What the operation does and answers, and where it waits, on a server that has done it before."""
    for _ in range(2):
        wish = await scene(arena.ground)
        before = await position(arena.ground.work)
        answer = payload(wish, await arena.victim.send(wish.who, wish.body(), headers={FAULT: "die 0"}))
    return Twin(await since(arena.ground.work, before), alike(answer), arena.moments())


async def struck(
    arena: Arena, scene: Scene, number: int, kind: str, *, repair: Callable[[], Awaitable[None]] | None = None
) -> bool:
    """Let it happen at a moment, repair what was broken, and ask again; whether the operation was done before that.

    The twin is made just before, so that the server is as warm then as it is now.
    """
    twin = await warm(arena, scene)
    wish = await scene(arena.ground)
    before = await position(arena.ground.work)
    answer = await _asked(arena, wish, f"{kind} {number}")
    if repair is not None:
        await repair()
    await at_rest(arena)
    if answer is not None:
        heard(wish, answer, twin)
    _met(arena, twin, number)
    return await settled(arena.ground, arena.survivor, wish, twin, before)


async def left(arena: Arena, scene: Scene, number: int) -> bool:
    """Let the caller's connection be cut at a moment; they ask again at once. Whether the retry found it done.

    The server goes on without who asked, so that both requests may run at the same time.
    """
    twin = await warm(arena, scene)
    wish = await scene(arena.ground)
    before = await position(arena.ground.work)
    arena.forget_moments()
    assert await _asked(arena, wish, f"client {number}") is None
    is_replay = await retried(arena.ground, arena.survivor, wish, twin, before)
    async with asyncio.timeout(_PATIENCE_S):
        while not arena.has_moments():  # noqa: ASYNC110 - another process decides
            await asyncio.sleep(0.005)
    _met(arena, twin, number)
    assert await since(arena.ground.work, before) == twin.effect
    return is_replay


def _met(arena: Arena, twin: Twin, number: int) -> None:
    """The moment has come, and is one of the twin's. A server that lives on may have a connection more or less than then."""
    moments = arena.moments()
    assert len(moments) >= number
    assert moments[number - 1] in twin.moments


async def _asked(arena: Arena, wish: Wish, fault: str) -> Answer | None:
    try:
        return await arena.victim.send(wish.who, wish.body(), headers={FAULT: fault})
    except aiohttp.ClientError:
        return None


def heard(wish: Wish, answer: Answer, twin: Twin) -> None:
    """Who gets an answer in spite of the fault gets the right one, or is told to try again; nothing else."""
    if "errors" not in answer:
        assert alike(payload(wish, answer)) == twin.answer
        return
    errors = answer["errors"]
    assert isinstance(errors, list)
    assert [(error["message"], error["extensions"]["code"]) for error in errors] == [_UNAVAILABLE], (wish.name, answer)


async def at_rest(arena: Arena) -> None:
    """Wait until nobody's transaction is open, cut off ones included."""
    async with asyncio.timeout(_PATIENCE_S):
        while await arena.owner.fetchval(_AT_WORK):  # noqa: ASYNC110 - PostgreSQL decides
            await asyncio.sleep(0.01)
