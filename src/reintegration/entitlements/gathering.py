"""The facts of a case from the database, as the engine wants them."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from reintegration.cases.service import CaseFile, case_file
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.entitlements.errors import DepartureUnknownError
from reintegration.entitlements.facts import (
    AdministrativeStatus,
    CaseFacts,
    ExceptionFact,
    ExceptionKind,
    MemberFacts,
    MemberRole,
    ReturnType,
)
from reintegration.kernel.money import Money
from reintegration.programme.service import visa_regimes

_UNKNOWN_TRAVEL = "unknown"
_SQL = load_queries(__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """Facts that no table holds: they come with the question, and again from the stored facts."""

    grant_date: date
    planned_departure_on: date | None = None
    travel_document_cost: Money | None = None


async def gather_facts(transaction: Transaction, case_id: UUID, stated: Stated) -> CaseFacts:
    """The facts of the case as they are now. A recorded departure beats the planned one.

    Raises:
        NotFoundError: the case, or its intake, is hidden from the actor.
        DepartureUnknownError: neither recorded nor planned.
        ContradictoryFactsError: no rule can be applied to these facts.
    """
    file = await case_file(transaction, case_id)
    departure = file.state.departed_on or stated.planned_departure_on
    if departure is None:
        raise DepartureUnknownError
    nationalities = frozenset(member.nationality for member in file.members)
    regimes = await visa_regimes(transaction, {file.state.country_of_return, *nationalities}, departure)
    return CaseFacts(
        country_of_return=file.state.country_of_return,
        nationalities=nationalities,
        administrative_status=AdministrativeStatus(file.administrative_status.value),
        application_date=file.applied_on,
        grant_date=stated.grant_date,
        departure_date=departure,
        arrival_date=file.state.arrived_on,
        return_type=ReturnType.DUBLIN if file.state.dublin else ReturnType.VOLUNTARY,
        travelled_by=file.state.travel_mode or _UNKNOWN_TRAVEL,
        members=_members(file),
        regimes=regimes,
        previous_support_departure=file.previous_support_departed_on,
        travel_document_cost=stated.travel_document_cost,
        arrived_in_belgium_on=file.entered_belgium_on,
        granted_exceptions=await _approved_exceptions(transaction, case_id),
    )


def _members(file: CaseFile) -> tuple[MemberFacts, ...]:
    return tuple(
        MemberFacts(
            id=member.id,
            birth_date=member.birth_date,
            role=MemberRole(member.role.value),
            nationality=member.nationality,
            vulnerabilities=member.vulnerabilities,
        )
        for member in file.members
    )


async def _approved_exceptions(transaction: Transaction, case_id: UUID) -> tuple[ExceptionFact, ...]:
    return tuple(
        ExceptionFact(ExceptionKind(row["kind"]), row["rule_id"], row["amount_minor"], row["reference"])
        for row in await transaction.fetch(_SQL["approved_exceptions"], case_id)
    )
