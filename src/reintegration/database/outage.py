"""When PostgreSQL is away: one error for all the ways in which a lost connection shows itself."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import asyncpg

from reintegration.kernel.errors import DomainError

_CONNECTION_ERRORS = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class ConnectionLostError(Exception):
    """PostgreSQL can't be reached, or a connection ended before its transaction did: the same request may work later.

    Nothing of the transaction is kept, unless it was committing: then a write with the same idempotency key tells.
    """


@asynccontextmanager
async def acquired(pool: asyncpg.Pool, timeout_s: float) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:
    """A connection of the pool; what becomes of it afterwards changes nothing of what was done on it.

    Raises:
        ConnectionLostError: none can be made, or none is free within `timeout_s`.
    """
    try:
        # One that is idle is there at once; a clock costs more than taking it.
        connection = await pool.acquire(timeout=None if pool.get_idle_size() else timeout_s)
    except _CONNECTION_ERRORS as error:
        raise ConnectionLostError from error
    try:
        yield connection
    finally:
        with suppress(*_CONNECTION_ERRORS):  # asyncpg has closed it then
            await pool.release(connection)


@contextmanager
def loss_is_an_outage(connection: asyncpg.Connection) -> Iterator[None]:
    """Work on a connection; an error that came because it is lost becomes the outage that it is.

    Raises:
        ConnectionLostError: instead of whatever asyncpg said.
    """
    try:
        yield
    except Exception as error:
        outage = outage_behind(error, connection)
        if outage is not None:
            raise outage from error
        raise


def outage_behind(error: BaseException | None, connection: asyncpg.Connection) -> ConnectionLostError | None:
    """The outage to raise instead of an error, if that came with a lost connection. A refusal or a cancellation stays itself."""
    if not isinstance(error, Exception) or isinstance(error, DomainError | ConnectionLostError):
        return None
    return ConnectionLostError() if is_lost(connection) else None


def is_lost(connection: asyncpg.Connection) -> bool:
    """Whether a connection has ended."""
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:  # the pool has taken a lost connection back already
        return True
