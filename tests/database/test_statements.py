"""Statements through their use cases: each follows the one before it to the cent, a file comes once, and can be withdrawn."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from reintegration.banking.mapping import MappingRefusedError, mapping_to_document
from reintegration.banking.statement import Balance
from reintegration.cases.errors import FutureDateError
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.errors import (
    ConstraintViolationError,
    DomainError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    SamePersonError,
    TransitionError,
    VersionConflictError,
)
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import AmountMinor, Money
from reintegration.reconciliation import accounts, files, matching
from reintegration.reconciliation.commands import ImportStatements, OpenBankAccount, RecordMapping, UndoMatch, WithdrawStatements
from reintegration.reconciliation.errors import (
    StatementGapError,
    StatementKnownError,
    StatementMatchedError,
    StatementNotLastError,
)
from tests import builders
from tests.builders import (
    ADMINISTRATOR,
    APPROVER,
    AUDITOR,
    COORDINATOR,
    COUNSELLOR,
    EVERYBODY,
    FINANCE,
    IOM,
    OFFICER,
    OTHER_COORDINATOR,
    OTHER_OFFICER,
    PROGRAMME,
    days_ago,
)
from tests.payment_steps import a_payment, a_planned_case, asking, done
from tests.proofs import refused, row, value
from tests.statement_steps import (
    OPENING_MINOR,
    a_line,
    a_match,
    a_statement,
    an_account,
    announced,
    imported,
    lines_of,
    opening,
    upload,
)
from tests.unit.banking_files import MAPPING

if TYPE_CHECKING:
    from reintegration.kernel.actor import Actor

_STANDING = (
    "select s.balance, s.explained, s.suspense, s.lines"
    " from bank_accounts a cross join lateral bank_account_standing(a.id, a.opening_minor) s where a.id = $1"
)


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


async def test_statements_follow_each_other_and_lines_wait_in_suspense(work: UnitOfWork) -> None:
    account = await an_account(work)
    assert await row(work, _STANDING, account) == {"balance": OPENING_MINOR, "explained": 0, "suspense": 0, "lines": 0}
    first = await a_statement(work, account, a_line(1, -30_000), a_line(2, 500), closing_on=days_ago(2), sequence=7)
    file = await imported(work, account, first)
    second = await a_statement(work, account, a_line(1, -1), sequence=8)
    await imported(work, account, second, who=APPROVER)
    assert await row(work, _STANDING, account) == {
        "balance": OPENING_MINOR - 29_501,
        "explained": 0,
        "suspense": -29_501,
        "lines": 3,
    }
    stored = await row(work, "select status, imported_by, version from statement_files where id = $1", file)
    assert stored == {"status": "imported", "imported_by": OFFICER.id, "version": 2}
    assert len(await lines_of(work, file)) == 2


async def test_what_does_not_follow_is_refused_and_leaves_nothing(work: UnitOfWork) -> None:
    account = await an_account(work)
    await imported(work, account, await a_statement(work, account, a_line(1, -100), closing_on=days_ago(5), sequence=3))
    good = await a_statement(work, account, a_line(1, -5), sequence=4)
    shifted = replace(
        good,
        opening=Balance(AmountMinor(good.opening.amount_minor + 1), good.opening.day),
        closing=Balance(AmountMinor(good.closing.amount_minor + 1), good.closing.day),
    )
    earlier = replace(good, closing=Balance(good.closing.amount_minor, days_ago(6)))
    for wrong, words in (
        (shifted, "opening balance"),
        (earlier, "an end on"),
        (replace(good, electronic_sequence=5), "statement number 4"),
        (replace(good, account="MN0000"), "a statement of"),
        (replace(good, currency="USD"), "a statement of"),
    ):
        file = await announced(work, account)
        found = await refused(
            work, OFFICER, asking(files.import_statements, ImportStatements(file, 1, None, (wrong,))), StatementGapError
        )
        assert isinstance(found, StatementGapError)
        assert words in found.reason
    # Of several the first is good and the second leaves a gap: neither comes.
    file = await announced(work, account)
    both = ImportStatements(file, 1, None, (good, replace(good, position=2, electronic_sequence=6)))
    await refused(work, OFFICER, asking(files.import_statements, both), StatementGapError)
    await done(work, OFFICER, files.import_statements, ImportStatements(file, 1, None, (good,)))


async def test_a_statement_that_comes_to_nothing_is_not_told_twice_in_one_file(work: UnitOfWork) -> None:
    account = await an_account(work)
    once = await a_statement(work, account, a_line(1, 500), a_line(2, -500))
    file = await announced(work, account)
    twice = ImportStatements(file, 1, None, (once, replace(once, position=2)))
    await refused(work, OFFICER, asking(files.import_statements, twice), StatementGapError)
    assert await value(work, "select count(*) from statements where bank_account_id = $1", account) == 0
    await done(work, OFFICER, files.import_statements, ImportStatements(file, 1, None, (once,)))


async def test_the_first_statement_opens_with_what_the_account_held(work: UnitOfWork) -> None:
    command = opening(money=Money(-250, "USD"))
    account = await an_account(work, command)
    good = await a_statement(work, account, a_line(1, 1_000))
    assert good.opening == Balance(AmountMinor(-250), command.opening_on)
    wrong = replace(good, opening=Balance(AmountMinor(0), good.opening.day), closing=Balance(AmountMinor(1_000), days_ago(1)))
    file = await announced(work, account)
    await refused(work, OFFICER, asking(files.import_statements, ImportStatements(file, 1, None, (wrong,))), StatementGapError)
    await done(work, OFFICER, files.import_statements, ImportStatements(file, 1, None, (good,)))


async def test_the_same_file_comes_once_unless_it_was_withdrawn(work: UnitOfWork) -> None:
    account = await an_account(work)
    digest = "ab" * 32
    one, two = await announced(work, account, digest=digest), await announced(work, account, digest=digest)
    empty = await a_statement(work, account)
    await done(work, OFFICER, files.import_statements, ImportStatements(one, 1, None, (empty,)))
    again = asking(files.import_statements, ImportStatements(two, 1, None, (empty,)))
    await refused(work, OFFICER, again, StatementKnownError)
    await refused(work, OFFICER, asking(files.request_statement_upload, upload(account, digest=digest)), StatementKnownError)
    # The bytes may be those of another account.
    await announced(work, await an_account(work), digest=digest)
    withdrawal = WithdrawStatements(one, 2, "Read too early")
    await refused(work, OFFICER, asking(files.withdraw_statements, withdrawal), SamePersonError)
    await done(work, APPROVER, files.withdraw_statements, withdrawal)
    await done(work, OFFICER, files.import_statements, ImportStatements(two, 1, None, (empty,)))
    await refused(work, APPROVER, asking(files.withdraw_statements, replace(withdrawal, expected_version=3)), TransitionError)
    await refused(work, APPROVER, asking(files.withdraw_statements, withdrawal), VersionConflictError)
    await refused(work, OFFICER, asking(files.import_statements, ImportStatements(two, 2, None, (empty,))), TransitionError)


async def test_the_last_file_is_withdrawn_first_and_its_matches_undone_before(work: UnitOfWork) -> None:
    plan = await a_planned_case(work)
    account = await an_account(work)
    first = await imported(work, account, await a_statement(work, account, a_line(1, -100), closing_on=days_ago(4)))
    payment = await a_payment(work, plan, 1_000)
    match = await a_match(work, account, payment)
    second = await value(work, "select s.file_id from last_statement($1) s", account)
    early = asking(files.withdraw_statements, WithdrawStatements(first, 2, "Cut off"))
    await refused(work, APPROVER, early, StatementNotLastError)
    late = asking(files.withdraw_statements, WithdrawStatements(UUID(str(second)), 2, "Cut off"))
    await refused(work, APPROVER, late, StatementMatchedError)
    await done(work, APPROVER, matching.undo_match, UndoMatch(match, 1, "Of the other one"))
    await work.write(APPROVER, late)
    await work.write(APPROVER, early)
    assert await row(work, _STANDING, account) == {"balance": OPENING_MINOR, "explained": 0, "suspense": 0, "lines": 0}
    # What was read stays; the account goes on from before.
    assert await value(work, "select count(*) from statement_lines where bank_account_id = $1", account) == 2
    await imported(work, account, await a_statement(work, account, a_line(1, -7)))
    assert await value(work, "select max(number) from statements where bank_account_id = $1", account) == 3


async def test_accounts_and_who_opens_them(work: UnitOfWork) -> None:
    of_office, of_partner = opening(), opening(office=None, partner=IOM)
    refusals: list[tuple[Actor, OpenBankAccount, type[DomainError]]] = [
        (OFFICER, replace(of_office, partner_id=IOM), InvalidInputError),
        (OFFICER, replace(of_office, field_office_id=None), InvalidInputError),
        (OFFICER, of_partner, NotFoundError),
        (OTHER_OFFICER, of_office, NotFoundError),
        (OTHER_COORDINATOR, of_office, NotFoundError),
        (OTHER_COORDINATOR, of_partner, NotFoundError),
        (COORDINATOR, replace(of_office, field_office_id=new_id()), NotFoundError),
        (OFFICER, replace(of_office, opening_on=days_ago(-1)), FutureDateError),
        (OFFICER, replace(of_office, account="mn 1"), InvalidInputError),
        (OFFICER, replace(of_office, kind="iban"), InvalidInputError),
        (OFFICER, replace(of_office, kind="mobile_money"), InvalidInputError),
        (OFFICER, replace(of_office, name=""), InvalidInputError),
        *((who, of_office, ForbiddenError) for who in (COUNSELLOR, FINANCE, PROGRAMME, AUDITOR, ADMINISTRATOR)),
    ]
    for who, command, error in refusals:
        await refused(work, who, asking(accounts.open_bank_account, command), error)
    await done(work, OFFICER, accounts.open_bank_account, of_office)
    await done(work, COORDINATOR, accounts.open_bank_account, of_partner)
    # The same number in another currency is another account.
    await refused(work, OFFICER, asking(accounts.open_bank_account, replace(of_office, id=new_id())), ConstraintViolationError)
    await done(work, APPROVER, accounts.open_bank_account, replace(of_office, id=new_id(), opening=Money(0, "USD")))
    telephone = replace(opening(), kind="mobile_money", account=f"+97699{new_id().int % 10**6:06}")
    await done(work, OFFICER, accounts.open_bank_account, telephone)


async def test_mappings_follow_each_other(work: UnitOfWork) -> None:
    account = await an_account(work)
    document = mapping_to_document(MAPPING)
    await done(work, OFFICER, accounts.record_mapping, RecordMapping(new_id(), account, document))
    await done(work, APPROVER, accounts.record_mapping, RecordMapping(new_id(), account, {**document, "decimals": 2}))
    found = await row(
        work, "select array_agg(number order by number) as numbers from statement_mappings where bank_account_id = $1", account
    )
    assert found == {"numbers": [1, 2]}
    wrong = RecordMapping(new_id(), account, {**document, "delimiter": "#"})
    await refused(work, OFFICER, asking(accounts.record_mapping, wrong), MappingRefusedError)
    hidden = RecordMapping(new_id(), account, document)
    await refused(work, OTHER_OFFICER, asking(accounts.record_mapping, hidden), NotFoundError)
    await refused(work, FINANCE, asking(accounts.record_mapping, hidden), ForbiddenError)


async def test_who_sees_what_and_who_imports(work: UnitOfWork) -> None:
    account = await an_account(work)
    partners = await an_account(work, opening(office=None, partner=IOM), who=COORDINATOR)
    file = await imported(work, account, await a_statement(work, account, a_line(1, -100)))
    seeing = {OFFICER, APPROVER, COORDINATOR, FINANCE, PROGRAMME, AUDITOR}
    of_partner = seeing - {OFFICER, APPROVER}
    for who in (*EVERYBODY, OTHER_OFFICER, OTHER_COORDINATOR):
        async with work.read(who) as transaction:
            for sql in (
                "select count(*) from bank_accounts where id = $1",
                "select count(*) from statement_files where bank_account_id = $1",
                "select count(*) from statements where bank_account_id = $1",
                "select count(*) from statement_lines where bank_account_id = $1",
            ):
                assert await transaction.fetch_value(sql, account) == (1 if who in seeing else 0), (who, sql)
            found = await transaction.fetch_value("select count(*) from bank_accounts where id = $1", partners)
            assert found == (1 if who in of_partner else 0), who
    pending = await announced(work, account)
    command = ImportStatements(pending, 1, None, (await a_statement(work, account),))
    for who in (COUNSELLOR, FINANCE, PROGRAMME, AUDITOR, ADMINISTRATOR):
        await refused(work, who, asking(files.import_statements, command), ForbiddenError)
        await refused(work, who, asking(files.request_statement_upload, upload(account)), ForbiddenError)
        await refused(work, who, asking(files.withdraw_statements, WithdrawStatements(file, 2, "Why not")), ForbiddenError)
    for who in (OTHER_OFFICER, OTHER_COORDINATOR):
        await refused(work, who, asking(files.import_statements, command), NotFoundError)
        await refused(work, who, asking(files.request_statement_upload, upload(account)), NotFoundError)
        await refused(work, who, asking(files.withdraw_statements, WithdrawStatements(file, 2, "Why not")), NotFoundError)
    await done(work, COORDINATOR, files.import_statements, command)
