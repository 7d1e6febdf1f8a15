"""The operations that are measured, what varies in them, and how each server is asked."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

import asyncpg

from reintegration.api.connections import Ordering
from reintegration.api.identifiers import encode
from reintegration.database.sql import load_queries
from tests.benchmarks.caseload import BIG_OFFICE
from tests.benchmarks.load import FRESH
from tests.benchmarks.servers.protocol import FINANCE, OFFICER

HERE = Path(__file__).parent
Variables: TypeAlias = Mapping[str, object]
Bodies: TypeAlias = Callable[["Operation", Variables], str]
"""Makes a request's body."""

_SQL = load_queries(str(HERE / "operations" / "all"))
_LISTS = {"nested": Ordering("cases.newest", (UUID,)), "flat": Ordering("payments.newest", (UUID,))}
_PLACES = 200
"""Different rows or pages that the requests of one operation are about."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: its document, who asks, and the subjects of its requests in raw values. `wanted` is in a good answer."""

    name: str
    document: str
    actor: str
    subjects: Sequence[Variables]
    is_read: bool = True
    wanted: str = '"data":'


async def operations(connection: asyncpg.Connection) -> list[Operation]:
    """All operations, with subjects from the caseload; a document that isn't there (yet) leaves its operation out."""
    office = await connection.fetchval("select id from field_offices where code = $1", BIG_OFFICE)
    cases = await _keys(connection, "cases", office)
    pages = await _keys(connection, "case_pages", office)
    payments = await _keys(connection, "payment_pages", office)
    drafts = [dict(row) for row in await connection.fetch(_SQL["drafts"], office, _PLACES)]
    every = [
        Operation("case", "BenchCase", OFFICER, [{"id": key} for key in cases]),
        Operation("nested", "BenchNested", OFFICER, [{"after": key} for key in pages]),
        Operation("flat", "BenchFlat", OFFICER, [{"after": key} for key in payments]),
        Operation("totals", "BenchTotals", FINANCE, _two_years()),
        Operation("payment", "BenchPayment", OFFICER, drafts, is_read=False, wanted='"lines":['),
    ]
    return [one for one in every if (HERE / "operations" / f"{one.name}.graphql").exists()]


def _two_years() -> list[Variables]:
    """Periods of 24 months within the caseload's years, in an order that jumps about."""
    starts = [(2019 + number // 12, number % 12 + 1) for number in range(72)]
    return [
        {"firstMonth": f"{year}-{month:02}-01", "lastMonth": f"{year + 2 - (month == 1)}-{(month + 10) % 12 + 1:02}-01"}
        for year, month in sorted(starts, key=lambda start: start[0] * start[1] * 7919 % 101)
    ]


async def _keys(connection: asyncpg.Connection, name: str, office: UUID) -> list[UUID]:
    return [row["id"] for row in await connection.fetch(_SQL[name], office, _PLACES)]


def our_body(operation: Operation, variables: Variables) -> str:
    """For our API and the bare limit: a trusted document, opaque ids and cursors."""
    return json.dumps({"documentId": operation.document, "variables": _ours(operation, variables)})


def _ours(operation: Operation, variables: Variables) -> Variables:
    match operation.name, variables:
        case "case", {"id": UUID() as key}:
            return {"id": encode("Case", key)}
        case "nested" | "flat", {"after": UUID() as key}:
            return {"after": _LISTS[operation.name].cursor((key,))}
        case "payment", {"case_id": UUID() as case, "item_id": UUID() as item, "supplier_id": UUID() as supplier}:
            shared = draft_of(variables)
            return {
                "input": {
                    **shared,
                    "kind": "SUPPLIER_DIRECT",
                    "caseId": encode("Case", case),
                    "planItemId": encode("PlanItem", item),
                    "supplierId": encode("Supplier", supplier),
                    "lines": [
                        {"description": line["description"], "amount": {"amount": line["amount"], "currency": line["currency"]}}
                        for line in LINES
                    ],
                }
            }
        case "totals", _:
            return variables
        case _:
            raise ValueError(f"{operation.name} has no such subject")


LINES: Sequence[Mapping[str, str]] = (
    {"description": "Opening stock", "amount": "412.50", "minor": "41250", "currency": "BRL"},
    {"description": "Signboard", "amount": "87.30", "minor": "8730", "currency": "BRL"},
)
"""Of every drafted payment."""


def draft_of(variables: Variables) -> dict[str, object]:
    """What a draft says in all servers; key and invoice number are fresh in every request."""
    return {
        "idempotencyKey": FRESH,
        "description": "Grocery shop",
        "invoiceNumber": f"B/{FRESH}",
        "paymentDate": str(variables["payment_date"]),
    }


def peer_variables(operation: Operation, variables: Variables) -> Variables:
    """For the peers: UUIDs as they are, and a page's place as the UUID that it follows."""
    if operation.name != "payment":
        return {name: None if value is None else str(value) for name, value in variables.items()}
    ids = {"caseId": "case_id", "planItemId": "item_id", "supplierId": "supplier_id"}
    lines = [{"description": line["description"], "minor": line["minor"], "currency": line["currency"]} for line in LINES]
    return {"input": {**draft_of(variables), **{name: str(variables[key]) for name, key in ids.items()}, "lines": lines}}
