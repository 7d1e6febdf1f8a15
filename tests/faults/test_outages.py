"""PostgreSQL or the object store goes away under the running API: UNAVAILABLE meanwhile, nothing half done, and then it works."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast
from uuid import uuid4

import asyncpg
import pytest

from reintegration.api.identifiers import encode
from reintegration.database.embedded import DatabaseAddresses, EmbeddedPostgres
from reintegration.kernel.actor import Role
from reintegration.storage.address import ObjectStoreAddress
from reintegration.storage.embedded import EmbeddedObjectStore
from tests.builders import MONGOLIA, OFFICER, a_granted_case, open_work
from tests.http_client import Answer, Server, running
from tests.proofs import value

_PATIENCE_S = 60
_SUPPLIER = """
mutation($input: SupplierRegisterInput!) { supplierRegister(input: $input) { __typename
    ... on SupplierRegisterPayload { replayed } } }
"""
_ANNOUNCE = """
mutation($input: DocumentRequestUploadInput!) { documentRequestUpload(input: $input) { ... on DocumentRequestUploadPayload {
    document { id version } upload { url method headers { name value } } } } }
"""
_COMPLETE = """
mutation($input: DocumentCompleteUploadInput!) { documentCompleteUpload(input: $input) { __typename
    ... on DocumentCompleteUploadPayload { replayed document { status version } } } }
"""
_ORDER = """
mutation($input: ReportOrderInput!) { reportOrder(input: $input) { __typename
    ... on ReportOrderPayload { replayed report { status } } } }
"""
_NOT_REACHABLE = "A part of the service is not reachable or too busy; try again"
_LOG = "select count(*) from audit_log"

Json = dict[str, object]


async def readiness(server: Server) -> tuple[int, Json]:
    async with server.session.get(f"{server.url}/readyz") as response:
        return response.status, (await response.json())["checks"]


async def ready(server: Server) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        while (await readiness(server))[0] != 200:  # noqa: ASYNC110 - another process decides
            await asyncio.sleep(0.1)


def refused_for_now(answer: Answer) -> None:
    """One clear error, and that is all."""
    errors = answer.body["errors"]
    assert isinstance(errors, list)
    assert [(error["message"], error["extensions"]["code"]) for error in errors] == [(_NOT_REACHABLE, "UNAVAILABLE")]


async def test_postgresql_restarts_under_the_api(object_store_address: ObjectStoreAddress, tmp_path: Path) -> None:
    postgres = EmbeddedPostgres(tmp_path, durable=False)
    addresses = await asyncio.to_thread(postgres.start)
    try:
        async with running(addresses, object_store_address, tmp_path) as server:
            await _restarted(server, addresses, postgres)
    finally:
        await asyncio.to_thread(postgres.stop)


async def _restarted(server: Server, addresses: DatabaseAddresses, postgres: EmbeddedPostgres) -> None:
    token = server.token(Role.FIELD_OFFICER, OFFICER.id)
    cases = "{ cases(first: 1) { totalCount } }"
    assert (await server.post(cases, token=token)).data == {"cases": {"totalCount": 0}}
    asked = {"idempotencyKey": str(uuid4()), "fieldOfficeId": encode("FieldOffice", MONGOLIA), "name": "Felt"}
    holder = await asyncpg.connect(addresses.owner_url)
    await holder.execute("begin; lock table audit_log in exclusive mode")
    under_way = asyncio.create_task(server.post(_SUPPLIER, {"input": asked}, token))
    async with asyncio.timeout(_PATIENCE_S):
        while not await holder.fetchval("select count(*) from pg_stat_activity where wait_event_type = 'Lock'"):  # noqa: ASYNC110 - PostgreSQL decides
            await asyncio.sleep(0.01)
    await asyncio.to_thread(postgres.stop)
    refused_for_now(await under_way)
    for query in (cases, "{ cases(first: 2) { totalCount } }"):
        refused_for_now(await server.post(query, token=token))
    refused_for_now(await server.post(_SUPPLIER, {"input": asked}, token))
    status, checks = await readiness(server)
    assert (status, checks) == (503, {"database": "unreachable", "migrations": "unreachable", "object_store": "ok"})
    assert await asyncio.to_thread(postgres.start) == addresses
    await ready(server)
    assert (await server.post(cases, token=token)).data == {"cases": {"totalCount": 0}}
    for replayed in (False, True):
        answer = await server.post(_SUPPLIER, {"input": asked}, token)
        assert answer.data == {"supplierRegister": {"__typename": "SupplierRegisterPayload", "replayed": replayed}}
    async with open_work(addresses) as work:
        assert await value(work, "select count(*) from suppliers") == 1
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await holder.execute("rollback")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[tuple[EmbeddedObjectStore, ObjectStoreAddress]]:
    """An object store of this test's own, to be stopped."""
    store = EmbeddedObjectStore(tmp_path)
    try:
        yield store, await asyncio.to_thread(store.start)
    finally:
        await asyncio.to_thread(store.stop)


