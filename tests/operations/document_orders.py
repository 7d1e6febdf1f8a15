"""The documents of orders to banks, run as their users: gathered, given up, made anew, sealed, taken, sent."""

from dataclasses import replace
from uuid import UUID

from reintegration.api.identifiers import encode
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.clock import today
from reintegration.kernel.ids import new_id
from reintegration.payments import service as payments
from reintegration.payments.commands import DraftPayment
from tests import order_steps
from tests.builders import APPROVER, FINANCE, MONGOLIA, OFFICER, BuiltCase
from tests.operations.bank_files import an_opening
from tests.operations.documents import Recorder
from tests.order_steps import approved_account, sent
from tests.payment_steps import a_supplier, attach, carry, done, euros, supplied
from tests.proofs import value
from tests.statement_steps import opening

_ITEM = (
    "select i.id from plan_items i join plans p on p.id = i.plan_id"
    " where p.case_id = $1 and p.status = 'approved' order by i.position limit 1"
)
_OFFICE = encode("FieldOffice", MONGOLIA)


async def ordered_by_the_office(recorder: Recorder, payment: str, number: str = "000777") -> str:
    """An order of one released payment that was given up, and another one that the bank has; the latter."""
    opening = an_opening(_OFFICE, cents=900_000, account=number)
    account = (await recorder.does(OFFICER, "BankAccountOpen", **opening))["bankAccount"]["id"]
    asked = {
        "accountId": account,
        "paymentIds": [payment],
        "executionOn": today().isoformat(),
        "holder": "IOM Mongolia",
        "bic": "TDBMMNUB",
    }
    first = (await recorder.does(OFFICER, "PaymentOrderCreate", **asked))["paymentOrder"]
    why = {"expectedVersion": first["version"], "reason": "The wrong day"}
    await recorder.does(OFFICER, "PaymentOrderCancel", orderId=first["id"], **why)
    order = (await recorder.does(OFFICER, "PaymentOrderCreate", **asked))["paymentOrder"]
    seen = {"expectedVersion": order["version"], "contentDigest": order["contentDigest"]}
    order = (await recorder.does(APPROVER, "PaymentOrderSeal", orderId=order["id"], **seen))["paymentOrder"]
    await recorder.does(OFFICER, "PaymentOrderDownload", orderId=order["id"])
    sent = {"expectedVersion": order["version"], "reference": "ACK-17"}
    order = (await recorder.does(OFFICER, "PaymentOrderMarkSent", orderId=order["id"], **sent))["paymentOrder"]
    return str(order["id"])


async def every_query_of_orders(recorder: Recorder) -> None:
    """Each query of orders as its user, on a page of a hundred."""
    orders = await recorder.runs(FINANCE, "PaymentOrders", first=100)
    await recorder.runs(OFFICER, "PaymentOrder", id=orders["edges"][-1]["node"]["id"], first=100)


async def an_order(work: UnitOfWork, case: BuiltCase, number: int = 0) -> None:
    """An order of a payment of the case that the bank has, and whose file was taken."""
    item = UUID(str(await value(work, _ITEM, case.id)))
    supplier = await a_supplier(work)
    await approved_account(work, supplier, account=f"5000{number:03}", holder="Сэргэлэн", holder_latin="Sergelen")
    content = await supplied(work, euros(1_000), supplier=supplier, invoice=f"INV-{number}")
    draft = DraftPayment(new_id(), case.id, "supplier_direct", content, plan_item_id=item)
    await done(work, OFFICER, payments.draft_payment, draft)
    await attach(work, draft.id, "invoice")
    await carry(work, draft.id, "released")
    account = await order_steps.an_account(work, replace(opening(), account=f"0006{number:03}"))
    await sent(work, account, draft.id)
