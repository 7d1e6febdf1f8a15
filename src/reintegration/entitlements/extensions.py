"""More time: somebody asks with a reason, Fedasil decides, approval moves the deadline."""

from uuid import UUID

from reintegration.cases.errors import AlreadyDecidedError
from reintegration.cases.service import CaseState, locked_case
from reintegration.cases.values import CaseStatus
from reintegration.database.rows import locked, visible
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.entitlements.commands import DecideExtension, RequestExtension
from reintegration.entitlements.errors import DeadlineExpiredError, DeadlineNotLaterError, DeadlineNotStartedError
from reintegration.entitlements.models import DeadlineExtension, Entitlement
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.clock import now
from reintegration.kernel.errors import SamePersonError, TransitionError
from reintegration.kernel.reference import Reference

_SQL = load_queries(__file__)


async def request_extension(transaction: Transaction, command: RequestExtension) -> Reference:
    """Ask for a later last day. Locks the case, then the entitlement.

    Raises:
        ForbiddenError: the role asks for none.
        NotFoundError: the entitlement.
        TransitionError: the case is closed.
        DeadlineNotStartedError, DeadlineNotLaterError: there is nothing to extend.
        DeadlineExpiredError: the money has gone back to its fund.
        RequestOpenError: another request is not decided yet.
    """
    require(transaction.actor, Permission.EXTENSION_REQUEST)
    entitlement = await visible(transaction, Entitlement, command.entitlement_id, kind="Entitlement")
    _check_open(await locked_case(transaction, entitlement.case_id))
    await _check_in_time(transaction, entitlement.case_id)
    _check_later(await locked(transaction, Entitlement, entitlement.id, kind="Entitlement"), command)
    await DeadlineExtension.create(
        using_db=transaction.orm,
        id=command.id,
        case_id=entitlement.case_id,
        entitlement_id=entitlement.id,
        new_deadline_on=command.new_deadline_on,
        reason=command.reason,
        requested_by=transaction.actor.id,
    )
    return Reference("DeadlineExtension", command.id, 1)


async def decide_extension(transaction: Transaction, command: DecideExtension) -> Reference:
    """Approve or refuse what somebody else asked for. Locks the case, the extension, then the entitlement.

    Raises:
        ForbiddenError: the role decides none.
        NotFoundError, VersionConflictError: the extension.
        AlreadyDecidedError: it was decided.
        SamePersonError: the actor asked for it.
        TransitionError: the case is closed.
        DeadlineExpiredError: the money has gone back to its fund; the request can only be refused.
        DeadlineNotLaterError: the deadline was moved beyond the wanted day meanwhile.
    """
    require(transaction.actor, Permission.EXTENSION_DECIDE)
    seen = await visible(transaction, DeadlineExtension, command.extension_id, kind="DeadlineExtension")
    case = await locked_case(transaction, seen.case_id)
    extension = await locked(
        transaction, DeadlineExtension, seen.id, kind="DeadlineExtension", expected_version=command.expected_version
    )
    if extension.decision is not None:
        raise AlreadyDecidedError(kind="extension")
    if extension.requested_by == transaction.actor.id:
        raise SamePersonError(step="decision on the extension")
    _check_open(case)
    if command.approved:
        await _check_in_time(transaction, case.id)
    extension.decision = "approved" if command.approved else "refused"
    if command.note is not None:
        extension.decision_note = command.note
    extension.decided_by = transaction.actor.id
    extension.decided_at = now()
    await extension.save(using_db=transaction.orm, update_fields=["decision", "decision_note", "decided_by", "decided_at"])
    if command.approved:
        entitlement = await locked(transaction, Entitlement, extension.entitlement_id, kind="Entitlement")
        _check_later(entitlement, extension)
        entitlement.deadline_on = extension.new_deadline_on
        await entitlement.save(using_db=transaction.orm, update_fields=["deadline_on"])
    return Reference("DeadlineExtension", extension.id, extension.version + 1)


async def _check_in_time(transaction: Transaction, case_id: UUID) -> None:
    if await transaction.fetch_value(_SQL["has_expired"], case_id):
        raise DeadlineExpiredError


def _check_open(case: CaseState) -> None:
    if case.status is CaseStatus.CLOSED:
        raise TransitionError(kind="Case", current=case.status.value, wanted="changed")


def _check_later(entitlement: Entitlement, wanted: RequestExtension | DeadlineExtension) -> None:
    if entitlement.deadline_on is None:
        raise DeadlineNotStartedError
    if wanted.new_deadline_on <= entitlement.deadline_on:
        raise DeadlineNotLaterError
