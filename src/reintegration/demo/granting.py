"""What a synthetic case is granted: the real engine over its facts, the exceptions that it needs, rows and ledger entries."""

from datetime import date
from uuid import UUID

from reintegration.demo.staging import StagedCase, at, demo_id, person
from reintegration.entitlements.assessment import USE_OF_BUDGET, Assessment
from reintegration.entitlements.engine import assess
from reintegration.entitlements.fact_documents import facts_to_document
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
from reintegration.entitlements.rules import Stream, TariffVersion
from reintegration.kernel.canonical import digest
from reintegration.kernel.clock import add_months
from reintegration.ledger.posting import Entry
from reintegration.ledger.service import Pot, flows
from reintegration.programme.reference import identifier

AMIF, NATIONAL = identifier("fund", "AMIF-2021-2027"), identifier("fund", "BE-NATIONAL")
_MOST_ROUNDS = 6
_REFERENCE = "DEMO"
_NOT_ASKED_FOR = frozenset({"BE-VULN-02"})
"""The medical budget comes on top of the ceiling; the demo plans medical items within the ceiling."""


def facts_of(staged: StagedCase, exceptions: tuple[ExceptionFact, ...]) -> CaseFacts:
    """The facts as `entitlements.gathering` reads them back before the departure."""
    source = staged.source
    nationalities = frozenset(member.nationality for member in source.members)
    return CaseFacts(
        country_of_return=source.country_code,
        nationalities=nationalities,
        administrative_status=AdministrativeStatus(source.administrative_status),
        application_date=source.applied_on,
        grant_date=source.applied_on,
        departure_date=source.departed_on,
        arrival_date=None,
        return_type=ReturnType.DUBLIN if source.dublin else ReturnType.VOLUNTARY,
        travelled_by="unknown",
        members=tuple(
            MemberFacts(
                member_id, member.birth_date, MemberRole(member.role), member.nationality, frozenset(member.vulnerabilities)
            )
            for member_id, member in zip(staged.member_ids, source.members, strict=True)
        ),
        regimes=regimes_on({source.country_code, *nationalities}, source.departed_on),
        granted_exceptions=exceptions,
    )


class Granter:
    """Assesses case after case. Which exceptions a kind of case needs is remembered, so that most are assessed once."""

    def __init__(self, version: TariffVersion, version_id: UUID) -> None:
        self._version = version
        self._version_id = version_id
        self._needs: dict[object, tuple[tuple[ExceptionKind, str], ...]] = {}

    def grant(self, staged: StagedCase) -> list[Entry]:
        """Add assessment, exceptions and entitlements to `staged`; returns the ledger entries of the grants."""
        exceptions, answer = self._assessed(staged)
        facts_document = facts_to_document(facts_of(staged, exceptions))
        document = answer.to_document()
        assessment_id = demo_id(staged.source.applied_on, staged.source.reference, "assessment")
        for exception in exceptions:
            staged.add("entitlement_exceptions", self._exception_row(staged, exception))
        staged.add(
            "entitlement_assessments",
            {
                "id": assessment_id,
                "case_id": staged.id,
                "tariff_version_id": self._version_id,
                "facts": facts_document,
                "facts_digest": digest(facts_document),
                "steps": document["steps"],
                "result": {name: value for name, value in document.items() if name != "steps"},
                "result_digest": digest(document),
                "assessed_by": staged.counsellor,
                "assessed_at": at(staged.source.applied_on, 11),
            },
        )
        fund_id = AMIF if all(member.amif_eligible for member in answer.members) else NATIONAL
        return [self._line(staged, answer, assessment_id, fund_id, number) for number in range(len(answer.lines))]

    def _assessed(self, staged: StagedCase) -> tuple[tuple[ExceptionFact, ...], Assessment]:
        source = staged.source
        kind = (
            source.supported,
            source.country_code,
            frozenset(member.nationality for member in source.members),
            source.administrative_status,
            source.departed_on.year,
            source.applied_on.year,
        )
        wanted = list(self._needs.get(kind, ()))
        for _ in range(_MOST_ROUNDS):
            exceptions = tuple(self._exception(staged, *need) for need in wanted)
            answer = assess(facts_of(staged, exceptions), self._version)
            missing = [
                (need.kind, need.rule_id)
                for need in (answer.stream(Stream.REINTEGRATION).needs if source.supported else ())
                if (need.kind, need.rule_id) not in wanted and need.rule_id not in _NOT_ASKED_FOR
            ]
            if not missing:
                self._needs[kind] = tuple(wanted)
                return exceptions, answer
            wanted += missing
        raise AssertionError(f"{source.reference} needs more exceptions than there are rules")

    def _exception(self, staged: StagedCase, kind: ExceptionKind, rule_id: str) -> ExceptionFact:
        amount = staged.source.ceiling_minor if kind is ExceptionKind.GRANTED_CEILING else None
        return ExceptionFact(kind, rule_id, amount, f"{_REFERENCE}-{staged.source.reference}")

    def _exception_row(self, staged: StagedCase, exception: ExceptionFact) -> dict[str, object]:
        source = staged.source
        return {
            "id": demo_id(source.applied_on, source.reference, "exception", exception.kind, exception.rule_id),
            "case_id": staged.id,
            "kind": exception.kind.value,
            "rule_id": exception.rule_id,
            "amount_minor": exception.amount_minor,
            "currency": "EUR",
            "reason": source.exception_reason or "The tariff names no amount: the ceiling is granted by Fedasil (invented)",
            "reference": exception.reference,
            "requested_by": staged.counsellor,
            "requested_at": at(source.applied_on, 10),
            "version": 1,
        }

    def _line(self, staged: StagedCase, answer: Assessment, assessment_id: UUID, fund_id: UUID, number: int) -> Entry:
        line, source = answer.lines[number], staged.source
        limit = answer.budget_limit if line.stream is Stream.REINTEGRATION else None
        row_id = demo_id(source.applied_on, source.reference, "entitlement", number)
        staged.add(
            "entitlements",
            {
                "id": row_id,
                "case_id": staged.id,
                "assessment_id": assessment_id,
                "stream": line.stream.value,
                "returnee_id": line.member_id,
                "rule_id": line.rule_id,
                "fund_id": fund_id,
                "amount_minor": line.amount_minor,
                "currency": "EUR",
                "use_months": None if limit is None else limit.months,
                "use_counted_from": None if limit is None else limit.counted_from.value,
                "granted_by": staged.counsellor,
                "granted_on": source.applied_on,
                "granted_at": at(source.applied_on, 12),
                "version": 1,
            },
        )
        pot = Pot(staged.id, line.stream.value, fund_id)
        return flows.grant(pot, entitlement_id=row_id, amount_minor=line.amount_minor, on=source.applied_on)


def decided(row: dict[str, object], on: date) -> dict[str, object]:
    """The second person's yes to a recorded row."""
    return {"id": row["id"], "decision": "approved", "decided_by": person("programme", "fedasil"), "decided_at": at(on, 15)}


def deadline_on(version: TariffVersion, arrived_on: date) -> date:
    """The last day to use the budget of a case that arrived (the data row `use_of_budget`)."""
    return add_months(arrived_on, next(rule.months for rule in version.deadlines if rule.key == USE_OF_BUDGET and rule.active))
