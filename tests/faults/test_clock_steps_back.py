"""The clock of the application steps back, its ids with it: nothing is lost, done twice, or put in another order that counts.

PostgreSQL's own clock can't be moved by a test. What has to be true by it is set by it (0024, 0028, 0033): releases, and so the
windows of thresholds, which months are over, and (0018) when a budget expires.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from uuid import UUID

import asyncpg
import pytest
from structlog.testing import capture_logs
from tortoise import timezone
from uuid_utils.compat import uuid7

from reintegration.audit.invariants import check, check_and_record, last_check
from reintegration.commands.clock import Tick, tick
from reintegration.database.embedded import DatabaseAddresses
from reintegration.entitlements import service as entitlements
from reintegration.entitlements.commands import AssessEntitlement, GrantEntitlements
from reintegration.entitlements.errors import AssessmentOutdatedError
from reintegration.funding.commands import ClosePeriod
from reintegration.funding.periods import close_period
from reintegration.kernel import clock, ids
from reintegration.kernel.clock import first_of_month, today
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
from reintegration.payments import service as payments
from reintegration.programme.reference import identifier
from reintegration.storage.client import ObjectStore
from tests import builders
from tests.builders import AUDITOR, COORDINATOR, COUNSELLOR, FINANCE, SYSTEM, days_ago
from tests.faults.direct import ask, asked
from tests.faults.effects import position, since
from tests.faults.scenes import SCENES, Ground
from tests.faults.trial import TRIED, alike, payload
from tests.http_client import Server, running
from tests.payment_steps import a_payment, a_planned_case, asking, done, reversal
from tests.proofs import refused, value


@dataclass(slots=True)
class Clock:
    """The time of day, less a step."""

    back: timedelta = field(default_factory=timedelta)

    def now(self, zone: tzinfo) -> datetime:
        """In place of `datetime.now`."""
        return datetime.now(zone) - self.back

    def uuid7(self) -> UUID:
        """An id of that time."""
        return uuid7(nanoseconds=time.time_ns() - int(self.back.total_seconds()) * 1_000_000_000)


@pytest.fixture
def stepping(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(clock, "datetime", made)
    monkeypatch.setattr(ids, "uuid7", made.uuid7)
    # What a model dates by itself.
    monkeypatch.setattr(timezone, "now", lambda: made.now(UTC))
    return made


@dataclass(frozen=True, slots=True)
class Place:
    """A server in this process, whose clock the tests move."""

    ground: Ground
    server: Server


@asynccontextmanager
async def _place(database: DatabaseAddresses, store: ObjectStore, folder: object) -> AsyncIterator[Place]:
    async with (
        asyncpg.create_pool(database.superuser_url, min_size=1, max_size=1) as superuser,
        builders.open_work(database) as work,
        running(database, store.address, folder) as server,  # type: ignore[arg-type] # a path
    ):
        yield Place(Ground(work, store, superuser), server)


@pytest.fixture(scope="module")
async def place(
    own_database: DatabaseAddresses, object_store: ObjectStore, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Place]:
    async with _place(own_database, object_store, tmp_path_factory.mktemp("stepping")) as opened:
        yield opened


@pytest.fixture
async def alone(fresh_database: DatabaseAddresses, object_store: ObjectStore) -> AsyncIterator[Ground]:
    """A database of this test's own."""
    async with (
        builders.open_work(fresh_database) as work,
        asyncpg.create_pool(fresh_database.superuser_url, min_size=1, max_size=1) as superuser,
    ):
        yield Ground(work, object_store, superuser)


def test_the_clock_of_these_tests_moves_the_application(stepping: Clock) -> None:
    right, day = clock.now(), today()
    before = new_id()
    stepping.back = timedelta(days=40)
    assert timedelta(days=39) < right - clock.now() < timedelta(days=40)
    assert today() == day - timedelta(days=40)
    assert new_id() < before


@pytest.mark.parametrize("name", SCENES)
async def test_an_operation_a_day_back_is_the_same_and_comes_once(place: Place, stepping: Clock, name: str) -> None:
    ground = place.ground
    twin = await SCENES[name](ground)
    before = await position(ground.work)
    expected = alike(await asked(place.server, twin))
    effect = await since(ground.work, before)

    wish = await SCENES[name](ground)
    before = await position(ground.work)
    stepping.back = timedelta(hours=25)
    first = await asked(place.server, wish)
    assert (first["replayed"], alike(first)) == (False, expected)
    assert await since(ground.work, before) == effect
    stepping.back = timedelta()
    assert await asked(place.server, wish) == {**first, "replayed": True}
    assert await since(ground.work, before) == effect
    assert [finding for finding in (await check(ground.work)).findings if finding.violations] == []


_REFUSED = {"paymentConfirm", "advanceSend", "advanceReceive", "advanceReturnReceive", "periodClose"}
"""What says a day that is in the future by a clock which is 93 days back, or closes a month that is not over by it."""


@pytest.mark.parametrize("name", TRIED)
async def test_what_a_clock_far_back_refuses_is_done_when_it_is_right_again(place: Place, stepping: Clock, name: str) -> None:
    ground = place.ground
    twin = await SCENES[name](ground)
    before = await position(ground.work)
    expected = alike(await asked(place.server, twin))
    effect = await since(ground.work, before)

    wish = await SCENES[name](ground)
    await ground.forget_closes()  # what is dated in a closed month has a correction besides
    before = await position(ground.work)
    stepping.back = timedelta(days=93)
    answer = await ask(place.server, wish)
    told = answer.data[name]
    assert isinstance(told, dict)
    is_refused = str(told["__typename"]).endswith("Problem")
    assert is_refused == (name in _REFUSED), told
    assert is_refused == (await since(ground.work, before)).is_nothing
    stepping.back = timedelta()
    first = payload(wish, (await ask(place.server, wish)).body)
    assert (first["replayed"], alike(first)) == (not is_refused, expected)
    assert await since(ground.work, before) == effect
    assert [finding for finding in (await check(ground.work)).findings if finding.violations] == []


