"""A real object store behind a door that misbehaves as told: down, slow, too busy, half an object, an answer that is lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

import aiohttp
from aiohttp import web

from reintegration.storage.address import ObjectStoreAddress

HOST: Final = "127.0.0.1"
_SLOW_DOWN: Final = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
_LARGEST: Final = 64 << 20
_BETWEEN: Final = frozenset(
    {"connection", "transfer-encoding", "keep-alive", "content-length", "content-encoding", "date", "server"}
)


class Mood(Enum):
    """How it answers."""

    WELL = "well"
    DOWN = "down"
    """Connections are cut before a byte of an answer."""
    SLOW = "slow"
    """Nothing is said until it is well again; what waited is cut off then."""
    BUSY = "busy"
    """503 SlowDown."""
    HALF = "half"
    """An object's length is told, and half of it sent."""
    SHORT = "short"
    """Half of an object that passes for all of it."""
    LOST = "lost"
    """What is asked is done, and the answer lost."""


@dataclass(slots=True)
class WaywardStore:
    """Where it is, and how it is today. `left` is how many requests it treats so before it is well again; None for all."""

    address: ObjectStoreAddress
    upstream: str
    session: aiohttp.ClientSession
    mood: Mood = Mood.WELL
    left: int | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    seen: list[str] = field(default_factory=list)
    """Method and mood of each request."""

    def become(self, mood: Mood, *, requests: int | None = None) -> None:
        """From now on, or for so many requests."""
        self.mood, self.left = mood, requests
        self.changed.set()
        self.changed = asyncio.Event()
        self.seen.clear()

    def _mood(self, request: web.Request) -> Mood:
        mood = self.mood
        if mood in {Mood.HALF, Mood.SHORT} and request.method != "GET":
            mood = Mood.WELL
        elif self.left is not None:
            mood = mood if self.left else Mood.WELL
            self.left = max(0, self.left - 1)
        self.seen.append(f"{request.method} {mood.value}")
        return mood

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """As the mood is."""
        mood = self._mood(request)
        body = await request.read()
        if mood is Mood.SLOW:
            await self.changed.wait()
        if mood in {Mood.SLOW, Mood.DOWN}:
            return _cut(request)
        if mood is Mood.BUSY:
            return web.Response(status=503, text=_SLOW_DOWN, content_type="application/xml")
        status, headers, content = await self._ask(request, body)
        if mood is Mood.LOST:
            return _cut(request)
        if mood is Mood.SHORT:
            content = content[: len(content) // 2]
        length = headers.get("Content-Length") if request.method == "HEAD" else str(len(content))
        told = {name: value for name, value in headers.items() if name.lower() not in _BETWEEN}
        response = web.StreamResponse(status=status, headers={**told, **({"Content-Length": length} if length else {})})
        await response.prepare(request)
        await response.write(content[: len(content) // 2] if mood is Mood.HALF else content)
        return _cut(request) if mood is Mood.HALF else response

    async def _ask(self, request: web.Request, body: bytes) -> tuple[int, dict[str, str], bytes]:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in {"connection", "expect"}}
        url = f"{self.upstream}{request.raw_path}"
        async with self.session.request(request.method, _as_it_is(url), data=body, headers=headers) as upstream:
            return upstream.status, dict(upstream.headers), await upstream.read()


def _as_it_is(url: str) -> "aiohttp.client.URL":
    """The signature is over the path as it was sent."""
    return aiohttp.client.URL(url, encoded=True)


def _cut(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@asynccontextmanager
async def wayward(behind: ObjectStoreAddress) -> AsyncIterator[WaywardStore]:
    """One in front of a store, well at first."""
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        app = web.Application(client_max_size=_LARGEST)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        store = WaywardStore(behind, str(behind.endpoint_url), session)
        app.router.add_route("*", "/{path:.*}", store.answer)
        await runner.setup()
        await web.TCPSite(runner, HOST, 0).start()
        store.address = replace(behind, endpoint_url=f"http://{HOST}:{runner.addresses[0][1]}")
        try:
            yield store
        finally:
            await runner.cleanup()
