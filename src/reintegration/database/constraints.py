"""From the name of a violated constraint to the domain error that a caller understands."""

from collections.abc import Callable, Iterable, Mapping

import asyncpg

from reintegration.kernel.errors import ConstraintViolationError, DomainError, NotFoundError

ConstraintErrors = Mapping[str, Callable[[], DomainError]]


class ConstraintMapError(Exception):
    """Two rooms claim one constraint."""


def merge(rooms: Iterable[ConstraintErrors]) -> dict[str, Callable[[], DomainError]]:
    """One map of all rooms' constraints.

    Raises:
        ConstraintMapError: a name stands in two rooms.
    """
    merged: dict[str, Callable[[], DomainError]] = {}
    for room in rooms:
        twice = merged.keys() & room.keys()
        if twice:
            raise ConstraintMapError(f"mapped twice: {', '.join(sorted(twice))}")
        merged.update(room)
    return merged


def id_taken() -> ConstraintViolationError:
    """A client chose an id that is taken. The same words whose record ever it is, for who asks may not know of it."""
    return ConstraintViolationError(constraint="id", explanation="This id can't be used; send another one")


def database_error(error: BaseException) -> asyncpg.PostgresError | None:
    """The PostgreSQL error behind an exception; the ORM keeps it as the cause."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, asyncpg.PostgresError):
            return seen
        seen = seen.__cause__
    return None


def domain_error(error: BaseException, errors: ConstraintErrors) -> DomainError | None:
    """The domain error for a violated constraint or policy; None when the caller could not have caused it."""
    found = database_error(error)
    if isinstance(found, asyncpg.InsufficientPrivilegeError):
        # Row-level security refused the row: outside, that looks like a record which isn't there.
        return NotFoundError(kind="Record")
    name = getattr(found, "constraint_name", None)
    factory = errors.get(name) if isinstance(name, str) else None
    return factory() if factory is not None else None
