"""One operation with a fault at one moment: nothing is half done, and the retry gets what an undisturbed twin got, once."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from typing import cast

import aiohttp
import asyncpg

from reintegration.audit.invariants import check
from tests.faults.api_process import Answer, ApiProcess
from tests.faults.effects import Effect, Position, position, since
from tests.faults.scenes import SCENES, Ground, Scene, Wish

FAULT = "X-Fault"
IS_WHOLE = os.environ.get("FAULTS") == "all"
"""Whether every moment of every operation has its trial; otherwise a few moments of some."""
TRIED = (
    tuple(SCENES)
    if IS_WHOLE
    else (
        "paymentDraft",
        "paymentApprove",
        "paymentRelease",
        "paymentConfirm",
        "advanceSettle",
        "periodClose",
        "statementImport",
    )
)
"""The operations of the trials that cost most."""
_PATIENCE_S = 60
_OTHERS = """
select count(*) from pg_stat_activity
where datname = current_database() and backend_type = 'client backend' and not pid = any ($1::int[])
"""
PRESENT = "select array_agg(pid) from pg_stat_activity where datname = current_database()"
_OWN = frozenset({"id", "contentDigest"})
"""What two records that are alike have each of its own."""


@dataclass(frozen=True, slots=True)
class Arena:
    """Where trials are held: a server that faults happen to, and one that answers the retries."""

    ground: Ground
    victim: ApiProcess
    survivor: ApiProcess
    owner: asyncpg.Pool

    @property
    def _file(self) -> Path:
        return Path(self.victim.environment["MOMENTS"])

    def moments(self) -> list[str]:
        """Of the victim's last request."""
        return self._file.read_text().split("\n")

    def has_moments(self) -> bool:
        """Whether a request has ended since they were forgotten."""
        return self._file.exists()

    def forget_moments(self) -> None:
        """Before a request whose end nobody hears of."""
        self._file.unlink()


@dataclass(frozen=True, slots=True)
class Twin:
    """An operation that nothing happened to."""

    effect: Effect
    answer: object
    moments: list[str]


async def undisturbed(arena: Arena, scene: Scene) -> Twin:
    """What the operation does and answers, and where it waits, on a server that has just started."""
    wish = await scene(arena.ground)
    before = await position(arena.ground.work)
    await arena.victim.start()
    answer = payload(wish, await arena.victim.send(wish.who, wish.body(), headers={FAULT: "die 0"}))
    await arena.victim.kill()
    assert answer["replayed"] is False
    effect = await since(arena.ground.work, before)
    assert not effect.is_nothing
    return Twin(effect, alike(answer), arena.moments())


async def killed(arena: Arena, scene: Scene, twin: Twin, number: int) -> bool:
    """Kill the server at a moment; whether the operation was done then."""
    ground = arena.ground
    wish = await scene(ground)
    before = await position(ground.work)
    present = await arena.owner.fetchval(PRESENT)
    await arena.victim.start()
    victim = arena.victim.process
    assert victim is not None
    try:
        await arena.victim.send(wish.who, wish.body(), headers={FAULT: f"die {number}"})
    except aiohttp.ClientError:
        pass
    else:
        raise AssertionError(f"it lived on at {number}")
    assert await asyncio.wait_for(asyncio.shield(victim.ended), _PATIENCE_S) == -SIGKILL
    assert arena.moments() == twin.moments[:number]
    await forgotten(arena.owner, present)
    return await settled(ground, arena.survivor, wish, twin, before)


async def settled(ground: Ground, api: ApiProcess, wish: Wish, twin: Twin, before: Position) -> bool:
    """After a fault: all or nothing is there, and the retry does what is missing; whether that was nothing."""
    half = await since(ground.work, before)
    assert half.is_nothing or half == twin.effect, half
    assert await retried(ground, api, wish, twin, before) is not half.is_nothing
    return not half.is_nothing


async def retried(ground: Ground, api: ApiProcess, wish: Wish, twin: Twin, before: Position) -> bool:
    """The same request is answered as the twin's was, each time it comes, and done once; whether it was done before."""
    first = payload(wish, await api.send(wish.who, wish.body()))
    assert alike(first) == twin.answer
    assert await since(ground.work, before) == twin.effect
    again = payload(wish, await api.send(wish.who, wish.body()))
    assert again == {**first, "replayed": True}
    assert await since(ground.work, before) == twin.effect
    found = await check(ground.work)
    assert [finding for finding in found.findings if finding.violations] == []
    return first["replayed"] is True


async def forgotten(owner: asyncpg.Pool, present: Sequence[int]) -> None:
    """Wait until PostgreSQL has ended every connection that came after those."""
    async with asyncio.timeout(_PATIENCE_S):
        while await owner.fetchval(_OTHERS, present):  # noqa: ASYNC110 - PostgreSQL decides
            await asyncio.sleep(0.01)


def payload(wish: Wish, answer: Answer) -> Answer:
    """Of an operation that must have worked."""
    assert "errors" not in answer, (wish.name, answer)
    done = cast("dict[str, Answer]", answer["data"])[wish.name]
    assert str(done["__typename"]).endswith("Payload"), (wish.name, done)
    return done


def alike(answer: object) -> object:
    """An answer without what is of one record alone, and without saying whether it is a replay."""
    if isinstance(answer, dict):
        return {
            name: "its own" if name in _OWN and value is not None else alike(value)
            for name, value in answer.items()
            if name != "replayed"
        }
    return [alike(item) for item in answer] if isinstance(answer, list) else answer


def chosen(moments: Sequence[str], few: int) -> list[int]:
    """Numbers of the moments to try: all, or a few spread before the commit, and the two of the commit."""
    everything = list(range(1, len(moments) + 1))
    if IS_WHOLE:
        return everything
    commit = max(number for number in everything if moments[number - 1].endswith(" _write sent"))
    return [*(commit * part // (few + 1) for part in range(1, few + 1)), commit, commit + 1]
