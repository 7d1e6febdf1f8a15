"""Re-budgeting over the graph: what it does, what it refuses, and that a repetition does nothing."""

from collections.abc import AsyncIterator

import pytest

from reintegration.api.identifiers import encode
from reintegration.database.embedded import DatabaseAddresses
from reintegration.storage.client import ObjectStore
from tests.builders import COORDINATOR, OFFICER, OTHER_COORDINATOR, OTHER_OFFICER
from tests.operations.desk import Desk, Wish, open_desk
from tests.operations.mutation_steps import euros, part
from tests.payment_steps import a_planned_case

_SHOWS = (
    "transfer { id version amount { amount currency } reason requestedBy decision decidedBy decisionNote"
    " case { budgetTransfers { id } } fromItem { budget { amount } budgeted { amount } available { amount } }"
    " toItem { budget { amount } budgeted { amount } available { amount } } }"
)


@pytest.fixture
async def desk(database_urls: DatabaseAddresses, object_store: ObjectStore) -> AsyncIterator[Desk]:
    async with open_desk(database_urls, object_store) as opened:
        yield opened


def item(budget: str, now: str) -> dict[str, object]:
    return {"budget": {"amount": budget}, "budgeted": {"amount": now}, "available": {"amount": now}}


async def test_money_moves_between_items_when_the_coordinator_agrees(desk: Desk) -> None:
    plan = await a_planned_case(desk.work, 90_000, 10_000)
    ends = {"fromItemId": encode("PlanItem", plan.items[0]), "toItemId": encode("PlanItem", plan.items[1])}
    asked = await desk.prove(
        Wish(
            name="budgetTransferRequest",
            who=OFFICER,
            asked={**ends, "amount": euros("250.50"), "reason": "School began"},
            shows=_SHOWS,
            changed={"amount": euros("250.51")},
            differences=("amount.amount",),
            record="fromItemId",
            kind="PlanItem",
            hidden_from=OTHER_OFFICER,
        )
    )
    transfer = part(asked, "transfer", "id")
    assert asked["transfer"] == {
        "id": transfer,
        "version": 1,
        "amount": euros("250.50"),
        "reason": "School began",
        "requestedBy": OFFICER.id,
        "decision": None,
        "decidedBy": None,
        "decisionNote": None,
        "case": {"budgetTransfers": [{"id": transfer}]},
        "fromItem": item("900.00", "900.00"),
        "toItem": item("100.00", "100.00"),
    }
    decided = await desk.prove(
        Wish(
            name="budgetTransferDecide",
            who=COORDINATOR,
            asked={"transferId": transfer, "expectedVersion": 1, "decision": "APPROVED", "note": "Agreed"},
            shows=_SHOWS,
            changed={"decision": "REFUSED"},
            differences=("decision",),
            record="transferId",
            kind="BudgetTransfer",
            hidden_from=OTHER_COORDINATOR,
        )
    )
    found = decided["transfer"]
    assert isinstance(found, dict)
    assert {name: found[name] for name in ("version", "decision", "decidedBy", "decisionNote", "fromItem", "toItem")} == {
        "version": 2,
        "decision": "APPROVED",
        "decidedBy": COORDINATOR.id,
        "decisionNote": "Agreed",
        "fromItem": item("900.00", "649.50"),
        "toItem": item("100.00", "350.50"),
    }
