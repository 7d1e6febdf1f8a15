"""`reintegration serve` as a process: everything embedded, loopback alone, and nothing left when it is told to stop or killed."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path

import aiohttp
import pytest

from reintegration.database.embedded import EmbeddedPostgres
from reintegration.storage.embedded import EmbeddedObjectStore

ROOT = Path(__file__).parents[2]
_START_S = 120.0
_STOP_S = 60.0


@asynccontextmanager
async def served(data_dir: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, dict[str, str]]]:
    """The process and the addresses that it printed, by name."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src"), "REINTEGRATION_DATA_DIR": str(data_dir)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "reintegration", "serve", env=environment, stdout=asyncio.subprocess.PIPE, start_new_session=True
    )
    try:
        assert process.stdout is not None
        printed: dict[str, str] = {}
        async with asyncio.timeout(_START_S):
            while "Readiness" not in printed:
                name, _, address = (await process.stdout.readline()).decode().partition(" ")
                assert name, "serve ended before it served"
                printed[name] = address.strip()
        yield process, printed
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        EmbeddedPostgres(data_dir).stop()
        EmbeddedObjectStore(data_dir).stop()


def processes_of(data_dir: Path) -> dict[int, str]:
    """What runs for this data folder: its servers name it, and the worker has it in its environment."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            told = b"\n".join((folder / name).read_bytes() for name in ("cmdline", "environ"))
            status = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if str(data_dir).encode() in told and status != "Z":
            found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


def listening_addresses(processes: dict[int, str]) -> set[str]:
    """Where these processes listen, from the kernel's tables."""
    sockets = set()
    for pid in processes:
        for link in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                sockets.add(str(link.readlink()))
            except OSError:
                continue
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            parts = line.split()
            if parts[3] == "0A" and f"socket:[{parts[9]}]" in sockets:
                raw = bytes.fromhex(parts[1].partition(":")[0])
                words = [raw[index : index + 4][::-1] for index in range(0, len(raw), 4)]
                found.add(str(ip_address(b"".join(words))))
    return found


async def _worker(data_dir: Path, other_than: int | None = None) -> int:
    """The worker's process id, once it runs."""
    async with asyncio.timeout(_START_S):
        while True:
            for pid, command in processes_of(data_dir).items():
                if "worker --follow-stdin" in command and pid != other_than:
                    return pid
            await asyncio.sleep(0.1)


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads the kernel's tables, which only Linux has")
async def test_serve_needs_nothing_listens_on_loopback_alone_and_leaves_nothing(tmp_path: Path) -> None:
    async with served(tmp_path) as (process, printed):
        async with aiohttp.ClientSession() as session, session.get(printed["Readiness"]) as response:
            assert response.status == 200
        assert sorted(printed) == ["API", "GraphiQL", "Readiness"]
        killed = await _worker(tmp_path)
        assert listening_addresses(processes_of(tmp_path)) == {"127.0.0.1"}
        os.kill(killed, signal.SIGKILL)
        assert await _worker(tmp_path, other_than=killed)
        os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does
        assert await asyncio.wait_for(process.wait(), _STOP_S) == 0
        assert processes_of(tmp_path) == {}
    async with served(tmp_path) as (process, _):  # finds its data again, and ends as fast while its worker still starts
        started = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), _STOP_S) == 0
        assert time.monotonic() - started < 15
    async with served(tmp_path) as (process, _):
        await _worker(tmp_path)
        process.kill()
        await process.wait()
        async with asyncio.timeout(_STOP_S):  # the worker notices, and as the last user stops the servers
            while processes_of(tmp_path):  # noqa: ASYNC110 - other processes decide
                await asyncio.sleep(0.1)
