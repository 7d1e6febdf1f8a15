"""A process that pays: so many clients for so long by one path, each payment by payment, counted and timed.

The first line on stdin says by which path and what for (`Setting`), every further one is a `Job`; each is answered by a line of
JSON on stdout (`Counted`), the first by an empty object once the path is open. It ends with its stdin.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass, field
from itertools import cycle

import asyncpg
import uvloop

from reintegration.commands.loading import loading
from reintegration.kernel.actor import Actor
from reintegration.kernel.errors import DomainError
from tests.benchmarks.load import BrokenAnswerError
from tests.benchmarks.measures import Load, percentile
from tests.benchmarks.money.by_api import Api
from tests.benchmarks.money.by_functions import Functions
from tests.benchmarks.money.by_use_cases import UseCases
from tests.benchmarks.money.work import Path, Payer, RefusedError, Step, Subject, actors_of, fresh

_MS = 1_000_000
_EXPECTED = (RefusedError, BrokenAnswerError, DomainError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
"""What a step that fails raises; it is counted, and the payment is given up."""

Cycle = Iterator[tuple[Subject, Mapping[Step, Actor]]]


@dataclass(frozen=True, slots=True)
class Setting:
    """The path by its name, the database, where our API listens and with which headers, and what payments are for."""

    path: str
    database_url: str
    url: str
    headers: Mapping[str, Mapping[str, str]]
    subjects: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Job:
    """So many clients for so long."""

    clients: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Counted:
    """What one job did: `load.requests` are payments, each from draft to release. Steps are medians in milliseconds."""

    load: Load
    steps: Mapping[str, float]
    first_error: str = ""


@dataclass(slots=True)
class _Tally:
    latencies: list[int] = field(default_factory=list)
    steps: dict[Step, list[int]] = field(default_factory=lambda: {step: [] for step in Step})
    errors: int = 0
    first_error: str = ""


async def pay(path: Path, subjects: Cycle, job: Job) -> Counted:
    """Pay for as long as the job says; payments under way are brought to their end, and the time is taken until then."""
    tally = _Tally()
    async with path.payers(job.clients) as payers:
        started = time.perf_counter_ns()
        until = started + int(job.seconds * 1000 * _MS)
        await asyncio.gather(*(_client(payer, subjects, until, tally) for payer in payers))
        seconds = (time.perf_counter_ns() - started) / (1000 * _MS)
    latencies = sorted(one / _MS for one in tally.latencies) or [0.0]
    load = Load(len(tally.latencies), tally.errors, seconds, percentile(latencies, 0.5), percentile(latencies, 0.99))
    steps = {step.value: percentile(sorted(one / _MS for one in took), 0.5) for step, took in tally.steps.items() if took}
    return Counted(load, steps, tally.first_error)


async def _client(payer: Payer, subjects: Cycle, until_ns: int, tally: _Tally) -> None:
    now = time.perf_counter_ns()
    while now < until_ns:
        payment = fresh(*next(subjects))
        started = now
        try:
            for step in Step:
                before = now
                await payer.take(step, payment)
                now = time.perf_counter_ns()
                tally.steps[step].append(now - before)
        except _EXPECTED as error:
            tally.errors += 1
            tally.first_error = tally.first_error or f"{type(error).__name__}: {error}"[:500]
            await asyncio.sleep(0.01)  # a path that refuses at once doesn't spin
            now = time.perf_counter_ns()
        else:
            tally.latencies.append(now - started)


def opened(setting: Setting) -> AbstractAsyncContextManager[Path]:
    """The path of a setting.

    Raises:
        ValueError: there is none of this name.
    """
    match setting.path:
        case "api":
            return Api.open(setting.url, setting.headers)
        case "use_cases":
            return UseCases.open(setting.database_url)
        case "functions":
            return Functions.open(setting.database_url)
        case _:
            raise ValueError(f"no path is called {setting.path}")


def turns(told: Sequence[Mapping[str, str]]) -> Cycle:
    """The subjects in turn, for ever."""
    read = [Subject.read(one) for one in told]
    return cycle([(subject, actors_of(subject)) for subject in read])


def main() -> None:
    """Between two jobs nothing runs here."""
    with loading():  # the garbage collector as `serve` has it; the modules are loaded already
        pass
    setting = Setting(**json.loads(sys.stdin.readline()))
    subjects = turns(setting.subjects)
    with asyncio.Runner(loop_factory=uvloop.Loop) as runner:
        path = opened(setting)
        entered = runner.run(path.__aenter__())
        _answer({})
        for line in sys.stdin:
            _answer(asdict(runner.run(pay(entered, subjects, Job(**json.loads(line))))))
        runner.run(path.__aexit__(None, None, None))


def _answer(document: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
