"""Rows of the audit room, as the migrations made them."""

from tortoise import fields
from tortoise.models import Model

from reintegration.kernel.canonical import JsonDocument
from reintegration.kernel.ids import new_id


class AuditEntry(Model):
    """A change of one row, written by the database."""

    sequence = fields.BigIntField(primary_key=True, generated=True)
    transaction_id = fields.BigIntField()
    occurred_at = fields.DatetimeField()
    table_name = fields.TextField()
    row_id = fields.TextField()
    action = fields.TextField()
    before: fields.Field[JsonDocument | None] = fields.JSONField(null=True)
    after: fields.Field[JsonDocument | None] = fields.JSONField(null=True)
    actor_id = fields.TextField()
    actor_role = fields.TextField()

    class Meta:
        """Table audit_log."""

        table = "audit_log"


class InvariantCheck(Model):
    """What one look at the money has found."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    checked_at = fields.DatetimeField()
    checked_by = fields.TextField()
    violations = fields.BigIntField()
    results: fields.Field[JsonDocument] = fields.JSONField()

    class Meta:
        """Table invariant_checks."""

        table = "invariant_checks"
