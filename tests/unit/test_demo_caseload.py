import csv
import dataclasses
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from importlib.resources import files

import pytest

from reintegration.demo.caseload import DESKS, caseload
from reintegration.demo.draw import Draw
from reintegration.demo.figures import EUROPEAN_UNION, VISA_FREE, YEAR_2022, YEAR_2023, YEARS
from reintegration.demo.households import age_on
from reintegration.demo.values import Caseload, OfficeSlot, SyntheticCase, SyntheticMember, SyntheticPayment
from reintegration.kernel.canonical import digest
from reintegration.kernel.clock import add_months
from reintegration.kernel.money import Money, to_euro

_SCRIPT_NAMES = {
    "Latn": "LATIN", "Cyrl": "CYRILLIC", "Geor": "GEORGIAN", "Mong": "MONGOLIAN", "Arab": "ARABIC", "Armn": "ARMENIAN"
}  # fmt: skip

STREAM = [812, 635, 593, 437, 349, 274]
SHUFFLED = [0, 3, 7, 1, 2, 6, 5, 4]


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = (files("reintegration.programme") / "data" / name).read_text(encoding="utf-8")
    return csv.DictReader(text.splitlines())


OFFICES = [
    OfficeSlot(row["code"], row["partner"], row["country"], tuple(row["payment_currencies"].split(";")))
    for row in _rows("field_offices.csv")
]
RATES = {(row["month"], currency): row[currency] for row in _rows("exchange_rates.csv") for currency in ("BRL", "USD")}


@pytest.fixture(scope="module")
def load() -> Caseload:
    return caseload(OFFICES, RATES)


def _counted(load: Caseload, year: int) -> list[SyntheticCase]:
    return [case for case in load.cases if case.departed_on.year == year and not case.dublin]


def _persons(cases: Iterable[SyntheticCase]) -> int:
    return sum(len(case.members) for case in cases)


def _by_country(cases: Iterable[SyntheticCase]) -> list[tuple[str, int]]:
    counts: Counter[str] = Counter()
    for case in cases:
        counts[case.country_code] += len(case.members)
    return counts.most_common()


def _members(load: Caseload) -> list[SyntheticMember]:
    return [member for case in load.cases for member in case.members]


def _payments(load: Caseload) -> list[tuple[SyntheticCase, SyntheticPayment]]:
    return [(case, payment) for case in load.cases for payment in case.payments]


def _euro_minor(payment: SyntheticPayment) -> int:
    month = f"{payment.payment_date:%Y-%m}"
    return sum(
        to_euro(Money(amount, currency), "1" if currency == "EUR" else RATES[month, currency]).amount_minor
        for _, amount, currency in payment.lines
    )


@pytest.mark.parametrize(
    ("year", "returned", "supported", "no_legal_stay", "percent"), [(2022, 2673, 1970, 1390, 52), (2023, 2952, 2066, 1712, 58)]
)
def test_a_year_has_its_published_persons(
    load: Caseload, year: int, returned: int, supported: int, no_legal_stay: int, percent: int
) -> None:
    cases = _counted(load, year)
    assert _persons(cases) == returned
    assert _persons(case for case in cases if case.supported) == supported
    without = _persons(case for case in cases if case.administrative_status == "no_legal_stay")
    assert without == no_legal_stay
    assert (without * 200 + returned) // (returned * 2) == percent


def test_percentages_and_change_round_to_the_published_ones() -> None:
    # per mille, HALF_UP, in integers
    assert (1970 * 2000 + 2673) // (2673 * 2) == 737
    assert (2066 * 2000 + 2952) // (2952 * 2) == 700
    assert ((2952 - 2673) * 2000 + 2673) // (2673 * 2) == 104


@pytest.mark.parametrize("figures", YEARS, ids=lambda figures: str(figures.year))
def test_the_first_five_countries_stand_in_the_published_order(load: Caseload, figures: object) -> None:
    assert isinstance(figures, type(YEAR_2022))
    counts = _by_country(_counted(load, figures.year))
    assert tuple(country for country, _ in counts[:5]) == figures.top_five
    persons = [count for _, count in counts[:6]]
    assert persons == sorted(set(persons), reverse=True)
    assert dict(counts) == dict(figures.countries)


def test_printed_orders_and_number_of_countries(load: Caseload) -> None:
    assert YEAR_2022.top_five == ("BR", "MN", "UA", "MD", "SV")
    assert YEAR_2023.top_five == ("BR", "MD", "MN", "SV", "GE")
    assert len(_by_country(_counted(load, 2022))) == 94


def test_january_to_august_2022_is_the_published_part(load: Caseload) -> None:
    assert _persons(case for case in _counted(load, 2022) if case.departed_on <= date(2022, 8, 31)) == 1773


