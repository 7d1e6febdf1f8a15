"""Rows of the cases room, as the migrations made them."""

from typing import TYPE_CHECKING
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from reintegration.kernel.ids import new_id

if TYPE_CHECKING:
    from reintegration.programme.models import Country, FieldOffice, Partner, ReturnDesk


class Case(Model):
    """The file of one household, from application to closure."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    reference = fields.TextField()
    status = fields.TextField()
    country: fields.ForeignKeyRelation["Country"] = fields.ForeignKeyField(
        "models.Country", source_field="country_of_return", related_name="cases", on_delete=fields.RESTRICT
    )
    country_id: str
    partner: fields.ForeignKeyNullableRelation["Partner"] = fields.ForeignKeyField(
        "models.Partner", null=True, source_field="partner_id", related_name="cases", on_delete=fields.RESTRICT
    )
    partner_id: UUID | None
    field_office: fields.ForeignKeyNullableRelation["FieldOffice"] = fields.ForeignKeyField(
        "models.FieldOffice", null=True, source_field="field_office_id", related_name="cases", on_delete=fields.RESTRICT
    )
    field_office_id: UUID | None
    dublin = fields.BooleanField(default=False)
    travel_mode = fields.TextField(null=True)
    departed_on = fields.DateField(null=True)
    arrived_on = fields.DateField(null=True)
    arrival_confirmed_by = fields.TextField(null=True)
    arrival_confirmed_at = fields.DatetimeField(null=True)
    closed_on = fields.DateField(null=True)
    close_reason = fields.TextField(null=True)
    close_note = fields.TextField(null=True)
    registered_by = fields.TextField()
    registered_at = fields.DatetimeField(auto_now_add=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table cases."""

        table = "cases"


class CaseIntake(Model):
    """What only Belgium may know of a case: its asylum side."""

    case: fields.OneToOneRelation["Case"] = fields.OneToOneField(
        "models.Case", primary_key=True, source_field="case_id", related_name="intake", on_delete=fields.RESTRICT
    )
    case_id: UUID
    administrative_status = fields.TextField()
    referral_channel = fields.TextField()
    return_desk: fields.ForeignKeyNullableRelation["ReturnDesk"] = fields.ForeignKeyField(
        "models.ReturnDesk", null=True, source_field="return_desk_id", related_name="case_intakes", on_delete=fields.RESTRICT
    )
    return_desk_id: UUID | None
    applied_on = fields.DateField()
    entered_belgium_on = fields.DateField(null=True)
    previous_support_departed_on = fields.DateField(null=True)
    consent_signed_on = fields.DateField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table case_intakes."""

        table = "case_intakes"


class Returnee(Model):
    """One person of a case, without a name."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case: fields.ForeignKeyRelation["Case"] = fields.ForeignKeyField(
        "models.Case", source_field="case_id", related_name="returnees", on_delete=fields.RESTRICT
    )
    case_id: UUID
    position = fields.SmallIntField()
    household_role = fields.TextField()
    gender = fields.TextField()
    birth_date = fields.DateField()
    nationality_country: fields.ForeignKeyRelation["Country"] = fields.ForeignKeyField(
        "models.Country", source_field="nationality", related_name="returnees_by_nationality_country", on_delete=fields.RESTRICT
    )
    nationality_country_id: str
    version = fields.IntField(default=1)

    class Meta:
        """Table returnees."""

        table = "returnees"


class ReturneeIdentity(Model):
    """The name of a returnee, kept apart."""

    returnee: fields.OneToOneRelation["Returnee"] = fields.OneToOneField(
        "models.Returnee", primary_key=True, source_field="returnee_id", related_name="identity", on_delete=fields.RESTRICT
    )
    returnee_id: UUID
    case_id = fields.UUIDField()
    family_name = fields.TextField()
    given_names = fields.TextField()
    latin_name = fields.TextField()
    version = fields.IntField(default=1)

    class Meta:
        """Table returnee_identities."""

        table = "returnee_identities"


class Vulnerability(Model):
    """A vulnerability of a returnee, recorded and decided by two people."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    returnee: fields.ForeignKeyRelation["Returnee"] = fields.ForeignKeyField(
        "models.Returnee", source_field="returnee_id", related_name="vulnerabilities", on_delete=fields.RESTRICT
    )
    returnee_id: UUID
    kind = fields.TextField()
    recorded_by = fields.TextField()
    recorded_at = fields.DatetimeField(auto_now_add=True)
    decision = fields.TextField(null=True)
    decided_by = fields.TextField(null=True)
    decided_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table vulnerabilities."""

        table = "vulnerabilities"


class CaseTransfer(Model):
    """A move of a case from one office to another."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case: fields.ForeignKeyRelation["Case"] = fields.ForeignKeyField(
        "models.Case", source_field="case_id", related_name="case_transfers", on_delete=fields.RESTRICT
    )
    case_id: UUID
    from_office: fields.ForeignKeyNullableRelation["FieldOffice"] = fields.ForeignKeyField(
        "models.FieldOffice",
        null=True,
        source_field="from_office_id",
        related_name="case_transfers_by_from_office",
        on_delete=fields.RESTRICT,
    )
    from_office_id: UUID | None
    to_office: fields.ForeignKeyRelation["FieldOffice"] = fields.ForeignKeyField(
        "models.FieldOffice", source_field="to_office_id", related_name="case_transfers_by_to_office", on_delete=fields.RESTRICT
    )
    to_office_id: UUID
    reason = fields.TextField()
    transferred_by = fields.TextField()
    transferred_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        """Table case_transfers."""

        table = "case_transfers"
