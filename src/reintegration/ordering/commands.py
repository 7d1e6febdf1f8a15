"""What can be asked of ordering."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from reintegration.banking.pain_schema import PainVersion
from reintegration.banking.payment_order import Service


@dataclass(frozen=True, slots=True)
class PrepareOrder:
    """Gather released payments, in this order, into one order to the bank of an account.

    `holder` and `bic` are the account's own, as its bank has them; `version` and `service` are what that bank takes.
    """

    id: UUID
    bank_account_id: UUID
    payment_ids: tuple[UUID, ...]
    execution_on: date
    holder: str
    bic: str | None = None
    version: PainVersion = PainVersion.V09
    service: Service = Service.ANY


@dataclass(frozen=True, slots=True)
class OrderFile:
    """The file of an order, as it lies in the object store."""

    object_key: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class SealOrder:
    """Approve an order of exactly this content; its file was written and proved before."""

    id: UUID
    expected_version: int
    content_digest: str
    file: OrderFile


@dataclass(frozen=True, slots=True)
class DownloadOrder:
    """Take the file of a sealed order."""

    id: UUID
    order_id: UUID


@dataclass(frozen=True, slots=True)
class MarkOrderSent:
    """The bank has the file; `reference` is what it answered, where it did."""

    id: UUID
    expected_version: int
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Give an order up; its payments may go with another one."""

    id: UUID
    expected_version: int
    reason: str
