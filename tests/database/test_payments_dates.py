"""When a payment may be made: arrival, deadline and its extension; premium and refund in Belgium on the day of departure."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.entitlements import service as entitlements
from reintegration.entitlements.commands import AssessEntitlement, DecideExtension, GrantEntitlements, RequestExtension
from reintegration.kernel.clock import add_months, today
from reintegration.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
from reintegration.ledger.errors import NotEnoughLeftError
from reintegration.payments import errors, service
from reintegration.payments.commands import AmendPayment, DraftPayment, FailPayment
from tests import builders
from tests.builders import COUNSELLOR, FINANCE, OFFICER, PROGRAMME, days_ago
from tests.payment_steps import (
    BuiltPlan,
    a_draft,
    a_line,
    a_planned_case,
    a_premium,
    a_premium_case,
    an_approved_plan,
    asking,
    attach,
    carry,
    confirmation,
    done,
    euros,
    found,
    held,
    plain,
    reversal,
    submission,
)
from tests.proofs import refused, value

_BUDGET = "select id from entitlements where case_id = $1 and stream = 'reintegration'"


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


async def an_old_plan(work: UnitOfWork) -> BuiltPlan:
    """A household that arrived 13 months ago, so that its deadline is a month ago."""
    command = builders.a_registration()
    intake = type(command.intake)(
        administrative_status=command.intake.administrative_status,
        referral_channel=command.intake.referral_channel,
        return_desk_id=command.intake.return_desk_id,
        applied_on=days_ago(500),
        consent_signed_on=days_ago(500),
        entered_belgium_on=days_ago(800),
    )
    registration = type(command)(
        id=command.id,
        country_of_return=command.country_of_return,
        members=command.members,
        intake=intake,
        dublin=False,
        reference=None,
    )
    case = await builders.grant(work, await builders.a_referred_case(work, registration))
    arrived = add_months(today(), -13)
    case = await builders.arrive(work, await builders.depart(work, case, on=arrived), on=arrived)
    return await an_approved_plan(work, case, a_line(100_000))


async def test_nothing_is_dated_before_the_arrival(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    payment = await a_draft(work, plan, plain(euros(100), on=days_ago(30)))
    submitting = asking(service.submit_payment, await submission(work, payment))
    await refused(work, OFFICER, submitting, errors.PaymentBeforeArrivalError)
    await done(work, OFFICER, service.amend_payment, AmendPayment(payment, 1, plain(euros(100), on=days_ago(29))))
    await carry(work, payment, "released")
    early = asking(service.confirm_payment, await confirmation(work, payment, on=days_ago(30)))
    await refused(work, OFFICER, early, errors.PaymentBeforeArrivalError)
    await done(work, OFFICER, service.confirm_payment, await confirmation(work, payment, on=days_ago(29)))


async def test_nothing_is_dated_after_the_deadline_without_an_approved_extension(work: UnitOfWork) -> None:
    plan = await an_old_plan(work)
    deadline = add_months(add_months(today(), -13), 12)
    assert await value(work, "select deadline_on from entitlements where id = $1", await budget(work, plan)) == deadline
    late = await a_draft(work, plan, plain(euros(100)))
    submitting = asking(service.submit_payment, await submission(work, late))
    await refused(work, OFFICER, submitting, errors.PaymentAfterDeadlineError)
    in_time = await a_draft(work, plan, plain(euros(200), on=deadline))
    await carry(work, in_time, "released")
    after = asking(service.confirm_payment, await confirmation(work, in_time, on=days_ago(3)))
    await refused(work, OFFICER, after, errors.PaymentAfterDeadlineError)
    await done(work, OFFICER, service.confirm_payment, await confirmation(work, in_time, on=deadline))
    request = RequestExtension(
        id=new_id(), entitlement_id=await budget(work, plan), new_deadline_on=add_months(today(), 1), reason="Illness"
    )
    asked = await done(work, OFFICER, entitlements.request_extension, request)
    await refused(work, OFFICER, submitting, errors.PaymentAfterDeadlineError)
    decision = DecideExtension(extension_id=asked.id, expected_version=asked.version, approved=True)
    await done(work, PROGRAMME, entitlements.decide_extension, decision)
    await carry(work, late, "paid")
    assert await held(work, plan.case.id) == {"entitlement": 80_000, "plan_line": 99_700, "spent": 300}


async def budget(work: UnitOfWork, plan: BuiltPlan) -> UUID:
    return UUID(str(await value(work, _BUDGET, plan.case.id)))


async def test_the_premium_is_paid_on_the_day_of_departure_and_no_other(work: UnitOfWork) -> None:
    case, entitlement = await a_premium_case(work)
    assert await held(work, case.id, "cash_premium") == {"entitlement": builders.PREMIUM_MINOR}
    payment = await a_premium(work, case, entitlement, on=days_ago(30))
    await carry(work, payment, "released", in_belgium=True)
    assert await held(work, case.id, "cash_premium") == {"entitlement": 52_500, "reserved": 35_000}
    confirming = asking(service.confirm_payment, await confirmation(work, payment, on=days_ago(30)))
    await refused(work, FINANCE, confirming, errors.DocumentsMissingError)
    await attach(work, payment, "signed_receipt", who=COUNSELLOR)
    await refused(work, FINANCE, confirming, errors.NotAtDepartureError)
    await builders.depart(work, case, on=days_ago(30))
    for other in (days_ago(31), days_ago(29)):
        wrong = asking(service.confirm_payment, await confirmation(work, payment, on=other))
        await refused(work, FINANCE, wrong, errors.NotAtDepartureError)
    await work.write(FINANCE, confirming)
    assert await held(work, case.id, "cash_premium") == {"entitlement": 52_500, "spent": 35_000}
    assert await held(work, case.id) == {}


async def test_a_premium_is_paid_once_for_each_person(work: UnitOfWork) -> None:
    case, entitlement = await a_premium_case(work)
    first = await a_premium(work, case, entitlement)
    again = DraftPayment(new_id(), case.id, "cash_premium", plain(euros(35_000)), entitlement_id=entitlement)
    await refused(work, COUNSELLOR, asking(service.draft_payment, again), errors.AlreadyPaidError)
    await carry(work, first, "released", in_belgium=True)
    await done(work, FINANCE, service.fail_payment, FailPayment(first, (await found(work, first)).version, "Not taken"))
    assert await held(work, case.id, "cash_premium") == {"entitlement": builders.PREMIUM_MINOR}
    second = await a_premium(work, case, entitlement, on=days_ago(30))
    await builders.depart(work, case, on=days_ago(30))
    await carry(work, second, "paid", on=days_ago(30), in_belgium=True)
    await refused(work, COUNSELLOR, asking(service.draft_payment, again), errors.AlreadyPaidError)
    await done(work, FINANCE, service.reverse_payment, await reversal(work, second))
    await work.write(COUNSELLOR, asking(service.draft_payment, again))


async def test_nobody_is_paid_the_premium_of_another(work: UnitOfWork) -> None:
    case, entitlement = await a_premium_case(work)
    payment = await a_premium(work, case, entitlement, 35_001)
    submitting = asking(service.submit_payment, await submission(work, payment))
    await refused(work, COUNSELLOR, submitting, NotEnoughLeftError)
    await done(work, COUNSELLOR, service.amend_payment, AmendPayment(payment, 1, plain(euros(35_000))))
    await carry(work, payment, "submitted", in_belgium=True)


async def test_the_streams_never_mix(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    budget_id = await budget(work, plan)
    premium = UUID(
        str(
            await value(
                work,
                "select id from entitlements where case_id = $1 and stream = 'cash_premium' and returnee_id = $2",
                plan.case.id,
                plan.case.head_id,
            )
        )
    )
    content = plain(euros(100))

    def draft(kind: str, **target: UUID) -> DraftPayment:
        return DraftPayment(new_id(), plan.case.id, kind, content, **target)

    for who, command, error in (
        (COUNSELLOR, draft("cash_premium", entitlement_id=budget_id), NotFoundError),
        (COUNSELLOR, draft("travel_document_refund", entitlement_id=premium), NotFoundError),
        (COUNSELLOR, draft("cash_premium", plan_item_id=plan.items[0]), InvalidInputError),
        (COUNSELLOR, draft("cash_premium"), InvalidInputError),
        (OFFICER, draft("reimbursement", entitlement_id=budget_id), InvalidInputError),
        (OFFICER, draft("reimbursement"), InvalidInputError),
        (OFFICER, draft("cash_premium", entitlement_id=premium), ForbiddenError),
        (OFFICER, draft("gift", plan_item_id=plan.items[0]), InvalidInputError),
        (OFFICER, draft("supplier_direct", plan_item_id=plan.items[0]), InvalidInputError),
    ):
        await refused(work, who, asking(service.draft_payment, command), error)
    other, theirs = await a_premium_case(work)
    foreign = DraftPayment(new_id(), plan.case.id, "cash_premium", content, entitlement_id=theirs)
    await refused(work, COUNSELLOR, asking(service.draft_payment, foreign), NotFoundError)
    assert other.id != plan.case.id


async def test_the_refund_of_a_travel_document_is_its_own_stream(work: UnitOfWork) -> None:
    case = await builders.a_referred_case(work)
    command = AssessEntitlement(
        id=new_id(), case_id=case.id, planned_departure_on=days_ago(30), travel_document_cost=Money(12_000, "EUR")
    )
    assessment = (await done(work, COUNSELLOR, entitlements.assess_entitlement, command)).id
    grant = GrantEntitlements(case_id=case.id, assessment_id=assessment)
    await done(work, COUNSELLOR, entitlements.grant_entitlements, grant)
    sql = "select id from entitlements where case_id = $1 and stream = 'travel_document_refund'"
    entitlement = UUID(str(await value(work, sql, case.id)))
    content = plain(euros(12_000), on=days_ago(30))
    draft = DraftPayment(new_id(), case.id, "travel_document_refund", content, entitlement_id=entitlement)
    payment = (await done(work, COUNSELLOR, service.draft_payment, draft)).id
    submitting = asking(service.submit_payment, await submission(work, payment))
    await refused(work, COUNSELLOR, submitting, errors.DocumentsMissingError)
    await attach(work, payment, "receipt", who=COUNSELLOR)
    await builders.depart(work, case, on=days_ago(30))
    await carry(work, payment, "paid", on=days_ago(30), in_belgium=True)
    assert await held(work, case.id, "travel_document_refund") == {"spent": 12_000}
    assert await held(work, case.id, "cash_premium") == {"entitlement": builders.PREMIUM_MINOR}


@pytest.mark.parametrize("cents", [0, -100])
async def test_amounts_are_more_than_zero(work: UnitOfWork, cents: int) -> None:
    plan = await a_planned_case(work, 100_000)
    command = DraftPayment(new_id(), plan.case.id, "reimbursement", plain(euros(cents)), plan_item_id=plan.items[0])
    await refused(work, OFFICER, asking(service.draft_payment, command), InvalidInputError)


@pytest.mark.parametrize("count", [0, 101])
async def test_a_payment_has_between_1_and_100_lines(work: UnitOfWork, count: int) -> None:
    plan = await a_planned_case(work, 100_000)
    command = DraftPayment(new_id(), plan.case.id, "reimbursement", plain(*[euros(1)] * count), plan_item_id=plan.items[0])
    await refused(work, OFFICER, asking(service.draft_payment, command), InvalidInputError)
