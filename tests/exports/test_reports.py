"""Reports on a caseload made by hand: every figure asserted, the same facts the same bytes, later facts another report."""

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from uuid import UUID, uuid4

import orjson
import pytest
from openpyxl import load_workbook

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.exports import contracts
from reintegration.exports.commands import OrderReport
from reintegration.exports.errors import UnknownReportError
from reintegration.exports.manifest import Manifest
from reintegration.exports.ordering import order_report
from reintegration.exports.running import ReportResources, run_report
from reintegration.exports.sealing import SealedReport, verify_sealed
from reintegration.funding.indicators import AgeBracket, Gender, Indicator, IndicatorKey, indicator_cases
from reintegration.funding.statistics import CountryFigure, StatusFigure, percent, yearly
from reintegration.kernel.actor import Actor
from reintegration.kernel.canonical import digest
from reintegration.kernel.errors import ForbiddenError, InvalidInputError
from reintegration.kernel.ids import new_id
from reintegration.reports import report_definitions
from reintegration.storage.address import ObjectStoreAddress
from reintegration.storage.client import ObjectStore
from tests import builders
from tests.builders import ADMINISTRATOR, AUDITOR, COORDINATOR, COUNSELLOR, FINANCE, OFFICER, PROGRAMME, SYSTEM
from tests.exports import caseload
from tests.exports.caseload import Line, Paid, an_id
from tests.proofs import refused, row, value

LEDGER = {"from": "2021-01-01", "to": "2024-12-31"}
CONTRACTS = Path(__file__).parents[2] / "schema" / "exports"


