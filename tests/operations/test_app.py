"""The application as it is served: readiness, the two profiles, limits, headers, and what it tells of itself."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import pytest
from aiohttp import WSCloseCode, WSMsgType
from structlog.testing import capture_logs

from reintegration.api.limits import Limits
from reintegration.audit.invariants import check_and_record
from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.actor import Role
from reintegration.settings import Profile
from reintegration.storage.address import ObjectStoreAddress
from reintegration.storage.embedded import EmbeddedObjectStore
from tests import builders
from tests.http_client import Server, running

ME = "query Me { me { subject role } }"
READY = {"status": "ready", "checks": {"database": "ok", "migrations": "ok", "object_store": "ok"}}
SUBSCRIPTION = "subscription { paymentStatusChanged { id } }"


@pytest.fixture(scope="module")
async def server(
    database_urls: DatabaseAddresses, object_store_address: ObjectStoreAddress, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Server]:
    folder = tmp_path_factory.mktemp("development")
    async with running(database_urls, object_store_address, folder, operations=_operations(folder)) as started:
        yield started


@pytest.fixture(scope="module")
async def production(
    database_urls: DatabaseAddresses, object_store_address: ObjectStoreAddress, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Server]:
    folder = tmp_path_factory.mktemp("production")
    async with running(
        database_urls, object_store_address, folder, profile=Profile.PRODUCTION, operations=_operations(folder)
    ) as started:
        yield started


def _operations(folder: Path) -> Path:
    """Trusted documents: a good one, one that asks for the schema, one with a slip."""
    operations = folder / "operations"
    operations.mkdir()
    for name, text in {
        "Me": ME,
        "Schema": "query Schema { __schema { queryType { name } } }",
        "Slip": "query Slip { me { subjec } }",
    }.items():
        (operations / f"{name}.graphql").write_text(text)
    return operations


async def _ready(server: Server) -> tuple[int, dict[str, object]]:
    async with server.session.get(f"{server.url}/readyz") as response:
        return response.status, await response.json()


async def _text(server: Server, path: str) -> tuple[int, str]:
    async with server.session.get(f"{server.url}{path}") as response:
        return response.status, await response.text()


def _not_ready(**checks: str) -> tuple[int, dict[str, object]]:
    return 503, {"status": "not ready", "checks": {"database": "ok", "migrations": "ok", "object_store": "ok", **checks}}


async def test_readiness_follows_the_object_store(database_urls: DatabaseAddresses, tmp_path: Path) -> None:
    store = EmbeddedObjectStore(tmp_path)
    address = await asyncio.to_thread(store.start)
    try:
        async with running(database_urls, address, tmp_path) as server:
            assert await _ready(server) == (200, READY)
            await asyncio.to_thread(store.stop)
            started = time.monotonic()
            assert await _ready(server) in (
                _not_ready(object_store="unreachable"),
                _not_ready(object_store="no answer in time"),
            )
            assert time.monotonic() - started < 5
            assert await _text(server, "/healthz") == (200, '{"status":"alive"}')
            await asyncio.to_thread(store.start)
            async with asyncio.timeout(30):
                while (await _ready(server))[0] != 200:  # noqa: ASYNC110 - another process decides
                    await asyncio.sleep(0.1)
    finally:
        await asyncio.to_thread(store.stop)


async def test_readiness_follows_the_database_and_its_migrations(
    fresh_database: DatabaseAddresses, object_store_address: ObjectStoreAddress, tmp_path: Path
) -> None:
    owner = await asyncpg.connect(fresh_database.of("postgres").owner_url)
    inside = await asyncpg.connect(fresh_database.owner_url)
    name = urlsplit(fresh_database.owner_url).path.strip("/")
    try:
        async with running(fresh_database, object_store_address, tmp_path) as server:
            await inside.execute("update schema_migrations set name = 'later' where name = '0008_reports'")
            assert await _ready(server) == _not_ready(migrations="1 pending")
            await inside.execute("update schema_migrations set name = '0008_reports' where name = 'later'")
            assert await _ready(server) == (200, READY)
            await owner.execute(f"alter database {name} allow_connections false")
            await owner.fetch("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name)
            assert await _ready(server) == _not_ready(database="unreachable", migrations="unreachable")
            assert (await server.post(ME, token=server.token(Role.AUDITOR))).status == 200
            status, text = await _text(server, "/metrics")
            assert (status, "reintegration_scrape_failures_total 1.0" in text) == (200, True)
            await owner.execute(f"alter database {name} allow_connections true")
            assert await _ready(server) == (200, READY)
    finally:
        await owner.close()
        await inside.close()


async def test_jobs_are_counted_once_for_all_who_ask_meanwhile(
    fresh_database: DatabaseAddresses, object_store_address: ObjectStoreAddress, tmp_path: Path
) -> None:
    owner = await asyncpg.connect(fresh_database.owner_url)
    counting = (
        "select count(*) from pg_locks where relation = 'export_jobs'::regclass and not granted"
        " and database = (select oid from pg_database where datname = current_database())"
    )
    try:
        async with running(fresh_database, object_store_address, tmp_path) as server:
            await owner.execute("begin; lock table export_jobs in access exclusive mode")
            scrapes = [asyncio.ensure_future(_text(server, "/metrics")) for _ in range(8)]
            await asyncio.sleep(1)
            assert await owner.fetchval(counting) == 1
            await owner.execute("rollback")
            assert [status for status, _ in await asyncio.gather(*scrapes)] == [200] * 8
            assert all('status="queued"' in text for _, text in await asyncio.gather(*scrapes))
    finally:
        await owner.close()


async def test_nobody_gets_in_without_a_token(server: Server) -> None:
    for token in (None, "garbage"):
        answer = await server.post(ME, token=token)
        assert (answer.status, answer.code, answer.headers["WWW-Authenticate"]) == (401, "UNAUTHENTICATED", "Bearer")
        assert "data" not in answer.body


async def test_development_takes_any_document_by_post_and_get(server: Server) -> None:
    token = server.token(Role.FIELD_OFFICER, "ana")
    expected = {"me": {"subject": "ana", "role": "FIELD_OFFICER"}}
    assert (await server.post("{ me { subject role } }", token=token)).data == expected
    headers = {"Authorization": f"Bearer {token}"}
    async with server.session.get(f"{server.url}/graphql", params={"query": ME}, headers=headers) as response:
        assert (response.status, (await response.json())["data"]) == (200, expected)


async def test_production_runs_trusted_documents_and_nothing_else(production: Server) -> None:
    token = production.token(Role.AUDITOR, "aud")
    assert (await production.post(documentId="Me", token=token)).data == {"me": {"subject": "aud", "role": "AUDITOR"}}
    for body, status, code in (
        ({"query": ME}, 400, "BAD_REQUEST"),
        ({"documentId": "Other"}, 404, "DOCUMENT_NOT_FOUND"),
        ([{"documentId": "Me"}, {"documentId": "Me"}], 400, "BAD_REQUEST"),
    ):
        answer = await production.send(body, token)
        assert (answer.status, answer.code, "data" in answer.body) == (status, code, False)


async def test_production_shows_no_schema_no_suggestion_and_no_page(production: Server) -> None:
    token = production.token(Role.AUDITOR)
    introspection = await production.post(documentId="Schema", token=token)
    assert (introspection.code, "data" in introspection.body) == ("GRAPHQL_VALIDATION_FAILED", False)
    slip = await production.post(documentId="Slip", token=token)
    assert slip.code == "GRAPHQL_VALIDATION_FAILED"
    assert "Did you mean" not in str(slip.body)
    headers = {"Authorization": f"Bearer {token}"}
    async with production.session.get(f"{production.url}/graphql", params={"query": ME}, headers=headers) as response:
        assert (response.status, response.headers["Allow"]) == (405, "POST")
    assert (await _text(production, "/graphiql"))[0] == 404
    assert (await _text(production, "/graphiql/assets/react.js"))[0] == 404


async def test_every_answer_has_the_security_headers(production: Server) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/graphql", "/nowhere"):
        async with production.session.get(f"{production.url}{path}") as response:
            assert {
                "X-Content-Type-Options": "nosniff",
                "X-Frame-Options": "DENY",
                "Referrer-Policy": "no-referrer",
                "Cache-Control": "no-store",
                "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
                "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
                "Server": "reintegration",
            }.items() <= dict(response.headers).items()


async def test_a_body_has_a_largest_size(server: Server) -> None:
    answer = await server.post(ME, {"padding": "x" * 300_000}, server.token(Role.AUDITOR))
    assert (answer.status, answer.code) == (413, "LIMIT_EXCEEDED")


async def test_a_body_that_does_not_arrive_is_not_waited_for(
    fresh_database: DatabaseAddresses, object_store_address: ObjectStoreAddress, tmp_path: Path
) -> None:
    async with running(fresh_database, object_store_address, tmp_path, limits=Limits(body_s=0.5)) as server:
        port = urlsplit(server.url).port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {server.token(Role.AUDITOR)}\r\n"
        writer.write(f"{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{".encode())
        async with asyncio.timeout(5):
            line = await reader.readline()
        writer.close()
        await writer.wait_closed()
        assert line == b"HTTP/1.1 408 Request Timeout\r\n"


async def test_an_operation_that_takes_too_long_is_stopped(
    fresh_database: DatabaseAddresses, object_store_address: ObjectStoreAddress, tmp_path: Path
) -> None:
    async with running(fresh_database, object_store_address, tmp_path, limits=Limits(timeout_s=0.5)) as server:
        blocker = await asyncpg.connect(fresh_database.owner_url)
        try:
            await blocker.execute("begin; lock table cases in access exclusive mode")
            query = "{ cases(first: 1) { edges { node { id } } } }"
            answer = await server.post(query, token=server.token(Role.AUDITOR))
            assert answer.code == "TIMEOUT"
            waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
            async with asyncio.timeout(5):
                while await blocker.fetchval(waiting) != 0:  # noqa: ASYNC110 - PostgreSQL decides
                    await asyncio.sleep(0.05)
        finally:
            await blocker.close()
        assert (await server.post(query, token=server.token(Role.AUDITOR))).data == {"cases": {"edges": []}}


async def test_metrics_and_log_name_our_operations_and_nobody(
    fresh_database: DatabaseAddresses, object_store_address: ObjectStoreAddress, tmp_path: Path
) -> None:
    async with running(fresh_database, object_store_address, tmp_path, operations=_operations(tmp_path)) as server:
        async with builders.open_work(fresh_database) as work:
            await check_and_record(work)
        await _check_what_is_told(server)


async def _check_what_is_told(server: Server) -> None:
    token = server.token(Role.FIELD_OFFICER, "ana-maria")
    with capture_logs() as logged:
        await server.post(documentId="Me", token=token)
        await server.post("query Secret_ana { me { subject } }", token=token)
        await server.post("query Secret_ana { nonsense }", token=token)
        await server.post(ME)
        async with server.session.get(f"{server.url}/nowhere/ana-maria?name=ana-maria") as response:
            assert response.status == 404
    _, text = await _text(server, "/metrics")
    counted = dict(re.findall(r"^(reintegration_requests_total\{.*\}) (\S+)$", text, re.MULTILINE))
    assert counted == {
        'reintegration_requests_total{operation="Me",outcome="ok"}': "1.0",
        'reintegration_requests_total{operation="other",outcome="ok"}': "1.0",
        'reintegration_requests_total{operation="other",outcome="graphql_validation_failed"}': "1.0",
        'reintegration_requests_total{operation="other",outcome="unauthorized"}': "1.0",
        'reintegration_requests_total{operation="other",outcome="not_found"}': "1.0",
    }
    for line in (
        'reintegration_database_connections{state="in_use"} 0.0',
        'reintegration_jobs{status="queued"} 0.0',
        'reintegration_jobs{status="failed"} 0.0',
        'reintegration_invariant_violations{invariant="postings_balance"} 0.0',
        "reintegration_operation_cost_count 3.0",
    ):
        assert line in text.splitlines()
    requests = [entry for entry in logged if entry["event"] == "request"]
    assert [(entry["operation"], entry["outcome"], entry["status"]) for entry in requests] == [
        ("Me", "ok", 200),
        ("other", "ok", 200),
        ("other", "graphql_validation_failed", 200),
        ("other", "unauthorized", 401),
        ("other", "not_found", 404),
    ]
    for secret in ("ana", token, "127.0.0.1"):
        assert secret not in str(requests)
        assert secret not in text


async def test_open_subscriptions_do_not_hold_a_shutdown_up(
    database_urls: DatabaseAddresses, object_store_address: ObjectStoreAddress, tmp_path: Path
) -> None:
    async with aiohttp.ClientSession() as session:
        stack = running(database_urls, object_store_address, tmp_path)
        server = await stack.__aenter__()
        url, headers = f"{server.url}/graphql", {"Authorization": f"Bearer {server.token(Role.AUDITOR)}"}
        socket = await session.ws_connect(url, protocols=["graphql-transport-ws"], headers=headers)
        await socket.send_json({"type": "connection_init"})
        assert (await socket.receive_json())["type"] == "connection_ack"
        await socket.send_json({"type": "subscribe", "id": "1", "payload": {"query": SUBSCRIPTION}})
        events = await session.post(url, json={"query": SUBSCRIPTION}, headers={**headers, "Accept": "text/event-stream"})
        assert (events.status, events.content_type) == (200, "text/event-stream")
        started = time.monotonic()
        closing = asyncio.create_task(stack.__aexit__(None, None, None))
        message = await socket.receive(timeout=5)
        assert (message.type, message.data) == (WSMsgType.CLOSE, WSCloseCode.GOING_AWAY)
        await closing
        assert time.monotonic() - started < 5
        events.close()
