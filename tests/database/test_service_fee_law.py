"""What the database itself refuses of fees, whoever writes: every rule is broken once by a bare statement."""

from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.clock import today
from reintegration.kernel.ids import new_id
from tests import builders
from tests.builders import (
    CARITAS,
    COORDINATOR,
    EVERYBODY,
    FINANCE,
    IOM,
    MONGOLIA_CARITAS,
    OFFICER,
    OTHER_COORDINATOR,
    OTHER_OFFICER,
    PROGRAMME,
    days_ago,
)
from tests.database.law import become, outcome
from tests.database.law_fee import FeeStage, a_set_of_fees, a_stage
from tests.fee_steps import FEE_MINOR
from tests.receivable_steps import SECOND_COORDINATOR

_OTHER_CARITAS = builders.actor(OFFICER.role, "officer-of-caritas", office=MONGOLIA_CARITAS)
PEOPLE = (*EVERYBODY, OTHER_OFFICER, OTHER_COORDINATOR, _OTHER_CARITAS)


@pytest.fixture(scope="module")
async def fees(database_urls: DatabaseAddresses) -> tuple[UUID, UUID, UUID, UUID]:
    return await a_set_of_fees(database_urls)


@pytest.fixture
async def stage(law_pool: asyncpg.Pool, fees: tuple[UUID, UUID, UUID, UUID]) -> AsyncIterator[FeeStage]:
    async with a_stage(law_pool, fees) as made:
        yield made


async def test_a_claim_is_what_its_tariff_gives_for_the_service(stage: FeeStage) -> None:
    rule = "service_fees_due_ck"
    other = "select id from {} where id <> $1 order by id limit 1"
    fund = await stage.transaction.fetch_value(other.format("funds"), stage.due["fund_id"])
    tariff = await stage.transaction.fetch_value(other.format("service_fee_tariffs"), stage.due["tariff_id"])
    for cells in (
        {"amount_minor": FEE_MINOR + 1},
        {"amount_minor": FEE_MINOR - 1},
        {"served_on": days_ago(1)},
        {"fund_id": fund},
        {"tariff_id": tariff},
        {"field_office_id": builders.CAMEROON},
        {"partner_id": CARITAS, "field_office_id": MONGOLIA_CARITAS},
        {"kind": "follow_up"},
    ):
        assert await stage.claim(**cells) == rule, cells
    for cells, broken in (
        ({"amount_minor": 0}, "service_fees_amount_ck"),
        ({"kind": "coffee"}, "service_fees_kind_ck"),
        ({"partner_id": CARITAS}, "service_fees_office_fk"),
        ({"currency": "USD"}, rule),
        ({"currency": "ZZZ"}, "service_fees_currency_fk"),
        ({"tariff_id": new_id()}, "service_fees_tariff_fk"),
        ({"fund_id": new_id()}, "service_fees_fund_fk"),
        ({"status": "approved"}, "service_fees_transition_ck"),
        ({"approved_by": "ann"}, "service_fees_approved_ck"),
        ({"id": stage.claimed}, "service_fees_pk"),
    ):
        assert await stage.claim(**cells) == broken, cells
    assert await stage.claim() == 1
    assert await stage.claim() == "service_fees_once_uq"


