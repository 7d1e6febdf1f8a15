"""The production profile from outside: no schema by any door, one way in, and limits that answer with what was asked."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from reintegration.api.limits import Limits
from reintegration.app import OPERATIONS
from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.actor import Role
from reintegration.settings import Profile
from reintegration.storage.address import ObjectStoreAddress
from tests.http_client import Server, running

_LIMITED = {
    "Deep": 'query Deep { payment(id: "x") { case { ' + "plans { case { " * 6 + "plans { id } " + "} } " * 6 + "} } }",
    "Aliased": "query Aliased { me { " + " ".join(f"a{number}: subject" for number in range(31)) + " } }",
    "Wide": "query Wide { " + "me { subject } " * 21 + "}",
    "Long": "query Long { me { " + "subject " * 2_000 + "} }",
    "Dear": "query Dear($size: Int! = 100) { cases(first: $size) { edges { node { payments(first: 100) { edges { node "
    "{ documents { document { id } } lines { id } case { office { id } } } } } } } } }",
}
_INTROSPECTION = {
    "Plain": "query Plain { __schema { types { name } } }",
    "OfType": 'query OfType { __type(name: "Case") { fields { name } } }',
    "Renamed": 'query Renamed { me: __schema { queryType { name } } subject: __type(name: "Me") { name } }',
    "InFragment": "query InFragment { ...Hidden } fragment Hidden on Query { innocent: __schema { types { name } } }",
    "Inlined": "query Inlined { ... on Query { ... { __schema { types { name } } } } }",
    "Directed": "query Directed($yes: Boolean! = true) { me { subject } __schema @include(if: $yes) { types { name } } }",
    "InMutation": 'mutation InMutation { ... { __typename } } fragment Unused on Query { __type(name: "Me") { name } }',
}
_SLIPS = {
    "SlipField": ("query SlipField { me { subjec } }", "Cannot query field 'subjec' on type 'Me'."),
    "SlipType": ('query SlipType { node(id: "x") { ... on Cas { id } } }', "Unknown type 'Cas'."),
    "SlipArgument": ('query SlipArgument { case(id: "x", idd: 1) { id } }', "Unknown argument 'idd' on field 'Query.case'."),
    "SlipEnum": (
        "query SlipEnum { cases(order: NEWES) { totalCount } }",
        "Value 'NEWES' does not exist in 'CaseOrder' enum.",
    ),
    "SlipInput": (
        "query SlipInput { cases(filter: { statu: [CLOSED] }) { totalCount } }",
        "Expected value of type 'CaseFilter' not to include unknown field 'statu'.",
    ),
}
_OTHERS = {
    "Me": "query Me { me { subject } }",
    "Cases": "query Cases($order: CaseOrder!) { cases(first: 1, order: $order) { totalCount } }",
}


@pytest.fixture(scope="module")
async def server(
    database_urls: DatabaseAddresses, object_store_address: ObjectStoreAddress, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Server]:
    folder = tmp_path_factory.mktemp("hardened")
    operations = folder / "operations"
    operations.mkdir()
    slips = {name: text for name, (text, _) in _SLIPS.items()}
    for name, text in {**_LIMITED, **_INTROSPECTION, **slips, **_OTHERS}.items():
        (operations / f"{name}.graphql").write_text(text)
    async with running(database_urls, object_store_address, folder, profile=Profile.PRODUCTION, operations=operations) as started:
        yield started


@pytest.mark.parametrize("name", _INTROSPECTION)
async def test_no_document_shows_the_schema(server: Server, name: str) -> None:
    answer = await server.post(documentId=name, token=server.token(Role.ADMINISTRATOR))
    assert (answer.status, answer.code, "data" in answer.body) == (200, "GRAPHQL_VALIDATION_FAILED", False)
    assert "GraphQL introspection has been disabled" in str(answer.body)


@pytest.mark.parametrize("name", _SLIPS)
async def test_no_slip_is_answered_with_a_suggestion(server: Server, name: str) -> None:
    answer = await server.post(documentId=name, token=server.token(Role.AUDITOR))
    errors = answer.body["errors"]
    assert isinstance(errors, list)
    assert [error["message"] for error in errors] == [_SLIPS[name][1]]


async def test_a_wrong_variable_is_answered_without_a_suggestion(server: Server) -> None:
    answer = await server.post(documentId="Cases", variables={"order": "NEWES"}, token=server.token(Role.AUDITOR))
    assert (answer.status, answer.code) == (200, "BAD_USER_INPUT")
    assert "NEWEST" not in str(answer.body)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"query": "{ __typename }"}, 400, "BAD_REQUEST"),
        ({"query": "{ __typename }", "documentId": "Me"}, 400, "BAD_REQUEST"),
        ({"query": "query Me { me { subject } }", "extensions": {"persistedQuery": {"version": 1}}}, 400, "BAD_REQUEST"),
        ({"documentId": ["Me"]}, 400, "BAD_REQUEST"),
        ({"documentId": "../Me"}, 404, "DOCUMENT_NOT_FOUND"),
        ({"documentId": "0" * 64}, 404, "DOCUMENT_NOT_FOUND"),
        ([], 400, "BAD_REQUEST"),
        ([{"documentId": "Me"}], 400, "BAD_REQUEST"),
        ("Me", 400, "BAD_REQUEST"),
    ],
)
async def test_nothing_else_gets_in(server: Server, body: object, status: int, code: str) -> None:
    answer = await server.send(body, server.token(Role.ADMINISTRATOR))
    assert (answer.status, answer.code, "data" in answer.body) == (status, code, False)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_post_is_the_only_method(server: Server, method: str) -> None:
    headers = {"Authorization": f"Bearer {server.token(Role.AUDITOR)}"}
    async with server.session.request(method, f"{server.url}/graphql", params={"documentId": "Me"}, headers=headers) as response:
        assert (response.status, response.headers["Allow"]) == (405, "POST")


async def test_a_page_is_shown_nowhere(server: Server) -> None:
    headers = {"Authorization": f"Bearer {server.token(Role.AUDITOR)}", "Accept": "text/html"}
    for path, status in (("/graphql", 406), ("/graphiql", 404), ("/", 404)):
        async with server.session.get(f"{server.url}{path}", headers=headers) as response:
            assert response.status == status
            assert "html" not in response.content_type


@pytest.mark.parametrize(
    ("name", "message", "cost"),
    [
        ("Deep", "The depth of this document is 16; at most 15", 0),
        ("Aliased", "The number of aliases of this document is 31; at most 30", 0),
        ("Wide", "The number of root fields of this document is 21; at most 20", 0),
        ("Long", "Syntax Error: Document contains more than 2000 tokens. Parsing aborted.", 0),
        ("Dear", "The cost of this operation is 130301; at most 100000", 1 + 100 * (3 + 100 * (2 + 6 + 3 + 2))),
    ],
)
async def test_a_limit_refuses_and_tells_the_cost(server: Server, name: str, message: str, cost: int) -> None:
    answer = await server.post(documentId=name, token=server.token(Role.AUDITOR))
    assert (answer.status, answer.code, "data" in answer.body) == (200, "LIMIT_EXCEEDED", False)
    errors = answer.body["errors"]
    assert isinstance(errors, list)
    assert [error["message"] for error in errors] == [message]
    assert answer.body["extensions"] == {"cost": {"requested": cost, "maximum": 100_000}}


async def test_a_smaller_page_of_the_same_document_passes(server: Server) -> None:
    answer = await server.post(documentId="Dear", variables={"size": 50}, token=server.token(Role.AUDITOR))
    assert answer.data.keys() == {"cases"}
    assert answer.body["extensions"] == {"cost": {"requested": 65_151, "maximum": 100_000}}


async def test_every_document_that_we_publish_is_found_by_name_and_by_digest(
    database_urls: DatabaseAddresses, object_store_address: ObjectStoreAddress, tmp_path: Path
) -> None:
    async with running(database_urls, object_store_address, tmp_path, profile=Profile.PRODUCTION) as server:
        token = server.token(Role.FIELD_OFFICER)
        for path in sorted(OPERATIONS.rglob("*.graphql")):
            text = path.read_text()
            name = next(line for line in text.splitlines() if not line.startswith("#")).replace("(", " ").split()[1]
            for document_id in (name, hashlib.sha256(path.read_bytes()).hexdigest()):
                answer = await server.post(documentId=document_id, token=token)
                body = answer.body
                # Most need variables; what matters is that the document was found, parsed, valid and affordable.
                codes = {error["extensions"]["code"] for error in body.get("errors", [])}  # type: ignore[attr-defined] # parsed JSON
                assert codes <= {"BAD_USER_INPUT", "BAD_REQUEST", "FORBIDDEN"}, (path, body)


async def test_the_time_of_an_operation_ends(
    fresh_database: DatabaseAddresses, object_store_address: ObjectStoreAddress, tmp_path: Path
) -> None:
    operations = tmp_path / "operations"
    operations.mkdir()
    (operations / "Cases.graphql").write_text(_OTHERS["Cases"])
    async with running(
        fresh_database,
        object_store_address,
        tmp_path,
        profile=Profile.PRODUCTION,
        limits=Limits(timeout_s=0.4),
        operations=operations,
    ) as server:
        blocker = await asyncpg.connect(fresh_database.owner_url)
        try:
            await blocker.execute("begin; lock table cases in access exclusive mode")
            answer = await server.post(documentId="Cases", variables={"order": "NEWEST"}, token=server.token(Role.AUDITOR))
        finally:
            await blocker.close()
    assert answer.code == "TIMEOUT"
    assert answer.body["extensions"] == {"cost": {"requested": 1, "maximum": 100_000}}
