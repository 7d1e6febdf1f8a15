"""For the tests that kill: a process that has loaded our code, to bear the victims, and where trials are held."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.storage.address import ObjectStoreAddress
from reintegration.storage.client import ObjectStore
from tests.builders import open_work
from tests.faults.api_process import ApiProcess
from tests.faults.nursery import Nursery
from tests.faults.scenes import Ground
from tests.faults.trial import Arena


@pytest.fixture(scope="session")
async def nursery() -> AsyncIterator[Nursery]:
    """One for a worker of the tests."""
    opened = await Nursery.open("tests.faults.loaded_server", "tests.faults.export_process")
    yield opened
    await opened.close()


@dataclass(frozen=True, slots=True)
class Arenas:
    """Makes places for trials over any database."""

    nursery: Nursery
    store: ObjectStore
    folders: pytest.TempPathFactory

    @asynccontextmanager
    async def open(self, database: DatabaseAddresses, *, has_survivor: bool) -> AsyncIterator[Arena]:
        """Two servers, of which the survivor is started; or one that answers retries itself, started."""
        victim = self._server(database, self.store.address, "tests.faults.victim")
        survivor = self._server(database, self.store.address, "reintegration") if has_survivor else victim
        owner = await asyncpg.create_pool(database.superuser_url, min_size=1, max_size=1)
        async with open_work(database) as work:
            try:
                await survivor.start()
                yield Arena(Ground(work, self.store, owner), victim, survivor, owner)
            finally:
                await victim.kill()
                await survivor.kill()
                owner.terminate()

    def _server(self, database: DatabaseAddresses, objects: ObjectStoreAddress, module: str) -> ApiProcess:
        folder = self.folders.mktemp(module.rpartition(".")[-1])
        made = ApiProcess.over(self.nursery, database, objects, folder)
        made.environment["MOMENTS"] = str(folder / "moments.txt")
        made.module = module
        return made


@pytest.fixture(scope="session")
def arenas(nursery: Nursery, object_store: ObjectStore, tmp_path_factory: pytest.TempPathFactory) -> Arenas:
    """For modules that open one."""
    return Arenas(nursery, object_store, tmp_path_factory)
