"""The vocabulary in which a type of the graph says what it reads; the only description that resolvers and a compiler need.

`@reads(Model, permission)` ties a type to a model and to what a role needs to see it. Each field is then a `Column` (a plain
annotation means the column of its name), an `Amount`, an `Identity`, or a relation: `ToOne`, `ToMany`, `Pages`. What no column
holds is an `Expression` or `Rows` of SQL over the row, or `InPython`, computed from its columns. A field with a resolver and none
of these can't be compiled (api/compile); the documents that ask for it are answered by their resolvers.

A role that lacks a type's permission sees null where that type would stand, so such fields are nullable; root fields refuse.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import strawberry
from strawberry.types.base import StrawberryOptional, get_object_definition
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.field import StrawberryField
from tortoise.models import Model

from reintegration.api import identifiers
from reintegration.api.context import ApiContext
from reintegration.api.cost import Cost
from reintegration.api.scalars import Money
from reintegration.identity.permissions import Permission, allows
from reintegration.kernel import money as kernel
from reintegration.kernel.actor import Actor

if TYPE_CHECKING:
    from uuid import UUID

ApiInfo = strawberry.Info[ApiContext, None]
READS = "reads"
"""The key of a field's metadata under which its part of the vocabulary stands."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Identity:
    """The opaque id: the type's name and the row's key."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column, by the model's attribute."""

    name: str


@dataclass(frozen=True, slots=True)
class Beside:
    """One row of SQL over the row `t`, joined to it once for all fields that read it; a statement that always gives one row."""

    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class Amount:
    """Money from a column of minor units; the currency is a column too, or EUR. The columns are the row's, or `beside`'s."""

    minor: str
    currency: str | None = None
    beside: Beside | None = None


@dataclass(frozen=True, slots=True)
class Expression:
    """A value that SQL makes of the row `t`; null where it is null."""

    sql: str


@dataclass(frozen=True, slots=True)
class Rows:
    """A list of `kind` that a statement over the row `t` selects, in the statement's order."""

    kind: str
    sql: str


@dataclass(frozen=True, slots=True)
class InPython:
    """What a function makes of the operation's surroundings and of columns of the row, in their order as stored."""

    compute: Callable[..., object]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ByPermission:
    """One source for roles with the permission, another for the rest; None is null."""

    permission: Permission
    given: "Source"
    otherwise: "Source | None" = None


@dataclass(frozen=True, slots=True)
class ToOne:
    """The row of `kind` whose key stands in `column` of this one."""

    kind: str
    column: str


@dataclass(frozen=True, slots=True)
class ToMany:
    """The rows of `kind` whose `column` holds this row's key, in `order`; refused, never cut, past `loaders.LARGEST_LIST`."""

    kind: str
    column: str
    order: tuple[str, ...]


Source = Identity | Column | Amount | Expression | Rows | InPython | ByPermission | ToOne | ToMany


@dataclass(frozen=True, slots=True)
class Shape:
    """What a type reads: its model, who may see it, and how its plain fields come out of a row.

    Without a model, its rows are those of a statement (`Rows`), whose columns have the names that the fields read.
    """

    kind: str
    shown_as: type
    stored_as: type[Model] | None
    permission: Permission
    readers: dict[str, Callable[[Any], object]] = field(default_factory=dict)

    @property
    def model(self) -> type[Model]:
        """The model, of a type that has one."""
        if self.stored_as is None:
            raise TypeError(f"{self.kind} shows rows of a statement, and no table")
        return self.stored_as

    def is_visible_to(self, actor: Actor) -> bool:
        """Whether the actor's role may see this type at all; which rows, the database's policies decide."""
        return allows(actor.role, self.permission)


_SHAPES: dict[str, Shape] = {}


def reads(model: type[Model] | None, permission: Permission) -> Callable[[type[T]], type[T]]:
    """Tie a Strawberry type to the model whose rows it shows, or with None to the rows of statements."""

    def tie(kind: type[T]) -> type[T]:
        _SHAPES[kind.__name__] = Shape(kind.__name__, kind, model, permission)
        return kind

    return tie


