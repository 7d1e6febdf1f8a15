"""Facts as a JSON document and back, exactly: what is stored beside an assessment is what the engine saw."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeVar
from uuid import UUID

from reintegration.entitlements.errors import FactsDocumentError
from reintegration.entitlements.facts import (
    AdministrativeStatus,
    CaseFacts,
    ExceptionFact,
    ExceptionKind,
    MemberFacts,
    MemberRole,
    ReturnType,
)
from reintegration.kernel.errors import InvalidInputError
from reintegration.kernel.money import Money
from reintegration.programme.reference import VisaRegime

Document = Mapping[str, object]
_Value = TypeVar("_Value")


def _spelled(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def facts_to_document(facts: CaseFacts) -> dict[str, object]:
    """`facts` in JSON's types, sets sorted; members and exceptions keep their order."""
    cost = facts.travel_document_cost
    return {
        "countryOfReturn": facts.country_of_return,
        "nationalities": sorted(facts.nationalities),
        "administrativeStatus": facts.administrative_status.value,
        "applicationDate": _spelled(facts.application_date),
        "grantDate": _spelled(facts.grant_date),
        "departureDate": _spelled(facts.departure_date),
        "arrivalDate": _spelled(facts.arrival_date),
        "returnType": facts.return_type.value,
        "travelledBy": facts.travelled_by,
        "members": [
            {
                "id": str(member.id),
                "birthDate": _spelled(member.birth_date),
                "role": member.role.value,
                "nationality": member.nationality,
                "vulnerabilities": sorted(member.vulnerabilities),
            }
            for member in facts.members
        ],
        "regimes": {country: facts.regimes[country].value for country in sorted(facts.regimes)},
        "previousSupportDeparture": _spelled(facts.previous_support_departure),
        "travelDocumentCost": None if cost is None else {"amountMinor": cost.amount_minor, "currency": cost.currency},
        "arrivedInBelgiumOn": _spelled(facts.arrived_in_belgium_on),
        "asylumRequestedOn": _spelled(facts.asylum_requested_on),
        "grantedExceptions": [
            {"kind": fact.kind.value, "ruleId": fact.rule_id, "amountMinor": fact.amount_minor, "reference": fact.reference}
            for fact in facts.granted_exceptions
        ],
    }


class _Reader:
    """Takes fields out of one object, refusing wrong types and what is left over."""

    def __init__(self, document: object, path: str) -> None:
        if not isinstance(document, Mapping):
            raise FactsDocumentError(path=path or "the document", reason="not an object")
        self._left = dict(document)
        self._path = path

    def path(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name

    def take(self, name: str) -> object:
        if name not in self._left:
            raise FactsDocumentError(path=self.path(name), reason="missing")
        return self._left.pop(name)

    def read(self, name: str, convert: Callable[[str], _Value]) -> _Value:
        value = self.take(name)
        if not isinstance(value, str):
            raise FactsDocumentError(path=self.path(name), reason="not text")
        try:
            return convert(value)
        except ValueError as error:
            raise FactsDocumentError(path=self.path(name), reason="not a value of its kind") from error

    def read_if(self, name: str, convert: Callable[[str], _Value]) -> _Value | None:
        if name in self._left and self._left[name] is None:
            del self._left[name]
            return None
        return self.read(name, convert)

    def amount(self, name: str) -> int:
        amount = self.amount_if(name)
        if amount is None:
            raise FactsDocumentError(path=self.path(name), reason="not a whole number")
        return amount

    def amount_if(self, name: str) -> int | None:
        value = self.take(name)
        if value is not None and type(value) is not int:
            raise FactsDocumentError(path=self.path(name), reason="not a whole number")
        return value

    def items(self, name: str) -> list[tuple[str, object]]:
        value = self.take(name)
        if not isinstance(value, list):
            raise FactsDocumentError(path=self.path(name), reason="not an array")
        return [(f"{self.path(name)}[{index}]", item) for index, item in enumerate(value)]

    def texts(self, name: str) -> frozenset[str]:
        found: set[str] = set()
        for path, item in self.items(name):
            if not isinstance(item, str):
                raise FactsDocumentError(path=path, reason="not text")
            found.add(item)
        return frozenset(found)

    def close(self) -> None:
        if self._left:
            raise FactsDocumentError(path=self.path(min(map(str, self._left))), reason="unknown field")


def _member(path: str, document: object) -> MemberFacts:
    reader = _Reader(document, path)
    member = MemberFacts(
        id=reader.read("id", UUID),
        birth_date=reader.read("birthDate", date.fromisoformat),
        role=reader.read("role", MemberRole),
        nationality=reader.read_if("nationality", str),
        vulnerabilities=reader.texts("vulnerabilities"),
    )
    reader.close()
    return member


def _exception(path: str, document: object) -> ExceptionFact:
    reader = _Reader(document, path)
    fact = ExceptionFact(
        kind=reader.read("kind", ExceptionKind),
        rule_id=reader.read("ruleId", str),
        amount_minor=reader.amount_if("amountMinor"),
        reference=reader.read("reference", str),
    )
    reader.close()
    return fact


def _money(path: str, document: object) -> Money | None:
    if document is None:
        return None
    reader = _Reader(document, path)
    try:
        money = Money(reader.amount("amountMinor"), reader.read("currency", str))
    except InvalidInputError as error:
        raise FactsDocumentError(path=path, reason=error.reason) from error
    reader.close()
    return money


def _regimes(path: str, document: object) -> dict[str, VisaRegime]:
    reader = _Reader(document, path)
    names = sorted(map(str, document)) if isinstance(document, Mapping) else []
    return {country: reader.read(country, VisaRegime) for country in names}


def facts_from_document(document: object) -> CaseFacts:
    """The facts that `facts_to_document` wrote.

    Raises:
        FactsDocumentError: a field is missing, unknown or of the wrong kind.
        ContradictoryFactsError: the fields contradict each other.
    """
    reader = _Reader(document, "")
    facts = CaseFacts(
        country_of_return=reader.read("countryOfReturn", str),
        nationalities=reader.texts("nationalities"),
        administrative_status=reader.read("administrativeStatus", AdministrativeStatus),
        application_date=reader.read("applicationDate", date.fromisoformat),
        grant_date=reader.read("grantDate", date.fromisoformat),
        departure_date=reader.read("departureDate", date.fromisoformat),
        arrival_date=reader.read_if("arrivalDate", date.fromisoformat),
        return_type=reader.read("returnType", ReturnType),
        travelled_by=reader.read("travelledBy", str),
        members=tuple(_member(path, item) for path, item in reader.items("members")),
        regimes=_regimes("regimes", reader.take("regimes")),
        previous_support_departure=reader.read_if("previousSupportDeparture", date.fromisoformat),
        travel_document_cost=_money("travelDocumentCost", reader.take("travelDocumentCost")),
        arrived_in_belgium_on=reader.read_if("arrivedInBelgiumOn", date.fromisoformat),
        asylum_requested_on=reader.read_if("asylumRequestedOn", date.fromisoformat),
        granted_exceptions=tuple(_exception(path, item) for path, item in reader.items("grantedExceptions")),
    )
    reader.close()
    return facts
