"""The reintegration budget of the rule engine for cases over the years."""

from datetime import date

import pytest

from reintegration.entitlements.assessment import UNPUBLISHED_RULE
from reintegration.entitlements.engine import assess
from reintegration.entitlements.facts import (
    CaseFacts,
    ReturnType,
)
from tests.unit.entitlement_cases import (
    APPLICANT,
    BUDGET,
    NO_STAY,
    REJECTED,
    VERSION,
    case,
    ceiling,
    lines,
    needs,
    override,
    warned,
)

# Reintegration budget


@pytest.mark.parametrize(
    ("facts", "expected", "missing"),
    [
        pytest.param(
            case("AO", date(2013, 3, 1), status=REJECTED, adults=2, children=1),
            [("BE-REIN-01", 1, 70000), ("BE-REIN-01", 2, 70000), ("BE-REIN-01", 3, 35000)],
            [],
            id="2013, the family of three of the brochure",
        ),
        pytest.param(case("AO", date(2013, 3, 1), status=NO_STAY), [], [], id="2013, never asked for asylum"),
        pytest.param(
            case("AO", date(2013, 3, 1), status=NO_STAY, asylum_requested_on=date(2010, 1, 1)),
            [("BE-REIN-01", 1, 70000)],
            [],
            id="2013, asked once",
        ),
        pytest.param(
            case("IQ", date(2013, 3, 1), status=REJECTED, exceptions=(ceiling("BE-REIN-02", 2200),)),
            [("BE-REIN-02", None, 220000)],
            [],
            id="2013, extra level: the total, not on top",
        ),
        pytest.param(
            case("CD", date(2012, 6, 1), status=REJECTED, vulnerabilities=("pregnant",)),
            [("BE-REIN-01", 1, 70000), ("BE-VULN-01", 1, 70000)],
            [],
            id="2012, with the fund for the vulnerable",
        ),
        pytest.param(case("IQ", date(2016, 5, 10)), [], [("granted_ceiling", UNPUBLISHED_RULE)], id="2016, nothing published"),
        pytest.param(
            case("IQ", date(2016, 5, 10), exceptions=(ceiling(UNPUBLISHED_RULE, 1500),)),
            [(UNPUBLISHED_RULE, None, 150000)],
            [],
            id="2016, granted",
        ),
        pytest.param(case("MN", date(2023, 5, 1)), [], [("granted_ceiling", "BE-REIN-04")], id="2022 on, without a ceiling"),
        pytest.param(
            case("MN", date(2023, 5, 1), exceptions=(ceiling("BE-REIN-04", 2000),)),
            [("BE-REIN-04", None, 200000)],
            [],
            id="2022 on, with a ceiling",
        ),
        pytest.param(
            case("SV", date(2023, 5, 1), exceptions=(ceiling("BE-REIN-04", 2000),)),
            [],
            [("exclusion_override", "X-05")],
            id="visa-free, ceiling without override",
        ),
        pytest.param(
            case("SV", date(2023, 5, 1), exceptions=(override("X-05"), ceiling("BE-REIN-04", 2000))),
            [("BE-REIN-04", None, 200000)],
            [],
            id="visa-free, override and ceiling",
        ),
        pytest.param(
            case("GE", date(2023, 5, 1), exceptions=(override("X-05"), ceiling("BE-REIN-04", 2000))),
            [],
            [("exclusion_override", "X-07")],
            id="Georgia needs two overrides",
        ),
        pytest.param(
            case("GE", date(2023, 5, 1), exceptions=(override("X-05"), override("X-07"), ceiling("BE-REIN-04", 2000))),
            [("BE-REIN-04", None, 200000)],
            [],
            id="Georgia with both",
        ),
        pytest.param(
            case("GE", date(2018, 6, 30)), [], [("exclusion_override", "X-04")], id="Georgia the day before the closing"
        ),
        pytest.param(
            case("GE", date(2018, 7, 1)),
            [],
            [("exclusion_override", "X-04"), ("exclusion_override", "X-07")],
            id="Georgia closed",
        ),
        pytest.param(
            case("SV", date(2015, 5, 1), exceptions=(override("X-04"), ceiling(UNPUBLISHED_RULE, 900))),
            [(UNPUBLISHED_RULE, None, 90000)],
            [],
            id="visa-free before 2022, override",
        ),
        pytest.param(case("XK", date(2022, 5, 1)), [], [], id="Kosovo: closed, no override"),
        pytest.param(
            case(
                "BR", date(2025, 11, 30), grant=date(2025, 11, 30), exceptions=(override("X-05"), ceiling("BE-REIN-BR-01", 2000))
            ),
            [("BE-REIN-BR-01", None, 200000)],
            [],
            id="Brazil, last day of support",
        ),
        pytest.param(
            case(
                "BR", date(2026, 1, 15), grant=date(2025, 11, 30), exceptions=(override("X-05"), ceiling("BE-REIN-BR-01", 2000))
            ),
            [("BE-REIN-BR-01", None, 200000)],
            [],
            id="Brazil, granted before, departed after",
        ),
        pytest.param(
            case("BR", date(2026, 1, 15), grant=date(2025, 12, 1), exceptions=(override("X-05"), ceiling("BE-REIN-BR-01", 2000))),
            [],
            [],
            id="Brazil, granted after",
        ),
        pytest.param(
            case("MD", date(2025, 3, 1), grant=date(2025, 1, 1)),
            [],
            [("exclusion_override", "X-05"), ("exclusion_override", "X-10")],
            id="Moldova 2025",
        ),
        pytest.param(
            case("MD", date(2025, 3, 1), exceptions=(override("X-05"), override("X-10"), ceiling("BE-REIN-04", 1500))),
            [("BE-REIN-04", None, 150000)],
            [],
            id="Moldova 2025, all approved",
        ),
        pytest.param(
            case("MD", date(2024, 3, 1), exceptions=(override("X-05"), ceiling("BE-REIN-04", 1500))),
            [("BE-REIN-04", None, 150000)],
            [],
            id="Moldova 2024",
        ),
        pytest.param(case("SY", date(2025, 11, 1)), [("BE-REIN-SY-01", None, 300000)], [], id="Syria 2025"),
        pytest.param(
            case("SY", date(2026, 3, 1), status=APPLICANT, adults=2),
            [("BE-REIN-SY-02", None, 300000)],
            [],
            id="Syria 2026, in the procedure: no more than 3,000 by itself",
        ),
        pytest.param(
            case("SY", date(2026, 3, 1), status=APPLICANT, exceptions=(ceiling("BE-REIN-SY-02", 5000),)),
            [("BE-REIN-SY-02", None, 500000)],
            [],
            id="Syria 2026, in the procedure, approved",
        ),
        pytest.param(
            case("SY", date(2026, 3, 1), status=NO_STAY), [("BE-REIN-SY-03", None, 300000)], [], id="Syria 2026, illegal stay"
        ),
        pytest.param(
            case("SY", date(2026, 3, 1), status=REJECTED), [("BE-REIN-SY-03", None, 300000)], [], id="Syria 2026, rejected"
        ),
        pytest.param(
            case("SY", date(2026, 3, 1), status=APPLICANT, grant=date(2025, 12, 31)),
            [("BE-REIN-SY-01", None, 300000)],
            [],
            id="Syria, granted in 2025",
        ),
        pytest.param(
            case("MN", date(2023, 5, 1), vulnerabilities=("complex_medical",), exceptions=(ceiling("BE-REIN-04", 2000),)),
            [("BE-REIN-04", None, 200000)],
            [("granted_ceiling", "BE-VULN-02")],
            id="medical file, AMAAR not yet granted",
        ),
        pytest.param(
            case(
                "MN",
                date(2023, 5, 1),
                vulnerabilities=("complex_medical",),
                exceptions=(ceiling("BE-REIN-04", 2000), ceiling("BE-VULN-02", 750)),
            ),
            [("BE-VULN-02", None, 75000), ("BE-REIN-04", None, 200000)],
            [],
            id="medical file, AMAAR granted on top",
        ),
        pytest.param(case("RO", date(2023, 6, 1)), [], [("exclusion_override", "X-05")], id="EU, a newer state"),
        pytest.param(
            case("FR", date(2023, 6, 1)), [], [("exclusion_override", "X-01"), ("exclusion_override", "X-05")], id="EU old 15"
        ),
        pytest.param(case("MN", date(2023, 6, 1), return_type=ReturnType.DUBLIN), [], [], id="Dublin"),
    ],
)
def test_the_reintegration_budget_of_a_case(
    facts: CaseFacts, expected: list[tuple[str, int | None, int]], missing: list[tuple[str, str]]
) -> None:
    answer = assess(facts, VERSION)
    assert lines(answer, BUDGET) == expected
    assert answer.stream(BUDGET).cap_minor == sum(amount for _, _, amount in expected)
    assert needs(answer, BUDGET) == missing
    assert answer.stream(BUDGET).needs_exception is bool(missing)


@pytest.mark.parametrize(
    ("euros", "adults", "warns"),
    [(999, 1, True), (1000, 1, False), (2500, 1, False), (2501, 1, True), (5000, 2, False), (5001, 2, True), (1999, 2, True)],
)
def test_a_ceiling_outside_the_published_range_per_adult_warns(euros: int, adults: int, *, warns: bool) -> None:
    answer = assess(case("MN", date(2023, 5, 1), adults=adults, exceptions=(ceiling("BE-REIN-04", euros),)), VERSION)
    assert (("ceiling_outside_range", "BE-REIN-04") in warned(answer)) is warns
    assert answer.stream(BUDGET).cap_minor == euros * 100
