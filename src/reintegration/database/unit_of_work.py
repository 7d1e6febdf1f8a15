"""The one place that opens transactions: `write` (all or nothing, retried when PostgreSQL asks for it) and `read` (a snapshot).

Every transaction starts by telling the database who acts; row-level security and the log read nothing else. Nothing remote
may be called inside one. What is set ends with the transaction, so a connection goes back to its pool as it came.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import asyncpg
import orjson

from reintegration.database.constraints import ConstraintErrors, database_error, domain_error
from reintegration.database.outage import acquired, is_lost, loss_is_an_outage
from reintegration.database.roles import APPLICATION_ROLE, AUDITOR_ROLE
from reintegration.database.snapshot import leave_as_it_is, settings_of
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.canonical import canonical_json, digest
from reintegration.kernel.errors import IdempotencyConflictError
from reintegration.kernel.reference import Reference

T = TypeVar("T")
_SQL = load_queries(__file__)
_TRIES = 5
_RETRIED_SQLSTATES = frozenset({"40001", "40P01"})
_ACQUIRE_TIMEOUT_S = 10.0
_ROLLBACK_TIMEOUT_S = 10.0
_PLAN_BY_VALUE = "auto"
_PLAN_ONCE = "force_generic_plan"
"""For writes: they look rows up by their keys, and planning that anew for each costs more than doing it."""
_ABSENT = object()
"""Differs from null: an input that names a field is another one than an input that leaves it out."""


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """What makes a repeated request recognisable: the caller's key, the operation, and its canonical input."""

    key: UUID
    operation: str
    input: object


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a write did, or had done already (`replayed`)."""

    reference: Reference
    replayed: bool


async def open_pool(url: str, *, max_size: int = 10) -> asyncpg.Pool:
    """A pool of connections in the application's role, with limits on how long a statement or a lock may take."""
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=max_size,
        timeout=10,
        reset=leave_as_it_is,
        server_settings={
            "application_name": "reintegration",
            "role": APPLICATION_ROLE,
            "timezone": "UTC",
            "statement_timeout": "60s",
            "lock_timeout": "15s",
            "idle_in_transaction_session_timeout": "120s",
        },
    )


class UnitOfWork:
    """Opens transactions on a pool. `constraints` says which domain error a violated constraint is."""

    def __init__(self, pool: asyncpg.Pool, constraints: ConstraintErrors) -> None:
        self.pool = pool
        self._constraints = constraints

    @asynccontextmanager
    async def read(self, actor: Actor) -> AsyncIterator[Transaction]:
        """One read-only snapshot (REPEATABLE READ) as `actor`."""
        async with self._open("begin isolation level repeatable read read only", actor) as transaction:
            await _set_actor(transaction, _PLAN_BY_VALUE)
            yield transaction

    async def write(self, actor: Actor, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run `work` in one transaction; it may run again after a serialization failure or a deadlock, at most 5 times.

        Raises:
            DomainError: from `work`, or the one that a violated constraint is mapped to; nothing has changed then.
        """

        async def known(transaction: Transaction) -> T:
            await _set_actor(transaction, _PLAN_ONCE)
            return await work(transaction)

        return await self._write(actor, known)

    async def write_once(self, actor: Actor, key: IdempotencyKey, work: Callable[[Transaction], Awaitable[Reference]]) -> Outcome:
        """Like `write`, once for each key of an actor: a repetition gets the first result, marked as replayed.

        Raises:
            IdempotencyConflictError: the key was used with another operation or input.
        """

        async def once(transaction: Transaction) -> Outcome:
            if actor.role is Role.AUDITOR:
                await _set_actor(transaction, _PLAN_ONCE)  # may claim nothing: a role can't be set in the statement that needs it
            document = canonical_json(key.input)
            arguments = (key.key, key.operation, document.decode(), digest(key.input))
            if not await transaction.execute(_SQL["claim_key"], *settings_of(actor), _PLAN_ONCE, *arguments):
                return await _replay(transaction, actor, key)
            reference = await work(transaction)
            await transaction.execute(_SQL["keep_result"], actor.id, key.key, reference.kind, reference.id, reference.version)
            return Outcome(reference, replayed=False)

        return await self._write(actor, once)

    async def _write(self, actor: Actor, work: Callable[[Transaction], Awaitable[T]]) -> T:
        for attempt in range(1, _TRIES + 1):
            try:
                async with self._open("begin isolation level read committed", actor) as transaction:
                    return await work(transaction)
            except Exception as error:
                found = database_error(error)
                if found is not None and found.sqlstate in _RETRIED_SQLSTATES and attempt < _TRIES:
                    await asyncio.sleep(random.uniform(0, 0.02 * attempt))  # noqa: S311 - spreads retries, hides nothing
                    continue
                mapped = domain_error(error, self._constraints)
                if mapped is not None:
                    raise mapped from error
                raise
        raise AssertionError("the last attempt returns or raises")

    @asynccontextmanager
    async def _open(self, begin: str, actor: Actor) -> AsyncIterator[Transaction]:
        async with acquired(self.pool, _ACQUIRE_TIMEOUT_S) as connection:
            with loss_is_an_outage(connection):
                transaction = Transaction(connection, actor)
                try:
                    await connection.execute(begin)
                    yield transaction
                    await transaction.end()
                    await connection.execute("commit")
                except BaseException:
                    await asyncio.shield(_roll_back(connection, transaction))
                    raise


async def _set_actor(transaction: Transaction, planning: str) -> None:
    role = AUDITOR_ROLE if transaction.actor.role is Role.AUDITOR else APPLICATION_ROLE
    await transaction.execute(_SQL["set_actor"], *settings_of(transaction.actor), planning, role)


async def _roll_back(connection: asyncpg.pool.PoolConnectionProxy, transaction: Transaction) -> None:
    """End a transaction that failed; a connection on which that can't be done is closed, and PostgreSQL ends it."""
    await transaction.end()
    if is_lost(connection):
        return
    try:
        await connection.execute("rollback", timeout=_ROLLBACK_TIMEOUT_S)
    except Exception:  # noqa: BLE001 - what failed first is the news; a connection in doubt is never used again
        if not is_lost(connection):
            connection.terminate()


async def _replay(transaction: Transaction, actor: Actor, key: IdempotencyKey) -> Outcome:
    row = await transaction.fetch_one(_SQL["read_key"], actor.id, key.key)
    if row is None:
        raise AssertionError("a key that can't be claimed is there")
    if row["operation"] != key.operation:
        raise IdempotencyConflictError(differences=("operation",))
    if row["input_digest"] != digest(key.input):
        raise IdempotencyConflictError(
            differences=_differences(orjson.loads(row["input"]), orjson.loads(canonical_json(key.input)))
        )
    return Outcome(Reference(row["result_kind"], row["result_id"], row["result_version"]), replayed=True)


def _differences(first: object, second: object, path: str = "") -> tuple[str, ...]:
    """Paths at which two JSON documents differ; names only, never values."""
    if isinstance(first, dict) and isinstance(second, dict):
        return tuple(
            found
            for key in sorted(first.keys() | second.keys())
            for found in _differences(first.get(key, _ABSENT), second.get(key, _ABSENT), f"{path}.{key}".lstrip("."))
        )
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        return tuple(
            found
            for index, (one, other) in enumerate(zip(first, second, strict=True))
            for found in _differences(one, other, f"{path}[{index}]")
        )
    return () if first == second else (path or "input",)
