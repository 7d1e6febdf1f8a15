"""Statements as camt.053, in each version: what is booked is read exactly, and what does not add up is refused."""

import hashlib
from dataclasses import replace
from datetime import date

import pytest

from reintegration.banking.camt_reader import read_camt053
from reintegration.banking.continuity import gap_between
from reintegration.banking.faults import StatementRefusedError
from reintegration.banking.statement import Balance, Statement, StatementEnd, StatementLine
from reintegration.kernel.money import AmountMinor

from .banking_files import ACCOUNT, NAMES, SUPPLIER, VERSIONS, Camt, balance, line, told

V2, V4, V8 = Camt(2), Camt(4), Camt(8)
TOO_MUCH = "closing balance: opening balance 100.00 EUR and 1 line(s) give 99.00 EUR, which was expected; found '100.00 EUR'"


def refused(content: bytes) -> list[str]:
    """What is told of a message that must be refused."""
    with pytest.raises(StatementRefusedError) as refusal:
        read_camt053(content)
    return told(refusal.value)


def lines(content: bytes) -> list[StatementLine]:
    """The lines of a message with one statement, without what the entry alone decides."""
    (statement,) = read_camt053(content)
    return [replace(item, source_row=0) for item in statement.lines]


BOOKED = replace(line(1, 0, 0), value_date=date(2026, 3, 3), bank_reference="BANK-1")


@pytest.mark.parametrize("camt", VERSIONS, ids=str)
def test_each_version_is_read_to_the_last_value(camt: Camt) -> None:
    sheep = camt.transaction(
        "PAY-1",
        "60.00",
        creditor=(NAMES[1], SUPPLIER),
        debtor=("IOM", ACCOUNT),
        remittance="<Ustrd>Sheep,\n  ten</Ustrd><Ustrd>heads</Ustrd>",
    )
    refund = camt.transaction("NOTPROVIDED", "5.00", mark="CRDT", debtor=(NAMES[0], "+97699112233"))
    content = camt.document(
        camt.statement(
            camt.entry("60.00", sheep)
            + camt.entry("5.00", refund, mark="CRDT")
            + camt.entry("0.40", info="<AddtlNtryInf>Fee</AddtlNtryInf>"),
            closing="44.60",
        )
    )
    assert read_camt053(content) == (
        Statement(
            position=1,
            account=ACCOUNT,
            currency="EUR",
            number="S-7",
            electronic_sequence=7,
            legal_sequence=3,
            opening=Balance(AmountMinor(10_000), date(2026, 3, 1)),
            closing=Balance(AmountMinor(4_460), date(2026, 3, 31)),
            lines=(
                replace(
                    BOOKED,
                    source_row=7,
                    amount_minor=AmountMinor(-6_000),
                    bank_reference="TX-PAY-1",
                    end_to_end_reference="PAY-1",
                    counterparty_name=NAMES[1],
                    counterparty_account=SUPPLIER,
                    remittance="Sheep, ten heads",
                ),
                replace(
                    BOOKED,
                    number=2,
                    source_row=9,
                    amount_minor=AmountMinor(500),
                    bank_reference="TX-NOTPROVIDED",
                    counterparty_name=NAMES[0],
                    counterparty_account="+97699112233",
                ),
                replace(BOOKED, number=3, source_row=10, amount_minor=AmountMinor(-40), remittance="Fee"),
            ),
            entries_left_out=0,
            source_digest=hashlib.sha256(content).hexdigest(),
        ),
    )


@pytest.mark.parametrize("camt", [V2, V4, V8], ids=str)
def test_a_batch_is_a_line_for_each_transaction_when_they_add_up(camt: Camt) -> None:
    parts = [camt.transaction("PAY-1", "60.00"), camt.transaction("PAY-2", "40.00")]
    batch = "<Btch><NbOfTxs>2</NbOfTxs></Btch>"
    told_apart = lines(camt.document(camt.statement(camt.entry("100.00", *parts, batch=batch), closing="0.00")))
    assert [(item.number, item.amount_minor, item.end_to_end_reference, item.transactions) for item in told_apart] == [
        (1, -6_000, "PAY-1", 1),
        (2, -4_000, "PAY-2", 1),
    ]
    whole = [replace(BOOKED, amount_minor=AmountMinor(-9_950), transactions=2)]
    for others in (
        [*parts],
        [camt.transaction("PAY-1", "60.00"), camt.transaction("PAY-2", "39.50", currency="USD")],
        [camt.transaction("PAY-1", "60.00"), camt.transaction("PAY-2", "39.501")],
    ):
        assert lines(camt.document(camt.statement(camt.entry("99.50", *others, batch=batch), closing="0.50"))) == whole


