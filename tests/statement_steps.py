"""Accounts with statements, as a file of the bank would bring them, and matches through their use cases."""

from dataclasses import replace
from datetime import date
from hashlib import sha256
from uuid import UUID, uuid4

from reintegration.banking.continuity import check_sum
from reintegration.banking.faults import FaultLog
from reintegration.banking.statement import Balance, Statement, StatementLine
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.actor import Actor
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import AmountMinor, Money
from reintegration.reconciliation import accounts, files, matching
from reintegration.reconciliation.commands import (
    ImportStatements,
    MatchedRecord,
    MatchLines,
    OpenBankAccount,
    RecordKind,
    RequestStatementUpload,
)
from tests.builders import MONGOLIA, OFFICER, days_ago
from tests.payment_steps import done, euros
from tests.proofs import row

OPENING_MINOR = 1_000_000


def opening(*, office: UUID | None = MONGOLIA, partner: UUID | None = None, money: Money | None = None) -> OpenBankAccount:
    """An account with 10,000 EUR ninety days ago, at a bank that numbers its accounts."""
    number = f"MN{uuid4().hex[:20].upper()}"
    held = euros(OPENING_MINOR) if money is None else money
    return OpenBankAccount(new_id(), partner, office, "bank", number, "Хаан банк", held, days_ago(90))


async def an_account(work: UnitOfWork, command: OpenBankAccount | None = None, *, who: Actor = OFFICER) -> UUID:
    """An open account of the office in Mongolia, unless said otherwise."""
    return (await done(work, who, accounts.open_bank_account, command or opening())).id


def a_line(number: int, amount_minor: int, *, on: date | None = None, **texts: str | None) -> StatementLine:
    """A booking of ten days ago."""
    line = StatementLine(
        number=number,
        source_row=number + 1,
        booking_date=on or days_ago(10),
        value_date=None,
        amount_minor=AmountMinor(amount_minor),
        balance_after_minor=None,
        is_reversal=False,
        bank_reference=None,
        end_to_end_reference=None,
        counterparty_name="Ганбаатар Дорж",
        counterparty_account=None,
        remittance=None,
    )
    return replace(line, **texts)  # type: ignore[arg-type] # texts alone


async def a_statement(
    work: UnitOfWork, account: UUID, *lines: StatementLine, closing_on: date | None = None, sequence: int | None = None
) -> Statement:
    """What follows the account's last statement, as it would be read of a file."""
    found = await row(
        work,
        "select a.account, a.currency, s.balance,"
        " coalesce((select l.closing_on from last_statement(a.id) l), a.opening_on) as day"
        " from bank_accounts a cross join lateral bank_account_standing(a.id, a.opening_minor) s where a.id = $1",
        account,
    )
    before = Balance(AmountMinor(int(str(found["balance"]))), date.fromisoformat(str(found["day"])))
    after = Balance(AmountMinor(before.amount_minor + sum(line.amount_minor for line in lines)), closing_on or days_ago(1))
    faults = FaultLog()
    check_sum(before, lines, after, str(found["currency"]), faults)
    assert faults.count == 0
    return Statement(
        position=1,
        account=str(found["account"]),
        currency=str(found["currency"]),
        number="7",
        electronic_sequence=sequence,
        legal_sequence=None,
        opening=before,
        closing=after,
        lines=lines,
        entries_left_out=0,
        source_digest=sha256(uuid4().bytes).hexdigest(),
    )


def upload(account: UUID, *, digest: str | None = None) -> RequestStatementUpload:
    """The announcement of a file in camt.053."""
    return RequestStatementUpload(new_id(), account, "camt053", "выписка.xml", 2_000, digest or sha256(uuid4().bytes).hexdigest())


async def announced(work: UnitOfWork, account: UUID, *, who: Actor = OFFICER, digest: str | None = None) -> UUID:
    """A file that will be sent."""
    return (await done(work, who, files.request_statement_upload, upload(account, digest=digest))).id


async def imported(work: UnitOfWork, account: UUID, *statements: Statement, who: Actor = OFFICER) -> UUID:
    """A file with these statements."""
    file = await announced(work, account, who=who)
    await done(work, who, files.import_statements, ImportStatements(file, 1, None, statements))
    return file


async def lines_of(work: UnitOfWork, file: UUID) -> list[UUID]:
    """The lines of a file in their order."""
    found = await row(
        work,
        "select array_agg(l.id order by s.number, l.number) as ids"
        " from statement_lines l join statements s on s.id = l.statement_id"
        " where s.file_id = $1",
        file,
    )
    return list(found["ids"])  # type: ignore[call-overload] # an array


async def some_lines(work: UnitOfWork, account: UUID, *amounts: int, who: Actor = OFFICER, on: date | None = None) -> list[UUID]:
    """Lines of these amounts, in one file."""
    lines = (a_line(number, amount, on=on) for number, amount in enumerate(amounts, start=1))
    return await lines_of(work, await imported(work, account, await a_statement(work, account, *lines), who=who))


def of_record(kind: RecordKind, record: UUID | None, amount_minor: int, *, note: str | None = None) -> MatchedRecord:
    """What explains so much, in EUR."""
    return MatchedRecord(kind, record, euros(amount_minor), note)


def matching_of(lines: list[UUID], *records: MatchedRecord) -> MatchLines:
    """The command."""
    return MatchLines(new_id(), tuple(lines), records)


async def a_match(work: UnitOfWork, account: UUID, payment: UUID, *, amount_minor: int = -1_000, who: Actor = OFFICER) -> UUID:
    """A line that a payment of 10 EUR explains."""
    lines = await some_lines(work, account, amount_minor, who=who)
    record = of_record(RecordKind.PAYMENT, payment, amount_minor)
    return (await done(work, who, matching.match_lines, matching_of(lines, record))).id
