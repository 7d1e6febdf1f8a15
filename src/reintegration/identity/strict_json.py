"""JSON from strangers: one reading only, or none."""

import json
from collections.abc import Mapping
from typing import NoReturn


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object whose names are unique; of two equal names, two readers may take different ones."""
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a name occurs twice")
    return document


def _refuse(constant: str) -> NoReturn:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(constant)


def parse_object(data: bytes) -> Mapping[str, object]:
    """The JSON object in `data`, UTF-8.

    Raises:
        ValueError: not UTF-8, not JSON, nested too deeply, a name twice, a number that JSON lacks, or not an object.
    """
    try:
        document: object = json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one error type for everything a stranger can get wrong
    return document
