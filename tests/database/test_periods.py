"""Months through their use cases: closed in order, sealed, and corrected in the next by what becomes known late."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

import asyncpg
import pytest

from reintegration.audit.invariants import check
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.entitlements.commands import GrantEntitlements
from reintegration.entitlements.service import grant_entitlements
from reintegration.funding import periods
from reintegration.funding.commands import ClosePeriod, ExplainOpenItem
from reintegration.funding.errors import ItemNotOpenError, PeriodNotOverError, PeriodOrderError, PeriodUnexplainedError
from reintegration.kernel.actor import Actor
from reintegration.kernel.clock import today
from reintegration.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from reintegration.kernel.ids import new_id
from reintegration.payments import service as payments
from reintegration.reconciliation import matching
from reintegration.reconciliation.commands import RecordKind
from tests import builders
from tests.builders import (
    ADMINISTRATOR,
    APPROVER,
    AUDITOR,
    COORDINATOR,
    COUNSELLOR,
    EVERYBODY,
    FINANCE,
    OFFICER,
    OTHER_COORDINATOR,
    OTHER_OFFICER,
    PROGRAMME,
    days_ago,
)
from tests.payment_steps import (
    BuiltPlan,
    a_draft,
    a_line,
    a_payment,
    an_approved_plan,
    asking,
    attach,
    carry,
    confirmation,
    done,
    doubt,
    euros,
    failure,
    supplied,
)
from tests.proofs import refused, row, value
from tests.statement_steps import an_account, matching_of, of_record, some_lines

LAST_MONTH = (today().replace(day=1) - timedelta(days=1)).replace(day=1)
BEFORE = (LAST_MONTH - timedelta(days=1)).replace(day=1)
THIS_MONTH = today().replace(day=1)
_SEALED = "select month, transactions, spent_minor, corrections, digest, previous_id from period_closes where id = $1"
_CORRECTED = "select corrects, month from ledger_corrections order by corrects, month"


@dataclass(frozen=True, slots=True)
class Books:
    """A fund, and a plan of a case that arrived ninety-four days ago."""

    work: UnitOfWork
    owner: asyncpg.Connection
    plan: BuiltPlan
    fund: UUID

    def close(self, month: date = LAST_MONTH) -> ClosePeriod:
        return ClosePeriod(new_id(), self.fund, month)

    async def paid(self, cents: int, on: date) -> UUID:
        payment = await a_payment(self.work, self.plan, cents, status="released")
        await attach(self.work, payment, "proof_of_payment")
        await done(self.work, COORDINATOR, payments.confirm_payment, await confirmation(self.work, payment, on=on))
        return payment

    async def unknown(self, on: date) -> UUID:
        """A payment of that day, released today, of which nobody knows."""
        payment = await a_draft(self.work, self.plan, await supplied(self.work, euros(5_000), on=on))
        await carry(self.work, payment, "released")
        await done(self.work, COORDINATOR, payments.mark_payment_unconfirmed, await doubt(self.work, payment))
        return payment

    async def released_on(self, payment: UUID, day: date) -> None:
        """As if it had been released that day."""
        await self.owner.execute("set session_replication_role = replica")
        await self.owner.execute("update payments set released_at = $2::date + time '12:00' where id = $1", payment, day)
        await self.owner.execute("set session_replication_role = origin")


@pytest.fixture
async def books(fresh_database: DatabaseAddresses) -> AsyncIterator[Books]:
    owner = await asyncpg.connect(fresh_database.superuser_url)
    async with builders.open_work(fresh_database) as work:
        asked = builders.a_registration()
        intake = replace(asked.intake, applied_on=days_ago(120), consent_signed_on=days_ago(120))
        case = await builders.a_referred_case(work, replace(asked, intake=intake))
        await builders.an_exception(work, case)
        grant = GrantEntitlements(case_id=case.id, assessment_id=await builders.an_assessment(work, case, planned=days_ago(95)))
        await done(work, COUNSELLOR, grant_entitlements, grant)
        arrived = await builders.arrive(work, await builders.depart(work, case, on=days_ago(95)), on=days_ago(94))
        plan = await an_approved_plan(work, arrived, a_line(150_000))
        fund = await value(work, "select fund_id from entitlements where case_id = $1 limit 1", case.id)
        yield Books(work, owner, plan, UUID(str(fund)))
    await owner.close()


async def test_a_late_fact_is_a_correction_in_the_next_month_and_names_the_first(books: Books) -> None:
    work = books.work
    await books.paid(10_000, BEFORE)
    await books.paid(20_000, LAST_MONTH)
    first = books.close(BEFORE)
    await done(work, FINANCE, periods.close_period, first)
    sealed = await row(work, _SEALED, first.id)
    assert (sealed["month"], sealed["spent_minor"], sealed["corrections"], sealed["previous_id"]) == (BEFORE, 10_000, 0, None)
    # Known after the close: it counts in the month after, and the closed one stays as it was sealed.
    await books.paid(4_000, BEFORE + timedelta(days=2))
    assert await row(work, _CORRECTED) == {"corrects": BEFORE, "month": LAST_MONTH}
    second = books.close()
    await done(work, FINANCE, periods.close_period, second)
    sealed_too = await row(work, _SEALED, second.id)
    assert (sealed_too["spent_minor"], sealed_too["corrections"], sealed_too["previous_id"]) == (24_000, 1, first.id)
    assert await row(work, _SEALED, first.id) == sealed
    assert sealed["digest"] != sealed_too["digest"]
    # Of either month now: in this one.
    await books.paid(1_000, BEFORE)
    await books.paid(1_000, LAST_MONTH)
    async with work.read(AUDITOR) as transaction:
        found = [(entry["corrects"], entry["month"]) for entry in await transaction.fetch(_CORRECTED)]
    assert found == [(BEFORE, LAST_MONTH), (BEFORE, THIS_MONTH), (LAST_MONTH, THIS_MONTH)]
    assert (await check(work)).violations == 0


async def test_months_are_closed_one_after_the_other_when_they_are_over(books: Books) -> None:
    work = books.work
    await refused(work, FINANCE, asking(periods.close_period, books.close(THIS_MONTH)), PeriodNotOverError)
    await refused(work, FINANCE, asking(periods.close_period, books.close(LAST_MONTH.replace(day=2))), InvalidInputError)
    await refused(work, FINANCE, asking(periods.close_period, ClosePeriod(new_id(), new_id(), LAST_MONTH)), NotFoundError)
    long_ago = (BEFORE - timedelta(days=1)).replace(day=1)
    await done(work, FINANCE, periods.close_period, books.close(long_ago))
    await refused(work, FINANCE, asking(periods.close_period, books.close(long_ago)), PeriodOrderError)
    await refused(work, FINANCE, asking(periods.close_period, books.close(LAST_MONTH)), PeriodOrderError)
    await done(work, FINANCE, periods.close_period, books.close(BEFORE))
    for who in (COUNSELLOR, OFFICER, APPROVER, COORDINATOR, PROGRAMME, AUDITOR, ADMINISTRATOR):
        await refused(work, who, asking(periods.close_period, books.close()), ForbiddenError)


async def test_what_is_open_is_explained_first(books: Books) -> None:
    work = books.work
    payment = await books.unknown(today())
    # Of this month: it is no matter of the last.
    early = ExplainOpenItem(new_id(), LAST_MONTH, payment, None, "The bank is asked")
    await refused(work, OFFICER, asking(periods.explain_open_item, early), ItemNotOpenError)
    await books.released_on(payment, LAST_MONTH)
    account = await an_account(work)
    one, other = await some_lines(work, account, -5, -6, on=LAST_MONTH)
    found = await refused(work, FINANCE, asking(periods.close_period, books.close()), PeriodUnexplainedError)
    assert isinstance(found, PeriodUnexplainedError)
    assert (found.payments, found.lines) == (1, 2)
    command = matching_of([one], of_record(RecordKind.BANK_CHARGE, None, -5, note="Of October"))
    await done(work, OFFICER, matching.match_lines, command)
    of_line = ExplainOpenItem(new_id(), LAST_MONTH, None, other, "The bank is asked")
    for who, error in (
        *((who, ForbiddenError) for who in (COUNSELLOR, PROGRAMME, AUDITOR, ADMINISTRATOR)),
        *((who, NotFoundError) for who in (OTHER_OFFICER, OTHER_COORDINATOR)),
    ):
        await refused(work, who, asking(periods.explain_open_item, of_line), error)
        await refused(work, who, asking(periods.explain_open_item, early), error)
    for wrong, error in (
        (ExplainOpenItem(new_id(), LAST_MONTH, payment, other, "Both"), InvalidInputError),
        (ExplainOpenItem(new_id(), LAST_MONTH, None, None, "None"), InvalidInputError),
        (ExplainOpenItem(new_id(), LAST_MONTH, None, other, "?"), InvalidInputError),
        (ExplainOpenItem(new_id(), LAST_MONTH.replace(day=2), None, other, "A day"), InvalidInputError),
        (ExplainOpenItem(new_id(), LAST_MONTH, None, one, "Matched"), ItemNotOpenError),
        (ExplainOpenItem(new_id(), BEFORE, None, other, "Too early"), ItemNotOpenError),
    ):
        await refused(work, OFFICER, asking(periods.explain_open_item, wrong), error)
    await done(work, OFFICER, periods.explain_open_item, of_line)
    found = await refused(work, FINANCE, asking(periods.close_period, books.close()), PeriodUnexplainedError)
    assert isinstance(found, PeriodUnexplainedError)
    assert (found.payments, found.lines) == (1, 0)
    async with work.read(COORDINATOR) as transaction:
        assert [item["id"] for item in await periods.open_items(transaction, books.fund, LAST_MONTH)] == [payment]
    await done(work, FINANCE, periods.explain_open_item, early)
    await done(work, FINANCE, periods.close_period, books.close())
    # What it was is known in this month, and belongs to it.
    await attach(work, payment, "non_payment_evidence")
    await done(work, COORDINATOR, payments.fail_payment, await failure(work, payment))
    for who in (*EVERYBODY, OTHER_OFFICER):
        async with work.read(who) as transaction:
            seen = await transaction.fetch_value("select count(*) from period_closes")
            explained = await transaction.fetch_value("select count(*) from open_item_explanations")
        assert seen == (1 if who in {FINANCE, PROGRAMME, AUDITOR} else 0), who
        assert explained == (0 if who in {ADMINISTRATOR, OTHER_OFFICER} else 1 if who == COUNSELLOR else 2), who


async def test_money_that_may_have_gone_in_the_month_is_open_though_it_was_released_later(books: Books) -> None:
    work = books.work
    payment = await books.unknown(LAST_MONTH)
    found = await refused(work, FINANCE, asking(periods.close_period, books.close()), PeriodUnexplainedError)
    assert isinstance(found, PeriodUnexplainedError)
    assert (found.payments, found.lines) == (1, 0)
    before = ExplainOpenItem(new_id(), BEFORE, payment, None, "Too early")
    await refused(work, OFFICER, asking(periods.explain_open_item, before), ItemNotOpenError)
    why = ExplainOpenItem(new_id(), LAST_MONTH, payment, None, "The operator is asked")
    await done(work, OFFICER, periods.explain_open_item, why)
    await done(work, FINANCE, periods.close_period, books.close())


async def test_who_posts_while_the_month_is_closed_is_in_it_or_a_correction(books: Books) -> None:
    """The close waits for the entry that is not committed yet, and seals it."""
    work = books.work
    payment = await a_payment(work, books.plan, 7_000, status="released")
    await attach(work, payment, "proof_of_payment")
    command = await confirmation(work, payment, on=LAST_MONTH)
    posted, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(transaction: Transaction) -> None:
        await payments.confirm_payment(transaction, command)
        posted.set()
        await go_on.wait()

    paying = asyncio.create_task(work.write(COORDINATOR, slowly))
    await posted.wait()
    close = books.close()
    closing = asyncio.create_task(done(work, FINANCE, periods.close_period, close))
    waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    while not closing.done() and not await books.owner.fetchval(waiting):  # noqa: ASYNC110 - PostgreSQL alone knows
        await asyncio.sleep(0.01)
    assert not closing.done()
    go_on.set()
    await asyncio.gather(paying, closing)
    assert (await row(work, _SEALED, close.id))["spent_minor"] == 7_000
    assert await value(work, "select count(*) from ledger_corrections") == 0
    assert (await check(work)).violations == 0


async def test_the_database_holds_what_a_close_needs(books: Books) -> None:
    """Said past the use cases, which ask first."""
    work = books.work
    account = await an_account(work)
    (line,) = await some_lines(work, account, -5, on=LAST_MONTH)
    insert = "insert into period_closes (id, fund_id, month, closed_by) values ($1, $2, $3, 'somebody')"
    explain = (
        "insert into open_item_explanations (id, month, line_id, payment_id, reason, explained_by)"
        " values ($1, $2, $3, $4, 'The bank is asked', 'somebody')"
    )

    async def closes(who: Actor, month: date) -> None:
        await work.write(who, lambda transaction: transaction.execute(insert, new_id(), books.fund, month))

    async def explains(who: Actor, line_id: UUID | None, payment_id: UUID | None = None) -> None:
        await work.write(who, lambda transaction: transaction.execute(explain, new_id(), LAST_MONTH, line_id, payment_id))

    for who in (COUNSELLOR, OFFICER, APPROVER, COORDINATOR, PROGRAMME, AUDITOR, ADMINISTRATOR):
        with pytest.raises(NotFoundError):
            await closes(who, BEFORE)
    for who in (COUNSELLOR, PROGRAMME, AUDITOR, ADMINISTRATOR, OTHER_OFFICER, OTHER_COORDINATOR):
        with pytest.raises(NotFoundError):
            await explains(who, line)
    with pytest.raises(PeriodUnexplainedError):
        await closes(FINANCE, LAST_MONTH)
    with pytest.raises(PeriodNotOverError):
        await closes(FINANCE, THIS_MONTH)
    with pytest.raises(asyncpg.CheckViolationError, match="open_item_explanations_item_ck"):
        await explains(FINANCE, None)
    await explains(OFFICER, line)
    await closes(FINANCE, LAST_MONTH)
    with pytest.raises(PeriodOrderError):
        await closes(FINANCE, LAST_MONTH)


async def test_two_close_a_month_at_once_and_one_does(books: Books) -> None:
    found = await asyncio.gather(
        *(done(books.work, FINANCE, periods.close_period, books.close()) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in found) == ["PeriodOrderError", "Reference"]
    assert await value(books.work, "select count(*) from period_closes") == 1


async def test_months_are_sealed_by_the_database_alone(books: Books) -> None:
    work = books.work
    await books.paid(3_000, LAST_MONTH)
    close = books.close()
    await done(work, FINANCE, periods.close_period, close)
    for sql in (
        "update period_closes set spent_minor = 0",
        "delete from period_closes",
        "insert into ledger_corrections select id, id, id, now(), now() from ledger_transactions limit 1",
    ):
        with pytest.raises((asyncpg.InsufficientPrivilegeError, NotFoundError)):
            await work.write(FINANCE, lambda transaction, sql=sql: transaction.execute(sql))
    # An entry that comes past the trigger is found.
    await books.owner.execute("set session_replication_role = replica")
    await books.owner.execute(
        "update ledger_postings set amount_minor = amount_minor + 1 where id = (select max(id) from ledger_postings)"
    )
    await books.owner.execute("set session_replication_role = origin")
    broken = {finding.name for finding in (await check(work)).findings if finding.violations}
    assert "periods_sealed" in broken