async def test_steps_follow_one_another_and_stay(stage: FeeStage) -> None:
    approved = "status = 'approved', approved_by = 'ben', approved_at = now()"
    paid = "status = 'paid', paid_by = 'cleo', paid_at = now(), paid_on = $day, payment_reference = 'B'"
    ended = "ended_by = 'dan', ended_at = now(), ended_reason = 'A reason'"
    this_day = f"'{today().isoformat()}'"
    pay = paid.replace("$day", this_day)
    back = f"status = 'reversed', {ended}, returned_on = {this_day}"
    for fee, cells, rule in (
        (stage.claimed, pay, "service_fees_transition_ck"),
        (stage.claimed, back, "service_fees_transition_ck"),
        (stage.approved, f"status = 'withdrawn', {ended}", "service_fees_transition_ck"),
        (stage.paid, f"status = 'refused', {ended}", "service_fees_transition_ck"),
        (stage.paid, "paid_on = paid_on", "service_fees_kept_ck"),
        (stage.approved, f"{pay}, approved_by = 'eve'", "service_fees_kept_ck"),
        (stage.paid, f"{back}, payment_reference = 'C'", "service_fees_kept_ck"),
        (stage.claimed, "status = 'approved'", "service_fees_approved_ck"),
        (stage.claimed, "status = 'approved', approved_by = claimed_by, approved_at = now()", "service_fees_four_eyes_ck"),
        (stage.approved, pay.replace("'cleo'", "claimed_by"), "service_fees_four_eyes_ck"),
        (stage.approved, pay.replace("'cleo'", "approved_by"), "service_fees_four_eyes_ck"),
        (stage.approved, "status = 'refused', " + ended.replace("'dan'", "approved_by"), "service_fees_four_eyes_ck"),
        (stage.paid, back.replace("'dan'", "paid_by"), "service_fees_four_eyes_ck"),
        (stage.paid, back.replace("'dan'", "claimed_by"), "service_fees_four_eyes_ck"),
        (stage.approved, pay.replace("paid_at = now(), ", ""), "service_fees_paid_ck"),
        (stage.paid, back.replace(f", returned_on = {this_day}", ""), "service_fees_ended_ck"),
        (stage.claimed, "status = 'withdrawn'", "service_fees_ended_ck"),
        (stage.claimed, f"status = 'withdrawn', {ended.replace('A reason', 'no')}", "service_fees_text_ck"),
        (stage.approved, pay.replace("'B'", "''"), "service_fees_text_ck"),
        (stage.approved, paid.replace("$day", f"'{days_ago(1).isoformat()}'"), "service_fees_dates_ck"),
        (stage.paid, back.replace(this_day, f"'{days_ago(1).isoformat()}'"), "service_fees_dates_ck"),
        # A step without its entry.
        (stage.claimed, approved, "service_fees_posted_ck"),
        (stage.approved, pay, "service_fees_posted_ck"),
        (stage.approved, f"status = 'refused', {ended}", "service_fees_posted_ck"),
        (stage.paid, back, "service_fees_posted_ck"),
    ):
        assert await stage.step(fee, cells) == rule, cells
    for column in ("amount_minor", "claimed_by", "fund_id", "tariff_id", "case_id"):
        assert await stage.step(stage.claimed, f"{column} = {column}") == "denied"
    assert await outcome(stage.transaction, "delete from service_fees") == "denied"


async def test_each_step_is_written_by_its_role_alone(stage: FeeStage) -> None:
    ended = "ended_by = 'dan', ended_at = now(), ended_reason = 'A reason'"
    pay = "status = 'paid', paid_by = 'cleo', paid_at = now(), paid_on = current_date, payment_reference = 'B'"
    for fee, cells, writers in (
        (stage.claimed, f"status = 'withdrawn', {ended}", {OFFICER, COORDINATOR}),
        (stage.claimed, "status = 'approved', approved_by = 'ben', approved_at = now()", {PROGRAMME}),
        (stage.claimed, f"status = 'refused', {ended}", {PROGRAMME}),
        (stage.approved, f"status = 'refused', {ended}", {FINANCE}),
        (stage.approved, pay, {FINANCE}),
        (stage.paid, f"status = 'reversed', {ended}, returned_on = current_date", {FINANCE}),
    ):
        found = set()
        for who in PEOPLE:
            await become(stage.transaction, who)
            # Who may write it meets the law of its entry; nobody else gets so far.
            done = await stage.step(fee, cells)
            if done not in {"denied", 0}:
                found.add(who)
            if done == 1:
                await stage.transaction.execute("rollback to attempt")
        assert found == writers, cells
    claimants = set()
    for who in (*PEOPLE, SECOND_COORDINATOR):
        await become(stage.transaction, who)
        if await stage.claim() == 1:
            claimants.add(who)
            await stage.transaction.execute("rollback to attempt")
    assert claimants == {OFFICER, SECOND_COORDINATOR}
    # The plan is a word of the first coordinator's.
    await become(stage.transaction, COORDINATOR)
    assert await stage.claim() == "service_fees_claimant_ck"
    await become(stage.transaction, OFFICER)
    assert await stage.claim(claimed_by="somebody else") == "denied"


async def test_partners_see_their_own_fees_and_tariffs_and_no_entry(stage: FeeStage) -> None:
    entries = "select count(*) from ledger_transactions where reference_id = any ($1)"
    fees = "select count(*) from service_fees where id = any ($1)"
    tariffs = "select array_agg(distinct partner_id order by partner_id) from service_fee_tariffs"
    seen = {}
    for who in PEOPLE:
        await become(stage.transaction, who)
        asked = [stage.claimed, stage.approved, stage.paid]
        found = [await stage.transaction.fetch_value(sql, asked) for sql in (fees, entries)]
        seen[who.id] = (*found, await stage.transaction.fetch_value(tariffs))
    both = sorted([IOM, CARITAS])
    all_of_it, nothing, of_iom = (3, 3, both), (0, 0, None), (3, 0, [IOM])
    assert seen == {
        "return_counsellor": nothing,
        "field_officer": of_iom,
        "field_approver": of_iom,
        "partner_coordinator": of_iom,
        "fedasil_finance": all_of_it,
        "fedasil_programme": all_of_it,
        "auditor": all_of_it,
        "administrator": nothing,
        "officer-of-cameroon": (0, 0, [IOM]),
        "coordinator-of-caritas": (0, 0, [CARITAS]),
        "officer-of-caritas": (0, 0, [CARITAS]),
    }
