"""Variables and arguments of one request, as a resolver would get them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import strawberry
from graphql import FieldNode, GraphQLField, VariableDefinitionNode, get_argument_values
from graphql.execution.values import VariableValues, get_variable_values
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_arguments

from reintegration.api.compile.sources import Cause, LeftError

if TYPE_CHECKING:
    from strawberry.types.field import StrawberryField

Raw = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Arguments:
    """Reads them with the schema's own scalars and names."""

    schema: strawberry.Schema

    def variables(self, definitions: Sequence[VariableDefinitionNode], raw: Raw) -> VariableValues:
        """Raw variables as values of their types.

        Raises:
            LeftError: some can't be read; graphql-core says which.
        """
        found = get_variable_values(self.schema._schema, definitions, dict(raw), max_errors=1)  # noqa: SLF001 - Strawberry has no accessor
        if not isinstance(found, VariableValues):
            raise LeftError(Cause.REFUSED, "variables")
        return found

    def of(self, field: GraphQLField, node: FieldNode, variables: VariableValues) -> dict[str, object]:
        """A field's arguments by their Python names; what has a default and isn't given is left out.

        Raises:
            GraphQLError: as graphql-core, where one can't be read.
        """
        if not field.args:
            return {}
        definition = cast("StrawberryField", field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF])
        given = get_argument_values(field, node, variables)
        converter = self.schema.schema_converter
        return convert_arguments(given, definition.arguments, converter.scalar_registry, self.schema.config)
