"""The part of boto3 that is used, typed; and one translation of its errors. No other module imports boto3."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol, TypedDict
from urllib.parse import urlsplit

import boto3  # type: ignore[import-untyped]  # boto3 ships no types
import botocore.session  # type: ignore[import-untyped]  # botocore ships no types
from botocore.config import Config  # type: ignore[import-untyped]  # botocore ships no types
from botocore.exceptions import (  # type: ignore[import-untyped]  # botocore ships no types
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
)
from botocore.handlers import add_expect_header  # type: ignore[import-untyped]  # botocore ships no types
from botocore.loaders import create_loader  # type: ignore[import-untyped]  # botocore ships no types

from reintegration.storage.address import ObjectStoreAddress
from reintegration.storage.errors import (
    ChecksumMismatchError,
    ObjectConflictError,
    ObjectMissingError,
    ObjectStoreError,
    ObjectStoreUnavailableError,
)

LARGEST_POOL: Final = 16
"""Threads of one client, each with one request: more wait in line."""
MOST_STREAMS: Final = 8
"""Objects that one client reads at a time: each keeps its connection also between two chunks, when no thread works for it."""
CONNECT_TIMEOUT_S: Final = 5
READ_TIMEOUT_S: Final = 60
ATTEMPTS: Final = 4
_MODELS: Final = create_loader()
"""Remembers the descriptions of S3 that it has read: half a second of parsing for whoever connects next."""

WIRE_ERRORS: Final = (ClientError, BotoCoreError)
_KEYS_REFUSED = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "403", "InvalidToken", "ExpiredToken"})
_BY_KEY: Final[Mapping[str, type[ObjectMissingError | ObjectConflictError | ChecksumMismatchError]]] = {
    **dict.fromkeys(("NoSuchKey", "404", "NotFound"), ObjectMissingError),
    **dict.fromkeys(("PreconditionFailed", "412", "ConditionalRequestConflict"), ObjectConflictError),
    **dict.fromkeys(("BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch"), ChecksumMismatchError),
}


class Body(Protocol):
    """A response body, read bit by bit."""

    def read(self, amt: int | None = None) -> bytes: ...  # noqa: D102  # boto3's own contract
    def close(self) -> None: ...  # noqa: D102  # boto3's own contract


class Answer(TypedDict, total=False):
    """The fields of boto3's answers that are read here."""

    Body: Body
    ContentLength: int
    ContentType: str
    ChecksumSHA256: str
    ETag: str
    LastModified: datetime
    UploadId: str
    Uploads: Sequence[Mapping[str, object]]


class S3Client(Protocol):
    """The operations of boto3's S3 client that are used; thread-safe, and costly to make."""

    def put_object(self, **parameters: object) -> Answer: ...  # noqa: D102  # boto3's own contract
    def get_object(self, **parameters: object) -> Answer: ...  # noqa: D102  # boto3's own contract
    def head_object(self, **parameters: object) -> Answer: ...  # noqa: D102  # boto3's own contract
    def list_objects_v2(self, **parameters: object) -> Answer: ...  # noqa: D102  # boto3's own contract
    def create_bucket(self, **parameters: object) -> Answer: ...  # noqa: D102  # boto3's own contract
    def put_bucket_versioning(self, **parameters: object) -> Answer: ...  # noqa: D102  # boto3's own contract
    def create_multipart_upload(self, **parameters: object) -> Answer: ...  # noqa: D102  # boto3's own contract
    def upload_part(self, **parameters: object) -> Answer: ...  # noqa: D102  # boto3's own contract
    def complete_multipart_upload(self, **parameters: object) -> Answer: ...  # noqa: D102  # boto3's own contract
    def abort_multipart_upload(self, **parameters: object) -> Answer: ...  # noqa: D102  # boto3's own contract
    def list_multipart_uploads(self, **parameters: object) -> Answer: ...  # noqa: D102  # boto3's own contract
    def generate_presigned_url(  # noqa: D102  # boto3's own contract
        self,
        operation: str,
        /,
        *,
        Params: Mapping[str, object],  # noqa: N803  # boto3's own name
        ExpiresIn: int,  # noqa: N803  # boto3's own name
    ) -> str: ...
    def close(self) -> None: ...  # noqa: D102  # boto3's own contract


def connect(address: ObjectStoreAddress, *, attempts: int = ATTEMPTS, read_timeout_s: int = READ_TIMEOUT_S) -> S3Client:
    """A client for `address`; sends nothing yet.

    Raises:
        ObjectStoreUnavailableError: the address is not one (no http URL, unknown AWS profile).
    """
    if address.endpoint_url is not None and urlsplit(address.endpoint_url).scheme not in {"http", "https"}:
        raise ObjectStoreUnavailableError(f"S3 endpoint {address.place} is not an http or https address")
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path" if address.endpoint_url else "auto"},
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=read_timeout_s,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=LARGEST_POOL + MOST_STREAMS,  # fewer, and finished connections are thrown away, with a warning each
        # We send and check SHA-256 ourselves; the default CRC32 breaks presigned URLs and older S3 servers.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        proxies={} if address.is_loopback else None,
    )
    session = botocore.session.get_session()
    session.register_component("data_loader", _MODELS)
    try:
        client = boto3.session.Session(botocore_session=session).client(
            "s3",
            endpoint_url=address.endpoint_url,
            aws_access_key_id=address.access_key,
            aws_secret_access_key=address.secret_key,
            region_name=address.region,
            config=config,
        )
    except (BotoCoreError, ValueError) as error:
        raise ObjectStoreUnavailableError(f"S3 can't be set up at {address.place}: {_one_line(error)}") from error
    # It would ask before every upload whether to go on, a round trip more, and read the answer byte by byte.
    client.meta.events.unregister("before-call.s3", add_expect_header)
    typed: S3Client = client
    return typed


def error_code(error: ClientError | BotoCoreError) -> str:
    """S3's error code, or the name of the exception."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "unknown"))
    return type(error).__name__


def translate(error: ClientError | BotoCoreError, address: ObjectStoreAddress, key: str | None = None) -> ObjectStoreError:
    """Our error for boto3's, with one line that tells an operator what to look at."""
    code = error_code(error)
    if key is not None and code in _BY_KEY:
        return _BY_KEY[code](key)
    if isinstance(error, EndpointConnectionError | HTTPClientError):
        reason = f"S3 can't be reached at {address.place}: check S3_ENDPOINT_URL ({code})"
    elif isinstance(error, NoCredentialsError):
        reason = f"S3 at {address.place} wants keys and none were given: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    elif code in _KEYS_REFUSED:
        reason = f"S3 at {address.place} refuses our keys for bucket {address.bucket} ({code})"
    elif code == "NoSuchBucket":
        reason = f"S3 at {address.place} has no bucket {address.bucket}"
    else:
        reason = f"S3 at {address.place} failed: {_one_line(error)}"
    return ObjectStoreUnavailableError(reason)


def _one_line(error: Exception) -> str:
    """The error's text without line breaks."""
    return " ".join(str(error).split())
