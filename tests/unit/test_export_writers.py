"""CSV and XLSX read back by other programs' libraries: hostile cells, exact money, equal bytes."""

import csv
import io
import time
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from reintegration.exports.scratch import scratch_folder
from reintegration.exports.tables import (
    CellError,
    CellValue,
    Column,
    ColumnKind,
    ColumnRole,
    FundSum,
    Row,
    Table,
    TableTotals,
    Tally,
)
from reintegration.exports.writers.comma_separated import CsvEncoder, neutralise
from reintegration.exports.writers.workbook import WorkbookEncoder
from reintegration.kernel.money import Money

TEXT = Table("texts", (Column("text", ColumnKind.TEXT, "anything"), Column("code", ColumnKind.TEXT, "a code")))
LEDGER = Table(
    "ledger",
    (
        Column("case", ColumnKind.TEXT, "case reference"),
        Column("fund", ColumnKind.TEXT, "fund", ColumnRole.FUND),
        Column("local", ColumnKind.MONEY, "paid", ColumnRole.SUMMED),
        Column("currency", ColumnKind.TEXT, "ISO 4217"),
        Column("eur", ColumnKind.MONEY, "in euro", ColumnRole.SUMMED),
        Column("rate", ColumnKind.RATE, "units for 1 EUR"),
        Column("lines", ColumnKind.INTEGER, "number of lines"),
        Column("paid_on", ColumnKind.DATE, "day"),
        Column("approved_at", ColumnKind.TIMESTAMP, "instant"),
        Column("evidence", ColumnKind.DIGEST, "SHA-256"),
    ),
)
HOSTILE = [
    "=1+1",
    "+32 2 793 82 40",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\tplain",
    "  =1+1",
    "\u00a0=1+1",
    "\ufeff=1+1",
    "\u200b=1+1",
    "\u202e=1+1",
    '"=1+1',
    "'=1+1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20SUM",
    "\u22121",
    '=HYPERLINK("http://127.0.0.1/?"&A1;"click")',
    "=cmd|' /C calc'!A0",
    "harmless;=1+1",
    "harmless\n=1+1",
    'harmless";"=1+1',
]
HARMLESS = [
    "",
    "plain",
    'with "quotes", comma, and a\nline',
    "semi;colon",
    "a = b",
    "C-12",
    "ნინო ბერიძე",
    "Սարգսյան",
    "محمد علي",
    "Батболд Энхтуяа",
    "0012",
    "1E5",
    "TRUE",
    "http://127.0.0.1/",
    "\x01control",
    "_x0041_",
    " padded ",
    "emoji 🏠",
    "\ufffe",
]
ROWS: list[Row] = [
    ["C-1", "AMIF", Money(131_79, "BRL"), "BRL", Money(24_81, "EUR"), "5.3115", 2, date(2023, 5, 4), None, "ab" * 32],
    ["C-2", None, Money(-5, "EUR"), "EUR", Money(-5, "EUR"), None, 0, None, datetime(2023, 1, 1, tzinfo=UTC), None],
    [
        "C-3",
        "AMIF",
        Money(15_000, "JPY"),
        "JPY",
        Money(10**15, "EUR"),
        "151.02",
        10**17,
        date(1899, 12, 31),
        datetime(2023, 7, 1, 0, 30, 15, 250, tzinfo=timezone(timedelta(hours=2))),
        "0f" * 32,
    ],
]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with scratch_folder(tmp_path) as made:
        yield made


def as_csv(table: Table, *batches: Sequence[Row]) -> bytes:
    encoder = CsvEncoder(table)
    return b"".join([encoder.header(), *(encoder.rows(batch) for batch in batches), encoder.finish()])


def as_workbook(folder: Path, *tables: tuple[Table, Sequence[Sequence[Row]]]) -> bytes:
    encoder = WorkbookEncoder(folder)
    try:
        for table, batches in tables:
            encoder.header(table)
            for batch in batches:
                encoder.rows(batch)
        return b"".join(encoder.finish())
    finally:
        encoder.close()


def read_csv(data: bytes, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=delimiter))


@pytest.mark.parametrize("text", HOSTILE)
def test_csv_text_never_begins_a_formula(text: str) -> None:
    [_, [cell, code]] = read_csv(as_csv(TEXT, [[text, "x"]]))
    assert code == "x"
    assert cell.replace("'", "") == text.replace("'", "")
    assert len(cell) > len(text)
    for piece in [cell, *cell.replace("\t", ";").replace("\r", ";").replace("\n", ";").split(";")]:
        visible = piece.lstrip(" \u00a0\ufeff\u200b\u202e\"'")
        assert visible[:1] not in {*"=+-@\uff1d\uff0b\uff0d\uff20\u2212"} or "'" in piece[: len(piece) - len(visible)]


