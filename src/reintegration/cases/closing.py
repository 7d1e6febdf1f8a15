"""The end of a case: what is left of its money goes back to the fund."""

from reintegration.cases.commands import CloseCase
from reintegration.cases.dates import check_order, check_past
from reintegration.cases.errors import CloseReasonError, OpenPaymentsError
from reintegration.cases.models import Case
from reintegration.cases.ports import ports
from reintegration.cases.values import CaseStatus, CloseReason
from reintegration.database.rows import locked
from reintegration.database.transaction import Transaction
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.errors import TransitionError
from reintegration.kernel.reference import Reference
from reintegration.ledger.service import release_case
from reintegration.programme.code_lists import close_reasons


async def close_case(transaction: Transaction, command: CloseCase) -> Reference:
    """Close a case for good. Locks the case, then the ledger accounts that still hold something.

    Raises:
        ForbiddenError: the role closes no cases.
        NotFoundError, VersionConflictError: the case.
        TransitionError: it is closed already.
        CloseReasonError: the reason belongs to the other side of the departure.
        FutureDateError, DateOrderError: the date can't be.
        OpenPaymentsError: payments are still open.
    """
    require(transaction.actor, Permission.CASE_CLOSE)
    case = await locked(transaction, Case, command.case_id, kind="Case", expected_version=command.expected_version)
    if case.status == CaseStatus.CLOSED.value:
        raise TransitionError(kind="Case", current=case.status, wanted=CaseStatus.CLOSED.value)
    _check_reason(command.reason, has_departed=case.departed_on is not None)
    check_past("closedOn", command.closed_on)
    check_order("closedOn", command.closed_on, earlier="departedOn", earlier_on=case.departed_on)
    check_order("closedOn", command.closed_on, earlier="arrivedOn", earlier_on=case.arrived_on)
    open_payments = await ports().open_payment_count(transaction, case.id)
    if open_payments:
        raise OpenPaymentsError(count=open_payments)
    await release_case(transaction, case_id=case.id, on=command.closed_on)
    case.status = CaseStatus.CLOSED.value
    case.closed_on = command.closed_on
    case.close_reason = command.reason.value
    if command.note is not None:
        case.close_note = command.note
    await case.save(using_db=transaction.orm, update_fields=["status", "closed_on", "close_reason", "close_note"])
    return Reference("Case", case.id, case.version + 1)


def _check_reason(reason: CloseReason, *, has_departed: bool) -> None:
    """Withdrawal ends at departure (domain.md 2.2); the reasons about support need a departure."""
    if has_departed and reason is CloseReason.WITHDRAWN_BEFORE_DEPARTURE:
        raise CloseReasonError(reason=reason.value, when="before")
    early = {found.code for found in close_reasons() if found.before_departure}
    if not has_departed and reason.value not in early:
        raise CloseReasonError(reason=reason.value, when="after")
