"""Reports: those ordered, and their files; the yearly statistics."""

from datetime import date, datetime
from typing import TYPE_CHECKING, cast
from uuid import UUID

import strawberry
from tortoise.models import Model

from reintegration.api import connections, identifiers
from reintegration.api.codes import bad_user_input
from reintegration.api.connections import Connection, Key, Ordering, window
from reintegration.api.cost import Cost
from reintegration.api.graph import ApiInfo
from reintegration.api.pages import After, Before, Condition, First, Last, Order
from reintegration.api.reading import Listing, Page, Record, root
from reintegration.api.types.indicators import IndicatorCase, indicator_case
from reintegration.api.types.reports import Report
from reintegration.api.types.statistics import PaymentTotal, Statistics, statistics
from reintegration.cases.values import Gender
from reintegration.funding import indicators
from reintegration.funding.indicators import AgeBracket, Indicator, IndicatorKey
from reintegration.funding.statistics import yearly
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.actor import Actor

if TYPE_CHECKING:
    from reintegration.exports import models as rows


def _ordered_key(row: Model) -> Key:
    job = cast("rows.ExportJob", row)
    return (job.ordered_at, job.id)


_NEWEST = Order(Ordering("reports.newest", (datetime, UUID)), ("t.ordered_at", "t.id"), _ordered_key, is_descending=True)
LONGEST_TOTALS_MONTHS = 24
MOST_COUNTRIES = 400
"""More than ISO 3166 has."""
_PERSONS = Ordering("indicatorCases", (str, UUID))


@strawberry.type
class ReportQueries:
    """Roots about reports."""

    @root(Report | None, description="One report.")
    def report(actor: Actor, id: strawberry.ID) -> Record:  # noqa: A002, N805 - the argument's name in the graph; see reading.py
        """By id."""
        require(actor, Permission.REPORT_READ)
        return Record("Report", identifiers.decode(id, "Report"))

    @root(Connection[Report] | None, description="A page of the ordered reports, newest first.")
    def reports(
        actor: Actor,  # noqa: N805 - see reading.py
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Page:
        """Whoever ordered them."""
        require(actor, Permission.REPORT_READ)
        return Page("Report", _NEWEST, window(_NEWEST.ordering, first, after, last, before))

    @strawberry.field(
        description="The programme in a year: who returned, who was supported, where to.", directives=[Cost(weight=50)]
    )
    async def statistics(self, info: ApiInfo, year: int) -> Statistics | None:
        """Counted in the operation's snapshot."""
        return statistics(await yearly(await info.context.read(), year))

    @root(
        list[PaymentTotal] | None,
        description="What was paid in each month from the first to the last, by country of return; at most two years.",
        size=400,
    )
    def payment_totals(
        actor: Actor,  # noqa: N805 - see reading.py
        first_month: date,
        last_month: date,
    ) -> Listing:
        """By month, then by country."""
        require(actor, Permission.STATISTICS_READ)
        for name, month in (("firstMonth", first_month), ("lastMonth", last_month)):
            if month.day != 1:
                raise bad_user_input(f'"{name}" is the first day of a month')
        months = (last_month.year - first_month.year) * 12 + last_month.month - first_month.month + 1
        if not 1 <= months <= LONGEST_TOTALS_MONTHS:
            raise bad_user_input(f'"firstMonth" to "lastMonth" are 1 to {LONGEST_TOTALS_MONTHS} months')
        conditions = (Condition("t.month >= {}", first_month), Condition("t.month <= {}", last_month))
        return Listing("PaymentTotal", ("t.month", "t.country"), conditions, largest=months * MOST_COUNTRIES)

    @strawberry.field(
        description="The persons behind a figure of the AMIF indicator report, by case reference, from the facts of today; "
        "with neither age nor gender, behind its total. A sealed report keeps its own list in amif_indicator_cases.csv.",
        directives=[Cost(weight=50)],
    )
    async def indicator_cases(  # noqa: PLR0913 - a figure has four coordinates, a connection four arguments
        self,
        info: ApiInfo,
        *,
        indicator: Indicator,
        reference_date: date,
        age: AgeBracket | None = None,
        gender: Gender | None = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[IndicatorCase] | None:
        """The same base as the report's."""
        page = window(_PERSONS, first, after, last, before)
        its_gender = None if gender is None else indicators.Gender(gender.value)
        found = await indicators.indicator_cases(
            await info.context.read(),
            indicator,
            reference_date,
            age=age,
            gender=its_gender,
            after=None
            if page.after_key is None
            else IndicatorKey(cast("str", page.after_key[0]), cast("UUID", page.after_key[1])),
            limit=page.limit,
            is_reversed=page.is_reversed,
        )

        async def count() -> int:
            return await indicators.indicator_total(
                await info.context.read(), indicator, reference_date, age=age, gender=its_gender
            )

        return connections.connection(
            _PERSONS,
            page,
            found,
            key=lambda person: (person.case_reference, person.returnee_id),
            node=indicator_case,
            count=count,
        )
