"""Which exclusions meet which members, and which of them an approved override lifts."""

from reintegration.entitlements.assessment import AppliedExclusion, Stage
from reintegration.entitlements.errors import ExceptionNotAllowedError
from reintegration.entitlements.facts import CaseFacts, ExceptionKind
from reintegration.entitlements.journal import Journal
from reintegration.entitlements.people import Person, in_force, keyed_date
from reintegration.entitlements.rules import ExclusionEffect, ExclusionRule, TariffVersion
from reintegration.kernel.clock import add_months


def _repeats(rule: ExclusionRule, facts: CaseFacts) -> bool:
    """Whether the application falls within the months after the last supported departure; the anniversary itself is free."""
    if rule.repeat_within_months is None or facts.previous_support_departure is None:
        return rule.repeat_within_months is None
    return facts.application_date < add_months(facts.previous_support_departure, rule.repeat_within_months)


def _meets(rule: ExclusionRule, facts: CaseFacts, person: Person) -> bool:
    return (
        (not rule.countries or facts.country_of_return in rule.countries)
        and (not rule.nationalities or person.facts.nationality in rule.nationalities)
        and (not rule.regimes or person.citizen_regime in rule.regimes)
        and (not rule.return_types or facts.return_type in rule.return_types)
        and _repeats(rule, facts)
    )


def _looked_at(rule: ExclusionRule, facts: CaseFacts, met: tuple[Person, ...]) -> dict[str, object]:
    found: dict[str, object] = {f"{rule.keyed_on.value}_date": keyed_date(facts, rule.keyed_on)}
    if rule.countries:
        found["country_of_return"] = facts.country_of_return
    if rule.nationalities:
        found["nationalities"] = ", ".join(sorted({person.facts.nationality or "unknown" for person in met}))
    if rule.regimes:
        found["regimes"] = ", ".join(sorted({person.citizen_regime.value for person in met}))
    if rule.return_types:
        found["return_type"] = facts.return_type.value
    if rule.repeat_within_months is not None:
        found["previous_support_departure"] = facts.previous_support_departure
    found["members"] = ", ".join(str(person.facts.id) for person in met)
    return found


def _lifted_by(rule: ExclusionRule, facts: CaseFacts) -> str | None:
    """The reference of the approved override.

    Raises:
        ExceptionNotAllowedError: an override of a rule that allows none.
    """
    override = facts.granted(ExceptionKind.EXCLUSION_OVERRIDE, rule.rule_id)
    if override is None:
        return None
    if not rule.overridable:
        raise ExceptionNotAllowedError(rule_id=rule.rule_id, reference=override.reference, reason="the rule allows no override")
    return override.reference


def apply_exclusions(
    facts: CaseFacts, version: TariffVersion, members: tuple[Person, ...], journal: Journal
) -> tuple[AppliedExclusion, ...]:
    """The exclusions that met somebody, by rule id, each written down with its outcome."""
    applied: list[AppliedExclusion] = []
    quiet: list[str] = []
    for rule in version.exclusions:
        lifted_by = _lifted_by(rule, facts)
        met = tuple(person for person in members if rule.active and in_force(rule, facts) and _meets(rule, facts, person))
        if not met:
            quiet.append(rule.rule_id)
            continue
        is_bar = rule.kind is ExclusionEffect.BAR
        result = "lifted" if lifted_by is not None else "barred" if is_bar else "to_check"
        note = (
            f"; lifted by {lifted_by}"
            if lifted_by is not None
            else "; an approved override can lift it"
            if rule.overridable
            else ""
        )
        text = f"{rule.subject}: {rule.effect}{note} ({rule.basis})"
        journal.step(Stage.EXCLUSION, rule.rule_id, _looked_at(rule, facts, met), result, text)
        if not is_bar:
            journal.warn("condition_to_check", rule.rule_id, text)
        if rule.repeat_within_months is not None:
            journal.warn("supported_before", rule.rule_id, text)
        if lifted_by is not None and "vulnerab" in rule.override and not any(person.facts.vulnerabilities for person in members):
            journal.warn(
                "override_without_vulnerability", rule.rule_id, f"{rule.rule_id} was lifted, but no vulnerability is approved"
            )
        applied.append(
            AppliedExclusion(
                rule_id=rule.rule_id,
                kind=rule.kind,
                streams=tuple(sorted(rule.streams)),
                member_ids=tuple(person.facts.id for person in met),
                overridable=rule.overridable,
                lifted_by=lifted_by,
                certainty=rule.certainty,
            )
        )
    if quiet:
        facts_seen = {
            "country_of_return": facts.country_of_return,
            "departure_date": facts.departure_date,
            "grant_date": facts.grant_date,
        }
        journal.step(Stage.EXCLUSION, None, facts_seen, "not_met", f"These exclusions meet nobody: {', '.join(quiet)}")
    return tuple(applied)
