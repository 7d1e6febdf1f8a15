"""A member as the rules see them: age on the departure date, visa regimes, claim on the fund."""

from dataclasses import dataclass
from datetime import date

from reintegration.entitlements.assessment import MemberResult
from reintegration.entitlements.facts import CaseFacts, MemberFacts, ReturnType
from reintegration.entitlements.rules import ExclusionRule, KeyedOn, TariffRule
from reintegration.programme.reference import VisaRegime

ADULT_AGE_YEARS = 18
UNION = frozenset({VisaRegime.EU, VisaRegime.EU_OLD_15})
_STRICTNESS = (VisaRegime.VISA_REQUIRED, VisaRegime.VISA_FREE, VisaRegime.EU, VisaRegime.EU_OLD_15)


@dataclass(frozen=True, slots=True)
class Person:
    """A member with what follows from the facts.

    `citizen_regime` is the nationality's (the country of return's while that is unknown); `tariff_regime` the stricter of the
    two, because the sources speak of countries in one place and of nationals in another.
    """

    facts: MemberFacts
    age_years: int
    citizen_regime: VisaRegime
    tariff_regime: VisaRegime
    amif_eligible: bool

    @property
    def is_child(self) -> bool:
        """Under 18 on the departure date (domain.md 11 row 19)."""
        return self.age_years < ADULT_AGE_YEARS

    def result(self) -> MemberResult:
        """The part of the answer about this member."""
        return MemberResult(self.facts.id, self.age_years, self.is_child, self.citizen_regime, self.amif_eligible)


def age_on(birth_date: date, day: date) -> int:
    """Completed years; somebody born on 29 February completes one on 1 March of a common year."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def people(facts: CaseFacts) -> tuple[Person, ...]:
    """The members in the order of the facts."""
    place = facts.regimes[facts.country_of_return]
    found: list[Person] = []
    for member in facts.members:
        citizen = place if member.nationality is None else facts.regimes[member.nationality]
        found.append(
            Person(
                facts=member,
                age_years=age_on(member.birth_date, facts.departure_date),
                citizen_regime=citizen,
                tariff_regime=max(citizen, place, key=_STRICTNESS.index),
                amif_eligible=facts.return_type is not ReturnType.DUBLIN
                and member.nationality is not None
                and citizen not in UNION,
            )
        )
    return tuple(found)


def keyed_date(facts: CaseFacts, keyed_on: KeyedOn) -> date:
    """The date of the case that selects a rule (domain.md 11 row 12)."""
    dates = {
        KeyedOn.DEPARTURE: facts.departure_date,
        KeyedOn.GRANT: facts.grant_date,
        KeyedOn.APPLICATION: facts.application_date,
    }
    return dates[keyed_on]


def in_force(rule: TariffRule | ExclusionRule, facts: CaseFacts) -> bool:
    """Whether the rule's period, both days included, covers its date of the case."""
    day = keyed_date(facts, rule.keyed_on)
    return (rule.valid_from is None or rule.valid_from <= day) and (rule.valid_to is None or day <= rule.valid_to)
