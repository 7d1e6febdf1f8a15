"""Mutations of a case's way: registration, vulnerabilities, referral, departure, arrival, transfer, closure."""

import strawberry

from reintegration.api.graph import ApiInfo
from reintegration.api.loaders import returned
from reintegration.api.mutations.case_inputs import (
    ArrivalConfirmInput,
    CaseCloseInput,
    CaseDepartInput,
    CaseReferInput,
    CaseRegisterInput,
    CaseTransferInput,
    VulnerabilityDecideInput,
    VulnerabilityRecordInput,
)
from reintegration.api.mutations.execute import Input, Payload, execute, mutation
from reintegration.api.types.cases import Case, Vulnerability
from reintegration.cases import errors
from reintegration.cases.service import (
    close_case,
    confirm_arrival,
    decide_vulnerability,
    record_departure,
    record_vulnerability,
    refer_case,
    register_case,
    transfer_case,
)
from reintegration.entitlements.errors import ContradictoryFactsError
from reintegration.identity.permissions import Permission
from reintegration.kernel.errors import SamePersonError, TransitionError


@strawberry.type
class CaseRegisterPayload(Payload):
    """The new case."""

    case: Case


@strawberry.type
class VulnerabilityRecordPayload(Payload):
    """The new vulnerability."""

    vulnerability: Vulnerability


@strawberry.type
class VulnerabilityDecidePayload(Payload):
    """The decided vulnerability."""

    vulnerability: Vulnerability


@strawberry.type
class CaseReferPayload(Payload):
    """The referred case."""

    case: Case


@strawberry.type
class CaseDepartPayload(Payload):
    """The case after the departure."""

    case: Case


@strawberry.type
class ArrivalConfirmPayload(Payload):
    """The case after the arrival."""

    case: Case


@strawberry.type
class CaseTransferPayload(Payload):
    """The case at its new office."""

    case: Case


@strawberry.type
class CaseClosePayload(Payload):
    """The closed case."""

    case: Case


@strawberry.type
class CaseMutations:
    """Part of `Mutation`."""

    @mutation(
        CaseRegisterPayload,
        errors.HouseholdError,
        errors.FutureDateError,
        errors.DateOrderError,
        errors.ReferenceTakenError,
        errors.ReferencesExhaustedError,
    )
    async def case_register(self, info: ApiInfo, asked: Input[CaseRegisterInput]) -> CaseRegisterPayload:
        """Open the file of a household."""
        done = await execute(info, asked, Permission.CASE_REGISTER, register_case, asked.command)
        return CaseRegisterPayload(case=await returned(info.context, Case, done.reference.id), replayed=done.replayed)

    @mutation(VulnerabilityRecordPayload, TransitionError, errors.VulnerabilityKnownError)
    async def vulnerability_record(self, info: ApiInfo, asked: Input[VulnerabilityRecordInput]) -> VulnerabilityRecordPayload:
        """Say that a person is vulnerable; it counts once Fedasil approves it."""
        done = await execute(info, asked, Permission.VULNERABILITY_RECORD, record_vulnerability, asked.command)
        found = await returned(info.context, Vulnerability, done.reference.id)
        return VulnerabilityRecordPayload(vulnerability=found, replayed=done.replayed)

    @mutation(VulnerabilityDecidePayload, errors.AlreadyDecidedError, SamePersonError, TransitionError)
    async def vulnerability_decide(self, info: ApiInfo, asked: Input[VulnerabilityDecideInput]) -> VulnerabilityDecidePayload:
        """Approve or refuse a vulnerability that somebody else recorded."""
        done = await execute(info, asked, Permission.VULNERABILITY_APPROVE, decide_vulnerability, asked.command)
        found = await returned(info.context, Vulnerability, done.reference.id)
        return VulnerabilityDecidePayload(vulnerability=found, replayed=done.replayed)

    @mutation(
        CaseReferPayload,
        errors.DublinCaseError,
        TransitionError,
        errors.OfficeMismatchError,
        errors.OfficeCountryError,
        errors.OfficeMissingError,
    )
    async def case_refer(self, info: ApiInfo, asked: Input[CaseReferInput]) -> CaseReferPayload:
        """Give a case to a partner and, if known, to an office."""
        done = await execute(info, asked, Permission.CASE_REFER, refer_case, asked.command)
        return CaseReferPayload(case=await returned(info.context, Case, done.reference.id), replayed=done.replayed)

    @mutation(
        CaseDepartPayload,
        TransitionError,
        errors.DublinCaseError,
        errors.FutureDateError,
        errors.DateOrderError,
        ContradictoryFactsError,
    )
    async def case_depart(self, info: ApiInfo, asked: Input[CaseDepartInput]) -> CaseDepartPayload:
        """Record that a household left Belgium. An assessment with deviations follows where other amounts were granted."""
        done = await execute(info, asked, Permission.CASE_DEPART, record_departure, asked.command)
        return CaseDepartPayload(case=await returned(info.context, Case, done.reference.id), replayed=done.replayed)

    @mutation(
        ArrivalConfirmPayload,
        TransitionError,
        errors.DublinCaseError,
        errors.OfficeMissingError,
        errors.FutureDateError,
        errors.DateOrderError,
    )
    async def arrival_confirm(self, info: ApiInfo, asked: Input[ArrivalConfirmInput]) -> ArrivalConfirmPayload:
        """Confirm, as the office of the case, that the household arrived; the time to use its budget starts."""
        done = await execute(info, asked, Permission.ARRIVAL_CONFIRM, confirm_arrival, asked.command)
        return ArrivalConfirmPayload(case=await returned(info.context, Case, done.reference.id), replayed=done.replayed)

    @mutation(CaseTransferPayload, TransitionError, errors.DublinCaseError, errors.SameOfficeError, errors.OfficeMismatchError)
    async def case_transfer(self, info: ApiInfo, asked: Input[CaseTransferInput]) -> CaseTransferPayload:
        """Give a case to another office; its payments stay with the office that made them."""
        done = await execute(info, asked, Permission.CASE_TRANSFER, transfer_case, asked.command)
        return CaseTransferPayload(case=await returned(info.context, Case, done.reference.id), replayed=done.replayed)

    @mutation(
        CaseClosePayload,
        TransitionError,
        errors.CloseReasonError,
        errors.FutureDateError,
        errors.DateOrderError,
        errors.OpenPaymentsError,
    )
    async def case_close(self, info: ApiInfo, asked: Input[CaseCloseInput]) -> CaseClosePayload:
        """Close a case for good; what is left of its money goes back to the fund."""
        done = await execute(info, asked, Permission.CASE_CLOSE, close_case, asked.command)
        return CaseClosePayload(case=await returned(info.context, Case, done.reference.id), replayed=done.replayed)
