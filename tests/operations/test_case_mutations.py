"""Every mutation of cases and entitlements once: what it does, what it refuses, and that a repetition does nothing."""

from collections.abc import AsyncIterator
from typing import cast
from uuid import UUID

import pytest

from reintegration.api.identifiers import encode
from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.clock import add_months, today
from reintegration.kernel.ids import new_id
from reintegration.storage.client import ObjectStore
from tests import builders
from tests.builders import (
    CEILING_RULE,
    COUNSELLOR,
    IOM,
    MONGOLIA,
    MONGOLIA_CARITAS,
    OFFICER,
    OTHER_OFFICER,
    PROGRAMME,
    BuiltCase,
    days_ago,
)
from tests.operations.desk import Answer, Desk, Wish, open_desk
from tests.operations.mutation_steps import REGISTRATION, case_id, euros, part
from tests.proofs import value


@pytest.fixture
async def desk(database_urls: DatabaseAddresses, object_store: ObjectStore) -> AsyncIterator[Desk]:
    async with open_desk(database_urls, object_store) as opened:
        yield opened


async def test_a_case_is_registered_and_its_vulnerability_decided(desk: Desk) -> None:
    answer = await desk.prove(
        Wish(
            name="caseRegister",
            who=COUNSELLOR,
            asked=REGISTRATION,
            shows="case { id version status returnees { id identity { latinName } } }",
            changed={"dublin": True},
        )
    )
    case = cast("Answer", answer["case"])
    assert (case["version"], case["status"]) == (1, "REGISTERED")
    (person,) = cast("list[Answer]", case["returnees"])
    assert person["identity"] == {"latinName": "Oyuun Bat"}
    recorded = await desk.prove(
        Wish(
            name="vulnerabilityRecord",
            who=COUNSELLOR,
            asked={"caseId": case["id"], "returneeId": person["id"], "kind": "PREGNANT"},
            shows="vulnerability { id version kind decision }",
            changed={"kind": "ELDERLY"},
            record="caseId",
            kind="Case",
        )
    )
    vulnerability = cast("Answer", recorded["vulnerability"])
    assert (vulnerability["kind"], vulnerability["decision"]) == ("PREGNANT", None)
    decided = await desk.prove(
        Wish(
            name="vulnerabilityDecide",
            who=PROGRAMME,
            asked={"vulnerabilityId": vulnerability["id"], "expectedVersion": 1, "decision": "APPROVED"},
            shows="vulnerability { version decision decidedBy }",
            changed={"decision": "REFUSED"},
            record="vulnerabilityId",
            kind="Vulnerability",
        )
    )
    assert decided["vulnerability"] == {"version": 2, "decision": "APPROVED", "decidedBy": PROGRAMME.id}


async def test_a_case_is_granted_travels_and_arrives(desk: Desk) -> None:
    case = await builders.a_case(desk.work)
    requested = await desk.prove(
        Wish(
            name="exceptionRequest",
            who=COUNSELLOR,
            asked={
                "caseId": case_id(case),
                "kind": "GRANTED_CEILING",
                "ruleId": CEILING_RULE,
                "reason": "As agreed",
                "reference": "FED-1",
                "amount": euros("1800.00"),
            },
            shows="exception { id version amount { amount } decision }",
            changed={"amount": euros("1700.00")},
            differences=("amount.amount",),
            record="caseId",
            kind="Case",
        )
    )
    exception = cast("Answer", requested["exception"])
    assert exception["amount"] == {"amount": "1800.00"}
    decided = await desk.prove(
        Wish(
            name="exceptionDecide",
            who=PROGRAMME,
            asked={"exceptionId": exception["id"], "expectedVersion": 1, "decision": "APPROVED"},
            shows="exception { version decision }",
            changed={"note": "Agreed"},
            record="exceptionId",
            kind="EntitlementException",
        )
    )
    assert decided["exception"] == {"version": 2, "decision": "APPROVED"}
    assessed = await desk.prove(
        Wish(
            name="entitlementAssess",
            who=COUNSELLOR,
            asked={"caseId": case_id(case), "plannedDepartureOn": days_ago(30).isoformat()},
            shows="assessment { id assessedBy }",
            changed={"plannedDepartureOn": days_ago(29).isoformat()},
            record="caseId",
            kind="Case",
        )
    )
    assert part(assessed, "assessment", "assessedBy") == COUNSELLOR.id
    granted = await desk.prove(
        Wish(
            name="entitlementGrant",
            who=COUNSELLOR,
            asked={"caseId": case_id(case), "assessmentId": part(assessed, "assessment", "id")},
            shows="case { entitlements { stream amount { amount } } }",
            changed={"assessmentId": encode("EntitlementAssessment", new_id())},
            record="caseId",
            kind="Case",
        )
    )
    streams = [item["stream"] for item in cast("dict[str, list[Answer]]", granted["case"])["entitlements"]]
    assert sorted(set(cast("list[str]", streams))) == ["CASH_PREMIUM", "REINTEGRATION"]
    await travel(desk, case)


