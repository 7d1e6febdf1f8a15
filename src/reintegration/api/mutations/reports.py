"""Mutation of reports: the order; a worker makes and seals it."""

from collections.abc import Mapping
from datetime import date

import strawberry

from reintegration.api.graph import ApiInfo
from reintegration.api.loaders import returned
from reintegration.api.mutations.execute import CreationInput, Input, Payload, chosen_id, execute, mutation
from reintegration.api.types.enums import ReportKind
from reintegration.api.types.reports import Report
from reintegration.exports.commands import OrderReport
from reintegration.exports.service import order_report
from reintegration.identity.permissions import Permission


@strawberry.input
class ReportOrderInput(CreationInput):
    """See OrderReport."""

    kind: ReportKind
    reference_date: date | None = strawberry.field(
        default=None, description="AMIF_INDICATORS: it counts everything up to this day."
    )
    first_day: date | None = strawberry.field(default=None, name="from", description="PAYMENTS_LEDGER, SERVICE_FEES: first day.")
    last_day: date | None = strawberry.field(default=None, name="to", description="PAYMENTS_LEDGER, SERVICE_FEES: the last day.")
    years: list[int] | None = strawberry.field(default=None, description="PROGRAMME_STATISTICS: the years of departure.")

    def command(self) -> OrderReport:
        """The command."""
        return OrderReport(id=chosen_id(self.id), kind=self.kind.value, parameters=self.parameters())

    def parameters(self) -> Mapping[str, str]:
        """What was given, as text; the report's definition says which it takes."""
        given = {
            "reference_date": None if self.reference_date is None else self.reference_date.isoformat(),
            "from": None if self.first_day is None else self.first_day.isoformat(),
            "to": None if self.last_day is None else self.last_day.isoformat(),
            "years": None if self.years is None else ",".join(map(str, self.years)),
        }
        return {name: text for name, text in given.items() if text is not None}


@strawberry.type
class ReportOrderPayload(Payload):
    """The ordered report."""

    report: Report


@strawberry.type
class ReportMutations:
    """Part of `Mutation`."""

    @mutation(ReportOrderPayload)
    async def report_order(self, info: ApiInfo, asked: Input[ReportOrderInput]) -> ReportOrderPayload:
        """Order a report of the facts at the moment when a worker takes it up; the same position gives the same bytes."""
        done = await execute(info, asked, Permission.REPORT_ORDER, order_report, asked.command)
        return ReportOrderPayload(report=await returned(info.context, Report, done.reference.id), replayed=done.replayed)
