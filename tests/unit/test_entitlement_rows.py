"""Facts and tariff rows: what is refused, and that the stored form reads the same."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from reintegration.entitlements.engine import assess
from reintegration.entitlements.errors import (
    AmbiguousTariffError,
    ContradictoryFactsError,
    FactsDocumentError,
    TariffRowError,
)
from reintegration.entitlements.fact_documents import facts_from_document, facts_to_document
from reintegration.entitlements.rules import TariffVersion
from reintegration.kernel.money import Money
from reintegration.programme.reference import deadline_rule_rows, exclusion_rule_rows, tariff_rule_rows
from tests.unit.entitlement_cases import (
    VERSION,
    case,
    ceiling,
    override,
)

# Facts and versions


@pytest.mark.parametrize(
    ("change", "contradiction"),
    [
        ({"members": ()}, "the household has not exactly one head"),
        ({"grant_date": date(2023, 3, 1)}, "the grant is before the application"),
        ({"arrival_date": date(2023, 4, 30)}, "the arrival is before the departure"),
        ({"arrived_in_belgium_on": date(2023, 5, 2)}, "the departure is before the arrival in Belgium"),
        ({"asylum_requested_on": date(2023, 5, 2)}, "the departure is before the asylum request"),
        ({"previous_support_departure": date(2023, 5, 1)}, "the earlier supported departure is not before this departure"),
        ({"nationalities": frozenset[str]()}, "a member's nationality is missing from the nationalities of the case"),
        ({"country_of_return": "KG"}, "no visa regime for KG"),
        ({"travel_document_cost": Money(100, "USD")}, "the cost of the travel document is not an amount in EUR"),
        ({"travel_document_cost": Money(-1, "EUR")}, "the cost of the travel document is not an amount in EUR"),
        ({"granted_exceptions": (override("X-05"), override("X-05"))}, "two exceptions of one kind for X-05"),
        ({"granted_exceptions": (ceiling("BE-REIN-04", 0),)}, "the exception for BE-REIN-04 carries no positive amount"),
        ({"granted_exceptions": (replace(override("X-05"), amount_minor=1),)}, "the override of X-05 carries an amount"),
        ({"granted_exceptions": (replace(override("X-05"), reference=" "),)}, "the exception for X-05 has no reference"),
    ],
)
def test_contradictory_facts_are_refused(change: Mapping[str, object], contradiction: str) -> None:
    with pytest.raises(ContradictoryFactsError) as refused:
        case("MN", date(2023, 5, 1), **change)  # type: ignore[arg-type] # field names of the scenario
    assert refused.value.contradictions == (contradiction,)


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("departureDate", "01/05/2023", "departureDate"),
        ("departureDate", 5, "departureDate"),
        ("departureDate", None, "departureDate"),
        ("surprise", 1, "surprise"),
        ("returnType", "forced", "returnType"),
        ("members", [{"id": "x"}], "members[0].id"),
        ("nationalities", [1], "nationalities[0]"),
        ("nationalities", "MN", "nationalities"),
        ("travelDocumentCost", {"amountMinor": 1.5, "currency": "EUR"}, "travelDocumentCost.amountMinor"),
        ("travelDocumentCost", {"amountMinor": 1, "currency": "EURO"}, "travelDocumentCost"),
        ("regimes", [], "regimes"),
        ("regimes", {"MN": "free"}, "regimes.MN"),
    ],
)
def test_an_unreadable_facts_document_is_refused(path: str, value: object, where: str) -> None:
    document = facts_to_document(case("MN", date(2023, 5, 1)))
    with pytest.raises(FactsDocumentError) as refused:
        facts_from_document({**document, path: value})
    assert refused.value.path == where


@pytest.mark.parametrize("document", [None, [], "facts", {}])
def test_what_is_no_facts_document_is_refused(document: object) -> None:
    with pytest.raises(FactsDocumentError):
        facts_from_document(document)


def changed(rule_id: str, /, **cells: object) -> list[Mapping[str, object]]:
    return [{**row, **cells} if row["rule_id"] == rule_id else dict(row) for row in tariff_rule_rows()]


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"mode": "guess"}, "mode"),
        ({"valid_from": "2022-13-01"}, "valid_from"),
        ({"amount_adult": "35O"}, "amount_adult"),
        ({"amount_adult": ""}, "amount_adult"),
        ({"amount_adult": "-1"}, "amount"),
        ({"amount_adult": 350.0}, "amount_adult"),
        ({"active": "yes"}, "active"),
        ({"streams": ""}, "streams"),
        ({"streams": "cash_premium;reintegration"}, "streams"),
        ({"regimes": "visa"}, "regimes"),
        ({"rule_id": "BE-CASH-05"}, "rule_id"),
    ],
)
def test_a_broken_tariff_row_is_refused(cells: Mapping[str, object], column: str) -> None:
    with pytest.raises(TariffRowError) as refused:
        TariffVersion.from_rows("x", changed("BE-CASH-04", **cells), exclusion_rule_rows(), deadline_rule_rows())
    assert refused.value.column == column


def test_rows_as_the_database_keeps_them_read_the_same() -> None:
    selectors = (
        "streams slot mode countries countries_excluded regimes statuses vulnerabilities arrived_before asylum_requested_before"
    )
    stored: list[Mapping[str, object]] = []
    for row in tariff_rule_rows():
        selector: dict[str, object] = {
            name: row[name]
            for name in (*selectors.split(), "ever_applied_for_asylum", "only_if_granted", "automatic_max", "lifted_by", "basis")
        }
        selector |= {"warn_min_per_adult": row["warn_min_per_adult"], "warn_max_per_adult": row["warn_max_per_adult"]}
        selector["countries"] = row["countries"].split(";") if row["countries"] else []
        cells: dict[str, object] = {name: value or None for name, value in row.items() if name not in selector}
        for name in ("amount_adult", "amount_child", "amount_min", "amount_max"):
            text = cells.pop(name)
            cells[f"{name}_minor"] = None if text is None else int(str(text)) * 100
        for name in ("valid_from", "valid_to"):
            cells[name] = date.fromisoformat(row[name]) if row[name] else None
        cells |= {"active": row["active"] == "true", "selector": selector}
        stored.append(cells)
    assert TariffVersion.from_rows(VERSION.code, stored, exclusion_rule_rows(), deadline_rule_rows()) == VERSION


def test_two_equally_specific_rules_are_no_answer() -> None:
    twin = {**next(row for row in tariff_rule_rows() if row["rule_id"] == "BE-CASH-04"), "rule_id": "BE-CASH-99"}
    version = TariffVersion.from_rows("x", [*tariff_rule_rows(), twin], exclusion_rule_rows(), deadline_rule_rows())
    with pytest.raises(AmbiguousTariffError) as refused:
        assess(case("MN", date(2023, 5, 1)), version)
    assert refused.value.rule_ids == ("BE-CASH-04", "BE-CASH-99")


def test_only_rows_still_to_be_confirmed_are_inactive() -> None:
    assert {rule.rule_id for rule in VERSION.rules if not rule.active} == {
        "EURP-ARR-01",
        "EURP-ARR-02",
        "EURP-POST-01",
        "EURP-POST-02",
        "EURP-POST-03",
    }
    assert {rule.rule_id for rule in VERSION.exclusions if not rule.active} == {"X-12", "X-13"}
