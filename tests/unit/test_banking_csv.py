"""CSV statements: what a bank writes is read exactly, and what does not add up is refused with all its faults."""

import hashlib
from dataclasses import replace
from datetime import date

import pytest

from reintegration.banking.csv_reader import BesideFile, read_csv
from reintegration.banking.csv_text import MOST_ROWS
from reintegration.banking.faults import MOST_FAULTS, StatementRefusedError
from reintegration.banking.mapping import (
    BalanceCell,
    Columns,
    CsvMapping,
    Encoding,
    MappingRefusedError,
    mapping_from_document,
    mapping_to_document,
)
from reintegration.banking.statement import LARGEST_FILE_BYTES, Balance, Statement, StatementLine
from reintegration.kernel.errors import InvalidInputError
from reintegration.kernel.money import AmountMinor

from .banking_files import ACCOUNT, BESIDE, HEADER, MAPPING, NAMES, balance, line, told

BODY = (
    f"{HEADER}\n"
    '02.03.2026;03.03.2026;-1.250,00;8.750,00;B1;PAY-1;შპს ბაღდათი;GE29 NB00 0000 0101 9049 17;"Sheep; 10 heads"\n'
    "03.03.2026;;0,50-;8.749,50;B2;NOTPROVIDED;;;Fee\n"
    "\n"
    '04.03.2026;04.03.2026;1.000,00;9.749,50;;;"Café ""Élan""";BE71096123456769;Refund\n'
)
# The least that a statement can be: a date and an amount.
TWO_COLUMNS = replace(MAPPING, columns=Columns(booking_date=1, amount=2), column_count=2, header_rows=0)
BESIDE_100 = replace(BESIDE, opening=balance(10_000, date(2026, 3, 1)), closing=balance(10_000))


def refused(text: str | bytes, mapping: CsvMapping = MAPPING, beside: BesideFile = BESIDE) -> list[str]:
    """What is told of a file that must be refused."""
    with pytest.raises(StatementRefusedError) as refusal:
        read_csv(text.encode() if isinstance(text, str) else text, mapping, beside)
    assert refusal.value.fault_count >= len(refusal.value.faults) > 0
    return told(refusal.value)


def amounts(statement: Statement) -> list[int]:
    """The amounts of its lines."""
    return [line.amount_minor for line in statement.lines]


def test_a_statement_is_read_to_the_last_value() -> None:
    content = BODY.encode()
    assert read_csv(content, MAPPING, replace(BESIDE, number="3/2026", electronic_sequence=3)) == Statement(
        position=1,
        account=ACCOUNT,
        currency="EUR",
        number="3/2026",
        electronic_sequence=3,
        legal_sequence=None,
        opening=Balance(AmountMinor(1_000_000), date(2026, 3, 2)),
        closing=Balance(AmountMinor(974_950), date(2026, 3, 4)),
        lines=(
            StatementLine(
                number=1,
                source_row=2,
                booking_date=date(2026, 3, 2),
                value_date=date(2026, 3, 3),
                amount_minor=AmountMinor(-125_000),
                balance_after_minor=AmountMinor(875_000),
                is_reversal=False,
                bank_reference="B1",
                end_to_end_reference="PAY-1",
                counterparty_name="შპს ბაღდათი",
                counterparty_account="GE29NB0000000101904917",
                remittance="Sheep; 10 heads",
            ),
            replace(
                line(2, 3, -50, date(2026, 3, 3)), balance_after_minor=AmountMinor(874_950), bank_reference="B2", remittance="Fee"
            ),
            replace(
                line(3, 5, 100_000, date(2026, 3, 4)),
                value_date=date(2026, 3, 4),
                balance_after_minor=AmountMinor(974_950),
                counterparty_name='Café "Élan"',
                counterparty_account=ACCOUNT,
                remittance="Refund",
            ),
        ),
        entries_left_out=0,
        source_digest=hashlib.sha256(content).hexdigest(),
    )


