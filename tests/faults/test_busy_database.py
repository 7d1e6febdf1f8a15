"""A database that is too busy answers UNAVAILABLE, changes nothing, and the same request works a moment later."""

from uuid import uuid4

import asyncpg
import pytest

from reintegration.api.identifiers import encode
from reintegration.api.schema import build_schema
from reintegration.constraints import ALL_CONSTRAINTS
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.roles import APPLICATION_ROLE
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.models import register_models
from reintegration.storage.client import ObjectStore
from tests.builders import MONGOLIA, OFFICER
from tests.operations.desk import Desk
from tests.proofs import value

_REGISTER = """
mutation ($input: SupplierRegisterInput!) {
  supplierRegister(input: $input) { __typename ... on SupplierRegisterPayload { replayed } }
}
"""


@pytest.mark.parametrize("limit", ["lock_timeout", "statement_timeout"])
async def test_what_waits_too_long_is_told_to_try_again(
    database_urls: DatabaseAddresses, object_store: ObjectStore, limit: str
) -> None:
    await register_models()
    pool = await asyncpg.create_pool(
        database_urls.application_url, min_size=1, max_size=2, server_settings={"role": APPLICATION_ROLE, limit: "100ms"}
    )
    desk = Desk(build_schema(), UnitOfWork(pool, ALL_CONSTRAINTS), object_store)
    name = f"Felt {uuid4()}"
    asked = {"idempotencyKey": str(uuid4()), "fieldOfficeId": encode("FieldOffice", MONGOLIA), "name": name}
    kept = "select count(*) from suppliers where name = $1"
    holder = await asyncpg.connect(database_urls.owner_url)
    try:
        await holder.execute("begin; lock table suppliers in access exclusive mode")
        result = await desk.schema.execute(_REGISTER, {"input": asked}, desk.context(OFFICER))
        assert result.errors is not None
        (error,) = result.errors
        assert error.message == "A part of the service is not reachable or too busy; try again"
        assert (error.extensions or {})["code"] == "UNAVAILABLE"
        await holder.execute("rollback")
        assert await value(desk.work, kept, name) == 0
        again = await desk.schema.execute(_REGISTER, {"input": asked}, desk.context(OFFICER))
        assert (again.errors, again.data) == (
            None,
            {"supplierRegister": {"__typename": "SupplierRegisterPayload", "replayed": False}},
        )
        assert await value(desk.work, kept, name) == 1
    finally:
        await holder.close()
        await pool.close()
