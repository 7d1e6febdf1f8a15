"""What is written once stays: no role changes, removes or truncates it, the owner of the tables included."""

from collections.abc import AsyncIterator
from datetime import date
from uuid import UUID

import asyncpg
import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.roles import OWNER_ROLE
from reintegration.database.transaction import Transaction
from reintegration.kernel.actor import Role
from reintegration.kernel.ids import new_id
from tests.builders import SYSTEM, actor
from tests.database.law import become, insert, outcome, refused, undone
from tests.database.law_case import DIGEST, LawCase, a_law_case

APPEND_ONLY = {
    "audit_log": "actor_id = 'somebody else'",
    "cash_accounts": "kind = 'own'",
    "cash_postings": "cost_minor = cost_minor + 1",
    "cash_transactions": "effective_on = '2020-01-01'",
    "case_transfers": "reason = 'another reason'",
    "entitlement_assessments": "result = '{}'",
    "exchange_rates": "rate = '2'",
    "export_files": "row_count = 1",
    "invariant_checks": "violations = 0",
    "ledger_accounts": "minimum_minor = -1000000",
    "ledger_postings": "amount_minor = amount_minor + 1",
    "ledger_corrections": "month = '2099-01-01'",
    "ledger_transactions": "effective_on = '2020-01-01'",
    "open_item_explanations": "reason = 'Another one'",
    "payment_documents": "stage = 'settlement'",
    "payment_endorsements": "endorsed_by = 'somebody else'",
    "payment_order_downloads": "downloaded_by = 'somebody else'",
    "payment_shortfalls": "amount_minor = amount_minor + 1",
    "period_closes": "spent_minor = 0",
    "plan_items": "budget_minor = budget_minor + 1",
    "statement_lines": "amount_minor = amount_minor + 1",
    "statement_mappings": "mapping = '{}'",
    "statements": "closing_minor = closing_minor + 1",
    "receivable_instalments": "due_on = '2099-01-01'",
    "receivable_plans": "total_minor = total_minor + 1",
}
"""Each table with a change that would matter."""
TRUNCATED_BY_NOBODY = """
select c.relname from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
    and c.relname not in ('schema_migrations', 'status_transitions', 'ledger_kind_roles')
order by 1
"""


@pytest.fixture(scope="module")
async def stage(law_pool: asyncpg.Pool) -> AsyncIterator[Transaction]:
    """Rows in every append-only table."""
    async with undone(law_pool) as transaction:
        await a_law_case(transaction)
        month = await insert(
            transaction,
            "exchange_rate_months",
            month=date(1999, 1, 1),
            source="InforEuro",
            document_digest=DIGEST,
            imported_by="ann",
        )
        await insert(transaction, "exchange_rates", month_id=month, currency="USD", rate="1.1")
        job = await a_job(transaction)
        await insert(
            transaction,
            "export_files",
            job_id=job,
            name="a.csv",
            media_type="text/csv",
            object_key="k",
            sha256=DIGEST,
            size_bytes=0,
            row_count=0,
        )
        yield transaction


async def a_job(transaction: Transaction) -> UUID:
    return await insert(
        transaction,
        "export_jobs",
        kind="payments_ledger",
        definition_version="1",
        parameters={},
        parameters_digest=DIGEST,
        status="queued",
        attempts=0,
        rows_done=0,
        ordered_by="fin",
        ordered_role="fedasil_finance",
    )


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("role", [Role.SYSTEM, Role.FEDASIL_PROGRAMME, Role.AUDITOR])
async def test_the_application_and_the_auditor_lack_the_right(stage: Transaction, table: str, role: Role) -> None:
    await become(stage, actor(role))
    for statement in (f"update {table} set {APPEND_ONLY[table]}", f"delete from {table}", f"truncate {table}"):  # noqa: S608 - ours
        await refused(stage, "denied", statement)