@pytest.mark.parametrize(
    ("encoding", "mark", "said", "name"),
    [
        ("utf-8", b"", Encoding.UTF_8, "شركة النور للتجارة"),
        ("utf-8", b"\xef\xbb\xbf", Encoding.UTF_8, "Ганбаатар"),
        ("utf-8", b"\xef\xbb\xbf", Encoding.WINDOWS_1252, "Ганбаатар"),
        ("utf-16-le", b"\xff\xfe", Encoding.UTF_16, "Հայկ Շին"),
        ("utf-16-be", b"\xfe\xff", Encoding.UTF_8, "Հայկ Շին"),
        ("utf-16-le", b"", Encoding.UTF_16_LE, "Հայկ Շին"),
        ("windows-1251", b"", Encoding.WINDOWS_1251, "Ганбаатар Дорж"),
        ("windows-1252", b"", Encoding.WINDOWS_1252, "Café Élan"),
        ("windows-1254", b"", Encoding.WINDOWS_1254, "Şişli Ticaret"),
        ("windows-1256", b"", Encoding.WINDOWS_1256, "شركة النور"),
    ],
)
def test_each_encoding_gives_the_name_as_it_was_written(encoding: str, mark: bytes, said: Encoding, name: str) -> None:
    text = f"{HEADER}\r\n02.03.2026;;1,00;2,00;;;{name};;\r\n"
    statement = read_csv(mark + text.encode(encoding), replace(MAPPING, encoding=said), BESIDE)
    assert [item.counterparty_name for item in statement.lines] == [name]


@pytest.mark.parametrize(
    ("content", "said", "expected"),
    [
        ("é".encode(), Encoding.WINDOWS_1252, "text in windows-1252 was expected; this is UTF-8"),
        ("a\n\nCafé".encode("windows-1252"), Encoding.UTF_8, "row 3: text in utf-8 was expected"),
        (b"a\x81", Encoding.WINDOWS_1252, "row 1: text in windows-1252 was expected"),
        ("a".encode("utf-16-le"), Encoding.UTF_16, "a byte order mark was expected at the start of a file in UTF-16"),
        ("a;b\nc".encode("utf-16-le"), Encoding.UTF_8, "row 1: text in utf-8 was expected, without NUL"),
        (b"\xff\xfea", Encoding.UTF_16, "row 1: text in utf-16 was expected"),
    ],
)
def test_text_in_another_encoding_is_refused(content: bytes, said: Encoding, expected: str) -> None:
    assert refused(content, replace(MAPPING, encoding=said)) == [expected]


def test_all_faults_of_a_file_are_told_together_with_row_and_column() -> None:
    text = f"""{HEADER}
31.02.2026;;1,00;;;;;;
02.03.2026;2026-03-02;1.23;;;;;;
02.03.2026;;1,00;;;;
02.03.2026;;;abc;;;;;
;;1,005;;;;;;
02.03.2026;;1,00;;;;;;{"x" * 4_001}
"""
    assert refused(text) == [
        "row 2, booking_date (column 1): a day of the calendar as DD.MM.YYYY was expected; found '31.02.2026'",
        "row 3, value_date (column 2): a date as DD.MM.YYYY was expected; found '2026-03-02'",
        "row 3, amount (column 3): an amount such as 1.234.567,50 was expected; found '1.23'",
        "row 4: 9 columns were expected; found '7 columns'",
        "row 5, amount (column 3): an amount such as 1.234.567,50 was expected; found ''",
        "row 5, balance (column 4): an amount such as 1.234.567,50 was expected; found 'abc'",
        "row 6, booking_date (column 1): a date as DD.MM.YYYY was expected; found ''",
        "row 6, amount (column 3): an amount with at most 2 decimals, as the currency has, was expected; found '1,005'",
        f"row 7, remittance (column 9): at most 4000 characters were expected; found '{'x' * 40}…'",
    ]


def test_of_very_many_faults_the_first_hundred_are_told_and_all_are_counted() -> None:
    with pytest.raises(StatementRefusedError) as refusal:
        read_csv(b"a;b\n" * 250, TWO_COLUMNS, BESIDE_100)
    assert (refusal.value.fault_count, len(refusal.value.faults)) == (500, MOST_FAULTS)
    assert refusal.value.message == (
        "The statement has 500 fault(s); the first: row 1, booking_date (column 1): a date as DD.MM.YYYY was expected."
    )


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            ["02.03.2026;;1,00;101,00;;;;;", "02.03.2026;;1,00;103,00;;;;;", "02.03.2026;;1,00;104,00;;;;;"],
            ["row 3, balance: the balance before and the amount give 102.00 EUR; is a line missing?; found '103.00 EUR'"],
        ),
        (
            ["02.03.2026;;1,00;101,00;;;;;", "02.03.2026;;1,00;;;;;;"],
            ["the closing balance was expected: the file does not show it, so it has to be given beside the file"],
        ),
        ([], ["the opening balance was expected: the file does not show it, so it has to be given beside the file"]),
    ],
)
def test_a_running_balance_shows_the_line_that_is_missing(rows: list[str], expected: list[str]) -> None:
    assert refused("\n".join([HEADER, *rows]))[:1] == expected


