"""For the tests that kill: a process that has loaded our code, to bear the victims."""

from collections.abc import AsyncIterator

import pytest

from tests.faults.nursery import Nursery


@pytest.fixture(scope="session")
async def nursery() -> AsyncIterator[Nursery]:
    """One for a worker of the tests."""
    opened = await Nursery.open("tests.faults.loaded_server", "tests.faults.export_process")
    yield opened
    await opened.close()