async def travel(desk: Desk, case: BuiltCase) -> None:
    """From registration to arrival and a later deadline."""
    referred = await desk.prove(
        Wish(
            name="caseRefer",
            who=COUNSELLOR,
            asked={
                "caseId": case_id(case),
                "expectedVersion": 1,
                "partnerId": encode("Partner", IOM),
                "fieldOfficeId": encode("FieldOffice", MONGOLIA),
            },
            shows="case { version status office { code } }",
            changed={"reason": "Why not"},
            record="caseId",
            kind="Case",
        )
    )
    assert referred["case"] == {"version": 2, "status": "REFERRED", "office": {"code": "IOM-MN"}}
    departed = await desk.prove(
        Wish(
            name="caseDepart",
            who=COUNSELLOR,
            asked={
                "caseId": case_id(case),
                "expectedVersion": 2,
                "departedOn": days_ago(30).isoformat(),
                "travelMode": "PLANE",
            },
            shows="case { version status departedOn travelMode }",
            changed={"travelMode": "BUS"},
            record="caseId",
            kind="Case",
        )
    )
    assert part(departed, "case", "status") == "DEPARTED"
    arrived = await desk.prove(
        Wish(
            name="arrivalConfirm",
            who=OFFICER,
            asked={"caseId": case_id(case), "expectedVersion": 3, "arrivedOn": days_ago(29).isoformat()},
            shows="case { version status arrivalConfirmedBy deadline }",
            changed={"arrivedOn": days_ago(28).isoformat()},
            record="caseId",
            kind="Case",
            hidden_from=OTHER_OFFICER,
        )
    )
    assert (part(arrived, "case", "status"), part(arrived, "case", "arrivalConfirmedBy")) == ("ARRIVED", OFFICER.id)
    found = await value(desk.work, "select id from entitlements where case_id = $1 and stream = 'reintegration'", case.id)
    later = add_months(today(), 24).isoformat()
    requested = await desk.prove(
        Wish(
            name="extensionRequest",
            who=OFFICER,
            asked={"entitlementId": encode("Entitlement", UUID(str(found))), "newDeadlineOn": later, "reason": "Illness"},
            shows="extension { id version newDeadlineOn decision }",
            changed={"reason": "Another"},
            record="entitlementId",
            kind="Entitlement",
            hidden_from=OTHER_OFFICER,
        )
    )
    decided = await desk.prove(
        Wish(
            name="extensionDecide",
            who=PROGRAMME,
            asked={"extensionId": part(requested, "extension", "id"), "expectedVersion": 1, "decision": "APPROVED"},
            shows="extension { version decision entitlement { deadlineOn } }",
            changed={"decision": "REFUSED"},
            record="extensionId",
            kind="DeadlineExtension",
        )
    )
    assert decided["extension"] == {"version": 2, "decision": "APPROVED", "entitlement": {"deadlineOn": later}}


async def test_a_case_is_transferred_and_another_closed(desk: Desk) -> None:
    case = await builders.a_departed_case(desk.work)
    moved = await desk.prove(
        Wish(
            name="caseTransfer",
            who=PROGRAMME,
            asked={
                "caseId": case_id(case),
                "expectedVersion": case.version,
                "toOfficeId": encode("FieldOffice", MONGOLIA_CARITAS),
                "reason": "Nearer to the family",
            },
            shows="case { office { code } transfers { reason } }",
            changed={"reason": "Why not"},
            record="caseId",
            kind="Case",
        )
    )
    assert moved["case"] == {"office": {"code": "CARITAS-MN"}, "transfers": [{"reason": "Nearer to the family"}]}
    withdrawn = await builders.a_case(desk.work)
    closed = await desk.prove(
        Wish(
            name="caseClose",
            who=COUNSELLOR,
            asked={
                "caseId": case_id(withdrawn),
                "expectedVersion": withdrawn.version,
                "reason": "WITHDRAWN_BEFORE_DEPARTURE",
                "closedOn": today().isoformat(),
            },
            shows="case { status closeReason closedOn }",
            changed={"note": "They stay"},
            record="caseId",
            kind="Case",
        )
    )
    assert closed["case"] == {
        "status": "CLOSED",
        "closeReason": "WITHDRAWN_BEFORE_DEPARTURE",
        "closedOn": today().isoformat(),
    }
