"""Amounts and dates of bank files: one reading or none."""

from datetime import date

import pytest

from reintegration.banking.accounts import is_account, is_iban, normalised_account
from reintegration.banking.amounts import AmountFormat, read_iso_amount
from reintegration.banking.dates import DateFormat
from reintegration.banking.text import plain, reference

COMMA = AmountFormat(",", ".")
COMMA_SPACE = AmountFormat(",", " ")
COMMA_PLAIN = AmountFormat(",", "")
POINT = AmountFormat(".", ",")
SWISS = AmountFormat(".", "'")
LAKH = AmountFormat(".", ",", is_lakh=True)
TWO = AmountFormat(".", ",", decimals=2)
WHOLE = AmountFormat(".", ",", decimals=0)


@pytest.mark.parametrize(
    ("form", "text", "digits", "minor"),
    [
        (COMMA, "1.234", 2, 123_400),
        (COMMA, "1.234,5", 2, 123_450),
        (COMMA, "1234,56", 2, 123_456),
        (COMMA, "1.234.567,89", 2, 123_456_789),
        (COMMA, "0", 2, 0),
        (COMMA, "-0,01", 2, -1),
        (COMMA, "\u22121,00", 2, -100),
        (COMMA, "1,00-", 2, -100),
        (COMMA, "1,00 -", 2, -100),
        (COMMA, "+ 1,00", 2, 100),
        (COMMA, "(1.234,56)", 2, -123_456),
        (COMMA, " ( 1,00 ) ", 2, -100),
        (COMMA, "1.234", 0, 1_234),
        (COMMA, "1,234", 3, 1_234),
        (COMMA_SPACE, "1 234,56", 2, 123_456),
        (COMMA_SPACE, "1\u00a0234,56", 2, 123_456),
        (COMMA_SPACE, "1\u202f234\u202f567,00", 2, 123_456_700),
        (COMMA_PLAIN, "1234567,8", 2, 123_456_780),
        (POINT, "1,234.56", 2, 123_456),
        (POINT, "1.234", 3, 1_234),
        (SWISS, "1'234.50", 2, 123_450),
        (SWISS, "1\u2019234.50", 2, 123_450),
        (LAKH, "12,34,567.50", 2, 123_456_750),
        (LAKH, "1,234.50", 2, 123_450),
        (LAKH, "1234.50", 2, 123_450),
        (TWO, "5,000.00", 2, 500_000),
        (TWO, "5,000.00", 0, 5_000),
        (TWO, "5,000.50", 3, 5_000_500),
        (POINT, "\u0661\u0662\u0663\u0664.\u0665\u0660", 2, 123_450),
        (POINT, "\u0661\u066c\u0662\u0663\u0664\u066b\u0665\u0660", 2, 123_450),
        (COMMA, "\u200f\u0661\u0662\u066b\u0665\u0660-\u200f", 2, -1_250),
        (COMMA, "\u0967\u0968,\u0969\u096a", 2, 1_234),
        (POINT, "10000000000000.00", 2, 10**15),
        (COMMA, "12.500,000", 3, 12_500_000),
        (COMMA, "1.012.500", 3, 1_012_500_000),
        (WHOLE, "12,500", 3, 12_500_000),
        (COMMA_SPACE, "12 500", 3, 12_500_000),
        (COMMA, "0012,50", 2, 1_250),
    ],
)
def test_an_amount_is_read_to_the_minor_unit(form: AmountFormat, text: str, digits: int, minor: int) -> None:
    assert form.read(text, digits) == minor


@pytest.mark.parametrize(
    ("form", "text", "digits", "expected"),
    [
        (COMMA, "1.23", 2, "an amount such as 1.234.567,50 was expected"),
        (COMMA, "1.2345", 2, "an amount such as"),
        (COMMA, "1234.567,00", 2, "an amount such as"),
        (COMMA, "1..234", 2, "an amount such as"),
        (COMMA, ".234", 2, "an amount such as"),
        (LAKH, "123,45,678.00", 2, "an amount such as"),
        (COMMA, "12.34.567,00", 2, "an amount such as"),
        (COMMA, "1.234,567", 2, "at most 2 decimals"),
        (COMMA, "1.234,5", 0, "at most 0 decimals"),
        (COMMA, "1 234,50", 2, "an amount such as"),
        (COMMA_PLAIN, "1.234", 2, "an amount such as 1234567,50"),
        (POINT, "1.234", 2, "at most 2 decimals"),
        (POINT, "1.230", 2, "at most 2 decimals"),
        (POINT, "1.234,56", 2, "an amount such as"),
        (LAKH, "1,234,567.00", 2, "an amount such as 12,34,567.50"),
        (TWO, "5.000", 0, "with 2 decimals"),
        (TWO, "5,000", 2, "with 2 decimals"),
        (TWO, "5,000.50", 0, "at most 0 decimals"),
        (COMMA, "0.750", 2, "an amount such as"),
        (COMMA, "0.000", 3, "an amount such as"),
        (COMMA, "00.750,00", 2, "an amount such as"),
        (LAKH, "01,234.00", 2, "an amount such as"),
        (LAKH, "0,750", 2, "an amount such as"),
        (COMMA, "12.500", 3, "a group may be decimals here"),
        (COMMA, "-812.500", 3, "a group may be decimals here"),
        (LAKH, "12,500", 3, "a group may be decimals here"),
        (COMMA, "", 2, "an amount such as"),
        (COMMA, "-", 2, "an amount such as"),
        (COMMA, "--1,00", 2, "an amount such as"),
        (COMMA, "-1,00-", 2, "an amount such as"),
        (COMMA, "(-1,00)", 2, "an amount such as"),
        (COMMA, "(1,00", 2, "an amount such as"),
        (COMMA, "1,00)", 2, "an amount such as"),
        (COMMA, ",50", 2, "an amount such as"),
        (COMMA, "1,", 2, "an amount such as"),
        (COMMA, "1e3", 2, "an amount such as"),
        (COMMA, "NaN", 2, "an amount such as"),
        (COMMA, "12,00 EUR", 2, "an amount such as"),
        (COMMA, "1\u0661,00", 2, "digits of one script"),
        (COMMA, "\u0661\u06f2,00", 2, "digits of one script"),
        (COMMA, "1²", 2, "an amount such as"),
        (POINT, "10000000000000.01", 2, "at most 10^15"),
        (COMMA, "1" * 100_000, 2, "an amount such as"),
        (COMMA, " " * 100_000 + "x", 2, "an amount such as"),
    ],
)
def test_an_amount_with_another_or_two_readings_is_refused(form: AmountFormat, text: str, digits: int, expected: str) -> None:
    with pytest.raises(ValueError, match=expected.replace("^", r"\^")):
        form.read(text, digits)


