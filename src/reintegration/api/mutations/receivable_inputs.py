"""What the mutations of receivables are told."""

from datetime import date

import strawberry

from reintegration.api.identifiers import decode
from reintegration.api.mutations.execute import CreationInput, UpdateInput, chosen_id
from reintegration.api.scalars import MoneyInput
from reintegration.api.types.enums import Decision
from reintegration.api.types.receivable_enums import ReceivableReason
from reintegration.recovery.commands import (
    AgreePlan,
    DecideReceivable,
    DecideWriteOff,
    Instalment,
    RecordReceipt,
    RecordReceivable,
    RequestWriteOff,
    TakeBackReceipt,
)


@strawberry.input
class ReceivableRecordInput(CreationInput):
    """See RecordReceivable."""

    case_id: strawberry.ID | None = strawberry.field(default=None, description="Where its returnee owes it.")
    supplier_id: strawberry.ID | None = strawberry.field(default=None, description="Where a supplier owes it.")
    partner_id: strawberry.ID | None = strawberry.field(default=None, description="Where a partner owes it to Fedasil.")
    line_id: strawberry.ID | None = strawberry.field(
        default=None, description="The line of a paid payment that was too much, or for nothing."
    )
    amount: MoneyInput = strawberry.field(description="In the currency of the line, where it is of one.")
    reason: ReceivableReason
    explanation: str
    due_on: date = strawberry.field(description="By when it is to be paid, unless a plan says otherwise.")
    document_id: strawberry.ID | None = strawberry.field(default=None, description="What shows that it is owed.")

    def command(self) -> RecordReceivable:
        """The command."""
        return RecordReceivable(
            id=chosen_id(self.id),
            case_id=None if self.case_id is None else decode(self.case_id, "Case"),
            supplier_id=None if self.supplier_id is None else decode(self.supplier_id, "Supplier"),
            partner_id=None if self.partner_id is None else decode(self.partner_id, "Partner"),
            line_id=None if self.line_id is None else decode(self.line_id, "PaymentLine"),
            amount=self.amount.read("amount"),
            reason=self.reason.value,
            explanation=self.explanation.strip(),
            due_on=self.due_on,
            document_id=None if self.document_id is None else decode(self.document_id, "Document"),
        )


@strawberry.input
class ReceivableDecideInput(UpdateInput):
    """See DecideReceivable."""

    receivable_id: strawberry.ID
    decision: Decision
    note: str | None = None

    def command(self) -> DecideReceivable:
        """The command."""
        return DecideReceivable(
            id=decode(self.receivable_id, "Receivable"),
            expected_version=self.expected_version,
            approved=self.decision is Decision.APPROVED,
            note=self.note,
        )


@strawberry.input(description="A part of what is owed, and its last day.")
class InstalmentInput:
    """See Instalment."""

    due_on: date
    amount: MoneyInput


@strawberry.input
class ReceivablePlanAgreeInput(CreationInput):
    """See AgreePlan."""

    receivable_id: strawberry.ID
    instalments: list[InstalmentInput] = strawberry.field(
        description="1 to 60, each due after the one before and none in the past; together all that is still owed."
    )

    def command(self) -> AgreePlan:
        """The command."""
        return AgreePlan(
            id=chosen_id(self.id),
            receivable_id=decode(self.receivable_id, "Receivable"),
            instalments=tuple(Instalment(one.due_on, one.amount.read("instalments")) for one in self.instalments),
        )


@strawberry.input
class ReceivableReceiptRecordInput(CreationInput):
    """See RecordReceipt."""

    receivable_id: strawberry.ID
    amount: MoneyInput = strawberry.field(description="In the currency of what is owed.")
    received_on: date
    reference: str = strawberry.field(description="Of the bank or the till.")

    def command(self) -> RecordReceipt:
        """The command."""
        return RecordReceipt(
            id=chosen_id(self.id),
            receivable_id=decode(self.receivable_id, "Receivable"),
            amount=self.amount.read("amount"),
            received_on=self.received_on,
            reference=self.reference.strip(),
        )


@strawberry.input
class ReceivableReceiptTakeBackInput(UpdateInput):
    """See TakeBackReceipt."""

    receipt_id: strawberry.ID
    reason: str

    def command(self) -> TakeBackReceipt:
        """The command."""
        return TakeBackReceipt(
            id=decode(self.receipt_id, "ReceivableReceipt"), expected_version=self.expected_version, reason=self.reason.strip()
        )


@strawberry.input
class ReceivableWriteOffRequestInput(CreationInput):
    """See RequestWriteOff."""

    receivable_id: strawberry.ID
    amount: MoneyInput = strawberry.field(description="In the currency of what is owed.")
    reason: str

    def command(self) -> RequestWriteOff:
        """The command."""
        return RequestWriteOff(
            id=chosen_id(self.id),
            receivable_id=decode(self.receivable_id, "Receivable"),
            amount=self.amount.read("amount"),
            reason=self.reason.strip(),
        )


@strawberry.input
class ReceivableWriteOffDecideInput(UpdateInput):
    """See DecideWriteOff."""

    write_off_id: strawberry.ID
    decision: Decision
    note: str | None = None

    def command(self) -> DecideWriteOff:
        """The command."""
        return DecideWriteOff(
            id=decode(self.write_off_id, "ReceivableWriteOff"),
            expected_version=self.expected_version,
            approved=self.decision is Decision.APPROVED,
            note=self.note,
        )
