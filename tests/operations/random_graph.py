"""The schema as random selections need it, and what steers them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)

Composite = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType


@dataclass(frozen=True, slots=True, kw_only=True)
class Steering:
    """What documents are like; shares are from 0 to 1.

    Args:
        weights: how often a field is chosen, by coordinate (`Query.cases`) times by the type that it leads to; 1 where not
            named, 0 for never.
        mistakes: values that are wrong: ids, cursors, page sizes, texts.
        fields: how many fields a document has, the least and the most.
        deep: documents that go as deep as the limit lets them.
        directives: selections with `@skip` or `@include`.
        fragments: selections in fragments.
        variables: values in variables.
        aliases: fields under another name.
        introspection: documents that ask for the schema too.
        second: documents with a second operation.
        beyond: documents so large that many pass the limits of the API.
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    mistakes: float = 0.05
    fields: tuple[int, int] = (8, 120)
    deep: float = 0.12
    directives: float = 0.06
    fragments: float = 0.25
    variables: float = 0.45
    aliases: float = 0.1
    introspection: float = 0.01
    second: float = 0.05
    beyond: float = 0.02


@dataclass(frozen=True)
class Graph:
    """The schema as selections need it."""

    schema: GraphQLSchema
    weights: Mapping[str, float]

    @cached_property
    def composites(self) -> list[Composite]:
        """All types with fields or members, those of introspection not."""
        kinds = (kind for name, kind in sorted(self.schema.type_map.items()) if not name.startswith("__"))
        return [kind for kind in kinds if isinstance(kind, Composite)]

    @cached_property
    def conditions(self) -> Mapping[str, list[Composite]]:
        """The types that a fragment within each type can be on: those that share a possible object type with it."""
        possible = {kind.name: {item.name for item in self.possible(kind)} for kind in self.composites}
        return {
            kind.name: [other for other in self.composites if possible[kind.name] & possible[other.name]]
            for kind in self.composites
        }

    def possible(self, kind: Composite) -> list[GraphQLObjectType]:
        """The object types that a value of the type can have."""
        return [kind] if isinstance(kind, GraphQLObjectType) else list(self.schema.get_possible_types(kind))

    def weight(self, parent: GraphQLNamedType, name: str, item: GraphQLField) -> float:
        """How often a field is chosen; through edges and nodes nearly always."""
        is_way = (parent.name.endswith("Connection") and name == "edges") or (parent.name.endswith("Edge") and name == "node")
        by_type = self.weights.get(get_named_type(item.type).name, 1)
        return self.weights.get(f"{parent.name}.{name}", 1) * by_type * (8 if is_way else 1)

    @cached_property
    def fields(self) -> Mapping[str, tuple[dict[str, float], dict[str, float]]]:
        """The fields of each type with their weights: leaves, and those with fields below."""
        found = {}
        for kind in self.composites:
            items = {} if isinstance(kind, GraphQLUnionType) else kind.fields
            weights = {name: self.weight(kind, name, item) for name, item in items.items()}
            leaves = {name for name, item in items.items() if is_leaf_type(get_named_type(item.type))}
            found[kind.name] = (
                {name: weight for name, weight in weights.items() if name in leaves and weight},
                {name: weight for name, weight in weights.items() if name not in leaves and weight},
            )
        return found

    @cached_property
    def _endless(self) -> frozenset[str]:
        """The types below which selections can go as deep as they like."""
        found = {kind.name for kind in self.composites}
        while ends := {name for name in found if not any(target in found for target in self._below(name))}:
            found -= ends
        return frozenset(found)

    def _below(self, name: str) -> list[str]:
        kind = self.schema.type_map[name]
        if not isinstance(kind, GraphQLObjectType):
            return [item.name for item in self.schema.get_possible_types(cast("GraphQLUnionType", kind))]
        return [get_named_type(kind.fields[item].type).name for item in self.fields[name][1]]

    def endless(self, kind: Composite) -> dict[str, float]:
        """The fields of a type below which it goes on and on, money and the like not."""
        if isinstance(kind, GraphQLUnionType):
            return {}
        weights = self.fields[kind.name][1]
        return {name: weight for name, weight in weights.items() if get_named_type(kind.fields[name].type).name in self._endless}
