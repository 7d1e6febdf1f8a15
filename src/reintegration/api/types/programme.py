"""The programme's reference data: places, partners, tariffs, exchange rates, funds."""

from datetime import date, datetime

import strawberry

from reintegration.api.graph import READS, Expression, Node, column, money, reads
from reintegration.api.loaders import to_many, to_one
from reintegration.api.scalars import Digest, Money
from reintegration.funding import models as funding
from reintegration.funding.service import FundKind
from reintegration.identity.permissions import Permission
from reintegration.programme import models as rows


@reads(rows.Country, Permission.REFERENCE_READ)
@strawberry.type(description="A country (ISO 3166-1; XK stands for Kosovo).")
class Country:
    """Table countries."""

    row: strawberry.Private[rows.Country]
    code: str = strawberry.field(description="Two letters.")
    alpha3: str
    name: str


@reads(rows.Partner, Permission.REFERENCE_READ)
@strawberry.type(description="An organisation that helps returnees in the country of return: IOM or Caritas.")
class Partner(Node):
    """Table partners."""

    row: strawberry.Private[rows.Partner]
    code: str
    name: str


@reads(rows.FieldOffice, Permission.REFERENCE_READ)
@strawberry.type(description="A partner's office in a country of return.")
class FieldOffice(Node):
    """Table field_offices."""

    row: strawberry.Private[rows.FieldOffice]
    code: str
    name: str
    city: str
    local_currency: str = column("local_currency_row_id", "ISO 4217.")
    partner: Partner = to_one("Partner", "partner_id")
    country: Country = to_one("Country", "country_id")


@reads(rows.ReturnDesk, Permission.REFERENCE_READ)
@strawberry.type(description="A return desk of Fedasil.")
class ReturnDesk(Node):
    """Table return_desks."""

    row: strawberry.Private[rows.ReturnDesk]
    code: str
    name: str
    city: str


@reads(funding.Fund, Permission.REFERENCE_READ)
@strawberry.type(description="Where money comes from.")
class Fund(Node):
    """Table funds."""

    row: strawberry.Private[funding.Fund]
    code: str
    name: str
    kind: FundKind


@reads(rows.TariffRule, Permission.REFERENCE_READ)
@strawberry.type(description="A dated row of the tariff, with what is known of it and from where.")
class TariffRule(Node):
    """Table tariff_rules."""

    row: strawberry.Private[rows.TariffRule]
    rule_id: str = strawberry.field(description="The rule's own name, which entitlements quote.")
    position: int
    programme: str
    item: str
    delivery: str
    valid_from: date | None
    from_precision: str
    valid_to: date | None
    to_precision: str
    keyed_on: str
    country_scope: str
    person_scope: str
    amount_adult: Money | None = money("amount_adult_minor")
    amount_child: Money | None = money("amount_child_minor")
    amount_minimum: Money | None = money("amount_min_minor")
    amount_maximum: Money | None = money("amount_max_minor")
    condition: str
    certainty: str
    source: str
    is_active: bool = column("active")


@reads(rows.ExclusionRule, Permission.REFERENCE_READ)
@strawberry.type(description="A rule that bars money or sets a condition.")
class ExclusionRule(Node):
    """Table exclusion_rules."""

    row: strawberry.Private[rows.ExclusionRule]
    rule_id: str
    position: int
    subject: str
    effect: str
    valid_from: date | None
    from_precision: str
    valid_to: date | None
    override: str
    certainty: str
    source: str
    is_active: bool = column("active")


@reads(rows.TariffVersion, Permission.REFERENCE_READ)
@strawberry.type(description="A whole set of rules, never changed once loaded.")
class TariffVersion(Node):
    """Table tariff_versions."""

    row: strawberry.Private[rows.TariffVersion]
    code: str
    digest: Digest
    loaded_at: datetime
    rules: list[TariffRule] = to_many("TariffRule", "tariff_version_id", ("position", "id"), size=30)
    exclusions: list[ExclusionRule] = to_many("ExclusionRule", "tariff_version_id", ("position", "id"), size=20)


@reads(rows.ExchangeRate, Permission.REFERENCE_READ)
@strawberry.type(description="Units of a currency for 1 EUR in a month, as published.")
class ExchangeRate(Node):
    """Table exchange_rates."""

    row: strawberry.Private[rows.ExchangeRate]
    currency: str = column("currency_row_id", "ISO 4217.")
    rate: str = strawberry.field(description="A decimal string with the digits of the source.")


@reads(rows.ExchangeRateMonth, Permission.REFERENCE_READ)
@strawberry.type(description="An imported month of exchange rates; used once another person confirmed it.")
class ExchangeRateMonth(Node):
    """Table exchange_rate_months."""

    row: strawberry.Private[rows.ExchangeRateMonth]
    month: date = strawberry.field(description="The first day of the month.")
    source: str
    document_digest: Digest
    imported_by: str
    imported_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None
    version: int
    rates: list[ExchangeRate] = to_many("ExchangeRate", "month_id", ("currency_row_id",), size=150)

    @strawberry.field(description="Whether payments may use it.", metadata={READS: Expression("t.confirmed_by is not null")})
    def is_confirmed(self) -> bool:
        """A second person confirmed it."""
        return self.confirmed_by is not None
