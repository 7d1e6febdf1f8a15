"""Before anything is measured: every server gives the same answers, and a drafted payment leaves the same rows."""

import json
from collections.abc import Mapping, Sequence

import aiohttp
import asyncpg

from tests.benchmarks.canonical import Json, canonical, first_difference, leaves
from tests.benchmarks.fleet import Kind, PostgraphileBodies, data_of, url_and_headers
from tests.benchmarks.load import FRESH
from tests.benchmarks.processes import Running
from tests.benchmarks.work import Operation

_COMPARED = 6
_COUNTED = ("payments", "payment_lines", "idempotency_records", "audit_log")


class UnequalError(Exception):
    """Servers answered the same question differently; the message says where."""


async def ask(session: aiohttp.ClientSession, running: Running, operation: Operation, body: str) -> bytes:
    """The body of one answer."""
    url, headers = url_and_headers(running, operation)
    given = {"Content-Type": "application/json", "Accept": "application/json", **headers}
    async with session.post(url, data=body.encode(), headers=given) as response:
        return await response.read()


async def check_reads(fleet: Sequence[tuple[Kind, Running]], operation: Operation) -> tuple[int, dict[str, str]]:
    """Compare the answers to a few questions with the first server's.

    Returns how many values the largest of these answers has, and of each server that differs how.
    """
    different: dict[str, str] = {}
    largest = 0
    async with aiohttp.ClientSession() as session:
        await _learn(session, fleet, operation)
        for subject in operation.subjects[:_COMPARED]:
            expected: Json = None
            for kind, running in fleet:
                try:
                    found = _canonical(kind, await ask(session, running, operation, kind.body(operation, subject)))
                except ValueError as error:
                    different.setdefault(kind.name, str(error))
                    continue
                if expected is None:
                    expected = found
                    largest = max(largest, leaves(found))
                elif (difference := first_difference(expected, found)) is not None:
                    different.setdefault(kind.name, difference)
    return largest, different


async def _learn(session: aiohttp.ClientSession, fleet: Sequence[tuple[Kind, Running]], operation: Operation) -> None:
    """Let PostGraphile show its first page of a list, so that others can be asked for."""
    for kind, running in fleet:
        if isinstance(kind.body, PostgraphileBodies) and "after" in operation.subjects[0]:
            answer = await ask(session, running, operation, kind.body(operation, {"after": None}))
            kind.body.learn(operation, data_of(json.loads(answer)))


async def same_bytes(one: tuple[Kind, Running], other: tuple[Kind, Running], operation: Operation) -> bool:
    """Whether two servers spell `data` alike, byte for byte."""
    async with aiohttp.ClientSession() as session:
        for subject in operation.subjects[:_COMPARED]:
            bodies = [await ask(session, running, operation, kind.body(operation, subject)) for kind, running in (one, other)]
            if _data_bytes(bodies[0]) != _data_bytes(bodies[1]):
                return False
    return True


async def check_writes(
    fleet: Sequence[tuple[Kind, Running]], operation: Operation, connection: asyncpg.Connection
) -> dict[str, str]:
    """Draft one payment with each server and compare answer and rows with the first server's; of each that differs how."""
    different: dict[str, str] = {}
    expected: Json = None
    async with aiohttp.ClientSession() as session:
        for (kind, running), subject in zip(fleet, operation.subjects, strict=False):
            fresh = f"019f0000-0000-7000-8000-{int.from_bytes(kind.name.encode()[:5]):012x}"
            before = await _counts(connection)
            body = kind.body(operation, subject).replace(FRESH, fresh)
            try:
                answer = _canonical(kind, await ask(session, running, operation, body))
            except ValueError as error:
                different[kind.name] = str(error)
                continue
            after = await _counts(connection)
            written: dict[str, Json] = {name: after[name] - before[name] for name in _COUNTED}
            found: Json = {"rows": written, "answer": _drafted(answer)}
            if expected is None:
                expected = found
            elif (difference := first_difference(expected, found)) is not None:
                different[kind.name] = difference
    return different


def _canonical(kind: Kind, body: bytes) -> Json:
    return canonical(data_of(json.loads(body)), is_opaque=kind.is_opaque)


def _data_bytes(body: bytes) -> bytes:
    """The bytes of `data`; what ours adds is what the operation cost."""
    data, found, _ = body.partition(b',"extensions":{"cost":')
    return data if found else data.removesuffix(b"}")


def _drafted(data: Json) -> Json:
    """The payment of an answer, without what differs in every request."""
    if not isinstance(data, Mapping):
        return data
    if "lines" in data:
        return {name: value for name, value in data.items() if name not in {"id", "paymentDate"}}
    return next((found for value in data.values() if (found := _drafted(value)) is not None and isinstance(value, Mapping)), None)


async def _counts(connection: asyncpg.Connection) -> dict[str, int]:
    return {name: await connection.fetchval(f"select count(*) from {name}") for name in _COUNTED}  # noqa: S608 - tables of ours
