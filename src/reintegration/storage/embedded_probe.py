"""Whether the embedded S3 server can read, by an object that is kept for that alone, in a bucket that nobody else lists.

S3 answers before it can read: its volumes report themselves when there may be no master to take it, and again only five seconds
later. Until then buckets and objects can be listed, and every read fails.
"""

import socket
import time
from contextlib import closing
from types import TracebackType
from typing import Final, Self

from reintegration.storage.address import ObjectStoreAddress
from reintegration.storage.wire import WIRE_ERRORS, S3Client, connect, error_code, translate

PROBE_BUCKET: Final = "readiness"
_KEY: Final = "probe"
_CONTENT: Final = b"This object is read when the server starts.\n"
_READ_TIMEOUT_S: Final = 10
_REWRITE_AFTER_S: Final = 15.0
"""Much longer than volumes need to report themselves: then the object itself is gone, as after a power cut."""
_MISSING: Final = frozenset({"NoSuchBucket", "NoSuchKey"})


class ReadinessProbe:
    """Asks one server, as often as wanted; a context manager. Blocks."""

    def __init__(self, address: ObjectStoreAddress, port: int) -> None:
        self._address = address
        self._port = port
        self._client: S3Client | None = None
        self._failing_since_s: float | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._client is not None:
            self._client.close()

    def failure(self) -> str | None:
        """None once the object was read with our keys, which also proves whose server it is; else what is in the way."""
        try:
            socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
        except OSError:
            return f"nothing listens on port {self._port}"
        if self._client is None:
            self._client = connect(self._address, attempts=1, read_timeout_s=_READ_TIMEOUT_S)
        try:
            if self._reads(self._client):
                return None
            self._write(self._client)
            return None if self._reads(self._client) else "what was written could not be read"
        except WIRE_ERRORS as error:
            return str(translate(error, self._address))

    def _reads(self, client: S3Client) -> bool:
        """Whether the object is there and whole; raises while that can't be told."""
        try:
            with closing(client.get_object(Bucket=PROBE_BUCKET, Key=_KEY)["Body"]) as body:
                return body.read() == _CONTENT
        except WIRE_ERRORS as error:
            if error_code(error) in _MISSING or self._has_failed_long():
                return False
            raise

    def _has_failed_long(self) -> bool:
        if self._failing_since_s is None:
            self._failing_since_s = time.monotonic()
        return time.monotonic() - self._failing_since_s > _REWRITE_AFTER_S

    @staticmethod
    def _write(client: S3Client) -> None:
        """Put the object, also in place of one that was lost."""
        try:
            client.create_bucket(Bucket=PROBE_BUCKET)
        except WIRE_ERRORS as error:
            if error_code(error) not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
                raise
        client.put_object(Bucket=PROBE_BUCKET, Key=_KEY, Body=_CONTENT)
