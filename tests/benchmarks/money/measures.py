"""Numbers out of measurements: medians over rounds, and medians of ratios taken round by round."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Final

from tests.benchmarks.measures import Load
from tests.benchmarks.money.work import Step

YARDSTICK: Final = "tpc_b"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """What is measured: a path over a database of so many payments under so many clients."""

    size: int
    clients: int
    path: str


@dataclass(frozen=True, slots=True)
class Measurement:
    """One place in one round. CPU is in milliseconds a payment: of the process that pays, and of the database."""

    place: Place
    round: int
    load: Load
    steps: Mapping[str, float]
    cpu_ms: float
    database_cpu_ms: float

    @property
    def payments_per_s(self) -> float:
        """From draft to release; of the yardstick, its transactions."""
        return self.load.requests / self.load.seconds

    @property
    def transactions_per_s(self) -> float:
        """Five of each payment."""
        return self.payments_per_s * (1 if self.place.path == YARDSTICK else len(Step))

    @property
    def whole_cpu_ms(self) -> float:
        """Of both processes."""
        return self.cpu_ms + self.database_cpu_ms


@dataclass(frozen=True, slots=True)
class Result:
    """The medians of a place over all rounds."""

    size: int
    clients: int
    path: str
    payments_per_s: float
    transactions_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    database_cpu_ms: float
    steps: Mapping[str, float]


def results(measurements: Iterable[Measurement]) -> list[Result]:
    """By size, clients and path, in the order of their first measurement."""
    rounds: dict[Place, list[Measurement]] = {}
    for one in measurements:
        rounds.setdefault(one.place, []).append(one)
    return [
        Result(
            place.size,
            place.clients,
            place.path,
            median(one.payments_per_s for one in found),
            median(one.transactions_per_s for one in found),
            median(one.load.p50_ms for one in found),
            median(one.load.p99_ms for one in found),
            median(one.cpu_ms for one in found),
            median(one.database_cpu_ms for one in found),
            {step: median(one.steps[step] for one in found) for step in found[0].steps},
        )
        for place, found in rounds.items()
    ]


def ratio(measurements: Iterable[Measurement], of: Place, to: Place, number: Callable[[Measurement], float]) -> float | None:
    """The median over rounds of how many times the number of `to` that of `of` is; None without a round that has both."""
    numbers: dict[Place, dict[int, float]] = {of: {}, to: {}}
    for one in measurements:
        if one.place in numbers:
            numbers[one.place][one.round] = number(one)
    both = numbers[of].keys() & numbers[to].keys()
    found = [numbers[of][each] / numbers[to][each] for each in sorted(both) if numbers[to][each]]
    return median(found) if found else None
