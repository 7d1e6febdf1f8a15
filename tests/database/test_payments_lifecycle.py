"""Payments of a plan from draft to their outcome, the ledger asserted at each step."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from reintegration.cases import service as cases
from reintegration.cases.commands import CloseCase
from reintegration.cases.values import CloseReason
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import IdempotencyKey, UnitOfWork
from reintegration.kernel.clock import today
from reintegration.kernel.errors import (
    ConstraintViolationError,
    IdempotencyConflictError,
    TransitionError,
    VersionConflictError,
)
from reintegration.kernel.ids import new_id
from reintegration.ledger.errors import NotEnoughLeftError
from reintegration.payments import errors, service
from reintegration.payments.commands import (
    AmendPayment,
    CancelPayment,
    DraftPayment,
    ReturnPayment,
    SubmitPayment,
)
from tests import builders
from tests.builders import APPROVER, COORDINATOR, COUNSELLOR, OFFICER, days_ago
from tests.payment_steps import (
    a_draft,
    a_payment,
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
    held,
    line_held,
    plain,
    reversal,
    submission,
    supplied,
    yes,
)
from tests.proofs import refused, row, value


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


async def test_the_money_at_each_step_from_draft_to_reversal(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000, 50_000)
    case_id = plan.case.id
    free = {"entitlement": 30_000, "plan_line": 150_000}
    payment = await a_draft(work, plan, await supplied(work, euros(30_000), euros(10_000)))
    assert await held(work, case_id) == free
    reserved = {"entitlement": 30_000, "plan_line": 110_000, "reserved": 40_000}
    for step in ("submitted", "approved", "released"):
        assert (await carry_one(work, payment, step)) == step
        assert await held(work, case_id) == reserved
    assert await line_held(work, plan.lines[0]) == 60_000
    assert await line_held(work, plan.lines[1]) == 50_000
    assert (await carry_one(work, payment, "paid")) == "paid"
    assert await held(work, case_id) == {"entitlement": 30_000, "plan_line": 110_000, "spent": 40_000}
    await done(work, COORDINATOR, service.reverse_payment, await reversal(work, payment))
    assert await held(work, case_id) == free
    stored = await row(
        work,
        "select status, prepared_by, approved_by, released_by, settled_by, reversed_by, paid_on, outcome_note,"
        " settlement_reference, content_digest = approved_digest as bound from payments where id = $1",
        payment,
    )
    assert stored == {
        "status": "reversed",
        "prepared_by": "field_officer",
        "approved_by": "field_approver",
        "released_by": "partner_coordinator",
        "settled_by": "field_officer",
        "reversed_by": "partner_coordinator",
        "paid_on": days_ago(3),
        "outcome_note": "The shop closed",
        "settlement_reference": "BANK-1",
        "bound": True,
    }
    async with work.read(OFFICER) as transaction:
        entries = await transaction.fetch(
            "select kind, occasion, effective_on, reverses_id is not null as reverses from ledger_transactions"
            " where reference_id = $1 order by id",
            payment,
        )
    assert [tuple(entry[name] for name in ("kind", "occasion", "effective_on", "reverses")) for entry in entries] == [
        ("payment_reserved", 2, today(), False),
        ("payment_spent", 5, days_ago(3), False),
        ("payment_reversed", 6, today(), True),
    ]


async def carry_one(work: UnitOfWork, payment: UUID, step: str) -> str:
    """One step on."""
    if step == "submitted":
        await done(work, OFFICER, service.submit_payment, await submission(work, payment))
    elif step == "approved":
        await done(work, APPROVER, service.approve_payment, await yes(work, payment))
    elif step == "released":
        await done(work, COORDINATOR, service.release_payment, await go(work, payment))
    else:
        await attach(work, payment, "proof_of_payment")
        await done(work, OFFICER, service.confirm_payment, await confirmation(work, payment))
    return (await found(work, payment)).status


async def test_a_reversal_frees_the_money_once(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    payment = await a_payment(work, plan, 100_000)
    await done(work, COORDINATOR, service.reverse_payment, await reversal(work, payment))
    again = await reversal(work, payment)
    assert await refused(work, COORDINATOR, asking(service.reverse_payment, again), TransitionError) == TransitionError(
        kind="Payment", current="reversed", wanted="reversed"
    )
    await a_payment(work, plan, 100_000)
    assert await held(work, plan.case.id) == {"entitlement": 80_000, "spent": 100_000}


async def test_money_that_comes_back_to_a_closed_case_goes_to_the_fund(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    payment = await a_payment(work, plan, 40_000)
    version = int(str(await value(work, "select version from cases where id = $1", plan.case.id)))
    closing = CloseCase(case_id=plan.case.id, expected_version=version, reason=CloseReason.COMPLETED, closed_on=today())
    await done(work, COUNSELLOR, cases.close_case, closing)
    assert await held(work, plan.case.id) == {"spent": 40_000}
    await done(work, COORDINATOR, service.reverse_payment, await reversal(work, payment))
    assert await held(work, plan.case.id) == {}
    command = DraftPayment(new_id(), plan.case.id, "reimbursement", plain(euros(100)), plan_item_id=plan.items[0])
    error = await refused(work, OFFICER, asking(service.draft_payment, command), ConstraintViolationError)
    assert error == ConstraintViolationError(constraint="payments_case_ck", explanation="The case is closed")


async def test_a_failed_payment_gives_its_money_back_and_its_invoice_can_be_paid(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    supplier = await a_supplier(work)
    payment = await a_draft(work, plan, await supplied(work, euros(60_000), supplier=supplier, invoice="F-1"))
    await carry(work, payment, "released")
    await done(work, OFFICER, service.fail_payment, await failure(work, payment))
    assert await held(work, plan.case.id) == {"entitlement": 80_000, "plan_line": 100_000}
    second = await a_draft(work, plan, await supplied(work, euros(60_000), supplier=supplier, invoice="F-1"))
    await carry(work, second, "paid")
    assert await held(work, plan.case.id) == {"entitlement": 80_000, "plan_line": 40_000, "spent": 60_000}


async def test_unconfirmed_is_not_failed(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    supplier = await a_supplier(work)
    content = await supplied(work, euros(60_000), supplier=supplier, invoice="F-2")
    payment = await a_draft(work, plan, content)
    await carry(work, payment, "released")
    await done(work, COORDINATOR, service.mark_payment_unconfirmed, await doubt(work, payment))
    kept = {"entitlement": 80_000, "plan_line": 40_000, "reserved": 60_000}
    assert await held(work, plan.case.id) == kept
    again = DraftPayment(new_id(), plan.case.id, "supplier_direct", content, plan_item_id=plan.items[0])
    await refused(work, OFFICER, asking(service.draft_payment, again), errors.AlreadyPaidError)
    other = await a_draft(work, plan, await supplied(work, euros(60_000)))
    await refused(work, OFFICER, asking(service.submit_payment, await submission(work, other)), NotEnoughLeftError)
    failing = asking(service.fail_payment, await failure(work, payment))
    await refused(work, COORDINATOR, failing, errors.NonPaymentUnprovedError)
    assert await held(work, plan.case.id) == kept
    await attach(work, payment, "non_payment_evidence")
    await work.write(COORDINATOR, failing)
    assert await held(work, plan.case.id) == {"entitlement": 80_000, "plan_line": 100_000}


async def test_evidence_of_non_payment_brought_before_the_payment_proves_nothing(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    payment = await a_draft(work, plan, await supplied(work, euros(100)))
    await attach(work, payment, "non_payment_evidence")
    await attach(work, payment, "proof_of_payment")
    await carry(work, payment, "released")
    confirming = asking(service.confirm_payment, await confirmation(work, payment))
    error = await refused(work, OFFICER, confirming, errors.DocumentsMissingError)
    assert error == errors.DocumentsMissingError(kinds=("proof_of_payment",))
    await done(work, COORDINATOR, service.mark_payment_unconfirmed, await doubt(work, payment))
    failing = asking(service.fail_payment, await failure(work, payment))
    await refused(work, COORDINATOR, failing, errors.NonPaymentUnprovedError)


async def test_an_unconfirmed_payment_may_turn_out_to_be_paid(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    payment = await a_payment(work, plan, 60_000, status="released")
    await done(work, COORDINATOR, service.mark_payment_unconfirmed, await doubt(work, payment))
    await attach(work, payment, "proof_of_payment")
    await done(work, OFFICER, service.confirm_payment, await confirmation(work, payment))
    assert await held(work, plan.case.id) == {"entitlement": 80_000, "plan_line": 40_000, "spent": 60_000}


async def test_a_returned_payment_is_free_and_its_approval_void(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    payment = await a_draft(work, plan, await supplied(work, euros(60_000)))
    first = await carry(work, payment, "approved")
    seen = await go(work, payment)
    returning = ReturnPayment(payment, first.version, "Another sum")
    await done(work, APPROVER, service.return_payment, returning)
    assert await held(work, plan.case.id) == {"entitlement": 80_000, "plan_line": 100_000}
    stored = await row(
        work,
        "select p.status, p.content_digest, p.approved_by, p.approved_digest, p.outcome_note, l.rate, l.euro_minor"
        " from payments p join payment_lines l on l.payment_id = p.id where p.id = $1",
        payment,
    )
    assert stored == {
        "status": "draft",
        "content_digest": None,
        "approved_by": None,
        "approved_digest": None,
        "outcome_note": "Another sum",
        "rate": None,
        "euro_minor": None,
    }
    content = await supplied(work, euros(50_000))
    await done(work, OFFICER, service.amend_payment, AmendPayment(payment, (await found(work, payment)).version, content))
    second = await carry(work, payment, "approved")
    assert second.digest != first.digest
    assert await value(work, "select outcome_note from payments where id = $1", payment) is None
    old = type(seen)(payment, second.version, seen.content_digest)
    await refused(work, COORDINATOR, asking(service.release_payment, old), errors.ApprovalVoidError)
    await done(work, COORDINATOR, service.release_payment, await go(work, payment))
    assert await held(work, plan.case.id) == {"entitlement": 80_000, "plan_line": 50_000, "reserved": 50_000}


async def test_an_unchanged_resubmission_has_the_same_digest_and_another_document_another(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    payment = await a_draft(work, plan, await supplied(work, euros(60_000)))
    first = await carry(work, payment, "submitted")
    await done(work, OFFICER, service.return_payment, ReturnPayment(payment, first.version, "Wait"))
    second = await carry(work, payment, "submitted")
    assert second.digest == first.digest
    await done(work, OFFICER, service.return_payment, ReturnPayment(payment, second.version, "A quote too"))
    await attach(work, payment, "quote")
    third = await carry(work, payment, "submitted")
    assert third.digest != first.digest


async def test_a_cancelled_draft_is_over(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    payment = await a_payment(work, plan, status="draft")
    await done(work, OFFICER, service.cancel_payment, CancelPayment(payment, 1))
    assert (await found(work, payment)).status == "cancelled"
    await refused(work, OFFICER, asking(service.submit_payment, SubmitPayment(payment, 2)), TransitionError)
    await refused(work, OFFICER, asking(service.cancel_payment, CancelPayment(payment, 2)), TransitionError)


async def test_each_step_comes_from_its_own_status_and_version(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    payment = await a_payment(work, plan, status="submitted")
    submitted = await found(work, payment)
    wrong = (
        (OFFICER, asking(service.submit_payment, await submission(work, payment))),
        (OFFICER, asking(service.cancel_payment, CancelPayment(payment, submitted.version))),
        (OFFICER, asking(service.amend_payment, AmendPayment(payment, submitted.version, plain(euros(1))))),
        (COORDINATOR, asking(service.release_payment, await go(work, payment))),
        (OFFICER, asking(service.confirm_payment, await confirmation(work, payment))),
        (OFFICER, asking(service.fail_payment, await failure(work, payment))),
        (OFFICER, asking(service.mark_payment_unconfirmed, await doubt(work, payment))),
        (COORDINATOR, asking(service.reverse_payment, await reversal(work, payment))),
    )
    for who, step in wrong:
        await refused(work, who, step, TransitionError)
    stale = type(await yes(work, payment))(payment, submitted.version - 1, submitted.digest)
    await refused(work, APPROVER, asking(service.approve_payment, stale), VersionConflictError)


async def test_a_submission_is_answered_once_and_repeated_from_memory(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    payment = await a_payment(work, plan, 40_000, status="draft")
    command = SubmitPayment(payment, 1)
    key = IdempotencyKey(new_id(), "paymentSubmit", {"id": payment, "expected_version": 1})
    first = await work.write_once(OFFICER, key, asking(service.submit_payment, command))
    again = await work.write_once(OFFICER, key, asking(service.submit_payment, command))
    assert (first.replayed, again.replayed, again.reference) == (False, True, first.reference)
    assert await held(work, plan.case.id) == {"entitlement": 80_000, "plan_line": 60_000, "reserved": 40_000}
    other = IdempotencyKey(key.key, "paymentSubmit", {"id": payment, "expected_version": 2})
    with pytest.raises(IdempotencyConflictError):
        await work.write_once(OFFICER, other, asking(service.submit_payment, command))
