"""Use cases of evidence: announce a file, have it stored by the holder, verify it, hang it on a payment.

The file goes from the office straight to the object store, under an address that takes exactly the announced bytes. Nothing
remote is called inside a transaction: `inspect_upload` reads the object first, `complete_upload` records what it found.
"""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from reintegration.cases.service import case_state
from reintegration.database.rows import locked, visible
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.evidence.commands import AttachDocument, CompleteUpload, RequestUpload
from reintegration.evidence.errors import UploadDiffersError, UploadMissingError, WrongStepError
from reintegration.evidence.models import Document
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.actor import FIELD_ROLES, Actor
from reintegration.kernel.clock import now
from reintegration.kernel.errors import NotFoundError
from reintegration.kernel.reference import Reference

_SQL = load_queries(__file__)
_STAGES = {"draft": "request", "released": "settlement", "unconfirmed": "settlement", "paid": "settlement"}


class StoredDigest(Protocol):
    """What the object store found when it read an object through."""

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes."""

    @property
    def size_bytes(self) -> int:
        """Number of bytes."""


class DigestingStore(Protocol):
    """The part of the object store that this room needs."""

    async def exists(self, key: str) -> bool:
        """Whether the object is there."""

    async def digest(self, key: str) -> StoredDigest:
        """Read the object through."""


@dataclass(frozen=True, slots=True)
class UploadFacts:
    """What lies in the store under a document's key."""

    size_bytes: int
    sha256: str


async def request_upload(transaction: Transaction, command: RequestUpload) -> Reference:
    """Announce a file of a case that one sees. The key is the document's own and holds the digest: never overwritten.

    Raises:
        NotFoundError, InvalidInputError (as mapped from the constraints on type, size, digest and name).
    """
    require(transaction.actor, Permission.EVIDENCE_UPLOAD)
    case = await case_state(transaction, command.case_id)
    document = await Document.create(
        id=command.id,
        case_id=case.id,
        field_office_id=case.field_office_id if transaction.actor.role in FIELD_ROLES else None,
        kind=command.kind,
        file_name=command.file_name,
        media_type=command.media_type,
        size_bytes=command.size_bytes,
        sha256=command.sha256,
        object_key=f"evidence/{case.id}/{command.id}/{command.sha256}",
        status="pending",
        uploaded_by=transaction.actor.id,
        using_db=transaction.orm,
    )
    return Reference("Document", document.id, document.version)


async def inspect_upload(unit_of_work: UnitOfWork, store: DigestingStore, actor: Actor, document_id: UUID) -> UploadFacts:
    """Read a document's object back from the store, outside any transaction.

    Raises:
        NotFoundError: the document is absent or hidden.
        UploadMissingError: nothing has been sent yet.
    """
    require(actor, Permission.EVIDENCE_UPLOAD)
    async with unit_of_work.read(actor) as transaction:
        document = await visible(transaction, Document, document_id, kind="Document")
    if not await store.exists(document.object_key):
        raise UploadMissingError
    found = await store.digest(document.object_key)
    return UploadFacts(found.size_bytes, found.sha256)


async def complete_upload(transaction: Transaction, command: CompleteUpload) -> Reference:
    """Mark a document as stored, when what was read back is what was announced.

    Raises:
        UploadDiffersError, VersionConflictError, NotFoundError.
    """
    require(transaction.actor, Permission.EVIDENCE_UPLOAD)
    document = await locked(transaction, Document, command.id, kind="Document", expected_version=command.expected_version)
    if document.uploaded_by != transaction.actor.id:
        raise NotFoundError(kind="Document")
    if (command.stored_size_bytes, command.stored_sha256) != (document.size_bytes, document.sha256):
        raise UploadDiffersError
    document.status, document.completed_at = "stored", now()
    await document.save(using_db=transaction.orm, update_fields=["status", "completed_at"])
    return Reference("Document", document.id, document.version + 1)


async def attach_document(transaction: Transaction, command: AttachDocument) -> Reference:
    """Hang a stored document on a payment of the same case; what comes before submission is part of what is approved.

    Raises:
        WrongStepError, UploadMissingError, NotFoundError.
    """
    require(transaction.actor, Permission.EVIDENCE_UPLOAD)
    payment = await transaction.fetch_one(_SQL["payment_step"], command.payment_id)
    if payment is None:
        raise NotFoundError(kind="Payment")
    document = await visible(transaction, Document, command.document_id, kind="Document")
    if document.case_id != payment["case_id"]:
        raise NotFoundError(kind="Document")
    if payment["status"] not in _STAGES:
        raise WrongStepError
    await transaction.execute(
        _SQL["attach"],
        command.id,
        command.payment_id,
        command.document_id,
        payment["case_id"],
        _STAGES[payment["status"]],
        transaction.actor.id,
    )
    return Reference("Document", document.id, document.version)
