"""Vulnerabilities: recorded by a counsellor, approved by Fedasil; only approved ones count."""

from reintegration.cases.commands import DecideVulnerability, RecordVulnerability
from reintegration.cases.errors import AlreadyDecidedError
from reintegration.cases.models import Case, Returnee, Vulnerability
from reintegration.cases.values import CaseStatus
from reintegration.database.rows import locked, visible
from reintegration.database.transaction import Transaction
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.clock import now
from reintegration.kernel.errors import NotFoundError, SamePersonError, TransitionError
from reintegration.kernel.reference import Reference


async def record_vulnerability(transaction: Transaction, command: RecordVulnerability) -> Reference:
    """Record that a member is vulnerable. Locks the case.

    Raises:
        ForbiddenError: the role records no vulnerabilities.
        NotFoundError: the case, or no such person in it.
        TransitionError: the case is closed.
        VulnerabilityKnownError: recorded before.
    """
    require(transaction.actor, Permission.VULNERABILITY_RECORD)
    case = await locked(transaction, Case, command.case_id, kind="Case")
    _check_open(case)
    returnee = await visible(transaction, Returnee, command.returnee_id, kind="Returnee")
    if returnee.case_id != case.id:
        raise NotFoundError(kind="Returnee")
    await Vulnerability.create(
        using_db=transaction.orm,
        id=command.id,
        case_id=case.id,
        returnee_id=returnee.id,
        kind=command.kind.value,
        recorded_by=transaction.actor.id,
    )
    return Reference("Vulnerability", command.id, 1)


async def decide_vulnerability(transaction: Transaction, command: DecideVulnerability) -> Reference:
    """Approve or refuse a vulnerability that somebody else recorded. Locks the case, then the vulnerability.

    Raises:
        ForbiddenError: the role decides no vulnerabilities.
        NotFoundError, VersionConflictError: the vulnerability.
        AlreadyDecidedError: it was decided.
        SamePersonError: the actor recorded it.
        TransitionError: the case is closed.
    """
    require(transaction.actor, Permission.VULNERABILITY_APPROVE)
    seen = await visible(transaction, Vulnerability, command.vulnerability_id, kind="Vulnerability")
    case = await locked(transaction, Case, seen.case_id, kind="Case")
    vulnerability = await locked(
        transaction, Vulnerability, seen.id, kind="Vulnerability", expected_version=command.expected_version
    )
    if vulnerability.decision is not None:
        raise AlreadyDecidedError(kind="vulnerability")
    if vulnerability.recorded_by == transaction.actor.id:
        raise SamePersonError(step="decision on the vulnerability")
    _check_open(case)
    vulnerability.decision = "approved" if command.approved else "refused"
    vulnerability.decided_by = transaction.actor.id
    vulnerability.decided_at = now()
    await vulnerability.save(using_db=transaction.orm, update_fields=["decision", "decided_by", "decided_at"])
    return Reference("Vulnerability", vulnerability.id, vulnerability.version + 1)


def _check_open(case: Case) -> None:
    if case.status == CaseStatus.CLOSED.value:
        raise TransitionError(kind="Case", current=case.status, wanted="changed")
