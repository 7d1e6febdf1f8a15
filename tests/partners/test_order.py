"""A partner whose news comes in the wrong order: what can't be yet is refused and changes nothing, and works in its turn."""

from reintegration.api.identifiers import encode
from reintegration.kernel.actor import Role
from tests.builders import IOM, MONGOLIA, days_ago
from tests.operations.walk import euros
from tests.partners.messages import message
from tests.partners.orders import an_order
from tests.partners.partner import open_partner
from tests.partners.sheets import PLAIN
from tests.partners.site import Part, Site
from tests.payment_steps import euros as cents
from tests.receivable_steps import Bought, bought


async def test_an_outcome_before_the_release(site: Site) -> None:
    order = await an_order(site, status="approved")
    for version in (3, 4):
        wrong = "TRANSITION_NOT_ALLOWED" if version == 3 else "VERSION_CONFLICT"
        assert await order.refused(site.officer, "PaymentConfirm", order.paid(version)) == wrong
        assert await order.refused(site.coordinator, "PaymentFail", order.failed(version)) == wrong
    early = order.paid(4)
    assert await order.refused(site.officer, "PaymentConfirm", early) == "VERSION_CONFLICT"
    seen = await site.approver.asks("FieldOfficePayment", id=order.payment)
    asked = {"paymentId": order.payment, "expectedVersion": 3, "contentDigest": seen["contentDigest"]}
    await site.coordinator.does("PaymentRelease", **asked)
    # The same message of the partner once more: now its proof is missing, and then it counts, under the key that was refused.
    assert await order.refused(site.officer, "PaymentConfirm", early) == "DOCUMENTS_MISSING"
    case = await site.sees("query ($id: ID!) { payment(id: $id) { case { id } } }", id=order.payment)
    await site.officer.shows(case["case"]["id"], order.payment, "PROOF_OF_PAYMENT", b"\x89PNG\r\n\x1a\n paid")
    answer = await site.officer.sends("PaymentConfirm", early)
    assert (answer["__typename"], answer["replayed"]) == ("PaymentConfirmPayload", False)
    now = await order.standing()
    assert (now.status, now.reserved, now.spent, now.available) == ("PAID", "0.00", "400.00", "1400.00")
    await site.holds()


