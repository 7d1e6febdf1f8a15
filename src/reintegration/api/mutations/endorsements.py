"""Mutations of thresholds: let exactly this content of a payment go over one."""

import strawberry

from reintegration.api.graph import ApiInfo
from reintegration.api.identifiers import decode
from reintegration.api.loaders import returned
from reintegration.api.mutations.execute import CreationInput, Input, Payload, chosen_id, execute, mutation
from reintegration.api.scalars import Digest
from reintegration.api.types.payments import PaymentEndorsement
from reintegration.identity.permissions import Permission
from reintegration.kernel.errors import SamePersonError, TransitionError
from reintegration.payments import errors
from reintegration.payments.commands import EndorsePayment
from reintegration.payments.service import endorse_payment


@strawberry.input
class PaymentEndorseInput(CreationInput):
    """See EndorsePayment."""

    payment_id: strawberry.ID
    content_digest: Digest = strawberry.field(description="Of the content that the person saw.")
    reason: str

    def command(self) -> EndorsePayment:
        """The command."""
        return EndorsePayment(
            id=chosen_id(self.id),
            payment_id=decode(self.payment_id, "Payment"),
            content_digest=self.content_digest,
            reason=self.reason.strip(),
        )


@strawberry.type
class PaymentEndorsePayload(Payload):
    """The endorsement."""

    endorsement: PaymentEndorsement


@strawberry.type
class EndorsementMutations:
    """Part of `Mutation`."""

    @mutation(PaymentEndorsePayload, errors.ApprovalVoidError, errors.AlreadyEndorsedError, SamePersonError, TransitionError)
    async def payment_endorse(self, info: ApiInfo, asked: Input[PaymentEndorseInput]) -> PaymentEndorsePayload:
        """Let an approved payment go over a threshold; it counts for this content alone."""
        done = await execute(info, asked, Permission.PAYMENT_ENDORSE, endorse_payment, asked.command)
        found = await returned(info.context, PaymentEndorsement, done.reference.id)
        return PaymentEndorsePayload(endorsement=found, replayed=done.replayed)
