"""The object store's client against the real embedded server."""

import asyncio
import hashlib
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import replace

import pytest

from reintegration.storage.address import ObjectStoreAddress
from reintegration.storage.client import ContentDigest, ObjectFacts, ObjectStore, base64_of
from reintegration.storage.errors import (
    ChecksumMismatchError,
    ObjectConflictError,
    ObjectMissingError,
    ObjectStoreUnavailableError,
)

PHOTO = b"a photo of a receipt"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def send(url: str, method: str, headers: Mapping[str, str], data: bytes | None) -> tuple[int, bytes]:
    """What a browser or a phone would do, knowing nothing of S3."""

    def request() -> tuple[int, bytes]:
        try:
            call = urllib.request.Request(url, data=data, method=method, headers=dict(headers))  # noqa: S310  # our own URL
            with urllib.request.urlopen(call) as response:  # noqa: S310  # our own URL
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    return await asyncio.to_thread(request)


async def test_put_get_and_facts(object_store: ObjectStore, object_prefix: str) -> None:
    key = f"{object_prefix}/é ü/receipt.jpg"
    assert await object_store.put(key, PHOTO, "image/jpeg", sha256=sha256(PHOTO)) is True
    assert await object_store.get(key) == PHOTO
    assert await object_store.head(key) == ObjectFacts(len(PHOTO), "image/jpeg", sha256(PHOTO))
    assert await object_store.digest(key) == ContentDigest(sha256(PHOTO), len(PHOTO))
    assert await object_store.exists(key) is True


async def test_put_never_overwrites(object_store: ObjectStore, object_prefix: str) -> None:
    key = f"{object_prefix}/once"
    assert await object_store.put(key, b"first", "text/plain", sha256=sha256(b"first")) is True
    assert await object_store.put(key, b"first", "text/plain", sha256=sha256(b"first")) is False
    with pytest.raises(ObjectConflictError):
        await object_store.put(key, b"other", "text/plain", sha256=sha256(b"other"))
    assert await object_store.get(key) == b"first"


async def test_of_twelve_racing_writers_one_wins(object_store: ObjectStore, object_prefix: str) -> None:
    key = f"{object_prefix}/race"
    bodies = [str(number).encode() for number in range(12)]
    results = await asyncio.gather(
        *(object_store.put(key, body, "text/plain", sha256=sha256(body)) for body in bodies), return_exceptions=True
    )
    assert results.count(True) == 1
    assert sum(isinstance(result, ObjectConflictError) for result in results) == 11
    assert await object_store.get(key) == bodies[results.index(True)]


