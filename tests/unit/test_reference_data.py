"""The reference files say what the published sources say, and hang together."""

import re
from datetime import date
from uuid import UUID

import pycountry
import pytest

from reintegration.api.types.receivable_enums import ReceivableReason
from reintegration.kernel.money import minor_digits, parse_rate
from reintegration.programme import code_lists, reference, tables
from reintegration.programme.reference import VisaRegime, visa_regime_on

CERTAINTIES = re.compile(r"official|secondary|official/secondary|assumed|to confirm( \((high|medium|low)\))?")
FILES = [
    "close_reasons",
    "countries",
    "deadline_rules",
    "exclusion_rules",
    "field_offices",
    "indicators",
    "legal_forms",
    "partners",
    "payment_thresholds",
    "plan_item_kinds",
    "receivable_reasons",
    "required_documents",
    "return_desks",
    "tariff_rules",
    "visa_regimes",
    "vulnerability_kinds",
]


@pytest.mark.parametrize("name", FILES)
def test_every_row_has_a_certainty_and_a_source(name: str) -> None:
    for row in tables.read_table(f"{name}.csv"):
        assert CERTAINTIES.fullmatch(row["certainty"]), row
        assert row["source"], row


def test_countries_are_iso_3166_and_kosovo() -> None:
    ours = {country.alpha_2: country for country in reference.countries()}
    assert len(ours) == 250
    assert {code for code, country in ours.items() if country.assignment == "user"} == {"XK"}
    assert {(c.alpha_2, c.alpha_3) for c in pycountry.countries} == {
        (c.alpha_2, c.alpha_3) for c in ours.values() if c.assignment == "official"
    }
    assert ours["SV"].name == "El Salvador"


@pytest.mark.parametrize(
    ("country", "day", "regime"),
    [
        ("BE", date(2023, 1, 1), VisaRegime.EU_OLD_15),
        ("PL", date(2004, 4, 30), VisaRegime.VISA_FREE),
        ("PL", date(2004, 5, 1), VisaRegime.EU),
        ("RO", date(2016, 6, 1), VisaRegime.EU),
        ("HR", date(2013, 6, 30), VisaRegime.VISA_FREE),
        ("HR", date(2013, 7, 1), VisaRegime.EU),
        ("GB", date(2020, 12, 31), VisaRegime.EU_OLD_15),
        ("GB", date(2021, 1, 1), VisaRegime.VISA_FREE),
        ("RS", date(2009, 12, 18), VisaRegime.VISA_REQUIRED),
        ("RS", date(2009, 12, 19), VisaRegime.VISA_FREE),
        ("AL", date(2010, 12, 14), VisaRegime.VISA_REQUIRED),
        ("AL", date(2010, 12, 15), VisaRegime.VISA_FREE),
        ("MD", date(2014, 4, 27), VisaRegime.VISA_REQUIRED),
        ("MD", date(2014, 4, 28), VisaRegime.VISA_FREE),
        ("CO", date(2015, 12, 2), VisaRegime.VISA_REQUIRED),
        ("CO", date(2015, 12, 3), VisaRegime.VISA_FREE),
        ("GE", date(2017, 3, 27), VisaRegime.VISA_REQUIRED),
        ("GE", date(2017, 3, 28), VisaRegime.VISA_FREE),
        ("UA", date(2017, 6, 10), VisaRegime.VISA_REQUIRED),
        ("UA", date(2017, 6, 11), VisaRegime.VISA_FREE),
        ("XK", date(2023, 12, 31), VisaRegime.VISA_REQUIRED),
        ("XK", date(2024, 1, 1), VisaRegime.VISA_FREE),
        ("BR", date(2023, 1, 1), VisaRegime.VISA_FREE),
        ("SV", date(2023, 1, 1), VisaRegime.VISA_FREE),
        ("MN", date(2023, 1, 1), VisaRegime.VISA_REQUIRED),
        ("SY", date(2026, 1, 1), VisaRegime.VISA_REQUIRED),
    ],
)
def test_a_visa_regime_changes_on_its_day(country: str, day: date, regime: VisaRegime) -> None:
    assert visa_regime_on(country, day) is regime


def test_the_union_has_27_members_in_2026_and_15_old_states_before_2021() -> None:
    efta = {"CH", "IS", "LI", "NO"}
    codes = {country.alpha_2 for country in reference.countries()}
    members = {code for code in codes if visa_regime_on(code, date(2026, 1, 1)) in {VisaRegime.EU, VisaRegime.EU_OLD_15}}
    assert len(members - efta) == 27
    assert len({code for code in codes if visa_regime_on(code, date(2019, 1, 1)) is VisaRegime.EU_OLD_15}) == 15


def test_regimes_of_a_country_never_overlap_and_name_a_country() -> None:
    codes = {country.alpha_2 for country in reference.countries()}
    previous = None
    for period in sorted(reference.visa_regime_periods(), key=lambda p: (p.country, p.valid_from or date.min)):
        assert period.country in codes
        if previous is not None and previous.country == period.country:
            assert previous.valid_to is not None
            assert period.valid_from is not None
            assert previous.valid_to < period.valid_from
        previous = period


