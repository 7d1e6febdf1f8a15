"""Rows of the fees room, as the migrations made them."""

from typing import TYPE_CHECKING
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from reintegration.kernel.ids import new_id

if TYPE_CHECKING:
    from reintegration.cases.models import Case
    from reintegration.funding.models import Fund
    from reintegration.programme.models import Currency, FieldOffice, Partner, ServiceFeeTariff


class ServiceFee(Model):
    """What a partner asks for a service on a case, and what became of it."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case: fields.ForeignKeyRelation["Case"] = fields.ForeignKeyField(
        "models.Case", source_field="case_id", related_name="service_fees", on_delete=fields.RESTRICT
    )
    case_id: UUID
    kind = fields.TextField()
    partner: fields.ForeignKeyRelation["Partner"] = fields.ForeignKeyField(
        "models.Partner", source_field="partner_id", related_name="service_fees", on_delete=fields.RESTRICT
    )
    partner_id: UUID
    field_office: fields.ForeignKeyRelation["FieldOffice"] = fields.ForeignKeyField(
        "models.FieldOffice", source_field="field_office_id", related_name="service_fees", on_delete=fields.RESTRICT
    )
    field_office_id: UUID
    fund: fields.ForeignKeyRelation["Fund"] = fields.ForeignKeyField(
        "models.Fund", source_field="fund_id", related_name="service_fees", on_delete=fields.RESTRICT
    )
    fund_id: UUID
    served_on = fields.DateField()
    tariff: fields.ForeignKeyRelation["ServiceFeeTariff"] = fields.ForeignKeyField(
        "models.ServiceFeeTariff", source_field="tariff_id", related_name="service_fees", on_delete=fields.RESTRICT
    )
    tariff_id: UUID
    amount_minor = fields.BigIntField()
    currency_row: fields.ForeignKeyRelation["Currency"] = fields.ForeignKeyField(
        "models.Currency", source_field="currency", related_name="service_fees", on_delete=fields.RESTRICT
    )
    currency_row_id: str
    status = fields.TextField()
    claimed_by = fields.TextField()
    claimed_at = fields.DatetimeField(auto_now_add=True)
    approved_by = fields.TextField(null=True)
    approved_at = fields.DatetimeField(null=True)
    paid_by = fields.TextField(null=True)
    paid_at = fields.DatetimeField(null=True)
    paid_on = fields.DateField(null=True)
    payment_reference = fields.TextField(null=True)
    ended_by = fields.TextField(null=True)
    ended_at = fields.DatetimeField(null=True)
    ended_reason = fields.TextField(null=True)
    returned_on = fields.DateField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table service_fees."""

        table = "service_fees"