@pytest.fixture
async def work(fresh_database: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(fresh_database) as opened:
        await caseload.load(opened)
        yield opened


@pytest.fixture
async def resources(work: UnitOfWork, object_store_address: ObjectStoreAddress, tmp_path: Path) -> AsyncIterator[ReportResources]:
    """With a bucket of its own: equal positions of different tests' databases would give equal keys."""
    address = replace(object_store_address, bucket=f"test-{uuid4().hex}")
    async with ObjectStore(address) as store:
        await store.ensure_bucket()
        yield ReportResources(work, store, tmp_path / "scratch", "reintegration 0.1.0")
        await store.call(None, lambda client: client.delete_bucket(Bucket=address.bucket))  # type: ignore[attr-defined]  # the product never deletes


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


def figures(rows: list[dict[str, str]]) -> dict[str, int]:
    return {row["breakdown"]: int(row["values_achieved"]) for row in rows if row["values_achieved"] != "0"}


BREAKDOWNS = ["total", *(f"{age}, {gender}" for age in ("<18", "18-60", ">60") for gender in ("female", "male", "non-binary"))]


async def test_amif_indicators_at_the_end_of_2023(resources: ReportResources) -> None:
    report = await made(resources, "amif_indicators", {"reference_date": "2023-12-31"})
    output = await table(resources, report, "amif_table_7")
    result = await table(resources, report, "amif_table_11")
    assert [row["breakdown"] for row in output] == BREAKDOWNS
    assert [row["breakdown"] for row in result] == BREAKDOWNS
    assert figures(output) == {"total": 3, "<18, male": 1, "18-60, female": 1, ">60, female": 1}
    assert figures(result) == {"total": 6, "<18, male": 2, "18-60, female": 2, "18-60, male": 1, "18-60, non-binary": 1}
    assert output[0] == {
        "specific_objective": "SO3",
        "id": "O.3.3",
        "indicator_name": "Number of returnees who received re-integration assistance",
        "breakdown": "total",
        "measurement_unit": "number",
        "milestone_2024": "",
        "target_2029": "",
        "planned_values": "",
        "values_achieved": "3",
        "remarks": "Reference date 31/12/2023; definition 2026-1, code to confirm (high)",
    }
    assert result[9] == {
        "specific_objective": "SO3",
        "id": "R.3.6",
        "indicator_name": "Number of returnees voluntarily returned",
        "breakdown": ">60, non-binary",
        "unit": "number",
        "baseline": "",
        "target_2029": "",
        "target_unit": "number",
        "planned_values": "",
        "values_achieved": "0",
        "remarks": "Reference date 31/12/2023; definition 2026-1, code to confirm (high)",
    }


async def test_each_figure_leads_to_its_cases(resources: ReportResources) -> None:
    report = await made(resources, "amif_indicators", {"reference_date": "2023-12-31"})
    rows = await table(resources, report, "amif_indicator_cases")
    assert [(row["id"], row["case_reference"], row["age_bracket"], row["gender"], row["counted_on"]) for row in rows] == [
        ("O.3.3", "BE-2020-000001", ">60", "female", "2021-02-01"),
        *sorted(
            [
                ("O.3.3", "BE-2022-000001", "18-60", "female", "2022-07-05"),
                ("O.3.3", "BE-2022-000001", "<18", "male", "2022-07-05"),
            ],
            key=lambda found: an_id("returnee", "BE-2022-000001", 1 if found[3] == "female" else 2),
        ),
        *sorted(
            [
                ("R.3.6", "BE-2022-000001", "18-60", "female", "2022-05-10"),
                ("R.3.6", "BE-2022-000001", "<18", "male", "2022-05-10"),
            ],
            key=lambda found: an_id("returnee", "BE-2022-000001", 1 if found[3] == "female" else 2),
        ),
        ("R.3.6", "BE-2023-000001", "18-60", "male", "2023-03-01"),
        ("R.3.6", "BE-2023-000002", "18-60", "female", "2023-06-01"),
        ("R.3.6", "BE-2023-000005", "18-60", "non-binary", "2023-09-01"),
        ("R.3.6", "BE-2023-000006", "<18", "male", "2023-12-30"),
    ]
    assert rows[0]["returnee_id"] == str(an_id("returnee", "BE-2020-000001", 1))


async def test_figures_are_cumulative_and_age_is_that_of_the_first_assistance(resources: ReportResources) -> None:
    """By the middle of 2024 the woman who left at 60 has had her first payment, at 61."""
    report = await made(resources, "amif_indicators", {"reference_date": "2024-06-30"})
    assert figures(await table(resources, report, "amif_table_7")) == {
        "total": 4,
        "<18, male": 1,
        "18-60, female": 1,
        ">60, female": 2,
    }
    assert figures(await table(resources, report, "amif_table_11"))["total"] == 6
    start = await made(resources, "amif_indicators", {"reference_date": "2021-01-01"})
    assert figures(await table(resources, start, "amif_table_7")) == {}
    assert figures(await table(resources, start, "amif_table_11")) == {}
    assert await table(resources, start, "amif_indicator_cases") == []


async def test_drill_down_pages_through_a_figure(work: UnitOfWork) -> None:
    day = date(2023, 12, 31)
    async with work.read(AUDITOR) as transaction:
        first = await indicator_cases(transaction, Indicator.VOLUNTARILY_RETURNED, day, limit=4)
        last = first[-1]
        key = IndicatorKey(last.case_reference, last.returnee_id)
        rest = await indicator_cases(transaction, Indicator.VOLUNTARILY_RETURNED, day, after=key, limit=4)
        boys = await indicator_cases(
            transaction, Indicator.VOLUNTARILY_RETURNED, day, age=AgeBracket.UNDER_18, gender=Gender.MALE
        )
        with pytest.raises(InvalidInputError):
            await indicator_cases(transaction, Indicator.VOLUNTARILY_RETURNED, day, limit=1000)
    assert [case.case_reference for case in first] == ["BE-2022-000001", "BE-2022-000001", "BE-2023-000001", "BE-2023-000002"]
    assert [case.case_reference for case in rest] == ["BE-2023-000005", "BE-2023-000006"]
    assert [(case.case_reference, case.counted_on) for case in boys] == [
        ("BE-2022-000001", date(2022, 5, 10)),
        ("BE-2023-000006", date(2023, 12, 30)),
    ]
    async with work.read(OFFICER) as transaction:
        with pytest.raises(ForbiddenError):
            await indicator_cases(transaction, Indicator.VOLUNTARILY_RETURNED, day)


async def test_the_payments_ledger_has_a_row_for_each_line(resources: ReportResources) -> None:
    report = await made(resources, "payments_ledger", LEDGER)
    rows = await table(resources, report, "payments_ledger")
    assert [
        (row["case_reference"], row["line"], row["status"], row["amount"], row["currency"], row["amount_eur"], row["paid_eur"])
        for row in rows
    ] == [
        ("BE-2020-000001", "1", "paid", "100.00", "EUR", "100.00", "100.00"),
        ("BE-2022-000001", "1", "paid", "100.00", "EUR", "100.00", "100.00"),
        ("BE-2022-000001", "2", "paid", "50.00", "USD", "47.62", "47.62"),
        ("BE-2023-000005", "1", "reversed", "300.00", "EUR", "300.00", ""),
        ("BE-2023-000006", "1", "paid", "400.00", "EUR", "400.00", "400.00"),
        ("BE-2023-000002", "1", "paid", "200.00", "EUR", "200.00", "200.00"),
    ]
    payment = caseload.PAYMENTS[1]
    assert rows[2] == {
        "case_reference": "BE-2022-000001",
        "payment_id": str(payment.id),
        "line": "2",
        "office": "IOM-MN",
        "office_name": "IOM mission Ulaanbaatar",
        "partner": "IOM",
        "payment_kind": "supplier_direct",
        "item_kind": "micro_business",
        "stream": "reintegration",
        "fund": "AMIF-2021-2027",
        "status": "paid",
        "payment_date": "2022-07-05",
        "paid_on": "2022-07-05",
        "supplier": "'@supplier",
        "invoice_number": "'+1",
        "description": "'" + caseload.HOSTILE,
        "line_description": "Goods",
        "amount": "50.00",
        "currency": "USD",
        "rate": "1.05",
        "rate_month": "2022-07-01",
        "rate_source": "by hand",
        "rate_rule": "PAYMENT_MONTH",
        "amount_eur": "47.62",
        "paid_eur": "47.62",
        "settlement_reference": "bank 1",
        "prepared_by": "officer",
        "prepared_at": "2020-01-01T00:00:00Z",
        "submitted_at": "2020-01-02T00:00:00Z",
        "approved_by": "approver",
        "approved_at": "2020-01-03T00:00:00Z",
        "released_by": "releaser",
        "released_at": "2020-01-04T00:00:00Z",
        "settled_by": "officer",
        "settled_at": "2020-01-05T00:00:00Z",
        "reversed_by": "",
        "reversed_at": "",
        "approval_digest": digest(payment.reference),
        "evidence_digests": " ".join(sorted([digest("invoice"), digest("proof_of_payment")])),
        "ledger_transactions": str(an_id("ledger", payment.id)),
    }


async def test_the_manifest_adds_the_ledger_up_by_fund_and_currency(resources: ReportResources) -> None:
    report = await made(resources, "payments_ledger", LEDGER)
    assert [file.name for file in report.manifest.files] == ["payments_ledger.csv", "payments_ledger.xlsx"]
    for file in report.manifest.files:
        [totals] = file.tables
        assert totals.rows == 6
        assert [(found.column, found.fund, found.currency, found.amount) for found in totals.sums] == [
            ("amount", "AMIF-2021-2027", "EUR", "700.00"),
            ("amount", "AMIF-2021-2027", "USD", "50.00"),
            ("amount", "BE-NATIONAL", "EUR", "400.00"),
            ("amount_eur", "AMIF-2021-2027", "EUR", "747.62"),
            ("amount_eur", "BE-NATIONAL", "EUR", "400.00"),
            ("paid_eur", "AMIF-2021-2027", "EUR", "447.62"),
            ("paid_eur", "BE-NATIONAL", "EUR", "400.00"),
        ]


async def test_the_ledger_takes_the_days_asked_for(resources: ReportResources) -> None:
    report = await made(resources, "payments_ledger", {"from": "2022-07-05", "to": "2023-10-02"})
    rows = await table(resources, report, "payments_ledger")
    assert [row["case_reference"] for row in rows] == ["BE-2022-000001", "BE-2022-000001", "BE-2023-000005"]


async def test_hostile_text_is_text_in_both_files(resources: ReportResources) -> None:
    report = await made(resources, "payments_ledger", LEDGER)
    rows = await table(resources, report, "payments_ledger")
    assert {row["description"] for row in rows} == {"'" + caseload.HOSTILE}
    data = await resources.store.get(report.manifest.identity.key("payments_ledger.xlsx"))
    sheet = load_workbook(io.BytesIO(data))["payments_ledger"]
    cells = [cell for line in sheet.iter_rows() for cell in line if isinstance(cell.value, str) and cell.value[:1] in "=+-@"]
    assert {cell.value for cell in cells} == {caseload.HOSTILE, "@supplier", "+1"}
    assert {cell.data_type for cell in cells} == {"s"}


async def test_yearly_statistics_are_the_same_for_all_who_may_read_them(work: UnitOfWork) -> None:
    found = []
    for who in (COUNSELLOR, FINANCE, PROGRAMME, AUDITOR, SYSTEM):
        async with work.read(who) as transaction:
            found.append(await yearly(transaction, 2023))
    assert all(figures == found[0] for figures in found)
    figures_of_2023 = found[0]
    assert (figures_of_2023.returned, figures_of_2023.dublin_excluded) == (5, 2)
    assert (figures_of_2023.supported, figures_of_2023.supported_percent) == (3, 60)
    assert (figures_of_2023.returned_previous_year, figures_of_2023.change_percent) == (2, 150)
    assert figures_of_2023.by_status == (
        StatusFigure("no_legal_stay", 3, 60),
        StatusFigure("asylum_applicant", 1, 20),
        StatusFigure("rejected_applicant", 1, 20),
    )
    assert figures_of_2023.countries == (
        CountryFigure(1, "MN", "Mongolia", 2),
        CountryFigure(2, "BR", "Brazil", 1),
        CountryFigure(3, "GE", "Georgia", 1),
        CountryFigure(4, "RO", "Romania", 1),
    )
    for who in (OFFICER, COORDINATOR, ADMINISTRATOR):
        async with work.read(who) as transaction:
            with pytest.raises(ForbiddenError):
                await yearly(transaction, 2023)
            assert await transaction.fetch("select * from returned_by_administrative_status(2023)") == []


async def test_programme_statistics_report(resources: ReportResources) -> None:
    report = await made(resources, "programme_statistics", {"years": "2023, 2022,2023"})
    assert report.manifest.identity.parameters == {"years": "2022,2023"}
    years = await table(resources, report, "programme_years")
    assert [{name: row[name] for name in row if name != "definition"} for row in years] == [
        {
            "year": "2022",
            "returned": "2",
            "supported": "2",
            "supported_percent": "100",
            "returned_previous_year": "0",
            "change_percent": "",
            "dublin_excluded": "0",
        },
        {
            "year": "2023",
            "returned": "5",
            "supported": "3",
            "supported_percent": "60",
            "returned_previous_year": "2",
            "change_percent": "150",
            "dublin_excluded": "2",
        },
    ]
    statuses = await table(resources, report, "programme_statuses")
    assert [tuple(row.values()) for row in statuses[:1] + statuses[3:4]] == [
        ("2022", "no_legal_stay", "2", "2", "100"),
        ("2023", "no_legal_stay", "3", "5", "60"),
    ]
    countries = await table(resources, report, "programme_countries")
    assert [tuple(row.values()) for row in countries[:2]] == [
        ("2022", "1", "MN", "Mongolia", "2"),
        ("2023", "1", "MN", "Mongolia", "2"),
    ]
    assert len(countries) == 5


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [(1970, 2673, 74), (279, 2673, 10), (1, 8, 13), (-1, 8, -13), (0, 5, 0), (3, 0, None)],
)
def test_percentages_round_half_up(numerator: int, denominator: int, expected: int | None) -> None:
    assert percent(numerator, denominator) == expected


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


