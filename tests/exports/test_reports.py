"""Orders and their reports: the same facts the same bytes, later facts another report, wrong wishes refused."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.exports import contracts
from reintegration.exports.commands import OrderReport
from reintegration.exports.errors import UnknownReportError
from reintegration.exports.manifest import Manifest
from reintegration.exports.ordering import order_report
from reintegration.exports.running import ReportResources, run_report
from reintegration.exports.sealing import verify_sealed
from reintegration.kernel.errors import ForbiddenError, InvalidInputError
from reintegration.kernel.ids import new_id
from reintegration.reports import report_definitions
from tests import builders
from tests.builders import ADMINISTRATOR, AUDITOR, COORDINATOR, COUNSELLOR, FINANCE, OFFICER, PROGRAMME, SYSTEM
from tests.exports import caseload
from tests.exports.caseload import Line, Paid
from tests.exports.places import versions
from tests.exports.reading import CONTRACTS, made, ordered
from tests.proofs import refused, row, value

LEDGER = {"from": "2021-01-01", "to": "2024-12-31"}


async def test_the_same_position_is_one_report(resources: ReportResources) -> None:
    """Another person's order of the same facts points to the objects that are there; nothing is written a second time."""
    work = resources.unit_of_work
    first = await made(resources, "payments_ledger", LEDGER)
    second = await ordered(work, "payments_ledger", dict(reversed(LEDGER.items())), PROGRAMME)
    assert await run_report(resources, second) == first
    listing = "select array_agg(name || ' ' || object_key || ' ' || sha256 order by name) from export_files group by job_id"
    async with work.read(SYSTEM) as transaction:
        of_jobs = [found["array_agg"] for found in await transaction.fetch(listing)]
    assert len(of_jobs) == 2
    assert of_jobs[0] == of_jobs[1]
    assert await versions(resources.store) == dict.fromkeys([*(file.key for file in first.manifest.files), first.manifest_key], 1)
    job = await row(
        work, "select status, attempts, rows_done, rows_expected, manifest_key, version from export_jobs where id = $1", second
    )
    assert job == {
        "status": "sealed",
        "attempts": 1,
        "rows_done": 6,
        "rows_expected": 6,
        "manifest_key": first.manifest_key,
        "version": 4,
    }


async def test_later_facts_are_another_report(resources: ReportResources) -> None:
    first = await made(resources, "payments_ledger", LEDGER)
    await caseload.pay(resources.unit_of_work, Paid("BE-2023-000001", date(2024, 3, 1), (Line(1, "EUR", "1", 1),)))
    second = await made(resources, "payments_ledger", LEDGER)
    assert second.manifest_key != first.manifest_key
    assert second.manifest.identity.position != first.manifest.identity.position
    assert [file.tables[0].rows for file in second.manifest.files] == [7, 7]
    await verify_sealed(resources.store, first.manifest_key, first.manifest_sha256)


async def test_two_databases_on_one_bucket_take_over_nothing_of_each_other(
    resources: ReportResources, another_database: DatabaseAddresses
) -> None:
    """Logs of one length and other facts: before migration 0012 the second found the first one's report and kept it."""
    async with builders.open_work(another_database) as another_work:
        await caseload.load(another_work)
        reports = []
        for work, minor in ((resources.unit_of_work, 1_00), (another_work, 7_00)):
            await caseload.pay(work, Paid("BE-2023-000001", date(2024, 3, 1), (Line(minor, "EUR", "1", minor),)))
            reports.append(await made(replace(resources, unit_of_work=work), "payments_ledger", LEDGER))
            assert await made(replace(resources, unit_of_work=work), "payments_ledger", LEDGER) == reports[-1]
        lengths = [await value(work, "select count(*) from audit_log") for work in (resources.unit_of_work, another_work)]
    assert lengths[0] == lengths[1]
    sums = [report.manifest.files[0].tables[0].sums for report in reports]
    paid = [{total.fund: total.amount for total in of if total.column == "paid_eur"} for of in sums]
    assert paid == [
        {"AMIF-2021-2027": "448.62", "BE-NATIONAL": "400.00"},
        {"AMIF-2021-2027": "454.62", "BE-NATIONAL": "400.00"},
    ]
    assert set((await versions(resources.store)).values()) == {1}
    assert len(await versions(resources.store)) == 6


async def test_the_position_is_told_to_all_who_may_order_and_is_no_order_itself(report_work: UnitOfWork) -> None:
    highest, entries = [await value(report_work, f"select {what} from audit_log") for what in ("max(sequence)", "count(*)")]  # noqa: S608
    made_at = await value(report_work, "select occurred_at from audit_log where sequence = $1", highest)
    assert isinstance(made_at, datetime)
    position = f"audit.{highest}.{entries}.{made_at:%Y%m%dT%H%M%S%f}"
    await ordered(report_work, "payments_ledger", LEDGER)
    for who in (FINANCE, PROGRAMME, AUDITOR):
        async with report_work.read(who) as transaction:
            assert await transaction.fetch_value("select fact_position()") == position


async def test_who_may_order(report_work: UnitOfWork) -> None:
    command = OrderReport(id=new_id(), kind="payments_ledger", parameters=LEDGER)
    for who in (COUNSELLOR, OFFICER, COORDINATOR, AUDITOR, ADMINISTRATOR):
        await refused(report_work, who, lambda transaction: order_report(transaction, command), ForbiddenError)
    assert await value(report_work, "select count(*) from jobs.pgqueuer") == 0
    for who in (FINANCE, PROGRAMME):
        await ordered(report_work, "payments_ledger", LEDGER, who)
    assert await value(report_work, "select count(*) from jobs.pgqueuer") == 2


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("payments_ledger", {}),
        ("payments_ledger", {"from": "2023-01-01"}),
        ("payments_ledger", {"from": "2023-01-02", "to": "2023-01-01"}),
        ("payments_ledger", {"from": "20230102", "to": "2023-02-01"}),
        ("payments_ledger", {"from": "2023-01-01", "to": "2023-02-30"}),
        ("payments_ledger", {**LEDGER, "office": "IOM-MN"}),
        ("amif_indicators", {"reference_date": "2020-12-31"}),
        ("programme_statistics", {"years": ""}),
        ("programme_statistics", {"years": "2023;2024"}),
        ("programme_statistics", {"years": ",".join(str(year) for year in range(2000, 2021))}),
    ],
)
async def test_wrong_parameters_are_named(report_work: UnitOfWork, kind: str, parameters: dict[str, str]) -> None:
    command = OrderReport(id=new_id(), kind=kind, parameters=parameters)
    await refused(report_work, FINANCE, lambda transaction: order_report(transaction, command), InvalidInputError)
    assert await value(report_work, "select count(*) from export_jobs") == 0


async def test_a_kind_that_nobody_declared(report_work: UnitOfWork) -> None:
    command = OrderReport(id=new_id(), kind="everything")
    await refused(report_work, FINANCE, lambda transaction: order_report(transaction, command), UnknownReportError)


def test_column_contracts_are_current() -> None:
    generated = contracts.column_contracts(report_definitions())
    assert {path.name: path.read_bytes() for path in CONTRACTS.glob("*.json")} == generated


async def test_the_manifest_names_definition_and_position(resources: ReportResources) -> None:
    report = await made(resources, "programme_statistics", {"years": "2023"}, PROGRAMME)
    manifest = Manifest.parse(report.manifest_key, await resources.store.get(report.manifest_key))
    position = await value(resources.unit_of_work, "select fact_position()")
    assert (manifest.identity.definition_version, manifest.identity.position) == ("2026-1", position)
