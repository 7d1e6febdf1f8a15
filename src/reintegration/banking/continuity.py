"""The arithmetic that a statement must pass, and what lies between two statements of an account."""

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


def amount_text(amount_minor: int, currency: str) -> str:
    """An amount for a message; a sum may be larger than any amount that is accepted."""
    if abs(amount_minor) > LARGEST_AMOUNT_MINOR:
        return f"more than an account can hold of {currency}"
    return f"{Money(amount_minor, currency).decimal()} {currency}"
