"""Mutations of control: stop a payment, let one go on that somebody else has stopped."""

import strawberry

from reintegration.api.graph import ApiInfo
from reintegration.api.identifiers import decode
from reintegration.api.loaders import returned
from reintegration.api.mutations.execute import CreationInput, Input, Payload, UpdateInput, chosen_id, execute, mutation
from reintegration.api.types.enums import HoldCause
from reintegration.api.types.payments import PaymentHold
from reintegration.identity.permissions import Permission
from reintegration.kernel.errors import SamePersonError, TransitionError
from reintegration.payments import errors
from reintegration.payments.commands import HoldPayment, LiftHold
from reintegration.payments.service import hold_payment, lift_hold


@strawberry.input
class PaymentHoldInput(CreationInput):
    """See HoldPayment."""

    payment_id: strawberry.ID
    cause: HoldCause
    reason: str

    def command(self) -> HoldPayment:
        """The command."""
        return HoldPayment(
            id=chosen_id(self.id),
            payment_id=decode(self.payment_id, "Payment"),
            cause=self.cause.value,
            reason=self.reason.strip(),
        )


@strawberry.input
class PaymentHoldLiftInput(UpdateInput):
    """See LiftHold."""

    hold_id: strawberry.ID
    reason: str

    def command(self) -> LiftHold:
        """The command."""
        return LiftHold(
            hold_id=decode(self.hold_id, "PaymentHold"), expected_version=self.expected_version, reason=self.reason.strip()
        )


@strawberry.type
class PaymentHoldPayload(Payload):
    """The hold."""

    hold: PaymentHold


@strawberry.type
class PaymentHoldLiftPayload(Payload):
    """The lifted hold."""

    hold: PaymentHold


@strawberry.type
class HoldMutations:
    """Part of `Mutation`."""

    @mutation(PaymentHoldPayload, errors.AlreadyHeldError, TransitionError)
    async def payment_hold(self, info: ApiInfo, asked: Input[PaymentHoldInput]) -> PaymentHoldPayload:
        """Stop a payment: nobody submits, approves or releases it until a second person has lifted the hold."""
        done = await execute(info, asked, Permission.PAYMENT_HOLD, hold_payment, asked.command)
        found = await returned(info.context, PaymentHold, done.reference.id)
        return PaymentHoldPayload(hold=found, replayed=done.replayed)

    @mutation(PaymentHoldLiftPayload, SamePersonError, errors.HoldLiftedError)
    async def payment_hold_lift(self, info: ApiInfo, asked: Input[PaymentHoldLiftInput]) -> PaymentHoldLiftPayload:
        """Let a payment go on that somebody else has stopped."""
        done = await execute(info, asked, Permission.PAYMENT_HOLD, lift_hold, asked.command)
        found = await returned(info.context, PaymentHold, done.reference.id)
        return PaymentHoldLiftPayload(hold=found, replayed=done.replayed)
