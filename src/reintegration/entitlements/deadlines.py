"""When the time to use a budget ends."""

from datetime import date
from uuid import UUID

from reintegration.cases.service import case_state
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.entitlements.assessment import USE_OF_BUDGET
from reintegration.entitlements.rules import CountedFrom, Stream
from reintegration.entitlements.tariffs import tariff_of
from reintegration.kernel.clock import add_months

_SQL = load_queries(__file__)


async def start_deadlines(transaction: Transaction, case_id: UUID, arrived_on: date) -> None:
    """Set the last day to use the reintegration budget of a case whose arrival was just confirmed.

    The limit is the data row `use_of_budget` of the newest tariff version: the version of the assessment is hidden from the
    field office that confirms, with the asylum facts beside it.
    """
    tariff = await tariff_of(transaction, None)
    rule = next((rule for rule in tariff.version.deadlines if rule.key == USE_OF_BUDGET and rule.active), None)
    if rule is None:
        return
    start: date | None = arrived_on
    if rule.counted_from is CountedFrom.DEPARTURE:
        start = (await case_state(transaction, case_id)).departed_on
    if start is None:
        raise AssertionError("a case arrives after its departure")
    await transaction.execute(_SQL["set_deadline"], case_id, add_months(start, rule.months), Stream.REINTEGRATION.value)
