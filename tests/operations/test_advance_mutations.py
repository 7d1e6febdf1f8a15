"""Advances over the graph: sent, received, sent on, spent by a payment, sent back, taken back, settled; and how old they are."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from reintegration.api.identifiers import encode
from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.actor import Actor, Role
from reintegration.storage.client import ObjectStore
from reintegration.treasury import service as treasury
from tests.advance_steps import a_float, to_office
from tests.builders import (
    APPROVER,
    CAMEROON,
    COORDINATOR,
    FINANCE,
    IOM,
    MONGOLIA,
    OFFICER,
    OTHER_COORDINATOR,
    OTHER_OFFICER,
    actor,
    days_ago,
)
from tests.operations.desk import Answer, Desk, Wish, open_desk
from tests.operations.mutation_steps import euros as amount
from tests.operations.mutation_steps import part
from tests.payment_steps import a_draft, a_planned_case, carry, done, euros, supplied

_MONEY = "{ amount currency }"
_ADVANCE = f"advance {{ id version sent {_MONEY} received {_MONEY} held {_MONEY} heldCost {_MONEY} settledBy recallReason }}"
_RETURN = f"advanceReturn {{ id version number sent {_MONEY} received {_MONEY} advance {{ held {_MONEY} }} }}"
_AGES = f"{{ advanceAgeing {{ partner {{ code }} office {{ code }} daysFrom daysTo advances cost {_MONEY} }} }}"


@pytest.fixture
async def desk(fresh_database: DatabaseAddresses, object_store: ObjectStore) -> AsyncIterator[Desk]:
    async with open_desk(fresh_database, object_store) as opened:
        yield opened


def wish(name: str, who: Actor, asked: Answer, changed: Answer, shows: str = _ADVANCE, record: str = "advanceId") -> Wish:
    kind = {"advanceId": "Advance", "returnId": "AdvanceReturn", "sourceId": "Advance"}[record]
    hidden = OTHER_COORDINATOR if who == COORDINATOR else actor(Role.FIELD_APPROVER, "of-cameroon", office=CAMEROON)
    return Wish(name=name, who=who, asked=asked, shows=shows, changed=changed, record=record, kind=kind, hidden_from=hidden)


async def test_money_on_its_way_down_and_up(desk: Desk) -> None:
    at, came = {"sentOn": days_ago(9).isoformat(), "reference": "T-1"}, {"receivedOn": days_ago(8).isoformat()}
    to_partner = {"partnerId": encode("Partner", IOM), "amount": amount("500.00"), "currency": "EUR"} | at
    sent = (await desk.done(FINANCE, "advanceSend", to_partner, _ADVANCE))["advance"]
    partner = str(sent["id"])
    arrived = {"advanceId": partner, "expectedVersion": 1, "amount": amount("500.00")} | came
    got = await desk.prove(wish("advanceReceive", COORDINATOR, arrived, {"receivedOn": days_ago(7).isoformat()}))
    assert (part(got, "advance", "held"), part(got, "advance", "heldCost")) == (amount("500.00"), amount("500.00"))

    onward = {
        "officeId": encode("FieldOffice", MONGOLIA),
        "sourceId": partner,
        "amount": amount("200.00"),
        "currency": "MNT",
    } | at
    sent = await desk.prove(wish("advanceSend", COORDINATOR, onward, {"reference": "T-2"}, record="sourceId"))
    office = str(part(sent, "advance", "id"))
    assert part(sent, "advance", "held") == {"amount": "0.00", "currency": "MNT"}
    too_much = await desk.refused(COORDINATOR, "advanceSend", onward | {"amount": amount("300.01")})
    assert too_much["code"] == "NOT_ENOUGH_HELD"
    tugrik = {"amount": "800000.00", "currency": "MNT"}
    early = {
        "advanceId": office,
        "amount": {"amount": "1.00", "currency": "MNT"},
        "reference": "B",
        "sentOn": days_ago(1).isoformat(),
    }
    assert (await desk.refused(OFFICER, "advanceReturnSend", early))["code"] == "ADVANCE_CLOSED"
    arrived = {"advanceId": office, "expectedVersion": 1, "amount": tugrik} | came
    got = await desk.prove(wish("advanceReceive", APPROVER, arrived, {"receivedOn": days_ago(7).isoformat()}))
    assert (part(got, "advance", "held"), part(got, "advance", "heldCost")) == (tugrik, amount("200.00"))
    settle = {"advanceId": office, "expectedVersion": 2}
    assert (await desk.refused(COORDINATOR, "advanceSettle", settle))["code"] == "ADVANCE_NOT_AT_ZERO"

    back = {"advanceId": office, "amount": tugrik, "sentOn": days_ago(2).isoformat(), "reference": "B-1"}
    gone = await desk.prove(wish("advanceReturnSend", OFFICER, back, {"reference": "B-2"}, shows=_RETURN))
    taken = {
        "returnId": part(gone, "advanceReturn", "id"),
        "expectedVersion": 1,
        "amount": amount("190.00"),
        "receivedOn": days_ago(1).isoformat(),
    }
    got = await desk.prove(
        wish(
            "advanceReturnReceive", COORDINATOR, taken, {"receivedOn": days_ago(0).isoformat()}, shows=_RETURN, record="returnId"
        )
    )
    assert part(got, "advanceReturn", "received") == amount("190.00")
    closed = await desk.prove(wish("advanceSettle", COORDINATOR, settle, {"expectedVersion": 3}))
    assert part(closed, "advance", "settledBy") == COORDINATOR.id
    assert (await desk.refused(COORDINATOR, "advanceSettle", {**settle, "expectedVersion": 3}))[
        "code"
    ] == "TRANSITION_NOT_ALLOWED"

    lost = await desk.done(COORDINATOR, "advanceSend", onward, _ADVANCE)
    recall = {"advanceId": part(lost, "advance", "id"), "expectedVersion": 1, "reason": "The bank sent it back"}
    assert (await desk.refused(COORDINATOR, "advanceRecall", recall))["code"] == "SAME_PERSON"
    second = replace(COORDINATOR, id="second-coordinator")
    called = await desk.done(second, "advanceRecall", recall, _ADVANCE)
    assert part(called, "advance", "recallReason") == "The bank sent it back"


async def test_a_payment_out_of_the_float_and_how_old_the_rest_is(desk: Desk) -> None:
    await a_float(desk.work, euros(50_000), euros(49_900), on=days_ago(40))
    await done(desk.work, COORDINATOR, treasury.send_advance, to_office(euros(100)))
    plan = await a_planned_case(desk.work, 90_000)
    for cents, code in ((10_000, None), (45_000, "FLOAT_TOO_SMALL")):
        payment = await carry(desk.work, await a_draft(desk.work, plan, await supplied(desk.work, euros(cents))), "approved")
        release: Answer = {"paymentId": encode("Payment", payment.id), "expectedVersion": 3, "contentDigest": payment.digest}
        release |= {"fromFloat": True}
        if code is None:
            shown = (
                "payment { fromFloat cashTransactions { kind postings { amount { amount } cost { amount } account { kind } } } }"
            )
            released = await desk.done(COORDINATOR, "paymentRelease", release, shown)
            drawn = [
                {"amount": {"amount": "-100.00"}, "cost": {"amount": "-100.20"}, "account": {"kind": "ADVANCE"}},
                {"amount": {"amount": "100.00"}, "cost": {"amount": "100.20"}, "account": {"kind": "PAYING"}},
            ]
            moved = [{"kind": "FLOAT_DRAWN", "postings": drawn}]
            assert released["payment"] == {"fromFloat": True, "cashTransactions": moved}
        else:
            assert (await desk.refused(COORDINATOR, "paymentRelease", release))["code"] == code
    held = {
        "partner": {"code": "IOM"},
        "office": {"code": "IOM-MN"},
        "daysFrom": 31,
        "daysTo": 60,
        "advances": 1,
        "cost": amount("399.80"),
    }
    for who, found in ((FINANCE, [held]), (OFFICER, [held]), (OTHER_OFFICER, []), (OTHER_COORDINATOR, [])):
        result = await desk.schema.execute(_AGES, {}, desk.context(who))
        assert result.data == {"advanceAgeing": found}, who
