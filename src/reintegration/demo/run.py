"""`reintegration demo`: the whole chain on the demo caseload, from departures to sealed reports read back and compared."""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from reintegration.app import open_site
from reintegration.commands.clock import tick
from reintegration.commands.running import StoppedError, run, stoppable
from reintegration.commands.starting import started_places
from reintegration.commands.worker_process import worker_process
from reintegration.commands.working import report_resources
from reintegration.database.transaction import Transaction
from reintegration.demo.comparing import DemoMismatchError, Sealed, compare, rows_of
from reintegration.demo.figures import YEAR_2022, YEAR_2023
from reintegration.demo.loader import demo_cases, load_caseload, load_rates
from reintegration.exports.commands import OrderReport
from reintegration.exports.errors import FailureCode
from reintegration.exports.sealing import verify_sealed
from reintegration.exports.service import order_report
from reintegration.exports.worker import run_worker
from reintegration.identity.development import DevelopmentIssuer
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.ids import new_id
from reintegration.progress import progress
from reintegration.resources import Places, Resources, Stores, open_resources, open_stores
from reintegration.settings import Profile, Settings
from reintegration.telemetry import configure_logging

FINANCE: Final = Actor("finance.demo", Role.FEDASIL_FINANCE)
REPORTS: Final[Mapping[str, Mapping[str, str]]] = {
    "amif_indicators": {"reference_date": "2023-12-31"},
    "payments_ledger": {"from": "2022-01-01", "to": "2024-12-31"},
    "programme_statistics": {"years": "2022,2023"},
}
_OFFICE: Final = "IOM-BR"
_LINK_S: Final = 3600
_POLL_S: Final = 0.2
_TIMEOUT_S: Final = 600.0
Announce = Callable[[str], None]
_log = structlog.get_logger(__name__)


def run_demo(settings: Settings, *, once: bool, announce: Announce = print) -> None:
    """Run the main job; with `once` print its figures as one JSON line and stop, otherwise keep serving until a signal comes.

    Raises:
        DemoMismatchError: a report's figures are not the published ones.
        SealBrokenError: a report was altered while it was read back.
        StoppedError: a signal came before the end of the main job.
        Others as `commands.serving.serve`.
    """
    configure_logging(is_production=settings.profile is Profile.PRODUCTION)
    served = asyncio.Event()
    try:
        with stoppable(), started_places(settings) as places:
            run(_once(settings, places, announce) if once else _serving(settings, places, announce, served))
    except StoppedError:
        if not served.is_set():
            raise
        _log.info("stopped")


async def _once(settings: Settings, places: Places, announce: Announce) -> None:
    async with AsyncExitStack() as stack:
        with progress("Migrating and connecting"):
            stores = await stack.enter_async_context(open_stores(settings, places))
        reports = await main_job(stores)
        announce(json.dumps(await _summary(stores, reports), ensure_ascii=False))


async def _serving(settings: Settings, places: Places, announce: Announce, served: asyncio.Event) -> None:
    async with AsyncExitStack() as stack:
        with progress("Migrating and connecting"):
            resources = await stack.enter_async_context(open_resources(settings, places))
        reports = await main_job(resources.stores)
        site = await stack.enter_async_context(open_site(resources))
        await stack.enter_async_context(worker_process())
        served.set()
        await _announce(resources, site.url, reports, announce)
        await asyncio.Event().wait()


async def main_job(stores: Stores) -> Mapping[str, Sealed]:
    """Load what is missing, order the reports, wait for their seals, read them back and compare their figures."""
    rates = await load_rates(stores.unit_of_work)
    cases = demo_cases(rates)
    with progress("Loading the demo caseload (cases)", len(cases)) as advance:
        loaded = await load_caseload(stores.unit_of_work, stores.object_store, cases, rates, advance, lambda: _analyze(stores))
    if loaded:
        await _analyze(stores)
        await tick(stores.unit_of_work)  # before a worker's clock does, so that a report's position stands still
    stop = asyncio.Event()
    working = asyncio.create_task(run_worker(report_resources(stores), stores.places.database.application_url, stop))
    try:
        with progress("Making and sealing the reports", len(REPORTS)) as advance:
            reports = {kind: await _sealed(stores, kind, parameters, working, advance) for kind, parameters in REPORTS.items()}
    finally:
        stop.set()  # never cancelled: PgQueuer would take its job for one that nobody wants
        await asyncio.shield(asyncio.wait({working}))
    await compare(stores, reports)
    return reports


async def _analyze(stores: Stores) -> None:
    """Tell the planner about the rows now: the automatic analysis comes a minute after a load, the first report at once."""
    connection = await asyncpg.connect(stores.places.database.owner_url)
    try:
        await connection.execute("analyze")
    finally:
        await connection.close()


