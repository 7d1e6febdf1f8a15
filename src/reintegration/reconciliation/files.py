"""Use cases of statements: announce a bank's file, have it stored by the office, read it, import it, withdraw it.

As with evidence, the file goes from the office straight to the object store, where the original stays. Nothing remote is called
and nothing is parsed inside a transaction: `read_statement_file` does both before, `import_statements` records what was read.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from reintegration.banking.camt_reader import read_camt053
from reintegration.banking.continuity import BookedLine, gap_between, repeated_lines, said_of
from reintegration.banking.csv_reader import BesideFile, read_csv
from reintegration.banking.mapping import CsvMapping, mapping_from_document
from reintegration.banking.statement import Balance, Statement, StatementEnd
from reintegration.database.rows import locked, visible
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.evidence.errors import UploadDiffersError, UploadMissingError
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.actor import Actor
from reintegration.kernel.clock import now
from reintegration.kernel.errors import InvalidInputError, SamePersonError, TransitionError
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import AmountMinor
from reintegration.kernel.reference import Reference
from reintegration.reconciliation.commands import (
    BesideBalance,
    BesideCsv,
    ImportStatements,
    RequestStatementUpload,
    WithdrawStatements,
)
from reintegration.reconciliation.errors import (
    MappingMissingError,
    StatementGapError,
    StatementKnownError,
    StatementOfOtherAccountError,
)
from reintegration.reconciliation.models import BankAccount, BankStatement, StatementFile, StatementMapping

_SQL = load_queries(__file__)
_MEDIA_TYPES = {"csv": "text/csv", "camt053": "application/xml"}


class ReadingStore(Protocol):
    """The part of the object store that this room needs."""

    async def exists(self, key: str) -> bool:
        """Whether the object is there."""

    async def get(self, key: str) -> bytes:
        """The whole object."""


@dataclass(frozen=True, slots=True)
class FileRead:
    """What a file says of its account."""

    mapping_id: UUID | None
    statements: tuple[Statement, ...]


async def request_statement_upload(transaction: Transaction, command: RequestStatementUpload) -> Reference:
    """Announce a file of an account. The key in the store holds the digest and is never overwritten.

    Raises:
        StatementKnownError: the same bytes were imported for this account.
        NotFoundError, ForbiddenError, InvalidInputError.
    """
    require(transaction.actor, Permission.STATEMENT_IMPORT)
    account = await visible(transaction, BankAccount, command.bank_account_id, kind="BankAccount")
    if await _is_known(transaction, account.id, command.sha256):
        raise StatementKnownError
    file = await StatementFile.create(
        using_db=transaction.orm,
        id=command.id,
        bank_account_id=account.id,
        format=command.format,
        file_name=command.file_name,
        media_type=_MEDIA_TYPES[command.format],
        size_bytes=command.size_bytes,
        sha256=command.sha256,
        object_key=f"statements/{account.id}/{command.id}/{command.sha256}",
        uploaded_by=transaction.actor.id,
    )
    return Reference("StatementFile", file.id, file.version)


async def read_statement_file(
    unit_of_work: UnitOfWork, store: ReadingStore, actor: Actor, file_id: UUID, beside: BesideCsv
) -> FileRead:
    """Read a file back from the store, outside any transaction. What was imported already is not read again.

    Raises:
        NotFoundError: the file is absent or hidden.
        UploadMissingError, UploadDiffersError: the store does not hold what was announced.
        MappingMissingError: a CSV file of an account without a mapping.
        StatementRefusedError: with each fault of the file.
        InvalidInputError: a balance beside it is in another currency than the account.
        StatementOfOtherAccountError: it holds nothing of this account.
    """
    require(actor, Permission.STATEMENT_IMPORT)
    async with unit_of_work.read(actor) as transaction:
        file = await visible(transaction, StatementFile, file_id, kind="StatementFile")
        account = await visible(transaction, BankAccount, file.bank_account_id, kind="StatementFile")
        mapping = await _last_mapping(transaction, account.id) if file.format == "csv" else None
    if file.status != "pending":
        return FileRead(file.mapping_id, ())
    if not await store.exists(file.object_key):
        raise UploadMissingError
    content = await store.get(file.object_key)
    if (len(content), hashlib.sha256(content).hexdigest()) != (file.size_bytes, file.sha256):
        raise UploadDiffersError
    if file.format == "csv":
        if mapping is None:
            raise MappingMissingError
        statements = await asyncio.to_thread(_from_csv, content, mapping_from_document(mapping.mapping), account, beside)
    else:
        statements = await asyncio.to_thread(read_camt053, content)
    of_account = tuple(
        statement
        for statement in statements
        if (statement.account, statement.currency) == (account.account, account.currency_row_id)
    )
    if not of_account:
        raise StatementOfOtherAccountError
    return FileRead(None if mapping is None else mapping.id, of_account)


async def import_statements(transaction: Transaction, command: ImportStatements) -> Reference:
    """Record what was read, when each statement follows the one before it. Locks the bank account, then the file.

    Raises:
        StatementKnownError, StatementGapError, TransitionError, VersionConflictError, NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.STATEMENT_IMPORT)
    seen = await visible(transaction, StatementFile, command.id, kind="StatementFile")
    account = await locked(transaction, BankAccount, seen.bank_account_id, kind="StatementFile")
    file = await locked(transaction, StatementFile, seen.id, kind="StatementFile", expected_version=command.expected_version)
    if file.status != "pending":
        raise TransitionError(kind="StatementFile", current=file.status, wanted="imported")
    if await _is_known(transaction, account.id, file.sha256):
        raise StatementKnownError
    before = await _end(transaction, account)
    number = await BankStatement.filter(bank_account_id=account.id).using_db(transaction.orm).count()
    for place, statement in enumerate(command.statements, start=1):
        gap = gap_between(before, statement) or await _repetition(transaction, account, before, statement)
        if gap is not None:
            raise StatementGapError(reason=gap)
        await _record(transaction, file, number + place, statement)
        before = StatementEnd.of(statement)
    file.status, file.mapping_id = "imported", command.mapping_id
    file.imported_by, file.imported_at = transaction.actor.id, now()
    await file.save(using_db=transaction.orm, update_fields=["status", "mapping_id", "imported_by", "imported_at"])
    return Reference("StatementFile", file.id, file.version + 1)


