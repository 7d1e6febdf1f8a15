"""Mutations of payments: drafts, four eyes, outcomes."""

import strawberry

from reintegration.api.graph import ApiInfo
from reintegration.api.loaders import returned
from reintegration.api.mutations.execute import Input, Payload, execute, mutation
from reintegration.api.mutations.payment_inputs import (
    PaymentAmendInput,
    PaymentApproveInput,
    PaymentCancelInput,
    PaymentConfirmInput,
    PaymentDraftInput,
    PaymentFailInput,
    PaymentMarkUnconfirmedInput,
    PaymentReleaseInput,
    PaymentReturnInput,
    PaymentReverseInput,
    PaymentSubmitInput,
)
from reintegration.api.types.payments import Payment
from reintegration.identity.permissions import Permission
from reintegration.kernel.errors import SamePersonError, TransitionError
from reintegration.ledger.errors import NotEnoughLeftError
from reintegration.payments import errors
from reintegration.payments.service import (
    amend_payment,
    approve_payment,
    cancel_payment,
    confirm_payment,
    draft_payment,
    fail_payment,
    mark_payment_unconfirmed,
    release_payment,
    return_payment,
    reverse_payment,
    submit_payment,
)
from reintegration.payments.supplier_errors import AccountUnapprovedError, SupplierBarredError, SupplierDuplicateError
from reintegration.plans.errors import ItemNotInForceError
from reintegration.programme.errors import NoRateError

_RETURNING = (Permission.PAYMENT_APPROVE, Permission.PAYMENT_PREPARE, Permission.PAYMENT_RELEASE)


@strawberry.type
class PaymentDraftPayload(Payload):
    """The new draft."""

    payment: Payment


@strawberry.type
class PaymentAmendPayload(Payload):
    """The amended draft."""

    payment: Payment


@strawberry.type
class PaymentSubmitPayload(Payload):
    """The payment that awaits approval."""

    payment: Payment


@strawberry.type
class PaymentReturnPayload(Payload):
    """The draft again."""

    payment: Payment


@strawberry.type
class PaymentCancelPayload(Payload):
    """The cancelled draft."""

    payment: Payment


@strawberry.type
class PaymentApprovePayload(Payload):
    """The approved payment."""

    payment: Payment


@strawberry.type
class PaymentReleasePayload(Payload):
    """The released payment."""

    payment: Payment


@strawberry.type
class PaymentConfirmPayload(Payload):
    """The paid payment."""

    payment: Payment


@strawberry.type
class PaymentFailPayload(Payload):
    """The failed payment."""

    payment: Payment


@strawberry.type
class PaymentMarkUnconfirmedPayload(Payload):
    """The payment whose outcome nobody knows."""

    payment: Payment


@strawberry.type
class PaymentReversePayload(Payload):
    """The reversed payment."""

    payment: Payment


