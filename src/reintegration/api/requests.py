"""A GraphQL request from what came over the wire, checked before anything believes it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast

import orjson
from aiohttp import web
from strawberry.http.parse_content_type import parse_content_type

from reintegration.api.codes import Code
from reintegration.api.documents import TrustedDocuments

GRAPHQL_RESPONSE = "application/graphql-response+json"
JSON = "application/json"


@dataclass(eq=False)
class RequestRefusedError(Exception):
    """A request that is answered without looking at its operation."""

    status: int
    code: Code
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parameters:
    """What to run: a document's text, its variables, and which of its operations."""

    query: str
    variables: dict[str, object] | None
    operation_name: str | None
    extensions: dict[str, object] | None


def bad_request(message: str, status: int = 400) -> RequestRefusedError:
    """A request that isn't GraphQL over HTTP, or not the kind that this server takes."""
    return RequestRefusedError(status, Code.BAD_REQUEST, message)


async def sent(request: web.Request, most_bytes: int, most_s: float) -> object:
    """The JSON of a POST's body, read no further and waited for no longer than the limits, or what a GET's query says.

    Raises:
        RequestRefusedError: it isn't JSON, too long, or did not come whole.
    """
    if request.method == "GET":
        given: dict[str, object] = dict(request.query)
        return given | {name: _json(text) for name in ("variables", "extensions") if (text := request.query.get(name))}
    if not _is_json(request.headers.get("Content-Type", "")):
        raise bad_request("The body must be application/json in UTF-8", status=415)
    try:
        async with asyncio.timeout(most_s):
            body = await _body(request, most_bytes)
    except TimeoutError as error:
        # Whoever sends a byte now and then would hold a connection and a task for ever.
        raise RequestRefusedError(408, Code.TIMEOUT, f"The body did not arrive within {most_s:g} s") from error
    except ConnectionError as error:
        # On a bad line this is no outage of ours, and nobody reads the answer.
        raise bad_request("The connection was lost before the body had arrived") from error
    return _json(body)


async def _body(request: web.Request, most_bytes: int) -> bytes:
    body = bytearray()
    while len(body) <= most_bytes:
        chunk = await request.content.readany()
        if not chunk:
            return bytes(body)
        body += chunk
    raise RequestRefusedError(413, Code.LIMIT_EXCEEDED, f"The body is longer than {most_bytes} bytes")


@lru_cache(maxsize=200)
def _is_json(content_type: str) -> bool:
    """Whether a body is said to be JSON in UTF-8."""
    kind, parameters = parse_content_type(content_type)
    return kind == JSON and parameters.get("charset", "utf-8").lower().replace("-", "") == "utf8"


def _json(text: str | bytes) -> object:
    """Strict JSON: no NaN, no lone surrogates."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise bad_request("Unable to parse request body as JSON") from error


def read_parameters(body: object, documents: TrustedDocuments, *, only_trusted: bool) -> Parameters:
    """Read a request's body, or a subscribe message's payload.

    Raises:
        RequestRefusedError: not one request, a parameter of a wrong type, no document, or none that may be run here.
    """
    if isinstance(body, list):
        raise bad_request("Batching is not supported: send one operation at a time")
    if not isinstance(body, dict):
        raise bad_request("A request is a JSON object")
    query, document_id = _text(body, "query"), _text(body, "documentId")
    if (query is None) == (document_id is None):
        raise bad_request('A request has either a "query" or a "documentId"')
    if document_id is not None:
        query = documents.find(document_id)
        if query is None:
            raise RequestRefusedError(404, Code.DOCUMENT_NOT_FOUND, "No trusted document has this id")
    elif only_trusted:
        raise bad_request('Only trusted documents are run here: send a "documentId"')
    return Parameters(query or "", _object(body, "variables"), _text(body, "operationName"), _object(body, "extensions"))


def _text(body: Mapping[str, object], name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise bad_request(f'"{name}" must be a string')
    return value


def _object(body: Mapping[str, object], name: str) -> dict[str, object] | None:
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise bad_request(f'"{name}" must be an object')
    return cast("dict[str, object] | None", value)


@lru_cache(maxsize=200)
def media_type(accept: str | None) -> str:
    """The answer's media type for an Accept header; with no wish, plain JSON.

    Raises:
        RequestRefusedError: 406, when neither is acceptable.
    """
    if not accept:
        return JSON
    wishes = {name: quality for name, quality in map(_wish, accept.split(",")) if name}
    general = wishes.get("application/*", wishes.get("*/*", 0.0))
    graphql, plain = wishes.get(GRAPHQL_RESPONSE, 0.0), wishes.get(JSON, general)
    if max(graphql, plain) <= 0:
        raise bad_request(f"Answers are {GRAPHQL_RESPONSE} or {JSON}", status=406)
    return GRAPHQL_RESPONSE if graphql >= plain else JSON


def _wish(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return name, float(parameter[2:])
            except ValueError:
                return "", 0.0
    return name, 1.0
