"""Connections over tables: one page is one statement with filter and order in it; the total is a second, only when asked for."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, cast
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader
from tortoise.models import Model

from reintegration.api import connections
from reintegration.api.batching import SharedLoader
from reintegration.api.connections import Connection, Key, Ordering, Window, window
from reintegration.api.context import ApiContext
from reintegration.api.graph import READS, ApiInfo, Shape, Shown, shape_of, show, typed_by_annotation
from reintegration.api.loaders import SQL, columns_of, from_row, table_of

T = TypeVar("T")

First = Annotated[int | None, strawberry.argument(description="Size of the page from the start, 1 to 100.")]
After = Annotated[str | None, strawberry.argument(description="With `first`: the cursor that the page follows.")]
Last = Annotated[int | None, strawberry.argument(description="Size of the page from the end, 1 to 100.")]
Before = Annotated[str | None, strawberry.argument(description="With `last`: the cursor that the page precedes.")]


@dataclass(frozen=True, slots=True)
class Order:
    """An order of a connection: SQL expressions over `t`, the last of them unique, and the same key read from a row."""

    ordering: Ordering
    expressions: tuple[str, ...]
    key: Callable[[Model], Key]
    is_descending: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on `t`; `{}` stands where its value's parameter goes."""

    sql: str
    value: object


@dataclass(frozen=True, slots=True)
class PagesOf:
    """A connection below a parent: the rows of `kind` whose `column` holds the parent's key."""

    kind: str
    column: str
    order: Order


def by_id(name: str, *, is_descending: bool = False) -> Order:
    """In the order of the ids, which is that of their making."""
    return Order(Ordering(name, (UUID,)), ("t.id",), lambda row: (row.pk,), is_descending=is_descending)


def _order_by(order: Order, page: Window) -> str:
    direction = "desc" if order.is_descending != page.is_reversed else "asc"
    return ", ".join(f"{expression} {direction}" for expression in order.expressions)


def _after(order: Order, page: Window, used: int) -> tuple[str, list[object]]:
    """The row comparison that starts the page, and its parameters after `used` others."""
    if page.after_key is None:
        return "true", []
    comparison = "<" if order.is_descending != page.is_reversed else ">"
    places = ", ".join(f"${used + place}" for place in range(1, len(page.after_key) + 1))
    return f"({', '.join(order.expressions)}) {comparison} ({places})", list(page.after_key)


async def table_page(
    context: ApiContext, kind: type[T], order: Order, page: Window, conditions: Sequence[Condition]
) -> Connection[T]:
    """A page of all rows of `kind` that fulfil the conditions, within the actor's scope."""
    shape = shape_of(kind)
    filters = [condition.sql.replace("{}", f"${place}") for place, condition in enumerate(conditions, 1)] or ["true"]
    values = [condition.value for condition in conditions]
    start, key = _after(order, page, len(values))
    sql = SQL["page"].format(
        columns=columns_of(shape),
        table=table_of(shape),
        conditions=" and ".join([*filters, start]),
        order=_order_by(order, page),
        limit=page.limit,
    )
    rows = await (await context.read()).fetch(sql, *values, *key)
    total = SQL["total"].format(table=table_of(shape), conditions=" and ".join(filters))

    async def count() -> int:
        return cast("int", await (await context.read()).fetch_value(total, *values))

    return connections.connection(
        order.ordering,
        page,
        [from_row(shape.model, row) for row in rows],
        key=order.key,
        node=lambda row: show(kind, row),
        count=count,
    )


async def listing(
    context: ApiContext, kind: type[T], order: Sequence[str], conditions: Sequence[Condition], largest: int
) -> list[T]:
    """All rows of a small table that fulfil the conditions."""
    shape = shape_of(kind)
    filters = [condition.sql.replace("{}", f"${place}") for place, condition in enumerate(conditions, 1)] or ["true"]
    sql = SQL["listing"].format(
        columns=columns_of(shape),
        table=table_of(shape),
        conditions=" and ".join(filters),
        order=", ".join(order),
        limit=largest + 1,
    )
    rows = await (await context.read()).fetch(sql, *(condition.value for condition in conditions))
    if len(rows) > largest:
        raise AssertionError(f"{shape.kind} has outgrown a list without pages")
    return [show(kind, from_row(shape.model, row)) for row in rows]


@dataclass(frozen=True, slots=True)
class _PageLoader:
    """The same page of the same relation, for every parent of a level."""

    pages: PagesOf
    page: Window

    def __call__(self, context: ApiContext) -> DataLoader[UUID, list[Model]]:
        shape = shape_of(self.pages.kind)

        async def load(parents: list[UUID]) -> list[list[Model]]:
            start, key = _after(self.pages.order, self.page, 1)
            sql = SQL["pages_of"].format(
                columns=columns_of(shape),
                table=table_of(shape),
                column=self.pages.column,
                conditions=start,
                order=_order_by(self.pages.order, self.page),
                limit=self.page.limit,
            )
            rows: dict[UUID, list[Model]] = defaultdict(list)
            for row in await (await context.read()).fetch(sql, parents, *key):
                rows[row[self.pages.column]].append(from_row(shape.model, row))
            return [rows[parent] for parent in parents]

        return SharedLoader(load)


@dataclass(frozen=True, slots=True)
class _TotalLoader:
    """How many rows each parent has."""

    pages: PagesOf

    def __call__(self, context: ApiContext) -> DataLoader[UUID, int]:
        async def load(parents: list[UUID]) -> list[int]:
            sql = SQL["totals_of"].format(table=table_of(shape_of(self.pages.kind)), column=self.pages.column)
            rows = await (await context.read()).fetch(sql, parents)
            totals = {row["parent"]: row["total"] for row in rows}
            return [totals.get(parent, 0) for parent in parents]

        return SharedLoader(load)


async def _nested(context: ApiContext, shape: Shape, pages: PagesOf, page: Window, parent: UUID) -> Connection[object]:
    rows = await context.loader(_PageLoader(pages, page)).load(parent)

    async def count() -> int:
        return await context.loader(_TotalLoader(pages)).load(parent)

    return connections.connection(
        pages.order.ordering, page, rows, key=pages.order.key, node=lambda row: show(shape.shown_as, row), count=count
    )


def pages(kind: str, column: str, order: Order, description: str = "") -> Any:  # noqa: ANN401 - a field specifier, like dataclasses.field
    """A nested connection: a page of the rows that name this one in `column`, fetched for a whole level at once."""
    source = PagesOf(kind, column, order)

    async def answer(
        root: strawberry.Parent[Shown],
        info: ApiInfo,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> object:
        shape = shape_of(kind)
        page = window(order.ordering, first, after, last, before)
        if not shape.is_visible_to(info.context.actor):
            return None
        return await _nested(info.context, shape, source, page, cast("UUID", root.row.pk))

    return strawberry.field(resolver=typed_by_annotation(answer), description=description or None, metadata={READS: source})
