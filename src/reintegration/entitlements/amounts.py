"""From the rule that decides to lines of money, stream by stream."""

from reintegration.entitlements.assessment import (
    UNPUBLISHED_RULE,
    AppliedExclusion,
    EntitlementLine,
    Need,
    Stage,
    StreamAssessment,
)
from reintegration.entitlements.facts import CaseFacts, ExceptionFact, ExceptionKind
from reintegration.entitlements.journal import Journal
from reintegration.entitlements.people import Person, keyed_date
from reintegration.entitlements.rules import ExclusionEffect, Mode, Stream, TariffRule, TariffVersion
from reintegration.entitlements.selection import best_rule, deciding_rules, matches_place, warn_of_uncertainty, warn_of_unknowns
from reintegration.kernel.money import EURO, Money

_BUDGET_SLOT = Stream.REINTEGRATION.value
Chosen = tuple[TariffRule, tuple[Person, ...]]


def _euros(cents: int) -> str:
    return f"{Money(cents, EURO).decimal()} EUR"


class StreamCalculator:
    """Works out one stream of one case; `lifted` are the exclusions that an override lifted."""

    def __init__(
        self, stream: Stream, facts: CaseFacts, version: TariffVersion, exclusions: tuple[AppliedExclusion, ...], journal: Journal
    ) -> None:
        self._stream = stream
        self._facts = facts
        self._version = version
        self._bars = tuple(
            found
            for found in exclusions
            if found.kind is ExclusionEffect.BAR and found.lifted_by is None and stream in found.streams
        )
        self._rules = deciding_rules(stream, facts, version, frozenset(found.rule_id for found in exclusions if found.lifted_by))
        self._journal = journal
        self._lines: list[EntitlementLine] = []
        self._needs: list[Need] = []

    def calculate(self, members: tuple[Person, ...]) -> StreamAssessment:
        """The stream's lines, cap and missing approvals."""
        self._need_overrides()
        barred = {member_id for bar in self._bars for member_id in bar.member_ids}
        free = tuple(person for person in members if person.facts.id not in barred)
        warn_of_unknowns(self._rules, self._facts, free, self._journal)
        slots = sorted({rule.slot for rule in self._rules if rule.mode is not Mode.STOP})
        if self._stream is Stream.REINTEGRATION:
            slots = sorted({*slots, _BUDGET_SLOT})
        for slot in slots:
            self._decide(slot, free)
        cap = sum(line.amount_minor for line in self._lines)
        text = f"{self._stream.value}: {_euros(cap)} in {len(self._lines)} lines, {len(self._needs)} approvals missing"
        self._journal.step(
            Stage.AMOUNT, None, {"members_free": len(free), "members": len(members)}, "cap", text, amount_minor=cap
        )
        return StreamAssessment(self._stream, tuple(self._lines), cap, tuple(self._needs))

    def _need_overrides(self) -> None:
        hard = {member_id for bar in self._bars if not bar.overridable for member_id in bar.member_ids}
        for bar in self._bars:
            if bar.overridable and not hard.issuperset(bar.member_ids):
                text = f"{bar.rule_id} keeps {self._stream.value} back until an override is approved"
                self._needs.append(Need(ExceptionKind.EXCLUSION_OVERRIDE, bar.rule_id, text))

    def _decide(self, slot: str, free: tuple[Person, ...]) -> None:
        chosen: dict[str, Chosen] = {}
        left: list[Person] = []
        for person in free:
            rule = best_rule(slot, self._rules, self._facts, person, self._version)
            if rule is None:
                left.append(person)
            else:
                chosen[rule.rule_id] = (rule, (*chosen.get(rule.rule_id, (rule, ()))[1], person))
        for rule_id in sorted(chosen):
            self._apply(*chosen[rule_id])
        if slot == _BUDGET_SLOT:
            self._unpublished(tuple(left))

    def _apply(self, rule: TariffRule, persons: tuple[Person, ...]) -> None:
        looked_at = {
            f"{rule.keyed_on.value}_date": keyed_date(self._facts, rule.keyed_on),
            "country_of_return": self._facts.country_of_return,
            "administrative_status": self._facts.administrative_status.value,
            "regimes": ", ".join(sorted({person.tariff_regime.value for person in persons})),
            "members": ", ".join(str(person.facts.id) for person in persons),
        }
        scope = "; ".join(part for part in (rule.country_scope, rule.person_scope, rule.condition) if part)
        self._journal.step(Stage.TARIFF, rule.rule_id, looked_at, rule.mode.value, f"{rule.item}: {scope} ({rule.basis})")
        warn_of_uncertainty(rule, self._facts, self._journal)
        match rule.mode:
            case Mode.FIXED_PER_PERSON:
                self._fixed(rule, persons)
            case Mode.GRANTED_CEILING | Mode.AUTOMATIC_CEILING:
                self._ceiling(rule, persons)
            case Mode.ACTUAL_COST:
                self._cost(rule)
            case Mode.STOP | Mode.RECORD_ONLY:
                self._journal.step(Stage.AMOUNT, rule.rule_id, {}, "stopped", f"{rule.rule_id}: nothing is due", amount_minor=0)

    def _fixed(self, rule: TariffRule, persons: tuple[Person, ...]) -> None:
        for person in persons:
            amount = (rule.amount_child if person.is_child else rule.amount_adult) or 0
            kind = "child" if person.is_child else "adult"
            looked_at = {"member": person.facts.id, "age_on_departure": person.age_years}
            text = f"{rule.rule_id}: {_euros(amount)} for this {kind} (domain.md 11 row 19)"
            self._journal.step(Stage.AMOUNT, rule.rule_id, looked_at, kind, text, amount_minor=amount)
            if amount:
                self._lines.append(EntitlementLine(self._stream, person.facts.id, rule.rule_id, amount, rule.certainty))

    def _ceiling(self, rule: TariffRule, persons: tuple[Person, ...]) -> None:
        granted = self._facts.granted(ExceptionKind.GRANTED_CEILING, rule.rule_id)
        if granted is not None:
            self._granted(rule.rule_id, granted, rule.certainty)
            self._warn_outside(rule, granted, persons)
        elif rule.automatic_max is not None:
            amount = rule.automatic_max
            text = f"{rule.rule_id}: up to {_euros(amount)} for the case; more only as an approved ceiling ({rule.basis})"
            self._journal.step(Stage.AMOUNT, rule.rule_id, {}, "automatic_ceiling", text, amount_minor=amount)
            self._lines.append(EntitlementLine(self._stream, None, rule.rule_id, amount, rule.certainty))
            if rule.condition:
                self._journal.warn("condition_to_check", rule.rule_id, f"{rule.rule_id}: {rule.condition}")
        else:
            self._need_ceiling(
                rule.rule_id, f"no amount is published; Fedasil enters the ceiling with a reference ({rule.basis})"
            )

    def _granted(self, rule_id: str, granted: ExceptionFact, certainty: str) -> None:
        amount = granted.amount_minor or 0
        text = f"{rule_id}: {_euros(amount)} granted under {granted.reference}"
        self._journal.step(
            Stage.EXCEPTION, rule_id, {"reference": granted.reference}, granted.kind.value, text, amount_minor=amount
        )
        self._lines.append(EntitlementLine(self._stream, None, rule_id, amount, certainty))

    def _need_ceiling(self, rule_id: str, text: str) -> None:
        self._journal.step(Stage.AMOUNT, rule_id, {}, "needs_ceiling", f"{rule_id}: {text}")
        self._needs.append(Need(ExceptionKind.GRANTED_CEILING, rule_id, text))

    def _warn_outside(self, rule: TariffRule, granted: ExceptionFact, persons: tuple[Person, ...]) -> None:
        """Warn outside the published range per adult; a minor alone counts as one."""
        adults = max(1, sum(not person.is_child for person in persons))
        amount = granted.amount_minor or 0
        low, high = rule.warn_min_per_adult, rule.warn_max_per_adult
        if (low is not None and amount < low * adults) or (high is not None and amount > high * adults):
            limits = " to ".join("any" if limit is None else _euros(limit * adults) for limit in (low, high))
            text = f"{_euros(amount)} is outside {limits} for {adults} adults ({rule.basis})"
            self._journal.warn("ceiling_outside_range", rule.rule_id, text)

    def _cost(self, rule: TariffRule) -> None:
        facts = self._facts
        approved = facts.granted(ExceptionKind.TRAVEL_DOCUMENT, rule.rule_id) or facts.granted(
            ExceptionKind.GRANTED_CEILING, rule.rule_id
        )
        if approved is not None:
            self._granted(rule.rule_id, approved, rule.certainty)
            return
        amount = 0 if facts.travel_document_cost is None else facts.travel_document_cost.amount_minor
        looked_at = {
            "travel_document_cost": "none" if facts.travel_document_cost is None else facts.travel_document_cost.decimal()
        }
        text = f"{rule.rule_id}: actual cost {_euros(amount)} ({rule.basis})"
        self._journal.step(Stage.AMOUNT, rule.rule_id, looked_at, "cost", text, amount_minor=amount)
        if amount:
            self._lines.append(EntitlementLine(self._stream, None, rule.rule_id, amount, rule.certainty))

    def _unpublished(self, left: tuple[Person, ...]) -> None:
        """A ceiling may be granted to members whom no rule of place and date meets; the others are outside a published rule."""
        budget = tuple(rule for rule in self._rules if rule.slot == _BUDGET_SLOT or rule.mode is Mode.STOP)
        unmet = tuple(person for person in left if not any(matches_place(rule, self._facts, person) for rule in budget))
        if len(unmet) < len(left):
            looked_at = {"administrative_status": self._facts.administrative_status.value, "members": len(left) - len(unmet)}
            self._journal.step(Stage.TARIFF, None, looked_at, "no_rule", "No rule gives these members a budget", amount_minor=0)
        if not unmet:
            return
        granted = self._facts.granted(ExceptionKind.GRANTED_CEILING, UNPUBLISHED_RULE)
        if granted is not None:
            self._granted(UNPUBLISHED_RULE, granted, "assumed")
        else:
            self._need_ceiling(UNPUBLISHED_RULE, "no rule is published for this place and date (domain.md 11 row 1)")
