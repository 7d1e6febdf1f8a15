"""Races on the last euro, on real connections: exactly one wins, and nothing of the other remains."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.actor import Role
from reintegration.kernel.errors import DomainError
from reintegration.ledger.errors import NotEnoughLeftError
from reintegration.payments import service
from reintegration.payments.commands import SubmitPayment
from reintegration.payments.errors import AlreadyPaidError
from reintegration.plans import service as plans
from reintegration.plans.errors import PlanBelowUseError
from tests import builders
from tests.builders import COORDINATOR, OFFICER, actor
from tests.payment_steps import (
    a_draft,
    a_line,
    a_planned_case,
    a_submitted_plan,
    a_supplier,
    an_approved_plan,
    approval,
    done,
    euros,
    found,
    held,
    line_held,
    plain,
    supplied,
)
from tests.proofs import row, value

ROUNDS = 20
_LEFT_BEHIND = """
select p.status, p.version, p.content_digest, p.submitted_at,
    (select count(*) from payment_lines l where l.payment_id = p.id and l.rate is not null) as frozen,
    (select count(*) from ledger_transactions t where t.reference_id = p.id) as posted
from payments p where p.id = $1
"""
_UNTOUCHED = {"status": "draft", "version": 1, "content_digest": None, "submitted_at": None, "frozen": 0, "posted": 0}


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


async def test_of_two_payments_racing_on_the_last_euro_one_wins(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, *[3_000] * ROUNDS)
    for number in range(ROUNDS):
        racers = [await a_draft(work, plan, plain(euros(2_000)), item=number) for _ in range(2)]
        officers = [actor(Role.FIELD_OFFICER, name) for name in ("one", "two")]
        results = await asyncio.gather(
            *(
                done(work, who, service.submit_payment, SubmitPayment(racer, 1))
                for who, racer in zip(officers, racers, strict=True)
            ),
            return_exceptions=True,
        )
        lost = [index for index, result in enumerate(results) if isinstance(result, BaseException)]
        assert [type(results[index]) for index in lost] == [NotEnoughLeftError]
        assert await row(work, _LEFT_BEHIND, racers[lost[0]]) == _UNTOUCHED
        assert (await found(work, racers[1 - lost[0]])).status == "submitted"
        assert await line_held(work, plan.lines[number]) == 1_000
    assert await held(work, plan.case.id) == {
        "entitlement": 180_000 - 3_000 * ROUNDS,
        "plan_line": 1_000 * ROUNDS,
        "reserved": 2_000 * ROUNDS,
    }


async def test_of_a_plan_that_shrinks_a_line_and_a_payment_of_it_one_wins(work: UnitOfWork) -> None:
    winners: set[str] = set()
    for _ in range(ROUNDS):
        plan = await a_planned_case(work, 100_000)
        payment = await a_draft(work, plan, plain(euros(80_000)))
        narrow = await a_submitted_plan(work, plan.case, a_line(50_000, line_id=plan.lines[0]))
        submitted, approved = await asyncio.gather(
            done(work, OFFICER, service.submit_payment, SubmitPayment(payment, 1)),
            done(work, COORDINATOR, plans.approve_plan, approval(narrow)),
            return_exceptions=True,
        )
        status = await value(work, "select status from plans where id = $1", narrow.id)
        if isinstance(submitted, BaseException):
            winners.add("plan")
            assert type(submitted) is NotEnoughLeftError
            assert not isinstance(approved, BaseException)
            assert status == "approved"
            assert await row(work, _LEFT_BEHIND, payment) == _UNTOUCHED
            assert await held(work, plan.case.id) == {"entitlement": 130_000, "plan_line": 50_000}
        else:
            winners.add("payment")
            assert isinstance(approved, DomainError)
            assert type(approved) in {PlanBelowUseError, NotEnoughLeftError}
            assert status == "submitted"
            assert await held(work, plan.case.id) == {"entitlement": 80_000, "plan_line": 20_000, "reserved": 80_000}
    assert winners <= {"plan", "payment"}


async def test_the_same_invoice_submitted_twice_at_once_is_reserved_once(work: UnitOfWork) -> None:
    for _ in range(ROUNDS // 4):
        plan = await a_planned_case(work, 100_000)
        supplier = await a_supplier(work)
        older = await a_draft(work, plan, await supplied(work, euros(100), supplier=supplier, invoice="F-1"))
        newer = await an_approved_plan(work, plan.case, a_line(100_000, line_id=plan.lines[0]))
        twin = await a_draft(work, newer, await supplied(work, euros(100), supplier=supplier, invoice="F-1"))
        results = await asyncio.gather(
            *(done(work, OFFICER, service.submit_payment, SubmitPayment(payment, 1)) for payment in (older, twin)),
            return_exceptions=True,
        )
        assert [type(result) for result in results if isinstance(result, BaseException)] == [AlreadyPaidError]
        assert await held(work, plan.case.id) == {"entitlement": 80_000, "plan_line": 99_900, "reserved": 100}
