"""A connection as SQL: the page's rows, numbered in the direction of reading, aggregated to its edges and page information."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from graphql import GraphQLNamedType, GraphQLObjectType, SelectionSetNode, get_named_type

from reintegration.api.compile.shapes import PageShape
from reintegration.api.compile.sources import UncompilableError, over
from reintegration.api.compile.text import Text, json_object, json_string, or_null
from reintegration.api.compile.values import cursor
from reintegration.api.loaders import table_of

if TYPE_CHECKING:
    from reintegration.api.compile.render import Level, Renderer

_ROW, _ROWS = "page_row", "page_rows"
Parent = tuple[str, str]
"""The column that holds the parent's key, and the key."""


def page_text(
    renderer: "Renderer",
    connection: GraphQLNamedType,
    sets: Sequence[SelectionSetNode],
    number: int,
    shape: PageShape,
    parent: Parent | None,
) -> Text:
    """The JSON of a connection whose arguments are those of the call `number`."""
    page = _Page(renderer, cast("GraphQLObjectType", connection), number, shape, parent)
    return page.text(sets)


class _Page:
    def __init__(
        self, renderer: "Renderer", connection: GraphQLObjectType, number: int, shape: PageShape, parent: Parent | None
    ) -> None:
        self.renderer = renderer
        self.connection = connection
        self.number = number
        self.shape = shape
        self.parent = parent
        self.level: Level = renderer.level(shape.kind)
        self.reads_rows = False
        self.is_numbered = shape.is_reversed
        """Whether rows have numbers, and one more than the page is read: to turn them round, or to tell of the next page."""

    @property
    def size(self) -> str:
        """The page's size; a parameter only where something reads it, for PostgreSQL refuses one that nothing does."""
        return f"{self.renderer.place(self.number, 0)}::bigint"

    def text(self, sets: Sequence[SelectionSetNode]) -> Text:
        """The whole connection."""
        selected = self.renderer.selections.fields(sets, self.connection).values()
        self.is_numbered = self.is_numbered or any(nodes[0].name.value == "pageInfo" for nodes in selected)
        body = json_object(self._members(self.connection, sets))
        if not self.reads_rows:
            return body
        alias = self.level.row.alias
        if not self.is_numbered:
            return Text.expression(f"(select {body.sql} from ({self._rows()}) as {alias}{self.level.joins})")
        numbered = (
            f"select {alias}.*, row_number() over () as {_ROW}, count(*) over () as {_ROWS} from ({self._rows()}) as {alias}"
        )
        return Text.expression(f"(select {body.sql} from ({numbered}) as {alias}{self.level.joins})")

    def _members(self, kind: GraphQLObjectType, sets: Sequence[SelectionSetNode]) -> list[tuple[str, Text]]:
        found = []
        for key, nodes in self.renderer.selections.fields(sets, kind).items():
            below = tuple(node.selection_set for node in nodes if node.selection_set)
            found.append((key, self._member(kind, nodes[0].name.value, below)))
        return found

    def _member(self, kind: GraphQLObjectType, name: str, sets: Sequence[SelectionSetNode]) -> Text:
        if name == "__typename":
            return json_string(kind.name)
        inner = cast("GraphQLObjectType", get_named_type(kind.fields[name].type))
        match name:
            case "edges":
                return self._edges(inner, sets)
            case "pageInfo":
                return json_object(self._page_info(inner, sets))
            case "totalCount":
                return self._total()
        raise UncompilableError(f"{kind.name}.{name}")

    def _edges(self, kind: GraphQLObjectType, sets: Sequence[SelectionSetNode]) -> Text:
        self.reads_rows = True
        members = []
        for key, nodes in self.renderer.selections.fields(sets, kind).items():
            match nodes[0].name.value:
                case "cursor":
                    members.append((key, Text.expression(self._cursor())))
                case "node":
                    below = tuple(node.selection_set for node in nodes if node.selection_set)
                    concrete = cast("GraphQLObjectType", get_named_type(kind.fields["node"].type))
                    members.append((key, self.renderer.row_object(concrete, below, self.level)))
                case _:
                    members.append((key, json_string(kind.name)))
        order = f" order by {self._column(_ROW)} desc" if self.shape.is_reversed else ""
        kept = f" filter (where {self._column(_ROW)} <= {self.size})" if self.is_numbered else ""
        edges = f"string_agg({json_object(members).sql}, ','{order}){kept}"
        return Text.literal("[") + Text.expression(f"coalesce({edges}, '')") + Text.literal("]")

    def _page_info(self, kind: GraphQLObjectType, sets: Sequence[SelectionSetNode]) -> list[tuple[str, Text]]:
        found = []
        for key, nodes in self.renderer.selections.fields(sets, kind).items():
            match nodes[0].name.value:
                case "hasNextPage":
                    text = self._has_start() if self.shape.is_reversed else self._has_more()
                case "hasPreviousPage":
                    text = self._has_more() if self.shape.is_reversed else self._has_start()
                case "startCursor":
                    text = self._cursor_at(is_first_read=not self.shape.is_reversed)
                case "endCursor":
                    text = self._cursor_at(is_first_read=self.shape.is_reversed)
                case _:
                    text = json_string(kind.name)
            found.append((key, text))
        return found

    def _has_start(self) -> Text:
        return Text.literal("true" if self.shape.has_start else "false")

    def _has_more(self) -> Text:
        self.reads_rows = True
        return Text.expression(f"(count(*) > {self.size})::text")

    def _cursor_at(self, *, is_first_read: bool) -> Text:
        self.reads_rows = True
        place = "1" if is_first_read else f"least({self.size}, {self._column(_ROWS)})"
        return or_null(f"max({self._cursor()}) filter (where {self._column(_ROW)} = {place})")

    def _cursor(self) -> str:
        ordering = self.shape.order.ordering
        return cursor(ordering.name, ordering.types, [over(sql, self.level.row.alias) for sql in self.shape.order.expressions])

    def _column(self, name: str) -> str:
        return f"{self.level.row.alias}.{name}"

    def _total(self) -> Text:
        alias = self.renderer.alias()
        table = table_of(self.level.row.shape)
        return Text.expression(f"(select count(*) from {table} as {alias} where {' and '.join(self._filters(alias))})::text")

    def _filters(self, alias: str) -> list[str]:
        found = [
            over(sql.replace("{}", self.renderer.place(self.number, value)), alias)
            for value, sql in enumerate(self.shape.conditions, 1)
        ]
        if self.parent is not None:
            found.insert(0, f"{self.renderer.level(self.shape.kind, alias).row.column(self.parent[0]).sql} = {self.parent[1]}")
        return found or ["true"]

    def _rows(self) -> str:
        """The page, and one row more where rows are numbered."""
        alias = self.renderer.alias()
        order = self.shape.order
        filters = self._filters(alias)
        direction = "desc" if self.shape.is_descending else "asc"
        if self.shape.has_start:
            first = 1 + len(self.shape.conditions)
            key = ", ".join(self.renderer.place(self.number, first + part) for part in range(len(order.expressions)))
            expressions = over(", ".join(order.expressions), alias)
            filters.append(f"({expressions}) {'<' if self.shape.is_descending else '>'} ({key})")
        ordered = ", ".join(f"{over(expression, alias)} {direction}" for expression in order.expressions)
        table = table_of(self.level.row.shape)
        limit = f"{self.size} + 1" if self.is_numbered else self.size
        return f"select {alias}.* from {table} as {alias} where {' and '.join(filters)} order by {ordered} limit {limit}"
