"""Mutations of months: explain what is open at their end, and close them."""

from datetime import date

import strawberry

from reintegration.api.graph import ApiInfo
from reintegration.api.identifiers import decode
from reintegration.api.loaders import returned
from reintegration.api.mutations.execute import CreationInput, Input, Payload, chosen_id, execute, mutation, optional
from reintegration.api.types.periods import OpenItemExplanation, PeriodClose
from reintegration.funding.commands import ClosePeriod, ExplainOpenItem
from reintegration.funding.errors import ItemNotOpenError, PeriodNotOverError, PeriodOrderError, PeriodUnexplainedError
from reintegration.funding.periods import close_period, explain_open_item
from reintegration.identity.permissions import Permission


@strawberry.input
class PeriodCloseInput(CreationInput):
    """See ClosePeriod."""

    fund_id: strawberry.ID
    month: date = strawberry.field(description="Its first day.")

    def command(self) -> ClosePeriod:
        """The command."""
        return ClosePeriod(id=chosen_id(self.id), fund_id=decode(self.fund_id, "Fund"), month=self.month)


@strawberry.input
class OpenItemExplainInput(CreationInput):
    """See ExplainOpenItem."""

    month: date = strawberry.field(description="Its first day.")
    payment_id: strawberry.ID | None = None
    statement_line_id: strawberry.ID | None = None
    reason: str

    def command(self) -> ExplainOpenItem:
        """The command."""
        return ExplainOpenItem(
            id=chosen_id(self.id),
            month=self.month,
            payment_id=optional(self.payment_id, "Payment"),
            line_id=optional(self.statement_line_id, "StatementLine"),
            reason=self.reason.strip(),
        )


@strawberry.type
class PeriodClosePayload(Payload):
    """The closed month."""

    period_close: PeriodClose


@strawberry.type
class OpenItemExplainPayload(Payload):
    """The explanation."""

    open_item_explanation: OpenItemExplanation


@strawberry.type
class PeriodMutations:
    """Part of `Mutation`."""

    @mutation(PeriodClosePayload, PeriodUnexplainedError, PeriodOrderError, PeriodNotOverError)
    async def period_close(self, info: ApiInfo, asked: Input[PeriodCloseInput]) -> PeriodClosePayload:
        """Close a month of a fund, once it is over and all that is open at its end is explained."""
        done = await execute(info, asked, Permission.PERIOD_CLOSE, close_period, asked.command)
        found = await returned(info.context, PeriodClose, done.reference.id)
        return PeriodClosePayload(period_close=found, replayed=done.replayed)

    @mutation(OpenItemExplainPayload, ItemNotOpenError)
    async def open_item_explain(self, info: ApiInfo, asked: Input[OpenItemExplainInput]) -> OpenItemExplainPayload:
        """Say why a payment of which nobody knows, or a line in suspense, was open at the end of a month."""
        done = await execute(info, asked, Permission.PERIOD_EXPLAIN, explain_open_item, asked.command)
        found = await returned(info.context, OpenItemExplanation, done.reference.id)
        return OpenItemExplainPayload(open_item_explanation=found, replayed=done.replayed)
