"""Mutations of service fees: what a partner asks for, and what Fedasil says, pays and gets back."""

from datetime import date

import strawberry

from reintegration.api.graph import ApiInfo
from reintegration.api.identifiers import decode
from reintegration.api.loaders import returned
from reintegration.api.mutations.execute import CreationInput, Input, Payload, UpdateInput, chosen_id, execute, mutation
from reintegration.api.types.fees import ServiceFee
from reintegration.cases.errors import FutureDateError
from reintegration.fees import errors
from reintegration.fees.commands import (
    ApproveServiceFee,
    ClaimServiceFee,
    PayServiceFee,
    RefuseServiceFee,
    ReverseServiceFee,
    ServiceFeeKind,
    WithdrawServiceFee,
)
from reintegration.fees.service import (
    approve_service_fee,
    claim_service_fee,
    pay_service_fee,
    refuse_service_fee,
    reverse_service_fee,
    withdraw_service_fee,
)
from reintegration.identity.permissions import Permission
from reintegration.kernel.errors import SamePersonError, TransitionError


@strawberry.input
class ServiceFeeClaimInput(CreationInput):
    """See ClaimServiceFee."""

    case_id: strawberry.ID
    kind: ServiceFeeKind

    def command(self) -> ClaimServiceFee:
        """The command."""
        return ClaimServiceFee(id=chosen_id(self.id), case_id=decode(self.case_id, "Case"), kind=self.kind)


@strawberry.input
class ServiceFeeApproveInput(UpdateInput):
    """See ApproveServiceFee."""

    service_fee_id: strawberry.ID

    def command(self) -> ApproveServiceFee:
        """The command."""
        return ApproveServiceFee(id=decode(self.service_fee_id, "ServiceFee"), expected_version=self.expected_version)


@strawberry.input
class ServiceFeeRefuseInput(UpdateInput):
    """See RefuseServiceFee."""

    service_fee_id: strawberry.ID
    reason: str

    def command(self) -> RefuseServiceFee:
        """The command."""
        return RefuseServiceFee(
            id=decode(self.service_fee_id, "ServiceFee"), expected_version=self.expected_version, reason=self.reason.strip()
        )


@strawberry.input
class ServiceFeeWithdrawInput(UpdateInput):
    """See WithdrawServiceFee."""

    service_fee_id: strawberry.ID
    reason: str

    def command(self) -> WithdrawServiceFee:
        """The command."""
        return WithdrawServiceFee(
            id=decode(self.service_fee_id, "ServiceFee"), expected_version=self.expected_version, reason=self.reason.strip()
        )


@strawberry.input
class ServiceFeePayInput(UpdateInput):
    """See PayServiceFee."""

    service_fee_id: strawberry.ID
    paid_on: date = strawberry.field(description="Not before the day of its approval.")
    reference: str = strawberry.field(description="Of the transfer.")

    def command(self) -> PayServiceFee:
        """The command."""
        return PayServiceFee(
            id=decode(self.service_fee_id, "ServiceFee"),
            expected_version=self.expected_version,
            paid_on=self.paid_on,
            reference=self.reference.strip(),
        )


@strawberry.input
class ServiceFeeReverseInput(UpdateInput):
    """See ReverseServiceFee."""

    service_fee_id: strawberry.ID
    returned_on: date = strawberry.field(description="The day on which the money came back.")
    reason: str

    def command(self) -> ReverseServiceFee:
        """The command."""
        return ReverseServiceFee(
            id=decode(self.service_fee_id, "ServiceFee"),
            expected_version=self.expected_version,
            returned_on=self.returned_on,
            reason=self.reason.strip(),
        )


@strawberry.type
class ServiceFeeClaimPayload(Payload):
    """The fee, to be approved."""

    service_fee: ServiceFee


@strawberry.type
class ServiceFeeApprovePayload(Payload):
    """The fee, to be paid."""

    service_fee: ServiceFee


@strawberry.type
class ServiceFeeRefusePayload(Payload):
    """The refused fee."""

    service_fee: ServiceFee


