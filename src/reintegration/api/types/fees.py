"""Service fees: what partners get for their service, and the tariffs that say how much."""

from datetime import date, datetime

import strawberry

from reintegration.api.graph import Node, money, reads
from reintegration.api.loaders import to_many, to_one
from reintegration.api.scalars import Money
from reintegration.api.types.fee_enums import ServiceFeeStatus
from reintegration.api.types.programme import Country, FieldOffice, Fund, Partner
from reintegration.api.types.references import CaseRef, LedgerTransactionRef
from reintegration.fees import models as rows
from reintegration.fees.commands import ServiceFeeKind
from reintegration.identity.permissions import Permission
from reintegration.programme import models as programme


@reads(programme.ServiceFeeTariff, Permission.SERVICE_FEE_READ)
@strawberry.type(description="What a partner gets for a service, from its first to its last day; the amount never changes.")
class ServiceFeeTariff(Node):
    """Table service_fee_tariffs."""

    row: strawberry.Private[programme.ServiceFeeTariff]
    kind: ServiceFeeKind
    amount: Money = money("amount_minor", "currency_row_id")
    valid_from: date
    valid_to: date | None = strawberry.field(description="The last day, included; null while no other follows.")
    certainty: str
    source: str
    known_since: datetime
    partner: Partner = to_one("Partner", "partner_id")
    country: Country | None = to_one(
        "Country", "country_id", "Where it counts, before the one of all countries; null is that one."
    )


@reads(rows.ServiceFee, Permission.SERVICE_FEE_READ)
@strawberry.type(description="What a partner gets for a service on a case: its own cost, never the returnee's money.")
class ServiceFee(Node):
    """Table service_fees."""

    row: strawberry.Private[rows.ServiceFee]
    kind: ServiceFeeKind
    status: ServiceFeeStatus
    amount: Money = money("amount_minor", "currency_row_id")
    served_on: date = strawberry.field(description="The day of the service, whose tariff says the amount.")
    claimed_by: str
    claimed_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    paid_by: str | None
    paid_at: datetime | None
    paid_on: date | None
    payment_reference: str | None
    ended_by: str | None = strawberry.field(description="Who refused, withdrew or reversed it.")
    ended_at: datetime | None
    ended_reason: str | None
    returned_on: date | None = strawberry.field(description="The day on which a reversed one came back.")
    version: int
    case: CaseRef | None = to_one("Case", "case_id", "For who may see the case.")
    partner: Partner = to_one("Partner", "partner_id", "Who gets it: the case's partner on the day of the service.")
    office: FieldOffice = to_one("FieldOffice", "field_office_id", "The office of the case when it was claimed.")
    fund: Fund = to_one("Fund", "fund_id", "Who bears it: the fund of the case.")
    tariff: ServiceFeeTariff = to_one("ServiceFeeTariff", "tariff_id", "What has decided the amount.")
    ledger_transactions: list[LedgerTransactionRef] = to_many(
        "LedgerTransaction",
        "reference_id",
        ("recorded_at", "id"),
        "Its entries in the books of the fund, for who may see those: Fedasil and auditors.",
        size=2,
    )
