"""Use cases of plans: draft, submit, approve, reject. Versions are never edited; lines keep their id across versions."""

from collections.abc import Mapping
from uuid import UUID

from reintegration.cases.service import begin_implementation, locked_case
from reintegration.database.rows import locked
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.canonical import digest
from reintegration.kernel.clock import now, today
from reintegration.kernel.errors import InvalidInputError, NotFoundError, SamePersonError, TransitionError
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import EURO
from reintegration.kernel.reference import Reference
from reintegration.ledger.service import balances, flows, post, pot_of
from reintegration.plans.budget_transfers import READY, budgeted, decide_budget_transfer, request_budget_transfer
from reintegration.plans.commands import ApprovePlan, DraftPlan, PlanLine, RejectPlan, SubmitPlan
from reintegration.plans.content import plan_content
from reintegration.plans.errors import CaseNotReadyError, ContentChangedError, PlanBelowUseError, PlanOpenError, PlanTooLargeError
from reintegration.plans.models import Plan

__all__ = [
    "approve_plan",
    "decide_budget_transfer",
    "draft_plan",
    "line_in_force",
    "reject_plan",
    "request_budget_transfer",
    "submit_plan",
]

_SQL = load_queries(__file__)
_STREAM = "reintegration"
_MOST_LINES = 50


async def draft_plan(transaction: Transaction, command: DraftPlan) -> Reference:
    """Write a new version with all its items. Locks the case.

    Raises:
        CaseNotReadyError, PlanOpenError, PlanTooLargeError, InvalidInputError, NotFoundError.
    """
    require(transaction.actor, Permission.PLAN_WRITE)
    case = await locked_case(transaction, command.case_id)
    if case.status not in READY:
        raise CaseNotReadyError(status=case.status)
    lines = await _checked_lines(transaction, command)
    await _check_total(transaction, case.id, sum(line.budget.amount_minor for line in command.lines))
    await transaction.execute(_SQL["supersede"], case.id, "draft")
    if await Plan.filter(case_id=case.id, status="submitted").using_db(transaction.orm).exists():
        raise PlanOpenError
    plan = await Plan.create(
        id=command.id,
        case_id=case.id,
        number=await transaction.fetch_value(_SQL["next_number"], case.id),
        status="draft",
        content_digest=digest([plan_content(line_id, line) for line_id, line in lines]),
        prepared_by=transaction.actor.id,
        using_db=transaction.orm,
    )
    await _record_items(transaction, plan, lines)
    return Reference("Plan", plan.id, plan.version)


async def submit_plan(transaction: Transaction, command: SubmitPlan) -> Reference:
    """Hand a draft to the coordinator. The total is checked again, for the entitlement may have changed.

    Locks the case, then the plan.

    Raises:
        CaseNotReadyError, PlanTooLargeError, TransitionError, VersionConflictError, NotFoundError.
    """
    require(transaction.actor, Permission.PLAN_WRITE)
    plan = await _locked_plan(transaction, command.id, command.expected_version, "draft", "submitted")
    budgets = await _budgets(transaction, plan.id)
    await _check_total(transaction, plan.case_id, sum(budgets.values()))
    plan.status, plan.submitted_by, plan.submitted_at = "submitted", transaction.actor.id, now()
    await plan.save(using_db=transaction.orm, update_fields=["status", "submitted_by", "submitted_at"])
    return Reference("Plan", plan.id, plan.version + 1)


async def approve_plan(transaction: Transaction, command: ApprovePlan) -> Reference:
    """Put a submitted version in force: the version before is superseded, the ledger moves the difference line by line.

    The difference to what each line has now, so that a transfer since the version before is not made twice.

    Locks the case, then the plan, then the ledger accounts that give.

    Raises:
        CaseNotReadyError, ContentChangedError, SamePersonError, PlanBelowUseError, TransitionError, VersionConflictError,
        NotFoundError; NotEnoughLeftError where a payment took the money at the same moment.
    """
    require(transaction.actor, Permission.PLAN_APPROVE)
    plan = await _locked_plan(transaction, command.id, command.expected_version, "submitted", "approved")
    if command.content_digest != plan.content_digest:
        raise ContentChangedError(kind="Plan")
    _other_person(transaction, plan)
    held = await balances(transaction, plan.case_id)
    new = await _budgets(transaction, plan.id)
    old = budgeted(held)
    changes = {line: new.get(line, 0) - old.get(line, 0) for line in old.keys() | new.keys()}
    await transaction.execute(_SQL["supersede"], plan.case_id, "approved")
    plan.status, plan.decided_by, plan.decided_at = "approved", transaction.actor.id, now()
    await plan.save(using_db=transaction.orm, update_fields=["status", "decided_by", "decided_at"])
    for entry in held:
        if entry.account.kind == "plan_line" and entry.balance_minor + changes.get(entry.account.line_id or plan.id, 0) < 0:
            raise PlanBelowUseError
    pot = await pot_of(transaction, plan.case_id, _STREAM)
    if any(changes.values()):
        await post(transaction, flows.budget(pot, plan_id=plan.id, changes=changes, on=today()))
    await begin_implementation(transaction, plan.case_id)
    return Reference("Plan", plan.id, plan.version + 1)


