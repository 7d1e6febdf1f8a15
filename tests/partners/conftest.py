"""One product for all tests of partners that a worker runs: each opens accounts of its own, so none sees another's."""

from collections.abc import AsyncIterator

import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.storage.address import ObjectStoreAddress
from tests.operations.conftest import cloned
from tests.partners.site import Site, open_site


@pytest.fixture(scope="session")
async def site(
    postgres_addresses: DatabaseAddresses,
    database_template: str,
    object_store_address: ObjectStoreAddress,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Site]:
    """Shared; nobody closes months in it."""
    async with (
        cloned(postgres_addresses, database_template) as database,
        open_site(database, object_store_address, tmp_path_factory.mktemp("partners")) as opened,
    ):
        yield opened
