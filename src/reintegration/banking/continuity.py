"""The arithmetic that a statement must pass, and what lies between two statements of an account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from reintegration.banking.faults import FaultLog
from reintegration.banking.statement import Balance, Statement, StatementEnd, StatementLine
from reintegration.kernel.money import LARGEST_AMOUNT_MINOR, Money


def check_sum(
    opening: Balance,
    lines: tuple[StatementLine, ...],
    closing: Balance,
    currency: str,
    faults: FaultLog,
    *,
    row: int | None = None,
) -> None:
    """Note a fault unless opening + lines = closing, in order of time.

    Lines before the day of the opening balance are no fault: banks date it by the day before, the day itself or the first day
    of a period that began on a weekend. A line after the closing day can't be in its balance.
    """
    total = opening.amount_minor + sum(line.amount_minor for line in lines)
    if total != closing.amount_minor:
        faults.add(
            f"opening balance {amount_text(opening.amount_minor, currency)} and {len(lines)} line(s) give "
            f"{amount_text(total, currency)}, which was expected",
            row=row,
            column="closing balance",
            found=amount_text(closing.amount_minor, currency),
        )
    if closing.day < opening.day:
        faults.add(
            f"a closing balance on or after the opening balance of {opening.day.isoformat()} was expected",
            row=row,
            column="closing balance",
            found=closing.day.isoformat(),
        )
    for line in lines:
        if line.booking_date > closing.day:
            faults.add(
                f"a booking date up to the closing balance of {closing.day.isoformat()} was expected",
                row=line.source_row,
                column="booking date",
                found=line.booking_date.isoformat(),
            )


def gap_between(before: StatementEnd, after: Statement) -> str | None:
    """Why `after` does not follow `before`, or None when it does.

    It follows when it is of the same account and currency, opens with the amount that the other closed with, does not end
    before it, and has the next electronic number where both have one (or 1, where a bank begins each year anew).
    """
    if (after.account, after.currency) != (before.account, before.currency):
        return f"a statement of {before.account} in {before.currency} was expected, not of {after.account} in {after.currency}"
    if after.opening.amount_minor != before.closing.amount_minor:
        return (
            f"an opening balance of {amount_text(before.closing.amount_minor, before.currency)} was expected, as the statement "
            f"before closed, not {amount_text(after.opening.amount_minor, after.currency)}"
        )
    if after.closing.day < before.closing.day:
        return f"an end on {before.closing.day.isoformat()} or later was expected, not on {after.closing.day.isoformat()}"
    first, second = before.electronic_sequence, after.electronic_sequence
    if first is not None and second is not None and second != first + 1:
        new_year = second == 1 and after.closing.day.year > before.closing.day.year
        if not new_year:
            return f"statement number {first + 1} was expected, not {second}"
    return None


@dataclass(frozen=True, slots=True)
class BookedLine:
    """By what a line is known again: its day, its amount, and the bank's reference or, without one, all it says."""

    booking_date: date
    amount_minor: int
    said: tuple[str | None, ...]

    @classmethod
    def of(cls, line: StatementLine) -> "BookedLine":
        """A line that was read."""
        texts = (line.end_to_end_reference, line.counterparty_name, line.counterparty_account, line.remittance)
        return cls(line.booking_date, line.amount_minor, said_of(line.bank_reference, *texts))


def said_of(bank_reference: str | None, *texts: str | None) -> tuple[str | None, ...]:
    """What `BookedLine.said` holds."""
    return texts if bank_reference is None else (bank_reference,)


def repeated_lines(known: Sequence[BookedLine], statement: Statement) -> int:
    """How many lines of `statement`, from its first on, are `known` already; 0 when it follows them.

    `known` are the account's last lines, oldest first, up to the balance with which the statement opens. Balances alone do not
    tell: lines that come to nothing together leave the balance where it was, and the same file in other bytes, or one that begins
    some days earlier, then follows itself. So the statement is laid beside every place of `known` at which the account held what
    it opens with: it repeats them when one agrees with the other up to the end of either. Lines of zero alone repeat nothing.
    """
    new = [BookedLine.of(line) for line in statement.lines]
    first_moving = next((place for place, line in enumerate(new) if line.amount_minor), len(new))
    balance: int = statement.opening.amount_minor
    lengths = _common_lengths(new, known)
    for place in range(len(known) - 1, -1, -1):
        balance -= known[place].amount_minor
        is_whole = lengths[place] == min(len(new), len(known) - place)
        if is_whole and lengths[place] > first_moving and balance == statement.opening.amount_minor:
            return lengths[place]
    return 0


def _common_lengths(new: Sequence[BookedLine], known: Sequence[BookedLine]) -> list[int]:
    """For each place of `known` how many lines from there on are those with which `new` begins (the Z algorithm: linear)."""
    both: list[BookedLine | None] = [*new, None, *known]
    lengths, start, end = [0] * len(both), 0, 0
    for place in range(1, len(both)):
        length = min(end - place, lengths[place - start]) if place < end else 0
        while place + length < len(both) and both[length] == both[place + length]:
            length += 1
        lengths[place] = length
        if place + length > end:
            start, end = place, place + length
    return lengths[len(new) + 1 :]


def amount_text(amount_minor: int, currency: str) -> str:
    """An amount for a message; a sum may be larger than any amount that is accepted."""
    if abs(amount_minor) > LARGEST_AMOUNT_MINOR:
        return f"more than an account can hold of {currency}"
    return f"{Money(amount_minor, currency).decimal()} {currency}"
