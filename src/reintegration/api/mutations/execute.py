"""The one way every mutation runs: permission, translation, one idempotent transaction, then the changed record read anew.

A resolver here holds no `try`: what the domain refuses is raised, and the one handler (api/problems.py) makes it a member of
the mutation's result union.
"""

import hashlib
from collections.abc import Awaitable, Callable, Iterable
from inspect import cleandoc
from typing import Annotated, TypeVar
from uuid import UUID

import strawberry
from strawberry.types.base import get_object_definition, has_object_definition
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from reintegration.api.cost import Cost
from reintegration.api.graph import ApiInfo
from reintegration.api.identifiers import decode
from reintegration.api.problems import result_union
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import IdempotencyKey, Outcome
from reintegration.identity.permissions import Permission, allows
from reintegration.kernel.canonical import canonical_json
from reintegration.kernel.errors import ConstraintViolationError, DomainError, ForbiddenError, InvalidInputError
from reintegration.kernel.ids import is_uuid7, new_id
from reintegration.kernel.reference import Reference

T = TypeVar("T")
CommandT = TypeVar("CommandT")
Input = Annotated[T, strawberry.argument(name="input")]
"""The one argument of a mutation."""

NEW_ID = "The new record's UUIDv7, when the client makes it."
SEEN_VERSION = "The version that the client saw; another one is a conflict."
_WEIGHT = 10


@strawberry.input
class MutationInput:
    """What every mutation is told."""

    idempotency_key: UUID = strawberry.field(
        description="Made by the client for this one intention; a repetition with the same input gets the same answer."
    )


@strawberry.input
class CreationInput(MutationInput):
    """What every mutation is told that makes a record."""

    id: UUID | None = strawberry.field(default=None, description=NEW_ID)


@strawberry.input
class UpdateInput(MutationInput):
    """What every mutation is told that changes a record."""

    expected_version: int = strawberry.field(description=SEEN_VERSION)


@strawberry.type
class Payload:
    """What every mutation answers when it worked."""

    replayed: bool = strawberry.field(description="Whether this is the answer to an earlier request with the same key.")


def mutation(
    payload: type[Payload], *errors: type[DomainError]
) -> Callable[[Callable[..., Awaitable[Payload]]], StrawberryField]:
    """A mutation that answers `payload` or a problem, described by its docstring.

    `errors` are those its use case documents, in that order. What the database alone can find is a member of every union.
    """
    union = result_union(f"{payload.__name__.removesuffix('Payload')}Result", payload, *errors, ConstraintViolationError)

    def declare(resolver: Callable[..., Awaitable[Payload]]) -> StrawberryField:
        field: StrawberryField = strawberry.mutation(
            resolver,
            graphql_type=union,
            description=cleandoc(resolver.__doc__ or ""),
            directives=[Cost(weight=_WEIGHT)],
        )
        return field

    return declare


async def execute(
    info: ApiInfo,
    asked: MutationInput,
    permission: Permission | Iterable[Permission],
    use_case: Callable[[Transaction, CommandT], Awaitable[Reference]],
    translate: Callable[[], CommandT],
) -> Outcome:
    """Run a use case once for the caller's key.

    Args:
        info: of the resolver; its field's name is the operation that the key belongs to.
        asked: the whole input; a key that comes back with another one is a conflict.
        permission: what the role needs, or any one of several. Asked first, so that a refusal tells nothing else.
        use_case: run in the transaction, perhaps more than once.
        translate: makes the command out of the input.

    Raises:
        DomainError: nothing has changed then.
    """
    context = info.context
    require_any(info, permission)
    command = translate()
    # A snapshot that an earlier mutation of this operation opened would keep a second connection while this one waits.
    await context.reset_reads()
    key = IdempotencyKey(asked.idempotency_key, info.field_name, canonical_input(asked))
    outcome = await context.unit_of_work.write_once(context.actor, key, lambda transaction: use_case(transaction, command))
    await context.reset_reads()
    return outcome


def require_any(info: ApiInfo, permission: Permission | Iterable[Permission]) -> None:
    """Let the actor pass with one of the permissions.

    Raises:
        ForbiddenError: the role has none of them.
    """
    enough = (permission,) if isinstance(permission, Permission) else tuple(permission)
    if not any(allows(info.context.actor.role, one) for one in enough):
        raise ForbiddenError(permission=enough[0].value)


def chosen_id(given: UUID | None, field: str = "id") -> UUID:
    """The client's id of a new record, or a new one. A replay never asks: its record is the one that the key remembers.

    Raises:
        InvalidInputError: the client's is no UUIDv7.
    """
    if given is None:
        return new_id()
    if not is_uuid7(given):
        raise InvalidInputError(field=field, reason="not a UUIDv7")
    return given


def optional(id: str | None, kind: str) -> UUID | None:  # noqa: A002 - see identifiers.decode
    """The UUID in an opaque id of `kind`, where one was given.

    Raises:
        NotFoundError: as `identifiers.decode`.
    """
    return None if id is None else decode(id, kind)


def canonical_input(asked: MutationInput) -> dict[str, object]:
    """The input as the idempotency record keeps it: by the names of the graph, without the key, absent and null alike.

    The record never expires and an input names people, so each value is kept as a digest salted with the key: enough to see
    that two inputs differ and where.
    """
    named = _named(asked, asked.idempotency_key.bytes)
    return {name: value for name, value in named.items() if name != "idempotencyKey"}


def _named(value: object, salt: bytes) -> dict[str, object]:
    definition = get_object_definition(value, strict=True)
    fields = {
        field.graphql_name or to_camel_case(field.python_name): getattr(value, field.python_name) for field in definition.fields
    }
    return {name: _digested(item, salt) for name, item in fields.items() if item is not None}


def _digested(value: object, salt: bytes) -> object:
    if has_object_definition(value):
        return _named(value, salt)
    if isinstance(value, list):
        return [_digested(item, salt) for item in value]
    return hashlib.sha256(salt + canonical_json(value)).hexdigest()
