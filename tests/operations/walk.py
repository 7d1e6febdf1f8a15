"""What the walkthroughs share: people who speak to the production profile by trusted documents alone."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import uuid4

from aiohttp import ClientResponse, ClientWebSocketResponse

from reintegration.commands.working import report_resources
from reintegration.database.embedded import DatabaseAddresses
from reintegration.demo.receipts import receipt_png
from reintegration.exports.worker import WorkerPace, run_worker
from reintegration.kernel.actor import Role
from reintegration.settings import Profile
from reintegration.storage.address import ObjectStoreAddress
from tests import builders
from tests.builders import BuiltCase, days_ago
from tests.exports.places import own_bucket
from tests.http_client import Server, running

Part = dict[str, Any]
"""A part of an answer: JSON, whose form the schema says; what isn't there fails the test."""

RECEIPT = receipt_png(["FELT AND WOOL LTD", "ULAANBAATAR", "SEWING MACHINE 300.00 EUR", "PAID, THANK YOU"])
_PATIENCE_S = 30


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a token and an HTTP client."""

    server: Server
    token: str

    async def asks(self, operation: str, **variables: object) -> Part:
        """The root field of a trusted document's answer."""
        answer = await self.server.post(documentId=operation, variables=variables, token=self.token)
        (root,) = answer.data.values()
        return cast("Part", root)

    async def sends(self, operation: str, asked: Mapping[str, object]) -> Part:
        """A mutation's answer, whatever it is, to an input that has its idempotency key already."""
        return await self.asks(operation, input=dict(asked))

    async def does(self, operation: str, **asked: object) -> Part:
        """The payload of a mutation that must work, under a key of its own."""
        payload = await self.sends(operation, {"idempotencyKey": str(uuid4()), **asked})
        assert str(payload["__typename"]).endswith("Payload"), payload
        return payload

    async def loses(self, operation: str, asked: Mapping[str, object]) -> None:
        """Send a mutation on a connection that breaks as the answer arrives: one byte is read, and not understood."""
        body = json.dumps({"documentId": operation, "variables": {"input": dict(asked)}}).encode()
        address = urlsplit(self.server.url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        head = (
            f"POST /graphql HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {self.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        await reader.readexactly(1)
        writer.transport.abort()

    async def shows(self, case: str, payment: str, kind: str, photo: bytes) -> str:
        """Announce a photo, send it to the presigned address, complete it and attach it to a payment; the document's id."""
        announced = await self.does(
            "DocumentRequestUpload",
            caseId=case,
            kind=kind,
            fileName="receipt.png",
            mediaType="image/png",
            sizeBytes=len(photo),
            sha256=hashlib.sha256(photo).hexdigest(),
        )
        await self.puts(announced["upload"], photo)
        document = announced["document"]
        await self.does("DocumentCompleteUpload", documentId=document["id"], expectedVersion=document["version"])
        await self.does("DocumentAttach", paymentId=payment, documentId=document["id"])
        return str(document["id"])

    async def puts(self, upload: Part, data: bytes) -> None:
        """Send bytes as the presigned request says: no token of ours goes with it."""
        headers = {header["name"]: header["value"] for header in upload["headers"]}
        request = self.server.session.request(upload["method"], upload["url"], data=data, headers=headers)
        async with request as response:
            assert response.status == 200, await response.text()

    async def gets(self, url: object) -> bytes:
        """What a presigned link gives."""
        async with self.server.session.get(str(url)) as response:
            assert response.status == 200, await response.text()
            return await response.read()

    @asynccontextmanager
    async def listening(self, operation: str, **variables: object) -> AsyncIterator[ClientWebSocketResponse]:
        """A subscription over a WebSocket (graphql-transport-ws)."""
        async with self.server.session.ws_connect(f"{self.server.url}/graphql", protocols=["graphql-transport-ws"]) as socket:
            await socket.send_json({"type": "connection_init", "payload": {"authorization": f"Bearer {self.token}"}})
            assert await socket.receive_json(timeout=_PATIENCE_S) == {"type": "connection_ack"}
            payload = {"documentId": operation, "variables": variables}
            await socket.send_json({"type": "subscribe", "id": "1", "payload": payload})
            # The server answers the ping after it has taken up the subscription that came before it.
            await socket.send_json({"type": "ping"})
            assert (await socket.receive_json(timeout=_PATIENCE_S))["type"] == "pong"
            await asyncio.sleep(0.2)
            yield socket

    @asynccontextmanager
    async def streaming(self, operation: str, **variables: object) -> AsyncIterator[ClientResponse]:
        """The same over server-sent events."""
        body = {"documentId": operation, "variables": variables}
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "text/event-stream"}
        async with self.server.session.post(f"{self.server.url}/graphql", json=body, headers=headers) as response:
            assert response.content_type == "text/event-stream"
            await asyncio.sleep(0.2)
            yield response


async def heard(socket: ClientWebSocketResponse) -> Part:
    """The next event's root field."""
    while True:
        message = await socket.receive_json(timeout=_PATIENCE_S)
        if message["type"] == "ping":
            continue
        assert message["type"] == "next", message
        (root,) = message["payload"]["data"].values()
        return cast("Part", root)


async def streamed(response: ClientResponse) -> Part:
    """The next event's root field; comments that keep the connection open are left out."""
    while True:
        line = (await asyncio.wait_for(response.content.readline(), _PATIENCE_S)).decode()
        assert line, "the stream ended"
        if line.startswith("data:") and line.removeprefix("data:").strip():
            (root,) = json.loads(line.removeprefix("data:"))["data"].values()
            return cast("Part", root)


@dataclass(frozen=True, slots=True)
class People:
    """Everybody of a walkthrough, each another person: four eyes are the database's law."""

    server: Server

    def _person(self, role: Role) -> Person:
        return Person(self.server, self.server.token(role))

    @property
    def officer(self) -> Person:
        """Of IOM's office in Mongolia."""
        return self._person(Role.FIELD_OFFICER)

    @property
    def approver(self) -> Person:
        """Of the same office."""
        return self._person(Role.FIELD_APPROVER)

    @property
    def coordinator(self) -> Person:
        """Of IOM."""
        return self._person(Role.PARTNER_COORDINATOR)

    @property
    def finance(self) -> Person:
        """Of Fedasil."""
        return self._person(Role.FEDASIL_FINANCE)

    @property
    def programme(self) -> Person:
        """Of Fedasil."""
        return self._person(Role.FEDASIL_PROGRAMME)

    @property
    def auditor(self) -> Person:
        """Reads; changes nothing."""
        return self._person(Role.AUDITOR)

    async def pay(self, case: str, photo: bytes = RECEIPT) -> str:
        """From an arrived case to 300 EUR paid back, as the field office's walkthrough tells it; the payment's id."""
        officer, coordinator = self.officer, self.coordinator
        line = {"kind": "MICRO_BUSINESS", "description": "A workshop for felt", "budget": euros("900.00")}
        plan = (await officer.does("PlanDraft", caseId=case, lines=[line]))["plan"]
        (item,) = plan["items"]
        plan = (await officer.does("PlanSubmit", planId=plan["id"], expectedVersion=plan["version"]))["plan"]
        seen = {"expectedVersion": plan["version"], "contentDigest": plan["contentDigest"]}
        await coordinator.does("PlanApprove", planId=plan["id"], **seen)
        drafted = await officer.does("PaymentDraft", **a_reimbursement(case, item["id"]))
        payment = drafted["payment"]
        await officer.shows(case, str(payment["id"]), "RECEIPT", photo)
        steps = ((officer, "PaymentSubmit"), (self.approver, "PaymentApprove"), (coordinator, "PaymentRelease"))
        for who, operation in steps:
            asked = {"paymentId": payment["id"], "expectedVersion": payment["version"]}
            digest = {} if operation == "PaymentSubmit" else {"contentDigest": payment["contentDigest"]}
            payment = (await who.does(operation, **asked, **digest))["payment"]
        settled = {"paidOn": days_ago(1).isoformat(), "reference": "CASH-17"}
        await officer.does("PaymentConfirm", paymentId=payment["id"], expectedVersion=payment["version"], **settled)
        return str(payment["id"])


def euros(amount: str) -> dict[str, str]:
    """Money as clients write it."""
    return {"amount": amount, "currency": "EUR"}


def a_reimbursement(case: str, item: object) -> dict[str, object]:
    """The input for 300 EUR that the household has paid for a sewing machine."""
    return {
        "caseId": case,
        "kind": "REIMBURSEMENT",
        "planItemId": item,
        "description": "Sewing machine for the workshop",
        "paymentDate": days_ago(1).isoformat(),
        "lines": [{"description": "Sewing machine", "amount": euros("300.00")}],
    }


@asynccontextmanager
async def open_walk(database: DatabaseAddresses, objects: ObjectStoreAddress, data_dir: Path) -> AsyncIterator[People]:
    """The production profile over a database and a bucket of its own: nothing but trusted documents is answered."""
    async with own_bucket(objects) as store, running(database, store.address, data_dir, profile=Profile.PRODUCTION) as server:
        yield People(server)


@asynccontextmanager
async def working(people: People) -> AsyncIterator[None]:
    """A worker for the length of the block."""
    stores, stop = people.server.resources.stores, asyncio.Event()
    url = stores.places.database.application_url
    worker = asyncio.create_task(run_worker(report_resources(stores), url, stop, WorkerPace()))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(worker, _PATIENCE_S)


async def sealed(who: Person, report: object) -> list[Part]:
    """Ask for a report's progress until it is sealed, and return all that was seen on the way."""
    seen: list[Part] = []
    async with asyncio.timeout(_PATIENCE_S):
        while not seen or seen[-1]["status"] != "SEALED":
            seen.append(await who.asks("ReportProgress", id=report))
            assert seen[-1]["status"] != "FAILED", seen[-1]
            await asyncio.sleep(0.05)
    return seen


async def a_case_that_left(database: DatabaseAddresses, *, arrived: bool = False) -> BuiltCase:
    """A family of three granted 1,800 EUR that left for Mongolia thirty days ago, made by the use cases."""
    async with builders.open_work(database) as work:
        if arrived:
            return await builders.a_granted_case(work)
        return await builders.depart(work, await builders.grant(work, await builders.a_referred_case(work)))
