"""The cash premium of the rule engine for cases over the years."""

from dataclasses import replace
from datetime import date

import pytest

from reintegration.entitlements.engine import assess
from reintegration.entitlements.facts import (
    CaseFacts,
    ReturnType,
)
from tests.unit.entitlement_cases import (
    APPLICANT,
    CASH,
    REJECTED,
    VERSION,
    case,
    lines,
    override,
)

# Cash premium

ASYLUM_2015: dict[str, object] = {"arrived_in_belgium_on": date(2015, 9, 1), "asylum_requested_on": date(2015, 9, 10)}


@pytest.mark.parametrize(
    ("facts", "rule_id", "amounts"),
    [
        pytest.param(
            case("IQ", date(2016, 5, 10), status=APPLICANT, **ASYLUM_2015), "BE-CASH-02", [50000], id="Iraq 2016 campaign"
        ),
        pytest.param(
            case("IQ", date(2016, 6, 30), status=REJECTED, children=2, **ASYLUM_2015),
            "BE-CASH-02",
            [50000, 25000, 25000],
            id="Iraq, last day of the campaign, with children",
        ),
        pytest.param(
            case("IQ", date(2016, 7, 1), status=APPLICANT, **ASYLUM_2015), "BE-CASH-01", [25000], id="Iraq after the campaign"
        ),
        pytest.param(
            case("IQ", date(2016, 5, 10), status=APPLICANT, arrived_in_belgium_on=date(2016, 1, 1)),
            "BE-CASH-01",
            [25000],
            id="Iraq, arrived too late",
        ),
        pytest.param(
            case("AF", date(2016, 6, 15), status=APPLICANT, **ASYLUM_2015), "BE-CASH-03", [50000], id="Afghanistan, first day"
        ),
        pytest.param(
            case("AF", date(2016, 6, 14), status=APPLICANT, **ASYLUM_2015),
            "BE-CASH-01",
            [25000],
            id="Afghanistan, the day before",
        ),
        pytest.param(
            case("AF", date(2017, 2, 15), status=APPLICANT, children=1, **ASYLUM_2015),
            "BE-CASH-03",
            [50000, 25000],
            id="Afghanistan, last day",
        ),
        pytest.param(
            case("AF", date(2016, 9, 1), status=APPLICANT, asylum_requested_on=date(2016, 6, 1)),
            "BE-CASH-01",
            [25000],
            id="Afghanistan, asked too late",
        ),
        pytest.param(
            case("CD", date(2021, 12, 31), adults=2, children=2),
            "BE-CASH-01",
            [25000, 25000, 12500, 12500],
            id="family on the last day of 250/125",
        ),
        pytest.param(
            case("CD", date(2022, 1, 1), adults=2, children=2),
            "BE-CASH-04",
            [35000, 35000, 17500, 17500],
            id="family on the first day of 350/175",
        ),
        pytest.param(case("SY", date(2026, 3, 1), children=1), "BE-CASH-04", [35000, 17500], id="Syria 2026"),
        pytest.param(case("BR", date(2022, 6, 1), adults=2, children=1), "BE-CASH-05", [5000, 5000, 2500], id="visa-free 50/25"),
        pytest.param(case("BR", date(2025, 12, 15)), "BE-CASH-05", [5000], id="Brazil after the stop of reintegration"),
        pytest.param(case("XK", date(2022, 6, 1), children=1), "BE-CASH-05", [5000, 2500], id="Kosovo while visa-required"),
        pytest.param(case("XK", date(2024, 6, 1)), "BE-CASH-05", [5000], id="Kosovo visa-free"),
        pytest.param(case("RO", date(2023, 6, 1), children=1), "BE-CASH-05", [5000, 2500], id="EU, a newer state"),
        pytest.param(
            case("FR", date(2023, 6, 1), exceptions=(override("X-01"),)), "BE-CASH-05", [5000], id="EU old 15 with an override"
        ),
        pytest.param(
            case("MD", date(2025, 2, 1), grant=date(2024, 12, 31)), "BE-CASH-05", [5000], id="Moldova granted before the stop"
        ),
        pytest.param(
            case("MD", date(2025, 2, 1), exceptions=(override("X-10"),)), "BE-CASH-05", [5000], id="Moldova 2025 with approval"
        ),
        pytest.param(case("CD", date(2021, 6, 1), nationality="BE"), None, [], id="became Belgian"),
        pytest.param(case("GB", date(2019, 6, 1)), None, [], id="British while in the Union"),
        pytest.param(case("AL", date(2009, 6, 1)), None, [], id="the Balkans had none even while visa-required"),
        pytest.param(case("XK", date(2021, 6, 1)), None, [], id="Kosovo had none before 2022"),
        pytest.param(case("BR", date(2021, 6, 1)), None, [], id="visa-free had none before 2022"),
        pytest.param(case("RO", date(2016, 6, 1)), None, [], id="EU had none before 2022"),
        pytest.param(case("FR", date(2023, 6, 1)), None, [], id="EU old 15"),
        pytest.param(case("MD", date(2025, 1, 25)), None, [], id="Moldova 2025"),
        pytest.param(case("CD", date(2023, 6, 1), return_type=ReturnType.DUBLIN), None, [], id="Dublin"),
    ],
)
def test_the_cash_premium_of_a_case(facts: CaseFacts, rule_id: str | None, amounts: list[int]) -> None:
    premium = assess(facts, VERSION).stream(CASH)
    assert [line.amount_minor for line in premium.lines] == amounts
    assert {line.rule_id for line in premium.lines} == ({rule_id} if rule_id else set())
    assert premium.cap_minor == sum(amounts)


def test_a_child_is_under_eighteen_on_the_departure_date() -> None:
    departure = date(2023, 6, 1)
    facts = case("CD", departure, adults=3)
    head, second, third = facts.members
    facts = replace(
        facts, members=(head, replace(second, birth_date=date(2005, 6, 1)), replace(third, birth_date=date(2005, 6, 2)))
    )
    answer = assess(facts, VERSION)
    assert lines(answer, CASH) == [("BE-CASH-04", 1, 35000), ("BE-CASH-04", 2, 35000), ("BE-CASH-04", 3, 17500)]
    assert [(m.age_years, m.is_child) for m in answer.members] == [(30, False), (18, False), (17, True)]
