"""What a root field reads, said once: its resolver carries it out with loaders, the compiler makes SQL of it.

A root is a function from the caller and the field's arguments to a `Record`, a `Page` or a `Listing`:

    @root(Case | None, description="One case.")
    def case(actor: Actor, id: strawberry.ID) -> Record: ...
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from uuid import UUID

import strawberry
from strawberry.types.field import StrawberryField

from reintegration.api import loaders
from reintegration.api.connections import Window
from reintegration.api.context import ApiContext
from reintegration.api.cost import Cost
from reintegration.api.graph import READS, ApiInfo, shape_of
from reintegration.api.pages import Condition, Order, listing, table_page
from reintegration.kernel.actor import Actor
from reintegration.kernel.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class Record:
    """The one row of `kind` whose `column` (an attribute of the model, unique) has this value; NotFoundError without."""

    kind: str
    value: UUID | str
    column: str | None = None
    """None for the primary key."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the rows of `kind` that fulfil the conditions."""

    kind: str
    order: Order
    window: Window
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """All rows of a small table that fulfil the conditions, ordered by expressions over `t`."""

    kind: str
    order: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    largest: int = loaders.LARGEST_LIST
    """Rows that there can be at most, by what is asked; more is a bug of ours."""


Asked = Record | Page | Listing
Describe = Callable[..., Asked]
DescribeT = TypeVar("DescribeT", bound=Describe)


@dataclass(frozen=True, slots=True)
class Described:
    """The source of a root field: call it with the actor and the field's arguments by their Python names.

    It raises what a resolver would: ForbiddenError, NotFoundError, GraphQLError for a malformed argument.
    """

    describe: Describe


async def read(context: ApiContext, asked: Asked) -> object:
    """Carry a description out with loaders."""
    match asked:
        case Record(kind=kind, column=None, value=value):
            return await loaders.record(context, shape_of(kind).shown_as, cast("UUID", value))
        case Record(kind=kind, column=str(column), value=value):
            found = await context.loader(loaders.ByColumn(kind, column, (column,))).load(value)
            if not found:
                raise NotFoundError(kind=kind)
            return found[0]
        case Page():
            return await table_page(context, shape_of(asked.kind).shown_as, asked.order, asked.window, asked.conditions)
        case Listing():
            return await listing(context, shape_of(asked.kind).shown_as, asked.order, asked.conditions, asked.largest)
    raise TypeError(f"nothing reads {asked}")


def root(kind: Any, *, description: str, size: int = 0) -> Callable[[Describe], StrawberryField]:  # noqa: ANN401 - a type of the graph
    """A root field of the type `kind` from the function that describes what it reads; `size` is for the cost of a list."""

    def declare(describe: Describe) -> StrawberryField:
        async def resolve(**arguments: Any) -> object:  # noqa: ANN401 - the field's own
            info: ApiInfo = arguments.pop("info")
            return await read(info.context, describe(info.context.actor, **arguments))

        actor, *parameters = inspect.signature(describe).parameters.values()
        if actor.annotation is not Actor:
            raise TypeError(f"{describe.__name__}: the first parameter is the actor")
        info = inspect.Parameter("info", inspect.Parameter.KEYWORD_ONLY, annotation=ApiInfo)
        own = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
        resolve.__signature__ = inspect.Signature([info, *own], return_annotation=kind)  # type: ignore[attr-defined] # what inspect reads
        resolve.__annotations__ = {one.name: one.annotation for one in (info, *own)}
        resolve.__name__, resolve.__module__, resolve.__doc__ = describe.__name__, describe.__module__, describe.__doc__
        return cast(
            "StrawberryField",
            strawberry.field(
                resolver=resolve,
                description=description,
                directives=[Cost(size=size)] if size else [],
                metadata={READS: Described(describe)},
            ),
        )

    return declare