def test_a_batch_without_details_says_how_many_transactions_it_stands_for() -> None:
    entry = V4.entry("100.00", batch="<Btch><NbOfTxs>12</NbOfTxs></Btch>", info="<AddtlNtryInf>Salaries</AddtlNtryInf>")
    assert lines(V4.document(V4.statement(entry, closing="0.00"))) == [
        replace(BOOKED, amount_minor=AmountMinor(-10_000), remittance="Salaries", transactions=12)
    ]


def test_parts_of_a_batch_can_go_both_ways() -> None:
    parts = [V4.transaction("PAY-1", "60.00"), V4.transaction("FEE", "10.00", mark="CRDT")]
    read = lines(V4.document(V4.statement(V4.entry("50.00", *parts), closing="50.00")))
    assert [item.amount_minor for item in read] == [-6_000, 1_000]


def test_the_other_side_is_the_one_that_is_not_the_account_itself() -> None:
    own, other = ("IOM", ACCOUNT), (NAMES[0], SUPPLIER)
    nameless = ("", SUPPLIER)
    entries = [
        # Money out to the creditor, and in from the debtor.
        V4.entry("1.00", V4.transaction("A", debtor=own, creditor=other)),
        V4.entry("1.00", V4.transaction("B", debtor=other, creditor=own), mark="CRDT"),
        # A reversal keeps the parties of what it takes back; most banks do, and one that turns them shows the accounts.
        V4.entry("1.00", V4.transaction("C", creditor=other), mark="CRDT", reversal="<RvslInd>true</RvslInd>"),
        V4.entry("1.00", V4.transaction("D", debtor=other, creditor=own), mark="CRDT", reversal="<RvslInd>1</RvslInd>"),
        V4.entry("1.00", V4.transaction("E", debtor=other), mark="CRDT", reversal="<RvslInd>false</RvslInd>"),
        V4.entry("1.00", V4.transaction("F", debtor=own, creditor=nameless)),
    ]
    read = lines(V4.document(V4.statement("".join(entries), closing="102.00")))
    assert [(item.is_reversal, item.counterparty_name, item.counterparty_account) for item in read] == [
        (False, NAMES[0], SUPPLIER),
        (False, NAMES[0], SUPPLIER),
        (True, NAMES[0], SUPPLIER),
        (True, NAMES[0], SUPPLIER),
        (False, NAMES[0], SUPPLIER),
        (False, None, SUPPLIER),
    ]


def test_structured_remittance_is_read_after_the_free_text() -> None:
    remittance = (
        "<Strd><RfrdDocInf><Nb>INV-12</Nb></RfrdDocInf><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf>"
        "<AddtlRmtInf>second rate</AddtlRmtInf></Strd><Ustrd>School</Ustrd>"
    )
    (read,) = lines(V4.document(V4.statement(V4.entry("1.00", V4.transaction("A", remittance=remittance)), closing="99.00")))
    assert read.remittance == "School RF18539007547034 INV-12 second rate"


def test_what_is_not_booked_is_left_out_and_counted() -> None:
    entries = "".join(V8.entry("1.00", status=status) for status in ("BOOK", "PDNG", "INFO", "FUTR"))
    (statement,) = read_camt053(V8.document(V8.statement(entries, closing="99.00")))
    assert ([item.amount_minor for item in statement.lines], statement.entries_left_out) == ([-100], 3)


@pytest.mark.parametrize(
    ("opening", "account_currency", "more"),
    [
        ("OPBD", True, ""),
        ("PRCD", True, ""),
        (
            "OPBD",
            False,
            V4.balance("PRCD", "-0.50", "2026-02-28")
            + V4.balance("CLAV", "7.00", "2026-03-31")
            + V4.balance("ITBD", "8.00", "2026-03-15"),
        ),
    ],
)
def test_balances_may_be_below_zero_and_others_are_passed_over(opening: str, account_currency: bool, more: str) -> None:  # noqa: FBT001
    content = V4.document(
        V4.statement(
            V4.entry("1.00"),
            opening="-0.50",
            closing="-1.50",
            opening_code=opening,
            account_currency=account_currency,
            more_balances=more,
        )
    )
    (statement,) = read_camt053(content)
    assert (statement.opening, statement.closing) == (balance(-50, date(2026, 3, 1)), balance(-150))


