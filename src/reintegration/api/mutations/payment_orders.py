"""Mutations of orders to banks: gather payments, seal the file, take it, say that it went, give it up."""

from datetime import date, timedelta

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
from reintegration.api.types.evidence import LINK_LIFETIME_S
from reintegration.api.types.payment_order_enums import PaymentOrderFormat, PaymentOrderService
from reintegration.api.types.payment_orders import PaymentOrder, PaymentOrderDownload
from reintegration.banking.pain_schema import PainVersion
from reintegration.banking.payment_order import Service
from reintegration.identity.permissions import Permission
from reintegration.kernel.clock import now
from reintegration.kernel.errors import SamePersonError, TransitionError
from reintegration.ordering import errors
from reintegration.ordering.commands import CancelOrder, DownloadOrder, MarkOrderSent, PrepareOrder, SealOrder
from reintegration.ordering.service import (
    cancel_order,
    download_order,
    mark_order_sent,
    prepare_order,
    seal_order,
    write_order_file,
)


@strawberry.input
class PaymentOrderCreateInput(CreationInput):
    """See PrepareOrder."""

    account_id: strawberry.ID = strawberry.field(description="The bank account that is paid out of.")
    payment_ids: list[strawberry.ID] = strawberry.field(description="At most 500, in the order of the file.")
    execution_on: date = strawberry.field(description="The day on which the bank should pay.")
    holder: str = strawberry.field(description="Whose the account is, as its bank has it, in the letters that banks take.")
    bic: str | None = strawberry.field(default=None, description="Of the account's bank.")
    format: PaymentOrderFormat = PaymentOrderFormat.PAIN_001_09
    service: PaymentOrderService = PaymentOrderService.ANY

    def command(self) -> PrepareOrder:
        """The command."""
        return PrepareOrder(
            id=chosen_id(self.id),
            bank_account_id=decode(self.account_id, "BankAccount"),
            payment_ids=tuple(decode(payment, "Payment") for payment in self.payment_ids),
            execution_on=self.execution_on,
            holder=" ".join(self.holder.split()),
            bic=self.bic,
            version=PainVersion(self.format.value),
            service=Service(self.service.value),
        )


@strawberry.input
class PaymentOrderSealInput(UpdateInput):
    """See SealOrder."""

    order_id: strawberry.ID
    content_digest: Digest = strawberry.field(description="Of the content that the person saw.")


@strawberry.input
class PaymentOrderDownloadInput(CreationInput):
    """See DownloadOrder."""

    order_id: strawberry.ID

    def command(self) -> DownloadOrder:
        """The command."""
        return DownloadOrder(id=chosen_id(self.id), order_id=decode(self.order_id, "PaymentOrder"))


@strawberry.input
class PaymentOrderMarkSentInput(UpdateInput):
    """See MarkOrderSent."""

    order_id: strawberry.ID
    reference: str | None = strawberry.field(default=None, description="What the bank answered.")

    def command(self) -> MarkOrderSent:
        """The command."""
        reference = None if self.reference is None else self.reference.strip()
        return MarkOrderSent(
            id=decode(self.order_id, "PaymentOrder"), expected_version=self.expected_version, reference=reference
        )


@strawberry.input
class PaymentOrderCancelInput(UpdateInput):
    """See CancelOrder."""

    order_id: strawberry.ID
    reason: str

    def command(self) -> CancelOrder:
        """The command."""
        return CancelOrder(
            id=decode(self.order_id, "PaymentOrder"), expected_version=self.expected_version, reason=self.reason.strip()
        )


@strawberry.type
class PaymentOrderCreatePayload(Payload):
    """The order, to be sealed by another person."""

    payment_order: PaymentOrder


@strawberry.type
class PaymentOrderSealPayload(Payload):
    """The sealed order."""

    payment_order: PaymentOrder


@strawberry.type
class PaymentOrderDownloadPayload(Payload):
    """Who was given the file, and a link to it."""

    download: PaymentOrderDownload
    url: str | None = strawberry.field(
        description="For five minutes from the first answer on, which a replay doesn't prolong; null then."
    )


@strawberry.type
class PaymentOrderMarkSentPayload(Payload):
    """The sent order."""

    payment_order: PaymentOrder


@strawberry.type
class PaymentOrderCancelPayload(Payload):
    """The cancelled order."""

    payment_order: PaymentOrder


