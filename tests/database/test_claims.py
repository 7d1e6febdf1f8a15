"""The statement that sets the actor and claims a key at once (decision 0016), on one connection that many actors share."""

from collections.abc import AsyncIterator

import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import IdempotencyKey, Outcome, UnitOfWork, open_pool
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.errors import NotFoundError
from reintegration.kernel.ids import new_id
from reintegration.kernel.reference import Reference
from tests.builders import COORDINATOR, OFFICER, OTHER_OFFICER, SYSTEM, actor

_SETTINGS = ("app.actor", "app.role", "app.offices", "app.partner", "plan_cache_mode", "role")
_ROUNDS = 8
"""More than the five executions after which PostgreSQL may change from custom to generic plans."""


@pytest.fixture
async def work(fresh_database: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    pool = await open_pool(fresh_database.application_url, max_size=1)
    yield UnitOfWork(pool, {})
    await pool.close()


async def settings(work: UnitOfWork) -> list[object]:
    async with work.pool.acquire() as connection:
        return [await connection.fetchval("select coalesce(current_setting($1, true), '')", name) for name in _SETTINGS]


@pytest.mark.parametrize("planning", ["auto", "force_custom_plan", "force_generic_plan"])
async def test_every_claim_is_made_as_its_own_actor(work: UnitOfWork, planning: str) -> None:
    async with work.pool.acquire() as connection:
        await connection.execute(f"set plan_cache_mode = {planning}")
    before = await settings(work)
    key = IdempotencyKey(new_id(), "anything", {"a": 1})
    seen: list[object] = []

    async def look(transaction: Transaction) -> Reference:
        found = [await transaction.fetch_value("select current_setting($1)", name) for name in _SETTINGS[:4]]
        seen.append((*found, await transaction.fetch_value("select count(*) from idempotency_records")))
        return Reference("Case", key.key, len(seen))

    everybody = (OFFICER, OTHER_OFFICER, COORDINATOR, SYSTEM)
    for turn in range(_ROUNDS):
        for place, who in enumerate(everybody, start=1):
            outcome = await work.write_once(who, key, look)
            assert outcome == Outcome(Reference("Case", key.key, place), replayed=turn > 0)
            assert await settings(work) == before
    assert seen == [(who.id, who.role.value, ",".join(map(str, who.offices)), str(who.partner_id or ""), 1) for who in everybody]


async def test_a_failed_use_case_leaves_no_setting_and_no_claim(work: UnitOfWork) -> None:
    before = await settings(work)
    key = IdempotencyKey(new_id(), "anything", {})

    async def fails(_transaction: Transaction) -> Reference:
        raise ZeroDivisionError

    async def works(_transaction: Transaction) -> Reference:
        return Reference("Case", key.key, 1)

    for who in (OFFICER, SYSTEM):
        with pytest.raises(ZeroDivisionError):
            await work.write_once(who, key, fails)
        assert await settings(work) == before
    assert not (await work.write_once(OFFICER, key, works)).replayed


@pytest.mark.parametrize("who", [actor(Role.AUDITOR), Actor("", Role.FIELD_OFFICER)], ids=["auditor", "nobody"])
async def test_who_may_write_nothing_claims_nothing(work: UnitOfWork, who: Actor) -> None:
    async def never(_transaction: Transaction) -> Reference:
        raise AssertionError("nothing runs without a claim")

    with pytest.raises(NotFoundError):
        await work.write_once(who, IdempotencyKey(new_id(), "anything", {}), never)
    async with work.read(SYSTEM) as transaction:
        assert await transaction.fetch_value("select count(*) from idempotency_records") == 0
