"""Refunds over the graph: what they do, what they refuse, and that a repetition does nothing."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from reintegration.api.identifiers import encode
from reintegration.database.embedded import DatabaseAddresses
from reintegration.storage.client import ObjectStore
from tests.builders import COORDINATOR, OFFICER, OTHER_COORDINATOR, OTHER_OFFICER, days_ago
from tests.operations.desk import Desk, Wish, open_desk
from tests.operations.mutation_steps import euros, part
from tests.payment_steps import a_payment, a_planned_case, attach
from tests.proofs import value

_SHOWS = (
    "refund { id version number amount { amount currency } euro { amount } receivedOn reference reason requestedBy decision"
    " decidedBy decisionNote line { position } evidence { stage } payment { status refunds { id }"
    " planItem { available { amount } spent { amount } } postings { kind } } }"
)


@pytest.fixture
async def desk(database_urls: DatabaseAddresses, object_store: ObjectStore) -> AsyncIterator[Desk]:
    async with open_desk(database_urls, object_store) as opened:
        yield opened


def payment(refund: str, available: str, spent: str, *kinds: str) -> dict[str, object]:
    return {
        "status": "PAID",
        "refunds": [{"id": refund}],
        "planItem": {"available": {"amount": available}, "spent": {"amount": spent}},
        "postings": [{"kind": kind} for kind in ("PAYMENT_RESERVED", "PAYMENT_SPENT", *kinds)],
    }


async def test_a_supplier_gives_a_part_back_and_the_coordinator_agrees(desk: Desk) -> None:
    paid = await a_payment(desk.work, await a_planned_case(desk.work, 90_000), 40_000)
    line = await value(desk.work, "select id from payment_lines where payment_id = $1", paid)
    sql = "select document_id from payment_documents where payment_id = $1 and stage = 'settlement'"
    proof = await value(desk.work, sql, paid)
    ids = {"lineId": encode("PaymentLine", UUID(str(line))), "documentId": encode("Document", UUID(str(proof)))}
    back = {"amount": euros("25.50"), "receivedOn": days_ago(1).isoformat(), "reference": "BANK-9", "reason": "A sheep short"}
    asked = await desk.prove(
        Wish(
            name="paymentRefundRequest",
            who=OFFICER,
            asked={"paymentId": encode("Payment", paid), **ids, **back},
            shows=_SHOWS,
            changed={"amount": euros("25.51")},
            differences=("amount.amount",),
            record="paymentId",
            kind="Payment",
            hidden_from=OTHER_OFFICER,
        )
    )
    refund = part(asked, "refund", "id")
    assert asked["refund"] == {
        "id": refund,
        "version": 1,
        "number": 1,
        "amount": euros("25.50"),
        "euro": {"amount": "25.50"},
        "receivedOn": days_ago(1).isoformat(),
        "reference": "BANK-9",
        "reason": "A sheep short",
        "requestedBy": OFFICER.id,
        "decision": None,
        "decidedBy": None,
        "decisionNote": None,
        "line": {"position": 1},
        "evidence": {"stage": "SETTLEMENT"},
        "payment": payment(refund, "500.00", "400.00"),
    }
    decided = await desk.prove(
        Wish(
            name="paymentRefundDecide",
            who=COORDINATOR,
            asked={"refundId": refund, "expectedVersion": 1, "decision": "APPROVED", "note": "Seen on the statement"},
            shows=_SHOWS,
            changed={"decision": "REFUSED"},
            differences=("decision",),
            record="refundId",
            kind="PaymentRefund",
            hidden_from=OTHER_COORDINATOR,
        )
    )
    found = decided["refund"]
    assert isinstance(found, dict)
    assert {name: found[name] for name in ("version", "decision", "decidedBy", "decisionNote", "payment")} == {
        "version": 2,
        "decision": "APPROVED",
        "decidedBy": COORDINATOR.id,
        "decisionNote": "Seen on the statement",
        "payment": payment(refund, "525.50", "374.50", "PAYMENT_REFUNDED"),
    }


async def test_a_payment_is_confirmed_in_part(desk: Desk) -> None:
    released = await a_payment(desk.work, await a_planned_case(desk.work, 90_000), 40_000, status="released")
    await attach(desk.work, released, "proof_of_payment")
    line = encode(
        "PaymentLine", UUID(str(await value(desk.work, "select id from payment_lines where payment_id = $1", released)))
    )
    paid = {"paymentId": encode("Payment", released), "expectedVersion": 4, "paidOn": days_ago(1).isoformat(), "reference": "B-1"}
    shows = "payment { status total { amount } shortfalls { amount { amount } euro { amount } line { position } } }"
    part_of_it = {"paidInPart": [{"lineId": line, "amount": euros("150.01")}]}
    done = await desk.done(OFFICER, "paymentConfirm", {**paid, **part_of_it}, shows)
    assert done["payment"] == {
        "status": "PAID",
        "total": {"amount": "400.00"},
        "shortfalls": [{"amount": {"amount": "249.99"}, "euro": {"amount": "249.99"}, "line": {"position": 1}}],
    }
