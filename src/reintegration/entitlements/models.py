"""Rows of the entitlements room, as the migrations made them."""

from typing import TYPE_CHECKING
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from reintegration.kernel.canonical import JsonDocument
from reintegration.kernel.ids import new_id

if TYPE_CHECKING:
    from reintegration.cases.models import Case, Returnee
    from reintegration.funding.models import Fund
    from reintegration.programme.models import TariffVersion


class EntitlementAssessment(Model):
    """What the rules made of the facts: facts, version, each step, result."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case: fields.ForeignKeyRelation["Case"] = fields.ForeignKeyField(
        "models.Case", source_field="case_id", related_name="entitlement_assessments", on_delete=fields.RESTRICT
    )
    case_id: UUID
    tariff_version: fields.ForeignKeyRelation["TariffVersion"] = fields.ForeignKeyField(
        "models.TariffVersion",
        source_field="tariff_version_id",
        related_name="entitlement_assessments",
        on_delete=fields.RESTRICT,
    )
    tariff_version_id: UUID
    facts: fields.Field[JsonDocument] = fields.JSONField()
    facts_digest = fields.TextField()
    steps: fields.Field[JsonDocument] = fields.JSONField()
    result: fields.Field[JsonDocument] = fields.JSONField()
    result_digest = fields.TextField()
    assessed_by = fields.TextField()
    assessed_at = fields.DatetimeField(auto_now_add=True)
    deviations: fields.Field[JsonDocument | None] = fields.JSONField(null=True)

    class Meta:
        """Table entitlement_assessments."""

        table = "entitlement_assessments"


class EntitlementException(Model):
    """A request against an exclusion or for a ceiling, decided by a second person."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case: fields.ForeignKeyRelation["Case"] = fields.ForeignKeyField(
        "models.Case", source_field="case_id", related_name="entitlement_exceptions", on_delete=fields.RESTRICT
    )
    case_id: UUID
    kind = fields.TextField()
    rule_id = fields.TextField()
    amount_minor = fields.BigIntField(null=True)
    currency = fields.TextField(default="EUR")
    reason = fields.TextField()
    reference = fields.TextField()
    requested_by = fields.TextField()
    requested_at = fields.DatetimeField(auto_now_add=True)
    decision = fields.TextField(null=True)
    decision_note = fields.TextField(null=True)
    decided_by = fields.TextField(null=True)
    decided_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table entitlement_exceptions."""

        table = "entitlement_exceptions"


class Entitlement(Model):
    """An amount granted to a case or a person in one of the money streams."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case: fields.ForeignKeyRelation["Case"] = fields.ForeignKeyField(
        "models.Case", source_field="case_id", related_name="entitlements", on_delete=fields.RESTRICT
    )
    case_id: UUID
    assessment: fields.ForeignKeyRelation["EntitlementAssessment"] = fields.ForeignKeyField(
        "models.EntitlementAssessment", source_field="assessment_id", related_name="entitlements", on_delete=fields.RESTRICT
    )
    assessment_id: UUID
    stream = fields.TextField()
    returnee: fields.ForeignKeyNullableRelation["Returnee"] = fields.ForeignKeyField(
        "models.Returnee", null=True, source_field="returnee_id", related_name="entitlements", on_delete=fields.RESTRICT
    )
    returnee_id: UUID | None
    rule_id = fields.TextField()
    fund: fields.ForeignKeyRelation["Fund"] = fields.ForeignKeyField(
        "models.Fund", source_field="fund_id", related_name="entitlements", on_delete=fields.RESTRICT
    )
    fund_id: UUID
    amount_minor = fields.BigIntField()
    currency = fields.TextField(default="EUR")
    use_months = fields.SmallIntField(null=True)
    use_counted_from = fields.TextField(null=True)
    deadline_on = fields.DateField(null=True)
    granted_by = fields.TextField()
    granted_on = fields.DateField()
    granted_at = fields.DatetimeField(auto_now_add=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table entitlements."""

        table = "entitlements"


class DeadlineExtension(Model):
    """A request to move the deadline of an entitlement."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    entitlement: fields.ForeignKeyRelation["Entitlement"] = fields.ForeignKeyField(
        "models.Entitlement", source_field="entitlement_id", related_name="deadline_extensions", on_delete=fields.RESTRICT
    )
    entitlement_id: UUID
    new_deadline_on = fields.DateField()
    reason = fields.TextField()
    requested_by = fields.TextField()
    requested_at = fields.DatetimeField(auto_now_add=True)
    decision = fields.TextField(null=True)
    decision_note = fields.TextField(null=True)
    decided_by = fields.TextField(null=True)
    decided_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table deadline_extensions."""

        table = "deadline_extensions"


class DeadlineNotice(Model):
    """The office was told that a deadline is near."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case: fields.ForeignKeyRelation["Case"] = fields.ForeignKeyField(
        "models.Case", source_field="case_id", related_name="deadline_notices", on_delete=fields.RESTRICT
    )
    case_id: UUID
    deadline_on = fields.DateField()
    days_before = fields.SmallIntField()
    noticed_on = fields.DateField()
    recorded_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        """Table deadline_notices."""

        table = "deadline_notices"


class DeadlineExpiry(Model):
    """What happened when the time to use a budget had passed."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case: fields.ForeignKeyRelation["Case"] = fields.ForeignKeyField(
        "models.Case", source_field="case_id", related_name="deadline_expiries", on_delete=fields.RESTRICT
    )
    case_id: UUID
    occasion = fields.IntField()
    deadline_on = fields.DateField()
    expired_on = fields.DateField()
    released_minor = fields.BigIntField()
    currency = fields.TextField(default="EUR")
    drafts_cancelled = fields.IntField()
    recorded_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        """Table deadline_expiries."""

        table = "deadline_expiries"
