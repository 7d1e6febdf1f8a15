"""Amounts of other banks are read as the mapping says, or refused with row and column; never a hundred times wrong."""

from dataclasses import replace

import pytest

from tests.builders import days_ago
from tests.partners.partner import Partner, open_partner, signed
from tests.partners.sheets import FIRST_LINE, PLAIN, Dialect
from tests.partners.site import Site

POINT = Dialect(decimal=".", grouping=",")
BARE = Dialect(grouping="")
BARE_POINT = Dialect(decimal=".", grouping="")
SPACE = Dialect(grouping="\u00a0", mapped=(("grouping_sign", " "),))
NARROW = replace(SPACE, grouping="\u202f")
SWISS = Dialect(decimal=".", grouping="'")
CURLY = replace(SWISS, grouping="\u2019", mapped=(("grouping_sign", "'"),))
ARABIC = Dialect(decimal="٫", grouping="٬", digits="arabic", mapped=(("decimal_sign", ","), ("grouping_sign", ".")))  # noqa: RUF001 - signs of other scripts are the case
PERSIAN = replace(ARABIC, digits="persian")
SCALED = Dialect(decimal=".", grouping=",", decimals=2, mapped=(("decimals", 2),))
WHOLE = Dialect(decimal=".", grouping=",", decimals=0, mapped=(("decimals", 0),))
AMBIGUOUS = "decimals, or a mapping that says how many there are, were expected: a group may be decimals here"
MOVED = (-123_456, -1_250, 2_000_000, -98_700_005, 7)


async def a_partner_that_moved(
    site: Site, dialect: Dialect, *, currency: str = "EUR", digits: int = 2, opening_minor: int = 150_000_000
) -> Partner:
    """A partner with five movements of some thousands, in units in which every dialect can write them."""
    partner = await open_partner(site, dialect, currency=currency, digits=digits, opening_minor=opening_minor)
    unit = 10**digits if dialect.decimals == 0 else 1
    for place, minor in enumerate(MOVED):
        partner.books.move(minor * unit, days_ago(20 - place), name="Ганбаатар Дорж")
    return partner


@pytest.mark.parametrize(
    ("dialect", "currency", "digits", "spelled"),
    [
        (PLAIN, "EUR", 2, "-987.000,05"),
        (POINT, "EUR", 2, "-987,000.05"),
        (BARE, "EUR", 2, "-987000,05"),
        (SPACE, "MNT", 2, "-987\u00a0000,05"),
        (NARROW, "EUR", 2, "-987\u202f000,05"),
        (SWISS, "EUR", 2, "-987'000.05"),
        (CURLY, "EUR", 2, "-987’000.05"),  # noqa: RUF001 - signs of other scripts are the case
        (ARABIC, "EUR", 2, "-٩٨٧٬٠٠٠٫٠٥"),  # noqa: RUF001 - signs of other scripts are the case
        (PERSIAN, "EUR", 2, "-۹۸۷٬۰۰۰٫۰۵"),  # noqa: RUF001 - signs of other scripts are the case
        (replace(PLAIN, minus="{}-"), "EUR", 2, "987.000,05-"),
        (replace(PLAIN, minus="({})"), "EUR", 2, "(987.000,05)"),
        (replace(PLAIN, minus="\u2212{}"), "EUR", 2, "\u2212987.000,05"),
        (PLAIN, "IQD", 3, "-98.700,005"),
        (SPACE, "TND", 3, "-98\u00a0700,005"),
        (ARABIC, "IQD", 3, "-٩٨٬٧٠٠٫٠٠٥"),  # noqa: RUF001 - signs of other scripts are the case
        (WHOLE, "IQD", 3, "-98,700,005"),
        (POINT, "XAF", 0, "-98,700,005"),
        (SCALED, "XAF", 0, "-98,700,005.00"),
        (SCALED, "UGX", 0, "-98,700,005.00"),
    ],
)
async def test_an_amount_is_read_as_the_mapping_says(
    site: Site, dialect: Dialect, currency: str, digits: int, spelled: str
) -> None:
    opening = 150_000_000 * (10**digits if dialect.decimals == 0 else 1)
    partner = await a_partner_that_moved(site, dialect, currency=currency, digits=digits, opening_minor=opening)
    assert dialect.rows(partner.books.statement())[FIRST_LINE + 2][1] == spelled
    await partner.tells()
    held = await partner.held()
    unit = 10**digits if dialect.decimals == 0 else 1
    assert [line[1] for line in held.lines] == [signed(minor * unit, digits) for minor in MOVED]
    assert held.balance == signed(opening + sum(MOVED) * unit, digits)


