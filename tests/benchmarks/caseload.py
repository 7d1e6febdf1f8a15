"""A caseload of any size for benchmarks and tests of plans: the shape of the demo's rows, made by the set in seconds.

The scripts write as a superuser with triggers off. What the triggers and foreign keys would have refused isn't in there:
`broken_rules` asks for each of them. There is no log of changes, and digests are of nothing that could be recomputed.
"""

from pathlib import Path
from typing import Final

import asyncpg

from reintegration.database.sql import load_queries
from reintegration.demo.draw import Draw
from reintegration.demo.names import Name, household_culture, plan_texts

VERSION: Final = 4
"""Of the rows that a fill leaves; another one makes a kept database be made anew."""
BIG_OFFICE: Final = "IOM-BR"
"""The office with the most cases: about a sixth of all."""

_SCRIPTS: Final = Path(__file__).with_name("scripts")
_SQL: Final = load_queries(__file__)
_SEED: Final = 20190101


async def fill(
    connection: asyncpg.Connection, cases: int = 100_000, *, with_ledger: bool = True, with_documents: bool = True
) -> None:
    """Fill a migrated database with reference data and no cases, in one transaction of a superuser; ends with ANALYZE.

    `cases` departed from 2019 to June 2026, or are about to. On average each has two persons, 1.2 plans of three items and
    three payments, most of them paid. The same number gives the same rows.
    """
    scripts = ["1_tools", "2_cases", "3_households", "4_plans", "5_payments"]
    scripts += ["6_documents"] if with_documents else []
    scripts += ["7_ledger"] if with_ledger else []
    async with connection.transaction():
        await connection.execute(_SQL["begin"])
        await connection.fetch(_SQL["size"], str(cases))
        await connection.execute(_script(scripts[0]))
        await _texts(connection)
        indexes = await connection.fetch(_SQL["indexes"])
        await connection.execute("".join(row["removal"] for row in indexes))
        for name in scripts[1:]:
            await connection.execute(_script(name))
        await connection.execute("".join(row["definition"] for row in indexes))
        await connection.execute(_script("8_end"))


async def broken_rules(connection: asyncpg.Connection) -> list[str]:
    """What foreign keys and triggers would have refused, a line for each; empty when every rule holds. Reads whole tables."""
    found = []
    for row in await connection.fetch(_SQL["foreign_keys"]):
        orphans = await connection.fetchval(row["orphans"])
        if orphans:
            found.append(f"{row['name']}: {orphans} rows without their {row['referenced']}")
    for name, statement in _SQL.items():
        if name.startswith("rule_"):
            rows = await connection.fetchval(f"select count(*) from ({statement}) as broken")  # noqa: S608 - a statement of ours
            if rows:
                found.append(f"{name.removeprefix('rule_')}: {rows} rows")
    return found


def _script(name: str) -> str:
    return (_SCRIPTS / f"{name}.sql").read_text(encoding="utf-8")


async def _texts(connection: asyncpg.Connection) -> None:
    """Names of the countries that the demo knows some for, and what plans and invoices say."""
    countries = [row["code"] for row in await connection.fetch("select code from countries order by code")]
    await connection.executemany(_SQL["keep_names"], [row for code in countries if (row := _names(code)) is not None])
    lines = [(kind, item, lines[0], lines[1]) for kind, (items, lines) in plan_texts().items() for item in items]
    await connection.executemany(_SQL["keep_texts"], lines)


def _names(country: str) -> tuple[str, list[str], list[str], list[str], list[str]] | None:
    try:
        names = household_culture(Draw(_SEED), country)
    except KeyError:
        return None
    given: tuple[Name, ...] = names.female + names.male
    return (
        country,
        [name.native for name in names.family],
        [name.latin for name in names.family],
        [name.native for name in given],
        [name.latin for name in given],
    )
