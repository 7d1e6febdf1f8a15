"""What can be asked of the evidence room."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class RequestUpload:
    """Announce a file; the answer is an address that takes exactly these bytes and no others."""

    id: UUID
    case_id: UUID
    kind: str
    file_name: str
    media_type: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class CompleteUpload:
    """Say that the file was sent; size and digest were read back from the object store (`inspect_upload`)."""

    id: UUID
    expected_version: int
    stored_size_bytes: int
    stored_sha256: str


@dataclass(frozen=True, slots=True)
class AttachDocument:
    """Hang a stored document on a payment of the same case; the step follows from the payment's status."""

    id: UUID
    payment_id: UUID
    document_id: UUID
