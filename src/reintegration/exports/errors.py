"""What the exports room refuses, and why a job of it fails."""

from dataclasses import dataclass
from enum import StrEnum, auto
from typing import ClassVar

from reintegration.database.constraints import ConstraintErrors, id_taken
from reintegration.kernel.errors import DomainError


@dataclass(kw_only=True)
class UnknownReportError(DomainError):
    """There is no report of the kind {kind}."""

    code: ClassVar[str] = "UNKNOWN_REPORT"
    kind: str


class FailureCode(StrEnum):
    """Why a job ended without a report; stored with it."""

    CRASHED = auto()
    """The worker died at every try."""
    STORE_UNAVAILABLE = auto()
    """The object store could not be used at the last try."""
    SEAL_BROKEN = auto()
    """A report of the same position was sealed before and its objects no longer are what was sealed."""
    CONTENT_CONFLICT = auto()
    """The same position gave other bytes: a definition changed without a new version."""
    DEFINITION_REPLACED = auto()
    """The software now has another version of the report's definition than the one that was ordered."""
    CELL_INVALID = auto()
    """A value doesn't fit its column."""
    TOO_MANY_ROWS = auto()
    """More rows than a workbook can hold."""
    INTERNAL = auto()
    """A fault of ours; the log has it under the job's id."""


CONSTRAINTS: ConstraintErrors = {
    "export_jobs_pk": id_taken,
}

WRITTEN_BY_THE_EXPORTS_ROOM_ALONE = frozenset(
    {
        "export_files_append_only_ck",
        "export_files_digest_ck",
        "export_files_job_fk",
        "export_files_name_uq",
        "export_files_pk",
        "export_files_size_ck",
        "export_jobs_append_only_ck",
        "export_jobs_attempts_ck",
        "export_jobs_digest_ck",
        "export_jobs_kind_ck",
        "export_jobs_sealed_ck",
        "export_jobs_status_ck",
    }
)
"""Constraints that no input reaches: violating one is a bug of ours, shown with an incident id."""
