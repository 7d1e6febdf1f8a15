"""The field office's day: a family arrives, agrees a plan, buys a sewing machine, and is paid back for it.

Over HTTP, against the production profile, by the documents of schema/operations alone.
"""

import hashlib
from pathlib import Path
from uuid import uuid4

from reintegration.api.identifiers import encode
from reintegration.database.embedded import DatabaseAddresses
from reintegration.storage.address import ObjectStoreAddress
from tests.builders import BuiltCase, days_ago
from tests.operations.walk import RECEIPT, Part, People, a_case_that_left, a_reimbursement, euros, heard, open_walk, streamed


async def test_from_the_arrival_to_a_paid_receipt(
    fresh_database: DatabaseAddresses, object_store_address: ObjectStoreAddress, tmp_path: Path
) -> None:
    family = await a_case_that_left(fresh_database)
    async with open_walk(fresh_database, object_store_address, tmp_path) as people:
        case = await the_family_arrives(people, family)
        workshop = await a_plan_is_agreed(people, case)
        payment = await they_bought_a_sewing_machine(people, case, workshop)
        await the_receipt_is_photographed(people, case, payment)
        await three_people_let_the_money_go(people, payment)
        await what_is_left(people, case)


async def the_family_arrives(people: People, family: BuiltCase) -> Part:
    """The office finds the family on its list and says that they are there; the time to use the budget starts."""
    page = await people.officer.asks("FieldOfficeCases", filter={"status": ["DEPARTED"]})
    (edge,) = page["edges"]
    case = edge["node"]
    assert (page["totalCount"], case["id"], case["country"]["code"]) == (1, encode("Case", family.id), "MN")
    arrival = {"expectedVersion": case["version"], "arrivedOn": days_ago(29).isoformat()}
    arrived: Part = (await people.officer.does("ArrivalConfirm", caseId=case["id"], **arrival))["case"]
    assert arrived["status"] == "ARRIVED"
    assert arrived["deadline"] > days_ago(0).isoformat()
    return arrived


async def a_plan_is_agreed(people: People, case: Part) -> Part:
    """A workshop and the child's school; the coordinator of the partner puts exactly this in force."""
    officer = people.officer
    seen = await officer.asks("FieldOfficeCase", id=case["id"])
    child = next(person for person in seen["returnees"] if person["householdRole"] == "CHILD")
    lines = [
        {"kind": "MICRO_BUSINESS", "description": "A workshop for felt", "budget": euros("900.00")},
        {"kind": "SCHOOLING_CHILD", "description": "School fees", "budget": euros("100.00"), "returneeId": child["id"]},
    ]
    plan = (await officer.does("PlanDraft", caseId=case["id"], lines=lines))["plan"]
    plan = (await officer.does("PlanSubmit", planId=plan["id"], expectedVersion=plan["version"]))["plan"]
    digest = {"expectedVersion": plan["version"], "contentDigest": plan["contentDigest"]}
    plan = (await people.coordinator.does("PlanApprove", planId=plan["id"], **digest))["plan"]
    assert plan["status"] == "APPROVED"
    (version,) = (await officer.asks("FieldOfficeCase", id=case["id"]))["plans"]
    workshop: Part = version["items"][0]
    assert workshop["available"] == euros("900.00")
    return workshop


async def they_bought_a_sewing_machine(people: People, case: Part, workshop: Part) -> Part:
    """The line goes down while the draft is sent, and comes back: the same key gets the same answer, and one payment."""
    officer = people.officer
    intention = {"idempotencyKey": str(uuid4()), **a_reimbursement(case["id"], workshop["id"])}
    await officer.loses("PaymentDraft", intention)
    drafted = await officer.sends("PaymentDraft", intention)
    assert (drafted["__typename"], drafted["replayed"]) == ("PaymentDraftPayload", True)
    assert (await officer.asks("FieldOfficePayments"))["totalCount"] == 1
    other = await officer.sends("PaymentDraft", {**intention, "description": "Two sewing machines"})
    assert (other["__typename"], other["differences"]) == ("IdempotencyConflictProblem", ["description"])
    payment: Part = drafted["payment"]
    asked = {"idempotencyKey": str(uuid4()), "paymentId": payment["id"], "expectedVersion": payment["version"]}
    refused = await officer.sends("PaymentSubmit", asked)
    assert (refused["__typename"], refused["kinds"]) == ("DocumentsMissingProblem", ["receipt"])
    return payment


