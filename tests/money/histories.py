"""Drawing histories, and searching among them for one in which the product and the reference disagree."""

from dataclasses import dataclass, field
from functools import cache
from random import Random

from hypothesis import Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from tests.money.case_steps import (
    Close,
    Deadline,
    DecideExtension,
    Expire,
    Extend,
    Hold,
    Lift,
)
from tests.money.cases import PAPERS
from tests.money.claim_steps import AgreePlan, Claim, DecideClaim, DecideWriteOff, Receipt, TakeBack, WriteOff
from tests.money.closing_steps import Book, CloseMonth, Explain, Match, Unmatch
from tests.money.control_steps import DecideAccount, Endorse, Guarded, RecordAccount
from tests.money.draft_steps import SUPPLIERS, Amend, Attach, Bill, Draft
from tests.money.holding_steps import (
    BackToFloat,
    OutOfFloat,
    Recall,
    Receive,
    Send,
    SendBackAdvance,
    SettleAdvance,
    TakeBackAdvance,
)
from tests.money.payment_steps import (
    Approve,
    Cancel,
    Confirm,
    Fail,
    MarkUnconfirmed,
    Onward,
    Release,
    Reverse,
    SendBack,
    Submit,
)
from tests.money.plan_steps import ApprovePlan, DecideTransfer, Replan, Transfer
from tests.money.playing import Failure, History, Room
from tests.money.refund_steps import SHARES, Bought, DecideRefund, Refund
from tests.money.repeats import Again, LastEuro, Otherwise, Stale, Together, Twice
from tests.money.steps import Step

CASES = st.sampled_from((0, 0, 0, 1))
PAYMENTS = st.sampled_from((0, 0, 0, 1, 2))
EYES = st.sampled_from((0, 0, 0, 0, 1, 2))
LINES = st.integers(0, 2)
CENTS = st.sampled_from((1, 20_001, 50_000, 60_000, 100_000, 100_001)) | st.integers(1, 70_000)
AMOUNTS = st.tuples(CENTS, st.sampled_from(("EUR", "EUR", "EUR", "JPY", "JPY", "MNT", "KWD")))
BILLS = st.builds(Bill, st.lists(AMOUNTS, min_size=1, max_size=2).map(tuple), st.integers(0, 1), st.sampled_from((0, 0, 0, 1)))
PLANS = st.lists(st.sampled_from((0, 10_000, 50_000, 100_000, 130_000)), min_size=1, max_size=3).map(tuple)
SMALL = st.just(Bill(((10_000, "EUR"),)))
DECISIONS = st.sampled_from((True, True, False))
SELDOM = st.sampled_from((False, False, False, True))
TIMES = st.sampled_from((1, 1, 2))
USUALLY = st.sampled_from((*(True,) * 9, False))
PARTS = st.sampled_from(((), (), (50,), (99, 1), (100, 33), (0,)))
SHARE = st.sampled_from(SHARES)
NUMBERS = st.sampled_from((0, 0, 0, 1, 2))
LATELY = st.sampled_from((-1, -1, 0, -34, 1))
FUNDS = st.sampled_from((20_000, 100_001, 500_000))
FEES = st.sampled_from((0, 0, 7))
CURRENCIES = st.sampled_from(("EUR", "EUR", "MNT", "JPY"))