@pytest.mark.parametrize("text", HARMLESS)
def test_csv_keeps_harmless_text_unchanged(text: str) -> None:
    assert read_csv(as_csv(TEXT, [[text, "0012"]])) == [["text", "code"], [text, "0012"]]


def test_neutralising_takes_linear_time() -> None:
    started = time.process_time()
    neutralise("\t" * 2_000_000 + " " * 2_000_000)
    neutralise('"\u200b ' * 1_000_000)
    assert time.process_time() - started < 10


def test_csv_bytes_are_rfc_4180_with_a_byte_order_mark() -> None:
    assert as_csv(TEXT, [['a "b", c', "é"]], [[None, "d\r\ne"]]) == (
        b'\xef\xbb\xbftext,code\r\n"a ""b"", c",\xc3\xa9\r\n,"d\r\ne"\r\n'
    )


def test_csv_spells_each_kind_exactly() -> None:
    assert read_csv(as_csv(LEDGER, ROWS))[1:] == [
        ["C-1", "AMIF", "131.79", "BRL", "24.81", "5.3115", "2", "2023-05-04", "", "ab" * 32],
        ["C-2", "", "-0.05", "EUR", "-0.05", "", "0", "", "2023-01-01T00:00:00Z", ""],
        [
            "C-3",
            "AMIF",
            "15000",
            "JPY",
            "10000000000000.00",
            "151.02",
            "100000000000000000",
            "1899-12-31",
            "2023-06-30T22:30:15.000250Z",
            "0f" * 32,
        ],
    ]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (0, 5),
        (2, "131.79"),
        (2, 13179),
        (5, "5,3115"),
        (5, "=5.3"),
        (5, "0"),
        (6, True),
        (6, "2"),
        (7, datetime(2023, 1, 1, tzinfo=UTC)),
        (7, "2023-01-01"),
        (8, datetime(2023, 1, 1)),  # noqa: DTZ001  # what is refused
        (8, date(2023, 1, 1)),
        (9, "AB" * 32),
        (9, "=" + "a" * 63),
    ],
)
def test_a_value_of_another_kind_is_refused_without_showing_it(folder: Path, column: int, value: CellValue) -> None:
    row: list[CellValue] = list(ROWS[0])
    row[column] = value
    with pytest.raises(CellError) as caught:
        as_csv(LEDGER, [row])
    assert str(caught.value) == (
        f"ledger.{LEDGER.columns[column].name} can't hold this {type(value).__name__} as {LEDGER.columns[column].kind}"
    )
    with pytest.raises(CellError):
        as_workbook(folder, (LEDGER, [[row]]))


@pytest.mark.parametrize("row", [["only one"], ["one", "two", "three"]])
def test_a_row_of_another_width_is_refused(folder: Path, row: list[CellValue]) -> None:
    with pytest.raises(ValueError, match="cells instead of 2"):
        as_csv(TEXT, [row])
    with pytest.raises(ValueError, match="cells instead of 2"):
        as_workbook(folder, (TEXT, [[row]]))


def test_workbook_texts_are_strings_and_unchanged(folder: Path) -> None:
    texts = [text for text in [*HOSTILE, *HARMLESS] if text]
    data = as_workbook(folder, (TEXT, [[[text, "0012"] for text in texts]]))
    book = load_workbook(io.BytesIO(data))
    cells = [row[0] for row in book["texts"].iter_rows(min_row=2)]
    assert [cell.data_type for cell in cells] == ["s"] * len(texts)
    # Excel undoes the _xHHHH_ escapes of what XML can't hold; openpyxl leaves that to its caller.
    assert [unescape(str(cell.value)) for cell in cells] == texts
    assert {row[1].value for row in book["texts"].iter_rows(min_row=2)} == {"0012"}
    assert [cell.hyperlink for cell in cells] == [None] * len(texts)


