"""Granting what an assessment gives: rows per stream and member, and the ledger entries behind them."""

from collections.abc import Sequence
from uuid import UUID

from reintegration.cases.service import locked_case
from reintegration.cases.values import CaseStatus
from reintegration.database.rows import visible
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.entitlements.assessment import Assessment, Deadline, EntitlementLine
from reintegration.entitlements.commands import GrantEntitlements
from reintegration.entitlements.engine import assess
from reintegration.entitlements.errors import (
    AssessmentDamagedError,
    AssessmentOutdatedError,
    BudgetLimitMissingError,
    DublinEntitlementError,
    GrantedOtherwiseError,
    NothingToGrantError,
)
from reintegration.entitlements.fact_documents import facts_from_document, facts_to_document
from reintegration.entitlements.facts import CaseFacts
from reintegration.entitlements.gathering import Stated, gather_facts
from reintegration.entitlements.models import Entitlement, EntitlementAssessment
from reintegration.entitlements.ports import ports
from reintegration.entitlements.rules import Stream
from reintegration.entitlements.tariffs import stored_version
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.actor import Role
from reintegration.kernel.canonical import digest
from reintegration.kernel.clock import today
from reintegration.kernel.errors import NotFoundError, TransitionError
from reintegration.kernel.ids import new_id
from reintegration.kernel.reference import Reference
from reintegration.ledger import service as ledger

_SQL = load_queries(__file__)


async def grant_entitlements(transaction: Transaction, command: GrantEntitlements) -> Reference:
    """Grant the newest assessment of a case. Locks the case.

    What was granted before stays; a later assessment may add streams, never change one. The whole case is paid by the
    national fund if one member can't be charged to AMIF, and later grants stay with the fund of the first.

    Raises:
        ForbiddenError: the role grants nothing.
        NotFoundError: the case, or no such assessment of it.
        TransitionError: the case is closed.
        DublinEntitlementError: nothing is due.
        AssessmentOutdatedError: a newer one exists, or facts or day changed since.
        AssessmentDamagedError: the stored result does not follow from the stored facts.
        GrantedOtherwiseError, NothingToGrantError: what was granted before stands against it.
        BudgetLimitMissingError: the tariff version does not say how long the budget can be used.
        NoFundError: nobody pays on that day.
    """
    require(transaction.actor, Permission.ENTITLEMENT_GRANT)
    case = await locked_case(transaction, command.case_id)
    if case.status is CaseStatus.CLOSED:
        raise TransitionError(kind="Case", current=case.status.value, wanted="changed")
    if case.dublin:
        raise DublinEntitlementError
    stored = await visible(transaction, EntitlementAssessment, command.assessment_id, kind="EntitlementAssessment")
    if stored.case_id != case.id:
        raise NotFoundError(kind="EntitlementAssessment")
    facts = await _facts_that_hold(transaction, stored)
    tariff = await stored_version(transaction, stored)
    answer = assess(facts, tariff.version)
    if digest(answer.to_document()) != stored.result_digest:
        raise AssessmentDamagedError
    granted = await Entitlement.filter(case_id=case.id).using_db(transaction.orm)
    lines = _new_lines(answer, granted)
    amif_eligible = all(member.amif_eligible for member in answer.members)
    fund_id = granted[0].fund_id if granted else await ports().fund_for(transaction, amif_eligible, facts.grant_date)
    for line in lines:
        await _grant(transaction, stored, facts, line, fund_id, answer)
    return Reference("Case", case.id, case.version)


async def _facts_that_hold(transaction: Transaction, stored: EntitlementAssessment) -> CaseFacts:
    """The stored facts, once it is sure that they are the facts of today."""
    newest = await transaction.fetch_value(_SQL["newest_assessment"], stored.case_id)
    if newest != stored.id:
        raise AssessmentOutdatedError(reason="a newer one exists")
    then = facts_from_document(stored.facts)
    if then.grant_date != today() and transaction.actor.role is not Role.SYSTEM:
        raise AssessmentOutdatedError(reason="it was made for another day")
    stated = Stated(
        grant_date=then.grant_date,
        planned_departure_on=then.departure_date,
        travel_document_cost=then.travel_document_cost,
    )
    present = await gather_facts(transaction, stored.case_id, stated)
    if digest(facts_to_document(present)) != stored.facts_digest:
        raise AssessmentOutdatedError(reason="the facts of the case have changed")
    return present


def _new_lines(answer: Assessment, granted: Sequence[Entitlement]) -> tuple[EntitlementLine, ...]:
    """The lines not granted yet. A stream in which something was granted must still be given exactly that."""
    found: list[EntitlementLine] = []
    for stream in answer.streams:
        due = {(line.member_id, line.rule_id): line for line in stream.lines if line.amount_minor}
        before = {(row.returnee_id, row.rule_id): row.amount_minor for row in granted if row.stream == stream.stream.value}
        if any(key not in due or due[key].amount_minor != amount_minor for key, amount_minor in before.items()):
            raise GrantedOtherwiseError(stream=stream.stream.value)
        found.extend(line for key, line in due.items() if key not in before)
    if not found:
        raise NothingToGrantError
    return tuple(found)


def _limit(answer: Assessment, line: EntitlementLine) -> Deadline | None:
    """How long the line can be used. It stays with a budget, as the version that decided it said."""
    if line.stream is not Stream.REINTEGRATION:
        return None
    if answer.budget_limit is None:
        raise BudgetLimitMissingError(version=answer.version_code)
    return answer.budget_limit


async def _grant(
    transaction: Transaction,
    stored: EntitlementAssessment,
    facts: CaseFacts,
    line: EntitlementLine,
    fund_id: UUID,
    answer: Assessment,
) -> None:
    entitlement_id = new_id()
    limit = _limit(answer, line)
    await Entitlement.create(
        using_db=transaction.orm,
        id=entitlement_id,
        case_id=stored.case_id,
        assessment_id=stored.id,
        stream=line.stream.value,
        returnee_id=line.member_id,
        rule_id=line.rule_id,
        fund_id=fund_id,
        amount_minor=line.amount_minor,
        use_months=None if limit is None else limit.months,
        use_counted_from=None if limit is None else limit.counted_from.value,
        deadline_on=None if limit is None else limit.last_day,
        granted_by=transaction.actor.id,
        granted_on=facts.grant_date,
    )
    await ledger.grant(
        transaction,
        case_id=stored.case_id,
        stream=line.stream.value,
        fund_id=fund_id,
        entitlement_id=entitlement_id,
        amount_minor=line.amount_minor,
        on=facts.grant_date,
    )
