"""Rows of the evidence room, as the migrations made them."""

from typing import TYPE_CHECKING
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from reintegration.kernel.ids import new_id

if TYPE_CHECKING:
    from reintegration.cases.models import Case
    from reintegration.programme.models import FieldOffice


class Document(Model):
    """A file in the object store with its digest."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case: fields.ForeignKeyRelation["Case"] = fields.ForeignKeyField(
        "models.Case", source_field="case_id", related_name="documents", on_delete=fields.RESTRICT
    )
    case_id: UUID
    field_office: fields.ForeignKeyNullableRelation["FieldOffice"] = fields.ForeignKeyField(
        "models.FieldOffice", null=True, source_field="field_office_id", related_name="documents", on_delete=fields.RESTRICT
    )
    field_office_id: UUID | None
    kind = fields.TextField()
    file_name = fields.TextField()
    media_type = fields.TextField()
    size_bytes = fields.BigIntField()
    sha256 = fields.TextField()
    object_key = fields.TextField()
    status = fields.TextField(default="pending")
    uploaded_by = fields.TextField()
    requested_at = fields.DatetimeField(auto_now_add=True)
    completed_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table documents."""

        table = "documents"
