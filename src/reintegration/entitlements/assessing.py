"""Assessments: facts and a tariff version in, the answer stored with both, so that anybody can compute it again."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from reintegration.cases.service import locked_case
from reintegration.database.rows import database_now, visible
from reintegration.database.transaction import Transaction
from reintegration.entitlements.assessment import Assessment
from reintegration.entitlements.commands import AssessEntitlement
from reintegration.entitlements.engine import assess
from reintegration.entitlements.errors import GrantDateError
from reintegration.entitlements.fact_documents import facts_from_document, facts_to_document
from reintegration.entitlements.facts import CaseFacts
from reintegration.entitlements.gathering import Stated, gather_facts
from reintegration.entitlements.models import EntitlementAssessment
from reintegration.entitlements.tariffs import Tariff, stored_version, tariff_of
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.actor import Role
from reintegration.kernel.canonical import digest
from reintegration.kernel.clock import today
from reintegration.kernel.money import Money
from reintegration.kernel.reference import Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A stored assessment computed again from its stored facts and tariff version."""

    same: bool
    """Whether the stored facts are unaltered and give the stored result, steps included, to the byte."""
    stored_digest: str
    replayed_digest: str


async def assess_entitlement(transaction: Transaction, command: AssessEntitlement) -> Reference:
    """Assess a case and keep the answer with its facts, steps and digests. Locks the case.

    Raises:
        ForbiddenError: the role assesses nothing.
        NotFoundError: the case, or the tariff version.
        GrantDateError: another day than today.
        DepartureUnknownError, ContradictoryFactsError, ExceptionNotAllowedError: the facts can't be assessed.
    """
    require(transaction.actor, Permission.ENTITLEMENT_ASSESS)
    await locked_case(transaction, command.case_id)
    stated = Stated(
        grant_date=_grant_date(transaction, command.grant_date),
        planned_departure_on=command.planned_departure_on,
        travel_document_cost=command.travel_document_cost,
    )
    facts = await gather_facts(transaction, command.case_id, stated)
    tariff = await tariff_of(transaction, command.tariff_version)
    answer = assess(facts, tariff.version)
    await keep_answer(transaction, (command.id, command.case_id), facts, tariff, answer)
    return Reference("EntitlementAssessment", command.id, 1)


async def keep_answer(
    transaction: Transaction,
    ids: tuple[UUID, UUID],
    facts: CaseFacts,
    tariff: Tariff,
    answer: Assessment,
    deviations: list[object] | None = None,
) -> None:
    """Store an answer with its facts, steps and digests; `ids` are those of the assessment and the case."""
    facts_document = facts_to_document(facts)
    await EntitlementAssessment.create(
        using_db=transaction.orm,
        id=ids[0],
        case_id=ids[1],
        tariff_version_id=tariff.id,
        facts=facts_document,
        facts_digest=digest(facts_document),
        steps=answer.step_documents(),
        result=answer.result_document(),
        result_digest=digest(answer.to_document()),
        assessed_by=transaction.actor.id,
        # The newest one counts, so all are put in order by one clock.
        assessed_at=await database_now(transaction),
        deviations=deviations,
    )


async def preview_assessment(
    transaction: Transaction,
    case_id: UUID,
    *,
    planned_departure_on: date | None = None,
    travel_document_cost: Money | None = None,
    tariff_version: str | None = None,
) -> Assessment:
    """The dry run: the answer for today, nothing stored, nothing locked.

    Raises:
        The same as `assess_entitlement`.
    """
    require(transaction.actor, Permission.ENTITLEMENT_ASSESS)
    stated = Stated(grant_date=today(), planned_departure_on=planned_departure_on, travel_document_cost=travel_document_cost)
    facts = await gather_facts(transaction, case_id, stated)
    tariff = await tariff_of(transaction, tariff_version)
    return assess(facts, tariff.version)


async def replay(transaction: Transaction, assessment_id: UUID) -> Replay:
    """Compute a stored assessment again.

    Raises:
        ForbiddenError: the role may not see explanations.
        NotFoundError: the assessment.
        FactsDocumentError: its facts can't be read any more.
    """
    require(transaction.actor, Permission.ENTITLEMENT_EXPLAIN)
    stored = await visible(transaction, EntitlementAssessment, assessment_id, kind="EntitlementAssessment")
    tariff = await stored_version(transaction, stored)
    answer = assess(facts_from_document(stored.facts), tariff.version)
    replayed = digest(answer.to_document())
    return Replay(
        same=replayed == stored.result_digest
        and digest(stored.facts) == stored.facts_digest
        and digest({**_object(stored.result), "steps": stored.steps}) == stored.result_digest,
        stored_digest=stored.result_digest,
        replayed_digest=replayed,
    )


def _object(document: object) -> dict[str, object]:
    if not isinstance(document, dict):
        raise TypeError("a stored result is an object")
    return document


def _grant_date(transaction: Transaction, wanted: date | None) -> date:
    """Today. Rules keyed on the grant would be worth little if a counsellor could date it back; the loader has to."""
    if wanted is None or wanted == today():
        return today()
    if transaction.actor.role is not Role.SYSTEM or wanted > today():
        raise GrantDateError
    return wanted