@pytest.fixture
async def as_superuser(fresh_database: DatabaseAddresses) -> AsyncIterator[asyncpg.Connection]:
    """The strongest there is: passes grants and policies, so that only triggers are left."""
    connection = await asyncpg.connect(fresh_database.superuser_url)
    await connection.execute("begin; select set_config('app.actor', 'root', true), set_config('app.role', 'system', true)")
    yield connection
    await connection.execute("rollback")
    await connection.close()


async def tried(connection: asyncpg.Connection, statement: str) -> str:
    """The SQLSTATE of a refusal, or the command's status."""
    await connection.execute("savepoint tried")
    try:
        return str(await connection.execute(statement))
    except asyncpg.PostgresError as error:
        return str(error.sqlstate)
    finally:
        await connection.execute("rollback to tried")


async def rows_everywhere(connection: asyncpg.Connection) -> None:
    """A row in each append-only table, by the superuser, without the checks that need a whole case."""
    await connection.execute("set local session_replication_role = replica")
    for table in APPEND_ONLY:
        columns = await connection.fetch(
            "select attname, format_type(atttypid, null) as type from pg_attribute"
            " where attrelid = $1::regclass and attnum > 0 and attidentity = '' and not attisdropped and not atthasdef"
            " and (attnotnull or (attrelid::regclass::text, attname)"
            " in (('audit_log', 'after'), ('open_item_explanations', 'payment_id')))",
            table,
        )
        names = ", ".join(row["attname"] for row in columns)
        values = ", ".join(_filler(table, row["attname"], row["type"]) for row in columns)
        await connection.execute(f"insert into {table} ({names}) values ({values})")  # noqa: S608 - ours
    await connection.execute("set local session_replication_role = origin")


def _filler(table: str, column: str, kind: str) -> str:
    known = {
        ("audit_log", "action"): "'insert'",
        ("cash_accounts", "kind"): "'own'",
        ("cash_transactions", "kind"): "'advance_sent'",
        ("open_item_explanations", "month"): "date '2020-01-01'",
        ("period_closes", "month"): "date '2020-01-01'",
        ("ledger_corrections", "corrects"): "date '2020-01-01'",
        ("ledger_accounts", "kind"): "'fund'",
        ("ledger_transactions", "kind"): "'service_fee_owed'",
        ("ledger_transactions", "reference_kind"): "'ServiceFee'",
        ("plan_items", "kind"): "'other'",
        ("payment_documents", "stage"): "'request'",
        ("exchange_rates", "rate"): "'1'",
    }
    by_kind = {
        "uuid": "gen_random_uuid()",
        "text": "repeat('a', 64)",
        "jsonb": "'{}'",
        "date": "current_date",
        "boolean": "false",
    }
    by_kind["timestamp with time zone"] = "now()"
    return known.get((table, column), by_kind.get(kind, "1"))


async def test_not_even_a_superuser_updates_or_deletes_while_the_triggers_stand(as_superuser: asyncpg.Connection) -> None:
    await rows_everywhere(as_superuser)
    for table, change in APPEND_ONLY.items():
        for statement in (f"update {table} set {change}", f"delete from {table}"):  # noqa: S608 - ours
            assert await tried(as_superuser, statement) == "23514", statement


async def test_nobody_truncates_any_table(as_superuser: asyncpg.Connection) -> None:
    tables = [row["relname"] for row in await as_superuser.fetch(TRUNCATED_BY_NOBODY)]
    assert set(APPEND_ONLY) < set(tables)
    assert {table: await tried(as_superuser, f"truncate {table} cascade") for table in tables} == dict.fromkeys(tables, "42501")


