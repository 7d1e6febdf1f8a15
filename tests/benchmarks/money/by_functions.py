"""The bare limit: a function in the database for each step (functions.sql), called through asyncpg over ten connections."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Self

import asyncpg

from reintegration.database.snapshot import settings_of
from reintegration.database.unit_of_work import open_pool
from reintegration.kernel.canonical import canonical_json
from tests.benchmarks.money.by_use_cases import CONNECTIONS
from tests.benchmarks.money.work import Payer, Payment, Step

_CALLS = {step: f"select bench_money.{step}($1::text[], $2::uuid, $3::jsonb)" for step in Step}


class Functions:
    """Path and payer."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @classmethod
    @asynccontextmanager
    async def open(cls, database_url: str) -> AsyncIterator[Self]:
        """Connect to a database that has the functions; role and settings of a connection are our API's."""
        pool = await open_pool(database_url, max_size=CONNECTIONS)
        try:
            yield cls(pool)
        finally:
            await pool.close()

    @asynccontextmanager
    async def payers(self, count: int) -> AsyncIterator[Sequence[Payer]]:
        """All are this one; they share its connections."""
        yield [self] * count

    async def take(self, step: Step, payment: Payment) -> None:
        """One call is one transaction."""
        given = canonical_json(payment.input(step)).decode()
        who = settings_of(payment.actors[step])
        async with self._pool.acquire() as connection:
            answer: str = await connection.fetchval(_CALLS[step], who, payment.keys[step], given)
        if step is Step.SUBMIT:
            payment.digest = answer
