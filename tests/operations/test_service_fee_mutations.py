"""Service fees over the graph: each step with all that every mutation must hold, and what each person then sees."""

from collections.abc import AsyncIterator

import pytest

from reintegration.api.identifiers import encode
from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.actor import Actor
from reintegration.kernel.clock import today
from reintegration.storage.client import ObjectStore
from tests.builders import (
    ADMINISTRATOR,
    APPROVER,
    AUDITOR,
    COORDINATOR,
    COUNSELLOR,
    FINANCE,
    IOM,
    OFFICER,
    OTHER_COORDINATOR,
    OTHER_OFFICER,
    PROGRAMME,
    days_ago,
)
from tests.fee_steps import SECOND_FINANCE, add_tariffs
from tests.operations.desk import Answer, Desk, Wish, open_desk
from tests.operations.mutation_steps import euros, part
from tests.payment_steps import a_planned_case

_SHOWN = "serviceFee { id version kind status amount { amount currency } servedOn partner { code } fund { code } tariff { id } }"
_LISTED = "{ serviceFees(first: 9) { totalCount edges { node { status } } } }"


@pytest.fixture
async def desk(fresh_database: DatabaseAddresses, object_store: ObjectStore) -> AsyncIterator[Desk]:
    await add_tariffs(fresh_database)
    async with open_desk(fresh_database, object_store) as opened:
        yield opened


async def shown(desk: Desk, who: Actor, query: str) -> dict[str, object]:
    """The answer, without errors."""
    result = await desk.schema.execute(query, {}, desk.context(who))
    assert result.errors is None, result.errors
    assert result.data is not None
    return dict(result.data)


async def test_a_fee_from_its_claim_to_its_reversal(desk: Desk) -> None:
    case = encode("Case", (await a_planned_case(desk.work)).case.id)
    claim: Answer = {"caseId": case, "kind": "PLAN_PREPARATION"}
    early = await desk.refused(OFFICER, "serviceFeeClaim", {"caseId": case, "kind": "FOLLOW_UP"})
    assert (early["__typename"], early["code"]) == ("ServiceFeeNotDueProblem", "SERVICE_FEE_NOT_DUE")
    told = await desk.prove(
        Wish(
            name="serviceFeeClaim",
            who=OFFICER,
            asked=claim,
            shows=_SHOWN,
            changed={"kind": "FOLLOW_UP"},
            record="caseId",
            kind="Case",
            hidden_from=OTHER_OFFICER,
        )
    )
    fee = part(told, "serviceFee")
    assert isinstance(fee, dict)
    assert fee | {"id": "", "tariff": ""} == {
        "id": "",
        "version": 1,
        "kind": "PLAN_PREPARATION",
        "status": "CLAIMED",
        "amount": euros("300.00"),
        "servedOn": today().isoformat(),
        "partner": {"code": "IOM"},
        "fund": {"code": "AMIF-2021-2027"},
        "tariff": "",
    }
    again = await desk.refused(OFFICER, "serviceFeeClaim", claim)
    assert (again["__typename"], again["code"]) == ("ServiceFeeClaimedProblem", "SERVICE_FEE_CLAIMED")
    one = {"serviceFeeId": fee["id"]}
    for name, who, version, more, changed, status in (
        ("serviceFeeApprove", PROGRAMME, 1, {}, {"expectedVersion": 9}, "APPROVED"),
        (
            "serviceFeePay",
            FINANCE,
            2,
            {"paidOn": today().isoformat(), "reference": "BANK-1"},
            {"reference": "BANK-2"},
            "PAID",
        ),
        (
            "serviceFeeReverse",
            SECOND_FINANCE,
            3,
            {"returnedOn": today().isoformat(), "reason": "The account is closed"},
            {"reason": "Another one"},
            "REVERSED",
        ),
    ):
        asked: Answer = {**one, "expectedVersion": version, **more}
        step = Wish(name=name, who=who, asked=asked, shows=_SHOWN, changed=changed, record="serviceFeeId", kind="ServiceFee")
        answer = await desk.prove(step)
        assert (part(answer, "serviceFee", "status"), part(answer, "serviceFee", "version")) == (status, version + 1)
    late = await desk.refused(PROGRAMME, "serviceFeeApprove", {**one, "expectedVersion": 4})
    assert (late["__typename"], late["code"]) == ("TransitionProblem", "TRANSITION_NOT_ALLOWED")


async def test_a_fee_is_withdrawn_by_its_partner_or_refused_by_fedasil(desk: Desk) -> None:
    case = encode("Case", (await a_planned_case(desk.work)).case.id)
    claim: Answer = {"caseId": case, "kind": "PLAN_PREPARATION"}

    async def claimed() -> Answer:
        fee = part(await desk.done(OFFICER, "serviceFeeClaim", claim, _SHOWN), "serviceFee", "id")
        return {"serviceFeeId": fee, "expectedVersion": 1, "reason": "A mistake"}

    step = Wish(
        name="serviceFeeWithdraw",
        who=COORDINATOR,
        asked=await claimed(),
        shows=_SHOWN,
        changed={"reason": "Another one"},
        record="serviceFeeId",
        kind="ServiceFee",
        hidden_from=OTHER_COORDINATOR,
    )
    assert part(await desk.prove(step), "serviceFee", "status") == "WITHDRAWN"
    step = Wish(
        name="serviceFeeRefuse",
        who=PROGRAMME,
        asked=await claimed(),
        shows=_SHOWN,
        changed={"reason": "Another one"},
        record="serviceFeeId",
        kind="ServiceFee",
    )
    assert part(await desk.prove(step), "serviceFee", "status") == "REFUSED"
    asked = await claimed()
    assert (await desk.refused(FINANCE, "serviceFeeRefuse", asked))["code"] == "FORBIDDEN"
    await desk.done(PROGRAMME, "serviceFeeApprove", _only(asked))
    asked = {**asked, "expectedVersion": 2}
    assert (await desk.refused(PROGRAMME, "serviceFeeRefuse", asked))["code"] == "FORBIDDEN"
    early: Answer = {**_only(asked), "paidOn": days_ago(1).isoformat(), "reference": "B"}
    assert (await desk.refused(FINANCE, "serviceFeePay", early))["code"] == "INVALID_INPUT"
    future: Answer = {**early, "paidOn": days_ago(-1).isoformat()}
    assert (await desk.refused(FINANCE, "serviceFeePay", future))["__typename"] == "FutureDateProblem"
    assert part(await desk.done(FINANCE, "serviceFeeRefuse", asked, _SHOWN), "serviceFee", "status") == "REFUSED"


