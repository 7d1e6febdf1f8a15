"""Cases in a line, and answers in a form that a test can compare."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from reintegration.entitlements.assessment import Assessment
from reintegration.entitlements.facts import (
    AdministrativeStatus,
    CaseFacts,
    ExceptionFact,
    ExceptionKind,
    MemberFacts,
    MemberRole,
    ReturnType,
    regimes_on,
)
from reintegration.entitlements.published import published_version
from reintegration.entitlements.rules import Stream

APPLICANT, REJECTED, NO_STAY = AdministrativeStatus
VERSION = published_version()
CASH, BUDGET, DOCUMENT = Stream


def member(number: int, birth_date: date, nationality: str | None, *vulnerabilities: str) -> MemberFacts:
    role = MemberRole.HEAD if number == 1 else MemberRole.OTHER
    return MemberFacts(UUID(int=number), birth_date, role, nationality, frozenset(vulnerabilities))


def case(
    country: str,
    departure: date,
    *,
    status: AdministrativeStatus = NO_STAY,
    adults: int = 1,
    children: int = 0,
    nationality: str | None = None,
    grant: date | None = None,
    vulnerabilities: tuple[str, ...] = (),
    exceptions: tuple[ExceptionFact, ...] = (),
    **others: object,
) -> CaseFacts:
    citizen = nationality or country
    births = [date(departure.year - 30, 1, 1)] * adults + [date(departure.year - 8, 1, 1)] * children
    granted_on = grant or departure - timedelta(days=20)
    facts = CaseFacts(
        country_of_return=country,
        nationalities=frozenset({citizen}),
        administrative_status=status,
        application_date=granted_on - timedelta(days=10),
        grant_date=granted_on,
        departure_date=departure,
        arrival_date=None,
        return_type=ReturnType.VOLUNTARY,
        travelled_by="plane",
        members=tuple(member(n, birth, citizen, *(vulnerabilities if n == 1 else ())) for n, birth in enumerate(births, start=1)),
        regimes=regimes_on({country, citizen}, departure),
        granted_exceptions=exceptions,
    )
    return replace(facts, **others)  # type: ignore[arg-type] # field names of the scenario


def override(rule_id: str) -> ExceptionFact:
    return ExceptionFact(ExceptionKind.EXCLUSION_OVERRIDE, rule_id, None, "FED-1")


def ceiling(rule_id: str, euros: int) -> ExceptionFact:
    return ExceptionFact(ExceptionKind.GRANTED_CEILING, rule_id, euros * 100, "FED-2")


def lines(assessment: Assessment, stream: Stream) -> list[tuple[str, int | None, int]]:
    return [
        (line.rule_id, None if line.member_id is None else line.member_id.int, line.amount_minor)
        for line in assessment.stream(stream).lines
    ]


def needs(assessment: Assessment, stream: Stream) -> list[tuple[str, str]]:
    return [(need.kind.value, need.rule_id) for need in assessment.stream(stream).needs]


def warned(assessment: Assessment) -> set[tuple[str, str | None]]:
    return {(notice.code, notice.rule_id) for notice in assessment.warnings}
