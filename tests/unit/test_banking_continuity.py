"""Whether a statement brings lines again that came before: balances can't tell where the lines come to nothing together."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reintegration.banking.continuity import BookedLine, repeated_lines
from reintegration.banking.statement import Statement, StatementLine

from .banking_files import ACCOUNT, balance, line

OPENING = 10_000


def lines(*amounts: int, first: int = 1) -> list[StatementLine]:
    """Lines of these amounts, each with its own reference of the bank."""
    return [
        replace(line(number, number + 1, amount), bank_reference=f"B{number + first}") for number, amount in enumerate(amounts)
    ]


def statement(told: list[StatementLine], opening: int = OPENING) -> Statement:
    """A statement of these lines."""
    closing = opening + sum(item.amount_minor for item in told)
    return Statement(1, ACCOUNT, "EUR", None, None, None, balance(opening), balance(closing), tuple(told), 0, "0" * 64)


def repeated(known: list[StatementLine], told: list[StatementLine]) -> int:
    """How many lines are told again; the account is where `known` left it."""
    return repeated_lines([BookedLine.of(item) for item in known], statement(told))


THREE = lines(5_000, -3_000, -2_000)


@pytest.mark.parametrize(
    ("known", "told", "found"),
    [
        ([], THREE, 0),
        (THREE, [], 0),
        (THREE, THREE, 3),
        (THREE, THREE + lines(700, first=4), 3),
        (lines(900, first=9) + THREE, THREE, 3),
        (THREE + lines(100, -100, first=4), THREE, 3),
        (THREE, THREE[:2], 2),
        (THREE, lines(5_000, -3_000, -2_000, first=7), 0),
        (THREE, [*THREE[:2], *lines(-2_000, first=8)], 0),
        (THREE, THREE[1:], 0),
        (lines(0), lines(0), 0),
        (lines(0, 5, -5), lines(0, 5, -5), 3),
    ],
)
def test_lines_that_come_again_are_counted(known: list[StatementLine], told: list[StatementLine], found: int) -> None:
    assert repeated(known, told) == found


def test_a_line_without_the_banks_reference_is_known_by_all_it_says() -> None:
    def pair(name: str, day: date = date(2026, 3, 2)) -> list[StatementLine]:
        return [replace(item, bank_reference=None, counterparty_name=name, booking_date=day) for item in lines(100, -100)]

    assert repeated(pair("Bat"), pair("Bat")) == 2
    assert repeated(pair("Bat"), pair("Dorj")) == 0
    assert repeated(pair("Bat"), pair("Bat", date(2026, 3, 3))) == 0


def slowly(known: list[BookedLine], told: list[BookedLine]) -> int:
    """The same by trying each place in turn."""
    for place in reversed(range(len(known))):
        common = min(len(told), len(known) - place)
        is_there = known[place : place + common] == told[:common] and any(item.amount_minor for item in told[:common])
        if is_there and sum(item.amount_minor for item in known[place:]) == 0:
            return common
    return 0


@given(st.lists(st.sampled_from([-1, 0, 1]), max_size=12), st.lists(st.sampled_from([-1, 0, 1]), max_size=8))
def test_it_finds_what_trying_each_place_finds(before: list[int], after: list[int]) -> None:
    known = [replace(item, bank_reference=None) for item in lines(*before)]
    told = [replace(item, bank_reference=None) for item in lines(*after)]
    assert repeated(known, told) == slowly([BookedLine.of(item) for item in known], [BookedLine.of(item) for item in told])
