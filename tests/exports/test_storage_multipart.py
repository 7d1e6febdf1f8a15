"""Files of unknown length: parts, constant memory, abort and refusal to overwrite, on the real server."""

import asyncio
import hashlib

import pytest

from reintegration.storage.client import ContentDigest, ObjectFacts, ObjectStore
from reintegration.storage.errors import ObjectConflictError, ObjectStoreUnavailableError
from reintegration.storage.multipart import PART_BYTES, MultipartSink

BLOCK = bytes(range(256)) * 4096
assert len(BLOCK) == 1 << 20


async def unfinished(store: ObjectStore, prefix: str) -> int:
    """Uploads that S3 still keeps parts for."""
    answer = await store.call(None, lambda client: client.list_multipart_uploads(Bucket=store.address.bucket, Prefix=prefix))
    return len(answer.get("Uploads", []))


async def test_a_large_file_arrives_whole_in_constant_memory(object_store: ObjectStore, object_prefix: str) -> None:
    key = f"{object_prefix}/large"
    data = BLOCK * 41 + b"tail"
    async with MultipartSink(object_store, key, "text/csv") as sink:
        for start in range(0, len(data), 300_007):
            await sink.write(data[start : start + 300_007])
        content = await sink.complete()
    assert content == ContentDigest(hashlib.sha256(data).hexdigest(), len(data))
    assert await object_store.digest(key) == content
    assert await object_store.head(key) == ObjectFacts(len(data), "text/csv", None)
    assert sink.peak_buffered_bytes <= 3 * PART_BYTES < len(data)
    assert await unfinished(object_store, object_prefix) == 0


async def test_a_file_of_one_part_keeps_its_own_digest(object_store: ObjectStore, object_prefix: str) -> None:
    key = f"{object_prefix}/small"
    async with MultipartSink(object_store, key, "text/csv") as sink:
        await sink.write(b"one ")
        await sink.write(b"part")
        content = await sink.complete()
    assert await object_store.head(key) == ObjectFacts(8, "text/csv", content.sha256)


async def test_an_empty_file_is_a_file(object_store: ObjectStore, object_prefix: str) -> None:
    async with MultipartSink(object_store, f"{object_prefix}/empty", "text/csv") as sink:
        content = await sink.complete()
    assert content.size_bytes == 0
    assert await object_store.get(f"{object_prefix}/empty") == b""


@pytest.mark.parametrize("blocks", [1, 17])
async def test_the_same_again_is_accepted_and_other_content_refused(
    object_store: ObjectStore, object_prefix: str, blocks: int
) -> None:
    key = f"{object_prefix}/twice"
    for _ in range(2):
        async with MultipartSink(object_store, key, "text/csv") as sink:
            await sink.write(BLOCK * blocks)
            first = await sink.complete()

    async def other() -> None:
        async with MultipartSink(object_store, key, "text/csv") as sink:
            await sink.write(BLOCK * blocks + b"!")
            await sink.complete()

    with pytest.raises(ObjectConflictError):
        await other()
    assert await object_store.digest(key) == first
    assert await unfinished(object_store, object_prefix) == 0


async def test_an_error_aborts_and_leaves_nothing(object_store: ObjectStore, object_prefix: str) -> None:
    key = f"{object_prefix}/broken"

    async def failing() -> None:
        async with MultipartSink(object_store, key, "text/csv") as sink:
            await sink.write(BLOCK * 20)
            assert await unfinished(object_store, object_prefix) == 1
            raise RuntimeError("the query failed")

    with pytest.raises(RuntimeError, match="the query failed"):
        await failing()
    assert await object_store.exists(key) is False
    assert await unfinished(object_store, object_prefix) == 0


async def test_cancellation_aborts_even_when_repeated(object_store: ObjectStore, object_prefix: str) -> None:
    key = f"{object_prefix}/cancelled"
    started = asyncio.Event()

    async def endless() -> None:
        async with MultipartSink(object_store, key, "text/csv") as sink:
            while True:
                await sink.write(BLOCK)
                if sink.size_bytes >= 10 * len(BLOCK):
                    started.set()

    task = asyncio.create_task(endless())
    await started.wait()
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await object_store.exists(key) is False
    assert await unfinished(object_store, object_prefix) == 0


async def test_leaving_without_complete_stores_nothing(object_store: ObjectStore, object_prefix: str) -> None:
    async with MultipartSink(object_store, f"{object_prefix}/forgotten", "text/csv") as sink:
        await sink.write(BLOCK)
    assert await object_store.exists(f"{object_prefix}/forgotten") is False


async def test_a_failing_part_reaches_the_writer(object_store: ObjectStore, object_prefix: str) -> None:
    key = f"{object_prefix}/lost"

    async def bereft() -> None:
        async with MultipartSink(object_store, key, "text/csv") as sink:
            await sink.write(BLOCK * 8)
            # Somebody else ends the upload: the parts that follow have nowhere to go.
            [upload] = (
                await object_store.call(
                    None,
                    lambda client: client.list_multipart_uploads(Bucket=object_store.address.bucket, Prefix=object_prefix),
                )
            )["Uploads"]
            await object_store.call(
                None,
                lambda client: client.abort_multipart_upload(
                    Bucket=object_store.address.bucket, Key=key, UploadId=upload["UploadId"]
                ),
            )
            await sink.write(BLOCK * 40)
            await sink.complete()

    with pytest.raises(ObjectStoreUnavailableError) as caught:
        await bereft()
    assert "NoSuchUpload" in str(caught.value)
    assert await object_store.exists(key) is False
