"""Every two money mutations at once on two real connections: no error but the domain's, and an end as if one had come first.

One stops when it has its first lock, the other when it has done all and not committed: what either has read by then is old if no
lock makes it wait. With RACES=all each stops at each of its lock points too, while the other goes as far as it can; and those two
race as well that have no table in common, which nothing can be told of.
"""

import inspect
import logging
import os
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import combinations_with_replacement, product
from typing import Final

import pytest
from tortoise.queryset import QuerySet

from reintegration.database.embedded import DatabaseAddresses
from reintegration.evidence.commands import CompleteUpload, RequestUpload
from reintegration.evidence.service import complete_upload, request_upload
from reintegration.kernel.clock import first_of_month
from reintegration.kernel.ids import new_id
from reintegration.payments import receipts
from reintegration.payments.expiring import expire_case
from reintegration.programme.commands import ConfirmRateMonth, ImportRateMonth
from reintegration.programme.rates import confirm_rate_month, import_rate_month
from tests.builders import ADMINISTRATOR, FINANCE, OFFICER, days_ago
from tests.money.races.case_moves import FACTS, RIVALS_OF_FACTS
from tests.money.races.claims import LEDGER, asked, changed, claimed
from tests.money.races.course import SCENES, Course, a_course
from tests.money.races.early_moves import JOURNEY
from tests.money.races.fee_moves import OF_A_FEE, SERVICE_FEES
from tests.money.races.float_moves import ADVANCES, OUT_OF_THE_FLOAT
from tests.money.races.likeness_moves import RIVALS as RIVALS_OF_LIKENESSES
from tests.money.races.moves import Move, move
from tests.money.races.order_moves import OF_AN_ORDER, ORDERS
from tests.money.races.racing import Race, Track
from tests.money.races.receivable_moves import OF_WHAT_IS_OWED, RECEIVABLES
from tests.money.races.statement_moves import OF_A_LINE, STATEMENTS
from tests.payment_steps import done
from tests.rates import monthly_file
from tests.unit.test_mutation_conventions import USE_CASES

EVERY_STOP = os.environ.get("RACES") == "all"
JOBS = {"expire"}
"""What the clock does to money. Its notices move none."""
WITHOUT_MONEY = {
    "bankAccountOpen",
    "caseRegister",
    "documentRequestUpload",
    "documentCompleteUpload",
    "exchangeRateHistoryImport",
    "exchangeRateMonthImport",
    "exchangeRateMonthConfirm",
    "openItemExplain",
    "periodClose",
    "reportOrder",
    "statementRequestUpload",
    "supplierRegister",
}
"""There is no case yet, or it is about none, or it reads and writes nothing but its own new row. Who closes a month moves
no money either: tests/database/test_periods.py has it beside who posts, and beside another who closes."""
WITHOUT_LOCKS = WITHOUT_MONEY - {"documentCompleteUpload", "exchangeRateMonthConfirm"}
_POSTING = ("paymentConfirm", "paymentFail", "paymentRefundDecide", "paymentReturn", "paymentReverse", "paymentSubmit")
RETRIED: Final = frozenset(
    {
        *(frozenset(pair) for pair in product(("caseRefer", "caseTransfer"), _POSTING)),
        frozenset({"expire", "paymentSubmit"}),
    }
)
"""Where PostgreSQL may break a deadlock, and the unit of work tries again, unseen by the caller.

Who posts holds the payment and asks for the case, as the foreign key of the entry needs it; who moves the case, or expires its
budget, holds the case and asks for its payments.
"""
_log = logging.getLogger(__name__)


def _pairs(some: Iterable[str], others: Iterable[str]) -> set[frozenset[str]]:
    return {frozenset(pair) for pair in product(some, others)}


