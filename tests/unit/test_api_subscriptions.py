"""Subscriptions by a real client: graphql-transport-ws and server-sent events."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError
from aiohttp.test_utils import TestClient

from reintegration.api.limits import Limits
from reintegration.api.open_connections import ConnectionLimits
from reintegration.api.subscriptions import TransportHandler
from tests.api_app import EVENTS, Edge, serve

_PROTOCOL = ("graphql-transport-ws",)
_COST = {"cost": {"requested": 0, "maximum": 100_000}}


async def _connect(client: TestClient[Any, Any], payload: dict[str, object] | None = None) -> ClientWebSocketResponse:
    socket = await client.ws_connect("/graphql", protocols=_PROTOCOL)
    await socket.send_json({"type": "connection_init", "payload": payload or {}})
    assert await socket.receive_json(timeout=5) == {"type": "connection_ack"}
    return socket


async def _subscribe(socket: ClientWebSocketResponse, **payload: object) -> None:
    await socket.send_json({"id": "1", "type": "subscribe", "payload": payload})


async def _closed(socket: ClientWebSocketResponse) -> tuple[int | None, str]:
    message = await socket.receive(timeout=5)
    assert message.type is WSMsgType.CLOSE
    return message.data, str(message.extra)


async def test_events_arrive_over_websocket_as_the_actor_of_the_payload() -> None:
    async with serve(Edge()) as client:
        socket = await _connect(client, {"authorization": "Bearer bob"})
        await _subscribe(socket, query="subscription($to: Int!) { count(to: $to) }", variables={"to": 2})
        received = [await socket.receive_json(timeout=5) for _ in range(3)]
        assert received == [
            {"id": "1", "type": "next", "payload": {"data": {"count": "bob 1"}, "extensions": _COST}},
            {"id": "1", "type": "next", "payload": {"data": {"count": "bob 2"}, "extensions": _COST}},
            {"id": "1", "type": "complete"},
        ]
        await _subscribe(socket, query="{ me }")
        assert (await socket.receive_json(timeout=5))["payload"]["data"] == {"me": "bob"}
        await socket.close()


async def test_the_handshakes_header_signs_in_too() -> None:
    async with serve(Edge()) as client:
        socket = await _connect(client)
        await _subscribe(socket, query="{ me }")
        assert (await socket.receive_json(timeout=5))["payload"]["data"] == {"me": "ann"}
        await socket.close()


async def test_a_connection_without_a_token_is_closed() -> None:
    async with serve(Edge()) as client:
        for payload in (
            {"authorization": "Bearer expired"},
            {"authorization": "nonsense"},
        ):
            socket = await client.ws_connect("/graphql", protocols=_PROTOCOL)
            await socket.send_json({"type": "connection_init", "payload": payload})
            assert await _closed(socket) == (4403, "Forbidden")
        socket = await client.ws_connect("/graphql", protocols=_PROTOCOL)
        await _subscribe(socket, query="{ me }")
        assert await _closed(socket) == (4401, "Unauthorized")
        socket = await client.ws_connect("/graphql", protocols=_PROTOCOL)
        await _subscribe(socket)
        assert await _closed(socket) == (4401, "Unauthorized")


async def test_errors_over_websocket_are_presentable() -> None:
    async with serve(Edge(limits=Limits(timeout_s=0.05))) as client:
        socket = await _connect(client)
        await _subscribe(socket, query="subscription { breaking }")
        assert (await socket.receive_json(timeout=5))["payload"]["data"] == {"breaking": 1}
        broken = (await socket.receive_json(timeout=5))["payload"]
        assert broken["errors"][0]["message"] == "Something went wrong on our side"
        assert "secret" not in str(broken)
        assert (await socket.receive_json(timeout=5))["type"] == "complete"
        for query, code in (
            ("{ helo }", "GRAPHQL_VALIDATION_FAILED"),
            ("{", "GRAPHQL_PARSE_FAILED"),
            ("{ slow }", "TIMEOUT"),
            ("{ numbers(first: 100) { edges { node { others { others { others { value } } } } } } }", "LIMIT_EXCEEDED"),
        ):
            await _subscribe(socket, query=query)
            message = await socket.receive_json(timeout=5)
            assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", code)
        await _subscribe(socket, query=3)
        message = await socket.receive_json(timeout=5)
        assert message["payload"] == [{"message": '"query" must be a string', "extensions": {"code": "BAD_REQUEST"}}]
        await socket.close()


@pytest.mark.parametrize("message", ['"text"', "[]", '{"type": 1}', '{"id": [], "type": "subscribe", "payload": {}}', "{", "{}"])
async def test_a_malformed_message_closes_the_connection(message: str) -> None:
    async with serve(Edge()) as client:
        socket = await _connect(client)
        await socket.send_str(message)
        assert (await _closed(socket))[0] == 4400


async def test_a_message_over_the_limit_closes_the_connection() -> None:
    async with serve(Edge(limits=Limits(body_bytes=1000))) as client:
        socket = await _connect(client)
        await _subscribe(socket, query="{ hello }" + " " * 1000)
        assert (await _closed(socket))[0] == 1009


async def test_trusted_documents_run_over_websocket(tmp_path: Path) -> None:
    (tmp_path / "count.graphql").write_text("subscription Count { count(to: 1) }", encoding="utf-8")
    async with serve(Edge(is_production=True, operations=tmp_path)) as client:
        socket = await _connect(client)
        await _subscribe(socket, documentId="Count")
        assert (await socket.receive_json(timeout=5))["payload"]["data"] == {"count": "ann 1"}
        assert (await socket.receive_json(timeout=5))["type"] == "complete"
        await _subscribe(socket, query="subscription { count(to: 1) }")
        message = await socket.receive_json(timeout=5)
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "BAD_REQUEST")
        await socket.close()


async def test_a_page_of_another_origin_and_the_legacy_protocol_stay_out() -> None:
    async with serve(Edge(allowed_origins=("https://fedasil.example",))) as client:
        with pytest.raises(WSServerHandshakeError) as refused:
            await client.ws_connect("/graphql", protocols=_PROTOCOL, origin="https://evil.example")
        assert refused.value.status == 403
        socket = await client.ws_connect("/graphql", protocols=_PROTOCOL, origin="https://fedasil.example")
        await socket.close()
        socket = await client.ws_connect("/graphql", protocols=("graphql-ws",))
        assert (await _closed(socket))[0] == 4406


async def test_leaving_ends_the_operation() -> None:
    async with serve(Edge()) as client:
        socket = await _connect(client)
        await _subscribe(socket, query="subscription { count(to: 1000000) }")
        await socket.receive_json(timeout=5)
        await socket.send_json({"id": "1", "type": "complete"})
        await socket.close()
    assert EVENTS == ["count ended"]


async def test_events_arrive_as_server_sent_events() -> None:
    async with serve(Edge()) as client:
        headers = {"Accept": "text/event-stream"}
        response = await client.post("/graphql", json={"query": "subscription { count(to: 2) }"}, headers=headers)
        assert (response.status, response.content_type) == (200, "text/event-stream")
        events = [line for line in (await response.text()).split("\r\n") if line and not line.startswith(":")]
        cost = '"extensions":{"cost":{"requested":0,"maximum":100000}}}'
        assert events == [
            "event: next",
            'data: {"data":{"count":"ann 1"},' + cost,
            "event: next",
            'data: {"data":{"count":"ann 2"},' + cost,
            "event: complete",
            "data: ",
        ]
        response = await client.post("/graphql", json={"query": "subscription { breaking }"}, headers=headers)
        text = await response.text()
        assert "Something went wrong on our side" in text
        assert "secret" not in text


async def test_a_socket_ends_with_its_token() -> None:
    async with serve(Edge()) as client:
        socket = await _connect(client, {"authorization": "Bearer bob 0.5"})
        await _subscribe(socket, query="subscription { waiting }")
        assert (await socket.receive_json(timeout=5))["payload"]["data"] == {"waiting": 1}
        assert EVENTS == []
        assert await _closed(socket) == (4403, "Your sign-in has ended")
        assert EVENTS == ["waiting ended"]


async def test_no_operation_starts_after_the_token_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    # As after a suspended machine, whose timers come late.
    monkeypatch.setattr(TransportHandler, "_end_in_time", _never)
    async with serve(Edge()) as client:
        socket = await _connect(client, {"authorization": "Bearer bob 0.2"})
        await _subscribe(socket, query="mutation { set(value: 1) { ... on SetPayload { value } } }")
        assert [(await socket.receive_json(timeout=5))["type"] for _ in range(2)] == ["next", "complete"]
        await asyncio.sleep(0.3)
        await _subscribe(socket, query="mutation { set(value: 2) { ... on SetPayload { value } } }")
        assert await _closed(socket) == (4403, "Your sign-in has ended")
        assert EVENTS == ["set 1"]


async def _never(_handler: TransportHandler) -> None:
    await asyncio.sleep(60)


async def test_a_stream_ends_with_its_token() -> None:
    async with serve(Edge()) as client:
        headers = {"Accept": "text/event-stream", "Authorization": "Bearer bob 0.5"}
        response = await client.post("/graphql", json={"query": "subscription { waiting }"}, headers=headers)
        events = [line for line in (await response.text()).split("\r\n") if line and not line.startswith(":")]
        message = '{"message":"Your sign-in has ended; sign in and subscribe again","extensions":{"code":"UNAUTHENTICATED"}}'
        assert events[0] == "event: next"
        assert events[2:] == ["event: next", f'data: {{"errors":[{message}]}}', "event: complete", "data: "]
        assert EVENTS == ["waiting ended"]


async def test_one_person_has_so_many_connections_and_gets_a_closed_ones_place_back() -> None:
    async with serve(Edge(connections=ConnectionLimits(of_one_person=2))) as client:
        streaming = {"Accept": "text/event-stream"}
        waiting = {"query": "subscription { waiting }"}
        first = await _connect(client)
        second = await client.post("/graphql", json=waiting, headers=streaming)
        assert second.status == 200
        refused = await client.post("/graphql", json=waiting, headers=streaming)
        assert refused.status == 429
        assert await refused.json() == {
            "errors": [
                {"message": "You have 2 connections open already; close one first", "extensions": {"code": "LIMIT_EXCEEDED"}}
            ]
        }
        third = await client.ws_connect("/graphql", protocols=_PROTOCOL)
        await third.send_json({"type": "connection_init"})
        assert await _closed(third) == (1013, "You have 2 connections open already; close one first")
        other = await _connect(client, {"authorization": "Bearer bob"})
        assert (await client.post("/graphql", json={"query": "{ me }"})).status == 200
        await first.close()
        await asyncio.sleep(0.1)
        again = await _connect(client)
        for socket in (other, again):
            await socket.close()
        second.close()


async def test_a_process_has_so_many_connections_and_fewer_of_nobody() -> None:
    limits = ConnectionLimits(in_all=3, of_nobody=2)
    async with serve(Edge(connections=limits)) as client:
        strangers = [await client.ws_connect("/graphql", protocols=_PROTOCOL) for _ in range(2)]
        with pytest.raises(WSServerHandshakeError) as refused:
            await client.ws_connect("/graphql", protocols=_PROTOCOL)
        assert refused.value.status == 503
        for socket in strangers:
            await socket.send_json({"type": "connection_init"})
            assert await socket.receive_json(timeout=5) == {"type": "connection_ack"}
        last = await _connect(client)
        with pytest.raises(WSServerHandshakeError):
            await client.ws_connect("/graphql", protocols=_PROTOCOL)
        assert (await client.post("/graphql", json={"query": "{ me }"})).status == 200
        for socket in (*strangers, last):
            await socket.close()


async def test_a_socket_that_does_not_say_who_it_is_is_closed() -> None:
    async with serve(Edge(connections=ConnectionLimits(initiation_s=0.1))) as client:
        socket = await client.ws_connect("/graphql", protocols=_PROTOCOL)
        assert await _closed(socket) == (4408, "Connection initialisation timeout")


async def test_a_subscription_without_a_stream_is_refused() -> None:
    async with serve(Edge()) as client:
        response = await client.post("/graphql", json={"query": "subscription { count(to: 2) }"})
        assert response.status == 400
        assert (await response.json())["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}
