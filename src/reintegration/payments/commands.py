"""What can be asked of the payments room."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from reintegration.kernel.money import Money


@dataclass(frozen=True, slots=True)
class RegisterSupplier:
    """Add a supplier to an office's registry."""

    id: UUID
    field_office_id: UUID
    name: str
    tax_number: str | None = None


@dataclass(frozen=True, slots=True)
class RecordSupplierAccount:
    """Where a supplier is paid: kind iban, bank or mobile_money, without spaces.

    What orders to banks need besides: the holder in Latin letters where it is in others, the bank's BIC, and across borders the
    holder's country and town.
    """

    id: UUID
    supplier_id: UUID
    kind: str
    account: str
    holder: str
    holder_latin: str | None = None
    bic: str | None = None
    country: str | None = None
    town: str | None = None


@dataclass(frozen=True, slots=True)
class DecideSupplierAccount:
    """Say whether an account is the supplier's, and how that was found out."""

    account_id: UUID
    expected_version: int
    approved: bool
    note: str


@dataclass(frozen=True, slots=True)
class DecideSupplierLikeness:
    """Say whether the later of two suppliers that are alike may be paid, and why."""

    likeness_id: UUID
    expected_version: int
    cleared: bool
    note: str


@dataclass(frozen=True, slots=True)
class PaymentLineDraft:
    """A line in the currency of the invoice. Its rate is frozen when the payment is submitted."""

    description: str
    amount: Money


@dataclass(frozen=True, slots=True)
class PaymentContent:
    """What may change while a payment is a draft. `payment_date` is the day on which it is, or will be, paid."""

    description: str
    payment_date: date
    lines: tuple[PaymentLineDraft, ...]
    supplier_id: UUID | None = None
    invoice_number: str | None = None


@dataclass(frozen=True, slots=True)
class DraftPayment:
    """Begin a payment: of a plan item (supplier_direct, reimbursement) or of an entitlement (premium, travel document)."""

    id: UUID
    case_id: UUID
    kind: str
    content: PaymentContent
    plan_item_id: UUID | None = None
    entitlement_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class HoldPayment:
    """Stop a payment: complaint, suspicion, supplier, documents or other."""

    id: UUID
    payment_id: UUID
    cause: str
    reason: str


@dataclass(frozen=True, slots=True)
class LiftHold:
    """Let a payment go on that somebody else has stopped."""

    hold_id: UUID
    expected_version: int
    reason: str


@dataclass(frozen=True, slots=True)
class IssueReceiptCode:
    """Make the code valid with which the returnee of a payment says that it arrived. It is told to them and kept nowhere."""

    id: UUID
    payment_id: UUID
    code: str


@dataclass(frozen=True, slots=True)
class ConfirmReceipt:
    """What the returnee said is the code."""

    payment_id: UUID
    code: str


@dataclass(frozen=True, slots=True)
class AmendPayment:
    """Replace the content of a draft."""

    id: UUID
    expected_version: int
    content: PaymentContent


@dataclass(frozen=True, slots=True)
class SubmitPayment:
    """Freeze the rates, reserve the money and ask for approval."""

    id: UUID
    expected_version: int


@dataclass(frozen=True, slots=True)
class ReturnPayment:
    """Send a submitted or approved payment back to draft, with a reason; its money is free again and its approval void."""

    id: UUID
    expected_version: int
    reason: str


@dataclass(frozen=True, slots=True)
class CancelPayment:
    """Give a draft up."""

    id: UUID
    expected_version: int


@dataclass(frozen=True, slots=True)
class ApprovePayment:
    """Approve exactly the content with this digest."""

    id: UUID
    expected_version: int
    content_digest: str


@dataclass(frozen=True, slots=True)
class EndorsePayment:
    """Let exactly the content with this digest go over a threshold."""

    id: UUID
    payment_id: UUID
    content_digest: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReleasePayment:
    """Let an approved payment go to the bank or the cash desk, out of what the office holds or out of other money."""

    id: UUID
    expected_version: int
    content_digest: str
    from_float: bool = False


@dataclass(frozen=True, slots=True)
class PaidLine:
    """How much of a line was paid, in its currency."""

    line_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True)
class ConfirmPayment:
    """The money has arrived: the day, and the reference of the bank or the receipt. Lines that are not named were paid wholly."""

    id: UUID
    expected_version: int
    paid_on: date
    reference: str
    paid_in_part: tuple[PaidLine, ...] = ()


@dataclass(frozen=True, slots=True)
class FailPayment:
    """The money has certainly not gone; its reservation is given back. An unconfirmed payment needs evidence for it."""

    id: UUID
    expected_version: int
    reason: str


@dataclass(frozen=True, slots=True)
class MarkPaymentUnconfirmed:
    """Nobody knows whether the money has gone. It stays reserved and can't be paid again."""

    id: UUID
    expected_version: int
    reason: str


@dataclass(frozen=True, slots=True)
class ReversePayment:
    """The money of a paid payment came back: a reversing ledger entry, never an edit."""

    id: UUID
    expected_version: int
    reason: str


@dataclass(frozen=True, slots=True)
class RequestRefund:
    """A supplier gave a part back: how much of which line, in the line's currency. The proof is attached to the payment."""

    id: UUID
    payment_id: UUID
    line_id: UUID
    document_id: UUID
    amount: Money
    received_on: date
    reference: str
    reason: str


@dataclass(frozen=True, slots=True)
class DecideRefund:
    """Approve or refuse a refund that somebody else has recorded."""

    refund_id: UUID
    expected_version: int
    approved: bool
    note: str | None = None
