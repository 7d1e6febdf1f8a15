"""The reference is small, independent, and right where a person can tell."""

import ast
from pathlib import Path

import pytest

from tests.money import reference
from tests.money.reference import BUDGET, Asked, Case, Payment, Reference, RefusedError, to_cents


def a_case() -> Reference:
    """One line of 100 EUR, 20 EUR left beside it, a draft of 33.33 EUR and one of 1,001 yen at 200."""
    ledger = Reference({("EUR", -3): "1", ("JPY", -3): "200"})
    ledger.cases["A"] = Case("plan", deadline=10)
    ledger.asked["plan"] = Asked("A", "officer", budgets={"line": 10_000}, status="approved")
    ledger.move("A", ("fund", ""), ("entitlement", ""), 12_000)
    ledger.move("A", ("entitlement", ""), ("plan_line", "line"), 10_000)
    for name, amount in {"euro": (3_333, "EUR"), "yen": (1_001, "JPY")}.items():
        ledger.draft(name, Payment("A", "plan", "line", None, ((amount,), -3, None), ("officer",), papers={"receipt": "request"}))
    return ledger


def held(ledger: Reference) -> dict[str, int]:
    return {kind: amount for (_, _, kind, _), amount in ledger.accounts.items() if amount}


def test_it_is_short_and_knows_nothing_of_the_product() -> None:
    text = Path(reference.__file__).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 250
    imported = {node.module for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)}
    assert imported == {"collections", "collections.abc", "dataclasses"}
    assert not any(isinstance(node, ast.Import) for node in ast.walk(ast.parse(text)))


@pytest.mark.parametrize(
    ("amount", "currency", "rate", "cents"),
    [(1, "JPY", "200", 1), (5, "JPY", "200", 3), (350_000, "MNT", "3800.5", 92), (1_005, "KWD", "1", 101), (77, "EUR", "1", 77)],
)
def test_half_a_cent_goes_up(amount: int, currency: str, rate: str, cents: int) -> None:
    assert to_cents(amount, currency, rate) == cents


def test_a_payment_moves_its_money_and_back() -> None:
    ledger = a_case()
    ledger.step("submit", "euro", 1, "officer")
    ledger.step("submit", "yen", 1, "officer")
    assert held(ledger) == {"fund": -12_000, "entitlement": 2_000, "plan_line": 6_166, "reserved": 3_834}
    for version, (step, by) in enumerate(
        (("approve", "approver"), ("release", "coordinator"), ("confirm", ""), ("reverse", "x")), 2
    ):
        ledger.step(step, "euro", version, by)
    ledger.step("send_back", "yen", 2, "approver")
    assert held(ledger) == {"fund": -12_000, "entitlement": 2_000, "plan_line": 10_000}
    assert (ledger.payments["euro"].status, ledger.payments["yen"].status) == ("reversed", "draft")


def test_what_is_left_goes_back_to_the_fund_once() -> None:
    ledger = a_case()
    ledger.step("submit", "euro", 1, "officer")
    assert ledger.expire("A") is None
    ledger.cases["A"].deadline = -1
    assert ledger.expire("A") == (8_667, 1)
    assert ledger.expire("A") is None
    assert held(ledger) == {"fund": -3_333, "reserved": 3_333}
    assert ledger.accounts["A", BUDGET, "fund", ""] == -3_333


def test_nothing_is_reserved_twice() -> None:
    ledger = a_case()
    ledger.payments["euro"].content = (((10_001, "EUR"),), -3, None)
    with pytest.raises(RefusedError, match="NotEnoughLeft"):
        ledger.step("submit", "euro", 1, "officer")
