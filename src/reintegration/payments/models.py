"""Rows of the payments room, as the migrations made them."""

from typing import TYPE_CHECKING
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from reintegration.kernel.ids import new_id
from reintegration.payments.supplier_models import Supplier, SupplierAccount, SupplierLikeness

if TYPE_CHECKING:
    from reintegration.cases.models import Case
    from reintegration.entitlements.models import Entitlement
    from reintegration.evidence.models import Document
    from reintegration.funding.models import Fund
    from reintegration.plans.models import PlanItem
    from reintegration.programme.models import Currency, FieldOffice

__all__ = [
    "Payment",
    "PaymentDocument",
    "PaymentEndorsement",
    "PaymentHold",
    "PaymentLine",
    "PaymentRefund",
    "PaymentShortfall",
    "ReceiptCode",
    "ReceiptSecret",
    "Supplier",
    "SupplierAccount",
    "SupplierLikeness",
]


class Payment(Model):
    """An order to pay, from draft to its outcome."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case: fields.ForeignKeyRelation["Case"] = fields.ForeignKeyField(
        "models.Case", source_field="case_id", related_name="payments", on_delete=fields.RESTRICT
    )
    case_id: UUID
    field_office: fields.ForeignKeyNullableRelation["FieldOffice"] = fields.ForeignKeyField(
        "models.FieldOffice", null=True, source_field="field_office_id", related_name="payments", on_delete=fields.RESTRICT
    )
    field_office_id: UUID | None
    fund: fields.ForeignKeyRelation["Fund"] = fields.ForeignKeyField(
        "models.Fund", source_field="fund_id", related_name="payments", on_delete=fields.RESTRICT
    )
    fund_id: UUID
    kind = fields.TextField()
    stream = fields.TextField()
    plan_item: fields.ForeignKeyNullableRelation["PlanItem"] = fields.ForeignKeyField(
        "models.PlanItem", null=True, source_field="plan_item_id", related_name="payments", on_delete=fields.RESTRICT
    )
    plan_item_id: UUID | None
    entitlement: fields.ForeignKeyNullableRelation["Entitlement"] = fields.ForeignKeyField(
        "models.Entitlement", null=True, source_field="entitlement_id", related_name="payments", on_delete=fields.RESTRICT
    )
    entitlement_id: UUID | None
    supplier: fields.ForeignKeyNullableRelation["Supplier"] = fields.ForeignKeyField(
        "models.Supplier", null=True, source_field="supplier_id", related_name="payments", on_delete=fields.RESTRICT
    )
    supplier_id: UUID | None
    invoice_number = fields.TextField(null=True)
    description = fields.TextField()
    payment_date = fields.DateField()
    status = fields.TextField()
    rate_rule = fields.TextField()
    content_digest = fields.TextField(null=True)
    prepared_by = fields.TextField()
    prepared_at = fields.DatetimeField(auto_now_add=True)
    submitted_at = fields.DatetimeField(null=True)
    approved_by = fields.TextField(null=True)
    approved_at = fields.DatetimeField(null=True)
    approved_digest = fields.TextField(null=True)
    released_by = fields.TextField(null=True)
    released_at = fields.DatetimeField(null=True)
    paid_on = fields.DateField(null=True)
    settled_by = fields.TextField(null=True)
    settled_at = fields.DatetimeField(null=True)
    settlement_reference = fields.TextField(null=True)
    outcome_note = fields.TextField(null=True)
    reversed_by = fields.TextField(null=True)
    reversed_at = fields.DatetimeField(null=True)
    from_float = fields.BooleanField(default=False)
    version = fields.IntField(default=1)
    case_office_id = fields.UUIDField(null=True)
    """The office that the case is with now; with the partner it decides who sees the payment. The database writes both."""
    case_partner_id = fields.UUIDField(null=True)

    class Meta:
        """Table payments."""

        table = "payments"


class PaymentLine(Model):
    """A line of a payment with its frozen rate."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    payment: fields.ForeignKeyRelation["Payment"] = fields.ForeignKeyField(
        "models.Payment", source_field="payment_id", related_name="payment_lines", on_delete=fields.RESTRICT
    )
    payment_id: UUID
    case_id = fields.UUIDField()
    position = fields.SmallIntField()
    description = fields.TextField()
    amount_minor = fields.BigIntField()
    currency_row: fields.ForeignKeyRelation["Currency"] = fields.ForeignKeyField(
        "models.Currency", source_field="currency", related_name="payment_lines_by_currency_row", on_delete=fields.RESTRICT
    )
    currency_row_id: str
    minor_digits = fields.SmallIntField()
    rate = fields.TextField(null=True)
    rate_month = fields.DateField(null=True)
    rate_source = fields.TextField(null=True)
    euro_minor = fields.BigIntField(null=True)

    class Meta:
        """Table payment_lines."""

        table = "payment_lines"


