"""What the engine answers: amounts by stream, what barred them, what is still to be approved, and every step, all as data."""

import dataclasses
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from uuid import UUID

from reintegration.entitlements.facts import ExceptionKind
from reintegration.entitlements.rules import CountedFrom, DeadlineEffect, ExclusionEffect, Stream
from reintegration.programme.reference import VisaRegime

USE_OF_BUDGET = "use_of_budget"
"""The key of the deadline after which no payment of the reintegration budget is allowed without an extension."""

UNPUBLISHED_RULE = "BE-REIN-UNPUBLISHED"
"""Stands for the rule where the tariff table names none for place and date: a granted ceiling is needed (domain.md 11 row 1)."""


class Stage(StrEnum):
    """The part of the assessment that a step belongs to."""

    PERSON = "person"
    EXCLUSION = "exclusion"
    TARIFF = "tariff"
    EXCEPTION = "exception"
    AMOUNT = "amount"
    DEADLINE = "deadline"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the explanation: the rule (None where no single one decides), the facts looked at, the result in a word."""

    number: int
    stage: Stage
    rule_id: str | None
    facts: tuple[tuple[str, str], ...]
    result: str
    amount_minor: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning: `code` for programs, `text` for people."""

    code: str
    rule_id: str | None
    text: str


@dataclass(frozen=True, slots=True)
class EntitlementLine:
    """An amount in euro cents, more than zero; `member_id` None means the case as a whole."""

    stream: Stream
    member_id: UUID | None
    rule_id: str
    amount_minor: int
    certainty: str


@dataclass(frozen=True, slots=True)
class Need:
    """An exception without which money of a stream stays back."""

    kind: ExceptionKind
    rule_id: str
    text: str


@dataclass(frozen=True, slots=True)
class StreamAssessment:
    """One stream: its lines, and their sum as the cap."""

    stream: Stream
    lines: tuple[EntitlementLine, ...]
    cap_minor: int
    needs: tuple[Need, ...]

    @property
    def needs_exception(self) -> bool:
        """Whether an approval is missing for (more of) this stream."""
        return bool(self.needs)


@dataclass(frozen=True, slots=True)
class AppliedExclusion:
    """An exclusion that met these members; `lifted_by` is the reference of the approved override."""

    rule_id: str
    kind: ExclusionEffect
    streams: tuple[Stream, ...]
    member_ids: tuple[UUID, ...]
    overridable: bool
    lifted_by: str | None
    certainty: str


@dataclass(frozen=True, slots=True)
class MemberResult:
    """A member on the departure date; `amif_eligible` is false for Dublin, EU citizens and unknown nationality."""

    member_id: UUID
    age_years: int
    is_child: bool
    regime: VisaRegime
    amif_eligible: bool


@dataclass(frozen=True, slots=True)
class Deadline:
    """A time limit; `last_day` counts as inside, None until the event that starts it has happened."""

    key: str
    last_day: date | None
    months: int
    counted_from: CountedFrom
    effect: DeadlineEffect
    certainty: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The whole answer; the same facts and tariff version always give the same document."""

    version_code: str
    members: tuple[MemberResult, ...]
    streams: tuple[StreamAssessment, ...]
    exclusions: tuple[AppliedExclusion, ...]
    deadlines: tuple[Deadline, ...]
    warnings: tuple[Notice, ...]
    steps: tuple[Step, ...]

    def stream(self, stream: Stream) -> StreamAssessment:
        """The assessment of one stream; every stream is present."""
        return next(found for found in self.streams if found.stream is stream)

    @property
    def lines(self) -> tuple[EntitlementLine, ...]:
        """The lines of all streams."""
        return tuple(line for stream in self.streams for line in stream.lines)

    @property
    def budget_limit(self) -> Deadline | None:
        """How long the budget can be used, None if the version does not tell or nothing is due."""
        return next((found for found in self.deadlines if found.key == USE_OF_BUDGET), None)

    @property
    def deadline(self) -> date | None:
        """The last day to use the budget, None before the arrival is confirmed."""
        limit = self.budget_limit
        return None if limit is None else limit.last_day

    def to_document(self) -> dict[str, object]:
        """The answer in JSON's types, for `canonical_json` and for storing."""
        return {_camel(field.name): _plain(getattr(self, field.name)) for field in dataclasses.fields(self)}

    def result_document(self) -> dict[str, object]:
        """The same without the steps, which are stored beside it."""
        return {name: value for name, value in self.to_document().items() if name != "steps"}

    def step_documents(self) -> list[object]:
        """The steps in JSON's types."""
        return [_plain(step) for step in self.steps]


@cache  # as many as the classes here have fields, and an assessment has hundreds of values
def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _plain(value: object) -> object:
    match value:
        case StrEnum():
            return value.value
        case None | bool() | int() | str():
            return value
        case UUID():
            return str(value)
        case date():
            return value.isoformat()
        case tuple():
            return [_plain(item) for item in value]
        case _ if dataclasses.is_dataclass(value):
            return {_camel(field.name): _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        case _:
            raise TypeError(f"{type(value).__name__} has no place in an assessment")
