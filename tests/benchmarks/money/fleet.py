"""The databases that are paid into, with our server over each and a process that pays for each path."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

import asyncpg

from reintegration.database.embedded import DatabaseAddresses
from tests.benchmarks.database import BENCH_DIR
from tests.benchmarks.measures import Load
from tests.benchmarks.money.driver import Counted, Job, Setting
from tests.benchmarks.money.work import people_of
from tests.benchmarks.processes import Running, ServerFailedError, python_command, server, started
from tests.benchmarks.servers.protocol import Place

DOCUMENTS: Final = Path(__file__).with_name("operations")
PATHS: Final = ("api", "use_cases", "functions")
_SPARE_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Driver:
    """A process that pays into one database by one path, and the one whose CPU that costs."""

    path: str
    process: asyncio.subprocess.Process
    paying_pid: int

    async def run(self, job: Job) -> Counted:
        """Pay.

        Raises:
            ServerFailedError: the process has ended, or doesn't answer.
        """
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None or stdout is None:
            raise AssertionError("it is started with pipes")
        with suppress(ConnectionError):
            stdin.write(json.dumps(asdict(job)).encode() + b"\n")
            await stdin.drain()
        try:
            async with asyncio.timeout(job.seconds + _SPARE_S):
                line = await stdout.readline()
        except TimeoutError:
            raise ServerFailedError(f"{self.path} did not come to an end") from None
        if not line:
            raise ServerFailedError(f"the process that pays by {self.path} has ended")
        told = json.loads(line)
        return Counted(Load(**told["load"]), told["steps"], told["first_error"])


@dataclass(slots=True)
class Till:
    """One database: its owner's connection, what is paid for, and the drivers that work."""

    size: int
    addresses: DatabaseAddresses
    connection: asyncpg.Connection
    subjects: Sequence[Mapping[str, str]]
    drivers: dict[str, Driver] = field(default_factory=dict)
    running: Running | None = None

    def setting(self, path: str) -> Setting:
        """What a driver is told."""
        url, headers = (self.running.url, self.running.headers) if self.running else ("", {})
        return Setting(path, self.addresses.application_url, url, headers, self.subjects)


async def start_api(till: Till, objects: Mapping[str, str], stack: AsyncExitStack) -> None:
    """Our server over this database, in production.

    Raises:
        ServerFailedError: it can't.
    """
    place = Place(
        till.addresses.application_url,
        till.addresses.owner_url,
        objects,
        {},
        str(BENCH_DIR),
        is_compiled=True,
        people=people_of(till.subjects),
        operations=str(DOCUMENTS),
    )
    command = python_command("tests.benchmarks.servers.ours")
    till.running = await stack.enter_async_context(server(f"money-api-{till.size}", command, place, {}))


async def start_driver(till: Till, path: str, stack: AsyncExitStack) -> None:
    """A process that pays by this path.

    Raises:
        ServerFailedError: it can't.
    """
    command = python_command("tests.benchmarks.money.driver")
    name = f"money-{path}-{till.size}"
    process, _ = await stack.enter_async_context(started(name, command, asdict(till.setting(path)), {}))
    paying = till.running.pid if path == "api" and till.running else process.pid
    till.drivers[path] = Driver(path, process, paying)