@pytest.mark.parametrize(
    ("text", "digits", "minor"),
    [
        ("1234.50", 2, 123_450),
        ("1234", 2, 123_400),
        ("5000.00", 0, 5_000),
        (".5", 2, 50),
        ("5.", 2, 500),
        ("+1.000", 3, 1_000),
        ("0", 2, 0),
    ],
)
def test_an_amount_of_iso_20022_is_read_to_the_minor_unit(text: str, digits: int, minor: int) -> None:
    assert read_iso_amount(text, digits) == minor


@pytest.mark.parametrize("text", ["", ".", "-1.00", "1,00", "1.001", "1e3", "INF", "\u0661", "1 000", "9" * 18])
def test_another_amount_of_iso_20022_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        read_iso_amount(text, 2)


@pytest.mark.parametrize(
    ("spelling", "text"),
    [
        ("DD.MM.YYYY", "09.03.2026"),
        ("D/M/YYYY", "9/3/2026"),
        ("D/M/YYYY", "09/03/2026"),
        ("M/D/YY", "3/9/26"),
        ("YYYY-MM-DD", "2026-03-09"),
        ("YYYYMMDD", "20260309"),
        ("DD-MMM-YYYY", "09-Mar-2026"),
        ("DD MMM YY", "09  MAR 26"),
        ("YYYY-MM-DD hh:mm:ss", "2026-03-09 23:59:59"),
        ("YYYY-MM-DDThh:mm", "2026-03-09T23:59"),
        ("DD/MM/YYYY", "\u200f\u0660\u0669/\u0660\u0663/\u0662\u0660\u0662\u0666"),
    ],
)
def test_a_date_is_read_in_its_format(spelling: str, text: str) -> None:
    form = DateFormat(spelling)
    assert form.is_valid()
    assert form.read(text) == date(2026, 3, 9)


@pytest.mark.parametrize(
    ("spelling", "text", "expected"),
    [
        ("DD.MM.YYYY", "9.3.2026", "a date as DD.MM.YYYY was expected"),
        ("DD.MM.YYYY", "31.02.2026", "a day of the calendar"),
        ("DD.MM.YYYY", "09.03.1447", "years 2000 to 2099"),
        ("DD.MM.YYYY", "09.03.2569", "years 2000 to 2099"),
        ("DD.MM.YYYY", "09.03.2026 12:00", "a date as"),
        ("DD.MM.YYYY", "45000", "a date as"),
        ("DD-MMM-YYYY", "09-Mrz-2026", "a date as"),
        ("YYYY-MM-DD", "", "a date as"),
    ],
)
def test_another_date_is_refused(spelling: str, text: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        DateFormat(spelling).read(text)


@pytest.mark.parametrize(
    "spelling", ["", "DD.MM", "DD.MM.YYYY.YY", "DMYYYY", "DD.M.MM.YYYY", "%d.%m.%Y", "DD.MMM.MM.YYYY", "DD.MM.YYYY" * 9]
)
def test_a_format_that_no_date_or_several_can_have_is_none(spelling: str) -> None:
    assert not DateFormat(spelling).is_valid()


def test_accounts_and_texts_are_compared_without_their_typography() -> None:
    assert normalised_account(" be71 0961 2345 6769 ") == "BE71096123456769"
    assert normalised_account("+976 99 11 22") == "+976991122"
    assert is_iban("BE71096123456769")
    assert not is_iban("BE71096123456768")
    assert not is_iban("be71096123456769")
    assert [is_account(text) for text in ("BE71096123456769", "", "1 2", "9" * 35, "a\u202eb")] == [
        True,
        False,
        False,
        False,
        False,
    ]
    assert plain("  a\u00a0b\r\n\tc\x00d\u2028 ") == "a b c d"
    assert [reference(text) for text in (" E-1 ", "", "NOTPROVIDED", "notprovided")] == ["E-1", None, None, None]
