"""Mistakes in what comes back, is held, owed or explained, planted as in planted.py."""

import re
from dataclasses import replace

from reintegration.database.transaction import Transaction
from reintegration.ledger import flows
from reintegration.ledger.posting import Entry
from reintegration.payments import deciding, settling
from reintegration.payments.models import Payment
from reintegration.recovery import receiving
from tests.money.planted import Plant


def a_part_paid_that_is_spent_wholly(plant: Plant) -> None:
    whole = settling._record_shortfalls  # noqa: SLF001 - what is planted is inside

    async def record_shortfalls(*arguments: object) -> int:
        await whole(*arguments)
        return 0

    plant.patch.setattr(settling, "_record_shortfalls", record_shortfalls)


def a_refund_counted_twice(plant: Plant) -> None:
    plant.sql(
        "drop trigger ledger_postings_refund on ledger_postings", "drop trigger payment_refunds_posted_ck on payment_refunds"
    )
    whole = flows.refund

    def refund(pot: flows.Pot, **named: object) -> Entry:
        entry = whole(pot, **named)
        return replace(entry, postings=tuple(replace(one, amount_minor=2 * one.amount_minor) for one in entry.postings))

    plant.patch.setattr(flows, "refund", refund)


def a_float_not_drawn_at_release(plant: Plant) -> None:
    plant.sql("drop trigger payments_draw on payments")


def a_reversal_that_leaves_the_float_empty(plant: Plant) -> None:
    drawing = plant.source("draw_float")
    kept = drawing.replace("perform lock_drawn(new.id);", "if new.status = 'reversed' then return null; end if;", 1)
    assert kept != drawing
    plant.sql(kept)


def a_share_of_cost_that_is_cut(plant: Plant) -> None:
    sharing = plant.source("cash_share")
    cut = sharing.replace("round(", "trunc(")
    assert cut != sharing
    plant.sql(cut)


def an_instalment_that_leaves_all_owed(plant: Plant) -> None:
    plant.sql(_without(plant.source("receivable_standing"), r"x\.taken_back_at IS NULL"))


def a_write_off_that_is_owed_still(plant: Plant) -> None:
    plant.sql(_without(plant.source("receivable_standing"), r"w\.decision = 'approved'::text"))


def _without(source: str, condition: str) -> str:
    """The function, where nothing fulfils a condition of it."""
    changed = re.sub(condition, "false", source)
    assert changed != source
    return changed


def a_receipt_taken_back_that_stays_free(plant: Plant) -> None:
    """The case keeps what did not stay."""
    plant.sql("drop trigger receivable_receipts_posted_ck on receivable_receipts")
    whole = receiving.post

    async def post(transaction: Transaction, entry: Entry) -> object:
        return entry.reference_id if entry.kind == "receivable_taken_back" else await whole(transaction, entry)

    plant.patch.setattr(receiving, "post", post)


def a_match_that_stays_in_suspense(plant: Plant) -> None:
    plant.sql(
        "drop trigger statement_match_lines_check on statement_match_lines",
        "alter table statement_match_lines alter column in_force set default false",
    )


def an_undone_match_that_stays_explained(plant: Plant) -> None:
    undoing = plant.source("undo_statement_match")
    kept = undoing.replace("update statement_match_lines set in_force = false where match_id = new.id;", "")
    assert kept != undoing
    plant.sql(kept)


def a_late_fact_without_a_correction(plant: Plant) -> None:
    plant.sql("drop trigger ledger_postings_period on ledger_postings")


def a_threshold_that_nobody_looks_at(plant: Plant) -> None:
    plant.sql("drop trigger payments_without_threshold on payments")
    plant.patch.setattr(deciding, "check_thresholds", _nothing)


def an_account_that_nobody_approved(plant: Plant) -> None:
    plant.sql("drop trigger payments_without_account on payments")
    plant.patch.setattr(deciding, "check_supplier", _nothing)


async def _nothing(_transaction: Transaction, _payment: Payment) -> None:
    """Forgotten."""
