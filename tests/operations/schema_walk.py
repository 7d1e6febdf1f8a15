"""Walks the schema: documents that reach every field of every type, and what an answer shows of each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID

from graphql import GraphQLField, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, get_named_type, is_leaf_type

from reintegration.api.edge import EdgeSchema
from reintegration.api.identifiers import encode
from reintegration.kernel.actor import Actor
from tests.operations.conftest import Api

BATCH = 10
"""Records of one document; root fields are limited."""

Place = tuple[str, str]
"""A type and its field."""


@dataclass(frozen=True, slots=True)
class Walk:
    """Documents over one schema. A type with an id is asked for as a record; every other type within what shows it."""

    schema: GraphQLSchema

    @classmethod
    def over(cls, schema: EdgeSchema) -> "Walk":
        """The walk over a schema of Strawberry's."""
        return cls(schema._schema)  # noqa: SLF001 - Strawberry has no accessor

    def type(self, name: str) -> GraphQLObjectType:
        """An object type by its name."""
        found = self.schema.type_map[name]
        assert isinstance(found, GraphQLObjectType), name
        return found

    def places(self) -> set[Place]:
        """Every field that a query can reach."""
        waiting, known = ["Query"], {"Query"}
        while waiting:
            for item in self.type(waiting.pop()).fields.values():
                target = get_named_type(item.type)
                is_interface = isinstance(target, GraphQLInterfaceType)
                for kind in self.schema.get_possible_types(target) if is_interface else [target]:
                    if isinstance(kind, GraphQLObjectType) and kind.name not in known:
                        known.add(kind.name)
                        waiting.append(kind.name)
        return {(name, item) for name in known for item in self.type(name).fields}

    def is_record(self, kind: object) -> bool:
        """Whether `node` finds it."""
        node = cast("GraphQLInterfaceType", self.schema.type_map["Node"])
        return kind is node or (isinstance(kind, GraphQLObjectType) and node in kind.interfaces)

    def selection(self, name: str) -> str:
        """All fields of a type; of a record that it leads to, the id."""
        return " ".join(f"{item}{self._below(shown)}" for item, shown in self.type(name).fields.items())

    def _below(self, shown: GraphQLField) -> str:
        arguments = "(first: 20)" if "first" in shown.args else ""
        kind = get_named_type(shown.type)
        if is_leaf_type(kind):
            return arguments
        return f"{arguments} {{ {'__typename id' if self.is_record(kind) else self.selection(kind.name)} }}"

    def root(self, name: str, arguments: str) -> str:
        """A document of one root field of Query."""
        kind = get_named_type(self.type("Query").fields[name].type)
        below = "__typename id" if self.is_record(kind) else self.selection(kind.name)
        return f"{{ {name}{arguments} {{ {below} }} }}"

    def records(self, kind: str, number: int) -> str:
        """A document of `number` records of a type, $id0 to n0 and so on."""
        places = range(number)
        variables = ", ".join(f"$id{place}: ID!" for place in places)
        roots = " ".join(f"n{place}: node(id: $id{place}) {{ __typename ...all }}" for place in places)
        return f"query ({variables}) {{ {roots} }} fragment all on {kind} {{ {self.selection(kind)} }}"

    def shown(self, name: str, value: object) -> Iterator[Place]:
        """The fields of a type that an answer shows: not null, and not an empty list."""
        for item in value if isinstance(value, list) else (value,):
            assert isinstance(item, Mapping)
            kind = self.type(str(item.get("__typename", name)))
            for key, inner in item.items():
                if key == "__typename" or inner is None or inner == []:
                    continue
                yield kind.name, key
                target = get_named_type(kind.fields[key].type)
                if not is_leaf_type(target):
                    yield from self.shown(target.name, inner)


@dataclass(slots=True)
class Seen:
    """What one actor was shown, and the codes of refusals by the record's type or the root field that was asked for."""

    places: set[Place] = field(default_factory=set)
    refusals: dict[str, set[object]] = field(default_factory=dict)

    def add(self, what: str, answer: Mapping[str, object], places: Iterable[Place]) -> None:
        """Take an answer in."""
        for error in cast("list[Mapping[str, Mapping[str, object]]]", answer.get("errors") or []):
            self.refusals.setdefault(what, set()).add(error["extensions"]["code"])
        self.places.update(places)


def _data(answer: Mapping[str, object]) -> Mapping[str, object]:
    data = answer.get("data")
    assert isinstance(data, Mapping), answer
    return data


def in_batches(ids: Iterable[UUID]) -> Iterator[Sequence[UUID]]:
    """Pieces of the ids, in an order that stays."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), BATCH):
        yield ordered[start : start + BATCH]


async def ask_for_records(api: Api, walk: Walk, seen: Seen, who: Actor, kind: str, ids: Iterable[UUID]) -> None:
    """Ask for records by their ids with all that they show."""
    for batch in in_batches(ids):
        variables = {f"id{place}": encode(kind, key) for place, key in enumerate(batch)}
        answer = await api.ask(who, walk.records(kind, len(batch)), **variables)
        for record in _data(answer).values():
            seen.add(kind, {}, () if record is None else walk.shown(kind, record))
        seen.add(kind, answer, ())


async def ask_for_root(api: Api, walk: Walk, seen: Seen, who: Actor, name: str, arguments: str) -> None:
    """Ask for a root field with all that it shows."""
    answer = await api.ask(who, walk.root(name, arguments))
    seen.add(name, answer, walk.shown("Query", _data(answer)))
