"""After the month: what the auditor finds, and the export in which finance finds every figure of it again."""

import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

import orjson
from openpyxl import load_workbook

from tests.operations.walk import Part, People, sealed, working
from tests.story.figures import (
    BORNE_BY_BUDGETS,
    CLOSED_SPENT,
    CLOSED_TRANSACTIONS,
    LEDGER,
    LEDGER_ROWS,
    SHORT,
    STANDING,
)
from tests.story.forty import FORTY, PAYMENTS
from tests.story.payment import FLOAT
from tests.story.setting import FUND, Story, money

Sums = dict[tuple[str, str], Decimal]
_SUMMED: Final = ("amount", "paid_amount", "refunded_amount", "amount_eur", "paid_eur", "refunded_eur", "net_eur")


async def the_auditor_looks(story: Story) -> None:
    """Everything that must hold holds; the month is as it was sealed; each payment is by three people, and ends as told."""
    auditor = story.auditor
    found = await auditor.asks("Invariants", now=True)
    assert found["violations"] == 0, [one for one in found["invariants"] if one["violations"]]
    (closed,) = [edge["node"] for edge in (await auditor.asks("PeriodCloses", fund=story.ids["fund"]))["edges"]]
    month = await auditor.asks("AuditorPeriodClose", id=story.ids["close"])
    for one in (closed, month):
        told = (one["month"], one["transactions"], one["spent"], one["digest"])
        assert told == (story.month.isoformat(), CLOSED_TRANSACTIONS, money(CLOSED_SPENT), story.ids["digest"])
    page = await story.finance.asks("FinancePayments")
    payments = {edge["node"]["id"]: edge["node"] for edge in page["edges"]}
    assert page["totalCount"] == len(payments) == len(FORTY)
    for payment in FORTY:
        shown = payments[story.ids[str(payment.number)]]
        total = None if payment.ends == "CANCELLED" else money(payment.euro)
        assert (shown["status"], shown["kind"], shown["total"]) == (payment.ends, payment.kind, total), payment.number
        people = {shown["preparedBy"], shown["approvedBy"], shown["releasedBy"]}
        assert len(people) == (2 if payment.ends == "CANCELLED" else 3), payment.number
    await what_the_money_had_cost(story)
    await the_paper_of_two(story)


async def what_the_money_had_cost(story: Story) -> None:
    """What left the float for each payment is the cost by hand; of all of it the budgets bear what Fedasil is short of."""
    borne = Decimal(0)
    for payment in (one for one in FORTY if one.source in FLOAT):
        shown = await story.auditor.asks("AuditorPayment", id=story.ids[str(payment.number)])
        costs: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for entry in shown["cashTransactions"]:
            for one in entry["postings"]:
                costs[entry["kind"], one["account"]["kind"]] += Decimal(one["cost"]["amount"])
        borne += sum(cost for (_, account), cost in costs.items() if account == "SPENT")
        if payment.ends == "PAID":
            left = costs["FLOAT_SPENT", "SPENT"] + costs["FLOAT_SPENT", "DIFFERENCE"]
            assert left == Decimal(payment.cost), payment.number
        if payment.number == 22:
            (freed,) = [entry for entry in shown["postings"] if entry["kind"] == "PAYMENT_UNRESERVED"]
            amounts = {one["account"]["kind"]: one["amount"]["amount"] for one in freed["postings"]}
            assert amounts == {"RESERVED": "-100.43", "PLAN_LINE": "100.43"}
    dinars = await story.auditor.asks("AuditorAdvance", id=story.ids["advance in IQD"])
    entries = [edge["node"]["transaction"] for edge in dinars["postings"]["edges"]]
    assert dinars["postings"]["totalCount"] == len(entries)
    (refund,) = [entry for entry in entries if entry["kind"] == "FLOAT_REFUNDED"]
    costs_back = {one["account"]["kind"]: one["cost"]["amount"] for one in refund["postings"]}
    assert costs_back == {"SPENT": "-200.85", "ADVANCE": "200.85"}
    borne += Decimal(costs_back["SPENT"])
    assert borne == Decimal(BORNE_BY_BUDGETS)
    # 9,000 - 1,886.60
    assert Decimal(BORNE_BY_BUDGETS) + Decimal(STANDING["settlement"].difference) == Decimal(SHORT)


async def the_paper_of_two(story: Story) -> None:
    """The failed transfer kept its evidence: a letter of the operator, from the object store as it was sent."""
    shown = await story.auditor.asks("AuditorPayment", id=story.ids["25"])
    (letter,) = [one["document"] for one in shown["documents"] if one["document"]["kind"] == "NON_PAYMENT_EVIDENCE"]
    assert hashlib.sha256(await story.auditor.gets(letter["downloadUrl"])).hexdigest() == letter["sha256"]
    typo = await story.auditor.asks("AuditorPayment", id=story.ids[str(PAYMENTS[12].number)])
    assert [entry["kind"] for entry in typo["postings"]] == ["PAYMENT_RESERVED", "PAYMENT_SPENT", "PAYMENT_REVERSED"]
    entries = await story.auditor.asks("AuditEntries", record=story.ids["12"])
    assert entries["totalCount"] == 6, "drafted, submitted, approved, released, paid, reversed"


async def the_export_adds_up(story: Story) -> None:
    """The payments ledger of the month: its sums in the CSV, in the workbook and in the manifest are the story's."""
    finance = story.finance
    period = {"from": story.month.isoformat(), "to": story.on(28)}
    report = (await finance.does("ReportOrder", kind="PAYMENTS_LEDGER", **period))["report"]
    async with working(People(story.server)):
        await sealed(finance, report["id"])
    found = await finance.asks("ReportFiles", id=report["id"])
    manifest = await finance.gets(found["manifestUrl"])
    assert hashlib.sha256(manifest).hexdigest() == found["manifestSha256"]
    files = {one["name"]: await _whole(story, one) for one in found["files"]}
    rows = list(csv.DictReader(io.StringIO(files["payments_ledger.csv"].decode("utf-8-sig"), newline="")))
    sheet = load_workbook(io.BytesIO(files["payments_ledger.xlsx"]))["payments_ledger"]
    header, *lines = sheet.iter_rows(values_only=True)
    workbook = [dict(zip(map(str, header), line, strict=True)) for line in lines]
    by_hand = {name: Decimal(amount) for name, amount in LEDGER.items()}
    assert (len(rows), len(workbook)) == (LEDGER_ROWS, LEDGER_ROWS)
    assert added(rows) == by_hand
    assert added(workbook) == by_hand
    for file in orjson.loads(manifest)["files"]:
        sums = file["tables"][0]["sums"]
        assert {(one["column"], one["currency"]): Decimal(one["amount"]) for one in sums if Decimal(one["amount"])} == by_hand
        assert {one["fund"] for one in sums} == {FUND}
    held = {one["name"]: one["violations"] for one in orjson.loads(manifest)["invariants"]}
    assert held
    assert not any(held.values())


async def _whole(story: Story, file: Part) -> bytes:
    data = await story.finance.gets(file["downloadUrl"])
    assert hashlib.sha256(data).hexdigest() == file["sha256"]
    assert file["rowCount"] == str(LEDGER_ROWS)
    return data


def added(rows: Iterable[Mapping[str, object]]) -> Sums:
    """The columns' sums, by the currency that they are in."""
    sums: Sums = defaultdict(Decimal)
    for row in rows:
        for name in _SUMMED:
            currency = "EUR" if name.endswith("_eur") else str(row["currency"])
            sums[name, currency] += Decimal(str(row[name] or 0))
    return {name: amount for name, amount in sums.items() if amount}
