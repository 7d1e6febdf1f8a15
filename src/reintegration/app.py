"""The aiohttp application: from open resources to routes, and a site that listens and ends in order."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from reintegration.api.compile.reads import CompiledReads
from reintegration.api.documents import TrustedDocuments
from reintegration.api.feed import PAYMENT_FEED
from reintegration.api.graphiql import graphiql_routes
from reintegration.api.limits import Limits
from reintegration.api.schema import build_schema
from reintegration.api.signing_in import Authenticator
from reintegration.health import Health
from reintegration.identity.actors import SignIn, sign_in_from
from reintegration.identity.tokens import bearer_token
from reintegration.observed_view import OK, OPERATION, OUTCOME, ObservedView
from reintegration.resources import Resources
from reintegration.settings import Profile
from reintegration.telemetry import OTHER, Metrics

OPERATIONS = Path(__file__).resolve().parents[2] / "schema" / "operations"
"""Where the trusted documents are."""

_SHUTDOWN_TIMEOUT_S = 10.0
_KEEPALIVE_TIMEOUT_S = 75.0
_GRAPHQL = "/graphql"
_SECURITY_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"
_log = structlog.get_logger(__name__)


class ListenError(Exception):
    """The server can't listen where it was told to; one line says where and why."""


@dataclass(frozen=True, slots=True)
class Site:
    """A server that listens at `url`, which ends without a slash."""

    url: str


def make_app(resources: Resources, *, limits: Limits | None = None, operations: Path = OPERATIONS) -> web.Application:
    """The application over open resources.

    Raises:
        TrustedDocumentError: a file under `operations` can't be one.
    """
    is_production = resources.settings.profile is Profile.PRODUCTION
    limits = limits or Limits()
    metrics = Metrics()
    stores = resources.stores
    health = Health(stores, metrics)
    schema = build_schema(limits=limits, is_hardened=is_production)
    view = ObservedView(
        schema,
        metrics,
        authenticate=_authenticator(resources),
        unit_of_work=stores.unit_of_work,
        object_store=stores.object_store,
        documents=TrustedDocuments.load(operations),
        is_production=is_production,
        reads=CompiledReads(schema, stores.reader) if resources.settings.compiled_reads else None,
    )
    app = web.Application(middlewares=[_observing(metrics)], client_max_size=limits.body_bytes)
    app[PAYMENT_FEED] = resources.feed
    app.router.add_route("*", _GRAPHQL, view)
    app.add_routes(health.routes())
    if not is_production:
        app.add_routes(graphiql_routes(resources.settings.data_dir))

    async def close_health(_app: web.Application) -> None:
        await health.close()

    async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
        for name, value in _SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers["Server"] = "reintegration"
        if is_production:
            response.headers["Strict-Transport-Security"] = _STRICT_TRANSPORT

    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(view.end_streams)
    app.on_cleanup.append(close_health)
    return app


@asynccontextmanager
async def open_site(resources: Resources, *, limits: Limits | None = None, operations: Path = OPERATIONS) -> AsyncIterator[Site]:
    """Listen at the host and port of the settings; at the end, finish what is under way within ten seconds.

    Raises:
        ListenError: the port is taken, or the host isn't ours.
    """
    settings = resources.settings
    runner = web.AppRunner(
        make_app(resources, limits=limits, operations=operations),
        access_log=None,  # ours has neither addresses nor query strings
        shutdown_timeout=_SHUTDOWN_TIMEOUT_S,
        keepalive_timeout=_KEEPALIVE_TIMEOUT_S,
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, settings.host, settings.port).start()
        except OSError as error:
            place = f"{settings.host}:{settings.port}"
            reason = error.strerror or error
            raise ListenError(f"REINTEGRATION_HOST, REINTEGRATION_PORT: can't listen on {place}: {reason}") from error
        port = runner.addresses[0][1]
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        yield Site(f"http://{host}:{port}")
    finally:
        await runner.cleanup()


def _authenticator(resources: Resources) -> Authenticator:
    async def authenticate(request: web.Request) -> SignIn:
        claims = await resources.verifier.verify(bearer_token(request.headers.get("Authorization")))
        return await sign_in_from(claims, resources.directory)

    return authenticate


def _observing(metrics: Metrics) -> Middleware:
    """Count and log every request: what kind it was and how it ended, never who sent it or what it said."""

    @web.middleware
    async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
        started = time.perf_counter()
        status = HTTPStatus.INTERNAL_SERVER_ERROR.value
        try:
            response = await handler(request)
            status = response.status
        except web.HTTPException as error:
            status = error.status
            raise
        except asyncio.CancelledError:
            status = 499  # the client went away, or we do
            raise
        else:
            return response
        finally:
            resource = request.match_info.route.resource
            route = OTHER if resource is None else resource.canonical
            operation = request.get(OPERATION, OTHER) if route == _GRAPHQL else route
            outcome = request.get(OUTCOME) or _outcome(status)
            duration_s = time.perf_counter() - started
            metrics.count_request(operation, outcome, duration_s)
            _log.info(
                "request",
                method=request.method if request.method in _METHODS else OTHER,
                route=route,
                operation=operation,
                outcome=outcome,
                status=status,
                duration_ms=round(duration_s * 1000, 1),
            )

    return observe


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _outcome(status: int) -> str:
    """A word for a status that no operation's result explains."""
    if status < HTTPStatus.BAD_REQUEST:
        return OK
    try:
        return HTTPStatus(status).name.lower()
    except ValueError:
        return "client_closed"
