"""Cases to play with, made by the set: granted, arrived, a plan of two lines in force, papers in the store; nothing is paid yet.

The rows go through every constraint, trigger and policy, written by the system as the loader does it; a case costs
milliseconds, so that every history gets cases of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from uuid import UUID

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
GRANTED, PREMIUM = 180_000, 35_000
BUDGETS = (100_000, 50_000)
"""Of the two lines, in cents; 300 EUR stay with the entitlement."""
PAPERS = ("invoice", "receipt", "proof_of_payment", "non_payment_evidence")
ARRIVED, DEADLINE = -70, 295
"""Days from today."""
_DIGEST = "a" * 64
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


async def make_cases(work: UnitOfWork, number: int) -> list[MadeCase]:
    """So many new cases, in one transaction."""
    cases = [
        MadeCase(new_id(), new_id(), new_id(), *(tuple(new_id() for _ in some) for some in (BUDGETS, BUDGETS, PAPERS)))
        for _ in range(number)
    ]
    await work.write(SYSTEM, lambda transaction: _write(transaction, cases))
    return cases


async def _write(transaction: Transaction, cases: Sequence[MadeCase]) -> None:
    tariff = await transaction.fetch_value("select id from tariff_versions order by code limit 1")
    await _grant(transaction, cases, tariff)
    await _travel(transaction, cases)
    await _plan(transaction, cases)
    await insert_rows(transaction, "documents", [row for case in cases for row in _papers(case)])


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
    granted = {"fund_id": FUND, "granted_by": COUNSELLOR.id, "granted_on": day(ARRIVED - 20)}
    limit = {"use_months": 12, "use_counted_from": "arrival", "deadline_on": day(DEADLINE)}
    whose = [{"case_id": case.id, "assessment_id": case.id, **granted} for case in cases]
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
            Pot(row["case_id"], row["stream"], FUND), entitlement_id=row["id"], amount_minor=row["amount_minor"], on=day(ARRIVED)
        )
        for row in (*budgets, *premiums)
    ]
    await post_many(transaction, entries)


async def _travel(transaction: Transaction, cases: Sequence[MadeCase]) -> None:
    steps: tuple[Cells, ...] = (
        {"status": "referred", "partner_id": IOM, "field_office_id": MONGOLIA},
        {"status": "departed", "departed_on": day(ARRIVED - 1), "travel_mode": "plane"},
        {"status": "arrived", "arrived_on": day(ARRIVED), "arrival_confirmed_by": OFFICER.id, "arrival_confirmed_at": now()},
        {"status": "implementing"},
    )
    for step in steps:
        await update_rows(transaction, "cases", [{"id": case.id, **step} for case in cases])


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
            Pot(case.id, "reintegration", FUND),
            plan_id=case.plan_id,
            changes=dict(zip(case.line_ids, BUDGETS, strict=True)),
            on=day(ARRIVED),
        )
        for case in cases
    ]
    await post_many(transaction, entries)


def _papers(case: MadeCase) -> list[Cells]:
    stored = {"case_id": case.id, "field_office_id": MONGOLIA, "file_name": "чек.pdf", "media_type": "application/pdf"}
    stored |= {"size_bytes": 100, "sha256": _DIGEST, "status": "stored", "uploaded_by": OFFICER.id, "completed_at": now()}
    return [
        {"id": paper_id, "kind": kind, "object_key": f"evidence/{paper_id}", **stored}
        for kind, paper_id in zip(PAPERS, case.paper_ids, strict=True)
    ]
