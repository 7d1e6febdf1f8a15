"""A statement of an account, whatever file it came in: proved to add up before anybody sees it."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from reintegration.kernel.money import AmountMinor

LARGEST_FILE_BYTES: Final = 20 * 1024 * 1024
MOST_LINES: Final = 50_000
"""Of one file; a busy office books a few hundred a month."""
LONGEST_TEXT: Final = 4_000
"""Characters of one text of a line: camt.053 allows more remittance than anybody writes."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What the account held at the end of `day`, or before its first line; below zero is overdrawn."""

    amount_minor: AmountMinor
    day: date


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One booking. Texts are trimmed, white space in them is one space, and what the file leaves empty is None."""

    number: int
    """Place in the statement from 1 on, oldest first."""
    source_row: int
    """The row of a CSV file, or the line of an XML file, in which it begins, from 1 on."""
    booking_date: date
    value_date: date | None
    amount_minor: AmountMinor
    """Minor units of the statement's currency: above zero came in, below went out. Banks do book lines of zero."""
    balance_after_minor: AmountMinor | None
    """Where the file says it; it then agrees with the lines."""
    is_reversal: bool
    """The bank takes an earlier booking back; the sign of the amount is that of this line."""
    bank_reference: str | None
    """The bank's own. Lines that were split out of one batch may share it."""
    end_to_end_reference: str | None
    """What the payer gave the payment: for orders of ours, their own."""
    counterparty_name: str | None
    counterparty_account: str | None
    """An IBAN or another number, without white space; not checked, for it is what the bank says."""
    remittance: str | None
    transactions: int = 1
    """How many transactions the line stands for: more than one is a batch whose parts the bank does not tell apart."""


@dataclass(frozen=True, slots=True)
class Statement:
    """The lines of an account between two balances; opening + lines = closing holds."""

    position: int
    """Which statement of the file, from 1 on; with `source_digest` it names this statement for ever."""
    account: str
    """An IBAN or another number, without white space."""
    currency: str
    """ISO 4217, of every amount here."""
    number: str | None
    """What the bank calls the statement."""
    electronic_sequence: int | None
    """Counts the electronic statements of the account, where the bank does."""
    legal_sequence: int | None
    """Counts the legal ones, which may be fewer, and may start anew each year."""
    opening: Balance
    closing: Balance
    lines: tuple[StatementLine, ...]
    entries_left_out: int
    """Entries that are not booked yet: no balance counts them, and they come again in the statement that books them."""
    source_digest: str
    """SHA-256 of the file's bytes, 64 lower-case hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class StatementEnd:
    """What must be known of a statement to tell whether another one follows it."""

    account: str
    currency: str
    electronic_sequence: int | None
    closing: Balance

    @classmethod
    def of(cls, statement: Statement) -> "StatementEnd":
        """The end of `statement`."""
        return cls(statement.account, statement.currency, statement.electronic_sequence, statement.closing)
