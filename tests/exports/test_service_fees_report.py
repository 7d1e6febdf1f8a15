"""The export of service fees: every cell of a fee, totals by partner, fund and month, and the days asked for."""

from dataclasses import replace
from uuid import UUID

import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.exports.running import ReportResources
from reintegration.fees import service as fees
from reintegration.kernel.clock import first_of_month, today
from reintegration.kernel.errors import InvalidInputError
from reintegration.plans import service as plans
from tests.builders import CARITAS, FINANCE, MONGOLIA_CARITAS, PROGRAMME, Role, a_granted_case, actor, days_ago
from tests.exports.caseload import HOSTILE
from tests.exports.reading import made, ordered, table
from tests.fee_steps import SECOND_FINANCE, add_tariffs, approval_of, carry_fee, claimed, payment_of, reversal_of
from tests.payment_steps import a_line, a_planned_case, a_submitted_plan, approval, done
from tests.proofs import row, value
from tests.receivable_steps import SECOND_COORDINATOR

_HELD = """
select sum(p.amount_minor)::bigint from ledger_postings p join ledger_accounts a on a.id = p.account_id where a.kind = $1
"""
_PERIOD = {"from": today().isoformat(), "to": today().isoformat()}
_OF_CARITAS = actor(Role.FIELD_OFFICER, "officer-of-caritas", office=MONGOLIA_CARITAS)
_LEADS_CARITAS = actor(Role.PARTNER_COORDINATOR, "coordinator-of-caritas", office=MONGOLIA_CARITAS)


@pytest.fixture
async def charged(fresh_database: DatabaseAddresses, report_work: UnitOfWork) -> UUID:
    """IOM: one is paid, one came back, one is owed, one only claimed; Caritas: one paid. The first one's id."""
    await add_tariffs(fresh_database)
    work = report_work
    first = await claimed(work, (await a_planned_case(work)).case.id, SECOND_COORDINATOR)
    await done(work, PROGRAMME, fees.approve_service_fee, await approval_of(work, first))
    await done(work, FINANCE, fees.pay_service_fee, replace(await payment_of(work, first), reference=HOSTILE))
    second = await carry_fee(work, await claimed(work, (await a_planned_case(work)).case.id), "paid")
    await done(work, SECOND_FINANCE, fees.reverse_service_fee, await reversal_of(work, second))
    await carry_fee(work, await claimed(work, (await a_planned_case(work)).case.id), "approved")
    case = await a_granted_case(work, office=MONGOLIA_CARITAS)
    plan = await a_submitted_plan(work, case, a_line(90_000), who=_OF_CARITAS)
    await done(work, _LEADS_CARITAS, plans.approve_plan, approval(plan))
    await carry_fee(work, await claimed(work, case.id, _OF_CARITAS), "paid")
    await claimed(work, (await a_planned_case(work)).case.id)
    return first


async def test_each_fee_has_a_row_that_proves_it(resources: ReportResources, charged: UUID) -> None:
    report = await made(resources, "service_fees", _PERIOD)
    rows = await table(resources, report, "service_fees")
    shown = [" ".join(one[name] for name in ("partner", "status", "amount", "owed_amount", "paid_amount")) for one in rows]
    assert sorted(shown) == [
        "CARITAS paid 280.37  280.37",
        "IOM approved 300.00 300.00 ",
        "IOM claimed 300.00  ",
        "IOM paid 300.00  300.00",
        "IOM reversed 300.00  ",
    ]
    work = resources.unit_of_work
    (found,) = [one for one in rows if one["service_fee_id"] == str(charged)]
    kept = await row(work, "select tariff_id, case_id from service_fees where id = $1", charged)
    entries = "select string_agg(id::text, ' ' order by recorded_at, id) from ledger_transactions where reference_id = $1"
    day = today().isoformat()
    moments = {name: found.pop(name)[-1] for name in ("claimed_at", "approved_at", "paid_at")}
    assert moments == dict.fromkeys(moments, "Z")
    assert found == {
        "service_fee_id": str(charged),
        "case_reference": await value(work, "select reference from cases where id = $1", kept["case_id"]),
        "partner": "IOM",
        "office": "IOM-MN",
        "fund": "AMIF-2021-2027",
        "service": "plan_preparation",
        "served_on": day,
        "status": "paid",
        "amount": "300.00",
        "owed_amount": "",
        "paid_amount": "300.00",
        "currency": "EUR",
        "tariff_id": str(kept["tariff_id"]),
        "tariff_from": "2022-01-26",
        "tariff_country": "",
        "claimed_by": SECOND_COORDINATOR.id,
        "approved_by": PROGRAMME.id,
        "paid_by": FINANCE.id,
        "paid_on": day,
        "payment_reference": "'" + HOSTILE,
        "ended_by": "",
        "ended_at": "",
        "ended_reason": "",
        "returned_on": "",
        "ledger_transactions": await value(work, entries, charged),
    }


async def test_totals_are_by_partner_fund_and_month(resources: ReportResources, charged: UUID) -> None:
    report = await made(resources, "service_fees", _PERIOD)
    month = {"fund": "AMIF-2021-2027", "month": first_of_month(today()).isoformat(), "currency": "EUR"}
    assert await table(resources, report, "service_fee_totals") == [
        {
            "partner": "CARITAS",
            "paid_fees": "1",
            "returned_fees": "0",
            "paid_amount": "280.37",
            "returned_amount": "0.00",
            "net_amount": "280.37",
            **month,
        },
        {
            "partner": "IOM",
            "paid_fees": "2",
            "returned_fees": "1",
            "paid_amount": "600.00",
            "returned_amount": "300.00",
            "net_amount": "300.00",
            **month,
        },
    ]
    sums = {
        (part.name, found.column, found.fund): found.amount
        for file in report.manifest.files
        for part in file.tables
        for found in part.sums
    }
    assert sums["service_fees", "paid_amount", "AMIF-2021-2027"] == "580.37"
    assert sums["service_fee_totals", "net_amount", "AMIF-2021-2027"] == "580.37"
    # What the account of the fund holds is what the report says.
    for kind, cents in (("fee_paid", 58_037), ("fee_owed", 30_000)):
        assert await value(resources.unit_of_work, _HELD, kind) == cents
    assert await value(resources.unit_of_work, "select partner_id from service_fees where amount_minor = 28037") == CARITAS
    assert charged is not None


async def test_the_report_takes_the_days_asked_for(resources: ReportResources, charged: UUID) -> None:
    assert charged is not None
    before = {"from": days_ago(30).isoformat(), "to": days_ago(1).isoformat()}
    report = await made(resources, "service_fees", before)
    assert await table(resources, report, "service_fees") == []
    assert await table(resources, report, "service_fee_totals") == []
    for wrong in ({"from": "2026-01-02", "to": "2026-01-01"}, {"from": "2026-01-01"}, {"year": "2026"}):
        with pytest.raises(InvalidInputError):
            await ordered(resources.unit_of_work, "service_fees", wrong)
