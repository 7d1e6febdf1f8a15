"""What can be asked of reconciliation."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from reintegration.banking.statement import Statement
from reintegration.kernel.canonical import JsonDocument
from reintegration.kernel.money import Money


class RecordKind(StrEnum):
    """What explains a line; the first seven are records, each in one direction, the others reasons in words."""

    PAYMENT = "payment"
    PAYMENT_REFUND = "payment_refund"
    ADVANCE_SENT = "advance_sent"
    ADVANCE_RECEIVED = "advance_received"
    RETURN_SENT = "return_sent"
    RETURN_RECEIVED = "return_received"
    RECEIVABLE_RECEIPT = "receivable_receipt"
    BANK_CHARGE = "bank_charge"
    INTEREST = "interest"
    OWN_TRANSFER = "own_transfer"
    OTHER = "other"


RECORDS = frozenset(
    {
        RecordKind.PAYMENT,
        RecordKind.PAYMENT_REFUND,
        RecordKind.ADVANCE_SENT,
        RecordKind.ADVANCE_RECEIVED,
        RecordKind.RETURN_SENT,
        RecordKind.RETURN_RECEIVED,
        RecordKind.RECEIVABLE_RECEIPT,
    }
)


@dataclass(frozen=True, slots=True)
class OpenBankAccount:
    """An account of an office, or of the partner itself, and what it held at the end of a day (below zero is overdrawn)."""

    id: UUID
    partner_id: UUID | None
    field_office_id: UUID | None
    kind: str
    account: str
    name: str
    opening: Money
    opening_on: date


@dataclass(frozen=True, slots=True)
class RecordMapping:
    """How the bank writes its CSV statements from now on; see `banking.mapping.CsvMapping`."""

    id: UUID
    bank_account_id: UUID
    mapping: JsonDocument


@dataclass(frozen=True, slots=True)
class RequestStatementUpload:
    """A file that will be sent to the store: its name, size in bytes and SHA-256."""

    id: UUID
    bank_account_id: UUID
    format: str
    file_name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class BesideBalance:
    """What a person says that the account held at the end of a day."""

    money: Money
    on: date


@dataclass(frozen=True, slots=True)
class BesideCsv:
    """What a person says of a CSV file that shows no balances, in the account's currency."""

    opening: BesideBalance | None = None
    closing: BesideBalance | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True)
class ImportStatements:
    """What was read of a file: the statements of the account, and by which mapping."""

    id: UUID
    expected_version: int
    mapping_id: UUID | None
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class WithdrawStatements:
    """A file should not have been imported."""

    id: UUID
    expected_version: int
    reason: str


@dataclass(frozen=True, slots=True)
class MatchedRecord:
    """What explains a part of the lines, signed as they are: a record of a kind, or with a note a reason in words.

    `moved` is how much of the record that is, where it moved in another currency than the account's; what the bank made of it is
    `amount`.
    """

    kind: RecordKind
    record_id: UUID | None
    amount: Money
    note: str | None = None
    moved: Money | None = None


@dataclass(frozen=True, slots=True)
class MatchLines:
    """Why lines of one account are there. Lines without records explain each other: one takes the other back."""

    id: UUID
    line_ids: tuple[UUID, ...]
    records: tuple[MatchedRecord, ...]


@dataclass(frozen=True, slots=True)
class UndoMatch:
    """A match was wrong, or what it says has changed."""

    id: UUID
    expected_version: int
    reason: str