async def reject_plan(transaction: Transaction, command: RejectPlan) -> Reference:
    """Refuse a submitted version, with a reason that the office reads. Locks the case, then the plan.

    Raises:
        CaseNotReadyError, SamePersonError, InvalidInputError, TransitionError, VersionConflictError, NotFoundError.
    """
    require(transaction.actor, Permission.PLAN_APPROVE)
    plan = await _locked_plan(transaction, command.id, command.expected_version, "submitted", "rejected")
    _other_person(transaction, plan)
    if not command.reason.strip():
        raise InvalidInputError(field="reason", reason="says why the plan is rejected")
    plan.status, plan.decided_by, plan.decided_at = "rejected", transaction.actor.id, now()
    plan.decision_note = command.reason
    await plan.save(using_db=transaction.orm, update_fields=["status", "decided_by", "decided_at", "decision_note"])
    return Reference("Plan", plan.id, plan.version + 1)


async def line_in_force(transaction: Transaction, item_id: UUID) -> bool:
    """Whether the version in force has the line of an item, which may stand in an older version, with the same kind."""
    return bool(await transaction.fetch_value(_SQL["line_in_force"], item_id))


async def _locked_plan(transaction: Transaction, plan_id: UUID, expected_version: int, needed: str, wanted: str) -> Plan:
    """The plan, after its case: locks are taken from the case down."""
    seen = await Plan.filter(id=plan_id).using_db(transaction.orm).get_or_none()
    if seen is None:
        raise NotFoundError(kind="Plan")
    case = await locked_case(transaction, seen.case_id)
    plan = await locked(transaction, Plan, plan_id, kind="Plan", expected_version=expected_version)
    if plan.status != needed:
        raise TransitionError(kind="Plan", current=plan.status, wanted=wanted)
    if case.status not in READY:
        raise CaseNotReadyError(status=case.status)
    return plan


def _other_person(transaction: Transaction, plan: Plan) -> None:
    if transaction.actor.id in {plan.prepared_by, plan.submitted_by}:
        raise SamePersonError(step="decision on a plan")


async def _checked_lines(transaction: Transaction, command: DraftPlan) -> list[tuple[UUID, PlanLine]]:
    if not 1 <= len(command.lines) <= _MOST_LINES:
        raise InvalidInputError(field="lines", reason=f"between 1 and {_MOST_LINES} items")
    known = {row["line_id"] for row in await transaction.fetch(_SQL["known_lines"], command.case_id)}
    for line in command.lines:
        if line.line_id is not None and line.line_id not in known:
            raise NotFoundError(kind="PlanItem")
        if line.budget.currency != EURO or (line.co_investment is not None and line.co_investment.currency != EURO):
            raise InvalidInputError(field="budget", reason="plans are budgeted in EUR")
    return [(line.line_id or new_id(), line) for line in command.lines]


async def _check_total(transaction: Transaction, case_id: UUID, total_minor: int) -> None:
    """The sum can't exceed what was granted: whatever the case's accounts of the stream hold came from grants."""
    held = await balances(transaction, case_id)
    granted = sum(entry.balance_minor for entry in held if entry.account.stream == _STREAM)
    if total_minor > granted:
        raise PlanTooLargeError(total_minor=total_minor, granted_minor=granted)


async def _budgets(transaction: Transaction, plan_id: UUID) -> Mapping[UUID, int]:
    return {row["line_id"]: row["budget_minor"] for row in await transaction.fetch(_SQL["budgets"], plan_id)}


async def _record_items(transaction: Transaction, plan: Plan, lines: list[tuple[UUID, PlanLine]]) -> None:
    await transaction.execute(
        _SQL["record_items"],
        plan.id,
        plan.case_id,
        [new_id() for _ in lines],
        [line_id for line_id, _ in lines],
        list(range(1, len(lines) + 1)),
        [line.returnee_id for _, line in lines],
        [line.kind for _, line in lines],
        [line.description for _, line in lines],
        [line.budget.amount_minor for _, line in lines],
        [line.co_investment.amount_minor if line.co_investment else 0 for _, line in lines],
    )
