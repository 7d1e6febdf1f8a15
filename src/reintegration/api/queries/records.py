"""What belongs to no domain: the caller, any record by its id, and a record's entries in the log."""

from typing import TYPE_CHECKING, cast

import strawberry
from tortoise.models import Model

from reintegration.api import identifiers, loaders
from reintegration.api.codes import bad_user_input
from reintegration.api.connections import Connection, Key, Ordering, window
from reintegration.api.graph import ApiInfo, Node, shapes
from reintegration.api.pages import After, Before, Condition, First, Last, Order
from reintegration.api.reading import Page, Record, root
from reintegration.api.types.audit import AuditEntry
from reintegration.api.types.people import Me, me
from reintegration.identity.permissions import Permission, allows, require
from reintegration.kernel.actor import Actor
from reintegration.kernel.errors import NotFoundError

if TYPE_CHECKING:
    from reintegration.audit import models as rows

_LONGEST_ROW_ID = 60
_NAMES = "returnee_identities"


def _sequence_key(row: Model) -> Key:
    return (cast("rows.AuditEntry", row).sequence,)


_LOG = Order(Ordering("auditEntries", (int,)), ("t.sequence",), _sequence_key)


def _node_kind(kind: str) -> type[Node]:
    """The type of a record with an id."""
    shape = shapes().get(kind)
    if shape is None or not issubclass(shape.shown_as, Node):
        raise NotFoundError(kind="Node")
    return shape.shown_as


def _log_conditions(record: str | None, table: str | None, row: str | None) -> list[Condition]:
    if record is not None and table is None and row is None:
        kind, key = identifiers.decode_any(record)
        shape = shapes()[_node_kind(kind).__name__]
        table, row = loaders.table_of(shape), str(key)
    elif record is not None or table is None or row is None:
        raise bad_user_input('Ask for the entries of either a "record" or a "table" and "row"')
    elif table not in {loaders.table_of(shape) for shape in shapes().values() if shape.stored_as} or len(row) > _LONGEST_ROW_ID:
        raise bad_user_input('"table" and "row" name no record that has a log')
    return [Condition("t.table_name = {}", table), Condition("t.row_id = {}", row)]


@strawberry.type
class RecordQueries:
    """Roots about any record."""

    @strawberry.field(description="Who asks, and what they may do.")
    def me(self, info: ApiInfo) -> Me:
        """From the token."""
        return me(info.context.actor)

    @root(Node | None, description="Any record by its id.")
    def node(actor: Actor, id: strawberry.ID) -> Record:  # noqa: A002, N805 - the argument's name in the graph; see reading.py
        """The id says which type it is, so a role that may not see the type learns nothing from the refusal."""
        kind, key = identifiers.decode_any(id)
        found = _node_kind(kind)
        require(actor, shapes()[kind].permission)
        return Record(found.__name__, key)

    @root(Connection[AuditEntry] | None, description="A page of the changes of one record, oldest first.")
    def audit_entries(
        actor: Actor,  # noqa: N805 - see reading.py
        *,
        record: strawberry.ID | None = None,
        table: str | None = None,
        row: str | None = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Page:
        """By the record's id, or by table and row for what has no id of its own."""
        require(actor, Permission.AUDIT_READ)
        conditions = _log_conditions(record, table, row)
        if not allows(actor.role, Permission.IDENTITY_READ):
            conditions.append(Condition("t.table_name <> {}", _NAMES))
        page = window(_LOG.ordering, first, after, last, before)
        return Page("AuditEntry", _LOG, page, tuple(conditions))
