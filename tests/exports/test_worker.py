"""The worker: retries, gives up, stops in good order, and finds what the queue lost."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from structlog.testing import capture_logs

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.transaction import Transaction
from reintegration.exports.commands import OrderReport
from reintegration.exports.manifest import ReportIdentity
from reintegration.exports.ordering import order_report
from reintegration.exports.queue import SETTINGS, queue_queries
from reintegration.exports.running import ReportResources
from reintegration.exports.worker import WorkerPace, growing_delay, run_worker
from reintegration.kernel.ids import new_id
from reintegration.reports import connect_reports
from reintegration.storage.address import ObjectStoreAddress
from reintegration.storage.client import ObjectStore
from tests import builders
from tests.builders import FINANCE, SYSTEM
from tests.exports import synthetic
from tests.exports.places import own_bucket, versions
from tests.proofs import row, value

PACE = WorkerPace(timedelta(seconds=1), timedelta(seconds=0.2), lambda _: timedelta(0))
_PATIENCE_S = 30
_STATE = "select status, attempts, failure_code, rows_done, rows_expected from export_jobs where id = $1"
_DONE = "select finished_at is not null and not exists (select from jobs.pgqueuer) from export_jobs where id = $1"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a test's worker works."""

    resources: ReportResources
    database_url: str

    async def ordered(self) -> UUID:
        command = OrderReport(id=new_id(), kind=synthetic.KIND)
        return (await self.resources.unit_of_work.write(FINANCE, lambda transaction: order_report(transaction, command))).id

    async def until(self, sql: str, report_id: UUID) -> None:
        async with asyncio.timeout(_PATIENCE_S):
            while not await value(self.resources.unit_of_work, sql, report_id):  # noqa: ASYNC110 - a row announces nothing
                await asyncio.sleep(0.03)

    async def state(self, report_id: UUID) -> tuple[object, ...]:
        return tuple((await row(self.resources.unit_of_work, _STATE, report_id)).values())

    @asynccontextmanager
    async def working(self) -> AsyncIterator[asyncio.Event]:
        """A worker for the length of the block, or until the given event is set."""
        stop = asyncio.Event()
        worker = asyncio.create_task(run_worker(self.resources, self.database_url, stop, PACE))
        try:
            yield stop
        finally:
            stop.set()
            await asyncio.wait_for(worker, _PATIENCE_S)

    async def worked(self, report_id: UUID) -> tuple[object, ...]:
        async with self.working():
            await self.until(_DONE, report_id)
        return await self.state(report_id)


@pytest.fixture(autouse=True)
def log() -> Iterator[list[MutableMapping[str, object]]]:
    """What was logged, kept from structlog's slow pictures of tracebacks."""
    with capture_logs() as entries:
        yield entries


@pytest.fixture
async def place(
    fresh_database: DatabaseAddresses, object_store_address: ObjectStoreAddress, tmp_path: Path
) -> AsyncIterator[Place]:
    async with builders.open_work(fresh_database, max_size=10) as work, own_bucket(object_store_address) as store:
        yield Place(ReportResources(work, store, tmp_path / "scratch", "reintegration 0.1.0"), fresh_database.application_url)
        connect_reports()


async def test_a_report_that_fails_at_first_is_tried_again(place: Place) -> None:
    synthetic.declare(synthetic.failing([RuntimeError("no"), OSError("no")]))
    assert await place.worked(await place.ordered()) == ("sealed", 3, None, 1, 1)


async def test_a_report_that_always_fails_stops_after_five_tries(place: Place) -> None:
    synthetic.declare(synthetic.failing([RuntimeError("no")] * 6))
    assert await place.worked(await place.ordered()) == ("failed", 5, "internal", 0, 1)
    assert await versions(place.resources.store) == {}


async def test_what_can_not_succeed_is_not_repeated(place: Place) -> None:
    synthetic.declare(synthetic.malformed())
    assert await place.worked(await place.ordered()) == ("failed", 1, "cell_invalid", 0, 1)


async def test_a_definition_that_was_replaced_meanwhile(place: Place) -> None:
    synthetic.declare(synthetic.failing([]))
    report_id = await place.ordered()
    synthetic.declare(synthetic.failing([]), version="synthetic-2")
    assert await place.worked(report_id) == ("failed", 0, "definition_replaced", 0, None)


async def test_a_store_that_is_not_there(place: Place) -> None:
    synthetic.declare(synthetic.failing([]))
    async with ObjectStore(replace(place.resources.store.address, bucket="nobody-made-this")) as nowhere:
        lost = Place(replace(place.resources, store=nowhere), place.database_url)
        assert await lost.worked(await place.ordered()) == ("failed", 5, "store_unavailable", 1, 1)