def never_together(mutations: set[str]) -> dict[str, set[frozenset[str]]]:
    """Pairs that are not raced, by the reason why."""
    on_the_way = {"entitlementGrant", "caseTransfer", "caseClose", "planDraft"}
    on_the_way |= {f"payment{step}" for step in ("Submit", "Cancel", "Release", "Confirm", "Fail", "MarkUnconfirmed")}
    open_still = {f"payment{step}" for step in ("Approve", "Endorse", "Hold", "HoldLift", "Release", "Return")}
    return {
        "Advances are asked of payments out of the float alone.": _pairs(
            ADVANCES, mutations - ADVANCES - OUT_OF_THE_FLOAT - STATEMENTS
        ),
        "Lines of a bank are asked of who says how a payment ended.": _pairs(STATEMENTS, mutations - STATEMENTS - OF_A_LINE),
        "Orders to a bank are asked of who says how a payment ended, or where its supplier is paid.": _pairs(
            ORDERS, mutations - ORDERS - OF_AN_ORDER
        ),
        "What is owed is asked of who pays it, gives it back or ends the case.": _pairs(
            RECEIVABLES, mutations - RECEIVABLES - OF_WHAT_IS_OWED - STATEMENTS
        ),
        "A partner's fee is no money of the case: it is asked of who moves or ends that.": _pairs(
            SERVICE_FEES, mutations - SERVICE_FEES - OF_A_FEE
        ),
        "A likeness stands in the way of a release alone.": _pairs(["supplierLikenessDecide"], mutations - RIVALS_OF_LIKENESSES),
        "Facts move no money; they are raced with what grants it, and with what ends the case.": _pairs(
            FACTS, mutations - set(RIVALS_OF_FACTS)
        ),
        "A journey moves no money; it is raced with what moves premiums, and with what waits for its dates.": _pairs(
            JOURNEY, mutations - on_the_way - set(JOURNEY)
        )
        | _pairs(["caseRefer", "caseDepart"], ["arrivalConfirm"]),
        "A case has one version of its plan in the making.": _pairs(["planSubmit"], ["planApprove", "planReject"]),
        "Whichever comes first, the payment stays open, and the case too.": _pairs(
            ["caseClose"], open_still | {"supplierAccountDecide"}
        ),
    }


@pytest.fixture(scope="module")
async def course(fresh_money: DatabaseAddresses) -> AsyncIterator[Course]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(receipts, "_hashed", _hashed)
        async with a_course(fresh_money) as made:
            yield made


async def _hashed(code: str, _salt: bytes) -> bytes:
    """The real one takes a twentieth of a second on purpose, and of it depends no lock."""
    return code.replace("-", "").encode().ljust(32)


def test_every_mutation_of_money_races_with_every_other(course: Course) -> None:
    mutations = {one.mutation for moves in course.moves.values() for one in moves}
    assert mutations == (USE_CASES.keys() - WITHOUT_MONEY) | JOBS
    raced = {frozenset({one.mutation, other.mutation}) for _, (one, other) in course.races()}
    every = {frozenset(pair) for pair in combinations_with_replacement(mutations, 2)}
    assert every - raced == set().union(*never_together(mutations).values())


@pytest.mark.parametrize("scene", SCENES)
async def test_two_at_once_end_as_one_after_the_other(course: Course, scene: str) -> None:
    track = course.track
    for one in course.moves[scene]:
        alone = await track.alone(one)
        assert (one.name, alone.is_refused) == (one.name, one.is_refused), alone.answer
    seen, wrong = Counter[str](), list[str]()
    for name, pair in course.races():
        if name != scene or not (EVERY_STOP or await track.are_in_contact(*pair)):
            continue
        seen["pairs"] += 1
        for race in await _races(course, *pair):
            finish = await track.run(race)
            seen.update(races=1, waits=finish.follower_waited + finish.leader_waited, deadlocks=finish.deadlocks)
            verdict = await track.verdict(race, finish)
            if verdict is not None:
                wrong.append(verdict)
            if finish.deadlocks and frozenset(racer.mutation for racer in pair) not in RETRIED:
                wrong.append(f"{race}: a deadlock, retried")
    _log.info("%s: %s", scene, dict(seen))
    assert not wrong, "\n".join(wrong)
    assert await track.ground.undo() == ()
    assert seen["pairs"] > 0


async def _races(course: Course, one: Move, other: Move) -> list[Race]:
    crossed = [await course.track.crossed(one, other)]
    if not EVERY_STOP:
        return crossed
    return [*crossed, await course.track.crossed(other, one), *await course.track.at_every_stop(one, other)]


async def test_who_waited_while_another_version_of_the_plan_came_into_force_is_told_so(course: Course) -> None:
    track, approve, request = course.track, course.move("planApprove"), course.move("budgetTransferRequest")
    finish = await track.run(Race(approve, request, (await track.alone(approve)).locks[0]))
    assert (finish.follower_waited, finish.result.answers) == (True, ("Plan 3", "ItemNotInForceError"))


@dataclass(frozen=True, slots=True)
class Dropped:
    """A lock that is left out, the two moves that need it, and how their race tells."""

    pair: tuple[str, str]
    tells: str
    function: str = ""
    lock: str = ""
    """As it stands in that function."""
    in_python: bool = False
    """No use case locks a row."""
    scene: str = SCENES[0]