async def withdraw_statements(transaction: Transaction, command: WithdrawStatements) -> Reference:
    """Take back a file that another person should not have imported: cut off, or read by a wrong mapping.

    The last one first, and its matches undone before. What was read stays, and explains nothing any more.
    Locks the bank account, then the file.

    Raises:
        StatementNotLastError, StatementMatchedError, TransitionError, SamePersonError, VersionConflictError, NotFoundError,
        ForbiddenError, InvalidInputError.
    """
    require(transaction.actor, Permission.STATEMENT_IMPORT)
    seen = await visible(transaction, StatementFile, command.id, kind="StatementFile")
    await locked(transaction, BankAccount, seen.bank_account_id, kind="StatementFile")
    file = await locked(transaction, StatementFile, seen.id, kind="StatementFile", expected_version=command.expected_version)
    if file.status != "imported":
        raise TransitionError(kind="StatementFile", current=file.status, wanted="withdrawn")
    if file.imported_by == transaction.actor.id:
        raise SamePersonError(step="withdrawal of a file")
    file.status, file.withdraw_reason = "withdrawn", command.reason
    file.withdrawn_by, file.withdrawn_at = transaction.actor.id, now()
    await file.save(using_db=transaction.orm, update_fields=["status", "withdraw_reason", "withdrawn_by", "withdrawn_at"])
    return Reference("StatementFile", file.id, file.version + 1)


def _from_csv(content: bytes, mapping: CsvMapping, account: BankAccount, beside: BesideCsv) -> tuple[Statement, ...]:
    said = BesideFile(
        account=account.account,
        currency=account.currency_row_id,
        opening=_balance(beside.opening, "opening", account),
        closing=_balance(beside.closing, "closing", account),
        number=beside.number,
    )
    return (read_csv(content, mapping, said),)


def _balance(said: BesideBalance | None, field: str, account: BankAccount) -> Balance | None:
    """What was said, when it is in the account's currency: another one may have other decimals."""
    if said is None:
        return None
    if said.money.currency != account.currency_row_id:
        raise InvalidInputError(field=f"{field}.amount", reason=f"in {account.currency_row_id}, as the account is")
    return Balance(AmountMinor(said.money.amount_minor), said.on)


async def _last_mapping(transaction: Transaction, account_id: UUID) -> StatementMapping | None:
    return await StatementMapping.filter(bank_account_id=account_id).using_db(transaction.orm).order_by("-number").first()


async def _is_known(transaction: Transaction, account_id: UUID, sha256: str) -> bool:
    known = StatementFile.filter(bank_account_id=account_id, sha256=sha256, status="imported")
    return await known.using_db(transaction.orm).exists()


async def _end(transaction: Transaction, account: BankAccount) -> StatementEnd:
    """What the account's next statement follows: the last one, or what was said when it was opened."""
    last = await transaction.fetch_one(_SQL["last_statement"], account.id)
    if last is None:
        closing = Balance(AmountMinor(account.opening_minor), account.opening_on)
        return StatementEnd(account.account, account.currency_row_id, None, closing)
    closing = Balance(AmountMinor(last["closing_minor"]), last["closing_on"])
    return StatementEnd(account.account, account.currency_row_id, last["electronic_sequence"], closing)


async def _repetition(transaction: Transaction, account: BankAccount, before: StatementEnd, statement: Statement) -> str | None:
    """Why the statement brings lines again, or None when it doesn't; it can't where it begins after the last one ended."""
    first_day = min((line.booking_date for line in statement.lines), default=None)
    if first_day is None or first_day > before.closing.day:
        return None
    rows = await transaction.fetch(_SQL["lines_since"], account.id, first_day)
    known = [BookedLine(row["booked_on"], row["amount_minor"], said_of(*row["said"])) for row in rows]
    lines = repeated_lines(known, statement)
    return f"its first {lines} line(s) are in the statements before it already" if lines else None


async def _record(transaction: Transaction, file: StatementFile, number: int, statement: Statement) -> None:
    row = await BankStatement.create(
        using_db=transaction.orm,
        id=new_id(),
        file_id=file.id,
        bank_account_id=file.bank_account_id,
        number=number,
        position=statement.position,
        bank_number=statement.number,
        electronic_sequence=statement.electronic_sequence,
        opening_minor=statement.opening.amount_minor,
        opening_on=statement.opening.day,
        closing_minor=statement.closing.amount_minor,
        closing_on=statement.closing.day,
        line_count=len(statement.lines),
        currency_row_id=statement.currency,
    )
    lines = statement.lines
    await transaction.execute(
        _SQL["record_lines"],
        row.id,
        file.bank_account_id,
        statement.currency,
        [new_id() for _ in lines],
        [line.number for line in lines],
        [line.source_row for line in lines],
        [line.booking_date for line in lines],
        [line.value_date for line in lines],
        [line.amount_minor for line in lines],
        [line.is_reversal for line in lines],
        [line.transactions for line in lines],
        [line.bank_reference for line in lines],
        [line.end_to_end_reference for line in lines],
        [line.counterparty_name for line in lines],
        [line.counterparty_account for line in lines],
        [line.remittance for line in lines],
    )
