"""The law of a payment's parts: euro is what HALF_UP makes of amount and rate, to the cent, and parts come at their step."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork, open_pool
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import LARGEST_AMOUNT_MINOR, Money, to_euro
from tests.builders import MONGOLIA, SYSTEM
from tests.database.law import insert, outcome, undone
from tests.database.law_case import LawCase, a_document, a_law_case, a_line, an_item, attach

DIGITS = {"EUR": 2, "MNT": 2, "JPY": 0, "XAF": 0, "KWD": 3, "TND": 3}
LINE = (
    "insert into payment_lines (id, payment_id, case_id, position, description, amount_minor, currency, minor_digits, rate,"
    " rate_month, rate_source, euro_minor) values (gen_random_uuid(), $1, $2, 9, 'x', $3, $4, $5, $6, $7, $8, $9)"
)
APRIL = date(2025, 4, 1)


@dataclass(frozen=True, slots=True)
class Stage:
    transaction: Transaction
    case: LawCase

    async def line(
        self, amount: int, currency: str, rate: str | None, euro: int | None, cells: Mapping[str, object] | None = None
    ) -> int | str:
        """Insert a line and tell what became of it; accepted ones are taken back."""
        given_cells = {
            "digits": DIGITS[currency],
            "month": None if currency == "EUR" else APRIL,
            "source": "InforEuro",
            **(cells or {}),
        }
        await self.transaction.execute("savepoint line")
        arguments = (amount, currency, given_cells["digits"], rate, given_cells["month"], given_cells["source"], euro)
        result = await outcome(self.transaction, LINE, self.case.payment_id, self.case.id, *arguments)
        await self.transaction.execute("rollback to line")
        return result


@pytest.fixture(scope="module")
async def prepared(law_pool: asyncpg.Pool) -> AsyncIterator[Stage]:
    async with undone(law_pool) as transaction:
        yield Stage(transaction, await a_law_case(transaction))


@pytest.fixture
async def stage(prepared: Stage) -> AsyncIterator[Stage]:
    await prepared.transaction.execute("savepoint test")
    yield prepared
    await prepared.transaction.execute("rollback to test")


@pytest.mark.parametrize(
    ("amount", "currency", "rate", "euro"),
    [
        (350_000, "MNT", "3800.5", 92),  # 0.9209…
        (5_311_500, "MNT", "5.3115", 1_000_000),
        (3, "JPY", "200", 2),  # exactly 1.5 cents
        (1, "JPY", "200", 1),  # exactly half a cent
        (655_957, "XAF", "655.957", 100_000),
        (1, "KWD", "0.2", 1),  # exactly half a cent
        (15, "KWD", "1", 2),  # exactly 1.5 cents
        (1_005, "TND", "1", 101),  # 1.005 is not 1.00
        (LARGEST_AMOUNT_MINOR, "MNT", "1", LARGEST_AMOUNT_MINOR),
    ],
)
async def test_named_conversions_and_no_cent_beside_them(stage: Stage, amount: int, currency: str, rate: str, euro: int) -> None:
    assert to_euro(Money(amount, currency), rate).amount_minor == euro
    assert await stage.line(amount, currency, rate, euro) == 1
    for wrong in (euro - 1, euro + 1):
        assert await stage.line(amount, currency, rate, wrong) in {"payment_lines_conversion_ck", "payment_lines_euro_ck"}


def _rates() -> st.SearchStrategy[str]:
    whole = st.integers(0, 10**12 - 1).map(str)
    return st.one_of(
        st.tuples(whole, st.text("0123456789", min_size=1, max_size=10)).map(".".join),
        st.integers(1, 10**6).map(str),
        st.integers(1, 10**8).map(lambda number: f"{number // 10**4}.{number % 10**4:04d}"),
    ).filter(lambda rate: any(digit in rate for digit in "123456789"))


@st.composite
def _near_ties(draw: st.DrawFn) -> tuple[int, str, str]:
    """Amounts at and beside exact halves of a cent: 200 · amount = (2 · cents + 1) · rate · 10^digits."""
    currency = draw(st.sampled_from(["JPY", "MNT", "KWD"]))
    odd, factor = 2 * draw(st.integers(0, 10**6)) + 1, draw(st.integers(1, 10**4))
    rate, amount = {
        "JPY": (200 * factor, odd * factor),
        "MNT": (2 * factor, odd * factor),
        "KWD": (factor, odd * factor * 5),
    }[currency]
    return max(1, amount + draw(st.integers(-1, 1))), currency, str(rate)


_ANY = st.tuples(st.integers(1, LARGEST_AMOUNT_MINOR), st.sampled_from(["JPY", "MNT", "KWD"]), _rates())


@given(lines=st.lists(st.one_of(_ANY, _near_ties()), min_size=1, max_size=60))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
async def test_the_database_accepts_exactly_what_the_kernel_computes(stage: Stage, lines: list[tuple[int, str, str]]) -> None:
    """The very expression of the constraint, over many lines at a time."""
    rule = await stage.transaction.fetch_value(
        "select pg_get_expr(conbin, conrelid) from pg_constraint where conname = 'payment_lines_conversion_ck'"
    )
    computed = []
    for amount, currency, rate in lines:
        cents = _cents(amount, currency, rate)
        if cents <= LARGEST_AMOUNT_MINOR:
            assert to_euro(Money(amount, currency), rate).amount_minor == cents
        if cents < 2**62:
            computed.append((amount, DIGITS[currency], rate, cents))
    rows = await stage.transaction.fetch(
        f"select ({rule}) as accepted, shift from unnest($1::bigint[], $2::smallint[], $3::text[], $4::bigint[])"  # noqa: S608 - the catalogue's
        " as line (amount_minor, minor_digits, rate, exact), (values (-1), (0), (1)) as wrong (shift),"
        " lateral (select exact + shift as euro_minor) as euro",
        *([list(column) for column in zip(*computed, strict=True)] or [[], [], [], []]),
    )
    assert len(rows) == 3 * len(computed)
    assert all(row["accepted"] is (row["shift"] == 0) for row in rows)


def _cents(amount: int, currency: str, rate: str) -> int:
    """HALF_UP in whole numbers alone: floor(200 · amount / (rate · 10^digits) + 1) / 2."""
    whole, _, fraction = rate.partition(".")
    scaled = int(whole + fraction)
    numerator, denominator = 100 * amount * 10 ** len(fraction), scaled * 10 ** DIGITS[currency]
    return int((2 * numerator + denominator) // (2 * denominator))


@pytest.mark.parametrize(
    ("line", "cells", "rule"),
    [
        ((100, "MNT", "1", None), {}, "payment_lines_frozen_ck"),
        ((100, "MNT", None, 100), {"month": None}, "payment_lines_frozen_ck"),
        ((100, "MNT", "1", 100), {"month": None}, "payment_lines_frozen_ck"),
        ((100, "MNT", "1", 100), {"source": None}, "payment_lines_frozen_ck"),
        ((100, "EUR", "1", 100), {"month": APRIL}, "payment_lines_frozen_ck"),
        ((100, "EUR", "2", 50), {}, "payment_lines_euro_ck"),
        ((1, "JPY", "201", 0), {}, "payment_lines_euro_ck"),
        ((0, "MNT", "1", 0), {}, "payment_lines_amount_ck"),
        ((-100, "MNT", "1", -100), {}, "payment_lines_amount_ck"),
        ((100, "MNT", "01", 100), {}, "payment_lines_rate_ck"),
        ((100, "MNT", "1.00000000001", 100), {}, "payment_lines_rate_ck"),
        ((100, "MNT", "0", 100), {}, "payment_lines_conversion_ck"),
        ((100, "MNT", "-1", 100), {}, "payment_lines_conversion_ck"),
        ((100, "MNT", "1\n", 100), {}, "payment_lines_rate_ck"),
        ((100, "JPY", "1", 100), {"digits": 2}, "payment_lines_currency_fk"),
    ],
)
async def test_a_frozen_line_is_whole(
    stage: Stage, line: tuple[int, str, str | None, int | None], cells: dict[str, object], rule: str
) -> None:
    assert await stage.line(*line, cells) == rule


async def test_lines_change_while_the_payment_is_a_draft_and_no_longer(stage: Stage) -> None:
    transaction, case = stage.transaction, stage.case
    submit = "update payments set status = 'submitted', submitted_at = now(), content_digest = repeat('a', 64) where id = $1"
    changes = (
        "update payment_lines set description = 'other' where id = $1",
        "update payment_lines set rate = null, rate_source = null, euro_minor = null where id = $1",
        "delete from payment_lines where id = $1",
    )
    for change in changes:
        await transaction.execute("savepoint change")
        assert await outcome(transaction, change, case.payment_line_id) == 1
        await transaction.execute("rollback to change")
    assert await outcome(transaction, submit, case.payment_id) == 1
    for change in changes:
        assert await outcome(transaction, change, case.payment_line_id) == "payments_content_ck"
    assert await stage.line(100, "EUR", "1", 100) == "payments_content_ck"


async def test_documents_come_stored_and_at_their_step(stage: Stage) -> None:
    transaction, case = stage.transaction, stage.case
    pending = await a_document(transaction, case.id, MONGOLIA, status="pending", completed_at=None)
    stored = await a_document(transaction, case.id, MONGOLIA)
    attached = (
        "insert into payment_documents (id, payment_id, document_id, case_id, stage, attached_by)"
        " values (gen_random_uuid(), $1, $2, $3, $4, 'x')"
    )
    steps = {
        "draft": (None, "request"),
        "submitted": ("submitted_at = now(), content_digest = repeat('a', 64)", None),
        "approved": ("approved_by = 'approver', approved_at = now(), approved_digest = content_digest", None),
        "released": ("released_by = 'coordinator', released_at = now()", "settlement"),
        "unconfirmed": ("outcome_note = 'silent', settled_by = 'x', settled_at = now()", "settlement"),
        "paid": ("paid_on = '2025-04-10', settlement_reference = 'R1'", "settlement"),
        "reversed": ("reversed_by = 'coordinator', reversed_at = now()", None),
    }
    for status, (cells, open_stage) in steps.items():
        if cells is not None:
            moved = f"update payments set status = '{status}', {cells} where id = $1"  # noqa: S608 - written above
            assert await outcome(transaction, moved, case.payment_id) == 1, status
        for step in ("request", "settlement"):
            await transaction.execute("savepoint step")
            result = await outcome(transaction, attached, case.payment_id, stored, case.id, step)
            await transaction.execute("rollback to step")
            assert result == (1 if step == open_stage else "payment_documents_step_ck"), (status, step)
    assert await outcome(transaction, attached, case.payment_id, pending, case.id, "settlement") == "payment_documents_stored_ck"
    assert await outcome(transaction, attached, case.payment_id, case.document_id, case.id, "request") != 1
    assert await outcome(transaction, attached, case.payment_id, new_id(), case.id, "request") != 1


async def test_items_come_while_their_plan_is_a_draft_and_never_exceed_the_entitlement(stage: Stage) -> None:
    transaction, case = stage.transaction, stage.case
    with pytest.raises(asyncpg.CheckViolationError) as caught:
        await in_savepoint(transaction, case)
    assert caught.value.constraint_name == "plan_items_draft_ck"
    plan = await insert(
        transaction, "plans", case_id=case.id, number=2, status="draft", content_digest="b" * 64, prepared_by="officer"
    )
    await an_item(transaction, plan, case.id, budget_minor=180_000)
    await an_item(transaction, plan, case.id, budget_minor=1, position=2)
    submit = "update plans set status = 'submitted', submitted_by = 'officer', submitted_at = now() where id = $1"
    assert await outcome(transaction, submit, plan) == "plans_total_ck"


async def in_savepoint(transaction: Transaction, case: LawCase) -> None:
    await transaction.execute("savepoint item")
    try:
        await an_item(transaction, case.plan_id, case.id, position=3)
    finally:
        await transaction.execute("rollback to item")


async def test_no_line_slips_in_beside_a_submission(fresh_database: DatabaseAddresses) -> None:
    pool = await open_pool(fresh_database.application_url, max_size=2)
    try:
        work = UnitOfWork(pool, {})
        case = await work.write(SYSTEM, a_law_case)
        written, go = asyncio.Event(), asyncio.Event()

        async def add(transaction: Transaction) -> None:
            await a_line(transaction, case.payment_id, case.id, position=2, rate=None, rate_source=None, euro_minor=None)
            written.set()
            await go.wait()

        async def submit(transaction: Transaction) -> int:
            return await transaction.execute(
                "update payments set status = 'submitted', submitted_at = now(), content_digest = repeat('a', 64) where id = $1",
                case.payment_id,
            )

        adding = asyncio.create_task(work.write(SYSTEM, add))
        await written.wait()
        submitting = asyncio.create_task(work.write(SYSTEM, submit))
        await asyncio.sleep(0.1)
        assert not submitting.done()
        go.set()
        await adding
        with pytest.raises(asyncpg.CheckViolationError) as caught:
            await submitting
        assert caught.value.constraint_name == "payments_lines_ck"
    finally:
        await pool.close()


async def test_the_same_document_hangs_on_a_payment_once(stage: Stage) -> None:
    with pytest.raises(asyncpg.UniqueViolationError) as caught:
        await attach(stage.transaction, stage.case.payment_id, stage.case.id, stage.case.document_id)
    assert caught.value.constraint_name == "payment_documents_once_uq"
