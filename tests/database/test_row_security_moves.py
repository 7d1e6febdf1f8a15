"""Row-level security at its edges: transferred cases, rows moved into hidden ones, what errors tell, what a connection keeps."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import IdempotencyKey, UnitOfWork, open_pool
from reintegration.kernel.actor import Role
from reintegration.kernel.errors import NotFoundError
from reintegration.kernel.ids import new_id
from reintegration.kernel.reference import Reference
from tests.builders import CAMEROON, MONGOLIA, MONGOLIA_CARITAS, OFFICER, OTHER_COORDINATOR, OTHER_OFFICER, SYSTEM, actor
from tests.database.law import become, outcome, refused, undone
from tests.database.law_case import FUND, PAID, LawCase, a_document, a_law_case, a_line, a_payment, attach

OLD = OFFICER
NEW = actor(Role.FIELD_OFFICER, "officer-of-caritas", office=MONGOLIA_CARITAS)
NEW_COORDINATOR = OTHER_COORDINATOR
KEPT = {
    "payments": 1,
    "payment_lines": 1,
    "payment_holds": 1,
    "documents": 1,
    "payment_documents": 1,
    "plan_items": 1,
    "ledger_accounts": 2,
    "ledger_transactions": 2,
    "ledger_postings": 4,
}
KEPT_BY_THE_OLD = {**KEPT, "ledger_transactions": 0, "ledger_postings": 0}
"""Nothing was posted for the payment; the rest of the case's ledger is what the next office does."""
LOST = (
    "case_intakes",
    "returnees",
    "returnee_identities",
    "vulnerabilities",
    "case_transfers",
    "entitlement_assessments",
    "entitlement_exceptions",
    "entitlements",
    "deadline_extensions",
    "plans",
    "budget_transfers",
    "deadline_notices",
)


@dataclass(frozen=True, slots=True)
class Moved:
    """A case that went from IOM to Caritas, and one that stayed with Caritas."""

    transaction: Transaction
    case: LawCase
    hidden: LawCase


@pytest.fixture(scope="module")
async def moved(law_pool: asyncpg.Pool) -> AsyncIterator[Moved]:
    async with undone(law_pool) as transaction:
        case, hidden = await a_law_case(transaction), await a_law_case(transaction, MONGOLIA_CARITAS)
        await transaction.execute(
            "update cases set (field_office_id, partner_id) = (select id, partner_id from field_offices where id = $2)"
            " where id = $1",
            case.id,
            MONGOLIA_CARITAS,
        )
        yield Moved(transaction, case, hidden)


async def count(moved: Moved, table: str, case: LawCase) -> object:
    column = "id" if table == "cases" else "case_id"
    return await moved.transaction.fetch_value(f"select count(*) from {table} where {column} = $1", case.id)  # noqa: S608 - ours


async def test_the_old_office_keeps_its_payments_and_what_they_hang_on_but_not_the_case(moved: Moved) -> None:
    await become(moved.transaction, OLD)
    assert await count(moved, "cases", moved.case) == 0
    assert {table: await count(moved, table, moved.case) for table in KEPT} == KEPT_BY_THE_OLD
    assert {table: await count(moved, table, moved.case) for table in LOST} == dict.fromkeys(LOST, 0)


@pytest.mark.parametrize("who", [NEW, NEW_COORDINATOR], ids=lambda who: who.role.value)
async def test_the_new_office_and_its_partner_see_the_case_and_all_its_payments(moved: Moved, who: object) -> None:
    await become(moved.transaction, NEW if who is NEW else NEW_COORDINATOR)
    assert await count(moved, "cases", moved.case) == 1
    assert {table: await count(moved, table, moved.case) for table in KEPT} == {**KEPT, "plan_items": 2}
    assert await count(moved, "entitlements", moved.case) == 2


