"""Holds through their use cases and against the bare database: what stops, who lets go, and races with a release."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.identity.permissions import Permission, allows
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.errors import (
    DomainError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    SamePersonError,
    TransitionError,
    VersionConflictError,
)
from reintegration.kernel.ids import new_id
from reintegration.payments import service
from reintegration.payments.commands import CancelPayment, HoldPayment, LiftHold
from reintegration.payments.errors import AlreadyHeldError, HoldLiftedError, PaymentHeldError
from tests import builders
from tests.builders import (
    APPROVER,
    CAMEROON,
    COORDINATOR,
    EVERYBODY,
    FINANCE,
    OFFICER,
    OTHER_COORDINATOR,
    PROGRAMME,
    actor,
)
from tests.database.law import become, outcome, undone
from tests.database.law_case import a_law_case
from tests.database.law_payment import CHANGES, Stage
from tests.payment_steps import a_payment, a_planned_case, asking, done, doubt, failure, found, go, submission, yes
from tests.proofs import refused, value

_OPEN = "select count(*) from payment_holds where payment_id = $1 and lifted_by is null"


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


@pytest.fixture
async def stage(law_pool: asyncpg.Pool) -> AsyncIterator[Stage]:
    async with undone(law_pool) as transaction:
        yield Stage(transaction, await a_law_case(transaction))


def hold_of(payment: UUID, *, reason: str = "A neighbour called") -> HoldPayment:
    return HoldPayment(new_id(), payment, "complaint", reason)


async def held(work: UnitOfWork, payment: UUID, who: Actor = APPROVER) -> UUID:
    return (await done(work, who, service.hold_payment, hold_of(payment))).id


async def test_a_held_payment_takes_no_step_towards_its_money(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 50_000)
    draft, submitted, approved = [
        await a_payment(work, plan, 1_000, status=status) for status in ("draft", "submitted", "approved")
    ]
    for payment in (draft, submitted, approved):
        await held(work, payment)
    await refused(work, OFFICER, asking(service.submit_payment, await submission(work, draft)), PaymentHeldError)
    await refused(work, APPROVER, asking(service.approve_payment, await yes(work, submitted)), PaymentHeldError)
    await refused(work, COORDINATOR, asking(service.release_payment, await go(work, approved)), PaymentHeldError)


async def test_it_can_still_be_given_up(work: UnitOfWork) -> None:
    draft = await a_payment(work, await a_planned_case(work, 50_000), 1_000, status="draft")
    await held(work, draft)
    await done(work, OFFICER, service.cancel_payment, CancelPayment(draft, 1))
    assert (await found(work, draft)).status == "cancelled"


async def test_it_goes_on_when_a_second_person_lets_it(work: UnitOfWork) -> None:
    payment = await a_payment(work, await a_planned_case(work, 50_000), 1_000, status="approved")
    hold = await held(work, payment, FINANCE)
    lift = LiftHold(hold, 1, "It was another household")
    await refused(work, FINANCE, asking(service.lift_hold, lift), SamePersonError)
    await refused(work, COORDINATOR, asking(service.lift_hold, LiftHold(hold, 9, "Because")), VersionConflictError)
    assert (await done(work, COORDINATOR, service.lift_hold, lift)).version == 2
    await refused(work, PROGRAMME, asking(service.lift_hold, LiftHold(hold, 2, "Because")), HoldLiftedError)
    await done(work, COORDINATOR, service.release_payment, await go(work, payment))
    assert (await found(work, payment)).status == "released"


async def test_one_hold_at_a_time_and_again_after_it(work: UnitOfWork) -> None:
    payment = await a_payment(work, await a_planned_case(work, 50_000), 1_000, status="submitted")
    first = await held(work, payment)
    await refused(work, FINANCE, asking(service.hold_payment, hold_of(payment)), AlreadyHeldError)
    await done(work, FINANCE, service.lift_hold, LiftHold(first, 1, "Looked into it"))
    await held(work, payment, FINANCE)
    assert await value(work, _OPEN, payment) == 1


@pytest.mark.parametrize("status", ["released", "paid", "failed", "unconfirmed", "cancelled"])
async def test_what_has_left_or_was_given_up_is_not_held(work: UnitOfWork, status: str) -> None:
    before = {"cancelled": "draft", "failed": "released", "unconfirmed": "released"}.get(status, status)
    payment = await a_payment(work, await a_planned_case(work, 50_000), 1_000, status=before)
    if status == "cancelled":
        await done(work, OFFICER, service.cancel_payment, CancelPayment(payment, 1))
    elif status == "failed":
        await done(work, OFFICER, service.fail_payment, await failure(work, payment))
    elif status == "unconfirmed":
        await done(work, OFFICER, service.mark_payment_unconfirmed, await doubt(work, payment))
    await refused(work, FINANCE, asking(service.hold_payment, hold_of(payment)), TransitionError)


async def test_nobody_else_holds_or_lets_go(work: UnitOfWork) -> None:
    others: list[tuple[Actor, type[DomainError]]] = [
        *((who, ForbiddenError) for who in EVERYBODY if not allows(who.role, Permission.PAYMENT_HOLD)),
        (OTHER_COORDINATOR, NotFoundError),
        (actor(Role.FIELD_APPROVER, "approver-of-cameroon", office=CAMEROON), NotFoundError),
    ]
    payment = await a_payment(work, await a_planned_case(work, 50_000), 1_000, status="submitted")
    for who, error in others:
        await refused(work, who, asking(service.hold_payment, hold_of(payment)), error)
    hold = await held(work, payment)
    for who, error in others:
        await refused(work, who, asking(service.lift_hold, LiftHold(hold, 1, "Because")), error)


async def test_a_reason_is_a_reason(work: UnitOfWork) -> None:
    payment = await a_payment(work, await a_planned_case(work, 50_000), 1_000, status="submitted")
    await refused(work, APPROVER, asking(service.hold_payment, hold_of(payment, reason="no")), InvalidInputError)
    hold = await held(work, payment)
    await refused(work, FINANCE, asking(service.lift_hold, LiftHold(hold, 1, "ok")), InvalidInputError)


async def test_a_hold_and_a_release_at_once_do_not_both_happen(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 50_000)
    winners = set()
    for _ in range(8):
        payment = await a_payment(work, plan, 1_000, status="approved")
        release = await go(work, payment)
        results = await asyncio.gather(
            done(work, COORDINATOR, service.release_payment, release),
            done(work, FINANCE, service.hold_payment, hold_of(payment)),
            return_exceptions=True,
        )
        lost = [type(one) for one in results if isinstance(one, BaseException)]
        assert lost in ([PaymentHeldError], [TransitionError])
        is_released = (await found(work, payment)).status == "released"
        assert (await value(work, _OPEN, payment)) == (0 if is_released else 1)
        winners.add(is_released)
    assert winners <= {True, False}


class TestTheDatabase:
    """The same law, said to whoever writes past the use cases."""

    _PLACE = (
        "insert into payment_holds (id, payment_id, case_id, cause, reason, placed_by)"
        " values (gen_random_uuid(), $1, $2, 'other', 'Because', 'controller')"
    )

    @pytest.mark.parametrize(
        ("status", "next_status"), [("draft", "submitted"), ("submitted", "approved"), ("approved", "released")]
    )
    async def test_no_step_passes_a_hold(self, stage: Stage, status: str, next_status: str) -> None:
        await stage.bring_to(status)
        assert await outcome(stage.transaction, self._PLACE, stage.case.payment_id, stage.case.id) == 1
        assert await stage.change(CHANGES[next_status]) == "payments_hold_ck"

    async def test_a_step_that_does_not_exist_is_refused_as_such(self, stage: Stage) -> None:
        assert await outcome(stage.transaction, self._PLACE, stage.case.payment_id, stage.case.id) == 1
        assert await stage.change("status = 'released'") == "payments_transition_ck"

    async def test_it_is_placed_in_time_and_lifted_once_by_another(self, stage: Stage) -> None:
        transaction, case = stage.transaction, stage.case
        assert await outcome(transaction, self._PLACE, case.payment_id, case.id) == 1
        lift = "update payment_holds set lifted_by = $2, lifted_at = now(), lift_reason = 'Because' where payment_id = $1"
        only = f"{lift} and cause = 'other'"
        assert await outcome(transaction, only, case.payment_id, "controller") == "payment_holds_four_eyes_ck"
        assert await outcome(transaction, only, case.payment_id, "second") == 1
        assert await outcome(transaction, only, case.payment_id, "third") == "payment_holds_once_ck"
        await stage.bring_to("released")
        assert await outcome(transaction, self._PLACE, case.payment_id, case.id) == "payment_holds_step_ck"

    async def test_offices_lift_holds_of_their_own_payments_and_fedasil_any(self, stage: Stage) -> None:
        transaction, case = stage.transaction, stage.case
        assert await outcome(transaction, self._PLACE, case.payment_id, case.id) == 1
        lift = (
            "update payment_holds set lifted_by = 'second', lifted_at = now(), lift_reason = 'Because'"
            " where payment_id = $1 and lifted_by is null"
        )
        lifted = set()
        for who in (*EVERYBODY, actor(Role.FIELD_APPROVER, "elsewhere", office=CAMEROON), OTHER_COORDINATOR):
            await become(transaction, who)
            await transaction.execute("savepoint attempted")
            if await outcome(transaction, lift, case.payment_id) == 1:
                lifted.add(who.id)
            await transaction.execute("rollback to attempted")
        assert lifted == {one.id for one in (APPROVER, COORDINATOR, FINANCE, PROGRAMME)}

    async def test_offices_hold_their_own_payments_and_fedasil_any(self, stage: Stage) -> None:
        transaction, case = stage.transaction, stage.case
        may = {}
        for who in (*EVERYBODY, actor(Role.FIELD_APPROVER, "elsewhere", office=CAMEROON), OTHER_COORDINATOR):
            await become(transaction, who)
            await transaction.execute("savepoint attempted")
            may[who.id] = await outcome(transaction, self._PLACE, case.payment_id, case.id)
            await transaction.execute("rollback to attempted")
        assert {who for who, result in may.items() if result == 1} == {
            one.id for one in (APPROVER, COORDINATOR, FINANCE, PROGRAMME)
        }
        assert set(may.values()) == {1, "denied"}
