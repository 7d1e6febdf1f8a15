"""Counts what an operation sends to the database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg

from reintegration.database import unit_of_work
from reintegration.database.sql import load_queries

_FRAME = ("begin", "commit", "rollback", load_queries(unit_of_work.__file__)["set_actor"].strip())


@dataclass(slots=True, eq=False)
class Statements:
    """The statements of a block; those that only open and close transactions left out."""

    sent: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.sent)

    def __call__(self, logged: asyncpg.connection.LoggedQuery) -> None:
        if not logged.query.strip().startswith(_FRAME):
            self.sent.append(logged.query)


@asynccontextmanager
async def counted(pool: asyncpg.Pool) -> AsyncIterator[Statements]:
    """Record every statement on a pool of one connection meanwhile."""
    if pool.get_max_size() != 1:
        raise AssertionError("with several connections some would not be counted")
    statements = Statements()
    async with pool.acquire() as connection:
        connection.add_query_logger(statements)
    yield statements
    async with pool.acquire() as connection:
        connection.remove_query_logger(statements)
