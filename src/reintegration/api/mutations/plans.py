"""Mutations of plans: draft, submit, approve, reject."""

from uuid import UUID

import strawberry

from reintegration.api.graph import ApiInfo
from reintegration.api.identifiers import decode
from reintegration.api.loaders import returned
from reintegration.api.mutations.execute import (
    CreationInput,
    Input,
    Payload,
    UpdateInput,
    chosen_id,
    execute,
    mutation,
    optional,
)
from reintegration.api.scalars import Digest, MoneyInput
from reintegration.api.types.enums import PlanItemKind
from reintegration.api.types.plans import Plan
from reintegration.identity.permissions import Permission
from reintegration.kernel.errors import SamePersonError, TransitionError
from reintegration.ledger.errors import NotEnoughLeftError
from reintegration.plans import errors
from reintegration.plans.commands import ApprovePlan, DraftPlan, PlanLine, RejectPlan, SubmitPlan
from reintegration.plans.service import approve_plan, draft_plan, reject_plan, submit_plan


@strawberry.input(description="An item of a plan version.")
class PlanLineInput:
    """See PlanLine."""

    kind: PlanItemKind
    description: str
    budget: MoneyInput = strawberry.field(description="In EUR.")
    line_id: UUID | None = strawberry.field(
        default=None, description="Continues a line of the version before; a new line when not given."
    )
    returnee_id: strawberry.ID | None = strawberry.field(default=None, description="The family member it is for.")
    co_investment: MoneyInput | None = strawberry.field(default=None, description="What the household adds itself, in EUR.")

    def value(self, field: str) -> PlanLine:
        """The line; `field` is where in the input it stands."""
        added = self.co_investment
        return PlanLine(
            kind=self.kind.value,
            description=self.description,
            budget=self.budget.read(f"{field}.budget"),
            line_id=self.line_id,
            returnee_id=optional(self.returnee_id, "Returnee"),
            co_investment=None if added is None else added.read(f"{field}.co_investment"),
        )


@strawberry.input
class PlanDraftInput(CreationInput):
    """See DraftPlan."""

    case_id: strawberry.ID
    lines: list[PlanLineInput]

    def command(self) -> DraftPlan:
        """The command."""
        return DraftPlan(
            id=chosen_id(self.id),
            case_id=decode(self.case_id, "Case"),
            lines=tuple(line.value(f"lines.{place}") for place, line in enumerate(self.lines)),
        )


@strawberry.input
class PlanSubmitInput(UpdateInput):
    """See SubmitPlan."""

    plan_id: strawberry.ID

    def command(self) -> SubmitPlan:
        """The command."""
        return SubmitPlan(id=decode(self.plan_id, "Plan"), expected_version=self.expected_version)


@strawberry.input
class PlanApproveInput(UpdateInput):
    """See ApprovePlan."""

    plan_id: strawberry.ID
    content_digest: Digest = strawberry.field(description="Of the content that the person saw.")

    def command(self) -> ApprovePlan:
        """The command."""
        return ApprovePlan(
            id=decode(self.plan_id, "Plan"), expected_version=self.expected_version, content_digest=self.content_digest
        )


@strawberry.input
class PlanRejectInput(UpdateInput):
    """See RejectPlan."""

    plan_id: strawberry.ID
    reason: str

    def command(self) -> RejectPlan:
        """The command."""
        return RejectPlan(id=decode(self.plan_id, "Plan"), expected_version=self.expected_version, reason=self.reason)


@strawberry.type
class PlanDraftPayload(Payload):
    """The new version."""

    plan: Plan


@strawberry.type
class PlanSubmitPayload(Payload):
    """The submitted version."""

    plan: Plan


@strawberry.type
class PlanApprovePayload(Payload):
    """The version now in force."""

    plan: Plan


@strawberry.type
class PlanRejectPayload(Payload):
    """The rejected version."""

    plan: Plan


@strawberry.type
class PlanMutations:
    """Part of `Mutation`."""

    @mutation(PlanDraftPayload, errors.CaseNotReadyError, errors.PlanOpenError, errors.PlanTooLargeError)
    async def plan_draft(self, info: ApiInfo, asked: Input[PlanDraftInput]) -> PlanDraftPayload:
        """Write a new version of the plan of a case; a draft that nobody submitted is superseded by it."""
        done = await execute(info, asked, Permission.PLAN_WRITE, draft_plan, asked.command)
        return PlanDraftPayload(plan=await returned(info.context, Plan, done.reference.id), replayed=done.replayed)

    @mutation(PlanSubmitPayload, TransitionError, errors.CaseNotReadyError, errors.PlanTooLargeError)
    async def plan_submit(self, info: ApiInfo, asked: Input[PlanSubmitInput]) -> PlanSubmitPayload:
        """Hand a draft to the partner's coordinator."""
        done = await execute(info, asked, Permission.PLAN_WRITE, submit_plan, asked.command)
        return PlanSubmitPayload(plan=await returned(info.context, Plan, done.reference.id), replayed=done.replayed)

    @mutation(
        PlanApprovePayload,
        errors.CaseNotReadyError,
        errors.CaseNotReadyError,
        errors.ContentChangedError,
        SamePersonError,
        errors.PlanBelowUseError,
        TransitionError,
        NotEnoughLeftError,
    )
    async def plan_approve(self, info: ApiInfo, asked: Input[PlanApproveInput]) -> PlanApprovePayload:
        """Put exactly the content with this digest in force; the version before is superseded."""
        done = await execute(info, asked, Permission.PLAN_APPROVE, approve_plan, asked.command)
        return PlanApprovePayload(plan=await returned(info.context, Plan, done.reference.id), replayed=done.replayed)

    @mutation(PlanRejectPayload, TransitionError, errors.CaseNotReadyError, SamePersonError)
    async def plan_reject(self, info: ApiInfo, asked: Input[PlanRejectInput]) -> PlanRejectPayload:
        """Send a submitted version back with a reason; a new version follows."""
        done = await execute(info, asked, Permission.PLAN_APPROVE, reject_plan, asked.command)
        return PlanRejectPayload(plan=await returned(info.context, Plan, done.reference.id), replayed=done.replayed)
