"""The log: one entry for each changed row, with what changed as text."""

from collections.abc import Mapping
from datetime import datetime

import orjson
import strawberry

from reintegration.api.context import ApiContext
from reintegration.api.graph import READS, Expression, in_python, reads
from reintegration.api.types.enums import AuditAction
from reintegration.audit import models as rows
from reintegration.identity.permissions import Permission
from reintegration.kernel.actor import Role


@strawberry.type(description="A column of the changed row; values are JSON as text, so that no amount passes as a number.")
class AuditChange:
    """One column's values before and after; null where there was no row."""

    column: str
    before: str | None
    after: str | None


def _changes(_context: ApiContext, before: object, after: object) -> list[AuditChange]:
    """In the order of the columns' names."""
    was, became = _image(before), _image(after)
    return [
        AuditChange(column=name, before=_text(was, name), after=_text(became, name))
        for name in sorted(was.keys() | became.keys())
        if name not in was or name not in became or was[name] != became[name]
    ]


@reads(rows.AuditEntry, Permission.AUDIT_READ)
@strawberry.type(description="One change of one row, written by the database in the transaction of the change.")
class AuditEntry:
    """Table audit_log."""

    row: strawberry.Private[rows.AuditEntry]
    occurred_at: datetime
    table_name: str
    row_id: str
    action: AuditAction
    actor_id: str
    actor_role: Role
    changes: list[AuditChange] = in_python(
        _changes, "before", "after", description="The columns that differ; all of them for a row that came or went."
    )

    @strawberry.field(
        description="The place in the log; a whole number as a string.", metadata={READS: Expression("t.sequence::text")}
    )
    def sequence(self) -> str:
        """Rises by at least one from entry to entry."""
        return str(self.row.sequence)

    @strawberry.field(
        description="The database transaction: entries that share it were one change; a whole number as a string.",
        metadata={READS: Expression("t.transaction_id::text")},
    )
    def transaction_id(self) -> str:
        """PostgreSQL's 64-bit transaction id."""
        return str(self.row.transaction_id)


def _image(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _text(image: Mapping[str, object], name: str) -> str | None:
    return orjson.dumps(image[name]).decode() if name in image else None
