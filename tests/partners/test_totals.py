"""Totals of the partner that don't add up: the file is refused, says where, and leaves nothing; then the true one is taken."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.builders import days_ago
from tests.partners.books import Statement
from tests.partners.messages import message
from tests.partners.partner import Partner, open_partner
from tests.partners.sheets import FIRST_LINE, PLAIN, Rows
from tests.partners.site import Site

Spoiling = Callable[[Rows], object]


async def a_partner_in_the_middle(site: Site) -> Partner:
    """Two movements that we know of, three of which we don't."""
    partner = await open_partner(site)
    for place, minor in enumerate((-10_000, 2_500, -4_000, -4_000, 1_500)):
        partner.books.move(minor, days_ago(20 - place), name="Ганбаатар")
    await partner.tells(0, 2)
    return partner


def _set(row: int, column: int, text: str) -> Spoiling:
    return lambda rows: rows[row - 1].__setitem__(column - 1, text)


@pytest.mark.parametrize(
    ("spoil", "code", "place", "told"),
    [
        (_set(1, 2, "4.925,01"), "STATEMENT_REFUSED", None, "row 1 and the lines show different opening balances: 4925.01 EUR"),
        (_set(2, 2, "4.860,01"), "STATEMENT_REFUSED", None, "row 2 and the lines show different closing balances: 4860.01 EUR"),
        (_set(2, 2, "-4.860,00"), "STATEMENT_REFUSED", None, "row 2 and the lines show different closing balances: -4860.00 EUR"),
        (
            lambda rows: rows.pop(FIRST_LINE),
            "STATEMENT_REFUSED",
            (FIRST_LINE + 1, "balance"),
            "the balance before and the amount give 4900.00 EUR; is a line missing?",
        ),
        (
            lambda rows: rows.pop(),
            "STATEMENT_REFUSED",
            None,
            "row 2 and the lines show different closing balances: 4860.00 EUR was expected",
        ),
        (
            lambda rows: rows.append(rows[-1]),
            "STATEMENT_REFUSED",
            (FIRST_LINE + 3, "balance"),
            "the balance before and the amount give 4875.00 EUR; is a line missing?",
        ),
        (
            lambda rows: rows.__setitem__(slice(4, 6), rows[5:3:-1]),
            "STATEMENT_REFUSED",
            (FIRST_LINE + 1, "balance"),
            "the balance before and the amount give 4900.00 EUR; is a line missing?",
        ),
        (_set(5, 2, "-39,99"), "STATEMENT_REFUSED", (5, "balance"), "the balance before and the amount give 4845.01 EUR"),
        (_set(5, 2, "40,00"), "STATEMENT_REFUSED", (5, "balance"), "the balance before and the amount give 4925.00 EUR"),
        (_set(5, 4, "USD"), "STATEMENT_REFUSED", (5, "currency (column 4)"), "EUR was expected in each line"),
        (_set(6, 5, "MN0000000000"), "STATEMENT_REFUSED", (6, "account (column 5)"), " was expected in each line"),
        (
            _set(2, 3, "2026-01-01"),
            "STATEMENT_REFUSED",
            (4, "booking date"),
            "up to the closing balance of 2026-01-01 was expected",
        ),
    ],
    ids=(
        "opening",
        "closing",
        "sign",
        "missing",
        "last-missing",
        "doubled",
        "swapped",
        "cent",
        "direction",
        "currency",
        "account",
        "day",
    ),
)
async def test_a_file_that_does_not_add_up_is_refused(
    site: Site, spoil: Spoiling, code: str, place: tuple[int | None, str] | None, told: str
) -> None:
    partner = await a_partner_in_the_middle(site)
    statement = partner.books.statement(2)
    rows = PLAIN.rows(statement)
    spoil(rows)
    assert rows != PLAIN.rows(statement)
    verdict = await partner.sends(PLAIN.written(rows))
    assert verdict.code == code
    first = verdict.faults[0]
    assert told in first.reason
    assert (first.row, first.column) == (place or (None, None))
    await partner.agrees()
    await partner.tells(2)
    held = await partner.held()
    assert (held.balance, len(held.lines)) == ("4860.00", 5)


