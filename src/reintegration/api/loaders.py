"""Batches: what one level of an answer asks of one relation becomes one statement, in the operation's snapshot.

A loader's factory is a frozen value, so that every resolver that asks for the same thing gets the same loader.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar, cast
from uuid import UUID

from strawberry.dataloader import DataLoader
from tortoise.models import Model

from reintegration.api.batching import SharedLoader
from reintegration.api.codes import Code, api_error
from reintegration.api.context import ApiContext, Later
from reintegration.api.graph import ApiInfo, Shape, Shown, ToMany, ToOne, related, shape_of, show
from reintegration.api.scalars import Money
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Row
from reintegration.kernel import money as kernel
from reintegration.kernel.errors import NotFoundError

SQL = load_queries(__file__)
LARGEST_LIST = 500
"""Rows of a list without pages. What has more is refused; nothing is cut silently."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ByKey:
    """Rows of a type by their primary key; None for one that is absent or not the caller's."""

    kind: str

    def __call__(self, context: ApiContext) -> DataLoader[object, object | None]:
        """The loader of this relation for one snapshot."""
        shape = shape_of(self.kind)

        async def load(keys: list[object]) -> list[object | None]:
            transaction = await context.read()
            rows = await shape.model.filter(**{f"{key_of(shape)}__in": keys}).using_db(transaction.orm)
            found: dict[object, object] = {row.pk: show(shape.shown_as, row) for row in rows}
            return [found.get(key) for key in keys]

        return SharedLoader(load)


@dataclass(frozen=True, slots=True)
class ByColumn:
    """Lists of a type by the value of one column, in an order."""

    kind: str
    column: str
    order: tuple[str, ...]

    def __call__(self, context: ApiContext) -> DataLoader[object, list[object]]:
        """The loader of this relation for one snapshot."""
        shape = shape_of(self.kind)

        async def load(keys: list[object]) -> list[list[object] | Exception]:
            transaction = await context.read()
            query = shape.model.filter(**{f"{self.column}__in": keys}).using_db(transaction.orm)
            rows = await query.order_by(*self.order).limit(len(keys) * LARGEST_LIST + 1)
            lists: dict[object, list[object]] = defaultdict(list)
            for row in rows:
                lists[getattr(row, self.column)].append(show(shape.shown_as, row))
            is_cut = len(rows) > len(keys) * LARGEST_LIST
            return [_bounded(lists[key], self.kind, is_cut=is_cut) for key in keys]

        return SharedLoader(cast("Callable[[list[object]], object]", load))  # type: ignore[arg-type] # an exception in the list fails its key alone


def _bounded(items: list[object], kind: str, *, is_cut: bool) -> list[object] | Exception:
    if is_cut or len(items) > LARGEST_LIST:
        return api_error(Code.LIMIT_EXCEEDED, f"There are more than {LARGEST_LIST} of {kind} here; ask with pages instead")
    return items


@dataclass(frozen=True, slots=True)
class ByStatement:
    """Rows of a named statement that takes the keys as its only parameter and returns at most one row for each."""

    name: str
    key: str

    def __call__(self, context: ApiContext) -> DataLoader[object, Row | None]:
        """The loader of this statement for one snapshot."""

        async def load(keys: list[object]) -> list[Row | None]:
            transaction = await context.read()
            rows = await transaction.fetch(SQL[self.name], keys)
            found = {row[self.key]: row for row in rows}
            return [found.get(key) for key in keys]

        return SharedLoader(load)


def case_balances(context: ApiContext) -> DataLoader[UUID, list[Row]]:
    """What cases have, by stream and fund."""

    async def load(keys: list[UUID]) -> list[list[Row]]:
        transaction = await context.read()
        rows: dict[UUID, list[Row]] = defaultdict(list)
        for row in await transaction.fetch(SQL["balances_of_cases"], keys):
            rows[row["case_id"]].append(row)
        return [rows[key] for key in keys]

    return SharedLoader(load)


def line_balances(context: ApiContext) -> DataLoader[tuple[UUID, UUID], Row | None]:
    """What plan lines have, by case and line."""

    async def load(keys: list[tuple[UUID, UUID]]) -> list[Row | None]:
        transaction = await context.read()
        rows = await transaction.fetch(SQL["balances_of_lines"], [case for case, _ in keys], [line for _, line in keys])
        found = {(row["case_id"], row["line_id"]): row for row in rows}
        return [found.get(key) for key in keys]

    return SharedLoader(load)


