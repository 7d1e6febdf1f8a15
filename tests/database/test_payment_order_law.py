"""The law of orders to a bank, said to whoever writes past the use cases."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.transaction import Transaction
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.ids import new_id
from tests import builders
from tests.builders import (
    ADMINISTRATOR,
    APPROVER,
    COORDINATOR,
    COUNSELLOR,
    OFFICER,
    OTHER_COORDINATOR,
    OTHER_OFFICER,
    SYSTEM,
    actor,
)
from tests.database.law import become, outcome, undone
from tests.order_steps import an_account, payable, prepared, sealed, sent
from tests.payment_steps import a_planned_case
from tests.proofs import row

PEOPLE = tuple(role for role in Role if role is not Role.SYSTEM)
WRITERS = {Role.FIELD_OFFICER, Role.FIELD_APPROVER, Role.PARTNER_COORDINATOR}
SEALERS = {Role.FIELD_APPROVER, Role.PARTNER_COORDINATOR}
_ORDER = (
    "insert into payment_orders (id, bank_account_id, currency, execution_on, format, service, holder, message_id,"
    " line_count, total_minor, content_digest, prepared_by, prepared_at{names})"
    " values ($1, $2, 'EUR', current_date, 'pain.001.001.09', 'any', 'IOM', $3, 1, 1000, repeat('a', 64), 'officer',"
    " now(){values})"
)
_LINE = (
    "insert into payment_order_lines (id, order_id, payment_id, number, end_to_end_id, amount_minor, currency,"
    " supplier_account_id, account, holder, payee_name, bic)"
    " select gen_random_uuid(), $1, $2::uuid, {number}, {reference}, {amount}, {currency}, a.id, {account},"
    " a.holder, {payee}, a.bic from supplier_accounts a where a.id = $3"
)
_SOUND = {
    "number": "1",
    "reference": "replace($2::uuid::text, '-', '')",
    "amount": "1000",
    "currency": "'EUR'",
    "account": "a.account",
    "payee": "a.holder",
}
_SEALED = (
    "update payment_orders set status = 'sealed', sealed_by = 'second', sealed_at = now(), object_key = $1::uuid::text,"
    " sha256 = repeat('b', 64), size_bytes = 9 where id = $1"
)
_SENT = "update payment_orders set status = 'sent', sent_by = 'officer', sent_at = now() where id = $1"
_CANCELLED = (
    "update payment_orders set status = 'cancelled', cancelled_by = 'second', cancelled_at = now(), cancel_reason = 'Not so'"
    " where id = $1"
)
_TAKEN = "insert into payment_order_downloads (id, order_id, downloaded_by) values ($1, $2, 'officer')"


@dataclass(frozen=True, slots=True)
class Desk:
    """A transaction beside an account with a draft, a sealed and a sent order, and a payment of 10 EUR that is in none."""

    transaction: Transaction
    account: UUID
    draft: UUID
    sealed: UUID
    sent: UUID
    free: UUID
    payee: UUID

    async def tries(self, who: Actor, sql: str, *arguments: object) -> int | str:
        """What a statement does as somebody."""
        await become(self.transaction, who)
        return await outcome(self.transaction, sql, *arguments)

    async def begun(self, order: UUID | None = None) -> UUID:
        """An order without its line, whose sum is asked at the end."""
        found = order or new_id()
        await become(self.transaction, OFFICER)
        await self.transaction.execute(_ORDER.format(names="", values=""), found, self.account, found.hex[:26])
        return found

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


@pytest.fixture
async def desk(law_pool: asyncpg.Pool, database_urls: DatabaseAddresses) -> AsyncIterator[Desk]:
    async with builders.open_work(database_urls) as work:
        plan, account = await a_planned_case(work), await an_account(work)
        made = [
            await prepared(work, account, await payable(work, plan)),
            await sealed(work, account, await payable(work, plan)),
            await sent(work, account, await payable(work, plan)),
        ]
        free = await payable(work, plan)
        payee = "select a.id from supplier_accounts a join payments p on p.supplier_id = a.supplier_id where p.id = $1"
        payee_id = UUID(str((await row(work, payee, free))["id"]))
    async with undone(law_pool) as transaction:
        yield Desk(transaction, account, made[0], made[1], made[2], free, payee_id)


async def test_each_step_is_its_roles_own(desk: Desk) -> None:
    assert await desk.writers(_SEALED, desk.draft) == SEALERS
    assert await desk.writers(_SENT, desk.sealed) == WRITERS
    assert await desk.writers(_CANCELLED, desk.draft) == WRITERS
    assert await desk.writers(_TAKEN, new_id(), desk.sealed) == WRITERS
    order = _ORDER.format(names="", values="")
    both = f"with o as ({order} returning id) insert into payment_order_downloads select $4, id, 'x', now(), 1 from o"  # noqa: S608 - ours
    for role in set(PEOPLE) - WRITERS:
        assert await desk.tries(actor(role), both, new_id(), desk.account, "M", new_id()) == "denied", role
    assert await desk.tries(OTHER_OFFICER, _SENT, desk.sealed) == 0
    assert await desk.tries(OTHER_OFFICER, _TAKEN, new_id(), desk.sealed) == "denied"


async def test_an_order_is_made_at_once_as_a_draft(desk: Desk) -> None:
    names, values = (
        ", status, sealed_by, sealed_at, object_key, sha256, size_bytes",
        ", 'sealed', 'x', now(), 'k', repeat('b', 64), 9",
    )
    born = _ORDER.format(names=names, values=values)
    assert await desk.tries(APPROVER, born, new_id(), desk.account, "M-1") == "payment_orders_new_ck"
    assert await desk.tries(OFFICER, _ORDER.format(names="", values=""), new_id(), desk.account, "M-2") == "payment_orders_sum_ck"
    dollars = _ORDER.format(names="", values="").replace("'EUR'", "'USD'")
    assert await desk.tries(OFFICER, dollars, new_id(), desk.account, "M-3") == "payment_orders_account_ck"
    known = await desk.transaction.fetch_value("select message_id from payment_orders where id = $1", desk.draft)
    assert (
        await desk.tries(OFFICER, _ORDER.format(names="", values=""), new_id(), desk.account, known)
        == "payment_orders_message_uq"
    )
    later = _LINE.format(**_SOUND | {"number": "2"})
    assert await desk.tries(OFFICER, later, desk.draft, desk.free, desk.payee) == "payment_orders_sum_ck"
    for order in (desk.sealed, desk.sent):
        assert await desk.tries(OFFICER, later, order, desk.free, desk.payee) == "payment_order_lines_order_ck"


@pytest.mark.parametrize(
    ("part", "sql", "rule"),
    [
        ("amount", "999", "payment_order_lines_frozen_ck"),
        ("reference", "'PAY-1'", "payment_order_lines_frozen_ck"),
        ("account", "'000999'", "payment_order_lines_frozen_ck"),
        ("payee", "'Ганбаатар'", "payment_order_lines_latin_ck"),
        ("currency", "'USD'", "payment_order_lines_order_ck"),
        ("number", "2", "payment_orders_sum_ck"),
    ],
)
async def test_a_line_is_what_was_approved(desk: Desk, part: str, sql: str, rule: str) -> None:
    order = await desk.begun()
    assert await desk.tries(OFFICER, _LINE.format(**_SOUND | {part: sql}), order, desk.free, desk.payee) == rule
    assert await desk.tries(OFFICER, _LINE.format(**_SOUND), order, desk.free, desk.payee) == 1


async def test_a_payment_is_in_one_live_order(desk: Desk) -> None:
    other = await desk.transaction.fetch_one(
        "select payment_id, supplier_account_id from payment_order_lines where order_id = $1", desk.draft
    )
    assert other is not None
    await desk.transaction.execute("savepoint one")
    order = await desk.begun()
    taken = (order, other["payment_id"], other["supplier_account_id"])
    assert await desk.tries(OFFICER, _LINE.format(**_SOUND), *taken) == "payment_order_lines_payment_uq"
    assert await desk.tries(APPROVER, _CANCELLED, desk.draft) == "payment_orders_sum_ck"  # the new order has no line yet
    await desk.transaction.execute("rollback to one")
    assert await desk.tries(APPROVER, _CANCELLED, desk.draft) == 1
    order = await desk.begun()
    assert await desk.tries(OFFICER, _LINE.format(**_SOUND), order, *taken[1:]) == 1
    assert await desk.tries(OFFICER, "update payment_order_lines set in_force = true where order_id = $1", desk.draft) == "denied"


async def test_steps_come_once_and_in_order_and_change_nothing_else(desk: Desk) -> None:
    assert await desk.tries(APPROVER, _SEALED.replace("second", OFFICER.id), desk.draft) == "payment_orders_four_eyes_ck"
    skipped = _SENT.replace(
        "status", "sealed_by = 'x', sealed_at = now(), object_key = 'k', sha256 = repeat('b', 64), size_bytes = 9, status"
    )
    assert await desk.tries(APPROVER, _SENT, desk.draft) == "payment_orders_status_ck"
    assert await desk.tries(APPROVER, skipped, desk.draft) == "payment_orders_step_ck"
    for again in (desk.sealed, desk.sent):
        assert await desk.tries(APPROVER, _SEALED, again) in {"payment_orders_step_ck", "payment_orders_status_ck"}
    exchanged = _SENT.replace("sent_by", "sha256 = repeat('c', 64), sent_by")
    assert await desk.tries(OFFICER, exchanged, desk.sealed) == "payment_orders_step_ck"
    assert await desk.tries(APPROVER, _CANCELLED.replace("second", OFFICER.id), desk.sent) == "payment_orders_four_eyes_ck"
    assert await desk.tries(APPROVER, _CANCELLED.replace("'Not so'", "'?'"), desk.draft) == "payment_orders_reason_ck"
    assert await desk.tries(APPROVER, _CANCELLED, desk.sent) == "payment_orders_non_payment_ck"
    for column in ("execution_on", "holder", "total_minor", "content_digest", "message_id", "bank_account_id"):
        assert await desk.tries(APPROVER, f"update payment_orders set {column} = {column} where id = $1", desk.draft) == "denied"  # noqa: S608 - ours
    assert await desk.tries(APPROVER, "delete from payment_orders where id = $1", desk.draft) == "denied"
    assert await desk.tries(APPROVER, _TAKEN, new_id(), desk.draft) == "payment_order_downloads_step_ck"
    assert await desk.tries(APPROVER, _CANCELLED, desk.sealed) == 1
    assert await desk.tries(APPROVER, _SENT, desk.sealed) in {"payment_orders_step_ck", "payment_orders_status_ck"}
    assert await desk.tries(APPROVER, _TAKEN, new_id(), desk.sealed) == "payment_order_downloads_step_ck"


async def test_the_database_sees_a_payment_that_ended_before_its_order_was_sealed(desk: Desk) -> None:
    failed = (
        "update payments set status = 'failed', settled_by = 'x', settled_at = now(), outcome_note = 'Not so'"
        " where id = (select payment_id from payment_order_lines where order_id = $1)"
    )
    assert await desk.tries(COORDINATOR, failed, desk.sealed) == "payments_ordered_ck"
    assert await desk.tries(COORDINATOR, failed, desk.sent) == "payments_order_sent_ck"
    doubtful = failed.replace("'failed'", "'unconfirmed'")
    assert await desk.tries(COORDINATOR, doubtful, desk.sent) == 1
    assert await desk.tries(COORDINATOR, doubtful, desk.draft) == 1
    assert await desk.tries(APPROVER, _SEALED, desk.draft) == "payment_orders_payments_ck"


async def test_a_file_that_was_taken_keeps_its_order_from_being_cancelled(desk: Desk) -> None:
    assert await desk.tries(OFFICER, _TAKEN, new_id(), desk.sealed) == 1
    assert await desk.tries(APPROVER, _CANCELLED, desk.sealed) == "payment_orders_non_payment_ck"


async def test_whose_a_payment_is_not_learns_nothing_of_it(desk: Desk) -> None:
    asked = "select payment_order_obstacle($1, current_date, $2, null, null)"
    found = {}
    for who in (OFFICER, COORDINATOR, OTHER_OFFICER, OTHER_COORDINATOR, COUNSELLOR, ADMINISTRATOR):
        await become(desk.transaction, who)
        found[who.id] = [await desk.transaction.fetch_value(asked, desk.account, one) for one in (desk.free, new_id())]
    hidden = ["OTHER_OFFICE", None]
    assert found == {
        OFFICER.id: [None, None],
        COORDINATOR.id: [None, None],
        OTHER_OFFICER.id: hidden,
        OTHER_COORDINATOR.id: hidden,
        COUNSELLOR.id: [None, None],
        ADMINISTRATOR.id: hidden,
    }


async def test_who_took_the_file_gives_no_order_up_and_a_changed_payee_keeps_it_from_the_first(desk: Desk) -> None:
    await desk.transaction.execute("savepoint taken")
    assert await desk.tries(OFFICER, _TAKEN, new_id(), desk.sealed) == 1
    by_the_same = _CANCELLED.replace("'second'", "'officer'")
    assert await desk.tries(OFFICER, by_the_same, desk.sealed) == "payment_orders_taken_ck"
    assert await desk.tries(APPROVER, _CANCELLED, desk.sealed) == "payment_orders_non_payment_ck"
    await desk.transaction.execute("rollback to taken")
    another = (
        "insert into supplier_accounts (id, supplier_id, number, kind, account, holder, recorded_by)"
        " select gen_random_uuid(), a.supplier_id, a.number + 1, a.kind, '9' || a.account, a.holder, 'officer'"
        " from payment_order_lines l join supplier_accounts a on a.id = l.supplier_account_id where l.order_id = $1"
    )
    for order in (desk.sealed, desk.sent):
        assert await desk.tries(OFFICER, another, order) == 1
    assert await desk.tries(OFFICER, _TAKEN, new_id(), desk.sealed) == "payment_order_downloads_payments_ck"
    # The bank has the other one.
    assert await desk.tries(OFFICER, _TAKEN, new_id(), desk.sent) == 1
