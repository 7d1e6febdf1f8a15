"""From a field of the graph to what it reads, and from an attribute of a model to its column."""

import re
from dataclasses import dataclass
from enum import StrEnum, auto

from graphql import GraphQLField
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField
from tortoise.fields import BigIntField

from reintegration.api.graph import READS, Column, Shape, Source
from reintegration.api.pages import PagesOf
from reintegration.api.reading import Described

_ROW = re.compile(r"\bt\.")

Reads = Source | PagesOf | Described


class Cause(StrEnum):
    """Why resolvers answer a request, for the metrics."""

    OPERATION = auto()
    """A mutation, or a document without the operation that was named."""
    INVALID = auto()
    RESOLVER = auto()
    """Something in the document that only a resolver can answer."""
    REFUSED = auto()
    """An argument, a cost or a permission: resolvers know the words."""
    ANOMALY = auto()
    """An answer that isn't plain: no such record, a null that may not be, a list past its bound."""
    OUTAGE = auto()
    FAULT = auto()
    """A bug of ours, or a database that refuses the statement; it is logged."""


class LeftError(Exception):
    """A request is left to resolvers; the message says for developers what exactly was met."""

    def __init__(self, cause: Cause, detail: str = "") -> None:
        super().__init__(f"{cause}: {detail}" if detail else str(cause))
        self.cause = cause


class UncompilableError(LeftError):
    """Something in a document that only resolvers can answer."""

    def __init__(self, detail: str) -> None:
        super().__init__(Cause.RESOLVER, detail)


def over(sql: str, alias: str) -> str:
    """SQL about the row `t`, about the row of this alias."""
    return _ROW.sub(f"{alias}.", sql)


def source_of(kind: str, name: str, field: GraphQLField) -> Reads:
    """What a field reads.

    Raises:
        UncompilableError: it has a resolver that says nothing of it.
    """
    definition = (field.extensions or {}).get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if not isinstance(definition, StrawberryField):
        raise UncompilableError(f"{kind}.{name}")
    source = definition.metadata.get(READS)
    if source is None and definition.base_resolver is None:
        return Column(definition.python_name)
    if not isinstance(source, Reads):
        raise UncompilableError(f"{kind}.{name}")
    return source


@dataclass(frozen=True, slots=True)
class RowColumn:
    """A column of a row that a statement reads."""

    sql: str
    may_be_null: bool
    is_large: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a type's table, or of a statement, under an alias."""

    shape: Shape
    alias: str

    def column(self, attribute: str) -> RowColumn:
        """The column behind an attribute of the model; of a statement's row the one with this name, which is never null."""
        if self.shape.stored_as is None:
            return RowColumn(f'{self.alias}."{attribute}"', may_be_null=False, is_large=False)
        meta = self.shape.model._meta  # noqa: SLF001 - Tortoise's metadata has no other name
        name = meta.fields_db_projection[attribute]
        field = meta.fields_map[attribute]
        return RowColumn(f'{self.alias}."{name}"', may_be_null=bool(field.null), is_large=isinstance(field, BigIntField))

    @property
    def key(self) -> str:
        """The primary key."""
        return f'{self.alias}."{self.shape.model._meta.db_pk_column}"'  # noqa: SLF001 - as above
