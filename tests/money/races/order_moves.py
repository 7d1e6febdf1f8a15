"""What can be done to orders to a bank, and to payments and accounts that they are of."""

from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.ids import new_id
from reintegration.ordering import service as orders
from reintegration.ordering.commands import DownloadOrder, MarkOrderSent
from reintegration.payments import service as payments
from tests.builders import APPROVER, COORDINATOR, OFFICER
from tests.money.races.moves import Move, move
from tests.order_steps import (
    an_account,
    an_account_of,
    cancelling,
    payable,
    prepared,
    preparing,
    sealed,
    sealing,
    sent,
    unpaid,
)
from tests.payment_steps import a_planned_case, attach, confirmation, doubt, failure
from tests.proofs import value

ORDERS = frozenset({f"paymentOrder{step}" for step in ("Create", "Seal", "Download", "MarkSent", "Cancel")})
OF_AN_ORDER = frozenset({"paymentConfirm", "paymentFail", "paymentMarkUnconfirmed", "supplierAccountRecord"})
"""Mutations that speak against an order, or an order against them."""


async def order_moves(work: UnitOfWork) -> list[Move]:
    """Payments in no order, in a draft, in a sealed order whose file nobody took, and in one that the bank has."""
    plan, account = await a_planned_case(work), await an_account(work)
    free, another, in_draft, in_sealed, in_sent = [await payable(work, plan) for _ in range(5)]
    draft, closed, gone = (
        await prepared(work, account, in_draft),
        await sealed(work, account, in_sealed),
        await sent(work, account, in_sent),
    )
    for payment in (in_draft, in_sealed, in_sent):
        await attach(work, payment, "proof_of_payment")
    await unpaid(work, in_sent)
    supplier = await value(work, "select supplier_id from payments where id = $1", in_draft)
    settling = (
        move(
            "paymentConfirm: of a draft", COORDINATOR, payments.confirm_payment, await confirmation(work, in_draft), rivals=ORDERS
        ),
        move(
            "paymentConfirm: of an order", COORDINATOR, payments.confirm_payment, await confirmation(work, in_sent), rivals=ORDERS
        ),
        move("paymentFail: of a draft", COORDINATOR, payments.fail_payment, await failure(work, in_draft), rivals=ORDERS),
        move("paymentFail: of an order", COORDINATOR, payments.fail_payment, await failure(work, in_sent), rivals=ORDERS),
        move(
            "paymentFail: of a sealed order",
            COORDINATOR,
            payments.fail_payment,
            await failure(work, in_sealed),
            rivals=ORDERS,
            is_refused=True,
        ),
        move(
            "paymentMarkUnconfirmed: of no order",
            COORDINATOR,
            payments.mark_payment_unconfirmed,
            await doubt(work, free),
            rivals=ORDERS,
        ),
        move(
            "supplierAccountRecord: of a payee",
            OFFICER,
            payments.record_supplier_account,
            an_account_of(supplier),  # type: ignore[arg-type] # a uuid
            rivals=ORDERS,
        ),
    )
    return [
        move("paymentOrderCreate", OFFICER, orders.prepare_order, preparing(account, free)),
        move("paymentOrderCreate: with another", APPROVER, orders.prepare_order, preparing(account, another, free)),
        move("paymentOrderSeal", APPROVER, orders.seal_order, await sealing(work, draft)),
        move("paymentOrderCancel", OFFICER, orders.cancel_order, await cancelling(work, draft)),
        move("paymentOrderCancel: of a sealed one", OFFICER, orders.cancel_order, await cancelling(work, closed)),
        move("paymentOrderCancel: of a sent one", APPROVER, orders.cancel_order, await cancelling(work, gone)),
        move("paymentOrderDownload", OFFICER, orders.download_order, DownloadOrder(new_id(), closed)),
        move("paymentOrderMarkSent", OFFICER, orders.mark_order_sent, MarkOrderSent(closed, 2)),
        *settling,
    ]
