"""Use cases after sealing: take the file, say that the bank has it, or give the order up."""

from reintegration.database.rows import locked
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.clock import now
from reintegration.kernel.errors import SamePersonError, TransitionError
from reintegration.kernel.reference import Reference
from reintegration.ordering.commands import CancelOrder, DownloadOrder, MarkOrderSent
from reintegration.ordering.errors import OrderPaidError, OrderUnprovedError
from reintegration.ordering.models import PaymentOrder, PaymentOrderDownload
from reintegration.ordering.sealing import ask_again

_SQL = load_queries(__file__)
_WITH_FILE = frozenset({"sealed", "sent"})
_LIVE = frozenset({"draft", "sealed", "sent"})
_ENDED_AS_PAID = frozenset({"paid", "reversed"})


async def download_order(transaction: Transaction, command: DownloadOrder) -> Reference:
    """Record that the actor gets the file of an order; from the first time on the bank may have it.

    So the first time asks again what the seal has asked; who cancels the order waits, and knows of this.
    Locks the order, then the payments, then their suppliers.

    Raises:
        TransitionError: it is not sealed, or given up.
        PaymentsNotOrderableError, OrderDayPassedError: nobody has the file yet, and something changed since the seal.
        NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.PAYMENT_ORDER_PREPARE)
    order = await locked(transaction, PaymentOrder, command.order_id, kind="PaymentOrder")
    if order.status not in _WITH_FILE:
        raise TransitionError(kind="PaymentOrder", current=order.status, wanted="downloaded")
    if order.status == "sealed" and not await transaction.fetch_value(_SQL["given_away"], order.id):
        await ask_again(transaction, order)
    row = await PaymentOrderDownload.create(
        using_db=transaction.orm, id=command.id, order_id=order.id, downloaded_by=transaction.actor.id
    )
    return Reference("PaymentOrderDownload", row.id, row.version)


async def mark_order_sent(transaction: Transaction, command: MarkOrderSent) -> Reference:
    """Say that the bank has the file. From here on a payment of it fails with evidence of non-payment alone. Locks the order.

    Raises:
        TransitionError, VersionConflictError, NotFoundError, ForbiddenError, InvalidInputError.
    """
    require(transaction.actor, Permission.PAYMENT_ORDER_PREPARE)
    order = await locked(transaction, PaymentOrder, command.id, kind="PaymentOrder", expected_version=command.expected_version)
    if order.status != "sealed":
        raise TransitionError(kind="PaymentOrder", current=order.status, wanted="sent")
    order.status, order.sent_by, order.sent_at = "sent", transaction.actor.id, now()
    order.update_from_dict({"sent_reference": command.reference})
    await order.save(using_db=transaction.orm, update_fields=["status", "sent_by", "sent_at", "sent_reference"])
    return Reference("PaymentOrder", order.id, order.version + 1)


async def cancel_order(transaction: Transaction, command: CancelOrder) -> Reference:
    """Give an order up, so that its payments are free for another one. Their own status stays: what is in doubt stays in doubt.

    Once its file was taken the bank may have it: then each payment needs evidence that it was not paid, and none may have been.
    Locks the order, then the payments.

    Raises:
        OrderPaidError, OrderUnprovedError.
        SamePersonError: by the one who said that it was sent, or who took its file.
        TransitionError, VersionConflictError, NotFoundError, ForbiddenError, InvalidInputError.
    """
    require(transaction.actor, Permission.PAYMENT_ORDER_PREPARE)
    order = await locked(transaction, PaymentOrder, command.id, kind="PaymentOrder", expected_version=command.expected_version)
    if order.status not in _LIVE:
        raise TransitionError(kind="PaymentOrder", current=order.status, wanted="cancelled")
    if order.sent_by == transaction.actor.id:
        raise SamePersonError(step="cancelling of an order that was sent")
    payment_ids = [line["payment_id"] for line in await transaction.fetch(_SQL["lines"], order.id)]
    await transaction.fetch(_SQL["lock_payments"], payment_ids)
    if order.status == "sent" or await transaction.fetch_value(_SQL["given_away"], order.id):
        if await transaction.fetch_value(_SQL["taken_by"], order.id, transaction.actor.id):
            raise SamePersonError(step="cancelling of an order whose file was taken")
        payments = await transaction.fetch(_SQL["standing"], order.id)
        if any(payment["is_matched"] or payment["status"] in _ENDED_AS_PAID for payment in payments):
            raise OrderPaidError
        unproved = tuple(payment["id"] for payment in payments if not payment["is_proved"])
        if unproved:
            raise OrderUnprovedError(payment_ids=unproved)
    order.status, order.cancelled_by, order.cancelled_at = "cancelled", transaction.actor.id, now()
    order.cancel_reason = command.reason
    await order.save(using_db=transaction.orm, update_fields=["status", "cancelled_by", "cancelled_at", "cancel_reason"])
    return Reference("PaymentOrder", order.id, order.version + 1)
