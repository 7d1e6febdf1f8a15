"""A pool in the application's role on this worker's database, for the tests of the database's own law."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import open_pool


@pytest.fixture(scope="session")
async def law_pool(database_urls: DatabaseAddresses) -> AsyncIterator[asyncpg.Pool]:
    """Few connections, so that one is used again and again."""
    pool = await open_pool(database_urls.application_url, max_size=3)
    yield pool
    await pool.close()
