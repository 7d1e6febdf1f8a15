"""Rows of the programme room, as the migrations made them."""

from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from reintegration.kernel.canonical import JsonDocument
from reintegration.kernel.ids import new_id
from reintegration.programme.payment_rule_models import LegalForm, PaymentThreshold, RequiredDocument, ServiceFeeTariff

__all__ = [
    "Country",
    "Currency",
    "DeadlineRule",
    "ExchangeRate",
    "ExchangeRateMonth",
    "ExclusionRule",
    "FieldOffice",
    "LegalForm",
    "Partner",
    "PaymentThreshold",
    "RequiredDocument",
    "ReturnDesk",
    "ServiceFeeTariff",
    "TariffRule",
    "TariffVersion",
    "VisaRegime",
]


class Currency(Model):
    """A currency with its number of decimals (ISO 4217)."""

    code = fields.CharField(max_length=3, primary_key=True)
    name = fields.TextField()
    minor_digits = fields.SmallIntField()

    class Meta:
        """Table currencies."""

        table = "currencies"


class Country(Model):
    """A country (ISO 3166-1; XK stands for Kosovo)."""

    code = fields.CharField(max_length=3, primary_key=True)
    alpha3 = fields.TextField()
    name = fields.TextField()

    class Meta:
        """Table countries."""

        table = "countries"


class VisaRegime(Model):
    """Whether nationals of a country needed a visa, by date."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    country: fields.ForeignKeyRelation["Country"] = fields.ForeignKeyField(
        "models.Country", source_field="country_code", related_name="visa_regimes", on_delete=fields.RESTRICT
    )
    country_id: str
    regime = fields.TextField()
    valid_from = fields.DateField(null=True)
    valid_to = fields.DateField(null=True)
    certainty = fields.TextField()
    source = fields.TextField()

    class Meta:
        """Table visa_regimes."""

        table = "visa_regimes"


class ReturnDesk(Model):
    """A return desk of Fedasil."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    code = fields.TextField()
    name = fields.TextField()
    city = fields.TextField()
    certainty = fields.TextField()
    source = fields.TextField()

    class Meta:
        """Table return_desks."""

        table = "return_desks"


class Partner(Model):
    """IOM or Caritas."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    code = fields.TextField()
    name = fields.TextField()
    transfer_protocol = fields.TextField(null=True)
    certainty = fields.TextField()
    source = fields.TextField()

    class Meta:
        """Table partners."""

        table = "partners"


class FieldOffice(Model):
    """A partner's office in a country of return."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    partner: fields.ForeignKeyRelation["Partner"] = fields.ForeignKeyField(
        "models.Partner", source_field="partner_id", related_name="field_offices", on_delete=fields.RESTRICT
    )
    partner_id: UUID
    country: fields.ForeignKeyRelation["Country"] = fields.ForeignKeyField(
        "models.Country", source_field="country_code", related_name="field_offices", on_delete=fields.RESTRICT
    )
    country_id: str
    code = fields.TextField()
    name = fields.TextField()
    city = fields.TextField()
    local_currency_row: fields.ForeignKeyRelation["Currency"] = fields.ForeignKeyField(
        "models.Currency",
        source_field="local_currency",
        related_name="field_offices_by_local_currency_row",
        on_delete=fields.RESTRICT,
    )
    local_currency_row_id: str
    certainty = fields.TextField()
    source = fields.TextField()

    class Meta:
        """Table field_offices."""

        table = "field_offices"


