"""Facts and a tariff version in, the assessment out: pure, so any entitlement can be replayed years later to the same cent."""

from reintegration.entitlements.amounts import StreamCalculator
from reintegration.entitlements.assessment import UNPUBLISHED_RULE, AppliedExclusion, Assessment, Deadline, Stage
from reintegration.entitlements.errors import ExceptionNotAllowedError
from reintegration.entitlements.exclusions import apply_exclusions
from reintegration.entitlements.facts import CaseFacts, ExceptionFact, ExceptionKind, ReturnType
from reintegration.entitlements.journal import Journal
from reintegration.entitlements.people import UNION, Person, people
from reintegration.entitlements.rules import CountedFrom, Mode, Stream, TariffVersion
from reintegration.kernel.clock import add_months

_CEILINGS = frozenset({Mode.GRANTED_CEILING, Mode.AUTOMATIC_CEILING})
_MODES = {
    ExceptionKind.GRANTED_CEILING: _CEILINGS | {Mode.ACTUAL_COST},
    ExceptionKind.TRAVEL_DOCUMENT: frozenset({Mode.ACTUAL_COST}),
}


def assess(facts: CaseFacts, version: TariffVersion) -> Assessment:
    """What the case is entitled to under `version`, with every step (domain.md 3 and 11).

    Raises:
        ExceptionNotAllowedError: an exception names a rule that is unknown or can't carry it.
        AmbiguousTariffError: the version has two equally specific rules for one person.
    """
    journal = Journal()
    for granted in facts.granted_exceptions:
        _check_exception(granted, version)
    members = people(facts)
    _describe(facts, members, journal)
    exclusions = apply_exclusions(facts, version, members, journal)
    streams = tuple(StreamCalculator(stream, facts, version, exclusions, journal).calculate(members) for stream in Stream)
    deadlines = () if facts.return_type is ReturnType.DUBLIN else _deadlines(facts, version, journal)
    _warn_of_unused(facts, exclusions, {line.rule_id for stream in streams for line in stream.lines}, journal)
    return Assessment(
        version_code=version.code,
        members=tuple(person.result() for person in members),
        streams=streams,
        exclusions=exclusions,
        deadlines=deadlines,
        warnings=journal.warnings(),
        steps=journal.steps(),
    )


def _check_exception(granted: ExceptionFact, version: TariffVersion) -> None:
    if granted.kind is ExceptionKind.EXCLUSION_OVERRIDE:
        known = granted.rule_id in {rule.rule_id for rule in version.exclusions}
    elif granted.rule_id == UNPUBLISHED_RULE:
        known = granted.kind is ExceptionKind.GRANTED_CEILING
    else:
        known = any(rule.rule_id == granted.rule_id and rule.mode in _MODES[granted.kind] for rule in version.rules)
    if not known:
        reason = f"no rule of this version takes a {granted.kind.value}"
        raise ExceptionNotAllowedError(rule_id=granted.rule_id, reference=granted.reference, reason=reason)


def _describe(facts: CaseFacts, members: tuple[Person, ...], journal: Journal) -> None:
    for person in members:
        looked_at = {
            "member": person.facts.id,
            "birth_date": person.facts.birth_date,
            "departure_date": facts.departure_date,
            "nationality": person.facts.nationality or "unknown",
            "regime": person.citizen_regime.value,
        }
        kind = "child" if person.is_child else "adult"
        fund = "may be charged to AMIF" if person.amif_eligible else "never charged to AMIF"
        journal.step(
            Stage.PERSON,
            None,
            looked_at,
            kind,
            f"{person.age_years} years on departure: {kind}; {fund} (domain.md 11 rows 13, 19)",
        )
        if person.facts.nationality is None:
            journal.warn("nationality_unknown", None, f"The nationality of member {person.facts.id} is unknown")
        elif person.citizen_regime is not person.tariff_regime:
            journal.warn("regime_of_country", None, f"Member {person.facts.id}: the country of return decides the tariff")
    spare = facts.nationalities - {person.facts.nationality for person in members}
    for nationality in sorted(spare):
        if facts.regimes[nationality] in UNION:
            journal.warn(
                "second_nationality",
                None,
                f"The household also has the nationality {nationality}: check who is a citizen of the Union",
            )
    if facts.grant_date > facts.departure_date:
        journal.warn("granted_after_departure", None, "The grant is later than the departure")


def _deadlines(facts: CaseFacts, version: TariffVersion, journal: Journal) -> tuple[Deadline, ...]:
    approved = {kind for member in facts.members for kind in member.vulnerabilities}
    found: list[Deadline] = []
    for rule in version.deadlines:
        if not rule.active or (rule.vulnerabilities and rule.vulnerabilities.isdisjoint(approved)):
            continue
        start = facts.arrival_date if rule.counted_from is CountedFrom.ARRIVAL else facts.departure_date
        last_day = None if start is None else add_months(start, rule.months)
        looked_at = {f"{rule.counted_from.value}_date": start, "months": rule.months}
        text = f"{rule.key}: {last_day or 'not started'}, last day included ({rule.basis})"
        journal.step(Stage.DEADLINE, rule.key, looked_at, rule.effect.value, text)
        found.append(Deadline(rule.key, last_day, rule.months, rule.counted_from, rule.effect, rule.certainty))
    return tuple(found)


def _warn_of_unused(facts: CaseFacts, exclusions: tuple[AppliedExclusion, ...], paid_rules: set[str], journal: Journal) -> None:
    lifted = {found.rule_id for found in exclusions if found.lifted_by is not None}
    for granted in facts.granted_exceptions:
        used = lifted if granted.kind is ExceptionKind.EXCLUSION_OVERRIDE else paid_rules
        if granted.rule_id not in used:
            journal.warn(
                "exception_unused", granted.rule_id, f"The exception {granted.reference} for {granted.rule_id} had no effect"
            )
