"""Mistakes planted one at a time: the same search that finds nothing in the product finds each of them, so it can fail.

A mistake of Python is patched in for its test, one of the database replaces what a database of the test's own has. What takes the
time is to shorten the history that found it, as far as it has to be short.
"""

import logging
from collections.abc import Callable, Mapping

import pytest

from reintegration.database.embedded import DatabaseAddresses
from tests.money import planted, planted_claims
from tests.money.histories import Search
from tests.money.planted import Plant
from tests.money.playing import open_room
from tests.money.test_histories import STEPS

SHORT = 6
"""Steps of the history that the search ends with, at most."""
_MOST = 200
_log = logging.getLogger(__name__)

FAULTS: Mapping[Callable[[Plant], None], int] = {
    planted.a_reservation_that_is_not_counted: 35,
    planted.a_correction_without_a_reversal: 105,
    planted.a_dropped_lock: 99,
    planted.an_expiry_that_gives_back_twice: 101,
    planted.a_rate_rounded_half_to_even: 13,
    planted.an_unreserved_first_line_alone: 165,
    planted.a_replay_that_is_carried_out: 0,
    planted.a_transfer_approved_twice: 90,
    planted.a_reservation_given_back_to_the_wrong_account: 52,
    planted.a_failed_payment_that_keeps_its_reservation: 442,
    planted.a_reversal_that_stays_with_a_closed_case: 51,
    planted_claims.a_part_paid_that_is_spent_wholly: 10,
    planted_claims.a_refund_counted_twice: 36,
    planted_claims.a_float_not_drawn_at_release: 105,
    planted_claims.a_reversal_that_leaves_the_float_empty: 105,
    planted_claims.a_share_of_cost_that_is_cut: 119,
    planted_claims.an_instalment_that_leaves_all_owed: 97,
    planted_claims.a_write_off_that_is_owed_still: 125,
    planted_claims.a_receipt_taken_back_that_stays_free: 97,
    planted_claims.a_match_that_stays_in_suspense: 23,
    planted_claims.an_undone_match_that_stays_explained: 103,
    planted_claims.a_late_fact_without_a_correction: 35,
    planted_claims.a_threshold_that_nobody_looks_at: 14,
    planted_claims.an_account_that_nobody_approved: 22,
}
"""With the history of the series at which the search begins, lest the suite plays again those before, in which nothing shows.

With MONEY_STEPS it begins with the first. Where the steps change, so does the series: the search then takes longer.
"""


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_planted_fault_is_found_by_a_short_history(
    fresh_database: DatabaseAddresses, monkeypatch: pytest.MonkeyPatch, fault: Callable[[Plant], None]
) -> None:
    with open_room(fresh_database) as room:
        fault(Plant(room, monkeypatch))
        failure = Search(room, patience=20, enough=SHORT).run(0 if STEPS else FAULTS[fault], _MOST)
    assert failure is not None
    assert len(failure.history) <= SHORT, failure
    _log.info("%s", failure)


def test_the_histories_with_which_the_searches_begin_find_nothing_in_the_product(fresh_database: DatabaseAddresses) -> None:
    assert len(FAULTS) >= 20
    with open_room(fresh_database) as room:
        assert [Search(room).run(seed, 1) for seed in sorted(set(FAULTS.values()))] == [None] * len(set(FAULTS.values()))
