"""From a selection to SQL: one expression of text that is the JSON of the whole answer."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import cast

from graphql import FieldNode, GraphQLField, GraphQLObjectType, SelectionSetNode, get_named_type, is_non_null_type

from reintegration.api.compile.pages import page_text
from reintegration.api.compile.python import Computation
from reintegration.api.compile.selection import Selections
from reintegration.api.compile.shapes import Bound, ListingShape, PageShape, RecordShape
from reintegration.api.compile.sources import Row, UncompilableError, over, source_of
from reintegration.api.compile.text import (
    ANOMALY_SQL,
    NULL,
    Text,
    computed,
    json_object,
    json_string,
    or_anomaly,
    or_null,
)
from reintegration.api.compile.values import UnknownSpellingError, decimal, opaque_id, spelled
from reintegration.api.graph import (
    Amount,
    Beside,
    ByPermission,
    Column,
    Expression,
    Identity,
    InPython,
    Rows,
    Source,
    ToMany,
    ToOne,
    shape_of,
)
from reintegration.api.loaders import LARGEST_LIST, table_of
from reintegration.api.pages import PagesOf
from reintegration.identity.permissions import allows
from reintegration.kernel.actor import Role
from reintegration.kernel.money import EURO

_LARGEST_STATEMENT = 1_500
"""Selected fields, each as often as fragments bring it in. What is larger is answered by resolvers."""

BindPage = Callable[[FieldNode, GraphQLField, PagesOf], tuple[int, Bound]]
"""Gives a connection's arguments and the number of its call."""


@dataclass(slots=True)
class Level:
    """A row and what is joined beside it."""

    row: Row
    besides: dict[Beside, str] = field(default_factory=dict)

    @property
    def joins(self) -> str:
        """The joins of the FROM clause."""
        return "".join(
            f" cross join lateral ({over(beside.sql, self.row.alias)}) as {alias}" for beside, alias in self.besides.items()
        )


