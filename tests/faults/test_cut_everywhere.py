"""Connections that are cut at every await of every operation with money: the API's to PostgreSQL, and the caller's to the API."""

from collections.abc import AsyncIterator, Callable

import pytest

from reintegration.database.embedded import DatabaseAddresses
from tests.faults.conftest import Arenas
from tests.faults.scenes import SCENES
from tests.faults.striking import left, struck, warm
from tests.faults.trial import TRIED, Arena, chosen


@pytest.fixture(scope="module")
async def arena(arenas: Arenas, own_database: DatabaseAddresses) -> AsyncIterator[Arena]:
    async with arenas.open(own_database, has_survivor=False) as opened:
        yield opened


@pytest.mark.parametrize("name", TRIED)
async def test_an_operation_survives_the_loss_of_postgresql_at_every_await(
    arena: Arena, name: str, record_property: Callable[[str, object], None]
) -> None:
    numbers = chosen((await warm(arena, SCENES[name])).moments, 1)
    done = [await struck(arena, SCENES[name], number, "database") for number in numbers]
    # Where the API waits for something else, it notices nothing: another connection does.
    assert False in done or name == "statementImport"
    assert done[-1] is True
    record_property("cuts", len(numbers))
    record_property("done", sum(done))


@pytest.mark.parametrize("name", TRIED)
async def test_an_operation_survives_the_loss_of_its_caller_at_every_await(
    arena: Arena, name: str, record_property: Callable[[str, object], None]
) -> None:
    numbers = chosen((await warm(arena, SCENES[name])).moments, 1)
    done = [await left(arena, SCENES[name], number) for number in numbers]
    record_property("cuts", len(numbers))
    record_property("done", sum(done))
