"""kill -9 of the worker at each step of an export, then another worker: the report is there, and nothing of it twice."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from uuid import UUID

import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.exports.commands import OrderReport
from reintegration.exports.ordering import order_report
from reintegration.exports.running import ReportResources
from reintegration.exports.sealing import verify_sealed
from reintegration.exports.worker import run_worker
from reintegration.kernel.ids import new_id
from reintegration.reports import connect_reports
from reintegration.storage.address import ObjectStoreAddress
from tests import builders
from tests.builders import FINANCE, SYSTEM
from tests.exports import synthetic
from tests.exports.places import own_bucket, versions
from tests.faults.export_process import PACE
from tests.faults.nursery import Nursery
from tests.proofs import row, value

_PATIENCE_S = 60
_DONE = "select finished_at is not null and not exists (select from jobs.pgqueuer) from export_jobs where id = $1"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a test's workers work."""

    resources: ReportResources
    database_url: str

    @property
    def scratch(self) -> Path:
        return self.resources.scratch_dir


@pytest.fixture
async def place(
    fresh_database: DatabaseAddresses, object_store_address: ObjectStoreAddress, tmp_path: Path
) -> AsyncIterator[Place]:
    async with builders.open_work(fresh_database) as work, own_bucket(object_store_address) as store:
        synthetic.declare(synthetic.large())
        yield Place(ReportResources(work, store, tmp_path / "scratch", "reintegration 0.1.0"), fresh_database.application_url)
        connect_reports()


async def ordered(place: Place) -> UUID:
    command = OrderReport(id=new_id(), kind=synthetic.KIND)
    return (await place.resources.unit_of_work.write(FINANCE, lambda transaction: order_report(transaction, command))).id


async def killed_at(nursery: Nursery, place: Place, step: str) -> None:
    """Run the worker's process until it kills itself there."""
    address = place.resources.store.address
    process = await nursery.bear(
        "tests.faults.export_process",
        (place.database_url, str(address.endpoint_url), address.bucket, str(place.scratch), step),
        {"TMPDIR": str(place.scratch.parent), "PATH": ""},
        output=place.scratch.parent / "worker.txt",
        errors=place.scratch.parent / "worker.log",
        given=f"{address.access_key} {address.secret_key}",
    )
    try:
        assert await asyncio.wait_for(asyncio.shield(process.ended), _PATIENCE_S) == -SIGKILL
    finally:
        await process.kill()


async def finished(place: Place, report_id: UUID) -> dict[str, object]:
    """Let a worker of this process end the job."""
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(place.resources, place.database_url, stop, PACE))
    try:
        async with asyncio.timeout(_PATIENCE_S):
            while (
                await value(place.resources.unit_of_work, "select finished_at from export_jobs where id = $1", report_id) is None
            ):
                assert not worker.done()
                await asyncio.sleep(0.05)
    finally:
        stop.set()
        await worker
    return await row(
        place.resources.unit_of_work,
        "select status, attempts, rows_done, rows_expected, failure_code, manifest_key, manifest_sha256 from export_jobs "
        "where id = $1",
        report_id,
    )


@pytest.mark.parametrize(
    ("step", "tries"),
    [
        ("started 1 before", 1),
        ("started 1 after", 2),
        ("positioned 1 after", 2),
        ("create_multipart_upload 1 after", 2),
        ("upload_part 1 after", 2),
        ("upload_part 2 before", 2),
        ("complete_multipart_upload 1 after", 2),
        ("put_object 1 after", 2),
        ("put_object 2 before", 2),
        ("put_object 2 after", 2),
        ("sealed 1 before", 2),
        ("sealed 1 after", 1),
    ],
)
async def test_a_report_survives_its_worker(nursery: Nursery, place: Place, step: str, tries: int) -> None:
    report_id = await ordered(place)
    await killed_at(nursery, place, step)
    job = await finished(place, report_id)
    assert (job["status"], job["attempts"], job["rows_done"], job["rows_expected"]) == ("sealed", tries, 5_000, 5_000)
    manifest = await verify_sealed(place.resources.store, str(job["manifest_key"]), str(job["manifest_sha256"]))
    assert [(file.name, file.tables[0].rows) for file in manifest.files] == [
        ("notes.csv", 5_000),
        ("payments_ledger.xlsx", 5_000),
    ]
    work = place.resources.unit_of_work
    async with work.read(SYSTEM) as transaction:
        files = await transaction.fetch("select object_key, sha256, row_count from export_files order by name")
    assert [tuple(found) for found in files] == [(file.key, file.sha256, 5_000) for file in manifest.files]
    assert await versions(place.resources.store) == {
        **dict.fromkeys((file.key for file in manifest.files), 1),
        job["manifest_key"]: 1,
    }
    assert list(place.scratch.iterdir()) == []


async def test_a_report_that_kills_its_worker_each_time_stops(nursery: Nursery, place: Place) -> None:
    report_id = await ordered(place)
    work = place.resources.unit_of_work
    await work.write(SYSTEM, lambda transaction: transaction.execute("update export_jobs set attempts = 4"))
    await killed_at(nursery, place, "positioned 1 after")
    job = await finished(place, report_id)
    assert (job["status"], job["attempts"], job["failure_code"], job["manifest_key"]) == ("failed", 5, "crashed", None)
    assert await versions(place.resources.store) == {}
