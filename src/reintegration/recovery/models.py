"""Rows of the recovery room, as the migrations made them."""

from typing import TYPE_CHECKING
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from reintegration.kernel.ids import new_id

if TYPE_CHECKING:
    from reintegration.cases.models import Case
    from reintegration.evidence.models import Document
    from reintegration.payments.models import Payment, PaymentLine
    from reintegration.payments.supplier_models import Supplier
    from reintegration.programme.models import Currency, FieldOffice, Partner


class Receivable(Model):
    """What a returnee, a supplier or a partner owes, once a second person has confirmed it."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    debtor = fields.TextField()
    case: fields.ForeignKeyNullableRelation["Case"] = fields.ForeignKeyField(
        "models.Case", null=True, source_field="case_id", related_name="receivables", on_delete=fields.RESTRICT
    )
    case_id: UUID | None
    supplier: fields.ForeignKeyNullableRelation["Supplier"] = fields.ForeignKeyField(
        "models.Supplier", null=True, source_field="supplier_id", related_name="receivables", on_delete=fields.RESTRICT
    )
    supplier_id: UUID | None
    partner: fields.ForeignKeyNullableRelation["Partner"] = fields.ForeignKeyField(
        "models.Partner", null=True, source_field="partner_id", related_name="receivables", on_delete=fields.RESTRICT
    )
    partner_id: UUID | None
    field_office: fields.ForeignKeyNullableRelation["FieldOffice"] = fields.ForeignKeyField(
        "models.FieldOffice", null=True, source_field="field_office_id", related_name="receivables", on_delete=fields.RESTRICT
    )
    field_office_id: UUID | None
    payment: fields.ForeignKeyNullableRelation["Payment"] = fields.ForeignKeyField(
        "models.Payment", null=True, source_field="payment_id", related_name="receivables", on_delete=fields.RESTRICT
    )
    payment_id: UUID | None
    line: fields.ForeignKeyNullableRelation["PaymentLine"] = fields.ForeignKeyField(
        "models.PaymentLine", null=True, source_field="line_id", related_name="receivables", on_delete=fields.RESTRICT
    )
    line_id: UUID | None
    amount_minor = fields.BigIntField()
    currency_row: fields.ForeignKeyRelation["Currency"] = fields.ForeignKeyField(
        "models.Currency", source_field="currency", related_name="receivables_by_currency_row", on_delete=fields.RESTRICT
    )
    currency_row_id: str
    reason = fields.TextField()
    explanation = fields.TextField()
    due_on = fields.DateField()
    document: fields.ForeignKeyNullableRelation["Document"] = fields.ForeignKeyField(
        "models.Document", null=True, source_field="document_id", related_name="receivables", on_delete=fields.RESTRICT
    )
    document_id: UUID | None
    recorded_by = fields.TextField()
    recorded_at = fields.DatetimeField(auto_now_add=True)
    decision = fields.TextField(null=True)
    decision_note = fields.TextField(null=True)
    decided_by = fields.TextField(null=True)
    decided_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table receivables."""

        table = "receivables"


class ReceivablePlan(Model):
    """When all that was owed at its agreement is to be paid; `number` is its place among the plans of the receivable."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    receivable: fields.ForeignKeyRelation["Receivable"] = fields.ForeignKeyField(
        "models.Receivable", source_field="receivable_id", related_name="plans", on_delete=fields.RESTRICT
    )
    receivable_id: UUID
    number = fields.IntField()
    total_minor = fields.BigIntField()
    currency_row: fields.ForeignKeyRelation["Currency"] = fields.ForeignKeyField(
        "models.Currency", source_field="currency", related_name="receivable_plans_by_currency_row", on_delete=fields.RESTRICT
    )
    currency_row_id: str
    agreed_by = fields.TextField()
    agreed_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        """Table receivable_plans."""

        table = "receivable_plans"


class ReceivableInstalment(Model):
    """A part of a plan, and its last day."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    plan: fields.ForeignKeyRelation["ReceivablePlan"] = fields.ForeignKeyField(
        "models.ReceivablePlan", source_field="plan_id", related_name="instalments", on_delete=fields.RESTRICT
    )
    plan_id: UUID
    number = fields.IntField()
    due_on = fields.DateField()
    amount_minor = fields.BigIntField()
    currency_row: fields.ForeignKeyRelation["Currency"] = fields.ForeignKeyField(
        "models.Currency",
        source_field="currency",
        related_name="receivable_instalments_by_currency_row",
        on_delete=fields.RESTRICT,
    )
    currency_row_id: str

    class Meta:
        """Table receivable_instalments."""

        table = "receivable_instalments"


class ReceivableReceipt(Model):
    """Money that came; of a payment's line it has its euro at the line's rate."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    receivable: fields.ForeignKeyRelation["Receivable"] = fields.ForeignKeyField(
        "models.Receivable", source_field="receivable_id", related_name="receipts", on_delete=fields.RESTRICT
    )
    receivable_id: UUID
    case_id = fields.UUIDField(null=True)
    payment: fields.ForeignKeyNullableRelation["Payment"] = fields.ForeignKeyField(
        "models.Payment", null=True, source_field="payment_id", related_name="receivable_receipts", on_delete=fields.RESTRICT
    )
    payment_id: UUID | None
    line: fields.ForeignKeyNullableRelation["PaymentLine"] = fields.ForeignKeyField(
        "models.PaymentLine", null=True, source_field="line_id", related_name="receivable_receipts", on_delete=fields.RESTRICT
    )
    line_id: UUID | None
    number = fields.IntField()
    amount_minor = fields.BigIntField()
    currency_row: fields.ForeignKeyRelation["Currency"] = fields.ForeignKeyField(
        "models.Currency", source_field="currency", related_name="receivable_receipts_by_currency_row", on_delete=fields.RESTRICT
    )
    currency_row_id: str
    euro_minor = fields.BigIntField(null=True)
    received_on = fields.DateField()
    reference = fields.TextField()
    recorded_by = fields.TextField()
    recorded_at = fields.DatetimeField(auto_now_add=True)
    taken_back_reason = fields.TextField(null=True)
    taken_back_by = fields.TextField(null=True)
    taken_back_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table receivable_receipts."""

        table = "receivable_receipts"


class ReceivableWriteOff(Model):
    """What is given up, once Fedasil's finance has approved it."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    receivable: fields.ForeignKeyRelation["Receivable"] = fields.ForeignKeyField(
        "models.Receivable", source_field="receivable_id", related_name="write_offs", on_delete=fields.RESTRICT
    )
    receivable_id: UUID
    number = fields.IntField()
    amount_minor = fields.BigIntField()
    currency_row: fields.ForeignKeyRelation["Currency"] = fields.ForeignKeyField(
        "models.Currency",
        source_field="currency",
        related_name="receivable_write_offs_by_currency_row",
        on_delete=fields.RESTRICT,
    )
    currency_row_id: str
    reason = fields.TextField()
    requested_by = fields.TextField()
    requested_at = fields.DatetimeField(auto_now_add=True)
    decision = fields.TextField(null=True)
    decision_note = fields.TextField(null=True)
    decided_by = fields.TextField(null=True)
    decided_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table receivable_write_offs."""

        table = "receivable_write_offs"
