"""How many connections may stay open: WebSockets and event streams, of everybody, of one person, and of nobody yet."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiohttp import web

from reintegration.api.codes import Code
from reintegration.api.requests import RequestRefusedError


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How many connections one process keeps open. A WebSocket says within `initiation_s` who it is."""

    in_all: int = 1_000
    of_one_person: int = 20
    of_nobody: int = 100
    initiation_s: float = 10.0


class Place:
    """One open connection's place; of nobody until it is signed in."""

    def __init__(self, connections: "OpenConnections") -> None:
        self._connections = connections
        self.person: str | None = None

    def take(self, person: str) -> None:
        """Say whose it is.

        Raises:
            RequestRefusedError: 429, when the person has as many as one may have.
        """
        connections = self._connections
        if self.person is not None:
            return
        if connections.by_person[person] >= connections.limits.of_one_person:
            raise RequestRefusedError(
                429,
                Code.LIMIT_EXCEEDED,
                f"You have {connections.limits.of_one_person} connections open already; close one first",
            )
        self.person = person
        connections.by_person[person] += 1
        connections.of_nobody -= 1


class OpenConnections:
    """The places of one process."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self.in_all = 0
        self.of_nobody = 0
        self.by_person: Counter[str] = Counter()

    @contextmanager
    def place(self) -> Iterator[Place]:
        """A place for as long as the connection is open.

        Raises:
            RequestRefusedError: 503, when all are taken.
        """
        if self.in_all >= self.limits.in_all or self.of_nobody >= self.limits.of_nobody:
            raise RequestRefusedError(503, Code.UNAVAILABLE, "Too many connections are open; try again later")
        place = Place(self)
        self.in_all += 1
        self.of_nobody += 1
        try:
            yield place
        finally:
            self.in_all -= 1
            if place.person is None:
                self.of_nobody -= 1
            else:
                self.by_person[place.person] -= 1
                if not self.by_person[place.person]:
                    del self.by_person[place.person]


PLACE = web.RequestKey("place", Place)
"""Where a request that stays open keeps its place."""
