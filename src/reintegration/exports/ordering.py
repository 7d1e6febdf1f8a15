"""Use case: order a report. The order and its place in the queue are one transaction's work."""

from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.exports.commands import OrderReport
from reintegration.exports.definitions import definition_of
from reintegration.exports.queue import enqueue
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.canonical import canonical_json, digest
from reintegration.kernel.reference import Reference

_SQL = load_queries(__file__)


async def order_report(transaction: Transaction, command: OrderReport) -> Reference:
    """Order a report; a worker makes it, as the role that ordered. What was ordered before stays.

    Raises:
        ForbiddenError: the role orders no reports.
        UnknownReportError: no such kind.
        InvalidInputError: a parameter is missing, unknown or malformed.
        ConstraintViolationError: there is a report with this id.
    """
    require(transaction.actor, Permission.REPORT_ORDER)
    definition = definition_of(command.kind)
    parameters = definition.parse(command.parameters)
    await transaction.execute(
        _SQL["order"],
        command.id,
        definition.kind,
        definition.definition_version,
        canonical_json(parameters).decode(),
        digest(parameters),
        transaction.actor.id,
        transaction.actor.role.value,
    )
    await enqueue(transaction, command.id)
    return Reference("Report", command.id, 1)


async def enqueue_lost(transaction: Transaction) -> int:
    """Queue unfinished reports anew that have no entry in the queue any more; returns how many. For a worker's start."""
    lost = [row["id"] for row in await transaction.fetch(_SQL["unfinished"])]
    for report_id in lost:
        await enqueue(transaction, report_id)
    return len(lost)