_DRAFTS = st.builds(
    Draft, CASES, LINES, st.integers(0, len(SUPPLIERS) - 1), BILLS, st.sampled_from((0, 0, 1, 2, 3, 4, 4)), USUALLY
)
_ONWARD = st.builds(Onward, CASES, PAYMENTS)
Steps = st.SearchStrategy[Step]
_MONEY: tuple[Steps, ...] = (
    *(st.builds(step, CASES, PAYMENTS) for step in (Submit, SendBack, MarkUnconfirmed, Cancel)),
    st.builds(Fail, CASES, PAYMENTS, USUALLY),
    st.builds(Confirm, CASES, PAYMENTS, st.sampled_from((-3, -34, 0, 1)), USUALLY, PARTS),
    st.builds(Reverse, CASES, PAYMENTS, EYES.map(lambda eyes: eyes % 2)),
    st.builds(Expire, CASES, SELDOM, TIMES),
    st.builds(Close, CASES, SELDOM),
    st.builds(ApprovePlan, CASES, PLANS),
    st.builds(DecideTransfer, CASES, DECISIONS, CENTS, TIMES),
)
"""What moves money, or ends what could: these also race."""
_CLAIMS: tuple[Steps, ...] = (
    st.builds(Bought, CASES, LINES, st.integers(0, len(SUPPLIERS) - 1), BILLS | SMALL, PARTS, st.sampled_from((-3, -34))),
    st.builds(Refund, CASES, PAYMENTS, LINES, SHARE, LATELY),
    st.builds(DecideRefund, CASES, PAYMENTS, DECISIONS, EYES.map(lambda eyes: eyes % 2)),
    st.builds(Claim, CASES, PAYMENTS, LINES, SHARE, st.sampled_from((0, 0, 5_000))),
    st.builds(DecideClaim, NUMBERS, DECISIONS, EYES.map(lambda eyes: eyes % 2)),
    st.builds(Receipt, NUMBERS, SHARE, LATELY),
    st.builds(TakeBack, NUMBERS, EYES.map(lambda eyes: eyes % 2)),
    st.builds(WriteOff, NUMBERS, SHARE),
    st.builds(DecideWriteOff, NUMBERS, DECISIONS),
)
_FLOATS: tuple[Steps, ...] = (
    st.builds(BackToFloat, CASES, LINES, PARTS),
    st.builds(OutOfFloat, CASES, LINES, st.integers(0, len(SUPPLIERS) - 1), BILLS, FUNDS, st.none() | PARTS),
    st.builds(Release, CASES, PAYMENTS, EYES, st.just(value=True)),
    st.builds(Send, FUNDS, CURRENCIES, st.booleans(), SELDOM),
    st.builds(Receive, NUMBERS, FEES, st.sampled_from((-4, -3))),
    st.builds(Recall, NUMBERS),
    st.builds(SettleAdvance, NUMBERS),
    st.builds(SendBackAdvance, NUMBERS, SHARE),
    st.builds(TakeBackAdvance, NUMBERS, FEES),
)
_GUARDED = st.builds(
    Guarded, CASES, LINES, st.integers(1, len(SUPPLIERS) - 1), st.sampled_from((10_000, 50_000, 60_000)), st.booleans(), SELDOM
)
_BANKS: tuple[Steps, ...] = (
    st.builds(Match, NUMBERS, st.sampled_from((0, 0, 0, 1, -1))),
    st.builds(Unmatch, NUMBERS),
    st.builds(CloseMonth, st.sampled_from((1, 1, 2, 0)), SELDOM),
)
"""What comes back, is held or is explained: these race too."""
_BESIDE: tuple[Steps, ...] = (
    st.builds(Approve, CASES, PAYMENTS, EYES),
    st.builds(Release, CASES, PAYMENTS, EYES),
    st.builds(Amend, CASES, PAYMENTS, BILLS),
    st.builds(Attach, CASES, PAYMENTS, st.sampled_from(PAPERS)),
    st.builds(Hold, CASES, PAYMENTS),
    st.builds(Lift, CASES, PAYMENTS, EYES.map(lambda eyes: eyes % 2)),
    st.builds(Replan, CASES, PLANS),
    st.builds(Transfer, CASES, LINES, CENTS),
    st.builds(Deadline, CASES, st.sampled_from((-1, -5))),
    st.builds(Extend, CASES, st.sampled_from((400, 10))),
    st.builds(DecideExtension, CASES, DECISIONS),
    st.builds(AgreePlan, NUMBERS, st.sampled_from((0, 0, 1))),
    st.builds(Explain, NUMBERS, st.sampled_from((1, 0))),
    st.builds(Endorse, CASES, PAYMENTS, EYES),
    st.builds(RecordAccount, st.integers(1, 2)),
    st.builds(DecideAccount, NUMBERS, DECISIONS, EYES.map(lambda eyes: eyes % 2)),
)
_SINGLE = st.one_of(_ONWARD, _DRAFTS, *_MONEY, *_CLAIMS, *_FLOATS, *_BANKS, *_BESIDE)
_RACING = st.one_of(_ONWARD, _GUARDED, *_MONEY, *_CLAIMS, *_FLOATS, *_BANKS)


