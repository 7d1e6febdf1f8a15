"""How values are written into a document: as literals or as variables, in every way that a position allows."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import partial

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    Undefined,
    get_named_type,
    get_nullable_type,
    is_required_argument,
)

from tests.operations.random_draws import Draws, Place

_PAGE = ("first", "after", "last", "before")
_LIST_VARIABLES = 0.6
"""Lists are rare, and whole ones in a variable would hardly be seen."""
_SHARED = 0.3
"""Variables that stand in another place already."""
_UNREADABLE = {
    "Boolean": "yes",
    "Date": "2023-02-30",
    "DateTime": "2023-09-14",
    "Digest": "A0",
    "Int": 2**31,
    "UUID": "0",
}
_SWITCH = GraphQLNonNull(GraphQLBoolean)


class Nothing(Enum):
    """A variable that isn't given."""

    GIVEN = None


@dataclass(frozen=True, slots=True)
class Variable:
    """A declared variable; `value` is what is sent, `effective` what the server then works with."""

    name: str
    kind: str
    default: str | None
    value: object
    effective: object
    subject: str

    @property
    def declaration(self) -> str:
        """As it stands in the operation."""
        return f"${self.name}: {self.kind}" + ("" if self.default is None else f" = {self.default}")


@dataclass(frozen=True, slots=True)
class Written:
    """A value in the document, the variables in it, and what the server works with: null also for what isn't there."""

    text: str
    effective: object
    variables: frozenset[str] = frozenset()


