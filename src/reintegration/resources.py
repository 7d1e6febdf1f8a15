"""From settings to everything that a process holds open, and back to nothing in the reverse order, whatever happens.

Two steps, because the embedded servers start and stop by blocking: `open_places` finds or starts the servers, and
`open_resources` connects to them under a running event loop.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import structlog

from reintegration.api.feed import PaymentFeed
from reintegration.constraints import ALL_CONSTRAINTS
from reintegration.database.embedded import DatabaseAddresses, EmbeddedPostgres
from reintegration.database.migrate import migrate, pending
from reintegration.database.roles import RoleSetupError
from reintegration.database.snapshot import SnapshotReader
from reintegration.database.unit_of_work import UnitOfWork, open_pool
from reintegration.identity.development import DevelopmentIssuer
from reintegration.identity.tokens import TokenVerifier, oidc_verifier
from reintegration.models import register_models
from reintegration.programme.directory import ProgrammeDirectory
from reintegration.programme.loading import load_reference
from reintegration.settings import Profile, Settings
from reintegration.storage.address import ObjectStoreAddress
from reintegration.storage.client import ObjectStore
from reintegration.storage.embedded import EmbeddedObjectStore

_CONNECT_TIMEOUT_S = 10.0
_CLOSE_TIMEOUT_S = 10.0
_OLDEST_POSTGRESQL = 15
_log = structlog.get_logger(__name__)


class DatabaseUnavailableError(Exception):
    """The database can't be used; one line says which setting to look at, and never shows a password."""


@dataclass(frozen=True, slots=True, repr=False)
class Places:
    """Where the servers are and which keys open them."""

    database: DatabaseAddresses
    objects: ObjectStoreAddress


@dataclass(frozen=True, slots=True, repr=False)
class Stores:
    """What a process that works has open."""

    settings: Settings
    places: Places
    pool: asyncpg.Pool
    unit_of_work: UnitOfWork
    reader: SnapshotReader
    object_store: ObjectStore


@dataclass(frozen=True, slots=True, repr=False)
class Resources:
    """What a process that serves has open."""

    settings: Settings
    stores: Stores
    verifier: TokenVerifier
    directory: ProgrammeDirectory
    feed: PaymentFeed


@contextmanager
def open_places(settings: Settings) -> Iterator[Places]:
    """The servers that the settings name, and embedded ones for those that they don't. Blocks; not for an event loop.

    Raises:
        EmbeddedServerError: an embedded server can't run here (of `database` or of `storage`).
    """
    with ExitStack() as stack:
        database = stack.enter_context(open_database(settings))
        if _has_own_object_store(settings):
            objects = _object_store_address(settings)
        else:
            objects = stack.enter_context(EmbeddedObjectStore(settings.data_dir))
        yield Places(database, objects)


@contextmanager
def open_database(settings: Settings) -> Iterator[DatabaseAddresses]:
    """The database that the settings name, or the embedded one. Blocks.

    Raises:
        EmbeddedServerError: it can't run here.
    """
    if settings.database_url is not None and settings.owner_url is not None:
        yield DatabaseAddresses(
            owner_url=settings.owner_url.get_secret_value(), application_url=settings.database_url.get_secret_value()
        )
    else:
        with EmbeddedPostgres(settings.data_dir) as addresses:
            yield addresses


def embedded_servers(settings: Settings) -> tuple[str, ...]:
    """What `open_places` would start here, by name."""
    database = () if settings.database_url is not None else ("PostgreSQL",)
    return (*database, *(() if _has_own_object_store(settings) else ("S3",)))


@asynccontextmanager
async def open_stores(settings: Settings, places: Places, *, max_connections: int = 10) -> AsyncIterator[Stores]:
    """Connect to both servers and bring the database to the newest migration and reference data.

    Raises:
        DatabaseUnavailableError: no such server, database or login, or one that may not do what it must.
        MigrationError: the database's migrations aren't ours.
        ReferenceDataError: the stored reference data contradicts ours.
        ObjectStoreUnavailableError: no such store, bucket or keys.
    """
    async with AsyncExitStack() as stack:
        object_store = await stack.enter_async_context(ObjectStore(places.objects))
        await object_store.ensure_bucket()
        await prepare_database(settings, places.database)
        with _one_line(settings, places.database.application_url):
            pool = await open_pool(places.database.application_url, max_size=max_connections)
        stack.push_async_callback(_close_pool, pool)
        reader = SnapshotReader(places.database.application_url, max_connections=max_connections)
        await stack.enter_async_context(reader)
        await register_models()
        yield Stores(settings, places, pool, UnitOfWork(pool, ALL_CONSTRAINTS), reader, object_store)


