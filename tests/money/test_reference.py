"""The reference is small, independent, and right where a person can tell; so are the rules of who may ask."""

import ast
from pathlib import Path
from types import ModuleType

import pytest

from tests.money import claims, procedure, records, reference
from tests.money.procedure import Procedure
from tests.money.records import Asked, Case, Payment
from tests.money.reference import BUDGET, OFFICE, Ledger, RefusedError, to_cents


def a_case() -> Procedure:
    """One line of 100 EUR, 20 EUR left beside it, a draft of 33.33 EUR and one of 1,001 yen at 200."""
    ledger = Procedure(month_of=lambda day: day // 30, rates={("EUR", -3): "1", ("JPY", -3): "200"})
    ledger.cases["A"] = Case("plan", deadline=10)
    ledger.asked["plan"] = Asked("plan", "officer", ("A",), budgets={"line": 10_000}, status="approved")
    ledger.grant("A", BUDGET, 12_000)
    ledger.divide("plan", "A", {"line": 10_000})
    for name, amount in {"euro": (3_333, "EUR"), "yen": (1_001, "JPY")}.items():
        ledger.draft(name, Payment("A", "plan", "line", None, ((amount,), -3, None), ("officer",), papers={"receipt": "request"}))
    return ledger


def held(ledger: Ledger) -> dict[str, int]:
    kinds = ("fund", "entitlement", "plan_line", "reserved", "spent")
    return {kind: ledger.held(kind, "A") for kind in kinds if ledger.held(kind, "A")}


_OF_PYTHON = {"collections", "collections.abc", "dataclasses", "typing"}


def imports(module: ModuleType) -> set[str | None]:
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    assert not any(isinstance(node, ast.Import) for node in ast.walk(tree))
    return {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)} - _OF_PYTHON


def test_it_is_short_and_knows_nothing_of_the_product() -> None:
    assert len(Path(reference.__file__).read_text(encoding="utf-8").splitlines()) <= 250
    assert imports(reference) == set()
    for rules in (records, claims, procedure):
        assert imports(rules) <= {module.__name__ for module in (reference, records, claims)}


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
    assert ledger.held("fund", "A", BUDGET) == -3_333


def test_nothing_is_reserved_twice() -> None:
    ledger = a_case()
    ledger.payments["euro"].content = (((10_001, "EUR"),), -3, None)
    with pytest.raises(RefusedError, match="NotEnoughLeft"):
        ledger.step("submit", "euro", 1, "officer")


def test_what_a_payment_took_of_the_float_has_cost_its_share() -> None:
    """2,000 yen for 10 EUR, and 1,000 for 6: of 2,500 yen all of the first and a half of the second."""
    ledger = Ledger(month_of=lambda _: 0)
    for number, (lot, amount, cost) in enumerate((("first", 2_000, 1_000), ("second", 1_000, 600))):
        ledger.carry(lot, ("own", "partner", "EUR"), ("transit", lot, "EUR"), cost)
        ledger.arrive(lot, ("transit", lot, "EUR"), ("advance", lot, "JPY"), OFFICE, amount, None)
        ledger.lots[lot] = (-4, number, "JPY")
    ledger.draw("p", "JPY", 2_500)
    assert (ledger.held("paying", "p"), ledger.held("cost", "paying", "p")) == (2_500, 1_300)
    ledger.pay_out("p", "JPY", 100, 1_200)
    assert (ledger.held("advance", "second"), ledger.held("cost", "advance", "second")) == (600, 360)
    assert (ledger.held("cost", "spent"), ledger.held("cost", "difference")) == (1_200, 40)
    ledger.restore("p")
    assert (ledger.held("advance", "first"), ledger.held("advance", "second")) == (2_000, 1_000)
    assert (ledger.held("cost", "advance"), ledger.held("cost", "difference")) == (1_600, 0)
    with pytest.raises(RefusedError, match="FloatTooSmall"):
        ledger.draw("q", "JPY", 3_001)


def test_what_came_back_wholly_has_cost_nothing() -> None:
    """A yen at 200 is half a cent, hence one; two more make one and a half, hence two together."""
    ledger = Ledger(month_of=lambda _: 0)
    assert [ledger.cents_back("r", "p.0", "JPY", "200", amount=amount) for amount in (1, 2)] == [1, 1]
    with pytest.raises(RefusedError, match="InvalidInput"):
        ledger.cents_back("r", "q.0", "JPY", "500", amount=1)


def test_a_late_fact_counts_in_the_first_open_month() -> None:
    ledger = Ledger(month_of=lambda day: day // 30)
    ledger.grant("A", BUDGET, 10_000)
    ledger.move("", ("entitlement", "A", BUDGET, ""), ("spent", "A", BUDGET, "line"), 3_000, -31)
    assert ledger.close(-2) == 3_000
    ledger.move("", ("entitlement", "A", BUDGET, ""), ("spent", "A", BUDGET, "line"), 500, -40)
    assert +ledger.spent() == {(-2, -2): 3_000, (-2, -1): 500}
    with pytest.raises(RefusedError, match="PeriodOrder"):
        ledger.close(-3)
    ledger.book("line", -700, -1)
    with pytest.raises(RefusedError, match="PeriodUnexplained"):
        ledger.close(-1)
    ledger.match("match", "line", -700, "", 0)
    assert ledger.close(-1) == 500
