"""Mutations of advances: send, receive, recall, settle; and what is sent back."""

from datetime import date

import strawberry

from reintegration.api.graph import ApiInfo
from reintegration.api.identifiers import decode
from reintegration.api.loaders import returned
from reintegration.api.mutations.execute import CreationInput, Input, Payload, UpdateInput, chosen_id, execute, mutation
from reintegration.api.scalars import MoneyInput
from reintegration.api.types.advances import Advance, AdvanceReturn
from reintegration.cases.errors import FutureDateError
from reintegration.identity.permissions import Permission
from reintegration.kernel.errors import SamePersonError, TransitionError
from reintegration.treasury.commands import RecallAdvance, ReceiveAdvance, SendAdvance, SendBack, SettleAdvance, TakeBack
from reintegration.treasury.errors import AdvanceClosedError, AdvanceMatchedError, AdvanceNotAtZeroError, NotEnoughHeldError
from reintegration.treasury.service import (
    recall_advance,
    receive_advance,
    send_advance,
    send_back,
    settle_advance,
    take_back,
)


@strawberry.input
class AdvanceSendInput(CreationInput):
    """See SendAdvance."""

    partner_id: strawberry.ID | None = strawberry.field(default=None, description="From Fedasil to a partner; or an office.")
    office_id: strawberry.ID | None = strawberry.field(default=None, description="From a partner to its office.")
    source_id: strawberry.ID | None = strawberry.field(
        default=None, description="The partner's advance that an office's is sent from; without it, the partner's own money."
    )
    amount: MoneyInput = strawberry.field(description="What leaves: in the currency of the source, or in EUR.")
    currency: str = strawberry.field(description="In which it will be held (ISO 4217).")
    sent_on: date
    reference: str

    def command(self) -> SendAdvance:
        """The command."""
        return SendAdvance(
            id=chosen_id(self.id),
            partner_id=None if self.partner_id is None else decode(self.partner_id, "Partner"),
            field_office_id=None if self.office_id is None else decode(self.office_id, "FieldOffice"),
            source_id=None if self.source_id is None else decode(self.source_id, "Advance"),
            amount=self.amount.read("amount"),
            currency=self.currency,
            sent_on=self.sent_on,
            reference=self.reference.strip(),
        )


@strawberry.input
class AdvanceReceiveInput(UpdateInput):
    """See ReceiveAdvance."""

    advance_id: strawberry.ID
    amount: MoneyInput = strawberry.field(description="What arrived, in the currency in which it is held.")
    received_on: date

    def command(self) -> ReceiveAdvance:
        """The command."""
        return ReceiveAdvance(
            id=decode(self.advance_id, "Advance"),
            expected_version=self.expected_version,
            amount=self.amount.read("amount"),
            received_on=self.received_on,
        )


@strawberry.input
class AdvanceRecallInput(UpdateInput):
    """See RecallAdvance."""

    advance_id: strawberry.ID
    reason: str

    def command(self) -> RecallAdvance:
        """The command."""
        return RecallAdvance(
            id=decode(self.advance_id, "Advance"), expected_version=self.expected_version, reason=self.reason.strip()
        )


@strawberry.input
class AdvanceSettleInput(UpdateInput):
    """See SettleAdvance."""

    advance_id: strawberry.ID

    def command(self) -> SettleAdvance:
        """The command."""
        return SettleAdvance(id=decode(self.advance_id, "Advance"), expected_version=self.expected_version)


@strawberry.input
class AdvanceReturnSendInput(CreationInput):
    """See SendBack."""

    advance_id: strawberry.ID
    amount: MoneyInput = strawberry.field(description="In the currency in which it is held.")
    sent_on: date
    reference: str

    def command(self) -> SendBack:
        """The command."""
        return SendBack(
            id=chosen_id(self.id),
            advance_id=decode(self.advance_id, "Advance"),
            amount=self.amount.read("amount"),
            sent_on=self.sent_on,
            reference=self.reference.strip(),
        )


@strawberry.input
class AdvanceReturnReceiveInput(UpdateInput):
    """See TakeBack."""

    return_id: strawberry.ID
    amount: MoneyInput = strawberry.field(description="What arrived, in the currency in which the advance was sent.")
    received_on: date

    def command(self) -> TakeBack:
        """The command."""
        return TakeBack(
            id=decode(self.return_id, "AdvanceReturn"),
            expected_version=self.expected_version,
            amount=self.amount.read("amount"),
            received_on=self.received_on,
        )


