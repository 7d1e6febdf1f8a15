"""Rows of what payments are held to, as the migrations made them."""

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

from reintegration.kernel.ids import new_id

if TYPE_CHECKING:
    from reintegration.programme.models import Country


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
