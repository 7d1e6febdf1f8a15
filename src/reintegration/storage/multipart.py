"""A file of unknown length into S3: parts of 8 MiB, two under way, constant memory."""

import asyncio
import hashlib
from collections import deque
from types import TracebackType
from typing import Final, Self

from reintegration.storage.client import ContentDigest, ObjectStore, base64_of
from reintegration.storage.errors import ObjectConflictError, ObjectStoreError
from reintegration.storage.shielding import to_the_end
from reintegration.storage.wire import S3Client

PART_BYTES: Final = 8 << 20
PARTS_UNDER_WAY: Final = 2
LARGEST_PART_NUMBER: Final = 10_000
"""S3's own limit: 78 GiB with parts of this size."""


class MultipartSink:
    """Write once, then `complete`; leaving the block otherwise aborts, and nothing of the file stays.

    A file of one part is put in one request, so that S3 keeps its whole SHA-256. An existing key with the same content is
    accepted, other content is refused; nothing is overwritten. One task at a time.
    """

    def __init__(self, store: ObjectStore, key: str, media_type: str) -> None:
        self.key = key
        self.size_bytes = 0
        self.peak_buffered_bytes = 0
        self._store = store
        self._media_type = media_type
        self._digest = hashlib.sha256()
        self._buffer = bytearray()
        self._upload_id: str | None = None
        self._parts: list[dict[str, str | int]] = []
        self._under_way: deque[asyncio.Task[dict[str, str | int]]] = deque()
        self._completed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._completed:
            return
        try:
            await to_the_end(asyncio.ensure_future(self._abort()))
        except ObjectStoreError as failure:
            if error is None:
                raise
            error.add_note(f"the unfinished upload of {self.key} could not be aborted: {failure}")

    async def write(self, data: bytes) -> None:
        """Append `data`; waits while two parts are under way.

        Raises:
            ObjectStoreError: an earlier part failed.
        """
        self._digest.update(data)
        self.size_bytes += len(data)
        view = memoryview(data)
        while view:
            room = PART_BYTES - len(self._buffer)
            self._buffer += view[:room]
            view = view[room:]
            if len(self._buffer) == PART_BYTES:
                await self._send_part()
        self._note_buffered()

    async def complete(self) -> ContentDigest:
        """Make the object appear, whole; its SHA-256 and size.

        Raises:
            ObjectConflictError: the key holds other content.
        """
        content = ContentDigest(self._digest.hexdigest(), self.size_bytes)
        if self._upload_id is None:
            await self._store.put(self.key, bytes(self._buffer), self._media_type, sha256=content.sha256)
        else:
            if self._buffer:
                await self._send_part()
            while self._under_way:
                await self._take_oldest()
            await self._finish(content)
        self._completed = True
        self._buffer.clear()
        return content

    async def _finish(self, content: ContentDigest) -> None:
        """Complete the upload unless the key exists; then the existing object must be the same."""
        parameters = {
            **self._target(),
            "MultipartUpload": {"Parts": sorted(self._parts, key=lambda part: part["PartNumber"])},
            "IfNoneMatch": "*",
        }
        try:
            await self._store.call(self.key, lambda client: client.complete_multipart_upload(**parameters))
        except ObjectConflictError:
            await self._store.require_same(self.key, content.sha256)
            await self._abort()

    async def _send_part(self) -> None:
        """Start the upload of what is buffered; first wait for the oldest of two under way."""
        if self._upload_id is None:
            answer = await self._store.call(
                self.key,
                lambda client: client.create_multipart_upload(
                    Bucket=self._store.address.bucket, Key=self.key, ContentType=self._media_type, ChecksumAlgorithm="SHA256"
                ),
            )
            self._upload_id = answer["UploadId"]
        if len(self._under_way) >= PARTS_UNDER_WAY:
            await self._take_oldest()
        number = len(self._parts) + len(self._under_way) + 1
        if number > LARGEST_PART_NUMBER:
            raise ObjectStoreError(f"{self.key} is larger than {LARGEST_PART_NUMBER} parts")
        data = bytes(self._buffer)
        self._buffer.clear()
        self._under_way.append(asyncio.create_task(self._upload(number, data)))
        self._note_buffered()

    async def _upload(self, number: int, data: bytes) -> dict[str, str | int]:
        """Send one part; S3 checks its SHA-256."""

        def send(client: S3Client) -> dict[str, str | int]:
            checksum = base64_of(hashlib.sha256(data).hexdigest())
            answer = client.upload_part(**self._target(), PartNumber=number, Body=data, ChecksumSHA256=checksum)
            return {"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": checksum}

        return await self._store.call(self.key, send)

    async def _take_oldest(self) -> None:
        """Wait for the oldest part; a cancelled wait leaves it to `_abort`."""
        part = await asyncio.shield(self._under_way[0])
        self._parts.append(part)
        self._under_way.popleft()

    async def _abort(self) -> None:
        """Wait for parts under way (S3 would keep a part that arrives later), then drop the upload."""
        await asyncio.gather(*self._under_way, return_exceptions=True)
        self._under_way.clear()
        self._buffer.clear()
        if self._upload_id is not None:
            await self._store.call(self.key, lambda client: client.abort_multipart_upload(**self._target()))

    def _target(self) -> dict[str, str | None]:
        """Which upload."""
        return {"Bucket": self._store.address.bucket, "Key": self.key, "UploadId": self._upload_id}

    def _note_buffered(self) -> None:
        """Remember the most that was held at once."""
        held = len(self._buffer) + len(self._under_way) * PART_BYTES
        self.peak_buffered_bytes = max(self.peak_buffered_bytes, held)
