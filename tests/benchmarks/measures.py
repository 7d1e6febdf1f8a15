"""Numbers out of measurements: percentiles, medians over rounds, and medians of ratios taken round by round."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Load:
    """What the load generator counted in one measurement."""

    requests: int
    errors: int
    seconds: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """One server under one load in one round. CPU is in milliseconds a request, of the server and of the database."""

    operation: str
    server: str
    connections: int
    load: Load
    cpu_ms: float
    database_cpu_ms: float
    memory_mib: float

    @property
    def requests_per_s(self) -> float:
        """Answers a second."""
        return self.load.requests / self.load.seconds


@dataclass(frozen=True, slots=True)
class Result:
    """The medians of a server over all rounds."""

    operation: str
    server: str
    connections: int
    requests_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    database_cpu_ms: float
    memory_mib: float


Key = tuple[str, str, int]


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the ordered values don't exceed (nearest rank)."""
    if not ordered:
        raise ValueError("no values")
    rank = -(-len(ordered) * share // 1)
    return ordered[max(0, int(rank) - 1)]


def results(measurements: Iterable[Measurement]) -> list[Result]:
    """The medians of each operation, server and number of connections, in the order of their first measurement."""
    return [
        Result(
            *key,
            median(one.requests_per_s for one in rounds),
            median(one.load.p50_ms for one in rounds),
            median(one.load.p99_ms for one in rounds),
            median(one.cpu_ms for one in rounds),
            median(one.database_cpu_ms for one in rounds),
            median(one.memory_mib for one in rounds),
        )
        for key, rounds in _by_key(measurements).items()
    ]


def ratio(measurements: Sequence[Measurement], operation: str, connections: int, of: str, to: str) -> float | None:
    """The median over rounds of how many times the answers a second of `to` those of `of` are; None without both."""
    by_key = _by_key(measurements)
    pairs = zip(by_key.get((operation, of, connections), []), by_key.get((operation, to, connections), []), strict=False)
    ratios = [one.requests_per_s / other.requests_per_s for one, other in pairs]
    return median(ratios) if ratios else None


def _by_key(measurements: Iterable[Measurement]) -> Mapping[Key, list[Measurement]]:
    grouped: dict[Key, list[Measurement]] = defaultdict(list)
    for one in measurements:
        grouped[one.operation, one.server, one.connections].append(one)
    return grouped
