"""How the cost of a compiled read grows with what is asked, what a new document costs, and how much memory many leave behind.

python -m tests.benchmarks.growth            (the tables are put into README.md by hand: it is run when the compiler changes)
"""

import asyncio
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import orjson
import typer
from aiohttp.test_utils import make_mocked_request

from reintegration.api.compile.reads import CompiledReads
from reintegration.api.compile.sources import LeftError
from reintegration.api.context import ApiContext
from reintegration.api.schema import build_schema
from reintegration.app import OPERATIONS
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.snapshot import SnapshotReader
from reintegration.kernel.actor import Actor, Role
from reintegration.models import register_models
from tests.benchmarks.canonical import leaves
from tests.benchmarks.caseload import BIG_OFFICE
from tests.benchmarks.database import bench_database

NESTED = (Path(__file__).parent / "operations" / "nested.graphql").read_text(encoding="utf-8")
ROWS = (1, 2, 5, 10, 25, 50, 100)
_REPEATS = 60


async def growth(addresses: DatabaseAddresses, who: Actor) -> None:
    """Time of the nested page by its size, and of each value in it."""
    typer.echo("rows  values  ms (median)  µs a value")
    async with SnapshotReader(addresses.application_url, max_connections=1) as reader:
        reads = CompiledReads(build_schema(), reader)
        context = ApiContext(make_mocked_request("POST", "/graphql"), None, None, who)  # type: ignore[arg-type] # nothing is written or signed
        for rows in ROWS:
            text = NESTED.replace("first: 50", f"first: {rows}")
            data = b""
            times = []
            for _ in range(_REPEATS):
                started = time.perf_counter()
                data = (await reads.answer(text, None, {}, context)).data
                times.append(time.perf_counter() - started)
            values, took_s = leaves(orjson.loads(data)), statistics.median(times[5:])
            typer.echo(f"{rows:4d}  {values:6d}  {took_s * 1e3:11.3f}  {took_s * 1e6 / values:10.2f}")


def compiling() -> None:
    """Time from an unknown document to its statement, for each documented query without variables that only a database knows."""
    schema = build_schema()
    reads = CompiledReads(schema, None)  # type: ignore[arg-type] # nothing is read
    who = Actor("programme", Role.FEDASIL_PROGRAMME)
    times = []
    for path in sorted(OPERATIONS.rglob("*.graphql")):
        for number in range(5):
            new = f"{path.read_text(encoding='utf-8')}\n# {number}"
            try:
                plan = reads.plan(new, None, who.role)  # parsed and validated here
                started = time.perf_counter()
                plan.statement(who, plan.variables.read({}))
            except LeftError:
                continue
            times.append(time.perf_counter() - started)
    typer.echo(
        f"compile: median {statistics.median(times) * 1e3:.2f} ms, largest {max(times) * 1e3:.2f} ms, {len(times)} documents"
    )


def memory(who: Actor, documents: int) -> Iterator[tuple[int, int]]:
    """Resident memory in KiB after many different documents."""
    schema = build_schema()
    reads = CompiledReads(schema, None)  # type: ignore[arg-type] # nothing is read
    for number in range(documents + 1):
        plan = reads.plan(f"{{ a{number}: cases(first: 1) {{ edges {{ node {{ id deadline }} }} }} }}", None, who.role)
        plan.statement(who, plan.variables.read({}))
        if number in {2_000, documents // 2, documents}:
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            yield number, pages * 4


async def _measure(addresses: DatabaseAddresses) -> Actor:
    await register_models()
    owner = await asyncpg.connect(addresses.owner_url)
    office = await owner.fetchval("select id from field_offices where code = $1", BIG_OFFICE)
    await owner.close()
    who = Actor("officer", Role.FIELD_OFFICER, frozenset({office}))
    await growth(addresses, who)
    return who


def main(cases: int = 100_000, documents: int = 100_000) -> None:
    """Measure all three."""
    with bench_database(cases) as addresses:
        who = asyncio.run(_measure(addresses))
    compiling()
    for number, kib in memory(who, documents):
        typer.echo(f"{number:7,} documents: {kib:,} KiB")


if __name__ == "__main__":
    typer.run(main)
