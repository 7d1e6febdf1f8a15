"""Statements as CSV files, each read by the mapping of its office."""

import hashlib
from dataclasses import dataclass, replace

from reintegration.banking.accounts import is_account, normalised_account
from reintegration.banking.continuity import amount_text, check_sum
from reintegration.banking.csv_balances import balances_of
from reintegration.banking.csv_lines import LineReader, places_of
from reintegration.banking.csv_text import Row, rows_of
from reintegration.banking.faults import FaultLog
from reintegration.banking.mapping import CsvMapping
from reintegration.banking.statement import MOST_LINES, Balance, Statement, StatementLine
from reintegration.banking.text import plain
from reintegration.kernel.errors import InvalidInputError
from reintegration.kernel.money import minor_digits


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideFile:
    """What a person says about a CSV file, because such files seldom do: whose it is, and balances where it has none."""

    account: str
    """An IBAN or another number of 1 to 34 characters."""
    currency: str
    """ISO 4217."""
    opening: Balance | None = None
    closing: Balance | None = None
    number: str | None = None
    electronic_sequence: int | None = None


def read_csv(content: bytes, mapping: CsvMapping, beside: BesideFile) -> Statement:
    """The statement of a CSV file; all its faults are told together. A full file takes seconds of CPU: not in an event loop.

    Sums are checked when each line could be read, for a line that could not would be missing in them. A file that was cut off,
    with no other closing balance than that of its last line, adds up all the same: the statement after it then does not follow
    (`continuity.gap_between`).

    Raises:
        StatementRefusedError: with each fault's row and column, and what was expected there.
        InvalidInputError: `beside` names no account or no currency.
    """
    account = normalised_account(beside.account)
    if not is_account(account):
        raise InvalidInputError(field="account", reason="1 to 34 printable characters")
    minor_digits(beside.currency)
    faults = FaultLog()
    rows = rows_of(content, mapping, faults)
    header, body = _without_header(rows, mapping)
    places = None if faults.count and not rows else places_of(mapping, header, faults)
    if places is None:
        raise faults.refusal()
    reader = LineReader.of(mapping, places, account, beside.currency, faults)
    body, footer = _without_footer(body, mapping, reader)
    lines = _in_order([line for line in map(reader.read, body[:MOST_LINES]) if line is not None], mapping)
    if len(body) > MOST_LINES:
        faults.add(f"at most {MOST_LINES} lines are read", found=f"{len(body)} lines")
    if not faults.count:
        _check_running(lines, beside.currency, faults)
    opening, closing = balances_of(None if faults.count else lines, header, footer, reader, (beside.opening, beside.closing))
    if opening is None or closing is None:
        raise faults.refusal()
    check_sum(opening, lines, closing, beside.currency, faults)
    if faults.count:
        raise faults.refusal()
    return Statement(
        position=1,
        account=account,
        currency=beside.currency,
        number=beside.number,
        electronic_sequence=beside.electronic_sequence,
        legal_sequence=None,
        opening=opening,
        closing=closing,
        lines=lines,
        entries_left_out=0,
        source_digest=hashlib.sha256(content).hexdigest(),
    )


def _without_header(rows: tuple[Row, ...], mapping: CsvMapping) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Header and what follows; empty rows among the first count as rows of the header."""
    header = tuple(row for row in rows if row.number <= mapping.header_rows)
    return header, rows[len(header) :]


def _without_footer(body: tuple[Row, ...], mapping: CsvMapping, reader: LineReader) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Lines and footer."""
    end = max(0, len(body) - mapping.footer_rows)
    labels = tuple(plain(label).casefold() for label in mapping.footer_labels)
    if labels:
        for place, row in enumerate(body[:end]):
            first = next(text for text in map(plain, row.cells) if text)
            if first.casefold().startswith(labels) and not reader.has_booking_date(row):
                end = place
                break
    return body[:end], body[end:]


def _in_order(lines: list[StatementLine], mapping: CsvMapping) -> tuple[StatementLine, ...]:
    if mapping.newest_first:
        lines.reverse()
    return tuple(replace(line, number=number) for number, line in enumerate(lines, start=1))


def _check_running(lines: tuple[StatementLine, ...], currency: str, faults: FaultLog) -> None:
    """Each balance that a line shows is the one before it and what moved since; a wrong one is believed, to find the next."""
    balance: int | None = None
    for line in lines:
        balance = None if balance is None else balance + line.amount_minor
        shown = line.balance_after_minor
        if shown is not None and balance is not None and shown != balance:
            faults.add(
                f"the balance before and the amount give {amount_text(balance, currency)}; is a line missing?",
                row=line.source_row,
                column="balance",
                found=amount_text(shown, currency),
            )
        balance = balance if shown is None else shown
