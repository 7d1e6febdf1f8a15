"""Which tariff rule decides for a person: in force, matching, and the most specific of its slot."""

from reintegration.entitlements.errors import AmbiguousTariffError
from reintegration.entitlements.facts import AdministrativeStatus, CaseFacts, ExceptionKind
from reintegration.entitlements.journal import Journal
from reintegration.entitlements.people import Person, in_force, keyed_date
from reintegration.entitlements.rules import Mode, Stream, TariffRule, TariffVersion

_WEIGHT_OF_A_DECISION = 16
_WEIGHT_OF_A_COUNTRY = 8


def deciding_rules(stream: Stream, facts: CaseFacts, version: TariffVersion, lifted: frozenset[str]) -> tuple[TariffRule, ...]:
    """The rules of `stream` that are in force and may decide; a stop whose exclusion was lifted may not."""
    return tuple(
        rule
        for rule in version.rules
        if rule.active
        and stream in rule.streams
        and rule.mode is not Mode.RECORD_ONLY
        and in_force(rule, facts)
        and rule.lifted_by not in lifted
        and (not rule.only_if_granted or facts.granted(ExceptionKind.GRANTED_CEILING, rule.rule_id) is not None)
    )


def matches_place(rule: TariffRule, facts: CaseFacts, person: Person) -> bool:
    """Whether country of return and visa regime are the rule's."""
    country = facts.country_of_return
    if country in rule.countries_excluded:
        return False
    return not (rule.countries or rule.regimes) or country in rule.countries or person.tariff_regime in rule.regimes


def _matches_person(rule: TariffRule, facts: CaseFacts, person: Person) -> bool:
    asked, arrived = facts.asylum_requested_on, facts.arrived_in_belgium_on
    ever_applied = asked is not None or facts.administrative_status is not AdministrativeStatus.NO_LEGAL_STAY
    return (
        (not rule.statuses or facts.administrative_status in rule.statuses)
        and (not rule.vulnerabilities or not rule.vulnerabilities.isdisjoint(person.facts.vulnerabilities))
        and (not rule.ever_applied_for_asylum or ever_applied)
        and (rule.arrived_before is None or (arrived is not None and arrived < rule.arrived_before))
        and (rule.asylum_requested_before is None or (asked is not None and asked < rule.asylum_requested_before))
    )


def _weight(rule: TariffRule, facts: CaseFacts) -> int:
    """A decision for this case beats a country's rule, that beats a general one, and each further condition breaks a tie."""
    conditions = (
        bool(rule.statuses),
        bool(rule.vulnerabilities),
        rule.ever_applied_for_asylum,
        rule.arrived_before is not None,
        rule.asylum_requested_before is not None,
    )
    country = _WEIGHT_OF_A_COUNTRY if facts.country_of_return in rule.countries else 0
    return (_WEIGHT_OF_A_DECISION if rule.only_if_granted else 0) + country + sum(conditions)


def best_rule(
    slot: str, rules: tuple[TariffRule, ...], facts: CaseFacts, person: Person, version: TariffVersion
) -> TariffRule | None:
    """The rule that decides `slot` for `person`, None if none matches; a stop competes in every slot.

    Raises:
        AmbiguousTariffError: two rules are equally specific.
    """
    matching = [
        rule
        for rule in rules
        if (rule.slot == slot or rule.mode is Mode.STOP)
        and matches_place(rule, facts, person)
        and _matches_person(rule, facts, person)
    ]
    if not matching:
        return None
    top = max(_weight(rule, facts) for rule in matching)
    best = [rule for rule in matching if _weight(rule, facts) == top]
    if len(best) > 1:
        raise AmbiguousTariffError(version=version.code, rule_ids=tuple(rule.rule_id for rule in best))
    return best[0]


def warn_of_unknowns(rules: tuple[TariffRule, ...], facts: CaseFacts, members: tuple[Person, ...], journal: Journal) -> None:
    """Name the rules that a missing fact kept out of the choice."""
    for rule in rules:
        if not any(matches_place(rule, facts, person) for person in members):
            continue
        if rule.arrived_before is not None and facts.arrived_in_belgium_on is None:
            journal.warn("fact_missing", rule.rule_id, f"{rule.rule_id} needs the day of arrival in Belgium, which is unknown")
        if rule.asylum_requested_before is not None and facts.asylum_requested_on is None:
            journal.warn("fact_missing", rule.rule_id, f"{rule.rule_id} needs the day of the asylum request, which is unknown")


def warn_of_uncertainty(rule: TariffRule, facts: CaseFacts, journal: Journal) -> None:
    """Name what is not sure about a rule that decided: its source, or a limit known only to the month or year."""
    if rule.certainty.startswith("to confirm"):
        journal.warn("rule_to_confirm", rule.rule_id, f"{rule.rule_id} is still to be confirmed ({rule.source})")
    day = keyed_date(facts, rule.keyed_on)
    for limit, precision in ((rule.valid_from, rule.from_precision), (rule.valid_to, rule.to_precision)):
        if limit is None or precision not in {"month", "year"} or limit.year != day.year:
            continue
        if precision == "year" or limit.month == day.month:
            text = f"{rule.rule_id} has a limit known only to the {precision}; the {rule.keyed_on.value} date {day} is near it"
            journal.warn("date_imprecise", rule.rule_id, text)
