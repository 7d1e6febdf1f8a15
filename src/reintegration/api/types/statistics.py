"""The programme's yearly statistics, with numerator and denominator beside each percentage."""

from datetime import date

import strawberry

from reintegration.api.graph import money, reads
from reintegration.api.loaders import to_one
from reintegration.api.scalars import Money
from reintegration.api.types.programme import Country
from reintegration.cases.values import AdministrativeStatus
from reintegration.funding import models as rows
from reintegration.funding.statistics import YearlyStatistics
from reintegration.identity.permissions import Permission

LARGEST_TOP = 10


@reads(rows.PaymentTotal, Permission.STATISTICS_READ)
@strawberry.type(description="What was paid in a month for cases of one country of return.")
class PaymentTotal:
    """Table payment_totals, which the database keeps in the transaction that pays."""

    row: strawberry.Private[rows.PaymentTotal]
    month: date = strawberry.field(description="The first day of the month in which it was paid, or came back.")
    payments: int = strawberry.field(description="Payments that are paid, without those reversed since.")
    paid: Money = money("euro_minor", None, "The sum of their lines in EUR, as they were paid.")
    refunds: int = strawberry.field(description="Refunds of suppliers that came in the month, whenever it was paid.")
    refunded: Money = money("refunded_minor", None, "The sum of those refunds in EUR, each at the rate of its payment.")
    country: Country = to_one("Country", "country_id", "The country of return.")


@strawberry.type(description="A part of a whole. The percentage is whole, rounded half up; null where the denominator is zero.")
class Share:
    """Persons."""

    numerator: int
    denominator: int
    percent: int | None


@strawberry.type(description="Persons of one administrative status, and their share in all who returned.")
class StatusStatistics:
    """At registration."""

    administrative_status: AdministrativeStatus
    share: Share


@strawberry.type(description="Persons who returned to one country.")
class CountryStatistics:
    """ISO 3166."""

    rank: int
    country: str
    name: str
    returned: int


@strawberry.type(description="One year of the programme, as Fedasil publishes it.")
class Statistics:
    """Computed by the funding room."""

    year: int
    returned: int = strawberry.field(description="Persons whose departure lies in the year; Dublin departures are none of them.")
    dublin_excluded: int = strawberry.field(description="Persons who left under the Dublin regulation, counted apart.")
    supported: Share = strawberry.field(description="Of those who returned, with an entitlement to reintegration support.")
    change: Share = strawberry.field(description="More or fewer than the year before, against that year.")
    returned_previous_year: int
    by_administrative_status: list[StatusStatistics]
    top_countries: list[CountryStatistics] = strawberry.field(description="The largest first; at most ten.")
    definition: str
    definition_version: str


def statistics(figures: YearlyStatistics) -> Statistics:
    """The year in the graph."""
    before = figures.returned_previous_year
    return Statistics(
        year=figures.year,
        returned=figures.returned,
        dublin_excluded=figures.dublin_excluded,
        supported=Share(numerator=figures.supported, denominator=figures.returned, percent=figures.supported_percent),
        change=Share(numerator=figures.returned - before, denominator=before, percent=figures.change_percent),
        returned_previous_year=before,
        by_administrative_status=[
            StatusStatistics(
                administrative_status=AdministrativeStatus(figure.administrative_status),
                share=Share(numerator=figure.persons, denominator=figures.returned, percent=figure.percent),
            )
            for figure in figures.by_status
        ],
        top_countries=[
            CountryStatistics(rank=figure.rank, country=figure.country, name=figure.name, returned=figure.persons)
            for figure in figures.countries[:LARGEST_TOP]
        ],
        definition=figures.definition,
        definition_version=figures.definition_version,
    )
