"""Thresholds: by payment, by case and by supplier within 30 days; who lets one pass, for which content, and races of releases."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from uuid import UUID

import asyncpg
import pytest

from reintegration.audit.invariants import check
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.roles import OWNER_ROLE
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.identity.permissions import Permission, allows
from reintegration.kernel.actor import Role
from reintegration.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError, SamePersonError, TransitionError
from reintegration.kernel.ids import new_id
from reintegration.kernel.reference import Reference
from reintegration.payments import service
from reintegration.payments.commands import AmendPayment, EndorsePayment, ReturnPayment
from reintegration.payments.errors import AlreadyEndorsedError, ApprovalVoidError, ThresholdExceededError
from tests import builders
from tests.builders import APPROVER, COORDINATOR, EVERYBODY, MONGOLIA_CARITAS, OFFICER, PROGRAMME, actor, days_ago
from tests.database.law import become, outcome, undone
from tests.database.law_case import a_law_case, a_line
from tests.database.law_payment import CHANGES, Stage
from tests.payment_steps import (
    BuiltPlan,
    a_draft,
    a_planned_case,
    a_supplier,
    asking,
    attach,
    carry,
    confirmation,
    done,
    doubt,
    euros,
    failure,
    found,
    go,
    plain,
    reversal,
    supplied,
)
from tests.proofs import refused, value

_WAITING = (
    "select count(*) from pg_locks l join pg_database d on d.oid = l.database"
    " where d.datname = current_database() and l.locktype = 'advisory' and not l.granted"
)
_LIMITS = {"payment": 10_000, "case_30_days": 15_000, "supplier_30_days": 19_999}


@pytest.fixture(scope="module")
async def strict(own_database: DatabaseAddresses) -> DatabaseAddresses:
    """A database whose thresholds are 100, 150 and 199.99 EUR."""
    sql = (
        "insert into payment_thresholds (id, scope, most_minor, valid_from, certainty, source)"
        " values (gen_random_uuid(), $1, $2, '2020-01-01', 'assumed', 'a test')"
    )
    await past_every_rule(own_database, *((sql, limit) for limit in _LIMITS.items()))
    return own_database


@pytest.fixture
async def work(strict: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(strict) as opened:
        yield opened


@pytest.fixture
async def stage(law_pool: asyncpg.Pool) -> AsyncIterator[Stage]:
    async with undone(law_pool) as transaction:
        yield Stage(transaction, await a_law_case(transaction))


async def past_every_rule(addresses: DatabaseAddresses, *statements: tuple[str, tuple[object, ...]]) -> None:
    """Statements that no constraint, trigger or policy sees."""
    connection = await asyncpg.connect(addresses.superuser_url)
    try:
        await connection.execute("begin; set local session_replication_role = replica")
        for statement, arguments in statements:
            await connection.execute(statement, *arguments)
        await connection.execute("commit")
    finally:
        await connection.close()


async def approved(
    work: UnitOfWork, plan: BuiltPlan, cents: int, *, on: date | None = None, supplier: UUID | None = None
) -> UUID:
    """A payment that awaits its release: a reimbursement, or to this supplier."""
    content = plain(euros(cents), on=on)
    if supplier is not None:
        content = await supplied(work, euros(cents), on=on, supplier=supplier)
    payment = await a_draft(work, plan, content)
    await carry(work, payment, "approved")
    return payment


async def release(work: UnitOfWork, payment: UUID) -> Reference:
    return await done(work, COORDINATOR, service.release_payment, await go(work, payment))


async def stopped(work: UnitOfWork, payment: UUID) -> tuple[str | None, int | None, int | None]:
    """What the refusal of the release says: the threshold, its limit, and what is counted."""
    error = await refused(work, COORDINATOR, asking(service.release_payment, await go(work, payment)), ThresholdExceededError)
    assert isinstance(error, ThresholdExceededError)
    return error.scope, error.limit and error.limit.amount_minor, error.total and error.total.amount_minor


async def endorsement(work: UnitOfWork, payment: UUID, *, reason: str = "It is a house") -> EndorsePayment:
    return EndorsePayment(new_id(), payment, (await found(work, payment)).digest, reason)


async def endorse(work: UnitOfWork, payment: UUID) -> None:
    await done(work, PROGRAMME, service.endorse_payment, await endorsement(work, payment))


async def over(work: UnitOfWork) -> int:
    """How many payments break the invariant."""
    (found,) = [one for one in (await check(work)).findings if one.name == "payments_within_thresholds"]
    return found.violations


async def test_a_payment_over_its_threshold_waits_for_fedasil(work: UnitOfWork) -> None:
    payment = await approved(work, await a_planned_case(work), 10_001)
    assert await stopped(work, payment) == ("payment", 10_000, 10_001)
    asked = await endorsement(work, payment)
    for who in EVERYBODY:
        if not allows(who.role, Permission.PAYMENT_ENDORSE):
            await refused(work, who, asking(service.endorse_payment, asked), ForbiddenError)
    for one_of_them in (OFFICER, APPROVER):
        both = actor(Role.FEDASIL_PROGRAMME, one_of_them.id)
        await refused(work, both, asking(service.endorse_payment, asked), SamePersonError)
    other = EndorsePayment(new_id(), payment, "f" * 64, "It is a house")
    await refused(work, PROGRAMME, asking(service.endorse_payment, other), ApprovalVoidError)
    short = await endorsement(work, payment, reason="ok")
    await refused(work, PROGRAMME, asking(service.endorse_payment, short), InvalidInputError)
    await refused(
        work, PROGRAMME, asking(service.endorse_payment, EndorsePayment(new_id(), new_id(), "f" * 64, "Because")), NotFoundError
    )
    await done(work, PROGRAMME, service.endorse_payment, asked)
    again = await endorsement(work, payment)
    await refused(work, PROGRAMME, asking(service.endorse_payment, again), AlreadyEndorsedError)
    await release(work, payment)
    await refused(work, PROGRAMME, asking(service.endorse_payment, again), TransitionError)
    assert await over(work) == 0


async def test_who_releases_does_not_endorse_and_an_endorsement_is_of_one_content(work: UnitOfWork) -> None:
    plan = await a_planned_case(work)
    payment = await a_draft(work, plan, plain(euros(11_000)))
    await refused(work, PROGRAMME, asking(service.endorse_payment, await endorsement(work, payment)), TransitionError)
    await carry(work, payment, "approved")
    releaser = actor(Role.FEDASIL_PROGRAMME, COORDINATOR.id)
    await done(work, releaser, service.endorse_payment, await endorsement(work, payment))
    assert (await stopped(work, payment))[0] == "payment"
    await endorse(work, payment)
    send_back = ReturnPayment(payment, (await found(work, payment)).version, "Which sheep?")
    await done(work, APPROVER, service.return_payment, send_back)
    dearer = AmendPayment(payment, (await found(work, payment)).version, plain(euros(11_001)))
    await done(work, OFFICER, service.amend_payment, dearer)
    await carry(work, payment, "approved")
    assert await stopped(work, payment) == ("payment", 10_000, 11_001)
    await endorse(work, payment)
    await release(work, payment)


async def test_neither_parts_nor_dates_take_a_case_past_its_threshold(work: UnitOfWork, strict: DatabaseAddresses) -> None:
    plan = await a_planned_case(work)
    first = await approved(work, plan, 8_000, on=days_ago(0))
    await release(work, first)
    within, beyond = [await approved(work, plan, 7_001, on=days_ago(-days)) for days in (30, 31)]
    assert await stopped(work, within) == ("case_30_days", 15_000, 15_001)
    assert await stopped(work, beyond) == ("case_30_days", 15_000, 15_001)  # dated later, yet it would leave now
    earlier = "update payments set released_at = released_at - interval '31 days' where id = $1"
    await past_every_rule(strict, (earlier, (first,)))
    assert await stopped(work, within) == ("case_30_days", 15_000, 15_001)
    await release(work, beyond)
    assert await over(work) == 0


async def test_neither_cases_nor_dates_take_a_supplier_past_its_threshold(work: UnitOfWork, strict: DatabaseAddresses) -> None:
    supplier = await a_supplier(work)
    first, within, beyond = [
        await approved(work, await a_planned_case(work), 10_000, on=days_ago(-days), supplier=supplier) for days in (0, 30, 31)
    ]
    await release(work, first)
    assert await stopped(work, within) == ("supplier_30_days", 19_999, 20_000)
    assert await stopped(work, beyond) == ("supplier_30_days", 19_999, 20_000)  # dated later, yet it would leave now
    earlier = "update payments set released_at = released_at - interval '31 days' where id = $1"
    await past_every_rule(strict, (earlier, (first,)))
    assert await stopped(work, within) == ("supplier_30_days", 19_999, 20_000)
    await release(work, beyond)
    assert await over(work) == 0


async def test_a_supplier_of_several_cases_has_one_threshold_and_what_never_left_or_came_back_is_not_counted(
    work: UnitOfWork, strict: DatabaseAddresses
) -> None:
    supplier = await a_supplier(work)
    plans = [await a_planned_case(work) for _ in range(4)]
    outcomes = (
        (service.fail_payment, failure),
        (service.reverse_payment, reversal),
        (service.mark_payment_unconfirmed, doubt),
    )
    for plan, (use_case, command) in zip(plans, outcomes, strict=False):
        payment = await approved(work, plan, 9_000, supplier=supplier)
        await carry_to(work, payment, paid=use_case is service.reverse_payment)
        await done(work, COORDINATOR, use_case, await command(work, payment))
    await release(work, await approved(work, plans[0], 9_000, supplier=supplier))
    last = await approved(work, plans[3], 2_000, supplier=supplier)
    assert await stopped(work, last) == ("supplier_30_days", 19_999, 20_000)
    await endorse(work, last)
    await release(work, last)
    assert await over(work) == 0
    for name, violations in ((COORDINATOR.id, 1), (PROGRAMME.id, 0)):
        forged = "update payment_endorsements set endorsed_by = $2 where payment_id = $1"
        await past_every_rule(strict, (forged, (last, name)))
        assert await over(work) == violations


async def carry_to(work: UnitOfWork, payment: UUID, *, paid: bool) -> None:
    await release(work, payment)
    if paid:
        await attach(work, payment, "proof_of_payment")
        await done(work, COORDINATOR, service.confirm_payment, await confirmation(work, payment))


@pytest.mark.parametrize("shared", ["case", "supplier"])
async def test_two_releases_at_once_do_not_both_slip_through(work: UnitOfWork, shared: str) -> None:
    plan = await a_planned_case(work)
    other = plan if shared == "case" else await a_planned_case(work)
    supplier = await a_supplier(work) if shared == "supplier" else None
    first, second = [await approved(work, one, 10_000, supplier=supplier) for one in (plan, other)]
    first_go, second_go = await go(work, first), await go(work, second)
    is_stored, may_end = asyncio.Event(), asyncio.Event()

    async def slowly(transaction: Transaction) -> Reference:
        reference = await service.release_payment(transaction, first_go)
        is_stored.set()
        await may_end.wait()
        return reference

    slow = asyncio.create_task(work.write(COORDINATOR, slowly))
    await is_stored.wait()
    quick = asyncio.create_task(done(work, COORDINATOR, service.release_payment, second_go))
    while not await value(work, _WAITING):
        assert not quick.done()
    may_end.set()
    await slow
    with pytest.raises(ThresholdExceededError):
        await quick
    assert [(await found(work, one)).status for one in (first, second)] == ["released", "approved"]
    assert (await stopped(work, second))[0] == f"{shared}_30_days"


async def test_a_refusal_tells_no_sum_of_payments_that_one_does_not_see(work: UnitOfWork, strict: DatabaseAddresses) -> None:
    plan = await a_planned_case(work)
    first, second = [await approved(work, plan, cents) for cents in (9_000, 6_001)]
    await release(work, first)
    to_caritas = (
        "update cases set (field_office_id, partner_id) = (select o.id, o.partner_id from field_offices o where o.id = $1)"
        " where id = $2"
    )
    known_there = (
        "update payments p set (case_office_id, case_partner_id) = (select c.field_office_id, c.partner_id from cases c"
        " where c.id = p.case_id) where p.case_id = $1"
    )
    await past_every_rule(
        strict,
        (to_caritas, (MONGOLIA_CARITAS, plan.case.id)),
        (known_there, (plan.case.id,)),
        ("update payments set field_office_id = $1 where id = $2", (MONGOLIA_CARITAS, first)),
    )
    assert await stopped(work, second) == (None, None, None)


class TestTheDatabase:
    """The same law, said to whoever writes past the use cases; its thresholds are those of the programme."""

    _ENDORSE = (
        "insert into payment_endorsements (id, payment_id, case_id, content_digest, reason, endorsed_by)"
        " values (gen_random_uuid(), $1, $2, $3, 'Because', $4)"
    )

    async def endorse(self, stage: Stage, *, digest: str = "a" * 64, by: str = "programme") -> int | str:
        return await outcome(stage.transaction, self._ENDORSE, stage.case.payment_id, stage.case.id, digest, by)

    async def test_nobody_passes_a_threshold_the_loader_included(self, stage: Stage) -> None:
        transaction, case = stage.transaction, stage.case
        await a_line(transaction, case.payment_id, case.id, position=2, amount_minor=290_001, euro_minor=290_001)
        assert await self.endorse(stage) == "payment_endorsements_step_ck"
        await stage.bring_to("approved")
        assert await stage.change(CHANGES["released"]) == "payments_threshold_ck"
        assert await self.endorse(stage, by="coordinator") == 1
        assert await stage.change(CHANGES["released"]) == "payments_threshold_ck"
        assert await self.endorse(stage, digest="b" * 64) == "payment_endorsements_digest_ck"
        assert await self.endorse(stage, by="approver") == "payment_endorsements_four_eyes_ck"
        assert await self.endorse(stage, by="officer") == "payment_endorsements_four_eyes_ck"
        may = {}
        for who in EVERYBODY:
            await become(transaction, who)
            await transaction.execute("savepoint attempted")
            may[who] = await self.endorse(stage, by=who.id + " herself")
            await transaction.execute("rollback to attempted")
        assert may == {who: 1 if who is PROGRAMME else "denied" for who in EVERYBODY}
        await become(transaction, builders.SYSTEM)
        assert await self.endorse(stage) == 1
        for change in ("update payment_endorsements set reason = 'Other'", "delete from payment_endorsements"):
            assert await outcome(transaction, change) == "denied"
        assert await stage.change(CHANGES["released"]) == 1

    async def test_a_release_is_dated_by_the_database(self, stage: Stage) -> None:
        await stage.bring_to("approved")
        await become(stage.transaction, COORDINATOR)
        backdated = CHANGES["released"].replace("now()", "'2020-01-01'")
        assert await stage.change(backdated) == 1
        moment = await stage.transaction.fetch_value(
            "select released_at > now() from payments where id = $1", stage.case.payment_id
        )
        assert moment is True

    async def test_a_version_of_a_threshold_only_gets_its_last_day(self, strict: DatabaseAddresses) -> None:
        connection = await asyncpg.connect(strict.owner_url)
        try:
            await connection.execute(f"begin; set local role {OWNER_ROLE}")
            with pytest.raises(asyncpg.CheckViolationError) as caught:
                await connection.execute("update payment_thresholds set most_minor = 1")
            assert caught.value.constraint_name == "payment_thresholds_version_ck"
        finally:
            await connection.close()
