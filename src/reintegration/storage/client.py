"""The one S3 client of a process: boto3's shared client behind a bounded pool of threads."""

import asyncio
import hashlib
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType, TracebackType
from typing import Final, Self, TypeVar
from urllib.parse import quote

from reintegration.storage.address import ObjectStoreAddress
from reintegration.storage.errors import ObjectConflictError, ObjectMissingError, ObjectStoreUnavailableError
from reintegration.storage.wire import LARGEST_POOL, MOST_STREAMS, WIRE_ERRORS, Body, S3Client, connect, error_code, translate

CHUNK_BYTES: Final = 1 << 20
LARGEST_OBJECT_IN_MEMORY_BYTES: Final = 64 << 20
LONGEST_PRESIGN_S: Final = 7 * 24 * 3600
_SHA256_BYTES: Final = 32
_NO_VERSIONING = frozenset({"NotImplemented", "MethodNotAllowed", "405", "501"})
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """What the store says of an object. `sha256` (hexadecimal) is None for multipart objects and objects put without one."""

    size_bytes: int
    media_type: str
    sha256: str | None


@dataclass(frozen=True, slots=True)
class ContentDigest:
    """What reading an object to its end showed."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class PresignedUpload:
    """A request that a client may send once: every header is signed and must be sent as given."""

    url: str
    method: str
    headers: MappingProxyType[str, str]


class ObjectStore:
    """Objects of one bucket. Safe to share between tasks; every call raises `ObjectStoreError` classes only.

    Needs a running event loop only when a coroutine is awaited.
    """

    def __init__(self, address: ObjectStoreAddress) -> None:
        self.address = address
        self._client: S3Client = connect(address)
        self._threads = ThreadPoolExecutor(LARGEST_POOL, thread_name_prefix="s3")
        self._streams = asyncio.Semaphore(MOST_STREAMS)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Wait for calls under way (each has a time limit) and release threads and connections."""
        await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)
        self._client.close()

    async def call(self, key: str | None, work: Callable[[S3Client], _Result]) -> _Result:
        """Run `work` with the shared client in the pool; `key` names the object in errors."""

        def guarded() -> _Result:
            try:
                return work(self._client)
            except WIRE_ERRORS as error:
                raise translate(error, self.address, key) from error

        return await asyncio.get_running_loop().run_in_executor(self._threads, guarded)

    async def ping(self) -> None:
        """For readiness: the endpoint answers, the keys are right, the bucket exists.

        Raises:
            ObjectStoreUnavailableError: one of them isn't so; the message says which.
        """
        await self.call(None, lambda client: client.list_objects_v2(Bucket=self.address.bucket, MaxKeys=1))

    async def ensure_bucket(self) -> None:
        """Create the bucket where it is missing, with versions kept where the store can keep them."""
        await self.call(None, self._ensure_bucket)

    async def put(self, key: str, data: bytes, media_type: str, *, sha256: str) -> bool:
        """Store `data` (digest checked by the store) unless `key` exists; whether it was created.

        Raises:
            ObjectConflictError: the key holds other content.
            ChecksumMismatchError: `data` doesn't have this SHA-256 (hexadecimal).
        """
        parameters = {
            "Bucket": self.address.bucket,
            "Key": key,
            "Body": data,
            "ContentType": media_type,
            "ChecksumSHA256": base64_of(sha256),
            "IfNoneMatch": "*",
        }
        try:
            await self.call(key, lambda client: client.put_object(**parameters))
        except ObjectConflictError:
            # Also reached when our own first attempt arrived and its answer was lost.
            await self.require_same(key, sha256)
            return False
        return True

    async def require_same(self, key: str, sha256: str) -> None:
        """Accept an existing object that has this SHA-256.

        Raises:
            ObjectConflictError: it holds other content, or another upload to this key is still under way.
        """
        try:
            stored = await self.digest(key)
        except ObjectMissingError as error:
            raise ObjectConflictError(key) from error
        if stored.sha256 != sha256:
            raise ObjectConflictError(key)

    async def get(self, key: str) -> bytes:
        """The whole object, for small ones.

        Raises:
            ObjectMissingError: no such key.
            ObjectStoreUnavailableError: larger than 64 MiB; use `iterate`.
        """
        facts = await self.head(key)
        if facts is None:
            raise ObjectMissingError(key)
        if facts.size_bytes > LARGEST_OBJECT_IN_MEMORY_BYTES:
            raise ObjectStoreUnavailableError(f"{key} is too large to be held in memory ({facts.size_bytes} bytes)")
        return b"".join([chunk async for chunk in self.iterate(key)])

    async def iterate(self, key: str) -> AsyncIterator[bytes]:
        """The object in chunks of at most 1 MiB. Eight are read at a time: don't wait for a second one inside of a first.

        Raises:
            ObjectMissingError: no such key.
        """
        async with self._streams:
            body: Body = (await self.call(key, lambda client: client.get_object(Bucket=self.address.bucket, Key=key)))["Body"]
            try:
                while chunk := await self.call(key, lambda _: body.read(CHUNK_BYTES)):
                    yield chunk
            finally:
                body.close()

    async def head(self, key: str) -> ObjectFacts | None:
        """Size, media type and stored SHA-256 of the object; None where there is none."""
        try:
            answer = await self.call(
                key, lambda client: client.head_object(Bucket=self.address.bucket, Key=key, ChecksumMode="ENABLED")
            )
        except ObjectMissingError:
            return None
        return ObjectFacts(
            size_bytes=answer["ContentLength"],
            media_type=answer.get("ContentType", "application/octet-stream"),
            sha256=_whole_digest(answer.get("ChecksumSHA256")),
        )

    async def exists(self, key: str) -> bool:
        """Whether the key holds an object."""
        return await self.head(key) is not None

    async def digest(self, key: str) -> ContentDigest:
        """Read the object to its end and return its SHA-256 and size: what is stored, not what a header claims.

        Raises:
            ObjectMissingError: no such key.
        """
        hasher, size_bytes = hashlib.sha256(), 0
        async for chunk in self.iterate(key):
            hasher.update(chunk)
            size_bytes += len(chunk)
        return ContentDigest(hasher.hexdigest(), size_bytes)

    async def presign_download(self, key: str, file_name: str, expires_s: int) -> str:
        """A GET URL that saves the object as `file_name`; valid for `expires_s` seconds (at most 7 days)."""
        parameters = {
            "Bucket": self.address.bucket,
            "Key": key,
            "ResponseContentDisposition": f"attachment; filename*=UTF-8''{quote(file_name, safe='')}",
        }
        _check_expiry(expires_s)
        return await self.call(
            key, lambda client: client.generate_presigned_url("get_object", Params=parameters, ExpiresIn=expires_s)
        )

    async def presign_upload(self, key: str, *, size_bytes: int, media_type: str, sha256: str, expires_s: int) -> PresignedUpload:
        """A PUT that the store accepts once, with exactly this size, media type and content, within `expires_s` seconds."""
        parameters = {
            "Bucket": self.address.bucket,
            "Key": key,
            "ContentLength": size_bytes,
            "ContentType": media_type,
            "ChecksumSHA256": base64_of(sha256),
            "IfNoneMatch": "*",
        }
        _check_expiry(expires_s)
        url = await self.call(
            key, lambda client: client.generate_presigned_url("put_object", Params=parameters, ExpiresIn=expires_s)
        )
        headers = {
            "Content-Length": str(size_bytes),
            "Content-Type": media_type,
            "x-amz-checksum-sha256": base64_of(sha256),
            "If-None-Match": "*",
        }
        return PresignedUpload(url, "PUT", MappingProxyType(headers))

    def _ensure_bucket(self, client: S3Client) -> None:
        """Create, then switch versions on; both may be repeated."""
        bucket, region = self.address.bucket, self.address.region
        try:
            client.list_objects_v2(Bucket=bucket, MaxKeys=1)
        except WIRE_ERRORS as error:
            if error_code(error) != "NoSuchBucket":
                raise
            self._create_bucket(client, bucket, region)
        try:
            client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        except WIRE_ERRORS as error:
            if error_code(error) not in _NO_VERSIONING:
                raise

    @staticmethod
    def _create_bucket(client: S3Client, bucket: str, region: str) -> None:
        """Create the bucket; another process may have been faster."""
        # AWS refuses its oldest region as a constraint, and wants every other one.
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        try:
            client.create_bucket(Bucket=bucket, **place)
        except WIRE_ERRORS as error:
            if error_code(error) != "BucketAlreadyOwnedByYou":
                raise


def base64_of(sha256: str) -> str:
    """S3's spelling of a digest.

    Raises:
        ValueError: not 64 hexadecimal digits.
    """
    raw = bytes.fromhex(sha256)
    if len(raw) != _SHA256_BYTES:
        raise ValueError("a SHA-256 has 64 hexadecimal digits")
    return b64encode(raw).decode("ascii")


def _whole_digest(checksum: str | None) -> str | None:
    """The hexadecimal digest; None for the composite checksum of a multipart object ("…-2"), which is no digest of the file."""
    if checksum is None or "-" in checksum:
        return None
    return b64decode(checksum).hex()


def _check_expiry(expires_s: int) -> None:
    """Refuse what Signature Version 4 can't carry."""
    if not 0 < expires_s <= LONGEST_PRESIGN_S:
        raise ValueError("a presigned URL lives between a second and 7 days")
