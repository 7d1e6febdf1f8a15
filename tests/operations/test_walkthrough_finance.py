"""Fedasil finance at the end of a quarter: order the payments ledger, watch it, download it, and prove that it is whole.

Over HTTP, against the production profile, by the documents of schema/operations alone; a worker runs beside it.
"""

import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import orjson
from openpyxl import load_workbook

from reintegration.database.embedded import DatabaseAddresses
from reintegration.storage.address import ObjectStoreAddress
from tests import builders
from tests.builders import FINANCE
from tests.exports import caseload
from tests.operations.walk import Part, People, Person, open_walk, sealed, working

PERIOD = {"kind": "PAYMENTS_LEDGER", "from": "2021-01-01", "to": "2024-12-31"}
_SUMS = """
select f.code as fund, l.currency, sum(l.amount_minor) as amount, sum(l.euro_minor) as euro, count(*) as lines
from payment_lines l join payments p on p.id = l.payment_id join funds f on f.id = p.fund_id
where p.submitted_at is not null group by f.code, l.currency
"""
Sums = dict[tuple[str, str], Decimal]


async def test_the_payments_ledger_is_ordered_watched_downloaded_and_added_up(
    fresh_database: DatabaseAddresses, object_store_address: ObjectStoreAddress, tmp_path: Path
) -> None:
    async with builders.open_work(fresh_database) as work:
        await caseload.load(work)
    async with open_walk(fresh_database, object_store_address, tmp_path) as people:
        finance = people.finance
        report = (await finance.does("ReportOrder", **PERIOD))["report"]
        assert (await finance.asks("ReportProgress", id=report["id"]))["status"] == "QUEUED"
        async with working(people):
            seen = await sealed(finance, report["id"])
        assert {step["status"] for step in seen} <= {"QUEUED", "RUNNING", "SEALED"}
        assert (seen[-1]["progressPercent"], seen[-1]["rowsDone"], seen[-1]["rowsExpected"]) == (100, "6", "6")

        found = await finance.asks("ReportFiles", id=report["id"])
        files = await everything_is_whole(finance, found)
        await the_sums_agree(people, files)
        await a_second_order_gives_the_same_files(people, found)


async def everything_is_whole(finance: Person, found: Part) -> dict[str, bytes]:
    """The manifest is the one that the report names, and each file is the one that the manifest names."""
    manifest = await finance.gets(found["manifestUrl"])
    assert hashlib.sha256(manifest).hexdigest() == found["manifestSha256"]
    files = {"manifest.json": manifest}
    told = {entry["name"]: entry for entry in orjson.loads(manifest)["files"]}
    assert sorted(told) == [one["name"] for one in found["files"]] == ["payments_ledger.csv", "payments_ledger.xlsx"]
    for one in found["files"]:
        data = await finance.gets(one["downloadUrl"])
        digest = hashlib.sha256(data).hexdigest()
        assert digest == one["sha256"] == told[one["name"]]["sha256"]
        assert len(data) == int(one["sizeBytes"]) == told[one["name"]]["size_bytes"]
        assert one["rowCount"] == "6"
        files[one["name"]] = data
    return files


async def the_sums_agree(people: People, files: dict[str, bytes]) -> None:
    """Added up from the CSV, from the workbook, in the manifest and in the database: one sum for each fund and currency."""
    rows = list(csv.DictReader(io.StringIO(files["payments_ledger.csv"].decode("utf-8-sig"), newline="")))
    sheet = load_workbook(io.BytesIO(files["payments_ledger.xlsx"]))["payments_ledger"]
    header, *lines = sheet.iter_rows(values_only=True)
    workbook = [dict(zip(map(str, header), line, strict=True)) for line in lines]
    async with people.server.resources.stores.unit_of_work.read(FINANCE) as transaction:
        stored = await transaction.fetch(_SUMS)
    assert sum(row["lines"] for row in stored) == len(rows) == len(workbook) == 6
    for name, minor in (("amount", "amount"), ("amount_eur", "euro")):
        expected: Sums = defaultdict(Decimal)
        for row in stored:
            currency = row["currency"] if name == "amount" else "EUR"
            expected[row["fund"], currency] += Decimal(row[minor]).scaleb(-2)
        assert added(rows, name) == added(workbook, name) == in_manifest(files["manifest.json"], name) == expected
    assert added(rows, "amount") == {
        ("AMIF-2021-2027", "EUR"): Decimal("700.00"),
        ("AMIF-2021-2027", "USD"): Decimal("50.00"),
        ("BE-NATIONAL", "EUR"): Decimal("400.00"),
    }


def added(rows: Sequence[Mapping[str, object]], name: str) -> Sums:
    """A column's sums."""
    sums: Sums = defaultdict(Decimal)
    for row in rows:
        sums[str(row["fund"]), str(row["currency"]) if name == "amount" else "EUR"] += Decimal(str(row[name]))
    return sums


def in_manifest(manifest: bytes, name: str) -> Sums:
    """A column's sums as the manifest has them; both files have the same."""
    of_files = [
        {
            (found["fund"], found["currency"]): Decimal(found["amount"])
            for found in file["tables"][0]["sums"]
            if found["column"] == name
        }
        for file in orjson.loads(manifest)["files"]
    ]
    assert of_files[0] == of_files[1]
    return of_files[0]


async def a_second_order_gives_the_same_files(people: People, first: Part) -> None:
    """Another person's order of the same facts: the same position, digests and manifest."""
    programme = people.programme
    report = (await programme.does("ReportOrder", **PERIOD))["report"]
    assert report["status"] == "QUEUED"
    async with working(people):
        await sealed(programme, report["id"])
    second = await programme.asks("ReportFiles", id=report["id"])
    assert second["id"] != first["id"]

    def facts(found: Part) -> list[object]:
        names = ("name", "mediaType", "sizeBytes", "sha256", "rowCount")
        return [found["position"], found["manifestSha256"], [[one[name] for name in names] for one in found["files"]]]

    assert facts(second) == facts(first)
    page = await programme.asks("Reports")
    assert [(edge["node"]["orderedBy"], edge["node"]["status"]) for edge in page["edges"]] == [
        ("fedasil_programme", "SEALED"),
        ("fedasil_finance", "SEALED"),
    ]
