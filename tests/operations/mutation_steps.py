"""Steps that several tests of mutations need done, and what they read from an answer."""

import hashlib
from typing import cast
from uuid import uuid4

from aiohttp import ClientSession

from reintegration.api.identifiers import encode
from tests.builders import (
    APPROVER,
    COORDINATOR,
    MONGOLIA,
    OFFICER,
    BuiltCase,
    days_ago,
)
from tests.operations.desk import Answer, Desk

RECEIPT = b"%PDF-1.4 a receipt"


REGISTRATION: dict[str, object] = {
    "countryOfReturn": "MN",
    "intake": {
        "administrativeStatus": "REJECTED_APPLICANT",
        "referralChannel": "FEDASIL_DESK",
        "appliedOn": days_ago(60).isoformat(),
    },
    "members": [
        {
            "role": "HEAD",
            "gender": "FEMALE",
            "birthDate": "1985-03-02",
            "nationality": "MN",
            "familyName": "Бат",
            "givenNames": "Оюун",
            "latinName": "Oyuun Bat",
        }
    ],
}


PAYMENT = "payment { id version status contentDigest }"


def case_id(case: BuiltCase) -> str:
    return encode("Case", case.id)


def part(answer: Answer, *names: str) -> str:
    """A text or number inside an answer."""
    found: object = answer
    for name in names:
        found = cast("Answer", found)[name]
    return cast("str", found)


def euros(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


async def send(desk: Desk, case: BuiltCase, kind: str) -> str:
    """A stored document of the case; every one has other bytes."""
    data = RECEIPT + uuid4().bytes
    asked = {
        "caseId": case_id(case),
        "kind": kind,
        "fileName": "чек.pdf",
        "mediaType": "application/pdf",
        "sizeBytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    shows = "document { id version } upload { url method headers { name value } }"
    answer = await desk.done(OFFICER, "documentRequestUpload", asked, shows)
    await upload(cast("Answer", answer["upload"]), data)
    document = cast("Answer", answer["document"])
    await desk.done(OFFICER, "documentCompleteUpload", {"documentId": document["id"], "expectedVersion": document["version"]})
    return cast("str", document["id"])


async def upload(signed: Answer, data: bytes) -> None:
    headers = {header["name"]: header["value"] for header in cast("list[dict[str, str]]", signed["headers"])}
    async with (
        ClientSession() as session,
        session.request(part(signed, "method"), part(signed, "url"), data=data, headers=headers) as response,
    ):
        assert response.status == 200, await response.text()


def plan_of(case: BuiltCase, *budgets: str) -> dict[str, object]:
    lines = [{"kind": "MICRO_BUSINESS", "description": "Sheep", "budget": euros(budget)} for budget in budgets]
    return {"caseId": case_id(case), "lines": lines}


async def an_item(desk: Desk, case: BuiltCase) -> str:
    """An item of 1,500 EUR in the approved plan of the case."""
    shows = "plan { id version contentDigest items { id } }"
    drafted = await desk.done(OFFICER, "planDraft", plan_of(case, "1500.00"), shows)
    plan = cast("Answer", drafted["plan"])
    submitted = await desk.done(OFFICER, "planSubmit", {"planId": plan["id"], "expectedVersion": 1}, shows)
    version = part(submitted, "plan", "version")
    asked = {"planId": plan["id"], "expectedVersion": version, "contentDigest": plan["contentDigest"]}
    await desk.done(COORDINATOR, "planApprove", asked)
    return cast("list[dict[str, str]]", plan["items"])[0]["id"]


async def a_supplier(desk: Desk) -> str:
    asked = {"fieldOfficeId": encode("FieldOffice", MONGOLIA), "name": f"Cashmere {uuid4()}"}
    return part(await desk.done(OFFICER, "supplierRegister", asked, "supplier { id }"), "supplier", "id")


def content(supplier: str, amount: str = "100.00") -> dict[str, object]:
    return {
        "description": "Sheep",
        "paymentDate": days_ago(3).isoformat(),
        "lines": [{"description": "Ten sheep", "amount": euros(amount)}],
        "supplierId": supplier,
        "invoiceNumber": f"F-{uuid4()}",
    }


async def a_draft(desk: Desk, case: BuiltCase, item: str) -> tuple[str, str]:
    """A draft with its invoice, and its supplier."""
    supplier = await a_supplier(desk)
    asked = {
        "caseId": case_id(case),
        "kind": "SUPPLIER_DIRECT",
        "planItemId": item,
        **content(supplier),
    }
    payment = part(await desk.done(OFFICER, "paymentDraft", asked, PAYMENT), "payment", "id")
    document = await send(desk, case, "INVOICE")
    await desk.done(OFFICER, "documentAttach", {"paymentId": payment, "documentId": document})
    return payment, supplier


async def a_released_payment(desk: Desk, case: BuiltCase, item: str) -> str:
    payment, _ = await a_draft(desk, case, item)
    answer = await desk.done(OFFICER, "paymentSubmit", {"paymentId": payment, "expectedVersion": 1}, PAYMENT)
    for who, name in ((APPROVER, "paymentApprove"), (COORDINATOR, "paymentRelease")):
        asked = {
            "paymentId": payment,
            "expectedVersion": part(answer, "payment", "version"),
            "contentDigest": part(answer, "payment", "contentDigest"),
        }
        answer = await desk.done(who, name, asked, PAYMENT)
    assert part(answer, "payment", "status") == "RELEASED"
    return payment
