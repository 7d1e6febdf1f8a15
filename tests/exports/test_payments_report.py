"""The payments ledger on a caseload made by hand: every cell of a line, sums, hostile text."""

import io

from openpyxl import load_workbook

from reintegration.exports.running import ReportResources
from reintegration.kernel.canonical import digest
from tests.exports import caseload
from tests.exports.caseload import an_id
from tests.exports.reading import made, table

LEDGER = {"from": "2021-01-01", "to": "2024-12-31"}


async def test_the_payments_ledger_has_a_row_for_each_line(resources: ReportResources) -> None:
    report = await made(resources, "payments_ledger", LEDGER)
    rows = await table(resources, report, "payments_ledger")
    assert [
        " ".join(
            row[name] for name in ("case_reference", "line", "status", "amount", "currency", "amount_eur", "paid_eur", "net_eur")
        )
        for row in rows
    ] == [
        "BE-2020-000001 1 paid 100.00 EUR 100.00 100.00 100.00",
        "BE-2022-000001 1 paid 100.00 EUR 100.00 100.00 100.00",
        "BE-2022-000001 2 paid 50.00 USD 47.62 47.62 38.10",
        "BE-2023-000005 1 reversed 300.00 EUR 300.00  ",
        "BE-2023-000006 1 paid 400.00 EUR 400.00 400.00 400.00",
        "BE-2023-000002 1 paid 200.00 EUR 200.00 200.00 200.00",
    ]
    payment = caseload.PAYMENTS[1]
    posted = rows[2].pop("ledger_transactions").split(" ")
    assert len(posted) == 2
    assert str(an_id("ledger", payment.id)) in posted
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
        "paid_amount": "50.00",
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
        "refunded_amount": "10.00",
        "refunded_eur": "9.52",
        "last_refund_on": "2024-12-31",
        "net_eur": "38.10",
        "approval_digest": digest(payment.reference),
        "evidence_digests": " ".join(sorted([digest("invoice"), digest("proof_of_payment")])),
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
            ("net_eur", "AMIF-2021-2027", "EUR", "438.10"),
            ("net_eur", "BE-NATIONAL", "EUR", "400.00"),
            ("paid_amount", "AMIF-2021-2027", "EUR", "400.00"),
            ("paid_amount", "AMIF-2021-2027", "USD", "50.00"),
            ("paid_amount", "BE-NATIONAL", "EUR", "400.00"),
            ("paid_eur", "AMIF-2021-2027", "EUR", "447.62"),
            ("paid_eur", "BE-NATIONAL", "EUR", "400.00"),
            ("refunded_amount", "AMIF-2021-2027", "USD", "10.00"),
            ("refunded_eur", "AMIF-2021-2027", "EUR", "9.52"),
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


async def test_money_that_came_back_stands_in_the_period_in_which_it_came(resources: ReportResources) -> None:
    # Paid on 2 October 2023, reversed on 6 January 2020 (the caseload's clock for what it does not care about).
    report = await made(resources, "payments_ledger", {"from": "2020-01-06", "to": "2020-01-06"})
    rows = await table(resources, report, "payments_ledger")
    assert [(row["case_reference"], row["status"], row["amount_eur"], row["reversed_at"]) for row in rows] == [
        ("BE-2023-000005", "reversed", "300.00", "2020-01-06T00:00:00Z")
    ]
    assert report.manifest.files[0].tables[0].rows == 1


async def test_what_a_supplier_gave_back_stands_in_the_period_in_which_it_came(resources: ReportResources) -> None:
    report = await made(resources, "payments_ledger", {"from": "2024-12-31", "to": "2024-12-31"})
    rows = await table(resources, report, "payments_ledger")
    # Both lines of the payment, so that its sums are whole.
    assert [(row["line"], row["paid_on"], row["refunded_eur"], row["last_refund_on"]) for row in rows] == [
        ("1", "2022-07-05", "", ""),
        ("2", "2022-07-05", "9.52", "2024-12-31"),
    ]
    assert report.manifest.files[0].tables[0].rows == 2