def often(times: int, *steps: Steps) -> list[Steps]:
    """Each of these so many times: hypothesis takes one that it meets again for the same, unless it is wrapped anew."""
    return [step.map(lambda drawn: drawn) for _ in range(times) for step in steps]


_STEPS: Steps = st.one_of(
    *often(3, _DRAFTS, _ONWARD),
    *often(2, *_MONEY),
    *often(2, _GUARDED, *_CLAIMS, *_BANKS),
    *_FLOATS,
    st.builds(Book, NUMBERS, st.sampled_from((0, 0, -700, 900)), st.integers(0, 1)),
    *_BESIDE,
    st.builds(Again, st.integers(0, 5)),
    st.builds(Otherwise, st.integers(0, 5)),
    st.builds(Stale, _SINGLE),
    *often(2, st.builds(LastEuro, CASES, LINES, st.booleans())),
    *(st.builds(Together, _RACING, other) for other in (_RACING, _RACING, _SINGLE)),
    st.builds(Twice, _SINGLE, st.booleans()),
)
"""One step; a new kind of step joins here."""


_ONE = settings(max_examples=2, deadline=None, database=None, phases=(Phase.generate, Phase.shrink), print_blob=False)
"""The first example is always the empty history."""


@cache
def histories(most: int) -> st.SearchStrategy[History]:
    """Of at most so many steps, the first two of them drafts; in the place of any step there may be none."""
    begin, go_on = st.none() | _DRAFTS, st.none() | _STEPS
    places = st.tuples(begin, begin, *(go_on for _ in range(most - 2)))
    return places.map(lambda steps: tuple(step for step in steps if step is not None))


class EnoughError(BaseException):
    """A failure is as short as it has to be. Hypothesis takes every `Exception` for a failure of its own, and this ends it."""


@dataclass(slots=True)
class Search:
    """A search on one table. `patience` bounds how many histories are played to shorten one that failed, to `enough` steps.

    What was played is not played again, nor what begins like a failure: what comes after one is never reached. And two at once
    may end in another order, which the answer of a search must not.
    """

    room: Room
    most: int = 10
    patience: int = 40
    enough: int = 0
    passed: set[History] = field(default_factory=set)
    failures: list[Failure] = field(default_factory=list)

    def run(self, seed: int, examples: int) -> Failure | None:
        """The shortest failing history that was found among so many, or None."""
        for example in range(seed, seed + examples):
            failure = self._example(Random(example))  # noqa: S311 - draws histories
            if failure is not None:
                return failure
        return None

    def _example(self, random: Random) -> Failure | None:
        """One history. Hypothesis would go on with variations of it that differ little, while a new one costs as much to play."""
        left = self.patience

        def is_failing(history: History) -> bool:
            nonlocal left
            if not self._is_known(history):
                left -= bool(self.failures)
                if left < 0:
                    raise EnoughError
                failure = self.room.play(history)
                self.passed |= {history} if failure is None else set()
                self.failures += [] if failure is None else [failure]
                if failure is not None and len(failure.history) <= self.enough:
                    raise EnoughError
            return self._failure(history) is not None

        try:
            return self._failure(find(histories(self.most), is_failing, settings=_ONE, random=random))
        except EnoughError:
            return min(self.failures, key=lambda known: len(known.history))
        except NoSuchExample:
            return None

    def _is_known(self, history: History) -> bool:
        return self._failure(history) is not None or any(passed[: len(history)] == history for passed in self.passed)

    def _failure(self, history: History) -> Failure | None:
        """The shortest known failure with which the history begins."""
        begun = [known for known in self.failures if history[: len(known.history)] == known.history]
        return min(begun, key=lambda known: len(known.history), default=None)
