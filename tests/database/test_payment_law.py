"""The life cycle of payments, held by the database: steps, four eyes, and a content that stays as approved."""

from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest

from reintegration.kernel.ids import new_id
from tests.builders import MONGOLIA
from tests.database.law import undone
from tests.database.law_case import a_law_case, a_payment
from tests.database.law_payment import CHANGES, PATHS, SETTLED, Attempt, Stage, attach_to, premium

ALLOWED = {
    ("draft", "submitted"),
    ("draft", "cancelled"),
    ("submitted", "draft"),
    ("submitted", "approved"),
    ("approved", "draft"),
    ("approved", "released"),
    ("released", "paid"),
    ("released", "failed"),
    ("released", "unconfirmed"),
    ("unconfirmed", "paid"),
    ("unconfirmed", "failed"),
    ("paid", "reversed"),
}


@pytest.fixture(scope="module")
async def prepared(law_pool: asyncpg.Pool) -> AsyncIterator[Stage]:
    async with undone(law_pool) as transaction:
        yield Stage(transaction, await a_law_case(transaction))


@pytest.fixture
async def stage(prepared: Stage) -> AsyncIterator[Stage]:
    await prepared.transaction.execute("savepoint test")
    yield prepared
    await prepared.transaction.execute("rollback to test")


async def test_each_step_of_the_life_cycle_and_no_other(stage: Stage) -> None:
    found: dict[tuple[str, str], bool] = {}
    for origin in PATHS:
        await stage.savepoint()
        await stage.bring_to(origin)
        if origin == "unconfirmed":
            await attach_to(stage, "non_payment_evidence", "settlement")
        for target in PATHS.keys() - {origin}:
            await stage.savepoint()
            result = await stage.change(CHANGES[target])
            if (origin, target) in ALLOWED:
                assert result == 1, (origin, target, result)
            else:
                assert result == "payments_transition_ck", (origin, target, result)
            found[origin, target] = result == 1
            await stage.back()
            await stage.transaction.execute("release stage")
        await stage.back()
        await stage.transaction.execute("release stage")
    assert len(found) == 9 * 8
    assert {pair for pair, allowed in found.items() if allowed} == ALLOWED


@pytest.mark.parametrize("status", sorted(PATHS.keys() - {"draft"}))
async def test_a_payment_is_born_as_a_draft(stage: Stage, status: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError) as caught:
        await a_payment(stage.transaction, stage.case.id, MONGOLIA, plan_item_id=stage.case.item_id, status=status)
    assert caught.value.constraint_name == "payments_transition_ck"


@pytest.mark.parametrize(
    "column",
    [
        "field_office_id = null",
        "kind = 'supplier_direct'",
        "stream = 'cash_premium'",
        "prepared_by = 'somebody else'",
        "prepared_at = prepared_at - interval '1 day'",
        "case_id = gen_random_uuid()",
        "id = gen_random_uuid()",
    ],
)
async def test_whose_a_payment_is_never_changes(stage: Stage, column: str) -> None:
    assert await stage.change(column) == "payments_content_ck"


CONTENT = (
    "fund_id = gen_random_uuid()",
    "plan_item_id = gen_random_uuid()",
    "invoice_number = 'I-2'",
    "description = 'another'",
    "payment_date = payment_date + 1",
    "rate_rule = 'REGISTRATION_MONTH'",
)


@pytest.mark.parametrize(
    "status", ["submitted", "approved", "released", "unconfirmed", "paid", "failed", "reversed", "cancelled"]
)
async def test_the_content_is_fixed_from_the_submission_on(stage: Stage, status: str) -> None:
    await stage.bring_to(status)
    for change in CONTENT:
        assert await stage.change(change) == "payments_content_ck", change


async def test_the_content_of_a_draft_is_open_but_not_while_it_is_submitted_or_returned(stage: Stage) -> None:
    assert await stage.change("description = 'another', payment_date = payment_date + 1, invoice_number = 'I-2'") == 1
    assert await stage.change(f"{CHANGES['submitted']}, description = 'third'") == "payments_content_ck"
    await stage.bring_to("submitted")
    assert await stage.change(f"{CHANGES['draft']}, description = 'third'") == "payments_content_ck"
    assert await stage.change(CHANGES["draft"]) == 1
    assert await stage.change("description = 'third'") == 1


async def test_three_people_prepare_approve_and_release(stage: Stage) -> None:
    await stage.bring_to("submitted")
    rule = "payments_four_eyes_ck"
    assert await stage.change(CHANGES["approved"].replace("'approver'", "prepared_by")) == rule
    await stage.change(CHANGES["approved"])
    for same in ("prepared_by", "approved_by"):
        assert await stage.change(CHANGES["released"].replace("'coordinator'", same)) == rule
    await stage.change(CHANGES["released"])
    await stage.change(CHANGES["paid"])
    assert await stage.change(CHANGES["reversed"].replace("'coordinator'", "prepared_by")) == "payments_reversed_ck"


