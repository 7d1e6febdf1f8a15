"""Reads in one statement: the actor's settings and the query travel together, in one round trip and one snapshot.

schema/decisions/0014 says why this is safe, and tests/database/test_snapshot.py attacks it.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import lru_cache
from types import TracebackType
from typing import Self

import asyncpg

from reintegration.database.outage import acquired, loss_is_an_outage
from reintegration.database.roles import APPLICATION_ROLE, AUDITOR_ROLE
from reintegration.kernel.actor import Actor, Role

FIRST_PARAMETER = 5
"""The number of a statement's own first parameter; those before carry the actor."""

_ACQUIRE_TIMEOUT_S = 10.0
_CLOSE_TIMEOUT_S = 10.0
_CACHED_STATEMENTS = 200
_LARGEST_CACHED_STATEMENT = 512 * 1024
_AUDITOR_CONNECTIONS = 4
_SETTINGS = """
select x.body
from (
    select
        set_config('app.actor', $1, true) as actor,
        set_config('app.role', $2, true) as role,
        set_config('app.offices', $3, true) as offices,
        set_config('app.partner', $4, true) as partner
    offset 0
) as s
cross join lateral (
    select convert_to({text}, 'UTF8') as body
    where s.actor is not null and s.role is not null and s.offices is not null and s.partner is not null
    limit 1
) as x
"""


def one_statement(text: str) -> str:
    """The statement that reads an expression of type text as an actor."""
    return _SETTINGS.format(text=text)


class SnapshotReader:
    """Runs statements of `one_statement`, each in a read-only transaction of its own that ends with it.

    It has connections of its own, in the application's role and in the auditor's, which leave nothing behind: the settings end
    with the statement, and the connection's own are never changed.
    """

    def __init__(self, url: str, *, max_connections: int = 10) -> None:
        self._url = url
        self._max_connections = max_connections
        self._pools: dict[str, asyncpg.Pool] = {}
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Connections are made when they are needed."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Wait for what is under way, a bounded time, then close."""
        pools, self._pools = list(self._pools.values()), {}
        async with AsyncExitStack() as stack:
            for pool in pools:
                stack.callback(pool.terminate)
            async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                for pool in pools:
                    await pool.close()

    async def read(self, actor: Actor, statement: str, parameters: Sequence[object]) -> bytes:
        """The text that a statement of `one_statement` makes for this actor, in UTF-8.

        Raises:
            ConnectionLostError: PostgreSQL is away, or no connection is free.
            asyncpg.PostgresError: as the statement deserves.
        """
        pool = self._pools.get(_role(actor)) or await self._open(_role(actor))
        async with acquired(pool, _ACQUIRE_TIMEOUT_S) as connection:
            with loss_is_an_outage(connection):
                body: bytes = await connection.fetchval(statement, *settings_of(actor), *parameters)
                return body

    def counts(self) -> tuple[int, int]:
        """Connections in use, and idle ones."""
        sizes = [(pool.get_size(), pool.get_idle_size()) for pool in self._pools.values()]
        return sum(size - idle for size, idle in sizes), sum(idle for _, idle in sizes)

    async def _open(self, role: str) -> asyncpg.Pool:
        async with self._opening:
            if role not in self._pools:
                limit = self._max_connections if role == APPLICATION_ROLE else min(_AUDITOR_CONNECTIONS, self._max_connections)
                pool = asyncpg.create_pool(
                    self._url,
                    min_size=0,
                    max_size=limit,
                    timeout=_ACQUIRE_TIMEOUT_S,
                    reset=leave_as_it_is,
                    statement_cache_size=_CACHED_STATEMENTS,
                    max_cached_statement_lifetime=0,
                    max_cacheable_statement_size=_LARGEST_CACHED_STATEMENT,
                    server_settings={
                        "application_name": "reintegration reads",
                        "role": role,
                        "timezone": "UTC",
                        "datestyle": "ISO, MDY",
                        "statement_timeout": "60s",
                        "lock_timeout": "15s",
                        "default_transaction_read_only": "on",
                        "plan_cache_mode": "force_generic_plan",  # planning costs more than running most of them
                        "jit": "off",
                        "random_page_cost": "1.1",  # a row of a small table is looked up by its key, not found by reading all
                    },
                )
                self._pools[role] = await pool
            return self._pools[role]


async def leave_as_it_is(_connection: asyncpg.Connection) -> None:
    """For a pool whose users leave no transaction, no setting, no lock and no listener: nothing to reset, no round trip."""


def _role(actor: Actor) -> str:
    return AUDITOR_ROLE if actor.role is Role.AUDITOR else APPLICATION_ROLE


@lru_cache(maxsize=1000)
def settings_of(actor: Actor) -> tuple[str, str, str, str]:
    """The actor as the first parameters of a statement."""
    offices = ",".join(sorted(map(str, actor.offices)))
    return actor.id, actor.role.value, offices, str(actor.partner_id or "")
