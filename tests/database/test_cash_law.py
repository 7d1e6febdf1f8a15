"""The law of advances and the cash book, said to whoever writes past the use cases."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import pytest

from reintegration.database.transaction import Transaction
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.ids import new_id
from tests.builders import CARITAS, COORDINATOR, FINANCE, IOM, MONGOLIA, MONGOLIA_CARITAS, OFFICER, SYSTEM, actor, days_ago
from tests.database.law import become, outcome, undone

_SEND = (
    "insert into advances (id, partner_id, field_office_id, source_id, sent_minor, sent_currency, currency, sent_on, reference,"
    " sent_by)"
    " values ($1, $2, $3, $4, $5, 'EUR', $6, $7, 'T-1', 'giver')"
)
_RECEIVE = "update advances set received_minor = $2, received_on = $3, received_by = 'holder', received_at = now() where id = $1"
_RECALL = "update advances set recall_reason = 'Lost', recalled_by = 'second', recalled_at = now() where id = $1"
_SETTLE = "update advances set settled_by = 'second', settled_at = now() where id = $1"
_BACK = (
    "insert into advance_returns (id, advance_id, number, sent_minor, currency, back_currency, sent_on, reference, sent_by)"
    " values ($1, $2, $3, $4, $5, 'EUR', $6, 'B-1', 'holder')"
)
_TAKE = (
    "update advance_returns set received_minor = $2, received_on = $3, received_by = 'giver', received_at = now() where id = $1"
)
_POST = (
    "insert into cash_transactions (kind, reference_kind, reference_id, occasion, partner_id, effective_on, actor_id)"
    " values ('advance_sent', 'Advance', gen_random_uuid(), 1, gen_random_uuid(), current_date, 'me')"
)
_OPEN = (
    "insert into cash_accounts (id, kind, holder_id, currency, partner_id)"
    " values (gen_random_uuid(), 'own', gen_random_uuid(), 'EUR', gen_random_uuid())"
)
PEOPLE = tuple(role for role in Role if role is not Role.SYSTEM)


@dataclass(frozen=True, slots=True)
class Book:
    """A transaction with an advance that IOM holds, one of its office that is held, and one that is on its way."""

    transaction: Transaction
    partner: UUID
    office: UUID
    on_its_way: UUID

    async def tries(self, who: Actor, sql: str, *arguments: object) -> int | str:
        """What a statement does as somebody."""
        await become(self.transaction, who)
        return await outcome(self.transaction, sql, *arguments)

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


def sent(
    advance: UUID, *, cents: int = 1_000, office: UUID | None = None, source: UUID | None = None, currency: str = "EUR"
) -> tuple[object, ...]:
    return advance, IOM, office, source, cents, currency, days_ago(20)


@pytest.fixture
async def book(law_pool: asyncpg.Pool) -> AsyncIterator[Book]:
    async with undone(law_pool) as transaction:
        made = Book(transaction, new_id(), new_id(), new_id())
        assert await made.tries(FINANCE, _SEND, *sent(made.partner, cents=100_000)) == 1
        assert await made.tries(COORDINATOR, _RECEIVE, made.partner, 100_000, days_ago(15)) == 1
        for advance in (made.office, made.on_its_way):
            assert await made.tries(COORDINATOR, _SEND, *sent(advance, office=MONGOLIA, source=made.partner)) == 1
        assert await made.tries(OFFICER, _RECEIVE, made.office, 1_000, days_ago(10)) == 1
        yield made


async def test_each_step_is_its_roles_own(book: Book) -> None:
    assert await book.writers(_SEND, *sent(new_id())) == {Role.FEDASIL_FINANCE}
    assert await book.writers(_SEND, *sent(new_id(), office=MONGOLIA)) == {Role.PARTNER_COORDINATOR}
    field = {Role.FIELD_OFFICER, Role.FIELD_APPROVER}
    assert await book.writers(_RECEIVE, book.on_its_way, 1_000, days_ago(9)) == field
    assert await book.writers(_RECALL, book.on_its_way) == {Role.PARTNER_COORDINATOR}
    back = new_id()
    assert await book.writers(_BACK, new_id(), book.office, 1, 1_000, "EUR", days_ago(5)) == field
    assert await book.writers(_BACK, new_id(), book.partner, 1, 1_000, "EUR", days_ago(5)) == {Role.PARTNER_COORDINATOR}
    assert await book.tries(OFFICER, _BACK, back, book.office, 1, 1_000, "EUR", days_ago(5)) == 1
    assert await book.writers(_TAKE, back, 1_000, days_ago(4)) == {Role.PARTNER_COORDINATOR}
    assert await book.tries(COORDINATOR, _TAKE, back, 1_000, days_ago(4)) == 1
    assert await book.writers(_SETTLE, book.office) == {Role.PARTNER_COORDINATOR}


async def test_an_advance_takes_its_steps_once_and_in_order(book: Book) -> None:
    assert await book.tries(COORDINATOR, _SETTLE, book.on_its_way) == "denied"
    assert await book.tries(OFFICER, _SETTLE, book.on_its_way) == "advances_outcome_ck"
    assert await book.tries(COORDINATOR, _RECALL, book.office) == "advances_outcome_ck"
    assert await book.tries(OFFICER, _RECEIVE, book.on_its_way, 0, days_ago(9)) == "advances_received_ck"
    assert await book.tries(OFFICER, _RECEIVE, book.on_its_way, 1, days_ago(21)) == "advances_received_on_ck"
    same = _RECEIVE.replace("'holder'", "'giver'")
    assert await book.tries(OFFICER, same, book.on_its_way, 1, days_ago(9)) == "advances_four_eyes_ck"
    assert await book.tries(COORDINATOR, _SETTLE, book.office) == "advances_settled_ck"
    assert await book.tries(COORDINATOR, _SETTLE.replace("'second'", "'holder'"), book.office) == "advances_four_eyes_ck"
    assert await book.tries(COORDINATOR, _RECALL.replace("'second'", "'giver'"), book.on_its_way) == "advances_four_eyes_ck"
    again = "update advances set received_minor = 2 where id = $1"
    assert await book.tries(COORDINATOR, again, book.office) == "advances_step_ck"
    assert await book.tries(COORDINATOR, _RECALL, book.on_its_way) == 1
    twice = _RECALL.replace("'second'", "'third'")
    assert await book.tries(COORDINATOR, twice, book.on_its_way) == "advances_step_ck"
    for column in ("sent_minor", "currency", "partner_id", "source_id", "sent_by", "sent_on"):
        assert await book.tries(COORDINATOR, f"update advances set {column} = {column} where id = $1", book.office) == "denied"  # noqa: S608 - ours
    assert await book.tries(COORDINATOR, "delete from advances where id = $1", book.office) == "denied"


async def test_an_advance_is_sent_from_where_money_is(book: Book) -> None:
    whole = _SEND.replace("sent_by)", "sent_by, recall_reason, recalled_by, recalled_at)").replace(
        "'giver')", "'giver', 'Lost', 'second', now())"
    )
    assert await book.tries(COORDINATOR, whole, *sent(new_id(), office=MONGOLIA)) == "advances_new_ck"
    assert await book.tries(COORDINATOR, _SEND, *sent(new_id(), office=MONGOLIA_CARITAS)) == "advances_partner_ck"
    of_another = (new_id(), CARITAS, MONGOLIA_CARITAS, book.partner, 1, "EUR", days_ago(20))
    caritas = actor(Role.PARTNER_COORDINATOR, "of-caritas", office=MONGOLIA_CARITAS)
    assert await book.tries(caritas, _SEND, *of_another) == "advances_source_ck"
    assert await book.tries(FINANCE, _SEND, *sent(new_id(), source=book.partner)) == "advances_source_ck"
    for source in (book.office, book.on_its_way):
        assert await book.tries(COORDINATOR, _SEND, *sent(new_id(), office=MONGOLIA, source=source)) == "advances_source_ck"
    assert await book.tries(COORDINATOR, _RECALL, book.on_its_way) == 1
    for holder, advance, cents in ((OFFICER, book.office, 1_000), (COORDINATOR, book.partner, 100_000)):
        back, giver = new_id(), COORDINATOR if holder is OFFICER else FINANCE
        assert await book.tries(holder, _BACK, back, advance, 1, cents, "EUR", days_ago(5)) == 1
        assert await book.tries(giver, _SETTLE, advance) == "advances_settled_ck"
        assert await book.tries(giver, _TAKE, back, cents, days_ago(4)) == 1
        assert await book.tries(giver, _SETTLE, advance) == 1
    assert await book.tries(COORDINATOR, _SEND, *sent(new_id(), office=MONGOLIA, source=book.partner)) == "advances_source_ck"


async def test_an_advance_is_sent_in_the_currency_of_its_source_and_of_what_it_holds(book: Book) -> None:
    dollars = _SEND.replace("'EUR', $6", "'USD', $6")
    for source in (None, book.partner):
        answer = await book.tries(COORDINATOR, dollars, *sent(new_id(), office=MONGOLIA, source=source))
        assert answer == "advances_sent_currency_ck"
    too_much = sent(new_id(), cents=98_001, office=MONGOLIA, source=book.partner)
    assert await book.tries(COORDINATOR, _SEND, *too_much) == "cash_postings_held_ck"
    assert await book.tries(COORDINATOR, _SEND, *sent(new_id(), cents=98_000, office=MONGOLIA, source=book.partner)) == 1


async def test_returns_are_numbered_of_what_is_held_and_come_back_once(book: Book) -> None:
    asked = (new_id(), book.office, 1, 1_000, "EUR", days_ago(5))
    wrong: list[tuple[int, object, str]] = [
        (1, book.on_its_way, "cash_postings_held_ck"),
        (2, 2, "advance_returns_order_ck"),
        (3, 1_001, "cash_postings_held_ck"),
        (3, 0, "advance_returns_sent_ck"),
        (4, "USD", "advance_returns_currency_ck"),
        (5, days_ago(11), "advance_returns_sent_on_ck"),
    ]
    for place, cell, rule in wrong:
        cells = (*asked[:place], cell, *asked[place + 1 :])
        assert await book.tries(OFFICER, _BACK, *cells) == rule
    taken = _BACK.replace("sent_by)", "sent_by, received_minor, received_on, received_by, received_at)").replace(
        "'holder')", "'holder', 1, current_date, 'giver', now())"
    )
    assert await book.tries(OFFICER, taken, *asked) == "advance_returns_new_ck"
    assert await book.tries(OFFICER, _BACK, *asked) == 1
    assert await book.tries(OFFICER, _BACK, new_id(), *asked[1:]) == "advance_returns_number_uq"
    assert await book.tries(COORDINATOR, _TAKE, asked[0], 0, days_ago(4)) == "advance_returns_received_ck"
    assert await book.tries(COORDINATOR, _TAKE, asked[0], 1, days_ago(6)) == "advance_returns_received_on_ck"
    same = _TAKE.replace("'giver'", "'holder'")
    assert await book.tries(COORDINATOR, same, asked[0], 1, days_ago(4)) == "advance_returns_four_eyes_ck"
    assert await book.tries(COORDINATOR, _TAKE, asked[0], 1_000, days_ago(4)) == 1
    assert await book.tries(COORDINATOR, _TAKE, asked[0], 900, days_ago(4)) == "advance_returns_step_ck"


@pytest.mark.parametrize("role", Role)
async def test_nobody_writes_the_book_or_opens_a_settled_advance_by_hand(book: Book, role: Role) -> None:
    writes = (
        _POST,
        _OPEN,
        "insert into cash_postings overriding user value select * from cash_postings",
        "update cash_postings set cost_minor = 0",
        "delete from cash_postings",
        "select open_cash('advance_sent', 'Advance', gen_random_uuid(), 1, gen_random_uuid(), null, current_date)",
    )
    for statement in writes:
        assert await book.tries(actor(role) if role is not Role.SYSTEM else SYSTEM, statement) == "denied", statement
    assert await book.tries(OFFICER, _BACK, new_id(), book.office, 1, 1_000, "EUR", days_ago(5)) == 1
    back = "update advance_returns set received_minor = 1000, received_on = $2, received_by = 'giver', received_at = now()"
    assert await book.tries(COORDINATOR, f"{back} where advance_id = $1", book.office, days_ago(4)) == 1
    assert await book.tries(COORDINATOR, _SETTLE, book.office) == 1
    reopened = "update advances set settled_by = null, settled_at = null where id = $1"
    answer = await book.tries(actor(role) if role is not Role.SYSTEM else SYSTEM, reopened, book.office)
    assert answer == ("advances_step_ck" if role is Role.PARTNER_COORDINATOR else answer)
    assert answer in {"denied", "advances_step_ck", 0}
    await become(book.transaction, SYSTEM)
    assert await book.transaction.fetch_value("select settled_at is not null from advances where id = $1", book.office)
