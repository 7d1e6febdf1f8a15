"""One open transaction: for SQL (`fetch`) and for Tortoise's models (`using_db(transaction.orm)`), on one connection."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Any, Protocol

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.backends.base.client import ConnectionWrapper

from reintegration.database.outage import outage_behind
from reintegration.kernel.actor import Actor


class Row(Protocol):
    """A row of a result, by column name. Its values have the types of its columns, which no checker can know from SQL."""

    def __getitem__(self, column: str) -> Any: ...  # noqa: ANN401 - see the docstring

    def keys(self) -> Iterable[str]:
        """The column names, so that `dict(row)` works."""


class TransactionOverError(Exception):
    """A task that nobody waits for any more asks a transaction that has ended; its connection is somebody else's by now."""


class _Turn(ConnectionWrapper[asyncpg.Connection]):
    """One statement at a time on a connection; an error on one that is lost becomes the outage that it is."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self._lock = asyncio.Lock()
        self._is_over = False

    async def __aenter__(self) -> asyncpg.Connection:
        await self._lock.acquire()
        if self._is_over:
            self._lock.release()
            raise TransactionOverError
        return self.connection

    async def end(self) -> None:
        """Wait for the statement that is running, and let no other begin."""
        async with self._lock:
            self._is_over = True

    async def __aexit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        self._lock.release()
        outage = outage_behind(error, self.connection)
        if outage is not None:
            raise outage from error


class PinnedClient(AsyncpgDBClient):
    """Tortoise's client over one given connection, whose transaction somebody else opens and ends.

    Tortoise's own `in_transaction` keeps its connection in a context variable, and GraphQL resolvers run in tasks whose
    contexts differ from the one that opens the transaction; an explicit client has no such trap.
    """

    def __init__(self, turn: _Turn) -> None:
        self._connection = turn.connection
        self._turn = turn
        self.log = logging.getLogger("tortoise.db_client")
        self.connection_name = "pinned"

    def acquire_connection(self) -> _Turn:
        """The one connection, one statement at a time."""
        return self._turn

    async def execute_many(self, query: str, values: list[list[object]]) -> None:
        """Run a statement for each row of values, in the transaction that is open (Tortoise would begin one of its own)."""
        async with self.acquire_connection() as connection:
            await connection.executemany(query, values)


class Transaction:
    """An open transaction with its actor. Statements of concurrent tasks wait for each other."""

    def __init__(self, connection: asyncpg.Connection, actor: Actor) -> None:
        self.actor = actor
        self._connection = connection
        self._turn = _Turn(connection)
        self.orm = PinnedClient(self._turn)

    async def fetch(self, sql: str, *arguments: object) -> list[Row]:
        """All rows of a statement that is known to be bounded."""
        async with self._turn as connection:
            rows: list[Row] = await connection.fetch(sql, *arguments)
            return rows

    async def fetch_one(self, sql: str, *arguments: object) -> Row | None:
        """The first row, or None."""
        async with self._turn as connection:
            row: Row | None = await connection.fetchrow(sql, *arguments)
            return row

    async def fetch_value(self, sql: str, *arguments: object) -> object:
        """The first column of the first row, or None."""
        async with self._turn as connection:
            return await connection.fetchval(sql, *arguments)

    async def execute(self, sql: str, *arguments: object) -> int:
        """Run a statement; returns the number of rows it touched."""
        async with self._turn as connection:
            status: str = await connection.execute(sql, *arguments)
        return int(status.rsplit(" ", 1)[-1]) if status and status[-1].isdigit() else 0

    async def end(self) -> None:
        """Before commit or rollback: wait for the statement of a task that was left behind, and refuse its next one."""
        await self._turn.end()

    @property
    def raw(self) -> asyncpg.Connection:
        """The connection itself, for cursors and COPY; the caller must not share it between tasks meanwhile."""
        return self._connection
