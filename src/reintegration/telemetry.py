"""What the server tells its operator: metrics of bounded size, and logs without a person, a document or a token in them."""

import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Final, TextIO

import orjson
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

OTHER: Final = "other"
"""The operation of everything that isn't one of ours."""

_LATENCY_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_COST: Final = (10, 100, 1_000, 10_000, 100_000)
_DATABASE_FACTS: Final = ("sqlstate", "constraint_name", "table_name")
_DEEPEST_TRACEBACK: Final = 30


class Metrics:
    """The metrics of one application. A label is a word from a closed list: an operation of ours, an outcome, a route."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "reintegration_requests",
            "Requests answered, by operation and outcome.",
            ("operation", "outcome"),
            registry=self._registry,
        )
        self._latency = Histogram(
            "reintegration_request_duration_seconds",
            "Time from a request's head to the end of its answer.",
            ("operation",),
            buckets=_LATENCY_S,
            registry=self._registry,
        )
        self._ways = Counter(
            "reintegration_answers",
            'Operations by the way they were answered: "compiled", or why they were left to resolvers.',
            ("way",),
            registry=self._registry,
        )
        self._cost = Histogram(
            "reintegration_operation_cost", "Computed cost of operations.", buckets=_COST, registry=self._registry
        )
        self._connections = Gauge(
            "reintegration_database_connections", "Connections of the pool, by state.", ("state",), registry=self._registry
        )
        self._jobs = Gauge("reintegration_jobs", "Export jobs, by status.", ("status",), registry=self._registry)
        self._invariants = Gauge(
            "reintegration_invariant_violations",
            "Records that break an invariant, as the last look found it.",
            ("invariant",),
            registry=self._registry,
        )
        self._scrape_failures = Counter(
            "reintegration_scrape_failures", "Scrapes that could not ask the database.", registry=self._registry
        )

    def count_request(self, operation: str, outcome: str, duration_s: float) -> None:
        """A request has been answered."""
        self._requests.labels(operation, outcome).inc()
        self._latency.labels(operation).observe(duration_s)

    def count_way(self, way: str) -> None:
        """An operation was answered by a compiled statement, or left to resolvers for a reason."""
        self._ways.labels(way).inc()

    def count_cost(self, cost: int) -> None:
        """An operation was weighed."""
        self._cost.observe(cost)

    def set_connections(self, *, in_use: int, idle: int) -> None:
        """How the pool stands at this moment."""
        self._connections.labels("in_use").set(in_use)
        self._connections.labels("idle").set(idle)

    def set_jobs(self, jobs: Mapping[str, int] | None) -> None:
        """How many jobs have each status; None when nobody could tell, and then no old number stands there."""
        self._jobs.clear()
        for status, count in (jobs or {}).items():
            self._jobs.labels(status).set(count)
        if jobs is None:
            self._scrape_failures.inc()

    def set_invariants(self, violations: Mapping[str, int]) -> None:
        """How many records break each invariant; empty where nobody has looked, or nobody could tell."""
        self._invariants.clear()
        for name, count in violations.items():
            self._invariants.labels(name).set(count)

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self._registry)


def configure_logging(*, is_production: bool) -> None:
    """Send structlog and the standard library to stderr: JSON lines in production, readable lines elsewhere."""
    shared: list[structlog.types.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    ending: list[structlog.types.Processor] = (
        [_describe_exception, structlog.processors.JSONRenderer(serializer=_json)]
        if is_production
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)]
    )
    if is_production:  # straight to the line: a request should not pay for the standard library's records
        structlog.configure(
            processors=[*shared, *ending],
            logger_factory=lambda *_: _Lines(),
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
            cache_logger_on_first_use=True,
        )
    else:
        structlog.configure(
            processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
            logger_factory=structlog.stdlib.LoggerFactory(),
            wrapper_class=structlog.stdlib.BoundLogger,
            cache_logger_on_first_use=False,  # a terminal of a person and a test may be set up anew
        )
    handler = _CurrentStderr()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("reintegration").setLevel(logging.INFO)


def _json(line: object, **options: object) -> str:
    """A line of the log; what JSON doesn't know is written as structlog would."""
    return orjson.dumps(line, default=options.get("default")).decode()  # type: ignore[arg-type] # structlog's own


class _Lines:
    """Writes lines to what is stderr at that moment."""

    def write(self, line: str) -> None:
        """Write one, in one piece."""
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    debug = info = warning = error = critical = write


class _CurrentStderr(logging.StreamHandler[TextIO]):
    """Writes to what is stderr at that moment: while a bar is shown, that is the bar's own, which puts lines above it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # an attribute of the library's class
        return sys.stderr


def _describe_exception(_logger: object, _method: str, event: MutableMapping[str, object]) -> MutableMapping[str, object]:
    """Say where an exception came from and of what kind it is; its text may quote a row, and with it a person."""
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    chain: list[dict[str, object]] = []
    while isinstance(error, BaseException) and len(chain) < _DEEPEST_TRACEBACK:
        frames = traceback.extract_tb(error.__traceback__)[-_DEEPEST_TRACEBACK:]
        facts = {name: value for name in _DATABASE_FACTS if isinstance(value := getattr(error, name, None), str)}
        chain.append(
            {
                "type": f"{type(error).__module__}.{type(error).__qualname__}",
                "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
                **facts,
            }
        )
        error = error.__cause__ or error.__context__
    return {**event, "exception": chain} if chain else event
