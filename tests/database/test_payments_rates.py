"""Local currency: the rate of the month that the rule chooses, frozen per line with its source; never a guess (amif.md 6)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from uuid import UUID

import asyncpg
import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.actor import Role
from reintegration.kernel.clock import add_months, first_of_month, today
from reintegration.kernel.errors import InvalidInputError
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
from reintegration.payments import service
from reintegration.payments.commands import AmendPayment, DraftPayment
from reintegration.programme.commands import ImportRateMonth
from reintegration.programme.errors import NoRateError
from reintegration.programme.rates import import_rate_month
from tests import builders
from tests.builders import OFFICER, actor
from tests.payment_steps import (
    BuiltPlan,
    a_draft,
    a_line,
    a_planned_case,
    an_approved_plan,
    asking,
    carry,
    confirmation,
    done,
    go,
    held,
    plain,
    submission,
    yes,
)
from tests.proofs import refused, value
from tests.rates import a_confirmed_month, monthly_file

OCTOBER = date(2023, 10, 1)
_COLUMNS = ("amount_minor", "currency", "rate", "rate_month", "rate_source", "euro_minor")
_LINES = """
select amount_minor, currency, rate, rate_month, rate_source, euro_minor from payment_lines
where payment_id = $1 order by position
"""


@pytest.fixture
async def work(fresh_database: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(fresh_database) as opened:
        yield opened


async def a_plan_of_2023(work: UnitOfWork, *budgets: int) -> BuiltPlan:
    """A household that arrived on 2 September 2023."""
    command = builders.a_registration()
    intake = replace(
        command.intake,
        applied_on=date(2023, 7, 1),
        consent_signed_on=date(2023, 7, 1),
        entered_belgium_on=date(2021, 1, 1),
    )
    case = await builders.grant(work, await builders.a_referred_case(work, replace(command, intake=intake)))
    case = await builders.depart(work, case, on=date(2023, 9, 1))
    case = await builders.arrive(work, case, on=date(2023, 9, 2))
    return await an_approved_plan(work, case, *(a_line(budget) for budget in budgets or (150_000,)))


async def lines(work: UnitOfWork, payment: UUID) -> list[tuple[object, ...]]:
    async with work.read(OFFICER) as transaction:
        return [tuple(row[column] for column in _COLUMNS) for row in await transaction.fetch(_LINES, payment)]


async def set_rule(addresses: DatabaseAddresses, rule: str) -> None:
    """The grant agreement says otherwise: reference data, written by the owner."""
    connection = await asyncpg.connect(addresses.owner_url)
    try:
        await connection.execute("select set_config('reintegration.actor_id', 'loader', false)")
        await connection.execute("select set_config('reintegration.actor_role', 'system', false)")
        await connection.execute("set session_replication_role = replica")
        await connection.execute("update operations set rate_rule = $1", rule)
    finally:
        await connection.close()


async def test_3500_real_of_october_2023_are_658_95(work: UnitOfWork) -> None:
    await a_confirmed_month(work, OCTOBER, BRL="5.3115")
    plan = await a_plan_of_2023(work)
    payment = await a_draft(work, plan, plain(Money.parse("3500.00", "BRL"), on=date(2023, 10, 12)))
    await carry(work, payment, "submitted")
    assert await lines(work, payment) == [(350_000, "BRL", "5.3115", OCTOBER, "InforEuro, as published", 65_895)]
    assert await value(work, "select rate_rule from payments where id = $1", payment) == "PAYMENT_MONTH"
    assert await held(work, plan.case.id) == {"entitlement": 30_000, "plan_line": 84_105, "reserved": 65_895}
    await carry_on(work, payment)
    assert await held(work, plan.case.id) == {"entitlement": 30_000, "plan_line": 84_105, "spent": 65_895}


async def carry_on(work: UnitOfWork, payment: UUID) -> None:
    """From submitted to paid in October 2023."""
    await done(work, builders.APPROVER, service.approve_payment, await yes(work, payment))
    await done(work, builders.COORDINATOR, service.release_payment, await go(work, payment))
    await done(work, OFFICER, service.confirm_payment, await confirmation(work, payment, on=date(2023, 10, 31)))


async def test_the_total_is_the_sum_of_the_lines(work: UnitOfWork) -> None:
    await a_confirmed_month(work, OCTOBER, BRL="5.3115")
    plan = await a_plan_of_2023(work)
    amounts = [Money.parse(amount, "BRL") for amount in ("100.10", "200.20", "300.30", "33.33")]
    payment = await a_draft(work, plan, plain(*amounts, on=date(2023, 10, 12)))
    await carry(work, payment, "submitted")
    assert [line[-1] for line in await lines(work, payment)] == [1885, 3769, 5654, 628]
    assert await held(work, plan.case.id) == {"entitlement": 30_000, "plan_line": 138_064, "reserved": 11_936}


async def test_lines_of_several_currencies_each_have_their_rate(work: UnitOfWork) -> None:
    await a_confirmed_month(work, OCTOBER, BRL="5.3115", USD="1.0539", JPY="157.58")
    plan = await a_plan_of_2023(work)
    amounts = (Money(10_000, "EUR"), Money(10_000, "USD"), Money(10_000, "JPY"))
    payment = await a_draft(work, plan, plain(*amounts, on=date(2023, 10, 12)))
    await carry(work, payment, "submitted")
    assert [(line[1], line[2], line[3], line[5]) for line in await lines(work, payment)] == [
        ("EUR", "1", None, 10_000),
        ("USD", "1.0539", OCTOBER, 9_489),
        ("JPY", "157.58", OCTOBER, 6_346),
    ]


async def test_without_a_confirmed_rate_nothing_changes(work: UnitOfWork) -> None:
    plan = await a_plan_of_2023(work)
    payment = await a_draft(work, plan, plain(Money(1_000, "EUR"), Money(350_000, "BRL"), on=date(2023, 10, 12)))
    submitting = asking(service.submit_payment, await submission(work, payment))
    assert await refused(work, OFFICER, submitting, NoRateError) == NoRateError(currency="BRL", month=OCTOBER)
    command = ImportRateMonth(id=new_id(), month=OCTOBER, document=monthly_file(BRL="5.3115"))
    await done(work, actor(Role.ADMINISTRATOR), import_rate_month, command)
    await refused(work, OFFICER, submitting, NoRateError)
    assert [line[2] for line in await lines(work, payment)] == [None, None]
    assert await held(work, plan.case.id) == {"entitlement": 30_000, "plan_line": 150_000}


async def test_the_rate_of_the_registration_month_when_the_operation_says_so(
    work: UnitOfWork, fresh_database: DatabaseAddresses
) -> None:
    await set_rule(fresh_database, "REGISTRATION_MONTH")
    this_month = first_of_month(today())
    await a_confirmed_month(work, OCTOBER, BRL="5.3115")
    await a_confirmed_month(work, this_month, BRL="6")
    plan = await a_plan_of_2023(work)
    payment = await a_draft(work, plan, plain(Money(350_000, "BRL"), on=date(2023, 10, 12)))
    await carry(work, payment, "released")
    assert await lines(work, payment) == [(350_000, "BRL", "6", this_month, "InforEuro, as published", 58_333)]
    assert await value(work, "select rate_rule from payments where id = $1", payment) == "REGISTRATION_MONTH"
    await done(work, OFFICER, service.confirm_payment, await confirmation(work, payment, on=date(2023, 11, 2)))
    assert await held(work, plan.case.id) == {"entitlement": 30_000, "plan_line": 91_667, "spent": 58_333}


async def test_paid_in_another_month_than_its_rate_is_recorded_at_the_approved_rate(work: UnitOfWork) -> None:
    await a_confirmed_month(work, OCTOBER, BRL="5.3115")
    plan = await a_plan_of_2023(work)
    payment = await a_draft(work, plan, plain(Money(350_000, "BRL"), on=date(2023, 10, 12)))
    await carry(work, payment, "released")
    frozen = await lines(work, payment)
    await done(work, OFFICER, service.confirm_payment, await confirmation(work, payment, on=date(2023, 11, 1)))
    assert await value(work, "select paid_on from payments where id = $1", payment) == date(2023, 11, 1)
    assert await lines(work, payment) == frozen == [(350_000, "BRL", "5.3115", OCTOBER, "InforEuro, as published", 65_895)]
    assert await held(work, plan.case.id) == {"entitlement": 30_000, "plan_line": 84_105, "spent": 65_895}


async def test_an_amount_worth_less_than_half_a_cent_is_refused(work: UnitOfWork) -> None:
    await a_confirmed_month(work, OCTOBER, MNT="3658.5")
    plan = await a_plan_of_2023(work)
    payment = await a_draft(work, plan, plain(Money(100, "MNT"), on=date(2023, 10, 12)))
    await refused(work, OFFICER, asking(service.submit_payment, await submission(work, payment)), InvalidInputError)


async def test_no_operation_of_the_fund_covers_the_date(work: UnitOfWork) -> None:
    plan = await a_planned_case(work)
    command = DraftPayment(
        new_id(), plan.case.id, "reimbursement", plain(Money(1, "EUR"), on=date(2020, 12, 31)), plan_item_id=plan.items[0]
    )
    error = await refused(work, OFFICER, asking(service.draft_payment, command), InvalidInputError)
    assert error == InvalidInputError(field="paymentDate", reason="no operation of the fund covers this date")


async def test_an_amended_date_is_under_the_rule_of_its_day(work: UnitOfWork, fresh_database: DatabaseAddresses) -> None:
    plan = await a_planned_case(work)
    payment = await a_draft(work, plan, plain(Money(100, "EUR"), on=today()))
    uncovered = AmendPayment(payment, 1, plain(Money(100, "EUR"), on=date(2020, 12, 31)))
    error = await refused(work, OFFICER, asking(service.amend_payment, uncovered), InvalidInputError)
    assert error == InvalidInputError(field="paymentDate", reason="no operation of the fund covers this date")
    await set_rule(fresh_database, "REGISTRATION_MONTH")
    await done(work, OFFICER, service.amend_payment, AmendPayment(payment, 1, plain(Money(100, "EUR"), on=today())))
    assert await value(work, "select rate_rule from payments where id = $1", payment) == "REGISTRATION_MONTH"


async def test_a_payment_in_a_future_month_waits_for_its_rate(work: UnitOfWork) -> None:
    plan = await a_planned_case(work)
    next_month = add_months(first_of_month(today()), 1)
    payment = await a_draft(work, plan, plain(Money(350_000, "BRL"), on=next_month))
    submitting = asking(service.submit_payment, await submission(work, payment))
    assert await refused(work, OFFICER, submitting, NoRateError) == NoRateError(currency="BRL", month=next_month)
