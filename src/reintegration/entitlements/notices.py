"""Notices before the last day to use a budget: 60, 30 and 7 days ahead, each once for a case and a deadline."""

from datetime import date, timedelta
from typing import Final

from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.kernel.ids import new_id

_SQL = load_queries(__file__)
NOTICE_DAYS: Final = (60, 30, 7)
"""Days before the last day on which the office is told."""


async def note_deadlines(transaction: Transaction, *, on: date, most: int) -> int:
    """Record the notices that are due on a day, at most so many; returns how many. For the system alone.

    A case that nobody looked at for long gets the nearest notice, not those that it has missed; a deadline that was moved gets
    notices of its own. Closed cases and expired budgets get none.
    """
    due = await transaction.fetch(_SQL["due_notices"], on, sorted(NOTICE_DAYS), on + timedelta(days=max(NOTICE_DAYS)), most)
    return await transaction.execute(
        _SQL["record_notices"],
        [new_id() for _ in due],
        [row["case_id"] for row in due],
        [row["deadline_on"] for row in due],
        [row["days_before"] for row in due],
        on,
    )
