"""Random histories through the API and on the reference: every answer, every payment and every balance agree after each step.

They know drafts, four eyes, outcomes and payments in part; holds, endorsements over thresholds, accounts of suppliers; plans,
transfers, deadlines, expiries and closes of cases; refunds, receivables with instalments, receipts and write-offs; advances,
returns, settlements and payments out of the float; a bank's lines, matches and their undoing; closes of months and what is late
for them. All of it is retried, replayed, asked with old versions, and by two at once.

    MONEY_STEPS=5000 pytest tests/money/test_histories.py --log-level=INFO

plays as many steps, of longer histories and from a seed of chance, which a failure names: MONEY_SEED plays it again. With
MONEY_STEPS the search for the seeded faults begins with the first history of the series too.

A new kind of step is a class with `wishes` (steps.py), a line in histories.py, the rule of who may ask for it (procedure.py,
claims.py), and its money (reference.py).
"""

import logging
import os
from collections.abc import Iterator
from random import SystemRandom

import pytest

from reintegration.audit import invariants
from reintegration.audit.invariants import INVARIANTS
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.sql import load_queries
from tests.money.histories import Search
from tests.money.playing import Room, open_room

STEPS = int(os.environ.get("MONEY_STEPS", "0"))
SEED = int(os.environ.get("MONEY_SEED", str(SystemRandom().randrange(10**6) if STEPS else 0)))
EXAMPLES = 25
LONGEST = 25 if STEPS else 10
_AT_ONCE = 10
_MOVED = "payments_in_time"
"""An invariant that these histories break: to let time pass they move the last day to the past, under what was paid."""
_log = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def room(fresh_money: DatabaseAddresses) -> Iterator[Room]:
    with open_room(fresh_money) as opened:
        yield opened


def test_balances_agree_to_the_cent_after_each_step(room: Room) -> None:
    search, played = Search(room, LONGEST), 0
    while played < EXAMPLES or room.table.steps < STEPS:
        failure = search.run(SEED + played, _AT_ONCE)
        assert failure is None, f"MONEY_SEED={SEED + played}\n{failure}"
        played += _AT_ONCE
    _log.info("%d steps of %d histories from MONEY_SEED=%d", room.table.steps, played, SEED)
    assert room.table.steps >= 5 * EXAMPLES
    sql = load_queries(invariants.__file__)
    held = [one.name for one in INVARIANTS if one.name != _MOVED]
    assert [name for name in held if room.runner.run(room.table.eye.fetch(sql[name]))] == []
