"""Receipts over the graph: the code stands in one answer alone, and the office enters what the returnee says."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from reintegration.api.identifiers import encode
from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.ids import new_id
from reintegration.storage.client import ObjectStore
from tests.builders import COORDINATOR, OFFICER, OTHER_COORDINATOR, OTHER_OFFICER
from tests.operations.desk import Desk, Wish, open_desk
from tests.operations.mutation_steps import part
from tests.payment_steps import a_payment, a_planned_case

_CODE = "receiptCode { id version attempts confirmedAt confirmedBy voidedAt payment { receiptCodes { id } } }"


@pytest.fixture
async def desk(database_urls: DatabaseAddresses, object_store: ObjectStore) -> AsyncIterator[Desk]:
    async with open_desk(database_urls, object_store) as opened:
        yield opened


async def test_a_code_is_issued_said_and_confirmed(desk: Desk) -> None:
    payment = encode("Payment", await a_payment(desk.work, await a_planned_case(desk.work, 50_000), 1_000, status="paid"))
    first = await desk.prove(
        Wish(
            name="receiptCodeIssue",
            who=COORDINATOR,
            asked={"paymentId": payment},
            shows=_CODE,
            changed={"id": str(new_id())},
            differences=("id",),
            record="paymentId",
            kind="Payment",
            hidden_from=OTHER_COORDINATOR,
        )
    )
    assert (part(first, "receiptCode", "attempts"), part(first, "receiptCode", "confirmedAt")) == (0, None)
    key = uuid4()
    told = await desk.ask(COORDINATOR, "receiptCodeIssue", {"paymentId": payment}, f"oneTimeCode {_CODE}", key=key)
    code = part(told, "oneTimeCode")
    assert len(code) == 9
    again = await desk.ask(COORDINATOR, "receiptCodeIssue", {"paymentId": payment}, f"oneTimeCode {_CODE}", key=key)
    assert again == {**told, "oneTimeCode": None, "replayed": True}
    wrong = await desk.done(OFFICER, "receiptConfirm", {"paymentId": payment, "code": "2222-2222"}, _CODE)
    assert (part(wrong, "receiptCode", "attempts"), part(wrong, "receiptCode", "confirmedAt")) == (1, None)
    confirmed = await desk.prove(
        Wish(
            name="receiptConfirm",
            who=OFFICER,
            asked={"paymentId": payment, "code": code.lower().replace("-", " ")},
            shows=_CODE,
            changed={"code": "3333-3333"},
            differences=("code",),
            record="paymentId",
            kind="Payment",
            hidden_from=OTHER_OFFICER,
        )
    )
    assert part(confirmed, "receiptCode", "id") == part(told, "receiptCode", "id")
    assert (part(confirmed, "receiptCode", "confirmedBy"), part(confirmed, "receiptCode", "attempts")) == (OFFICER.id, 1)
