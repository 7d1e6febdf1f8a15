"""The actor's settings travel in the statement that they are for: attacked with real policies, under every way of planning."""

import asyncio
import random
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from reintegration.constraints import ALL_CONSTRAINTS
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.snapshot import SnapshotReader, one_statement, settings_of
from reintegration.database.unit_of_work import UnitOfWork, open_pool
from reintegration.kernel.actor import Actor, Role
from tests import builders
from tests.builders import ADMINISTRATOR, AUDITOR, COUNSELLOR, MONGOLIA, OFFICER

_TABLES = ("cases", "returnees", "returnee_identities", "payments", "plans", "entitlements", "case_intakes", "audit_log")
_COUNTS = " || ' ' || ".join(f"(select count(*) from {table})::text" for table in _TABLES)  # noqa: S608 - names of ours
_COUNTS_FOR_ALL = _COUNTS.replace("returnee_identities", "documents")
"""The auditor's database role may not even ask for names."""
_LATERAL = """
coalesce((select string_agg(r.name, ',') from (
    select c.reference || (
        select string_agg(i.latin_name, ';' order by i.returnee_id) from returnees as p
        left join returnee_identities as i on i.returnee_id = p.id where p.case_id = c.id
    ) as name
    from cases as c where c.registered_at < now() order by c.id limit 1000
) as r), '') || (select count(*) from (
    select c.id from cases as c join returnees as p on p.case_id = c.id group by c.id having count(*) > 0
) as joined)::text
"""
_BY_ID = "(select status from cases where id = $5) || (select count(*) from cases)::text"
_QUERIES = (_COUNTS, _LATERAL, _BY_ID)
ELSEWHERE = Actor("elsewhere", Role.FIELD_OFFICER, frozenset({uuid4()}))
NOBODY = Actor("nobody", Role.FIELD_OFFICER)
STRANGER = Actor("stranger", Role.PARTNER_COORDINATOR, partner_id=uuid4())
SIX = (OFFICER, ELSEWHERE, NOBODY, STRANGER, COUNSELLOR, ADMINISTRATOR)


@pytest.fixture
async def case(fresh_database: DatabaseAddresses) -> AsyncIterator[UUID]:
    async with builders.open_work(fresh_database) as work:
        await builders.a_granted_case(work)
        yield (await builders.a_granted_case(work)).id


async def by_transaction(addresses: DatabaseAddresses, actor: Actor, query: str, case: UUID) -> str | None:
    """The same, as the unit of work reads it."""
    pool = await open_pool(addresses.application_url, max_size=1)
    try:
        async with UnitOfWork(pool, ALL_CONSTRAINTS).read(actor) as transaction:
            parameters = [case] if "$" in query else []
            sql = query.replace("$5", "$1")
            found = await transaction.fetch_value(f"select {sql}", *parameters)
            return None if found is None else str(found)
    finally:
        await pool.close()


@pytest.mark.parametrize("mode", ["auto", "force_custom_plan", "force_generic_plan"])
async def test_on_one_connection_everybody_sees_their_own_and_nothing_else(
    fresh_database: DatabaseAddresses, case: UUID, mode: str
) -> None:
    expected = {(actor, query): await by_transaction(fresh_database, actor, query, case) for actor in SIX for query in _QUERIES}
    assert len({expected[actor, _COUNTS] for actor in SIX}) >= 3, "the actors see different things"
    connection = await asyncpg.connect(
        fresh_database.application_url,
        server_settings={"role": "reintegration_app", "plan_cache_mode": mode, "default_transaction_read_only": "on"},
    )
    dice = random.Random(14)  # noqa: S311 - the same order every time
    try:
        for _ in range(300):
            actor, query = dice.choice(SIX), dice.choice(_QUERIES)
            parameters = [case] if "$" in query else []
            body = await connection.fetchval(one_statement(query), *settings_of(actor), *parameters)
            assert (body.decode() if body is not None else None) == expected[actor, query], (actor, query)
            seen = await connection.fetchval("select current_setting('app.actor', true) || current_setting('app.role', true)")
            assert not seen, "a setting outlived its statement"
            assert await connection.fetchval("select count(*) from cases") == 0
    finally:
        await connection.close()


async def test_without_the_settings_there_is_no_answer(fresh_database: DatabaseAddresses, case: UUID) -> None:
    """Where PostgreSQL read a policy before a setting, rows would lack; none of another's would come."""
    connection = await asyncpg.connect(fresh_database.application_url, server_settings={"role": "reintegration_app"})
    try:
        assert await connection.fetchval(f"select {_COUNTS}") == " ".join("0" for _ in _TABLES)
        assert await connection.fetchval("select status from cases where id = $1", case) is None
    finally:
        await connection.close()


async def test_the_reader_mixes_actors_on_few_connections_without_mixing_them_up(
    fresh_database: DatabaseAddresses, case: UUID
) -> None:
    actors = (*SIX, AUDITOR)
    expected = {actor: await by_transaction(fresh_database, actor, _COUNTS_FOR_ALL, case) for actor in actors}
    async with SnapshotReader(fresh_database.application_url, max_connections=2) as reader:
        dice = random.Random(15)  # noqa: S311 - the same order every time
        asked = [dice.choice(actors) for _ in range(200)]
        bodies = await asyncio.gather(*(reader.read(actor, one_statement(_COUNTS_FOR_ALL), []) for actor in asked))
        assert [body.decode() for body in bodies] == [expected[actor] for actor in asked]
        in_use, idle = reader.counts()
        assert in_use == 0
        assert 1 <= idle <= 4


_DELETING = "with gone as (delete from suppliers returning 1) "


async def test_a_read_can_write_nothing(fresh_database: DatabaseAddresses) -> None:
    async with SnapshotReader(fresh_database.application_url) as reader:
        for role in (OFFICER, AUDITOR):
            with pytest.raises(asyncpg.PostgresError) as refused:
                await reader.read(role, _DELETING + one_statement("'x'"), [])
            assert refused.value.sqlstate in {"25006", "42501"}
        assert await reader.read(OFFICER, one_statement("current_setting('transaction_read_only')"), []) == b"on"


async def test_auditors_read_in_their_own_database_role(fresh_database: DatabaseAddresses) -> None:
    async with SnapshotReader(fresh_database.application_url) as reader:
        roles = [await reader.read(actor, one_statement("current_user::text"), []) for actor in (OFFICER, AUDITOR, OFFICER)]
    assert roles == [b"reintegration_app", b"reintegration_auditor", b"reintegration_app"]


async def test_offices_of_a_hostile_actor_are_data(fresh_database: DatabaseAddresses) -> None:
    name = "x', true), set_config('app.role', 'system', true) --"
    async with SnapshotReader(fresh_database.application_url) as reader:
        body = await reader.read(
            Actor(name, Role.FIELD_OFFICER, frozenset({MONGOLIA})),
            one_statement("current_setting('app.actor') || current_setting('app.role')"),
            [],
        )
    assert body.decode() == name + "field_officer"