async def test_a_hundred_objects_that_exist_are_compared_without_losing_a_connection(
    object_store: ObjectStore, object_prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Each comparison reads an object, and keeps its connection between two chunks, while uploads go on."""
    bodies = [bytes([number]) * 10_000 for number in range(100)]

    async def put(number: int, body: bytes) -> bool:
        return await object_store.put(f"{object_prefix}/{number}", body, "text/plain", sha256=sha256(body))

    first = await asyncio.gather(*(put(number, body) for number, body in enumerate(bodies)))
    again = await asyncio.gather(*(put(number, body) for number, body in enumerate(bodies)))
    assert (first, again) == ([True] * 100, [False] * 100)
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == []


async def test_a_wrong_digest_is_refused_by_the_server(object_store: ObjectStore, object_prefix: str) -> None:
    key = f"{object_prefix}/corrupt"
    with pytest.raises(ChecksumMismatchError):
        await object_store.put(key, b"altered on the way", "text/plain", sha256=sha256(b"sent"))
    assert await object_store.exists(key) is False


async def test_missing_objects(object_store: ObjectStore, object_prefix: str) -> None:
    key = f"{object_prefix}/nothing"
    assert await object_store.head(key) is None
    for read in (object_store.get(key), object_store.digest(key)):
        with pytest.raises(ObjectMissingError, match="nothing"):
            await read


async def test_iterate_gives_bounded_chunks(object_store: ObjectStore, object_prefix: str) -> None:
    data = bytes(range(256)) * 10_000
    key = f"{object_prefix}/chunks"
    await object_store.put(key, data, "application/octet-stream", sha256=sha256(data))
    chunks = [chunk async for chunk in object_store.iterate(key)]
    assert b"".join(chunks) == data
    assert max(map(len, chunks)) <= 1 << 20
    assert len(chunks) >= 3


async def test_presigned_download_keeps_its_file_name(object_store: ObjectStore, object_prefix: str) -> None:
    key = f"{object_prefix}/report"
    await object_store.put(key, b"a;b", "text/csv", sha256=sha256(b"a;b"))
    url = await object_store.presign_download(key, 'Ledger "2023" ü.csv', 60)
    assert await send(url, "GET", {}, None) == (200, b"a;b")
    assert "filename%2A%3DUTF-8%27%27Ledger%2520%25222023%2522%2520%25C3%25BC.csv" in url
    tampered = await send(url.replace("report", "another"), "GET", {}, None)
    assert tampered[0] == 403


async def test_presigned_upload_accepts_the_promised_file_once(object_store: ObjectStore, object_prefix: str) -> None:
    key = f"{object_prefix}/evidence"
    upload = await object_store.presign_upload(
        key, size_bytes=len(PHOTO), media_type="image/jpeg", sha256=sha256(PHOTO), expires_s=60
    )
    assert upload.method == "PUT"
    assert dict(upload.headers) == {
        "Content-Length": "20",
        "Content-Type": "image/jpeg",
        "x-amz-checksum-sha256": base64_of(sha256(PHOTO)),
        "If-None-Match": "*",
    }
    assert (await send(upload.url, upload.method, upload.headers, PHOTO))[0] == 200
    assert await object_store.head(key) == ObjectFacts(20, "image/jpeg", sha256(PHOTO))
    assert (await send(upload.url, upload.method, upload.headers, PHOTO))[0] == 412
    assert await object_store.get(key) == PHOTO


LONGER = PHOTO + b"!"
ALTERED = PHOTO.replace(b"a photo", b"A photo")


@pytest.mark.parametrize(
    ("body", "changes", "status"),
    [
        pytest.param(LONGER, {"Content-Length": "21"}, 403, id="another size"),
        pytest.param(b"short", {"Content-Length": "5"}, 403, id="a shorter file"),
        pytest.param(PHOTO, {"Content-Type": "text/html"}, 403, id="another type"),
        pytest.param(ALTERED, {}, 400, id="other content under the promised digest"),
        pytest.param(ALTERED, {"x-amz-checksum-sha256": base64_of(sha256(ALTERED))}, 403, id="other content and digest"),
        pytest.param(PHOTO, {"x-amz-checksum-sha256": None}, 403, id="no digest"),
        pytest.param(PHOTO, {"If-None-Match": None}, 403, id="overwriting allowed"),
    ],
)
async def test_presigned_upload_refuses(
    object_store: ObjectStore, object_prefix: str, body: bytes, changes: dict[str, str | None], status: int
) -> None:
    key = f"{object_prefix}/evidence"
    upload = await object_store.presign_upload(
        key, size_bytes=len(PHOTO), media_type="image/jpeg", sha256=sha256(PHOTO), expires_s=60
    )
    headers = {name: value for name, value in {**upload.headers, **changes}.items() if value is not None}
    assert (await send(upload.url, upload.method, headers, body))[0] == status
    assert await object_store.exists(key) is False


async def test_presigned_upload_refuses_tampered_and_expired_urls(object_store: ObjectStore, object_prefix: str) -> None:
    key, other = f"{object_prefix}/mine", f"{object_prefix}/else"
    upload = await object_store.presign_upload(
        key, size_bytes=len(PHOTO), media_type="image/jpeg", sha256=sha256(PHOTO), expires_s=1
    )
    moved = upload.url.replace("/mine", "/else")
    longer = upload.url.replace("X-Amz-Expires=1", "X-Amz-Expires=600")
    assert (await send(moved, "PUT", upload.headers, PHOTO))[0] == 403
    assert (await send(longer, "PUT", upload.headers, PHOTO))[0] == 403
    await asyncio.sleep(2.1)
    status, answer = await send(upload.url, "PUT", upload.headers, PHOTO)
    assert (status, b"expired" in answer) == (403, True)
    assert await object_store.exists(key) is False
    assert await object_store.exists(other) is False


@pytest.mark.parametrize("expires_s", [0, -1, 604_801])
async def test_presigning_has_limits(object_store: ObjectStore, expires_s: int) -> None:
    with pytest.raises(ValueError, match="7 days"):
        await object_store.presign_download("key", "name", expires_s)


async def refusal(address: ObjectStoreAddress) -> str:
    async with ObjectStore(address) as store:
        with pytest.raises(ObjectStoreUnavailableError) as caught:
            await store.ping()
    return str(caught.value)


async def test_ping_and_its_one_line_refusals(object_store: ObjectStore) -> None:
    await object_store.ping()
    address = object_store.address
    place = address.endpoint_url
    assert await refusal(replace(address, bucket="no-such-bucket")) == f"S3 at {place} has no bucket no-such-bucket"
    assert await refusal(replace(address, secret_key="wrong")) == (
        f"S3 at {place} refuses our keys for bucket {address.bucket} (SignatureDoesNotMatch)"
    )
    assert await refusal(replace(address, access_key="wrong")) == (
        f"S3 at {place} refuses our keys for bucket {address.bucket} (InvalidAccessKeyId)"
    )
    assert await refusal(replace(address, endpoint_url="http://127.0.0.1:1")) == (
        "S3 can't be reached at http://127.0.0.1:1: check S3_ENDPOINT_URL (EndpointConnectionError)"
    )


async def test_no_proxy_stands_before_this_machine(object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with ObjectStore(object_store.address) as store:
        await store.ping()


def test_an_endpoint_that_is_no_address_is_named_at_once(object_store_address: ObjectStoreAddress) -> None:
    with pytest.raises(ObjectStoreUnavailableError, match="is not an http or https address"):
        ObjectStore(replace(object_store_address, endpoint_url="localhost:9000"))


def test_the_secret_is_not_in_the_representation(object_store_address: ObjectStoreAddress) -> None:
    assert object_store_address.secret_key
    assert object_store_address.secret_key not in repr(object_store_address)
