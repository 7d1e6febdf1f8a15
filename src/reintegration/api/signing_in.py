"""Who sends a request, in the words of HTTP and GraphQL."""

from typing import Protocol

from aiohttp import web

from reintegration.api.codes import Code
from reintegration.api.context import ApiContext
from reintegration.api.open_connections import PLACE
from reintegration.api.requests import RequestRefusedError
from reintegration.identity.actors import SignIn
from reintegration.identity.errors import AuthenticationError, AuthenticationReason, IssuerUnavailableError


class Authenticator(Protocol):
    """Finds out who asks."""

    async def __call__(self, request: web.Request) -> SignIn:
        """The actor of the request's bearer token, and how long it counts.

        Raises:
            AuthenticationError: no token, or none that counts.
            IssuerUnavailableError: nobody can tell at present.
        """
        ...


async def sign_in(authenticate: Authenticator, request: web.Request) -> SignIn:
    """Who sends it.

    Raises:
        RequestRefusedError: 401 without a token that counts, 503 when nobody can tell.
    """
    try:
        return await authenticate(request)
    except IssuerUnavailableError as error:
        raise RequestRefusedError(503, Code.UNAVAILABLE, "Sign-in is not reachable; try again") from error
    except AuthenticationError as error:
        if error.reason is AuthenticationReason.ISSUER_UNAVAILABLE:
            raise RequestRefusedError(503, Code.UNAVAILABLE, "Sign-in is not reachable; try again") from error
        headers = {"WWW-Authenticate": "Bearer"}
        raise RequestRefusedError(401, Code.UNAUTHENTICATED, error.message, headers) from error


def admit(context: ApiContext, signed_in: SignIn) -> None:
    """Let somebody in; on a connection that stays open only while they have a place left and their token counts."""
    place = context.request.get(PLACE)
    if place is not None:
        place.take(signed_in.actor.id)
        context.signed_in_until = signed_in.ends_at
    context.known_actor = signed_in.actor
