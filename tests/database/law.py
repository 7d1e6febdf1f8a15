"""For the tests of the database's own law: cases written row by row, actors changed inside one transaction, refusals kept apart.

Nothing here passes through a use case, so that what refuses is a constraint, a trigger, a policy or a grant.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from reintegration.database import unit_of_work
from reintegration.database.bulk import insert_rows
from reintegration.database.roles import APPLICATION_ROLE, AUDITOR_ROLE
from reintegration.database.snapshot import settings_of
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Row, Transaction
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.ids import new_id
from tests.builders import SYSTEM

_SET_ACTOR = load_queries(unit_of_work.__file__)["set_actor"]


@asynccontextmanager
async def undone(pool: asyncpg.Pool, actor: Actor = SYSTEM) -> AsyncIterator[Transaction]:
    """A transaction of an actor that is rolled back at the end."""
    async with pool.acquire() as connection:
        await connection.execute("begin")
        try:
            transaction = Transaction(connection, actor)
            await become(transaction, actor)
            yield transaction
        finally:
            await connection.execute("rollback")


async def become(transaction: Transaction, actor: Actor) -> None:
    """Act as somebody else from here on, as the unit of work would have set it."""
    transaction.actor = actor
    role = AUDITOR_ROLE if actor.role is Role.AUDITOR else APPLICATION_ROLE
    await transaction.execute(_SET_ACTOR, *settings_of(actor), "auto", role)


async def become_nobody(transaction: Transaction) -> None:
    """Clear what the unit of work sets."""
    await transaction.execute(_SET_ACTOR, "", "", "", "", "auto", APPLICATION_ROLE)


async def outcome(transaction: Transaction, sql: str, *arguments: object) -> int | str:
    """Rows touched, or why not: the constraint's name, or `denied`. The transaction goes on either way."""
    await transaction.execute("savepoint attempt")
    try:
        touched = await transaction.execute(sql, *arguments)
        await transaction.execute("set constraints all immediate")
    except asyncpg.InsufficientPrivilegeError:
        result: int | str = "denied"
    except asyncpg.IntegrityConstraintViolationError as error:
        result = error.constraint_name or ""
    else:
        await transaction.execute("set constraints all deferred")
        return touched
    await transaction.execute("rollback to attempt")
    return result


async def refused(transaction: Transaction, rule: str, sql: str, *arguments: object) -> None:
    """A statement that must break the rule of this name."""
    assert await outcome(transaction, sql, *arguments) == rule


async def insert(transaction: Transaction, table: str, **cells: object) -> UUID:
    """One row; its id is new unless given."""
    row = cells if "id" in cells or table in {"case_intakes", "returnee_identities"} else {"id": new_id(), **cells}
    assert await insert_rows(transaction, table, [row]) == 1
    found = row.get("id")
    return found if isinstance(found, UUID) else new_id()


async def one(transaction: Transaction, sql: str, *arguments: object) -> Mapping[str, object]:
    """The one row of a query."""
    rows: list[Row] = await transaction.fetch(sql, *arguments)
    assert len(rows) == 1
    return {name: rows[0][name] for name in rows[0].keys()}  # noqa: SIM118 - a row of asyncpg iterates over its values
