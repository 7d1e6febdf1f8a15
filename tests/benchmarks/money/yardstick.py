"""The yardstick: pgbench's TPC-B-like transaction on the same server, by the pgbench that comes with it."""

import asyncio
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import asyncpg

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.embedded_binaries import clean_environment
from reintegration.progress import progress
from tests.benchmarks.database import BENCH_DIR
from tests.benchmarks.measures import Load, percentile
from tests.benchmarks.processes import last_line

SCALE: Final = 64
"""As many branches as the most clients: with fewer, clients would wait for each other's branch."""
FOLDER: Final = BENCH_DIR / "postgresql"
_LOGS: Final = BENCH_DIR / "logs"
_RATE: Final = re.compile(r"^tps = ([0-9.]+) ", re.MULTILINE)
_LONGEST_S: Final = 600.0


class YardstickError(Exception):
    """The yardstick can't be taken; the message says why in a line."""


async def yardstick_database(server: DatabaseAddresses, scale: int = SCALE, folder: Path = FOLDER) -> DatabaseAddresses:
    """The database with pgbench's tables; made unless it is there. `folder` is where the server's programs are.

    Raises:
        YardstickError: there is no pgbench, or it failed.
    """
    name = f"yardstick_{scale}"
    connection = await asyncpg.connect(server.owner_url)
    try:
        if await connection.fetchval("select exists (select from pg_database where datname = $1)", name):
            return server.of(name)
        with progress(f"Loading pgbench's tables at scale {scale}"):
            await connection.execute(f'drop database if exists "{name}_unfinished" (force)')
            await connection.execute(f'create database "{name}_unfinished"')
            await _pgbench(server.of(f"{name}_unfinished"), ["-i", "-q", "-I", "dtGvp", "-s", str(scale)], folder)
            await connection.execute(f'alter database "{name}_unfinished" rename to "{name}"')
    finally:
        await connection.close()
    return server.of(name)


async def take(database: DatabaseAddresses, clients: int, seconds: float, folder: Path = FOLDER) -> Load:
    """So many clients for so long (whole seconds); `requests` are transactions.

    Raises:
        YardstickError: it failed.
    """
    whole = max(1, round(seconds))
    _LOGS.mkdir(parents=True, exist_ok=True)
    prefix = _LOGS / f"pgbench_transactions_{os.getpid()}"
    threads = min(clients, os.cpu_count() or 1)
    arguments = ["-n", "-M", "prepared", "-c", str(clients), "-j", str(threads), "-T", str(whole)]
    try:
        said = await _pgbench(database, [*arguments, "-l", f"--log-prefix={prefix}"], folder)
        latencies = sorted(_latencies(prefix))
    finally:
        for file in _LOGS.glob(f"{prefix.name}*"):
            file.unlink()
    rate = _RATE.search(said)
    if rate is None or not latencies:
        raise YardstickError("pgbench did not say how many transactions it made")
    requests = len(latencies)
    return Load(requests, 0, requests / float(rate[1]), percentile(latencies, 0.5), percentile(latencies, 0.99))


def _latencies(prefix: Path) -> list[float]:
    """Milliseconds of each transaction: the third column of pgbench's logs, in microseconds."""
    lines = [line for file in prefix.parent.glob(f"{prefix.name}*") for line in file.read_text().splitlines()]
    return [int(line.split()[2]) / 1000 for line in lines]


async def _pgbench(database: DatabaseAddresses, arguments: list[str], folder: Path) -> str:
    own = folder / "server" / "bin" / "pgbench"
    program = str(own) if own.exists() else shutil.which("pgbench")
    if program is None:
        raise YardstickError("this PostgreSQL comes without pgbench, and there is none on the PATH")
    _LOGS.mkdir(parents=True, exist_ok=True)
    log = _LOGS / f"pgbench_{os.getpid()}.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            program,
            *arguments,
            env={**clean_environment(folder), **_where(database)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        try:
            async with asyncio.timeout(_LONGEST_S):
                status = await process.wait()
        except BaseException as error:
            process.kill()
            await process.wait()
            if isinstance(error, TimeoutError):
                raise YardstickError("pgbench did not end") from None
            raise
    said, last = log.read_text(errors="replace"), last_line(log)
    log.unlink()
    if status != 0:
        raise YardstickError(f"pgbench ended with status {status}: {last}")
    return said


def _where(database: DatabaseAddresses) -> Mapping[str, str]:
    """In the environment, where a password is not seen by everybody."""
    parts = urlsplit(database.owner_url)
    return {
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": parts.username or "",
        "PGPASSWORD": parts.password or "",
        "PGDATABASE": parts.path.lstrip("/"),
    }