DROPPED: Mapping[str, Dropped] = {
    "rows of use cases": Dropped(("paymentConfirm", "paymentFail"), "not ('VersionConflictError', 'Payment 5')", in_python=True),
    "accounts that give": Dropped(
        ("paymentSubmit", "paymentSubmit: on the same line"),
        "broke accounts_above_minimum",
        "check_postings",
        r"perform from ledger_accounts a where .* for no key update;",
    ),
    "releases of a case": Dropped(
        ("paymentRelease", "paymentRelease: up to the threshold"),
        "broke payments_within_thresholds",
        "check_payment_threshold",
        r"perform pg_advisory_xact_lock\(.*\);",
    ),
    "payment that is held": Dropped(
        ("paymentHold", "paymentRelease"),
        "('PaymentHold 1', 'Payment 4'), not",
        "check_payment_hold",
        r" for share(?=;)",
        in_python=True,
    ),
    "payment that a line is of": Dropped(
        ("statementMatch", "statementMatch: another line of the payment"),
        "broke records_matched",
        "check_statement_match_record",
        r"perform from payments p where p.id = new.record_id for no key update;",
        scene="lines of a bank",
    ),
    "receivable that a line is of": Dropped(
        ("statementMatch: of a receipt", "receivableReceiptTakeBack: of a line"),
        "broke records_matched",
        "check_statement_match_record",
        r"perform from receivables v\s+where .*\s+for no key update;",
        scene="lines of a bank",
    ),
    "order whose file is taken": Dropped(
        ("paymentOrderDownload", "paymentOrderCancel: of a sealed one"),
        "('NotFoundError', 'PaymentOrder 3'), not",
        "check_payment_order_download",
        r" for share(?=;)",
        in_python=True,
        scene="orders to a bank",
    ),
}


@pytest.mark.parametrize("name", DROPPED)
async def test_a_lock_that_is_dropped_is_found(course: Course, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    dropped, track = DROPPED[name], course.track
    one, other = [course.move(name, dropped.scene) for name in dropped.pair]
    race = await track.crossed(one, other)
    assert await track.verdict(race, await track.run(race)) is None
    async with _without(course, monkeypatch, dropped):
        found = await track.run(race)
    verdict = await track.verdict(race, found)
    assert verdict is not None
    assert dropped.tells in verdict


@asynccontextmanager
async def _without(course: Course, patch: pytest.MonkeyPatch, dropped: Dropped) -> AsyncIterator[None]:
    eye = course.track.ground.eye
    if dropped.in_python:
        patch.setattr(QuerySet, "select_for_update", lambda query: query)
    if not dropped.function:
        yield
        return
    whole = await eye.fetchval("select pg_get_functiondef($1::regproc)", dropped.function)
    without = re.sub(dropped.lock, "", whole)
    assert without != whole
    await eye.execute(without)
    try:
        yield
    finally:
        await eye.execute(whole)


@pytest.mark.parametrize("name", sorted(USE_CASES.keys() | JOBS))
async def test_a_use_case_locks_what_it_says_and_says_what_it_locks(course: Course, name: str) -> None:
    found = course.first_moves().get(name)
    use_case = expire_case if name in JOBS else USE_CASES[name]
    claims = claimed(use_case)
    if found is None and name in WITHOUT_LOCKS:
        assert claims == []
        assert "locked" not in inspect.getsource(use_case)
        return
    found = found or await _beside_money(course, name)
    sent = (await course.track.alone(found)).sent
    locks = asked(sent)
    if "ledger_postings" in changed(sent) and await course.track.holds_accounts(found):
        locks.append(LEDGER)
    assert set(locks) <= set(claims), "locks that it doesn't say"
    # What is changed is locked too: claims may name it where nobody has to ask first.
    assert [table for table in claims if table in locks or table not in changed(sent)] == locks


async def test_a_claim_without_its_lock_is_found(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    found = course.move("budgetTransferDecide")
    monkeypatch.setattr(QuerySet, "select_for_update", lambda query: query)
    anew = Track(course.track.ground, course.track.racers)
    assert claimed(USE_CASES["budgetTransferDecide"]) == ["cases", "budget_transfers", LEDGER]
    assert asked((await anew.alone(found)).sent) == []


async def _beside_money(course: Course, name: str) -> Move:
    """A move that is in no scene, whose record is made for it."""
    work = course.track.racers[0].work
    if name == "documentCompleteUpload":
        digest = "b" * 64
        request = RequestUpload(new_id(), course.case_id, "invoice", "чек.pdf", "application/pdf", 100, digest)
        found = await done(work, OFFICER, request_upload, request)
        return move(name, OFFICER, complete_upload, CompleteUpload(found.id, found.version, 100, digest))
    command = ImportRateMonth(id=new_id(), month=first_of_month(days_ago(400)), document=monthly_file(MNT="3500"))
    imported = await done(work, ADMINISTRATOR, import_rate_month, command)
    return move(name, FINANCE, confirm_rate_month, ConfirmRateMonth(id=imported.id, expected_version=imported.version))
