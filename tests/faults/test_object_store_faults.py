"""The object store is down, slow, too busy or sends half an object while money waits for it: nothing is half done."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import cast
from uuid import UUID, uuid4

import asyncpg
import pytest
from structlog.testing import capture_logs

from reintegration.api.identifiers import encode
from reintegration.api.limits import Limits
from reintegration.audit.invariants import check
from reintegration.database.embedded import DatabaseAddresses
from reintegration.evidence.commands import RequestUpload
from reintegration.evidence.service import request_upload
from reintegration.exports.commands import OrderReport
from reintegration.exports.ordering import order_report
from reintegration.exports.running import ReportResources
from reintegration.exports.sealing import verify_sealed
from reintegration.exports.worker import WorkerPace, run_worker
from reintegration.kernel.ids import new_id
from reintegration.storage.address import ObjectStoreAddress
from reintegration.storage.client import ObjectStore
from tests.builders import FINANCE, OFFICER, a_granted_case, days_ago, open_work
from tests.exports.places import own_bucket, versions
from tests.faults.direct import ask
from tests.faults.effects import position, since
from tests.faults.scenes import SCENES, Ground, Wish
from tests.faults.trial import alike, payload
from tests.faults.wayward_store import Mood, WaywardStore, wayward
from tests.http_client import Answer, Server, running
from tests.payment_steps import a_payment, a_planned_case, done
from tests.proofs import row, value

_PATIENCE_S = 60
_PACE = WorkerPace(timedelta(seconds=1), timedelta(seconds=0.2), lambda _: timedelta(0))
_UNAVAILABLE = ("A part of the service is not reachable or too busy; try again", "UNAVAILABLE")
_TOO_LONG = ("The operation took longer than 3 s and was stopped", "TIMEOUT")
_DIFFERS = "UPLOAD_DIFFERS"
_MONTH = {"from": days_ago(30).isoformat(), "to": days_ago(0).isoformat()}


@dataclass(frozen=True, slots=True)
class Place:
    """A server whose object store is wayward."""

    ground: Ground
    server: Server
    store: WaywardStore


@pytest.fixture(scope="module")
async def wayward_place(
    own_database: DatabaseAddresses,
    object_store: ObjectStore,
    object_store_address: ObjectStoreAddress,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Place]:
    async with wayward(object_store_address) as store, open_work(own_database) as work:
        folder = tmp_path_factory.mktemp("wayward")
        limits = Limits(timeout_s=3.0)
        async with _superuser(own_database) as superuser, running(own_database, store.address, folder, limits=limits) as server:
            yield Place(Ground(work, object_store, superuser), server, store)


@asynccontextmanager
async def _superuser(database: DatabaseAddresses) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(database.superuser_url, min_size=1, max_size=1) as pool:
        yield pool


async def _document(ground: Ground) -> Wish:
    """An invoice that was sent and not read back yet."""
    case = await a_granted_case(ground.work)
    data = b"%PDF-1.4 an invoice" + uuid4().bytes
    digest = hashlib.sha256(data).hexdigest()
    request = RequestUpload(new_id(), case.id, "invoice", "чек.pdf", "application/pdf", len(data), digest)
    await done(ground.work, OFFICER, request_upload, request)
    key = str(await value(ground.work, "select object_key from documents where id = $1", request.id))
    await ground.store.put(key, data, "application/pdf", sha256=digest)
    asked: dict[str, object] = {"documentId": encode("Document", request.id), "expectedVersion": 1}
    return Wish(
        OFFICER, "documentCompleteUpload", {"idempotencyKey": str(uuid4()), **asked}, "document { id version status sha256 }"
    )


_READING = {"statementImport": SCENES["statementImport"], "documentCompleteUpload": _document}


@pytest.fixture
def place(wayward_place: Place) -> Iterator[Place]:
    """The store is well again whatever a test has found."""
    yield wayward_place
    wayward_place.store.become(Mood.WELL)


@pytest.mark.parametrize("mood", [Mood.DOWN, Mood.SLOW, Mood.BUSY, Mood.HALF, Mood.SHORT])
@pytest.mark.parametrize("name", _READING)
async def test_what_reads_an_object_waits_until_it_can(
    place: Place, name: str, mood: Mood, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.random", lambda: 0.0)  # boto's pauses before it tries again
    ground = place.ground
    twin = await _READING[name](ground)
    before = await position(ground.work)
    expected = payload(twin, (await ask(place.server, twin)).body)
    effect = await since(ground.work, before)
    assert not effect.is_nothing

    wish = await _READING[name](ground)
    before = await position(ground.work)
    place.store.become(mood)
    for _ in range(2):
        _refused(await ask(place.server, wish), name, mood)
        assert (await since(ground.work, before)).is_nothing
    assert {line.split()[1] for line in place.store.seen} - {"well"} == {mood.value}
    place.store.become(Mood.WELL)
    first = payload(wish, (await ask(place.server, wish)).body)
    assert (first["replayed"], _masked(first)) == (False, _masked(expected))
    assert await since(ground.work, before) == effect
    # What is done is not read again: the store may be away.
    place.store.become(mood)
    assert payload(wish, (await ask(place.server, wish)).body) == {**first, "replayed": True}
    # Who waits for a slow store would have been told so; threads of requests that were given up ask it once more here.
    assert place.store.seen == [] or mood is Mood.SLOW
    assert await since(ground.work, before) == effect
    assert [finding for finding in (await check(ground.work)).findings if finding.violations] == []


def _refused(answer: Answer, name: str, mood: Mood) -> None:
    """One clear error; half an object that passes for a whole one is not what was announced."""
    if mood is Mood.SHORT:
        problem = cast("dict[str, dict[str, object]]", answer.data)[name]
        assert problem["code"] == _DIFFERS
        return
    errors = cast("list[dict[str, dict[str, object]]]", answer.body["errors"])
    said = [(error["message"], error["extensions"]["code"]) for error in errors]
    assert said == [_TOO_LONG if mood is Mood.SLOW else _UNAVAILABLE]


def _masked(answer: dict[str, object]) -> object:
    masked = alike(answer)
    assert isinstance(masked, dict)
    document = masked.get("document")
    return {**masked, "document": {**document, "sha256": "its own"}} if isinstance(document, dict) else masked


@pytest.mark.parametrize("mood", [Mood.BUSY, Mood.DOWN, Mood.HALF])
async def test_a_store_that_is_well_again_at_once_is_not_noticed(
    place: Place, mood: Mood, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client tries again by itself, but for an object that broke off: then the caller does."""
    monkeypatch.setattr("random.random", lambda: 0.0)
    wish = await _READING["statementImport"](place.ground)
    place.store.become(mood, requests=1)
    answer = await ask(place.server, wish)
    if mood is Mood.HALF:
        _refused(answer, wish.name, mood)
        answer = await ask(place.server, wish)
    assert payload(wish, answer.body)["replayed"] is False


