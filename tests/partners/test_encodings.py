"""Names in the scripts of the partner's bank arrive as they were written, or the file is refused."""

from dataclasses import replace

import pytest

from tests.builders import days_ago
from tests.partners.messages import message
from tests.partners.partner import Partner, open_partner
from tests.partners.sheets import FIRST_LINE, PLAIN, Dialect
from tests.partners.site import Site

CYRILLIC = "Ганбаатар Дорж"
ARABIC = "شركة النور للتجارة"
GEEZ = "ተስፋዬ ገብረማርያም"
GEORGIAN = "შპს ბაღდათი"
WESTERN = "Café Élan & Fils; «Zoë»"
EVERY = (CYRILLIC, ARABIC, GEEZ, GEORGIAN, WESTERN, "बुद्ध ट्रेडर्स", "Nguyễn Thị Ánh", "Їжачок <Їжак>")
BOM_8, BOM_LE, BOM_BE = b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"


async def a_partner_who_paid(site: Site, dialect: Dialect, *names: str) -> Partner:
    """Each name got something."""
    partner = await open_partner(site, dialect)
    for place, name in enumerate(names):
        partner.books.move(-1_000 - place, days_ago(20), name=name, remittance=f"Дорж: {name}" if dialect is PLAIN else "")
    return partner


@pytest.mark.parametrize(
    ("dialect", "names"),
    [
        (PLAIN, EVERY),
        (replace(PLAIN, mark=BOM_8), EVERY),
        (replace(PLAIN, mark=BOM_8, mapped=(("encoding", "windows-1251"),)), EVERY),
        (Dialect(encoding="utf-16-le", mark=BOM_LE, mapped=(("encoding", "utf-16"),)), EVERY),
        (Dialect(encoding="utf-16-be", mark=BOM_BE, mapped=(("encoding", "utf-8"),)), EVERY),
        (Dialect(encoding="utf-16-be"), EVERY),
        (Dialect(encoding="windows-1251"), (CYRILLIC,)),
        (Dialect(encoding="windows-1252"), (WESTERN,)),
        (Dialect(encoding="windows-1256"), (ARABIC,)),
        (replace(PLAIN, delimiter="\t", line_end="\n"), EVERY),
        (replace(PLAIN, line_end="\r"), EVERY),
    ],
    ids=lambda value: (
        f"{value.encoding}-{value.mark.hex()}-{value.line_end.encode().hex()}" if isinstance(value, Dialect) else ""
    ),
)
async def test_names_arrive_as_they_were_written(site: Site, dialect: Dialect, names: tuple[str, ...]) -> None:
    partner = await a_partner_who_paid(site, dialect, *names)
    await partner.tells()
    held = await partner.held()
    assert [line[4] for line in held.lines] == list(names)
    assert [line[1] for line in held.lines] == [f"-10.0{place}" for place in range(len(names))]


async def test_line_ends_of_three_systems_in_one_file(site: Site) -> None:
    partner = await a_partner_who_paid(site, PLAIN, *EVERY)
    ends = ("\r\n", "\n", "\r")
    rows = PLAIN.rows(partner.books.statement())
    data = b"".join(replace(PLAIN, line_end=ends[place % 3]).written([row]) for place, row in enumerate(rows))
    assert (data.count(b"\r\n"), data.count(b"\n"), data.count(b"\r")) == (4, 8, 7)
    await partner.told(partner.books.movements, data)
    await partner.agrees()


@pytest.mark.parametrize(
    ("written", "said", "row", "reason"),
    [
        ("utf-8", "windows-1251", None, "text in windows-1251 was expected; this is UTF-8"),
        ("windows-1251", "utf-8", FIRST_LINE + 1, "text in utf-8 was expected"),
        ("utf-16-le", "utf-8", 1, "text in utf-8 was expected"),
        ("utf-16-le", "windows-1251", 1, "text in windows-1251 was expected, without NUL"),
        ("utf-16-le", "utf-16", None, "a byte order mark was expected at the start of a file in UTF-16"),
        ("utf-16-le", "utf-16-be", None, "one row with 'Opening' was expected in header or footer"),
    ],
)
async def test_another_encoding_than_the_mapping_says_is_refused(
    site: Site, written: str, said: str, row: int | None, reason: str
) -> None:
    partner = await open_partner(site, Dialect(encoding=said))
    partner.books.move(-100, days_ago(9), name="Bat")
    partner.books.move(-200, days_ago(8), name=CYRILLIC)
    verdict = await partner.sends(Dialect(encoding=written).file(partner.books.statement()))
    assert verdict.code == "STATEMENT_REFUSED"
    assert (verdict.faults[0].row, verdict.faults[0].reason.startswith(reason)) == (row, True), verdict
    assert (await partner.held()).lines == ()


