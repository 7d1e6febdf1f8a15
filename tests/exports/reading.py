"""What tests of reports share: a database with the caseload, a bucket, orders, and tables read back from the store."""

import csv
import io
from pathlib import Path
from uuid import UUID

import orjson
from openpyxl import load_workbook

from reintegration.database.unit_of_work import UnitOfWork
from reintegration.exports.commands import OrderReport
from reintegration.exports.ordering import order_report
from reintegration.exports.running import ReportResources, run_report
from reintegration.exports.sealing import SealedReport, verify_sealed
from reintegration.kernel.actor import Actor
from reintegration.kernel.ids import new_id
from tests.builders import FINANCE

CONTRACTS = Path(__file__).parents[2] / "schema" / "exports"


async def ordered(work: UnitOfWork, kind: str, parameters: dict[str, str], who: Actor = FINANCE) -> UUID:
    command = OrderReport(id=new_id(), kind=kind, parameters=parameters)
    return (await work.write(who, lambda transaction: order_report(transaction, command))).id


async def made(resources: ReportResources, kind: str, parameters: dict[str, str], who: Actor = FINANCE) -> SealedReport:
    """Ordered and run."""
    report = await run_report(resources, await ordered(resources.unit_of_work, kind, parameters, who))
    assert report is not None
    await verify_sealed(resources.store, report.manifest_key, report.manifest_sha256)
    return report


async def table(resources: ReportResources, report: SealedReport, name: str) -> list[dict[str, str]]:
    """A CSV file, after its header was compared with its contract and the workbook's sheet with it."""
    identity = report.manifest.identity
    text = (await resources.store.get(identity.key(f"{name}.csv"))).decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text, newline="")))
    contract = orjson.loads((CONTRACTS / f"{name}.json").read_bytes())
    assert lines[0] == [column["name"] for column in contract["columns"]]
    book = load_workbook(io.BytesIO(await resources.store.get(identity.key(f"{identity.report_kind}.xlsx"))))
    sheet = list(book[name].values)
    assert list(sheet[0]) == lines[0]
    assert len(sheet) == len(lines)
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
