"""Everything about a case that a tariff may look at, and nothing else: no name, no document number, no story."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from reintegration.entitlements.errors import ContradictoryFactsError
from reintegration.kernel.money import EURO, Money
from reintegration.programme.reference import VisaRegime, visa_regime_on


class AdministrativeStatus(StrEnum):
    """The profile at application (domain.md 1.2)."""

    ASYLUM_APPLICANT = "asylum_applicant"
    REJECTED_APPLICANT = "rejected_applicant"
    NO_LEGAL_STAY = "no_legal_stay"


class ReturnType(StrEnum):
    """Voluntary with Fedasil, or a Dublin departure, which is never ours."""

    VOLUNTARY = "voluntary"
    DUBLIN = "dublin"


class MemberRole(StrEnum):
    """Place in the household."""

    HEAD = "head"
    PARTNER = "partner"
    CHILD = "child"
    OTHER = "other"


class ExceptionKind(StrEnum):
    """What an approved exception does."""

    EXCLUSION_OVERRIDE = "exclusion_override"
    """Lifts the exclusion `rule_id` for the case; carries no amount."""
    GRANTED_CEILING = "granted_ceiling"
    """Fixes the ceiling of the reintegration budget under the tariff rule `rule_id`."""
    TRAVEL_DOCUMENT = "travel_document"
    """Fixes the refund of the travel document where it differs from the stated cost."""


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """One returnee. `nationality` is alpha-2, None while unknown; `vulnerabilities` are the approved ones only."""

    id: UUID
    birth_date: date
    role: MemberRole
    nationality: str | None
    vulnerabilities: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ExceptionFact:
    """An exception that a second person approved; `reference` is Fedasil's."""

    kind: ExceptionKind
    rule_id: str
    amount_minor: int | None
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """The facts of one case at the moment of decision; countries are ISO 3166-1 alpha-2 codes or XK.

    `nationalities` holds at least the members' nationalities. `application_date` is the application for return,
    `asylum_requested_on` the (last) request for protection, None if unknown or never. `regimes` gives the visa regime on the
    departure date of the country of return and of every nationality.

    Raises:
        ContradictoryFactsError: naming every contradiction.
    """

    country_of_return: str
    nationalities: frozenset[str]
    administrative_status: AdministrativeStatus
    application_date: date
    grant_date: date
    departure_date: date
    arrival_date: date | None
    return_type: ReturnType
    travelled_by: str
    members: tuple[MemberFacts, ...]
    regimes: Mapping[str, VisaRegime]
    previous_support_departure: date | None = None
    travel_document_cost: Money | None = None
    arrived_in_belgium_on: date | None = None
    asylum_requested_on: date | None = None
    granted_exceptions: tuple[ExceptionFact, ...] = ()

    def __post_init__(self) -> None:
        """Refuse contradictions, so that a rule never meets them."""
        contradictions = (*self._contradictory_dates(), *self._contradictory_people(), *self._contradictory_money())
        if contradictions:
            raise ContradictoryFactsError(contradictions=contradictions)

    def _contradictory_dates(self) -> tuple[str, ...]:
        pairs = (
            ("the grant is before the application", self.grant_date, self.application_date),
            ("the arrival is before the departure", self.arrival_date, self.departure_date),
            ("the departure is before the arrival in Belgium", self.departure_date, self.arrived_in_belgium_on),
            ("the departure is before the asylum request", self.departure_date, self.asylum_requested_on),
        )
        found = [text for text, later, earlier in pairs if later is not None and earlier is not None and later < earlier]
        if self.previous_support_departure is not None and self.previous_support_departure >= self.departure_date:
            found.append("the earlier supported departure is not before this departure")
        found.extend(
            f"member {member.id} is born after the departure"
            for member in self.members
            if member.birth_date > self.departure_date
        )
        return tuple(found)

    def _contradictory_people(self) -> tuple[str, ...]:
        found: list[str] = []
        if sum(member.role is MemberRole.HEAD for member in self.members) != 1:
            found.append("the household has not exactly one head")
        if len({member.id for member in self.members}) != len(self.members):
            found.append("a member appears twice")
        own = {member.nationality for member in self.members if member.nationality is not None}
        if not own <= self.nationalities:
            found.append("a member's nationality is missing from the nationalities of the case")
        without = sorted({self.country_of_return, *self.nationalities} - set(self.regimes))
        if without:
            found.append(f"no visa regime for {', '.join(without)}")
        return tuple(found)

    def _contradictory_money(self) -> tuple[str, ...]:
        found: list[str] = []
        cost = self.travel_document_cost
        if cost is not None and (cost.currency != EURO or cost.amount_minor < 0):
            found.append("the cost of the travel document is not an amount in EUR")
        keys = [(granted.kind, granted.rule_id) for granted in self.granted_exceptions]
        found.extend(
            f"two exceptions of one kind for {rule_id}" for _, rule_id in sorted({key for key in keys if keys.count(key) > 1})
        )
        for granted in self.granted_exceptions:
            amount = granted.amount_minor
            if granted.kind is ExceptionKind.EXCLUSION_OVERRIDE and amount is not None:
                found.append(f"the override of {granted.rule_id} carries an amount")
            if granted.kind is not ExceptionKind.EXCLUSION_OVERRIDE and (amount is None or amount <= 0):
                found.append(f"the exception for {granted.rule_id} carries no positive amount")
            if not granted.reference.strip():
                found.append(f"the exception for {granted.rule_id} has no reference")
        return tuple(found)

    def granted(self, kind: ExceptionKind, rule_id: str) -> ExceptionFact | None:
        """The approved exception of that kind for that rule, if there is one."""
        return next((fact for fact in self.granted_exceptions if fact.kind is kind and fact.rule_id == rule_id), None)


def regimes_on(countries: Iterable[str], departure: date) -> Mapping[str, VisaRegime]:
    """The `regimes` of a case from the shipped dated table."""
    return MappingProxyType({country: visa_regime_on(country, departure) for country in sorted(set(countries))})