async def test_a_nul_in_a_name_is_refused_with_its_row(site: Site) -> None:
    partner = await a_partner_who_paid(site, PLAIN, "Bat", "Dorj\0 Bat")
    verdict = await partner.sends(PLAIN.file(partner.books.statement()))
    assert (verdict.code, verdict.faults[0].row) == ("STATEMENT_REFUSED", FIRST_LINE + 1)
    assert verdict.faults[0].reason == "text in utf-8 was expected, without NUL"
    assert (await partner.held()).lines == ()


async def test_a_wrong_code_page_that_no_byte_betrays_is_withdrawn_by_a_second_person(site: Site) -> None:
    """Cyrillic read as Arabic is text, and its sums are right: people see it, the file is taken back and read anew."""
    dialect = Dialect(encoding="windows-1251")
    partner = await a_partner_who_paid(site, replace(dialect, mapped=(("encoding", "windows-1256"),)), CYRILLIC)
    data = dialect.file(partner.books.statement())
    verdict = await partner.sends(data)
    assert verdict.code is None
    (line,) = (await partner.held()).lines
    assert (line[1], line[4]) == ("-10.00", " ".join(CYRILLIC.encode("windows-1251").decode("windows-1256").split()))
    said = {"fileId": verdict.file, "expectedVersion": 2, "reason": "Read by the wrong code page"}
    assert await site.refused(site.officer, "StatementWithdraw", **said) == "SAME_PERSON"
    await site.coordinator.does("StatementWithdraw", **said)
    await site.officer.does("StatementMappingRecord", accountId=partner.account_id, mapping=dialect.mapping())
    assert (await partner.told(partner.books.movements, data)).code is None
    assert (await partner.agrees()).lines[0][4] == CYRILLIC


async def test_messages_in_xml_say_their_encoding_truly_or_are_refused(site: Site) -> None:
    partner = await open_partner(site)
    for name in EVERY:
        partner.books.move(-700, days_ago(9), name=name, remittance=f"{name} & Co", end_to_end="E-1")
    partner.books.move(-800, days_ago(8), name=CYRILLIC)
    partner.books.move(-900, days_ago(7), name=ARABIC)
    first = partner.books.statement(0, len(EVERY), number=1)
    for said, told in (
        ("windows-1251", "text in windows-1251, as the file says of itself, was expected; this is UTF-8"),
        ("ISO-8859-1", "text in ISO-8859-1, as the file says of itself, was expected; this is UTF-8"),
        ("utf-7", "text in utf-7, as the file says of itself, was expected; this is UTF-8"),
    ):
        verdict = await partner.sends(message(first, encoding=said).encode(), form="CAMT053")
        assert (verdict.code, [(fault.row, fault.reason) for fault in verdict.faults]) == ("STATEMENT_REFUSED", [(1, told)])
    second, third = (partner.books.statement(len(EVERY) + n, len(EVERY) + n + 1, number=2 + n) for n in range(2))
    for data in (
        message(second).encode("windows-1251"),
        message(first).replace("<Nm>", "<Nm>\0", 1).encode(),
        message(first).encode("utf-16"),
    ):
        verdict = await partner.sends(data, form="CAMT053")
        assert verdict.code == "STATEMENT_REFUSED", verdict
        assert verdict.faults[0].row is not None
    assert (await partner.held()).lines == ()
    true = (
        (first, message(first, encoding="UTF-16").encode("utf-16")),
        (second, message(second, encoding="windows-1251").encode("windows-1251")),
        (third, message(third, encoding="windows-1256").encode("windows-1256")),
    )
    for statement, data in true:
        assert (await partner.told(statement.movements, data, form="CAMT053")).code is None
    await partner.agrees()
