"""What comes of what is owed: money that came, and money that did not stay."""

from typing import TYPE_CHECKING

from reintegration.cases.errors import FutureDateError
from reintegration.database.rows import locked, visible
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.clock import now, today
from reintegration.kernel.errors import SamePersonError
from reintegration.kernel.money import Money, to_euro
from reintegration.kernel.reference import Reference
from reintegration.ledger.service import flows, post
from reintegration.payments.service import pot_of_payment
from reintegration.recovery.commands import RecordReceipt, TakeBackReceipt
from reintegration.recovery.errors import MoreThanOwedError, ReceiptTakenBackError
from reintegration.recovery.models import Receivable, ReceivableReceipt
from reintegration.recovery.sides import check_owed, check_side, lock_receivable

if TYPE_CHECKING:
    from reintegration.payments.models import Payment

_SQL = load_queries(__file__)


async def record_receipt(transaction: Transaction, command: RecordReceipt) -> Reference:
    """Record money that came, never more than is owed. Locks the payment, then the receivable, then the account that gives.

    Of a payment's line it is no longer spent: its euro are those of all that came back of the line, together with this, at its
    frozen rate, HALF_UP, less those before. It is free for the case again, or goes to the fund where the case is closed.

    Raises:
        MoreThanOwedError, NotOwedError, RefundOpenError, FutureDateError, InvalidInputError, NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.RECEIVABLE_RECEIVE)
    if command.received_on > today():
        raise FutureDateError(field="receivedOn")
    receivable, payment = await lock_receivable(transaction, command.receivable_id)
    await check_side(transaction, receivable.field_office_id, kind="Receivable")
    check_owed(receivable, command.amount)
    outstanding = await transaction.fetch_value(_SQL["outstanding"], receivable.id)
    if command.amount.amount_minor > int(str(outstanding)):
        raise MoreThanOwedError
    counted = ("receipts_of_receivable", receivable.id) if payment is None else ("receipts_of_payment", payment.id)
    number = await transaction.fetch_value(_SQL[counted[0]], counted[1])
    receipt = await ReceivableReceipt.create(
        using_db=transaction.orm,
        id=command.id,
        receivable_id=receivable.id,
        case_id=None if payment is None else payment.case_id,
        payment_id=receivable.payment_id,
        line_id=receivable.line_id,
        number=int(str(number)) + 1,
        amount_minor=command.amount.amount_minor,
        currency_row_id=command.amount.currency,
        euro_minor=None if payment is None else await _euro(transaction, receivable, command.amount),
        received_on=command.received_on,
        reference=command.reference,
        recorded_by=transaction.actor.id,
    )
    if payment is not None:
        await _move(transaction, payment, receipt)
    return Reference("ReceivableReceipt", receipt.id, receipt.version)


async def take_back_receipt(transaction: Transaction, command: TakeBackReceipt) -> Reference:
    """Record that money did not stay: it is owed again, by a reversal that another person makes than who recorded it.

    Locks the payment, then the receivable, then the receipt, then the account that gives.

    Raises:
        NotEnoughLeftError: the case has spent it again; a transfer fills the item, or the case is closed first.
        NotEnoughHeldError: it came into the float, and the advance doesn't hold it any more.
        ReceiptMatchedError: a line of a statement says that it came.
        ReceiptTakenBackError, RefundOpenError, SamePersonError, InvalidInputError, VersionConflictError, NotFoundError,
        ForbiddenError.
    """
    require(transaction.actor, Permission.RECEIVABLE_RECEIVE)
    seen = await visible(transaction, ReceivableReceipt, command.id, kind="ReceivableReceipt")
    receivable, payment = await lock_receivable(transaction, seen.receivable_id, kind="ReceivableReceipt")
    await check_side(transaction, receivable.field_office_id, kind="ReceivableReceipt")
    receipt = await locked(
        transaction, ReceivableReceipt, seen.id, kind="ReceivableReceipt", expected_version=command.expected_version
    )
    if receipt.taken_back_at is not None:
        raise ReceiptTakenBackError
    if receipt.recorded_by == transaction.actor.id:
        raise SamePersonError(step="taking back of a receipt")
    receipt.taken_back_reason = command.reason
    receipt.taken_back_by, receipt.taken_back_at = transaction.actor.id, now()
    await receipt.save(using_db=transaction.orm, update_fields=["taken_back_reason", "taken_back_by", "taken_back_at"])
    if payment is not None:
        await _move(transaction, payment, receipt)
    return Reference("ReceivableReceipt", receipt.id, receipt.version + 1)


async def _euro(transaction: Transaction, receivable: Receivable, amount: Money) -> int:
    row = await transaction.fetch_one(_SQL["line_returned"], receivable.line_id)
    if row is None:
        raise AssertionError("a receivable of a payment is of a line")
    back = Money(row["amount_minor"] + amount.amount_minor, amount.currency)
    return to_euro(back, row["rate"]).amount_minor - int(row["euro_minor"])


async def _move(transaction: Transaction, payment: "Payment", receipt: ReceivableReceipt) -> None:
    """Post a receipt, or its reversal where it is taken back."""
    if receipt.euro_minor is None:
        raise AssertionError("a receipt of a line has its euro")
    # Asked before the entry: nobody closes the case from here on, and who is closing it is waited for.
    is_closed = bool(await transaction.fetch_value(_SQL["hold_payment_case"], payment.id))
    pot = await pot_of_payment(transaction, payment)
    cents = receipt.euro_minor
    if receipt.taken_back_at is None:
        entry = flows.receive(
            pot,
            payment_id=payment.id,
            number=receipt.number,
            amount_minor=cents,
            on=receipt.received_on,
            is_closed=is_closed,
        )
    else:
        reversed_ = await transaction.fetch_one(_SQL["entry_of_receipt"], payment.id, receipt.number)
        if reversed_ is None:
            raise AssertionError("a receipt was posted as it came")
        entry = flows.take_back(
            pot,
            payment_id=payment.id,
            number=receipt.number,
            amount_minor=cents,
            on=today(),
            is_closed=is_closed,
            reverses_id=reversed_["id"],
        )
    await post(transaction, entry)