@strawberry.type
class PaymentMutations:
    """Part of `Mutation`."""

    @mutation(PaymentDraftPayload, ItemNotInForceError, errors.AlreadyPaidError)
    async def payment_draft(self, info: ApiInfo, asked: Input[PaymentDraftInput]) -> PaymentDraftPayload:
        """Begin a payment: of a plan item, or of an entitlement that is paid in Belgium. Nothing is reserved yet."""
        done = await execute(info, asked, Permission.PAYMENT_PREPARE, draft_payment, asked.command)
        return PaymentDraftPayload(payment=await returned(info.context, Payment, done.reference.id), replayed=done.replayed)

    @mutation(PaymentAmendPayload, errors.AlreadyPaidError, TransitionError)
    async def payment_amend(self, info: ApiInfo, asked: Input[PaymentAmendInput]) -> PaymentAmendPayload:
        """Replace the content of a draft."""
        done = await execute(info, asked, Permission.PAYMENT_PREPARE, amend_payment, asked.command)
        return PaymentAmendPayload(payment=await returned(info.context, Payment, done.reference.id), replayed=done.replayed)

    @mutation(
        PaymentSubmitPayload,
        NoRateError,
        errors.DocumentsMissingError,
        NotEnoughLeftError,
        errors.PaymentBeforeArrivalError,
        errors.PaymentAfterDeadlineError,
        ItemNotInForceError,
        errors.AlreadyPaidError,
        errors.PaymentHeldError,
        TransitionError,
    )
    async def payment_submit(self, info: ApiInfo, asked: Input[PaymentSubmitInput]) -> PaymentSubmitPayload:
        """Freeze the rates, reserve the money and ask for approval."""
        done = await execute(info, asked, Permission.PAYMENT_PREPARE, submit_payment, asked.command)
        return PaymentSubmitPayload(payment=await returned(info.context, Payment, done.reference.id), replayed=done.replayed)

    @mutation(PaymentReturnPayload, TransitionError)
    async def payment_return(self, info: ApiInfo, asked: Input[PaymentReturnInput]) -> PaymentReturnPayload:
        """Send a submitted or approved payment back to draft; its money is free again and its approval void."""
        done = await execute(info, asked, _RETURNING, return_payment, asked.command)
        return PaymentReturnPayload(payment=await returned(info.context, Payment, done.reference.id), replayed=done.replayed)

    @mutation(PaymentCancelPayload, TransitionError)
    async def payment_cancel(self, info: ApiInfo, asked: Input[PaymentCancelInput]) -> PaymentCancelPayload:
        """Give a draft up."""
        done = await execute(info, asked, Permission.PAYMENT_PREPARE, cancel_payment, asked.command)
        return PaymentCancelPayload(payment=await returned(info.context, Payment, done.reference.id), replayed=done.replayed)

    @mutation(PaymentApprovePayload, errors.ApprovalVoidError, errors.PaymentHeldError, SamePersonError, TransitionError)
    async def payment_approve(self, info: ApiInfo, asked: Input[PaymentApproveInput]) -> PaymentApprovePayload:
        """Approve exactly the content with this digest."""
        done = await execute(info, asked, Permission.PAYMENT_APPROVE, approve_payment, asked.command)
        return PaymentApprovePayload(payment=await returned(info.context, Payment, done.reference.id), replayed=done.replayed)

    @mutation(
        PaymentReleasePayload,
        errors.ApprovalVoidError,
        errors.PaymentHeldError,
        errors.ThresholdExceededError,
        errors.FloatTooSmallError,
        AccountUnapprovedError,
        SupplierDuplicateError,
        SupplierBarredError,
        SamePersonError,
        TransitionError,
        errors.PaymentBeforeArrivalError,
        errors.PaymentAfterDeadlineError,
    )
    async def payment_release(self, info: ApiInfo, asked: Input[PaymentReleaseInput]) -> PaymentReleasePayload:
        """Let an approved payment go to the bank or the cash desk."""
        done = await execute(info, asked, Permission.PAYMENT_RELEASE, release_payment, asked.command)
        return PaymentReleasePayload(payment=await returned(info.context, Payment, done.reference.id), replayed=done.replayed)

    @mutation(
        PaymentConfirmPayload,
        errors.PaymentInFutureError,
        errors.DocumentsMissingError,
        errors.PaymentBeforeArrivalError,
        errors.PaymentAfterDeadlineError,
        errors.NotAtDepartureError,
        errors.ApprovalVoidError,
        errors.PaymentMatchedError,
        errors.PaymentOrderedError,
        TransitionError,
    )
    async def payment_confirm(self, info: ApiInfo, asked: Input[PaymentConfirmInput]) -> PaymentConfirmPayload:
        """Say that the money has arrived."""
        done = await execute(info, asked, Permission.PAYMENT_SETTLE, confirm_payment, asked.command)
        return PaymentConfirmPayload(payment=await returned(info.context, Payment, done.reference.id), replayed=done.replayed)

    @mutation(
        PaymentFailPayload,
        errors.NonPaymentUnprovedError,
        errors.PaymentMatchedError,
        errors.PaymentOrderedError,
        TransitionError,
    )
    async def payment_fail(self, info: ApiInfo, asked: Input[PaymentFailInput]) -> PaymentFailPayload:
        """Say that the money has certainly not gone; one in doubt, or in an order that the bank has, needs evidence."""
        done = await execute(info, asked, Permission.PAYMENT_SETTLE, fail_payment, asked.command)
        return PaymentFailPayload(payment=await returned(info.context, Payment, done.reference.id), replayed=done.replayed)

    @mutation(PaymentMarkUnconfirmedPayload, errors.PaymentOrderedError, TransitionError)
    async def payment_mark_unconfirmed(
        self, info: ApiInfo, asked: Input[PaymentMarkUnconfirmedInput]
    ) -> PaymentMarkUnconfirmedPayload:
        """Say that nobody knows whether the money has gone; it stays reserved and can't be paid again."""
        done = await execute(info, asked, Permission.PAYMENT_SETTLE, mark_payment_unconfirmed, asked.command)
        return PaymentMarkUnconfirmedPayload(
            payment=await returned(info.context, Payment, done.reference.id), replayed=done.replayed
        )

    @mutation(PaymentReversePayload, SamePersonError, TransitionError, errors.PaymentRefundedError, errors.PaymentMatchedError)
    async def payment_reverse(self, info: ApiInfo, asked: Input[PaymentReverseInput]) -> PaymentReversePayload:
        """Say that the money of a paid payment came back: a reversing ledger entry, never an edit."""
        done = await execute(info, asked, Permission.PAYMENT_REVERSE, reverse_payment, asked.command)
        return PaymentReversePayload(payment=await returned(info.context, Payment, done.reference.id), replayed=done.replayed)
