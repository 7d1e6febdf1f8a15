"""The explanation of an assessment: what the rules saw, each step, and what came of it, read from the stored documents."""

from collections.abc import Mapping
from datetime import date
from typing import cast
from uuid import UUID

import strawberry

from reintegration.api import identifiers
from reintegration.api.scalars import Money
from reintegration.entitlements.rules import Stream
from reintegration.kernel import money as kernel
from reintegration.kernel.canonical import canonical_json

_Document = Mapping[str, object]


@strawberry.type(description="A fact that a step looked at.")
class AssessmentFact:
    """A name and its value as text."""

    name: str
    value: str


@strawberry.type(description="One step of an assessment, in the order of the work.")
class AssessmentStep:
    """Why something came out as it did."""

    number: int
    stage: str
    rule_id: str | None
    result: str
    amount: Money | None
    text: str
    facts: list[AssessmentFact] = strawberry.field(description="What was looked at.")


@strawberry.type(description="An amount that the rules give.")
class AssessmentLine:
    """More than zero."""

    stream: Stream
    returnee_id: strawberry.ID | None = strawberry.field(description="Null for the case as a whole.")
    rule_id: str
    amount: Money
    certainty: str


@strawberry.type(description="An exception without which money stays back.")
class AssessmentNeed:
    """What somebody would have to approve."""

    kind: str
    rule_id: str
    text: str


@strawberry.type(description="One money stream of an assessment.")
class AssessmentStream:
    """Its lines, and their sum as the cap."""

    stream: Stream
    cap: Money
    lines: list[AssessmentLine]
    needs: list[AssessmentNeed]


@strawberry.type(description="An exclusion that met members of the household.")
class AppliedExclusion:
    """A bar or a condition."""

    rule_id: str
    kind: str
    streams: list[Stream]
    returnee_ids: list[strawberry.ID]
    overridable: bool
    lifted_by: str | None = strawberry.field(description="The reference of the approved override.")
    certainty: str


@strawberry.type(description="A time limit; its last day counts as inside.")
class AssessmentDeadline:
    """`last_day` is null until the event that starts it has happened."""

    key: str
    last_day: date | None
    months: int
    counted_from: str
    effect: str
    certainty: str


@strawberry.type(description="A warning, with a code for programs.")
class AssessmentNotice:
    """Changes nothing by itself."""

    code: str
    rule_id: str | None
    text: str


@strawberry.type(description="What the rules made of the facts, and why.")
class Explanation:
    """Replayable: the same facts and tariff version give the same result, byte by byte."""

    tariff_version_code: str
    streams: list[AssessmentStream]
    exclusions: list[AppliedExclusion]
    deadlines: list[AssessmentDeadline]
    warnings: list[AssessmentNotice]
    steps: list[AssessmentStep]
    result_document: str = strawberry.field(description="The whole result as canonical JSON; its SHA-256 is the result's digest.")
    facts_document: str | None = strawberry.field(
        description="The facts as canonical JSON, whose SHA-256 is their digest; null in a preview."
    )


@strawberry.type(description="An amount that was granted, and what the rules give for the real day of departure.")
class GrantDeviation:
    """They differ."""

    stream: Stream
    returnee_id: strawberry.ID | None = strawberry.field(description="Null for the case as a whole.")
    granted: Money
    due: Money


def grant_deviations(document: object) -> list[GrantDeviation] | None:
    """Read the document that the comparison wrote."""
    if document is None:
        return None
    return [
        GrantDeviation(
            stream=Stream(str(item["stream"])),
            returnee_id=None if item["returneeId"] is None else _returnee(item["returneeId"]),
            granted=_euros(item["grantedMinor"]),
            due=_euros(item["dueMinor"]),
        )
        for item in cast("list[_Document]", document)
    ]


def explanation(facts: object | None, steps: object, result: object) -> Explanation:
    """Read the documents that the engine wrote."""
    document = cast("_Document", result)
    return Explanation(
        tariff_version_code=str(document["versionCode"]),
        streams=[_stream(item) for item in _items(document, "streams")],
        exclusions=[_exclusion(item) for item in _items(document, "exclusions")],
        deadlines=[_deadline(item) for item in _items(document, "deadlines")],
        warnings=[
            AssessmentNotice(code=str(item["code"]), rule_id=_optional(item["ruleId"]), text=str(item["text"]))
            for item in _items(document, "warnings")
        ],
        steps=[_step(item) for item in cast("list[_Document]", steps)],
        result_document=canonical_json(result).decode(),
        facts_document=None if facts is None else canonical_json(facts).decode(),
    )


def _items(document: _Document, name: str) -> list[_Document]:
    return cast("list[_Document]", document[name])


def _optional(value: object) -> str | None:
    return None if value is None else str(value)


def _euros(minor: object) -> Money:
    return Money.of(kernel.Money(cast("int", minor), kernel.EURO))


def _returnee(member: object) -> strawberry.ID:
    return identifiers.encode("Returnee", UUID(str(member)))


def _step(item: _Document) -> AssessmentStep:
    return AssessmentStep(
        number=cast("int", item["number"]),
        stage=str(item["stage"]),
        rule_id=_optional(item["ruleId"]),
        result=str(item["result"]),
        amount=None if item["amountMinor"] is None else _euros(item["amountMinor"]),
        text=str(item["text"]),
        facts=[AssessmentFact(name=name, value=value) for name, value in cast("list[tuple[str, str]]", item["facts"])],
    )


def _stream(item: _Document) -> AssessmentStream:
    return AssessmentStream(
        stream=Stream(str(item["stream"])),
        cap=_euros(item["capMinor"]),
        lines=[
            AssessmentLine(
                stream=Stream(str(line["stream"])),
                returnee_id=None if line["memberId"] is None else _returnee(line["memberId"]),
                rule_id=str(line["ruleId"]),
                amount=_euros(line["amountMinor"]),
                certainty=str(line["certainty"]),
            )
            for line in _items(item, "lines")
        ],
        needs=[
            AssessmentNeed(kind=str(need["kind"]), rule_id=str(need["ruleId"]), text=str(need["text"]))
            for need in _items(item, "needs")
        ],
    )


def _exclusion(item: _Document) -> AppliedExclusion:
    return AppliedExclusion(
        rule_id=str(item["ruleId"]),
        kind=str(item["kind"]),
        streams=[Stream(str(stream)) for stream in cast("list[object]", item["streams"])],
        returnee_ids=[_returnee(member) for member in cast("list[object]", item["memberIds"])],
        overridable=bool(item["overridable"]),
        lifted_by=_optional(item["liftedBy"]),
        certainty=str(item["certainty"]),
    )


def _deadline(item: _Document) -> AssessmentDeadline:
    last_day = _optional(item["lastDay"])
    return AssessmentDeadline(
        key=str(item["key"]),
        last_day=None if last_day is None else date.fromisoformat(last_day),
        months=cast("int", item["months"]),
        counted_from=str(item["countedFrom"]),
        effect=str(item["effect"]),
        certainty=str(item["certainty"]),
    )