class TariffVersion(Model):
    """A whole set of tariff, exclusion and deadline rules, never changed once loaded."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    code = fields.TextField()
    digest = fields.TextField()
    loaded_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        """Table tariff_versions."""

        table = "tariff_versions"


class TariffRule(Model):
    """One dated row of the tariff (domain.md 3.1)."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    tariff_version: fields.ForeignKeyRelation["TariffVersion"] = fields.ForeignKeyField(
        "models.TariffVersion", source_field="tariff_version_id", related_name="tariff_rules", on_delete=fields.RESTRICT
    )
    tariff_version_id: UUID
    rule_id = fields.TextField()
    position = fields.SmallIntField()
    programme = fields.TextField()
    item = fields.TextField()
    delivery = fields.TextField()
    valid_from = fields.DateField(null=True)
    from_precision = fields.TextField()
    valid_to = fields.DateField(null=True)
    to_precision = fields.TextField()
    keyed_on = fields.TextField()
    country_scope = fields.TextField()
    person_scope = fields.TextField()
    amount_adult_minor = fields.BigIntField(null=True)
    amount_child_minor = fields.BigIntField(null=True)
    amount_min_minor = fields.BigIntField(null=True)
    amount_max_minor = fields.BigIntField(null=True)
    condition = fields.TextField()
    certainty = fields.TextField()
    source = fields.TextField()
    selector: fields.Field[JsonDocument] = fields.JSONField()
    active = fields.BooleanField()

    class Meta:
        """Table tariff_rules."""

        table = "tariff_rules"


class ExclusionRule(Model):
    """One exclusion or condition (domain.md 3.2)."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    tariff_version: fields.ForeignKeyRelation["TariffVersion"] = fields.ForeignKeyField(
        "models.TariffVersion", source_field="tariff_version_id", related_name="exclusion_rules", on_delete=fields.RESTRICT
    )
    tariff_version_id: UUID
    rule_id = fields.TextField()
    position = fields.SmallIntField()
    subject = fields.TextField()
    effect = fields.TextField()
    valid_from = fields.DateField(null=True)
    from_precision = fields.TextField()
    valid_to = fields.DateField(null=True)
    override = fields.TextField()
    certainty = fields.TextField()
    source = fields.TextField()
    selector: fields.Field[JsonDocument] = fields.JSONField()
    active = fields.BooleanField()

    class Meta:
        """Table exclusion_rules."""

        table = "exclusion_rules"


class DeadlineRule(Model):
    """A time limit that an entitlement starts (domain.md 2.2)."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    tariff_version: fields.ForeignKeyRelation["TariffVersion"] = fields.ForeignKeyField(
        "models.TariffVersion", source_field="tariff_version_id", related_name="deadline_rules", on_delete=fields.RESTRICT
    )
    tariff_version_id: UUID
    key = fields.TextField()
    position = fields.SmallIntField()
    programme = fields.TextField()
    months = fields.SmallIntField()
    counted_from = fields.TextField()
    effect = fields.TextField()
    certainty = fields.TextField()
    source = fields.TextField()
    basis = fields.TextField()
    selector: fields.Field[JsonDocument] = fields.JSONField()
    active = fields.BooleanField()

    class Meta:
        """Table deadline_rules."""

        table = "deadline_rules"


class ExchangeRateMonth(Model):
    """An imported month of rates; usable once another person confirmed it."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    month = fields.DateField()
    source = fields.TextField()
    document_digest = fields.TextField()
    imported_by = fields.TextField()
    imported_at = fields.DatetimeField(auto_now_add=True)
    confirmed_by = fields.TextField(null=True)
    confirmed_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table exchange_rate_months."""

        table = "exchange_rate_months"


class ExchangeRate(Model):
    """Units of a currency for 1 EUR in a month; the text as published."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    month: fields.ForeignKeyRelation["ExchangeRateMonth"] = fields.ForeignKeyField(
        "models.ExchangeRateMonth", source_field="month_id", related_name="exchange_rates", on_delete=fields.RESTRICT
    )
    month_id: UUID
    currency_row: fields.ForeignKeyRelation["Currency"] = fields.ForeignKeyField(
        "models.Currency", source_field="currency", related_name="exchange_rates_by_currency_row", on_delete=fields.RESTRICT
    )
    currency_row_id: str
    rate = fields.TextField()

    class Meta:
        """Table exchange_rates."""

        table = "exchange_rates"