async def test_a_statement_that_opens_otherwise_than_the_last_one_closed(site: Site) -> None:
    """Consistent in itself, but a movement lies between the two: which the partner forgot, or hid."""
    partner = await a_partner_in_the_middle(site)
    verdict = await partner.sends(PLAIN.file(partner.books.statement(3)))
    assert verdict.code == "STATEMENT_GAP"
    assert verdict.message == (
        "The statement does not follow the one before it: an opening balance of 4925.00 EUR was expected, "
        "as the statement before closed, not 4885.00 EUR."
    )
    await partner.agrees()


def _summed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, (old, text)
    return text.replace(old, new)


@pytest.mark.parametrize(
    ("old", "new", "column", "told"),
    [
        ("<NbOfNtries>3<", "<NbOfNtries>4<", "TxsSummry/TtlNtries/NbOfNtries", "as the entries add up, 3 was expected"),
        ("<Sum>80.00<", "<Sum>80.01<", "TxsSummry/TtlDbtNtries/Sum", "as the entries add up, 80.00 EUR was expected"),
        ("<Sum>80.00<", "<Sum>-80.00<", "TxsSummry/TtlDbtNtries/Sum", "as the entries add up, 80.00 EUR was expected"),
        ("<Sum>15.00<", "<Sum>0.15<", "TxsSummry/TtlCdtNtries/Sum", "as the entries add up, 15.00 EUR was expected"),
        ("4860.00<", "4860.01<", "closing balance", "opening balance 4925.00 EUR and 3 line(s) give 4860.00 EUR"),
        ("4860.00</Amt><CdtDbtInd>CRDT", "4860.00</Amt><CdtDbtInd>DBIT", "closing balance", "give 4860.00 EUR"),
        ("<Ccy>EUR<", "<Ccy>USD<", "Bal OPBD/Amt", "an amount in USD was expected"),
        ("<ElctrncSeqNb>2<", "<ElctrncSeqNb>x<", "ElctrncSeqNb", "a whole number was expected"),
    ],
)
async def test_a_message_whose_summary_does_not_fit_is_refused(site: Site, old: str, new: str, column: str, told: str) -> None:
    partner = await a_partner_in_the_middle(site)
    statement = partner.books.statement(2, number=2)
    text = message(statement)
    verdict = await partner.sends(_summed(text, old, new).encode(), form="CAMT053")
    assert verdict.code == "STATEMENT_REFUSED"
    assert (verdict.faults[0].column or "").endswith(column)
    assert told in verdict.faults[0].reason
    assert verdict.faults[0].row is not None
    await partner.agrees()
    assert (await partner.told(statement.movements, text.encode(), form="CAMT053")).code is None
    await partner.agrees()


async def test_a_message_about_another_account_or_currency_is_not_ours(site: Site) -> None:
    partner = await a_partner_in_the_middle(site)
    honest = partner.books.statement(2)
    for other in (replace(honest, account="MN0000000000"), replace(honest, currency="USD")):
        assert await _code_of_message(partner, other) == "STATEMENT_OF_OTHER_ACCOUNT"
    both = message(honest).replace("</Stmt>", "</Stmt>" + _statement_of(replace(honest, account="MN0000000000", number=9)), 1)
    assert (await partner.told(honest.movements, both.encode(), form="CAMT053")).code is None
    await partner.agrees()


async def _code_of_message(partner: Partner, statement: Statement) -> str | None:
    return (await partner.sends(message(statement).encode(), form="CAMT053")).code


def _statement_of(statement: Statement) -> str:
    text = message(statement)
    return text[text.index("<Stmt>") : text.index("</BkToCstmrStmt>")]
