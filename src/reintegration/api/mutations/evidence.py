"""Mutations of evidence: announce a file, say that it was sent, hang it on a payment."""

from datetime import datetime, timedelta
from typing import Protocol

import strawberry

from reintegration.api.context import ApiContext
from reintegration.api.graph import ApiInfo
from reintegration.api.identifiers import decode
from reintegration.api.loaders import record, returned
from reintegration.api.mutations.execute import (
    CreationInput,
    Input,
    Payload,
    UpdateInput,
    chosen_id,
    execute,
    mutation,
    require_any,
)
from reintegration.api.scalars import Digest
from reintegration.api.types.enums import DocumentKind, DocumentStatus
from reintegration.api.types.evidence import Document
from reintegration.api.types.payments import Payment
from reintegration.evidence import errors
from reintegration.evidence.commands import AttachDocument, CompleteUpload, RequestUpload
from reintegration.evidence.service import attach_document, complete_upload, inspect_upload, request_upload
from reintegration.identity.permissions import Permission
from reintegration.kernel.clock import now

UPLOAD_LIFETIME_S = 3600
"""Long enough for a photo over a field office's line."""


@strawberry.input
class DocumentRequestUploadInput(CreationInput):
    """See RequestUpload."""

    case_id: strawberry.ID
    kind: DocumentKind
    file_name: str
    media_type: str = strawberry.field(description="image/png, image/jpeg, image/webp or application/pdf.")
    size_bytes: int = strawberry.field(description="At most 20 MiB.")
    sha256: Digest = strawberry.field(description="Of the file; no other bytes are taken.")

    def command(self) -> RequestUpload:
        """The command."""
        return RequestUpload(
            id=chosen_id(self.id),
            case_id=decode(self.case_id, "Case"),
            kind=self.kind.value,
            file_name=self.file_name,
            media_type=self.media_type,
            size_bytes=self.size_bytes,
            sha256=self.sha256,
        )


@strawberry.input
class DocumentCompleteUploadInput(UpdateInput):
    """See CompleteUpload."""

    document_id: strawberry.ID


@strawberry.input
class DocumentAttachInput(CreationInput):
    """See AttachDocument."""

    payment_id: strawberry.ID
    document_id: strawberry.ID

    def command(self) -> AttachDocument:
        """The command."""
        return AttachDocument(
            id=chosen_id(self.id),
            payment_id=decode(self.payment_id, "Payment"),
            document_id=decode(self.document_id, "Document"),
        )


@strawberry.type(description="A header of the upload, to be sent as it is.")
class UploadHeader:
    """A name and its value."""

    name: str
    value: str


@strawberry.type(description="The request that takes the announced file, once, and no other bytes.")
class Upload:
    """A presigned request."""

    url: str
    method: str
    headers: list[UploadHeader] = strawberry.field(description="All of them are signed.")
    expires_at: datetime


@strawberry.type
class DocumentRequestUploadPayload(Payload):
    """The announced document and where to send it."""

    document: Document
    upload: Upload | None = strawberry.field(description="Null once the file is stored; a replay signs a new request.")


@strawberry.type
class DocumentCompleteUploadPayload(Payload):
    """The stored document."""

    document: Document


@strawberry.type
class DocumentAttachPayload(Payload):
    """The document and the payment that shows it."""

    document: Document
    payment: Payment


@strawberry.type
class EvidenceMutations:
    """Part of `Mutation`."""

    @mutation(DocumentRequestUploadPayload)
    async def document_request_upload(
        self, info: ApiInfo, asked: Input[DocumentRequestUploadInput]
    ) -> DocumentRequestUploadPayload:
        """Announce a file; the answer holds an address that takes exactly these bytes."""
        done = await execute(info, asked, Permission.EVIDENCE_UPLOAD, request_upload, asked.command)
        document = await record(info.context, Document, done.reference.id)
        upload = None if document.status is DocumentStatus.STORED else await presigned(info.context, document.row)
        return DocumentRequestUploadPayload(document=document, upload=upload, replayed=done.replayed)

    @mutation(DocumentCompleteUploadPayload, errors.UploadMissingError, errors.UploadDiffersError)
    async def document_complete_upload(
        self, info: ApiInfo, asked: Input[DocumentCompleteUploadInput]
    ) -> DocumentCompleteUploadPayload:
        """Say that the file was sent; what lies in the store is read back and must be what was announced."""
        require_any(info, Permission.EVIDENCE_UPLOAD)
        context, document_id = info.context, decode(asked.document_id, "Document")
        # An earlier mutation's snapshot would be held open while the file is read.
        await context.reset_reads()
        facts = await inspect_upload(context.unit_of_work, context.object_store, context.actor, document_id)

        def command() -> CompleteUpload:
            return CompleteUpload(
                id=document_id,
                expected_version=asked.expected_version,
                stored_size_bytes=facts.size_bytes,
                stored_sha256=facts.sha256,
            )

        done = await execute(info, asked, Permission.EVIDENCE_UPLOAD, complete_upload, command)
        found = await returned(context, Document, done.reference.id)
        return DocumentCompleteUploadPayload(document=found, replayed=done.replayed)

    @mutation(DocumentAttachPayload, errors.WrongStepError, errors.UploadMissingError)
    async def document_attach(self, info: ApiInfo, asked: Input[DocumentAttachInput]) -> DocumentAttachPayload:
        """Hang a stored document on a payment of the same case."""
        done = await execute(info, asked, Permission.EVIDENCE_UPLOAD, attach_document, asked.command)
        return DocumentAttachPayload(
            document=await returned(info.context, Document, done.reference.id),
            payment=await returned(info.context, Payment, decode(asked.payment_id, "Payment")),
            replayed=done.replayed,
        )


class Announced(Protocol):
    """A row that names the object which will hold a file."""

    object_key: str
    size_bytes: int
    media_type: str
    sha256: str


async def presigned(context: ApiContext, announced: Announced) -> Upload:
    """Sign after the commit; it asks nothing of the store."""
    await context.reset_reads()
    expires_at = now() + timedelta(seconds=UPLOAD_LIFETIME_S)
    signed = await context.object_store.presign_upload(
        announced.object_key,
        size_bytes=announced.size_bytes,
        media_type=announced.media_type,
        sha256=announced.sha256,
        expires_s=UPLOAD_LIFETIME_S,
    )
    headers = [UploadHeader(name=name, value=value) for name, value in signed.headers.items()]
    return Upload(url=signed.url, method=signed.method, headers=headers, expires_at=expires_at)