async def versions(store: ObjectStore) -> dict[str, int]:
    """How often each object of the bucket was written."""
    listed = await store.call(None, lambda client: client.list_object_versions(Bucket=store.address.bucket))  # type: ignore[attr-defined]  # the product never asks
    keys = [entry["Key"] for entry in listed.get("Versions", [])]
    return {key: keys.count(key) for key in keys}


async def test_later_facts_are_another_report(resources: ReportResources) -> None:
    first = await made(resources, "payments_ledger", LEDGER)
    await caseload.pay(resources.unit_of_work, Paid("BE-2023-000001", date(2024, 3, 1), (Line(1, "EUR", "1", 1),)))
    second = await made(resources, "payments_ledger", LEDGER)
    assert second.manifest_key != first.manifest_key
    assert second.manifest.identity.position != first.manifest.identity.position
    assert [file.tables[0].rows for file in second.manifest.files] == [7, 7]
    await verify_sealed(resources.store, first.manifest_key, first.manifest_sha256)


async def test_the_position_is_told_to_all_who_may_order_and_is_no_order_itself(work: UnitOfWork) -> None:
    highest, entries = [await value(work, f"select {what} from audit_log") for what in ("max(sequence)", "count(*)")]  # noqa: S608
    await ordered(work, "payments_ledger", LEDGER)
    for who in (FINANCE, PROGRAMME, AUDITOR):
        async with work.read(who) as transaction:
            assert await transaction.fetch_value("select fact_position()") == f"audit.{highest}.{entries}"