async def _sealed(
    stores: Stores, kind: str, parameters: Mapping[str, str], working: asyncio.Task[None], advance: Callable[[int], None]
) -> Sealed:
    command = OrderReport(id=new_id(), kind=kind, parameters=parameters)

    async def order(transaction: Transaction) -> UUID:
        return (await order_report(transaction, command)).id

    report_id = await stores.unit_of_work.write(FINANCE, order)
    async with asyncio.timeout(_TIMEOUT_S):
        while True:
            async with stores.unit_of_work.read(FINANCE) as transaction:
                row = await transaction.fetch_one(
                    "select status, failure_code, manifest_key, manifest_sha256 from export_jobs where id = $1", report_id
                )
            if row is not None and row["status"] == "sealed":
                manifest = await verify_sealed(stores.object_store, row["manifest_key"], row["manifest_sha256"])
                advance(1)
                return Sealed(kind, manifest, row["manifest_key"])
            if row is not None and row["status"] == "failed":
                raise DemoMismatchError(_why_failed(stores, kind, row["failure_code"]))
            if working.done():
                working.result()
                raise DemoMismatchError("the worker ended before the reports were sealed")
            await asyncio.sleep(_POLL_S)


def _share(row: Mapping[str, str]) -> float:
    """The supported of the returned in percent, half up to one decimal by whole numbers; a float as JSON has nothing else."""
    supported, returned = int(row["supported"]), int(row["returned"])
    tenths = (2000 * supported + returned) // (2 * returned)
    return float(f"{tenths // 10}.{tenths % 10}")


def _why_failed(stores: Stores, kind: str, failure_code: str) -> str:
    if failure_code == FailureCode.SEAL_BROKEN:
        objects = stores.places.objects
        return (
            f"the report {kind} was sealed before, and the bucket {objects.bucket} at {objects.place} no longer holds what was"
            " sealed: give this database its bucket back, or start with a new database"
        )
    return f"the report {kind} failed: {failure_code}"


async def _summary(stores: Stores, reports: Mapping[str, Sealed]) -> Mapping[str, object]:
    """The figures of 2023 from the sealed statistics, shares to a tenth as Fedasil prints them, and where everything lies."""
    rows = {
        row["year"]: row for row in await rows_of(stores.object_store, reports["programme_statistics"], "programme_years.csv")
    }
    year, before = rows[str(YEAR_2023.year)], rows[str(YEAR_2022.year)]
    report = reports["amif_indicators"]
    key, sha256 = report.file("amif_indicators.xlsx")
    return {
        "year": YEAR_2023.year,
        "returned": int(year["returned"]),
        "dublin_excluded": int(year["dublin_excluded"]),
        "supported": int(year["supported"]),
        "supported_percent": _share(year),
        "change_percent": int(year["change_percent"]),
        "previous_year": {
            "year": YEAR_2022.year,
            "returned": int(before["returned"]),
            "supported": int(before["supported"]),
            "supported_percent": _share(before),
        },
        "report_key": key,
        "report_sha256": sha256,
        "manifest_key": report.manifest_key,
        "reports": {
            kind: {
                "manifest_key": sealed.manifest_key,
                "files": {file.name: {"key": file.key, "sha256": file.sha256} for file in sealed.manifest.files},
            }
            for kind, sealed in reports.items()
        },
    }


async def _announce(resources: Resources, url: str, reports: Mapping[str, Sealed], announce: Announce) -> None:
    settings = resources.settings
    announce(f"API       {url}/graphql")
    announce(f"Readiness {url}/readyz")
    if settings.oidc_issuer is None:
        issuer = DevelopmentIssuer(settings.data_dir, oidc_issuer=None, production=settings.profile is Profile.PRODUCTION)
        tokens = {role: _token(issuer, role) for role in Role if role is not Role.SYSTEM}
        announce(f"GraphiQL  {url}/graphiql#token={tokens[Role.AUDITOR]}")
        announce("Tokens (eight hours):")
        for role, token in tokens.items():
            announce(f"  {role.value:<20} {token}")
    key, _ = reports["amif_indicators"].file("amif_indicators.xlsx")
    link = await resources.stores.object_store.presign_download(key, "amif_indicators.xlsx", _LINK_S)
    announce(f"Sealed AMIF report (link good for an hour): {link}")
    announce("Ctrl-C stops everything; the data stays for the next run.")


def _token(issuer: DevelopmentIssuer, role: Role) -> str:
    offices = (_OFFICE,) if role in {Role.FIELD_OFFICER, Role.FIELD_APPROVER} else ()
    partner = "IOM" if role is Role.PARTNER_COORDINATOR else None
    return issuer.issue(f"{role.value.replace('_', '-')}.demo", role, offices, partner)
