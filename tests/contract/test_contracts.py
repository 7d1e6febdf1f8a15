"""What stands in schema/ is what the code and the migrations say."""

import re

from reintegration.commands.contracts import contracts, differences, dump_schema
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.migrate import read_migrations
from tests.conftest import TEST_DIR

_SERVER = TEST_DIR / "postgresql"


async def test_the_contracts_are_current(postgres_addresses: DatabaseAddresses) -> None:
    assert differences(await contracts(postgres_addresses, _SERVER)) == (), "run make schema"


async def test_two_dumps_are_the_same_bytes_and_name_no_server(postgres_addresses: DatabaseAddresses) -> None:
    first = await dump_schema(postgres_addresses, _SERVER)
    assert await dump_schema(postgres_addresses, _SERVER) == first
    assert re.findall(r"(?m)^(?:\\restrict|SET |-- Dumped).*", first) == []
    migrated = "\n".join(migration.sql for migration in read_migrations())
    tables = {name.removeprefix("public.") for name in re.findall(r"(?m)^CREATE TABLE (\S+) \(", first)}
    assert tables == {*re.findall(r"(?mi)^create table (\S+) \(", migrated), "schema_migrations"}
    assert "FORCE ROW LEVEL SECURITY" in first