def test_a_running_balance_may_be_empty_in_between() -> None:
    rows = ["02.03.2026;;1,00;;;;;;", "02.03.2026;;-3,00;98,00;;;;;", "03.03.2026;;1,00;;;;;;", "03.03.2026;;1,00;100,00;;;;;"]
    statement = read_csv("\n".join([HEADER, *rows]).encode(), MAPPING, BESIDE)
    assert (statement.opening.amount_minor, statement.closing.amount_minor) == (10_000, 10_000)


def test_lines_are_told_oldest_first_whatever_their_order_in_the_file() -> None:
    rows = ["04.03.2026;;2,00;103,00;;;;;", "02.03.2026;;1,00;101,00;;;;;"]
    newest_first = replace(MAPPING, newest_first=True)
    statement = read_csv("\n".join([HEADER, *rows]).encode(), newest_first, BESIDE)
    assert [(item.number, item.source_row, item.amount_minor) for item in statement.lines] == [(1, 3, 100), (2, 2, 200)]
    assert (statement.opening, statement.closing) == (balance(10_000, date(2026, 3, 2)), balance(10_300, date(2026, 3, 4)))
    assert len(refused("\n".join([HEADER, *rows]))) == 1


def test_balances_from_beside_the_file_must_explain_its_lines() -> None:
    opening = balance(10_000, date(2026, 3, 1))
    content = b"02.03.2026;-1,00\n02.03.2026;2,00\n"
    statement = read_csv(content, TWO_COLUMNS, replace(BESIDE, opening=opening, closing=balance(10_100)))
    assert (statement.opening, statement.closing, amounts(statement)) == (opening, balance(10_100), [-100, 200])
    assert refused(content, TWO_COLUMNS, BESIDE_100) == [
        "closing balance: opening balance 100.00 EUR and 2 line(s) give 101.00 EUR, which was expected; found '100.00 EUR'"
    ]
    early = replace(BESIDE, opening=opening, closing=balance(10_100, date(2026, 3, 1)))
    assert refused(content, TWO_COLUMNS, early) == [
        "row 1, booking date: a booking date up to the closing balance of 2026-03-01 was expected; found '2026-03-02'",
        "row 2, booking date: a booking date up to the closing balance of 2026-03-01 was expected; found '2026-03-02'",
    ]
    backwards = replace(BESIDE, opening=balance(10_000), closing=balance(10_000, date(2026, 3, 30)))
    assert refused(b"", TWO_COLUMNS, backwards) == [
        "closing balance: a closing balance on or after the opening balance of 2026-03-31 was expected; found '2026-03-30'"
    ]


def test_an_account_without_movement_has_a_statement_without_lines() -> None:
    statement = read_csv(f"{HEADER}\n".encode(), MAPPING, BESIDE_100)
    assert (statement.lines, statement.opening.amount_minor, statement.closing.amount_minor) == ((), 10_000, 10_000)


CELLS = replace(
    TWO_COLUMNS,
    header_rows=2,
    footer_labels=("Total", "Closing balance:"),
    opening_cell=BalanceCell(row=1, column=2),
    closing_cell=BalanceCell(label="closing BALANCE", column=3, date_column=2),
)
WITH_CELLS = (
    "Opening balance;100,00\nDate;Amount\n02.03.2026;-1,00\n\nTotal;-1,00\nClosing balance: ;31.03.2026;99,00\n;;\nPrinted\n"
)


def test_balances_from_cells_of_header_and_footer() -> None:
    statement = read_csv(WITH_CELLS.encode(), CELLS, BESIDE)
    assert (statement.opening, statement.closing) == (balance(10_000, date(2026, 3, 2)), balance(9_900))
    assert amounts(statement) == [-100]
    # Also counted from the end, with a fixed footer of three rows that are not empty.
    fixed = replace(CELLS, footer_labels=(), footer_rows=3, closing_cell=BalanceCell(row=-2, column=3))
    assert read_csv(WITH_CELLS.encode(), fixed, BESIDE).closing == balance(9_900, date(2026, 3, 2))


