"""Evidence: documents with their digests, where they were shown, and the same file shown twice."""

from datetime import datetime

import strawberry

from reintegration.api import loaders
from reintegration.api.context import ApiContext
from reintegration.api.cost import Cost
from reintegration.api.graph import READS, ApiInfo, Node, Rows, in_python, reads
from reintegration.api.loaders import to_one
from reintegration.api.scalars import Digest
from reintegration.api.types.enums import DocumentKind, DocumentStatus, EvidenceStage
from reintegration.api.types.payments import Payment
from reintegration.api.types.programme import FieldOffice
from reintegration.api.types.references import CaseRef
from reintegration.evidence import models as rows
from reintegration.identity.permissions import Permission
from reintegration.payments import models as payments

LINK_LIFETIME_S = 300
"""How long a presigned link works: long enough to click, too short to pass around."""


async def _download_url(context: ApiContext, status: str, key: str, name: str) -> str | None:
    """Presigned here, without asking the store."""
    if status != DocumentStatus.STORED:
        return None
    return await context.object_store.presign_download(key, name, LINK_LIFETIME_S)


@reads(rows.Document, Permission.EVIDENCE_READ)
@strawberry.type(description="A file in the object store, with the digest of its bytes.")
class Document(Node):
    """Table documents."""

    row: strawberry.Private[rows.Document]
    kind: DocumentKind
    status: DocumentStatus
    file_name: str
    media_type: str
    size_bytes: int
    sha256: Digest
    uploaded_by: str
    requested_at: datetime
    completed_at: datetime | None
    version: int
    case: CaseRef | None = to_one("Case", "case_id")
    office: FieldOffice | None = to_one("FieldOffice", "field_office_id")

    download_url: str | None = in_python(
        _download_url,
        "status",
        "object_key",
        "file_name",
        description="A link to the file, for five minutes; null until it was uploaded.",
    )

    @strawberry.field(
        description="Payments that show these bytes, under whatever name; more than one is a question to ask.",
        directives=[Cost(size=2)],
        metadata={READS: Rows("Payment", loaders.SQL["payments_showing_file"])},
    )
    async def payments(self, info: ApiInfo) -> list[Payment]:
        """Within what the actor may see."""
        keys = await info.context.loader(loaders.payments_by_digest).load(self.sha256)
        return await loaders.many(info.context, Payment, keys)


@reads(payments.PaymentDocument, Permission.EVIDENCE_READ)
@strawberry.type(description="A document that a payment shows as evidence.")
class PaymentDocument:
    """Table payment_documents."""

    row: strawberry.Private[payments.PaymentDocument]
    stage: EvidenceStage
    attached_by: str
    attached_at: datetime
    document: Document | None = to_one(
        "Document", "document_id", "Null where a case has moved on and somebody else had added the document."
    )

    @strawberry.field(
        description="Other payments that show the same bytes.",
        directives=[Cost(size=1)],
        metadata={READS: Rows("Payment", loaders.SQL["payments_showing_file_too"])},
    )
    async def duplicates(self, info: ApiInfo) -> list[Payment]:
        """Within what the actor may see."""
        document = await loaders.record_if_visible(info.context, Document, self.row.document_id)
        if document is None:
            return []
        keys = await info.context.loader(loaders.payments_by_digest).load(document.sha256)
        return await loaders.many(info.context, Payment, [key for key in keys if key != self.row.payment_id])


@strawberry.type(description="A file that more than one payment shows.")
class DuplicateEvidence:
    """By the SHA-256 of the bytes."""

    sha256: Digest
    payment_count: int

    @strawberry.field(description="The payments, oldest first.", directives=[Cost(size=3)])
    async def payments(self, info: ApiInfo) -> list[Payment]:
        """Within what the actor may see."""
        keys = await info.context.loader(loaders.payments_by_digest).load(self.sha256)
        return await loaders.many(info.context, Payment, keys)
