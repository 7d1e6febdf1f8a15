"""Loads the demo caseload: batches of cases, each wholly or not at all, so that a stopped load goes on where it was."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.demo import phases
from reintegration.demo.caseload import caseload
from reintegration.demo.granting import Granter, deadline_on
from reintegration.demo.spending_rows import File, FrozenRates, StagedPayment, stage_payments, stage_plan
from reintegration.demo.staging import StagedCase, demo_id, stage
from reintegration.demo.values import OfficeSlot, SyntheticCase
from reintegration.entitlements.rules import TariffVersion
from reintegration.entitlements.tariffs import tariff_of
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.money import EURO
from reintegration.ledger.posting import Entry
from reintegration.ledger.service import Pot, flows
from reintegration.programme.commands import ConfirmRateMonth, ImportRateMonth, RateSource
from reintegration.programme.inforeuro import monthly_document
from reintegration.programme.rates import confirm_rate_month, import_rate_month, rates_for
from reintegration.programme.reference import field_offices, rates_by_month
from reintegration.storage.client import ObjectStore

LOADER = Actor("demo-loader@demo.invalid", Role.SYSTEM)
IMPORTER = Actor("rates.import@demo.invalid", Role.SYSTEM)
CONFIRMER = Actor("rates.confirm@demo.invalid", Role.SYSTEM)
_BATCH = 250
_DEMO_CURRENCIES = ("BRL", "USD", EURO)
Advance = Callable[[int], None]


@dataclass(slots=True)
class Batch:
    """Cases that go in together, with what they carry."""

    cases: list[StagedCase]
    grants: list[Entry]
    budgets: list[Entry]
    payments: list[StagedPayment]


async def load_rates(unit_of_work: UnitOfWork) -> FrozenRates:
    """Import and confirm the 36 months of amif.md 6.4 where they are missing; returns the confirmed rates."""
    months = sorted(rates_by_month())
    async with unit_of_work.read(LOADER) as transaction:
        known = {
            row["month"]
            for row in await transaction.fetch("select month from exchange_rate_months where confirmed_by is not null")
        }
    for month in months:
        if month in known:
            continue
        await _load_month(unit_of_work, month)
    pairs = [(currency, month) for currency in _DEMO_CURRENCIES for month in months]
    async with unit_of_work.read(LOADER) as transaction:
        return await rates_for(transaction, pairs)


async def load_caseload(
    unit_of_work: UnitOfWork,
    store: ObjectStore,
    cases: Sequence[SyntheticCase],
    rates: FrozenRates,
    advance: Advance,
    analyze: Callable[[], Awaitable[None]] | None = None,
) -> int:
    """Load those of `cases` that are missing; returns how many went in. `advance` is told how many are there.

    `analyze` tells the planner about the rows after the first, second, fourth … batch, and not after the last one: its own
    analysis comes a minute later, and until then the checks of the ledger read whole tables.
    """
    async with unit_of_work.read(LOADER) as transaction:
        known = {row["reference"] for row in await transaction.fetch("select reference from cases")}
        tariff = await tariff_of(transaction, None)
    missing = [case for case in cases if case.reference not in known]
    advance(len(cases) - len(missing))
    granter = Granter(tariff.version, tariff.id)

    async def prepare(part: Sequence[SyntheticCase]) -> Batch:
        batch = await asyncio.to_thread(_staged, part, granter, rates)
        await _upload(store, batch)
        return batch

    parts = [missing[start : start + _BATCH] for start in range(0, len(missing), _BATCH)]
    # While PostgreSQL writes a batch, the next one is computed and its documents are stored.
    preparing = asyncio.create_task(prepare(parts[0])) if parts else None
    for number, part in enumerate(parts, start=1):
        if preparing is None:
            raise AssertionError("each part is prepared before it is written")
        batch = await preparing
        preparing = asyncio.create_task(prepare(parts[number])) if number < len(parts) else None
        await _write(unit_of_work, batch, tariff.version)
        advance(len(part))
        if analyze is not None and number.bit_count() == 1 and number < len(parts):
            await analyze()
    return len(missing)


def demo_cases(rates: FrozenRates) -> Sequence[SyntheticCase]:
    """The whole caseload for the offices and rates of the reference data."""
    offices = [
        OfficeSlot(office.code, office.partner_code, office.country, tuple(office.payment_currencies))
        for office in field_offices()
    ]
    known = {(f"{month:%Y-%m}", currency): frozen.rate for (currency, month), frozen in rates.items() if currency != EURO}
    return caseload(offices, known).cases


async def _load_month(unit_of_work: UnitOfWork, month: date) -> None:
    command = ImportRateMonth(
        id=demo_id(month, "rates"), month=month, document=monthly_document(month), source=RateSource.DERIVED
    )

    async def imported(transaction: Transaction) -> UUID:
        return (await import_rate_month(transaction, command)).id

    month_id = await unit_of_work.write(IMPORTER, imported)

    async def confirmed(transaction: Transaction) -> None:
        await confirm_rate_month(transaction, ConfirmRateMonth(id=month_id, expected_version=1))

    await unit_of_work.write(CONFIRMER, confirmed)


def _staged(part: Sequence[SyntheticCase], granter: Granter, rates: FrozenRates) -> Batch:
    batch = Batch([], [], [], [])
    for source in part:
        case = stage(source)
        batch.cases.append(case)
        if source.dublin:
            continue
        grants = granter.grant(case)
        batch.grants += grants
        if not source.items or source.arrived_on is None:
            continue
        fund_id = grants[0].postings[0].account.fund_id
        budgets = stage_plan(case)
        plan_id = UUID(str(case.rows["plans"][0]["id"]))
        pot = Pot(case.id, "reintegration", fund_id)
        batch.budgets.append(flows.budget(pot, plan_id=plan_id, changes=budgets, on=source.arrived_on))
        batch.payments += stage_payments(case, fund_id, rates)
    return batch


async def _upload(store: ObjectStore, batch: Batch) -> None:
    """Store the documents before the rows that speak of them; a repetition finds them there."""
    files: list[File] = [file for payment in batch.payments for file in _files(payment)]
    await asyncio.gather(
        *(
            store.put(str(file.row["object_key"]), file.data, str(file.row["media_type"]), sha256=str(file.row["sha256"]))
            for file in files
        )
    )


def _files(payment: StagedPayment) -> list[File]:
    return payment.request + (payment.settlement if payment.source.outcome in {"paid", "reversed"} else [])


async def _write(unit_of_work: UnitOfWork, batch: Batch, version: TariffVersion) -> None:
    async def work(transaction: Transaction) -> None:
        await phases.register(transaction, batch.cases, batch.grants)
        await phases.travel(transaction, batch.cases, lambda arrived_on: deadline_on(version, arrived_on))
        await phases.plan(transaction, batch.cases, batch.budgets)
        await phases.pay(transaction, batch.cases, batch.payments)
        await phases.close(transaction, batch.cases)

    await unit_of_work.write(LOADER, work)
