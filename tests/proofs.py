"""What a test of a use case needs to prove: what is stored, and that a refusal left everything as it was."""

from collections.abc import Awaitable, Callable

import pytest

from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.actor import Actor
from reintegration.kernel.errors import DomainError
from reintegration.kernel.reference import Reference
from tests.builders import SYSTEM

UseCase = Callable[[Transaction], Awaitable[Reference]]
_POSITION = "select coalesce(max(sequence), 0) from audit_log"


async def value(work: UnitOfWork, sql: str, *arguments: object) -> object:
    """The first column of the first row, as the system sees it."""
    async with work.read(SYSTEM) as transaction:
        return await transaction.fetch_value(sql, *arguments)


async def row(work: UnitOfWork, sql: str, *arguments: object) -> dict[str, object]:
    """The first row, as the system sees it."""
    async with work.read(SYSTEM) as transaction:
        found = await transaction.fetch_one(sql, *arguments)
    assert found is not None
    return {name: found[name] for name in found.keys()}  # noqa: SIM118 - a row of asyncpg iterates over its values


async def refused(work: UnitOfWork, who: Actor, use_case: UseCase, error: type[DomainError]) -> DomainError:
    """Run a use case that must fail with just this error, and prove by the log that nothing changed."""
    before = await value(work, _POSITION)
    with pytest.raises(error) as caught:
        await work.write(who, use_case)
    assert type(caught.value) is error
    assert await value(work, _POSITION) == before
    return caught.value
