"""How PostgreSQL plans the documented queries on many cases: from an index, whatever the role, filter and order."""

import json
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import pytest

from reintegration.api.compile.reads import CompiledReads
from reintegration.api.identifiers import encode
from reintegration.api.schema import build_schema
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.snapshot import SnapshotReader, settings_of
from reintegration.kernel.actor import Actor, Role
from reintegration.models import register_models
from tests.benchmarks.caseload import BIG_OFFICE, fill
from tests.operations.conftest import cloned
from tests.operations.documents import DOCUMENTS

CASES = int(os.environ.get("SHAPES_CASES", "10000"))
"""Enough that reading all of them costs more than an index; a hundred thousand pass too, and take too long to make each time."""
LARGE = {
    "audit_log",
    "case_intakes",
    "cases",
    "documents",
    "entitlements",
    "ledger_accounts",
    "ledger_postings",
    "ledger_transactions",
    "payment_documents",
    "payment_lines",
    "payments",
    "plan_items",
    "plans",
    "returnee_identities",
    "returnees",
}
Node = dict[str, object]


@dataclass(frozen=True, slots=True)
class Big:
    """A database with many cases, and what to ask it for."""

    addresses: DatabaseAddresses
    office: UUID
    case: UUID
    payment: UUID
    reference: str


@pytest.fixture(scope="module")
async def big(postgres_addresses: DatabaseAddresses, database_template: str) -> AsyncIterator[Big]:
    await register_models()
    async with cloned(postgres_addresses, database_template) as addresses:
        yield await filled(addresses)


async def filled(addresses: DatabaseAddresses) -> Big:
    owner = await asyncpg.connect(addresses.owner_url)
    try:
        await fill(owner, CASES)
        row = await owner.fetchrow(
            "select o.id as office, c.id as case, c.reference, p.id as payment from field_offices as o"
            " join cases as c on c.field_office_id = o.id join payments as p on p.case_id = c.id where o.code = $1 limit 1",
            BIG_OFFICE,
        )
    finally:
        await owner.close()
    return Big(addresses, row["office"], row["case"], row["payment"], row["reference"])


def questions(big: Big) -> Iterator[tuple[str, Actor, dict[str, object]]]:
    """Documented queries, who asks them, and with what."""
    officer = Actor("officer", Role.FIELD_OFFICER, frozenset({big.office}))
    two = Actor("officer", Role.FIELD_OFFICER, frozenset({big.office, UUID(int=7)}))
    counsellor, finance = Actor("counsellor", Role.RETURN_COUNSELLOR), Actor("finance", Role.FEDASIL_FINANCE)
    auditor = Actor("auditor", Role.AUDITOR)
    office, case, payment = encode("FieldOffice", big.office), encode("Case", big.case), encode("Payment", big.payment)
    cases = "FieldOfficeCases"
    for who in (officer, two, counsellor, finance):
        yield cases, who, {"first": 50}
        yield cases, who, {"first": 50, "order": "REFERENCE"}
        yield cases, who, {"first": 50, "order": "DEPARTURE"}
        yield cases, who, {"first": 50, "filter": {"country": "BR", "departedFrom": "2023-01-01", "departedTo": "2023-01-31"}}
        yield cases, who, {"first": 50, "filter": {"deadlineFrom": "2024-01-01", "deadlineTo": "2024-01-31"}}
        yield cases, who, {"first": 50, "filter": {"status": ["ARRIVED", "IMPLEMENTING"]}}
        yield cases, who, {"first": 50, "filter": {"office": office}}
        yield cases, who, {"first": 50, "filter": {"reference": big.reference}}
        yield "FieldOfficePayments", who, {"first": 100}
        yield "FieldOfficePayments", who, {"first": 100, "filter": {"status": ["SUBMITTED"]}}
        yield "FieldOfficePayments", who, {"first": 100, "filter": {"office": office, "dateFrom": "2024-01-01"}}
        yield "FieldOfficePayments", who, {"first": 100, "filter": {"case": case}}
        yield "FieldOfficePayment", who, {"id": payment}
        yield "FieldOfficeCase", who, {"id": case}
        yield "CaseByReference", who, {"reference": big.reference}
        yield "FieldOfficeSuppliers", who, {"first": 100, "office": office}
    for who in (officer, counsellor):
        yield "DeadlineNotices", who, {"first": 100}
    yield "FinancePayments", finance, {"first": 100}
    yield "CounsellorCase", counsellor, {"id": case}
    yield "AuditorCase", auditor, {"id": case, "first": 100}
    yield "AuditorPayment", auditor, {"id": payment}
    yield "AuditEntries", auditor, {"record": payment, "first": 100}
    yield "Reports", finance, {"first": 100}


async def test_no_documented_query_reads_a_large_table_from_end_to_end(big: Big) -> None:
    schema = build_schema()
    found = []
    async with SnapshotReader(big.addresses.application_url) as reader:
        reads = CompiledReads(schema, reader)
        for operation, who, variables in questions(big):
            plan = reads.plan(DOCUMENTS.find(operation) or "", None, who.role)
            statement, parameters = plan.statement(who, plan.variables.read(variables))
            tree = await planned(big.addresses, who, statement.sql, parameters)
            found += [f"{operation} {who.role} {variables}: {scan}" for scan in whole_scans(tree, LARGE)]
    assert found == []


async def planned(addresses: DatabaseAddresses, who: Actor, sql: str, parameters: list[object]) -> Node:
    """The generic plan of a statement, as the reader's connections make it."""
    role = "reintegration_auditor" if who.role is Role.AUDITOR else "reintegration_app"
    settings = {"role": role, "plan_cache_mode": "force_generic_plan", "jit": "off", "random_page_cost": "1.1"}
    connection = await asyncpg.connect(addresses.application_url, server_settings=settings)
    try:
        values = ", ".join(literal(value) for value in (*settings_of(who), *parameters))
        await connection.execute(f"prepare asked as {sql}")
        text = await connection.fetchval(f"explain (format json) execute asked({values})")
        return dict(json.loads(text)[0]["Plan"])
    finally:
        await connection.close()


def literal(value: object) -> str:
    """A value of a test's own as a literal; PostgreSQL knows its type."""
    if isinstance(value, list):
        return "'{" + ",".join(map(str, value)) + "}'"
    return "'" + str(value) + "'"


def whole_scans(node: Node, tables: set[str], *, is_total: bool = False) -> Iterator[str]:
    """The sequential scans of large tables; those of a total that somebody asked for are as large as the total."""
    if node["Node Type"] == "Seq Scan" and node["Relation Name"] in tables and not is_total:
        yield f"{node['Relation Name']} as {node['Alias']}"
    for child in node.get("Plans", []):  # type: ignore[attr-defined] # JSON
        counts = child["Node Type"] == "Aggregate" and child.get("Parent Relationship") == "InitPlan" and "Group Key" not in child
        yield from whole_scans(child, tables, is_total=is_total or (counts and is_a_count(child)))


def is_a_count(node: Node) -> bool:
    """Whether an aggregate counts rows of one table and does nothing else."""
    inner = node.get("Plans", [])
    scans = [child for child in inner if child["Parent Relationship"] == "Outer"]  # type: ignore[attr-defined, union-attr] # JSON
    return len(scans) == 1 and str(scans[0]["Node Type"]).endswith("Scan")
