"""Rows about suppliers, as the migrations made them."""

from typing import TYPE_CHECKING
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from reintegration.kernel.ids import new_id

if TYPE_CHECKING:
    from reintegration.programme.models import FieldOffice


class Supplier(Model):
    """Who sells to an office."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    field_office: fields.ForeignKeyRelation["FieldOffice"] = fields.ForeignKeyField(
        "models.FieldOffice", source_field="field_office_id", related_name="suppliers", on_delete=fields.RESTRICT
    )
    field_office_id: UUID
    name = fields.TextField()
    tax_number = fields.TextField(null=True)
    registered_by = fields.TextField()
    registered_at = fields.DatetimeField(auto_now_add=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table suppliers."""

        table = "suppliers"


class SupplierAccount(Model):
    """Where a supplier is paid; `number` is its place among the supplier's accounts, of which the last counts."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    supplier: fields.ForeignKeyRelation["Supplier"] = fields.ForeignKeyField(
        "models.Supplier", source_field="supplier_id", related_name="accounts", on_delete=fields.RESTRICT
    )
    supplier_id: UUID
    number = fields.IntField()
    kind = fields.TextField()
    account = fields.TextField()
    holder = fields.TextField()
    holder_latin = fields.TextField(null=True)
    bic = fields.TextField(null=True)
    country = fields.TextField(null=True)
    town = fields.TextField(null=True)
    recorded_by = fields.TextField()
    recorded_at = fields.DatetimeField(auto_now_add=True)
    decision = fields.TextField(null=True)
    decided_by = fields.TextField(null=True)
    decided_at = fields.DatetimeField(null=True)
    decision_note = fields.TextField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table supplier_accounts."""

        table = "supplier_accounts"


class SupplierLikeness(Model):
    """What the database found two suppliers of a country to share; it holds the later one until it is decided."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    earlier: fields.ForeignKeyRelation["Supplier"] = fields.ForeignKeyField(
        "models.Supplier", source_field="earlier_id", related_name="likenesses_of_later", on_delete=fields.RESTRICT
    )
    earlier_id: UUID
    later: fields.ForeignKeyRelation["Supplier"] = fields.ForeignKeyField(
        "models.Supplier", source_field="later_id", related_name="likenesses", on_delete=fields.RESTRICT
    )
    later_id: UUID
    shared_tax_number = fields.TextField(null=True)
    shared_account = fields.TextField(null=True)
    shared_name = fields.TextField(null=True)
    found_at = fields.DatetimeField(auto_now_add=True)
    decision = fields.TextField(null=True)
    decided_by = fields.TextField(null=True)
    decided_at = fields.DatetimeField(null=True)
    decision_note = fields.TextField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table supplier_likenesses."""

        table = "supplier_likenesses"
