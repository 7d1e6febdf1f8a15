"""Re-budgeting: the office asks to move money between items of a plan, the coordinator decides, the ledger moves it."""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from reintegration.cases.errors import AlreadyDecidedError
from reintegration.cases.service import locked_case
from reintegration.cases.values import CaseStatus
from reintegration.database.rows import locked, visible
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.clock import now, today
from reintegration.kernel.errors import InvalidInputError, NotFoundError, SamePersonError
from reintegration.kernel.money import EURO
from reintegration.kernel.reference import Reference
from reintegration.ledger.errors import NotEnoughLeftError
from reintegration.ledger.service import AccountBalance, balances, flows, post, pot_of
from reintegration.plans.commands import DecideBudgetTransfer, RequestBudgetTransfer
from reintegration.plans.errors import CaseNotReadyError, ItemNotInForceError
from reintegration.plans.models import BudgetTransfer

_SQL = load_queries(__file__)
_STREAM = "reintegration"
_OF_A_LINE = frozenset({"plan_line", "reserved", "spent"})
READY: Final = frozenset({CaseStatus.ARRIVED, CaseStatus.IMPLEMENTING})
"""A plan needs a confirmed arrival and an open case."""


def budgeted(held: Iterable[AccountBalance]) -> Mapping[UUID, int]:
    """What each plan line has now, in euro cents: left, reserved and spent; transfers and releases are in it."""
    lines: dict[UUID, int] = {}
    for entry in held:
        if entry.account.kind in _OF_A_LINE and entry.account.line_id is not None:
            lines[entry.account.line_id] = lines.get(entry.account.line_id, 0) + entry.balance_minor
    return lines


async def request_budget_transfer(transaction: Transaction, command: RequestBudgetTransfer) -> Reference:
    """Ask to move money between two items of the plan in force. Locks the case. Nothing is set aside for it.

    Raises:
        CaseNotReadyError, ItemNotInForceError, NotEnoughLeftError, InvalidInputError, NotFoundError.
    """
    require(transaction.actor, Permission.PLAN_WRITE)
    if command.amount.currency != EURO:
        raise InvalidInputError(field="amount", reason="plans are budgeted in EUR")
    case_id, *_ = await _ends(transaction, command.from_item_id, command.to_item_id)
    await _check_ready(transaction, case_id)
    # Asked again under the lock: who approves another version meanwhile is waited for.
    _, from_line, _ = await _ends(transaction, command.from_item_id, command.to_item_id)
    if await _left(transaction, case_id, from_line) < command.amount.amount_minor:
        raise NotEnoughLeftError
    transfer = await BudgetTransfer.create(
        using_db=transaction.orm,
        id=command.id,
        case_id=case_id,
        from_item_id=command.from_item_id,
        to_item_id=command.to_item_id,
        amount_minor=command.amount.amount_minor,
        reason=command.reason,
        requested_by=transaction.actor.id,
    )
    return Reference("BudgetTransfer", transfer.id, transfer.version)


async def decide_budget_transfer(transaction: Transaction, command: DecideBudgetTransfer) -> Reference:
    """Approve or refuse what somebody else asked for; approval moves the money. Locks the case, the transfer, then the accounts.

    Raises:
        CaseNotReadyError, AlreadyDecidedError, SamePersonError, ItemNotInForceError, VersionConflictError, NotFoundError;
        NotEnoughLeftError where payments have taken the money since.
    """
    require(transaction.actor, Permission.PLAN_APPROVE)
    seen = await visible(transaction, BudgetTransfer, command.transfer_id, kind="BudgetTransfer")
    await _check_ready(transaction, seen.case_id)
    transfer = await locked(
        transaction, BudgetTransfer, seen.id, kind="BudgetTransfer", expected_version=command.expected_version
    )
    if transfer.decision is not None:
        raise AlreadyDecidedError(kind="transfer")
    if transfer.requested_by == transaction.actor.id:
        raise SamePersonError(step="decision on the transfer")
    transfer.decision = "approved" if command.approved else "refused"
    if command.note is not None:
        transfer.decision_note = command.note
    transfer.decided_by, transfer.decided_at = transaction.actor.id, now()
    await transfer.save(using_db=transaction.orm, update_fields=["decision", "decision_note", "decided_by", "decided_at"])
    if command.approved:
        _, from_line, to_line = await _ends(transaction, transfer.from_item_id, transfer.to_item_id)
        entry = flows.rebudget(
            await pot_of(transaction, transfer.case_id, _STREAM),
            transfer_id=transfer.id,
            from_line=from_line,
            to_line=to_line,
            amount_minor=transfer.amount_minor,
            on=today(),
        )
        await post(transaction, entry)
    return Reference("BudgetTransfer", transfer.id, transfer.version + 1)


async def _ends(transaction: Transaction, from_item_id: UUID, to_item_id: UUID) -> tuple[UUID, UUID, UUID]:
    """The case, the line that gives and the one that takes."""
    if from_item_id == to_item_id:
        raise InvalidInputError(field="toItem", reason="another item than the one that gives")
    rows = {row["id"]: row for row in await transaction.fetch(_SQL["transfer_items"], [from_item_id, to_item_id])}
    giver, taker = rows.get(from_item_id), rows.get(to_item_id)
    if giver is None or taker is None or giver["case_id"] != taker["case_id"]:
        raise NotFoundError(kind="PlanItem")
    if not (giver["in_force"] and taker["in_force"]):
        raise ItemNotInForceError
    return giver["case_id"], giver["line_id"], taker["line_id"]


async def _check_ready(transaction: Transaction, case_id: UUID) -> None:
    case = await locked_case(transaction, case_id)
    if case.status not in READY:
        raise CaseNotReadyError(status=case.status)


async def _left(transaction: Transaction, case_id: UUID, line_id: UUID) -> int:
    held = await balances(transaction, case_id)
    return sum(entry.balance_minor for entry in held if entry.account.kind == "plan_line" and entry.account.line_id == line_id)
