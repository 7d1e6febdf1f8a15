"""Mutations of entitlements: assessment, exceptions, grant, extensions of the deadline."""

from datetime import date

import strawberry

from reintegration.api.graph import ApiInfo
from reintegration.api.identifiers import decode
from reintegration.api.loaders import returned
from reintegration.api.mutations.execute import (
    CreationInput,
    Input,
    MutationInput,
    Payload,
    UpdateInput,
    chosen_id,
    execute,
    mutation,
)
from reintegration.api.scalars import MoneyInput
from reintegration.api.types.cases import Case
from reintegration.api.types.entitlements import DeadlineExtension, EntitlementAssessment, EntitlementException
from reintegration.api.types.enums import Decision, ExceptionKind
from reintegration.cases.errors import AlreadyDecidedError
from reintegration.entitlements import errors
from reintegration.entitlements.commands import (
    AssessEntitlement,
    DecideException,
    DecideExtension,
    GrantEntitlements,
    RequestedException,
    RequestException,
    RequestExtension,
)
from reintegration.entitlements.service import (
    assess_entitlement,
    decide_exception,
    decide_extension,
    grant_entitlements,
    request_exception,
    request_extension,
)
from reintegration.funding.errors import AmbiguousFundError, NoFundError
from reintegration.identity.permissions import Permission
from reintegration.kernel.errors import SamePersonError, TransitionError


@strawberry.input
class EntitlementAssessInput(CreationInput):
    """See AssessEntitlement."""

    case_id: strawberry.ID
    planned_departure_on: date | None = strawberry.field(default=None, description="Stands in until a departure is recorded.")
    travel_document_cost: MoneyInput | None = strawberry.field(default=None, description="In EUR.")
    tariff_version: str | None = strawberry.field(default=None, description="Its code; the newest when not given.")

    def command(self) -> AssessEntitlement:
        """The command."""
        cost = self.travel_document_cost
        return AssessEntitlement(
            id=chosen_id(self.id),
            case_id=decode(self.case_id, "Case"),
            planned_departure_on=self.planned_departure_on,
            travel_document_cost=None if cost is None else cost.read("travel_document_cost"),
            tariff_version=self.tariff_version,
        )


@strawberry.input
class ExceptionRequestInput(CreationInput):
    """See RequestException."""

    case_id: strawberry.ID
    kind: ExceptionKind
    rule_id: str = strawberry.field(description="The exclusion to lift, or the rule of the tariff whose ceiling to fix.")
    reason: str
    reference: str = strawberry.field(description="Fedasil's own; it goes into the explanation.")
    amount: MoneyInput | None = strawberry.field(default=None, description="The ceiling, in EUR; an override has none.")

    def command(self) -> RequestException:
        """The command."""
        return RequestException(
            id=chosen_id(self.id),
            case_id=decode(self.case_id, "Case"),
            kind=RequestedException(self.kind.value),
            rule_id=self.rule_id,
            reason=self.reason,
            reference=self.reference,
            amount=None if self.amount is None else self.amount.read("amount"),
        )


@strawberry.input
class ExceptionDecideInput(UpdateInput):
    """See DecideException."""

    exception_id: strawberry.ID
    decision: Decision
    note: str | None = None

    def command(self) -> DecideException:
        """The command."""
        return DecideException(
            exception_id=decode(self.exception_id, "EntitlementException"),
            expected_version=self.expected_version,
            approved=self.decision is Decision.APPROVED,
            note=self.note,
        )


@strawberry.input
class EntitlementGrantInput(MutationInput):
    """See GrantEntitlements."""

    case_id: strawberry.ID
    assessment_id: strawberry.ID = strawberry.field(
        description="The newest of the case: it stands for the version that the client saw."
    )

    def command(self) -> GrantEntitlements:
        """The command."""
        return GrantEntitlements(
            case_id=decode(self.case_id, "Case"), assessment_id=decode(self.assessment_id, "EntitlementAssessment")
        )


@strawberry.input
class ExtensionRequestInput(CreationInput):
    """See RequestExtension."""

    entitlement_id: strawberry.ID
    new_deadline_on: date
    reason: str

    def command(self) -> RequestExtension:
        """The command."""
        return RequestExtension(
            id=chosen_id(self.id),
            entitlement_id=decode(self.entitlement_id, "Entitlement"),
            new_deadline_on=self.new_deadline_on,
            reason=self.reason,
        )


@strawberry.input
class ExtensionDecideInput(UpdateInput):
    """See DecideExtension."""

    extension_id: strawberry.ID
    decision: Decision
    note: str | None = None

    def command(self) -> DecideExtension:
        """The command."""
        return DecideExtension(
            extension_id=decode(self.extension_id, "DeadlineExtension"),
            expected_version=self.expected_version,
            approved=self.decision is Decision.APPROVED,
            note=self.note,
        )


