"""The GraphQL view as the application serves it: counted, and able to end."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from weakref import WeakSet

from aiohttp import WSCloseCode, web
from graphql import GraphQLError

from reintegration.api.codes import Code
from reintegration.api.compile.reads import CompiledReads
from reintegration.api.documents import TrustedDocuments
from reintegration.api.edge import EdgeSchema
from reintegration.api.requests import Parameters
from reintegration.api.signing_in import Authenticator
from reintegration.api.view import ApiView
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.storage.client import ObjectStore
from reintegration.telemetry import OTHER, Metrics

OPERATION = web.RequestKey("operation", str)
"""The trusted document's name; `OTHER` for any other operation."""
OUTCOME = web.RequestKey("outcome", str)
"""The code of the first error, or "ok"."""
OK = "ok"


class ObservedView(ApiView):
    """Tells by `OPERATION` and `OUTCOME` on the request what was asked and how it ended."""

    def __init__(  # noqa: PLR0913 - the base's parts, by name, and one more
        self,
        schema: EdgeSchema,
        metrics: Metrics,
        *,
        authenticate: Authenticator,
        unit_of_work: UnitOfWork,
        object_store: ObjectStore,
        documents: TrustedDocuments,
        is_production: bool,
        allowed_origins: Sequence[str] = (),
        reads: CompiledReads | None = None,
    ) -> None:
        """As `ApiView`, and where to count."""
        super().__init__(
            schema,
            authenticate=authenticate,
            unit_of_work=unit_of_work,
            object_store=object_store,
            documents=documents,
            is_production=is_production,
            allowed_origins=allowed_origins,
            reads=reads,
        )
        self._metrics = metrics
        self._names: Mapping[str, str] = {
            text: name for name, text in documents.by_id.items() if name != hashlib.sha256(text.encode()).hexdigest()
        }
        self._sockets: WeakSet[web.WebSocketResponse] = WeakSet()
        self._streams: WeakSet[asyncio.Task[object]] = WeakSet()

    async def end_streams(self, _app: web.Application) -> None:
        """End subscriptions, which would else hold a shutdown up until its time limit; for `app.on_shutdown`."""
        for stream in list(self._streams):
            stream.cancel()
        for socket in list(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY, message=b"The server is going away")

    async def read(self, request: web.Request) -> Parameters:
        """Read the operation and note whether it is one of ours."""
        asked = await super().read(request)
        request[OPERATION] = self._names.get(asked.query, OTHER)
        return asked

    def count_way(self, way: str) -> None:
        """Count it."""
        self._metrics.count_way(way)

    def note_end(self, request: web.Request, errors: Sequence[GraphQLError], cost: object) -> None:
        """Note it."""
        request[OUTCOME] = str((errors[0].extensions or {}).get("code", Code.INTERNAL.value)).lower() if errors else OK
        if isinstance(cost, int):
            self._metrics.count_cost(cost)

    async def create_websocket_response(self, request: web.Request, subprotocol: str | None) -> web.WebSocketResponse:
        """Remember the socket for the shutdown."""
        socket = await super().create_websocket_response(request, subprotocol)
        self._sockets.add(socket)
        return socket

    async def create_streaming_response(
        self,
        request: web.Request,
        stream: Callable[[], AsyncGenerator[str, None]],
        sub_response: web.Response,
        headers: Mapping[str, str],
    ) -> web.StreamResponse:
        """Remember the request's task for the shutdown."""
        task = asyncio.current_task()
        if task is not None:
            self._streams.add(task)
        return await super().create_streaming_response(request, stream, sub_response, headers)
