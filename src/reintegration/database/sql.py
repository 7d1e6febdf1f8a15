"""Named SQL: `queries.sql` beside a room's code, each statement under a line `-- name: …`."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

_NAME = re.compile(r"^-- name: ([a-z_0-9]+)\s*$", re.MULTILINE)


def load_queries(room: str) -> Mapping[str, str]:
    """The statements of the `queries.sql` beside the module file `room` (pass `__file__`), by name.

    Raises:
        ValueError: two statements have one name, or text stands before the first name.
    """
    path = Path(room).with_name("queries.sql")
    parts = _NAME.split(path.read_text(encoding="utf-8"))
    if any(line and not line.startswith("--") for line in parts[0].splitlines()):
        raise ValueError(f"{path.name}: a statement without a name")
    names = parts[1::2]
    if len(set(names)) != len(names):
        raise ValueError(f"{path.name}: a name is used twice")
    return MappingProxyType({name: body.strip().rstrip(";") for name, body in zip(names, parts[2::2], strict=True)})
