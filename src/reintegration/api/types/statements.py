"""Statements of banks: accounts, files, lines, and what explains them."""

from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

import strawberry
from tortoise.models import Model

from reintegration.api.connections import Connection, Key, Ordering
from reintegration.api.context import ApiContext
from reintegration.api.graph import READS, Amount, ApiInfo, Beside, Expression, Node, column, in_python, money, reads
from reintegration.api.identifiers import encode
from reintegration.api.loaders import SQL, ByStatement, to_many, to_one
from reintegration.api.pages import Order, by_id, pages
from reintegration.api.scalars import Digest, Money
from reintegration.api.types.enums import AccountKind, StatementFileStatus, StatementFormat
from reintegration.api.types.programme import FieldOffice, Partner
from reintegration.api.types.references import (
    BankStatementRef,
    StatementFileRef,
    StatementLineRef,
    StatementMappingRef,
    StatementMatchLineRef,
    StatementMatchRecordRef,
)
from reintegration.identity.permissions import Permission
from reintegration.kernel import money as kernel
from reintegration.kernel.canonical import canonical_json
from reintegration.reconciliation import models as rows
from reintegration.reconciliation.commands import RecordKind
from reintegration.reconciliation.scoring import Candidate, Score


def _number(row: Model) -> Key:
    return (cast("rows.BankStatement | rows.StatementLine", row).number,)


_STATEMENTS = Order(Ordering("account.statements", (int,)), ("t.number",), _number, is_descending=True)
_LINES = Order(Ordering("statement.lines", (int,)), ("t.number",), _number)
_FILES = by_id("account.files", is_descending=True)
_STANDING = Beside("standing", SQL["account_standing"])
_KINDS = {
    "payment": "Payment",
    "payment_refund": "PaymentRefund",
    "advance_sent": "Advance",
    "advance_received": "Advance",
    "return_sent": "AdvanceReturn",
    "return_received": "AdvanceReturn",
    "receivable_receipt": "ReceivableReceipt",
}


@strawberry.type(description="Why a record explains a line so well.")
class StatementReason:
    """A criterion of reconciliation/scoring.py."""

    criterion: str = strawberry.field(description="reference, amount, date or supplier.")
    points: int
    found: str


def _record_id(_context: ApiContext, kind: object, record: object) -> strawberry.ID | None:
    return None if record is None else encode(_KINDS[str(kind)], UUID(str(record)))


def _document(_context: ApiContext, mapping: object) -> str:
    return canonical_json(mapping).decode()


def _reasons(_context: ApiContext, explanation: object) -> list[StatementReason] | None:
    return None if explanation is None else [StatementReason(**reason) for reason in cast("list[dict[str, Any]]", explanation)]


@reads(rows.BankAccount, Permission.STATEMENT_READ)
@strawberry.type(description="An account of a partner or an office with a bank or an operator of mobile money.")
class BankAccount(Node):
    """Table bank_accounts."""

    row: strawberry.Private[rows.BankAccount]
    kind: AccountKind
    account: str
    currency: str = column("currency_row_id")
    name: str
    opening: Money = money("opening_minor", "currency_row_id", "What it held at the end of `openingOn`.")
    opening_on: date
    opened_by: str
    opened_at: datetime
    version: int
    partner: Partner = to_one("Partner", "partner_id")
    office: FieldOffice | None = to_one("FieldOffice", "field_office_id", "Null for the partner's own.")
    mappings: list[StatementMappingRef] = to_many(
        "StatementMapping", "bank_account_id", ("number",), "How its CSV files are read; the last one counts.", size=1
    )
    files: Connection[StatementFileRef] = pages("StatementFile", "bank_account_id", _FILES, "Last announced first.")
    statements: Connection[BankStatementRef] = pages("BankStatement", "bank_account_id", _STATEMENTS, "Last imported first.")

    @strawberry.field(
        description="What it held when the last statement ended.",
        metadata={READS: Amount("balance", "currency_row_id", _STANDING)},
    )
    async def balance(self, info: ApiInfo) -> Money:
        """The closing balance, or what it was opened with."""
        return await self._standing(info, "balance")

    @strawberry.field(
        description="The sum of the lines in suspense: those that nothing explains yet.",
        metadata={READS: Amount("suspense", "currency_row_id", _STANDING)},
    )
    async def suspense(self, info: ApiInfo) -> Money:
        """Of imported files; `suspense` lists them."""
        return await self._standing(info, "suspense")

    @strawberry.field(
        description="The sum of what explains lines: opening, explained and suspense give the balance.",
        metadata={READS: Amount("explained", "currency_row_id", _STANDING)},
    )
    async def explained(self, info: ApiInfo) -> Money:
        """Of matches in force."""
        return await self._standing(info, "explained")

    @strawberry.field(
        description="How many lines are in suspense.",
        metadata={READS: Expression(SQL["account_suspense_lines"])},
    )
    async def suspense_lines(self, info: ApiInfo) -> int:
        """A count."""
        found = await info.context.loader(ByStatement("standing_of_accounts", "bank_account_id")).load(self.row.pk)
        return 0 if found is None else cast("int", found["lines"])

    async def _standing(self, info: ApiInfo, name: str) -> Money:
        found = await info.context.loader(ByStatement("standing_of_accounts", "bank_account_id")).load(self.row.pk)
        minor = self.row.opening_minor if found is None and name == "balance" else 0 if found is None else found[name]
        return Money.of(kernel.Money(minor, self.currency))