@strawberry.type
class EntitlementAssessPayload(Payload):
    """The new assessment."""

    assessment: EntitlementAssessment


@strawberry.type
class ExceptionRequestPayload(Payload):
    """The new request."""

    exception: EntitlementException


@strawberry.type
class ExceptionDecidePayload(Payload):
    """The decided request."""

    exception: EntitlementException


@strawberry.type
class EntitlementGrantPayload(Payload):
    """The case with its entitlements."""

    case: Case


@strawberry.type
class ExtensionRequestPayload(Payload):
    """The new request."""

    extension: DeadlineExtension


@strawberry.type
class ExtensionDecidePayload(Payload):
    """The decided request."""

    extension: DeadlineExtension


@strawberry.type
class EntitlementMutations:
    """Part of `Mutation`."""

    @mutation(
        EntitlementAssessPayload,
        errors.DepartureUnknownError,
        errors.ContradictoryFactsError,
        errors.ExceptionNotAllowedError,
    )
    async def entitlement_assess(self, info: ApiInfo, asked: Input[EntitlementAssessInput]) -> EntitlementAssessPayload:
        """Apply a tariff version to the facts of a case as they are now, and keep the answer with its explanation."""
        done = await execute(info, asked, Permission.ENTITLEMENT_ASSESS, assess_entitlement, asked.command)
        found = await returned(info.context, EntitlementAssessment, done.reference.id)
        return EntitlementAssessPayload(assessment=found, replayed=done.replayed)

    @mutation(ExceptionRequestPayload, TransitionError, errors.ExceptionNotAllowedError, errors.RequestOpenError)
    async def exception_request(self, info: ApiInfo, asked: Input[ExceptionRequestInput]) -> ExceptionRequestPayload:
        """Ask to lift an exclusion or to fix a ceiling."""
        done = await execute(info, asked, Permission.EXCEPTION_REQUEST, request_exception, asked.command)
        found = await returned(info.context, EntitlementException, done.reference.id)
        return ExceptionRequestPayload(exception=found, replayed=done.replayed)

    @mutation(ExceptionDecidePayload, AlreadyDecidedError, SamePersonError, TransitionError)
    async def exception_decide(self, info: ApiInfo, asked: Input[ExceptionDecideInput]) -> ExceptionDecidePayload:
        """Approve or refuse an exception that somebody else asked for."""
        done = await execute(info, asked, Permission.EXCEPTION_DECIDE, decide_exception, asked.command)
        found = await returned(info.context, EntitlementException, done.reference.id)
        return ExceptionDecidePayload(exception=found, replayed=done.replayed)

    @mutation(
        EntitlementGrantPayload,
        TransitionError,
        errors.DublinEntitlementError,
        errors.AssessmentOutdatedError,
        errors.AssessmentDamagedError,
        errors.ContradictoryFactsError,
        errors.BudgetLimitMissingError,
        errors.GrantedOtherwiseError,
        errors.NothingToGrantError,
        NoFundError,
        AmbiguousFundError,
    )
    async def entitlement_grant(self, info: ApiInfo, asked: Input[EntitlementGrantInput]) -> EntitlementGrantPayload:
        """Grant what the newest assessment of a case gives, as long as its facts still hold."""
        done = await execute(info, asked, Permission.ENTITLEMENT_GRANT, grant_entitlements, asked.command)
        return EntitlementGrantPayload(case=await returned(info.context, Case, done.reference.id), replayed=done.replayed)

    @mutation(
        ExtensionRequestPayload,
        TransitionError,
        errors.DeadlineNotStartedError,
        errors.DeadlineNotLaterError,
        errors.DeadlineExpiredError,
        errors.RequestOpenError,
    )
    async def extension_request(self, info: ApiInfo, asked: Input[ExtensionRequestInput]) -> ExtensionRequestPayload:
        """Ask for a later last day of an entitlement."""
        done = await execute(info, asked, Permission.EXTENSION_REQUEST, request_extension, asked.command)
        found = await returned(info.context, DeadlineExtension, done.reference.id)
        return ExtensionRequestPayload(extension=found, replayed=done.replayed)

    @mutation(
        ExtensionDecidePayload,
        AlreadyDecidedError,
        SamePersonError,
        TransitionError,
        errors.DeadlineExpiredError,
        errors.DeadlineNotLaterError,
    )
    async def extension_decide(self, info: ApiInfo, asked: Input[ExtensionDecideInput]) -> ExtensionDecidePayload:
        """Approve or refuse an extension that somebody else asked for; approval moves the deadline."""
        done = await execute(info, asked, Permission.EXTENSION_DECIDE, decide_extension, asked.command)
        found = await returned(info.context, DeadlineExtension, done.reference.id)
        return ExtensionDecidePayload(extension=found, replayed=done.replayed)
