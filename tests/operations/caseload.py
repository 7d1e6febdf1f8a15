"""The caseload of two offices as a whole, and what of it belongs to office B."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

from reintegration.api.graph import Node, shapes
from reintegration.api.loaders import table_of
from reintegration.cases import service as cases
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.exports.commands import OrderReport
from reintegration.exports.service import order_report
from reintegration.funding.commands import ClosePeriod
from reintegration.funding.periods import close_period
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.clock import first_of_month
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
from reintegration.kernel.reference import Reference
from reintegration.programme.commands import ConfirmRateMonth, ImportRateMonth
from reintegration.programme.rates import confirm_rate_month, import_rate_month
from tests.builders import CAMEROON, MONGOLIA, MONGOLIA_CARITAS, SYSTEM, a_registration, actor, days_ago
from tests.operations.two_offices import A, B, Desk
from tests.operations.two_offices_advances import hold_money
from tests.operations.two_offices_fees import charge
from tests.operations.two_offices_orders import order_payments
from tests.operations.two_offices_payments import Cashier
from tests.operations.two_offices_receivables import owe_money
from tests.operations.two_offices_statements import reconcile

NODES: tuple[str, ...] = tuple(sorted(kind for kind, shape in shapes().items() if issubclass(shape.shown_as, Node)))
"""The types that `node` finds."""

Ids = Mapping[str, frozenset[UUID]]


@dataclass(frozen=True, slots=True)
class Caseload:
    """What the tests know of it."""

    of_a: Ids
    """Records made before B's first: A's, Belgium's and reference data."""
    of_b: Ids
    case_of_a: UUID
    case_of_b: UUID
    moved: UUID
    """A case that A paid for before it went to B."""
    unreferred: UUID
    dublin: UUID


async def visible_ids(work: UnitOfWork, who: Actor) -> Ids:
    """The records of every type that the database shows to somebody."""
    async with work.read(who) as transaction:
        return {
            kind: frozenset(row["id"] for row in await transaction.fetch(f"select id from {table_of(shapes()[kind])}"))  # noqa: S608 - a table of ours
            for kind in NODES
        }


async def build(work: UnitOfWork) -> Caseload:
    """Make it, once for a database that has tariffs of fees."""
    await _rates(work)
    await work.write(actor(Role.FEDASIL_FINANCE), lambda t: order_report(t, _ORDER))
    await work.write(SYSTEM, _seal)
    await _closed_months(work)
    mine, theirs = Desk(work, A), Desk(work, B)
    unreferred = a_registration()
    await work.write(actor(Role.RETURN_COUNSELLOR), lambda t: cases.register_case(t, unreferred))
    dublin = await mine.referred(dublin=True)
    there_and_back = await mine.referred()
    for office in (CAMEROON, MONGOLIA):
        await mine.move(there_and_back, office, A)
    case_of_a = await _office(mine)
    moved = await mine.ready()
    await Cashier(mine, moved.id, await mine.planned(moved), await mine.supplier("Wool")).paid(A.euros(77))
    before = await visible_ids(work, SYSTEM)
    case_of_b = await _office(theirs)
    await mine.move(moved, MONGOLIA_CARITAS, B)
    await Cashier(theirs, moved.id, await theirs.planned(moved), await theirs.supplier("Wool")).paid(B.euros(78))
    await theirs.extended(moved)
    after = await visible_ids(work, SYSTEM)
    return Caseload(
        of_a=before,
        of_b={kind: after[kind] - before[kind] for kind in NODES},
        case_of_a=case_of_a,
        case_of_b=case_of_b,
        moved=moved.id,
        unreferred=unreferred.id,
        dublin=dublin.id,
    )


_ORDER = OrderReport(id=new_id(), kind="payments_ledger", parameters={"from": "2026-01-01", "to": "2026-01-31"})


async def _office(desk: Desk) -> UUID:
    """An office's case with everything that can hang on it, a closed one, and one that came from its other office."""
    case = await desk.ready()
    await desk.extended(case)
    item = await desk.planned(case)
    await desk.rebudgeted(case)
    await hold_money(desk)
    cashier = Cashier(desk, case.id, item, await desk.supplier("Felt"))
    await cashier.one_of_each(Money(10_000_000 + desk.side.cents, "MNT"))
    await cashier.premium()
    await owe_money(desk, cashier)
    found = desk.side.euros(46)
    await reconcile(desk, await cashier.paid(found), found)
    await order_payments(desk, cashier)
    await charge(desk, case.id)
    await desk.alike()
    await desk.closed()
    await desk.barred()
    await desk.expired()
    return case.id


async def _closed_months(work: UnitOfWork) -> None:
    """Last month is closed for each fund, so that what happened before it is a correction."""
    async with work.read(SYSTEM) as transaction:
        funds = [row["id"] for row in await transaction.fetch("select id from funds order by id")]
    month = first_of_month(first_of_month(days_ago(0)) - timedelta(days=1))
    for fund in funds:
        command = ClosePeriod(new_id(), fund, month)
        await work.write(actor(Role.FEDASIL_FINANCE), partial(close_period, command=command))


async def _rates(work: UnitOfWork) -> None:
    """The tugrik of the month of the payments, confirmed, and another month that nobody confirmed."""
    row = {"country": "Mongolia", "currency": "Tugrik", "isoA3Code": "MNT", "isoA2Code": "MN", "value": 4021.37}
    document = json.dumps([row]).encode()
    months = sorted({first_of_month(days_ago(3)), first_of_month(days_ago(1)), first_of_month(days_ago(60))})
    for month in months:
        command = ImportRateMonth(id=new_id(), month=month, document=document)
        await work.write(actor(Role.ADMINISTRATOR), partial(import_rate_month, command=command))
        if month != months[0]:
            confirm = ConfirmRateMonth(id=command.id, expected_version=1)
            finance = actor(Role.FEDASIL_FINANCE)
            await work.write(finance, partial(confirm_rate_month, command=confirm))


async def _seal(transaction: Transaction) -> Reference:
    """Reports as the worker leaves them, without the work: one sealed, one failed."""
    digest = "b2" * 32
    for status in ("sealed", "failed"):
        report, is_sealed = new_id(), status == "sealed"
        await transaction.execute(
            """
            insert into export_jobs (
                id, kind, definition_version, parameters, parameters_digest, ordered_by, ordered_role, status, attempts,
                rows_done, rows_expected, position, manifest_key, manifest_sha256, failure_code, started_at, finished_at
            )
            values (
                $1, 'payments_ledger', '1', '{"from": "2026-01-01"}', $2, 'finance', 'fedasil_finance', $3, 1,
                7, 7, 'audit.1.1', $4, $5, $6, now(), now()
            )
            """,
            report,
            digest,
            status,
            "reports/manifest.json" if is_sealed else None,
            digest if is_sealed else None,
            None if is_sealed else "poison",
        )
        if is_sealed:
            await transaction.execute(
                "insert into export_files (id, job_id, name, media_type, object_key, sha256, size_bytes, row_count)"
                " values ($1, $2, 'ledger.csv', 'text/csv', 'reports/ledger.csv', $3, 5000000000, 7)",
                new_id(),
                report,
                digest,
            )
    return Reference("Report", report, 1)
