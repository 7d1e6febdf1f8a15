"""Buckets for tests that must be alone in theirs: they count the objects, and clones of one database have equal positions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import uuid4

from reintegration.storage.address import ObjectStoreAddress
from reintegration.storage.client import ObjectStore


@asynccontextmanager
async def own_bucket(address: ObjectStoreAddress) -> AsyncIterator[ObjectStore]:
    """A bucket for one test."""
    async with ObjectStore(replace(address, bucket=f"test-{uuid4().hex}")) as store:
        await store.ensure_bucket()
        yield store
        await store.call(None, lambda client: client.delete_bucket(Bucket=store.address.bucket))  # type: ignore[attr-defined]  # the product never deletes


async def versions(store: ObjectStore, prefix: str = "") -> dict[str, int]:
    """How often each object under the prefix was written; at most a thousand, S3's page."""
    listed = await store.call(None, lambda client: client.list_object_versions(Bucket=store.address.bucket, Prefix=prefix))  # type: ignore[attr-defined]  # the product never asks
    assert not listed.get("IsTruncated")
    keys = [entry["Key"] for entry in listed.get("Versions", [])]
    return {key: keys.count(key) for key in keys}
