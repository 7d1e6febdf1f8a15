"""One document answered both ways: by compiled statements and by resolvers, which are the reference."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
from strawberry.types import ExecutionResult

from reintegration.api.compile.reads import CompiledReads
from reintegration.api.compile.sources import Cause, LeftError
from reintegration.api.edge import EdgeSchema
from reintegration.database.snapshot import SnapshotReader
from reintegration.kernel.actor import Actor, Role
from tests.operations.conftest import Offices
from tests.operations.desk import Desk
from tests.operations.random_documents import RandomDocument
from tests.operations.random_world import answer, reading_desk

COMPILED = "compiled"
_LINK = re.compile(rb'https?://[^"]+')


class DifferenceError(AssertionError):
    """The two ways don't agree."""


@dataclass(slots=True)
class Comparison:
    """Runs documents both ways and counts how they were answered."""

    desk: Desk
    reads: CompiledReads
    ways: Counter[str] = field(default_factory=Counter)

    async def agree(self, who: Actor, made: RandomDocument) -> ExecutionResult:
        """The resolvers' answer, which the compiled one must be, byte for byte; what is left to them must be for a reason.

        Raises:
            DifferenceError: one has what the other has not.
        """
        expected = await answer(self.desk, who, made)
        try:
            found = await self.reads.answer(made.query, made.operation_name, made.variables, self.desk.context(who))
        except LeftError as left:
            self.ways[left.cause] += 1
            if left.cause in {Cause.FAULT, Cause.OUTAGE, Cause.OPERATION}:
                raise DifferenceError(f"{left} for {made}") from left
            # An argument that is refused may stand below a list that is empty, where resolvers never come.
            if left.cause in {Cause.ANOMALY, Cause.INVALID} and not expected.errors:
                raise DifferenceError(f"{left}, and resolvers answer it: {made}") from left
            return expected
        self.ways[COMPILED] += 1
        if expected.errors:
            raise DifferenceError(f"resolvers refuse it: {expected.errors} for {made}")
        if _LINK.sub(b"<link>", found.data) != _LINK.sub(b"<link>", orjson.dumps(expected.data)):
            raise DifferenceError(f"{found.data!r}\nis not\n{orjson.dumps(expected.data)!r}\nfor {made}")
        cost = (expected.extensions or {})["cost"]
        if cost["requested"] != found.cost:
            raise DifferenceError(f"the cost is {found.cost} and {cost} for {made}")
        return expected


@asynccontextmanager
async def comparing(
    offices: Offices, make: Callable[[EdgeSchema, SnapshotReader], CompiledReads] = CompiledReads
) -> AsyncIterator[Comparison]:
    """Both ways over the caseload of two offices."""
    async with reading_desk(offices) as desk, SnapshotReader(offices.addresses.application_url) as reader:
        yield Comparison(desk, make(desk.schema, reader))


ROLES = tuple(role for role in Role if role is not Role.SYSTEM)
