"""The closed lists of the programme that are data, not code: close reasons, kinds, required documents, indicators."""

from dataclasses import dataclass
from functools import cache

from reintegration.programme.tables import codes, read_table


@dataclass(frozen=True, slots=True)
class CloseReason:
    """Why a case ended (domain.md 2.5)."""

    code: str
    name: str
    before_departure: bool
    triggers_repeat_exclusion: bool
    certainty: str
    source: str


@dataclass(frozen=True, slots=True)
class NamedKind:
    """A code of a closed list with its English name: plan item kinds, vulnerability kinds and why something is owed."""

    code: str
    name: str
    certainty: str
    source: str


@dataclass(frozen=True, slots=True)
class RequiredDocument:
    """A document that a payment kind needs at a stage; `plan_item_kind` None means whatever the item."""

    programme: str
    payment_kind: str
    plan_item_kind: str | None
    document_kind: str
    stage: str
    certainty: str
    source: str


@dataclass(frozen=True, slots=True)
class IndicatorDefinition:
    """An AMIF indicator in one version of its definition (amif.md 1.4); "unconfirmed" bars a final export (amif.md 10 row 1)."""

    code: str
    definition_version: str
    name: str
    kind: str
    unit: str
    counts_persons: bool
    age_brackets: tuple[str, ...]
    genders: tuple[str, ...]
    age_on: str
    core_annex_v: bool
    status: str
    certainty: str
    source: str


@cache
def close_reasons() -> tuple[CloseReason, ...]:
    """Why cases close."""
    return tuple(
        CloseReason(
            code=row["code"],
            name=row["name"],
            before_departure=row["before_departure"] == "true",
            triggers_repeat_exclusion=row["triggers_repeat_exclusion"] == "true",
            certainty=row["certainty"],
            source=row["source"],
        )
        for row in read_table("close_reasons.csv")
    )


def _named(file: str) -> tuple[NamedKind, ...]:
    return tuple(NamedKind(row["code"], row["name"], row["certainty"], row["source"]) for row in read_table(file))


@cache
def vulnerability_kinds() -> tuple[NamedKind, ...]:
    """The vulnerable groups of domain.md 3.3."""
    return _named("vulnerability_kinds.csv")


@cache
def plan_item_kinds() -> tuple[NamedKind, ...]:
    """What a plan item may be (domain.md 4)."""
    return _named("plan_item_kinds.csv")


@cache
def receivable_reasons() -> tuple[NamedKind, ...]:
    """Why somebody owes something."""
    return _named("receivable_reasons.csv")


@cache
def required_documents() -> tuple[RequiredDocument, ...]:
    """The matrix of documents that payments need."""
    return tuple(
        RequiredDocument(
            programme=row["programme"],
            payment_kind=row["payment_kind"],
            plan_item_kind=row["plan_item_kind"] or None,
            document_kind=row["document_kind"],
            stage=row["stage"],
            certainty=row["certainty"],
            source=row["source"],
        )
        for row in read_table("required_documents.csv")
    )


@cache
def indicator_definitions() -> tuple[IndicatorDefinition, ...]:
    """O.3.3 and R.3.6."""
    return tuple(
        IndicatorDefinition(
            code=row["code"],
            definition_version=row["definition_version"],
            name=row["name"],
            kind=row["kind"],
            unit=row["unit"],
            counts_persons=row["counts_persons"] == "true",
            age_brackets=codes(row["age_brackets"]),
            genders=codes(row["genders"]),
            age_on=row["age_on"],
            core_annex_v=row["core_annex_v"] == "true",
            status=row["status"],
            certainty=row["certainty"],
            source=row["source"],
        )
        for row in read_table("indicators.csv")
    )
