"""The connection to PostgreSQL is cut when a commit is done and its answer on the way: nobody knows, and the retry tells."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg
import pytest
from yarl import URL

from reintegration.database.embedded import DatabaseAddresses
from reintegration.storage.client import ObjectStore
from tests.builders import open_work
from tests.faults.direct import ask, asked
from tests.faults.effects import position, since
from tests.faults.scenes import SCENES, Ground
from tests.faults.trial import alike
from tests.http_client import Server, running

_BEGIN = b"begin isolation level read committed\0"
_COMMIT = b"commit\0"
_HOST = "127.0.0.1"
_UNAVAILABLE = "A part of the service is not reachable or too busy; try again"


@dataclass(slots=True)
class CommitCutter:
    """Between a client and PostgreSQL; while armed, it cuts the first connection that hears of the commit of a write."""

    server: URL
    is_armed: bool = False
    cuts: int = 0
    _carrying: set["asyncio.Task[None]"] = field(default_factory=set)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """The address to connect to."""
        server = await asyncio.start_server(self._serve, _HOST, 0)
        try:
            yield str(self.server.with_port(server.sockets[0].getsockname()[1]))
        finally:
            server.close()
            async with asyncio.timeout(10):
                await asyncio.gather(*self._carrying, return_exceptions=True)

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._carrying.add(asyncio.create_task(self._both_ways(reader, writer)))

    async def _both_ways(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection(self.server.host, self.server.port)
        is_writing = is_committing = False

        async def ask_on() -> None:
            nonlocal is_writing, is_committing
            while data := await reader.read(65_536):
                is_writing = data.endswith(_BEGIN) or is_writing
                is_committing = self.is_armed and is_writing and data.endswith(_COMMIT)
                is_writing = is_writing and not data.endswith(_COMMIT)
                to_server.write(data)
            to_server.close()

        asking = asyncio.create_task(ask_on())
        try:
            while data := await from_server.read(65_536):
                if is_committing:
                    self.is_armed, self.cuts = False, self.cuts + 1
                    break
                writer.write(data)
        finally:
            asking.cancel()
            await asyncio.wait({asking})
            writer.transport.abort()
            to_server.transport.abort()


@dataclass(frozen=True, slots=True)
class Place:
    """A server behind the cutter, and records made past it."""

    ground: Ground
    server: Server
    cutter: CommitCutter


@pytest.fixture(scope="module")
async def place(
    own_database: DatabaseAddresses, object_store: ObjectStore, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Place]:
    cutter = CommitCutter(URL(own_database.application_url))
    async with (
        asyncpg.create_pool(own_database.superuser_url, min_size=1, max_size=1) as superuser,
        open_work(own_database) as work,
        cutter.listening() as url,
    ):
        behind = DatabaseAddresses(owner_url=own_database.owner_url, application_url=url)
        async with running(behind, object_store.address, tmp_path_factory.mktemp("cut")) as server:
            yield Place(Ground(work, object_store, superuser), server, cutter)


@pytest.mark.parametrize("name", SCENES)
async def test_what_is_committed_and_not_heard_of_is_found_by_the_retry(place: Place, name: str) -> None:
    ground, cutter = place.ground, place.cutter
    twin = await SCENES[name](ground)
    before = await position(ground.work)
    expected = alike(await asked(place.server, twin))
    effect = await since(ground.work, before)

    wish = await SCENES[name](ground)
    before, cuts = await position(ground.work), cutter.cuts
    cutter.is_armed = True
    errors = (await ask(place.server, wish)).body["errors"]
    assert isinstance(errors, list)
    assert [(error["message"], error["extensions"]["code"]) for error in errors] == [(_UNAVAILABLE, "UNAVAILABLE")]
    assert (cutter.cuts, cutter.is_armed) == (cuts + 1, False)
    assert await since(ground.work, before) == effect
    for _ in range(2):
        answer = await asked(place.server, wish)
        assert (answer["replayed"], alike(answer)) == (True, expected)
    assert await since(ground.work, before) == effect
