"""Use cases of months: explain what is open at their end, and close them. What a month holds the database sums and seals."""

from datetime import date
from uuid import UUID

from reintegration.database.rows import visible
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Row, Transaction
from reintegration.funding.commands import ClosePeriod, ExplainOpenItem
from reintegration.funding.errors import ItemNotOpenError, PeriodNotOverError, PeriodUnexplainedError
from reintegration.funding.models import Fund
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.clock import first_of_month, today
from reintegration.kernel.errors import InvalidInputError, NotFoundError
from reintegration.kernel.reference import Reference

_SQL = load_queries(__file__)
MOST_OPEN_ITEMS = 100
"""Named in a refusal; there may be more."""


async def close_period(transaction: Transaction, command: ClosePeriod) -> Reference:
    """Close the month after the last one that was closed of this fund, once it is over and all that is open is explained.

    Whatever is posted later for one of its days is a correction in the first open month. The database waits for who posts to
    the fund, and who posts for it.

    Raises:
        PeriodUnexplainedError, PeriodOrderError, PeriodNotOverError, InvalidInputError, NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.PERIOD_CLOSE)
    fund = await visible(transaction, Fund, command.fund_id, kind="Fund")
    if command.month >= first_of_month(today()):
        raise PeriodNotOverError
    found = await open_items(transaction, fund.id, command.month)
    if found:
        raise PeriodUnexplainedError(
            payments=sum(item["kind"] == "payment" for item in found), lines=sum(item["kind"] == "line" for item in found)
        )
    await transaction.execute(_SQL["close_period"], command.id, fund.id, command.month, transaction.actor.id)
    return Reference("PeriodClose", command.id, 1)


async def explain_open_item(transaction: Transaction, command: ExplainOpenItem) -> Reference:
    """Say why something was still open at the end of a month; it stays open, and may be explained anew.

    Raises:
        ItemNotOpenError, InvalidInputError, NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.PERIOD_EXPLAIN)
    if (command.payment_id is None) == (command.line_id is None):
        raise InvalidInputError(field="paymentId", reason="a payment or a line, and one of them")
    name = "open_payment" if command.line_id is None else "open_line"
    is_open = await transaction.fetch_value(_SQL[name], command.payment_id or command.line_id, command.month)
    if is_open is None:
        raise NotFoundError(kind="Payment" if command.line_id is None else "StatementLine")
    if not is_open:
        raise ItemNotOpenError
    await transaction.execute(
        _SQL["explain"],
        command.id,
        command.month,
        command.payment_id,
        command.line_id,
        command.reason,
        transaction.actor.id,
    )
    return Reference("OpenItemExplanation", command.id, 1)


async def open_items(transaction: Transaction, fund_id: UUID, month: date) -> list[Row]:
    """What stands in the way of a close and the caller may see: at most 100 payments and lines that nobody has explained."""
    return await transaction.fetch(_SQL["open_items"].format(most=MOST_OPEN_ITEMS), fund_id, month)
