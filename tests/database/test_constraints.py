"""Every rule of the database is either explained to the caller who breaks it, or known to be out of any caller's reach."""

import re

import asyncpg
import pytest

from reintegration import constraints as mapped
from reintegration.cases.errors import WRITTEN_BY_THE_CASES_ROOM_ALONE
from reintegration.constraints import ALL_CONSTRAINTS, UNREACHABLE_CONSTRAINTS
from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.errors import ConstraintViolationError, DomainError

_DECLARED = """
select c.conname as name
from pg_constraint c
where c.connamespace = 'public'::regnamespace and c.contype in ('c', 'f', 'p', 'u', 'x')
union
select i.indexrelid::regclass::text
from pg_index i
join pg_class t on t.oid = i.indrelid
where i.indisunique and t.relnamespace = 'public'::regnamespace
"""
_APPEND_ONLY_TABLES = """
select tgrelid::regclass::text as name
from pg_trigger
where tgfoid = 'refuse_change'::regproc and not tgisinternal and tgtype & 32 = 0
"""
"""Bit 32 is TRUNCATE, which no role of the application may."""
_TRANSITION_TABLES = """
select tgrelid::regclass::text as name
from pg_trigger
where tgfoid = 'enforce_transition'::regproc and not tgisinternal
"""
_SOURCES = "select prosrc from pg_proc where pronamespace = 'public'::regnamespace"
_OF_REFERENCE_DATA = {"exchange_rate_months_pk", "exchange_rates_pk"}
"""Everybody signed in may know of these."""
_RAISED = re.compile(
    r"constraint = '(\w+)'|raise_(?:payment|receivable|service_fee)_rule\(\s*'(\w+)'"
    r"|raise_(?:statement|order)_rule\(\s*'\w+',\s*'(\w+)'"
)


async def _names(connection: asyncpg.Connection, sql: str) -> set[str]:
    return {row["name"] for row in await connection.fetch(sql)}


@pytest.fixture(scope="module")
async def rules(database_urls: DatabaseAddresses) -> set[str]:
    """The names of everything by which this database can refuse a change."""
    connection = await asyncpg.connect(database_urls.owner_url)
    try:
        raised = {
            name
            for row in await connection.fetch(_SOURCES)
            for found in _RAISED.finditer(row["prosrc"])
            for name in found.groups()
            if name
        }
        declared = await _names(connection, _DECLARED)
        append_only = {f"{name}_append_only_ck" for name in await _names(connection, _APPEND_ONLY_TABLES)}
        transitions = {f"{name}_transition_ck" for name in await _names(connection, _TRANSITION_TABLES)}
    finally:
        await connection.close()
    return declared | raised | append_only | transitions


def test_every_rule_is_mapped_or_known_to_be_out_of_reach(rules: set[str]) -> None:
    assert sorted(rules - ALL_CONSTRAINTS.keys() - UNREACHABLE_CONSTRAINTS) == []


def test_nothing_is_mapped_that_the_database_does_not_have(rules: set[str]) -> None:
    assert sorted(ALL_CONSTRAINTS.keys() - rules) == []
    assert sorted(UNREACHABLE_CONSTRAINTS - rules) == []


def test_no_rule_is_both_mapped_and_out_of_reach() -> None:
    assert sorted(ALL_CONSTRAINTS.keys() & UNREACHABLE_CONSTRAINTS) == []


@pytest.mark.parametrize("name", sorted(ALL_CONSTRAINTS))
def test_a_mapped_rule_gives_a_sentence(name: str) -> None:
    error = ALL_CONSTRAINTS[name]()
    assert isinstance(error, DomainError)
    assert error.message.endswith(".")
    assert "{" not in error.message
    if isinstance(error, ConstraintViolationError):
        assert error.constraint == ("id" if name.endswith("_pk") and name not in _OF_REFERENCE_DATA else name)


def test_an_id_that_is_taken_is_refused_in_the_same_words_whatever_has_it() -> None:
    taken = {name: ALL_CONSTRAINTS[name]() for name in ALL_CONSTRAINTS if name.endswith("_pk") and name not in _OF_REFERENCE_DATA}
    assert len(taken) == 35
    assert {error.message for error in taken.values()} == {"This id can't be used; send another one."}


def test_the_rooms_are_all_there() -> None:
    assert mapped.ALL_CONSTRAINTS["cases_reference_uq"]().code == "REFERENCE_TAKEN"
    assert WRITTEN_BY_THE_CASES_ROOM_ALONE <= UNREACHABLE_CONSTRAINTS
