"""GraphQL over HTTP, WebSocket and server-sent events: who asks, what may be asked, and how the answer is spelled.

Follows the GraphQL-over-HTTP specification; the npm package graphql-http audits it (tests/conformance).
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Protocol, Self, TypeGuard, cast

import orjson
from aiohttp import ClientConnectionResetError, web
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from strawberry.aiohttp.views import GraphQLView
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.http.base import BaseRequestProtocol
from strawberry.http.parse_content_type import parse_content_type
from strawberry.types import ExecutionResult
from strawberry.types.execution import SubscriptionExecutionResult
from strawberry.types.unset import UnsetType

from reintegration.api.codes import Code, api_error
from reintegration.api.compile.reads import CompiledAnswer, CompiledReads, TooSlowError
from reintegration.api.compile.sources import LeftError
from reintegration.api.context import ApiContext
from reintegration.api.documents import TrustedDocuments
from reintegration.api.edge import EdgeSchema, too_slow
from reintegration.api.masking import incident, incident_message
from reintegration.api.open_connections import PLACE, ConnectionLimits, OpenConnections
from reintegration.api.requests import GRAPHQL_RESPONSE, JSON, RequestRefusedError, bad_request, media_type, read_parameters
from reintegration.api.subscriptions import LARGEST_SUBSCRIPTIONS, PROTOCOLS, TransportHandler
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.identity.actors import SignIn
from reintegration.identity.errors import AuthenticationError, AuthenticationReason, IssuerUnavailableError
from reintegration.kernel.clock import now
from reintegration.storage.client import ObjectStore

_STATUS: Mapping[object, int] = {Code.INTERNAL.value: 500, Code.UNAVAILABLE.value: 503, Code.TIMEOUT.value: 503}
_WEBSOCKET_PING_S = 30.0
_SIGN_IN = web.RequestKey("sign_in", SignIn)
_SIGN_IN_ENDED = "Your sign-in has ended; sign in and subscribe again"


COMPILED = "compiled"
Executed = ExecutionResult | list[ExecutionResult] | SubscriptionExecutionResult


class CompiledResult(ExecutionResult):
    """A result that is its answer's bytes already."""

    body: bytes

    @classmethod
    def of(cls, answer: CompiledAnswer, maximum: int) -> Self:
        """The result with its cost, for who counts."""
        result = cls(data=None, errors=None, extensions={"cost": {"requested": answer.cost, "maximum": maximum}})
        result.body = answer.body(maximum)
        return result


