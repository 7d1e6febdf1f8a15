"""How a server is started: one line of JSON on its stdin, one on its stdout when it listens, and its end with its stdin."""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

OFFICER = "officer"
FINANCE = "finance"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who asks, as our API's tokens say it: offices and partner by their codes."""

    subject: str
    role: str
    offices: Sequence[str] = ()
    partner: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """What a server is told: the database, and for ours the object store.

    Only ours looks at the last two: who asks besides the two actors, by name, and where its documents are unless in operations/.
    """

    database_url: str
    owner_url: str
    objects: Mapping[str, str]
    offices: Mapping[str, str]
    data_dir: str
    is_compiled: bool
    people: Mapping[str, Person] = field(default_factory=dict)
    operations: str | None = None


def read_place() -> Place:
    """The line on stdin."""
    told = json.loads(sys.stdin.readline())
    people = {name: Person(**person) for name, person in told.pop("people").items()}
    return Place(**told, people=people)


def announce(url: str, headers: Mapping[str, Mapping[str, str]]) -> None:
    """Say that the server listens, and with which headers each actor asks."""
    sys.stdout.write(json.dumps({"url": url, "headers": headers}) + "\n")
    sys.stdout.flush()


async def until_stdin_ends() -> None:
    """Return when whoever started us closes our stdin, or is gone."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
