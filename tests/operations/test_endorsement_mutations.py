"""Endorsements over the graph: a release is refused with what it goes over, and goes on once Fedasil's programme has said so."""

from collections.abc import AsyncIterator

import pytest

from reintegration.api.identifiers import encode
from reintegration.database.embedded import DatabaseAddresses
from reintegration.storage.client import ObjectStore
from tests.builders import COORDINATOR, PROGRAMME
from tests.operations.desk import Desk, Wish, open_desk
from tests.operations.mutation_steps import euros, part
from tests.payment_steps import a_payment, a_planned_case, found
from tests.payment_steps import euros as cents

_ENDORSEMENT = "endorsement { id contentDigest reason endorsedBy payment { status endorsements { id } } }"
_RELEASE = """
mutation ($input: PaymentReleaseInput!) {
  paymentRelease(input: $input) {
    ... on PaymentReleasePayload { payment { status } }
    ... on ThresholdExceededProblem { code scope limit { amount currency } total { amount currency } }
  }
}
"""


@pytest.fixture
async def desk(database_urls: DatabaseAddresses, object_store: ObjectStore) -> AsyncIterator[Desk]:
    async with open_desk(database_urls, object_store) as opened:
        yield opened


async def released(desk: Desk, key: str, payment: str, digest: str) -> object:
    asked = {"idempotencyKey": key, "paymentId": payment, "expectedVersion": 3, "contentDigest": digest}
    result = await desk.schema.execute(_RELEASE, {"input": asked}, desk.context(COORDINATOR))
    assert result.errors is None
    assert result.data is not None
    return result.data["paymentRelease"]


async def test_a_payment_over_a_threshold_is_released_once_it_is_endorsed(desk: Desk) -> None:
    plan = await a_planned_case(desk.work, 300_001, ceiling=cents(300_001))
    stored = await found(desk.work, await a_payment(desk.work, plan, 300_001, status="approved"))
    payment = encode("Payment", stored.id)
    assert await released(desk, "0190b3c0-0000-7000-8000-000000000001", payment, stored.digest) == {
        "code": "THRESHOLD_EXCEEDED",
        "scope": "payment",
        "limit": euros("3000.00"),
        "total": euros("3000.01"),
    }
    answer = await desk.prove(
        Wish(
            name="paymentEndorse",
            who=PROGRAMME,
            asked={"paymentId": payment, "contentDigest": stored.digest, "reason": "Land costs that much there"},
            shows=_ENDORSEMENT,
            changed={"reason": "It is a house"},
            differences=("reason",),
            record="paymentId",
            kind="Payment",
        )
    )
    endorsement = part(answer, "endorsement", "id")
    assert answer["endorsement"] == {
        "id": endorsement,
        "contentDigest": stored.digest,
        "reason": "Land costs that much there",
        "endorsedBy": PROGRAMME.id,
        "payment": {"status": "APPROVED", "endorsements": [{"id": endorsement}]},
    }
    went = await released(desk, "0190b3c0-0000-7000-8000-000000000002", payment, stored.digest)
    assert went == {"payment": {"status": "RELEASED"}}
