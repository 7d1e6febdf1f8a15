"""Ids are UUIDv7: sortable by time, and a client may make its own before it has a connection."""

from uuid import UUID

from uuid_utils.compat import uuid7

_VERSION = 7


def new_id() -> UUID:
    """A new UUIDv7."""
    return uuid7()


def is_uuid7(value: UUID) -> bool:
    """Whether a client's id is one of ours in form (RFC 9562, version 7)."""
    return value.version == _VERSION