@reads(rows.StatementMapping, Permission.STATEMENT_READ)
@strawberry.type(description="How a bank writes the CSV statements of an account.")
class StatementMapping(Node):
    """Table statement_mappings."""

    row: strawberry.Private[rows.StatementMapping]
    number: int = strawberry.field(description="Among the mappings of its account, in the order in which they were recorded.")
    mapping: str = in_python(_document, "mapping", description="Canonical JSON.")
    recorded_by: str
    recorded_at: datetime
    version: int


@reads(rows.StatementFile, Permission.STATEMENT_READ)
@strawberry.type(description="A bank's file: announced, imported once, perhaps withdrawn.")
class StatementFile(Node):
    """Table statement_files."""

    row: strawberry.Private[rows.StatementFile]
    format: StatementFormat
    file_name: str
    media_type: str
    size_bytes: int
    sha256: Digest
    status: StatementFileStatus
    uploaded_by: str
    requested_at: datetime
    imported_by: str | None
    imported_at: datetime | None
    withdrawn_by: str | None
    withdrawn_at: datetime | None
    withdraw_reason: str | None
    version: int
    account: BankAccount = to_one("BankAccount", "bank_account_id")
    mapping: StatementMapping | None = to_one("StatementMapping", "mapping_id", "By which a CSV file was read.")
    statements: list[BankStatementRef] = to_many(
        "BankStatement", "file_id", ("position",), "What it holds of its account.", size=1
    )


@reads(rows.BankStatement, Permission.STATEMENT_READ)
@strawberry.type(description="What a bank booked on an account between two balances; opening and lines give the closing balance.")
class BankStatement(Node):
    """Table statements."""

    row: strawberry.Private[rows.BankStatement]
    number: int = strawberry.field(description="Among the statements of its account, in the order of their import.")
    position: int = strawberry.field(description="Which statement of its file.")
    bank_number: str | None = strawberry.field(description="What the bank calls it.")
    opening: Money = money("opening_minor", "currency_row_id", "What the account held before the first line.")
    opening_on: date
    closing: Money = money("closing_minor", "currency_row_id", "What it held after the last.")
    closing_on: date
    line_count: int
    account: BankAccount = to_one("BankAccount", "bank_account_id")
    file: StatementFile = to_one("StatementFile", "file_id")
    lines: Connection[StatementLineRef] = pages("StatementLine", "statement_id", _LINES)


