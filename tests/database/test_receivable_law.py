"""What the database itself refuses of receivables, whoever writes: every rule is broken once by a bare statement."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg
import pytest

from reintegration.database.bulk import insert_rows
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.transaction import Transaction
from reintegration.kernel import clock
from reintegration.kernel.actor import Role
from reintegration.kernel.ids import new_id
from tests import builders
from tests.builders import CAMEROON, EVERYBODY, IOM, MONGOLIA, MONGOLIA_CARITAS, OTHER_COORDINATOR, SYSTEM, actor, days_ago
from tests.database.law import become, outcome, undone
from tests.payment_steps import euros, stored_document
from tests.receivable_steps import Bought, bought, owed

PEOPLE = (*EVERYBODY, actor(Role.FIELD_OFFICER, "elsewhere", office=CAMEROON), OTHER_COORDINATOR)


@dataclass(frozen=True, slots=True)
class Stage:
    """A paid line of 100.00 EUR of which 60.00 are owed, in a transaction that is undone."""

    transaction: Transaction
    it: Bought
    receivable: UUID
    other: Bought
    document: UUID

    async def put(self, table: str, **cells: object) -> int | str:
        """One row, or the rule that refused it."""
        names = {"id": new_id(), **cells}
        places = ", ".join(f"${place}" for place in range(1, len(names) + 1))
        statement = f"insert into {table} ({', '.join(names)}) values ({places})"  # noqa: S608 - written in this file
        return await outcome(self.transaction, statement, *names.values())

    async def claim(self, **cells: object) -> int | str:
        """A receivable on the supplier, of the line."""
        given = {
            "debtor": "supplier",
            "case_id": self.it.plan.case.id,
            "supplier_id": self.it.supplier,
            "field_office_id": MONGOLIA,
            "payment_id": self.it.payment,
            "line_id": self.it.lines[0],
            "amount_minor": 100,
            "currency": "EUR",
            "reason": "overpaid",
            "explanation": "Too much",
            "due_on": days_ago(-9),
            "recorded_by": "ann",
        }
        return await self.put("receivables", **(given | cells))

    async def receipt(self, **cells: object) -> int | str:
        """Money of the line."""
        given = {
            "receivable_id": self.receivable,
            "case_id": self.it.plan.case.id,
            "payment_id": self.it.payment,
            "line_id": self.it.lines[0],
            "number": 1,
            "amount_minor": 100,
            "currency": "EUR",
            "euro_minor": 100,
            "received_on": days_ago(1),
            "reference": "BANK-1",
            "recorded_by": "ann",
        }
        return await self.put("receivable_receipts", **(given | cells))

    async def write_off(self, **cells: object) -> int | str:
        """What is given up."""
        given = {
            "receivable_id": self.receivable,
            "number": 1,
            "amount_minor": 100,
            "currency": "EUR",
            "reason": "Gone",
            "requested_by": "ann",
        }
        return await self.put("receivable_write_offs", **(given | cells))

    async def plan(self, *instalments: tuple[int, date, int, str], **cells: object) -> int | str:
        """A plan with its instalments: number, day, cents, currency."""
        plan = new_id()
        given = {"id": plan, "receivable_id": self.receivable, "number": 1, "total_minor": 6_000, "currency": "EUR"}
        await self.transaction.execute("savepoint planned")
        try:
            await insert_rows(self.transaction, "receivable_plans", [given | {"agreed_by": "ann"} | cells])
            for number, due_on, cents, currency in instalments:
                row = {"id": new_id(), "plan_id": plan, "number": number, "due_on": due_on, "amount_minor": cents}
                await insert_rows(self.transaction, "receivable_instalments", [row | {"currency": currency}])
        except asyncpg.IntegrityConstraintViolationError as error:
            result: int | str = error.constraint_name or ""
        else:
            result = await outcome(self.transaction, "select 1")
        await self.transaction.execute("rollback to planned; set constraints all deferred")
        return result


@pytest.fixture
async def stage(law_pool: asyncpg.Pool, database_urls: DatabaseAddresses) -> AsyncIterator[Stage]:
    async with builders.open_work(database_urls) as work:
        it, other = await bought(work, euros(10_000)), await bought(work, euros(1_000))
        receivable = await owed(work, it.claim(euros(6_000)))
        document = await stored_document(work, it.plan.case.id, "invoice")
    async with undone(law_pool) as transaction:
        yield Stage(transaction, it, receivable, other, document)


async def test_a_receivable_has_one_debtor_one_line_and_is_within_what_the_line_has_cost(stage: Stage) -> None:
    nothing = {"case_id": None, "payment_id": None, "line_id": None}
    refusals: list[tuple[dict[str, object], str]] = [
        ({"id": stage.receivable}, "receivables_pk"),
        ({"amount_minor": 0}, "receivables_amount_ck"),
        ({"amount_minor": 4_001}, "receivables_most_ck"),
        ({"currency": "USD"}, "receivables_payment_ck"),
        ({"currency": "QQQ", **nothing}, "receivables_currency_fk"),
        ({"line_id": stage.other.lines[0]}, "receivables_payment_ck"),
        ({"line_id": None}, "receivables_line_ck"),
        ({"payment_id": stage.other.payment}, "receivables_payment_fk"),
        ({"supplier_id": stage.other.supplier}, "receivables_paid_ck"),
        ({"supplier_id": new_id(), **nothing}, "receivables_supplier_fk"),
        ({"debtor": "somebody"}, "receivables_debtor_ck"),
        ({"debtor": "partner"}, "receivables_whose_ck"),
        ({"partner_id": IOM}, "receivables_whose_ck"),
        ({"debtor": "returnee"}, "receivables_whose_ck"),
        ({"debtor": "partner", "supplier_id": None, "partner_id": IOM}, "receivables_whose_ck"),
        (
            {"debtor": "partner", "supplier_id": None, "partner_id": new_id(), "field_office_id": None, **nothing},
            "receivables_partner_fk",
        ),
        ({"field_office_id": MONGOLIA_CARITAS}, "receivables_office_ck"),
        ({"field_office_id": MONGOLIA_CARITAS, **nothing}, "receivables_office_ck"),
        ({"reason": "because"}, "receivables_reason_ck"),
        ({"explanation": "no"}, "receivables_text_ck"),
        ({"document_id": new_id()}, "receivables_document_fk"),
        ({"document_id": stage.document, **nothing}, "receivables_document_ck"),
        ({"decided_by": "bob"}, "receivables_decision_ck"),
        ({"decision": "approved", "decided_by": "bob", "decided_at": clock.now()}, "receivables_new_ck"),
    ]
    for cells, rule in refusals:
        assert await stage.claim(**cells) == rule, cells
    assert await stage.claim(amount_minor=4_000, document_id=stage.document) == 1


async def test_a_receivable_is_decided_once_by_somebody_else(stage: Stage) -> None:
    claim = new_id()
    assert await stage.claim(id=claim) == 1
    decide = "update receivables set decision = $2, decided_by = $3, decided_at = now() where id = $1"
    run = stage.transaction
    assert await outcome(run, decide, claim, "approved", "ann") == "receivables_four_eyes_ck"
    assert await stage.receipt(receivable_id=claim) == "receivables_confirmed_ck"
    assert await outcome(run, decide, claim, "refused", "bob") == 1
    assert await outcome(run, decide, claim, "approved", "bob") == "receivables_decided_ck"
    assert await stage.receipt(receivable_id=claim) == "receivables_confirmed_ck"
    assert await stage.write_off(receivable_id=claim) == "receivables_confirmed_ck"


async def test_a_receipt_is_of_what_is_owed_at_the_rate_and_posted(stage: Stage) -> None:
    refusals: list[tuple[dict[str, object], str]] = [
        ({"amount_minor": 0}, "receivable_receipts_amount_ck"),
        ({"euro_minor": None}, "receivable_receipts_euro_ck"),
        ({"euro_minor": 0}, "receivable_receipts_euro_ck"),
        ({"euro_minor": 99}, "receivable_receipts_rate_ck"),
        ({"currency": "USD"}, "receivables_same_currency_ck"),
        ({"number": 2}, "receivable_receipts_order_ck"),
        ({"line_id": stage.other.lines[0]}, "receivable_receipts_owed_ck"),
        ({"reference": ""}, "receivable_receipts_text_ck"),
        ({"received_on": days_ago(9)}, "receivable_receipts_date_ck"),
        ({"amount_minor": 6_001, "euro_minor": 6_001}, "receivable_receipts_most_ck"),
        ({"receivable_id": new_id()}, "denied"),
        ({"taken_back_by": "bob"}, "receivable_receipts_taken_back_ck"),
        (
            {"taken_back_by": "bob", "taken_back_at": clock.now(), "taken_back_reason": "It bounced"},
            "receivable_receipts_new_ck",
        ),
        ({}, "receivable_receipts_posted_ck"),
    ]
    for cells, rule in refusals:
        assert await stage.receipt(**cells) == rule, cells


async def test_a_write_off_is_within_what_is_owed_and_decided_once_by_somebody_else(stage: Stage) -> None:
    decided = {"decision": "approved", "decided_by": "bob", "decided_at": clock.now()}
    refusals: list[tuple[dict[str, object], str]] = [
        ({"amount_minor": 0}, "receivable_write_offs_amount_ck"),
        ({"amount_minor": 6_001}, "receivable_write_offs_most_ck"),
        ({"currency": "USD"}, "receivables_same_currency_ck"),
        ({"number": 2}, "receivable_write_offs_order_ck"),
        ({"reason": "no"}, "receivable_write_offs_text_ck"),
        ({"decided_by": "bob"}, "receivable_write_offs_decision_ck"),
        (decided, "receivable_write_offs_new_ck"),
    ]
    for cells, rule in refusals:
        assert await stage.write_off(**cells) == rule, cells
    first = new_id()
    assert await stage.write_off(id=first) == 1
    assert await stage.write_off(id=first, number=2) == "receivable_write_offs_pk"
    assert await stage.write_off(number=2) == "receivable_write_offs_one_open_uq"
    decide = "update receivable_write_offs set decision = $2, decided_by = $3, decided_at = now() where id = $1"
    run = stage.transaction
    assert await outcome(run, decide, first, "approved", "ann") == "receivable_write_offs_four_eyes_ck"
    assert await outcome(run, decide, first, "approved", "bob") == 1
    assert await outcome(run, decide, first, "refused", "bob") == "receivable_write_offs_decided_ck"
    assert await stage.receipt(amount_minor=5_901, euro_minor=5_901) == "receivable_receipts_most_ck"


async def test_a_plan_is_of_all_that_is_owed_in_instalments_of_rising_days(stage: Stage) -> None:
    soon, late = days_ago(-5), days_ago(-9)
    whole = ((1, soon, 2_000, "EUR"), (2, late, 4_000, "EUR"))
    assert await stage.plan(*whole) == 1
    assert await stage.plan(*whole, number=2) == "receivable_plans_order_ck"
    assert await stage.plan(*whole, total_minor=5_999) == "receivable_plans_total_ck"
    assert await stage.plan(*whole, currency="USD") == "receivables_same_currency_ck"
    assert await stage.plan() == "receivable_instalments_total_ck"
    assert await stage.plan(whole[0]) == "receivable_instalments_total_ck"
    assert await stage.plan(*whole, (3, days_ago(-20), 1, "EUR")) == "receivable_instalments_total_ck"
    assert await stage.plan((1, soon, 2_000, "USD"), whole[1]) == "receivable_instalments_total_ck"
    assert await stage.plan(whole[0], (3, late, 4_000, "EUR")) == "receivable_instalments_total_ck"
    assert await stage.plan((1, late, 2_000, "EUR"), (2, soon, 4_000, "EUR")) == "receivable_instalments_due_ck"
    assert await stage.plan((1, days_ago(1), 6_000, "EUR")) == "receivable_instalments_due_ck"
    assert await stage.plan((1, soon, 0, "EUR")) == "receivable_instalments_amount_ck"
    assert await stage.plan((61, soon, 6_000, "EUR")) == "receivable_instalments_number_ck"
    assert await stage.plan(*whole, whole[1]) == "receivable_instalments_number_uq"


async def test_who_writes_what_of_a_receivable_of_the_office(stage: Stage) -> None:
    """`who` may record, confirm, receive, ask to write off and decide that; everybody else is refused by the policies."""
    run = stage.transaction
    await stage.claim()
    assert await stage.write_off() == 1
    decide = "update receivables set decision = 'refused', decided_by = 'eve', decided_at = now() where decision is null"
    give_up = (
        "update receivable_write_offs set decision = 'refused', decided_by = 'eve', decided_at = now() where receivable_id = $1"
    )
    may: dict[str, set[str]] = {step: set() for step in ("record", "confirm", "receive", "ask", "give up", "see")}
    for who in PEOPLE:
        await become(run, who)
        await run.execute("savepoint attempted")
        tried = {
            "record": await stage.claim() == 1,
            "confirm": await outcome(run, decide) not in {"denied", 0},
            "receive": await stage.receipt() == "receivable_receipts_posted_ck",
            "ask": await stage.write_off(number=2) == "receivable_write_offs_one_open_uq",
            "give up": await outcome(run, give_up, stage.receivable) not in {"denied", 0},
            "see": await run.fetch_value("select count(*) from receivables where id = $1", stage.receivable) == 1,
        }
        await run.execute("rollback to attempted")
        for step, is_allowed in tried.items():
            if is_allowed:
                may[step].add(who.id)
    await become(run, SYSTEM)
    assert may == {
        "record": {"field_officer", "partner_coordinator"},
        "confirm": {"partner_coordinator", "fedasil_finance"},
        "receive": {"partner_coordinator"},
        "ask": {"field_officer", "partner_coordinator"},
        "give up": {"fedasil_finance"},
        "see": {who.id for who in EVERYBODY if who.role is not Role.ADMINISTRATOR},
    }


async def test_what_a_partner_owes_is_fedasils_and_seen_by_that_partner(stage: Stage) -> None:
    run = stage.transaction
    nothing = {"case_id": None, "payment_id": None, "line_id": None, "supplier_id": None, "field_office_id": None}
    claim = new_id()
    mine = {"debtor": "partner", "partner_id": IOM, **nothing}
    assert await stage.claim(id=claim, **mine) == 1
    recorded, seen = set(), set()
    for who in PEOPLE:
        await become(run, who)
        await run.execute("savepoint attempted")
        if await stage.claim(**mine) == 1:
            recorded.add(who.id)
        if await run.fetch_value("select count(*) from receivables where id = $1", claim) == 1:
            seen.add(who.id)
        await run.execute("rollback to attempted")
    await become(run, SYSTEM)
    assert recorded == {"fedasil_finance"}
    hidden = {Role.ADMINISTRATOR, Role.FIELD_OFFICER, Role.FIELD_APPROVER}
    assert seen == {who.id for who in EVERYBODY if who.role not in hidden}