class CompiledBody(dict[str, object]):
    """An answer's members that are spelled already."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.body = body


class Authenticator(Protocol):
    """Finds out who asks."""

    async def __call__(self, request: web.Request) -> SignIn:
        """The actor of the request's bearer token, and how long it counts.

        Raises:
            AuthenticationError: no token, or none that counts.
            IssuerUnavailableError: nobody can tell at present.
        """
        ...


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

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """Answer; whatever goes wrong, the body is a GraphQL error."""
        try:
            if not self.is_websocket_request(request) and not _wants_stream(request):
                return await self.run(request=request)
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

    def is_request_allowed(self, request: BaseRequestProtocol) -> bool:
        """POST, and outside production GET."""
        return request.method == "POST" or (request.method == "GET" and not self.is_production)

    def should_render_graphql_ide(self, request: BaseRequestProtocol) -> bool:
        """GraphiQL has an address of its own."""
        del request
        return False

    async def get_context(self, request: web.Request, response: web.Response | web.WebSocketResponse) -> ApiContext:
        """Who asks, before a byte of what they ask is read. A WebSocket may say it later, in `connection_init`."""
        context = ApiContext(request, self.unit_of_work, self.object_store)
        context.payloads = None if self.reads is None else self.reads.payloads
        if not isinstance(response, web.WebSocketResponse):
            request[_SIGN_IN] = signed_in = await self._sign_in(request)
            _admit(context, signed_in)
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
            _admit(context, await self._sign_in(request))
        except (RequestRefusedError, ValueError) as refused:
            if isinstance(refused, RequestRefusedError) and refused.code is Code.LIMIT_EXCEEDED:
                raise
            raise ConnectionRejectionError from refused
        return UnsetType()

    async def _sign_in(self, request: web.Request) -> SignIn:
        try:
            return await self.authenticate(request)
        except IssuerUnavailableError as error:
            raise RequestRefusedError(503, Code.UNAVAILABLE, "Sign-in is not reachable; try again") from error
        except AuthenticationError as error:
            if error.reason is AuthenticationReason.ISSUER_UNAVAILABLE:
                raise RequestRefusedError(503, Code.UNAVAILABLE, "Sign-in is not reachable; try again") from error
            headers = {"WWW-Authenticate": "Bearer"}
            raise RequestRefusedError(401, Code.UNAUTHENTICATED, error.message, headers) from error

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
        """Read one operation from a GET's query or a POST's JSON."""
        if request.method == "GET":
            body: object = self.parse_query_params(request.query_params)
        else:
            kind, parameters = parse_content_type(request.content_type or "")
            if kind != JSON or parameters.get("charset", "utf-8").lower().replace("-", "") != "utf8":
                raise bad_request("The body must be application/json in UTF-8", status=415)
            body = self.parse_json(await self._body(request))
        asked = read_parameters(body, self.documents, only_trusted=self.is_production)
        transport = self._get_stream_transport_from_headers(request.headers)
        return GraphQLRequestData(
            query=asked.query,
            variables=asked.variables,
            operation_name=asked.operation_name,
            extensions=asked.extensions,
            protocol=transport.protocol if transport else "http",
        )

    async def _body(self, adapter: AsyncHTTPRequestAdapter) -> bytes:
        """The body, read no further than the limit."""
        request: web.Request = adapter.request  # type: ignore[attr-defined] # the aiohttp adapter, which the view's base makes
        body = bytearray()
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > self.limits.body_bytes:
                raise RequestRefusedError(413, Code.LIMIT_EXCEEDED, f"The body is longer than {self.limits.body_bytes} bytes")
        return bytes(body)

    async def execute_operation(
        self,
        request: web.Request,
        request_adapter: AsyncHTTPRequestAdapter,
        request_data: GraphQLRequestData | list[GraphQLRequestData],
        context: ApiContext,
        root_value: None,
        sub_response: web.Response,
    ) -> Executed:
        """Answer by one compiled statement where that can be done, else by resolvers."""
        if self.reads is not None and isinstance(request_data, GraphQLRequestData) and request_data.protocol == "http":
            try:
                return await self._compiled(self.reads, request_data, context)
            except LeftError as left:
                self.count_way(left.cause)
        return await super().execute_operation(request, request_adapter, request_data, context, root_value, sub_response)

    async def _compiled(self, reads: CompiledReads, asked: GraphQLRequestData, context: ApiContext) -> ExecutionResult:
        try:
            answer = await reads.answer(asked.query or "", asked.operation_name, asked.variables, context)
        except TooSlowError as slow:
            cost = {"requested": slow.cost, "maximum": self.limits.cost}
            return ExecutionResult(data=None, errors=[too_slow(self.limits)], extensions={"cost": cost})
        self.count_way(COMPILED)
        return CompiledResult.of(answer, self.limits.cost)

    async def process_result(self, request: web.Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        """The answer's members: an operation that never ran has no `data`, not even null."""
        del request
        if isinstance(result, CompiledResult):
            return cast("GraphQLHTTPResponse", CompiledBody(result.body))
        errors = result.errors or []
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
        if isinstance(response_data, CompiledBody):
            sub_response.charset = "utf-8"
            sub_response.body = response_data.body
            return sub_response
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


def _admit(context: ApiContext, signed_in: SignIn) -> None:
    """Let somebody in; on a connection that stays open only while they have a place left and their token counts."""
    place = context.request.get(PLACE)
    if place is not None:
        place.take(signed_in.actor.id)
        context.signed_in_until = signed_in.ends_at
    context.known_actor = signed_in.actor


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
