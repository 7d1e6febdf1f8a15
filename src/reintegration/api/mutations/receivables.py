"""Mutations of receivables: what is owed, when it is to be paid, what came of it, what is given up."""

import strawberry

from reintegration.api.graph import ApiInfo
from reintegration.api.loaders import returned
from reintegration.api.mutations.execute import Input, Payload, execute, mutation
from reintegration.api.mutations.receivable_inputs import (
    ReceivableDecideInput,
    ReceivablePlanAgreeInput,
    ReceivableReceiptRecordInput,
    ReceivableReceiptTakeBackInput,
    ReceivableRecordInput,
    ReceivableWriteOffDecideInput,
    ReceivableWriteOffRequestInput,
)
from reintegration.api.types.receivables import Receivable, ReceivablePlan, ReceivableReceipt, ReceivableWriteOff
from reintegration.cases.errors import AlreadyDecidedError, FutureDateError
from reintegration.identity.permissions import Permission
from reintegration.kernel.errors import SamePersonError, TransitionError
from reintegration.ledger.errors import NotEnoughLeftError
from reintegration.payments.errors import RefundOpenError
from reintegration.recovery import errors
from reintegration.recovery.service import (
    agree_plan,
    decide_receivable,
    decide_write_off,
    record_receipt,
    record_receivable,
    request_write_off,
    take_back_receipt,
)
from reintegration.treasury.errors import NotEnoughHeldError


@strawberry.type
class ReceivableRecordPayload(Payload):
    """The receivable, to be confirmed."""

    receivable: Receivable


@strawberry.type
class ReceivableDecidePayload(Payload):
    """The decided receivable."""

    receivable: Receivable


@strawberry.type
class ReceivablePlanAgreePayload(Payload):
    """The plan, in force."""

    plan: ReceivablePlan


@strawberry.type
class ReceivableReceiptRecordPayload(Payload):
    """What came."""

    receipt: ReceivableReceipt


@strawberry.type
class ReceivableReceiptTakeBackPayload(Payload):
    """What did not stay."""

    receipt: ReceivableReceipt


@strawberry.type
class ReceivableWriteOffRequestPayload(Payload):
    """The write-off, to be decided."""

    write_off: ReceivableWriteOff


@strawberry.type
class ReceivableWriteOffDecidePayload(Payload):
    """The decided write-off."""

    write_off: ReceivableWriteOff


@strawberry.type
class ReceivableMutations:
    """Part of `Mutation`."""

    @mutation(ReceivableRecordPayload, errors.ClaimTooLargeError, TransitionError)
    async def receivable_record(self, info: ApiInfo, asked: Input[ReceivableRecordInput]) -> ReceivableRecordPayload:
        """Record that a returnee, a supplier or a partner owes something; it is owed once a second person confirms it."""
        done = await execute(info, asked, Permission.RECEIVABLE_RECORD, record_receivable, asked.command)
        found = await returned(info.context, Receivable, done.reference.id)
        return ReceivableRecordPayload(receivable=found, replayed=done.replayed)

    @mutation(ReceivableDecidePayload, AlreadyDecidedError, SamePersonError)
    async def receivable_decide(self, info: ApiInfo, asked: Input[ReceivableDecideInput]) -> ReceivableDecidePayload:
        """Confirm or refuse a receivable that somebody else has recorded."""
        done = await execute(info, asked, Permission.RECEIVABLE_CONFIRM, decide_receivable, asked.command)
        found = await returned(info.context, Receivable, done.reference.id)
        return ReceivableDecidePayload(receivable=found, replayed=done.replayed)

    @mutation(ReceivablePlanAgreePayload, errors.PlanNotWholeError, errors.NotOwedError)
    async def receivable_plan_agree(self, info: ApiInfo, asked: Input[ReceivablePlanAgreeInput]) -> ReceivablePlanAgreePayload:
        """Agree when all that is owed is to be paid; it takes the place of the plan before."""
        done = await execute(info, asked, Permission.RECEIVABLE_RECORD, agree_plan, asked.command)
        found = await returned(info.context, ReceivablePlan, done.reference.id)
        return ReceivablePlanAgreePayload(plan=found, replayed=done.replayed)

    @mutation(ReceivableReceiptRecordPayload, errors.MoreThanOwedError, errors.NotOwedError, RefundOpenError, FutureDateError)
    async def receivable_receipt_record(
        self, info: ApiInfo, asked: Input[ReceivableReceiptRecordInput]
    ) -> ReceivableReceiptRecordPayload:
        """Record money that came; of a payment's line, it is no longer spent."""
        done = await execute(info, asked, Permission.RECEIVABLE_RECEIVE, record_receipt, asked.command)
        found = await returned(info.context, ReceivableReceipt, done.reference.id)
        return ReceivableReceiptRecordPayload(receipt=found, replayed=done.replayed)

    @mutation(
        ReceivableReceiptTakeBackPayload,
        NotEnoughLeftError,
        NotEnoughHeldError,
        errors.ReceiptTakenBackError,
        errors.ReceiptMatchedError,
        RefundOpenError,
        SamePersonError,
    )
    async def receivable_receipt_take_back(
        self, info: ApiInfo, asked: Input[ReceivableReceiptTakeBackInput]
    ) -> ReceivableReceiptTakeBackPayload:
        """Record that money did not stay, such as a cheque that bounced: it is owed again, and spent again."""
        done = await execute(info, asked, Permission.RECEIVABLE_RECEIVE, take_back_receipt, asked.command)
        found = await returned(info.context, ReceivableReceipt, done.reference.id)
        return ReceivableReceiptTakeBackPayload(receipt=found, replayed=done.replayed)

    @mutation(ReceivableWriteOffRequestPayload, errors.WriteOffOpenError, errors.MoreThanOwedError, errors.NotOwedError)
    async def receivable_write_off_request(
        self, info: ApiInfo, asked: Input[ReceivableWriteOffRequestInput]
    ) -> ReceivableWriteOffRequestPayload:
        """Ask to give up a part of what is owed, or all of it."""
        done = await execute(info, asked, Permission.RECEIVABLE_RECORD, request_write_off, asked.command)
        found = await returned(info.context, ReceivableWriteOff, done.reference.id)
        return ReceivableWriteOffRequestPayload(write_off=found, replayed=done.replayed)

    @mutation(ReceivableWriteOffDecidePayload, errors.MoreThanOwedError, AlreadyDecidedError, SamePersonError)
    async def receivable_write_off_decide(
        self, info: ApiInfo, asked: Input[ReceivableWriteOffDecideInput]
    ) -> ReceivableWriteOffDecidePayload:
        """Approve or refuse what somebody else asked to give up; approved, it is owed no more and stays spent."""
        done = await execute(info, asked, Permission.RECEIVABLE_WRITE_OFF, decide_write_off, asked.command)
        found = await returned(info.context, ReceivableWriteOff, done.reference.id)
        return ReceivableWriteOffDecidePayload(write_off=found, replayed=done.replayed)
