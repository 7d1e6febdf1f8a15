"""Before the arrival: what can be done to a premium and to a journey, each raced with what moves the journey on."""

from dataclasses import dataclass
from uuid import UUID

from reintegration.cases import service as cases
from reintegration.cases.commands import CloseCase, ConfirmArrival, RecordDeparture, ReferCase, TransferCase
from reintegration.cases.values import CloseReason, TravelMode
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.entitlements import service as entitlements
from reintegration.entitlements.commands import AssessEntitlement, GrantEntitlements
from reintegration.kernel.clock import today
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
from reintegration.payments import service as payments
from reintegration.payments.commands import CancelPayment
from reintegration.plans import service as plans
from reintegration.plans.commands import DraftPlan
from tests import builders
from tests.builders import COUNSELLOR, FINANCE, IOM, MONGOLIA, MONGOLIA_CARITAS, OFFICER, PROGRAMME, BuiltCase, days_ago
from tests.money.races.moves import Move, move
from tests.payment_steps import (
    a_line,
    a_premium,
    attach,
    carry,
    confirmation,
    done,
    doubt,
    failure,
    go,
    submission,
)

LEFT_ON = days_ago(30)
_CENTS = (5_000, 6_000, 7_000)
_PREMIUMS = "select id from entitlements where case_id = $1 and stream = 'cash_premium' order by amount_minor desc, id"
JOURNEY = ("caseRefer", "caseDepart", "arrivalConfirm")
"""What moves a journey on. It moves no money."""


@dataclass(frozen=True, slots=True)
class Early:
    """A case with a premium that is drafted, one that is approved and one that is released, and an assessment to grant."""

    case: BuiltCase
    draft: UUID
    approved: UUID
    released: UUID
    assessment: UUID


async def a_case_before_arrival(work: UnitOfWork, *, has_left: bool) -> Early:
    """With a partner alone; one whose household has left with an office too."""
    case = await builders.grant(work, await builders.a_case(work))
    referral = ReferCase(
        case_id=case.id,
        expected_version=case.version,
        partner_id=IOM,
        field_office_id=MONGOLIA if has_left else None,
    )
    referred = await done(work, COUNSELLOR, cases.refer_case, referral)
    case = BuiltCase(id=case.id, version=referred.version, member_ids=case.member_ids)
    async with work.read(builders.SYSTEM) as transaction:
        rows = await transaction.fetch(_PREMIUMS, case.id)
    draft, approved, released = [
        await a_premium(work, case, row["id"], cents, on=LEFT_ON) for row, cents in zip(rows, _CENTS, strict=True)
    ]
    await carry(work, approved, "approved", in_belgium=True)
    await carry(work, released, "released", in_belgium=True)
    await attach(work, released, "signed_receipt", who=COUNSELLOR)
    if has_left:
        case = await builders.depart(work, case)
    question = AssessEntitlement(
        id=new_id(), case_id=case.id, planned_departure_on=LEFT_ON, travel_document_cost=Money(8_050, "EUR")
    )
    assessment = (await done(work, COUNSELLOR, entitlements.assess_entitlement, question)).id
    return Early(case, draft, approved, released, assessment)


async def early_moves(work: UnitOfWork, early: Early, *, has_left: bool) -> list[Move]:
    """All of them."""
    case, grant = early.case, GrantEntitlements(case_id=early.case.id, assessment_id=early.assessment)
    why = CloseReason.DECEASED if has_left else CloseReason.WITHDRAWN_BEFORE_DEPARTURE
    transfer = TransferCase(
        id=new_id(), case_id=case.id, expected_version=case.version, to_office_id=MONGOLIA_CARITAS, reason="The family moved"
    )
    closing = CloseCase(case_id=case.id, expected_version=case.version, reason=why, closed_on=today())
    plan, paid = DraftPlan(new_id(), case.id, (a_line(1_000),)), await confirmation(work, early.released, on=LEFT_ON)
    return [
        *_journey(case, has_left=has_left),
        move("caseTransfer", PROGRAMME, cases.transfer_case, transfer, rivals=JOURNEY),
        move("caseClose: with payments", COUNSELLOR, cases.close_case, closing, rivals=JOURNEY, is_refused=True),
        move("planDraft: before arrival", OFFICER, plans.draft_plan, plan, rivals=JOURNEY, is_refused=True),
        move("entitlementGrant", COUNSELLOR, entitlements.grant_entitlements, grant, rivals=JOURNEY),
        move("paymentSubmit", COUNSELLOR, payments.submit_payment, await submission(work, early.draft), rivals=JOURNEY),
        move("paymentCancel", COUNSELLOR, payments.cancel_payment, CancelPayment(early.draft, 1), rivals=JOURNEY),
        move("paymentRelease", FINANCE, payments.release_payment, await go(work, early.approved), rivals=JOURNEY),
        move("paymentConfirm", FINANCE, payments.confirm_payment, paid, rivals=JOURNEY, is_refused=not has_left),
        move("paymentFail", FINANCE, payments.fail_payment, await failure(work, early.released), rivals=JOURNEY),
        move(
            "paymentMarkUnconfirmed",
            FINANCE,
            payments.mark_payment_unconfirmed,
            await doubt(work, early.released),
            rivals=JOURNEY,
        ),
    ]


def _journey(case: BuiltCase, *, has_left: bool) -> list[Move]:
    if has_left:
        arrival = ConfirmArrival(case_id=case.id, expected_version=case.version, arrived_on=days_ago(29))
        return [move("arrivalConfirm", OFFICER, cases.confirm_arrival, arrival)]
    referral = ReferCase(case_id=case.id, expected_version=case.version, partner_id=IOM, field_office_id=MONGOLIA)
    departure = RecordDeparture(case_id=case.id, expected_version=case.version, departed_on=LEFT_ON, travel_mode=TravelMode.PLANE)
    return [
        move("caseRefer", COUNSELLOR, cases.refer_case, referral),
        move("caseDepart", COUNSELLOR, cases.record_departure, departure),
    ]
