"""InforEuro documents: the digits survive, and whatever is wrong is named."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reintegration.kernel.errors import InvalidInputError
from reintegration.programme.inforeuro import (
    LARGEST_PAYLOAD_BYTES,
    InforEuroFormatError,
    ParsedMonth,
    monthly_document,
    parse_history,
    parse_monthly,
)
from reintegration.programme.reference import rates_by_month

OCTOBER = date(2023, 10, 1)


def row(currency: str, value: str, country: str = "Somewhere") -> str:
    return f'{{"country":"{country}","currency":"c","isoA3Code":"{currency}","isoA2Code":"XX","value":{value},"comment":null}}'


def past(amount: str, start: str, end: str, currency: str = "BRL", reference: str = "EUR") -> str:
    return (
        f'{{"currencyIso":"{currency}","refCurrencyIso":"{reference}","amount":{amount},"dateStart":"{start}","dateEnd":"{end}"}}'
    )


def array(*rows: str) -> bytes:
    return f"[{','.join(rows)}]".encode()


def problems(payload: bytes, *, history: bool = False) -> tuple[str, ...]:
    with pytest.raises(InforEuroFormatError) as refused:
        parse_history(payload) if history else parse_monthly(payload, OCTOBER)
    return refused.value.problems


def test_the_digits_of_the_document_are_kept() -> None:
    parsed = parse_monthly(array(row("GBP", "0.8640"), row("BRL", "5.3115"), row("MNT", "3650")), date(2023, 10, 17))
    assert parsed == ParsedMonth(OCTOBER, {"BRL": "5.3115", "GBP": "0.8640", "MNT": "3650"})


def test_a_rate_no_float_can_hold_is_kept() -> None:
    assert parse_monthly(array(row("IDR", "16719.0123456789")), OCTOBER).rates == {"IDR": "16719.0123456789"}


def test_countries_that_share_a_currency_merge_and_must_agree() -> None:
    assert parse_monthly(
        array(row("EUR", "1"), row("EUR", "1.0"), row("USD", "1.0539"), row("USD", "1.0539")), OCTOBER
    ).rates == {
        "EUR": "1",
        "USD": "1.0539",
    }
    assert problems(array(row("USD", "1.0539"), row("USD", "1.054"))) == ("entry 2: USD has 1.054, an earlier entry has 1.0539",)
    assert problems(array(row("EUR", "1.1"))) == ("entry 1: 1 EUR is 1.1 EUR",)


def test_a_currency_out_of_use_is_no_rate_and_is_named() -> None:
    parsed = parse_monthly(array(row("QQQ", "4.2"), row("USD", "1.0539")), OCTOBER)
    assert (parsed.rates, parsed.not_in_use) == ({"USD": "1.0539"}, ("QQQ",))


def test_history_is_read_newest_or_oldest_first() -> None:
    october = past("5.3115", "01/10/2023", "31/10/2023")
    february = past("5.3497", "01/02/2024", "29/02/2024")
    expected = (ParsedMonth(OCTOBER, {"BRL": "5.3115"}), ParsedMonth(date(2024, 2, 1), {"BRL": "5.3497"}))
    assert parse_history(array(february, october)) == expected
    assert parse_history(array(october, february)) == expected


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (array(past("5", "1/10/2023", "31/10/2023")), ("entry 1: a date is not dd/MM/yyyy",)),
        (array(past("5", "2023-10-01", "2023-10-31")), ("entry 1: a date is not dd/MM/yyyy",)),
        (array(past("5", "01/02/2023", "29/02/2023")), ("entry 1: a date is not in the calendar",)),
        (array(past("5", "01/02/2024", "28/02/2024")), ("entry 1: the dates are not the first and last day of one month",)),
        (array(past("5", "02/10/2023", "31/10/2023")), ("entry 1: the dates are not the first and last day of one month",)),
        (array(past("5", "01/10/2023", "30/11/2023")), ("entry 1: the dates are not the first and last day of one month",)),
        (array(past("5", "01/10/2023", "31/10/2023", reference="USD")), ("entry 1: the reference currency is not EUR",)),
        (
            array(past("5", "01/10/2023", "31/10/2023"), past("6", "01/10/2023", "31/10/2023")),
            ("entry 2: BRL has 6, an earlier entry has 5",),
        ),
        (
            array(past("5", "01/10/2023", "31/10/2023"), past("1.1", "01/11/2023", "30/11/2023", "USD")),
            ("several currencies in one history: BRL, USD",),
        ),
        (b'{"message":"Unknown currency"}', ("the service answered with an error: 'Unknown currency'",)),
    ],
)
def test_a_wrong_history_is_refused_with_its_problem(payload: bytes, expected: tuple[str, ...]) -> None:
    assert problems(payload, history=True) == expected


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"[]", ("no entries",)),
        (b'{"message":"year is wrong"}', ("the service answered with an error: 'year is wrong'",)),
        (b'{"rates":1}', ("not an array of entries",)),
        (b"\xff\xfe[", ("not UTF-8",)),
        (b"[" * 100_000, ("nested too deeply",)),
        (b"[" + b" " * LARGEST_PAYLOAD_BYTES + b"]", ("longer than 1000000 bytes",)),
        (array(row("USD", "NaN")), ("not JSON: NaN is not a number",)),
        (array(row("USD", "-Infinity")), ("not JSON: -Infinity is not a number",)),
        (b'[{"value":1,"value":2}]', ("not JSON: an object names a field twice",)),
        (b'[1,"x",null]', ("entry 1: not an object", "entry 2: not an object", "entry 3: not an object")),
        (b'[{"isoA3Code":"USD"}]', ("entry 1: without value",)),
        (array(row("usd", "1")), ("entry 1: the currency is not three capital letters",)),
        (b'[{"isoA3Code":123,"value":1}]', ("entry 1: the currency is not three capital letters",)),
        (array(row("USD", '"1.05"')), ("entry 1: the value is not a number",)),
        (array(row("USD", "true")), ("entry 1: the value is not a number",)),
        (array(row("USD", "null")), ("entry 1: the value is not a number",)),
        (array(row("USD", "0")), ("entry 1: the value is not a positive decimal number such as 5.3115",)),
        (array(row("USD", "-1.05")), ("entry 1: the value is not a positive decimal number such as 5.3115",)),
        (array(row("USD", "1e3")), ("entry 1: the value is not a positive decimal number such as 5.3115",)),
        (array(row("USD", "9" * 5000)), ("entry 1: the value is not a positive decimal number such as 5.3115",)),
    ],
)
def test_a_wrong_month_is_refused_with_its_problem(payload: bytes, expected: tuple[str, ...]) -> None:
    assert problems(payload) == expected


def test_problems_are_listed_up_to_a_limit() -> None:
    assert len(problems(array(*["0"] * 500))) == 20


def test_a_byte_order_mark_is_tolerated() -> None:
    assert parse_monthly(b"\xef\xbb\xbf" + array(row("USD", "1.05")), OCTOBER).rates == {"USD": "1.05"}


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists).map(lambda v: json.dumps(v).encode())
)
def test_hostile_bytes_are_refused_and_never_crash(payload: bytes) -> None:
    assert problems(payload)
    assert problems(payload, history=True)


def test_the_shipped_rates_travel_through_the_format_unchanged() -> None:
    for month, rates in rates_by_month().items():
        assert parse_monthly(monthly_document(month), month).rates == {**rates, "EUR": "1"}


def test_the_shipped_document_has_a_row_for_each_country() -> None:
    document = json.loads(monthly_document(OCTOBER), parse_float=str)
    assert [(r["isoA2Code"], r["isoA3Code"], r["value"]) for r in document] == [
        ("BR", "BRL", "5.3115"),
        ("AT", "EUR", 1),
        ("BE", "EUR", 1),
        ("DE", "EUR", 1),
        ("FR", "EUR", 1),
        ("XK", "EUR", 1),
        ("GB", "GBP", "0.86333"),
        ("EC", "USD", "1.0539"),
        ("SV", "USD", "1.0539"),
        ("US", "USD", "1.0539"),
    ]


def test_a_month_without_shipped_rates_is_a_clear_problem() -> None:
    with pytest.raises(InvalidInputError, match="month: no rates are shipped for it"):
        monthly_document(date(2025, 1, 1))
