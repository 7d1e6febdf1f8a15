"""Our API asked over HTTP, as a client of production asks it: trusted documents, a token, a kept connection for each client."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Self
from urllib.parse import urlsplit

from reintegration.api.identifiers import encode
from reintegration.kernel.money import Money
from tests.benchmarks.load import BrokenAnswerError, is_good
from tests.benchmarks.money.work import VERSIONS, Payer, Payment, RefusedError, Step

_DOCUMENTS = {
    Step.DRAFT: "PaymentDraft",
    Step.ATTACH: "DocumentAttach",
    Step.SUBMIT: "PaymentSubmit",
    Step.APPROVE: "PaymentApprove",
    Step.RELEASE: "PaymentRelease",
}
_WANTED = {
    Step.DRAFT: b'"status":"DRAFT"',
    Step.ATTACH: b'"stage":"REQUEST"',
    Step.SUBMIT: b'"status":"SUBMITTED"',
    Step.APPROVE: b'"status":"APPROVED"',
    Step.RELEASE: b'"status":"RELEASED"',
}
_DIGEST = b'"contentDigest":"'


class Api:
    """Where our API listens, and the headers of each person by their name."""

    def __init__(self, url: str, headers: Mapping[str, Mapping[str, str]]) -> None:
        self._parts = urlsplit(url)
        self._heads = {name: self._head(given) for name, given in headers.items()}

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, headers: Mapping[str, Mapping[str, str]]) -> AsyncIterator[Self]:
        """Nothing is connected before there are payers."""
        yield cls(url, headers)

    @asynccontextmanager
    async def payers(self, count: int) -> AsyncIterator[Sequence[Payer]]:
        """Each with a connection of its own."""
        loop = asyncio.get_running_loop()
        clients: list[_Client] = []
        try:
            for _ in range(count):
                client = _Client(self._heads)
                clients.append(client)
                await loop.create_connection(client.itself, self._parts.hostname or "", self._parts.port or 0)
            yield clients
        finally:
            for client in clients:
                client.close()

    def _head(self, headers: Mapping[str, str]) -> str:
        fields = {"Host": self._parts.netloc, "Content-Type": "application/json", "Accept": "application/json", **headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"POST {self._parts.path} HTTP/1.1\r\n{lines}"


class _Client(asyncio.Protocol):
    """One connection: one request at a time."""

    def __init__(self, heads: Mapping[str, str]) -> None:
        self._heads = heads
        self._transport: asyncio.WriteTransport | None = None
        self._buffer = bytearray()
        self._wanted = b""
        self._answer: asyncio.Future[bytes] | None = None

    def itself(self) -> "_Client":
        """For the loop, which wants something to call."""
        return self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment] # a TCP transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(RefusedError(f"the connection was lost: {exc or 'closed'}"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        try:
            good = is_good(self._buffer, self._wanted)
        except BrokenAnswerError as error:
            self._fail(error)
            return
        if good is None:
            return
        answer = bytes(self._buffer)
        if not good:
            self._fail(RefusedError(answer.partition(b"\r\n\r\n")[2][:500].decode(errors="replace")))
        elif self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    async def take(self, step: Step, payment: Payment) -> None:
        """Send one mutation and wait for its answer."""
        body = json.dumps({"documentId": _DOCUMENTS[step], "variables": {"input": _input(step, payment)}}).encode()
        head = self._heads[payment.actors[step].id]
        answer = await self._ask(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body, _WANTED[step])
        if step is Step.SUBMIT:
            start = answer.index(_DIGEST) + len(_DIGEST)
            payment.digest = answer[start : start + 64].decode()

    async def _ask(self, request: bytes, wanted: bytes) -> bytes:
        if self._transport is None or self._transport.is_closing():
            raise RefusedError("the connection is closed")
        self._buffer.clear()
        self._wanted = wanted
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """Nothing is under way any more."""
        if self._transport is not None:
            self._transport.close()

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)


def _input(step: Step, payment: Payment) -> dict[str, object]:
    subject = payment.subject
    key: dict[str, object] = {"idempotencyKey": str(payment.keys[step])}
    match step:
        case Step.DRAFT:
            return key | {
                "id": str(payment.id),
                "caseId": encode("Case", subject.case_id),
                "kind": "SUPPLIER_DIRECT",
                "planItemId": encode("PlanItem", subject.item_id),
                "supplierId": encode("Supplier", subject.supplier_id),
                "invoiceNumber": payment.invoice_number,
                "description": "Grocery shop",
                "paymentDate": subject.payment_date.isoformat(),
                "lines": [
                    {
                        "description": text,
                        "amount": {"amount": Money(minor, subject.currency).decimal(), "currency": subject.currency},
                    }
                    for text, minor in subject.lines
                ],
            }
        case Step.ATTACH:
            return key | {
                "id": str(payment.attachment_id),
                "paymentId": encode("Payment", payment.id),
                "documentId": encode("Document", subject.document_id),
            }
        case Step.SUBMIT:
            return key | {"paymentId": encode("Payment", payment.id), "expectedVersion": VERSIONS[step]}
        case Step.APPROVE | Step.RELEASE:
            return key | {
                "paymentId": encode("Payment", payment.id),
                "expectedVersion": VERSIONS[step],
                "contentDigest": payment.digest,
            }
