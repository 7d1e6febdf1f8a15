"""The job: from an order to a sealed report, repeatable at any point.

    begin (write) → snapshot: position (read) → sealed already? → files to S3 → manifest → record (write)

A job that died anywhere starts again from its beginning; equal bytes under equal keys are accepted, so nothing is there twice.
Nothing remote happens inside a write transaction.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

import orjson

from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.exports.definitions import Parameters, ReportDefinition, known_definitions
from reintegration.exports.errors import FailureCode
from reintegration.exports.manifest import InvariantHeld, ReportIdentity, SealBrokenError
from reintegration.exports.producer import ALL_FORMATS, Progress, Source, export_tables
from reintegration.exports.sealing import Seal, SealedReport
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.clock import now
from reintegration.kernel.ids import new_id
from reintegration.storage.client import ObjectStore

MOST_TRIES: Final = 5
WORKER: Final = Actor("worker:reports", Role.SYSTEM)
_PROGRESS_INTERVAL_S: Final = 1.0
_LOCK_POLL_S: Final = 0.2
_SQL = load_queries(__file__)


class DefinitionReplacedError(Exception):
    """The report was ordered under another version of its definition than the software has."""


class TriesExhaustedError(Exception):
    """The job was begun as often as it may, and no try came to its end."""


Invariants = Callable[[Transaction], Awaitable[Sequence[InvariantHeld]]]


async def _no_invariants(_snapshot: Transaction) -> Sequence[InvariantHeld]:
    return ()


@dataclass(frozen=True, slots=True)
class ReportResources:
    """What a job needs: the database, the object store, a folder for moments, the software's name and version.

    `invariants` asks a report's snapshot how the facts stand, for its manifest.
    """

    unit_of_work: UnitOfWork
    store: ObjectStore
    scratch_dir: Path
    software: str
    invariants: Invariants = _no_invariants


@dataclass(frozen=True, slots=True)
class Job:
    """An order as the worker took it."""

    id: UUID
    definition: ReportDefinition
    parameters: Parameters
    parameters_digest: str
    orderer: Actor
    attempts: int


async def run_report(resources: ReportResources, report_id: UUID) -> SealedReport | None:
    """Make an ordered report, or find it made; None if it was finished before.

    Raises:
        TriesExhaustedError, DefinitionReplacedError: it can't be made; see `FailureCode` for the others.
    """
    job = await resources.unit_of_work.write(WORKER, lambda transaction: _begin(transaction, report_id))
    if job is None:
        return None
    async with _snapshot(resources.unit_of_work, job.orderer) as snapshot:
        position = str(await snapshot.fetch_value(_SQL["position"]))
        identity = ReportIdentity(job.definition.kind, job.definition.definition_version, position, job.parameters)
        seal = Seal(resources.store, identity, resources.software)
        expected = sum([await part.expected_rows(snapshot, job.parameters) for part in job.definition.tables])
        twin = await resources.unit_of_work.write(WORKER, lambda transaction: _positioned(transaction, job, position, expected))
        await _alone(snapshot, identity)
        sealed = await seal.existing()
        if twin is not None and (sealed is None or sealed.manifest_sha256 != twin):
            raise SealBrokenError(seal.manifest_key, "is not the manifest that was sealed")
        if sealed is None:
            await _produce(resources, job, snapshot, seal)
            seal.asked(await resources.invariants(snapshot))
            sealed = await seal.close()
    done = sealed
    await resources.unit_of_work.write(WORKER, lambda transaction: _record(transaction, job, position, done))
    return sealed


async def give_back(unit_of_work: UnitOfWork, report_id: UUID) -> None:
    """Take a try back that a stopping worker did not finish."""
    await unit_of_work.write(WORKER, lambda transaction: transaction.execute(_SQL["give_back"], report_id))


async def fail_report(unit_of_work: UnitOfWork, report_id: UUID, code: FailureCode) -> None:
    """End an unfinished job without a report; a finished one stays as it is."""
    await unit_of_work.write(WORKER, lambda transaction: transaction.execute(_SQL["failed"], report_id, code.value, now()))


async def _begin(transaction: Transaction, report_id: UUID) -> Job | None:
    row = await transaction.fetch_one(_SQL["begin"], report_id)
    if row is None or row["status"] in {"sealed", "failed"}:
        return None
    if row["attempts"] >= MOST_TRIES:
        raise TriesExhaustedError
    definition = known_definitions().get(row["kind"])
    if definition is None or definition.definition_version != row["definition_version"]:
        raise DefinitionReplacedError
    await transaction.execute(_SQL["started"], report_id, now())
    return Job(
        id=report_id,
        definition=definition,
        parameters=orjson.loads(row["parameters"]),
        parameters_digest=row["parameters_digest"],
        orderer=Actor(row["ordered_by"], Role(row["ordered_role"])),
        attempts=row["attempts"] + 1,
    )


@asynccontextmanager
async def _snapshot(unit_of_work: UnitOfWork, orderer: Actor) -> AsyncIterator[Transaction]:
    async with unit_of_work.read(orderer) as snapshot:
        await snapshot.fetch(_SQL["long_read"])
        yield snapshot


async def _alone(snapshot: Transaction, identity: ReportIdentity) -> None:
    """Wait until no other worker makes the same report; the lock goes with the snapshot, also when we die.

    The keys would refuse a second, different file, but two workers that write at once may both be let through.
    """
    while not await snapshot.fetch_value(_SQL["lock_identity"], identity.prefix):  # noqa: ASYNC110 - the holder is another process
        await asyncio.sleep(_LOCK_POLL_S)


async def _positioned(transaction: Transaction, job: Job, position: str, expected: int) -> str | None:
    """Note the position; the digest of the manifest that was recorded for the same report, if one was."""
    await transaction.execute(_SQL["positioned"], job.id, position, expected)
    definition = job.definition
    twin = await transaction.fetch_value(
        _SQL["twin"], definition.kind, job.parameters_digest, definition.definition_version, position
    )
    return twin if isinstance(twin, str) else None


async def _produce(resources: ReportResources, job: Job, snapshot: Transaction, seal: Seal) -> None:
    """All files of the report from the snapshot."""
    async with AsyncExitStack() as stack:
        sources = []
        for part in job.definition.tables:
            rows = await stack.enter_async_context(aclosing(part.rows(snapshot, job.parameters)))
            sources.append(Source(part.table, rows))
        progress = _progress(resources.unit_of_work, job.id, asyncio.get_running_loop().time)
        await export_tables(seal, sources, ALL_FORMATS, scratch_dir=resources.scratch_dir, progress=progress)


def _progress(unit_of_work: UnitOfWork, report_id: UUID, clock: Callable[[], float]) -> Progress:
    """Writes how many rows are done, at most once a second, each time in a transaction of its own."""
    next_at = clock()

    async def progress(rows: int) -> None:
        nonlocal next_at
        if clock() < next_at:
            return
        await unit_of_work.write(WORKER, lambda transaction: transaction.execute(_SQL["progress"], report_id, rows))
        next_at = clock() + _PROGRESS_INTERVAL_S

    return progress


async def _record(transaction: Transaction, job: Job, position: str, sealed: SealedReport) -> None:
    """The end: status and files in one transaction. Does nothing where another worker was faster."""
    counts = {table.name: table.rows for file in sealed.manifest.files for table in file.tables}
    recorded = await transaction.execute(
        _SQL["sealed"], job.id, position, sealed.manifest_key, sealed.manifest_sha256, sum(counts.values()), now()
    )
    if not recorded:
        return
    for file in sealed.manifest.files:
        rows = sum(table.rows for table in file.tables)
        await transaction.execute(
            _SQL["record_file"],
            new_id(),
            job.id,
            file.name,
            file.media_type,
            file.key,
            file.sha256,
            file.size_bytes,
            rows,
        )
