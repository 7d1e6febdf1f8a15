"""What an operation costs, from its document, its variables and the schema, before anything of it runs.

A field costs its weight (0 for a leaf, 1 for an object) and what its selection costs; a list multiplies that by the page's
`first` or `last`, by the size its `@cost` declares, or by 10. A field that does more than read says so with `@cost`.
"""

from collections.abc import Mapping

import strawberry
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    NullValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.schema_directive import Location
from strawberry.types.field import StrawberryField

from reintegration.api.connections import LARGEST_PAGE

_LARGEST_REPORTED = 2**31 - 1
_ASSUMED_SIZE = 10


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="cost",
    description="What a field adds to an operation's cost: its own weight, and how long a list without page arguments gets.",
)
class Cost:
    """Declared cost: `strawberry.field(directives=[Cost(weight=10)])`; zero means the default."""

    weight: int = 0
    size: int = 0


def operation_cost(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, object]
) -> int:
    """The cost of a validated operation with these raw variables."""
    fragments = {item.name.value: item for item in document.definitions if isinstance(item, FragmentDefinitionNode)}
    root = schema.get_root_type(operation.operation)
    defaults = {
        item.variable.name.value: int(item.default_value.value)
        for item in operation.variable_definitions or ()
        if isinstance(item.default_value, IntValueNode)
    }
    counting = _Counting(
        schema, fragments, {**defaults, **{name: value for name, value in variables.items() if type(value) is int}}
    )
    return min(counting.selection(operation.selection_set, root, None), _LARGEST_REPORTED)


class _Counting:
    """One walk over a validated document. A fragment is priced once per page size that it stands in."""

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], numbers: Mapping[str, object]
    ) -> None:
        self.schema = schema
        self.fragments = fragments
        self.numbers = numbers
        self.known: dict[tuple[str, int | None], int] = {}

    def selection(self, selections: SelectionSetNode | None, parent: GraphQLNamedType | None, page: int | None) -> int:
        """Cost of a selection on `parent`; `page` is the page size when the parent is a connection."""
        total = 0
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                total += self.field(node, parent, page)
            elif isinstance(node, InlineFragmentNode):
                target = self.schema.get_type(node.type_condition.name.value) if node.type_condition else parent
                total += self.selection(node.selection_set, target, page)
            elif isinstance(node, FragmentSpreadNode):
                total += self.fragment(node.name.value, page)
        return total

    def fragment(self, name: str, page: int | None) -> int:
        """Cost of a named fragment."""
        if (name, page) not in self.known:
            fragment = self.fragments[name]
            target = self.schema.get_type(fragment.type_condition.name.value)
            self.known[name, page] = self.selection(fragment.selection_set, target, page)
        return self.known[name, page]

    def field(self, node: FieldNode, parent: GraphQLNamedType | None, page: int | None) -> int:
        """Cost of a field with all below it."""
        name = node.name.value
        known = isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) and name in parent.fields
        if not known:  # __typename, and introspection, which has a limit of its own
            return 0
        field: GraphQLField = parent.fields[name]  # type: ignore[union-attr] # narrowed by `known`
        declared = _declared(field)
        kind = get_named_type(field.type)
        weight = declared.weight or (0 if is_leaf_type(kind) else 1)
        size = self.page_size(node, field)
        cost = weight + self.selection(node.selection_set, kind, size)
        if is_list_type(get_nullable_type(field.type)):
            cost *= size or page or declared.size or _ASSUMED_SIZE
        return cost

    def page_size(self, node: FieldNode, field: GraphQLField) -> int | None:
        """The asked page's size; nothing for a field without pages. What can't be read counts as the largest page."""
        if "first" not in field.args and "last" not in field.args:
            return None
        sizes = [0]
        for argument in node.arguments or ():
            if argument.name.value not in {"first", "last"} or isinstance(argument.value, NullValueNode):
                continue
            asked: object = None
            if isinstance(argument.value, IntValueNode):
                asked = int(argument.value.value)
            elif isinstance(argument.value, VariableNode):
                asked = self.numbers.get(argument.value.name.value, 0)
            sizes.append(min(max(asked, 1), LARGEST_PAGE) if isinstance(asked, int) and asked else 0)
        return max(sizes) or LARGEST_PAGE


def _declared(field: GraphQLField) -> Cost:
    """The field's `@cost`, or none of it."""
    definition = (field.extensions or {}).get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if isinstance(definition, StrawberryField):
        for directive in definition.directives:
            if isinstance(directive, Cost):
                return directive
    return Cost()