@pytest.mark.parametrize(
    ("text", "beside", "expected"),
    [
        (
            WITH_CELLS.replace("99,00", "98,00"),
            BESIDE,
            "closing balance: opening balance 100.00 EUR and 1 line(s) give 99.00 EUR",
        ),
        (WITH_CELLS.replace("99,00", "9.90"), BESIDE, "row 6, closing balance (column 3): an amount such as 1.234.567,50"),
        (WITH_CELLS.replace("31.03.2026", "31.03."), BESIDE, "row 6, closing balance (column 2): a date as DD.MM.YYYY"),
        (WITH_CELLS.replace(";31.03.2026;99,00", ""), BESIDE, "row 6: 3 columns were expected, with the closing balance"),
        (WITH_CELLS.replace("Closing", "End"), BESIDE, "one row with 'closing BALANCE' was expected in header or footer"),
        (WITH_CELLS + "Closing balance again;;\n", BESIDE, "one row with 'closing BALANCE' was expected in header or footer"),
        (
            WITH_CELLS,
            replace(BESIDE, closing=balance(9_901)),
            "row 6 and beside the file show different closing balances: 99.00 EUR was expected; found '99.01 EUR'",
        ),
        (WITH_CELLS.replace("-1,00\n\n", "-1,00\n03.03.2026;x\n"), BESIDE, "row 4, amount (column 2)"),
    ],
)
def test_balances_in_cells_that_are_not_there_or_differ(text: str, beside: BesideFile, expected: str) -> None:
    faults = refused(text, CELLS, beside)
    assert len(faults) == 1
    assert faults[0].startswith(expected)


def test_a_supplier_named_like_the_footer_ends_no_statement() -> None:
    columns = Columns(booking_date=2, amount=3, counterparty_name=1)
    mapping = replace(TWO_COLUMNS, columns=columns, column_count=3, footer_labels=("Total",))
    statement = read_csv(b"Total Energies;02.03.2026;-1,00\nAltai;02.03.2026;1,00\nTotal;;0,00", mapping, BESIDE_100)
    assert [item.counterparty_name for item in statement.lines] == ["Total Energies", "Altai"]


def test_a_line_that_is_taken_for_header_or_footer_is_seen_where_only_the_lines_have_balances() -> None:
    rows = ["02.03.2026;;1,00;101,00;;;;;", "03.03.2026;;1,00;102,00;;;;;", "04.03.2026;;1,00;103,00;;;;;"]
    faults = refused("\n".join(rows), replace(MAPPING, header_rows=1, footer_rows=1))
    assert faults == [
        "row 1: a row of the header was expected; this one has a booking date as lines have",
        "row 3: a row of the footer was expected; this one has a booking date as lines have",
    ]


def test_columns_are_found_by_name_wherever_they_are() -> None:
    mapping = replace(TWO_COLUMNS, columns=Columns(booking_date="Date", amount="Amount  in GEL"), column_count=3, header_rows=2)
    content = b"Bank of Nowhere;;\nAMOUNT in gel;x;date\n-1,00;;02.03.2026\n1,00;;02.03.2026\n"
    assert amounts(read_csv(content, mapping, BESIDE_100)) == [-100, 100]
    assert refused(content.replace(b";x;", b";Date;"), mapping, BESIDE_100) == [
        "row 2: a header row with each of these names once was expected: 'Date'"
    ]
    assert refused(b"", mapping, BESIDE_100) == [
        "a header row with each of these names once was expected: 'Date', 'Amount  in GEL'"
    ]


INDICATOR = replace(
    TWO_COLUMNS,
    columns=Columns(booking_date=1, amount=2, indicator=3, reversal=3),
    column_count=3,
    credit_marks=("C", "RD"),
    debit_marks=("D", "RC"),
    reversal_marks=("RC", "RD"),
)
TWO_SIDES = replace(TWO_COLUMNS, columns=Columns(booking_date=1, debit=2, credit=3), column_count=3)


def test_a_direction_can_have_a_column_of_its_own() -> None:
    content = b"02.03.2026;1,00;d\n02.03.2026;2,00; C \n02.03.2026;3,00;RC\n02.03.2026;2,00;RD\n"
    statement = read_csv(content, INDICATOR, BESIDE_100)
    assert [(item.amount_minor, item.is_reversal) for item in statement.lines] == [
        (-100, False),
        (200, False),
        (-300, True),
        (200, True),
    ]
    assert refused(b"02.03.2026;1,00;X\n02.03.2026;-1,00;D\n", INDICATOR, BESIDE_100) == [
        "row 1, indicator (column 3): one of these was expected: C, RD, D, RC; found 'X'",
        "row 2, amount (column 2): an amount without a minus was expected; the indicator has its direction; found '-1,00'",
    ]