def payments_by_digest(context: ApiContext) -> DataLoader[str, list[UUID]]:
    """Ids of the payments that show a file of this SHA-256, within what the actor may see."""

    async def load(keys: list[str]) -> list[list[UUID] | Exception]:
        transaction = await context.read()
        limit = len(keys) * LARGEST_LIST
        rows = await transaction.fetch(SQL["payments_by_digest"].format(limit=limit + 1), keys)
        lists: dict[str, list[object]] = defaultdict(list)
        for row in rows:
            lists[row["sha256"]].append(row["payment_id"])
        return cast("list[list[UUID] | Exception]", [_bounded(lists[key], "Payment", is_cut=len(rows) > limit) for key in keys])

    return SharedLoader(load)


def to_money(row: Row | None, column: str) -> Money:
    """An amount of a balance; nothing posted is zero euro."""
    amount = kernel.Money(0, kernel.EURO) if row is None else kernel.Money(row[column], row["currency"])
    return Money.of(amount)


async def deadline_of(context: ApiContext, case_id: UUID) -> date | None:
    """The last day on which the case's reintegration budget can be paid; None before there is one."""
    row = await context.loader(ByStatement("deadlines_of", "case_id")).load(case_id)
    return None if row is None else cast("date | None", row["deadline_on"])


async def record(context: ApiContext, kind: type[T], key: UUID) -> T:
    """One record.

    Raises:
        NotFoundError: absent, or not the caller's.
    """
    found = await context.loader(ByKey(kind.__name__)).load(key)
    if found is None:
        raise NotFoundError(kind=kind.__name__)
    return cast("T", found)


async def returned(context: ApiContext, kind: type[T], key: UUID) -> T:
    """One record as what a mutation returns of it: only to be put into its payload.

    Where reads are compiled it is a placeholder that `api/executor.py` fills with what is selected of the record; a mutation
    that looks into the record itself asks for `record`.

    Raises:
        NotFoundError: absent, or not the caller's; of a placeholder, once it is filled.
    """
    if context.payloads is not None:
        return cast("T", Later(kind.__name__, key))
    return await record(context, kind, key)


async def many(context: ApiContext, kind: type[T], keys: Sequence[object]) -> list[T]:
    """Several records in the order of their keys, without those that the actor may not see."""
    found = await context.loader(ByKey(kind.__name__)).load_many(keys)
    return cast("list[T]", [item for item in found if item is not None])


async def record_if_visible(context: ApiContext, kind: type[T], key: UUID) -> T | None:
    """One record, for a mutation whose caller may have given it out of their own sight; None then."""
    return cast("T | None", await context.loader(ByKey(kind.__name__)).load(key))


def to_one(kind: str, column: str, description: str = "") -> Any:  # noqa: ANN401 - a field specifier, like dataclasses.field
    """A relation to the row whose key stands in `column` of this one."""
    source = ToOne(kind, column)

    async def resolve(root: Shown, info: ApiInfo) -> object:
        key = getattr(root.row, source.column)
        if key is None or not shape_of(kind).is_visible_to(info.context.actor):
            return None
        return await info.context.loader(ByKey(kind)).load(key)

    return related(resolve, source, description)


def to_many(kind: str, column: str, order: tuple[str, ...], description: str = "", *, size: int = 5) -> Any:  # noqa: ANN401 - see to_one
    """A relation to the rows that name this one in `column`; `size` is how many there usually are, for the cost."""
    source = ToMany(kind, column, order)

    async def resolve(root: Shown, info: ApiInfo) -> object:
        if not shape_of(kind).is_visible_to(info.context.actor):
            return None
        return await info.context.loader(ByColumn(kind, source.column, source.order)).load(root.row.pk)

    return related(resolve, source, description, size)


def from_row(model: type[Model], row: Row) -> Model:
    """A row of our own SQL as its model."""
    return model._init_from_db(**cast("Mapping[str, object]", dict(row)))  # noqa: SLF001 - Tortoise's public raw() takes no parameters


def columns_of(shape: Shape) -> str:
    """The columns of a type's table, for SQL of our own."""
    return ", ".join(f't."{name}"' for name in sorted(shape.model._meta.db_fields))  # noqa: SLF001 - Tortoise's metadata has no other name


def table_of(shape: Shape) -> str:
    """The table that a type reads."""
    return str(shape.model._meta.db_table)  # noqa: SLF001 - Tortoise's metadata has no other name


def key_of(shape: Shape) -> str:
    """The attribute of a type's primary key; `pk` itself is unknown to Tortoise's filters where the key is a relation."""
    return str(shape.model._meta.pk_attr)  # noqa: SLF001 - Tortoise's metadata has no other name