async def test_the_old_partners_coordinator_keeps_what_the_old_office_keeps_and_no_more(moved: Moved) -> None:
    await become(moved.transaction, actor(Role.PARTNER_COORDINATOR))
    assert {table: await count(moved, table, moved.case) for table in KEPT} == KEPT_BY_THE_OLD
    lost = ("cases", *LOST)
    assert {table: await count(moved, table, moved.case) for table in lost} == dict.fromkeys(lost, 0)


async def test_the_old_office_carries_its_payment_on_and_the_new_one_does_not(moved: Moved) -> None:
    update = "update payments set description = 'Another loom' where id = $1"
    delete = "delete from payment_lines where payment_id = $1"
    for who, expected in ((NEW, 0), (OLD, 1)):
        await become(moved.transaction, who)
        await moved.transaction.execute("savepoint carried")
        assert await outcome(moved.transaction, update, moved.case.payment_id) == expected
        await moved.transaction.execute("rollback to carried")
    await become(moved.transaction, NEW)
    assert await outcome(moved.transaction, "select from payments where id = $1 for update", moved.case.payment_id) == 0
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await inside(moved.transaction, a_line(moved.transaction, moved.case.payment_id, moved.case.id, position=2))
    document = await a_document(moved.transaction, moved.case.id, MONGOLIA_CARITAS)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await inside(moved.transaction, attach(moved.transaction, moved.case.payment_id, moved.case.id, document))
    await become(moved.transaction, OLD)
    await moved.transaction.execute("savepoint lines")
    assert await outcome(moved.transaction, delete, moved.case.payment_id) == 1
    await moved.transaction.execute("rollback to lines")


async def test_the_old_office_brings_the_proof_of_its_payment_but_makes_no_new_one(moved: Moved) -> None:
    await become(moved.transaction, OLD)
    await moved.transaction.execute("savepoint proof")
    document = await a_document(moved.transaction, moved.case.id, MONGOLIA, kind="proof_of_payment")
    await attach(moved.transaction, moved.case.payment_id, moved.case.id, document)
    await moved.transaction.execute("rollback to proof")
    item = moved.case.item_id
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await inside(moved.transaction, a_payment(moved.transaction, moved.case.id, MONGOLIA, plan_item_id=item))


async def inside(transaction: Transaction, attempt: "object") -> None:
    """Await an attempt that fails, and go on as if it had not been made."""
    await transaction.execute("savepoint inside")
    try:
        await attempt  # type: ignore[misc]  # any awaitable
    finally:
        await transaction.execute("rollback to inside")