@strawberry.type
class ServiceFeeWithdrawPayload(Payload):
    """The withdrawn fee."""

    service_fee: ServiceFee


@strawberry.type
class ServiceFeePayPayload(Payload):
    """The paid fee."""

    service_fee: ServiceFee


@strawberry.type
class ServiceFeeReversePayload(Payload):
    """The fee that came back."""

    service_fee: ServiceFee


@strawberry.type
class ServiceFeeMutations:
    """Part of `Mutation`."""

    @mutation(
        ServiceFeeClaimPayload,
        errors.ServiceFeeNotDueError,
        errors.ServiceFeeOfAnotherPartnerError,
        errors.NoServiceFeeTariffError,
        errors.ServiceFeeClaimedError,
        SamePersonError,
    )
    async def service_fee_claim(self, info: ApiInfo, asked: Input[ServiceFeeClaimInput]) -> ServiceFeeClaimPayload:
        """Ask for the partner's fee for a service on a case, once for each; the tariff of its day says how much."""
        done = await execute(info, asked, Permission.SERVICE_FEE_CLAIM, claim_service_fee, asked.command)
        found = await returned(info.context, ServiceFee, done.reference.id)
        return ServiceFeeClaimPayload(service_fee=found, replayed=done.replayed)

    @mutation(ServiceFeeApprovePayload, SamePersonError, TransitionError)
    async def service_fee_approve(self, info: ApiInfo, asked: Input[ServiceFeeApproveInput]) -> ServiceFeeApprovePayload:
        """Let a claimed fee be paid: its fund owes it from now on."""
        done = await execute(info, asked, Permission.SERVICE_FEE_APPROVE, approve_service_fee, asked.command)
        found = await returned(info.context, ServiceFee, done.reference.id)
        return ServiceFeeApprovePayload(service_fee=found, replayed=done.replayed)

    @mutation(ServiceFeeRefusePayload, SamePersonError, TransitionError)
    async def service_fee_refuse(self, info: ApiInfo, asked: Input[ServiceFeeRefuseInput]) -> ServiceFeeRefusePayload:
        """Refuse a claimed fee (Fedasil's programme), or an approved one, which is owed no more then (its finance)."""
        done = await execute(info, asked, Permission.SERVICE_FEE_REFUSE, refuse_service_fee, asked.command)
        found = await returned(info.context, ServiceFee, done.reference.id)
        return ServiceFeeRefusePayload(service_fee=found, replayed=done.replayed)

    @mutation(ServiceFeeWithdrawPayload, TransitionError)
    async def service_fee_withdraw(self, info: ApiInfo, asked: Input[ServiceFeeWithdrawInput]) -> ServiceFeeWithdrawPayload:
        """Ask for a fee no longer, before it is approved."""
        done = await execute(info, asked, Permission.SERVICE_FEE_CLAIM, withdraw_service_fee, asked.command)
        found = await returned(info.context, ServiceFee, done.reference.id)
        return ServiceFeeWithdrawPayload(service_fee=found, replayed=done.replayed)

    @mutation(ServiceFeePayPayload, SamePersonError, FutureDateError, TransitionError)
    async def service_fee_pay(self, info: ApiInfo, asked: Input[ServiceFeePayInput]) -> ServiceFeePayPayload:
        """Record that an approved fee was paid to the partner."""
        done = await execute(info, asked, Permission.SERVICE_FEE_PAY, pay_service_fee, asked.command)
        found = await returned(info.context, ServiceFee, done.reference.id)
        return ServiceFeePayPayload(service_fee=found, replayed=done.replayed)

    @mutation(ServiceFeeReversePayload, SamePersonError, FutureDateError, TransitionError)
    async def service_fee_reverse(self, info: ApiInfo, asked: Input[ServiceFeeReverseInput]) -> ServiceFeeReversePayload:
        """Record that a paid fee came back, by entries that mirror it; another person does than who paid it."""
        done = await execute(info, asked, Permission.SERVICE_FEE_PAY, reverse_service_fee, asked.command)
        found = await returned(info.context, ServiceFee, done.reference.id)
        return ServiceFeeReversePayload(service_fee=found, replayed=done.replayed)