async def test_the_owner_changes_nothing_either(as_superuser: asyncpg.Connection) -> None:
    await rows_everywhere(as_superuser)
    await as_superuser.execute(f"set local role {OWNER_ROLE}")
    untouched = {"UPDATE 0", "DELETE 0"}  # forced row-level security: the owner is given no row, or the trigger refuses it
    for table, change in APPEND_ONLY.items():
        for statement in (f"update {table} set {change}", f"delete from {table}"):  # noqa: S608 - ours
            assert await tried(as_superuser, statement) in {"23514", *untouched}, statement
        assert await tried(as_superuser, f"truncate {table} cascade") == "42501"


async def test_a_granted_entitlement_moves_only_its_deadline(stage: Transaction) -> None:
    await become(stage, SYSTEM)
    await refused(stage, "denied", "update entitlements set amount_minor = amount_minor + 1")
    await stage.execute("savepoint deadline")
    assert await outcome(stage, "update entitlements set deadline_on = deadline_on + 30 where stream = 'reintegration'") >= 1  # type: ignore[operator]  # a number here
    await stage.execute("rollback to deadline")


async def test_a_stored_document_and_a_finished_export_do_not_change(stage: Transaction) -> None:
    await become(stage, SYSTEM)
    case: LawCase = await a_law_case(stage)
    for change in ("status = 'pending', completed_at = null", "sha256 = repeat('b', 64)", "file_name = 'x'"):
        await refused(stage, "documents_append_only_ck", f"update documents set {change} where id = $1", case.document_id)  # noqa: S608 - ours
    job = await a_job(stage)
    await stage.execute("update export_jobs set status = 'failed', failure_code = 'x', finished_at = now() where id = $1", job)
    await refused(stage, "export_jobs_append_only_ck", "update export_jobs set status = 'queued' where id = $1", job)
    await refused(stage, "denied", "delete from export_jobs")


async def test_an_idempotency_record_is_completed_once_and_kept(stage: Transaction) -> None:
    await become(stage, SYSTEM)
    key = new_id()
    await stage.execute(
        "insert into idempotency_records values ('system', $1, 'o', '{}', repeat('a', 64), '', gen_random_uuid(), 0)", key
    )
    complete = "update idempotency_records set result_kind = 'Case', result_version = 1 where key = $1"
    assert await outcome(stage, complete, key) == 1
    await refused(stage, "idempotency_records_append_only_ck", complete, key)
    await refused(stage, "denied", "update idempotency_records set input_digest = repeat('b', 64) where key = $1", key)
    await refused(stage, "denied", "delete from idempotency_records where key = $1", key)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("vulnerabilities", "recorded_by"),
        ("entitlement_exceptions", "requested_by"),
        ("deadline_extensions", "requested_by"),
        ("budget_transfers", "requested_by"),
        ("budget_transfers", "reason"),
        ("payment_holds", "placed_by"),
        ("payment_holds", "reason"),
        ("receivables", "recorded_by"),
        ("receivables", "explanation"),
        ("receivable_receipts", "recorded_by"),
        ("receivable_receipts", "reference"),
        ("receivable_write_offs", "requested_by"),
        ("receivable_write_offs", "reason"),
        ("payment_refunds", "requested_by"),
        ("payment_refunds", "reason"),
        ("plans", "prepared_by"),
        ("plans", "content_digest"),
        ("exchange_rate_months", "imported_by"),
    ],
)
async def test_who_asked_first_is_never_rewritten(stage: Transaction, table: str, column: str) -> None:
    await become(stage, SYSTEM)
    await refused(stage, "denied", f"update {table} set {column} = 'somebody else'")  # noqa: S608 - ours


async def test_reference_data_is_the_owners(stage: Transaction) -> None:
    for role in (Role.ADMINISTRATOR, Role.SYSTEM):
        await become(stage, actor(role))
        for table, column in {
            "tariff_rules": "source",
            "tariff_versions": "digest",
            "countries": "name",
            "funds": "name",
        }.items():
            await refused(stage, "denied", f"update {table} set {column} = {column}")  # noqa: S608 - ours
            await refused(stage, "denied", f"delete from {table}")  # noqa: S608 - ours
