"""GraphQL over HTTP, WebSocket and server-sent events: who asks, what may be asked, and how the answer is spelled.

Follows the GraphQL-over-HTTP specification; the npm package graphql-http audits it (tests/conformance).
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import TypeGuard

import orjson
from aiohttp import ClientConnectionResetError, web
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from graphql import GraphQLError
from strawberry.aiohttp.views import GraphQLView
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.http.base import BaseRequestProtocol
from strawberry.types import ExecutionResult
from strawberry.types.unset import UnsetType

from reintegration.api.codes import Code, api_error
from reintegration.api.compile.reads import CompiledReads, TooSlowError
from reintegration.api.compile.sources import LeftError
from reintegration.api.context import ApiContext
from reintegration.api.documents import TrustedDocuments
from reintegration.api.edge import EdgeSchema, too_slow
from reintegration.api.masking import incident, incident_message
from reintegration.api.open_connections import PLACE, ConnectionLimits, OpenConnections
from reintegration.api.requests import (
    GRAPHQL_RESPONSE,
    JSON,
    Parameters,
    RequestRefusedError,
    media_type,
    read_parameters,
    sent,
)
from reintegration.api.signing_in import Authenticator, admit, sign_in
from reintegration.api.subscriptions import LARGEST_SUBSCRIPTIONS, PROTOCOLS, TransportHandler
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.identity.actors import SignIn
from reintegration.kernel.clock import now
from reintegration.storage.client import ObjectStore

_STATUS: Mapping[object, int] = {Code.INTERNAL.value: 500, Code.UNAVAILABLE.value: 503, Code.TIMEOUT.value: 503}
_WEBSOCKET_PING_S = 30.0
COMPILED = "compiled"
_SIGN_IN = web.RequestKey("sign_in", SignIn)
_PARAMETERS = web.RequestKey("parameters", Parameters)
_SIGN_IN_ENDED = "Your sign-in has ended; sign in and subscribe again"


class ApiView(GraphQLView[ApiContext, None]):
    """The `/graphql` handler; register it for every method: `app.router.add_route("*", "/graphql", view)`."""

    graphql_transport_ws_handler_class = TransportHandler

    def __init__(  # noqa: PLR0913 - the view's parts, by name
        self,
        schema: EdgeSchema,
        *,
        authenticate: Authenticator,
        unit_of_work: UnitOfWork,
        object_store: ObjectStore,
        documents: TrustedDocuments,
        is_production: bool,
        allowed_origins: Sequence[str] = (),
        connections: ConnectionLimits | None = None,
        reads: CompiledReads | None = None,
    ) -> None:
        """Build once per process. Without `reads` every operation is answered by resolvers.

        `is_production` leaves trusted documents over POST as the only way in. A browser's WebSocket may come from a page of
        our own origin or of `allowed_origins`.
        """
        connections = connections or ConnectionLimits()
        super().__init__(
            schema,
            graphql_ide=None,
            allow_queries_via_get=not is_production,
            subscription_protocols=PROTOCOLS,
            max_subscriptions_per_connection=LARGEST_SUBSCRIPTIONS,
            connection_init_wait_timeout=timedelta(seconds=connections.initiation_s),
            allowed_origins=allowed_origins,
        )
        self.connections = OpenConnections(connections)
        self.limits = schema.limits
        self.authenticate = authenticate
        self.unit_of_work = unit_of_work
        self.object_store = object_store
        self.documents = documents
        self.is_production = is_production
        self.reads = reads

    def count_way(self, way: str) -> None:
        """Whether an operation was answered by a compiled statement, or why it was left to resolvers; for who counts."""

    def note_end(self, request: web.Request, errors: Sequence[GraphQLError], cost: object) -> None:
        """How an operation ended and what it cost; for who counts."""

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """Answer; whatever goes wrong, the body is a GraphQL error."""
        try:
            if not self.is_websocket_request(request) and not _wants_stream(request):
                return await self._directly(request) or await self.run(request=request)
            with self.connections.place() as place:
                request[PLACE] = place
                return await self.run(request=request)
        except RequestRefusedError as refused:
            return _refusal(request, refused.status, {"code": refused.code.value}, refused.message, refused.headers)
        except HTTPException as refused:
            headers = {"Allow": "POST" if self.is_production else "GET, POST"} if refused.status_code == 405 else {}  # noqa: PLR2004 - HTTP
            return _refusal(request, refused.status_code, {"code": Code.BAD_REQUEST.value}, refused.reason, headers)
        except (web.HTTPException, ClientConnectionResetError):
            raise
        except Exception as error:  # noqa: BLE001 - the last line: a bug reaches the caller as an incident number
            extensions = incident(error, None)
            return _refusal(request, _STATUS[extensions["code"]], extensions, incident_message(extensions), {})

    async def _directly(self, request: web.Request) -> web.Response | None:
        """The answer of a compiled statement; None where resolvers must answer, for whom what was read of the request is kept."""
        reads = self.reads
        if reads is None or not self._is_allowed(request.method):
            return None
        kind = media_type(request.headers.get("Accept"))
        context = await self._known_context(request)
        asked = await self.read(request)
        try:
            answer = await reads.answer(asked.query, asked.operation_name, asked.variables, context)
        except LeftError as left:
            self.count_way(left.cause)
            return None
        except TooSlowError as slow:
            error = too_slow(self.limits)
            self.note_end(request, (error,), slow.cost)
            cost = {"requested": slow.cost, "maximum": self.limits.cost}
            answer_of_none: GraphQLHTTPResponse = {"errors": [dict(error.formatted)], "extensions": {"cost": cost}}
            return self.create_response(answer_of_none, web.Response(content_type=kind))
        self.count_way(COMPILED)
        self.note_end(request, (), answer.cost)
        return web.Response(body=answer.body(self.limits.cost), headers={"Content-Type": f"{kind}; charset=utf-8"})

    def _is_allowed(self, method: str) -> bool:
        return method == "POST" or (method == "GET" and not self.is_production)

    def is_request_allowed(self, request: BaseRequestProtocol) -> bool:
        """POST, and outside production GET."""
        return self._is_allowed(request.method)

    def should_render_graphql_ide(self, request: BaseRequestProtocol) -> bool:
        """GraphiQL has an address of its own."""
        del request
        return False

    async def get_context(self, request: web.Request, response: web.Response | web.WebSocketResponse) -> ApiContext:
        """Who asks, before a byte of what they ask is read. A WebSocket may say it later, in `connection_init`."""
        return self._context(request) if isinstance(response, web.WebSocketResponse) else await self._known_context(request)

    def _context(self, request: web.Request) -> ApiContext:
        context = ApiContext(request, self.unit_of_work, self.object_store)
        context.payloads = None if self.reads is None else self.reads.payloads
        return context

    async def _known_context(self, request: web.Request) -> ApiContext:
        context = self._context(request)
        if _SIGN_IN not in request:
            request[_SIGN_IN] = await sign_in(self.authenticate, request)
        admit(context, request[_SIGN_IN])
        return context

    async def on_ws_connect(self, context: ApiContext) -> UnsetType:
        """Authenticate a WebSocket by `authorization` of the `connection_init` payload, or by the handshake's header."""
        given = next(
            (value for name, value in (context.connection_params or {}).items() if name.lower() == "authorization"), None
        )
        request = context.request
        if isinstance(given, str):
            request = request.clone(headers={**request.headers, "Authorization": given})
        try:
            admit(context, await sign_in(self.authenticate, request))
        except (RequestRefusedError, ValueError) as refused:
            if isinstance(refused, RequestRefusedError) and refused.code is Code.LIMIT_EXCEEDED:
                raise
            raise ConnectionRejectionError from refused
        return UnsetType()

    async def get_sub_response(self, request: web.Request) -> web.Response:
        """The answer to be, in the media type that the client wants."""
        if _wants_stream(request):
            return web.Response()
        return web.Response(content_type=media_type(request.headers.get("Accept")))

    async def create_websocket_response(self, request: web.Request, subprotocol: str | None) -> web.WebSocketResponse:
        """A socket with the same limit on a message as on a body, pinged so that a dead peer is noticed."""
        protocols = [subprotocol] if subprotocol else []
        socket = web.WebSocketResponse(protocols=protocols, max_msg_size=self.limits.body_bytes, heartbeat=_WEBSOCKET_PING_S)
        await socket.prepare(request)
        return socket

    def is_websocket_request(self, request: web.Request) -> TypeGuard[web.Request]:
        """Whether the client asks for a WebSocket; only a GET can."""
        return request.method == "GET" and super().is_websocket_request(request)

    def decode_json(self, data: str | bytes) -> object:
        """Strict JSON: no NaN, no lone surrogates."""
        return orjson.loads(data)

    def encode_json(self, data: object) -> str:
        """JSON; `orjson.Fragment` passes through."""
        return orjson.dumps(data).decode()

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> GraphQLRequestData:
        """What was read of the request, for Strawberry."""
        original: web.Request = request.request  # type: ignore[attr-defined] # the aiohttp adapter, which the view's base makes
        asked = await self.read(original)
        transport = self._get_stream_transport_from_headers(request.headers)
        return GraphQLRequestData(
            query=asked.query,
            variables=asked.variables,
            operation_name=asked.operation_name,
            extensions=asked.extensions,
            protocol=transport.protocol if transport else "http",
        )

    async def read(self, request: web.Request) -> Parameters:
        """Read one operation from a GET's query or a POST's JSON, once."""
        if _PARAMETERS not in request:
            request[_PARAMETERS] = read_parameters(
                await sent(request, self.limits.body_bytes, self.limits.body_s), self.documents, only_trusted=self.is_production
            )
        return request[_PARAMETERS]

    async def process_result(self, request: web.Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        """The answer's members: an operation that never ran has no `data`, not even null."""
        errors = result.errors or []
        cost = (result.extensions or {}).get("cost")
        self.note_end(request, errors, cost.get("requested") if isinstance(cost, Mapping) else None)
        answer: GraphQLHTTPResponse = {}
        if errors:
            answer["errors"] = [dict(error.formatted) for error in errors]
        if result.data is not None or any(error.path for error in errors):
            answer["data"] = result.data
        if result.extensions:
            answer["extensions"] = result.extensions
        return answer

    def create_response(
        self, response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse], sub_response: web.Response
    ) -> web.Response:
        """Spell the answer; only the GraphQL media type says by status that nothing ran, as the specification wants."""
        errors = response_data.get("errors") if isinstance(response_data, dict) else None
        if errors and "data" not in response_data and sub_response.content_type == GRAPHQL_RESPONSE:
            extensions = errors[0].get("extensions") if isinstance(errors[0], dict) else None
            sub_response.set_status(_STATUS.get((extensions or {}).get("code"), 400))
        sub_response.charset = "utf-8"
        sub_response.body = orjson.dumps(response_data)
        return sub_response

    async def create_streaming_response(
        self,
        request: web.Request,
        stream: Callable[[], AsyncGenerator[str, None]],
        sub_response: web.Response,
        headers: Mapping[str, str],
    ) -> web.StreamResponse:
        """Stream events; when the client goes or their token's time is over, the operation ends with it."""
        response = web.StreamResponse(status=sub_response.status, headers=headers)
        await response.prepare(request)
        signed_in = asyncio.timeout((request[_SIGN_IN].ends_at - now()).total_seconds())
        try:
            async with signed_in, aclosing(stream()) as events:
                async for event in events:
                    await response.write(event.encode())
        except TimeoutError:
            if not signed_in.expired():
                raise
            error = api_error(Code.UNAUTHENTICATED, _SIGN_IN_ENDED).formatted
            body = self.encode_json({"errors": [error]})
            await response.write(f"event: next\r\ndata: {body}\r\n\r\nevent: complete\r\ndata: \r\n\r\n".encode())
        await response.write_eof()
        return response


def _wants_stream(request: web.Request) -> bool:
    return "text/event-stream" in request.headers.get("Accept", "").lower()


def _refusal(
    request: web.Request, status: int, extensions: Mapping[str, object], message: str, headers: Mapping[str, str]
) -> web.Response:
    """A GraphQL error as the whole answer."""
    try:
        kind = media_type(request.headers.get("Accept"))
    except RequestRefusedError:
        kind = JSON
    body = orjson.dumps({"errors": [{"message": message, "extensions": extensions}]})
    return web.Response(status=status, body=body, content_type=kind, charset="utf-8", headers=headers)