async def the_receipt_is_photographed(people: People, case: Part, payment: Part) -> None:
    """The photo goes straight to the object store, which takes these bytes and no others."""
    officer = people.officer
    announced = await officer.does(
        "DocumentRequestUpload",
        caseId=case["id"],
        kind="RECEIPT",
        fileName="receipt.png",
        mediaType="image/png",
        sizeBytes=len(RECEIPT),
        sha256=hashlib.sha256(RECEIPT).hexdigest(),
    )
    await officer.puts(announced["upload"], RECEIPT)
    document = announced["document"]
    stored = await officer.does("DocumentCompleteUpload", documentId=document["id"], expectedVersion=document["version"])
    assert (stored["document"]["status"], stored["document"]["sizeBytes"]) == ("STORED", len(RECEIPT))
    shown = await officer.does("DocumentAttach", paymentId=payment["id"], documentId=document["id"])
    assert shown["payment"]["documents"] == [{"stage": "REQUEST", "document": {"id": document["id"]}, "duplicates": []}]


async def three_people_let_the_money_go(people: People, payment: Part) -> None:
    """The office hears each step over a WebSocket, the coordinator over server-sent events."""
    officer, approver, coordinator = people.officer, people.approver, people.coordinator
    async with (
        officer.listening("PaymentStatusChanged", payment=payment["id"]) as socket,
        coordinator.streaming("PaymentStatusChanged") as stream,
    ):

        async def told(status: str) -> None:
            for event in (await heard(socket), await streamed(stream)):
                assert (event["id"], event["status"]) == (payment["id"], status)

        asked = {"paymentId": payment["id"], "expectedVersion": payment["version"]}
        await officer.does("PaymentSubmit", **asked)
        await told("SUBMITTED")

        (waiting,) = (await approver.asks("FieldOfficePayments", filter={"status": ["SUBMITTED"]}))["edges"]
        seen = await approver.asks("FieldOfficePayment", id=waiting["node"]["id"])
        assert await approver.gets(seen["documents"][0]["document"]["downloadUrl"]) == RECEIPT
        digest = {"expectedVersion": seen["version"], "contentDigest": seen["contentDigest"]}
        approved = (await approver.does("PaymentApprove", paymentId=seen["id"], **digest))["payment"]
        await told("APPROVED")

        digest = {"expectedVersion": approved["version"], "contentDigest": approved["contentDigest"]}
        released = (await coordinator.does("PaymentRelease", paymentId=seen["id"], **digest))["payment"]
        await told("RELEASED")

        settled = {"paidOn": days_ago(1).isoformat(), "reference": "CASH-17"}
        await officer.does("PaymentConfirm", paymentId=seen["id"], expectedVersion=released["version"], **settled)
        await told("PAID")


async def what_is_left(people: People, case: Part) -> None:
    """Of the item, and of the case."""
    seen = await people.officer.asks("FieldOfficeCase", id=case["id"])
    workshop = seen["plans"][0]["items"][0]
    left = (workshop["spent"], workshop["reserved"], workshop["available"])
    assert left == (euros("300.00"), euros("0.00"), euros("600.00"))
    (budget,) = [balance for balance in seen["balances"] if balance["stream"] == "REINTEGRATION"]
    assert (budget["granted"], budget["spent"], budget["available"]) == (euros("1800.00"), euros("300.00"), euros("1500.00"))
