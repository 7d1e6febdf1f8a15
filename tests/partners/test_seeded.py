"""Fifty messages of a partner whose habits a seed decides: our books are its own for all that was honest, the rest is refused."""

import random
from collections import Counter

import pytest

from reintegration.banking import csv_reader, csv_text
from reintegration.banking.amounts import AmountFormat
from reintegration.kernel.money import AmountMinor
from reintegration.reconciliation import files
from tests.partners import seeded as habits
from tests.partners.orders import an_order
from tests.partners.partner import open_partner
from tests.partners.seeded import DIALECTS, HABITS, OPENING_MINOR, SeededPartner
from tests.partners.site import Site
from tests.payment_steps import a_planned_case

MESSAGES = 54
SEED = 79


async def a_seeded_partner(site: Site, seed: int, orders: int, dialect: str = "comma") -> SeededPartner:
    """A partner with payments of 100 EUR and some cents, all of one case."""
    plan = await a_planned_case(site.work) if orders else None
    made = [await an_order(site, 10_000 + place, plan=plan) for place in range(orders)]
    partner = await open_partner(site, DIALECTS[dialect], opening_minor=OPENING_MINOR)
    return SeededPartner(partner, made, random.Random(seed), dialect=dialect)  # noqa: S311 - a test


async def test_the_books_of_both_are_the_same_after_every_habit_and_the_seed_decides_all(site: Site) -> None:
    seeded = await a_seeded_partner(site, SEED, 3)
    journal = await seeded.run(MESSAGES)
    refused = Counter(entry.code for entry in journal if entry.code is not None)
    files_refused = {"STATEMENT_REFUSED": 12, "STATEMENT_GAP": 11, "UPLOAD_MISSING": 3}
    assert refused == files_refused | {"STATEMENT_KNOWN": 3, "VERSION_CONFLICT": 5}
    # What was not taken is still listed, and counts for nothing; what is known already was not even announced again.
    assert await seeded.partner.files() == {"IMPORTED": 13, "PENDING": sum(files_refused.values())}
    assert (len(seeded.partner.accepted), len(seeded.told)) == (43, 3)
    again = await (await a_seeded_partner(site, SEED, 3)).run(len(HABITS))
    assert again == journal[: len(HABITS)]


def _without_its_sign(_form: AmountFormat, cell: str, _digits: int) -> AmountMinor:
    """An amount by its digits alone, whatever stands between them."""
    amount = int("".join(sign for sign in cell if sign.isdecimal()))
    return AmountMinor(-amount if "-" in cell else amount)


def _by_its_last_sign(form: AmountFormat, cell: str, digits: int) -> AmountMinor:
    """An amount whose last point or comma is its decimal sign, as many programs guess."""
    whole, _, fraction = cell.replace(",", ".").rpartition(".")
    return _without_its_sign(form, whole + fraction.ljust(digits, "0"), digits)


def _nothing(*_arguments: object, **_more: object) -> None:
    """What a check does that is forgotten."""


@pytest.mark.parametrize(
    ("seed", "planted", "found"),
    [
        (
            SEED,
            ((AmountFormat, "read", _without_its_sign),),
            "unannounced: STATEMENT_REFUSED was expected, not Verdict.*code=None",
        ),
        (
            SEED,
            ((AmountFormat, "read", _by_its_last_sign),),
            "unannounced: STATEMENT_REFUSED was expected, not Verdict.*code=None",
        ),
        (SEED, ((files, "repeated_lines", lambda *_: 0),), "STATEMENT_GAP was expected, not Verdict.*code=None"),
        (178, ((csv_text, "is_utf_8", lambda _: False),), "in utf-8: STATEMENT_REFUSED was expected, not Verdict.*code=None"),
        # The database adds up too: what the reader believes is refused there, as a bug of ours.
        (178, ((csv_reader, "check_sum", _nothing), (csv_reader, "_check_running", _nothing)), "went wrong on our side"),
    ],
    ids=["sign-ignored", "sign-guessed", "told-twice", "other-names", "sums-believed"],
)
async def test_a_fault_that_is_planted_is_found(
    site: Site, monkeypatch: pytest.MonkeyPatch, seed: int, planted: tuple[tuple[object, str, object], ...], found: str
) -> None:
    for place, name, other in planted:
        monkeypatch.setattr(place, name, other)
    if len(planted) > 1:
        monkeypatch.setattr(habits, "SPOILERS", {"doubled line": habits.SPOILERS["doubled line"]})
    seeded = await a_seeded_partner(site, seed, 0, "cyrillic")
    with pytest.raises(AssertionError, match=found):
        await seeded.run(MESSAGES)
