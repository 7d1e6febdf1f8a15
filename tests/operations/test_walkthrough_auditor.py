"""An auditor's question: this figure in the AMIF report, who is it, what was paid for them, and how do we know?

Over HTTP, against the production profile, by the documents of schema/operations alone.
"""

import csv
import hashlib
import io
from pathlib import Path

import orjson

from reintegration.api.identifiers import encode
from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.clock import today
from reintegration.storage.address import ObjectStoreAddress
from tests.operations.walk import RECEIPT, Part, People, a_case_that_left, euros, open_walk, sealed, working

BRACKETS = {"<18": "UNDER_18", "18-60": "FROM_18_TO_60", ">60": "OVER_60"}


async def test_from_a_figure_to_who_changed_what(
    fresh_database: DatabaseAddresses, object_store_address: ObjectStoreAddress, tmp_path: Path
) -> None:
    paid_family = await a_case_that_left(fresh_database, arrived=True)
    await a_case_that_left(fresh_database)
    async with open_walk(fresh_database, object_store_address, tmp_path) as people:
        payment = await people.pay(encode("Case", paid_family.id))
        figures = await the_sealed_figures(people)
        case = await who_is_behind(people, figures)
        assert case == encode("Case", paid_family.id)
        assert await what_was_paid(people, case) == payment
        await how_we_know(people, payment)
        await who_did_it(people, payment)


async def the_sealed_figures(people: People) -> dict[tuple[str, str], int]:
    """The report that Fedasil's programme ordered, read by the auditor: figures by indicator and breakdown."""
    order = {"kind": "AMIF_INDICATORS", "referenceDate": today().isoformat()}
    report = (await people.programme.does("ReportOrder", **order))["report"]
    async with working(people):
        await sealed(people.programme, report["id"])
    auditor = people.auditor
    found = await auditor.asks("ReportFiles", id=report["id"])
    figures = {}
    for one in found["files"]:
        data = await auditor.gets(one["downloadUrl"])
        assert hashlib.sha256(data).hexdigest() == one["sha256"]
        if one["name"] in {"amif_table_7.csv", "amif_table_11.csv"}:
            for row in csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")):
                figures[row["id"], row["breakdown"]] = int(row["values_achieved"])
    assert figures["O.3.3", "total"] == 3, "the family of three that was helped"
    assert figures["R.3.6", "total"] == 6, "both families that returned"
    return figures


async def who_is_behind(people: People, figures: dict[tuple[str, str], int]) -> str:
    """Every figure leads to as many persons as it says; those of O.3.3 are of one case, which is returned."""
    auditor, on = people.auditor, {"referenceDate": today().isoformat()}
    for (code, breakdown), figure in figures.items():
        indicator = {"O.3.3": "REINTEGRATION_ASSISTANCE", "R.3.6": "VOLUNTARILY_RETURNED"}[code]
        age, _, gender = breakdown.partition(", ")
        asked = {} if breakdown == "total" else {"age": BRACKETS[age], "gender": gender.upper().replace("-", "_")}
        page = await auditor.asks("IndicatorCases", indicator=indicator, **on, **asked)
        assert (page["totalCount"], len(page["edges"])) == (figure, figure), (code, breakdown)
    helped = await auditor.asks("IndicatorCases", indicator="REINTEGRATION_ASSISTANCE", **on)
    (case,) = {edge["node"]["case"]["id"] for edge in helped["edges"]}
    return str(case)


async def what_was_paid(people: People, case: str) -> str:
    """The case, granted by which rules, and its one payment, which is returned."""
    found = await people.auditor.asks("AuditorCase", id=case)
    (budget,) = [granted for granted in found["entitlements"] if granted["stream"] == "REINTEGRATION"]
    assert (budget["ruleId"], budget["amount"], budget["grantedBy"]) == ("BE-REIN-04", euros("1800.00"), "return_counsellor")
    assert (found["payments"]["totalCount"], len(found["payments"]["edges"])) == (1, 1)
    payment = found["payments"]["edges"][0]["node"]
    assert (payment["status"], payment["total"], payment["fund"]["kind"]) == ("PAID", euros("300.00"), "AMIF")
    return str(payment["id"])


async def how_we_know(people: People, payment: str) -> None:
    """Three people, the receipt itself, and postings that add up to zero."""
    found = await people.auditor.asks("AuditorPayment", id=payment)
    assert [found[step] for step in ("preparedBy", "approvedBy", "releasedBy", "settledBy")] == [
        "field_officer",
        "field_approver",
        "partner_coordinator",
        "field_officer",
    ]
    assert found["approvedDigest"] == found["contentDigest"]
    (shown,) = found["documents"]
    photo = await people.auditor.gets(shown["document"]["downloadUrl"])
    assert hashlib.sha256(photo).hexdigest() == shown["document"]["sha256"]
    assert photo == RECEIPT
    assert shown["duplicates"] == []
    moved = {one["kind"]: amounts(one) for one in found["postings"]}
    assert moved == {
        "PAYMENT_RESERVED": {"PLAN_LINE": "-300.00", "RESERVED": "300.00"},
        "PAYMENT_SPENT": {"RESERVED": "-300.00", "SPENT": "300.00"},
    }


def amounts(transaction: Part) -> dict[str, str]:
    """What a ledger transaction put on which account."""
    return {posting["account"]["kind"]: posting["amount"]["amount"] for posting in transaction["postings"]}


async def who_did_it(people: People, payment: str) -> None:
    """Each step of the payment in the log: by whom, in which role, from what to what."""
    page = await people.auditor.asks("AuditEntries", record=payment)
    entries = [edge["node"] for edge in page["edges"]]
    assert page["totalCount"] == len(entries)
    steps = []
    for entry in entries:
        changed = {change["column"]: change for change in entry["changes"]}
        if "status" in changed:
            before, after = (orjson.loads(changed["status"][side] or "null") for side in ("before", "after"))
            steps.append((entry["action"], entry["actorId"], entry["actorRole"], before, after))
    assert steps == [
        ("INSERT", "field_officer", "FIELD_OFFICER", None, "draft"),
        ("UPDATE", "field_officer", "FIELD_OFFICER", "draft", "submitted"),
        ("UPDATE", "field_approver", "FIELD_APPROVER", "submitted", "approved"),
        ("UPDATE", "partner_coordinator", "PARTNER_COORDINATOR", "approved", "released"),
        ("UPDATE", "field_officer", "FIELD_OFFICER", "released", "paid"),
    ]
    assert len({entry["transactionId"] for entry in entries}) == len(steps)
