"""The product as partners meet it: HTTP, a store that takes files, people who sign in; they ask what schema/operations has."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.actor import Role
from reintegration.storage.address import ObjectStoreAddress
from tests import builders
from tests.exports.places import own_bucket
from tests.http_client import Server, running
from tests.operations.walk import Person

Part = dict[str, Any]

_POSITION = "select coalesce(max(sequence), 0) from audit_log"


@dataclass(frozen=True, slots=True)
class Site:
    """The running product, those who work with it, and its database for what no answer shows."""

    server: Server
    work: UnitOfWork
    owner: asyncpg.Connection

    def person(self, role: Role, name: str | None = None) -> Person:
        """Somebody of IOM's office in Mongolia, of IOM or of Fedasil."""
        return Person(self.server, self.server.token(role, name))

    @property
    def officer(self) -> Person:
        """Of the office."""
        return self.person(Role.FIELD_OFFICER)

    @property
    def approver(self) -> Person:
        """Of the office."""
        return self.person(Role.FIELD_APPROVER)

    @property
    def coordinator(self) -> Person:
        """Of IOM."""
        return self.person(Role.PARTNER_COORDINATOR)

    @property
    def finance(self) -> Person:
        """Of Fedasil."""
        return self.person(Role.FEDASIL_FINANCE)

    async def position(self) -> int:
        """Where the log of all changes ends: the same before and after is proof that nothing changed."""
        return int(await self.owner.fetchval(_POSITION))

    async def refused(self, who: Person, operation: str, **asked: object) -> str:
        """The code of a mutation that must change nothing."""
        before = await self.position()
        answer = await who.sends(operation, {"idempotencyKey": str(uuid4()), **asked})
        assert str(answer["__typename"]).endswith("Problem"), answer
        assert await self.position() == before, answer
        return str(answer["code"])

    async def sees(self, query: str, **variables: object) -> Part:
        """The first root of a query of the coordinator's."""
        answer = await self.server.post(query, variables, self.coordinator.token)
        (root,) = answer.data.values()
        found: Part = root  # type: ignore[assignment] # JSON
        return found

    async def holds(self) -> None:
        """Every invariant, asked for through the API."""
        found = await self.person(Role.AUDITOR).asks("Invariants", now=True)
        broken = {one["name"]: one["examples"] for one in found["invariants"] if one["violations"]}
        assert (found["violations"], broken) == (0, {})
        assert len(found["invariants"]) > 20


@asynccontextmanager
async def open_site(database: DatabaseAddresses, objects: ObjectStoreAddress, data_dir: Path) -> AsyncIterator[Site]:
    """A product over a database and a bucket of its own."""
    owner = await asyncpg.connect(database.owner_url)
    try:
        async with (
            own_bucket(objects) as store,
            running(database, store.address, data_dir) as server,
            builders.open_work(database) as work,
        ):
            yield Site(server, work, owner)
    finally:
        await owner.close()


async def trickled(who: Person, operation: str, asked: Mapping[str, object], *, sent: float = 1.0) -> Part | None:
    """Send a mutation a byte at a time; the answer's root, or None when the line is cut after a part (`sent`) of the body."""
    body = json.dumps({"documentId": operation, "variables": {"input": dict(asked)}}).encode()
    address = urlsplit(who.server.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {who.token}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    try:
        for place in range(len(head)):
            writer.write(head[place : place + 1].encode())
            await writer.drain()
        for place in range(int(len(body) * sent)):
            writer.write(body[place : place + 1])
            await writer.drain()
            # A turn of the loop for the server, which reads what has come.
            await asyncio.sleep(0)
        if sent < 1:
            writer.transport.abort()
            return None
        answer = await reader.read()
    finally:
        writer.close()
    _, _, text = answer.partition(b"\r\n\r\n")
    (root,) = json.loads(text)["data"].values()
    found: Part = root
    return found


async def put_in_pieces(upload: Part, data: bytes, *, sent: float = 1.0) -> int | None:
    """PUT a file a few bytes at a time; the status, or None when the line is cut after a part of it."""
    address = urlsplit(str(upload["url"]))
    target = f"{address.path}?{address.query}" if address.query else address.path
    headers = {str(header["name"]).lower(): header["value"] for header in upload["headers"]}
    headers |= {"host": address.netloc, "content-length": str(len(data)), "connection": "close"}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        writer.write(f"{upload['method']} {target} HTTP/1.1\r\n{head}\r\n".encode())
        end = int(len(data) * sent)
        for place in range(0, end, 7):
            writer.write(data[place : min(place + 7, end)])
            await writer.drain()
            await asyncio.sleep(0.001)
        if sent < 1:
            writer.transport.abort()
            return None
        return int((await reader.readline()).split()[1])
    finally:
        writer.close()
