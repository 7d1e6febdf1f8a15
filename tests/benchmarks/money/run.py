"""`make bench-money`: loads the databases, checks that all paths leave the same rows, pays by each in turn, writes a table."""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import TypeVar

import asyncpg

from reintegration.database.embedded import DatabaseAddresses
from reintegration.storage.embedded import EmbeddedObjectStore
from tests.benchmarks.database import BENCH_DIR, CLUSTER, bench_server
from tests.benchmarks.money import report
from tests.benchmarks.money.database import forget, holdings, money_databases, prepare
from tests.benchmarks.money.driver import Job, opened, turns
from tests.benchmarks.money.equality import differences
from tests.benchmarks.money.fleet import PATHS, Till, start_api, start_driver
from tests.benchmarks.money.measures import YARDSTICK, Measurement, Place
from tests.benchmarks.money.work import subjects
from tests.benchmarks.money.yardstick import YardstickError, take, yardstick_database
from tests.benchmarks.processes import ServerFailedError, cpu_seconds, postmaster

T = TypeVar("T")
_GROWTH_CLIENTS = 16
_WARM_UP_S = 2.0


@dataclass(frozen=True, slots=True)
class Options:
    """What is measured, and for how long."""

    rounds: int
    seconds: float
    clients: list[int]
    sizes: list[int]
    cases: int

    @property
    def compared_size(self) -> int:
        """Where the paths are compared under all clients: the middle one."""
        return self.sizes[len(self.sizes) // 2]

    @property
    def growth_clients(self) -> int:
        """Under how many clients the sizes are compared."""
        return _GROWTH_CLIENTS if _GROWTH_CLIENTS in self.clients else self.clients[-1]


def main() -> None:
    """Measure, and exit with status 1 when nothing could be."""
    given: Mapping[str, object] = vars(_arguments().parse_args())
    options = Options(
        rounds=int(str(given["rounds"])),
        seconds=float(str(given["seconds"])),
        clients=_numbers(given["clients"]),
        sizes=sorted(_numbers(given["sizes"])),
        cases=int(str(given["cases"])),
    )
    with bench_server() as server:
        findings = asyncio.run(_bench(options, server))
    report.write(findings, given)
    if not findings.measurements:
        sys.exit(1)


async def _bench(options: Options, server: DatabaseAddresses) -> report.Findings:
    findings = report.Findings({}, options.growth_clients, options.compared_size)
    async with AsyncExitStack() as stack:
        databases = await money_databases(server, options.sizes)
        sized = zip(options.sizes, databases, strict=True)
        tills = [await _opened(size, addresses, options, stack, findings) for size, addresses in sized]
        findings.versions = await _versions(tills[0].connection)
        await _start(tills, stack, findings)
        await _check(tills[0], tills, findings)
        yardstick = await _yardstick(server, findings)
        for number in range(options.rounds):
            for till in tills:
                await forget(till.connection)
            for till in _rotated(tills, number):
                await _round(till, number, options, yardstick, findings)
        for till in tills:
            await forget(till.connection)
    return findings


async def _opened(
    size: int, addresses: DatabaseAddresses, options: Options, stack: AsyncExitStack, findings: report.Findings
) -> Till:
    connection = await asyncpg.connect(addresses.owner_url)
    stack.push_async_callback(connection.close)
    await prepare(connection)
    findings.holdings[size] = await holdings(connection)
    found = await subjects(connection, options.cases)
    findings.cases[size] = len({one["case_id"] for one in found})
    return Till(size, addresses, connection, found)


async def _start(tills: Sequence[Till], stack: AsyncExitStack, findings: report.Findings) -> None:
    """Every server and driver that can be started here; of the others a line says why not."""
    objects = EmbeddedObjectStore(BENCH_DIR)
    store = asdict(objects.start())

    async def start(till: Till) -> None:
        for path in PATHS:
            try:
                if path == "api":
                    await start_api(till, store, stack)
                await start_driver(till, path, stack)
            except ServerFailedError as error:
                findings.say(f"{path} over {till.size:,} payments is left out: {error}")

    try:
        await asyncio.gather(*map(start, tills))
    finally:
        objects.stop()  # our servers wanted to see it; nothing that is measured touches it


async def _check(first: Till, tills: Sequence[Till], findings: report.Findings) -> None:
    """Paths that leave other rows than our API does go, from all databases."""
    async with AsyncExitStack() as stack:
        paths = {path: await stack.enter_async_context(opened(first.setting(path))) for path in first.drivers}
        different = await differences(paths, turns(first.subjects), first.connection)
    for path, difference in different.items():
        findings.say(f"{path} is left out, it leaves other rows: {difference}")
        for till in tills:
            till.drivers.pop(path, None)


async def _yardstick(server: DatabaseAddresses, findings: report.Findings) -> DatabaseAddresses | None:
    try:
        return await yardstick_database(server)
    except (YardstickError, OSError) as error:
        findings.say(f"{YARDSTICK} is left out: {error}")
        return None


async def _round(
    till: Till, number: int, options: Options, yardstick: DatabaseAddresses | None, findings: report.Findings
) -> None:
    """Every path in turn under each load, in another order each round.

    First all are warmed up: the vacuum before a round makes every connection plan its statements anew.
    """
    for path in list(till.drivers):
        await _measure(till, path, Job(_GROWTH_CLIENTS, _WARM_UP_S), -1, findings)
    is_compared = till.size == options.compared_size
    for clients in options.clients if is_compared else [options.growth_clients]:
        job = Job(clients, options.seconds)
        for path in _rotated([*till.drivers, *([YARDSTICK] if is_compared and yardstick else [])], number):
            if path != YARDSTICK:
                await _measure(till, path, job, number, findings)
            elif yardstick is not None:
                await _take(yardstick, till.size, job, number, findings)


async def _measure(till: Till, path: str, job: Job, number: int, findings: report.Findings) -> None:
    """One measurement; one in which anything failed is named and left out. A number below 0 only warms up."""
    driver = till.drivers.get(path)
    if driver is None:
        return
    before, database_before = cpu_seconds(driver.paying_pid), cpu_seconds(postmaster(CLUSTER))
    try:
        counted = await driver.run(job)
    except ServerFailedError as error:
        findings.say(f"{path} over {till.size:,} payments is left out from here: {error}")
        del till.drivers[path]
        return
    cpu = cpu_seconds(driver.paying_pid) - before
    database_cpu = cpu_seconds(postmaster(CLUSTER)) - database_before
    load = counted.load
    if load.errors or not load.requests:
        findings.say(
            f"{path} over {till.size:,} payments under {job.clients} clients failed {load.errors} times beside"
            f" {load.requests} payments, and this measurement is left out: {counted.first_error or 'none came to its end'}"
        )
    elif number >= 0:
        place = Place(till.size, job.clients, path)
        cpus = (1000 * cpu / load.requests, 1000 * database_cpu / load.requests)
        findings.measurements.append(Measurement(place, number, load, counted.steps, *cpus))
        report.show(findings.measurements[-1])


async def _take(database: DatabaseAddresses, size: int, job: Job, number: int, findings: report.Findings) -> None:
    before = cpu_seconds(postmaster(CLUSTER))
    try:
        load = await take(database, job.clients, job.seconds)
    except (YardstickError, OSError) as error:
        findings.say(f"{YARDSTICK} under {job.clients} clients is left out: {error}")
        return
    database_cpu = 1000 * (cpu_seconds(postmaster(CLUSTER)) - before) / load.requests
    findings.measurements.append(Measurement(Place(size, job.clients, YARDSTICK), number, load, {}, 0.0, database_cpu))
    report.show(findings.measurements[-1])


async def _versions(connection: asyncpg.Connection) -> Mapping[str, str]:
    packages = ("aiohttp", "asyncpg", "strawberry-graphql", "tortoise-orm", "uvloop")
    python = ".".join(map(str, sys.version_info[:3]))
    database = str(await connection.fetchval("show server_version"))
    return {"Python": python, "PostgreSQL": database, **{name: version(name) for name in packages}}


def _rotated(turn: Sequence[T], number: int) -> Iterator[T]:
    first = number % max(1, len(turn))
    yield from [*turn[first:], *turn[:first]]


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench-money", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--clients", default="1,16,64")
    parser.add_argument("--sizes", default="10000,100000,1000000", help="payments in the database")
    parser.add_argument("--cases", type=int, default=1000, help="how many cases are paid for, at most")
    return parser


def _numbers(text: object) -> list[int]:
    return [int(part) for part in str(text).replace(",", " ").split()]


if __name__ == "__main__":
    main()
