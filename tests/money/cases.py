"""Grounds to play on, made by the set: a fund, an office with two suppliers, and two cases of it.

Cases are granted, arrived, with a plan of two lines in force and papers in the store; nothing is paid yet. The rows go through
every constraint, trigger and policy, written by the system as the loader does it; a ground costs milliseconds, so that every
history gets one of its own, and what was closed, held or owed in another is nothing to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from uuid import UUID

import asyncpg

from reintegration.database.bulk import Cells, insert_rows, update_rows
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.clock import now, today
from reintegration.kernel.ids import new_id
from reintegration.ledger.flows import Pot, budget, grant
from reintegration.ledger.service import post_many
from reintegration.programme.reference import identifier
from tests.builders import COORDINATOR, COUNSELLOR, IOM, MONGOLIA, OFFICER, SYSTEM

FUND = identifier("fund", "AMIF-2021-2027")
SUPPLIERS = ("Felt", "Wool")
GRANTED, PREMIUM = 180_000, 35_000
BUDGETS = (100_000, 50_000)
"""Of the two lines, in cents; 300 EUR stay with the entitlement."""
PAPERS = ("invoice", "receipt", "proof_of_payment", "non_payment_evidence")
ARRIVED, DEADLINE = -70, 295
"""Days from today."""
_CASES = 2
_DIGEST = "a" * 64
_LIKE = """
insert into {table} select (jsonb_populate_record(x, jsonb_build_object({changed}))).*
from unnest($1::uuid[]) n (id), {table} x where x.{key} = $2
"""
_REFERENCE = (
    _LIKE.format(table="funds", changed="'id', n.id, 'code', 'F-' || n.id", key="id"),
    _LIKE.format(
        table="operations",
        changed="'id', gen_random_uuid(), 'fund_id', n.id, 'code', x.code || ' of ' || n.id",
        key="fund_id",
    ),
    _LIKE.format(table="field_offices", changed="'id', n.id, 'code', 'O-' || n.id", key="id"),
)
"""Funds with the operations of an old one, and offices like an old one."""
_numbers = count(1)


def day(days: int) -> date:
    """So many days from today."""
    return today() + timedelta(days=days)


@dataclass(frozen=True, slots=True)
class MadeCase:
    """The ids of a case; lines, items and papers in the order of `BUDGETS` and `PAPERS`."""

    id: UUID
    budget_id: UUID
    plan_id: UUID
    item_ids: tuple[UUID, ...]
    line_ids: tuple[UUID, ...]
    paper_ids: tuple[UUID, ...]
    fund_id: UUID
    office_id: UUID


@dataclass(frozen=True, slots=True)
class Ground:
    """The ids of what one history is about."""

    fund_id: UUID
    office_id: UUID
    supplier_ids: tuple[UUID, ...]
    cases: tuple[MadeCase, ...]


async def make_grounds(work: UnitOfWork, eye: asyncpg.Connection, number: int) -> list[Ground]:
    """So many new ones, in two transactions: only a superuser adds funds and offices as they are here."""
    grounds = [_ground() for _ in range(number)]
    funds, offices = [ground.fund_id for ground in grounds], [ground.office_id for ground in grounds]
    async with eye.transaction():
        await eye.execute("select set_config('app.actor', 'loader', true), set_config('app.role', 'system', true)")
        for sql, ids, like in zip(_REFERENCE, (funds, funds, offices), (FUND, FUND, MONGOLIA), strict=True):
            await eye.execute(sql, ids, like)
    await work.write(SYSTEM, lambda transaction: _write(transaction, grounds))
    return grounds


def _ground() -> Ground:
    fund, office = new_id(), new_id()
    cases = [
        MadeCase(
            *(new_id() for _ in range(3)), *(tuple(new_id() for _ in some) for some in (BUDGETS, BUDGETS, PAPERS)), fund, office
        )
        for _ in range(_CASES)
    ]
    return Ground(fund, office, tuple(new_id() for _ in SUPPLIERS), tuple(cases))


async def _write(transaction: Transaction, grounds: Sequence[Ground]) -> None:
    tariff = await transaction.fetch_value("select id from tariff_versions order by code limit 1")
    cases = [case for ground in grounds for case in ground.cases]
    await _grant(transaction, cases, tariff)
    await _travel(transaction, cases)
    await _plan(transaction, cases)
    await insert_rows(transaction, "documents", [row for case in cases for row in _papers(case)])
    suppliers: list[Cells] = [
        {"id": supplier_id, "field_office_id": ground.office_id, "name": f"{name} {supplier_id}", "registered_by": OFFICER.id}
        for ground in grounds
        for name, supplier_id in zip(SUPPLIERS, ground.supplier_ids, strict=True)
    ]
    await insert_rows(transaction, "suppliers", suppliers)


async def _grant(transaction: Transaction, cases: Sequence[MadeCase], tariff: object) -> None:
    registered = {"status": "registered", "country_of_return": "MN", "registered_by": COUNSELLOR.id}
    rows: list[Cells] = [{"id": case.id, "reference": f"XX-2000-{next(_numbers):06d}", **registered} for case in cases]
    await insert_rows(transaction, "cases", rows)
    assessed = {"facts": {}, "facts_digest": _DIGEST, "steps": [], "result": {}, "result_digest": _DIGEST}
    rows = [
        {"id": case.id, "case_id": case.id, "tariff_version_id": tariff, "assessed_by": COUNSELLOR.id, **assessed}
        for case in cases
    ]
    await insert_rows(transaction, "entitlement_assessments", rows)
    granted = {"granted_by": COUNSELLOR.id, "granted_on": day(ARRIVED - 20)}
    limit = {"use_months": 12, "use_counted_from": "arrival", "deadline_on": day(DEADLINE)}
    whose = [{"case_id": case.id, "assessment_id": case.id, "fund_id": case.fund_id, **granted} for case in cases]
    budgets = [
        {**of, "id": case.budget_id, "stream": "reintegration", "rule_id": "BE-REIN-04", "amount_minor": GRANTED, **limit}
        for case, of in zip(cases, whose, strict=True)
    ]
    premiums = [
        {**of, "id": new_id(), "stream": "cash_premium", "rule_id": "BE-CASH-04", "amount_minor": PREMIUM} for of in whose
    ]
    await insert_rows(transaction, "entitlements", budgets)
    await insert_rows(transaction, "entitlements", premiums)
    entries = [
        grant(
            Pot(row["case_id"], row["stream"], row["fund_id"]),
            entitlement_id=row["id"],
            amount_minor=row["amount_minor"],
            on=day(ARRIVED),
        )
        for row in (*budgets, *premiums)
    ]
    await post_many(transaction, entries)


async def _travel(transaction: Transaction, cases: Sequence[MadeCase]) -> None:
    steps: tuple[Cells, ...] = (
        {"status": "referred", "partner_id": IOM},
        {"status": "departed", "departed_on": day(ARRIVED - 1), "travel_mode": "plane"},
        {"status": "arrived", "arrived_on": day(ARRIVED), "arrival_confirmed_by": OFFICER.id, "arrival_confirmed_at": now()},
        {"status": "implementing"},
    )
    for number, step in enumerate(steps):
        offices = [{} if number else {"field_office_id": case.office_id} for case in cases]
        await update_rows(transaction, "cases", [{"id": case.id, **step, **to} for case, to in zip(cases, offices, strict=True)])


async def _plan(transaction: Transaction, cases: Sequence[MadeCase]) -> None:
    drafted = {"number": 1, "status": "draft", "content_digest": _DIGEST, "prepared_by": OFFICER.id}
    await insert_rows(transaction, "plans", [{"id": case.plan_id, "case_id": case.id, **drafted} for case in cases])
    items: list[Cells] = [
        {
            "id": item_id,
            "plan_id": case.plan_id,
            "case_id": case.id,
            "line_id": line_id,
            "position": place + 1,
            "kind": "micro_business",
            "description": "Sheep",
            "budget_minor": BUDGETS[place],
        }
        for case in cases
        for place, (item_id, line_id) in enumerate(zip(case.item_ids, case.line_ids, strict=True))
    ]
    await insert_rows(transaction, "plan_items", items)
    for step in (
        {"status": "submitted", "submitted_by": OFFICER.id, "submitted_at": now()},
        {"status": "approved", "decided_by": COORDINATOR.id, "decided_at": now()},
    ):
        await update_rows(transaction, "plans", [{"id": case.plan_id, **step} for case in cases])
    entries = [
        budget(
            Pot(case.id, "reintegration", case.fund_id),
            plan_id=case.plan_id,
            changes=dict(zip(case.line_ids, BUDGETS, strict=True)),
            on=day(ARRIVED),
        )
        for case in cases
    ]
    await post_many(transaction, entries)


def _papers(case: MadeCase) -> list[Cells]:
    stored = {"case_id": case.id, "field_office_id": case.office_id, "file_name": "чек.pdf", "media_type": "application/pdf"}
    stored |= {"size_bytes": 100, "sha256": _DIGEST, "status": "stored", "uploaded_by": OFFICER.id, "completed_at": now()}
    return [
        {"id": paper_id, "kind": kind, "object_key": f"evidence/{paper_id}", **stored}
        for kind, paper_id in zip(PAPERS, case.paper_ids, strict=True)
    ]
