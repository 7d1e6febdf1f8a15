"""kill -9 of the API at every await of every operation with money."""

from collections.abc import AsyncIterator, Callable

import pytest

from reintegration.database.embedded import DatabaseAddresses
from tests.faults.conftest import Arenas
from tests.faults.scenes import SCENES
from tests.faults.trial import TRIED, Arena, chosen, killed, undisturbed


@pytest.fixture(scope="module")
async def arena(arenas: Arenas, own_database: DatabaseAddresses) -> AsyncIterator[Arena]:
    async with arenas.open(own_database, has_survivor=True) as opened:
        yield opened


@pytest.mark.parametrize("name", TRIED)
async def test_an_operation_survives_its_server_at_every_await(
    arena: Arena, name: str, record_property: Callable[[str, object], None]
) -> None:
    twin = await undisturbed(arena, SCENES[name])
    numbers = chosen(twin.moments, 1)
    done = [await killed(arena, SCENES[name], twin, number) for number in numbers]
    # Before the commit is sent there is nothing, after its answer there is all; of the moment between PostgreSQL decides.
    assert done[0] is False
    assert done[-1] is True
    assert done == sorted(done)
    record_property("moments", len(twin.moments))
    record_property("kills", len(numbers))
    record_property("done", sum(done))
