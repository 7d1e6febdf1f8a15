"""Receivables over the graph: recorded, confirmed, planned, paid, bounced, given up; each refusal as its problem."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from reintegration.api.identifiers import encode
from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.actor import Actor
from reintegration.kernel.ids import new_id
from reintegration.payments import service as payments
from reintegration.storage.client import ObjectStore
from tests.advance_steps import a_float
from tests.builders import CARITAS, COORDINATOR, FINANCE, IOM, OFFICER, OTHER_COORDINATOR, OTHER_OFFICER, days_ago
from tests.operations.desk import Answer, Desk, Wish, open_desk
from tests.operations.mutation_steps import euros as amount
from tests.operations.mutation_steps import part
from tests.payment_steps import a_payment, a_planned_case, done, euros
from tests.proofs import value
from tests.receivable_steps import (
    SECOND_COORDINATOR,
    SECOND_FINANCE,
    Bought,
    as_bought,
    bought,
    out_of_the_float,
    paid,
    refund_of,
)

_MONEY = "{ amount currency }"
_STANDING = f"state outstanding {_MONEY} received {_MONEY} writtenOff {_MONEY} overdue {_MONEY} overdueSince"
_RECEIVABLE = f"receivable {{ id version debtor reason amount {_MONEY} decision {_STANDING} }}"
_UNDER = f"receivable {{ {_STANDING} }}"
_PLAN = f"plan {{ id number total {_MONEY} instalments {{ number dueOn amount {_MONEY} }} {_UNDER} }}"
_RECEIPT = f"receipt {{ id version number amount {_MONEY} euro {_MONEY} takenBackReason {_UNDER} }}"
_WRITE_OFF = f"writeOff {{ id version number amount {_MONEY} decision {_UNDER} }}"
_TODAY = days_ago(0).isoformat()
_KINDS = {
    "receivableId": "Receivable",
    "receiptId": "ReceivableReceipt",
    "writeOffId": "ReceivableWriteOff",
    "lineId": "PaymentLine",
}


@pytest.fixture
async def desk(fresh_database: DatabaseAddresses, object_store: ObjectStore) -> AsyncIterator[Desk]:
    async with open_desk(fresh_database, object_store) as opened:
        yield opened


def wish(name: str, who: Actor, asked: Answer, changed: Answer, shows: str, record: str = "receivableId") -> Wish:
    hidden = OTHER_OFFICER if who == OFFICER else OTHER_COORDINATOR if who.role is COORDINATOR.role else None
    return Wish(
        name=name, who=who, asked=asked, shows=shows, changed=changed, record=record, kind=_KINDS[record], hidden_from=hidden
    )


def claim_of(it: Bought, euro: str) -> Answer:
    return {
        "supplierId": encode("Supplier", it.supplier),
        "lineId": encode("PaymentLine", it.lines[0]),
        "amount": amount(euro),
        "reason": "NOT_DELIVERED",
        "explanation": "Two sheep never came",
        "dueOn": days_ago(-30).isoformat(),
    }


async def code(desk: Desk, who: Actor, name: str, asked: Answer) -> object:
    return (await desk.refused(who, name, asked))["code"]


async def test_what_a_supplier_owes_from_its_record_to_its_end(desk: Desk) -> None:
    it = await bought(desk.work, euros(40_000))
    claim = claim_of(it, "100.00")
    made = await desk.prove(
        wish("receivableRecord", OFFICER, claim, {"explanation": "Three sheep"}, _RECEIVABLE, record="lineId")
    )
    receivable = str(part(made, "receivable", "id"))
    assert (part(made, "receivable", "state"), part(made, "receivable", "outstanding")) == ("PROPOSED", amount("0.00"))
    assert await code(desk, OFFICER, "receivableRecord", claim_of(it, "300.01")) == "CLAIM_TOO_LARGE"

    came = {"receivableId": receivable, "amount": amount("25.00"), "receivedOn": _TODAY, "reference": "CHEQUE-1"}
    assert await code(desk, COORDINATOR, "receivableReceiptRecord", came) == "NOT_OWED"
    decide = {"receivableId": receivable, "expectedVersion": 1, "decision": "APPROVED"}
    confirmed = await desk.prove(wish("receivableDecide", COORDINATOR, decide, {"note": "Seen"}, _RECEIVABLE))
    assert (part(confirmed, "receivable", "state"), part(confirmed, "receivable", "outstanding")) == ("OPEN", amount("100.00"))
    again = {**decide, "expectedVersion": 2}
    assert await code(desk, SECOND_COORDINATOR, "receivableDecide", again) == "ALREADY_DECIDED"

    cheque = await desk.prove(wish("receivableReceiptRecord", COORDINATOR, came, {"reference": "CHEQUE-2"}, _RECEIPT))
    assert (part(cheque, "receipt", "euro"), part(cheque, "receipt", "receivable", "outstanding")) == (
        amount("25.00"),
        amount("75.00"),
    )
    more = {**came, "amount": amount("75.01")}
    assert await code(desk, COORDINATOR, "receivableReceiptRecord", more) == "MORE_THAN_OWED"
    later = {**came, "receivedOn": days_ago(-1).isoformat()}
    assert await code(desk, COORDINATOR, "receivableReceiptRecord", later) == "DATE_IN_FUTURE"
    other = {**came, "amount": {"amount": "1.00", "currency": "USD"}}
    assert await code(desk, COORDINATOR, "receivableReceiptRecord", other) == "INVALID_INPUT"
    taken = {"receiptId": part(cheque, "receipt", "id"), "expectedVersion": 1, "reason": "The cheque bounced"}
    assert await code(desk, COORDINATOR, "receivableReceiptTakeBack", taken) == "SAME_PERSON"
    bounced = await desk.prove(
        wish("receivableReceiptTakeBack", SECOND_COORDINATOR, taken, {"reason": "No"}, _RECEIPT, record="receiptId")
    )
    assert part(bounced, "receipt", "receivable", "outstanding") == amount("100.00")
    twice = {**taken, "expectedVersion": 2}
    assert await code(desk, SECOND_COORDINATOR, "receivableReceiptTakeBack", twice) == "RECEIPT_TAKEN_BACK"

    parts = [{"dueOn": days_ago(-days).isoformat(), "amount": amount("50.00")} for days in (10, 40)]
    plan = {"receivableId": receivable, "instalments": parts}
    for wrong in (parts[:1], [parts[0], {**parts[1], "amount": amount("50.01")}]):
        assert await code(desk, OFFICER, "receivablePlanAgree", {**plan, "instalments": wrong}) == "PLAN_NOT_WHOLE"
    for wrong in ([], [parts[1], parts[0]], parts * 31):
        assert await code(desk, OFFICER, "receivablePlanAgree", {**plan, "instalments": wrong}) == "INVALID_INPUT"
    agreed = await desk.prove(wish("receivablePlanAgree", OFFICER, plan, {"instalments": parts[:1]}, _PLAN))
    assert (part(agreed, "plan", "number"), part(agreed, "plan", "total")) == (1, amount("100.00"))

    lost = {"receivableId": receivable, "amount": amount("40.00"), "reason": "The shop is gone"}
    assert await code(desk, OFFICER, "receivableWriteOffRequest", {**lost, "amount": amount("100.01")}) == "MORE_THAN_OWED"
    asked = await desk.prove(wish("receivableWriteOffRequest", OFFICER, lost, {"reason": "Gone"}, _WRITE_OFF))
    assert await code(desk, OFFICER, "receivableWriteOffRequest", lost) == "WRITE_OFF_OPEN"
    said = {"writeOffId": part(asked, "writeOff", "id"), "expectedVersion": 1, "decision": "APPROVED"}
    await desk.done(COORDINATOR, "receivableReceiptRecord", {**came, "amount": amount("70.00")})
    assert await code(desk, FINANCE, "receivableWriteOffDecide", said) == "MORE_THAN_OWED"
    refusal = {**said, "decision": "REFUSED"}
    given = await desk.prove(
        wish("receivableWriteOffDecide", FINANCE, refusal, {"note": "Ask for the rest"}, _WRITE_OFF, record="writeOffId")
    )
    assert part(given, "writeOff", "receivable", "outstanding") == amount("30.00")
    assert await code(desk, FINANCE, "receivableWriteOffDecide", {**said, "expectedVersion": 2}) == "ALREADY_DECIDED"
    rest = await desk.done(OFFICER, "receivableWriteOffRequest", {**lost, "amount": amount("30.00")}, _WRITE_OFF)
    said["writeOffId"] = part(rest, "writeOff", "id")
    ended = await desk.done(FINANCE, "receivableWriteOffDecide", said, _WRITE_OFF)
    assert part(ended, "writeOff", "receivable", "state") == "WRITTEN_OFF"


async def test_what_a_partner_owes_is_finances_alone(desk: Desk) -> None:
    claim: Answer = {
        "partnerId": encode("Partner", IOM),
        "amount": amount("90.00"),
        "reason": "INELIGIBLE",
        "explanation": "Not a cost of the programme",
        "dueOn": days_ago(45).isoformat(),
    }
    for who in (OFFICER, COORDINATOR):
        assert await code(desk, who, "receivableRecord", claim) == "FORBIDDEN"
    assert await code(desk, FINANCE, "receivableRecord", {**claim, "partnerId": encode("Partner", new_id())}) == "NOT_FOUND"
    nobody = {name: found for name, found in claim.items() if name != "partnerId"}
    assert await code(desk, FINANCE, "receivableRecord", nobody) == "INVALID_INPUT"
    made = await desk.done(FINANCE, "receivableRecord", claim, _RECEIVABLE)
    decide = {"receivableId": part(made, "receivable", "id"), "expectedVersion": 1, "decision": "APPROVED"}
    assert await code(desk, FINANCE, "receivableDecide", decide) == "SAME_PERSON"
    assert await code(desk, COORDINATOR, "receivableDecide", decide) == "FORBIDDEN"
    assert await code(desk, OTHER_COORDINATOR, "receivableDecide", decide) == "NOT_FOUND"
    await desk.done(SECOND_FINANCE, "receivableDecide", decide)
    came = {**decide, "amount": amount("9.00"), "receivedOn": _TODAY, "reference": "T-1"}
    receipt = {name: came[name] for name in ("receivableId", "amount", "receivedOn", "reference")}
    assert await code(desk, COORDINATOR, "receivableReceiptRecord", receipt) == "FORBIDDEN"
    taken = await desk.done(FINANCE, "receivableReceiptRecord", receipt, _RECEIPT)
    assert part(taken, "receipt", "euro") is None
    assert part(taken, "receipt", "receivable", "state") == "OVERDUE"
    asked: Answer = {"receivableId": decide["receivableId"], "amount": amount("1.00"), "reason": "Too little to claim"}
    lost = await desk.done(FINANCE, "receivableWriteOffRequest", asked, _WRITE_OFF)
    said = {"writeOffId": part(lost, "writeOff", "id"), "expectedVersion": 1, "decision": "APPROVED"}
    assert await code(desk, FINANCE, "receivableWriteOffDecide", said) == "SAME_PERSON"
    await desk.done(SECOND_FINANCE, "receivableWriteOffDecide", said)

    ages = f"{{ receivableAgeing {{ debtor daysFrom daysTo receivables outstanding {_MONEY} overdue {_MONEY} }} }}"
    owed = {
        "debtor": "PARTNER",
        "daysFrom": 31,
        "daysTo": 90,
        "receivables": 1,
        "outstanding": amount("80.00"),
        "overdue": amount("80.00"),
    }
    listed = f'{{ receivables(first: 5, filter: {{partner: "{encode("Partner", IOM)}", state: [OVERDUE]}}) {{ totalCount }} }}'
    for who, found in ((FINANCE, [owed]), (COORDINATOR, [owed]), (OFFICER, []), (OTHER_COORDINATOR, [])):
        result = await desk.schema.execute(ages, {}, desk.context(who))
        assert result.data == {"receivableAgeing": found}, who
        result = await desk.schema.execute(listed, {}, desk.context(who))
        assert result.data == {"receivables": {"totalCount": len(found)}}, who


async def test_what_else_is_refused(desk: Desk) -> None:
    it = await bought(desk.work, euros(10_000), budget=10_000)
    claim = claim_of(it, "100.00")
    other = {**claim, "supplierId": encode("Supplier", (await bought(desk.work, euros(100))).supplier)}
    as_partner = {**claim, "supplierId": None, "partnerId": encode("Partner", CARITAS)}
    for who, asked in (
        (OFFICER, other),
        (FINANCE, as_partner),
        (OFFICER, {**claim, "explanation": " "}),
        (OFFICER, {**claim, "amount": amount("0.00")}),
        (OFFICER, {**claim, "amount": {"amount": "1.00", "currency": "USD"}}),
        (OFFICER, {**claim, "caseId": encode("Case", it.plan.case.id)}),
    ):
        assert await code(desk, who, "receivableRecord", asked) == "INVALID_INPUT", asked
    foreign = {**claim, "documentId": encode("Document", new_id())}
    assert await code(desk, OFFICER, "receivableRecord", foreign) == "NOT_FOUND"
    assert await code(desk, FINANCE, "receivableRecord", claim) == "FORBIDDEN"
    made = await desk.done(OFFICER, "receivableRecord", claim, _RECEIVABLE)
    decide: Answer = {"receivableId": part(made, "receivable", "id"), "expectedVersion": 1, "decision": "APPROVED"}
    of_payment = "payments(first: 5) { edges { node { supplier { owes } } } }"
    owes = f'{{ case(id: "{encode("Case", it.plan.case.id)}") {{ owes {of_payment} }} }}'
    for is_owed in (False, True):
        shown = await desk.schema.execute(owes, {}, desk.context(OFFICER))
        # The supplier owes it, not the returnee.
        node = {"node": {"supplier": {"owes": is_owed}}}
        assert shown.data == {"case": {"owes": False, "payments": {"edges": [node]}}}
        if not is_owed:
            await desk.done(FINANCE, "receivableDecide", decide)
    receipt: Answer = {
        "receivableId": decide["receivableId"],
        "amount": amount("99.00"),
        "receivedOn": days_ago(1).isoformat(),
        "reference": "C-1",
    }
    assert await code(desk, COORDINATOR, "receivableReceiptRecord", {**receipt, "receivedOn": days_ago(9).isoformat()}) == (
        "INVALID_INPUT"
    )
    cheque = await desk.done(COORDINATOR, "receivableReceiptRecord", receipt, _RECEIPT)
    await paid(desk.work, it.plan, euros(9_900))
    taken = {"receiptId": part(cheque, "receipt", "id"), "expectedVersion": 1, "reason": "The cheque bounced"}
    assert await code(desk, SECOND_COORDINATOR, "receivableReceiptTakeBack", taken) == "NOT_ENOUGH_LEFT"
    again = await bought(desk.work, euros(10_000))
    made = await desk.done(OFFICER, "receivableRecord", claim_of(again, "50.00"), _RECEIVABLE)
    await desk.done(COORDINATOR, "receivableDecide", {**decide, "receivableId": part(made, "receivable", "id")})
    await done(desk.work, OFFICER, payments.request_refund, await refund_of(desk.work, again, euros(100)))
    held = {**receipt, "receivableId": part(made, "receivable", "id"), "amount": amount("1.00")}
    assert await code(desk, COORDINATOR, "receivableReceiptRecord", held) == "REFUND_OPEN"
    assert await value(desk.work, "select count(*) from receivable_receipts") == 1
    nowhere = replace(again, lines=(new_id(),))
    assert await code(desk, OFFICER, "receivableRecord", claim_of(nowhere, "1.00")) == "NOT_FOUND"
    # What is not paid is no loss yet.
    plan = await a_planned_case(desk.work)
    released = await as_bought(desk.work, plan, await a_payment(desk.work, plan, 1_000, status="released"))
    assert await code(desk, OFFICER, "receivableRecord", claim_of(released, "1.00")) == "TRANSITION_NOT_ALLOWED"


async def test_what_the_float_has_spent_again_is_not_taken_back(desk: Desk) -> None:
    advance = await a_float(desk.work, euros(10_000), euros(10_000), on=days_ago(30))
    it = await out_of_the_float(desk.work, euros(10_000))
    made = await desk.done(OFFICER, "receivableRecord", claim_of(it, "60.00"), _RECEIVABLE)
    receivable = part(made, "receivable", "id")
    await desk.done(COORDINATOR, "receivableDecide", {"receivableId": receivable, "expectedVersion": 1, "decision": "APPROVED"})
    came = {"receivableId": receivable, "amount": amount("60.00"), "receivedOn": _TODAY, "reference": "CHEQUE-1"}
    cheque = await desk.done(COORDINATOR, "receivableReceiptRecord", came, _RECEIPT)
    await out_of_the_float(desk.work, euros(6_000))
    taken = {"receiptId": part(cheque, "receipt", "id"), "expectedVersion": 1, "reason": "The cheque bounced"}
    assert await code(desk, SECOND_COORDINATOR, "receivableReceiptTakeBack", taken) == "NOT_ENOUGH_HELD"
    assert await value(desk.work, "select count(*) from receivable_receipts where taken_back_at is null") == 1
    held = "select sum(p.amount_minor) from cash_postings p where p.account_id = $1"
    assert await value(desk.work, held, advance) == 0