@asynccontextmanager
async def open_resources(settings: Settings, places: Places, *, max_connections: int = 10) -> AsyncIterator[Resources]:
    """The stores, and what only a server needs.

    Raises:
        IssuerUnavailableError: the identity provider can't be used.
        DevelopmentIssuerRefusedError: production without an identity provider.
        Others as `open_stores`.
    """
    async with (
        _open_verifier(settings) as verifier,
        open_stores(settings, places, max_connections=max_connections) as stores,
        PaymentFeed(places.database.application_url) as feed,
    ):
        yield Resources(settings, stores, verifier, ProgrammeDirectory(stores.pool), feed)


async def prepare_database(settings: Settings, database: DatabaseAddresses) -> int:
    """Migrate and load the reference data; returns how many migrations were applied.

    A login that may do neither is enough where nothing is pending: an installation may migrate with a login of its own.

    Raises:
        DatabaseUnavailableError, MigrationError, ReferenceDataError: as `open_resources`.
    """
    with _one_line(settings, database.owner_url):
        connection = await asyncpg.connect(database.owner_url, timeout=_CONNECT_TIMEOUT_S)
        try:
            version = connection.get_server_version().major
            if version < _OLDEST_POSTGRESQL:
                raise DatabaseUnavailableError(f"{_name(settings)}: PostgreSQL {version} is too old; 15 is the oldest that works")
            waiting = await pending(connection)
        finally:
            await connection.close()
        try:
            applied = await migrate(database.owner_url)
            await load_reference(database.owner_url)
        except asyncpg.InsufficientPrivilegeError as error:
            if waiting:
                raise DatabaseUnavailableError(
                    f"{_name(settings)}: this login may not apply {len(waiting)} migrations ({error}); set DATABASE_OWNER_URL"
                ) from error
            _log.info("migrations are current; this login may not load reference data")
            return 0
        return applied


@asynccontextmanager
async def _open_verifier(settings: Settings) -> AsyncIterator[TokenVerifier]:
    """The identity provider's keys, or the development issuer's."""
    if settings.oidc_issuer is None:
        is_production = settings.profile is Profile.PRODUCTION
        verifier = DevelopmentIssuer(settings.data_dir, oidc_issuer=None, production=is_production).verifier()
        try:
            await verifier.load()
            yield verifier
        finally:
            await verifier.close()
        return
    async with aiohttp.ClientSession() as session:
        verifier = oidc_verifier(session, issuer=settings.oidc_issuer, audience=settings.oidc_audience)
        try:
            await verifier.load()
            yield verifier
        finally:
            await verifier.close()


async def _close_pool(pool: asyncpg.Pool) -> None:
    """Wait for what is under way, a bounded time; PostgreSQL rolls back what is cut off."""
    try:
        async with asyncio.timeout(_CLOSE_TIMEOUT_S):
            await pool.close()
    except TimeoutError:
        pool.terminate()
        _log.warning("database connections were cut off at shutdown")


def _has_own_object_store(settings: Settings) -> bool:
    """Whether an endpoint or a bucket is named.

    AWS wants a bucket name that nobody else has, so it must be given there; keys alone lie about in many environments.
    """
    return settings.s3_endpoint_url is not None or "s3_bucket" in settings.model_fields_set


def _object_store_address(settings: Settings) -> ObjectStoreAddress:
    access, secret = settings.aws_access_key_id, settings.aws_secret_access_key
    return ObjectStoreAddress(
        bucket=settings.s3_bucket,
        endpoint_url=settings.s3_endpoint_url,
        access_key=access.get_secret_value() if access else None,
        secret_key=secret.get_secret_value() if secret else None,
        region=settings.aws_region,
    )


@contextmanager
def _one_line(settings: Settings, url: str) -> Iterator[None]:
    """Make what a wrong or unreachable database raises one line for an operator."""
    try:
        yield
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, RoleSetupError) as error:
        parts = urlsplit(url)
        place = f"{parts.hostname}:{parts.port or 5432}{parts.path}"
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DatabaseUnavailableError(f"{_name(settings)}: the database {place} can't be used: {reason}") from error


def _name(settings: Settings) -> str:
    """What an operator would change."""
    if settings.database_url is None:
        return "embedded PostgreSQL"
    return "DATABASE_URL" if settings.database_owner_url is None else "DATABASE_URL and DATABASE_OWNER_URL"