async def test_a_file_of_every_dialect_by_the_mapping_of_others(site: Site) -> None:
    dialects = {"point": POINT, "comma": PLAIN, "bare": BARE, "space": SPACE, "swiss": SWISS, "arabic": ARABIC, "scaled": SCALED}
    partner = await a_partner_that_moved(site, PLAIN)
    statement = partner.books.statement()
    read = set()
    mappings = ("point", "comma", "swiss", "scaled")
    for mapped in mappings:
        mapping = dialects[mapped].mapping()
        await site.officer.does("StatementMappingRecord", accountId=partner.account_id, mapping=mapping)
        for written, dialect in dialects.items():
            verdict = await partner.sends(dialect.file(statement))
            if verdict.code is not None:
                assert verdict.code == "STATEMENT_REFUSED", (mapped, written, verdict)
                first = verdict.faults[0]
                assert (first.row, first.column) == (1, "opening balance (column 2)")
                assert first.found == dialect.rows(statement)[0][1]
                assert "an amount such as 1" in first.reason
                continue
            read.add(f"{written} by {mapped}")
            held = await partner.held()
            assert [line[1] for line in held.lines] == [signed(minor, 2) for minor in MOVED]
            await site.coordinator.does("StatementWithdraw", fileId=verdict.file, expectedVersion=2, reason="The next dialect")
    same = {f"{name} by {name}" for name in mappings}
    # The Arabic signs are the mapping's, whichever it has.
    assert read == same | {f"arabic by {name}" for name in mappings} | {"point by scaled", "scaled by point", "bare by comma"}
    assert (await partner.held()).lines == ()
    await site.holds()


@pytest.mark.parametrize(
    ("said", "currency", "digits", "cell", "reason"),
    [
        (PLAIN, "EUR", 2, "1234.56", "an amount such as 1.234.567,50 was expected"),
        (PLAIN, "EUR", 2, "1,234.56", "an amount such as 1.234.567,50 was expected"),
        (PLAIN, "EUR", 2, "0.750", "an amount such as 1.234.567,50 was expected"),
        (PLAIN, "EUR", 2, "1.234,567", "an amount with at most 2 decimals, as the currency has, was expected"),
        (PLAIN, "EUR", 2, "1,00 DR", "an amount such as 1.234.567,50 was expected"),
        (PLAIN, "EUR", 2, "--1,00", "an amount such as 1.234.567,50 was expected"),
        (PLAIN, "EUR", 2, "1٢,00", "digits of one script"),
        (POINT, "EUR", 2, "12.500", "an amount with at most 2 decimals, as the currency has, was expected"),
        (POINT, "EUR", 2, "12,50", "an amount such as 1,234,567.50 was expected"),
        (SCALED, "EUR", 2, "123456", "an amount with 2 decimals such as 1,234,567.50 was expected"),
        (
            PLAIN,
            "TND",
            3,
            "12.500",
            AMBIGUOUS,
        ),
        (
            POINT,
            "IQD",
            3,
            "750,000",
            AMBIGUOUS,
        ),
        (PLAIN, "UGX", 0, "5000,00", "an amount with at most 0 decimals, as the currency has, was expected"),
        (SCALED, "UGX", 0, "5,000.50", "an amount with at most 0 decimals, as the currency has, was expected"),
    ],
)
async def test_an_amount_that_does_not_fit_is_refused_with_its_place(
    site: Site, said: Dialect, currency: str, digits: int, cell: str, reason: str
) -> None:
    partner = await open_partner(site, said, currency=currency, digits=digits)
    partner.books.move(-100, days_ago(9))
    partner.books.move(-200, days_ago(8))
    rows = said.rows(partner.books.statement())
    rows[FIRST_LINE][1] = cell
    verdict = await partner.sends(said.written(rows))
    assert (verdict.code, len(verdict.faults)) == ("STATEMENT_REFUSED", 1)
    (fault,) = verdict.faults
    assert (fault.row, fault.column, fault.reason, fault.found) == (FIRST_LINE + 1, "amount (column 2)", reason, cell)
    assert (await partner.held()).lines == ()


