"""Asking a server of this process for what a scene wishes."""

from typing import cast

from tests.faults.scenes import Wish
from tests.faults.trial import payload
from tests.http_client import Answer, Server


async def ask(server: Server, wish: Wish) -> Answer:
    """As who wishes it, over HTTP."""
    body = wish.body()
    variables = cast("dict[str, object]", body["variables"])
    return await server.post(str(body["query"]), variables, server.token(wish.who.role, wish.who.id))


async def asked(server: Server, wish: Wish) -> dict[str, object]:
    """The payload of what must work."""
    return payload(wish, (await ask(server, wish)).body)
