"""Orders to banks: their lines as they were frozen, who did which step, and who was given the file."""

from datetime import date, datetime
from typing import cast

import strawberry
from tortoise.models import Model

from reintegration.api.connections import Connection, Key, Ordering
from reintegration.api.graph import Node, column, money, reads
from reintegration.api.loaders import to_one
from reintegration.api.pages import Order, by_id, pages
from reintegration.api.scalars import Digest, Money
from reintegration.api.types.payment_order_enums import PaymentOrderFormat, PaymentOrderService, PaymentOrderStatus
from reintegration.api.types.payments import Payment
from reintegration.api.types.references import PaymentOrderDownloadRef, PaymentOrderLineRef
from reintegration.api.types.statements import BankAccount
from reintegration.api.types.suppliers import SupplierAccount
from reintegration.identity.permissions import Permission
from reintegration.ordering import models as rows


def _number(row: Model) -> Key:
    return (cast("rows.PaymentOrderLine", row).number,)


_LINES = Order(Ordering("order.lines", (int,)), ("t.number",), _number)
_DOWNLOADS = by_id("order.downloads")


@reads(rows.PaymentOrder, Permission.PAYMENT_ORDER_READ)
@strawberry.type(
    description="Payments that a bank is asked to make out of one account; prepared by one person, sealed by another."
)
class PaymentOrder(Node):
    """Table payment_orders."""

    row: strawberry.Private[rows.PaymentOrder]
    status: PaymentOrderStatus
    execution_on: date = strawberry.field(description="The day on which the bank should pay.")
    format: PaymentOrderFormat
    service: PaymentOrderService
    holder: str = strawberry.field(description="Whose the account is, as its bank has it.")
    bic: str | None = strawberry.field(description="Of the account's bank.")
    message_id: str = strawberry.field(description="What the file is called in it; never another order's.")
    line_count: int
    total: Money = money("total_minor", "currency_row_id", "The sum of the lines.")
    content_digest: Digest = strawberry.field(description="Of all that the bank is told; what the seal is bound to.")
    prepared_by: str
    prepared_at: datetime
    sealed_by: str | None
    sealed_at: datetime | None
    sha256: Digest | None = strawberry.field(description="Of the file.")
    sent_by: str | None
    sent_at: datetime | None
    sent_reference: str | None = strawberry.field(description="What the bank answered.")
    cancelled_by: str | None
    cancelled_at: datetime | None
    cancel_reason: str | None
    version: int
    account: BankAccount | None = to_one("BankAccount", "bank_account_id", "That it is paid out of.")
    lines: Connection[PaymentOrderLineRef] = pages("PaymentOrderLine", "order_id", _LINES, "In the order of the file.")
    downloads: Connection[PaymentOrderDownloadRef] = pages(
        "PaymentOrderDownload", "order_id", _DOWNLOADS, "Who was given the file, first one first."
    )


@reads(rows.PaymentOrderLine, Permission.PAYMENT_ORDER_READ)
@strawberry.type(description="A payment of an order, with what was approved of its payee when the order was prepared.")
class PaymentOrderLine(Node):
    """Table payment_order_lines."""

    row: strawberry.Private[rows.PaymentOrderLine]
    number: int
    end_to_end_id: str = strawberry.field(description="What the bank's statement will carry.")
    amount: Money = money("amount_minor", "currency_row_id")
    payee_account: str = column("account")
    holder: str = strawberry.field(description="As it was recorded.")
    payee_name: str = strawberry.field(description="As the bank reads it: the holder in Latin, or without marks.")
    bic: str | None
    country: str | None
    town: str | None
    remittance: str | None = strawberry.field(description="The invoice's number; null where no bank can write it.")
    in_force: bool = strawberry.field(description="False once the order is cancelled.")
    order: PaymentOrder = to_one("PaymentOrder", "order_id")
    payment: Payment = to_one("Payment", "payment_id")
    supplier_account: SupplierAccount = to_one("SupplierAccount", "supplier_account_id")


@reads(rows.PaymentOrderDownload, Permission.PAYMENT_ORDER_READ)
@strawberry.type(description="Somebody was given the file of an order.")
class PaymentOrderDownload(Node):
    """Table payment_order_downloads."""

    row: strawberry.Private[rows.PaymentOrderDownload]
    downloaded_by: str
    downloaded_at: datetime
    version: int
    order: PaymentOrder = to_one("PaymentOrder", "order_id")