async def _deadline(ground: Ground, case: UUID, days: int) -> None:
    moved = "update entitlements set deadline_on = $2 where case_id = $1 and stream = 'reintegration'"
    on = datetime.now(UTC).date() + timedelta(days=days)
    await ground.work.write(SYSTEM, lambda transaction: transaction.execute(moved, case, on))


async def test_a_budget_expires_once_and_is_told_of_once_whichever_way_the_clock_goes(alone: Ground, stepping: Clock) -> None:
    gone, near = await a_planned_case(alone.work), await a_planned_case(alone.work)
    await _deadline(alone, gone.case.id, -2)
    await _deadline(alone, near.case.id, 20)
    assert await tick(alone.work) == Tick(notices=1, expired=1, released_minor=180_000)
    for days in (40, 5, 0, 41, 0):
        stepping.back = timedelta(days=days)
        before = await position(alone.work)
        looked = await tick(alone.work)
        assert (looked.expired, looked.released_minor, looked.failed) == (0, 0, 0)
        assert not (await since(alone.work, before)).postings
    noted = "select array_agg(days_before order by days_before) from deadline_notices where case_id = $1"
    assert await value(alone.work, noted, near.case.id) == [30, 60]  # the earlier one was due by that clock, and each came once
    assert await value(alone.work, noted, gone.case.id) is None
    assert (await check(alone.work)).violations == 0


async def test_nothing_expires_by_a_clock_that_is_not_the_databases(alone: Ground, stepping: Clock) -> None:
    case = (await a_planned_case(alone.work)).case
    await _deadline(alone, case.id, -60)
    stepping.back = timedelta(days=30)
    before = await position(alone.work)
    with capture_logs() as entries:
        assert await tick(alone.work) == Tick(failed=1)
    assert [entry["event"] for entry in entries] == ["a budget did not expire"]
    assert (await since(alone.work, before)).is_nothing
    stepping.back = timedelta()
    assert await tick(alone.work) == Tick(expired=1, released_minor=180_000)
    assert (await check(alone.work)).violations == 0


async def test_a_closed_month_takes_nothing_from_a_clock_that_is_back_in_it(alone: Ground, stepping: Clock) -> None:
    payment = await a_payment(alone.work, await a_planned_case(alone.work), 100)
    this_month = first_of_month(today())
    month = first_of_month(this_month - timedelta(days=1))
    close = ClosePeriod(new_id(), identifier("fund", "AMIF-2021-2027"), month)
    await done(alone.work, FINANCE, close_period, close)
    sealed = "select digest from period_closes where id = $1"
    digest = await value(alone.work, sealed, close.id)
    stepping.back = timedelta(days=today().day)
    assert first_of_month(today()) == month
    await done(alone.work, COORDINATOR, payments.reverse_payment, await reversal(alone.work, payment))
    stepping.back = timedelta()
    corrected = "select corrects::text || ' in ' || month from ledger_corrections"
    assert await value(alone.work, corrected) == f"{month} in {this_month}"
    assert await value(alone.work, sealed, close.id) == digest
    assert (await check(alone.work)).violations == 0


async def test_the_last_word_on_an_exception_counts_also_of_a_clock_that_went_back(alone: Ground, stepping: Clock) -> None:
    case = await builders.a_referred_case(alone.work)
    await builders.an_exception(alone.work, case, amount=Money(180_000, "EUR"))
    stepping.back = timedelta(hours=2)
    await builders.an_exception(alone.work, case, amount=Money(150_000, "EUR"))
    stepping.back = timedelta()
    await builders.grant(alone.work, case, ceiling=None)
    granted = "select amount_minor from entitlements where case_id = $1 and stream = 'reintegration'"
    assert await value(alone.work, granted, case.id) == 150_000


async def test_the_newest_assessment_counts_also_of_a_clock_that_went_back(alone: Ground, stepping: Clock) -> None:
    case = await builders.a_referred_case(alone.work)
    await builders.an_exception(alone.work, case, amount=builders.CEILING)
    wrong = AssessEntitlement(
        id=new_id(), case_id=case.id, planned_departure_on=days_ago(30), travel_document_cost=Money(9_500, "EUR")
    )
    await done(alone.work, COUNSELLOR, entitlements.assess_entitlement, wrong)
    stepping.back = timedelta(hours=2)
    right = replace(wrong, id=new_id(), travel_document_cost=Money(5_900, "EUR"))
    await done(alone.work, COUNSELLOR, entitlements.assess_entitlement, right)
    stepping.back = timedelta()
    old, new = (GrantEntitlements(case_id=case.id, assessment_id=asked_for.id) for asked_for in (wrong, right))
    await refused(alone.work, COUNSELLOR, asking(entitlements.grant_entitlements, old), AssessmentOutdatedError)
    await alone.work.write(COUNSELLOR, lambda transaction: entitlements.grant_entitlements(transaction, new))
    granted = "select amount_minor from entitlements where case_id = $1 and stream = 'travel_document_refund'"
    assert await value(alone.work, granted, case.id) == 5_900


async def test_the_newest_check_is_shown_also_of_a_clock_that_went_back(alone: Ground, stepping: Clock) -> None:
    await check_and_record(alone.work)
    stepping.back = timedelta(hours=2)
    newest = await check_and_record(alone.work)
    async with alone.work.read(AUDITOR) as transaction:
        assert await last_check(transaction) == newest
