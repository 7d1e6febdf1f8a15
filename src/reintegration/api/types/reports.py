"""Reports: what was ordered, how far it is, and the sealed files."""

from datetime import datetime

import orjson
import strawberry

from reintegration.api.graph import ApiInfo, Node, reads
from reintegration.api.loaders import to_many
from reintegration.api.scalars import Digest
from reintegration.api.types.enums import ReportKind, ReportStatus
from reintegration.api.types.evidence import LINK_LIFETIME_S
from reintegration.exports import models as rows
from reintegration.identity.permissions import Permission
from reintegration.kernel.actor import Role

_WHOLE_PERCENT = 100


@strawberry.type(description="What the order asked for.")
class ReportParameter:
    """A name and its value as text."""

    name: str
    value: str


@reads(rows.ExportFile, Permission.REPORT_READ)
@strawberry.type(description="A file of a sealed report.")
class ReportFile(Node):
    """Table export_files."""

    row: strawberry.Private[rows.ExportFile]
    name: str
    media_type: str
    sha256: Digest

    @strawberry.field(description="A whole number as a string: a file may be larger than GraphQL's Int.")
    def size_bytes(self) -> str:
        """The file's length."""
        return str(self.row.size_bytes)

    @strawberry.field(description="A whole number as a string.")
    def row_count(self) -> str:
        """Rows below the header."""
        return str(self.row.row_count)

    @strawberry.field(description="A link to the file, for five minutes.")
    async def download_url(self, info: ApiInfo) -> str:
        """Presigned here, without asking the store."""
        return await info.context.object_store.presign_download(self.row.object_key, self.name, LINK_LIFETIME_S)


@reads(rows.ExportJob, Permission.REPORT_READ)
@strawberry.type(description="An ordered report: a view of the facts at one moment, sealed into the object store.")
class Report(Node):
    """Table export_jobs."""

    row: strawberry.Private[rows.ExportJob]
    kind: ReportKind
    definition_version: str
    parameters_digest: Digest
    status: ReportStatus
    attempts: int
    position: str | None = strawberry.field(description="The position of the log that it shows; the same gives the same bytes.")
    manifest_sha256: Digest | None
    failure_code: str | None
    ordered_by: str
    ordered_role: Role
    ordered_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    version: int
    files: list[ReportFile] = to_many("ReportFile", "job_id", ("name",), size=3)

    @strawberry.field(description="What was asked for.")
    def parameters(self) -> list[ReportParameter]:
        """The order's parameters, by name; bounded by the report's own definition."""
        given = self.row.parameters
        items = sorted(given.items()) if isinstance(given, dict) else []
        return [ReportParameter(name=name, value=_text(value)) for name, value in items]

    @strawberry.field(description="How far it is; null until the number of rows is known.")
    def progress_percent(self) -> int | None:
        """Whole percents, 100 only when it is sealed."""
        if self.status is ReportStatus.SEALED:
            return _WHOLE_PERCENT
        if not self.row.rows_expected:
            return None
        done, expected = int(self.row.rows_done), int(self.row.rows_expected)
        return min(done * _WHOLE_PERCENT // expected, _WHOLE_PERCENT - 1)

    @strawberry.field(description="Rows written so far; a whole number as a string.")
    def rows_done(self) -> str:
        """Rows of all files."""
        return str(self.row.rows_done)

    @strawberry.field(description="Rows to write, once known; a whole number as a string.")
    def rows_expected(self) -> str | None:
        """Rows of all files."""
        return None if self.row.rows_expected is None else str(self.row.rows_expected)

    @strawberry.field(description="A link to the manifest, for five minutes; null until the report is sealed.")
    async def manifest_url(self, info: ApiInfo) -> str | None:
        """Presigned here, without asking the store."""
        key = self.row.manifest_key
        if key is None:
            return None
        return await info.context.object_store.presign_download(key, "manifest.json", LINK_LIFETIME_S)


def _text(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