class PaymentDocument(Model):
    """A document of a payment."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    payment: fields.ForeignKeyRelation["Payment"] = fields.ForeignKeyField(
        "models.Payment", source_field="payment_id", related_name="payment_documents", on_delete=fields.RESTRICT
    )
    payment_id: UUID
    document: fields.ForeignKeyRelation["Document"] = fields.ForeignKeyField(
        "models.Document", source_field="document_id", related_name="payment_documents", on_delete=fields.RESTRICT
    )
    document_id: UUID
    case_id = fields.UUIDField()
    stage = fields.TextField()
    attached_by = fields.TextField()
    attached_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        """Table payment_documents."""

        table = "payment_documents"


class PaymentHold(Model):
    """A payment that somebody stopped, until a second person lifts it."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    payment: fields.ForeignKeyRelation["Payment"] = fields.ForeignKeyField(
        "models.Payment", source_field="payment_id", related_name="holds", on_delete=fields.RESTRICT
    )
    payment_id: UUID
    case_id = fields.UUIDField()
    cause = fields.TextField()
    reason = fields.TextField()
    placed_by = fields.TextField()
    placed_at = fields.DatetimeField(auto_now_add=True)
    lifted_by = fields.TextField(null=True)
    lifted_at = fields.DatetimeField(null=True)
    lift_reason = fields.TextField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table payment_holds."""

        table = "payment_holds"


class PaymentShortfall(Model):
    """What was not paid of a line of a payment that was paid in part."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    payment: fields.ForeignKeyRelation["Payment"] = fields.ForeignKeyField(
        "models.Payment", source_field="payment_id", related_name="shortfalls", on_delete=fields.RESTRICT
    )
    payment_id: UUID
    case_id = fields.UUIDField()
    line: fields.ForeignKeyRelation["PaymentLine"] = fields.ForeignKeyField(
        "models.PaymentLine", source_field="line_id", related_name="shortfalls", on_delete=fields.RESTRICT
    )
    line_id: UUID
    amount_minor = fields.BigIntField()
    currency_row: fields.ForeignKeyRelation["Currency"] = fields.ForeignKeyField(
        "models.Currency", source_field="currency", related_name="payment_shortfalls_by_currency_row", on_delete=fields.RESTRICT
    )
    currency_row_id: str
    euro_minor = fields.BigIntField()

    class Meta:
        """Table payment_shortfalls."""

        table = "payment_shortfalls"


class PaymentRefund(Model):
    """A part of a line that a supplier gave back, decided by a second person."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    payment: fields.ForeignKeyRelation["Payment"] = fields.ForeignKeyField(
        "models.Payment", source_field="payment_id", related_name="refunds", on_delete=fields.RESTRICT
    )
    payment_id: UUID
    case_id = fields.UUIDField()
    line: fields.ForeignKeyRelation["PaymentLine"] = fields.ForeignKeyField(
        "models.PaymentLine", source_field="line_id", related_name="refunds", on_delete=fields.RESTRICT
    )
    line_id: UUID
    evidence: fields.ForeignKeyRelation["PaymentDocument"] = fields.ForeignKeyField(
        "models.PaymentDocument", source_field="evidence_id", related_name="refunds", on_delete=fields.RESTRICT
    )
    evidence_id: UUID
    number = fields.SmallIntField()
    amount_minor = fields.BigIntField()
    currency_row: fields.ForeignKeyRelation["Currency"] = fields.ForeignKeyField(
        "models.Currency", source_field="currency", related_name="payment_refunds_by_currency_row", on_delete=fields.RESTRICT
    )
    currency_row_id: str
    euro_minor = fields.BigIntField()
    received_on = fields.DateField()
    reference = fields.TextField()
    reason = fields.TextField()
    requested_by = fields.TextField()
    requested_at = fields.DatetimeField(auto_now_add=True)
    decision = fields.TextField(null=True)
    decision_note = fields.TextField(null=True)
    decided_by = fields.TextField(null=True)
    decided_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table payment_refunds."""

        table = "payment_refunds"


class PaymentEndorsement(Model):
    """Somebody of Fedasil's programme lets exactly this content go over a threshold."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    payment: fields.ForeignKeyRelation["Payment"] = fields.ForeignKeyField(
        "models.Payment", source_field="payment_id", related_name="endorsements", on_delete=fields.RESTRICT
    )
    payment_id: UUID
    case_id = fields.UUIDField()
    content_digest = fields.TextField()
    reason = fields.TextField()
    endorsed_by = fields.TextField()
    endorsed_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        """Table payment_endorsements."""

        table = "payment_endorsements"


class ReceiptCode(Model):
    """A one-time code for the returnee of a payment; the code itself is nowhere."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    payment: fields.ForeignKeyRelation["Payment"] = fields.ForeignKeyField(
        "models.Payment", source_field="payment_id", related_name="receipt_codes", on_delete=fields.RESTRICT
    )
    payment_id: UUID
    case_id = fields.UUIDField()
    issued_by = fields.TextField()
    issued_at = fields.DatetimeField(auto_now_add=True)
    expires_at = fields.DatetimeField()
    attempts = fields.SmallIntField(default=0)
    voided_at = fields.DatetimeField(null=True)
    confirmed_by = fields.TextField(null=True)
    confirmed_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table receipt_codes."""

        table = "receipt_codes"


class ReceiptSecret(Model):
    """The slow, salted hash of a code."""

    code: fields.OneToOneRelation["ReceiptCode"] = fields.OneToOneField(
        "models.ReceiptCode", source_field="code_id", related_name="secret", on_delete=fields.RESTRICT, primary_key=True
    )
    code_id: UUID
    case_id = fields.UUIDField()
    salt = fields.BinaryField()
    hash = fields.BinaryField()

    class Meta:
        """Table receipt_secrets."""

        table = "receipt_secrets"
