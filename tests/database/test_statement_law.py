"""The law of statements and matches, said to whoever writes past the use cases."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import pytest

from reintegration.database.transaction import Transaction
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.ids import new_id
from tests.builders import APPROVER, CARITAS, IOM, MONGOLIA, OFFICER, SYSTEM, actor, days_ago
from tests.database.law import become, outcome, undone

PEOPLE = tuple(role for role in Role if role is not Role.SYSTEM)
WRITERS = {Role.FIELD_OFFICER, Role.FIELD_APPROVER, Role.PARTNER_COORDINATOR}
_ACCOUNT = (
    "insert into bank_accounts"
    " (id, partner_id, field_office_id, kind, account, currency, name, opening_on, opening_minor, opened_by)"
    " values ($1::uuid, $2, $3, 'bank', 'MN' || upper(right(replace($1::text, '-', ''), 20)), 'EUR', 'Bank', $4, 1000, 'officer')"
)
_MAPPING = (
    "insert into statement_mappings (id, bank_account_id, number, mapping, recorded_by)"
    " values ($1, $2, $3, $4::text::jsonb, 'officer')"
)
_FILE = (
    "insert into statement_files"
    " (id, bank_account_id, format, file_name, media_type, size_bytes, sha256, object_key, uploaded_by)"
    " values ($1::uuid, $2, $3, 'a.csv', 'text/csv', $4, $5, 'statements/' || $1::uuid::text, 'officer')"
)
_STATEMENT = (
    "insert into statements (id, file_id, bank_account_id, number, position, electronic_sequence, opening_minor, opening_on,"
    " closing_minor, closing_on, line_count, currency) values ($1, $2, $3, $4, 1, $5, $6, $7, $8, $7, $9, $10)"
)
_LINE = (
    "insert into statement_lines (id, statement_id, bank_account_id, number, source_row, booked_on, amount_minor, currency,"
    " is_reversal, transactions) values ($1, $2, $3, $4, 1, current_date - 9, $5, $6, false, $7)"
)
_IMPORTED = "update statement_files set status = 'imported', imported_by = 'officer', imported_at = now(){} where id = $1"
_WITHDRAWN = (
    "update statement_files set status = 'withdrawn', withdrawn_by = 'second', withdrawn_at = now(), withdraw_reason = 'Cut off'"
    " where id = $1"
)
_MATCH = (
    "with m as (insert into statement_matches (id, bank_account_id, line_count, record_count, matched_by)"
    " values ($1, $2, $3, $4, 'officer') returning id)"
    " select id from m"
)
_UNDO = "update statement_matches set undone_by = 'second', undone_at = now(), undo_reason = 'Not so' where id = $1"
_REASON = (
    "insert into statement_match_records (match_id, number, kind, amount_minor, currency, note)"
    " values ($1, 1, 'other', $2, $3, 'By hand')"
)


@dataclass(frozen=True, slots=True)
class Bank:
    """A transaction with an account of 10 EUR, whose first file has one line of -1 EUR; a second file is announced."""

    transaction: Transaction
    account: UUID
    file: UUID
    line: UUID
    pending: UUID

    async def tries(self, who: Actor, sql: str, *arguments: object) -> int | str:
        """What a statement does as somebody."""
        await become(self.transaction, who)
        return await outcome(self.transaction, sql, *arguments)

    async def later(self, sql: str, *arguments: object) -> None:
        """A statement of the office whose deferred checks still wait."""
        await become(self.transaction, OFFICER)
        await self.transaction.execute(sql, *arguments)

    async def settled(self) -> int | str:
        """What the deferred checks say now, after which everything since `savepoint begun` is gone."""
        found = await outcome(self.transaction, "select 1")
        await self.transaction.execute("rollback to begun")
        return found

    async def begin(self) -> None:
        """What comes now is taken back by `settled`."""
        await self.transaction.execute("savepoint begun")

    async def writers(self, sql: str, *arguments: object) -> set[Role]:
        """The roles that may do it, each tried on its own; everybody else is refused for who they are."""
        found: dict[Role, int | str] = {}
        for role in PEOPLE:
            await become(self.transaction, SYSTEM)
            await self.transaction.execute("savepoint tried")
            found[role] = await self.tries(actor(role), sql, *arguments)
            await self.transaction.execute("rollback to tried")
        assert {result for result in found.values() if result != 1} <= {"denied", 0}, found
        return {role for role, result in found.items() if result == 1}

    def statement(
        self,
        file: UUID,
        *,
        number: int = 2,
        opening: int = 900,
        closing: int = 900,
        lines: int = 0,
        currency: str = "EUR",
        sequence: int | None = None,
        day: int = 5,
        id: UUID | None = None,  # noqa: A002 - the row's
    ) -> tuple[object, ...]:
        return id or new_id(), file, self.account, number, sequence, opening, days_ago(day), closing, lines, currency


@pytest.fixture
async def bank(law_pool: asyncpg.Pool) -> AsyncIterator[Bank]:
    async with undone(law_pool) as transaction:
        made = Bank(transaction, new_id(), new_id(), new_id(), new_id())
        assert await made.tries(OFFICER, _ACCOUNT, made.account, IOM, MONGOLIA, days_ago(60)) == 1
        assert await made.tries(OFFICER, _FILE, made.file, made.account, "camt053", 5, "a" * 64) == 1
        assert await made.tries(OFFICER, _FILE, made.pending, made.account, "camt053", 5, "b" * 64) == 1
        first = made.statement(made.file, number=1, opening=1_000, lines=1, day=8, sequence=4)
        await made.later(_STATEMENT, *first)
        await made.later(_LINE, made.line, first[0], made.account, 1, -100, "EUR", 1)
        assert await made.tries(OFFICER, _IMPORTED.format(""), made.file) == 1
        yield made


async def test_each_step_is_its_roles_own(bank: Bank) -> None:
    assert await bank.writers(_ACCOUNT, new_id(), IOM, MONGOLIA, days_ago(9)) == WRITERS
    assert await bank.writers(_ACCOUNT, new_id(), IOM, None, days_ago(9)) == {Role.PARTNER_COORDINATOR}
    assert await bank.writers(_MAPPING, new_id(), bank.account, 1, "{}") == WRITERS
    assert await bank.writers(_FILE, new_id(), bank.account, "csv", 5, "c" * 64) == WRITERS
    assert await bank.writers(_WITHDRAWN, bank.file) == WRITERS


async def test_nobody_else_writes_what_a_bank_said_or_why_it_is_there(bank: Bank) -> None:
    match = await a_match(bank)
    assert await outcome(bank.transaction, "select 1") == 1
    statement = await bank.transaction.fetch_value("select id from statements where file_id = $1", bank.file)
    for role in set(PEOPLE) - WRITERS:
        who = actor(role)
        assert await bank.tries(who, _STATEMENT, *bank.statement(bank.pending)) == "denied", role
        assert await bank.tries(who, _LINE, new_id(), statement, bank.account, 2, 5, "EUR", 1) == "denied", role
        assert await bank.tries(who, _MATCH, new_id(), bank.account, 1, 1) == "denied", role
        line = "insert into statement_match_lines (match_id, line_id) values ($1, $2)"
        assert await bank.tries(who, line, match, bank.line) == "denied", role
        assert await bank.tries(who, _REASON, match, -100, "EUR") == "denied", role


async def test_accounts_and_mappings(bank: Bank) -> None:
    assert await bank.tries(SYSTEM, _ACCOUNT, new_id(), CARITAS, MONGOLIA, days_ago(9)) == "bank_accounts_holder_ck"
    assert (
        await bank.tries(OFFICER, "update bank_accounts set version = 9 where id = $1", bank.account)
        == "bank_accounts_append_only_ck"
    )
    assert await bank.tries(OFFICER, "update bank_accounts set opening_minor = 9 where id = $1", bank.account) == "denied"
    assert await bank.tries(OFFICER, _MAPPING, new_id(), bank.account, 2, "{}") == "statement_mappings_order_ck"
    assert await bank.tries(OFFICER, _MAPPING, new_id(), bank.account, 1, "[]") == "statement_mappings_mapping_ck"
    assert await bank.tries(OFFICER, _MAPPING, new_id(), bank.account, 1, "{}") == 1


async def test_a_file_takes_its_steps_once_and_in_order(bank: Bank) -> None:
    for number, (bytes_, digest) in enumerate(((0, "c" * 64), (20_971_521, "c" * 64), (5, "C" * 64))):
        rule = "statement_files_digest_ck" if number == 2 else "statement_files_size_ck"
        assert await bank.tries(OFFICER, _FILE, new_id(), bank.account, "csv", bytes_, digest) == rule
    assert await bank.tries(OFFICER, _FILE, new_id(), bank.account, "pdf", 5, "c" * 64) == "statement_files_format_ck"
    born = _FILE.replace("uploaded_by)", "uploaded_by, status, imported_by, imported_at)").replace(
        "'officer')", "'officer', 'imported', 'officer', now())"
    )
    assert await bank.tries(OFFICER, born, new_id(), bank.account, "csv", 5, "c" * 64) == "statement_files_new_ck"
    assert await bank.tries(OFFICER, _IMPORTED.format(""), bank.pending) == "statement_files_sum_ck"
    assert await bank.tries(APPROVER, _WITHDRAWN, bank.pending) == "statement_files_status_ck"
    assert await bank.tries(OFFICER, _IMPORTED.format(""), bank.file) == "statement_files_step_ck"
    assert await bank.tries(APPROVER, _WITHDRAWN.replace("'second'", "'officer'"), bank.file) == "statement_files_four_eyes_ck"
    assert await bank.tries(APPROVER, _WITHDRAWN.replace("'Cut off'", "'?'"), bank.file) == "statement_files_reason_ck"
    for column in ("sha256", "object_key", "format", "bank_account_id"):
        assert await bank.tries(OFFICER, f"update statement_files set {column} = {column} where id = $1", bank.file) == "denied"  # noqa: S608 - ours
    assert await bank.tries(OFFICER, "delete from statement_files where id = $1", bank.file) == "denied"
    assert await bank.tries(APPROVER, _WITHDRAWN, bank.file) == 1
    assert await bank.tries(APPROVER, _WITHDRAWN, bank.file) == "statement_files_step_ck"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"opening": 901, "closing": 901}, "statements_follows_ck"),
        ({"day": 9}, "statements_follows_ck"),
        ({"sequence": 6}, "statements_follows_ck"),
        ({"number": 3}, "statements_order_ck"),
        ({"currency": "USD"}, "statements_file_ck"),
        ({"lines": -1}, "statements_count_ck"),
        ({"sequence": 5}, "statements_imported_ck"),
    ],
)
async def test_a_statement_follows_the_one_before_it(bank: Bank, change: dict[str, int], rule: str) -> None:
    assert await bank.tries(OFFICER, _STATEMENT, *bank.statement(bank.pending, **change)) == rule  # type: ignore[arg-type] # by name


async def test_lines_and_sums(bank: Bank) -> None:
    assert await bank.tries(OFFICER, _STATEMENT.replace("$4, 1,", "$4, 2,"), *bank.statement(bank.file)) == "statements_file_ck"
    statement = await bank.transaction.fetch_value("select id from statements where file_id = $1", bank.file)
    assert await bank.tries(OFFICER, _LINE, new_id(), statement, bank.account, 2, 0, "EUR", 1) == "statement_lines_statement_ck"
    for closing, lines, amounts in ((901, 1, (2,)), (902, 2, (2,)), (902, 1, (1, 1)), (900, 1, ())):
        await bank.begin()
        of = new_id()
        await bank.later(_STATEMENT, *bank.statement(bank.pending, closing=closing, lines=lines, id=of))
        for number, amount in enumerate(amounts, start=1):
            await bank.later(_LINE, new_id(), of, bank.account, number, amount, "EUR", 1)
        assert await bank.tries(OFFICER, _IMPORTED.format(""), bank.pending) == "statement_files_sum_ck"
        await bank.transaction.execute("rollback to begun")
    of = new_id()
    await bank.begin()
    await bank.later(_STATEMENT, *bank.statement(bank.pending, closing=902, lines=1, id=of))
    for currency, transactions, rule in (
        ("USD", 1, "statement_lines_statement_ck"),
        ("EUR", 0, "statement_lines_transactions_ck"),
    ):
        await bank.transaction.execute("savepoint line")
        with pytest.raises(asyncpg.IntegrityConstraintViolationError) as caught:
            await bank.later(_LINE, new_id(), of, bank.account, 1, 2, currency, transactions)
        assert caught.value.constraint_name == rule
        await bank.transaction.execute("rollback to line")
    await bank.later(_LINE, new_id(), of, bank.account, 1, 2, "EUR", 1)
    assert await bank.tries(OFFICER, _IMPORTED.format(""), bank.pending) == 1
    assert await bank.tries(APPROVER, _WITHDRAWN, bank.file) == "statement_files_last_ck"


async def a_match(bank: Bank, *, lines: int = 1, records: int = 1, amount: int = -100, currency: str = "EUR") -> UUID:
    """A match whose checks still wait."""
    match = new_id()
    await bank.later(_MATCH, match, bank.account, lines, records)
    await bank.later("insert into statement_match_lines (match_id, line_id) values ($1, $2)", match, bank.line)
    await bank.later(_REASON, match, amount, currency)
    return match


async def test_what_moved_is_of_a_record_in_another_currency_with_a_word(bank: Bank) -> None:
    await bank.begin()
    match = await a_match(bank)
    assert await outcome(bank.transaction, "select 1") == 1
    moved = (
        "insert into statement_match_records"
        " (match_id, number, kind, record_id, amount_minor, currency, score, explanation, moved_minor, moved_currency, note)"
        " values ($1, 2, $2, $3, -5, 'EUR', $4, $5, $6, $7, 'By hand')"
    )
    for kind, of, score, minor, currency in (
        ("payment", new_id(), 50, -5, None),
        ("payment", new_id(), 50, -5, "EUR"),
        ("payment", new_id(), 50, 5, "USD"),
        ("payment", new_id(), 50, 0, "USD"),
        ("other", None, None, -5, "USD"),
    ):
        why = None if score is None else "[]"
        given = await bank.tries(OFFICER, moved, match, kind, of, score, why, minor, currency)
        assert given == "statement_match_records_moved_ck", (kind, minor, currency)
    silent = moved.replace(", 'By hand')", ", null)")
    given = await bank.tries(OFFICER, silent, match, "payment", new_id(), 50, "[]", -5, "USD")
    assert given == "statement_match_records_moved_ck"


async def test_a_match_comes_whole_and_balances(bank: Bank) -> None:
    for change in ({"lines": 2}, {"records": 2}, {"amount": -99}):
        await bank.begin()
        await a_match(bank, **change)
        assert await bank.settled() == "statement_matches_balanced_ck"
    await bank.begin()
    match = new_id()
    await bank.later(_MATCH, match, bank.account, 0, 0)
    assert await bank.settled() == "statement_matches_balanced_ck"
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as caught:
        await a_match(bank, currency="USD")
    assert caught.value.constraint_name == "statement_match_records_new_ck"
    await bank.transaction.execute("rollback to begun")

    match = await a_match(bank)
    assert await outcome(bank.transaction, "select 1") == 1
    # Nothing joins it later, not even what would balance.
    more = (
        "insert into statement_match_records (match_id, number, kind, amount_minor, currency, note)"
        " values ($1, $2, $3, $4, 'EUR', $5)"
    )
    assert await bank.tries(OFFICER, more, match, 2, "other", -5, "By hand") == "statement_matches_balanced_ck"
    assert await bank.tries(OFFICER, more, match, 2, "other", -5, None) == "statement_match_records_kind_ck"
    assert await bank.tries(OFFICER, more, match, 2, "gift", -5, "By hand") == "statement_match_records_kind_ck"
    assert await bank.tries(OFFICER, more, match, 2, "other", -5, "?") == "statement_match_records_note_ck"
    assert await bank.tries(OFFICER, more, match, 2, "other", 0, "By hand") == "statement_match_records_amount_ck"
    assert await bank.tries(OFFICER, more, match, 1, "other", -5, "By hand") == "statement_match_records_number_uq"
    record = (
        "insert into statement_match_records (match_id, number, kind, record_id, amount_minor, currency, score, explanation)"
        " values ($1, 2, 'payment', gen_random_uuid(), -5, 'EUR', $2, '[]')"
    )
    assert await bank.tries(OFFICER, record, match, 101) == "statement_match_records_score_ck"
    assert await bank.tries(OFFICER, record, match, 50) == "statement_match_records_record_ck"
    again = "insert into statement_match_lines (match_id, line_id) values ($1, $2)"
    assert await bank.tries(OFFICER, again, match, bank.line) in {
        "statement_match_lines_once_uq",
        "statement_match_lines_line_uq",
    }
    assert await bank.tries(APPROVER, _WITHDRAWN, bank.file) == "statement_files_matched_ck"
    await bank.begin()
    await bank.later(_MATCH, second := new_id(), bank.account, 1, 1)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as caught:
        await bank.later(again, second, bank.line)
    assert caught.value.constraint_name == "statement_match_lines_line_uq"
    await bank.transaction.execute("rollback to begun")

    assert await bank.tries(APPROVER, _UNDO.replace("'Not so'", "'?'"), match) == "statement_matches_undo_ck"
    for sql in (
        "update statement_matches set matched_by = 'x' where id = $1",
        "update statement_match_lines set in_force = false where match_id = $1",
        "update statement_match_records set in_force = false where match_id = $1",
        "delete from statement_match_lines where match_id = $1",
    ):
        assert await bank.tries(OFFICER, sql, match) == "denied"
    assert await bank.writers(_UNDO, match) == WRITERS
    assert await bank.tries(APPROVER, _UNDO, match) == 1
    assert await bank.tries(APPROVER, _UNDO, match) == "statement_matches_step_ck"
    assert await bank.tries(OFFICER, more, match, 2, "other", -5, "By hand") == "statement_match_records_new_ck"
    assert await bank.tries(APPROVER, _WITHDRAWN, bank.file) == 1
    await bank.begin()
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as caught:
        await a_match(bank)
    assert caught.value.constraint_name == "statement_match_lines_account_ck"
    await bank.transaction.execute("rollback to begun")


async def test_a_match_is_of_lines_of_its_own_account(bank: Bank) -> None:
    other = new_id()
    assert await bank.tries(OFFICER, _ACCOUNT, other, IOM, MONGOLIA, days_ago(60)) == 1
    await bank.begin()
    await bank.later(_MATCH, match := new_id(), other, 1, 1)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as caught:
        await bank.later("insert into statement_match_lines (match_id, line_id) values ($1, $2)", match, bank.line)
    assert caught.value.constraint_name == "statement_match_lines_account_ck"
    await bank.transaction.execute("rollback to begun")
