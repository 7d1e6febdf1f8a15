"""What a mutation's payload shows of the record that it made or changed: read by one statement instead of by resolvers."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg
import structlog
from graphql import FieldNode, FragmentDefinitionNode, GraphQLError, GraphQLField, OperationDefinitionNode
from graphql.execution.values import VariableValues

from reintegration.api.compile.arguments import Arguments
from reintegration.api.compile.plans import Composer, Recent, RootCall, Roots
from reintegration.api.compile.python import complete
from reintegration.api.compile.selection import Selections, condition_variables
from reintegration.api.compile.shapes import Bound, RecordShape
from reintegration.api.compile.sources import LeftError
from reintegration.api.compile.text import ANOMALY, COMPUTED
from reintegration.api.context import ApiContext, Later
from reintegration.api.reading import Record
from reintegration.database.outage import ConnectionLostError
from reintegration.database.snapshot import SnapshotReader
from reintegration.kernel.actor import Actor
from reintegration.kernel.errors import DomainError

_PAYLOADS = 500
_KEY = "record"
_HEAD = len('{"record":')
_ANOMALY, _COMPUTED = ANOMALY.encode(), COMPUTED.encode()
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a document a record stands: the document, the path of the field, its type, and what is selected of it."""

    text: str
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    path: tuple[str | int, ...]
    field: GraphQLField
    nodes: tuple[FieldNode, ...]
    variables: VariableValues

    @property
    def conditions(self) -> dict[str, bool]:
        """The variables that decide directives, and what they say."""
        names = condition_variables([self.operation, *self.fragments.values()])
        return {name: self.variables.coerced.get(name) is True for name in names}


class Payloads:
    """Reads records of payloads, and keeps how."""

    def __init__(self, arguments: Arguments, reader: SnapshotReader) -> None:
        self._arguments = arguments
        self._reader = reader
        self._roots: Recent[tuple[object, ...], Roots] = Recent(_PAYLOADS)

    async def read(self, context: ApiContext, later: Later, place: Place) -> bytes | None:
        """The JSON of the record; None where resolvers must answer."""
        actor, decided = context.actor, place.conditions
        digest = hashlib.sha256(place.text.encode()).digest()
        key = (
            digest,
            place.operation.name.value if place.operation.name else None,
            place.path,
            later.kind,
            actor.role,
            tuple(decided.values()),
        )
        composer = Composer(self._arguments, actor.role)
        try:
            roots = self._roots.get(key, lambda: self._made(place, decided))
            calls = [Bound(RecordShape(later.kind, None), (later.key,))]
            statement, parameters = composer.statement(roots, calls, place.variables)
            data = await self._reader.read(actor, statement.sql, parameters)
            if _ANOMALY in data:
                return None
            if _COMPUTED in data:
                data = await complete(data, statement.computations, context)
        except (LeftError, DomainError, GraphQLError, ConnectionLostError):
            return None
        except asyncpg.PostgresError as error:
            _log.exception("compiled payload failed", sqlstate=error.sqlstate)
            return None
        return data[_HEAD:-1]

    def _made(self, place: Place, decided: Mapping[str, bool]) -> Roots:
        selections = Selections(self._arguments.schema._schema, place.fragments, decided)  # noqa: SLF001 - Strawberry has no accessor
        arguments = self._arguments.of(place.field, place.nodes[0])
        return Roots(selections, (RootCall(_KEY, place.nodes, place.field, _described, arguments),), {}, (_KEY,))


def _described(_actor: Actor, **_arguments: object) -> Record:
    """A payload's record is bound by its key; nobody asks this."""
    raise AssertionError("a payload has no arguments")
