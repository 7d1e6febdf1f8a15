"""Opaque ids of the graph: a record's type and UUID in one string that carries a checksum.

The checksum is no secret and guards nothing: row-level security does. It tells a mistyped id from a real one without a query,
and both answers read the same, so that an id proves nothing about what exists.
"""

import base64
import binascii
import hashlib
from uuid import UUID

import strawberry

from reintegration.kernel.errors import NotFoundError

_UUID_BYTES = 16
_CHECKSUM_BYTES = 4
_LONGEST = 120


def _checksum(body: bytes) -> bytes:
    return hashlib.sha256(b"reintegration.id\0" + body).digest()[:_CHECKSUM_BYTES]


def encode(kind: str, id: UUID) -> strawberry.ID:  # noqa: A002 - it is the id, and has no better name
    """The opaque id of a record. `kind` is its GraphQL type name."""
    body = id.bytes + kind.encode("ascii")
    return strawberry.ID(base64.urlsafe_b64encode(body + _checksum(body)).decode().rstrip("="))


def decode_any(id: str) -> tuple[str, UUID]:  # noqa: A002 - see encode
    """The kind and UUID in an opaque id.

    Raises:
        NotFoundError: not an id of ours.
    """
    absent = NotFoundError(kind="Node")
    if len(id) > _LONGEST or not id.isascii():
        raise absent
    try:
        raw = base64.b64decode(id + "=" * (-len(id) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise absent from None
    body, checksum = raw[:-_CHECKSUM_BYTES], raw[-_CHECKSUM_BYTES:]
    if len(body) <= _UUID_BYTES or checksum != _checksum(body) or not body[_UUID_BYTES:].isascii():
        raise absent
    kind, value = body[_UUID_BYTES:].decode("ascii"), UUID(bytes=body[:_UUID_BYTES])
    if encode(kind, value) != id:  # base64 has several spellings of one value; an id has one
        raise absent
    return kind, value


def decode(id: str, *kinds: str) -> UUID:  # noqa: A002 - see encode
    """The UUID in an opaque id of one of `kinds`.

    Raises:
        NotFoundError: garbage, or the id of another kind; the same answer as for a record that is absent or not the caller's.
    """
    try:
        kind, value = decode_any(id)
    except NotFoundError:
        raise NotFoundError(kind=kinds[0]) from None
    if kind not in kinds:
        raise NotFoundError(kind=kinds[0])
    return value
