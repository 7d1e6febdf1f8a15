"""What the mutations of payments are told, and the commands that it means."""

from datetime import date
from uuid import UUID

import strawberry

from reintegration.api.identifiers import decode
from reintegration.api.mutations.execute import (
    NEW_ID,
    SEEN_VERSION,
    MutationInput,
    UpdateInput,
    chosen_id,
    optional,
)
from reintegration.api.scalars import Digest, MoneyInput
from reintegration.api.types.enums import PaymentKind
from reintegration.payments.commands import (
    AmendPayment,
    ApprovePayment,
    CancelPayment,
    ConfirmPayment,
    DraftPayment,
    FailPayment,
    MarkPaymentUnconfirmed,
    PaidLine,
    PaymentContent,
    PaymentLineDraft,
    ReleasePayment,
    ReturnPayment,
    ReversePayment,
    SubmitPayment,
)

_SEEN = "Of the content that the person saw."


@strawberry.input(description="A line in the currency of the invoice; its rate is frozen when the payment is submitted.")
class PaymentLineInput:
    """See PaymentLineDraft."""

    description: str
    amount: MoneyInput


@strawberry.input
class PaymentContentInput(MutationInput):
    """See PaymentContent: what may change while a payment is a draft."""

    description: str
    payment_date: date = strawberry.field(description="The day on which it is, or will be, paid.")
    lines: list[PaymentLineInput]
    supplier_id: strawberry.ID | None = strawberry.field(default=None, description="For SUPPLIER_DIRECT.")
    invoice_number: str | None = strawberry.field(default=None, description="For SUPPLIER_DIRECT.")

    def content(self) -> PaymentContent:
        """The content."""
        return PaymentContent(
            description=self.description,
            payment_date=self.payment_date,
            lines=tuple(
                PaymentLineDraft(line.description, line.amount.read(f"lines.{place}.amount"))
                for place, line in enumerate(self.lines)
            ),
            supplier_id=optional(self.supplier_id, "Supplier"),
            invoice_number=self.invoice_number,
        )


@strawberry.input
class PaymentDraftInput(PaymentContentInput):
    """See DraftPayment."""

    id: UUID | None = strawberry.field(default=None, description=NEW_ID)
    case_id: strawberry.ID
    kind: PaymentKind
    plan_item_id: strawberry.ID | None = strawberry.field(
        default=None, description="For SUPPLIER_DIRECT and REIMBURSEMENT: the item that is carried out."
    )
    entitlement_id: strawberry.ID | None = strawberry.field(
        default=None, description="For CASH_PREMIUM and TRAVEL_DOCUMENT_REFUND: what is paid out."
    )

    def command(self) -> DraftPayment:
        """The command."""
        return DraftPayment(
            id=chosen_id(self.id),
            case_id=decode(self.case_id, "Case"),
            kind=self.kind.value,
            content=self.content(),
            plan_item_id=optional(self.plan_item_id, "PlanItem"),
            entitlement_id=optional(self.entitlement_id, "Entitlement"),
        )


@strawberry.input
class PaymentAmendInput(PaymentContentInput):
    """See AmendPayment."""

    expected_version: int = strawberry.field(description=SEEN_VERSION)
    payment_id: strawberry.ID

    def command(self) -> AmendPayment:
        """The command."""
        return AmendPayment(id=decode(self.payment_id, "Payment"), expected_version=self.expected_version, content=self.content())


@strawberry.input
class PaymentSubmitInput(UpdateInput):
    """See SubmitPayment."""

    payment_id: strawberry.ID

    def command(self) -> SubmitPayment:
        """The command."""
        return SubmitPayment(id=decode(self.payment_id, "Payment"), expected_version=self.expected_version)


@strawberry.input
class PaymentReturnInput(UpdateInput):
    """See ReturnPayment."""

    payment_id: strawberry.ID
    reason: str

    def command(self) -> ReturnPayment:
        """The command."""
        return ReturnPayment(id=decode(self.payment_id, "Payment"), expected_version=self.expected_version, reason=self.reason)


@strawberry.input
class PaymentCancelInput(UpdateInput):
    """See CancelPayment."""

    payment_id: strawberry.ID

    def command(self) -> CancelPayment:
        """The command."""
        return CancelPayment(id=decode(self.payment_id, "Payment"), expected_version=self.expected_version)


@strawberry.input
class PaymentApproveInput(UpdateInput):
    """See ApprovePayment."""

    payment_id: strawberry.ID
    content_digest: Digest = strawberry.field(description=_SEEN)

    def command(self) -> ApprovePayment:
        """The command."""
        return ApprovePayment(
            id=decode(self.payment_id, "Payment"),
            expected_version=self.expected_version,
            content_digest=self.content_digest,
        )


@strawberry.input
class PaymentReleaseInput(UpdateInput):
    """See ReleasePayment."""

    payment_id: strawberry.ID
    content_digest: Digest = strawberry.field(description=_SEEN)
    from_float: bool = strawberry.field(
        default=False, description="Out of the advances that the office holds in the currencies of its lines."
    )

    def command(self) -> ReleasePayment:
        """The command."""
        return ReleasePayment(
            id=decode(self.payment_id, "Payment"),
            expected_version=self.expected_version,
            content_digest=self.content_digest,
            from_float=self.from_float,
        )


@strawberry.input
class PaidLineInput:
    """See PaidLine."""

    line_id: strawberry.ID
    amount: MoneyInput = strawberry.field(description="What was paid of the line, in its currency; zero if nothing.")


@strawberry.input
class PaymentConfirmInput(UpdateInput):
    """See ConfirmPayment."""

    payment_id: strawberry.ID
    paid_on: date
    reference: str = strawberry.field(description="Of the bank, or of the receipt.")
    paid_in_part: list[PaidLineInput] | None = strawberry.field(
        default=None, description="Lines of which less was paid; their rest is free again. Those not named were paid wholly."
    )

    def command(self) -> ConfirmPayment:
        """The command."""
        return ConfirmPayment(
            id=decode(self.payment_id, "Payment"),
            expected_version=self.expected_version,
            paid_on=self.paid_on,
            reference=self.reference,
            paid_in_part=tuple(
                PaidLine(decode(line.line_id, "PaymentLine"), line.amount.read(f"paidInPart.{number}.amount"))
                for number, line in enumerate(self.paid_in_part or ())
            ),
        )


@strawberry.input
class PaymentFailInput(UpdateInput):
    """See FailPayment."""

    payment_id: strawberry.ID
    reason: str

    def command(self) -> FailPayment:
        """The command."""
        return FailPayment(id=decode(self.payment_id, "Payment"), expected_version=self.expected_version, reason=self.reason)


@strawberry.input
class PaymentMarkUnconfirmedInput(UpdateInput):
    """See MarkPaymentUnconfirmed."""

    payment_id: strawberry.ID
    reason: str

    def command(self) -> MarkPaymentUnconfirmed:
        """The command."""
        return MarkPaymentUnconfirmed(
            id=decode(self.payment_id, "Payment"), expected_version=self.expected_version, reason=self.reason
        )


@strawberry.input
class PaymentReverseInput(UpdateInput):
    """See ReversePayment."""

    payment_id: strawberry.ID
    reason: str

    def command(self) -> ReversePayment:
        """The command."""
        return ReversePayment(id=decode(self.payment_id, "Payment"), expected_version=self.expected_version, reason=self.reason)
