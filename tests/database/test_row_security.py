"""Row-level security, for each role and table: what is seen, what may be written, exact to the row."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import pytest

from reintegration.database.bulk import insert_rows
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.roles import OWNER_ROLE
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork, open_pool
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.ids import new_id
from tests.builders import CAMEROON, MONGOLIA, MONGOLIA_CARITAS, SYSTEM, actor
from tests.database.law import become, become_nobody, outcome, undone
from tests.database.law_case import LawCase, a_law_case
from tests.database.law_writers import inserts, updates

KEY_OF_CASE = {"cases": "id", "suppliers": "id"}
"""The column that says whose a row is; `case_id` elsewhere."""
ROWS_OF_A_CASE = {
    "cases": 1,
    "case_intakes": 1,
    "returnees": 1,
    "returnee_identities": 1,
    "vulnerabilities": 1,
    "case_transfers": 1,
    "entitlement_assessments": 1,
    "entitlement_exceptions": 1,
    "entitlements": 2,
    "deadline_extensions": 1,
    "deadline_notices": 1,
    "plans": 1,
    "plan_items": 2,
    "budget_transfers": 1,
    "ledger_accounts": 2,
    "ledger_transactions": 2,
    "ledger_postings": 4,
    "suppliers": 1,
    "payments": 1,
    "payment_lines": 1,
    "payment_holds": 1,
    "documents": 1,
    "payment_documents": 1,
}
BOTH, OWN, NONE = "both", "own", "none"
BY_ROLE = {
    Role.RETURN_COUNSELLOR: BOTH,
    Role.FIELD_OFFICER: OWN,
    Role.FIELD_APPROVER: OWN,
    Role.PARTNER_COORDINATOR: OWN,
    Role.FEDASIL_FINANCE: BOTH,
    Role.FEDASIL_PROGRAMME: BOTH,
    Role.AUDITOR: BOTH,
    Role.ADMINISTRATOR: NONE,
    Role.SYSTEM: BOTH,
}
FIELD = (Role.FIELD_OFFICER, Role.FIELD_APPROVER, Role.PARTNER_COORDINATOR)
SEES_LESS: Mapping[str, tuple[Role, ...]] = {
    "case_intakes": (*FIELD, Role.FEDASIL_FINANCE),
    "entitlement_assessments": (*FIELD, Role.FEDASIL_FINANCE),
    "entitlement_exceptions": (*FIELD, Role.FEDASIL_FINANCE),
    "returnee_identities": (Role.FEDASIL_FINANCE, Role.AUDITOR),
    "vulnerabilities": (Role.FEDASIL_FINANCE,),
}
FRESH: Mapping[str, Mapping[str, object]] = {
    "cases": {"status": "registered", "reference": "BE-1902-000001", "departed_on": None, "arrived_on": None}
    | {"arrival_confirmed_by": None, "arrival_confirmed_at": None},
    "plans": {"status": "draft", "submitted_by": None, "submitted_at": None, "decided_by": None, "decided_at": None, "number": 2},
    "suppliers": {"name": "Another supplier"},
    "ledger_transactions": {"kind": "payment_unreserved"},
    "payment_holds": {"lifted_by": None, "lifted_at": None, "lift_reason": None},
}
"""What a second row of a table must have of its own, so that no check stops it before the policy does."""
INSERT_ONLY = (
    "case_transfers",
    "deadline_notices",
    "deadline_expiries",
    "entitlement_assessments",
    "plan_items",
    "ledger_accounts",
    "ledger_transactions",
    "ledger_postings",
    "payment_documents",
)
HARMLESS_UPDATE = {
    "cases": "status",
    "vulnerabilities": "decision",
    "entitlement_exceptions": "decision",
    "entitlements": "deadline_on",
    "deadline_extensions": "decision",
    "plans": "status",
    "budget_transfers": "decision",
    "payments": "status",
    "documents": "status",
    "suppliers": "name",
    "payment_lines": "description",
    "returnees": "gender",
    "returnee_identities": "latin_name",
    "case_intakes": "applied_on",
}


@dataclass(frozen=True, slots=True)
class Caseload:
    """A case of IOM's office in Mongolia and one of Caritas' office there."""

    transaction: Transaction
    own: LawCase
    other: LawCase

    def seen(self, table: str, role: Role) -> tuple[int, int]:
        """How many rows of each case a role of the first office should see."""
        rows = ROWS_OF_A_CASE[table]
        reach = NONE if role in SEES_LESS.get(table, ()) else BY_ROLE[role]
        return (rows * (reach != NONE), rows * (reach == BOTH))


@pytest.fixture(scope="module")
async def caseload(law_pool: asyncpg.Pool) -> AsyncIterator[Caseload]:
    async with undone(law_pool) as transaction:
        own, other = await a_law_case(transaction), await a_law_case(transaction, MONGOLIA_CARITAS)
        yield Caseload(transaction, own, other)


def key_of(table: str, case: LawCase) -> tuple[str, UUID]:
    column = KEY_OF_CASE.get(table, "case_id")
    return column, case.supplier_id if table == "suppliers" else case.id


async def counts(caseload: Caseload, table: str) -> tuple[int, ...] | str:
    """Rows that the present actor sees of each case, or `denied`."""
    found: list[int] = []
    for case in (caseload.own, caseload.other):
        column, key = key_of(table, case)
        seen = await outcome(caseload.transaction, f"select from {table} where {column} = $1", key)
        if isinstance(seen, str):
            return seen
        found.append(seen)
    return tuple(found)


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_sees_exactly_its_rows_of_every_table(caseload: Caseload, role: Role) -> None:
    await become(caseload.transaction, actor(role))
    found = {table: await counts(caseload, table) for table in ROWS_OF_A_CASE}
    expected: dict[str, tuple[int, ...] | str] = {table: caseload.seen(table, role) for table in ROWS_OF_A_CASE}
    if role is Role.AUDITOR:
        expected["returnee_identities"] = "denied"
    assert found == expected


@pytest.mark.parametrize("role", [Role.FIELD_OFFICER, Role.FIELD_APPROVER])
async def test_another_office_of_the_same_partner_sees_neither(caseload: Caseload, role: Role) -> None:
    await become(caseload.transaction, actor(role, office=CAMEROON))
    assert {table: await counts(caseload, table) for table in ROWS_OF_A_CASE} == dict.fromkeys(ROWS_OF_A_CASE, (0, 0))


@pytest.mark.parametrize("role", FIELD)
async def test_a_scoped_role_without_a_scope_sees_nothing(caseload: Caseload, role: Role) -> None:
    await become(caseload.transaction, Actor(id="nowhere", role=role))
    assert {table: await counts(caseload, table) for table in ROWS_OF_A_CASE} == dict.fromkeys(ROWS_OF_A_CASE, (0, 0))


async def test_an_office_gives_nothing_to_a_role_that_has_none(caseload: Caseload) -> None:
    everywhere = frozenset({MONGOLIA, MONGOLIA_CARITAS})
    await become(caseload.transaction, Actor(id="it", role=Role.ADMINISTRATOR, offices=everywhere, partner_id=new_id()))
    found = {table: await counts(caseload, table) for table in ROWS_OF_A_CASE if table != "suppliers"}
    assert found == {table: (0, 0) for table in ROWS_OF_A_CASE if table != "suppliers"}


async def test_nothing_set_nothing_seen(caseload: Caseload) -> None:
    await become_nobody(caseload.transaction)
    tables = [*ROWS_OF_A_CASE, "audit_log", "idempotency_records", "export_jobs", "export_files"]
    statement = "select count(*) from {}"
    assert {table: await caseload.transaction.fetch_value(statement.format(table)) for table in tables} == dict.fromkeys(
        tables, 0
    )


async def another(caseload: Caseload, table: str, case: LawCase) -> dict[str, object]:
    """A row like one that the case has, with keys of its own."""
    await become(caseload.transaction, SYSTEM)
    column, key = key_of(table, case)
    row = await caseload.transaction.fetch_one(f"select * from {table} where {column} = $1 limit 1", key)  # noqa: S608 - ours
    assert row is not None
    cells = {name: row[name] for name in row.keys() if name not in {"transaction_id", "id"}}  # noqa: SIM118 - values otherwise
    if table == "ledger_postings":
        cells["transaction_id"] = row["transaction_id"]
    elif "id" in row.keys():  # noqa: SIM118 - values otherwise
        cells["id"] = new_id()
    plain: dict[str, object] = {name: value for name, value in cells.items() if name not in {"facts", "steps", "result"}}
    documents: dict[str, object] = {name: {} for name in ("facts", "steps", "result") if name in cells}
    return {**plain, **documents, **FRESH.get(table, {})}


async def insertable(caseload: Caseload, who: Actor, table: str, case: LawCase) -> bool:
    """Whether grant and policy let the row through; a unique key or a check may still refuse it then."""
    row = await another(caseload, table, case)
    if table == "ledger_transactions":
        row["actor_id"] = who.id
    await become(caseload.transaction, who)
    await caseload.transaction.execute("savepoint insertion")
    try:
        await insert_rows(caseload.transaction, table, [row])
    except asyncpg.InsufficientPrivilegeError:
        return False
    except asyncpg.IntegrityConstraintViolationError:
        return True
    else:
        return True
    finally:
        await caseload.transaction.execute("rollback to insertion")


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_writes_new_rows_only_where_it_sees_and_has_the_permission(caseload: Caseload, role: Role) -> None:
    found, expected = {}, {}
    for table in ROWS_OF_A_CASE:
        found[table] = tuple([await insertable(caseload, actor(role), table, case) for case in (caseload.own, caseload.other)])
        seen = caseload.seen(table, role)
        expected[table] = (seen[0] > 0 and inserts(role, table), seen[1] > 0 and inserts(role, table))
    assert found == expected


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_touches_old_rows_only_where_it_sees_and_has_the_permission(caseload: Caseload, role: Role) -> None:
    found, expected = {}, {}
    for table, column in HARMLESS_UPDATE.items():
        results: list[object] = []
        for case in (caseload.own, caseload.other):
            await become(caseload.transaction, actor(role))
            name, key = key_of(table, case)
            statement = f"update {table} set {column} = {column} where {name} = $1"  # noqa: S608 - our tables
            if table == "documents":  # a stored one never changes: being refused by that is being let through by the policy
                result = await outcome(caseload.transaction, statement, key)
                results.append(1 if result == "documents_append_only_ck" else result)
            else:
                await caseload.transaction.execute("savepoint harmless")
                results.append(await outcome(caseload.transaction, statement, key))
                await caseload.transaction.execute("rollback to harmless")
        found[table] = tuple(results)
        seen = caseload.seen(table, role)
        may = tuple("denied" if rows and not updates(role, table) else rows for rows in seen)
        expected[table] = ("denied", "denied") if role is Role.AUDITOR else may
    assert found == expected


@pytest.mark.parametrize("table", INSERT_ONLY)
async def test_what_is_written_once_nobody_may_update(caseload: Caseload, table: str) -> None:
    for role in Role:
        await become(caseload.transaction, actor(role))
        assert await outcome(caseload.transaction, f"update {table} set case_id = case_id") == "denied"  # noqa: S608 - ours
        assert await outcome(caseload.transaction, f"delete from {table}") == "denied"  # noqa: S608 - ours


@pytest.mark.parametrize("role", list(Role))
async def test_the_log_is_read_by_fedasil_programme_and_auditors_who_never_read_names(caseload: Caseload, role: Role) -> None:
    await become(caseload.transaction, actor(role))
    key = str(caseload.own.id)
    seen = [
        await caseload.transaction.fetch_value(sql, key)
        for sql in (
            "select count(*) from audit_log where table_name = 'cases' and row_id = $1",
            "select count(*) from audit_log where table_name = 'returnee_identities' and after ->> 'case_id' = $1",
        )
    ]
    expected = {Role.FEDASIL_PROGRAMME: [4, 1], Role.SYSTEM: [4, 1], Role.AUDITOR: [4, 0]}
    assert seen == expected.get(role, [0, 0])


async def test_a_deletion_of_a_draft_line_reaches_no_hidden_row(caseload: Caseload) -> None:
    await become(caseload.transaction, actor(Role.FIELD_OFFICER))
    statement = "delete from payment_lines where id = $1"
    assert await outcome(caseload.transaction, statement, caseload.other.payment_line_id) == 0
    await caseload.transaction.execute("savepoint line")
    assert await outcome(caseload.transaction, statement, caseload.own.payment_line_id) == 1
    await caseload.transaction.execute("rollback to line")


async def test_the_owner_of_the_tables_sees_nothing_without_an_actor(fresh_database: DatabaseAddresses) -> None:
    pool = await open_pool(fresh_database.application_url, max_size=1)
    await UnitOfWork(pool, {}).write(SYSTEM, a_law_case)
    await pool.close()
    connection = await asyncpg.connect(fresh_database.superuser_url)
    try:
        await connection.execute(f"set role {OWNER_ROLE}")
        found = {table: await connection.fetchval(f"select count(*) from {table}") for table in (*ROWS_OF_A_CASE, "audit_log")}  # noqa: S608 - ours
    finally:
        await connection.close()
    assert found == dict.fromkeys(found, 0)
