"""Where the embedded PostgreSQL is, as whom to sign in, and what it needs to hold before anybody does."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Self, TypeVar

import asyncpg

from reintegration.database.embedded_binaries import EmbeddedServerError
from reintegration.database.roles import APPLICATION_ROLE, AUDITOR_ROLE, ensure_roles

HOST = "127.0.0.1"
DATABASE = "reintegration"
SERVER_LOGIN = "reintegration_server"

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, repr=False)
class DatabaseAddresses:
    """Where a database is and as whom to sign in; the addresses carry passwords, so they are not printed."""

    owner_url: str
    """For migrations: may `set role` to each of the three roles. On the embedded server, its superuser."""
    application_url: str
    """For the server: a member of the application's and the auditor's role, and of nothing else."""

    @property
    def superuser_url(self) -> str:
        """The embedded server's superuser, for tests and set-up."""
        return self.owner_url

    def of(self, database: str) -> Self:
        """The same logins on another database of the cluster."""
        return replace(
            self,
            owner_url=f"{self.owner_url.rpartition('/')[0]}/{database}",
            application_url=f"{self.application_url.rpartition('/')[0]}/{database}",
        )


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """What is kept in credentials.json: the port and the two passwords."""

    port: int
    superuser_password: str
    server_password: str

    def addresses(self, database: str) -> DatabaseAddresses:
        """Both logins on one database of the cluster."""
        place = f"{HOST}:{self.port}/{database}"
        return DatabaseAddresses(
            owner_url=f"postgresql://postgres:{self.superuser_password}@{place}",
            application_url=f"postgresql://{SERVER_LOGIN}:{self.server_password}@{place}",
        )


def complete(work: Coroutine[object, object, _Result]) -> _Result:
    """Run a coroutine to its end from anywhere, also under a running loop (which waits meanwhile)."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(asyncio.run, work).result()


async def answers(credentials: Credentials) -> bool:
    """Whether the server lets us in. Starting up, stopping, or not there yet is no; a refused password is an error."""
    try:
        connection = await asyncpg.connect(credentials.addresses("postgres").owner_url, timeout=10)
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise EmbeddedServerError("the embedded PostgreSQL refuses the password in credentials.json") from error
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    await connection.close()
    return True


async def prepare(credentials: Credentials) -> None:
    """Create what a first start needs and a later one finds: the database, the roles, the server's login."""
    connection = await asyncpg.connect(credentials.addresses("postgres").owner_url)
    try:
        if not await connection.fetchval("select exists (select from pg_database where datname = $1)", DATABASE):
            await connection.execute(f"create database {DATABASE}")
    finally:
        await connection.close()
    connection = await asyncpg.connect(credentials.addresses(DATABASE).owner_url)
    try:
        await ensure_roles(connection)
        if not await connection.fetchval("select exists (select from pg_roles where rolname = $1)", SERVER_LOGIN):
            async with connection.transaction():
                await connection.execute(f"create role {SERVER_LOGIN} login password '{credentials.server_password}'")
                await connection.execute(f"grant {APPLICATION_ROLE} to {SERVER_LOGIN}")
                # Only by `set role`: an auditor's rights must not widen what the application sees.
                await connection.execute(f"grant {AUDITOR_ROLE} to {SERVER_LOGIN} with inherit false, set true")
    finally:
        await connection.close()
