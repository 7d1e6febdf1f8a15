"""Reads the sealed reports back from S3 and holds their figures against what was published and what the ledger says."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from reintegration.database.transaction import Transaction
from reintegration.demo.figures import EUROPEAN_UNION, YEARS, PublishedYear
from reintegration.exports.manifest import Manifest
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.money import EURO, Money
from reintegration.resources import Stores
from reintegration.storage.client import ObjectStore

_READER = Actor("demo-reader@demo.invalid", Role.SYSTEM)
# Counted here by another way than the report counts: citizens of the Union by the generator's own list.
_RETURNED = """
select count(*)
from returnees r
join cases c on c.id = r.case_id
where not c.dublin and c.departed_on <= $1 and r.nationality <> all ($2)
"""
_ASSISTED = """
select count(*)
from returnees r
where r.nationality <> all ($2) and r.case_id in (
    select p.case_id from payments p
    join funds f on f.id = p.fund_id and f.kind = 'amif'
    where p.stream = 'reintegration' and p.status = 'paid' and p.paid_on <= $1
)
"""
_SPENT = """
select f.code, sum(p.amount_minor)::bigint as spent_minor
from ledger_postings p
join ledger_accounts a on a.id = p.account_id and a.kind = 'spent'
join funds f on f.id = a.fund_id
group by f.code
having sum(p.amount_minor) <> 0
"""


class DemoMismatchError(Exception):
    """The sealed reports don't say what they must; the message names the figure."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A report that was read back from S3 and holds."""

    kind: str
    manifest: Manifest
    manifest_key: str

    def file(self, name: str) -> tuple[str, str]:
        """Key and digest of one of its files."""
        found = next(file for file in self.manifest.files if file.name == name)
        return found.key, found.sha256


async def compare(stores: Stores, reports: Mapping[str, Sealed]) -> None:
    """Every published figure, the two indicators counted another way, and the money against the ledger.

    Raises:
        DemoMismatchError: the first figure that differs.
    """
    store = stores.object_store
    await _compare_statistics(store, reports["programme_statistics"])
    async with stores.unit_of_work.read(_READER) as transaction:
        await _compare_indicators(store, reports["amif_indicators"], transaction)
        await _compare_money(store, reports["payments_ledger"], transaction)


async def rows_of(store: ObjectStore, report: Sealed, name: str) -> list[dict[str, str]]:
    """The rows of one of a report's CSV files, from S3."""
    key, _ = report.file(name)
    text = (await store.get(key)).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def _compare_statistics(store: ObjectStore, report: Sealed) -> None:
    years = {row["year"]: row for row in await rows_of(store, report, "programme_years.csv")}
    statuses = await rows_of(store, report, "programme_statuses.csv")
    countries = await rows_of(store, report, "programme_countries.csv")
    before: PublishedYear | None = None
    for published in YEARS:
        row, name = years[str(published.year)], str(published.year)
        _same(name, "returned", int(row["returned"]), published.returned)
        _same(name, "supported", int(row["supported"]), published.supported)
        _same(name, "supported_percent", int(row["supported_percent"]), _percent(published.supported, published.returned))
        _same(name, "dublin_excluded", int(row["dublin_excluded"]), sum(count for _, count in published.dublin))
        if before is not None:
            change = _percent(published.returned - before.returned, before.returned)
            _same(name, "change_percent", int(row["change_percent"]), change)
        unlawful = next(x for x in statuses if (x["year"], x["administrative_status"]) == (name, "no_legal_stay"))
        _same(name, "no_legal_stay", int(unlawful["percent"]), published.no_legal_stay_percent)
        first = tuple(x["country"] for x in countries if x["year"] == name)[: len(published.top_five)]
        _same(name, "top five", first, published.top_five)
        before = published


async def _compare_indicators(store: ObjectStore, report: Sealed, transaction: Transaction) -> None:
    reference_date = date.fromisoformat(str(report.manifest.identity.parameters["reference_date"]))
    union = sorted(EUROPEAN_UNION)
    for table, code, query in (("amif_table_11", "R.3.6", _RETURNED), ("amif_table_7", "O.3.3", _ASSISTED)):
        rows = await rows_of(store, report, f"{table}.csv")
        expected = await transaction.fetch_value(query, reference_date, union)
        _same(str(reference_date), code, int(rows[0]["values_achieved"]), expected)
        parts = sum(int(row["values_achieved"]) for row in rows[1:])
        _same(str(reference_date), f"the parts of {code}", parts, expected)
        persons = [row for row in await rows_of(store, report, "amif_indicator_cases.csv") if row["id"] == code]
        _same(str(reference_date), f"the persons of {code}", len(persons), expected)


async def _compare_money(store: ObjectStore, report: Sealed, transaction: Transaction) -> None:
    """What the ledger says was spent, fund by fund, against the rows of the finance export and its manifest."""
    spent = {row["code"]: row["spent_minor"] for row in await transaction.fetch(_SPENT)}
    exported: dict[str, int] = {}
    for row in await rows_of(store, report, "payments_ledger.csv"):
        if row["paid_eur"]:
            exported[row["fund"]] = exported.get(row["fund"], 0) + Money.parse(row["paid_eur"], EURO).amount_minor
    _same("payments_ledger", "EUR spent by fund", exported, spent)


def _percent(numerator: int, denominator: int) -> int:
    return int((Decimal(numerator) * 100 / denominator).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _same(place: str, figure: str, found: object, expected: object) -> None:
    if found != expected:
        raise DemoMismatchError(f"{figure} of {place} is {found} in the sealed report and should be {expected}")
