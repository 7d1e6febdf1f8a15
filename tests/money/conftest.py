"""A database of their own for the tests of money: nobody else's rows, and nobody else meets theirs."""

from collections.abc import AsyncIterator

import pytest

from reintegration.database.embedded import DatabaseAddresses
from tests.operations.conftest import cloned


@pytest.fixture(scope="module")
async def fresh_money(postgres_addresses: DatabaseAddresses, database_template: str) -> AsyncIterator[DatabaseAddresses]:
    """A migrated database with reference data, for one module."""
    async with cloned(postgres_addresses, database_template) as addresses:
        yield addresses
