"""What can be asked of the recovery room."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from reintegration.kernel.money import Money


@dataclass(frozen=True, slots=True)
class RecordReceivable:
    """Somebody owes this: the returnee of a case, a supplier or a partner; of a paid payment's line, or of none."""

    id: UUID
    case_id: UUID | None
    supplier_id: UUID | None
    partner_id: UUID | None
    line_id: UUID | None
    amount: Money
    reason: str
    explanation: str
    due_on: date
    document_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class DecideReceivable:
    """Confirm that it is owed, or refuse it."""

    id: UUID
    expected_version: int
    approved: bool
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Instalment:
    """A part of what is owed, and its last day."""

    due_on: date
    amount: Money


@dataclass(frozen=True, slots=True)
class AgreePlan:
    """When all that is owed is to be paid; takes the place of the plan before."""

    id: UUID
    receivable_id: UUID
    instalments: tuple[Instalment, ...]


@dataclass(frozen=True, slots=True)
class RecordReceipt:
    """Money that came."""

    id: UUID
    receivable_id: UUID
    amount: Money
    received_on: date
    reference: str


@dataclass(frozen=True, slots=True)
class TakeBackReceipt:
    """The money did not stay: a cheque bounced, a transfer was recalled."""

    id: UUID
    expected_version: int
    reason: str


@dataclass(frozen=True, slots=True)
class RequestWriteOff:
    """Give up a part of what is owed, or all of it."""

    id: UUID
    receivable_id: UUID
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True)
class DecideWriteOff:
    """Approve that it is given up, or refuse it."""

    id: UUID
    expected_version: int
    approved: bool
    note: str | None = None