async def test_the_object_store_stops_under_the_api(
    fresh_database: DatabaseAddresses, store: tuple[EmbeddedObjectStore, ObjectStoreAddress], tmp_path: Path
) -> None:
    objects, address = store
    async with running(fresh_database, address, tmp_path) as server, open_work(fresh_database) as work:
        token = server.token(Role.FIELD_OFFICER, OFFICER.id)
        case = await a_granted_case(work)
        data = b"%PDF-1.4 an invoice"
        announced = {
            "idempotencyKey": str(uuid4()),
            "caseId": encode("Case", case.id),
            "kind": "INVOICE",
            "fileName": "invoice.pdf",
            "mediaType": "application/pdf",
            "sizeBytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        answer = await server.post(_ANNOUNCE, {"input": announced}, token)
        request = cast("dict[str, Json]", answer.data["documentRequestUpload"])
        signed = request["upload"]
        headers = {header["name"]: header["value"] for header in cast("list[dict[str, str]]", signed["headers"])}
        url, method = str(signed["url"]), str(signed["method"])
        async with server.session.request(method, url, data=data, headers=headers) as response:
            assert response.status == 200
        asked = {
            "idempotencyKey": str(uuid4()),
            "documentId": request["document"]["id"],
            "expectedVersion": request["document"]["version"],
        }
        await asyncio.to_thread(objects.stop)
        before = await value(work, _LOG)
        refused_for_now(await server.post(_COMPLETE, {"input": asked}, token))
        assert await value(work, _LOG) == before
        assert await value(work, "select status from documents") == "pending"
        order = {"idempotencyKey": str(uuid4()), "kind": "PAYMENTS_LEDGER", "from": "2023-01-01", "to": "2023-12-31"}
        finance = server.token(Role.FEDASIL_FINANCE)
        # An order needs no object: it is kept, and the worker seals the report when the store is back.
        assert (await server.post(_ORDER, {"input": order}, finance)).data["reportOrder"] == {
            "__typename": "ReportOrderPayload",
            "replayed": False,
            "report": {"status": "QUEUED"},
        }
        assert (await readiness(server))[0] == 503
        await asyncio.to_thread(objects.start)
        await ready(server)
        # The store listens before all of its parts answer; who is told to try again does, with the same key.
        async with asyncio.timeout(_PATIENCE_S):
            while "errors" in (await server.post(_COMPLETE, {"input": {**asked, "expectedVersion": 99}}, token)).body:  # noqa: ASYNC110 - another process decides
                await asyncio.sleep(0.1)
        for replayed in (False, True):
            answer = await server.post(_COMPLETE, {"input": asked}, token)
            assert answer.data["documentCompleteUpload"] == {
                "__typename": "DocumentCompleteUploadPayload",
                "replayed": replayed,
                "document": {"status": "STORED", "version": 2},
            }
        answer = await server.post(_ORDER, {"input": order}, finance)
        assert cast("Json", answer.data["reportOrder"])["replayed"] is True
        assert await value(work, "select count(*) from export_jobs") == 1
