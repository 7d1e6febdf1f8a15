"""Every mutation of plans and evidence once: what it does, what it refuses, and that a repetition does nothing."""

import hashlib
from collections.abc import AsyncIterator
from typing import cast
from uuid import uuid4

import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.storage.client import ObjectStore
from tests import builders
from tests.builders import (
    COORDINATOR,
    OFFICER,
    OTHER_COORDINATOR,
    OTHER_OFFICER,
)
from tests.operations.desk import Answer, Desk, Wish, open_desk
from tests.operations.mutation_steps import (
    RECEIPT,
    a_draft,
    an_item,
    case_id,
    part,
    plan_of,
    upload,
)


@pytest.fixture
async def desk(database_urls: DatabaseAddresses, object_store: ObjectStore) -> AsyncIterator[Desk]:
    async with open_desk(database_urls, object_store) as opened:
        yield opened


async def test_a_plan_is_drafted_submitted_rejected_and_approved(desk: Desk) -> None:
    case = await builders.a_granted_case(desk.work)
    shows = "plan { id number version status contentDigest items { budget { amount } } }"
    drafted = await desk.prove(
        Wish(
            name="planDraft",
            who=OFFICER,
            asked=plan_of(case, "1000.00", "500.00"),
            shows=shows,
            changed=plan_of(case, "1000.00", "400.00"),
            differences=("lines[1].budget.amount",),
            record="caseId",
            kind="Case",
            hidden_from=OTHER_OFFICER,
        )
    )
    assert part(drafted, "plan", "status") == "DRAFT"
    plan = part(drafted, "plan", "id")
    submitted = await desk.prove(
        Wish(
            name="planSubmit",
            who=OFFICER,
            asked={"planId": plan, "expectedVersion": 1},
            shows=shows,
            changed={"expectedVersion": 2},
            record="planId",
            kind="Plan",
            hidden_from=OTHER_OFFICER,
        )
    )
    assert (part(submitted, "plan", "status"), part(submitted, "plan", "version")) == ("SUBMITTED", 2)
    rejected = await desk.prove(
        Wish(
            name="planReject",
            who=COORDINATOR,
            asked={"planId": plan, "expectedVersion": 2, "reason": "Too many sheep"},
            shows="plan { status decisionNote }",
            changed={"reason": "Too few sheep"},
            record="planId",
            kind="Plan",
            hidden_from=OTHER_COORDINATOR,
        )
    )
    assert rejected["plan"] == {"status": "REJECTED", "decisionNote": "Too many sheep"}
    second = await desk.done(OFFICER, "planDraft", plan_of(case, "1000.00"), shows)
    plan = part(second, "plan", "id")
    await desk.done(OFFICER, "planSubmit", {"planId": plan, "expectedVersion": 1})
    approved = await desk.prove(
        Wish(
            name="planApprove",
            who=COORDINATOR,
            asked={"planId": plan, "expectedVersion": 2, "contentDigest": part(second, "plan", "contentDigest")},
            shows="plan { number status items { available { amount } } case { status } }",
            changed={"contentDigest": "0" * 64},
            record="planId",
            kind="Plan",
            hidden_from=OTHER_COORDINATOR,
        )
    )
    assert approved["plan"] == {
        "number": 2,
        "status": "APPROVED",
        "items": [{"available": {"amount": "1000.00"}}],
        "case": {"status": "IMPLEMENTING"},
    }


async def test_evidence_is_announced_sent_verified_and_attached(desk: Desk) -> None:
    case = await builders.a_granted_case(desk.work)
    item = await an_item(desk, case)
    data = RECEIPT + uuid4().bytes
    shows = "document { id version status } upload { url method headers { name value } expiresAt }"
    asked = {
        "caseId": case_id(case),
        "kind": "INVOICE",
        "fileName": "чек.pdf",
        "mediaType": "application/pdf",
        "sizeBytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    announced = await desk.prove(
        Wish(
            name="documentRequestUpload",
            who=OFFICER,
            asked=asked,
            shows="document { id version status }",
            changed={"kind": "RECEIPT"},
            record="caseId",
            kind="Case",
            hidden_from=OTHER_OFFICER,
        )
    )
    document = part(announced, "document", "id")
    key = uuid4()
    first = await desk.ask(OFFICER, "documentRequestUpload", {**asked, "kind": "RECEIPT"}, shows, key=key)
    again = await desk.ask(OFFICER, "documentRequestUpload", {**asked, "kind": "RECEIPT"}, shows, key=key)
    assert again["document"] == first["document"]
    assert part(again, "upload", "method") == "PUT"
    complete: dict[str, object] = {"documentId": part(again, "document", "id"), "expectedVersion": 1}
    missing = await desk.refused(OFFICER, "documentCompleteUpload", complete)
    assert missing["code"] == "UPLOAD_MISSING"
    await upload(cast("Answer", again["upload"]), data)
    stored = await desk.prove(
        Wish(
            name="documentCompleteUpload",
            who=OFFICER,
            asked=complete,
            shows="document { version status }",
            changed={"expectedVersion": 2},
            record="documentId",
            kind="Document",
            hidden_from=OTHER_OFFICER,
        )
    )
    assert stored["document"] == {"version": 2, "status": "STORED"}
    late = await desk.ask(OFFICER, "documentRequestUpload", {**asked, "kind": "RECEIPT"}, shows, key=key)
    assert (late["replayed"], late["upload"], part(late, "document", "status")) == (True, None, "STORED")
    payment, _ = await a_draft(desk, case, item)
    unsent = await desk.refused(OFFICER, "documentAttach", {"paymentId": payment, "documentId": document})
    assert unsent["code"] == "UPLOAD_MISSING"
    attached = await desk.prove(
        Wish(
            name="documentAttach",
            who=OFFICER,
            asked={"paymentId": payment, "documentId": complete["documentId"]},
            shows="document { id } payment { id documents { stage } }",
            changed={"documentId": document},
            record="paymentId",
            kind="Payment",
            hidden_from=OTHER_OFFICER,
        )
    )
    assert attached["payment"] == {"id": payment, "documents": [{"stage": "REQUEST"}, {"stage": "REQUEST"}]}
