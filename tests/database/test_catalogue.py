"""The migrated database, compared with its models and with what is written here: columns, keys, rules, rights, policies."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from tortoise import Tortoise, fields
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.models import Model

from reintegration.database.embedded import DatabaseAddresses
from reintegration.models import register_models

EXPECTED = Path(__file__).with_name("expected")
WITHOUT_MODEL = {
    "schema_migrations": "the migrator's own",
    "status_transitions": "read by triggers alone",
    "idempotency_records": "read and written by the unit of work alone",
    "ledger_kind_roles": "read by a policy alone",
    "supplier_traits": "kept and read by the guard alone",
}
WITHOUT_AUDIT = {
    "audit_log": "is the log",
    "schema_migrations": "the migrator's own, kept with digests",
    "status_transitions": "changes with a migration alone",
    "ledger_kind_roles": "changes with a migration alone",
    "idempotency_records": "says only that a request was answered; its change is logged",
    "export_jobs": "an order changes no fact that a report shows, and the same position must give the same report",
    "export_files": "as export_jobs",
    "payment_totals": "sums of facts that are logged",
    "invariant_checks": "a look changes no fact, and the same position must give the same report",
    "supplier_traits": "normal forms of facts that are logged",
    "receipt_secrets": "a secret is not copied; its code is logged",
}
REFERENCE = {
    "countries",
    "currencies",
    "deadline_rules",
    "exchange_rate_months",
    "exchange_rates",
    "exclusion_rules",
    "field_offices",
    "funds",
    "indicator_definitions",
    "ledger_kind_roles",
    "legal_forms",
    "operations",
    "partners",
    "payment_thresholds",
    "required_documents",
    "return_desks",
    "schema_migrations",
    "status_transitions",
    "tariff_rules",
    "tariff_versions",
    "visa_regimes",
}
"""Known to everybody signed in: the only tables without row-level security."""
DEFINERS = {
    "check_advance",
    "check_advance_matched",
    "check_advance_return",
    "check_bank_account",
    "check_budget_transfer",
    "check_budget_transfer_posted",
    "check_case_closing",
    "check_cash_balance",
    "check_cash_posting",
    "check_entitlement",
    "check_expiry",
    "check_expiry_posted",
    "check_extension_in_time",
    "check_new_payment",
    "check_payment",
    "check_payment_account",
    "check_payment_endorsement",
    "check_payment_held",
    "check_payment_hold",
    "check_payment_matched",
    "check_payment_order",
    "check_payment_order_download",
    "check_payment_order_line",
    "check_payment_order_sum",
    "check_payment_ordered",
    "check_payment_part",
    "check_payment_refund",
    "check_payment_refund_posted",
    "check_payment_refunded",
    "check_payment_shortfall",
    "check_payment_shortfall_settled",
    "check_payment_supplier",
    "check_payment_threshold",
    "check_plan_item",
    "check_plan_total",
    "check_postings",
    "check_postings_balance",
    "check_rebudget",
    "check_receipt_code",
    "check_receipt_posted",
    "check_receipt_matched",
    "check_receipt_postings",
    "check_receivable",
    "check_receivable_instalments",
    "check_receivable_plan",
    "check_receivable_receipt",
    "check_receivable_write_off",
    "check_refund_postings",
    "check_service_fee_claim",
    "check_service_fee_posted",
    "check_service_fee_tariff",
    "check_statement",
    "check_statement_file",
    "check_statement_imported",
    "check_statement_lines",
    "check_statement_mapping",
    "check_statement_match",
    "check_statement_match_line",
    "check_statement_match_record",
    "check_supplier_account",
    "check_supplier_likeness",
    "compare_names_anew",
    "compare_new_supplier",
    "correct_period",
    "draw_float",
    "fact_position",
    "hold_payment_case",
    "keep_payment_scope",
    "keep_payment_totals",
    "keep_receipt_totals",
    "keep_refund_totals",
    "line_returns",
    "move_payment_scope",
    "payment_case_is_closed",
    "payment_order_obstacle",
    "payment_scope_differences",
    "payment_totals_differences",
    "receive_into_float",
    "record_change",
    "refund_float",
    "returned_by_administrative_status",
    "seal_period",
    "supplier_hold",
    "supplier_likeness_differences",
    "undo_statement_match",
}
TYPES: dict[type[fields.Field], str] = {  # type: ignore[type-arg]  # of any value
    fields.UUIDField: "uuid",
    fields.TextField: "text",
    fields.CharField: "text",
    fields.BigIntField: "bigint",
    fields.IntField: "integer",
    fields.SmallIntField: "smallint",
    fields.BinaryField: "bytea",
    fields.BooleanField: "boolean",
    fields.DateField: "date",
    fields.DatetimeField: "timestamp with time zone",
    fields.JSONField: "jsonb",
}


@pytest.fixture(scope="module")
async def catalogue(database_urls: DatabaseAddresses) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_urls.superuser_url)
    yield connection
    await connection.close()


async def names(catalogue: asyncpg.Connection, sql: str) -> set[str]:
    return {row[0] for row in await catalogue.fetch(sql)}


async def tables(catalogue: asyncpg.Connection) -> set[str]:
    return await names(
        catalogue, "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"
    )


async def models() -> dict[str, type[Model]]:
    await register_models()
    found = {model._meta.db_table: model for app in Tortoise.apps.values() for model in app.values()}  # noqa: SLF001 - Tortoise's metadata has no other door
    assert len(found) == sum(len(app) for app in Tortoise.apps.values())
    return found


async def test_every_table_has_its_model_and_every_model_its_table(catalogue: asyncpg.Connection) -> None:
    assert await tables(catalogue) - WITHOUT_MODEL.keys() == (await models()).keys()


async def test_models_have_the_columns_types_nulls_and_keys_of_their_tables(catalogue: asyncpg.Connection) -> None:
    rows = await catalogue.fetch(
        """
        select c.relname as relation, a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
            not a.attnotnull as optional,
            exists (
                select from pg_constraint k
                where k.conrelid = c.oid and k.contype = 'p' and k.conkey = array[a.attnum]
            ) as key
        from pg_attribute a
        join pg_class c on c.oid = a.attrelid
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
        """
    )
    stored = {(row["relation"], row["name"]): (row["type"], row["optional"], row["key"]) for row in rows}
    declared = {}
    for table, model in (await models()).items():
        for name, column in model._meta.fields_db_projection.items():  # noqa: SLF001 - see above
            field = model._meta.fields_map[name]  # noqa: SLF001 - see above
            kind = next(TYPES[base] for base in type(field).__mro__ if base in TYPES)
            declared[table, column] = (kind, field.null, field.pk)
    assert declared == {key: value for key, value in stored.items() if key[0] not in WITHOUT_MODEL}


async def test_models_have_the_foreign_keys_of_their_tables(catalogue: asyncpg.Connection) -> None:
    """By first column: where a key has two, the second is the case (or office) that both sides must share."""
    rows = await catalogue.fetch(
        """
        select k.conrelid::regclass::text as relation, a.attname as name, k.confrelid::regclass::text as target,
            k.confdeltype::text
        from pg_constraint k
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
        where k.contype = 'f' and k.connamespace = 'public'::regnamespace
        """
    )
    assert {row["confdeltype"] for row in rows} == {"a"}  # nothing cascades
    stored = {(row["relation"], row["name"], row["target"]) for row in rows if row["relation"] not in WITHOUT_MODEL}
    declared = set()
    for table, model in (await models()).items():
        for name in model._meta.fk_fields | model._meta.o2o_fields:  # noqa: SLF001 - see above
            field = model._meta.fields_map[name]  # noqa: SLF001 - see above
            assert isinstance(field, ForeignKeyFieldInstance)
            column = model._meta.fields_db_projection[str(field.source_field)]  # noqa: SLF001 - see above
            declared.add((table, column, field.related_model._meta.db_table))  # noqa: SLF001 - see above
    assert declared == stored


async def test_every_foreign_key_has_an_index_that_leads_with_its_columns(catalogue: asyncpg.Connection) -> None:
    without = await names(
        catalogue,
        """
        select k.conname from pg_constraint k
        where k.contype = 'f' and k.connamespace = 'public'::regnamespace and not exists (
            select from pg_index i
            where i.indrelid = k.conrelid and i.indpred is null and i.indisvalid
                and (i.indkey::int2[])[0 : cardinality(k.conkey) - 1] @> k.conkey
        )
        """,
    )
    assert without == set()


async def test_every_rule_is_named_after_its_table_and_kind(catalogue: asyncpg.Connection) -> None:
    rows = await catalogue.fetch(
        "select conrelid::regclass::text as relation, conname as name, contype::text as kind from pg_constraint"
        " where connamespace = 'public'::regnamespace and contype <> 'n'"
    )
    ending = {"p": "pk", "c": "ck", "u": "uq", "f": "fk", "x": "ex", "t": "ck"}
    crooked = [
        row["name"]
        for row in rows
        if not (row["name"].startswith(f"{row['relation']}_") and row["name"].endswith(f"_{ending[row['kind']]}"))
    ]
    assert crooked == []


async def test_every_rule_that_is_expected_is_there_and_no_other(catalogue: asyncpg.Connection) -> None:
    found = await names(
        catalogue,
        """
        select conrelid::regclass::text || ' ' || conname from pg_constraint
        where connamespace = 'public'::regnamespace and contype <> 'n'
        union
        select i.indrelid::regclass::text || ' ' || i.indexrelid::regclass::text
        from pg_index i join pg_class c on c.oid = i.indrelid
        where c.relnamespace = 'public'::regnamespace and i.indisunique and i.indpred is not null
        union
        select tgrelid::regclass::text || ' trigger ' || tgname from pg_trigger
        where not tgisinternal and tgrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)
        """,
    )
    assert sorted(found) == (EXPECTED / "rules.txt").read_text(encoding="utf-8").splitlines()


async def test_case_data_is_under_forced_row_level_security(catalogue: asyncpg.Connection) -> None:
    rows = await catalogue.fetch(
        """
        select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as forced,
            (select count(*) from pg_policy p where p.polrelid = c.oid) as policies,
            exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'case_id') as of_a_case
        from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
        """
    )
    assert {row["name"] for row in rows if not row["forced"]} == REFERENCE
    assert [row["name"] for row in rows if row["forced"] and row["policies"] == 0] == []
    assert [row["name"] for row in rows if row["of_a_case"] and not row["forced"]] == []


async def test_every_table_is_logged_but_those_with_a_reason(catalogue: asyncpg.Connection) -> None:
    rows = await catalogue.fetch(
        "select tgrelid::regclass::text as relation, tgname as name, tgtype, tgenabled::text from pg_trigger"
        " where tgfoid = 'record_change'::regproc"
    )
    after_each_statement = {"insert": 4, "update": 16, "delete": 8}
    assert {row["tgenabled"] for row in rows} == {"O"}
    assert {(row["relation"], row["name"], row["tgtype"]) for row in rows} == {
        (relation, f"{relation}_audit_{event}", kind)
        for relation in await tables(catalogue) - WITHOUT_AUDIT.keys()
        for event, kind in after_each_statement.items()
    }


async def test_rights_are_exactly_those_written_here(catalogue: asyncpg.Connection) -> None:
    rows = await catalogue.fetch(
        """
        select c.relname as relation, g.grantee::regrole::text as role, g.privilege_type as privilege, null as name
        from pg_class c cross join lateral aclexplode(c.relacl) g
        where c.relnamespace = 'public'::regnamespace and g.grantee <> c.relowner and g.grantee <> 0
        union all
        select c.relname, g.grantee::regrole::text, g.privilege_type, a.attname
        from pg_class c join pg_attribute a on a.attrelid = c.oid cross join lateral aclexplode(a.attacl) g
        where c.relnamespace = 'public'::regnamespace and g.grantee <> c.relowner
        """
    )
    found: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        right = row["privilege"].lower() + (f"({row['name']})" if row["name"] else "")
        found.setdefault((row["relation"], row["role"]), set()).add(right)
    lines = sorted(f"{table} {role}: {' '.join(sorted(rights))}" for (table, role), rights in found.items())
    assert lines == (EXPECTED / "rights.txt").read_text(encoding="utf-8").splitlines()


async def test_only_a_draft_line_is_ever_deleted_and_nothing_is_truncated_or_referenced(catalogue: asyncpg.Connection) -> None:
    """The rights file read aloud, so that nobody widens it without a thought."""
    lines = (EXPECTED / "rights.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if "delete" in line] == ["payment_lines reintegration_app: delete insert select update"]
    assert [line for line in lines if "truncate" in line or "references" in line or "trigger" in line] == []
    auditor = [line for line in lines if " reintegration_auditor:" in line]
    assert {line.partition(": ")[2] for line in auditor} == {"select"}
    public = await catalogue.fetch(
        "select c.relname from pg_class c cross join lateral aclexplode(c.relacl) g"
        " where c.relnamespace = 'public'::regnamespace and g.grantee = 0"
    )
    assert [row["relname"] for row in public] == ["schema_migrations"]


async def test_functions_with_others_rights_are_the_guards_and_pin_their_path(catalogue: asyncpg.Connection) -> None:
    rows = await catalogue.fetch(
        "select proname as name, proowner::regrole::text as owner, proconfig as settings from pg_proc"
        " where pronamespace in ('public'::regnamespace, 'jobs'::regnamespace) and prosecdef"
    )
    assert {row["name"] for row in rows} == DEFINERS
    assert {row["owner"] for row in rows} == {"reintegration_guard"}
    assert {tuple(row["settings"]) for row in rows} == {("search_path=pg_catalog, public, pg_temp",)}


async def test_the_owner_owns_every_table_and_the_roles_have_no_power_of_their_own(catalogue: asyncpg.Connection) -> None:
    owners = await names(
        catalogue,
        "select distinct relowner::regrole::text from pg_class"
        " where relnamespace in ('public'::regnamespace, 'jobs'::regnamespace)",
    )
    assert owners == {"reintegration_owner"}
    powers = await catalogue.fetch(
        "select rolname from pg_roles where rolname in"
        " ('reintegration_owner', 'reintegration_app', 'reintegration_auditor', 'reintegration_guard')"
        " and not (rolsuper or rolbypassrls or rolcanlogin or rolcreatedb or rolcreaterole or rolreplication)"
    )
    assert len(powers) == 4
    assert await names(catalogue, "select relname from pg_class where relkind in ('v', 'm') and relnamespace = 2200") == set()


async def test_a_function_with_others_rights_that_can_be_called_is_called_by_our_roles_alone(
    catalogue: asyncpg.Connection,
) -> None:
    open_to_all = await names(
        catalogue,
        """
        select proname from pg_proc
        where pronamespace = 'public'::regnamespace and prosecdef and prorettype <> 'trigger'::regtype
            and has_function_privilege('public', oid, 'execute')
        """,
    )
    assert open_to_all == set()
