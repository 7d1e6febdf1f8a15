"""Rows of the funding room, as the migrations made them."""

from typing import TYPE_CHECKING
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from reintegration.funding.period_models import LedgerCorrection, OpenItemExplanation, PeriodClose
from reintegration.kernel.ids import new_id

if TYPE_CHECKING:
    from reintegration.programme.models import Country

__all__ = ["Fund", "IndicatorDefinition", "LedgerCorrection", "OpenItemExplanation", "Operation", "PeriodClose"]


class Fund(Model):
    """Where money comes from."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    code = fields.TextField()
    name = fields.TextField()
    kind = fields.TextField()

    class Meta:
        """Table funds."""

        table = "funds"


class Operation(Model):
    """What a fund pays for, with its rule for the month of the rate."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    fund: fields.ForeignKeyRelation["Fund"] = fields.ForeignKeyField(
        "models.Fund", source_field="fund_id", related_name="operations", on_delete=fields.RESTRICT
    )
    fund_id: UUID
    code = fields.TextField()
    name = fields.TextField()
    specific_objective = fields.TextField()
    type_of_action = fields.TextField()
    union_rate_percent = fields.SmallIntField(null=True)
    rate_rule = fields.TextField()
    starts_on = fields.DateField()
    ends_on = fields.DateField()
    certainty = fields.TextField()
    source = fields.TextField()
    note = fields.TextField()

    class Meta:
        """Table operations."""

        table = "operations"


class IndicatorDefinition(Model):
    """A version of an AMIF indicator (amif.md 1.4)."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    code = fields.TextField()
    definition_version = fields.TextField()
    name = fields.TextField()
    kind = fields.TextField()
    specific_objective = fields.TextField()
    unit = fields.TextField()
    baseline = fields.BigIntField(null=True)
    milestone_2024 = fields.BigIntField(null=True)
    target_2029 = fields.BigIntField(null=True)
    planned = fields.BigIntField(null=True)
    certainty = fields.TextField()
    source = fields.TextField()

    class Meta:
        """Table indicator_definitions."""

        table = "indicator_definitions"


class PaymentTotal(Model):
    """What was paid in a month for cases of one country of return; the database keeps it."""

    id = fields.BigIntField(primary_key=True, generated=True)
    country: fields.ForeignKeyRelation["Country"] = fields.ForeignKeyField(
        "models.Country", source_field="country", related_name="payment_totals", on_delete=fields.RESTRICT
    )
    country_id: str
    month = fields.DateField()
    payments = fields.IntField()
    euro_minor = fields.BigIntField()
    refunds = fields.IntField(default=0)
    refunded_minor = fields.BigIntField(default=0)

    class Meta:
        """Table payment_totals."""

        table = "payment_totals"
