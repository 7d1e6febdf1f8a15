"""Servers and loads as processes, and what they cost: CPU and memory from /proc."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.benchmarks.load import Job
from tests.benchmarks.measures import Load
from tests.benchmarks.servers.protocol import Place

ROOT = Path(__file__).parents[2]
_TICKS = os.sysconf("SC_CLK_TCK")
_START_TIMEOUT_S = 120.0
_STOP_TIMEOUT_S = 15.0
_SPARE_S = 120.0
_UTIME, _CUTIME = 11, 13
"""Places of CPU times in /proc/<pid>/stat after the command's name."""


class ServerFailedError(Exception):
    """A server didn't start; the message says what it said last."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that listens."""

    pid: int
    url: str
    headers: Mapping[str, Mapping[str, str]]


@asynccontextmanager
async def server(name: str, command: Sequence[str], place: Place, environment: Mapping[str, str]) -> AsyncIterator[Running]:
    """Start a server and stop it.

    Raises:
        ServerFailedError: it ended or never listened.
    """
    async with started(name, command, asdict(place), environment) as (process, line):
        ready = json.loads(line)
        yield Running(process.pid, ready["url"], ready["headers"])


@asynccontextmanager
async def started(
    name: str, command: Sequence[str], told: Mapping[str, object], environment: Mapping[str, str]
) -> AsyncIterator[tuple[asyncio.subprocess.Process, bytes]]:
    """A process that is told something, and the line with which it says that it is ready; it is stopped by the end of its stdin.

    What it says goes to a file under .data/bench/logs.

    Raises:
        ServerFailedError: it ended or never said that it is ready.
    """
    logs = ROOT / ".data" / "bench" / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    file = logs / f"{name}.log"
    with file.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env={**os.environ, **environment}, stdin=-1, stdout=-1, stderr=log
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process, await _ready(process.stdin, process.stdout, name, told, file)
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _STOP_TIMEOUT_S)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _ready(
    stdin: asyncio.StreamWriter, stdout: asyncio.StreamReader, name: str, told: Mapping[str, object], file: Path
) -> bytes:
    try:
        async with asyncio.timeout(_START_TIMEOUT_S):
            stdin.write(json.dumps(told).encode() + b"\n")
            await stdin.drain()
            line = await stdout.readline()
    except TimeoutError:
        raise ServerFailedError(f"{name} did not listen within {_START_TIMEOUT_S:.0f} s") from None
    except ConnectionError:
        line = b""
    if not line:
        raise ServerFailedError(f"{name} did not start: {last_line(file)}")
    return line


async def load(job: Job) -> Load:
    """Run the load generator once."""
    process = await asyncio.create_subprocess_exec(
        _python(), "-m", "tests.benchmarks.load", cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(job.seconds + _SPARE_S):
        output, _ = await process.communicate(json.dumps(asdict(job)).encode())
    if process.returncode != 0:
        raise ServerFailedError(f"the load generator ended with status {process.returncode}")
    return Load(**json.loads(output))


def python_command(module: str) -> list[str]:
    """How a module of ours is run."""
    return [_python(), "-m", module]


def cpu_seconds(pid: int) -> float:
    """CPU that a process, its children and those of its children that have ended have used."""
    return sum(_cpu(one) for one in (pid, *descendants(pid)))


def memory_mib(pid: int) -> float:
    """Memory that a process and its children hold (RSS)."""
    return sum(_resident_kib(one) for one in (pid, *descendants(pid))) / 1024


def postmaster(cluster: Path) -> int:
    """The process whose children are all backends of a cluster."""
    return int((cluster / "postmaster.pid").read_text().split("\n", 1)[0])


def descendants(pid: int) -> list[int]:
    """Children, and theirs."""
    found = []
    for child in _children(pid):
        found += [child, *descendants(child)]
    return found


def _children(pid: int) -> Iterable[int]:
    for task in _entries(Path(f"/proc/{pid}/task")):
        try:
            yield from map(int, (task / "children").read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            continue


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return []


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, fields[_UTIME : _CUTIME + 2])) / _TICKS


def _resident_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)


def last_line(file: Path) -> str:
    """What a process said last."""
    lines = [line for line in file.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def _python() -> str:
    return sys.executable
