"""Rows of ordering, as the migrations made them."""

from typing import TYPE_CHECKING
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from reintegration.kernel.ids import new_id

if TYPE_CHECKING:
    from reintegration.payments.models import Payment, SupplierAccount
    from reintegration.programme.models import Currency
    from reintegration.reconciliation.models import BankAccount


class PaymentOrder(Model):
    """Payments that a bank is asked to make out of one account, in one file."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    bank_account: fields.ForeignKeyRelation["BankAccount"] = fields.ForeignKeyField(
        "models.BankAccount", source_field="bank_account_id", related_name="orders", on_delete=fields.RESTRICT
    )
    bank_account_id: UUID
    currency_row: fields.ForeignKeyRelation["Currency"] = fields.ForeignKeyField(
        "models.Currency", source_field="currency", related_name="payment_orders_by_currency_row", on_delete=fields.RESTRICT
    )
    currency_row_id: str
    execution_on = fields.DateField()
    format = fields.TextField()
    service = fields.TextField()
    holder = fields.TextField()
    bic = fields.TextField(null=True)
    message_id = fields.TextField()
    line_count = fields.IntField()
    total_minor = fields.BigIntField()
    content_digest = fields.TextField()
    status = fields.TextField(default="draft")
    prepared_by = fields.TextField()
    prepared_at = fields.DatetimeField()
    sealed_by = fields.TextField(null=True)
    sealed_at = fields.DatetimeField(null=True)
    object_key = fields.TextField(null=True)
    sha256 = fields.TextField(null=True)
    size_bytes = fields.BigIntField(null=True)
    sent_by = fields.TextField(null=True)
    sent_at = fields.DatetimeField(null=True)
    sent_reference = fields.TextField(null=True)
    cancelled_by = fields.TextField(null=True)
    cancelled_at = fields.DatetimeField(null=True)
    cancel_reason = fields.TextField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table payment_orders."""

        table = "payment_orders"


class PaymentOrderLine(Model):
    """A payment of an order, with what was approved of its payee at that moment."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    order: fields.ForeignKeyRelation["PaymentOrder"] = fields.ForeignKeyField(
        "models.PaymentOrder", source_field="order_id", related_name="lines", on_delete=fields.RESTRICT
    )
    order_id: UUID
    payment: fields.ForeignKeyRelation["Payment"] = fields.ForeignKeyField(
        "models.Payment", source_field="payment_id", related_name="order_lines", on_delete=fields.RESTRICT
    )
    payment_id: UUID
    number = fields.IntField()
    end_to_end_id = fields.TextField()
    amount_minor = fields.BigIntField()
    currency_row: fields.ForeignKeyRelation["Currency"] = fields.ForeignKeyField(
        "models.Currency", source_field="currency", related_name="payment_order_lines_by_currency_row", on_delete=fields.RESTRICT
    )
    currency_row_id: str
    supplier_account: fields.ForeignKeyRelation["SupplierAccount"] = fields.ForeignKeyField(
        "models.SupplierAccount", source_field="supplier_account_id", related_name="order_lines", on_delete=fields.RESTRICT
    )
    supplier_account_id: UUID
    account = fields.TextField()
    holder = fields.TextField()
    payee_name = fields.TextField()
    bic = fields.TextField(null=True)
    country = fields.TextField(null=True)
    town = fields.TextField(null=True)
    remittance = fields.TextField(null=True)
    in_force = fields.BooleanField(default=True)

    class Meta:
        """Table payment_order_lines."""

        table = "payment_order_lines"


class PaymentOrderDownload(Model):
    """Somebody was given the file of an order."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    order: fields.ForeignKeyRelation["PaymentOrder"] = fields.ForeignKeyField(
        "models.PaymentOrder", source_field="order_id", related_name="downloads", on_delete=fields.RESTRICT
    )
    order_id: UUID
    downloaded_by = fields.TextField()
    downloaded_at = fields.DatetimeField(auto_now_add=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table payment_order_downloads."""

        table = "payment_order_downloads"