def test_debit_and_credit_can_have_a_column_each() -> None:
    content = b"02.03.2026;1,00;\n02.03.2026;0,00;2,00\n02.03.2026;;0,00\n02.03.2026;1,00;0,00\n"
    assert amounts(read_csv(content, TWO_SIDES, BESIDE_100)) == [-100, 200, 0, -100]
    minus = replace(TWO_SIDES, debit_has_minus=True)
    assert amounts(read_csv(b"02.03.2026;-1,00;\n02.03.2026;;1,00\n", minus, BESIDE_100)) == [-100, 100]
    assert refused(b"02.03.2026;1,00;1,00\n02.03.2026;;\n02.03.2026;-1,00;\n02.03.2026;;-1,00\n", TWO_SIDES, BESIDE_100) == [
        "row 1, debit (column 2): an amount was expected either here or in the column of the credit; found '1,00'",
        "row 2, debit (column 2): an amount was expected either here or in the column of the credit; found ''",
        "row 3, debit (column 2): an amount without a minus was expected; found '-1,00'",
        "row 4, credit (column 3): an amount without a minus was expected; found '-1,00'",
    ]
    assert refused(b"02.03.2026;1,00;\n", minus, BESIDE_100) == [
        "row 1, debit (column 2): an amount with a minus was expected; found '1,00'"
    ]


def test_another_currency_or_account_in_a_line_is_refused() -> None:
    mapping = replace(TWO_COLUMNS, columns=Columns(booking_date=1, amount=2, currency=3, account=4), column_count=4)
    content = b"02.03.2026;-1,00;eur;BE71 0961 2345 6769\n02.03.2026;1,00;EUR;BE71096123456769\n"
    assert amounts(read_csv(content, mapping, BESIDE_100)) == [-100, 100]
    assert refused(content.replace(b"eur", b"USD").replace(b"BE71 0961", b"BE71 0962"), mapping, BESIDE_100) == [
        "row 1, currency (column 3): EUR was expected in each line; found 'USD'",
        f"row 1, account (column 4): {ACCOUNT} was expected in each line; found 'BE71 0962 2345 6769'",
    ]


@pytest.mark.parametrize(
    ("currency", "text", "minor"), [("XOF", "5.000", 5_000), ("TND", "5,000", 5_000), ("MGA", "5,5", 550), ("EUR", "5,5", 550)]
)
def test_decimals_are_those_of_the_currency(currency: str, text: str, minor: int) -> None:
    beside = BesideFile(account="0099 1234", currency=currency, opening=balance(0, date(2026, 3, 1)), closing=balance(minor))
    statement = read_csv(f"02.03.2026;{text}".encode(), TWO_COLUMNS, beside)
    assert (statement.account, amounts(statement)) == ("00991234", [minor])


def test_what_is_said_beside_the_file_must_name_account_and_currency() -> None:
    for beside in (replace(BESIDE, account=" "), replace(BESIDE, currency="XXX"), replace(BESIDE, currency="eur")):
        with pytest.raises(InvalidInputError):
            read_csv(BODY.encode(), MAPPING, beside)


def test_too_large_a_file_is_not_read() -> None:
    assert refused(b" " * (LARGEST_FILE_BYTES + 1)) == ["at most 20971520 bytes are read; found '20971521 bytes'"]
    rows = refused(b"a\n" * (MOST_ROWS + 1), TWO_COLUMNS, BESIDE_100)
    assert len(rows) == MOST_FAULTS


@pytest.mark.parametrize(
    "content",
    [b'02.03.2026;"1,00', b'02.03.2026;"1"00\n', b'"' * 50_001, b"x" * 200_000, b"=cmd|' /C calc'!A0;1", b'"a\nb;"\n'],
)
def test_hostile_text_is_refused_and_nothing_else_happens(content: bytes) -> None:
    assert refused(content, TWO_COLUMNS, BESIDE_100)


