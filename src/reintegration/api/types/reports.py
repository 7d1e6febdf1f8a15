"""Reports: what was ordered, how far it is, and the sealed files."""

from datetime import datetime

import orjson
import strawberry

from reintegration.api.context import ApiContext
from reintegration.api.graph import READS, Expression, Node, in_python, reads
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


async def _link(context: ApiContext, key: str, name: str) -> str:
    """Presigned here, without asking the store."""
    return await context.object_store.presign_download(key, name, LINK_LIFETIME_S)


@reads(rows.ExportFile, Permission.REPORT_READ)
@strawberry.type(description="A file of a sealed report.")
class ReportFile(Node):
    """Table export_files."""

    row: strawberry.Private[rows.ExportFile]
    name: str
    media_type: str
    sha256: Digest

    @strawberry.field(
        description="A whole number as a string: a file may be larger than GraphQL's Int.",
        metadata={READS: Expression("t.size_bytes::text")},
    )
    def size_bytes(self) -> str:
        """The file's length."""
        return str(self.row.size_bytes)

    @strawberry.field(description="A whole number as a string.", metadata={READS: Expression("t.row_count::text")})
    def row_count(self) -> str:
        """Rows below the header."""
        return str(self.row.row_count)

    download_url: str = in_python(_link, "object_key", "name", description="A link to the file, for five minutes.")


def _parameters(_context: ApiContext, given: object) -> list[ReportParameter]:
    """The order's parameters, by name; bounded by the report's own definition."""
    items = sorted(given.items()) if isinstance(given, dict) else []
    return [ReportParameter(name=name, value=_text(value)) for name, value in items]


def _progress_percent(_context: ApiContext, status: str, done: int, expected: int | None) -> int | None:
    """Whole percents, 100 only when it is sealed."""
    if status == ReportStatus.SEALED:
        return _WHOLE_PERCENT
    return min(done * _WHOLE_PERCENT // expected, _WHOLE_PERCENT - 1) if expected else None


async def _manifest_url(context: ApiContext, key: str | None) -> str | None:
    return None if key is None else await _link(context, key, "manifest.json")


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

    parameters: list[ReportParameter] = in_python(_parameters, "parameters", description="What was asked for.")
    progress_percent: int | None = in_python(
        _progress_percent,
        "status",
        "rows_done",
        "rows_expected",
        description="How far it is; null until the number of rows is known.",
    )
    manifest_url: str | None = in_python(
        _manifest_url, "manifest_key", description="A link to the manifest, for five minutes; null until the report is sealed."
    )

    @strawberry.field(
        description="Rows written so far; a whole number as a string.", metadata={READS: Expression("t.rows_done::text")}
    )
    def rows_done(self) -> str:
        """Rows of all files."""
        return str(self.row.rows_done)

    @strawberry.field(
        description="Rows to write, once known; a whole number as a string.",
        metadata={READS: Expression("t.rows_expected::text")},
    )
    def rows_expected(self) -> str | None:
        """Rows of all files."""
        return None if self.row.rows_expected is None else str(self.row.rows_expected)


def _text(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
