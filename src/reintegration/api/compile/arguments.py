"""Variables and arguments of one request, as a resolver would get them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import strawberry
from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLScalarType,
    ListValueNode,
    NameNode,
    ObjectValueNode,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    coerce_input_value,
    get_argument_values,
    get_nullable_type,
    is_leaf_type,
    is_non_null_type,
    is_required_argument,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, get_variable_values
from graphql.pyutils import Undefined
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import StrawberryArgument, convert_argument, convert_arguments
from strawberry.types.field import StrawberryField

from reintegration.api.compile.sources import Cause, LeftError

Raw = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Arguments:
    """Reads both with the schema's own scalars and names."""

    schema: strawberry.Schema

    def variables(self, definitions: Sequence[VariableDefinitionNode]) -> "Variables":
        """How the variables of an operation are read."""
        found = [get_variable_signature(self.schema._schema, one) for one in definitions]  # noqa: SLF001 - Strawberry has no accessor
        signatures = [one for one in found if isinstance(one, GraphQLVariableSignature)]
        plain = [one for one in signatures if is_leaf_type(get_nullable_type(one.type))]
        return Variables(self.schema, tuple(definitions), tuple(plain) if len(plain) == len(definitions) else None)

    def of(self, field: GraphQLField, node: FieldNode) -> "FieldArguments":
        """How the arguments of a field of a document are read: what its literals say, read once, and its variables."""
        definition = cast("StrawberryField", (field.extensions or {})[GraphQLCoreConverter.DEFINITION_BACKREF])
        kinds = {self.schema.config.name_converter.from_argument(one): one for one in definition.arguments}
        given = {one.name.value: one.value for one in node.arguments or ()}
        variables = []
        for name, value in given.items():
            if isinstance(value, VariableNode):
                variables.append(self._from_variable(value.name.value, kinds[name], name, field, definition))
            elif has_variable(value):
                return FieldArguments(self, field, node, definition)
        others = {name: one for name, one in field.args.items() if not isinstance(given.get(name), VariableNode)}
        literals = tuple(one for one in node.arguments or () if one.name.value in others)
        constants = self.converted(GraphQLField(field.type, others), FieldNode(name=node.name, arguments=literals), definition)
        return FieldArguments(self, field, node, definition, constants, tuple(variables))

    def _from_variable(
        self, variable: str, kind: StrawberryArgument, name: str, field: GraphQLField, definition: StrawberryField
    ) -> "FromVariable":
        argument = field.args[name]
        alone = GraphQLField(field.type, {name: argument})
        default = (
            None
            if is_required_argument(argument)
            else self.converted(alone, FieldNode(name=NameNode(value=name), arguments=()), definition)
        )
        is_scalar = isinstance(get_nullable_type(argument.type), GraphQLScalarType)
        return FromVariable(variable, kind, default, is_scalar=is_scalar, may_be_null=not is_non_null_type(argument.type))

    def converted(
        self, field: GraphQLField, node: FieldNode, definition: StrawberryField, variables: VariableValues | None = None
    ) -> dict[str, object]:
        """Arguments as Strawberry converts them for a resolver.

        Raises:
            GraphQLError: as graphql-core, where one can't be read.
        """
        values = get_argument_values(field, node, variables)
        registry = self.schema.schema_converter.scalar_registry
        return convert_arguments(values, definition.arguments, registry, self.schema.config)

    def converted_one(self, value: object, kind: StrawberryArgument) -> object:
        """One argument, likewise."""
        return convert_argument(value, kind.type, self.schema.schema_converter.scalar_registry, self.schema.config)


@dataclass(frozen=True, slots=True)
class Variables:
    """The variables of an operation."""

    schema: strawberry.Schema
    definitions: tuple[VariableDefinitionNode, ...]
    signatures: tuple[GraphQLVariableSignature, ...] | None
    """What graphql-core would find out of them for each request; None where some hold more than a scalar or an enum."""

    def read(self, raw: Raw) -> VariableValues:
        """Raw variables as values of their types.

        Raises:
            LeftError: some can't be read; graphql-core says which.
        """
        found = self._plain(raw) or get_variable_values(self.schema._schema, self.definitions, dict(raw), max_errors=1)  # noqa: SLF001 - as above
        if not isinstance(found, VariableValues):
            raise LeftError(Cause.REFUSED, "variables")
        return found

    def _plain(self, raw: Raw) -> VariableValues | None:
        """The same in short; None where something is not as usual."""
        if self.signatures is None:
            return None
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, object] = {}
        for signature in self.signatures:
            name = signature.name
            if name not in raw:
                if signature.default is not None or is_non_null_type(signature.type):
                    return None
                sources[name] = VariableValueSource(signature)
                continue
            value = coerced[name] = coerce_input_value(raw[name], signature.type)
            if value is Undefined:
                return None
            sources[name] = VariableValueSource(signature, raw[name])
        return VariableValues(sources, coerced)


@dataclass(frozen=True, slots=True)
class FromVariable:
    """An argument that is one variable."""

    variable: str
    kind: StrawberryArgument
    default: Mapping[str, object] | None
    """What a resolver gets without the variable, nothing perhaps; None where it must be given."""
    is_scalar: bool
    """Whether Strawberry takes the value as it is."""
    may_be_null: bool


@dataclass(frozen=True, slots=True)
class FieldArguments:
    """The arguments of one field of a document."""

    arguments: Arguments
    field: GraphQLField
    node: FieldNode
    definition: StrawberryField
    constants: Mapping[str, object] | None = None
    """What literals say; None where variables stand within literals, and all is read anew each time."""
    variables: tuple[FromVariable, ...] = ()

    def read(self, values: VariableValues) -> Mapping[str, object]:
        """The arguments by their Python names; what has a default and isn't given is left out.

        Raises:
            GraphQLError: as graphql-core, where one can't be read.
        """
        if self.constants is None:
            return self.arguments.converted(self.field, self.node, self.definition, values)
        if not self.variables:
            return self.constants
        found = dict(self.constants)
        for one in self.variables:
            value = values.coerced.get(one.variable, Undefined)
            if value is Undefined and one.default is not None:
                found.update(one.default)
                continue
            if value is Undefined or (value is None and not one.may_be_null):
                return self.arguments.converted(self.field, self.node, self.definition, values)
            is_plain = value is None or one.is_scalar
            found[one.kind.python_name] = value if is_plain else self.arguments.converted_one(value, one.kind)
        return found


def has_variable(value: ValueNode) -> bool:
    """Whether a variable stands anywhere in a literal."""
    if isinstance(value, VariableNode):
        return True
    if isinstance(value, ListValueNode):
        return any(has_variable(item) for item in value.values)
    return isinstance(value, ObjectValueNode) and any(has_variable(item.value) for item in value.fields)
