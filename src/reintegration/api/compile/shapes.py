"""Arguments of one request, split into what shapes a statement and what travels as its parameters."""

from dataclasses import dataclass

from reintegration.api.connections import Window
from reintegration.api.pages import Condition, Order
from reintegration.api.reading import Asked, Listing, Page, Record


@dataclass(frozen=True, slots=True)
class RecordShape:
    """A row of `kind` by its key, or by the attribute `column`. Value 0 is what it equals."""

    kind: str
    column: str | None


@dataclass(frozen=True, slots=True)
class PageShape:
    """A page in an order. Value 0 is its size, then come those of the conditions, then the key that it starts after."""

    kind: str
    order: Order
    is_reversed: bool
    has_start: bool
    conditions: tuple[str, ...]

    @property
    def is_descending(self) -> bool:
        """The direction of reading."""
        return self.order.is_descending != self.is_reversed


@dataclass(frozen=True, slots=True)
class ListingShape:
    """All rows that fulfil conditions, whose values are the only ones."""

    kind: str
    order: tuple[str, ...]
    conditions: tuple[str, ...]
    largest: int


Shape = RecordShape | PageShape | ListingShape


@dataclass(frozen=True, slots=True)
class Bound:
    """The arguments of one field."""

    shape: Shape
    values: tuple[object, ...]


def bound(asked: Asked) -> Bound:
    """The arguments of a root field."""
    match asked:
        case Record(kind=kind, column=column, value=value):
            return Bound(RecordShape(kind, column), (value,))
        case Page(kind=kind, order=order, window=window, conditions=conditions):
            return bound_page(kind, order, window, conditions)
        case Listing(kind=kind, order=order, conditions=conditions, largest=largest):
            return Bound(ListingShape(kind, order, _sqls(conditions), largest), _values(conditions))
    raise TypeError(f"nothing compiles {asked}")


def bound_page(kind: str, order: Order, window: Window, conditions: tuple[Condition, ...] = ()) -> Bound:
    """The arguments of a connection."""
    key = window.after_key
    shape = PageShape(kind, order, window.is_reversed, key is not None, _sqls(conditions))
    return Bound(shape, (window.size, *_values(conditions), *(key or ())))


def _sqls(conditions: tuple[Condition, ...]) -> tuple[str, ...]:
    return tuple(condition.sql for condition in conditions)


def _values(conditions: tuple[Condition, ...]) -> tuple[object, ...]:
    return tuple(condition.value for condition in conditions)