@pytest.fixture
async def exporting(
    fresh_database: DatabaseAddresses, object_store_address: ObjectStoreAddress, tmp_path: Path
) -> AsyncIterator[tuple[ReportResources, WaywardStore, str]]:
    """A worker's surroundings over a wayward store, with a bucket of its own."""
    async with own_bucket(object_store_address) as bucket, wayward(bucket.address) as store, open_work(fresh_database) as work:
        await a_payment(work, await a_planned_case(work), 100)
        async with ObjectStore(store.address) as client:
            yield (
                ReportResources(work, client, tmp_path / "scratch", "reintegration 0.1.0"),
                store,
                fresh_database.application_url,
            )


@pytest.mark.parametrize("mood", [Mood.DOWN, Mood.BUSY, Mood.LOST])
async def test_a_report_is_sealed_once_when_the_store_is_back(
    exporting: tuple[ReportResources, WaywardStore, str], mood: Mood, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.random", lambda: 0.0)
    resources, store, url = exporting
    work = resources.unit_of_work
    order = OrderReport(id=new_id(), kind="payments_ledger", parameters=_MONTH)
    await done(work, FINANCE, order_report, order)
    store.become(mood, requests=9)
    with capture_logs():
        job = await _worked(resources, url, order.id)
    assert (job["status"], job["rows_expected"], job["rows_done"]) == ("sealed", job["rows_done"], job["rows_expected"])
    told = store.seen.copy()
    store.become(Mood.WELL)
    manifest = await verify_sealed(resources.store, str(job["manifest_key"]), str(job["manifest_sha256"]))
    kept = await versions(resources.store)
    assert kept == {**dict.fromkeys((file.key for file in manifest.files), 1), job["manifest_key"]: 1}
    assert sum(mood.value in line for line in told) == 9


async def _worked(resources: ReportResources, url: str, report_id: UUID) -> dict[str, object]:
    """Let a worker end the job."""
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(resources, url, stop, _PACE))
    try:
        async with asyncio.timeout(_PATIENCE_S):
            while await value(resources.unit_of_work, "select finished_at from export_jobs where id = $1", report_id) is None:
                assert not worker.done()
                await asyncio.sleep(0.05)
    finally:
        stop.set()
        await worker
    sql = "select status, attempts, rows_done, rows_expected, manifest_key, manifest_sha256 from export_jobs where id = $1"
    return await row(resources.unit_of_work, sql, report_id)