def test_workbook_types_each_kind(folder: Path) -> None:
    sheet = load_workbook(io.BytesIO(as_workbook(folder, (LEDGER, [ROWS]))))["ledger"]
    assert [cell.value for cell in sheet[1]] == [column.name for column in LEDGER.columns]
    first, second, third = (list(row) for row in sheet.iter_rows(min_row=2))
    assert [str(cell.value) for cell in first] == [
        "C-1", "AMIF", "131.79", "BRL", "24.81", "5.3115", "2", "2023-05-04 00:00:00", "None", "ab" * 32,
    ]  # fmt: skip
    assert [cell.data_type for cell in first] == ["s", "s", "n", "s", "n", "s", "n", "d", "n", "s"]
    assert [first[2].number_format, third[2].number_format, first[7].number_format] == ["#,##0.00", "#,##0", "yyyy-mm-dd"]
    assert [str(second[2].value), second[1].value, second[8].value] == ["-0.05", None, "2023-01-01T00:00:00Z"]
    assert Decimal(str(third[4].value)) == Decimal(10**13)
    assert [third[6].value, third[7].value] == ["100000000000000000", "1899-12-31"]


def test_workbook_holds_several_sheets(folder: Path) -> None:
    data = as_workbook(folder, (TEXT, [[["a", "b"]], [["c", "d"]]]), (LEDGER, [ROWS]))
    book = load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["texts", "ledger"]
    assert list(book["texts"].iter_rows(min_row=2, values_only=True)) == [("a", "b"), ("c", "d")]
    assert book["ledger"].max_row == 4


def test_workbook_refuses_text_that_would_be_cut(folder: Path) -> None:
    longest = "🏠" * 16_383 + "a"
    data = as_workbook(folder, (TEXT, [[[longest, "x"]]]))
    assert load_workbook(io.BytesIO(data))["texts"]["A2"].value == longest
    with pytest.raises(CellError):
        as_workbook(folder, (TEXT, [[[longest + "b", "x"]]]))


def test_the_same_rows_give_the_same_bytes_whatever_the_batches(tmp_path: Path) -> None:
    books = []
    for batches in ([ROWS], [ROWS[:1], ROWS[1:]], [[row] for row in ROWS]):
        assert as_csv(LEDGER, *batches) == as_csv(LEDGER, ROWS)
        with scratch_folder(tmp_path) as folder:
            books.append(as_workbook(folder, (LEDGER, batches), (TEXT, [[["a", "b"]]])))
    assert books[0] == books[1] == books[2]
    with zipfile.ZipFile(io.BytesIO(books[0])) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 31, 0, 0, 0)}
        assert b"2000-01-01T00:00:00Z" in archive.read("docProps/core.xml")


def test_tally_adds_up_exactly_by_fund_and_currency() -> None:
    tally = Tally(LEDGER)
    tally.add(ROWS)
    tally.add(ROWS[:2])
    assert tally.totals() == TableTotals(
        "ledger",
        5,
        (
            FundSum("eur", None, "EUR", "-0.10"),
            FundSum("eur", "AMIF", "EUR", "10000000000049.62"),
            FundSum("local", None, "EUR", "-0.10"),
            FundSum("local", "AMIF", "BRL", "263.58"),
            FundSum("local", "AMIF", "JPY", "15000"),
        ),
    )


@pytest.mark.parametrize(
    "columns",
    [
        (),
        (Column("a", ColumnKind.TEXT, ""), Column("a", ColumnKind.TEXT, "")),
        (Column("a", ColumnKind.TEXT, "", ColumnRole.SUMMED),),
        (Column("a", ColumnKind.MONEY, "", ColumnRole.FUND),),
        (Column("a", ColumnKind.TEXT, "", ColumnRole.FUND), Column("b", ColumnKind.TEXT, "", ColumnRole.FUND)),
    ],
)
def test_ambiguous_tables_are_refused(columns: tuple[Column, ...]) -> None:
    with pytest.raises(ValueError, match="needs different column names"):
        Table("wrong", columns)


def test_scratch_folders_go_with_their_owner_and_the_killed_ones_with_the_next(tmp_path: Path) -> None:
    (tmp_path / "export-killed").mkdir()
    (tmp_path / "export-killed" / "workbook.xlsx").write_bytes(b"left")
    (tmp_path / "export-killed.lock").touch()
    with scratch_folder(tmp_path) as first:
        assert not (tmp_path / "export-killed").exists()
        with scratch_folder(tmp_path) as second:
            (second / "file").touch()
            assert first.exists()
        assert first.exists()
        assert not second.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_failing_workbook_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(CellError), scratch_folder(tmp_path) as folder:  # the folder is part of the failure
        as_workbook(folder, (LEDGER, [ROWS, [["C-4"] + [5] * 9]]))
    assert list(tmp_path.iterdir()) == []
