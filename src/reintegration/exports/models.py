"""Rows of the exports room, as the migrations made them."""

from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from reintegration.kernel.canonical import JsonDocument
from reintegration.kernel.ids import new_id


class ExportJob(Model):
    """An ordered report: how far it is and where it was sealed."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    kind = fields.TextField()
    definition_version = fields.TextField()
    parameters: fields.Field[JsonDocument] = fields.JSONField()
    parameters_digest = fields.TextField()
    status = fields.TextField(default="queued")
    attempts = fields.SmallIntField(default=0)
    rows_done = fields.BigIntField(default=0)
    rows_expected = fields.BigIntField(null=True)
    position = fields.TextField(null=True)
    manifest_key = fields.TextField(null=True)
    manifest_sha256 = fields.TextField(null=True)
    failure_code = fields.TextField(null=True)
    ordered_by = fields.TextField()
    ordered_role = fields.TextField()
    ordered_at = fields.DatetimeField(auto_now_add=True)
    started_at = fields.DatetimeField(null=True)
    finished_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table export_jobs."""

        table = "export_jobs"


class ExportFile(Model):
    """A file of a sealed report."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    job: fields.ForeignKeyRelation["ExportJob"] = fields.ForeignKeyField(
        "models.ExportJob", source_field="job_id", related_name="export_files", on_delete=fields.RESTRICT
    )
    job_id: UUID
    name = fields.TextField()
    media_type = fields.TextField()
    object_key = fields.TextField()
    sha256 = fields.TextField()
    size_bytes = fields.BigIntField()
    row_count = fields.BigIntField()

    class Meta:
        """Table export_files."""

        table = "export_files"
