"""Rows of the plans room, as the migrations made them."""

from typing import TYPE_CHECKING
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from reintegration.kernel.ids import new_id

if TYPE_CHECKING:
    from reintegration.cases.models import Case, Returnee


class Plan(Model):
    """One version of the reintegration plan of a case."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case: fields.ForeignKeyRelation["Case"] = fields.ForeignKeyField(
        "models.Case", source_field="case_id", related_name="plans", on_delete=fields.RESTRICT
    )
    case_id: UUID
    number = fields.IntField()
    status = fields.TextField()
    content_digest = fields.TextField()
    prepared_by = fields.TextField()
    prepared_at = fields.DatetimeField(auto_now_add=True)
    submitted_by = fields.TextField(null=True)
    submitted_at = fields.DatetimeField(null=True)
    decided_by = fields.TextField(null=True)
    decided_at = fields.DatetimeField(null=True)
    decision_note = fields.TextField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table plans."""

        table = "plans"


class BudgetTransfer(Model):
    """Money asked to move from one item to another, decided by a second person."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case: fields.ForeignKeyRelation["Case"] = fields.ForeignKeyField(
        "models.Case", source_field="case_id", related_name="budget_transfers", on_delete=fields.RESTRICT
    )
    case_id: UUID
    from_item: fields.ForeignKeyRelation["PlanItem"] = fields.ForeignKeyField(
        "models.PlanItem", source_field="from_item_id", related_name="transfers_out", on_delete=fields.RESTRICT
    )
    from_item_id: UUID
    to_item: fields.ForeignKeyRelation["PlanItem"] = fields.ForeignKeyField(
        "models.PlanItem", source_field="to_item_id", related_name="transfers_in", on_delete=fields.RESTRICT
    )
    to_item_id: UUID
    amount_minor = fields.BigIntField()
    currency = fields.TextField(default="EUR")
    reason = fields.TextField()
    requested_by = fields.TextField()
    requested_at = fields.DatetimeField(auto_now_add=True)
    decision = fields.TextField(null=True)
    decision_note = fields.TextField(null=True)
    decided_by = fields.TextField(null=True)
    decided_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table budget_transfers."""

        table = "budget_transfers"


class PlanItem(Model):
    """A line of a plan version; `line_id` stays the same from version to version."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    plan: fields.ForeignKeyRelation["Plan"] = fields.ForeignKeyField(
        "models.Plan", source_field="plan_id", related_name="plan_items", on_delete=fields.RESTRICT
    )
    plan_id: UUID
    case_id = fields.UUIDField()
    line_id = fields.UUIDField()
    position = fields.SmallIntField()
    returnee: fields.ForeignKeyNullableRelation["Returnee"] = fields.ForeignKeyField(
        "models.Returnee", null=True, source_field="returnee_id", related_name="plan_items", on_delete=fields.RESTRICT
    )
    returnee_id: UUID | None
    kind = fields.TextField()
    description = fields.TextField()
    budget_minor = fields.BigIntField()
    currency = fields.TextField(default="EUR")
    co_investment_minor = fields.BigIntField(default=0)

    class Meta:
        """Table plan_items."""

        table = "plan_items"
