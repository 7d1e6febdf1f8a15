"""The clock: notices before the last day, what goes back to the fund after it, and that neither happens twice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from uuid import UUID

import asyncpg
import pytest

from reintegration.cases import service as cases
from reintegration.cases.commands import CloseCase
from reintegration.cases.values import CloseReason
from reintegration.commands.clock import CLOCK, Tick, keep_time, tick
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.entitlements import service as entitlements
from reintegration.entitlements.commands import DecideExtension, RequestExtension
from reintegration.entitlements.errors import DeadlineExpiredError
from reintegration.entitlements.notices import NOTICE_DAYS, note_deadlines
from reintegration.evidence.errors import WrongStepError
from reintegration.kernel.clock import today
from reintegration.kernel.errors import TransitionError
from reintegration.kernel.ids import new_id
from reintegration.ledger import flows
from reintegration.ledger.errors import NotEnoughLeftError
from reintegration.ledger.posting import post
from reintegration.payments import service as payments
from reintegration.payments.commands import ReturnPayment
from reintegration.payments.service import Expiry, expire_case
from tests import builders
from tests.builders import APPROVER, OFFICER, PROGRAMME, SYSTEM
from tests.database.law import become, outcome, undone
from tests.database.law_case import DEADLINE, LawCase, a_law_case
from tests.payment_steps import BuiltPlan, a_payment, a_planned_case, asking, done, failure, held
from tests.proofs import refused, row, value

_BUDGET = "select id from entitlements where case_id = $1 and stream = 'reintegration'"
_MOVE = "update entitlements set deadline_on = $2 where case_id = $1 and stream = 'reintegration'"
_EXPIRIES = "select array_agg((occasion, released_minor, drafts_cancelled)::text order by occasion) from deadline_expiries where case_id = $1"  # noqa: E501
_NOTICES = "select array_agg(days_before order by id) from deadline_notices where case_id = $1"
_FUND = (
    "select sum(p.amount_minor)::bigint from ledger_transactions t join ledger_postings p on p.transaction_id = t.id"
    " join ledger_accounts a on a.id = p.account_id"
    " where t.case_id = $1 and a.kind = 'fund' and a.stream = 'reintegration' and t.kind = 'entitlement_released'"
)


@pytest.fixture
async def work(fresh_database: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(fresh_database) as opened:
        yield opened


def in_days(days: int) -> date:
    return today() + timedelta(days=days)


async def move(work: UnitOfWork, plan: BuiltPlan, days: int) -> None:
    """Set the last day so many days from now."""

    async def set_deadline(transaction: Transaction) -> int:
        return await transaction.execute(_MOVE, plan.case.id, in_days(days))

    assert await work.write(SYSTEM, set_deadline) == 1


async def extension(work: UnitOfWork, plan: BuiltPlan) -> RequestExtension:
    budget = await value(work, _BUDGET, plan.case.id)
    assert isinstance(budget, UUID)
    return RequestExtension(id=new_id(), entitlement_id=budget, new_deadline_on=in_days(600), reason="The clinic is late")


class TestNotices:
    """Once for a case, a deadline and a number of days."""

    @pytest.mark.parametrize(("days", "told"), [(61, None), (60, 60), (31, 60), (30, 30), (8, 30), (7, 7), (0, 7), (-1, None)])
    async def test_the_nearest_notice_is_given(self, work: UnitOfWork, days: int, told: int | None) -> None:
        plan = await a_planned_case(work, 50_000)
        await move(work, plan, days)
        for expected in (1 if told else 0, 0):
            found = await work.write(CLOCK, lambda t: note_deadlines(t, on=today(), most=10))
            assert found == expected
        assert await value(work, _NOTICES, plan.case.id) == ([told] if told else None)

    async def test_the_days_pass_and_each_notice_comes_once(self, work: UnitOfWork) -> None:
        plan = await a_planned_case(work, 50_000)
        await move(work, plan, 60)
        for day in range(61):
            await work.write(CLOCK, lambda t, day=day: note_deadlines(t, on=in_days(day), most=10))  # type: ignore[misc]
        assert await value(work, _NOTICES, plan.case.id) == list(NOTICE_DAYS)

    async def test_a_later_deadline_has_notices_of_its_own(self, work: UnitOfWork) -> None:
        plan = await a_planned_case(work, 50_000)
        await move(work, plan, 5)
        assert (await tick(work)).notices == 1
        await move(work, plan, 25)
        assert (await tick(work)).notices == 1
        assert await value(work, _NOTICES, plan.case.id) == [7, 30]

    async def test_a_closed_case_gets_none(self, work: UnitOfWork) -> None:
        plan = await a_planned_case(work, 50_000)
        await move(work, plan, 20)
        version = await value(work, "select version from cases where id = $1", plan.case.id)
        assert isinstance(version, int)
        close = CloseCase(case_id=plan.case.id, expected_version=version, reason=CloseReason.COMPLETED, closed_on=today())
        await done(work, APPROVER, cases.close_case, close)
        assert await tick(work) == Tick()

    async def test_more_than_a_batch_are_all_given_and_two_clocks_give_each_once(self, work: UnitOfWork) -> None:
        plans = [await a_planned_case(work, 50_000) for _ in range(3)]
        for plan in plans:
            await move(work, plan, 20)
        both = await asyncio.gather(*(work.write(CLOCK, lambda t: note_deadlines(t, on=today(), most=2)) for _ in range(2)))
        assert sum(both) in {2, 3, 4}
        await tick(work)
        assert await value(work, "select count(*) from deadline_notices") == 3


class TestExpiry:
    """What nobody spent or reserved goes back, and only that."""

    async def test_nothing_expires_on_the_last_day(self, work: UnitOfWork) -> None:
        plan = await a_planned_case(work, 50_000)
        await move(work, plan, 0)
        assert (await tick(work)).expired == 0
        assert await held(work, plan.case.id) == {"entitlement": 130_000, "plan_line": 50_000}

    async def test_the_day_after_it_all_goes_back_once_however_often_the_clock_ticks(self, work: UnitOfWork) -> None:
        plan = await a_planned_case(work, 50_000, 20_000)
        draft = await a_payment(work, plan, 10_000, status="draft")
        await a_payment(work, plan, 15_000, status="paid")
        await a_payment(work, plan, 5_000, status="submitted", item=1)
        await move(work, plan, -1)
        assert await tick(work) == Tick(expired=1, released_minor=160_000, drafts_cancelled=1)
        for _ in range(3):
            assert await tick(work) == Tick()
        assert await held(work, plan.case.id) == {"spent": 15_000, "reserved": 5_000}
        assert await value(work, _FUND, plan.case.id) == 160_000
        assert await value(work, _EXPIRIES, plan.case.id) == ["(1,160000,1)"]
        assert await row(work, "select status, outcome_note from payments where id = $1", draft) == {
            "status": "cancelled",
            "outcome_note": f"The last day to use the budget was {in_days(-1)}",
        }
        entry = "select actor_id from ledger_transactions where case_id = $1 and kind = 'entitlement_released'"
        assert await value(work, entry, plan.case.id) == CLOCK.id

    async def test_what_comes_back_later_goes_back_too(self, work: UnitOfWork) -> None:
        plan = await a_planned_case(work, 50_000)
        failing = await a_payment(work, plan, 7_000, status="released")
        returning = await a_payment(work, plan, 5_000, status="submitted")
        await move(work, plan, -1)
        await tick(work)
        await done(work, OFFICER, payments.fail_payment, await failure(work, failing))
        assert await held(work, plan.case.id) == {"plan_line": 7_000, "reserved": 5_000}
        assert await tick(work) == Tick(expired=1, released_minor=7_000)
        back = ReturnPayment(id=returning, expected_version=2, reason="The supplier is gone")
        await done(work, APPROVER, payments.return_payment, back)
        assert await tick(work) == Tick(expired=1, released_minor=5_000, drafts_cancelled=1)
        assert await held(work, plan.case.id) == {}
        assert await value(work, _EXPIRIES, plan.case.id) == ["(1,168000,0)", "(2,7000,0)", "(3,5000,1)"]

    async def test_a_request_after_the_last_day_holds_nothing(self, work: UnitOfWork) -> None:
        plan = await a_planned_case(work, 50_000)
        ask = await extension(work, plan)
        await done(work, OFFICER, entitlements.request_extension, ask)
        await move(work, plan, -1)
        assert (await tick(work)).expired == 1  # asked today, a day after the last one

    async def test_a_request_of_before_holds_it_until_it_is_refused(
        self, work: UnitOfWork, fresh_database: DatabaseAddresses
    ) -> None:
        plan = await a_planned_case(work, 50_000)
        ask = await extension(work, plan)
        await done(work, OFFICER, entitlements.request_extension, ask)
        superuser = await asyncpg.connect(fresh_database.superuser_url)
        await superuser.execute(
            "set session_replication_role = replica; update deadline_extensions set requested_at = now() - interval '3 days'"
        )
        await superuser.close()
        await move(work, plan, -1)
        assert await tick(work) == Tick()
        assert await work.write(CLOCK, lambda t: expire_case(t, plan.case.id)) is None
        refuse = DecideExtension(extension_id=ask.id, expected_version=1, approved=False)
        await done(work, PROGRAMME, entitlements.decide_extension, refuse)
        assert await tick(work) == Tick(expired=1, released_minor=180_000)

    async def test_after_it_no_extension_is_asked_or_approved_and_nothing_more_is_paid(self, work: UnitOfWork) -> None:
        plan = await a_planned_case(work, 50_000)
        ask = await extension(work, plan)
        await done(work, OFFICER, entitlements.request_extension, ask)
        await move(work, plan, -1)
        await tick(work)
        approve = DecideExtension(extension_id=ask.id, expected_version=1, approved=True)
        await refused(work, PROGRAMME, asking(entitlements.decide_extension, approve), DeadlineExpiredError)
        await done(
            work,
            PROGRAMME,
            entitlements.decide_extension,
            DecideExtension(extension_id=ask.id, expected_version=1, approved=False),
        )
        again = await extension(work, plan)
        await refused(work, OFFICER, asking(entitlements.request_extension, again), DeadlineExpiredError)
        with pytest.raises(NotEnoughLeftError):
            await a_payment(work, plan, 1, status="submitted")

    async def test_clocks_and_payments_at_once_leave_every_cent_somewhere_once(self, work: UnitOfWork) -> None:
        for _ in range(4):
            plan = await a_planned_case(work, 50_000)
            await move(work, plan, -1)
            results = await asyncio.gather(
                work.write(CLOCK, lambda t, case=plan.case.id: expire_case(t, case)),  # type: ignore[misc]
                work.write(CLOCK, lambda t, case=plan.case.id: expire_case(t, case)),  # type: ignore[misc]
                a_payment(work, plan, 20_000, status="submitted"),
                return_exceptions=True,
            )
            found = await held(work, plan.case.id)
            back = await value(work, _FUND, plan.case.id)
            paid = not isinstance(results[2], BaseException)
            assert (found, back) == (({"reserved": 20_000}, 160_000) if paid else ({}, 180_000))
            assert [one for one in results[:2] if isinstance(one, Expiry)] != []
            if not paid:  # nothing was left, or the clock had closed the draft before it came further
                assert isinstance(results[2], NotEnoughLeftError | WrongStepError | TransitionError)

    async def test_a_case_that_fails_is_counted_and_the_others_go_on(
        self, work: UnitOfWork, fresh_database: DatabaseAddresses
    ) -> None:
        plans = [await a_planned_case(work, 50_000) for _ in range(3)]
        for plan in plans:
            await move(work, plan, -1)
        superuser = await asyncpg.connect(fresh_database.superuser_url)
        await superuser.execute(
            "alter table deadline_expiries add constraint deadline_expiries_test_ck"
            f" check (case_id <> '{sorted(plan.case.id for plan in plans)[1]}')"
        )
        assert await tick(work) == Tick(expired=2, released_minor=360_000, failed=1)
        await superuser.execute("alter table deadline_expiries drop constraint deadline_expiries_test_ck")
        await superuser.close()
        assert await tick(work) == Tick(expired=1, released_minor=180_000)

    async def test_the_worker_ticks_at_its_start_and_stops_when_told(self, work: UnitOfWork) -> None:
        plan = await a_planned_case(work, 50_000)
        await move(work, plan, -1)
        stop = asyncio.Event()
        keeping = asyncio.create_task(keep_time(work, stop))
        async with asyncio.timeout(20):
            while await value(work, _EXPIRIES, plan.case.id) is None:  # noqa: ASYNC110 - only PostgreSQL knows
                await asyncio.sleep(0.02)
        stop.set()
        await asyncio.wait_for(keeping, 5)


class TestTheDatabase:
    """The same law, said to whoever writes past the use cases."""

    @pytest.fixture
    async def case(self, law_pool: asyncpg.Pool) -> AsyncIterator[tuple[Transaction, LawCase]]:
        async with undone(law_pool) as transaction:
            yield transaction, await a_law_case(transaction)

    _INSERT = (
        "insert into deadline_expiries (id, case_id, occasion, deadline_on, expired_on, released_minor, drafts_cancelled)"
        " values ($1, $2, 1, $3, $4, $5, 0)"
    )

    async def test_only_what_has_passed_expires_and_today(self, case: tuple[Transaction, LawCase]) -> None:
        transaction, law = case
        for deadline, expired in ((DEADLINE, in_days(-1)), (DEADLINE - timedelta(days=1), today()), (today(), today())):
            assert await outcome(transaction, self._INSERT, new_id(), law.id, deadline, expired, 0) == "deadline_expiries_due_ck"

    async def test_it_returns_what_it_says_and_all_of_it(self, case: tuple[Transaction, LawCase]) -> None:
        transaction, law = case
        rule = "deadline_expiries_posted_ck"
        for said in (0, 180_000):
            assert await outcome(transaction, self._INSERT, new_id(), law.id, DEADLINE, today(), said) == rule
        expiry_id = new_id()
        part = [(law.pot.account("plan_line"), 100)]
        await post(transaction, flows.expire(law.id, part, expiry_id=expiry_id, on=today()))
        for said in (100, 180_000):
            assert await outcome(transaction, self._INSERT, expiry_id, law.id, DEADLINE, today(), said) == rule
        rest = [(law.pot.account("plan_line"), 179_900)]
        await post(transaction, flows.release(law.id, rest, on=today()))
        assert await outcome(transaction, self._INSERT, expiry_id, law.id, DEADLINE, today(), 180_000) == rule
        assert await outcome(transaction, self._INSERT, expiry_id, law.id, DEADLINE, today(), 100) == 1

    async def test_nobody_but_the_clock_writes_them(self, case: tuple[Transaction, LawCase]) -> None:
        transaction, law = case
        notice = "insert into deadline_notices (id, case_id, deadline_on, days_before, noticed_on) values ($1, $2, $3, 7, $3)"
        for who in (OFFICER, PROGRAMME, builders.COORDINATOR, builders.FINANCE, builders.COUNSELLOR):
            await become(transaction, who)
            assert await outcome(transaction, notice, new_id(), law.id, DEADLINE) == "denied"
            assert await outcome(transaction, self._INSERT, new_id(), law.id, DEADLINE, today(), 0) == "denied"

    async def test_neither_is_changed_or_removed(self, case: tuple[Transaction, LawCase]) -> None:
        transaction, law = case
        for statement in ("update deadline_notices set days_before = 9", "delete from deadline_notices"):
            assert await outcome(transaction, f"{statement} where case_id = $1", law.id) == "denied"

    async def test_an_expired_budget_is_not_extended(self, case: tuple[Transaction, LawCase]) -> None:
        transaction, law = case
        left = [(law.pot.account("plan_line"), 180_000)]
        expiry_id = new_id()
        await post(transaction, flows.expire(law.id, left, expiry_id=expiry_id, on=today()))
        assert await outcome(transaction, self._INSERT, expiry_id, law.id, DEADLINE, today(), 180_000) == 1
        decide = "update deadline_extensions set decision = $2, decided_by = 'programme', decided_at = now() where case_id = $1"
        assert await outcome(transaction, decide, law.id, "approved") == "deadline_extensions_expired_ck"
        assert await outcome(transaction, decide, law.id, "refused") == 1
