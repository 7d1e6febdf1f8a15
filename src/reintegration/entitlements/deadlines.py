"""When the time to use a budget ends."""

from datetime import date
from uuid import UUID

from reintegration.cases.service import case_state
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.entitlements.rules import CountedFrom
from reintegration.kernel.clock import add_months

_SQL = load_queries(__file__)


async def start_deadlines(transaction: Transaction, case_id: UUID, arrived_on: date) -> None:
    """Set the last day to use each budget of a case whose arrival was just confirmed.

    The limit is the one that the budget was granted with, whatever versions came since (decision 13). It lies with the
    entitlement because the assessment is hidden from the field office that confirms, with the asylum facts in it.
    """
    for budget in await transaction.fetch(_SQL["budgets_without_deadline"], case_id):
        start: date | None = arrived_on
        if CountedFrom(budget["use_counted_from"]) is CountedFrom.DEPARTURE:
            start = (await case_state(transaction, case_id)).departed_on
        if start is None:
            raise AssertionError("a case arrives after its departure")
        await transaction.execute(_SQL["set_deadline"], budget["id"], add_months(start, budget["use_months"]))
