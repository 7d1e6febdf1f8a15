"""Random histories through the API and on the reference: every answer, every payment and every balance agree after each step."""

import logging
import os
from collections.abc import Iterator
from random import SystemRandom

import pytest

from reintegration.database.embedded import DatabaseAddresses
from tests.money.histories import Search
from tests.money.playing import Room, open_room

STEPS = int(os.environ.get("MONEY_STEPS", "0"))
"""More steps than the suite's, of histories that nobody has played before: MONEY_STEPS=5000 takes some minutes."""
SEED = int(os.environ.get("MONEY_SEED", str(SystemRandom().randrange(10**6) if STEPS else 0)))
EXAMPLES = 25
LONGEST = 25 if STEPS else 10
_AT_ONCE = 10
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
