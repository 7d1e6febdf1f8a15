"""Mutations of receipts: issue the returnee's one-time code, enter what they said."""

import strawberry

from reintegration.api.graph import ApiInfo
from reintegration.api.identifiers import decode
from reintegration.api.loaders import returned
from reintegration.api.mutations.execute import CreationInput, Input, MutationInput, Payload, chosen_id, execute, mutation
from reintegration.api.types.payments import ReceiptCode
from reintegration.identity.permissions import Permission
from reintegration.kernel.errors import SamePersonError, TransitionError
from reintegration.payments import receipt_errors
from reintegration.payments.commands import ConfirmReceipt, IssueReceiptCode
from reintegration.payments.receipts import new_code
from reintegration.payments.service import confirm_receipt, issue_receipt_code


@strawberry.input
class ReceiptCodeIssueInput(CreationInput):
    """See IssueReceiptCode."""

    payment_id: strawberry.ID

    def command(self, code: str) -> IssueReceiptCode:
        """The command."""
        return IssueReceiptCode(id=chosen_id(self.id), payment_id=decode(self.payment_id, "Payment"), code=code)


@strawberry.input
class ReceiptConfirmInput(MutationInput):
    """See ConfirmReceipt."""

    payment_id: strawberry.ID
    code: str = strawberry.field(description="As the returnee said it; case, spaces and dashes don't matter.")

    def command(self) -> ConfirmReceipt:
        """The command."""
        return ConfirmReceipt(payment_id=decode(self.payment_id, "Payment"), code=self.code)


@strawberry.type
class ReceiptCodeIssuePayload(Payload):
    """The code, for the returnee alone."""

    receipt_code: ReceiptCode
    one_time_code: str | None = strawberry.field(
        description="To be told to the returnee. Null in a repetition: nobody can read it again; issue another one."
    )


@strawberry.type
class ReceiptConfirmPayload(Payload):
    """Confirmed if `receiptCode.confirmedAt` is there; else the code was wrong, and that is counted."""

    receipt_code: ReceiptCode


@strawberry.type
class ReceiptMutations:
    """Part of `Mutation`."""

    @mutation(ReceiptCodeIssuePayload, receipt_errors.ReceiptConfirmedError, TransitionError)
    async def receipt_code_issue(self, info: ApiInfo, asked: Input[ReceiptCodeIssueInput]) -> ReceiptCodeIssuePayload:
        """Issue a one-time code with which the returnee says that a payment arrived; one issued before is void."""
        code = new_code()
        done = await execute(info, asked, Permission.RECEIPT_ISSUE, issue_receipt_code, lambda: asked.command(code))
        found = await returned(info.context, ReceiptCode, done.reference.id)
        return ReceiptCodeIssuePayload(receipt_code=found, one_time_code=None if done.replayed else code, replayed=done.replayed)

    @mutation(
        ReceiptConfirmPayload,
        receipt_errors.NoCodeError,
        receipt_errors.CodeLockedError,
        receipt_errors.CodeExpiredError,
        receipt_errors.ReceiptConfirmedError,
        SamePersonError,
        TransitionError,
    )
    async def receipt_confirm(self, info: ApiInfo, asked: Input[ReceiptConfirmInput]) -> ReceiptConfirmPayload:
        """Enter the code that the returnee said; a wrong one is counted, and five lock it."""
        done = await execute(info, asked, Permission.RECEIPT_CONFIRM, confirm_receipt, asked.command)
        found = await returned(info.context, ReceiptCode, done.reference.id)
        return ReceiptConfirmPayload(receipt_code=found, replayed=done.replayed)
