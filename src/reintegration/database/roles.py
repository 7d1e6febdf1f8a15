"""The roles that own, use, read and guard the database. Nobody signs in as one of them; logins are members."""

import asyncio
import random

import asyncpg

OWNER_ROLE = "reintegration_owner"
APPLICATION_ROLE = "reintegration_app"
AUDITOR_ROLE = "reintegration_auditor"
GUARD_ROLE = "reintegration_guard"
"""Owns the trigger functions that must see what the actor may not: balances, the log, a payment's case."""
ROLES = (OWNER_ROLE, APPLICATION_ROLE, AUDITOR_ROLE, GUARD_ROLE)
CREATING_ROLES = (OWNER_ROLE, GUARD_ROLE)

_TRIES = 20
_SET_OPTION_VERSION = 16
"""From here on membership alone does not allow `set role`; the grant must carry the SET option."""


class RoleSetupError(Exception):
    """The database's roles are not what row-level security needs."""


async def ensure_roles(connection: asyncpg.Connection) -> None:
    """Create the roles of the cluster and their rights on schema public of the current database; repeatable.

    Roles are shared by all databases of a cluster, so several set-ups may meet: a lost race is tried again, a bounded
    number of times. Afterwards the current user may `set role` to each of them, and the owner may give functions to the guard.

    Raises:
        RoleSetupError: a role of that name exists and could pass row-level security, or the set-up never got through.
        asyncpg.InsufficientPrivilegeError: the current user may neither create roles nor own schema public.
    """
    for _ in range(_TRIES):
        try:
            async with connection.transaction():
                await _create_roles(connection)
                await _grant(connection)
        except (asyncpg.UniqueViolationError, asyncpg.DuplicateObjectError):
            await asyncio.sleep(random.uniform(0.01, 0.1))  # noqa: S311 - spreads retries, hides nothing
        except asyncpg.InternalServerError as error:
            if "concurrently" not in str(error):
                raise
            await asyncio.sleep(random.uniform(0.01, 0.1))  # noqa: S311 - spreads retries, hides nothing
        else:
            return
    raise RoleSetupError(f"the database's roles could not be set up in {_TRIES} tries; others kept changing them")


async def _create_roles(connection: asyncpg.Connection) -> None:
    rows = await connection.fetch(
        "select rolname, rolsuper or rolbypassrls or rolcanlogin as unsafe from pg_roles where rolname = any($1)", list(ROLES)
    )
    for row in rows:
        if row["unsafe"]:
            raise RoleSetupError(f"role {row['rolname']} must be nosuperuser, nobypassrls and nologin")
    for role in sorted(set(ROLES) - {row["rolname"] for row in rows}):
        await connection.execute(f"create role {role} nologin nocreatedb nocreaterole")


async def _grant(connection: asyncpg.Connection) -> None:
    """Grant what is missing. Looking first keeps repeated set-ups from rewriting the same catalogue rows."""
    needed = "set" if connection.get_server_version().major >= _SET_OPTION_VERSION else "member"
    for role in ROLES:
        if not await connection.fetchval("select pg_has_role(current_user, $1::name, $2)", role, needed):
            await connection.execute(f"grant {role} to current_user")
        if not await connection.fetchval("select has_schema_privilege($1::name, 'public', 'usage')", role):
            await connection.execute(f"grant usage on schema public to {role}")
    if await connection.fetchval("select has_schema_privilege('public', 'public', 'create')"):
        await connection.execute("revoke create on schema public from public")
    for role in CREATING_ROLES:
        if not await connection.fetchval("select has_schema_privilege($1::name, 'public', 'create')", role):
            await connection.execute(f"grant create on schema public to {role}")
    if not await connection.fetchval("select pg_has_role($1::name, $2::name, 'member')", OWNER_ROLE, GUARD_ROLE):
        await connection.execute(f"grant {GUARD_ROLE} to {OWNER_ROLE}")
    if not await connection.fetchval("select has_database_privilege($1::name, current_database(), 'create')", OWNER_ROLE):
        database = await connection.fetchval("select quote_ident(current_database())")
        await connection.execute(f"grant create on database {database} to {OWNER_ROLE}")
