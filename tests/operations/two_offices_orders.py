"""Orders to banks of the two offices: a draft, one that the bank has, and one that was given up, with every field filled."""

from functools import partial
from uuid import UUID

from reintegration.kernel.actor import Role
from reintegration.kernel.clock import today
from reintegration.kernel.ids import new_id
from reintegration.ordering import service as orders
from reintegration.ordering.commands import CancelOrder, DownloadOrder, MarkOrderSent, PrepareOrder, SealOrder
from reintegration.payments import service as payments
from reintegration.payments.commands import DecideSupplierAccount, RecordSupplierAccount
from tests.operations.two_offices import Desk
from tests.operations.two_offices_payments import Cashier
from tests.order_steps import BIC, MemoryStore
from tests.proofs import value


async def order_payments(desk: Desk, cashier: Cashier) -> None:
    """Out of the office's account."""
    account = UUID(str(await value(desk.work, "select id from bank_accounts where field_office_id = $1", desk.side.office_id)))
    payee = Cashier(desk, cashier.case_id, cashier.item_id, await _supplier(desk))
    released = [await payee.payment("released", desk.side.euros(amount)) for amount in (3, 4, 6)]
    await _prepared(desk, account, released[0])
    sent = await _sealed(desk, account, released[1])
    await desk.do(Role.FIELD_OFFICER, partial(orders.download_order, command=DownloadOrder(new_id(), sent)))
    mark = MarkOrderSent(sent, 2, desk.side.text("ACK"))
    await desk.do(Role.FIELD_OFFICER, partial(orders.mark_order_sent, command=mark))
    cancel = CancelOrder(await _sealed(desk, account, released[2]), 2, desk.side.text("Another day"))
    await desk.do(Role.FIELD_OFFICER, partial(orders.cancel_order, command=cancel))


async def _supplier(desk: Desk) -> UUID:
    supplier, text = await desk.registered(desk.side.text("Saddles"), desk.side.text("TIN Saddles")), desk.side.text
    record = RecordSupplierAccount(
        new_id(),
        supplier,
        "bank",
        desk.account("Saddles"),
        text("Сэргэлэн"),
        holder_latin=text("Sergelen"),
        bic=BIC,
        country="MN",
        town=text("Ulaanbaatar"),
    )
    await desk.do(Role.FIELD_OFFICER, partial(payments.record_supplier_account, command=record))
    decide = DecideSupplierAccount(record.id, 1, approved=True, note=text("By telephone"))
    await desk.do(Role.FIELD_APPROVER, partial(payments.decide_supplier_account, command=decide))
    return supplier


async def _prepared(desk: Desk, account: UUID, payment: UUID) -> UUID:
    command = PrepareOrder(new_id(), account, (payment,), today(), desk.side.text("Office"), BIC)
    await desk.do(Role.FIELD_OFFICER, partial(orders.prepare_order, command=command))
    return command.id


async def _sealed(desk: Desk, account: UUID, payment: UUID) -> UUID:
    order = await _prepared(desk, account, payment)
    digest = str(await value(desk.work, "select content_digest from payment_orders where id = $1", order))
    file = await orders.write_order_file(desk.work, MemoryStore(), desk.side.who(Role.FIELD_APPROVER), order, digest)
    await desk.do(Role.FIELD_APPROVER, partial(orders.seal_order, command=SealOrder(order, 1, digest, file)))
    return order
