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
from reintegration.kernel.actor import FIELD_ROLES, Actor, Role
from reintegration.kernel.clock import now
from reintegration.kernel.errors import ConstraintViolationError, ForbiddenError, NotFoundError
from reintegration.kernel.reference import Reference

_SQL = load_queries(__file__)
MOST_DOCUMENTS = 100
"""Documents of one payment: all of them are read with it."""
_ABROAD = FIELD_ROLES | {Role.PARTNER_COORDINATOR}
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
    """Announce a file of a case that one sees, or that has moved on and for which one's office still settles a payment.

    The key is the document's own and holds the digest: never overwritten.

    Raises:
        NotFoundError, InvalidInputError (as mapped from the constraints on type, size, digest and name).
    """
    require(transaction.actor, Permission.EVIDENCE_UPLOAD)
    office_id = await _office(transaction, command.case_id)
    document = await Document.create(
        id=command.id,
        case_id=command.case_id,
        field_office_id=office_id,
        kind=command.kind,
        file_name=command.file_name,
        media_type=command.media_type,
        size_bytes=command.size_bytes,
        sha256=command.sha256,
        object_key=f"evidence/{command.case_id}/{command.id}/{command.sha256}",
        status="pending",
        uploaded_by=transaction.actor.id,
        using_db=transaction.orm,
    )
    return Reference("Document", document.id, document.version)


async def inspect_upload(unit_of_work: UnitOfWork, store: DigestingStore, actor: Actor, document_id: UUID) -> UploadFacts:
    """Read a document's object back from the store, outside any transaction; one that is stored already is not read again.

    Raises:
        NotFoundError: the document is absent or hidden, or somebody else announced it.
        UploadMissingError: nothing has been sent yet.
    """
    require(actor, Permission.EVIDENCE_UPLOAD)
    async with unit_of_work.read(actor) as transaction:
        document = await visible(transaction, Document, document_id, kind="Document")
    if document.uploaded_by != actor.id:
        raise NotFoundError(kind="Document")
    if document.status == "stored":
        return UploadFacts(document.size_bytes, document.sha256)
    if not await store.exists(document.object_key):
        raise UploadMissingError
    found = await store.digest(document.object_key)
    return UploadFacts(found.size_bytes, found.sha256)


async def complete_upload(transaction: Transaction, command: CompleteUpload) -> Reference:
    """Mark a document as stored, when what was read back is what was announced. Locks the document.

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

    Locks the payment.

    Raises:
        WrongStepError, UploadMissingError, NotFoundError.
        ForbiddenError: Fedasil's roles add nothing to a field office's payment.
        ConstraintViolationError: it shows this document already, or as many as one payment may.
    """
    require(transaction.actor, Permission.EVIDENCE_UPLOAD)
    payment = await transaction.fetch_one(_SQL["payment_step"], command.payment_id)
    if payment is None:
        raise NotFoundError(kind="Payment")
    if transaction.actor.role not in _ABROAD and payment["field_office_id"] is not None:
        raise ForbiddenError(permission="payments of a field office")
    document = await visible(transaction, Document, command.document_id, kind="Document")
    if document.case_id != payment["case_id"]:
        raise NotFoundError(kind="Document")
    if payment["status"] not in _STAGES:
        raise WrongStepError
    if payment["documents"] >= MOST_DOCUMENTS:
        raise ConstraintViolationError(
            constraint="payment_documents_limit", explanation=f"A payment shows at most {MOST_DOCUMENTS} documents"
        )
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


async def _office(transaction: Transaction, case_id: UUID) -> UUID | None:
    """The office that a new document belongs to; None where it comes from Belgium or from the partner's coordinator."""
    actor = transaction.actor
    try:
        case = await case_state(transaction, case_id)
    except NotFoundError:
        row = await transaction.fetch_one(_SQL["settling_office"], case_id, list(actor.offices))
        if row is None:
            raise
        office_id: UUID = row["field_office_id"]
        return office_id
    return case.field_office_id if actor.role in FIELD_ROLES else None
