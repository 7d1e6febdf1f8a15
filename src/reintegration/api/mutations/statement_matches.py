"""Mutations of matching: say why lines of a statement are there, and undo it."""

import strawberry

from reintegration.api.graph import ApiInfo
from reintegration.api.identifiers import decode
from reintegration.api.loaders import returned
from reintegration.api.mutations.execute import CreationInput, Input, Payload, UpdateInput, chosen_id, execute, mutation
from reintegration.api.scalars import MoneyInput
from reintegration.api.types.statements import StatementMatch
from reintegration.identity.permissions import Permission
from reintegration.kernel.errors import TransitionError
from reintegration.reconciliation import errors
from reintegration.reconciliation.commands import MatchedRecord, MatchLines, RecordKind, UndoMatch
from reintegration.reconciliation.matching import match_lines, undo_match


@strawberry.input(description="What explains a part of the lines: a record, or a reason in words.")
class StatementMatchRecordInput:
    """See MatchedRecord."""

    kind: RecordKind
    record_id: strawberry.ID | None = strawberry.field(default=None, description="A payment, refund, advance, return or receipt.")
    amount: MoneyInput = strawberry.field(description="Signed as the lines are: below zero went out.")
    note: str | None = strawberry.field(default=None, description="Needed where there is no record, and with `moved`.")
    moved: MoneyInput | None = strawberry.field(
        default=None, description="How much of the record that is, where it moved in another currency than the account's."
    )

    def read(self, place: int) -> MatchedRecord:
        """The part."""
        amount = self.amount.read(f"records.{place}.amount")
        record = None if self.record_id is None else decode(self.record_id, *_KINDS)
        moved = None if self.moved is None else self.moved.read(f"records.{place}.moved")
        return MatchedRecord(self.kind, record, amount, None if self.note is None else self.note.strip(), moved)


_KINDS = ("Payment", "PaymentRefund", "Advance", "AdvanceReturn", "ReceivableReceipt")


@strawberry.input
class StatementMatchInput(CreationInput):
    """See MatchLines."""

    line_ids: list[strawberry.ID] = strawberry.field(description="1 to 100 lines of one account.")
    records: list[StatementMatchRecordInput] = strawberry.field(
        description="What explains them, to the same amount; empty where lines take each other back."
    )

    def command(self) -> MatchLines:
        """The command."""
        return MatchLines(
            id=chosen_id(self.id),
            line_ids=tuple(decode(line, "StatementLine") for line in self.line_ids),
            records=tuple(record.read(place) for place, record in enumerate(self.records)),
        )


@strawberry.input
class StatementMatchUndoInput(UpdateInput):
    """See UndoMatch."""

    match_id: strawberry.ID
    reason: str

    def command(self) -> UndoMatch:
        """The command."""
        return UndoMatch(
            id=decode(self.match_id, "StatementMatch"), expected_version=self.expected_version, reason=self.reason.strip()
        )


@strawberry.type
class StatementMatchPayload(Payload):
    """The match."""

    statement_match: StatementMatch


@strawberry.type
class StatementMatchUndoPayload(Payload):
    """The match that was undone."""

    statement_match: StatementMatch


@strawberry.type
class StatementMatchMutations:
    """Part of `Mutation`."""

    @mutation(
        StatementMatchPayload,
        errors.LineMatchedError,
        errors.MatchUnbalancedError,
        errors.RecordNotOnAccountError,
        errors.RecordMatchedError,
    )
    async def statement_match(self, info: ApiInfo, asked: Input[StatementMatchInput]) -> StatementMatchPayload:
        """Say why lines are there; how well each record explains them is kept with it."""
        done = await execute(info, asked, Permission.STATEMENT_MATCH, match_lines, asked.command)
        found = await returned(info.context, StatementMatch, done.reference.id)
        return StatementMatchPayload(statement_match=found, replayed=done.replayed)

    @mutation(StatementMatchUndoPayload, TransitionError)
    async def statement_match_undo(self, info: ApiInfo, asked: Input[StatementMatchUndoInput]) -> StatementMatchUndoPayload:
        """Put the lines of a match back into suspense."""
        done = await execute(info, asked, Permission.STATEMENT_MATCH, undo_match, asked.command)
        found = await returned(info.context, StatementMatch, done.reference.id)
        return StatementMatchUndoPayload(statement_match=found, replayed=done.replayed)
