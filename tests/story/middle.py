"""The middle of the month: what is paid, what is refused, what nobody knows, what comes back, and what was budgeted elsewhere."""

from typing import Final

from tests.operations.walk import Part
from tests.story.carrying import (
    a_key,
    approved,
    asked_for,
    carried,
    confirmed,
    drafted,
    now_of,
    paper,
    released,
    together,
)
from tests.story.forty import DELIVERED, FORTY, PAYMENTS
from tests.story.payment import BELGIUM
from tests.story.setting import Story, money, seen, version_of

_ANEW: Final = frozenset({26, 40})
_LATER: Final = frozenset({14, *_ANEW, 39})
"""Not yet: after the re-budget, made anew, and the one that stays a draft."""
_UNKNOWN: Final = frozenset({25, 29})
_LATE: Final = 37


async def payments_are_made(story: Story) -> None:
    """Most of the forty: prepared, approved and released by three people, and confirmed with proof."""
    await a_connection_breaks(story)
    now = [payment for payment in FORTY if payment.source != BELGIUM and payment.number not in _LATER]
    await together(drafted(story, payment) for payment in now)
    await drafted(story, PAYMENTS[39])
    await together(approved(story, payment) for payment in now)
    await three_people(story)
    for payment in now:  # in order: what a payment's money has cost hangs on what is left
        await (a_release_is_lost(story) if payment.number == 3 else released(story, payment))
    await nobody_pays_twice(story)
    paid = [payment for payment in now if payment.number not in {*_UNKNOWN, _LATE, 22}]
    await together(confirmed(story, payment) for payment in paid)
    await the_roof_in_part(story)


async def a_connection_breaks(story: Story) -> None:
    """The line is cut as the answer to the mixer's draft comes: the same key gets the same answer, and there is one payment."""
    officer, mixer = story.officer, PAYMENTS[3]
    before = (await officer.asks("FieldOfficePayments"))["totalCount"]
    intention = {"idempotencyKey": a_key(), **asked_for(story, mixer)}
    await officer.loses("PaymentDraft", intention)
    answers = [await officer.sends("PaymentDraft", intention) for _ in range(2)]
    assert [(answer["__typename"], answer["replayed"]) for answer in answers] == [("PaymentDraftPayload", True)] * 2
    assert answers[0] == answers[1]
    assert (await officer.asks("FieldOfficePayments"))["totalCount"] == before + 1
    other = {**intention, "description": "Two dough mixers"}
    conflict = await officer.sends("PaymentDraft", other)
    assert (conflict["code"], conflict["differences"]) == ("IDEMPOTENCY_CONFLICT", ["description"])
    story.ids["3"] = answers[0]["payment"]["id"]


async def a_release_is_lost(story: Story) -> None:
    """The same with the step that moves money: the mixer's dollars leave the till once."""
    coordinator = story.coordinator
    stored = await now_of(story, PAYMENTS[3])
    intention = {"idempotencyKey": a_key(), "paymentId": stored["id"], **seen(stored), "fromFloat": True}
    await coordinator.loses("PaymentRelease", intention)
    answers = [await coordinator.sends("PaymentRelease", intention) for _ in range(2)]
    assert [(answer["replayed"], answer["payment"]["status"]) for answer in answers] == [(True, "RELEASED")] * 2


async def three_people(story: Story) -> None:
    """Nobody takes two of the three steps, and nobody releases another content than the approved one."""
    oven = await now_of(story, PAYMENTS[1])
    asked = {"paymentId": oven["id"], **seen(oven)}
    await story.approver.refused("PaymentRelease", "FORBIDDEN", **asked, fromFloat=True)
    await story.coordinator.refused("PaymentRelease", "APPROVAL_VOID", **{**asked, "contentDigest": "0" * 64}, fromFloat=True)
    await story.coordinator.refused("PaymentRelease", "VERSION_CONFLICT", **{**asked, "expectedVersion": 2}, fromFloat=True)


async def nobody_pays_twice(story: Story) -> None:
    """The flour's release, asked for again under another key, and its invoice in another payment."""
    flour = PAYMENTS[2]
    stored = await now_of(story, flour)
    again = {"paymentId": stored["id"], **seen(stored), "fromFloat": True}
    await story.coordinator.refused("PaymentRelease", "TRANSITION_NOT_ALLOWED", **again)
    await story.officer.refused("PaymentDraft", "ALREADY_PAID", **asked_for(story, flour))


async def the_roof_in_part(story: Story) -> None:
    """Of 912,000 the builder gets 760,000: the rest of the roof was not made, and its money is free again."""
    roof = PAYMENTS[22]
    (line,) = (await now_of(story, roof))["lines"]
    await confirmed(story, roof, paidInPart=[{"lineId": line["id"], "amount": money(DELIVERED.amount, "IQD")}])
    found = await story.officer.asks("FieldOfficePayment", id=story.ids["22"])
    assert found["total"] == money(roof.euro), "what was approved stays"