def test_days_are_those_of_the_bank_whatever_its_clock() -> None:
    entry = V4.entry("1.00", booked="<BookgDt><DtTm>2026-03-02T23:59:59.999-11:00</DtTm></BookgDt>")
    assert lines(V4.document(V4.statement(entry, closing="99.00")))[0].booking_date == date(2026, 3, 2)


def test_another_number_and_another_currency_than_in_europe() -> None:
    entry = V4.entry("5000.00", currency="XOF")
    content = V4.document(
        V4.statement(entry, currency="XOF", opening="5000.0", closing="0", account="<Othr><Id>0099 123-4</Id></Othr>")
    )
    (statement,) = read_camt053(content)
    assert (statement.account, statement.currency) == ("0099123-4", "XOF")
    assert [item.amount_minor for item in statement.lines] == [-5_000]


def test_several_statements_of_an_account_must_follow_each_other() -> None:
    april = ("2026-04-01", "2026-04-30")
    first = V4.statement(V4.entry("1.00"), closing="99.00")
    second = V4.statement(opening="99.00", closing="99.00", number=8, days=april)
    other = V4.statement(opening="5.00", closing="5.00", account="<Othr><Id>77</Id></Othr>")
    statements = read_camt053(V4.document(first, other, second))
    assert [(item.position, item.account, item.electronic_sequence) for item in statements] == [
        (1, ACCOUNT, 7),
        (2, "77", 7),
        (3, ACCOUNT, 8),
    ]
    assert refused(V4.document(first, second.replace("99.00", "98.00"))) == [
        "row 9, Stmt 2: an opening balance of 99.00 EUR was expected, as the statement before closed, not 98.00 EUR"
    ]
    assert refused(V4.document(first, V4.statement(opening="99.00", closing="99.00", number=9, days=april))) == [
        "row 9, Stmt 2: statement number 8 was expected, not 9"
    ]


