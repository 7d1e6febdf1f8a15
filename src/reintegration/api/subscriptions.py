"""Protocols of subscriptions: graphql-transport-ws over WebSocket and server-sent events over HTTP; no legacy graphql-ws."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from aiohttp import WSCloseCode
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)

from reintegration.api.codes import api_error
from reintegration.api.context import ApiContext
from reintegration.api.requests import RequestRefusedError, read_parameters
from reintegration.kernel.clock import now

if TYPE_CHECKING:
    from reintegration.api.view import ApiView

PROTOCOLS = (GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL)
LARGEST_SUBSCRIPTIONS = 20
"""Operations that one connection may have open."""
_FORBIDDEN = 4403
_LONGEST_SLEEP_S = 60.0


class TransportHandler(BaseGraphQLTransportWSHandler[ApiContext, None]):
    """graphql-transport-ws with checked messages and trusted documents, open no longer than the token that signed it in."""

    ending: asyncio.Task[None] | None = None

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """Sign in, and see to it that the connection ends with the sign-in."""
        try:
            await super().handle_connection_init(message)
        except RequestRefusedError as refused:
            await self.websocket.close(code=WSCloseCode.TRY_AGAIN_LATER, reason=refused.message)
            return
        if self.connection_acknowledged and self.ending is None:
            self.ending = asyncio.create_task(self._end_in_time(), name="end of a sign-in")

    async def shutdown(self) -> None:
        """As the base, and nobody waits for the end of the sign-in."""
        if self.ending is not None:
            self.ending.cancel()
            with suppress(asyncio.CancelledError):
                await self.ending
        await super().shutdown()

    async def _end_in_time(self) -> None:
        """Wait for the end of the sign-in; the clock may be set meanwhile, so look at it again and again."""
        until = self.context.signed_in_until
        while until is not None and not self.context.has_ended:  # noqa: ASYNC110 - what is waited for is the clock
            await asyncio.sleep(min(max((until - now()).total_seconds(), 0.0), _LONGEST_SLEEP_S))
        if until is not None:
            await self._end()

    async def _end(self) -> None:
        """Stop what runs for somebody who is signed in no longer, and close."""
        for operation in tuple(self.operations):
            await self.cleanup_operation(operation)
        await self.websocket.close(code=_FORBIDDEN, reason="Your sign-in has ended")

    async def handle_message(self, message: Message) -> None:
        """Close on a message whose form would otherwise break the connection's task."""
        raw = cast("object", message)
        if not isinstance(raw, dict) or not isinstance(raw.get("type"), str) or not isinstance(raw.get("id", ""), str):
            await self.handle_invalid_message("Failed to parse message")
            return
        await super().handle_message(message)

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Run the document of a subscribe message, which a `documentId` may name."""
        if self.context.has_ended:
            await self._end()
            return
        view = cast("ApiView", self.view)
        try:
            asked = read_parameters(message["payload"], view.documents, only_trusted=view.is_production)
        except RequestRefusedError as refused:
            if not self.connection_acknowledged:
                await self.websocket.close(code=4401, reason="Unauthorized")
                return
            error = api_error(refused.code, refused.message)
            await self.send_message({"id": message["id"], "type": "error", "payload": [error.formatted]})
            return
        await super().handle_subscribe(
            {
                "id": message["id"],
                "type": "subscribe",
                "payload": {
                    "query": asked.query,
                    "variables": asked.variables,
                    "operationName": asked.operation_name,
                    "extensions": asked.extensions,
                },
            }
        )