async def nobody_knows(story: Story) -> None:
    """Two transfers of mobile money have no answer. They stay reserved, and are not paid again until somebody knows."""
    coordinator, carpets = story.coordinator, PAYMENTS[25]
    for number in sorted(_UNKNOWN):
        asked = {"paymentId": story.ids[str(number)], **version_of(await now_of(story, PAYMENTS[number]))}
        await coordinator.does("PaymentMarkUnconfirmed", **asked, reason="The operator does not answer")
    ages = await story.finance.asks_list("UnconfirmedAgeing")
    assert [(one["office"]["code"], one["payments"], one["amount"]) for one in ages] == [("IOM-IQ", 2, money("213.40"))]
    anew = PAYMENTS[26]
    await story.officer.refused("PaymentDraft", "ALREADY_PAID", **asked_for(story, anew))
    failed = {"paymentId": story.ids["25"], **version_of(await now_of(story, carpets))}
    await coordinator.refused("PaymentFail", "NON_PAYMENT_UNPROVED", **failed, reason="It did not arrive")
    await paper(story, carpets, "NON_PAYMENT_EVIDENCE")
    done = await coordinator.does("PaymentFail", **failed, reason="The operator's letter: the transfer was never made")
    assert done["payment"]["status"] == "FAILED"
    await carried(story, anew)


async def the_farm_gives_back(story: Story) -> None:
    """Two of ten sheep were ill. Who records that the money came doesn't decide on it."""
    sheep = PAYMENTS[15]
    proof = await paper(story, sheep, "OTHER")
    line = (await now_of(story, sheep))["lines"][1]
    said = {"paymentId": story.ids["15"], "lineId": line["id"], "documentId": proof, "receivedOn": story.on(16)}
    more = {"reference": "REF-15-BACK", "reason": "Two sheep were ill"}
    too_much = {**said, **more, "amount": money("304000.001", "IQD")}
    await story.officer.refused("PaymentRefundRequest", "REFUND_TOO_LARGE", **too_much)
    refund = (await story.officer.does("PaymentRefundRequest", **said, **more, amount=money("304000.000", "IQD")))["refund"]
    assert refund["euro"] == money("200.85")
    decision = {"refundId": refund["id"], **version_of(refund), "decision": "APPROVED"}
    await story.officer.refused("PaymentRefundDecide", "FORBIDDEN", **decision)
    decided = (await story.coordinator.does("PaymentRefundDecide", **decision))["refund"]
    assert (decided["decision"], decided["euro"]) == ("APPROVED", money("200.85"))
    await story.coordinator.refused("PaymentReverse", "PAYMENT_REFUNDED", **await _reversal(story, 15))
    story.ids["refund"] = refund["id"]


async def _reversal(story: Story, number: int) -> Part:
    return {
        "paymentId": story.ids[str(number)],
        **version_of(await now_of(story, PAYMENTS[number])),
        "reason": "It came back",
    }


async def money_moves_between_items(story: Story) -> None:
    """Shilan needs an overlocker and has 332.42 left for it; 150 of the training go there, with the coordinator's yes."""
    overlocker = PAYMENTS[14]
    await drafted(story, overlocker)
    asked = {"paymentId": story.ids["14"], "expectedVersion": 1}
    await story.officer.refused("PaymentSubmit", "NOT_ENOUGH_LEFT", **asked)
    items = {"fromItemId": story.ids["Shilan VOCATIONAL_TRAINING"], "toItemId": story.ids["Shilan MICRO_BUSINESS"]}
    # 600 - 250 - 120 = 230
    case = await story.officer.asks("FieldOfficeCase", id=story.ids["Shilan"])
    left = {item["kind"]: item["available"] for item in case["plans"][0]["items"]}
    # 1,200 - 380 - 200.85 - 50.21 - 236.52
    assert left == {"VOCATIONAL_TRAINING": money("230.00"), "MICRO_BUSINESS": money("332.42")}
    more = {**items, "amount": money("230.01"), "reason": "An overlocker"}
    await story.officer.refused("BudgetTransferRequest", "NOT_ENOUGH_LEFT", **more)
    wish = (await story.officer.does("BudgetTransferRequest", **{**more, "amount": money("150.00")}))["transfer"]
    decision = {"transferId": wish["id"], **version_of(wish), "decision": "APPROVED"}
    await story.officer.refused("BudgetTransferDecide", "FORBIDDEN", **decision)
    moved = (await story.coordinator.does("BudgetTransferDecide", **decision))["transfer"]
    now = {side: (moved[side]["budgeted"], moved[side]["available"]) for side in ("fromItem", "toItem")}
    assert now == {
        # 600 - 150; 230 - 150
        "fromItem": (money("450.00"), money("80.00")),
        # 1,200 + 150; 1,350 - 380 - 200.85 - 50.21 - 236.52
        "toItem": (money("1350.00"), money("482.42")),
    }
    for step in (approved, released, confirmed):
        await step(story, overlocker)
