"""Lanes: a unit of work on one real connection, which can be stopped right after any of its statements and tells what it sent."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar
from unittest.mock import patch

import asyncpg

from reintegration.constraints import ALL_CONSTRAINTS
from reintegration.database import unit_of_work
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork, open_pool
from reintegration.kernel.actor import Actor

T = TypeVar("T")
_FRAME = ("commit", "rollback", load_queries(unit_of_work.__file__)["set_actor"].strip())
_COMMENT = re.compile(r"^\s*--.*\n", re.MULTILINE)
_LOCKS = re.compile(r"\bfor\s+(no\s+key\s+)?update\b|\bfor\s+(key\s+)?share\b|^\s*(insert|update|delete)\b", re.IGNORECASE)
_LOOK_AGAIN_S = 0.004
_STATEMENTS = 1_000
"""Of all moves together, each of which is prepared once."""
_BLOCKED = "select $1 = any (pg_blocking_pids($2))"


def takes_locks(statement: str) -> bool:
    """Whether rows are locked by it until the transaction ends."""
    return bool(_LOCKS.search(_COMMENT.sub("", statement)))


@dataclass(slots=True)
class Lane:
    """What happens on a connection. `stop` is the statement of a transaction, from 0, after which it waits, once."""

    pid: int = 0
    sent: list[str] = field(default_factory=list)
    """By the transaction that is open, or that was the last."""
    deadlocks: int = 0
    is_asking: bool = False
    stop: int | None = None
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def join(self, connection: asyncpg.Connection) -> None:
        """Take a connection as one's own."""
        self.pid = connection.get_server_pid()
        connection.lane = self

    def stop_after(self, statement: int | None) -> None:
        """Begin anew, to stop there."""
        self.stop, self.deadlocks, self.sent = statement, 0, []
        self.stopped.clear()
        self.go_on.clear()

    def release(self) -> None:
        """Let it go on, or pass the place where it would have stopped."""
        self.stop = None
        self.stopped.clear()
        self.go_on.set()

    async def until_it_stops(self, task: asyncio.Task[T]) -> None:
        """Or until the task is done."""
        stopping = asyncio.create_task(self.stopped.wait())
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()

    @contextmanager
    def asks(self) -> Iterator[None]:
        """While a statement is under way."""
        self.is_asking = True
        try:
            yield
        except asyncpg.DeadlockDetectedError:
            self.deadlocks += 1
            raise
        finally:
            self.is_asking = False

    async def has_sent(self, statement: str) -> None:
        """Remember it, and wait if this is the place."""
        text = statement.strip()
        if text.startswith("begin"):
            self.sent = []
        elif not text.startswith(_FRAME):
            self.sent.append(statement)
            if len(self.sent) - 1 == self.stop:
                self.stop = None
                self.stopped.set()
                await self.go_on.wait()


class LaneConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg ships no types
    """Every way in which the unit of work and the models send statements."""

    lane: Lane | None = None

    async def execute(self, query: str, *args: object, timeout: float | None = None) -> str:  # noqa: ASYNC109 - asyncpg's
        return await self._on_lane(query, super().execute(query, *args, timeout=timeout))

    async def executemany(self, command: str, args: object, *, timeout: float | None = None) -> None:  # noqa: ASYNC109
        await self._on_lane(command, super().executemany(command, args, timeout=timeout))

    async def fetch(self, query: str, *args: object, timeout: float | None = None) -> list[object]:  # noqa: ASYNC109
        return await self._on_lane(query, super().fetch(query, *args, timeout=timeout))

    async def fetchrow(self, query: str, *args: object, timeout: float | None = None) -> object:  # noqa: ASYNC109
        return await self._on_lane(query, super().fetchrow(query, *args, timeout=timeout))

    async def fetchval(self, query: str, *args: object, timeout: float | None = None) -> object:  # noqa: ASYNC109
        return await self._on_lane(query, super().fetchval(query, *args, timeout=timeout))

    async def _on_lane(self, statement: str, answer: Awaitable[T]) -> T:
        if self.lane is None:
            return await answer
        with self.lane.asks():
            found = await answer
        await self.lane.has_sent(statement)
        return found


@dataclass(frozen=True, slots=True)
class Racer:
    """One of two: a lane and the unit of work that runs on it."""

    lane: Lane
    work: UnitOfWork

    def start(self, who: Actor, use_case: Callable[[Transaction], Awaitable[T]]) -> asyncio.Task[T]:
        """Begin a write."""
        return asyncio.create_task(self.work.write(who, use_case))

    async def is_held_up(self, task: asyncio.Task[T], by: "Racer", eye: asyncpg.Connection) -> bool:
        """Wait until the task is done, stops, or waits, as PostgreSQL says, for what the other one holds; whether it does."""
        stopping = asyncio.create_task(self.lane.stopped.wait())
        try:
            while True:
                before = len(self.lane.sent)
                done, _ = await asyncio.wait({task, stopping}, timeout=_LOOK_AGAIN_S, return_when=asyncio.FIRST_COMPLETED)
                if done:
                    return False
                stays = self.lane.is_asking and len(self.lane.sent) == before
                if stays and await eye.fetchval(_BLOCKED, by.lane.pid, self.lane.pid):
                    return True
        finally:
            stopping.cancel()


@asynccontextmanager
async def a_racer(addresses: DatabaseAddresses) -> AsyncIterator[Racer]:
    """A racer with a connection of the application's role, opened as the server opens its own."""
    lane = Lane()
    watched = partial(asyncpg.create_pool, connection_class=LaneConnection, init=lane.join, statement_cache_size=_STATEMENTS)
    with patch.object(asyncpg, "create_pool", watched):
        pool = await open_pool(addresses.application_url, max_size=1)
    try:
        yield Racer(lane, UnitOfWork(pool, ALL_CONSTRAINTS))
    finally:
        await pool.close()