async def test_a_sealed_report_that_lost_its_manifest_is_not_made_anew(
    place: Place, log: list[MutableMapping[str, object]]
) -> None:
    synthetic.declare(synthetic.failing([]))
    store = place.resources.store
    assert (await place.worked(await place.ordered()))[0] == "sealed"
    [key] = [key for key in await versions(store) if key.endswith("manifest.json")]
    await store.call(key, lambda client: client.delete_object(Bucket=store.address.bucket, Key=key))  # type: ignore[attr-defined]  # the product never deletes
    again = await place.ordered()
    assert await place.worked(again) == ("failed", 1, "seal_broken", 0, 1)
    # In words, and without a stack: it is no fault of ours.
    assert [entry for entry in log if entry["log_level"] == "error"] == [
        {
            "event": "report failed",
            "log_level": "error",
            "report_id": str(again),
            "error": "SealBrokenError",
            "reason": f"{key}: is not the manifest that was sealed",
        }
    ]


async def test_other_bytes_at_the_same_position_are_never_overwritten(place: Place) -> None:
    synthetic.declare(synthetic.failing([]))
    store = place.resources.store
    position = str(await value(place.resources.unit_of_work, "select fact_position()"))
    key = ReportIdentity(synthetic.KIND, "synthetic-1", position).key("notes.csv")
    await store.put(key, b"other", "text/csv", sha256=hashlib.sha256(b"other").hexdigest())
    assert await place.worked(await place.ordered()) == ("failed", 5, "content_conflict", 1, 1)
    assert await versions(store) == {key: 1}
    assert await store.get(key) == b"other"


async def test_a_stopping_worker_gives_its_report_back(place: Place) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    synthetic.declare(synthetic.waiting(begun, go_on))
    report_id = await place.ordered()
    async with place.working() as stop:
        await begun.wait()
        stop.set()
    assert await place.state(report_id) == ("queued", 0, None, 1, 2)
    assert await versions(place.resources.store) == {}
    go_on.set()
    assert await place.worked(report_id) == ("sealed", 1, None, 2, 2)


async def test_progress_can_be_seen_meanwhile(place: Place) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    synthetic.declare(synthetic.waiting(begun, go_on))
    report_id = await place.ordered()
    async with place.working():
        await begun.wait()
        assert await place.state(report_id) == ("running", 1, None, 1, 2)
        go_on.set()
        await place.until(_DONE, report_id)
    assert await place.state(report_id) == ("sealed", 1, None, 2, 2)


async def test_an_order_that_the_queue_lost_is_found(place: Place) -> None:
    synthetic.declare(synthetic.failing([]))
    report_id = await place.ordered()
    await place.resources.unit_of_work.write(SYSTEM, lambda transaction: transaction.execute("delete from jobs.pgqueuer"))
    assert await place.worked(report_id) == ("sealed", 1, None, 1, 1)


async def test_two_workers_share_the_orders(place: Place) -> None:
    synthetic.declare(synthetic.large())
    ordered = [await place.ordered() for _ in range(2)]
    async with place.working(), place.working():
        for report_id in ordered:
            await place.until(_DONE, report_id)
    states = [await place.state(report_id) for report_id in ordered]
    assert {(state[0], state[2], state[3]) for state in states} == {("sealed", None, 5_000)}
    assert set((await versions(place.resources.store)).values()) == {1}


async def test_an_order_that_is_rolled_back_is_not_queued(place: Place) -> None:
    synthetic.declare(synthetic.failing([]))
    work = place.resources.unit_of_work
    command = OrderReport(id=new_id(), kind=synthetic.KIND)

    async def regretted(transaction: Transaction) -> None:
        await order_report(transaction, command)
        raise RuntimeError("regretted")

    with pytest.raises(RuntimeError, match="regretted"):
        await work.write(FINANCE, regretted)
    assert await value(work, "select count(*) from jobs.pgqueuer") == 0
    assert await value(work, "select count(*) from export_jobs") == 0


async def test_the_queue_is_as_pgqueuer_wants_it(fresh_database: DatabaseAddresses) -> None:
    async with builders.open_work(fresh_database) as work, work.pool.acquire() as connection:
        plan = await queue_queries(AsyncpgDriver(connection)).plan_upgrade()
    assert (SETTINGS.db_schema, list(plan.statements)) == ("jobs", [])


def test_pauses_grow_to_a_minute() -> None:
    assert [growing_delay(attempts).total_seconds() for attempts in (1, 2, 5, 6, 60)] == [2, 4, 32, 60, 60]