def test_desks_and_partners_are_the_published_ones() -> None:
    assert [desk.city for desk in reference.return_desks()] == ["Brussels", "Ghent", "Antwerp", "Liège", "Charleroi"]
    assert [partner.code for partner in reference.partners()] == ["IOM", "CARITAS"]


def test_offices_cover_the_top_destinations_in_currencies_that_have_rates() -> None:
    offices = reference.field_offices()
    countries = {office.country for office in offices}
    rated = {"EUR"} | {rate.currency for rate in reference.exchange_rates()}
    partners = {partner.id for partner in reference.partners()}
    assert len(offices) == 24
    assert len(countries) == 17
    assert {"BR", "MD", "MN", "SV", "GE", "UA", "IQ", "AM", "MA", "AF", "CO", "TR", "SY", "CM", "AL"} <= countries
    assert {office.partner_code for office in offices} == {"IOM", "CARITAS"}
    for office in offices:
        assert office.code.startswith(f"{office.partner_code}-{office.country}")
        assert office.partner_id in partners
        assert office.payment_currencies
        assert set(office.payment_currencies) <= rated
        assert minor_digits(office.local_currency) >= 0


def test_ids_follow_from_the_codes_for_ever() -> None:
    assert reference.identifier("partner", "IOM") == UUID("d5ce3d22-71f9-5f19-9401-f99087efaa80")
    ids = [r.id for r in (*reference.partners(), *reference.return_desks(), *reference.field_offices())]
    assert len(set(ids)) == 2 + 5 + 24


def test_rates_are_the_36_months_of_three_currencies() -> None:
    rates = {(rate.month, rate.currency): rate for rate in reference.exchange_rates()}
    assert len(rates) == 108
    assert min(rates)[0] == date(2022, 1, 1)
    assert max(rates)[0] == date(2024, 12, 1)
    assert rates[date(2023, 10, 1), "BRL"].rate == "5.3115"
    assert rates[date(2022, 8, 1), "BRL"].rate == "5.33"
    july = rates[date(2023, 7, 1), "GBP"]
    assert (july.rate, july.quoted_on, july.certainty, july.source) == (
        "0.864",
        date(2023, 6, 29),
        "secondary",
        "InforEuro, as published",
    )
    assert {rate.certainty for rate in rates.values()} == {"secondary", "assumed"}
    for rate in rates.values():
        assert parse_rate(rate.rate) > 0
        assert rate.quoted_on < rate.month
    assert reference.rates_by_month()[date(2023, 8, 1)] == {"BRL": "5.1996", "USD": "1.101", "GBP": "0.8556"}


def test_tariff_and_exclusion_files_hold_the_published_rows() -> None:
    tariffs = {row["rule_id"]: row for row in reference.tariff_rule_rows()}
    assert len(tariffs) == 24
    assert [row["rule_id"] for row in reference.exclusion_rule_rows()] == [f"X-{number:02}" for number in range(1, 14)]
    assert (tariffs["BE-CASH-01"]["amount_adult"], tariffs["BE-CASH-01"]["amount_child"]) == ("250", "125")
    assert tariffs["BE-REIN-04"]["amount_adult"] == ""
    assert tariffs["BE-REF-02"]["condition"] == "actual cost; refunded at departure"
    assert {row["programme"] for row in tariffs.values() if row["active"] == "false"} == {"EURP"}


def test_code_lists_are_whole() -> None:
    assert len(code_lists.close_reasons()) == 11
    assert [reason.code for reason in code_lists.close_reasons() if reason.triggers_repeat_exclusion] == ["returned_to_belgium"]
    assert len(code_lists.vulnerability_kinds()) == 6
    assert len(code_lists.plan_item_kinds()) == 17
    assert [reason.code for reason in code_lists.receivable_reasons()] == [reason.value for reason in ReceivableReason]
    assert [(d.payment_kind, d.plan_item_kind, d.document_kind, d.stage) for d in code_lists.required_documents()] == [
        ("supplier_direct", None, "invoice", "request"),
        ("supplier_direct", None, "proof_of_payment", "settlement"),
        ("reimbursement", None, "receipt", "request"),
        ("cash_premium", None, "signed_receipt", "settlement"),
        ("travel_document_refund", None, "receipt", "request"),
    ]
    assert [(i.code, i.kind, i.definition_version, i.status) for i in code_lists.indicator_definitions()] == [
        ("O.3.3", "output", "2026-1", "unconfirmed"),
        ("R.3.6", "result", "2026-1", "unconfirmed"),
    ]
    assert {i.age_brackets for i in code_lists.indicator_definitions()} == {("<18", "18-60", ">60")}
    assert {i.genders for i in code_lists.indicator_definitions()} == {("female", "male", "non-binary")}