def test_names_of_every_script_come_through() -> None:
    rows = [f"02.03.2026;;0,00;100,00;;;{name};;{name}" for name in NAMES]
    statement = read_csv("\n".join([HEADER, *rows]).encode(), MAPPING, BESIDE)
    assert [(item.counterparty_name, item.remittance) for item in statement.lines] == [(name, name) for name in NAMES]


def test_a_mapping_is_kept_as_json() -> None:
    for mapping in (MAPPING, CELLS, INDICATOR, TWO_SIDES):
        assert mapping_from_document(mapping_to_document(mapping)) == mapping
    document = mapping_to_document(CELLS)
    assert isinstance(document, dict)
    assert document["closing_cell"] == {"column": 3, "row": None, "label": "closing BALANCE", "date_column": 2}
    assert document["encoding"] == "utf-8"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"delimiter": "x"}, "delimiter: comma, semicolon"),
        ({"decimal_sign": "'"}, "decimal_sign: a point or a comma"),
        ({"grouping_sign": ","}, "grouping_sign: another sign"),
        ({"grouping_sign": "_"}, "grouping_sign: nothing, a space"),
        ({"grouping_sign": "", "is_lakh": True}, "is_lakh: groups need"),
        ({"decimals": 5}, "decimals: 0 to 4"),
        ({"decimals": "2"}, "decimals: input should be a valid integer"),
        ({"date_format": "%d.%m"}, "date_format: a year, a month and a day"),
        ({"encoding": "latin1"}, "encoding: input should be"),
        ({"header_rows": -1}, "header_rows: 0 to 100"),
        ({"header_rows": 1.5}, "header_rows: input should be a valid integer"),
        ({"header_rows": True}, "header_rows: input should be a valid integer"),
        ({"footer_rows": 101}, "footer_rows: 0 to 100"),
        ({"footer_labels": [""]}, "footer_labels: at most 20 texts"),
        ({"column_count": 0}, "column_count: 1 to 200"),
        ({"column_count": 5}, "columns.end_to_end_reference: a place from 1"),
        ({"opening_cell": {"column": 1}}, "opening_cell: either a row"),
        ({"opening_cell": {"column": 1, "row": 0}}, "opening_cell: either a row"),
        ({"closing_cell": {"column": 0, "label": "x"}}, "closing_cell: columns from 1 to 200"),
        ({"closing_cell": {"column": 1, "label": " "}}, "closing_cell.label: 1 to 100"),
        ({"columns": {"booking_date": 1}}, "columns: amount, amount with indicator, or debit with credit"),
        ({"columns": {"booking_date": 1, "debit": 2}}, "columns: amount, amount with indicator, or debit with credit"),
        ({"columns": {"booking_date": 1, "amount": 2, "balance": 2}}, "columns: a column of its own"),
        ({"columns": {"booking_date": 1, "amount": 2, "indicator": 3}}, "credit_marks, debit_marks: both are expected"),
        ({"columns": {"booking_date": 1, "amount": 2, "reversal": 3}}, "reversal_marks: expected with"),
        ({"columns": {"booking_date": 1, "amount": 2, "fee": 3}}, "columns.fee: unexpected"),
        ({"columns": {"amount": 2}}, "columns.booking_date: field required"),
        ({"columns": {"booking_date": "", "amount": 2}}, "columns.booking_date: a name of 1 to 100"),
        ({"columns": {"booking_date": "Date", "amount": 2}, "header_rows": 0}, "columns.booking_date: a name needs a header"),
        ({"columns": {"booking_date": 1, "amount": 2, "remittance": [3] * 21}}, "columns.remittance: at most 20"),
        ({"credit_marks": ["C"], "debit_marks": ["D"]}, "credit_marks, debit_marks: both are expected"),
        ({"debit_has_minus": True}, "debit_has_minus: expected with"),
        ({"currency": "EUR"}, "currency: unexpected"),
    ],
)
def test_a_mapping_that_could_mislead_is_refused(changes: dict[str, object], expected: str) -> None:
    document = mapping_to_document(MAPPING)
    assert isinstance(document, dict)
    with pytest.raises(MappingRefusedError) as refusal:
        mapping_from_document(document | changes)
    assert any(problem.startswith(expected) for problem in refusal.value.problems), refusal.value.problems
    assert refusal.value.message == f"The mapping can't be used: {refusal.value.problems[0]}."


def test_marks_of_both_directions_are_refused() -> None:
    with pytest.raises(MappingRefusedError, match="no mark in both"):
        replace(INDICATOR, credit_marks=("c",), debit_marks=("C",))
