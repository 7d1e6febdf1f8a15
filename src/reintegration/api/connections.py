"""Keyset connections: a page is the rows after a key, so that it costs the same at the start and at the end of a list."""

import base64
import binascii
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar
from uuid import UUID

import orjson
import strawberry

from reintegration.api.codes import bad_user_input

NodeT = TypeVar("NodeT")
RowT = TypeVar("RowT")

KeyPart = str | int | date | datetime | UUID
Key = tuple[KeyPart, ...]

LARGEST_PAGE = 100
_LONGEST_CURSOR = 1000
_LARGEST_INTEGER = 2**63


@dataclass(frozen=True, slots=True)
class Ordering:
    """An order of a list: its name, and the types of its key, the last of them unique (an id).

    A cursor carries the name, so that one of another order is refused instead of silently meaning something else.
    """

    name: str
    types: tuple[type[KeyPart], ...]

    def cursor(self, key: Key) -> str:
        """The opaque cursor of the row with this key."""
        parts = [part if isinstance(part, str | int) else str(part) for part in key]
        return base64.urlsafe_b64encode(orjson.dumps([self.name, *parts])).decode().rstrip("=")

    def key(self, cursor: str, argument: str) -> Key:
        """Read a cursor that this order wrote.

        Raises:
            GraphQLError: BAD_USER_INPUT, naming the argument.
        """
        key = self._read(cursor) if len(cursor) <= _LONGEST_CURSOR else None
        if key is None or self.cursor(key) != cursor:
            raise bad_user_input(f'Argument "{argument}" is not a cursor of this list')
        return key

    def _read(self, cursor: str) -> Key | None:
        try:
            fields = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
            if not isinstance(fields, list) or len(fields) != len(self.types) + 1 or fields[0] != self.name:
                return None
            return tuple(_part(kind, value) for kind, value in zip(self.types, fields[1:], strict=True))
        except (binascii.Error, ValueError):
            return None


def _part(kind: type[KeyPart], value: object) -> KeyPart:
    """One part of a key as `kind`; ValueError when it isn't one."""
    if kind is int:
        if type(value) is int and abs(value) < _LARGEST_INTEGER:
            return value
    elif isinstance(value, str) and "\0" not in value:
        if kind is date or kind is datetime:
            return kind.fromisoformat(value)
        return UUID(value) if kind is UUID else value
    raise ValueError("a part of the key has another type")


@dataclass(frozen=True, slots=True)
class Window:
    """The bounded piece of a list that a query reads.

    `limit` is one row more than the page, to learn whether another page follows. `after_key` bounds the rows exclusively in the
    direction of reading; with `is_reversed` that direction, and so the order by, is the opposite of the list's.
    """

    size: int
    after_key: Key | None
    is_reversed: bool

    @property
    def limit(self) -> int:
        """Rows to ask the database for."""
        return self.size + 1


def window(ordering: Ordering, first: int | None, after: str | None, last: int | None, before: str | None) -> Window:
    """Turn a connection's page arguments into a window: `first` (with `after`) or `last` (with `before`), 1 to 100.

    Raises:
        GraphQLError: BAD_USER_INPUT, saying which argument is wrong.
    """
    match first, last:
        case (int(), None) if before is None:
            return Window(_size("first", first), None if after is None else ordering.key(after, "after"), is_reversed=False)
        case (None, int()) if after is None:
            return Window(_size("last", last), None if before is None else ordering.key(before, "before"), is_reversed=True)
        case _:
            raise bad_user_input('A page is asked for with either "first" (and "after") or "last" (and "before")')


def _size(argument: str, value: int | None) -> int:
    if value is None or not 1 <= value <= LARGEST_PAGE:
        raise bad_user_input(f'Argument "{argument}" must be from 1 to {LARGEST_PAGE}')
    return value


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Relay's page information."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type(description="A record in a list, with the cursor that a next page starts from.")
class Edge(Generic[NodeT]):
    """A node and its cursor."""

    cursor: str
    node: NodeT


@strawberry.type(description="A page of a list.")
class Connection(Generic[NodeT]):
    """A page; its total is counted only when somebody asks for it."""

    edges: list[Edge[NodeT]]
    page_info: PageInfo
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(description="How many records the list has in all; counted only when selected.")
    async def total_count(self) -> int:
        """Rows in the list, within the caller's scope and the filter."""
        return await self.count()


def connection(
    ordering: Ordering,
    page: Window,
    rows: Sequence[RowT],
    *,
    key: Callable[[RowT], Key],
    node: Callable[[RowT], NodeT],
    count: Callable[[], Awaitable[int]],
) -> Connection[NodeT]:
    """A page from the rows that the database returned for `page`, in the direction of reading and at most `page.limit`."""
    has_more = len(rows) > page.size
    kept: Iterable[RowT] = rows[: page.size]
    if page.is_reversed:
        kept = reversed(list(kept))
    edges = [Edge(cursor=ordering.cursor(key(row)), node=node(row)) for row in kept]
    is_bounded = page.after_key is not None
    return Connection(
        edges=edges,
        page_info=PageInfo(
            has_next_page=is_bounded if page.is_reversed else has_more,
            has_previous_page=has_more if page.is_reversed else is_bounded,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
        count=count,
    )
