"""kill -9 of the API at every step of a payment's life: after the same request is sent again, the step is done once, exactly.

What a step does is measured on a payment that nothing happens to: rows of the log, postings, idempotency records. The
payment whose server dies must come to the same sums, whenever it dies.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from uuid import UUID, uuid4

import aiohttp
import asyncpg
import pytest

from reintegration.api.identifiers import encode
from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.actor import Actor
from reintegration.storage.address import ObjectStoreAddress
from tests.builders import APPROVER, COORDINATOR, OFFICER, SYSTEM, days_ago, open_work
from tests.faults.api_process import HOST, Answer, ApiProcess, Swallower
from tests.faults.nursery import Nursery
from tests.payment_steps import BuiltPlan, a_planned_case, a_supplier, attach
from tests.proofs import row, value

_PATIENCE_S = 60
_SHOWS = {
    "documentRequestUpload": "document { id version } upload { url method headers { name value } }",
    "documentCompleteUpload": "document { id version status }",
    "documentAttach": "document { id version status }",
}
_PAYMENT = "payment { id version status contentDigest }"
_BEFORE = """
select coalesce((select max(sequence) from audit_log), 0) as log, coalesce((select max(id) from ledger_postings), 0) as posting,
    (select count(*) from ledger_transactions) as transactions
