"""Every mutation of suppliers and payments once: what it does, what it refuses, and that a repetition does nothing."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from reintegration.api.identifiers import encode
from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.actor import Role
from reintegration.storage.client import ObjectStore
from tests import builders
from tests.builders import (
    APPROVER,
    CAMEROON,
    COORDINATOR,
    MONGOLIA,
    OFFICER,
    OTHER_COORDINATOR,
    OTHER_OFFICER,
    actor,
    days_ago,
)
from tests.operations.desk import Desk, Wish, open_desk
from tests.operations.mutation_steps import (
    PAYMENT,
    a_draft,
    a_released_payment,
    an_item,
    case_id,
    content,
    part,
    send,
)

OTHER_APPROVER = actor(Role.FIELD_APPROVER, "approver-of-cameroon", office=CAMEROON)


@pytest.fixture
async def desk(database_urls: DatabaseAddresses, object_store: ObjectStore) -> AsyncIterator[Desk]:
    async with open_desk(database_urls, object_store) as opened:
        yield opened


async def test_a_payment_goes_from_draft_to_reversal(desk: Desk) -> None:
    case = await builders.a_granted_case(desk.work)
    item = await an_item(desk, case)
    registered = await desk.prove(
        Wish(
            name="supplierRegister",
            who=OFFICER,
            asked={"fieldOfficeId": encode("FieldOffice", MONGOLIA), "name": f"Cashmere {uuid4()}"},
            shows="supplier { id version }",
            changed={"taxNumber": "12"},
            record="fieldOfficeId",
            kind="FieldOffice",
            hidden_from=OTHER_OFFICER,
        )
    )
    supplier = part(registered, "supplier", "id")
    asked = {"caseId": case_id(case), "kind": "SUPPLIER_DIRECT", "planItemId": item, **content(supplier)}
    drafted = await desk.prove(
        Wish(
            name="paymentDraft",
            who=OFFICER,
            asked=asked,
            shows=PAYMENT,
            changed={"kind": "REIMBURSEMENT"},
            record="caseId",
            kind="Case",
            hidden_from=OTHER_OFFICER,
        )
    )
    payment = part(drafted, "payment", "id")
    document = await send(desk, case, "INVOICE")
    await desk.done(OFFICER, "documentAttach", {"paymentId": payment, "documentId": document})

    def wish(name: str, who: builders.Actor, hidden: builders.Actor, asked: dict[str, object], **changed: object) -> Wish:
        return Wish(
            name=name,
            who=who,
            asked={"paymentId": payment, **asked},
            shows=PAYMENT,
            changed=changed or {"expectedVersion": 77},
            record="paymentId",
            kind="Payment",
            hidden_from=hidden,
        )

    amended = await desk.prove(
        Wish(
            name="paymentAmend",
            who=OFFICER,
            asked={"paymentId": payment, "expectedVersion": 1, **content(supplier, "250.00")},
            shows="payment { version status lines { amount { amount } } }",
            changed={"expectedVersion": 2},
            record="paymentId",
            kind="Payment",
            hidden_from=OTHER_OFFICER,
        )
    )
    assert amended["payment"] == {"version": 2, "status": "DRAFT", "lines": [{"amount": {"amount": "250.00"}}]}
    await desk.prove(wish("paymentSubmit", OFFICER, OTHER_OFFICER, {"expectedVersion": 2}))
    returned = await desk.prove(
        wish("paymentReturn", APPROVER, OTHER_APPROVER, {"expectedVersion": 3, "reason": "Date?"}, reason="Sum?")
    )
    assert (part(returned, "payment", "status"), part(returned, "payment", "contentDigest")) == ("DRAFT", None)
    submitted = await desk.done(OFFICER, "paymentSubmit", {"paymentId": payment, "expectedVersion": 4}, PAYMENT)
    digest = part(submitted, "payment", "contentDigest")
    seen: dict[str, object] = {"contentDigest": digest}
    approved = await desk.prove(wish("paymentApprove", APPROVER, OTHER_APPROVER, {"expectedVersion": 5, **seen}))
    assert part(approved, "payment", "status") == "APPROVED"
    await desk.prove(wish("paymentRelease", COORDINATOR, OTHER_COORDINATOR, {"expectedVersion": 6, **seen}))
    unknown = await desk.prove(
        wish(
            "paymentMarkUnconfirmed",
            COORDINATOR,
            OTHER_COORDINATOR,
            {"expectedVersion": 7, "reason": "The bank is silent"},
            reason="No answer",
        )
    )
    assert part(unknown, "payment", "status") == "UNCONFIRMED"
    proof = await send(desk, case, "PROOF_OF_PAYMENT")
    await desk.done(OFFICER, "documentAttach", {"paymentId": payment, "documentId": proof})
    paid = await desk.prove(
        wish(
            "paymentConfirm",
            COORDINATOR,
            OTHER_COORDINATOR,
            {"expectedVersion": 8, "paidOn": days_ago(3).isoformat(), "reference": "B-1"},
            reference="B-2",
        )
    )
    assert part(paid, "payment", "status") == "PAID"
    reversal = await desk.prove(
        wish("paymentReverse", COORDINATOR, OTHER_COORDINATOR, {"expectedVersion": 9, "reason": "Came back"}, reason="Why")
    )
    assert (part(reversal, "payment", "status"), part(reversal, "payment", "version")) == ("REVERSED", 10)


async def test_a_payment_is_cancelled_or_fails(desk: Desk) -> None:
    case = await builders.a_granted_case(desk.work)
    item = await an_item(desk, case)
    draft, _ = await a_draft(desk, case, item)
    cancelled = await desk.prove(
        Wish(
            name="paymentCancel",
            who=OFFICER,
            asked={"paymentId": draft, "expectedVersion": 1},
            shows=PAYMENT,
            changed={"expectedVersion": 2},
            record="paymentId",
            kind="Payment",
            hidden_from=OTHER_OFFICER,
        )
    )
    assert part(cancelled, "payment", "status") == "CANCELLED"
    released = await a_released_payment(desk, case, item)
    failed = await desk.prove(
        Wish(
            name="paymentFail",
            who=COORDINATOR,
            asked={"paymentId": released, "expectedVersion": 4, "reason": "Refused by the bank"},
            shows=PAYMENT,
            changed={"reason": "Lost"},
            record="paymentId",
            kind="Payment",
            hidden_from=OTHER_COORDINATOR,
        )
    )
    assert part(failed, "payment", "status") == "FAILED"