@reads(rows.StatementLine, Permission.STATEMENT_READ)
@strawberry.type(description="What a bank booked.")
class StatementLine(Node):
    """Table statement_lines."""

    row: strawberry.Private[rows.StatementLine]
    number: int = strawberry.field(description="In its statement, oldest first.")
    source_row: int = strawberry.field(description="The row of a CSV file, or the line of an XML file, in which it begins.")
    booked_on: date
    value_on: date | None
    amount: Money = money("amount_minor", "currency_row_id", "Above zero came in, below went out.")
    is_reversal: bool = strawberry.field(description="The bank takes an earlier booking back.")
    transactions: int = strawberry.field(description="How many the line stands for; more than one is a batch.")
    bank_reference: str | None
    end_to_end_reference: str | None = strawberry.field(description="What the payer gave the payment.")
    counterparty_name: str | None
    counterparty_account: str | None
    remittance: str | None
    statement: BankStatement = to_one("BankStatement", "statement_id")
    matches: list[StatementMatchLineRef] = to_many(
        "StatementMatchLine", "line_id", ("id",), "What explained it; one at most is in force.", size=1
    )


@reads(rows.StatementMatch, Permission.STATEMENT_READ)
@strawberry.type(description="A person's decision on why lines are there. Without records one line takes the other back.")
class StatementMatch(Node):
    """Table statement_matches."""

    row: strawberry.Private[rows.StatementMatch]
    matched_by: str
    matched_at: datetime
    undone_by: str | None
    undone_at: datetime | None = strawberry.field(description="Null while it is in force.")
    undo_reason: str | None
    version: int
    account: BankAccount = to_one("BankAccount", "bank_account_id")
    lines: list[StatementMatchLineRef] = to_many("StatementMatchLine", "match_id", ("id",), size=2)
    records: list[StatementMatchRecordRef] = to_many("StatementMatchRecord", "match_id", ("number",), size=2)


@reads(rows.StatementMatchLine, Permission.STATEMENT_READ)
@strawberry.type(description="A line of a match.")
class StatementMatchLine:
    """Table statement_match_lines."""

    row: strawberry.Private[rows.StatementMatchLine]
    in_force: bool
    line: StatementLine = to_one("StatementLine", "line_id")
    match: StatementMatch = to_one("StatementMatch", "match_id")


@reads(rows.StatementMatchRecord, Permission.STATEMENT_READ)
@strawberry.type(description="What explains lines of a match: a record that moved money on the account, or a reason in words.")
class StatementMatchRecord:
    """Table statement_match_records."""

    row: strawberry.Private[rows.StatementMatchRecord]
    number: int
    kind: RecordKind
    record_id: strawberry.ID | None = in_python(
        _record_id, "kind", "record_id", description="The record's; null for a reason in words."
    )
    amount: Money = money("amount_minor", "currency_row_id", "Signed as the lines are.")
    moved: Money | None = money(
        "moved_minor", "moved_currency_row_id", "How much of the record that is, where it moved in another currency."
    )
    note: str | None
    score: int | None = strawberry.field(description="Of 100: how well the record explains the line.")
    reasons: list[StatementReason] | None = in_python(_reasons, "explanation", description="Why; null for a reason in words.")
    in_force: bool
    match: StatementMatch = to_one("StatementMatch", "match_id")


@strawberry.type(description="A record that may explain a line, for a person to judge.")
class StatementSuggestion:
    """A candidate with its score."""

    kind: RecordKind
    record_id: strawberry.ID
    rest: Money = strawberry.field(description="What of it has no line yet, signed as a line would be; in a currency of its own.")
    moved_on: date
    reference: str | None
    invoice_number: str | None
    supplier_name: str | None
    score: int = strawberry.field(description="Of 100.")
    reasons: list[StatementReason]


def statement_suggestion(candidate: Candidate, score: Score) -> StatementSuggestion:
    """As the graph shows it."""
    return StatementSuggestion(
        kind=RecordKind(candidate.kind),
        record_id=encode(_KINDS[candidate.kind], candidate.record_id),
        rest=Money.of(kernel.Money(candidate.rest_minor, candidate.currency)),
        moved_on=candidate.moved_on,
        reference=candidate.reference,
        invoice_number=candidate.invoice_number,
        supplier_name=candidate.name,
        score=score.points,
        reasons=[StatementReason(criterion=one.criterion, points=one.points, found=one.found) for one in score.reasons],
    )
