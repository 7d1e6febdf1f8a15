"""Refunds of suppliers through their use cases and against the bare database: cents, second eyes, and what is refused."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

import asyncpg
import pytest

from reintegration.audit.invariants import check
from reintegration.cases import service as cases
from reintegration.cases.commands import CloseCase
from reintegration.cases.errors import AlreadyDecidedError
from reintegration.cases.values import CloseReason
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.identity.permissions import Permission, allows
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.clock import first_of_month, today
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
from reintegration.kernel.money import Money
from reintegration.ledger.service import flows, post, post_many
from reintegration.payments import service
from reintegration.payments.commands import DecideRefund, PaidLine, RequestRefund
from reintegration.payments.errors import (
    DocumentsMissingError,
    PaymentInFutureError,
    PaymentRefundedError,
    RefundOpenError,
    RefundTooLargeError,
)
from tests import builders
from tests.builders import CAMEROON, COORDINATOR, EVERYBODY, FINANCE, OFFICER, OTHER_COORDINATOR, actor, days_ago
from tests.database import law_case
from tests.database.law import become, outcome, undone
from tests.database.law_case import PAID, a_document, a_law_case, a_line, a_payment
from tests.database.law_payment import Stage
from tests.payment_steps import (
    BuiltPlan,
    a_draft,
    a_planned_case,
    asking,
    attach,
    carry,
    confirmation,
    done,
    euros,
    held,
    line_held,
    plain,
    reversal,
    stored_document,
    supplied,
)
from tests.payment_steps import a_payment as a_paid
from tests.proofs import refused, row, value
from tests.rates import a_confirmed_month

SECOND_COORDINATOR = actor(Role.PARTNER_COORDINATOR, "second-coordinator")


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


@dataclass(frozen=True, slots=True)
class Bought:
    """A paid payment to a supplier with its proof."""

    plan: BuiltPlan
    payment: UUID
    lines: tuple[UUID, ...]
    proof: UUID

    def back(self, amount: Money, *, line: int = 0, on: date | None = None, proof: UUID | None = None) -> RequestRefund:
        """A refund of a line."""
        return RequestRefund(
            new_id(), self.payment, self.lines[line], proof or self.proof, amount, on or days_ago(1), "BANK-9", "A sheep short"
        )


async def bought(work: UnitOfWork, *amounts: Money, budget: int = 150_000) -> Bought:
    plan = await a_planned_case(work, budget)
    payment = await a_draft(work, plan, await supplied(work, *amounts))
    await carry(work, payment, "paid")
    async with work.read(builders.SYSTEM) as transaction:
        lines = await transaction.fetch("select id from payment_lines where payment_id = $1 order by position", payment)
    sql = "select document_id from payment_documents where payment_id = $1 and stage = 'settlement'"
    return Bought(plan, payment, tuple(line["id"] for line in lines), UUID(str(await value(work, sql, payment))))


async def recorded(work: UnitOfWork, request: RequestRefund, who: Actor = OFFICER) -> UUID:
    return (await done(work, who, service.request_refund, request)).id


async def agreed(work: UnitOfWork, request: RequestRefund) -> None:
    refund = await recorded(work, request)
    await done(work, COORDINATOR, service.decide_refund, DecideRefund(refund, 1, approved=True))


async def test_a_part_comes_back_when_a_second_person_agrees(work: UnitOfWork) -> None:
    it = await bought(work, euros(40_000))
    refund = await recorded(work, it.back(euros(2_550)))
    assert await held(work, it.plan.case.id) == {"entitlement": 30_000, "plan_line": 110_000, "spent": 40_000}
    answer = await done(work, COORDINATOR, service.decide_refund, DecideRefund(refund, 1, approved=True, note="Seen"))
    assert (answer.id, answer.version) == (refund, 2)
    assert await held(work, it.plan.case.id) == {"entitlement": 30_000, "plan_line": 112_550, "spent": 37_450}
    stored = await row(
        work, "select number, euro_minor, decision, decision_note, decided_by from payment_refunds where id = $1", refund
    )
    assert tuple(stored.values()) == (1, 2_550, "approved", "Seen", COORDINATOR.id)
    assert await value(work, "select status from payments where id = $1", it.payment) == "paid"


async def test_a_refused_refund_moves_nothing_and_makes_room(work: UnitOfWork) -> None:
    it = await bought(work, euros(40_000))
    refund = await recorded(work, it.back(euros(40_000)))
    await done(work, COORDINATOR, service.decide_refund, DecideRefund(refund, 1, approved=False, note="Not on the statement"))
    assert (await held(work, it.plan.case.id))["spent"] == 40_000
    await agreed(work, it.back(euros(40_000)))
    assert "spent" not in await held(work, it.plan.case.id)


async def test_a_line_that_came_back_in_parts_has_cost_nothing(fresh_database: DatabaseAddresses) -> None:
    """33.33 BRL at 5.3115 are 6.28 EUR. The first two thirds are worth 2.09 each, the last one what is left: 2.10."""
    async with builders.open_work(fresh_database) as work:
        await a_confirmed_month(work, first_of_month(days_ago(3)), BRL="5.3115")
        it = await bought(work, euros(10_000), Money.parse("33.33", "BRL"))
        third = Money.parse("11.11", "BRL")
        for _ in range(3):
            await agreed(work, it.back(third, line=1))
        parts = "select array_agg(euro_minor order by number) from payment_refunds where line_id = $1"
        assert await value(work, parts, it.lines[1]) == [209, 209, 210]
        assert (await held(work, it.plan.case.id))["spent"] == 10_000
        more = asking(service.request_refund, it.back(third, line=1))
        await refused(work, OFFICER, more, RefundTooLargeError)


async def test_what_is_refused(work: UnitOfWork) -> None:
    it = await bought(work, euros(10_000))
    elsewhere = await stored_document(work, it.plan.case.id, "proof_of_payment")
    cases_of_refusal: list[tuple[RequestRefund, type[DomainError]]] = [
        (it.back(euros(10_001)), RefundTooLargeError),
        (it.back(euros(0)), InvalidInputError),
        (it.back(Money(100, "MNT")), InvalidInputError),
        (it.back(euros(100), on=today() + timedelta(days=1)), PaymentInFutureError),
        (it.back(euros(100), on=days_ago(4)), InvalidInputError),
        (it.back(euros(100), proof=elsewhere), DocumentsMissingError),
        (RequestRefund(new_id(), it.payment, new_id(), it.proof, euros(1), days_ago(1), "B", "Because"), NotFoundError),
        (RequestRefund(new_id(), it.payment, it.lines[0], it.proof, euros(1), days_ago(1), "", "Because"), InvalidInputError),
        (RequestRefund(new_id(), it.payment, it.lines[0], it.proof, euros(1), days_ago(1), "B", "no"), InvalidInputError),
    ]
    for request, error in cases_of_refusal:
        await refused(work, OFFICER, asking(service.request_refund, request), error)
    await recorded(work, it.back(euros(100)))
    await refused(work, OFFICER, asking(service.request_refund, it.back(euros(100))), RefundOpenError)
    released = await a_paid(work, it.plan, 1_000, status="released")
    line = UUID(str(await value(work, "select id from payment_lines where payment_id = $1", released)))
    early = RequestRefund(new_id(), released, line, it.proof, euros(1), days_ago(1), "B", "Because")
    await refused(work, OFFICER, asking(service.request_refund, early), TransitionError)


async def test_a_returnee_who_was_reimbursed_is_no_supplier(work: UnitOfWork) -> None:
    plan = await a_planned_case(work)
    payment = await a_draft(work, plan, plain(euros(5_000)))
    await carry(work, payment, "paid")
    line = UUID(str(await value(work, "select id from payment_lines where payment_id = $1", payment)))
    proof = UUID(str(await value(work, "select document_id from payment_documents where payment_id = $1", payment)))
    request = RequestRefund(new_id(), payment, line, proof, euros(1), days_ago(1), "B", "Because")
    await refused(work, OFFICER, asking(service.request_refund, request), InvalidInputError)


async def test_it_is_decided_once_by_somebody_else(work: UnitOfWork) -> None:
    it = await bought(work, euros(10_000))
    refund = await recorded(work, it.back(euros(100)), COORDINATOR)
    decide, later = DecideRefund(refund, 1, approved=True), DecideRefund(refund, 2, approved=True)
    await refused(work, COORDINATOR, asking(service.decide_refund, decide), SamePersonError)
    await refused(work, SECOND_COORDINATOR, asking(service.decide_refund, later), VersionConflictError)
    await done(work, SECOND_COORDINATOR, service.decide_refund, decide)
    await refused(work, COORDINATOR, asking(service.decide_refund, later), AlreadyDecidedError)


async def test_nobody_else_records_or_decides(work: UnitOfWork) -> None:
    it = await bought(work, euros(10_000))
    strangers: list[tuple[Actor, type[DomainError]]] = [
        (OTHER_COORDINATOR, NotFoundError),
        (FINANCE, ForbiddenError),
    ]
    for use_case, permission, make in (
        (service.request_refund, Permission.PAYMENT_SETTLE, lambda: it.back(euros(100))),
        (service.decide_refund, Permission.PAYMENT_REVERSE, None),
    ):
        command = make() if make is not None else DecideRefund(await recorded(work, it.back(euros(100))), 1, approved=True)
        without = [who for who in EVERYBODY if not allows(who.role, permission)]
        for who, error in [*((one, ForbiddenError) for one in without), *strangers]:
            await refused(work, who, asking(use_case, command), error)  # type: ignore[arg-type]  # a table of both
    elsewhere = actor(Role.FIELD_OFFICER, "officer-of-cameroon", office=CAMEROON)
    await refused(work, elsewhere, asking(service.request_refund, it.back(euros(1))), NotFoundError)


async def test_a_payment_with_refunds_is_not_reversed_and_one_reversed_not_refunded(work: UnitOfWork) -> None:
    it = await bought(work, euros(10_000))
    refund = await recorded(work, it.back(euros(100)))
    await refused(work, COORDINATOR, asking(service.reverse_payment, await reversal(work, it.payment)), PaymentRefundedError)
    await done(work, COORDINATOR, service.decide_refund, DecideRefund(refund, 1, approved=False))
    await done(work, COORDINATOR, service.reverse_payment, await reversal(work, it.payment))
    await refused(work, OFFICER, asking(service.request_refund, it.back(euros(100))), TransitionError)


async def test_what_comes_back_to_a_closed_case_goes_on_to_its_fund(work: UnitOfWork) -> None:
    it = await bought(work, euros(10_000))
    refund = await recorded(work, it.back(euros(250)))
    version = int(str(await value(work, "select version from cases where id = $1", it.plan.case.id)))
    close = CloseCase(case_id=it.plan.case.id, expected_version=version, closed_on=today(), reason=CloseReason.COMPLETED)
    await done(work, COORDINATOR, cases.close_case, close)
    await done(work, COORDINATOR, service.decide_refund, DecideRefund(refund, 1, approved=True))
    assert await held(work, it.plan.case.id) == {"spent": 9_750}
    assert await line_held(work, it.plan.lines[0]) == 0


async def test_a_reversal_and_a_refund_at_once_do_not_both_happen(work: UnitOfWork) -> None:
    for _ in range(4):
        it = await bought(work, euros(10_000))
        results = await asyncio.gather(
            done(work, COORDINATOR, service.reverse_payment, await reversal(work, it.payment)),
            done(work, OFFICER, service.request_refund, it.back(euros(100))),
            return_exceptions=True,
        )
        lost = [type(one) for one in results if isinstance(one, BaseException)]
        assert lost in ([PaymentRefundedError], [TransitionError])


async def test_totals_tell_what_came_back_in_the_month_in_which_it_came(fresh_database: DatabaseAddresses) -> None:
    async with builders.open_work(fresh_database) as work:
        it = await bought(work, euros(10_000))
        await agreed(work, it.back(euros(250)))
        await agreed(work, it.back(euros(50)))
        totals = (
            "select sum(payments)::int, sum(euro_minor)::int, sum(refunds)::int, sum(refunded_minor)::int from payment_totals"
        )
        async with work.read(FINANCE) as transaction:
            found = await transaction.fetch_one(totals)
            assert found is not None
            assert tuple(found.values()) == (1, 10_000, 2, 300)
        assert await value(work, "select count(*) from payment_totals_differences()") == 0
        owner = await asyncpg.connect(fresh_database.owner_url)
        await owner.execute("alter table payment_totals no force row level security")
        await owner.execute("update payment_totals set refunded_minor = refunded_minor + 1 where refunds > 0")
        await owner.close()
        assert await value(work, "select sum(refunded_minor)::int from payment_totals_differences()") == -1


async def test_of_a_payment_that_was_paid_in_part_the_rest_is_free_again(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    payment = await a_draft(work, plan, await supplied(work, euros(30_000), euros(5_000)))
    await carry(work, payment, "released")
    proof = await attach(work, payment, "proof_of_payment")
    async with work.read(builders.SYSTEM) as transaction:
        rows = await transaction.fetch("select id from payment_lines where payment_id = $1 order by position", payment)
    lines = tuple(found["id"] for found in rows)
    asked = await confirmation(work, payment)
    for amount, error in ((30_001, InvalidInputError), (-1, InvalidInputError)):
        wrong = replace(asked, paid_in_part=(PaidLine(lines[0], euros(amount)),))
        await refused(work, OFFICER, asking(service.confirm_payment, wrong), error)
    nothing = replace(asked, paid_in_part=tuple(PaidLine(line, euros(0)) for line in lines))
    await refused(work, OFFICER, asking(service.confirm_payment, nothing), InvalidInputError)
    foreign = replace(asked, paid_in_part=(PaidLine(new_id(), euros(1)),))
    await refused(work, OFFICER, asking(service.confirm_payment, foreign), NotFoundError)
    part = replace(asked, paid_in_part=(PaidLine(lines[0], euros(12_345)), PaidLine(lines[1], euros(5_000))))
    await done(work, OFFICER, service.confirm_payment, part)
    assert await held(work, plan.case.id) == {"entitlement": 80_000, "plan_line": 82_655, "spent": 17_345}
    missing = "select line_id, amount_minor, euro_minor from payment_shortfalls where payment_id = $1"
    assert tuple((await row(work, missing, payment)).values()) == (lines[0], 17_655, 17_655)
    # No more comes back than was paid.
    it = Bought(plan, payment, lines, proof)
    await refused(work, OFFICER, asking(service.request_refund, it.back(euros(12_346))), RefundTooLargeError)
    await agreed(work, it.back(euros(12_345)))
    assert (await held(work, plan.case.id))["spent"] == 5_000
    assert (await check(work)).violations == 0


async def test_what_was_paid_in_part_is_reversed_in_that_part(fresh_database: DatabaseAddresses) -> None:
    """Half of 33.33 BRL, paid at 5.3115, is 3.14 of 6.28 EUR."""
    async with builders.open_work(fresh_database) as work:
        await a_confirmed_month(work, first_of_month(days_ago(3)), BRL="5.3115")
        plan = await a_planned_case(work, 100_000)
        payment = await a_draft(work, plan, await supplied(work, Money.parse("33.33", "BRL")))
        await carry(work, payment, "released")
        await attach(work, payment, "proof_of_payment")
        line = UUID(str(await value(work, "select id from payment_lines where payment_id = $1", payment)))
        half = PaidLine(line, Money.parse("16.66", "BRL"))
        await done(work, OFFICER, service.confirm_payment, replace(await confirmation(work, payment), paid_in_part=(half,)))
        assert (await held(work, plan.case.id))["spent"] == 314
        assert await value(work, "select euro_minor from payment_shortfalls where payment_id = $1", payment) == 314
        assert await value(work, "select sum(euro_minor)::int from payment_totals") == 314
        assert await value(work, "select count(*) from payment_totals_differences()") == 0
        await done(work, COORDINATOR, service.reverse_payment, await reversal(work, payment))
        assert await held(work, plan.case.id) == {"entitlement": 80_000, "plan_line": 100_000}
        assert (await check(work)).violations == 0


@pytest.fixture
async def stage(law_pool: asyncpg.Pool) -> AsyncIterator[Stage]:
    """A paid payment of 100.00 EUR to a supplier, that the ledger knows nothing of."""
    async with undone(law_pool) as transaction:
        case = await a_law_case(transaction)
        supplier = {"kind": "supplier_direct", "supplier_id": case.supplier_id, "invoice_number": "F-1"}
        payment = await a_payment(transaction, case.id, case.office_id, plan_item_id=case.item_id, **supplier)
        await a_line(transaction, payment, case.id)
        invoice = await a_document(transaction, case.id, case.office_id, kind="invoice")
        await law_case.attach(transaction, payment, case.id, invoice)
        found = Stage(transaction, case)
        await found.bring_to("released", payment)
        proof = await a_document(transaction, case.id, case.office_id, kind="proof_of_payment", sha256="b" * 64)
        await law_case.attach(transaction, payment, case.id, proof, stage="settlement")
        yield found


class TestTheDatabase:
    """The same law, said to whoever writes past the use cases."""

    _SHORT = (
        "insert into payment_shortfalls (id, payment_id, case_id, line_id, amount_minor, currency, euro_minor)"
        " select gen_random_uuid(), p.id, p.case_id, l.id, $2, $3, $4 from payments p join payment_lines l on l.payment_id = p.id"
        " where p.case_id = $1 and p.kind = 'supplier_direct'"
    )

    _RECORD = (
        "insert into payment_refunds (id, payment_id, case_id, line_id, evidence_id, number, amount_minor, currency, euro_minor,"
        " received_on, reference, reason, requested_by)"
        " select gen_random_uuid(), p.id, p.case_id, l.id, d.id, $2, $3, $4, $5, $6, 'BANK-9', 'Because', 'teller'"
        " from payments p join payment_lines l on l.payment_id = p.id"
        " join payment_documents d on d.payment_id = p.id and d.stage = 'settlement'"
        " where p.case_id = $1 and p.kind = 'supplier_direct'"
    )
    _DECIDE = (
        "update payment_refunds set decision = $2, decided_by = $3, decided_at = now() where case_id = $1 and decision is null"
    )
    _PAY = (
        "update payments set status = 'paid', paid_on = '2025-04-10', settlement_reference = 'R1', settled_by = 'officer',"
        " settled_at = now() where case_id = $1 and kind = 'supplier_direct'"
    )

    async def record(self, stage: Stage, **cells: object) -> int | str:
        given = {"number": 1, "amount": 100, "currency": "EUR", "euro": 100, "on": date(2025, 4, 11)} | cells
        return await outcome(stage.transaction, self._RECORD, stage.case.id, *given.values())

    async def test_of_a_paid_supplier_within_the_line_and_at_its_rate(self, stage: Stage) -> None:
        assert await self.record(stage) == "payment_refunds_step_ck"
        await stage.transaction.execute(self._PAY, stage.case.id)
        assert await self.record(stage, euro=99) == "payment_refunds_line_ck"
        assert await self.record(stage, euro=101) == "payment_refunds_line_ck"
        assert await self.record(stage, currency="USD") == "payment_refunds_line_ck"
        assert await self.record(stage, amount=10_001, euro=10_001) == "payment_refunds_most_ck"
        assert await self.record(stage, on=date(2025, 4, 9)) == "payment_refunds_date_ck"
        assert await self.record(stage) == 1
        assert await self.record(stage, number=2) == "payment_refunds_one_open_uq"
        assert (
            await outcome(stage.transaction, self._DECIDE, stage.case.id, "approved", "teller") == "payment_refunds_four_eyes_ck"
        )
        assert await outcome(stage.transaction, self._DECIDE, stage.case.id, "refused", "second") == 1
        again = "update payment_refunds set decision_note = 'Again' where case_id = $1"
        assert await outcome(stage.transaction, again, stage.case.id) == "payment_refunds_decided_ck"

    async def test_what_is_missing_is_said_with_the_payment_and_is_the_rest_of_its_line(self, stage: Stage) -> None:
        transaction, case = stage.transaction, stage.case
        for cells, rule in (
            ((100, "USD", 100), "payment_shortfalls_rest_ck"),
            ((100, "EUR", 99), "payment_shortfalls_rest_ck"),
            ((10_001, "EUR", 10_001), "payment_shortfalls_rest_ck"),
            ((0, "EUR", 0), "payment_shortfalls_amount_ck"),
            ((100, "EUR", 100), "payment_shortfalls_settled_ck"),
        ):
            assert await outcome(transaction, self._SHORT, case.id, *cells) == rule
        await transaction.execute(self._PAY, case.id)
        assert await outcome(transaction, self._SHORT, case.id, 100, "EUR", 100) == "payment_shortfalls_step_ck"

    async def test_who_settles_says_what_is_missing(self, stage: Stage) -> None:
        transaction, case = stage.transaction, stage.case
        may = {}
        for who in (*EVERYBODY, actor(Role.FIELD_OFFICER, "elsewhere", office=CAMEROON), OTHER_COORDINATOR):
            await become(transaction, who)
            await transaction.execute("savepoint attempted")
            may[who.id] = await outcome(transaction, self._SHORT, case.id, 100, "EUR", 100)
            await transaction.execute("rollback to attempted")
        passed = {who for who, result in may.items() if result == "payment_shortfalls_settled_ck"}
        assert passed == {OFFICER.id, COORDINATOR.id}

    async def test_an_approval_is_posted_and_nothing_else_brings_spent_money_back(self, stage: Stage) -> None:
        transaction, case = stage.transaction, stage.case
        await transaction.execute(self._PAY, case.id)
        assert await self.record(stage) == 1
        assert await outcome(transaction, self._DECIDE, case.id, "approved", "second") == "payment_refunds_posted_ck"
        pot = case.pot
        reserve = flows.reserve(pot, payment_id=new_id(), occasion=1, amount_minor=500, on=PAID)
        spend = flows.spend(pot, payment_id=new_id(), occasion=1, amount_minor=500, on=PAID)
        await post_many(transaction, (reserve, spend))
        payment = await transaction.fetch_value("select payment_id from payment_refunds where case_id = $1", case.id)
        unasked = flows.refund(pot, payment_id=UUID(str(payment)), number=1, amount_minor=100, on=PAID)
        with pytest.raises(asyncpg.CheckViolationError) as caught:
            await post(transaction, unasked)
        assert caught.value.constraint_name == "ledger_postings_refund_ck"

    async def test_a_reimbursement_has_no_supplier_and_a_refunded_payment_is_not_reversed(self, stage: Stage) -> None:
        transaction, case = stage.transaction, stage.case
        await transaction.execute(self._PAY, case.id)
        assert await self.record(stage) == 1
        reverse = (
            "update payments set status = 'reversed', reversed_by = 'coordinator', reversed_at = now(), outcome_note = 'It came'"
            " where case_id = $1 and kind = 'supplier_direct'"
        )
        assert await outcome(transaction, reverse, case.id) == "payments_refunded_ck"

    async def test_offices_record_refunds_of_their_own_payments_and_their_coordinator_decides(self, stage: Stage) -> None:
        transaction, case = stage.transaction, stage.case
        await transaction.execute(self._PAY, case.id)
        people = (*EVERYBODY, actor(Role.FIELD_OFFICER, "elsewhere", office=CAMEROON), OTHER_COORDINATOR)
        may_record, may_decide = set(), set()
        for who in people:
            await become(transaction, who)
            await transaction.execute("savepoint attempted")
            if await self.record(stage) == 1:
                may_record.add(who.id)
            await transaction.execute("rollback to attempted")
        await become(transaction, builders.SYSTEM)
        assert await self.record(stage) == 1
        for who in people:
            await become(transaction, who)
            await transaction.execute("savepoint attempted")
            if await outcome(transaction, self._DECIDE, case.id, "refused", who.id) == 1:
                may_decide.add(who.id)
            await transaction.execute("rollback to attempted")
        assert may_record == {OFFICER.id, COORDINATOR.id}
        assert may_decide == {COORDINATOR.id}
