"""The load: a process that sends prepared requests over kept connections and counts, spending as little CPU as it can.

It reads one job in JSON from stdin and writes one answer to stdout. Each connection waits for its answer before it sends
again (a closed loop). An answer is good when its status is 200, it has no errors and says what is wanted.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import count
from urllib.parse import urlsplit

import uvloop

from tests.benchmarks.measures import Load, percentile

FRESH = "00000000-0000-7000-8000-000000000000"
"""In a body: a UUIDv7 of its own for every request."""

_MS = 1_000_000
_END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Job:
    """What to send, where to, over how many connections, for how long. `bodies` take turns; `wanted` is in a good answer."""

    url: str
    headers: dict[str, str]
    bodies: list[str]
    wanted: str
    connections: int
    seconds: float


class BrokenAnswerError(Exception):
    """A server answered with what isn't HTTP as it is spoken here."""


class _Fresh:
    """UUIDv7 in the form of text, never twice in this process, and hardly ever elsewhere."""

    def __init__(self) -> None:
        self._start = f"{time.time_ns() // _MS:012x}"
        self._numbers = count(time.time_ns() % 2**40)

    def __call__(self) -> bytes:
        number = f"{next(self._numbers):012x}"
        return f"{self._start[:8]}-{self._start[8:]}-7000-8000-{number}".encode()


class _Client(asyncio.Protocol):
    """One connection: the next request goes out as soon as the answer is whole."""

    def __init__(self, requests: Iterator[bytes], wanted: bytes, until_ns: int, closed: "asyncio.Future[None]") -> None:
        self._requests = requests
        self._wanted = wanted
        self._until_ns = until_ns
        self._closed = closed
        self._buffer = bytearray()
        self._sent_ns = 0
        self._is_waiting = False
        self.latencies: list[int] = []
        self.errors = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        try:
            good = is_good(self._buffer, self._wanted)
        except BrokenAnswerError as error:
            self._closed.set_exception(error)
            self._transport.close()
            return
        if good is None:
            return
        now = time.perf_counter_ns()
        self.latencies.append(now - self._sent_ns)
        self.errors += not good
        self._is_waiting = False
        self._buffer.clear()
        if now < self._until_ns:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._closed.done():
            self._closed.set_result(None)
        del exc
        self.errors += self._is_waiting

    def _send(self) -> None:
        self._is_waiting = True
        self._sent_ns = time.perf_counter_ns()
        self._transport.write(next(self._requests))  # type: ignore[attr-defined] # a TCP transport


def is_good(buffer: bytearray, wanted: bytes) -> bool | None:
    """None while the answer isn't complete, then whether it is a good one."""
    end = buffer.find(_END_OF_HEAD)
    if end < 0:
        return None
    head = bytes(buffer[:end]).lower()
    start = end + len(_END_OF_HEAD)
    place = head.find(b"\r\ncontent-length:")
    if place >= 0:
        line_end = head.find(b"\r\n", place + 2)
        length = int(head[place + 17 : line_end if line_end >= 0 else None])
        if len(buffer) < start + length:
            return None
    elif b"\r\ntransfer-encoding: chunked" in head:
        if not buffer.endswith(b"0\r\n\r\n"):
            return None
    else:
        raise BrokenAnswerError(head.decode(errors="replace"))
    return head.startswith(b"http/1.1 200") and buffer.find(b'"errors":', start) < 0 <= buffer.find(wanted, start)


def _requests(job: Job) -> Iterator[bytes]:
    """Whole requests without end, the bodies in turn."""
    parts = urlsplit(job.url)
    fields = {"Host": parts.netloc, "Content-Type": "application/json", "Accept": "application/json", **job.headers}
    head = f"POST {parts.path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    bodies = [body.encode() for body in job.bodies]
    whole = [f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body for body in bodies]
    marker, fresh = FRESH.encode(), _Fresh()
    has_marker = any(marker in body for body in bodies)
    while True:
        for request in whole:
            yield request.replace(marker, fresh()) if has_marker else request


async def run(job: Job) -> Load:
    """Send for as long as the job says, let what is under way end, and count."""
    parts = urlsplit(job.url)
    loop = asyncio.get_running_loop()
    requests = _requests(job)
    started = time.perf_counter_ns()
    until_ns = started + int(job.seconds * 1_000_000_000)
    clients: list[_Client] = []
    ends = []
    for _ in range(job.connections):
        closed: asyncio.Future[None] = loop.create_future()
        client = _Client(requests, job.wanted.encode(), until_ns, closed)
        clients.append(client)
        ends.append(closed)
        await loop.create_connection(partial(_itself, client), parts.hostname or "", parts.port or 0)
    await asyncio.gather(*ends)
    return _counted(clients, (time.perf_counter_ns() - started) / 1_000_000_000)


def _itself(client: _Client) -> _Client:
    return client


def _counted(clients: Sequence[_Client], seconds: float) -> Load:
    latencies = sorted(nanoseconds / _MS for client in clients for nanoseconds in client.latencies)
    return Load(
        requests=len(latencies),
        errors=sum(client.errors for client in clients),
        seconds=seconds,
        p50_ms=percentile(latencies, 0.5),
        p99_ms=percentile(latencies, 0.99),
    )


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.Loop) as runner:
        done = runner.run(run(Job(**json.loads(sys.stdin.read()))))
    sys.stdout.write(json.dumps(asdict(done)))
