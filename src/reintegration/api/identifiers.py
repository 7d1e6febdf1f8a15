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
    return strawberry.ID(_spelled(body + _checksum(body)))


def decode_any(id: str) -> tuple[str, UUID]:  # noqa: A002 - see encode
    """The kind and UUID in an opaque id.

    Raises:
        NotFoundError: not an id of ours.
    """
    found = _read(id)
    if found is None:
        raise NotFoundError(kind="Node")
    return found


def _read(id: str) -> tuple[str, UUID] | None:  # noqa: A002 - see encode
    if len(id) > _LONGEST or not id.isascii():
        return None
    try:
        raw = base64.b64decode(id + "=" * (-len(id) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    body, checksum = raw[:-_CHECKSUM_BYTES], raw[-_CHECKSUM_BYTES:]
    if len(body) <= _UUID_BYTES or checksum != _checksum(body) or not body[_UUID_BYTES:].isascii():
        return None
    if _spelled(raw) != id:  # base64 has several spellings of one value; an id has one
        return None
    return body[_UUID_BYTES:].decode("ascii"), UUID(bytes=body[:_UUID_BYTES])


def _spelled(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode(id: str, *kinds: str) -> UUID:  # noqa: A002 - see encode
    """The UUID in an opaque id of one of `kinds`.

    Raises:
        NotFoundError: garbage, or the id of another kind; the same answer as for a record that is absent or not the caller's.
    """
    found = _read(id)
    if found is None or found[0] not in kinds:
        raise NotFoundError(kind=kinds[0])
    return found[1]