async def test_the_second_statement_before_the_first(site: Site) -> None:
    partner = await open_partner(site)
    for place, minor in enumerate((-500, 200, -300, 900, -100, -100)):
        partner.books.move(minor, days_ago(20 - place))
    pieces = [partner.books.statement(start, start + 2, number=start // 2 + 1) for start in (0, 2, 4)]
    third = await partner.sends(PLAIN.file(pieces[2]))
    second = await partner.sends(message(pieces[1]).encode(), form="CAMT053")
    assert (third.code, second.code) == ("STATEMENT_GAP", "STATEMENT_GAP")
    await partner.agrees()
    assert (await partner.told(pieces[0].movements, PLAIN.file(pieces[0]))).code is None
    assert (await partner.imports(str(third.file))).code == "STATEMENT_GAP"
    for late, piece in ((second, pieces[1]), (third, pieces[2])):
        # The files lie in the store since they were refused: nobody has to send them again.
        assert (await partner.imports(str(late.file))).code is None
        partner.accepted.extend(piece.movements)
    held = await partner.agrees()
    assert (held.balance, len(held.lines)) == ("5001.00", 6)


async def test_an_older_statement_after_a_newer_one_is_not_slipped_in(site: Site) -> None:
    """Movements of nothing together: balances would let the older one follow the newer."""
    partner = await open_partner(site)
    for minor, day in ((800, 20), (-800, 20), (700, 9), (-700, 9)):
        partner.books.move(minor, days_ago(day))
    await partner.tells(2)
    verdict = await partner.sends(PLAIN.file(partner.books.statement(0, 2)))
    assert verdict.code == "STATEMENT_GAP"
    assert f"an end on {days_ago(9)} or later was expected, not on {days_ago(20)}" in verdict.message
    partner.accepted[:] = partner.books.movements[2:]
    await partner.agrees()


async def test_a_receipt_before_the_receivable_is_confirmed(site: Site) -> None:
    it: Bought = await bought(site.work, cents(40_000))
    claim = {
        "supplierId": encode("Supplier", it.supplier),
        "lineId": encode("PaymentLine", it.lines[0]),
        "amount": euros("100.00"),
        "reason": "NOT_DELIVERED",
        "explanation": "Two sheep never came",
        "dueOn": days_ago(-30).isoformat(),
    }
    made: Part = (await site.officer.does("ReceivableRecord", **claim))["receivable"]
    came = {"receivableId": made["id"], "amount": euros("60.00"), "receivedOn": days_ago(1).isoformat(), "reference": "CHEQUE-1"}
    assert await site.refused(site.coordinator, "ReceivableReceiptRecord", **came) == "NOT_OWED"
    await site.holds()
    decided = {"receivableId": made["id"], "expectedVersion": 1, "decision": "APPROVED"}
    await site.coordinator.does("ReceivableDecide", **decided)
    await site.coordinator.does("ReceivableReceiptRecord", **came)
    more = {**came, "amount": euros("40.01")}
    assert await site.refused(site.coordinator, "ReceivableReceiptRecord", **more) == "MORE_THAN_OWED"
    seen = await site.sees(
        "query ($id: ID!) { receivable(id: $id) { received { amount } outstanding { amount } } }", id=made["id"]
    )
    assert seen == {"received": {"amount": "60.00"}, "outstanding": {"amount": "40.00"}}
    await site.holds()


async def test_money_comes_back_before_it_arrived(site: Site) -> None:
    sent = {"sentOn": days_ago(9).isoformat(), "reference": "T-1", "currency": "EUR"}
    partner: Part = await site.finance.does("AdvanceSend", partnerId=encode("Partner", IOM), amount=euros("500.00"), **sent)
    source = partner["advance"]["id"]
    onward = {"officeId": encode("FieldOffice", MONGOLIA), "sourceId": source, "amount": euros("200.00"), **sent}
    assert await site.refused(site.coordinator, "AdvanceSend", **onward) == "ADVANCE_CLOSED"
    arrived = {"expectedVersion": 1, "receivedOn": days_ago(8).isoformat()}
    await site.coordinator.does("AdvanceReceive", advanceId=source, amount=euros("500.00"), **arrived)
    office = (await site.coordinator.does("AdvanceSend", **onward))["advance"]["id"]
    back = {"advanceId": office, "amount": euros("50.00"), "sentOn": days_ago(2).isoformat(), "reference": "B-1"}
    assert await site.refused(site.officer, "AdvanceReturnSend", **back) == "ADVANCE_CLOSED"
    assert await site.refused(site.coordinator, "AdvanceSettle", advanceId=office, expectedVersion=1) == "TRANSITION_NOT_ALLOWED"
    await site.approver.does("AdvanceReceive", advanceId=office, amount=euros("199.00"), **arrived)
    twice = {"advanceId": office, "amount": euros("200.00"), **arrived}
    assert await site.refused(site.approver, "AdvanceReceive", **twice) == "VERSION_CONFLICT"
    early = {**back, "sentOn": days_ago(9).isoformat()}
    assert await site.refused(site.officer, "AdvanceReturnSend", **early) == "INVALID_INPUT"
    returned: Part = (await site.officer.does("AdvanceReturnSend", **back))["advanceReturn"]
    assert await site.refused(site.officer, "AdvanceReturnSend", **{**back, "amount": euros("149.01")}) == "NOT_ENOUGH_HELD"
    taken = {"returnId": returned["id"], "expectedVersion": 1, "amount": euros("50.00"), "receivedOn": days_ago(3).isoformat()}
    assert await site.refused(site.coordinator, "AdvanceReturnReceive", **taken) == "INVALID_INPUT"
    second = site.person(Role.PARTNER_COORDINATOR, "second-coordinator")
    await second.does("AdvanceReturnReceive", **{**taken, "receivedOn": days_ago(1).isoformat()})
    assert await site.refused(second, "AdvanceReturnReceive", **taken) == "VERSION_CONFLICT"
    seen = await site.sees("query ($id: ID!) { advance(id: $id) { received { amount } held { amount } } }", id=office)
    assert seen == {"received": {"amount": "199.00"}, "held": {"amount": "149.00"}}
    await site.holds()
