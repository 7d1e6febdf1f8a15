"""What documents may ask for, and values drawn from it: mostly such that there is an answer, a share of them wrong."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import TypeVar
from uuid import UUID

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    get_nullable_type,
    is_required_input_field,
)

from reintegration.api.identifiers import encode

T = TypeVar("T")

_LAST_WORD = re.compile(r"[A-Z][a-z]*$")
_NOT_IDS = ("nonsense", "", "0", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "идентификатор")
_NOT_CURSORS = ("nonsense", "", "W10", "WyJjYXNlcy5uZXdlc3QiXQ")
_LISTS = 3
"""How many more chances a list of scalars or enums has among an object's fields: few objects have one."""
_EMPTY_LISTS = 0.2
_BARE_ITEMS = 0.08
"""Lists of which only an item is given: GraphQL makes a list of it."""
_NULL_FIELDS = 0.08


class Dice(Random):
    """Everything random of one document, from its seed."""

    def chance(self, share: float) -> bool:
        """Whether something that happens in this share of cases happens."""
        return self.random() < share

    def weighted(self, weights: Mapping[T, float]) -> T:
        """One of the keys."""
        return self.choices(list(weights), list(weights.values()))[0]

    def split(self, whole: int, parts: int) -> list[int]:
        """The whole in parts of at least 1."""
        cuts = [0, *sorted(self.sample(range(1, whole), parts - 1)), whole]
        return [after - before for before, after in pairwise(cuts)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the maker of documents knows of the records; what it doesn't know of the schema, it reads there.

    Args:
        ids: opaque ids by type, such that who asks sees most of them.
        strangers: ids by type of records that many don't see: those of another office.
        values: for arguments and input fields, in JSON, by coordinate (`Query.statistics.year`, `CaseFilter.country`), name,
            last word of the name (`From`), or type; the first of these that is known counts. A coordinate beats `ids` too.
        cursors: by the connection's coordinate, with `@NAME` for an enum argument that has a default: `Query.cases@NEWEST`.
        groups: sets of arguments by the field's coordinate, where not every combination makes sense.
    """

    ids: Mapping[str, Sequence[str]]
    strangers: Mapping[str, Sequence[str]]
    values: Mapping[str, Sequence[object]]
    cursors: Mapping[str, Sequence[str]]
    groups: Mapping[str, Sequence[frozenset[str]]]

    def kind(self, id_: str) -> str | None:
        """The type of a known id."""
        return next((kind for kind, ids in self.ids.items() if id_ in ids), None)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value goes: an argument of a field (`Query.case`), which returns `returns`, or a field of an input type."""

    owner: str
    name: str
    returns: str = ""

    @property
    def coordinate(self) -> str:
        """Its name in the whole schema."""
        return f"{self.owner}.{self.name}"

    @property
    def subject(self) -> str:
        """What a variable is about: one that is about the same can stand here too."""
        return self.coordinate if self.name in {"id", "after", "before"} else self.name


@dataclass(slots=True)
class Draws:
    """Values of one document."""

    dice: Dice
    known: Known
    mistakes: float

    def value(self, kind: GraphQLInputType, place: Place) -> object:
        """A value in JSON, never null as a whole."""
        match kind:
            case GraphQLNonNull():
                return self.value(kind.of_type, place)
            case GraphQLList():
                return self._list(kind, place)
            case GraphQLInputObjectType():
                return self._object(kind)
            case GraphQLEnumType():
                return self.dice.choice(self._values(place) or list(kind.values))
        if get_named_type(kind).name == "ID" and place.coordinate not in self.known.values:
            return self.id(place)
        return self._scalar(get_named_type(kind).name, place)

    def _list(self, kind: GraphQLList[GraphQLInputType], place: Place) -> object:
        if self.dice.chance(_EMPTY_LISTS):
            return []
        items = [self.value(kind.of_type, place) for _ in range(self.dice.choice((1, 1, 2, 2, 3)))]
        return items[0] if self.dice.chance(_BARE_ITEMS) else items

    def _object(self, kind: GraphQLInputObjectType) -> dict[str, object]:
        """What is required, one or two other fields, and sometimes a null."""
        optional = [name for name, item in kind.fields.items() if not is_required_input_field(item)]
        lists = [name for name in optional if _is_list_of_leaves(kind.fields[name].type)]
        pool = [*optional, *lists * _LISTS]
        wanted = set(self.dice.sample(pool, min(len(optional), self.dice.choice((0, 1, 1, 1, 1, 2, 2, 3)))))
        found: dict[str, object] = {}
        for name, item in kind.fields.items():
            if name in wanted or name not in optional:
                found[name] = self.value(item.type, Place(kind.name, name))
            elif not isinstance(item.type, GraphQLNonNull) and self.dice.chance(_NULL_FIELDS):
                found[name] = None
        return found

    def _values(self, place: Place, kind: str = "") -> Sequence[object] | None:
        last = _LAST_WORD.search(place.name)
        keys = (place.coordinate, place.name, last.group() if last else "", kind)
        return next((self.known.values[key] for key in keys if key in self.known.values), None)

    def _scalar(self, kind: str, place: Place) -> object:
        if kind == "Boolean":
            return self.dice.chance(0.5)
        if kind == "String" and self.dice.chance(self.mistakes):
            return self.dice.choice(("", "?", "Ж{'\"\\", "null", "BE-1999-000001", "ZZ"))
        found = self._values(place, kind)
        if found is None:
            raise LookupError(f"{place.coordinate}: no value of {kind} is known")
        return self.dice.choice(found)

    def id(self, place: Place) -> str:
        """An id: of a record that is there, of a stranger's, of another type, of nothing, or none at all."""
        kind = self._kind(place)
        if self.dice.chance(self.mistakes):
            other = self.dice.choice(sorted(self.known.ids))
            wrong = (
                self.dice.choice(self.known.ids[other]),
                encode(kind, UUID(int=self.dice.getrandbits(128))),
                encode("Nothing", UUID(int=self.dice.getrandbits(128))),
                self.dice.choice(_NOT_IDS),
            )
            return self.dice.choice(wrong)
        strange = self.known.strangers.get(kind)
        return self.dice.choice(strange if strange and self.dice.chance(self.mistakes) else self.known.ids[kind])

    def _kind(self, place: Place) -> str:
        """The type of the record that an id is asked for, by the name of its place; any, where that says nothing."""
        title = place.returns if place.name == "id" else place.name.removesuffix("Id")
        title = f"{title[:1].upper()}{title[1:]}"
        kinds = [kind for kind in self.known.ids if kind == title] or [kind for kind in self.known.ids if kind.endswith(title)]
        return self.dice.choice(sorted(kinds or self.known.ids))

    def cursor(self, connection: str) -> str:
        """A cursor: mostly one of this connection."""
        own = self.known.cursors.get(connection)
        if own and not self.dice.chance(2 * self.mistakes):
            return self.dice.choice(own)
        other = self.known.cursors[self.dice.choice(sorted(self.known.cursors))]
        return self.dice.choice((self.dice.choice(other), self.dice.choice(_NOT_CURSORS)))

    def page(self) -> dict[str, int | None]:
        """Which of `first` and `last`, and how many; `after` and `before` as null where a cursor shall stand."""
        size = self.dice.weighted({1: 2, 2: 3, 3: 4, 5: 4, 10: 3, 20: 1, 100: 0.3})
        if self.dice.chance(self.mistakes / 2):
            wrong: tuple[dict[str, int | None], ...] = (
                {},
                {"first": 0},
                {"last": 101},
                {"first": -1},
                {"first": size, "last": size},
                {"first": size, "before": None},
                {"last": size, "after": None},
            )
            return self.dice.choice(wrong)
        sized, cursor = self.dice.weighted({("first", "after"): 4, ("last", "before"): 1})
        return {sized: size, cursor: None} if self.dice.chance(0.3) else {sized: size}


def _is_list_of_leaves(kind: GraphQLInputType) -> bool:
    return isinstance(get_nullable_type(kind), GraphQLList) and not isinstance(get_named_type(kind), GraphQLInputObjectType)
