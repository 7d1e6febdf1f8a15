"""The ground on which races are run: what is stored is kept once, what a race has changed is told and undone."""

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg

from reintegration.audit import invariants
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.sql import load_queries

_TABLES = """
select c.relname as name, array_agg(a.attname order by array_position(i.indkey::smallint[], a.attnum)) as key,
    (
        select coalesce(array_agg(x.attname), '{}') from pg_attribute x
        where x.attrelid = c.oid and (x.atttypid in ('timestamptz'::regtype, 'bytea'::regtype) or x.attidentity <> '' or exists (
            select from pg_attrdef d
            where d.adrelid = c.oid and d.adnum = x.attnum and pg_get_expr(d.adbin, c.oid) like '%pg_current_xact_id%'
        ))
    ) as volatile
from pg_class c
join pg_index i on i.indrelid = c.oid and i.indisprimary
join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey::smallint[])
where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname <> 'audit_log' and exists (
    select from unnest('{reintegration_app,reintegration_guard}'::text[]) role
    where has_table_privilege(role, c.oid, 'insert') or has_any_column_privilege(role, c.oid, 'update')
)
group by c.oid, c.relname
order by c.relname
"""
_STATEMENTS = 1_000
"""As many as there are sets of tables."""
_NAMED = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}")
"""An id, or the digest of what ids are part of."""
Changes = tuple[str, ...]
"""What is stored otherwise than before, as text; moments, new ids and new digests left out, for they differ each time."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table, the columns of its key, and those that no two runs give the same."""

    name: str
    key: tuple[str, ...]
    volatile: tuple[str, ...]

    @property
    def undoing(self) -> str:
        """A function that undoes what has changed in the table and tells it; a function, for it is planned once."""
        same = " and ".join(f"k.{column} = t.{column}" for column in self.key)
        dropped = f"'{{{','.join(self.volatile)}}}'::text[]"
        key = ", ".join(f"n.{column}" for column in self.key)
        return f"""
            create function kept.undo_{self.name}() returns setof text language plpgsql as $$
            begin
                return query delete from public.{self.name} t
                where not exists (select from kept.{self.name} k where {same} and k = t)
                returning '{self.name} ' || (to_jsonb(t) - {dropped})::text;
                return query insert into public.{self.name} as n overriding system value
                select * from kept.{self.name} k where not exists (select from public.{self.name} t where {same})
                returning '{self.name} was otherwise: ' || row({key})::text;
            end $$
        """  # noqa: S608 - names of ours alone


@dataclass(slots=True)
class Ground:
    """A database whose tables are kept. `eye` sees and may do everything, and no trigger and no constraint sees it."""

    eye: asyncpg.Connection
    tables: dict[str, Table]
    known: set[str] = field(default_factory=set)
    """Ids and digests that are the same in every run."""

    async def keep(self) -> None:
        """This is how it is to be before each race."""
        await self.eye.execute("drop schema if exists kept cascade; create schema kept")
        for table in self.tables.values():
            await self.eye.execute(
                f"create table kept.{table.name} as table public.{table.name};"
                f" alter table kept.{table.name} add primary key ({', '.join(table.key)}); analyze kept.{table.name}"
            )
            await self.eye.execute(table.undoing)
            for row in await self.eye.fetch(f"select to_jsonb(t)::text as document from kept.{table.name} t"):  # noqa: S608
                self.known.update(found.group() for found in _NAMED.finditer(row["document"]))

    def know(self, *commands: object) -> None:
        """The ids in these commands."""
        self.known.update(found.group() for found in _NAMED.finditer(repr(commands)))

    async def undo(self, names: Iterable[str] | None = None) -> Changes:
        """Undo what has changed in these tables, or in all, and tell it."""
        wanted = sorted(self.tables if names is None else names)
        sql = " union all ".join(f"select undo_{name} as change from kept.undo_{name}()" for name in wanted)  # noqa: S608 - ours
        return tuple(sorted(self._told(row["change"]) for row in await self.eye.fetch(sql))) if sql else ()

    def _told(self, change: str) -> str:
        return _NAMED.sub(lambda found: found.group() if found.group() in self.known else "new", change)

    async def broken(self) -> list[str]:
        """The invariants that do not hold now."""
        return [row["name"] for row in await self.eye.fetch(_INVARIANTS)]


def _all_invariants() -> str:
    sql = load_queries(invariants.__file__)
    return " union all ".join(f"select '{one.name}' as name where exists ({sql[one.name]})" for one in invariants.INVARIANTS)


_INVARIANTS = _all_invariants()


@asynccontextmanager
async def a_ground(addresses: DatabaseAddresses) -> AsyncIterator[Ground]:
    """The ground of a database; deadlocks are found at once there."""
    eye = await asyncpg.connect(addresses.superuser_url, statement_cache_size=_STATEMENTS)
    try:
        name = await eye.fetchval("select current_database()")
        await eye.execute(f'alter database "{name}" set deadlock_timeout = 10; set session_replication_role = replica')
        tables = [Table(row["name"], tuple(row["key"]), tuple(row["volatile"])) for row in await eye.fetch(_TABLES)]
        yield Ground(eye, {table.name: table for table in tables})
    finally:
        await eye.close()