async def test_nothing_is_moved_into_another_offices_case(moved: Moved) -> None:
    transaction, own, hidden = moved.transaction, moved.case, moved.hidden
    await become(transaction, SYSTEM)
    await transaction.execute("savepoint home")
    await transaction.execute(
        "update cases set (field_office_id, partner_id) = (select id, partner_id from field_offices where id = $2) where id = $1",
        own.id,
        MONGOLIA,
    )
    await become(transaction, OFFICER)
    for statement in (
        "update returnees set case_id = $2 where case_id = $1",
        "update documents set case_id = $2 where case_id = $1 and id = $3",
        "update case_intakes set case_id = $2 where case_id = $1",
        "update plans set case_id = $2 where case_id = $1",
        "update payments set case_id = $2 where case_id = $1",
        "update payment_lines set case_id = $2 where case_id = $1",
        "update cases set field_office_id = $2 where id = $1 and field_office_id <> $3",
    ):
        arguments: list[UUID] = [own.id, MONGOLIA_CARITAS if "update cases" in statement else hidden.id]
        arguments += [own.document_id] if "$3" in statement else []
        result = await outcome(transaction, statement, *arguments)
        assert result in {0, "denied", "documents_append_only_ck", "payments_content_ck", "payment_lines_payment_fk"}, statement
    for attempt in (
        a_payment(transaction, hidden.id, MONGOLIA, plan_item_id=hidden.item_id),
        a_payment(transaction, own.id, MONGOLIA_CARITAS, plan_item_id=own.item_id),
        a_payment(transaction, own.id, None, kind="cash_premium", stream="cash_premium", entitlement_id=own.premium_id),
        a_document(transaction, hidden.id, MONGOLIA),
        a_document(transaction, own.id, MONGOLIA_CARITAS),
        a_line(transaction, hidden.payment_id, hidden.id, position=2),
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await inside(transaction, attempt)
    await transaction.execute("rollback to home")


async def test_a_refusal_is_the_same_for_a_hidden_row_whatever_its_state_and_for_none_at_all(moved: Moved) -> None:
    transaction, hidden = moved.transaction, moved.hidden
    await become(transaction, SYSTEM)
    await transaction.execute("savepoint states")
    await transaction.execute("update payments set status = 'cancelled' where id = $1", hidden.payment_id)
    draft = await a_payment(transaction, hidden.id, MONGOLIA_CARITAS, plan_item_id=hidden.item_id)
    dublin = await transaction.fetch_value(
        "insert into cases (id, reference, status, country_of_return, dublin, registered_by)"
        " values ($1, 'BE-1902-000009', 'registered', 'MN', true, 'counsellor') returning id",
        new_id(),
    )
    await become(transaction, OTHER_OFFICER)
    line = (
        "insert into payment_lines (id, payment_id, case_id, position, description, amount_minor, currency, minor_digits)"
        " values (gen_random_uuid(), $1, $2, 7, 'x', 1, 'EUR', 2)"
    )
    messages = set()
    for payment in (hidden.payment_id, draft, new_id()):
        messages.add(await message(transaction, line, payment, hidden.id))
    attached = (
        "insert into payment_documents (id, payment_id, document_id, case_id, stage, attached_by)"
        " values (gen_random_uuid(), $1, $2, $3, 'request', 'x')"
    )
    for payment in (hidden.payment_id, draft, new_id()):
        for document in (hidden.document_id, new_id()):
            messages.add(await message(transaction, attached, payment, document, hidden.id))
    granted = (
        "insert into entitlements (id, case_id, assessment_id, stream, rule_id, fund_id, amount_minor, granted_by, granted_on)"
        " values (gen_random_uuid(), $1, gen_random_uuid(), 'cash_premium', 'x', $2, 1, 'x', $3)"
    )
    for case in (hidden.id, dublin, new_id()):
        messages.add(await message(transaction, granted, case, FUND, PAID))
    item = (
        "insert into plan_items (id, plan_id, case_id, line_id, position, kind, description, budget_minor)"
        " values (gen_random_uuid(), $1, $2, gen_random_uuid(), 9, 'other', 'x', 1)"
    )
    for plan in (hidden.plan_id, new_id()):
        messages.add(await message(transaction, item, plan, hidden.id))
    await transaction.execute("rollback to states")
    assert messages == {
        f'new row violates row-level security policy for table "{table}"'
        for table in ("payment_lines", "payment_documents", "entitlements", "plan_items")
    }


async def message(transaction: Transaction, sql: str, *arguments: object) -> str:
    """What a refused statement says."""
    await transaction.execute("savepoint message")
    with pytest.raises(asyncpg.PostgresError) as caught:
        await transaction.execute(sql, *arguments)
    await transaction.execute("rollback to message")
    assert getattr(caught.value, "detail", None) is None
    return str(caught.value)


async def test_no_function_tells_of_a_case_that_the_actor_does_not_see(moved: Moved) -> None:
    await become(moved.transaction, actor(Role.ADMINISTRATOR))
    rows = await moved.transaction.fetch("select * from returned_by_administrative_status(2025)")
    assert rows == []
    await become(moved.transaction, SYSTEM)
    await moved.transaction.execute("savepoint closed")
    await moved.transaction.execute("update payments set status = 'cancelled' where id = $1", moved.hidden.payment_id)
    closed = "update cases set status = 'closed', closed_on = '2025-06-01', close_reason = 'completed' where id = $1"
    await moved.transaction.execute(closed, moved.hidden.id)
    seen = {}
    for who in (SYSTEM, NEW, NEW_COORDINATOR, OLD, OTHER_OFFICER, actor(Role.PARTNER_COORDINATOR), actor(Role.ADMINISTRATOR)):
        await become(moved.transaction, who)
        asked = await moved.transaction.fetch_value("select payment_case_is_closed($1)", moved.hidden.payment_id)
        seen[who.id] = asked
    await become(moved.transaction, SYSTEM)
    await moved.transaction.execute("rollback to closed")
    assert {name for name, is_closed in seen.items() if is_closed} == {SYSTEM.id, NEW.id, NEW_COORDINATOR.id}


async def test_an_idempotency_key_of_another_actor_is_invisible(database_urls: DatabaseAddresses) -> None:
    pool = await open_pool(database_urls.application_url, max_size=1)
    try:
        work, key = UnitOfWork(pool, {}), IdempotencyKey(new_id(), "test", {"a": 1})

        async def nothing(transaction: Transaction) -> Reference:
            return Reference("Case", key.key, len(transaction.actor.id))

        first = await work.write_once(OFFICER, key, nothing)
        async with work.read(OTHER_OFFICER) as transaction:
            assert await transaction.fetch_value("select count(*) from idempotency_records where key = $1", key.key) == 0
        second = await work.write_once(OTHER_OFFICER, IdempotencyKey(key.key, "other", {"b": 2}), nothing)
    finally:
        await pool.close()
    assert (first.replayed, second.replayed) == (False, False)
    assert first.reference != second.reference


async def test_a_key_is_not_claimed_in_anothers_name(moved: Moved) -> None:
    await become(moved.transaction, OTHER_OFFICER)
    claim = "insert into idempotency_records values ($1, gen_random_uuid(), 'o', '{}', repeat('a', 64), '', gen_random_uuid(), 0)"
    await refused(moved.transaction, "denied", claim, OFFICER.id)
    await moved.transaction.execute("savepoint claim")
    assert await outcome(moved.transaction, claim, OTHER_OFFICER.id) == 1
    await moved.transaction.execute("rollback to claim")


async def test_what_a_transaction_set_is_gone_from_the_next_on_the_same_connection(database_urls: DatabaseAddresses) -> None:
    pool = await open_pool(database_urls.application_url, max_size=1)
    state = (
        "select actor_id(), actor_role(), actor_offices(), actor_partner(), current_user::text,"
        " (select count(*) from cases), (select count(*) from status_transitions) > 0"
    )
    try:
        work = UnitOfWork(pool, {})
        for who in (SYSTEM, actor(Role.AUDITOR), actor(Role.PARTNER_COORDINATOR), actor(Role.FIELD_OFFICER, office=CAMEROON)):
            async with work.read(who) as transaction:
                assert await transaction.fetch_value("select actor_id()") == who.id
            with pytest.raises(ZeroDivisionError):
                await work.write(who, breaks)
            async with pool.acquire() as connection:
                await connection.execute("begin")
                row = await connection.fetchrow(state)
                await connection.execute("commit")
            assert tuple(row) == (None, None, [], None, "reintegration_app", 0, True)
    finally:
        await pool.close()


async def breaks(_transaction: Transaction) -> None:
    raise ZeroDivisionError


async def test_outside_a_hidden_case_looks_like_none(fresh_database: DatabaseAddresses) -> None:
    pool = await open_pool(fresh_database.application_url, max_size=1)
    work = UnitOfWork(pool, {})
    hidden = await work.write(SYSTEM, a_law_case)

    async def write_into(case_id: UUID) -> str:
        with pytest.raises(NotFoundError) as caught:
            await work.write(OTHER_OFFICER, lambda transaction: a_document(transaction, case_id, CAMEROON))
        return caught.value.message

    try:
        assert await write_into(hidden.id) == await write_into(new_id())
    finally:
        await pool.close()
