"""Exceptions: one person asks to lift an exclusion or to fix a ceiling, a second decides."""

from reintegration.cases.errors import AlreadyDecidedError
from reintegration.cases.service import locked_case
from reintegration.cases.values import CaseStatus
from reintegration.database.rows import database_now, locked, visible
from reintegration.database.transaction import Transaction
from reintegration.entitlements.assessment import UNPUBLISHED_RULE
from reintegration.entitlements.commands import DecideException, RequestedException, RequestException
from reintegration.entitlements.errors import ExceptionNotAllowedError
from reintegration.entitlements.models import EntitlementException
from reintegration.entitlements.rules import Mode, TariffVersion
from reintegration.entitlements.tariffs import tariff_of
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.errors import InvalidInputError, SamePersonError, TransitionError
from reintegration.kernel.money import EURO
from reintegration.kernel.reference import Reference

_CEILING_MODES = frozenset({Mode.GRANTED_CEILING, Mode.AUTOMATIC_CEILING, Mode.ACTUAL_COST})


async def request_exception(transaction: Transaction, command: RequestException) -> Reference:
    """Ask for an exception that the newest tariff version knows. Locks the case.

    Raises:
        ForbiddenError: the role asks for none.
        NotFoundError: the case.
        TransitionError: the case is closed.
        InvalidInputError: a ceiling without a positive amount in EUR, or an override with one.
        ExceptionNotAllowedError: no rule takes it; once approved it would stop every assessment of the case.
        RequestOpenError: the same is asked for already.
    """
    require(transaction.actor, Permission.EXCEPTION_REQUEST)
    case = await locked_case(transaction, command.case_id)
    if case.status is CaseStatus.CLOSED:
        raise TransitionError(kind="Case", current=case.status.value, wanted="changed")
    _check_amount(command)
    tariff = await tariff_of(transaction, None)
    _check_rule(command, tariff.version)
    await EntitlementException.create(
        using_db=transaction.orm,
        id=command.id,
        case_id=case.id,
        kind=command.kind.value,
        rule_id=command.rule_id,
        amount_minor=None if command.amount is None else command.amount.amount_minor,
        reason=command.reason,
        reference=command.reference,
        requested_by=transaction.actor.id,
    )
    return Reference("EntitlementException", command.id, 1)


async def decide_exception(transaction: Transaction, command: DecideException) -> Reference:
    """Approve or refuse what somebody else asked for. Locks the case, then the exception.

    Raises:
        ForbiddenError: the role decides none.
        NotFoundError, VersionConflictError: the exception.
        AlreadyDecidedError: it was decided.
        SamePersonError: the actor asked for it.
        TransitionError: the case is closed.
    """
    require(transaction.actor, Permission.EXCEPTION_DECIDE)
    seen = await visible(transaction, EntitlementException, command.exception_id, kind="EntitlementException")
    case = await locked_case(transaction, seen.case_id)
    found = await locked(
        transaction, EntitlementException, seen.id, kind="EntitlementException", expected_version=command.expected_version
    )
    if found.decision is not None:
        raise AlreadyDecidedError(kind="exception")
    if found.requested_by == transaction.actor.id:
        raise SamePersonError(step="decision on the exception")
    if case.status is CaseStatus.CLOSED:
        raise TransitionError(kind="Case", current=case.status.value, wanted="changed")
    found.decision = "approved" if command.approved else "refused"
    if command.note is not None:
        found.decision_note = command.note
    found.decided_by = transaction.actor.id
    found.decided_at = await database_now(transaction)  # the latest word for a rule counts
    await found.save(using_db=transaction.orm, update_fields=["decision", "decision_note", "decided_by", "decided_at"])
    return Reference("EntitlementException", found.id, found.version + 1)


def _check_amount(command: RequestException) -> None:
    if command.kind is RequestedException.EXCLUSION_OVERRIDE:
        if command.amount is not None:
            raise InvalidInputError(field="amount", reason="an override carries none")
    elif command.amount is None or command.amount.amount_minor <= 0 or command.amount.currency != EURO:
        raise InvalidInputError(field="amount", reason="a ceiling is a positive amount in EUR")


def _check_rule(command: RequestException, version: TariffVersion) -> None:
    if command.kind is RequestedException.EXCLUSION_OVERRIDE:
        rule = next((rule for rule in version.exclusions if rule.rule_id == command.rule_id), None)
        reason = "no such exclusion" if rule is None else "" if rule.overridable else "the rule allows no override"
    else:
        takes = command.rule_id == UNPUBLISHED_RULE or any(
            rule.rule_id == command.rule_id and rule.mode in _CEILING_MODES for rule in version.rules
        )
        reason = "" if takes else "no rule of this version takes a granted_ceiling"
    if reason:
        raise ExceptionNotAllowedError(rule_id=command.rule_id, reference=command.reference, reason=reason)