def _only(asked: Answer) -> Answer:
    """Without the reason."""
    return {name: asked[name] for name in ("serviceFeeId", "expectedVersion")}


async def test_who_sees_which_fees_tariffs_and_entries(desk: Desk) -> None:
    case = encode("Case", (await a_planned_case(desk.work)).case.id)
    done = await desk.done(OFFICER, "serviceFeeClaim", {"caseId": case, "kind": "PLAN_PREPARATION"}, _SHOWN)
    fee = part(done, "serviceFee", "id")
    await desk.done(PROGRAMME, "serviceFeeApprove", {"serviceFeeId": fee, "expectedVersion": 1})
    tariffs = "{ serviceFeeTariffs { partner { code } kind amount { amount } validFrom validTo country { code } } }"
    one = f'{{ serviceFee(id: "{fee}") {{ status case {{ id }} ledgerTransactions {{ kind case {{ id }} }} }} }}'
    of_case = (
        f'{{ case(id: "{case}") {{ serviceFees {{ status }} ledgerTransactions(first: 50) {{ edges {{ node {{ kind }} }} }} }} }}'
    )
    posted = [{"kind": "SERVICE_FEE_OWED", "case": None}]
    for who, entries, count in (
        (OFFICER, [], 3),
        (APPROVER, [], 3),
        (COORDINATOR, [], 3),
        (FINANCE, posted, 4),
        (PROGRAMME, posted, 4),
        (AUDITOR, posted, 4),
    ):
        assert await shown(desk, who, _LISTED) == {"serviceFees": {"totalCount": 1, "edges": [{"node": {"status": "APPROVED"}}]}}
        assert await shown(desk, who, one) == {
            "serviceFee": {"status": "APPROVED", "case": {"id": case}, "ledgerTransactions": entries}
        }
        found = (await shown(desk, who, tariffs))["serviceFeeTariffs"]
        assert isinstance(found, list)
        assert len(found) == count
        assert {tariff["partner"]["code"] for tariff in found} == ({"IOM"} if count == 3 else {"IOM", "CARITAS"})
        seen = (await shown(desk, who, of_case))["case"]
        assert isinstance(seen, dict)
        assert seen["serviceFees"] == [{"status": "APPROVED"}]
        # No entry of the case is a fee's.
        kinds = {edge["node"]["kind"] for edge in seen["ledgerTransactions"]["edges"]}
        assert kinds == {"ENTITLEMENT_GRANTED", "PLAN_BUDGETED"}
    seen = (await shown(desk, COUNSELLOR, of_case))["case"]
    assert isinstance(seen, dict)
    assert seen["serviceFees"] is None
    for who in (COUNSELLOR, ADMINISTRATOR):
        result = await desk.schema.execute(_LISTED, {}, desk.context(who))
        assert result.errors is not None
        assert [(error.extensions or {})["code"] for error in result.errors] == ["FORBIDDEN"]
    for who in (OTHER_OFFICER, OTHER_COORDINATOR):
        assert await shown(desk, who, _LISTED) == {"serviceFees": {"totalCount": 0, "edges": []}}


async def test_lists_are_filtered_in_the_statement(desk: Desk) -> None:
    cases = [encode("Case", (await a_planned_case(desk.work)).case.id) for _ in range(2)]
    for case in cases:
        await desk.done(OFFICER, "serviceFeeClaim", {"caseId": case, "kind": "PLAN_PREPARATION"})
    partner, day, tomorrow = encode("Partner", IOM), today().isoformat(), days_ago(-1).isoformat()

    async def count(conditions: str) -> object:
        found = (await shown(desk, FINANCE, f"{{ serviceFees(first: 9, filter: {{{conditions}}}) {{ totalCount }} }}"))[
            "serviceFees"
        ]
        assert isinstance(found, dict)
        return found["totalCount"]

    for conditions, expected in (
        (f'case: "{cases[0]}"', 1),
        ("status: [CLAIMED]", 2),
        ("status: [PAID, APPROVED]", 0),
        ("kind: [FOLLOW_UP]", 0),
        (f'partner: "{partner}", kind: [PLAN_PREPARATION]', 2),
        (f'servedFrom: "{day}", servedTo: "{day}"', 2),
        (f'servedFrom: "{tomorrow}"', 0),
        (f'paidTo: "{tomorrow}"', 0),
    ):
        assert await count(conditions) == expected, conditions
    for wrong in ("status: []", f'servedFrom: "{tomorrow}", servedTo: "{day}"'):
        query = f"{{ serviceFees(first: 9, filter: {{{wrong}}}) {{ totalCount }} }}"
        result = await desk.schema.execute(query, {}, desk.context(FINANCE))
        assert result.errors is not None
        assert [(error.extensions or {})["code"] for error in result.errors] == ["BAD_USER_INPUT"]
