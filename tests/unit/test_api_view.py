"""GraphQL over HTTP by a real server on loopback: sign-in, form, errors, limits, profiles."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from aiohttp import ClientResponse
from graphql import get_introspection_query

from reintegration.api.limits import Limits
from tests.api_app import EVENTS, Edge, serve

_COST = {"requested": 0, "maximum": 100_000}


async def _error(response: ClientResponse) -> tuple[int, str, str]:
    body = await response.json()
    assert "data" not in body
    (error,) = body["errors"]
    return response.status, error["extensions"]["code"], error["message"]


async def test_an_answer_carries_its_cost() -> None:
    async with serve(Edge()) as client:
        response = await client.post("/graphql", json={"query": "{ hello me }"})
        assert response.status == 200
        assert response.headers["Content-Type"] == "application/json; charset=utf-8"
        assert await response.json() == {"data": {"hello": "hello world", "me": "ann"}, "extensions": {"cost": _COST}}


@pytest.mark.parametrize("authorization", ["", "Bearer expired", "Basic ann"])
async def test_nobody_gets_in_without_a_token(authorization: str) -> None:
    async with serve(Edge()) as client:
        response = await client.post("/graphql", data=b"not even json", headers={"Authorization": authorization})
        status, code, _ = await _error(response)
        assert (status, code) == (401, "UNAUTHENTICATED")
        assert response.headers["WWW-Authenticate"] == "Bearer"


async def test_an_outage_of_sign_in_is_no_refusal() -> None:
    async with serve(Edge()) as client:
        response = await client.post("/graphql", json={"query": "{ hello }"}, headers={"Authorization": "Bearer outage"})
        assert await _error(response) == (503, "UNAVAILABLE", "Sign-in is not reachable; try again")
        assert "WWW-Authenticate" not in response.headers


async def test_a_bug_in_sign_in_shows_an_incident_only() -> None:
    async with serve(Edge()) as client:
        response = await client.post("/graphql", json={"query": "{ hello }"}, headers={"Authorization": "Bearer bug"})
        assert response.status == 500
        text = await response.text()
        assert "secret" not in text
        assert UUID(json.loads(text)["errors"][0]["extensions"]["incident"])


@pytest.mark.parametrize(
    ("body", "status", "code", "message"),
    [
        (b"{", 400, "BAD_REQUEST", "Unable to parse request body as JSON"),
        (b'{"query": "{ hello }", "variables": {"a": NaN}}', 400, "BAD_REQUEST", "Unable to parse request body as JSON"),
        (b'[{"query": "{ hello }"}]', 400, "BAD_REQUEST", "Batching is not supported: send one operation at a time"),
        (b'"{ hello }"', 400, "BAD_REQUEST", "A request is a JSON object"),
        (b"{}", 400, "BAD_REQUEST", 'A request has either a "query" or a "documentId"'),
        (b'{"query": "{ hello }", "documentId": "a"}', 400, "BAD_REQUEST", 'A request has either a "query" or a "documentId"'),
        (b'{"query": 1}', 400, "BAD_REQUEST", '"query" must be a string'),
        (b'{"query": "{ hello }", "variables": []}', 400, "BAD_REQUEST", '"variables" must be an object'),
        (b'{"query": "{ hello }", "operationName": 1}', 400, "BAD_REQUEST", '"operationName" must be a string'),
        (b'{"query": "{ hello }", "extensions": "x"}', 400, "BAD_REQUEST", '"extensions" must be an object'),
        (b'{"documentId": "a"}', 404, "DOCUMENT_NOT_FOUND", "No trusted document has this id"),
        (b'{"query": "%s"}' % (b"#" * 300_000), 413, "LIMIT_EXCEEDED", "The body is longer than 262144 bytes"),
    ],
)
async def test_a_malformed_request_is_told_why(body: bytes, status: int, code: str, message: str) -> None:
    async with serve(Edge()) as client:
        response = await client.post("/graphql", data=body, headers={"Content-Type": "application/json"})
        assert await _error(response) == (status, code, message)


async def test_a_body_that_does_not_come_is_not_waited_for_for_ever() -> None:
    async def a_byte_now_and_then() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" "
            await asyncio.sleep(0.02)

    async with serve(Edge(limits=Limits(body_s=0.2))) as client:
        response = await client.post("/graphql", data=a_byte_now_and_then(), headers={"Content-Type": "application/json"})
        assert await _error(response) == (408, "TIMEOUT", "The body did not arrive within 0.2 s")
        response = await client.post("/graphql", json={"query": "{ hello }"})
        assert response.status == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/json; charset=iso-8859-1", "multipart/form-data; boundary=x"])
async def test_another_media_type_is_refused(kind: str) -> None:
    async with serve(Edge()) as client:
        response = await client.post("/graphql", data=b'{"query": "{ hello }"}', headers={"Content-Type": kind})
        assert (await _error(response))[:2] == (415, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("query", "variables", "code", "message"),
    [
        ("{", None, "GRAPHQL_PARSE_FAILED", "Syntax Error: Expected Name, found <EOF>."),
        ("{ helo }", None, "GRAPHQL_VALIDATION_FAILED", "Cannot query field 'helo' on type 'Query'. Did you mean 'hello'?"),
        ("query($n: String!) { hello(name: $n) }", {}, "BAD_USER_INPUT", "Variable '$n' has invalid value: Expected a value of"),
        ("{ hello(name: 1) }", None, "GRAPHQL_VALIDATION_FAILED", "String cannot represent a non string value: 1"),
        ('{ hello(name: "\\u0000") }', None, "BAD_USER_INPUT", "A string can't contain the NUL character"),
        ("query($n: String!) { hello(name: $n) }", {"n": "a\0"}, "BAD_USER_INPUT", "A string can't contain the NUL character"),
        ("{ " + "hello " * 2_000 + "}", None, "LIMIT_EXCEEDED", "Syntax Error: Document contains more than 2000 tokens."),
        ("{ " + "hello " * 21 + "}", None, "LIMIT_EXCEEDED", "The number of root fields of this document is 21; at most 20"),
        (
            "{ numbers(first: 1) { edges { node { " + "self { " * 13 + "value" + " }" * 17,
            None,
            "LIMIT_EXCEEDED",
            "The depth of this document is 17; at most 15",
        ),
        (
            "{ numbers(first: 100) { edges { node { others { others { others { value } } } } } } }",
            None,
            "LIMIT_EXCEEDED",
            "The cost of this operation is 111201; at most 100000",
        ),
    ],
)
async def test_an_operation_that_never_ran_has_no_data(
    query: str, variables: dict[str, object] | None, code: str, message: str
) -> None:
    async with serve(Edge()) as client:
        asked = {"query": query, "variables": variables}
        plain = await client.post("/graphql", json=asked)
        status, found, text = await _error(plain)
        assert (status, found) == (200, code)
        assert text.startswith(message)
        strict = await client.post("/graphql", json=asked, headers={"Accept": "application/graphql-response+json"})
        assert (await _error(strict))[:2] == (400, code)
        assert strict.headers["Content-Type"] == "application/graphql-response+json; charset=utf-8"


@pytest.mark.parametrize(
    ("field", "code", "message"),
    [
        ("absent { value }", "NOT_FOUND", "No such Number, or it is not yours to see."),
        ("refused { value }", "BAD_USER_INPUT", "no such number"),
        ("closed { value }", "BAD_REQUEST", "A case that is closed can't become open."),
        ("broken", "INTERNAL", "Something went wrong on our side"),
        ("large", "INTERNAL", "Something went wrong on our side"),
        ("unreachable", "UNAVAILABLE", "A part of the service is not reachable or too busy; try again"),
    ],
)
async def test_a_field_that_failed_is_null_and_says_what_it_may(field: str, code: str, message: str) -> None:
    async with serve(Edge()) as client:
        body = await (await client.post("/graphql", json={"query": f"{{ hello {field} }}"})).json()
        name = field.split(" ", maxsplit=1)[0]
        assert body["data"] == {"hello": "hello world", name: None}
        (error,) = body["errors"]
        assert (error["message"], error["extensions"]["code"], error["path"]) == (message, code, [name])
        assert ("incident" in error["extensions"]) == (code in {"INTERNAL", "UNAVAILABLE"})


async def test_an_incident_is_logged_once_with_its_number(capsys: pytest.CaptureFixture[str]) -> None:
    async with serve(Edge()) as client:
        body = await (await client.post("/graphql", json={"query": "query Q { broken }", "operationName": "Q"})).json()
    logged = capsys.readouterr().out
    assert logged.count(body["errors"][0]["extensions"]["incident"]) == 1
    assert logged.count("operation failed") == 1


async def test_a_mutation_answers_with_its_problem_as_data() -> None:
    async with serve(Edge()) as client:
        query = "mutation($v: Int!) { set(value: $v) { __typename ... on Problem { code } ... on SetPayload { value } } }"
        good = await (await client.post("/graphql", json={"query": query, "variables": {"v": 7}})).json()
        assert good["data"] == {"set": {"__typename": "SetPayload", "value": 7}}
        bad = await (await client.post("/graphql", json={"query": query, "variables": {"v": 0}})).json()
        assert bad["data"] == {"set": {"__typename": "SamePersonProblem", "code": "SAME_PERSON"}}
        assert "errors" not in bad
        assert EVENTS == ["set 7"]


async def test_a_slow_operation_is_stopped() -> None:
    async with serve(Edge(limits=Limits(timeout_s=0.05))) as client:
        response = await client.post("/graphql", json={"query": "{ slow }"})
        assert await _error(response) == (200, "TIMEOUT", "The operation took longer than 0.05 s and was stopped")
        assert EVENTS == ["slow was cancelled"]


async def test_get_runs_queries_only_and_not_in_production() -> None:
    async with serve(Edge()) as client:
        response = await client.get(
            "/graphql", params={"query": "query($n: String) { hello(name: $n) }", "variables": '{"n": "x"}'}
        )
        assert (await response.json())["data"] == {"hello": "hello x"}
        response = await client.get("/graphql", params={"query": "mutation { set(value: 1) { __typename } }"})
        assert (await _error(response))[:2] == (400, "BAD_REQUEST")
        response = await client.put("/graphql", json={"query": "{ hello }"})
        assert (await _error(response))[:2] == (405, "BAD_REQUEST")
        assert response.headers["Allow"] == "GET, POST"
        assert EVENTS == []
    async with serve(Edge(is_production=True)) as client:
        response = await client.get("/graphql", params={"query": "{ hello }"})
        assert (await _error(response))[:2] == (405, "BAD_REQUEST")
        assert response.headers["Allow"] == "POST"


def _operations(folder: Path) -> Path:
    folder.mkdir()
    (folder / "deep").mkdir()
    (folder / "hello.graphql").write_text("query Hello($n: String) { hello(name: $n) }\n", encoding="utf-8")
    (folder / "deep" / "names.graphql").write_text("query Names { __schema { description } }\n", encoding="utf-8")
    (folder / "deep" / "typo.graphql").write_text("query Typo { helo }\n", encoding="utf-8")
    return folder


async def test_production_runs_trusted_documents_only(tmp_path: Path) -> None:
    operations = _operations(tmp_path / "operations")
    digest = hashlib.sha256((operations / "hello.graphql").read_bytes()).hexdigest()
    async with serve(Edge(is_production=True, operations=operations)) as client:
        for document_id in (digest, "Hello"):
            asked = {"documentId": document_id, "variables": {"n": "you"}, "operationName": "Hello"}
            response = await client.post("/graphql", json=asked)
            assert (await response.json())["data"] == {"hello": "hello you"}
        response = await client.post("/graphql", json={"query": "{ hello }"})
        message = 'Only trusted documents are run here: send a "documentId"'
        assert await _error(response) == (400, "BAD_REQUEST", message)
        response = await client.post("/graphql", json={"documentId": "Names"})
        assert (await _error(response))[1] == "GRAPHQL_VALIDATION_FAILED"
        response = await client.post("/graphql", json={"documentId": "Typo"})
        assert await _error(response) == (200, "GRAPHQL_VALIDATION_FAILED", "Cannot query field 'helo' on type 'Query'.")


async def test_introspection_answers_in_development() -> None:
    async with serve(Edge()) as client:
        body = await (await client.post("/graphql", json={"query": get_introspection_query()})).json()
        assert "errors" not in body
        assert body["data"]["__schema"]["queryType"]["name"] == "Query"


@pytest.mark.parametrize(
    ("accept", "status", "kind"),
    [
        ("application/graphql-response+json", 200, "application/graphql-response+json"),
        ("application/graphql-response+json, application/json;q=0.9", 200, "application/graphql-response+json"),
        ("application/json, application/graphql-response+json;q=0.9", 200, "application/json"),
        ("*/*", 200, "application/json"),
        ("application/*;q=0.1", 200, "application/json"),
        ("text/html", 406, "application/json"),
        ("application/json;q=0", 406, "application/json"),
    ],
)
async def test_the_client_chooses_the_media_type(accept: str, status: int, kind: str) -> None:
    async with serve(Edge()) as client:
        response = await client.post("/graphql", json={"query": "{ hello }"}, headers={"Accept": accept})
        assert (response.status, response.content_type) == (status, kind)
