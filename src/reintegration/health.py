"""What a load balancer and an operator ask: is the process alive, can it do its work, and how does it do."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson
import structlog
from aiohttp import web

from reintegration.audit.invariants import last_check
from reintegration.database.migrate import pending
from reintegration.kernel.actor import Actor, Role
from reintegration.resources import Stores
from reintegration.telemetry import Metrics

CHECK_TIMEOUT_S = 3.0
"""How long one check of readiness may take; the three run side by side."""

_METRICS_ACTOR = Actor(id="metrics", role=Role.SYSTEM)
_JOBS = "select status, count(*) as jobs from export_jobs where status <> 'sealed' group by status"
_JOB_STATUSES = ("queued", "running", "failed")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Counted:
    """What a scrape asks the database: jobs by status, violations by invariant."""

    jobs: dict[str, int]
    violations: dict[str, int]


class _Check:
    """One check of readiness. Who asks while it runs waits for the same run: a dead server is not asked a hundred times."""

    def __init__(self, name: str, run: Callable[[], Awaitable[str]]) -> None:
        self.name = name
        self._run = run
        self._running: asyncio.Task[str] | None = None

    async def result(self) -> str:
        """What is wrong in a word or two, or `ok`; reasons go to the log, addresses nowhere."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._safely())
        done, _ = await asyncio.wait({self._running}, timeout=CHECK_TIMEOUT_S)
        return self._running.result() if done else "no answer in time"

    async def close(self) -> None:
        """End a run that is under way."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def _safely(self) -> str:
        try:
            return await self._run()
        except Exception as error:  # noqa: BLE001 - asyncpg has odd errors for lost connections, and none of them is ready
            _log.warning("not ready", check=self.name, error=type(error).__name__)
            return "unreachable"


class Health:
    """The handlers of `/healthz`, `/readyz` and `/metrics`."""

    def __init__(self, stores: Stores, metrics: Metrics) -> None:
        self._stores = stores
        self._metrics = metrics
        self._counting: asyncio.Task[_Counted | None] | None = None
        self._checks = (
            _Check("database", self._database),
            _Check("migrations", self._migrations),
            _Check("object_store", self._object_store),
        )

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [web.get("/healthz", self.healthz), web.get("/readyz", self.readyz), web.get("/metrics", self.metrics)]

    async def close(self) -> None:
        """End checks that are under way."""
        for check in self._checks:
            await check.close()
        if self._counting is not None:
            self._counting.cancel()
            await asyncio.gather(self._counting, return_exceptions=True)

    async def healthz(self, _request: web.Request) -> web.Response:
        """The process is alive; nothing else is asked, for a restart would not mend it."""
        return _json({"status": "alive"}, 200)

    async def readyz(self, _request: web.Request) -> web.Response:
        """Whether the database, its migrations and the object store are as they must be; 503 when one isn't."""
        found = await asyncio.gather(*(check.result() for check in self._checks))
        checks = dict(zip((check.name for check in self._checks), found, strict=True))
        is_ready = set(checks.values()) == {"ok"}
        return _json({"status": "ready" if is_ready else "not ready", "checks": checks}, 200 if is_ready else 503)

    async def metrics(self, _request: web.Request) -> web.Response:
        """Prometheus' text format. Who asks while jobs are counted waits for the same count: anybody may ask."""
        pool = self._stores.pool
        idle = pool.get_idle_size()
        reading, resting = self._stores.reader.counts()
        self._metrics.set_connections(in_use=pool.get_size() - idle + reading, idle=idle + resting)
        counted = await self._counted()
        self._metrics.set_jobs(None if counted is None else counted.jobs)
        self._metrics.set_invariants({} if counted is None else counted.violations)
        return web.Response(
            body=self._metrics.text(),
            headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8", "Cache-Control": "no-store"},
        )

    async def _database(self) -> str:
        async with self._stores.pool.acquire(timeout=CHECK_TIMEOUT_S) as connection:
            await connection.fetchval("select 1", timeout=CHECK_TIMEOUT_S)
        return "ok"

    async def _migrations(self) -> str:
        async with self._stores.pool.acquire(timeout=CHECK_TIMEOUT_S) as connection:
            waiting = await pending(connection)
        return f"{len(waiting)} pending" if waiting else "ok"

    async def _object_store(self) -> str:
        await self._stores.object_store.ping()
        return "ok"

    async def _counted(self) -> _Counted | None:
        """The count that is under way, or a new one; who goes away doesn't end it for the others."""
        if self._counting is None or self._counting.done():
            self._counting = asyncio.create_task(self._count())
        return await asyncio.shield(self._counting)

    async def _count(self) -> _Counted | None:
        """Jobs that are not sealed, and how the invariants stood; None when the database can't be asked in time."""
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_S), self._stores.unit_of_work.read(_METRICS_ACTOR) as transaction:
                rows = await transaction.fetch(_JOBS)
                check = await last_check(transaction)
        except Exception as error:  # noqa: BLE001 - as above; the other metrics are still worth telling
            _log.warning("jobs could not be counted", error=type(error).__name__)
            return None
        violations = {} if check is None else {finding.name: finding.violations for finding in check.findings}
        return _Counted(dict.fromkeys(_JOB_STATUSES, 0) | {row["status"]: row["jobs"] for row in rows}, violations)


def _json(document: object, status: int) -> web.Response:
    return web.Response(
        body=orjson.dumps(document), status=status, content_type="application/json", headers={"Cache-Control": "no-store"}
    )
