"""Values that Python computes, spelled as graphql-core would: the second pass over an answer, only where one asks for them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from inspect import isawaitable
from typing import cast

import orjson
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    SelectionSetNode,
    is_list_type,
    is_non_null_type,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from reintegration.api.compile.selection import Selections
from reintegration.api.compile.sources import Cause, LeftError, UncompilableError
from reintegration.api.compile.text import COMPUTED
from reintegration.api.context import ApiContext

_MARK = COMPUTED.encode()


@dataclass(frozen=True, slots=True)
class Computation:
    """One field that Python computes: the function, and how its result is spelled."""

    compute: Callable[..., object]
    kind: GraphQLOutputType
    sets: tuple[SelectionSetNode, ...]
    selections: Selections

    async def bytes(self, context: ApiContext, arguments: list[object]) -> bytes:
        """The JSON of one value.

        Raises:
            LeftError: there is none.
        """
        made = self.compute(context, *arguments)
        value = await cast("Awaitable[object]", made) if isawaitable(made) else made
        return orjson.dumps(self._plain(value, self.kind, self.sets))

    def check(self) -> None:
        """Make sure that everything selected below is an attribute of a value.

        Raises:
            UncompilableError: something has a resolver.
        """
        self._check(self.kind, self.sets)

    def _check(self, kind: object, sets: Sequence[SelectionSetNode]) -> None:
        while not isinstance(kind, GraphQLObjectType | GraphQLScalarType | GraphQLEnumType):
            kind = getattr(kind, "of_type", None)
            if kind is None:
                raise UncompilableError("a computed value of an abstract type")
        if isinstance(kind, GraphQLObjectType):
            for nodes in self.selections.fields(sets, kind).values():
                name = nodes[0].name.value
                if name != "__typename":
                    _attribute(kind.name, name, kind.fields[name])
                    self._check(kind.fields[name].type, [node.selection_set for node in nodes if node.selection_set])

    def _plain(self, value: object, kind: object, sets: Sequence[SelectionSetNode]) -> object:
        if is_non_null_type(kind):
            if value is None:
                raise LeftError(Cause.ANOMALY)
            return self._plain(value, kind.of_type, sets)
        if value is None:
            return None
        if is_list_type(kind):
            return [self._plain(item, kind.of_type, sets) for item in cast("Sequence[object]", value)]
        if isinstance(kind, GraphQLScalarType | GraphQLEnumType):
            return kind.serialize(value)
        if not isinstance(kind, GraphQLObjectType):
            raise LeftError(Cause.ANOMALY)
        plain: dict[str, object] = {}
        for key, nodes in self.selections.fields(sets, kind).items():
            name = nodes[0].name.value
            if name == "__typename":
                plain[key] = kind.name
                continue
            field = kind.fields[name]
            below = [node.selection_set for node in nodes if node.selection_set]
            plain[key] = self._plain(getattr(value, _attribute(kind.name, name, field)), field.type, below)
        return plain


def _attribute(kind: str, name: str, field: GraphQLField) -> str:
    definition = (field.extensions or {}).get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if not isinstance(definition, StrawberryField) or definition.base_resolver is not None:
        raise UncompilableError(f"{kind}.{name}")
    return definition.python_name


async def complete(body: bytes, computations: Sequence[Computation], context: ApiContext) -> bytes:
    """The answer with everything computed that SQL has left to Python.

    Raises:
        LeftError: something can't be.
    """
    pieces = body.split(_MARK)
    for place in range(1, len(pieces), 2):
        number, _, arguments = pieces[place].partition(b"[")
        pieces[place] = await computations[int(number)].bytes(context, orjson.loads(b"[" + arguments))
    return b"".join(pieces)
