"""Problems: the domain's expected failures as members of a mutation's result union.

A type is derived from the fields of each error class, in this one place. `result_union` names what a mutation may answer;
`exception_handlers` lets Strawberry turn a raised error into its member, so that no resolver has a try of its own.
"""

import dataclasses
import re
import types
import typing
from collections.abc import Sequence
from datetime import date, datetime
from enum import Enum
from inspect import cleandoc
from typing import Annotated, Any, Union
from uuid import UUID

import strawberry
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from reintegration.api import identifiers
from reintegration.api.scalars import Money
from reintegration.kernel import money as kernel
from reintegration.kernel.errors import (
    DomainError,
    ForbiddenError,
    IdempotencyConflictError,
    InvalidInputError,
    NotFoundError,
    VersionConflictError,
)

COMMON: tuple[type[DomainError], ...] = (
    InvalidInputError,
    NotFoundError,
    ForbiddenError,
    VersionConflictError,
    IdempotencyConflictError,
)
"""What every mutation may answer."""


@strawberry.interface(description="Why a mutation changed nothing.")
class Problem:
    """An expected failure."""

    code: str = strawberry.field(description="A stable name for programs.")
    message: str = strawberry.field(description="A sentence for people.")
    path: list[str] = strawberry.field(
        description="Where in the input it lies, from the input's root; empty when nowhere in particular."
    )


_problems: dict[type[DomainError], type[Problem]] = {}
_parts: dict[type, type] = {}


def problem_type(error: type[DomainError]) -> type[Problem]:
    """The GraphQL type of an error class: `VersionConflictError` becomes `VersionConflictProblem`, with the error's fields.

    Raises:
        TypeError: a field has a type that the graph can't show, or another error class already has this name.
    """
    if error not in _problems:
        name = f"{error.__name__.removesuffix('Error')}Problem"
        if any(known.__name__ == name for known in _problems.values()):
            raise TypeError(f"two error classes are called {name}")
        hints = typing.get_type_hints(error)
        fields = [
            (field.name, _graph_type(hints[field.name], f"{error.__name__}.{field.name}", field.name))
            for field in dataclasses.fields(error)
            if field.name not in {"code", "message", "path"}
        ]
        plain = types.new_class(name, (Problem,), exec_body=lambda body: body.update({"__annotations__": dict(fields)}))
        _problems[error] = strawberry.type(plain, name=name, description=cleandoc(error.__doc__ or "").split("\n\n")[0])
    return _problems[error]


def problem(error: DomainError) -> Problem:
    """The raised error as its GraphQL object."""
    kind = problem_type(type(error))
    values = {
        field.name: _graph_value(error, field.name, getattr(error, field.name))
        for field in dataclasses.fields(error)
        if field.name not in {"code", "message", "path"}
    }
    at = getattr(error, "field", "")
    path = [to_camel_case(step) for step in at.split(".") if step] if isinstance(at, str) else []
    return kind(code=error.code, message=error.message, path=path, **values)


def result_union(name: str, payload: type, *errors: type[DomainError]) -> object:
    """The named result union of a mutation: its payload and every problem it may answer, the common ones always among them.

    Use it as `graphql_type` of the mutation, whose resolver then returns the payload alone:
    `@strawberry.mutation(graphql_type=result_union("PaymentApproveResult", PaymentApprovePayload, SamePersonError))`.
    """
    members = (payload, *(problem_type(error) for error in dict.fromkeys((*COMMON, *errors))))
    return Annotated[Union[members], strawberry.union(name)]  # noqa: UP007 - built at run time


@dataclasses.dataclass(frozen=True, slots=True)
class _Handler:
    """Tells Strawberry which exception becomes which union member."""

    exception_type: type[DomainError]
    error_type: type[Problem]

    def handle(self, exception: DomainError, *, field: StrawberryField, info: strawberry.Info) -> Problem | None:
        """The problem; nothing for a subclass, which is a member of its own or no expected answer of this mutation."""
        del field, info
        return problem(exception) if type(exception) is self.exception_type else None


def exception_handlers() -> Sequence[_Handler]:
    """For `Schema(exception_handlers=…)`, once every result union has been declared; the most special class first."""
    by_depth = sorted(_problems.items(), key=lambda item: len(item[0].__mro__), reverse=True)
    return [_Handler(error, kind) for error, kind in by_depth]


_PLAIN: dict[object, object] = {str: str, int: int, bool: bool, date: date, datetime: datetime, kernel.Money: Money}


def _graph_type(hint: object, where: str, name: str) -> object:
    """The type in the graph of an error's field."""
    hint = getattr(hint, "__supertype__", hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint in _PLAIN:
        return _PLAIN[hint]
    if dataclasses.is_dataclass(hint):
        return _part_type(hint)
    if hint is UUID:
        return strawberry.ID if name == "id" or name.endswith(("_id", "_ids")) else UUID
    if isinstance(hint, type) and issubclass(hint, Enum):
        return str
    if origin in (Union, types.UnionType) and len(arguments) == 2 and type(None) in arguments:  # noqa: PLR2004 - X | None
        (inner,) = (argument for argument in arguments if argument is not type(None))
        return _graph_type(inner, where, name) | None  # type: ignore[operator]
    if origin in (tuple, list, frozenset, set, Sequence) and (origin is not tuple or arguments[1:] == (Ellipsis,)):
        return list[_graph_type(arguments[0], where, name)]  # type: ignore[misc]
    raise TypeError(f"{where}: the graph can't show a {hint}")


def _part_type(part: Any) -> type:  # noqa: ANN401 - a dataclass
    """The type in the graph of a dataclass of plain fields that an error holds several of: `Fault` becomes `ProblemFault`."""
    if part not in _parts:
        hints = typing.get_type_hints(part)
        fields = {
            field.name: _graph_type(hints[field.name], f"{part.__name__}.{field.name}", field.name)
            for field in dataclasses.fields(part)
        }
        plain = types.new_class(f"Problem{part.__name__}", exec_body=lambda body: body.update({"__annotations__": fields}))
        _parts[part] = strawberry.type(plain, description=cleandoc(part.__doc__ or "").split("\n\n")[0])
    return _parts[part]


def _graph_value(error: DomainError, name: str, value: object) -> object:  # noqa: PLR0911 - one for each type
    """The value in the graph of an error's field."""
    match value:
        case UUID() if name == "id" or name.endswith(("_id", "_ids")):
            return identifiers.encode(_kind(error, name), value)
        case kernel.Money():
            return Money.of(value)
        case Enum():
            return str(value.value)
        case frozenset() | set():
            return sorted((_graph_value(error, name, item) for item in value), key=str)
        case tuple() | list():
            return [_graph_value(error, name, item) for item in value]
        case _ if type(value) in _parts:
            part: Any = value
            names = [field.name for field in dataclasses.fields(part)]
            return _parts[type(part)](**{name: _graph_value(error, name, getattr(part, name)) for name in names})
        case _:
            return value


def _kind(error: DomainError, name: str) -> str:
    """The GraphQL type an id of the error belongs to: `plan_item_id` to `PlanItem`, a bare `id` to the error's own `kind`."""
    kind = str(getattr(error, "kind", "Node")) if name == "id" else re.sub(r"_ids?$", "", name)
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[ _-]+", kind))
