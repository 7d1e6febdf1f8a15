"""Tariffs of fees as an installation writes them: rows of the file become rows of the table, and a new amount a new row."""

from datetime import date

import asyncpg
import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.programme.errors import ReferenceRowMissingError, ReferenceRowRefusedError
from reintegration.programme.loading import load_tables
from reintegration.programme.payment_rules import service_fee_tariffs
from reintegration.programme.table_rows import tariff_files
from reintegration.programme.tables import Row, TableRows, read_table
from tests.builders import CARITAS, IOM

_COLUMNS = ("partner", "kind", "country", "amount", "currency", "valid_from", "valid_to", "certainty", "source")
_STORED = """
select partner_id, kind, country_code, amount_minor, currency, valid_from, valid_to
from service_fee_tariffs order by partner_id = $1 desc, country_code nulls first, valid_from
"""


def a_row(*cells: str) -> Row:
    return dict(zip(_COLUMNS, (*cells, "assumed", "an agreement"), strict=True))


def tables(*rows: Row) -> tuple[TableRows, ...]:
    return (TableRows("service_fee_tariffs", "service_fee_tariffs.csv", service_fee_tariffs(rows), decides=True),)


def test_no_amount_is_shipped() -> None:
    """None is published (domain.md 11, row 21); the heading is what an installation fills."""
    assert read_table("service_fee_tariffs.csv") == ()


async def test_a_new_amount_is_a_new_row_and_the_old_one_ends(fresh_database: DatabaseAddresses) -> None:
    first = a_row("IOM", "plan_preparation", "", "250.00", "EUR", "2022-01-26", "")
    others = (
        a_row("IOM", "plan_preparation", "MN", "275.50", "EUR", "2022-01-26", ""),
        a_row("CARITAS", "follow_up", "", "90.00", "EUR", "2024-01-01", "2024-12-31"),
    )
    ended = {**first, "valid_to": "2026-06-30"}
    second = a_row("IOM", "plan_preparation", "", "300.00", "EUR", "2026-07-01", "")
    owner = await asyncpg.connect(fresh_database.owner_url)
    try:
        assert await load_tables(owner, tables(first, *others), tariff_files()) == 3
        assert await load_tables(owner, tables(ended, second, *others), tariff_files()) == 2
        assert await load_tables(owner, tables(ended, second, *others), tariff_files()) == 0
        plan, euro = "plan_preparation", "EUR"
        expected = [
            (IOM, plan, None, 25_000, euro, date(2022, 1, 26), date(2026, 6, 30)),
            (IOM, plan, None, 30_000, euro, date(2026, 7, 1), None),
            (IOM, plan, "MN", 27_550, euro, date(2022, 1, 26), None),
            (CARITAS, "follow_up", None, 9_000, euro, date(2024, 1, 1), date(2024, 12, 31)),
        ]
        assert [tuple(found) for found in await owner.fetch(_STORED, IOM)] == expected
        # A row that has decided something is not rewritten, doubled for some days, or taken away.
        raised = {**ended, "amount": "260.00"}
        overlapping = a_row("IOM", "plan_preparation", "MN", "1.00", "EUR", "2030-01-01", "")
        with pytest.raises(ReferenceRowRefusedError):
            await load_tables(owner, tables(raised, second, *others), tariff_files())
        with pytest.raises(ReferenceRowRefusedError):
            await load_tables(owner, tables(ended, second, *others, overlapping), tariff_files())
        with pytest.raises(ReferenceRowMissingError):
            await load_tables(owner, tables(ended, second), tariff_files())
        assert [tuple(found) for found in await owner.fetch(_STORED, IOM)] == expected
    finally:
        await owner.close()
