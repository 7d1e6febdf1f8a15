"""What the evidence room refuses."""

from dataclasses import dataclass
from typing import ClassVar

from reintegration.database.constraints import ConstraintErrors, id_taken
from reintegration.kernel.errors import ConstraintViolationError, DomainError, InvalidInputError, NotFoundError


@dataclass(kw_only=True)
class UploadMissingError(DomainError):
    """The file has not arrived in the store; send it to the address that you were given, then say so again."""

    code: ClassVar[str] = "UPLOAD_MISSING"


@dataclass(kw_only=True)
class UploadDiffersError(DomainError):
    """The file in the store is not the one that was announced: its size or digest differs."""

    code: ClassVar[str] = "UPLOAD_DIFFERS"


@dataclass(kw_only=True)
class WrongStepError(DomainError):
    """A payment takes documents while it is a draft (what is asked for) and once it is released (how it ended)."""

    code: ClassVar[str] = "WRONG_STEP"


def _violated(constraint: str, explanation: str) -> ConstraintViolationError:
    return ConstraintViolationError(constraint=constraint, explanation=explanation)


CONSTRAINTS: ConstraintErrors = {
    "documents_pk": id_taken,
    "documents_case_fk": lambda: NotFoundError(kind="Case"),
    "documents_kind_ck": lambda: InvalidInputError(field="kind", reason="not a kind of document"),
    "documents_media_type_ck": lambda: InvalidInputError(field="mediaType", reason="PNG, JPEG, WebP or PDF"),
    "documents_size_ck": lambda: InvalidInputError(field="sizeBytes", reason="1 byte to 20 MiB"),
    "documents_digest_ck": lambda: InvalidInputError(field="sha256", reason="64 lower-case hexadecimal digits"),
    "documents_name_ck": lambda: InvalidInputError(field="fileName", reason="1 to 200 characters"),
    "documents_append_only_ck": lambda: _violated("documents_append_only_ck", "A stored document does not change"),
    "payment_documents_pk": id_taken,
    "payment_documents_once_uq": lambda: _violated("payment_documents_once_uq", "The document hangs on this payment already"),
    "payment_documents_document_fk": lambda: NotFoundError(kind="Document"),
    "payment_documents_payment_fk": lambda: NotFoundError(kind="Payment"),
    "payment_documents_stored_ck": UploadMissingError,
    "payment_documents_step_ck": WrongStepError,
}

WRITTEN_BY_THE_EVIDENCE_ROOM_ALONE = frozenset(
    {
        "documents_case_uq",
        "documents_key_uq",
        "documents_office_fk",
        "documents_status_ck",
        "payment_documents_append_only_ck",
        "payment_documents_stage_ck",
    }
)
"""Constraints that no input reaches: violating one is a bug of ours, shown with an incident id."""
