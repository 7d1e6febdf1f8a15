"""Exclusions, overrides, refunds, deadlines and the explanation."""

from dataclasses import replace
from datetime import date

import pytest

from reintegration.entitlements.engine import assess
from reintegration.entitlements.errors import (
    ExceptionNotAllowedError,
)
from reintegration.entitlements.facts import (
    ExceptionFact,
    ExceptionKind,
    ReturnType,
    regimes_on,
)
from reintegration.kernel.money import Money
from tests.unit.entitlement_cases import APPLICANT, BUDGET, CASH, DOCUMENT, VERSION, case, ceiling, lines, needs, override, warned

# Refund of the travel document


def test_the_travel_document_is_refunded_at_cost_in_its_own_stream() -> None:
    answer = assess(case("MN", date(2023, 5, 1), travel_document_cost=Money(8550, "EUR")), VERSION)
    assert lines(answer, DOCUMENT) == [("BE-REF-02", None, 8550)]
    assert [(s.stream, s.cap_minor) for s in answer.streams] == [(CASH, 35000), (BUDGET, 0), (DOCUMENT, 8550)]


def test_another_refund_than_the_cost_needs_an_approval() -> None:
    approved = ExceptionFact(ExceptionKind.TRAVEL_DOCUMENT, "BE-REF-02", 6000, "FED-3")
    answer = assess(
        case("MN", date(2023, 5, 1), travel_document_cost=Money(8550, "EUR"), granted_exceptions=(approved,)), VERSION
    )
    assert lines(answer, DOCUMENT) == [("BE-REF-02", None, 6000)]


def test_dublin_gives_nothing_whatever_else_is_true() -> None:
    facts = case("SY", date(2026, 3, 1), return_type=ReturnType.DUBLIN, travel_document_cost=Money(8550, "EUR"))
    answer = assess(facts, VERSION)
    assert answer.lines == ()
    assert answer.deadline is None
    assert [(found.rule_id, found.lifted_by) for found in answer.exclusions] == [("X-11", None)]
    assert [found.amif_eligible for found in answer.members] == [False]


# Exclusions, exceptions, fund


@pytest.mark.parametrize(
    ("previous", "barred"),
    [(date(2018, 5, 2), True), (date(2018, 5, 1), False), (date(2023, 4, 1), True), (None, False)],
)
def test_support_within_five_years_bars_until_overridden(previous: date | None, *, barred: bool) -> None:
    facts = case("MN", date(2023, 6, 1), previous_support_departure=previous, application_date=date(2023, 5, 1))
    answer = assess(facts, VERSION)
    assert answer.stream(CASH).cap_minor == (0 if barred else 35000)
    assert (("supported_before", "X-02") in warned(answer)) is barred
    if barred:
        assert needs(answer, CASH) == [("exclusion_override", "X-02")]
        lifted = assess(replace(facts, granted_exceptions=(override("X-02"),)), VERSION)
        assert lifted.stream(CASH).cap_minor == 35000
        assert [(found.rule_id, found.lifted_by) for found in lifted.exclusions] == [("X-02", "FED-1")]
        assert ("supported_before", "X-02") in warned(lifted)


def test_only_the_members_met_are_barred() -> None:
    facts = case("CD", date(2021, 6, 1), adults=2)
    head, second = facts.members
    facts = replace(
        facts,
        members=(head, replace(second, nationality="FR")),
        nationalities=frozenset({"CD", "FR"}),
        regimes=regimes_on({"CD", "FR"}, facts.departure_date),
    )
    answer = assess(facts, VERSION)
    assert lines(answer, CASH) == [("BE-CASH-01", 1, 25000)]
    assert [found.amif_eligible for found in answer.members] == [True, False]
    assert [(found.rule_id, [m.int for m in found.member_ids]) for found in answer.exclusions] == [("X-01", [2])]


def test_an_unknown_nationality_follows_the_country_and_is_never_charged_to_the_fund() -> None:
    facts = case("MN", date(2023, 6, 1))
    answer = assess(replace(facts, members=(replace(facts.members[0], nationality=None),)), VERSION)
    assert answer.stream(CASH).cap_minor == 35000
    assert [found.amif_eligible for found in answer.members] == [False]
    assert ("nationality_unknown", None) in warned(answer)


def test_brazil_asks_for_the_social_inquiry_and_bars_nothing_by_it() -> None:
    answer = assess(case("BR", date(2022, 6, 1)), VERSION)
    assert ("condition_to_check", "X-08") in warned(answer)
    assert answer.stream(CASH).cap_minor == 5000


