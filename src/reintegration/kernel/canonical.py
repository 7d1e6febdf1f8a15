"""One canonical JSON for everything that is digested: sorted keys, no floats, NFC-independent bytes."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from uuid import UUID

import orjson

JsonDocument = dict[str, object] | list[object]
"""A JSON document as it comes out of the database."""


def _plain(value: object) -> object:
    """Reduce `value` to JSON's types; floats are refused, because two spellings of one number break a digest."""
    match value:
        case Enum():
            return _plain(value.value)
        case None | bool() | int() | str():
            return value
        case UUID() | date() | datetime():
            return value.isoformat() if isinstance(value, date) else str(value)
        case dict() | Mapping():  # a dict is known at once, an abstract class is asked
            return {str(key): _plain(item) for key, item in value.items()}
        case set() | frozenset():
            return sorted((_plain(item) for item in value), key=lambda item: orjson.dumps(item, option=orjson.OPT_SORT_KEYS))
        case list() | tuple() | Sequence():
            return [_plain(item) for item in value]
        case _:
            raise TypeError(f"{type(value).__name__} has no canonical spelling")


def canonical_json(document: object) -> bytes:
    """`document` as UTF-8 JSON with sorted keys and no white space.

    Raises:
        TypeError: a float or another type without one spelling.
    """
    return orjson.dumps(_plain(document), option=orjson.OPT_SORT_KEYS)


def digest(document: object) -> str:
    """SHA-256 of the canonical JSON, 64 lower-case hexadecimal digits."""
    return hashlib.sha256(canonical_json(document)).hexdigest()
