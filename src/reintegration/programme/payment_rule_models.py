"""Rows of what payments are held to, as the migrations made them."""

from typing import TYPE_CHECKING
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from reintegration.kernel.ids import new_id

if TYPE_CHECKING:
    from reintegration.programme.models import Country, Currency, Partner


class RequiredDocument(Model):
    """A document that a kind of payment needs, and at which step."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    payment_kind = fields.TextField()
    plan_item_kind = fields.TextField(null=True)
    document_kind = fields.TextField()
    stage = fields.TextField()
    certainty = fields.TextField()
    source = fields.TextField()

    class Meta:
        """Table required_documents."""

        table = "required_documents"


class PaymentThreshold(Model):
    """What may be paid without an endorsement, in euro cents: by payment, or by case or supplier within 30 days."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    scope = fields.TextField()
    most_minor = fields.BigIntField()
    valid_from = fields.DateField()
    valid_to = fields.DateField(null=True)
    certainty = fields.TextField()
    source = fields.TextField()
    known_since = fields.DatetimeField(auto_now_add=True)
    """What was released before the database knew of it was not held against it."""

    class Meta:
        """Table payment_thresholds."""

        table = "payment_thresholds"


class LegalForm(Model):
    """Words of a name that say what kind of company it is, in a country or anywhere; suppliers are compared without them."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    country: fields.ForeignKeyNullableRelation["Country"] = fields.ForeignKeyField(
        "models.Country", source_field="country_code", related_name="legal_forms", on_delete=fields.RESTRICT, null=True
    )
    country_id: str | None
    form = fields.TextField()
    pattern = fields.TextField()
    """Made by the database of the form."""
    is_active = fields.BooleanField()
    certainty = fields.TextField()
    source = fields.TextField()

    class Meta:
        """Table legal_forms."""

        table = "legal_forms"


class ServiceFeeTariff(Model):
    """What a partner gets for a service, in a country or in all, from a day on."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    partner: fields.ForeignKeyRelation["Partner"] = fields.ForeignKeyField(
        "models.Partner", source_field="partner_id", related_name="service_fee_tariffs", on_delete=fields.RESTRICT
    )
    partner_id: UUID
    kind = fields.TextField()
    country: fields.ForeignKeyNullableRelation["Country"] = fields.ForeignKeyField(
        "models.Country", null=True, source_field="country_code", related_name="service_fee_tariffs", on_delete=fields.RESTRICT
    )
    country_id: str | None
    amount_minor = fields.BigIntField()
    currency_row: fields.ForeignKeyRelation["Currency"] = fields.ForeignKeyField(
        "models.Currency", source_field="currency", related_name="service_fee_tariffs", on_delete=fields.RESTRICT
    )
    currency_row_id: str
    valid_from = fields.DateField()
    valid_to = fields.DateField(null=True)
    certainty = fields.TextField()
    source = fields.TextField()
    known_since = fields.DatetimeField(auto_now_add=True)

    class Meta:
        """Table service_fee_tariffs."""

        table = "service_fee_tariffs"