@strawberry.type
class AdvanceSendPayload(Payload):
    """The advance, on its way."""

    advance: Advance


@strawberry.type
class AdvanceReceivePayload(Payload):
    """The advance, held."""

    advance: Advance


@strawberry.type
class AdvanceRecallPayload(Payload):
    """The recalled advance."""

    advance: Advance


@strawberry.type
class AdvanceSettlePayload(Payload):
    """The settled advance."""

    advance: Advance


@strawberry.type
class AdvanceReturnSendPayload(Payload):
    """What is on its way back; the field is not called `return`, a word of most languages."""

    advance_return: AdvanceReturn


@strawberry.type
class AdvanceReturnReceivePayload(Payload):
    """What came back."""

    advance_return: AdvanceReturn


@strawberry.type
class AdvanceMutations:
    """Part of `Mutation`."""

    @mutation(AdvanceSendPayload, NotEnoughHeldError, AdvanceClosedError, FutureDateError)
    async def advance_send(self, info: ApiInfo, asked: Input[AdvanceSendInput]) -> AdvanceSendPayload:
        """Send money: Fedasil's finance to a partner, a partner's coordinator to an office."""
        done = await execute(info, asked, Permission.ADVANCE_GIVE, send_advance, asked.command)
        found = await returned(info.context, Advance, done.reference.id)
        return AdvanceSendPayload(advance=found, replayed=done.replayed)

    @mutation(AdvanceReceivePayload, TransitionError, SamePersonError, FutureDateError)
    async def advance_receive(self, info: ApiInfo, asked: Input[AdvanceReceiveInput]) -> AdvanceReceivePayload:
        """Record what has arrived of an advance; its holder accounts for it from now on."""
        done = await execute(info, asked, Permission.ADVANCE_TAKE, receive_advance, asked.command)
        found = await returned(info.context, Advance, done.reference.id)
        return AdvanceReceivePayload(advance=found, replayed=done.replayed)

    @mutation(AdvanceRecallPayload, AdvanceMatchedError, TransitionError, SamePersonError)
    async def advance_recall(self, info: ApiInfo, asked: Input[AdvanceRecallInput]) -> AdvanceRecallPayload:
        """Record that an advance never arrived and its money is back where it came from."""
        done = await execute(info, asked, Permission.ADVANCE_GIVE, recall_advance, asked.command)
        found = await returned(info.context, Advance, done.reference.id)
        return AdvanceRecallPayload(advance=found, replayed=done.replayed)

    @mutation(AdvanceSettlePayload, AdvanceNotAtZeroError, TransitionError, SamePersonError)
    async def advance_settle(self, info: ApiInfo, asked: Input[AdvanceSettleInput]) -> AdvanceSettlePayload:
        """Close an advance of which nothing is left."""
        done = await execute(info, asked, Permission.ADVANCE_GIVE, settle_advance, asked.command)
        found = await returned(info.context, Advance, done.reference.id)
        return AdvanceSettlePayload(advance=found, replayed=done.replayed)

    @mutation(AdvanceReturnSendPayload, NotEnoughHeldError, AdvanceClosedError, FutureDateError)
    async def advance_return_send(self, info: ApiInfo, asked: Input[AdvanceReturnSendInput]) -> AdvanceReturnSendPayload:
        """Send a part of an advance back to whom it came from."""
        done = await execute(info, asked, Permission.ADVANCE_TAKE, send_back, asked.command)
        found = await returned(info.context, AdvanceReturn, done.reference.id)
        return AdvanceReturnSendPayload(advance_return=found, replayed=done.replayed)

    @mutation(AdvanceReturnReceivePayload, TransitionError, SamePersonError, FutureDateError)
    async def advance_return_receive(self, info: ApiInfo, asked: Input[AdvanceReturnReceiveInput]) -> AdvanceReturnReceivePayload:
        """Record what has arrived of what a holder sent back."""
        done = await execute(info, asked, Permission.ADVANCE_GIVE, take_back, asked.command)
        found = await returned(info.context, AdvanceReturn, done.reference.id)
        return AdvanceReturnReceivePayload(advance_return=found, replayed=done.replayed)
