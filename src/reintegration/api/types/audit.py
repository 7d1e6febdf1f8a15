"""The log: one entry for each changed row, with what changed as text."""

from collections.abc import Mapping
from datetime import datetime

import orjson
import strawberry

from reintegration.api.graph import reads
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

    @strawberry.field(description="The place in the log; a whole number as a string.")
    def sequence(self) -> str:
        """Rises by at least one from entry to entry."""
        return str(self.row.sequence)

    @strawberry.field(description="The database transaction: entries that share it were one change; a whole number as a string.")
    def transaction_id(self) -> str:
        """PostgreSQL's 64-bit transaction id."""
        return str(self.row.transaction_id)

    @strawberry.field(description="The columns that differ; all of them for a row that came or went.")
    def changes(self) -> list[AuditChange]:
        """In the order of the columns' names."""
        before, after = _image(self.row.before), _image(self.row.after)
        return [
            AuditChange(column=name, before=_text(before, name), after=_text(after, name))
            for name in sorted(before.keys() | after.keys())
            if name not in before or name not in after or before[name] != after[name]
        ]


def _image(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _text(image: Mapping[str, object], name: str) -> str | None:
    return orjson.dumps(image[name]).decode() if name in image else None