async def test_a_new_account_is_not_read_a_thousand_times_too_large(site: Site) -> None:
    """Nothing comes before that could contradict, and each amount would be one of thousands by the other sign."""
    partner = await open_partner(site, PLAIN, currency="TND", digits=3, opening_minor=0)
    partner.books.move(512_500, days_ago(9))
    partner.books.move(-112_500, days_ago(8))
    verdict = await partner.sends(BARE_POINT.file(partner.books.statement()))
    assert verdict.code == "STATEMENT_REFUSED"
    assert [(fault.row, fault.found) for fault in verdict.faults] == [
        (1, "0.000"),
        (2, "400.000"),
        (4, "512.500"),
        (4, "512.500"),
        (5, "-112.500"),
        (5, "400.000"),
    ]
    await site.officer.does("StatementMappingRecord", accountId=partner.account_id, mapping=BARE_POINT.mapping())
    await partner.told(partner.books.movements, BARE_POINT.file(partner.books.statement()))
    await partner.agrees()


async def test_amounts_in_minor_units_do_not_follow(site: Site) -> None:
    """No cell tells 1234 cents from 1234 euro, but the account does: it held a hundredth of what the file opens with."""
    partner = await a_partner_that_moved(site, BARE, opening_minor=500_000)
    honest = partner.books.statement()
    minor = replace(honest, digits=0)
    verdict = await partner.sends(BARE.file(minor))
    assert verdict.code == "STATEMENT_GAP"
    assert "an opening balance of 5000.00 EUR was expected, as the statement before closed, not 500000.00 EUR" in verdict.message
    assert (await partner.held()).lines == ()
    await partner.tells()
    await partner.agrees()


async def test_a_balance_beside_the_file_is_in_the_currency_of_the_account(site: Site) -> None:
    """1,000 minor units are ten euro and one dinar."""
    nothing = (("opening_cell", None), ("closing_cell", None), ("header_rows", 1))
    dialect = replace(PLAIN, mapped=nothing)
    partner = await open_partner(site, dialect, currency="TND", digits=3, opening_minor=1_000)
    partner.books.move(-250, days_ago(9))
    rows = dialect.rows(partner.books.statement())[2:]
    rows[1][2] = ""
    data = dialect.written(rows)

    def beside(opening: str, closing: str, currency: str) -> dict[str, object]:
        said = {"opening": (opening, days_ago(10)), "closing": (closing, days_ago(9))}
        return {
            name: {"amount": {"amount": amount, "currency": currency}, "on": day.isoformat()}
            for name, (amount, day) in said.items()
        }

    verdict = await partner.sends(data, beside=beside("10.00", "7.50", "EUR"))
    assert (verdict.code, verdict.message) == ("INVALID_INPUT", "opening.amount: in TND, as the account is.")
    verdict = await partner.sends(data, beside=beside("10.000", "9.750", "TND"))
    assert (verdict.code, "opening balance of 1.000 TND was expected" in verdict.message) == ("STATEMENT_GAP", True)
    await partner.told(partner.books.movements, data, beside=beside("1.000", "0.750", "TND"))
    await partner.agrees()