def test_an_override_without_an_approved_vulnerability_warns() -> None:
    bare = case("SV", date(2023, 5, 1), exceptions=(override("X-05"),))
    assert ("override_without_vulnerability", "X-05") in warned(assess(bare, VERSION))
    vulnerable = case("SV", date(2023, 5, 1), vulnerabilities=("elderly",), exceptions=(override("X-05"),))
    assert ("override_without_vulnerability", "X-05") not in warned(assess(vulnerable, VERSION))


def test_an_exception_without_effect_is_named() -> None:
    answer = assess(case("MN", date(2023, 5, 1), exceptions=(override("X-05"), ceiling("BE-REIN-SY-03", 900))), VERSION)
    assert {("exception_unused", "X-05"), ("exception_unused", "BE-REIN-SY-03")} <= warned(answer)


@pytest.mark.parametrize(
    "exception",
    [
        override("X-11"),
        override("X-06"),
        override("X-99"),
        override("BE-REIN-04"),
        ceiling("BE-CASH-04", 100),
        ceiling("BE-REIN-BR-02", 100),
        ceiling("X-05", 100),
        ExceptionFact(ExceptionKind.TRAVEL_DOCUMENT, "BE-REIN-04", 100, "FED-3"),
    ],
)
def test_an_exception_that_no_rule_takes_is_refused(exception: ExceptionFact) -> None:
    with pytest.raises(ExceptionNotAllowedError) as refused:
        assess(case("MN", date(2023, 5, 1), exceptions=(exception,)), VERSION)
    assert refused.value.rule_id == exception.rule_id


# Deadlines


@pytest.mark.parametrize(
    ("arrival", "last_day"),
    [
        (date(2023, 5, 2), date(2024, 5, 2)),
        (date(2024, 2, 29), date(2025, 2, 28)),
        (date(2023, 2, 28), date(2024, 2, 28)),
        (date(2023, 12, 31), date(2024, 12, 31)),
        (None, None),
    ],
)
def test_the_budget_is_used_within_twelve_months_of_arrival(arrival: date | None, last_day: date | None) -> None:
    departure = date(2023, 2, 1)
    assert assess(case("MN", departure, arrival_date=arrival), VERSION).deadline == last_day


def test_medical_support_warns_at_six_months() -> None:
    facts = case("MN", date(2023, 5, 1), arrival_date=date(2023, 5, 2), vulnerabilities=("complex_medical",))
    found = {deadline.key: (deadline.last_day, deadline.effect.value) for deadline in assess(facts, VERSION).deadlines}
    assert found == {
        "use_of_budget": (date(2024, 5, 2), "block"),
        "medical_support": (date(2023, 11, 2), "warning"),
        "plan_final": (date(2023, 6, 2), "warning"),
    }


# Explanation


def test_the_explanation_of_a_case_in_full() -> None:
    facts = case(
        "SV", date(2023, 5, 1), exceptions=(override("X-05"), ceiling("BE-REIN-04", 2000)), arrival_date=date(2023, 5, 2)
    )
    steps = assess(facts, VERSION).steps
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    assert [(step.stage.value, step.rule_id, step.result, step.amount_minor) for step in steps] == [
        ("person", None, "adult", None),
        ("exclusion", "X-05", "lifted", None),
        ("exclusion", None, "not_met", None),
        ("tariff", "BE-CASH-05", "fixed_per_person", None),
        ("amount", "BE-CASH-05", "adult", 5000),
        ("amount", None, "cap", 5000),
        ("tariff", "BE-REIN-04", "granted_ceiling", None),
        ("exception", "BE-REIN-04", "granted_ceiling", 200000),
        ("amount", None, "cap", 200000),
        ("tariff", "BE-REF-02", "actual_cost", None),
        ("amount", "BE-REF-02", "cost", 0),
        ("amount", None, "cap", 0),
        ("deadline", "plan_final", "warning", None),
        ("deadline", "use_of_budget", "block", None),
    ]
    assert "(domain.md 11 row 16)" in steps[1].text
    assert dict(steps[1].facts)["regimes"] == "visa_free"
    assert "domain.md 11 rows 1 and 16" in steps[6].text


def test_a_limit_known_only_to_the_month_or_year_warns() -> None:
    assert ("date_imprecise", "BE-REIN-SY-02") in warned(assess(case("SY", date(2026, 2, 10), status=APPLICANT), VERSION))
    assert ("date_imprecise", "BE-REIN-SY-02") not in warned(assess(case("SY", date(2026, 6, 10), status=APPLICANT), VERSION))


def test_a_missing_fact_that_could_raise_the_premium_is_named() -> None:
    assert ("fact_missing", "BE-CASH-02") in warned(assess(case("IQ", date(2016, 5, 10), status=APPLICANT), VERSION))
    assert ("fact_missing", "BE-CASH-03") in warned(assess(case("AF", date(2016, 8, 10), status=APPLICANT), VERSION))