"""
_LOG = "select table_name, action, actor_id, count(*) as rows from audit_log where sequence > $1 group by 1, 2, 3"
_POSTINGS = """
select a.kind, p.amount_minor, p.currency, count(*) as rows
from ledger_postings p join ledger_accounts a on a.id = p.account_id where p.id > $1 group by 1, 2, 3
"""
_OTHERS = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
_HELD = """
select a.kind, a.stream, sum(p.amount_minor)::bigint as held
from ledger_accounts a join ledger_postings p on p.account_id = a.id where a.case_id = $1 group by 1, 2 order by 1, 2
"""
_UNBALANCED = "select transaction_id from ledger_postings group by transaction_id, currency having sum(amount_minor) <> 0"

Effect = dict[str, object]
Disturb = Callable[["Life", Actor, Answer], Awaitable[None]]


@dataclass(slots=True)
class Place:
    """Where it happens."""

    database: DatabaseAddresses
    api: ApiProcess
    owner: asyncpg.Connection


@dataclass(slots=True)
class Life:
    """A payment from its draft to its reversal, and what each step changed."""

    place: Place
    plan: BuiltPlan
    supplier: str
    disturb: Disturb | None = None
    replayed: bool = False
    seen: Answer = field(default_factory=dict)
    document: Answer = field(default_factory=dict)
    effects: dict[str, Effect] = field(default_factory=dict)

    async def run(self) -> None:
        """Every step in its order."""
        await self._draft()
        await self._document()
        await self._step("paymentSubmit", OFFICER, self._versioned())
        digest = {"contentDigest": self.seen["contentDigest"]}
        await self._step("paymentApprove", APPROVER, {**self._versioned(), **digest})
        await self._step("paymentRelease", COORDINATOR, {**self._versioned(), **digest})
        async with open_work(self.place.database) as work:
            payment = await value(work, "select id from payments where case_id = $1", self.plan.case.id)
            await attach(work, UUID(str(payment)), "proof_of_payment")
        paid = {"paidOn": days_ago(3).isoformat(), "reference": "BANK-1"}
        await self._step("paymentConfirm", COORDINATOR, {**self._versioned(), **paid})
        await self._step("paymentReverse", COORDINATOR, {**self._versioned(), "reason": "The shop closed"})

    async def _draft(self) -> None:
        lines = [{"description": "Ten sheep", "amount": {"amount": "100.00", "currency": "EUR"}}]
        asked: Answer = {
            "caseId": encode("Case", self.plan.case.id),
            "kind": "SUPPLIER_DIRECT",
            "planItemId": encode("PlanItem", self.plan.items[0]),
            "description": "Sheep",
            "paymentDate": days_ago(3).isoformat(),
            "lines": lines,
            "supplierId": self.supplier,
            "invoiceNumber": f"F-{uuid4()}",
        }
        await self._step("paymentDraft", OFFICER, asked)

    async def _document(self) -> None:
        data = b"%PDF-1.4 an invoice" + uuid4().bytes
        asked: Answer = {
            "caseId": encode("Case", self.plan.case.id),
            "kind": "INVOICE",
            "fileName": "invoice.pdf",
            "mediaType": "application/pdf",
            "sizeBytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        answer = await self._step("documentRequestUpload", OFFICER, asked)
        await _upload(cast("Answer", answer["upload"]), data)
        named: Answer = {"documentId": self.document["id"]}
        await self._step("documentCompleteUpload", OFFICER, {**named, "expectedVersion": self.document["version"]})
        await self._step("documentAttach", OFFICER, {**named, "paymentId": self.seen["id"]})

    def _versioned(self) -> Answer:
        return {"paymentId": self.seen["id"], "expectedVersion": self.seen["version"]}

    async def _step(self, name: str, who: Actor, asked: Answer) -> Answer:
        """Do it, perhaps disturbed, and keep what it changed."""
        title = f"{name[0].upper()}{name[1:]}"
        shows = f"__typename ... on Problem {{ code message }} ... on {title}Payload {{ replayed {_SHOWS.get(name, _PAYMENT)} }}"
        document = f"mutation($input: {title}Input!) {{ {name}(input: $input) {{ {shows} }} }}"
        body: Answer = {"query": document, "variables": {"input": {"idempotencyKey": str(uuid4()), **asked}}}
        before = await self._before()
        if self.disturb is not None:
            await self.disturb(self, who, body)
            changed = await self._since(before)
            if not self.replayed:
                assert changed == {"log": Counter(), "postings": Counter(), "transactions": 0}, name
            await self.place.api.start()
        answer = await self.place.api.send(who, body)
        assert "errors" not in answer, (name, answer)
        done = cast("dict[str, Answer]", answer["data"])[name]
        assert (done["__typename"], done["replayed"]) == (f"{title}Payload", self.replayed), (name, done)
        if self.disturb is not None and self.replayed:
            assert await self._since(before) == changed, name
        self.effects[name] = await self._since(before)
        self.seen = {**self.seen, **cast("Answer", done.get("payment", {}))}
        self.document = {**self.document, **cast("Answer", done.get("document", {}))}
        return done

    async def _before(self) -> Answer:
        async with open_work(self.place.database) as work:
            return await row(work, _BEFORE)

    async def _since(self, before: Answer) -> Effect:
        async with open_work(self.place.database) as work, work.read(SYSTEM) as transaction:
            log = await transaction.fetch(_LOG, before["log"])
            postings = await transaction.fetch(_POSTINGS, before["posting"])
            transactions = await transaction.fetch_value("select count(*) from ledger_transactions")
        return {
            "log": Counter({(line["table_name"], line["action"], line["actor_id"]): line["rows"] for line in log}),
            "postings": Counter({(line["kind"], line["amount_minor"], line["currency"]): line["rows"] for line in postings}),
            "transactions": int(str(transactions)) - int(str(before["transactions"])),
        }


async def _upload(signed: Answer, data: bytes) -> None:
    headers = {header["name"]: header["value"] for header in cast("list[dict[str, str]]", signed["headers"])}
    url, method = str(signed["url"]), str(signed["method"])
    async with aiohttp.ClientSession() as session, session.request(method, url, data=data, headers=headers) as response:
        assert response.status == 200, await response.text()


async def killed_in_its_transaction(life: Life, who: Actor, body: Answer) -> None:
    """The request waits for a lock with its transaction open, and half of it has come again, when the server dies."""
    place = life.place
    await place.owner.execute("begin; lock table audit_log in exclusive mode")
    request = asyncio.create_task(place.api.send(who, body))
    waiting = f"{_OTHERS} and wait_event_type = 'Lock'"
    async with asyncio.timeout(_PATIENCE_S):
        while not await place.owner.fetchval(waiting):
            assert not request.done(), request
            await asyncio.sleep(0.01)
    _, half = await asyncio.open_connection(HOST, place.api.port)
    half.write(f"POST /graphql HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\nContent-Length: 2000\r\n".encode())
    half.write(f"Authorization: Bearer {place.api.token(who)}\r\n\r\n{{".encode())
    await half.drain()
    await place.api.kill()
    half.transport.abort()
    with pytest.raises(aiohttp.ClientError):
        await request
    await place.owner.execute("rollback")
    await _forgotten(place)


async def killed_before_its_answer(life: Life, who: Actor, body: Answer) -> None:
    """The transaction is committed and the answer on its way when the server dies and the connection with it."""
    place = life.place
    async with Swallower(place.api.port) as proxy:
        request = asyncio.create_task(place.api.send(who, body, port=proxy.port))
        async with asyncio.timeout(_PATIENCE_S):
            await proxy.answered.wait()
        await place.api.kill()
        with pytest.raises(aiohttp.ClientError):
            await request
    await _forgotten(place)


async def _forgotten(place: Place) -> None:
    """PostgreSQL has noticed that the server is gone."""
    async with asyncio.timeout(_PATIENCE_S):
        while await place.owner.fetchval(_OTHERS):  # noqa: ASYNC110 - PostgreSQL decides
            await asyncio.sleep(0.01)


@pytest.fixture
async def place(
    nursery: Nursery, fresh_database: DatabaseAddresses, object_store_address: ObjectStoreAddress, tmp_path: Path
) -> AsyncIterator[Place]:
    api = ApiProcess.over(nursery, fresh_database, object_store_address, tmp_path)
    owner = await asyncpg.connect(fresh_database.owner_url)
    try:
        await api.start()
        yield Place(fresh_database, api, owner)
    finally:
        await api.kill()
        await owner.close()


@pytest.mark.parametrize(
    ("disturb", "replayed"),
    [(killed_in_its_transaction, False), (killed_before_its_answer, True)],
    ids=["in its transaction", "before its answer"],
)
async def test_every_step_of_a_payment_survives_its_server(place: Place, disturb: Disturb, replayed: bool) -> None:  # noqa: FBT001 - a table's column
    lives = []
    for disturbed in (False, True):
        async with open_work(place.database) as work:
            plan = await a_planned_case(work)
            supplier = encode("Supplier", await a_supplier(work))
        life = Life(place, plan, supplier, disturb if disturbed else None, replayed=disturbed and replayed)
        await life.run()
        lives.append(life)
    undisturbed, survived = lives
    assert survived.effects == undisturbed.effects
    assert len(survived.effects) == 9
    assert (survived.seen["status"], survived.seen["version"]) == ("REVERSED", undisturbed.seen["version"])
    async with open_work(place.database) as work:
        async with work.read(SYSTEM) as transaction:
            held = [await transaction.fetch(_HELD, life.plan.case.id) for life in lives]
            unbalanced = await transaction.fetch(_UNBALANCED)
        assert [dict(line) for line in held[0]] == [dict(line) for line in held[1]]
        assert unbalanced == []
        assert await value(work, "select count(*) from payments where case_id = $1", survived.plan.case.id) == 1