async def test_who_may_order(work: UnitOfWork) -> None:
    command = OrderReport(id=new_id(), kind="payments_ledger", parameters=LEDGER)
    for who in (COUNSELLOR, OFFICER, COORDINATOR, AUDITOR, ADMINISTRATOR):
        await refused(work, who, lambda transaction: order_report(transaction, command), ForbiddenError)
    assert await value(work, "select count(*) from jobs.pgqueuer") == 0
    for who in (FINANCE, PROGRAMME):
        await ordered(work, "payments_ledger", LEDGER, who)
    assert await value(work, "select count(*) from jobs.pgqueuer") == 2


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
async def test_wrong_parameters_are_named(work: UnitOfWork, kind: str, parameters: dict[str, str]) -> None:
    command = OrderReport(id=new_id(), kind=kind, parameters=parameters)
    await refused(work, FINANCE, lambda transaction: order_report(transaction, command), InvalidInputError)
    assert await value(work, "select count(*) from export_jobs") == 0


async def test_a_kind_that_nobody_declared(work: UnitOfWork) -> None:
    command = OrderReport(id=new_id(), kind="everything")
    await refused(work, FINANCE, lambda transaction: order_report(transaction, command), UnknownReportError)


def test_column_contracts_are_current() -> None:
    generated = contracts.column_contracts(report_definitions())
    assert {path.name: path.read_bytes() for path in CONTRACTS.glob("*.json")} == generated


async def test_the_manifest_names_definition_and_position(resources: ReportResources) -> None:
    report = await made(resources, "programme_statistics", {"years": "2023"}, PROGRAMME)
    manifest = Manifest.parse(report.manifest_key, await resources.store.get(report.manifest_key))
    position = await value(resources.unit_of_work, "select fact_position()")
    assert (manifest.identity.definition_version, manifest.identity.position) == ("2026-1", position)