def test_whether_a_statement_follows_the_last_one() -> None:
    (statement,) = read_camt053(V4.document(V4.statement(number=1)))
    before = StatementEnd(ACCOUNT, "EUR", 52, balance(10_000, date(2025, 12, 31)))
    assert StatementEnd.of(statement) == StatementEnd(ACCOUNT, "EUR", 1, balance(10_000))
    assert gap_between(before, statement) is None
    assert gap_between(replace(before, electronic_sequence=None), statement) is None
    assert gap_between(replace(before, electronic_sequence=0), statement) is None
    gaps = [
        (replace(before, currency="USD"), f"a statement of {ACCOUNT} in USD was expected, not of {ACCOUNT} in EUR"),
        (
            replace(before, closing=balance(9_999, date(2025, 12, 31))),
            "an opening balance of 99.99 EUR was expected, as the statement before closed, not 100.00 EUR",
        ),
        (
            replace(before, closing=balance(10_000, date(2026, 4, 1))),
            "an end on 2026-04-01 or later was expected, not on 2026-03-31",
        ),
        (replace(before, closing=balance(10_000, date(2026, 1, 1))), "statement number 53 was expected, not 1"),
    ]
    for end, gap in gaps:
        assert gap_between(end, statement) == gap


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            V4.statement(V4.entry("1.00")),
            f"row 4, {TOO_MUCH}",
        ),
        (V4.statement(opening_code="OPAV"), "row 4, Stmt 1/Bal: a balance OPBD or PRCD was expected"),
        (V4.statement().replace("CLBD", "CLAV"), "row 4, Stmt 1/Bal: a balance CLBD was expected"),
        (
            V4.statement(more_balances=V4.balance("PRCD", "99.00", "2026-03-01")),
            "row 7, Stmt 1/Bal PRCD/Amt: the same amount as OPBD was expected; found '99.00'",
        ),
        (V4.statement().replace(">2026-03-31<", "><"), "row 6, Stmt 1/Bal CLBD/Dt: the day of the balance was expected"),
        (
            V4.statement().replace("2026-03-31", "31.03.2026"),
            "row 6, Stmt 1/Bal CLBD/Dt: a date such as 2026-03-31 was expected; found '31.03.2026'",
        ),
        (
            V4.statement().replace("2026-03-31", "2026-02-30"),
            "row 6, Stmt 1/Bal CLBD/Dt: a date such as 2026-03-31 was expected; found '2026-02-30'",
        ),
        (V4.statement(V4.entry("1.00", currency="USD")), "row 7, Stmt 1/Ntry 1/Amt: an amount in EUR was expected; found 'USD'"),
        (
            V4.statement(V4.entry("1.001")),
            "row 7, Stmt 1/Ntry 1/Amt: an amount with at most 2 decimals, as the currency has, was expected; found '1.001'",
        ),
        (V4.statement(V4.entry("-1.00")), "row 7, Stmt 1/Ntry 1/Amt: an amount such as 1234.50 was expected; found '-1.00'"),
        (V4.statement(V4.entry("1.00", mark="D")), "row 7, Stmt 1/Ntry 1/CdtDbtInd: CRDT or DBIT was expected; found 'D'"),
        (
            V4.statement(V4.entry("1.00", status="SENT")),
            "row 7, Stmt 1/Ntry 1/Sts: one of BOOK, PDNG, INFO, FUTR was expected; found 'SENT'",
        ),
        (V4.statement(V4.entry("1.00", booked="")), "row 7, Stmt 1/Ntry 1/BookgDt: a booking date was expected"),
        (
            V4.statement(V4.entry("1.00", reversal="<RvslInd>maybe</RvslInd>")),
            "row 7, Stmt 1/Ntry 1/RvslInd: true or false was expected; found 'maybe'",
        ),
        (
            V4.statement(account="<Othr><Id> </Id></Othr>"),
            "row 4, Stmt 1/Acct/Id: an IBAN or another number of 1 to 34 characters was expected",
        ),
        (
            V4.statement(currency="EURO"),
            "row 4, Stmt 1/Acct/Ccy: a currency was expected: not an ISO 4217 currency in use; found 'EURO'",
        ),
        (V4.statement().replace(">7<", ">7.5<"), "row 4, Stmt 1/ElctrncSeqNb: a whole number was expected; found '7.5'"),
        (V4.statement().replace("S-7", "S" * 36), f"row 4, Stmt 1/Id: at most 35 characters were expected; found '{'S' * 36}'"),
        (
            V4.statement(V4.entry("1.00", booked="<BookgDt><Dt>2026-04-01</Dt></BookgDt>"), closing="99.00"),
            "row 7, booking date: a booking date up to the closing balance of 2026-03-31 was expected; found '2026-04-01'",
        ),
    ],
)
def test_what_does_not_add_up_or_can_not_be_read_is_refused(statement: str, expected: str) -> None:
    assert refused(V4.document(statement)) == [expected]


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        (
            "<TtlNtries><NbOfNtries>2</NbOfNtries></TtlNtries><TtlCdtNtries><Sum>0.0</Sum></TtlCdtNtries><TtlDbtNtries><Sum>3.00</Sum></TtlDbtNtries>",
            [],
        ),
        ("<TtlNtries><NbOfNtries>3</NbOfNtries></TtlNtries>", []),
        ("<TtlNtries><NbOfNtries>4</NbOfNtries></TtlNtries>", ["NbOfNtries: as the entries add up, 2 was expected; found '4'"]),
        ("<TtlDbtNtries><Sum>2.00</Sum></TtlDbtNtries>", ["Sum: as the entries add up, 3.00 EUR was expected; found '2.00'"]),
        ("<TtlCdtNtries><Sum>x</Sum></TtlCdtNtries>", ["Sum: as the entries add up, 0.00 EUR was expected; found 'x'"]),
    ],
)
def test_the_banks_own_summary_must_agree(summary: str, expected: list[str]) -> None:
    entries = V4.entry("1.00") + V4.entry("2.00", V4.transaction("A", "1.50"), V4.transaction("B", "0.50"))
    content = V4.document(V4.statement(entries, closing="97.00", summary=f"<TxsSummry>{summary}</TxsSummry>"))
    if expected:
        assert [fault.partition("TxsSummry/")[2].partition("/")[2] for fault in refused(content)] == expected
    else:
        assert len(lines(content)) == 3


def test_all_faults_of_all_statements_are_told_together() -> None:
    first = V4.statement(V4.entry("1,00") + V4.entry("1.00", mark="") + V4.entry("1.00", booked=""))
    second = V4.statement(V4.entry("1.00"), number=8)
    assert refused(V4.document(first, second)) == [
        "row 7, Stmt 1/Ntry 1/Amt: an amount such as 1234.50 was expected; found '1,00'",
        "row 8, Stmt 1/Ntry 2/CdtDbtInd: CRDT or DBIT was expected; found ''",
        "row 9, Stmt 1/Ntry 3/BookgDt: a booking date was expected",
        f"row 11, {TOO_MUCH}",
    ]