@dataclass(slots=True)
class Renderer:
    """Makes one statement for one role; `place` gives the parameter of a call's value, `bind_page` nested arguments."""

    selections: Selections
    role: Role
    bind_page: BindPage
    place: Callable[[int, int], str]
    computations: list[Computation] = field(default_factory=list)
    _aliases: int = 0
    _fields: int = 0

    def alias(self, letter: str = "t") -> str:
        """A name that nothing else in the statement has."""
        self._aliases += 1
        return f"{letter}{self._aliases}"

    def root(self, field_: GraphQLField, nodes: Sequence[FieldNode], number: int, asked: Bound) -> Text:
        """A root field, the call of this number."""
        sets = below(nodes)
        match asked.shape:
            case RecordShape(kind=kind, column=column):
                level = self.level(kind)
                attribute = level.row.key if column is None else level.row.column(column).sql
                body = self.row_object(self.concrete(kind), sets, level)
                return or_anomaly(f"({select(body, level)} where {attribute} = {self.place(number, 0)})")
            case ListingShape(kind=kind, order=order, conditions=conditions, largest=largest):
                level = self.level(kind)
                body = self.row_object(self.concrete(kind), sets, level)
                filters = [
                    over(sql.replace("{}", self.place(number, value)), level.row.alias) for value, sql in enumerate(conditions)
                ]
                where = f" where {' and '.join(filters)}" if filters else ""
                ordered = f"{select(body, level)}{where} order by {over(', '.join(order), level.row.alias)}"
                return self.bounded_list(ordered, largest)
            case PageShape():
                return page_text(self, get_named_type(field_.type), sets, number, asked.shape, None)
        raise TypeError(f"nothing renders {asked.shape}")

    def level(self, kind: str, alias: str | None = None) -> Level:
        """A new row of this type."""
        return Level(Row(shape_of(kind), alias or self.alias()))

    def concrete(self, kind: str) -> GraphQLObjectType:
        """The type of the graph with this name."""
        found = self.selections.schema.get_type(kind)
        if not isinstance(found, GraphQLObjectType):
            raise UncompilableError(kind)
        return found

    def bounded_list(self, ordered: str, largest: int = LARGEST_LIST) -> Text:
        """A JSON array of what a statement gives in its column `j`, refused past the length of a list."""
        rows = self.alias("r")
        array = f"'[' || coalesce(string_agg({rows}.j, ','), '') || ']'"
        whole = f"case when count(*) > {largest} then {ANOMALY_SQL} else {array} end"
        return Text.expression(f"(select {whole} from ({ordered} limit {largest + 1}) as {rows})")

    def row_object(self, kind: GraphQLObjectType, sets: Sequence[SelectionSetNode], level: Level) -> Text:
        """The JSON object of a row."""
        return json_object(self.members(kind, sets, level))

    def members(self, kind: GraphQLObjectType, sets: Sequence[SelectionSetNode], level: Level) -> Iterable[tuple[str, Text]]:
        """Each selected field of a row."""
        for key, nodes in self.selections.fields(sets, kind).items():
            name = nodes[0].name.value
            yield key, json_string(kind.name) if name == "__typename" else self.field(kind, name, nodes, level)

    def field(self, kind: GraphQLObjectType, name: str, nodes: Sequence[FieldNode], level: Level) -> Text:
        """One field of a row."""
        self._fields += 1
        if self._fields > _LARGEST_STATEMENT:
            raise UncompilableError("a very large selection")
        definition = kind.fields[name]
        source = source_of(kind.name, name, definition)
        try:
            if isinstance(source, PagesOf):
                return self._pages(definition, source, nodes, level)
            return self._read(kind.name, definition, cast("Source", source), nodes, level)
        except UnknownSpellingError as error:
            raise UncompilableError(f"{kind.name}.{name}") from error

    def _read(self, kind: str, definition: GraphQLField, source: Source, nodes: Sequence[FieldNode], level: Level) -> Text:
        if isinstance(source, ByPermission):
            chosen = source.given if allows(self.role, source.permission) else source.otherwise
            return _no_value(kind, definition) if chosen is None else self._read(kind, definition, chosen, nodes, level)
        if isinstance(source, Amount):
            return self._amount(definition, source, nodes, level)
        return self._value(kind, definition, source, nodes, level)

    def _value(self, kind: str, definition: GraphQLField, source: Source, nodes: Sequence[FieldNode], level: Level) -> Text:
        named = get_named_type(definition.type)
        match source:
            case Identity():
                return Text.expression(opaque_id(kind, level.row.key))
            case Column(name=name):
                column = level.row.column(name)
                json = spelled(named, column.sql, is_large=column.is_large)
                return _nullable(definition, json) if column.may_be_null else Text.expression(json)
            case Expression(sql=sql):
                return _nullable(definition, spelled(named, f"({over(sql, level.row.alias)})", is_large=True))
            case InPython(compute=compute, columns=columns):
                return self._computed(definition, compute, [level.row.column(name).sql for name in columns], nodes)
        return self._relation(kind, definition, cast("ToOne | ToMany | Rows", source), nodes, level)

    def _relation(
        self, kind: str, definition: GraphQLField, source: ToOne | ToMany | Rows, nodes: Sequence[FieldNode], level: Level
    ) -> Text:
        if not allows(self.role, shape_of(source.kind).permission):
            return _no_value(kind, definition)
        target = self.level(source.kind)
        body = self.row_object(self.concrete(source.kind), below(nodes), target)
        match source:
            case ToOne(column=column):
                key = level.row.column(column).sql
                return _nullable(definition, f"({select(body, target)} where {target.row.key} = {key})")
            case ToMany(column=column, order=order):
                where = f" where {target.row.column(column).sql} = {level.row.key}"
                columns = ", ".join(target.row.column(name).sql for name in order)
                return self.bounded_list(f"{select(body, target)}{where} order by {columns}")
            case Rows(sql=sql):
                rows = f"({over(sql, level.row.alias)})"
                return self.bounded_list(f"select {body.sql} as j from {rows} as {target.row.alias}{target.joins}")

    def _pages(self, definition: GraphQLField, source: PagesOf, nodes: Sequence[FieldNode], level: Level) -> Text:
        number, asked = self.bind_page(nodes[0], definition, source)
        if not allows(self.role, shape_of(source.kind).permission):
            return _no_value(source.kind, definition)
        parent = (source.column, level.row.key)
        kind = get_named_type(definition.type)
        return page_text(self, kind, below(nodes), number, cast("PageShape", asked.shape), parent)

    def _amount(self, definition: GraphQLField, source: Amount, nodes: Sequence[FieldNode], level: Level) -> Text:
        money = get_named_type(definition.type)
        minor, may_be_null = self._amount_column(source.minor, source, level)
        if source.currency is None:
            currency = None
        elif source.beside is not None and source.currency not in _attributes(level):
            currency = self._amount_column(source.currency, source, level)[0]
        else:
            currency = level.row.column(source.currency).sql
        members = []
        for key, inner in self.selections.fields(below(nodes), cast("GraphQLObjectType", money)).items():
            match inner[0].name.value:
                case "amount":
                    members.append((key, Text.expression(decimal(minor, currency))))
                case "currency" if currency is None:
                    members.append((key, json_string(EURO)))
                case "currency":
                    members.append((key, Text.expression(f"to_json({currency})::text")))
                case _:
                    members.append((key, json_string(money.name)))
        text = json_object(members)
        return _nullable(definition, f"case when {minor} is not null then {text.sql} end") if may_be_null else text

    def _amount_column(self, name: str, source: Amount, level: Level) -> tuple[str, bool]:
        if source.beside is None:
            column = level.row.column(name)
            return column.sql, column.may_be_null
        if source.beside not in level.besides:
            level.besides[source.beside] = self.alias("b")
        return f'{level.besides[source.beside]}."{name}"', True

    def _computed(
        self, definition: GraphQLField, compute: Callable[..., object], columns: list[str], nodes: Sequence[FieldNode]
    ) -> Text:
        computation = Computation(compute, definition.type, below(nodes), self.selections)
        computation.check()
        self.computations.append(computation)
        return computed(len(self.computations) - 1, columns)


def below(nodes: Sequence[FieldNode]) -> tuple[SelectionSetNode, ...]:
    """What fields of one response key select together."""
    return tuple(node.selection_set for node in nodes if node.selection_set)


def select(body: Text, level: Level) -> str:
    """A statement that gives `body` for each row of the level's table."""
    return f"select {body.sql} as j from {table_of(level.row.shape)} as {level.row.alias}{level.joins}"


def _attributes(level: Level) -> Iterable[str]:
    """The attributes of a row's model."""
    stored = level.row.shape.stored_as
    return () if stored is None else stored._meta.fields_db_projection  # noqa: SLF001 - Tortoise's metadata has no other name


def _nullable(definition: GraphQLField, sql: str) -> Text:
    return or_anomaly(sql) if is_non_null_type(definition.type) else or_null(sql)


def _no_value(kind: str, definition: GraphQLField) -> Text:
    """What a role may not see."""
    if is_non_null_type(definition.type):
        raise UncompilableError(f"{kind}: nothing where something must be")
    return NULL