def test_dublin_departures_are_there_and_apart(load: Caseload) -> None:
    dublin = [case for case in load.cases if case.dublin]
    assert _persons(dublin) == 155
    assert {case.departed_on.year for case in dublin} == {2023}
    assert all(case.country_code in EUROPEAN_UNION and case.nationality not in EUROPEAN_UNION for case in dublin)
    assert not any(case.supported or case.payments or case.partner_code or case.office_code for case in dublin)


def test_persons_per_file_are_about_those_of_2016(load: Caseload) -> None:
    assert 146 <= _persons(load.cases) * 100 // len(load.cases) <= 152


def test_same_seed_same_values_other_seed_other_values(load: Caseload) -> None:
    again = caseload(list(reversed(OFFICES)), RATES, 2023)
    assert digest(dataclasses.asdict(again)) == digest(dataclasses.asdict(load))
    assert caseload(OFFICES, RATES, 7).cases != load.cases


def test_another_seed_reproduces_the_same_published_figures() -> None:
    other = caseload(OFFICES, RATES, 7)
    assert [_persons(_counted(other, year)) for year in (2022, 2023)] == [2673, 2952]
    assert [_persons(c for c in _counted(other, year) if c.supported) for year in (2022, 2023)] == [1970, 2066]


def test_the_stream_of_chance_is_the_same_on_every_python() -> None:
    draw = Draw(2023)
    assert [draw.below(1000) for _ in range(6)] == STREAM
    assert Draw(2023).shuffled(range(8)) == SHUFFLED
    assert sum(Draw(1).split(100_001, 3)) == 100_001


def test_names_are_written_in_the_letters_that_they_claim(load: Caseload) -> None:
    seen: Counter[str] = Counter()
    for member in _members(load):
        seen[member.script] += 1
        letters = [letter for letter in member.family_name + member.given_names if letter.isalpha()]
        assert all(unicodedata.name(letter).startswith(_SCRIPT_NAMES[member.script]) for letter in letters), member
        latin = [letter for letter in member.latin_name if letter.isalpha()]
        assert latin
        assert all(unicodedata.name(letter).startswith("LATIN") for letter in latin), member
    assert seen.keys() == _SCRIPT_NAMES.keys()
    assert min(seen.values()) >= 20


def test_people_of_every_kind_are_there(load: Caseload) -> None:
    members = _members(load)
    ages = [age_on(member.birth_date, case.departed_on) for case in load.cases for member in case.members]
    assert {age < 18 for age in ages} == {True, False}
    assert {"<18" if age < 18 else "18-60" if age <= 60 else ">60" for age in ages} == {"<18", "18-60", ">60"}
    assert min(ages) == 0
    assert max(ages) < 90
    assert {member.gender for member in members} == {"female", "male", "non_binary"}
    assert {member.role for member in members} == {"head", "partner", "child", "other"}
    assert {kind for member in members for kind in member.vulnerabilities} <= {
        row["code"] for row in _rows("vulnerability_kinds.csv")
    }


def test_a_household_has_one_head_and_children_are_minors(load: Caseload) -> None:
    for case in load.cases:
        roles = [member.role for member in case.members]
        assert roles[0] == "head"
        assert roles.count("head") == 1
        assert roles.count("partner") <= 1
        head_age = age_on(case.members[0].birth_date, case.departed_on)
        for member in case.members[1:]:
            age = age_on(member.birth_date, case.departed_on)
            assert (age < 18) == (member.role == "child")
            assert member.role != "child" or head_age - age >= 18


def test_unaccompanied_minors_travel_alone_and_say_so(load: Caseload) -> None:
    for year, expected in ((2022, 8), (2023, 10)):
        minors = [case for case in _counted(load, year) if age_on(case.members[0].birth_date, case.departed_on) < 18]
        assert len(minors) == expected
        assert all(len(case.members) == 1 and "unaccompanied_minor" in case.members[0].vulnerabilities for case in minors)


def test_support_needs_an_office_and_no_eu_citizen_has_it(load: Caseload) -> None:
    offices = {office.code: office for office in OFFICES}
    for case in load.cases:
        assert case.supported == (case.office_code is not None) == (case.arrived_on is not None) == (len(case.payments) > 0)
        if case.supported:
            office = offices[case.office_code or ""]
            assert (office.country_code, office.partner_code) == (case.country_code, case.partner_code)
            assert not {member.nationality for member in case.members} & EUROPEAN_UNION
            assert (case.exception_reason is not None) == (case.country_code in VISA_FREE)
    romanians = [case for case in load.cases if case.nationality == "RO"]
    assert _persons(romanians) == 91
    assert {case.administrative_status for case in romanians} == {"no_legal_stay"}


