"""Plans through their use cases: versions, the ledger's differences, four eyes, and what is refused."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from reintegration.cases import service as cases
from reintegration.cases.commands import CloseCase
from reintegration.cases.values import CloseReason
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.identity.permissions import Permission, allows
from reintegration.kernel.actor import Role
from reintegration.kernel.clock import today
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
from reintegration.kernel.reference import Reference
from reintegration.plans import errors, service
from reintegration.plans.commands import DraftPlan, PlanLine, RejectPlan, SubmitPlan
from tests import builders
from tests.builders import APPROVER, COORDINATOR, COUNSELLOR, EVERYBODY, OFFICER, actor
from tests.payment_steps import (
    a_drafted_plan,
    a_line,
    a_payment,
    a_planned_case,
    a_submitted_plan,
    an_approved_plan,
    approval,
    asking,
    done,
    held,
    line_held,
)
from tests.proofs import refused, row, value

_STATUS = "select status from plans where id = $1"
HEAD_OFFICER = actor(Role.FIELD_OFFICER, "partner_coordinator")
"""An officer who is the coordinator too: one person, two roles."""


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


async def test_a_plan_goes_from_draft_to_approval_and_budgets_the_ledger(work: UnitOfWork) -> None:
    case = await builders.a_granted_case(work)
    assert await held(work, case.id) == {"entitlement": 180_000}
    plan = await a_submitted_plan(work, case, a_line(100_000), a_line(50_000, kind="medical", returnee=case.head_id))
    assert plan.version == 2
    assert await held(work, case.id) == {"entitlement": 180_000}
    assert await done(work, COORDINATOR, service.approve_plan, approval(plan)) == Reference("Plan", plan.id, 3)
    assert await held(work, case.id) == {"entitlement": 30_000, "plan_line": 150_000}
    assert [await line_held(work, line) for line in plan.lines] == [100_000, 50_000]
    stored = await row(work, "select number, status, prepared_by, submitted_by, decided_by from plans where id = $1", plan.id)
    assert stored == {
        "number": 1,
        "status": "approved",
        "prepared_by": "field_officer",
        "submitted_by": "field_officer",
        "decided_by": "partner_coordinator",
    }
    assert await value(work, "select status from cases where id = $1", case.id) == "implementing"


async def test_a_version_keeps_its_lines_and_moves_only_differences(work: UnitOfWork) -> None:
    first = await a_planned_case(work, 100_000, 50_000, 30_000)
    second = await an_approved_plan(
        work,
        first.case,
        a_line(120_000, line_id=first.lines[0]),
        a_line(50_000, line_id=first.lines[1]),
        a_line(10_000, kind="medical"),
    )
    assert second.lines[:2] == first.lines[:2]
    assert second.lines[2] not in first.lines
    assert not set(second.items) & set(first.items)
    assert await value(work, _STATUS, first.id) == "superseded"
    assert await held(work, first.case.id) == {"plan_line": 180_000}
    left = [await line_held(work, line) for line in (*second.lines, first.lines[2])]
    assert left == [120_000, 50_000, 10_000, 0]
    async with work.read(OFFICER) as transaction:
        moved = await transaction.fetch(
            "select a.kind, a.line_id, p.amount_minor from ledger_postings p join ledger_accounts a on a.id = p.account_id"
            " join ledger_transactions t on t.id = p.transaction_id where t.reference_id = $1 order by p.amount_minor",
            second.id,
        )
    assert [(entry["kind"], entry["line_id"], entry["amount_minor"]) for entry in moved] == [
        ("plan_line", first.lines[2], -30_000),
        ("plan_line", second.lines[2], 10_000),
        ("plan_line", first.lines[0], 20_000),
    ]


async def test_the_same_plan_again_moves_nothing(work: UnitOfWork) -> None:
    first = await a_planned_case(work, 100_000)
    second = await an_approved_plan(work, first.case, a_line(100_000, line_id=first.lines[0]))
    assert await value(work, "select count(*) from ledger_transactions where reference_id = $1", second.id) == 0
    assert await line_held(work, first.lines[0]) == 100_000


@pytest.mark.parametrize("status", ["submitted", "paid"])
async def test_a_line_does_not_shrink_below_what_is_spent_and_reserved(work: UnitOfWork, status: str) -> None:
    plan = await a_planned_case(work, 100_000)
    await a_payment(work, plan, 40_000, status=status)
    narrow = await a_submitted_plan(work, plan.case, a_line(39_999, line_id=plan.lines[0]))
    await refused(work, COORDINATOR, asking(service.approve_plan, approval(narrow)), errors.PlanBelowUseError)
    await done(work, COORDINATOR, service.reject_plan, RejectPlan(narrow.id, narrow.version, "Too little"))
    dropped = await a_submitted_plan(work, plan.case, a_line(100_000))
    await refused(work, COORDINATOR, asking(service.approve_plan, approval(dropped)), errors.PlanBelowUseError)
    await done(work, COORDINATOR, service.reject_plan, RejectPlan(dropped.id, dropped.version, "Sheep are paid"))
    await an_approved_plan(work, plan.case, a_line(40_000, line_id=plan.lines[0]))
    assert await line_held(work, plan.lines[0]) == 0


async def test_the_sum_can_not_exceed_the_entitlement(work: UnitOfWork) -> None:
    case = await builders.a_granted_case(work)
    command = DraftPlan(new_id(), case.id, (a_line(180_000), a_line(1)))
    error = await refused(work, OFFICER, asking(service.draft_plan, command), errors.PlanTooLargeError)
    assert error == errors.PlanTooLargeError(total_minor=180_001, granted_minor=180_000)
    await an_approved_plan(work, case, a_line(180_000))
    assert await held(work, case.id) == {"plan_line": 180_000}


async def test_what_is_spent_still_counts_as_granted(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    await a_payment(work, plan, 40_000)
    larger = DraftPlan(new_id(), plan.case.id, (a_line(180_001, line_id=plan.lines[0]),))
    await refused(work, OFFICER, asking(service.draft_plan, larger), errors.PlanTooLargeError)
    await an_approved_plan(work, plan.case, a_line(180_000, line_id=plan.lines[0]))
    assert await held(work, plan.case.id) == {"plan_line": 140_000, "spent": 40_000}


async def test_who_prepared_or_submitted_does_not_decide(work: UnitOfWork) -> None:
    case = await builders.a_granted_case(work)
    plan = await a_submitted_plan(work, case, a_line(100), who=HEAD_OFFICER)
    rejection = RejectPlan(plan.id, plan.version, "No")
    await refused(work, COORDINATOR, asking(service.approve_plan, approval(plan)), SamePersonError)
    await refused(work, COORDINATOR, asking(service.reject_plan, rejection), SamePersonError)
    other = actor(Role.PARTNER_COORDINATOR, "another")
    await done(work, other, service.reject_plan, rejection)
    drafted = await a_drafted_plan(work, case, a_line(100))
    await done(work, HEAD_OFFICER, service.submit_plan, SubmitPlan(drafted.id, 1))
    submitted = replace(drafted, version=2)
    await refused(work, COORDINATOR, asking(service.approve_plan, approval(submitted)), SamePersonError)
    await done(work, other, service.approve_plan, approval(submitted))


async def test_an_approval_is_of_the_content_that_was_seen(work: UnitOfWork) -> None:
    case = await builders.a_granted_case(work)
    plan = await a_submitted_plan(work, case, a_line(100))
    other = approval(replace(plan, digest="0" * 64))
    error = await refused(work, COORDINATOR, asking(service.approve_plan, other), errors.ContentChangedError)
    assert error == errors.ContentChangedError(kind="Plan")
    stale = approval(replace(plan, version=1))
    await refused(work, COORDINATOR, asking(service.approve_plan, stale), VersionConflictError)


async def test_two_equal_versions_have_two_digests_when_their_lines_differ(work: UnitOfWork) -> None:
    case = await builders.a_granted_case(work)
    first = await a_drafted_plan(work, case, a_line(100))
    continued = await a_drafted_plan(work, case, a_line(100, line_id=first.lines[0]))
    fresh = await a_drafted_plan(work, case, a_line(100))
    assert continued.digest == first.digest
    assert fresh.digest != first.digest


async def test_a_draft_is_superseded_and_a_submission_waits_for_its_decision(work: UnitOfWork) -> None:
    case = await builders.a_granted_case(work)
    first = await a_drafted_plan(work, case, a_line(100))
    second = await a_submitted_plan(work, case, a_line(200))
    assert await value(work, _STATUS, first.id) == "superseded"
    third = DraftPlan(new_id(), case.id, (a_line(300),))
    await refused(work, OFFICER, asking(service.draft_plan, third), errors.PlanOpenError)
    await refused(work, OFFICER, asking(service.submit_plan, SubmitPlan(first.id, 2)), TransitionError)
    await done(work, COORDINATOR, service.reject_plan, RejectPlan(second.id, second.version, "Too dear"))
    assert await row(work, "select status, decision_note from plans where id = $1", second.id) == {
        "status": "rejected",
        "decision_note": "Too dear",
    }
    assert (await done(work, OFFICER, service.draft_plan, third)).id == third.id
    assert await value(work, "select number from plans where id = $1", third.id) == 3


async def test_a_case_that_has_not_arrived_has_no_plan(work: UnitOfWork) -> None:
    case = await builders.depart(work, await builders.grant(work, await builders.a_referred_case(work)))
    command = DraftPlan(new_id(), case.id, (a_line(100),))
    error = await refused(work, OFFICER, asking(service.draft_plan, command), errors.CaseNotReadyError)
    assert error == errors.CaseNotReadyError(status="departed")


async def test_a_closed_case_takes_no_step(work: UnitOfWork) -> None:
    case = await builders.a_granted_case(work)
    submitted = await a_submitted_plan(work, case, a_line(100))
    closing = CloseCase(case_id=case.id, expected_version=case.version, reason=CloseReason.DECEASED, closed_on=today())
    await done(work, COUNSELLOR, cases.close_case, closing)
    for who, step in (
        (OFFICER, asking(service.draft_plan, DraftPlan(new_id(), case.id, (a_line(100),)))),
        (COORDINATOR, asking(service.approve_plan, approval(submitted))),
    ):
        assert await refused(work, who, step, errors.CaseNotReadyError) == errors.CaseNotReadyError(status="closed")


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ((), InvalidInputError),
        ((a_line(1),) * 51, InvalidInputError),
        ((a_line(0),), InvalidInputError),
        ((a_line(-1),), InvalidInputError),
        ((PlanLine("micro_business", "", Money(1, "EUR")),), InvalidInputError),
        ((PlanLine("yacht", "A yacht", Money(1, "EUR")),), InvalidInputError),
        ((PlanLine("medical", "A cure", Money(1, "MNT")),), InvalidInputError),
        ((PlanLine("medical", "A cure", Money(1, "EUR"), co_investment=Money(1, "MNT")),), InvalidInputError),
        ((a_line(1, line_id=new_id()),), NotFoundError),
        ((a_line(1, returnee=new_id()),), NotFoundError),
    ],
)
async def test_lines_that_can_not_be(work: UnitOfWork, lines: tuple[PlanLine, ...], error: type[DomainError]) -> None:
    case = await builders.a_granted_case(work)
    await refused(work, OFFICER, asking(service.draft_plan, DraftPlan(new_id(), case.id, lines)), error)


async def test_lines_and_people_of_another_case_are_unknown(work: UnitOfWork) -> None:
    other = await a_planned_case(work, 100)
    case = await builders.a_granted_case(work)
    person = DraftPlan(new_id(), case.id, (a_line(1, returnee=other.case.head_id),))
    assert await refused(work, OFFICER, asking(service.draft_plan, person), NotFoundError) == NotFoundError(kind="Returnee")
    line = DraftPlan(new_id(), case.id, (a_line(1, line_id=other.lines[0]),))
    assert await refused(work, OFFICER, asking(service.draft_plan, line), NotFoundError) == NotFoundError(kind="PlanItem")


async def test_a_line_stands_once_in_a_version(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100)
    twice = DraftPlan(new_id(), plan.case.id, (a_line(1, line_id=plan.lines[0]), a_line(2, line_id=plan.lines[0])))
    await refused(work, OFFICER, asking(service.draft_plan, twice), InvalidInputError)


async def test_a_rejection_needs_a_reason(work: UnitOfWork) -> None:
    plan = await a_submitted_plan(work, await builders.a_granted_case(work), a_line(100))
    blank = RejectPlan(plan.id, plan.version, "  ")
    await refused(work, COORDINATOR, asking(service.reject_plan, blank), InvalidInputError)


async def test_who_may_write_and_decide_plans(work: UnitOfWork) -> None:
    case = await builders.a_granted_case(work)
    plan = await a_submitted_plan(work, case, a_line(100))
    writing = asking(service.draft_plan, DraftPlan(new_id(), case.id, (a_line(1),)))
    submitting = asking(service.submit_plan, SubmitPlan(plan.id, plan.version))
    approving = asking(service.approve_plan, approval(plan))
    rejecting = asking(service.reject_plan, RejectPlan(plan.id, plan.version, "No"))
    for who in EVERYBODY:
        for step, right in (
            (writing, Permission.PLAN_WRITE),
            (submitting, Permission.PLAN_WRITE),
            (approving, Permission.PLAN_APPROVE),
            (rejecting, Permission.PLAN_APPROVE),
        ):
            if not allows(who.role, right):
                assert await refused(work, who, step, ForbiddenError) == ForbiddenError(permission=right.value)
    for stranger, step in (
        (builders.OTHER_OFFICER, writing),
        (builders.OTHER_OFFICER, submitting),
        (builders.OTHER_COORDINATOR, approving),
        (builders.OTHER_COORDINATOR, rejecting),
    ):
        await refused(work, stranger, step, NotFoundError)
    assert not allows(APPROVER.role, Permission.PLAN_APPROVE)


async def test_of_two_approvals_at_once_one_wins(work: UnitOfWork) -> None:
    for _ in range(5):
        case = await builders.a_granted_case(work)
        plan = await a_submitted_plan(work, case, a_line(100_000))
        others = [actor(Role.PARTNER_COORDINATOR, name) for name in ("one", "two")]
        results = await asyncio.gather(
            *(done(work, who, service.approve_plan, approval(plan)) for who in others), return_exceptions=True
        )
        assert [type(result) for result in results if isinstance(result, BaseException)] == [VersionConflictError]
        assert await held(work, case.id) == {"entitlement": 80_000, "plan_line": 100_000}
