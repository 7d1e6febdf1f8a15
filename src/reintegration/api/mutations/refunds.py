"""Mutations of refunds: record what a supplier gave back, decide on it."""

from datetime import date

import strawberry

from reintegration.api.graph import ApiInfo
from reintegration.api.identifiers import decode
from reintegration.api.loaders import returned
from reintegration.api.mutations.execute import CreationInput, Input, Payload, UpdateInput, chosen_id, execute, mutation
from reintegration.api.scalars import MoneyInput
from reintegration.api.types.enums import Decision
from reintegration.api.types.payments import PaymentRefund
from reintegration.cases.errors import AlreadyDecidedError
from reintegration.identity.permissions import Permission
from reintegration.kernel.errors import SamePersonError, TransitionError
from reintegration.payments import errors
from reintegration.payments.commands import DecideRefund, RequestRefund
from reintegration.payments.service import decide_refund, request_refund


@strawberry.input
class PaymentRefundRequestInput(CreationInput):
    """See RequestRefund."""

    payment_id: strawberry.ID
    line_id: strawberry.ID
    document_id: strawberry.ID = strawberry.field(description="The proof; attach it to the payment first.")
    amount: MoneyInput = strawberry.field(description="In the currency of the line.")
    received_on: date
    reference: str
    reason: str

    def command(self) -> RequestRefund:
        """The command."""
        return RequestRefund(
            id=chosen_id(self.id),
            payment_id=decode(self.payment_id, "Payment"),
            line_id=decode(self.line_id, "PaymentLine"),
            document_id=decode(self.document_id, "Document"),
            amount=self.amount.read("amount"),
            received_on=self.received_on,
            reference=self.reference.strip(),
            reason=self.reason.strip(),
        )


@strawberry.input
class PaymentRefundDecideInput(UpdateInput):
    """See DecideRefund."""

    refund_id: strawberry.ID
    decision: Decision
    note: str | None = None

    def command(self) -> DecideRefund:
        """The command."""
        return DecideRefund(
            refund_id=decode(self.refund_id, "PaymentRefund"),
            expected_version=self.expected_version,
            approved=self.decision is Decision.APPROVED,
            note=self.note,
        )


@strawberry.type
class PaymentRefundRequestPayload(Payload):
    """The refund, to be decided."""

    refund: PaymentRefund


@strawberry.type
class PaymentRefundDecidePayload(Payload):
    """The decided refund."""

    refund: PaymentRefund


@strawberry.type
class RefundMutations:
    """Part of `Mutation`."""

    @mutation(
        PaymentRefundRequestPayload,
        errors.RefundOpenError,
        errors.RefundTooLargeError,
        errors.DocumentsMissingError,
        errors.PaymentInFutureError,
        TransitionError,
    )
    async def payment_refund_request(self, info: ApiInfo, asked: Input[PaymentRefundRequestInput]) -> PaymentRefundRequestPayload:
        """Record that a supplier gave a part of a line back; nothing moves until a second person agrees."""
        done = await execute(info, asked, Permission.PAYMENT_SETTLE, request_refund, asked.command)
        found = await returned(info.context, PaymentRefund, done.reference.id)
        return PaymentRefundRequestPayload(refund=found, replayed=done.replayed)

    @mutation(PaymentRefundDecidePayload, AlreadyDecidedError, SamePersonError)
    async def payment_refund_decide(self, info: ApiInfo, asked: Input[PaymentRefundDecideInput]) -> PaymentRefundDecidePayload:
        """Approve or refuse a refund that somebody else has recorded; approval moves the money in the ledger."""
        done = await execute(info, asked, Permission.PAYMENT_REVERSE, decide_refund, asked.command)
        found = await returned(info.context, PaymentRefund, done.reference.id)
        return PaymentRefundDecidePayload(refund=found, replayed=done.replayed)
