"""Protocols of subscriptions: graphql-transport-ws over WebSocket and server-sent events over HTTP; no legacy graphql-ws."""

from typing import TYPE_CHECKING, cast

from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import Message, SubscribeMessage

from reintegration.api.codes import api_error
from reintegration.api.context import ApiContext
from reintegration.api.requests import RequestRefusedError, read_parameters

if TYPE_CHECKING:
    from reintegration.api.view import ApiView

PROTOCOLS = (GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL)
LARGEST_SUBSCRIPTIONS = 20
"""Operations that one connection may have open."""


class TransportHandler(BaseGraphQLTransportWSHandler[ApiContext, None]):
    """graphql-transport-ws with checked messages and trusted documents."""

    async def handle_message(self, message: Message) -> None:
        """Close on a message whose form would otherwise break the connection's task."""
        raw = cast("object", message)
        if not isinstance(raw, dict) or not isinstance(raw.get("type"), str) or not isinstance(raw.get("id", ""), str):
            await self.handle_invalid_message("Failed to parse message")
            return
        await super().handle_message(message)

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Run the document of a subscribe message, which a `documentId` may name."""
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
