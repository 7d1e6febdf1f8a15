"""The queue of reports: PgQueuer's tables in schema `jobs`, spoken to in our own transaction."""

from typing import Final
from uuid import UUID

from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel
from pgqueuer.ports.driver import Driver

from reintegration.database.transaction import Transaction

ENTRYPOINT: Final = "report"
# Each name given: PgQueuer would otherwise read variables as common as CHANNEL or FUNCTION from the environment.
SETTINGS: Final = DBSettings(
    db_schema="jobs",
    prefix="",
    channel=Channel("ch_pgqueuer"),
    function="fn_pgqueuer_changed",
    statistics_table="pgqueuer_statistics",
    queue_status_type="pgqueuer_status",
    queue_table="pgqueuer",
    queue_table_log="pgqueuer_log",
    trigger="tg_pgqueuer_changed",
    schedules_table="pgqueuer_schedules",
    durability=Durability.durable,
)


def queue_queries(driver: Driver) -> Queries:
    """PgQueuer's statements on the tables of migration 0007."""
    return Queries(
        driver,
        qbe=QueryBuilderEnvironment(SETTINGS),
        qbq=QueryQueueBuilder(SETTINGS),
        qbs=QuerySchedulerBuilder(SETTINGS),
    )


async def enqueue(transaction: Transaction, report_id: UUID) -> None:
    """Queue a report's job: it exists if and when the transaction commits, and once at a time."""
    await queue_queries(AsyncpgDriver(transaction.raw)).enqueue(
        ENTRYPOINT, report_id.bytes, dedupe_key=f"report:{report_id}", on_conflict="skip"
    )
