"""How a server is started: one line of JSON on its stdin, one on its stdout when it listens, and its end with its stdin."""

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass

OFFICER = "officer"
FINANCE = "finance"


@dataclass(frozen=True, slots=True)
class Place:
    """What a server is told: the database, and for ours the object store; `actors` by name, with their settings."""

    database_url: str
    owner_url: str
    objects: Mapping[str, str]
    offices: Mapping[str, str]
    data_dir: str
    is_compiled: bool


def read_place() -> Place:
    """The line on stdin."""
    return Place(**json.loads(sys.stdin.readline()))


def announce(url: str, headers: Mapping[str, Mapping[str, str]]) -> None:
    """Say that the server listens, and with which headers each actor asks."""
    sys.stdout.write(json.dumps({"url": url, "headers": headers}) + "\n")
    sys.stdout.flush()


async def until_stdin_ends() -> None:
    """Return when whoever started us closes our stdin, or is gone."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
