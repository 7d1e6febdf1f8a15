"""What a run found: lines while it runs, build/bench-money.json, and the tables in README.md."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Final

from tests.benchmarks.money.database import Holdings
from tests.benchmarks.money.measures import YARDSTICK, Measurement, Place, Result, ratio, results
from tests.benchmarks.money.work import Step
from tests.benchmarks.report import BUILD, machine, write_section

NAMES: Final[Mapping[str, str]] = {
    "api": "API over HTTP",
    "use_cases": "use cases in process",
    "functions": "functions in SQL",
    YARDSTICK: "TPC-B-like",
}
_MIB: Final = 1024 * 1024
_LEAST_SHARE: Final = 0.5
_MOST_GROWTH: Final = 1.2


@dataclass(slots=True)
class Findings:
    """What is known so far. `lines` is what is left out and why; `cases` is of how many cases the payments of a size are."""

    versions: Mapping[str, str]
    growth_clients: int
    compared_size: int
    holdings: dict[int, Holdings] = field(default_factory=dict)
    cases: dict[int, int] = field(default_factory=dict)
    measurements: list[Measurement] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        """Keep a line and show it."""
        self.lines.append(line)
        sys.stderr.write(f"bench-money: {line}\n")

    def ratio(self, of: str, to: str, clients: int) -> float | None:
        """Of two paths, in transactions a second."""
        places = (Place(self.compared_size, clients, of), Place(self.compared_size, clients, to))
        return ratio(self.measurements, *places, lambda one: one.transactions_per_s)

    def growth(self, path: str, size: int) -> tuple[float | None, float | None]:
        """How many times what a payment costs in the smallest database it costs in another: time, and CPU."""
        first = Place(min(self.holdings), self.growth_clients, path)
        other = Place(size, self.growth_clients, path)
        return (
            ratio(self.measurements, first, other, lambda one: one.payments_per_s),
            ratio(self.measurements, other, first, lambda one: one.whole_cpu_ms),
        )


def show(one: Measurement) -> None:
    """A line of progress."""
    sys.stderr.write(
        f"{one.round + 1} {one.place.size:9,} {one.place.clients:3} {one.place.path:10} {one.payments_per_s:9.1f}/s"
        f"  p50 {one.load.p50_ms:8.2f} ms  p99 {one.load.p99_ms:8.2f} ms  cpu {one.cpu_ms:6.2f} + {one.database_cpu_ms:6.2f} ms\n"
    )


def write(findings: Findings, arguments: Mapping[str, object]) -> None:
    """Write build/bench-money.json and the tables in README.md."""
    found = results(findings.measurements)
    if not found:
        return
    options = " ".join(f"{name.upper()}={value}" for name, value in arguments.items() if value)
    command = f"make bench-money {options}"
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    BUILD.mkdir(exist_ok=True)
    document = {
        "day": day,
        "command": command,
        "machine": machine(),
        "versions": findings.versions,
        "left_out": findings.lines,
        "databases": {size: asdict(held) | {"paid_cases": findings.cases[size]} for size, held in findings.holdings.items()},
        "compared_size": findings.compared_size,
        "ratios": [
            {"of": of, "to": to, "clients": clients, "ratio": findings.ratio(of, to, clients)}
            for clients in _clients(found)
            for of, to in _PAIRS
        ],
        "growth": [
            dict(zip(("path", "size", "time", "cpu"), (path, size, *findings.growth(path, size)), strict=True))
            for path in _paths(found)
            for size in sorted(findings.holdings)[1:]
        ],
        "results": [asdict(one) for one in found],
        "measurements": [asdict(one) for one in findings.measurements],
    }
    (BUILD / "bench-money.json").write_text(json.dumps(_rounded(document), indent=1) + "\n", encoding="utf-8")
    versions = ", ".join(f"{name} {number}" for name, number in findings.versions.items())
    head = f"{day}, `{command}`, on {machine()}; the load runs on the same machine. {versions}."
    write_section("money", ["", head, *section(findings, found)])


_PAIRS: Final = (
    ("use_cases", "functions"),
    ("api", "functions"),
    ("api", "use_cases"),
    ("functions", YARDSTICK),
    ("use_cases", YARDSTICK),
    ("api", YARDSTICK),
)


def section(findings: Findings, found: Sequence[Result]) -> Iterator[str]:
    """The tables."""
    if findings.lines:
        yield ""
        yield from (f"- {line}" for line in findings.lines)
    yield ""
    yield from _aims(findings, found)
    size = findings.holdings[findings.compared_size].payments
    yield ""
    yield f"Ratios of transactions a second with {size:,} payments in the database, medians over rounds."
    yield ""
    yield from _table(
        ("clients", *(f"{NAMES[of]} / {NAMES[to]}" for of, to in _PAIRS)),
        ((str(clients), *(_ratio(findings.ratio(of, to, clients)) for of, to in _PAIRS)) for clients in _clients(found)),
    )
    if larger := sorted(findings.holdings)[1:]:
        yield ""
        yield f"What a payment costs with more of them in the database, {findings.growth_clients} clients: times the smallest's."
        yield ""
        heads = [f"{what}, {findings.holdings[one].payments:,}" for one in larger for what in ("time", "CPU")]
        yield from _table(
            ("path", *heads),
            ((NAMES[path], *(_ratio(part) for one in larger for part in findings.growth(path, one))) for path in _paths(found)),
        )
    yield ""
    yield "The databases. Each round pays for the same cases in turn, and begins with these rows."
    yield ""
    yield from _table(
        ("payments", "lines", "postings", "log entries", "keys", "MiB", "loaded in s", "cases that are paid for"),
        (
            (
                *(f"{number:,}" for number in (held.payments, held.lines, held.postings, held.log_entries, held.keys)),
                f"{held.bytes // _MIB:,}",
                f"{held.load_seconds:.0f}",
                f"{findings.cases[one]:,}",
            )
            for one, held in sorted(findings.holdings.items())
        ),
    )
    yield ""
    yield (
        "Medians over rounds. CPU is of one payment: the process that pays (our server, or who calls), then the database."
        " The steps are " + ", ".join(step.value for step in Step) + "."
    )
    yield ""
    yield from _table(
        ("payments", "clients", "path", "payments/s", "transactions/s", "p50 ms", "p99 ms", "CPU ms", "steps, p50 ms"),
        (_row(findings, one) for one in sorted(found, key=lambda one: (one.size, one.clients))),
    )


def _aims(findings: Findings, found: Sequence[Result]) -> Iterator[str]:
    """What the project wants to reach, and what was; bold is not reached."""
    paths = [path for path in _paths(found) if path != "functions"]
    clients = findings.growth_clients
    yield "The aims, and what was reached; bold is not reached."
    yield ""
    shares = [findings.ratio(path, "functions", clients) for path in paths]
    rows = [(f"≥ {_LEAST_SHARE} of the functions, {clients} clients", [_marked(one, _LEAST_SHARE, 1) for one in shares])]
    if len(findings.holdings) > 1:
        first, last = findings.holdings[min(findings.holdings)], findings.holdings[max(findings.holdings)]
        for place, what in enumerate(("time", "CPU")):
            grown = [findings.growth(path, max(findings.holdings))[place] for path in paths]
            aim = f"≤ {_MOST_GROWTH} times the {what} from {first.payments:,} to {last.payments:,} payments"
            rows.append((aim, [_marked(one, _MOST_GROWTH, -1) for one in grown]))
    yield from _table(("aim", *(NAMES[path] for path in paths)), ((aim, *cells) for aim, cells in rows))


def _marked(number: float | None, aim: float, sign: int) -> str:
    is_missed = number is not None and sign * number < sign * aim
    return f"**{_ratio(number)}**" if is_missed else _ratio(number)


def _row(findings: Findings, one: Result) -> Sequence[str]:
    is_ours = one.path != YARDSTICK
    return (
        f"{findings.holdings[one.size].payments:,}" if is_ours else "-",
        str(one.clients),
        NAMES[one.path],
        f"{one.payments_per_s:,.1f}" if is_ours else "-",
        f"{one.transactions_per_s:,.0f}",
        f"{one.p50_ms:.1f}",
        f"{one.p99_ms:.1f}",
        f"{one.cpu_ms:.2f} + {one.database_cpu_ms:.2f}" if is_ours else f"{one.database_cpu_ms:.2f}",
        ", ".join(f"{took:.1f}" for took in one.steps.values()) or "-",
    )


def _table(heads: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "".join(" --- |" if head in {"aim", "path"} else " ---: |" for head in heads)
    yield from ("| " + " | ".join(row) + " |" for row in rows)


def _clients(found: Sequence[Result]) -> Sequence[int]:
    return sorted({one.clients for one in found})


def _paths(found: Sequence[Result]) -> Sequence[str]:
    return [path for path in NAMES if path != YARDSTICK and any(one.path == path for one in found)]


def _ratio(number: float | None) -> str:
    return "-" if number is None else f"{number:.2f}"


def _rounded(value: object) -> object:
    match value:
        case float():
            return round(value, 3)
        case dict():
            return {str(name): _rounded(item) for name, item in value.items()}
        case list() | tuple():
            return [_rounded(item) for item in value]
        case _:
            return value
