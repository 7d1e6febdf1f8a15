"""Payments whose status changed, as the database announces them: one listening connection for a process, many subscribers."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from uuid import UUID

import asyncpg
import structlog
from aiohttp import web
from graphql import GraphQLError

from reintegration.api.codes import Code, api_error
from reintegration.database.roles import APPLICATION_ROLE

_log = structlog.get_logger()

_CHANNEL = "payment_status"
LARGEST_BACKLOG = 256
"""Payments that may wait for one subscriber; a slower one is dropped rather than kept in memory."""
LARGEST_AUDIENCE = 500
"""Subscribers of one process."""
READS_AT_ONCE = 3
"""Connections that all subscribers together may take to read what was announced; the rest of the pool is for requests."""
_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 5.0
_PING_S = 30.0
_ANSWER_S = 10.0


@dataclass(slots=True, eq=False)
class _Subscriber:
    """What waits for one subscriber: each payment once, since an event only says that it is worth a look."""

    waiting: dict[UUID, None] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    ended: GraphQLError | None = None

    def end(self, error: GraphQLError) -> None:
        """Nothing more comes; what waits is given up, since the subscriber has to read anew anyway."""
        self.waiting.clear()
        self.ended = error
        self.changed.set()


class PaymentFeed:
    """Listens while it is entered (`async with`), and reconnects when the database goes away.

    Announcements made meanwhile are lost, so subscribers are told to subscribe and read again instead of going on with a gap.
    """

    def __init__(self, url: str) -> None:
        """`url` is the application's address of the database."""
        self._url = url
        self.turns = asyncio.Semaphore(READS_AT_ONCE)
        self._subscribers: set[_Subscriber] = set()
        self._is_listening = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._listen(), name="payment feed")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def subscribe(self) -> AsyncGenerator[UUID, None]:
        """Ids of payments whose status changed, from now on.

        Raises:
            GraphQLError: UNAVAILABLE when announcements can't be heard or were interrupted; LIMIT_EXCEEDED when the subscriber
                read too slowly, or when too many listen.
        """
        if len(self._subscribers) >= LARGEST_AUDIENCE:
            raise api_error(Code.LIMIT_EXCEEDED, "Too many subscriptions are open here; try again later")
        try:
            # Not wait_for: in Python 3.11 it swallows a cancellation that comes together with the answer.
            async with asyncio.timeout(_ANSWER_S):
                await self._is_listening.wait()
        except TimeoutError:
            raise _interrupted() from None
        subscriber = _Subscriber()
        self._subscribers.add(subscriber)
        try:
            while subscriber.ended is None:
                await subscriber.changed.wait()
                subscriber.changed.clear()
                while subscriber.waiting:
                    payment = next(iter(subscriber.waiting))
                    del subscriber.waiting[payment]
                    yield payment
            raise subscriber.ended
        finally:
            self._subscribers.discard(subscriber)

    async def _listen(self) -> None:
        """Keep a connection that listens, for as long as the feed is entered."""
        delay_s = _FIRST_DELAY_S
        while True:
            try:
                connection = await asyncpg.connect(
                    self._url,
                    timeout=_ANSWER_S,
                    server_settings={"application_name": "reintegration feed", "role": APPLICATION_ROLE},
                )
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                _log.warning("payment feed can't connect", error=type(error).__name__, delay_s=delay_s)
                await asyncio.sleep(delay_s)
                delay_s = min(2 * delay_s, _LONGEST_DELAY_S)
                continue
            delay_s = _FIRST_DELAY_S
            try:
                await self._hear(connection)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                _log.warning("payment feed was interrupted", error=type(error).__name__)
            finally:
                self._is_listening.clear()
                for subscriber in tuple(self._subscribers):
                    subscriber.end(_interrupted())
                connection.terminate()

    async def _hear(self, connection: asyncpg.Connection) -> None:
        """Pass announcements on until the connection is lost; a ping finds a loss that nobody announced."""
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _connection: lost.set())
        await connection.add_listener(_CHANNEL, self._received)
        self._is_listening.set()
        while not lost.is_set():
            try:
                async with asyncio.timeout(_PING_S):
                    await lost.wait()
            except TimeoutError:
                await connection.execute("select 1", timeout=_ANSWER_S)

    def _received(self, _connection: object, _process: int, _channel: str, payload: str) -> None:
        payment = UUID(payload)
        for subscriber in tuple(self._subscribers):
            if len(subscriber.waiting) >= LARGEST_BACKLOG and payment not in subscriber.waiting:
                self._subscribers.discard(subscriber)
                subscriber.end(
                    api_error(Code.LIMIT_EXCEEDED, "Payments change faster than you read them; subscribe and read them again")
                )
                continue
            subscriber.waiting[payment] = None
            subscriber.changed.set()


def _interrupted() -> GraphQLError:
    return api_error(Code.UNAVAILABLE, "Announcements were interrupted and some may be missing; subscribe and read again")


PAYMENT_FEED = web.AppKey("payment_feed", PaymentFeed)
"""Where the application keeps its feed."""
