"""Holds over the graph: what they do, who may read why, and that a repetition does nothing."""

from collections.abc import AsyncIterator

import pytest

from reintegration.api.identifiers import encode
from reintegration.database.embedded import DatabaseAddresses
from reintegration.storage.client import ObjectStore
from tests.builders import APPROVER, AUDITOR, COORDINATOR, FINANCE, OFFICER, OTHER_COORDINATOR
from tests.operations.desk import Desk, Wish, open_desk
from tests.operations.mutation_steps import part
from tests.payment_steps import a_payment, a_planned_case

_HOLD = "hold { id version cause reason placedBy liftedBy liftReason payment { status holds { id } } }"
_SEEN = "query ($id: ID!) { payment(id: $id) { holds { cause reason placedBy liftedBy liftReason } } }"


@pytest.fixture
async def desk(database_urls: DatabaseAddresses, object_store: ObjectStore) -> AsyncIterator[Desk]:
    async with open_desk(database_urls, object_store) as opened:
        yield opened


async def test_a_payment_is_held_and_let_go_by_two_people(desk: Desk) -> None:
    payment = await a_payment(desk.work, await a_planned_case(desk.work, 50_000), 1_000, status="submitted")
    placed = await desk.prove(
        Wish(
            name="paymentHold",
            who=COORDINATOR,
            asked={"paymentId": encode("Payment", payment), "cause": "COMPLAINT", "reason": "A neighbour called"},
            shows=_HOLD,
            changed={"reason": "Two neighbours called"},
            differences=("reason",),
            record="paymentId",
            kind="Payment",
            hidden_from=OTHER_COORDINATOR,
        )
    )
    hold = part(placed, "hold", "id")
    assert placed["hold"] == {
        "id": hold,
        "version": 1,
        "cause": "COMPLAINT",
        "reason": "A neighbour called",
        "placedBy": COORDINATOR.id,
        "liftedBy": None,
        "liftReason": None,
        "payment": {"status": "SUBMITTED", "holds": [{"id": hold}]},
    }
    lifted = await desk.prove(
        Wish(
            name="paymentHoldLift",
            who=APPROVER,
            asked={"holdId": hold, "expectedVersion": 1, "reason": "It was another household"},
            shows=_HOLD,
            changed={"reason": "It was another office"},
            differences=("reason",),
            record="holdId",
            kind="PaymentHold",
        )
    )
    assert (part(lifted, "hold", "version"), part(lifted, "hold", "liftedBy")) == (2, APPROVER.id)
    told = {"placedBy": COORDINATOR.id, "liftedBy": APPROVER.id}
    why = {"cause": "COMPLAINT", "reason": "A neighbour called", "liftReason": "It was another household"}
    for who, more in ((FINANCE, why), (AUDITOR, why), (OFFICER, dict.fromkeys(why))):
        result = await desk.schema.execute(_SEEN, {"id": encode("Payment", payment)}, desk.context(who))
        assert result.data == {"payment": {"holds": [{**told, **more}]}}
