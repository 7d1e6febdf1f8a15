"""Fees in the books: never of the case to which they belong, sealed with the months of their fund, corrected in the next."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from uuid import UUID

import asyncpg

from reintegration.api import loaders
from reintegration.audit.invariants import check
from reintegration.cases import service as cases
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.fees import service as fees
from reintegration.funding import periods
from reintegration.funding.commands import ClosePeriod
from reintegration.kernel.clock import today
from reintegration.kernel.ids import new_id
from reintegration.payments import service as payments
from reintegration.reports import report_definitions
from tests import builders
from tests.builders import (
    APPROVER,
    AUDITOR,
    COORDINATOR,
    FINANCE,
    PROGRAMME,
)
from tests.fee_steps import (
    SECOND_FINANCE,
    add_tariffs,
    approval_of,
    carry_fee,
    claimed,
    closing,
    payment_of,
    reversal_of,
)
from tests.payment_steps import a_payment, a_planned_case, attach, confirmation, done, held
from tests.proofs import row, value

_KEPT = """
select status, kind, amount_minor, currency, served_on, partner_id, field_office_id, claimed_by, approved_by, paid_by, ended_by
from service_fees where id = $1
"""
_DECIDED = """
select f.amount_minor, t.country_code from service_fees f join service_fee_tariffs t on t.id = f.tariff_id where f.id = $1
"""
_ENTRIES = """
select t.kind, t.occasion, t.effective_on, t.case_id, t.actor_id, r.kind as reverses, a.kind as account, a.stream, p.amount_minor
from ledger_transactions t
left join ledger_transactions r on r.id = t.reverses_id
join ledger_postings p on p.transaction_id = t.id
join ledger_accounts a on a.id = p.account_id
where t.reference_id = $1
order by t.recorded_at, t.kind, t.occasion desc, p.amount_minor
"""


async def test_a_fee_changes_nothing_of_the_case(fresh_database: DatabaseAddresses) -> None:
    """Balances, budgets, totals, statistics and payments of the case are the same to the cent, whatever happens to its fees."""
    await add_tariffs(fresh_database)
    async with builders.open_work(fresh_database) as work:
        plan = await a_planned_case(work)
        payment = await a_payment(work, plan, 40_000, status="released")
        await attach(work, payment, "proof_of_payment")
        await done(work, COORDINATOR, payments.confirm_payment, await confirmation(work, payment))
        before = await of_case(work, plan.case.id)
        assert before["reintegration"] == {"entitlement": 30_000, "plan_line": 110_000, "spent": 40_000}
        assert before["payments_ledger"] != []
        fee = await claimed(work, plan.case.id)
        assert await of_case(work, plan.case.id) == before
        for approve, who, command in (
            (fees.approve_service_fee, PROGRAMME, approval_of),
            (fees.pay_service_fee, FINANCE, payment_of),
            (fees.reverse_service_fee, SECOND_FINANCE, reversal_of),
        ):
            await done(work, who, approve, await command(work, fee))
            assert await of_case(work, plan.case.id) == before
        await carry_fee(work, await claimed(work, plan.case.id), "paid")
        assert await of_case(work, plan.case.id) == before
        # Nor of what is left: the case pays on, and closes with what its own accounts hold.
        await done(work, APPROVER, cases.close_case, await closing(work, plan.case.id))
        assert await held(work, plan.case.id) == {"spent": 40_000}
        assert (await check(work)).violations == 0


async def test_a_fee_known_after_the_close_of_its_month_is_a_correction_in_the_next(fresh_database: DatabaseAddresses) -> None:
    await add_tariffs(fresh_database)
    this_month = today().replace(day=1)
    last_month = (this_month - timedelta(days=1)).replace(day=1)
    async with builders.open_work(fresh_database) as work:
        case = (await a_planned_case(work)).case.id
        fee = await carry_fee(work, await claimed(work, case), "approved")
        fund = UUID(str(await value(work, "select fund_id from service_fees where id = $1", fee)))
        await _approved_on(fresh_database, fee, last_month)
        closing_ = ClosePeriod(new_id(), fund, last_month)
        await done(work, FINANCE, periods.close_period, closing_)
        sealed = await row(work, "select transactions, spent_minor, digest from period_closes where id = $1", closing_.id)
        # The fee that was owed then is in it, and is no money of a returnee.
        assert sealed["spent_minor"] == 0
        entry = UUID(str(await value(work, "select id from ledger_transactions where reference_id = $1", fee)))
        counted = "select count(*) from period_transactions($1, $2, true) as x (id) where x.id = $3"
        assert await value(work, counted, fund, last_month, entry) == 1
        late = await payment_of(work, fee, on=last_month + timedelta(days=3))
        await done(work, FINANCE, fees.pay_service_fee, late)
        corrected = await row(work, "select corrects, month, fund_id from ledger_corrections")
        assert corrected == {"corrects": last_month, "month": this_month, "fund_id": fund}
        assert (await check(work)).violations == 0
        # Without its entry the month is not what was sealed.
        async with _as_nobody(fresh_database) as owner:
            await owner.execute("delete from ledger_postings where transaction_id = $1", entry)
        found = {finding.name: finding.violations for finding in (await check(work)).findings if finding.violations}
        assert found == {"periods_sealed": 1, "service_fees_posted": 1}


async def of_case(work: UnitOfWork, case_id: UUID) -> dict[str, object]:
    """All that is summed or shown of a case, and each other report of the database."""
    found: dict[str, object] = {stream: await held(work, case_id, stream) for stream in ("reintegration", "cash_premium")}
    async with work.read(AUDITOR) as transaction:
        for name, sql in (
            ("balances", loaders.SQL["balances_of_cases"]),
            ("accounts", "select id from ledger_accounts where case_id = any ($1) order by id"),
            ("entries", "select id from ledger_transactions where case_id = any ($1) order by id"),
            ("items", "select i.* from plan_items i join plans p on p.id = i.plan_id where p.case_id = any ($1) order by i.id"),
            ("payments", "select * from payments where case_id = any ($1) order by id"),
            ("totals", "select country, month, payments, euro_minor, refunds from payment_totals where $1::uuid[] <> '{}'"),
        ):
            found[name] = [tuple(one) for one in await transaction.fetch(sql, [case_id])]
    async with work.read(FINANCE) as transaction:
        for definition in report_definitions():
            if definition.kind == "service_fees":
                continue
            parameters = definition.parse(_PARAMETERS[definition.kind])
            for part in definition.tables:
                rows = [tuple(one) async for batch in part.rows(transaction, parameters) for one in batch]
                found[part.table.name] = rows
    return found


_PARAMETERS = {
    "payments_ledger": {"from": "2020-01-01", "to": "2100-12-31"},
    "programme_statistics": {"years": "2025,2026"},
    "amif_indicators": {"reference_date": "2030-06-30"},
}


async def _approved_on(addresses: DatabaseAddresses, fee: UUID, day: date) -> None:
    """As if it had been approved at noon of that day."""
    async with _as_nobody(addresses) as owner:
        await owner.execute("update service_fees set approved_at = $2::date + time '12:00' where id = $1", fee, day)
        await owner.execute("update ledger_transactions set effective_on = $2 where reference_id = $1", fee, day)


@asynccontextmanager
async def _as_nobody(addresses: DatabaseAddresses) -> AsyncIterator[asyncpg.Connection]:
    """A hand in the database, past every trigger."""
    owner = await asyncpg.connect(addresses.superuser_url)
    try:
        await owner.execute("set session_replication_role = replica")
        yield owner
    finally:
        await owner.close()
