"""Months over the graph: what is open is explained, the month is closed, and a late fact counts in the next."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from reintegration.api.identifiers import encode
from reintegration.database.embedded import DatabaseAddresses
from reintegration.entitlements.commands import GrantEntitlements
from reintegration.entitlements.service import grant_entitlements
from reintegration.kernel.clock import first_of_month, today
from reintegration.payments import service as payments
from reintegration.programme.reference import identifier
from reintegration.storage.client import ObjectStore
from tests import builders
from tests.builders import (
    AUDITOR,
    COORDINATOR,
    COUNSELLOR,
    FINANCE,
    OFFICER,
    OTHER_COORDINATOR,
    OTHER_OFFICER,
    days_ago,
)
from tests.operations.desk import Answer, Desk, Wish, open_desk
from tests.operations.mutation_steps import euros as amount
from tests.operations.mutation_steps import part
from tests.payment_steps import BuiltPlan, a_line, a_payment, an_approved_plan, attach, confirmation, done
from tests.statement_steps import an_account, some_lines

_FUND = encode("Fund", identifier("fund", "AMIF-2021-2027"))
_LAST_MONTH = first_of_month(first_of_month(today()) - timedelta(days=1))
_CLOSE = "periodClose { id month transactions spent { amount currency } corrections digest closedBy fund { id } }"
_EXPLAINED = "openItemExplanation { id month reason explainedBy line { id } payment { id } }"


@pytest.fixture
async def desk(fresh_database: DatabaseAddresses, object_store: ObjectStore) -> AsyncIterator[Desk]:
    async with open_desk(fresh_database, object_store) as opened:
        yield opened


async def a_plan_of_before(desk: Desk) -> BuiltPlan:
    """A plan of a case that arrived ninety-four days ago."""
    asked = builders.a_registration()
    intake = replace(asked.intake, applied_on=days_ago(120), consent_signed_on=days_ago(120))
    case = await builders.a_referred_case(desk.work, replace(asked, intake=intake))
    await builders.an_exception(desk.work, case)
    assessment = await builders.an_assessment(desk.work, case, planned=days_ago(95))
    await done(desk.work, COUNSELLOR, grant_entitlements, GrantEntitlements(case_id=case.id, assessment_id=assessment))
    gone = await builders.depart(desk.work, case, on=days_ago(95))
    return await an_approved_plan(desk.work, await builders.arrive(desk.work, gone, on=days_ago(94)), a_line(150_000))


async def test_a_month_is_explained_closed_and_corrected(desk: Desk) -> None:
    plan = await a_plan_of_before(desk)
    payment = await a_payment(desk.work, plan, 7_000, status="released")
    account = await an_account(desk.work)
    (line,) = await some_lines(desk.work, account, -300, on=_LAST_MONTH)
    month = {"month": _LAST_MONTH.isoformat()}
    close: Answer = {"fundId": _FUND, **month}
    refused = await desk.refused(FINANCE, "periodClose", close)
    assert (refused["code"], refused["message"]) == (
        "PERIOD_UNEXPLAINED",
        "At the end of that month 0 payment(s) and 1 line(s) of banks are open and nobody has explained why.",
    )
    for who, found in ((OFFICER, [encode("StatementLine", line)]), (OTHER_OFFICER, []), (OTHER_COORDINATOR, [])):
        query = f'{{ openItems(fund: "{_FUND}", month: "{_LAST_MONTH}") {{ paymentId statementLineId }} }}'
        result = await desk.schema.execute(query, {}, desk.context(who))
        assert result.data == {"openItems": [{"paymentId": None, "statementLineId": one} for one in found]}
    not_open: Answer = {"paymentId": encode("Payment", payment), "reason": "It is under way", **month}
    assert (await desk.refused(OFFICER, "openItemExplain", not_open))["code"] == "ITEM_NOT_OPEN"
    explain: Answer = {"statementLineId": encode("StatementLine", line), "reason": "The bank is asked", **month}
    told = await desk.prove(
        Wish(
            name="openItemExplain",
            who=OFFICER,
            asked=explain,
            shows=_EXPLAINED,
            changed={"reason": "The bank answers"},
            record="statementLineId",
            kind="StatementLine",
            hidden_from=OTHER_OFFICER,
        )
    )
    assert part(told, "openItemExplanation", "line") == {"id": encode("StatementLine", line)}
    this_month: Answer = {"fundId": _FUND, "month": first_of_month(today()).isoformat()}
    assert (await desk.refused(FINANCE, "periodClose", this_month))["code"] == "PERIOD_NOT_OVER"
    closed = await desk.done(FINANCE, "periodClose", close, _CLOSE)
    assert part(closed, "periodClose", "spent") == amount("0.00")
    assert part(closed, "periodClose", "fund") == {"id": _FUND}
    assert (await desk.refused(FINANCE, "periodClose", close))["code"] == "PERIOD_ORDER"

    await attach(desk.work, payment, "proof_of_payment")
    await done(desk.work, COORDINATOR, payments.confirm_payment, await confirmation(desk.work, payment, on=_LAST_MONTH))
    shown = f'{{ payment(id: "{encode("Payment", payment)}") {{ postings {{ kind corrections {{ corrects month }} }} }} }}'
    corrected = {"corrects": _LAST_MONTH.isoformat(), "month": first_of_month(today()).isoformat()}
    for who in (AUDITOR, OFFICER, COUNSELLOR, FINANCE):
        result = await desk.schema.execute(shown, {}, desk.context(who))
        assert result.data is not None
        found = {one["kind"]: one["corrections"] for one in result.data["payment"]["postings"]}
        assert found["PAYMENT_SPENT"] == [corrected], who
    months = f'{{ periodCloses(fund: "{_FUND}", first: 5) {{ totalCount edges {{ node {{ month digest }} }} }} }}'
    result = await desk.schema.execute(months, {}, desk.context(AUDITOR))
    assert result.data is not None
    assert result.data["periodCloses"]["edges"] == [
        {"node": {"month": _LAST_MONTH.isoformat(), "digest": part(closed, "periodClose", "digest")}}
    ]