def test_visa_free_countries_agree_with_the_programme_data() -> None:
    free = {
        row["country"]
        for row in _rows("visa_regimes.csv")
        if row["regime"] == "visa_free" and row["valid_from"] <= "2022-01-01" and (row["valid_to"] or "9999") > "2023-12-31"
    }
    countries = {country for figures in YEARS for country, _ in figures.countries}
    assert countries & free == VISA_FREE


def test_codes_are_those_of_the_programme_data(load: Caseload) -> None:
    assert set(DESKS) == {row["code"] for row in _rows("return_desks.csv")}
    kinds = {row["code"].lower() for row in _rows("plan_item_kinds.csv")}
    assert {item.kind for case in load.cases for item in case.items} <= kinds
    reasons = {row["code"].lower() for row in _rows("close_reasons.csv")}
    assert {case.close_reason for case in load.cases if case.close_reason} <= reasons
    countries = {row["alpha_2"] for row in _rows("countries.csv")}
    assert {case.country_code for case in load.cases} | {member.nationality for member in _members(load)} <= countries
    assert all((case.desk_code in DESKS) == (case.referral_channel == "fedasil_desk") for case in load.cases)


def test_sums_stay_within_item_and_ceiling(load: Caseload) -> None:
    for case in load.cases:
        if not case.supported:
            assert (case.ceiling_minor, case.items) == (None, ())
            continue
        minors = sum(age_on(member.birth_date, case.departed_on) < 18 for member in case.members)
        adults = len(case.members) - minors
        ceiling = case.ceiling_minor or 0
        assert adults * 100_000 + minors * 50_000 <= ceiling <= adults * 250_000 + minors * 125_000
        assert all(item.budget_minor > 0 for item in case.items)
        assert sum(item.budget_minor for item in case.items) <= ceiling
        spent: Counter[int] = Counter()
        for payment in case.payments:
            spent[payment.item_index] += _euro_minor(payment)
        assert all(amount <= case.items[index].budget_minor for index, amount in spent.items())
        assert all(item.member_index is None or item.member_index < len(case.members) for item in case.items)


def test_dates_follow_one_another(load: Caseload) -> None:
    for case in load.cases:
        assert case.applied_on < case.departed_on
        assert case.departed_on.year in {2022, 2023}
        if case.arrived_on is not None:
            assert case.departed_on <= case.arrived_on
            last = min(add_months(case.arrived_on, 12), date(2024, 12, 31))
            assert all(case.arrived_on <= payment.payment_date <= last for payment in case.payments)
            assert all(payment.payment_date.weekday() < 5 for payment in case.payments)
        assert (case.closed_on is None) == (case.close_reason is None)
        if case.closed_on is not None:
            assert case.closed_on > max(payment.payment_date for payment in case.payments)
            assert {payment.outcome for payment in case.payments} <= {"paid", "failed", "reversed"}


def test_payments_are_bounded_unique_and_in_known_currencies(load: Caseload) -> None:
    payments = _payments(load)
    lines = [(case, line) for case, payment in payments for line in payment.lines]
    assert 3_200 <= len(payments) <= 3_800
    assert len(lines) <= 6_500
    assert len({payment.invoice_number for _, payment in payments}) == len(payments)
    assert all(amount > 0 for _, (_, amount, _) in lines)
    assert {currency for case, (_, _, currency) in lines if case.country_code == "BR"} == {"BRL"}
    assert {currency for case, (_, _, currency) in lines if case.country_code == "SV"} == {"USD"}
    assert {currency for case, (_, _, currency) in lines if case.country_code not in {"BR", "SV"}} == {"USD", "EUR"}
    outcomes = Counter(payment.outcome for _, payment in payments)
    assert outcomes.keys() == {"paid", "unconfirmed", "failed", "reversed", "draft", "submitted", "approved"}
    assert outcomes["paid"] * 100 > len(payments) * 90
    assert {payment.kind for _, payment in payments} == {"supplier_direct", "reimbursement"}


def test_references_are_unique_and_run_by_year_of_application(load: Caseload) -> None:
    references = [case.reference for case in load.cases]
    assert references == sorted(set(references))
    assert references[0] == "BE-2021-000001"
    assert all(case.reference[3:7] == str(case.applied_on.year) for case in load.cases)


def test_too_few_offices_are_refused_in_words() -> None:
    with pytest.raises(ValueError, match="support in 2022: 1970 persons wanted"):
        caseload([office for office in OFFICES if office.country_code == "BR"], RATES)


def test_an_office_without_a_usable_currency_is_refused() -> None:
    crippled = [dataclasses.replace(office, currencies=("MNT",)) if office.country_code == "MN" else office for office in OFFICES]
    with pytest.raises(ValueError, match="-MN pays in none of"):
        caseload(crippled, RATES)