def shapes() -> Mapping[str, Shape]:
    """Every type that reads a model, by its name in the graph."""
    return _SHAPES


def shape_of(kind: type | str) -> Shape:
    """The shape of a type, or of the type of this name."""
    return _SHAPES[kind if isinstance(kind, str) else kind.__name__]


def show(kind: type[T], row: object) -> T:
    """The row as its type in the graph."""
    shape = shape_of(kind)
    if not shape.readers:
        shape.readers.update(_readers(shape))
    make = cast("Callable[..., T]", kind)
    return make(row=row, **{name: read(row) for name, read in shape.readers.items()})


def _readers(shape: Shape) -> dict[str, Callable[[Any], object]]:
    """How each field without a resolver is read from a row."""
    definition = get_object_definition(shape.shown_as, strict=True)
    return {
        item.python_name: _reader(shape.kind, item.metadata.get(READS) or Column(item.python_name), item)
        for item in definition.fields
        if item.base_resolver is None
    }


def _reader(kind: str, source: Source, item: StrawberryField) -> Callable[[Any], object]:
    match source:
        case Identity():
            return lambda row: identifiers.encode(kind, cast("UUID", row.pk))
        case Amount(minor=minor, currency=currency):
            return lambda row: _money(getattr(row, minor), kernel.EURO if currency is None else getattr(row, currency))
        case Column(name=name):
            members = _enum(item)
            if members is None:
                return lambda row: getattr(row, name)
            return lambda row: None if getattr(row, name) is None else members(getattr(row, name))
        case _:
            raise TypeError(f"{kind}.{item.python_name} is a relation without a resolver")


def _enum(item: StrawberryField) -> type[Enum] | None:
    kind = item.type
    if isinstance(kind, StrawberryOptional):
        kind = kind.of_type
    return cast("type[Enum]", kind.wrapped_cls) if isinstance(kind, StrawberryEnumDefinition) else None


def _money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money.of(kernel.Money(minor, currency))


class Shown(Protocol):
    """A value of a type that reads a model."""

    @property
    def row(self) -> Any:  # noqa: ANN401 - a model's row, or that of a statement
        """The row behind it."""


Resolver = Callable[[Shown, ApiInfo], Awaitable[object]]


def typed_by_annotation(resolver: Callable[..., object]) -> Callable[..., object]:
    """The resolver without its return type: Strawberry would show that instead of the annotation of the field."""
    resolver.__annotations__.pop("return")
    return resolver


def related(resolve: Resolver, source: object, description: str, size: int = 0) -> StrawberryField:
    """A field whose type is its annotation, answered by `resolve`, described by `source`."""

    async def answer(root: strawberry.Parent[Shown], info: ApiInfo) -> object:
        return await resolve(root, info)

    return cast(
        "StrawberryField",
        strawberry.field(
            resolver=typed_by_annotation(answer),
            description=description or None,
            metadata={READS: source},
            directives=[Cost(size=size)] if size else [],
        ),
    )


def in_python(compute: Callable[..., object], *columns: str, description: str | None = None) -> Any:  # noqa: ANN401 - see column
    """A field that `compute(context, *columns)` makes of columns of the row; what it awaits is awaited."""

    async def answer(root: strawberry.Parent[Shown], info: ApiInfo) -> object:
        made = compute(info.context, *(getattr(root.row, name) for name in columns))
        return await made if isawaitable(made) else made

    return strawberry.field(
        resolver=typed_by_annotation(answer), description=description, metadata={READS: InPython(compute, columns)}
    )


def column(name: str, description: str | None = None) -> Any:  # noqa: ANN401 - a field specifier, like dataclasses.field
    """A plain field from a column of another name."""
    return strawberry.field(description=description, metadata={READS: Column(name)})


def money(minor: str, currency: str | None = None, description: str | None = None) -> Any:  # noqa: ANN401 - see column
    """A field of Money from minor units."""
    return strawberry.field(description=description, metadata={READS: Amount(minor, currency)})


@strawberry.interface(description="A record that `node` finds by its id.")
class Node:
    """Everything with an id."""

    id: strawberry.ID = strawberry.field(description="Opaque.", metadata={READS: Identity()})
