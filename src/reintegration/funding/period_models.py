"""Rows of closed months, as the migrations made them."""

from typing import TYPE_CHECKING
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from reintegration.kernel.ids import new_id

if TYPE_CHECKING:
    from reintegration.funding.models import Fund
    from reintegration.ledger.models import LedgerTransaction
    from reintegration.payments.models import Payment
    from reintegration.reconciliation.models import StatementLine


class PeriodClose(Model):
    """A month of a fund that takes no more entries, and what it holds. The database writes all but fund, month and person."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    fund: fields.ForeignKeyRelation["Fund"] = fields.ForeignKeyField(
        "models.Fund", source_field="fund_id", related_name="period_closes", on_delete=fields.RESTRICT
    )
    fund_id: UUID
    month = fields.DateField()
    transactions = fields.BigIntField()
    spent_minor = fields.BigIntField()
    corrections = fields.BigIntField()
    digest = fields.TextField()
    previous: fields.ForeignKeyNullableRelation["PeriodClose"] = fields.ForeignKeyField(
        "models.PeriodClose", null=True, source_field="previous_id", related_name="next", on_delete=fields.RESTRICT
    )
    previous_id: UUID | None
    closed_by = fields.TextField()
    closed_at = fields.DatetimeField(auto_now_add=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table period_closes."""

        table = "period_closes"


class LedgerCorrection(Model):
    """An entry of a month that was closed before it became known, and the month in which it counts."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    transaction: fields.ForeignKeyRelation["LedgerTransaction"] = fields.ForeignKeyField(
        "models.LedgerTransaction", source_field="transaction_id", related_name="corrections", on_delete=fields.RESTRICT
    )
    transaction_id: UUID
    fund: fields.ForeignKeyRelation["Fund"] = fields.ForeignKeyField(
        "models.Fund", source_field="fund_id", related_name="ledger_corrections", on_delete=fields.RESTRICT
    )
    fund_id: UUID
    corrects = fields.DateField()
    month = fields.DateField()

    class Meta:
        """Table ledger_corrections."""

        table = "ledger_corrections"


class OpenItemExplanation(Model):
    """Why a payment or a line was still open at the end of a month."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    month = fields.DateField()
    payment: fields.ForeignKeyNullableRelation["Payment"] = fields.ForeignKeyField(
        "models.Payment", null=True, source_field="payment_id", related_name="explanations", on_delete=fields.RESTRICT
    )
    payment_id: UUID | None
    line: fields.ForeignKeyNullableRelation["StatementLine"] = fields.ForeignKeyField(
        "models.StatementLine", null=True, source_field="line_id", related_name="explanations", on_delete=fields.RESTRICT
    )
    line_id: UUID | None
    reason = fields.TextField()
    explained_by = fields.TextField()
    explained_at = fields.DatetimeField(auto_now_add=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table open_item_explanations."""

        table = "open_item_explanations"