@dataclass(slots=True)
class Arguments:
    """The arguments and variables of one document."""

    draws: Draws
    share_of_variables: float
    variables: dict[str, Variable] = field(default_factory=dict)
    within: dict[str, frozenset[str]] = field(default_factory=dict)
    """The variables in each argument's text."""

    def of_field(self, owner: str, name: str, item: GraphQLField) -> dict[str, Written]:
        """Arguments for a field."""
        found: dict[str, Written] = {}
        has_pages = set(_PAGE) <= item.args.keys()
        for argument, can_be_null in self._chosen(f"{owner}.{name}", item).items():
            if not (has_pages and argument in _PAGE):
                place = Place(f"{owner}.{name}", argument, get_named_type(item.type).name)
                found[argument] = self._chosen_one(item, argument, place, can_be_null=can_be_null)
        if has_pages:
            found |= self._page(f"{owner}.{name}", item, found)
        for argument, written in found.items():
            self.within[f"{argument}: {written.text}"] = written.variables
        return found

    def _chosen(self, coordinate: str, item: GraphQLField) -> dict[str, bool]:
        """Those that are required, a set that makes sense together, and some of the others; and whether null makes sense."""
        dice, groups = self.draws.dice, self.draws.known.groups.get(coordinate, ())
        grouped = frozenset[str]().union(*groups)
        wanted = dice.choice(groups) if groups and not dice.chance(self.draws.mistakes) else frozenset()
        return {
            name: name not in wanted
            for name, argument in item.args.items()
            if is_required_argument(argument) or name in wanted or (name not in grouped and dice.chance(0.5))
        }

    def _chosen_one(self, item: GraphQLField, argument: str, place: Place, *, can_be_null: bool) -> Written:
        shown = item.args[argument]
        if can_be_null and not isinstance(shown.type, GraphQLNonNull) and self.draws.dice.chance(0.08):
            return Written("null", None)
        has_default = shown.default_value is not Undefined and isinstance(shown.type, GraphQLNonNull)
        draw = partial(self.draws.value, shown.type, place)
        return self.written(shown.type, place, draw, has_default=has_default, is_needed=not can_be_null)

    def _page(self, coordinate: str, item: GraphQLField, others: dict[str, Written]) -> dict[str, Written]:
        """Page arguments; a cursor fits the list's order, where it fits at all."""
        dice, connection = self.draws.dice, f"{coordinate}{self._order(item, others)}"
        page = self.draws.page()
        found: dict[str, Written] = {}
        for argument in _PAGE:
            kind, place = item.args[argument].type, Place(connection, argument)
            if page.get(argument) is not None:
                found[argument] = self.written(kind, place, _always(page[argument]), is_needed=True)
            elif argument in page:
                found[argument] = self.written(kind, place, lambda: self.draws.cursor(connection), is_needed=True)
            elif dice.chance(0.04):
                found[argument] = Written("null", None)
        return found

    @staticmethod
    def _order(item: GraphQLField, others: dict[str, Written]) -> str:
        """`@NAME` of each enum argument with a default: what the cursors of a list depend on."""
        order = ""
        for name, argument in item.args.items():
            kind = get_named_type(argument.type)
            if isinstance(kind, GraphQLEnumType) and argument.default_value not in {Undefined, None}:
                given = others[name].effective if name in others else None
                order += f"@{kind.serialize(argument.default_value) if given is None else given}"
        return order

    def switch(self, *, wanted: bool) -> Written:
        """The `if` of a directive; a variable that is there already may say something else."""
        return self.written(_SWITCH, Place("@", "if"), _always(wanted), is_needed=True)

    def written(
        self,
        kind: GraphQLInputType,
        place: Place,
        draw: Callable[[], object],
        *,
        has_default: bool = False,
        is_needed: bool = False,
    ) -> Written:
        """A drawn value as a literal or a variable. `is_needed` keeps null away from a position that allows it."""
        if self.draws.dice.chance(self.share_of_variables):
            return self._variable(kind, place, draw, has_default=has_default, is_needed=is_needed)
        return self._literal(kind, place, draw())

    def _literal(self, kind: GraphQLInputType, place: Place, value: object, *, is_constant: bool = False) -> Written:
        """A literal, with variables within unless it is a constant."""
        if value is None:
            return Written("null", None)
        match nullable := get_nullable_type(kind):
            case GraphQLList() if isinstance(value, list):
                items = [self._within(nullable.of_type, place, item, is_constant=is_constant) for item in value]
                return _joined(f"[{', '.join(item.text for item in items)}]", [item.effective for item in items], items)
            case GraphQLList():
                return self._literal(nullable.of_type, place, value, is_constant=is_constant)
            case GraphQLInputObjectType() if isinstance(value, dict):
                parts = {
                    name: self._within(nullable.fields[name].type, Place(nullable.name, name), inner, is_constant=is_constant)
                    for name, inner in value.items()
                }
                text = ", ".join(f"{name}: {part.text}" for name, part in parts.items())
                return _joined(f"{{{text}}}", {name: part.effective for name, part in parts.items()}, list(parts.values()))
            case GraphQLEnumType():
                return Written(str(value), value)
        return Written(json.dumps(value, ensure_ascii=False), value)

    def _within(self, kind: GraphQLInputType, place: Place, value: object, *, is_constant: bool) -> Written:
        share = _LIST_VARIABLES if isinstance(get_nullable_type(kind), GraphQLList) else 0.7 * self.share_of_variables
        if not is_constant and value is not None and self.draws.dice.chance(share):
            return self._variable(kind, place, _always(value))
        return self._literal(kind, place, value, is_constant=is_constant)

    def _variable(
        self,
        kind: GraphQLInputType,
        place: Place,
        draw: Callable[[], object],
        *,
        has_default: bool = False,
        is_needed: bool = False,
    ) -> Written:
        """A variable: one that fits already, or a new one, declared and given in one of the ways that the position allows."""
        dice, is_required = self.draws.dice, isinstance(kind, GraphQLNonNull)
        nullable = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        fitting = [
            item
            for item in self.variables.values()
            if item.subject == place.subject
            and item.kind.removesuffix("!") == str(nullable)
            and (not is_required or has_default or item.kind.endswith("!") or item.default not in {None, "null"})
            and not (is_needed and item.effective is None)
        ]
        if fitting and dice.chance(_SHARED):
            chosen = dice.choice(fitting)
        else:
            form = self._form(is_required=is_required, has_default=has_default, is_needed=is_needed)
            chosen = self._declared(nullable, place, draw, form)
            self.variables[chosen.name] = chosen
        return Written(f"${chosen.name}", chosen.effective, frozenset({chosen.name}))

    def _form(self, *, is_required: bool, has_default: bool, is_needed: bool) -> str:
        """`!` for a type without null; `d` or `n` for a default that is a value or null; then what is given."""
        forms = {"! given": 6.0, "!d absent": 1.0, "!d given": 1.0, "d absent": 1.5, "d given": 1.0}
        if not is_required or has_default:
            forms[" given"] = 6.0
        if has_default:
            forms[" absent"] = 2.0
        is_wrong = self.draws.dice.chance(self.draws.mistakes / 8)
        if is_wrong or not (is_needed or is_required):
            forms["d null"] = 1.0
            if not is_required:
                forms |= {" absent": 1.0, " null": 1.0, "n absent": 0.5, "n given": 0.5}
        return "! absent" if is_wrong and self.draws.dice.chance(0.2) else self.draws.dice.weighted(forms)

    def _declared(self, nullable: GraphQLInputType, place: Place, draw: Callable[[], object], form: str) -> Variable:
        declared, _, given = form.partition(" ")
        value = draw()
        default, effective = None, None
        if "d" in declared:
            default, effective = self._literal(nullable, place, value, is_constant=True).text, value
            value = draw()
        elif "n" in declared:
            default = "null"
        if given == "given":
            effective = value
            wrong = get_named_type(nullable).name
            if wrong in _UNREADABLE and self.draws.dice.chance(self.draws.mistakes / 20):
                value = _UNREADABLE[wrong]
        elif given == "null":
            effective = value = None
        else:
            value = Nothing.GIVEN
        kind = f"{nullable}{'!' if '!' in declared else ''}"
        return Variable(f"{place.name}{len(self.variables) + 1}", kind, default, value, effective, place.subject)


def _joined(text: str, effective: object, parts: list[Written]) -> Written:
    return Written(text, effective, frozenset[str]().union(*(part.variables for part in parts)))


def _always(value: object) -> Callable[[], object]:
    return lambda: value
