"""`make bench`: starts the servers, checks that they answer alike, measures them in turns, and writes what was found."""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass

import asyncpg

from reintegration.database.embedded import DatabaseAddresses
from reintegration.storage.embedded import EmbeddedObjectStore
from reintegration.web_assets import PackagesUnavailableError
from tests.benchmarks import report
from tests.benchmarks.database import BENCH_DIR, CLUSTER, bench_database, forget_drafts, prepare_peers
from tests.benchmarks.equality import check_reads, check_writes, same_bytes
from tests.benchmarks.fleet import SERVERS, Kind, kinds, url_and_headers
from tests.benchmarks.load import Job
from tests.benchmarks.measures import Measurement
from tests.benchmarks.processes import Running, ServerFailedError, cpu_seconds, load, memory_mib, postmaster, server
from tests.benchmarks.servers.protocol import Place
from tests.benchmarks.work import Operation, operations

_WARM_UP_S = 2.0
_WARM_UP_CONNECTIONS = 16

Fleet = list[tuple[Kind, Running]]


@dataclass(frozen=True, slots=True)
class Options:
    """What is measured, and for how long."""

    rounds: int
    seconds: float
    servers: list[str]
    operations: list[str]
    connections: list[int]
    cases: int


def main() -> None:
    """Measure, and exit with status 1 when nothing could be."""
    options = _options()
    with bench_database(options.cases) as addresses:
        findings = asyncio.run(_bench(options, addresses))
    report.write(findings, vars(_arguments().parse_args()))
    if not findings.measurements:
        sys.exit(1)


async def _bench(options: Options, addresses: DatabaseAddresses) -> report.Findings:
    connection = await asyncpg.connect(addresses.owner_url)
    findings = report.Findings(versions=await report.versions(connection))
    try:
        await forget_drafts(connection)
        await prepare_peers(connection)
        wanted = [one for one in await operations(connection) if not options.operations or one.name in options.operations]
        async with AsyncExitStack() as stack:
            offices = {row["code"]: row["id"] for row in await connection.fetch("select code, id::text from field_offices")}
            fleet = await _started(options, addresses, offices, stack, findings)
            for operation in wanted:
                equal = await _equal(fleet, operation, connection, findings)
                await _measured(options, equal, operation, findings)
    finally:
        await forget_drafts(connection)
        await connection.close()
    return findings


async def _started(
    options: Options, addresses: DatabaseAddresses, offices: Mapping[str, str], stack: AsyncExitStack, findings: report.Findings
) -> Fleet:
    """Every server that can be started here; of the others a line says why not."""
    fleet: Fleet = []
    objects = EmbeddedObjectStore(BENCH_DIR)
    store = asdict(objects.start())
    place = Place(addresses.application_url, addresses.owner_url, store, offices, str(BENCH_DIR), is_compiled=True)
    try:
        for kind in kinds(options.servers):
            try:
                running = await stack.enter_async_context(
                    server(kind.name, kind.command(), kind.place(place), kind.environment())
                )
            except (ServerFailedError, PackagesUnavailableError) as error:
                findings.say(f"{kind.name} is left out: {error}")
            else:
                fleet.append((kind, running))
    finally:
        objects.stop()  # our servers wanted to see it; no operation that is measured touches it
    return fleet


async def _equal(fleet: Fleet, operation: Operation, connection: asyncpg.Connection, findings: report.Findings) -> Fleet:
    """The servers that have the operation and answer it like the first."""
    having = [(kind, running) for kind, running in fleet if operation.name not in kind.skips]
    if operation.is_read:
        values, different = await check_reads(having, operation)
        findings.values[operation.name] = values
        by_name = {kind.name: (kind, running) for kind, running in having if kind.name not in different}
        for one, other in (("compiled", "ordinary"), ("compiled", "limit")):
            if one in by_name and other in by_name and not await same_bytes(by_name[one], by_name[other], operation):
                findings.say(f"{operation.name}: {one} and {other} give equal values in different bytes")
    else:
        different = await check_writes(having, operation, connection)
    for name, difference in different.items():
        findings.say(f"{operation.name}: {name} is left out, its answer differs: {difference}")
    return [(kind, running) for kind, running in having if kind.name not in different]


async def _measured(options: Options, fleet: Fleet, operation: Operation, findings: report.Findings) -> None:
    """Warm up, then every server in turn under every load, in another order each round."""
    for kind, running in fleet:
        await load(_job(kind, running, operation, _WARM_UP_CONNECTIONS, _WARM_UP_S))
    for connections in options.connections:
        for number in range(options.rounds):
            for kind, running in _rotated(fleet, number):
                measurement = await _measure(kind, running, operation, connections, options.seconds)
                if measurement.load.errors:
                    findings.say(f"{operation.name}: {kind.name} failed {measurement.load.errors} of {measurement.load.requests}")
                findings.measurements.append(measurement)
                report.show(measurement)


async def _measure(kind: Kind, running: Running, operation: Operation, connections: int, seconds: float) -> Measurement:
    database = postmaster(CLUSTER)
    before, database_before = cpu_seconds(running.pid), cpu_seconds(database)
    counted = await load(_job(kind, running, operation, connections, seconds))
    cpu, database_cpu = cpu_seconds(running.pid) - before, cpu_seconds(database) - database_before
    requests = max(1, counted.requests)
    return Measurement(
        operation=operation.name,
        server=kind.name,
        connections=connections,
        load=counted,
        cpu_ms=1000 * cpu / requests,
        database_cpu_ms=1000 * database_cpu / requests,
        memory_mib=memory_mib(running.pid),
    )


def _job(kind: Kind, running: Running, operation: Operation, connections: int, seconds: float) -> Job:
    url, headers = url_and_headers(running, operation)
    bodies = [kind.body(operation, subject) for subject in operation.subjects]
    return Job(url, headers, bodies, operation.wanted, connections, seconds)


def _rotated(fleet: Fleet, number: int) -> Iterator[tuple[Kind, Running]]:
    first = number % max(1, len(fleet))
    yield from fleet[first:] + fleet[:first]


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--servers", default=",".join(SERVERS))
    parser.add_argument("--operations", default="")
    parser.add_argument("--connections", default="1,16,64")
    parser.add_argument("--cases", type=int, default=100_000)
    return parser


def _options() -> Options:
    given: Mapping[str, object] = vars(_arguments().parse_args())
    return Options(
        rounds=int(str(given["rounds"])),
        seconds=float(str(given["seconds"])),
        servers=_listed(given["servers"]),
        operations=_listed(given["operations"]),
        connections=[int(number) for number in _listed(given["connections"])],
        cases=int(str(given["cases"])),
    )


def _listed(text: object) -> list[str]:
    return [part for part in str(text).replace(",", " ").split() if part]


if __name__ == "__main__":
    main()
