"""What a payment must have before it may go on: money left, documents, an invoice of its own, an item of the plan in force."""

from collections.abc import AsyncIterator

import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.evidence.errors import WrongStepError
from reintegration.kernel.errors import InvalidInputError
from reintegration.kernel.ids import new_id
from reintegration.ledger.errors import NotEnoughLeftError
from reintegration.payments import errors, service
from reintegration.payments.commands import (
    AmendPayment,
    ConfirmPayment,
    DraftPayment,
    FailPayment,
    SubmitPayment,
)
from reintegration.plans.errors import ItemNotInForceError
from tests import builders
from tests.builders import APPROVER, COORDINATOR, OFFICER, days_ago
from tests.payment_steps import (
    a_draft,
    a_line,
    a_payment,
    a_planned_case,
    a_supplier,
    an_approved_plan,
    asking,
    attach,
    carry,
    confirmation,
    done,
    euros,
    failure,
    found,
    held,
    line_held,
    plain,
    submission,
    supplied,
    yes,
)
from tests.proofs import refused, value


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


async def test_more_than_the_item_has_left_is_refused_and_freezes_nothing(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000, 80_000)
    await a_payment(work, plan, 70_000, status="submitted")
    payment = await a_draft(work, plan, await supplied(work, euros(30_001)))
    await refused(work, OFFICER, asking(service.submit_payment, await submission(work, payment)), NotEnoughLeftError)
    assert await value(work, "select rate from payment_lines where payment_id = $1", payment) is None
    assert (await found(work, payment)).status == "draft"
    content = await supplied(work, euros(30_000))
    await done(work, OFFICER, service.amend_payment, AmendPayment(payment, 1, content))
    await carry(work, payment, "submitted")
    assert await line_held(work, plan.lines[0]) == 0


async def test_the_documents_that_a_kind_needs_are_asked_for_at_their_step(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    for content, kind, asked in (
        (await supplied(work, euros(100)), "supplier_direct", "invoice"),
        (plain(euros(100)), "reimbursement", "receipt"),
    ):
        command = DraftPayment(new_id(), plan.case.id, kind, content, plan_item_id=plan.items[0])
        payment = (await done(work, OFFICER, service.draft_payment, command)).id
        submitting = asking(service.submit_payment, SubmitPayment(payment, 1))
        error = await refused(work, OFFICER, submitting, errors.DocumentsMissingError)
        assert error == errors.DocumentsMissingError(kinds=(asked,))
        await attach(work, payment, asked)
        await carry(work, payment, "submitted")
    payment = await a_payment(work, plan, 100, status="released")
    confirming = asking(service.confirm_payment, await confirmation(work, payment))
    error = await refused(work, OFFICER, confirming, errors.DocumentsMissingError)
    assert error == errors.DocumentsMissingError(kinds=("proof_of_payment",))


async def test_documents_come_as_a_draft_or_after_release(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    payment = await a_payment(work, plan, status="submitted")
    for _ in range(2):
        with pytest.raises(WrongStepError):
            await attach(work, payment, "quote")
        if (await found(work, payment)).status == "submitted":
            await done(work, APPROVER, service.approve_payment, await yes(work, payment))


async def test_an_invoice_is_paid_once_for_a_line_also_when_the_plan_changed(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    supplier = await a_supplier(work)
    first = await a_draft(work, plan, await supplied(work, euros(100), supplier=supplier, invoice="F-3"))
    same = DraftPayment(
        new_id(),
        plan.case.id,
        "supplier_direct",
        await supplied(work, euros(100), supplier=supplier, invoice=" f-3 "),
        plan_item_id=plan.items[0],
    )
    await refused(work, OFFICER, asking(service.draft_payment, same), errors.AlreadyPaidError)
    await carry(work, first, "submitted")
    newer = await an_approved_plan(work, plan.case, a_line(100_000, line_id=plan.lines[0]))
    second = await a_draft(work, newer, await supplied(work, euros(100), supplier=supplier, invoice="f-3"))
    await refused(work, OFFICER, asking(service.submit_payment, SubmitPayment(second, 1)), errors.AlreadyPaidError)


async def test_a_payment_needs_its_line_in_the_plan_in_force(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000, 50_000)
    kept, changed = [await a_draft(work, plan, await supplied(work, euros(100)), item=item) for item in (0, 1)]
    lines = (a_line(100_000, line_id=plan.lines[0]), a_line(50_000, line_id=plan.lines[1], kind="medical"))
    await an_approved_plan(work, plan.case, *lines)
    await carry(work, kept, "submitted")
    await refused(work, OFFICER, asking(service.submit_payment, SubmitPayment(changed, 1)), ItemNotInForceError)
    old = DraftPayment(new_id(), plan.case.id, "reimbursement", plain(euros(1)), plan_item_id=plan.items[0])
    await refused(work, OFFICER, asking(service.draft_payment, old), ItemNotInForceError)
    other = await a_planned_case(work, 100)
    foreign = DraftPayment(new_id(), plan.case.id, "reimbursement", plain(euros(1)), plan_item_id=other.items[0])
    await refused(work, OFFICER, asking(service.draft_payment, foreign), ItemNotInForceError)


async def test_reasons_and_dates_are_asked_for(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    payment = await a_payment(work, plan, status="released")
    version = (await found(work, payment)).version
    await refused(work, OFFICER, asking(service.fail_payment, FailPayment(payment, version, " ")), InvalidInputError)
    tomorrow = ConfirmPayment(payment, version, days_ago(-1), "BANK-1")
    await refused(work, OFFICER, asking(service.confirm_payment, tomorrow), errors.PaymentInFutureError)
    await attach(work, payment, "proof_of_payment")
    unnamed = ConfirmPayment(payment, version, days_ago(3), "")
    await refused(work, OFFICER, asking(service.confirm_payment, unnamed), InvalidInputError)


async def test_a_failed_payment_gives_back_to_the_line_that_shrank_meanwhile(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    payment = await a_payment(work, plan, 40_000, status="released")
    await an_approved_plan(work, plan.case, a_line(40_000, line_id=plan.lines[0]))
    assert await held(work, plan.case.id) == {"entitlement": 140_000, "reserved": 40_000}
    await done(work, COORDINATOR, service.fail_payment, await failure(work, payment))
    assert await held(work, plan.case.id) == {"entitlement": 140_000, "plan_line": 40_000}