async def _link(context: ApiContext, download: PaymentOrderDownload) -> str | None:
    """A link that ends when the first one did, so that each use of the file has its row."""
    lifetime = timedelta(seconds=LINK_LIFETIME_S) - (now() - download.downloaded_at)
    left_s = min(int(lifetime.total_seconds()), LINK_LIFETIME_S)
    order = await record(context, PaymentOrder, download.row.order_id)
    if left_s < 1 or order.row.object_key is None:
        return None
    return await context.object_store.presign_download(order.row.object_key, f"{order.message_id}.xml", left_s)


@strawberry.type
class PaymentOrderMutations:
    """Part of `Mutation`."""

    @mutation(PaymentOrderCreatePayload, errors.PaymentsNotOrderableError)
    async def payment_order_create(self, info: ApiInfo, asked: Input[PaymentOrderCreateInput]) -> PaymentOrderCreatePayload:
        """Gather released payments into an order to the bank of an account; what was approved of each payee is frozen."""
        done = await execute(info, asked, Permission.PAYMENT_ORDER_PREPARE, prepare_order, asked.command)
        found = await returned(info.context, PaymentOrder, done.reference.id)
        return PaymentOrderCreatePayload(payment_order=found, replayed=done.replayed)

    @mutation(
        PaymentOrderSealPayload,
        errors.PaymentsNotOrderableError,
        errors.OrderVoidError,
        errors.OrderDayPassedError,
        SamePersonError,
        TransitionError,
    )
    async def payment_order_seal(self, info: ApiInfo, asked: Input[PaymentOrderSealInput]) -> PaymentOrderSealPayload:
        """Approve an order that somebody else has prepared; its file is written, proved by the schema, and never changes."""
        require_any(info, Permission.PAYMENT_ORDER_SEAL)
        context, order_id = info.context, decode(asked.order_id, "PaymentOrder")
        # An earlier mutation's snapshot would be held open while the file is written.
        await context.reset_reads()
        file = await write_order_file(context.unit_of_work, context.object_store, context.actor, order_id, asked.content_digest)

        def command() -> SealOrder:
            return SealOrder(id=order_id, expected_version=asked.expected_version, content_digest=asked.content_digest, file=file)

        done = await execute(info, asked, Permission.PAYMENT_ORDER_SEAL, seal_order, command)
        found = await returned(context, PaymentOrder, done.reference.id)
        return PaymentOrderSealPayload(payment_order=found, replayed=done.replayed)

    @mutation(PaymentOrderDownloadPayload, TransitionError, errors.PaymentsNotOrderableError, errors.OrderDayPassedError)
    async def payment_order_download(self, info: ApiInfo, asked: Input[PaymentOrderDownloadInput]) -> PaymentOrderDownloadPayload:
        """Take the file of a sealed order, to give it to the bank. Who took it is kept; from then on the bank may have it."""
        done = await execute(info, asked, Permission.PAYMENT_ORDER_PREPARE, download_order, asked.command)
        found = await record(info.context, PaymentOrderDownload, done.reference.id)
        url = await _link(info.context, found)
        shown = await returned(info.context, PaymentOrderDownload, done.reference.id)
        return PaymentOrderDownloadPayload(download=shown, url=url, replayed=done.replayed)

    @mutation(PaymentOrderMarkSentPayload, TransitionError)
    async def payment_order_mark_sent(
        self, info: ApiInfo, asked: Input[PaymentOrderMarkSentInput]
    ) -> PaymentOrderMarkSentPayload:
        """Say that the bank has the file; from then on its payments can be paid, or fail with evidence of non-payment."""
        done = await execute(info, asked, Permission.PAYMENT_ORDER_PREPARE, mark_order_sent, asked.command)
        found = await returned(info.context, PaymentOrder, done.reference.id)
        return PaymentOrderMarkSentPayload(payment_order=found, replayed=done.replayed)

    @mutation(PaymentOrderCancelPayload, errors.OrderPaidError, errors.OrderUnprovedError, SamePersonError, TransitionError)
    async def payment_order_cancel(self, info: ApiInfo, asked: Input[PaymentOrderCancelInput]) -> PaymentOrderCancelPayload:
        """Give an order up and free its payments; once its file was taken, with evidence that none of them was paid."""
        done = await execute(info, asked, Permission.PAYMENT_ORDER_PREPARE, cancel_order, asked.command)
        found = await returned(info.context, PaymentOrder, done.reference.id)
        return PaymentOrderCancelPayload(payment_order=found, replayed=done.replayed)
