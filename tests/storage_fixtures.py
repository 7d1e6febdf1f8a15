"""One embedded S3 for all workers and runs of this checkout, a bucket for each worker."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from reintegration.storage.address import ObjectStoreAddress
from reintegration.storage.client import ObjectStore
from reintegration.storage.embedded import EmbeddedObjectStore

TEST_DIR = Path(__file__).parents[1] / ".data" / "test"


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what workers left that were killed, as after Ctrl-C; other runs on this checkout keep the server up."""
    if not hasattr(config, "workerinput"):
        EmbeddedObjectStore(TEST_DIR).stop()


@pytest.fixture(scope="session")
def object_store_address() -> Iterator[ObjectStoreAddress]:
    """The server, and a bucket of this worker and run that doesn't exist yet; the last worker stops the server."""
    with EmbeddedObjectStore(TEST_DIR) as address:
        yield replace(address, bucket=f"test-{uuid4().hex}")


@pytest.fixture(scope="session")
async def object_store(object_store_address: ObjectStoreAddress) -> AsyncIterator[ObjectStore]:
    """A client of this worker's bucket, which is removed at the end; tests share it, so use `object_prefix`."""
    async with ObjectStore(object_store_address) as store:
        await store.ensure_bucket()
        yield store
        # SeaweedFS removes a bucket with all it holds; the product itself never deletes, so its client can't.
        await store.call(None, lambda client: client.delete_bucket(Bucket=object_store_address.bucket))  # type: ignore[attr-defined]


@pytest.fixture
def object_prefix() -> str:
    """A prefix that no other test uses."""
    return f"tests/{uuid4().hex}"
