"""kill -9 of PostgreSQL, all its processes at once, at every await of every operation with money; it writes for good here."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from reintegration.database.embedded import DatabaseAddresses, EmbeddedPostgres
from reintegration.database.migrate import migrate
from reintegration.programme.loading import load_reference
from tests.faults.conftest import Arenas
from tests.faults.scenes import SCENES
from tests.faults.striking import struck, warm
from tests.faults.trial import IS_WHOLE, Arena, chosen

_FEW = ("paymentConfirm", "periodClose", "statementImport")


@dataclass(frozen=True, slots=True)
class Mortal:
    """A PostgreSQL of these tests alone, and an arena over it."""

    arena: Arena
    postgres: EmbeddedPostgres
    pid_file: Path

    @property
    def fault(self) -> str:
        return f"postgres:{self.pid_file.read_text().split()[0]}"

    async def restart(self) -> None:
        """Its address and its data stay."""
        await asyncio.to_thread(self.postgres.start)


async def _recover_quickly(addresses: DatabaseAddresses) -> None:
    """Ask Linux to write everything before a recovery, and not PostgreSQL for each file: seconds of each restart."""
    superuser = await asyncpg.connect(addresses.superuser_url)
    await superuser.execute("alter system set recovery_init_sync_method = 'syncfs'")
    await superuser.execute("select pg_reload_conf()")
    await superuser.close()


@pytest.fixture(scope="module")
async def mortal(arenas: Arenas, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mortal]:
    folder = tmp_path_factory.mktemp("mortal")
    postgres = EmbeddedPostgres(folder)
    addresses = await asyncio.to_thread(postgres.start)
    try:
        await migrate(addresses.owner_url)
        await load_reference(addresses.owner_url)
        await _recover_quickly(addresses)
        async with arenas.open(addresses, has_survivor=False) as arena:
            yield Mortal(arena, postgres, folder / "postgresql" / "cluster" / "postmaster.pid")
    finally:
        await asyncio.to_thread(postgres.stop)


@pytest.mark.parametrize("name", SCENES if IS_WHOLE else _FEW)
async def test_an_operation_survives_the_end_of_postgresql_at_every_await(
    mortal: Mortal, name: str, record_property: Callable[[str, object], None]
) -> None:
    arena = mortal.arena
    numbers = chosen((await warm(arena, SCENES[name])).moments, 0)
    done = []
    for number in numbers:
        before = mortal.fault
        done.append(await struck(arena, SCENES[name], number, before, repair=mortal.restart))
        assert mortal.fault != before
    # What PostgreSQL has said to be committed is there after its end.
    assert done[-1] is True
    record_property("kills", len(numbers))
    record_property("done", sum(done))
