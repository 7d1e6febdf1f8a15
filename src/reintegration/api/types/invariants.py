"""Invariants: what must always hold of the money, and whether it does."""

from datetime import datetime

import strawberry

from reintegration.api.identifiers import encode
from reintegration.audit import invariants as room


@strawberry.type(description="A sentence that must always hold of the money, and what breaks it.")
class Invariant:
    """A named query of the audit room."""

    name: str
    sentence: str
    violations: int = strawberry.field(description="Records that break it; zero is what it should be.")
    examples: list[strawberry.ID] = strawberry.field(description="The first five of them.")


@strawberry.type(description="All invariants at one moment.")
class InvariantCheck:
    """Of one snapshot."""

    checked_at: datetime
    violations: int = strawberry.field(description="Of all invariants together.")
    invariants: list[Invariant]


def invariant_check(found: room.Check) -> InvariantCheck:
    """A check in the graph. Invariants that the software does not know any more are left out."""
    kept = {finding.name: finding for finding in found.findings}
    return InvariantCheck(
        checked_at=found.checked_at,
        violations=found.violations,
        invariants=[
            Invariant(
                name=known.name,
                sentence=known.sentence,
                violations=kept[known.name].violations,
                examples=[encode(known.record, example) for example in kept[known.name].examples if known.record is not None],
            )
            for known in room.INVARIANTS
            if known.name in kept
        ],
    )
