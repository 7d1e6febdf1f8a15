"""Rows of the treasury, as the migrations made them."""

from typing import TYPE_CHECKING
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from reintegration.kernel.ids import new_id

if TYPE_CHECKING:
    from reintegration.programme.models import Currency, FieldOffice, Partner


class Advance(Model):
    """Money sent to a partner or an office, which accounts for it until nothing is left."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    partner: fields.ForeignKeyRelation["Partner"] = fields.ForeignKeyField(
        "models.Partner", source_field="partner_id", related_name="advances", on_delete=fields.RESTRICT
    )
    partner_id: UUID
    field_office: fields.ForeignKeyNullableRelation["FieldOffice"] = fields.ForeignKeyField(
        "models.FieldOffice", null=True, source_field="field_office_id", related_name="advances", on_delete=fields.RESTRICT
    )
    field_office_id: UUID | None
    source: fields.ForeignKeyNullableRelation["Advance"] = fields.ForeignKeyField(
        "models.Advance", null=True, source_field="source_id", related_name="sent_onward", on_delete=fields.RESTRICT
    )
    source_id: UUID | None
    sent_minor = fields.BigIntField()
    sent_currency_row: fields.ForeignKeyRelation["Currency"] = fields.ForeignKeyField(
        "models.Currency",
        source_field="sent_currency",
        related_name="advances_by_sent_currency_row",
        on_delete=fields.RESTRICT,
    )
    sent_currency_row_id: str
    sent_on = fields.DateField()
    reference = fields.TextField()
    currency_row: fields.ForeignKeyRelation["Currency"] = fields.ForeignKeyField(
        "models.Currency", source_field="currency", related_name="advances_by_currency_row", on_delete=fields.RESTRICT
    )
    currency_row_id: str
    sent_by = fields.TextField()
    sent_at = fields.DatetimeField(auto_now_add=True)
    received_minor = fields.BigIntField(null=True)
    received_on = fields.DateField(null=True)
    received_by = fields.TextField(null=True)
    received_at = fields.DatetimeField(null=True)
    recall_reason = fields.TextField(null=True)
    recalled_by = fields.TextField(null=True)
    recalled_at = fields.DatetimeField(null=True)
    settled_by = fields.TextField(null=True)
    settled_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table advances."""

        table = "advances"


class AdvanceReturn(Model):
    """What the holder of an advance sends back; `number` is its place among the returns of the advance."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    advance: fields.ForeignKeyRelation["Advance"] = fields.ForeignKeyField(
        "models.Advance", source_field="advance_id", related_name="returns", on_delete=fields.RESTRICT
    )
    advance_id: UUID
    number = fields.IntField()
    sent_minor = fields.BigIntField()
    currency_row: fields.ForeignKeyRelation["Currency"] = fields.ForeignKeyField(
        "models.Currency", source_field="currency", related_name="advance_returns_by_currency_row", on_delete=fields.RESTRICT
    )
    currency_row_id: str
    back_currency_row: fields.ForeignKeyRelation["Currency"] = fields.ForeignKeyField(
        "models.Currency",
        source_field="back_currency",
        related_name="advance_returns_by_back_currency_row",
        on_delete=fields.RESTRICT,
    )
    back_currency_row_id: str
    sent_on = fields.DateField()
    reference = fields.TextField()
    sent_by = fields.TextField()
    sent_at = fields.DatetimeField(auto_now_add=True)
    received_minor = fields.BigIntField(null=True)
    received_on = fields.DateField(null=True)
    received_by = fields.TextField(null=True)
    received_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table advance_returns."""

        table = "advance_returns"


class CashAccount(Model):
    """Where money is: an advance, on its way, spent. `holder_id` is the advance, return, payment, office or partner."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    kind = fields.TextField()
    holder_id = fields.UUIDField()
    currency_row: fields.ForeignKeyRelation["Currency"] = fields.ForeignKeyField(
        "models.Currency", source_field="currency", related_name="cash_accounts_by_currency_row", on_delete=fields.RESTRICT
    )
    currency_row_id: str
    partner: fields.ForeignKeyRelation["Partner"] = fields.ForeignKeyField(
        "models.Partner", source_field="partner_id", related_name="cash_accounts", on_delete=fields.RESTRICT
    )
    partner_id: UUID
    field_office: fields.ForeignKeyNullableRelation["FieldOffice"] = fields.ForeignKeyField(
        "models.FieldOffice", null=True, source_field="field_office_id", related_name="cash_accounts", on_delete=fields.RESTRICT
    )
    field_office_id: UUID | None

    class Meta:
        """Table cash_accounts."""

        table = "cash_accounts"


class CashTransaction(Model):
    """Money moved between accounts of the cash book: amounts sum to zero per currency, costs to zero."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    kind = fields.TextField()
    reference_kind = fields.TextField()
    reference_id = fields.UUIDField()
    occasion = fields.IntField()
    partner: fields.ForeignKeyRelation["Partner"] = fields.ForeignKeyField(
        "models.Partner", source_field="partner_id", related_name="cash_transactions", on_delete=fields.RESTRICT
    )
    partner_id: UUID
    field_office: fields.ForeignKeyNullableRelation["FieldOffice"] = fields.ForeignKeyField(
        "models.FieldOffice",
        null=True,
        source_field="field_office_id",
        related_name="cash_transactions",
        on_delete=fields.RESTRICT,
    )
    field_office_id: UUID | None
    effective_on = fields.DateField()
    actor_id = fields.TextField()
    recorded_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        """Table cash_transactions."""

        table = "cash_transactions"


class CashPosting(Model):
    """An amount on an account of the cash book, and what it has cost in euro cents."""

    id = fields.BigIntField(primary_key=True, generated=True)
    transaction: fields.ForeignKeyRelation["CashTransaction"] = fields.ForeignKeyField(
        "models.CashTransaction", source_field="transaction_id", related_name="cash_postings", on_delete=fields.RESTRICT
    )
    transaction_id: UUID
    account: fields.ForeignKeyRelation["CashAccount"] = fields.ForeignKeyField(
        "models.CashAccount", source_field="account_id", related_name="cash_postings", on_delete=fields.RESTRICT
    )
    account_id: UUID
    amount_minor = fields.BigIntField()
    currency = fields.TextField()
    cost_minor = fields.BigIntField()

    class Meta:
        """Table cash_postings."""

        table = "cash_postings"
