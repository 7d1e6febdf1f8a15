"""Mutations of budgets: ask to move money between items of a plan, decide on it."""

import strawberry

from reintegration.api.graph import ApiInfo
from reintegration.api.identifiers import decode
from reintegration.api.loaders import returned
from reintegration.api.mutations.execute import CreationInput, Input, Payload, UpdateInput, chosen_id, execute, mutation
from reintegration.api.scalars import MoneyInput
from reintegration.api.types.enums import Decision
from reintegration.api.types.plans import BudgetTransfer
from reintegration.cases.errors import AlreadyDecidedError
from reintegration.identity.permissions import Permission
from reintegration.kernel.errors import SamePersonError
from reintegration.ledger.errors import NotEnoughLeftError
from reintegration.plans import errors
from reintegration.plans.commands import DecideBudgetTransfer, RequestBudgetTransfer
from reintegration.plans.service import decide_budget_transfer, request_budget_transfer


@strawberry.input
class BudgetTransferRequestInput(CreationInput):
    """See RequestBudgetTransfer."""

    from_item_id: strawberry.ID
    to_item_id: strawberry.ID
    amount: MoneyInput = strawberry.field(description="In EUR.")
    reason: str

    def command(self) -> RequestBudgetTransfer:
        """The command."""
        return RequestBudgetTransfer(
            id=chosen_id(self.id),
            from_item_id=decode(self.from_item_id, "PlanItem"),
            to_item_id=decode(self.to_item_id, "PlanItem"),
            amount=self.amount.read("amount"),
            reason=self.reason.strip(),
        )


@strawberry.input
class BudgetTransferDecideInput(UpdateInput):
    """See DecideBudgetTransfer."""

    transfer_id: strawberry.ID
    decision: Decision
    note: str | None = None

    def command(self) -> DecideBudgetTransfer:
        """The command."""
        return DecideBudgetTransfer(
            transfer_id=decode(self.transfer_id, "BudgetTransfer"),
            expected_version=self.expected_version,
            approved=self.decision is Decision.APPROVED,
            note=self.note,
        )


@strawberry.type
class BudgetTransferRequestPayload(Payload):
    """The transfer, to be decided."""

    transfer: BudgetTransfer


@strawberry.type
class BudgetTransferDecidePayload(Payload):
    """The decided transfer."""

    transfer: BudgetTransfer


@strawberry.type
class BudgetTransferMutations:
    """Part of `Mutation`."""

    @mutation(BudgetTransferRequestPayload, errors.CaseNotReadyError, errors.ItemNotInForceError, NotEnoughLeftError)
    async def budget_transfer_request(
        self, info: ApiInfo, asked: Input[BudgetTransferRequestInput]
    ) -> BudgetTransferRequestPayload:
        """Ask to move money between two items of the plan in force; nothing moves until the coordinator agrees."""
        done = await execute(info, asked, Permission.PLAN_WRITE, request_budget_transfer, asked.command)
        found = await returned(info.context, BudgetTransfer, done.reference.id)
        return BudgetTransferRequestPayload(transfer=found, replayed=done.replayed)

    @mutation(
        BudgetTransferDecidePayload,
        errors.CaseNotReadyError,
        AlreadyDecidedError,
        SamePersonError,
        errors.ItemNotInForceError,
        NotEnoughLeftError,
    )
    async def budget_transfer_decide(self, info: ApiInfo, asked: Input[BudgetTransferDecideInput]) -> BudgetTransferDecidePayload:
        """Approve or refuse a transfer that somebody else asked for; approval moves the money in the ledger."""
        done = await execute(info, asked, Permission.PLAN_APPROVE, decide_budget_transfer, asked.command)
        found = await returned(info.context, BudgetTransfer, done.reference.id)
        return BudgetTransferDecidePayload(transfer=found, replayed=done.replayed)
