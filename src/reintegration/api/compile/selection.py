"""What a validated operation selects: fields by response key, fragments spread and directives decided."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    BooleanValueNode,
    DefinitionNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLAbstractType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    is_abstract_type,
)


@dataclass(frozen=True, slots=True)
class Selections:
    """The fragments of a document, its schema, and what its directives' variables say."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    booleans: Mapping[str, bool]

    def fields(self, sets: Sequence[SelectionSetNode], kind: GraphQLObjectType) -> dict[str, list[FieldNode]]:
        """The fields that these selections have in common on an object of this type, in the order of the answer."""
        found: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for selections in sets:
            for node in self._spread(selections, kind, seen):
                found.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
        return found

    def _spread(self, selections: SelectionSetNode, kind: GraphQLObjectType, seen: set[str]) -> Iterator[FieldNode]:
        for node in selections.selections:
            if not self._is_included(node):
                continue
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                if node.type_condition is None or self._meets(node.type_condition.name.value, kind):
                    yield from self._spread(node.selection_set, kind, seen)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                fragment = self.fragments[node.name.value]
                if self._meets(fragment.type_condition.name.value, kind):
                    yield from self._spread(fragment.selection_set, kind, seen)

    def _meets(self, condition: str, kind: GraphQLObjectType) -> bool:
        """Whether an object of this type is of the type that a fragment is about."""
        wanted = self.schema.get_type(condition)
        if wanted is kind:
            return True
        return is_abstract_type(wanted) and _is_possible(self.schema, wanted, kind)

    def _is_included(self, node: SelectionNode) -> bool:
        for directive in node.directives or ():
            if directive.name.value not in {"skip", "include"}:
                continue
            given = next(argument.value for argument in directive.arguments or () if argument.name.value == "if")
            value = given.value if isinstance(given, BooleanValueNode) else self.booleans[_variable(given)]
            if value is (directive.name.value == "skip"):
                return False
        return True


def _is_possible(schema: GraphQLSchema, wanted: GraphQLAbstractType, kind: GraphQLObjectType) -> bool:
    return schema.is_sub_type(wanted, kind)


def _variable(node: object) -> str:
    if not isinstance(node, VariableNode):
        raise TypeError("a directive's condition is a boolean or a variable")
    return node.name.value


def condition_variables(definitions: Iterable[DefinitionNode]) -> tuple[str, ...]:
    """The variables that decide directives anywhere in a document, sorted."""
    found: set[str] = set()
    stack: list[SelectionSetNode | None] = [getattr(item, "selection_set", None) for item in definitions]
    while stack:
        selections = stack.pop()
        for node in selections.selections if selections else ():
            stack.append(getattr(node, "selection_set", None))
            for directive in node.directives or ():
                for argument in directive.arguments or ():
                    if isinstance(argument.value, VariableNode):
                        found.add(argument.value.name.value)
    return tuple(sorted(found))
