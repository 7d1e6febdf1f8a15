"""A database's schema as sorted lines, so that two can be compared whatever their server's version."""

import asyncpg

_QUERIES = (
    """
    select 'column ' || attrelid::regclass || '.' || attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull
        || ' ' || coalesce(pg_get_expr(adbin, adrelid), '') || ' ' || attidentity::text
    from pg_attribute
    join pg_class c on c.oid = attrelid
    left join pg_attrdef on adrelid = attrelid and adnum = attnum
    where relnamespace = any ($1) and relkind in ('r', 'i', 'S') and attnum > 0 and not attisdropped
    """,
    """
    select 'rule ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
    from pg_constraint where connamespace = any ($1) and contype <> 'n'
    """,
    """
    select 'index ' || pg_get_indexdef(indexrelid)
    from pg_index join pg_class c on c.oid = indrelid where relnamespace = any ($1)
    """,
    """
    select 'trigger ' || pg_get_triggerdef(t.oid) || ' ' || tgenabled::text
    from pg_trigger t join pg_class c on c.oid = tgrelid
    where relnamespace = any ($1) and not tgisinternal
    """,
    """
    select 'function ' || p.oid::regprocedure || ' ' || proowner::regrole || ' ' || prosecdef || ' '
        || coalesce(proconfig::text, '') || ' ' || md5(prosrc) || ' ' || coalesce(proacl::text, '')
    from pg_proc p where pronamespace = any ($1)
    """,
    """
    select 'policy ' || polrelid::regclass || ' ' || polname || ' ' || polcmd::text || ' ' || polroles::regrole[]::text || ' '
        || coalesce(pg_get_expr(polqual, polrelid), '') || ' check ' || coalesce(pg_get_expr(polwithcheck, polrelid), '')
    from pg_policy join pg_class c on c.oid = polrelid where relnamespace = any ($1)
    """,
    """
    select 'table ' || c.oid::regclass || ' ' || relkind::text || ' ' || relowner::regrole || ' ' || relrowsecurity || ' '
        || relforcerowsecurity
    from pg_class c where relnamespace = any ($1)
    """,
    """
    select 'right ' || c.oid::regclass || ' ' || coalesce(nullif(grantee, 0)::regrole::text, 'public') || ' ' || privilege_type
    from pg_class c cross join lateral aclexplode(relacl) where relnamespace = any ($1) and grantee <> relowner
    """,
    "select 'row ' || t::text from status_transitions t where $1::oid[] is not null",
    "select 'row ' || t::text from ledger_kind_roles t where $1::oid[] is not null",
    "select 'migration ' || name || ' ' || digest from schema_migrations where $1::oid[] is not null",
)


async def schema_text(url: str) -> list[str]:
    """Everything that migrations make, one line each."""
    connection = await asyncpg.connect(url)
    try:
        spaces = [row[0] for row in await connection.fetch("select oid from pg_namespace where nspname in ('public', 'jobs')")]
        return sorted([row[0] for query in _QUERIES for row in await connection.fetch(query, spaces)])
    finally:
        await connection.close()
