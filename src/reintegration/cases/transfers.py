"""Moving a case to another office: its rights move with it, its payments stay where they were made."""

from reintegration.cases.commands import TransferCase
from reintegration.cases.errors import DublinCaseError, OfficeMismatchError, SameOfficeError
from reintegration.cases.models import Case, CaseTransfer
from reintegration.cases.values import CaseStatus
from reintegration.database.rows import locked
from reintegration.database.transaction import Transaction
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.actor import Role
from reintegration.kernel.errors import TransitionError
from reintegration.kernel.reference import Reference
from reintegration.programme.service import office

_MOVABLE = frozenset(CaseStatus) - {CaseStatus.REGISTERED, CaseStatus.CLOSED}


async def transfer_case(transaction: Transaction, command: TransferCase) -> Reference:
    """Give a case to another office. A coordinator moves it within the partner, Fedasil anywhere. Locks the case.

    Raises:
        ForbiddenError: the role transfers no cases.
        NotFoundError, VersionConflictError: the case, or the office.
        TransitionError: the case has no partner yet, or is closed.
        DublinCaseError: Dublin departures have no office.
        SameOfficeError: it is there already.
        OfficeMismatchError: a coordinator named another partner's office.
    """
    require(transaction.actor, Permission.CASE_TRANSFER)
    case = await locked(transaction, Case, command.case_id, kind="Case", expected_version=command.expected_version)
    if case.dublin:
        raise DublinCaseError(step="given to an office")
    if case.status not in _MOVABLE or case.partner_id is None:
        raise TransitionError(kind="Case", current=case.status, wanted="transferred")
    chosen = await office(transaction, command.to_office_id)
    if chosen.id == case.field_office_id:
        raise SameOfficeError
    if transaction.actor.role is Role.PARTNER_COORDINATOR and chosen.partner_id != transaction.actor.partner_id:
        raise OfficeMismatchError
    await CaseTransfer.create(
        using_db=transaction.orm,
        id=command.id,
        case_id=case.id,
        from_office_id=case.field_office_id,
        to_office_id=chosen.id,
        reason=command.reason,
        transferred_by=transaction.actor.id,
    )
    case.partner_id = chosen.partner_id
    case.field_office_id = chosen.id
    await case.save(using_db=transaction.orm, update_fields=["partner_id", "field_office_id"])
    return Reference("Case", case.id, case.version + 1)
