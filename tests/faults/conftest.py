"""For the tests that kill: a process that has loaded our code, to bear the victims, and where trials are held."""

from collections.abc import AsyncIterator
from pathlib import Path

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


@pytest.fixture(scope="module")
async def arena(
    nursery: Nursery,
    own_database: DatabaseAddresses,
    object_store_address: ObjectStoreAddress,
    object_store: ObjectStore,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Arena]:
    """Two servers over a database of the module's own; the victim is not started yet."""

    def server(folder: Path, module: str) -> ApiProcess:
        made = ApiProcess.over(nursery, own_database, object_store_address, folder)
        made.environment["MOMENTS"] = str(folder / "moments.txt")
        made.module = module
        return made

    victim = server(tmp_path_factory.mktemp("victim"), "tests.faults.victim")
    survivor = server(tmp_path_factory.mktemp("survivor"), "reintegration")
    owner = await asyncpg.connect(own_database.superuser_url)
    async with open_work(own_database) as work:
        try:
            await survivor.start()
            yield Arena(Ground(work, object_store, owner), victim, survivor, owner)
        finally:
            await victim.kill()
            await survivor.kill()
            await owner.close()