@pytest.mark.parametrize(
    ("status", "assignments", "rule"),
    [
        ("draft", "status = 'submitted', content_digest = repeat('a', 64)", "payments_submitted_ck"),
        ("draft", "status = 'submitted', submitted_at = now()", "payments_submitted_ck"),
        ("draft", "approved_by = 'approver', approved_at = now(), approved_digest = repeat('a', 64)", "payments_approved_ck"),
        ("submitted", "status = 'approved'", "payments_approved_ck"),
        ("submitted", "status = 'approved', approved_by = 'approver', approved_at = now()", "payments_approved_ck"),
        ("submitted", CHANGES["approved"].replace("= content_digest", "= repeat('b', 64)"), "payments_approved_digest_ck"),
        ("approved", "status = 'released'", "payments_released_ck"),
        ("approved", "status = 'released', released_by = 'coordinator'", "payments_released_ck"),
        ("approved", "status = 'draft'", "payments_approved_ck"),
        ("released", CHANGES["paid"].replace("settlement_reference = 'R1',", ""), "payments_paid_ck"),
        ("released", f"status = 'failed', {SETTLED}", "payments_paid_ck"),
        ("released", f"status = 'unconfirmed', {SETTLED}", "payments_paid_ck"),
        ("released", "status = 'failed', outcome_note = 'returned'", "payments_paid_ck"),
        ("paid", "status = 'reversed', outcome_note = 'came back'", "payments_reversed_ck"),
        ("draft", "description = ''", "payments_description_ck"),
        ("draft", "rate_rule = 'MY_MONTH'", "payments_rate_rule_ck"),
    ],
)
async def test_a_status_has_what_belongs_to_it_and_nothing_else(stage: Stage, status: str, assignments: str, rule: str) -> None:
    await stage.bring_to(status)
    assert await stage.change(assignments) == rule


WITHIN = {
    "submitted": ("content_digest = repeat('b', 64)", "submitted_at = submitted_at + interval '1 day'"),
    "approved": (
        "content_digest = repeat('b', 64), approved_digest = repeat('b', 64)",
        "approved_by = 'another'",
        "approved_at = approved_at - interval '1 day'",
    ),
    "released": ("paid_on = '2025-04-10'", "released_by = 'another'", "settlement_reference = 'R2'"),
    "unconfirmed": ("outcome_note = 'all is well'", "settled_by = 'another'"),
    "paid": (
        "paid_on = '2025-04-11'",
        "paid_on = '1999-01-01'",
        "paid_on = null",
        "settlement_reference = 'R2'",
        "settled_by = 'another'",
        "content_digest = repeat('b', 64), approved_digest = repeat('b', 64)",
    ),
    "failed": ("outcome_note = 'never ordered'",),
    "reversed": ("reversed_by = 'another'", "paid_on = '2025-04-11'"),
    "cancelled": ("invoice_number = 'I-2'",),
}


@pytest.mark.parametrize("status", sorted(WITHIN))
async def test_within_a_status_nothing_of_a_submitted_payment_is_rewritten(stage: Stage, status: str) -> None:
    await stage.bring_to(status)
    for change in WITHIN[status]:
        assert await stage.change(change) == "payments_content_ck", change
    assert await stage.change("description = description") == 1


@pytest.mark.parametrize(
    ("status", "step", "beside"),
    [
        ("submitted", "approved", "content_digest = repeat('b', 64)"),
        ("submitted", "approved", "paid_on = '2025-04-10'"),
        ("approved", "released", "approved_by = 'another'"),
        ("approved", "released", "submitted_at = submitted_at - interval '1 day'"),
        ("approved", "released", "content_digest = repeat('b', 64), approved_digest = repeat('b', 64)"),
        ("released", "paid", "released_by = 'another'"),
        ("released", "failed", "settlement_reference = 'R2'"),
        ("paid", "reversed", "paid_on = '2025-04-11'"),
        ("paid", "reversed", "settled_by = 'another'"),
    ],
)
async def test_a_step_writes_what_is_its_own_and_nothing_of_another_step(
    stage: Stage, status: str, step: str, beside: str
) -> None:
    await stage.bring_to(status)
    assert await stage.change(f"{CHANGES[step]}, {beside}") == "payments_content_ck"


async def test_the_two_money_streams_never_mix(stage: Stage) -> None:
    case = stage.case
    item: dict[str, object] = {"plan_item_id": case.item_id}
    direct: dict[str, object] = {"kind": "supplier_direct", "invoice_number": "I-1"}
    wrong: Sequence[Attempt] = (
        (MONGOLIA, premium(case), "payments_stream_ck"),
        (None, premium(case) | item, "payments_stream_ck"),
        (None, premium(case) | {"stream": "reintegration"}, "payments_stream_ck"),
        (None, premium(case) | {"entitlement_id": None}, "payments_stream_ck"),
        (MONGOLIA, premium(case) | {"kind": "travel_document_refund"}, "payments_stream_ck"),
        (MONGOLIA, item | {"stream": "cash_premium"}, "payments_stream_ck"),
        (MONGOLIA, item | {"entitlement_id": case.premium_id}, "payments_stream_ck"),
        (None, item, "payments_stream_ck"),
        (MONGOLIA, {}, "payments_stream_ck"),
        (MONGOLIA, item | {"kind": "gift"}, "payments_kind_ck"),
        (MONGOLIA, item | direct, "payments_supplier_ck"),
        (MONGOLIA, item | direct | {"supplier_id": case.supplier_id, "invoice_number": None}, "payments_supplier_ck"),
        (MONGOLIA, item | {"supplier_id": case.supplier_id}, "payments_supplier_ck"),
        (MONGOLIA, item | direct | {"supplier_id": new_id()}, "payments_supplier_fk"),
        (MONGOLIA, {"plan_item_id": new_id()}, "payments_item_fk"),
    )
    for office, cells, rule in wrong:
        await stage.savepoint()
        with pytest.raises(asyncpg.IntegrityConstraintViolationError) as caught:
            await a_payment(stage.transaction, case.id, office, **cells)
        assert caught.value.constraint_name == rule, cells
        await stage.back()
