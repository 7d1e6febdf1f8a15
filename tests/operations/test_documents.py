"""Every document of schema/operations: valid, run as its user, its answer and its statements as they were agreed.

The number of statements of each stands in schema/operations/statements.json, whose numbers `operations/README.md` shows; the
answers stand in golden/. Whoever changes either on purpose runs this with WRITE_GOLDEN=1 and reads the difference.
"""

from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from uuid import UUID, uuid4

import orjson
import pytest
from graphql import FieldNode, GraphQLSchema, OperationType, parse, validate

from reintegration.api.cost import operation_cost
from reintegration.api.identifiers import encode
from reintegration.api.limits import Limits
from reintegration.api.schema import build_schema
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.entitlements.service import note_deadlines
from reintegration.exports.commands import OrderReport
from reintegration.exports.ordering import order_report
from reintegration.exports.running import ReportResources, run_report
from reintegration.funding.commands import ClosePeriod
from reintegration.funding.periods import close_period
from reintegration.kernel.clock import today
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
from reintegration.payments import service as payments
from reintegration.payments.commands import (
    ApprovePayment,
    ConfirmPayment,
    RegisterSupplier,
    ReleasePayment,
)
from reintegration.programme.reference import identifier
from reintegration.recovery import service as recovery
from reintegration.storage.address import ObjectStoreAddress
from tests import builders
from tests.advance_steps import a_float
from tests.builders import (
    ADMINISTRATOR,
    APPROVER,
    AUDITOR,
    COORDINATOR,
    COUNSELLOR,
    FINANCE,
    MONGOLIA,
    OFFICER,
    PROGRAMME,
    SYSTEM,
    BuiltCase,
    days_ago,
)
from tests.exports.places import own_bucket
from tests.fee_steps import add_tariffs, carry_fee, claimed
from tests.operations.document_fees import every_query_of_fees
from tests.operations.document_orders import an_order, every_query_of_orders
from tests.operations.document_statements import a_reconciled_account, every_query_of_statements
from tests.operations.documents import PATHS, PINNED, Recorder, agreed, names, operation_of, recording
from tests.operations.world import approved_plan, submitted_payment
from tests.payment_steps import done
from tests.proofs import value
from tests.receivable_steps import a_claim, a_plan, came, owed, written_off


@cache
def _core() -> GraphQLSchema:
    return build_schema()._schema  # noqa: SLF001 - Strawberry has no accessor


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_document_is_valid_says_what_it_is_for_and_is_cheap(path: Path) -> None:
    core = _core()
    text = path.read_text()
    who, colon, purpose = text.partition("\n")[0].removeprefix("# ").partition(": ")
    assert colon
    assert who
    assert purpose.endswith((".", ")"))
    assert validate(core, parse(text)) == []
    assert operation_cost(core, parse(text), operation_of(path), {}) < Limits().cost / 50


def test_production_can_do_all_that_the_graph_can() -> None:
    """It runs nothing but documents, so that a root field without one would be out of reach; `node` is for tools."""
    core = _core()
    roots = {name for kind in OperationType if (root := core.get_root_type(kind)) is not None for name in root.fields}
    used = {
        field.name.value
        for path in PATHS
        for field in operation_of(path).selection_set.selections
        if isinstance(field, FieldNode)
    }
    assert roots - used == {"node"}


def test_every_document_is_pinned_and_nothing_else() -> None:
    pinned = orjson.loads(PINNED.read_bytes())
    assert set(pinned) == names(OperationType.QUERY, OperationType.MUTATION), "subscriptions run in the walkthroughs"


async def test_the_queries_send_as_many_statements_for_twenty_cases_as_for_two(
    fresh_database: DatabaseAddresses, object_store_address: ObjectStoreAddress, tmp_path: Path
) -> None:
    async with (
        own_bucket(object_store_address) as store,
        builders.open_work(fresh_database) as work,
        recording(fresh_database, store) as recorder,
        recording(fresh_database, store) as later,
        recording(fresh_database, store) as desk,
    ):
        await add_tariffs(fresh_database)
        (case, paid), _ = [await a_case_with_everything(work) for _ in range(2)]
        for year in (2000, 2001):
            await a_month_of_rates(desk, year)
        await a_reconciled_account(desk, paid, 20_000)
        await an_order(work, case)
        report = new_id()
        order = OrderReport(id=report, kind="amif_indicators", parameters={"reference_date": today().isoformat()})
        await work.write(FINANCE, lambda transaction: order_report(transaction, order))
        await run_report(ReportResources(work, store, tmp_path / "scratch", "test"), report)
        await a_closed_month(work)
        await every_query(recorder, case, paid, report)
        agreed(recorder, OperationType.QUERY)
        for number in range(18):
            another, more = await a_case_with_everything(work)
            await a_reconciled_account(desk, more, 20_000, number + 1)
            await an_order(work, another, number + 1)
            await a_month_of_rates(desk, 2002 + number)
        await every_query(later, case, paid, report)
        assert later.statements == recorder.statements


async def a_closed_month(work: UnitOfWork) -> None:
    """A month of AMIF's fund, long ago."""
    closing = ClosePeriod(new_id(), identifier("fund", "AMIF-2021-2027"), days_ago(400).replace(day=1))
    await work.write(FINANCE, lambda transaction: close_period(transaction, closing))


async def a_case_with_everything(work: UnitOfWork) -> tuple[BuiltCase, UUID]:
    """A case with a plan, a paid payment and one that waits, a supplier and an ordered report; and the paid payment's id."""
    case = await builders.a_granted_case(work)
    name = f"Felt {uuid4().int}"
    await work.write(OFFICER, lambda t: payments.register_supplier(t, RegisterSupplier(new_id(), MONGOLIA, name)))
    await work.write(OFFICER, lambda t: payments.register_supplier(t, RegisterSupplier(new_id(), MONGOLIA, f"{name} LLC")))
    plan = await approved_plan(work, case)
    item = UUID(str(await value(work, "select id from plan_items where plan_id = $1 and position = 1", plan)))
    paid = await submitted_payment(work, case, item, Money(10_000, "EUR"), Money(20_000, "EUR"))
    digest = str(await value(work, "select content_digest from payments where id = $1", paid))
    for who, step in (
        (APPROVER, lambda transaction: payments.approve_payment(transaction, ApprovePayment(paid, 2, digest))),
        (COORDINATOR, lambda transaction: payments.release_payment(transaction, ReleasePayment(paid, 3, digest))),
        (OFFICER, lambda transaction: payments.confirm_payment(transaction, ConfirmPayment(paid, 4, days_ago(1), "BANK-1"))),
    ):
        await work.write(who, step)
    await submitted_payment(work, case, item, Money(20_000, "EUR"))
    order = OrderReport(id=new_id(), kind="programme_statistics", parameters={"years": "2023"})
    await work.write(PROGRAMME, lambda transaction: order_report(transaction, order))
    await near_its_end(work, case)
    await a_float(work, Money(20_000, "EUR"), Money(20_000, "EUR"))
    await owing(work, paid)
    await carry_fee(work, await claimed(work, case.id), "paid")
    return case, paid


async def owing(work: UnitOfWork, paid: UUID) -> None:
    """The returnee owes a part of a paid line, of which some came."""
    line = UUID(str(await value(work, "select id from payment_lines where payment_id = $1 and position = 1", paid)))
    case = UUID(str(await value(work, "select case_id from payments where id = $1", paid)))
    receivable = await owed(work, replace(a_claim(Money(2_000, "EUR")), case_id=case, line_id=line))
    await came(work, receivable, Money(500, "EUR"))
    await done(work, OFFICER, recovery.agree_plan, a_plan(receivable, (10, 700), (40, 800)))
    await written_off(work, receivable, Money(300, "EUR"))


async def near_its_end(work: UnitOfWork, case: BuiltCase) -> None:
    """Three weeks are left to use the budget, and the office is told."""

    async def told(transaction: Transaction) -> int:
        near = "update entitlements set deadline_on = $2 where case_id = $1 and stream = 'reintegration'"
        await transaction.execute(near, case.id, today() + timedelta(days=21))
        return await note_deadlines(transaction, on=today(), most=9)

    assert await work.write(SYSTEM, told) == 1


async def a_month_of_rates(recorder: Recorder, year: int) -> None:
    """June of the year, imported by one person and confirmed by another."""
    document = '[{"country":"X","currency":"x","isoA3Code":"USD","isoA2Code":"US","value":1.0456}]'
    imported = await recorder.does(ADMINISTRATOR, "ExchangeRateMonthImport", month=f"{year}-06-01", document=document)
    month = imported["exchangeRateMonth"]
    confirmed = {"exchangeRateMonthId": month["id"], "expectedVersion": month["version"]}
    await recorder.does(FINANCE, "ExchangeRateMonthConfirm", **confirmed)


async def every_query(recorder: Recorder, case: BuiltCase, paid: UUID, report: UUID) -> None:
    """Each query as its user, on pages of a hundred."""
    one = encode("Case", case.id)
    payment = encode("Payment", paid)
    of_report = encode("Report", report)
    office = encode("FieldOffice", MONGOLIA)
    page = {"first": 100}
    await recorder.runs(OFFICER, "FieldOfficeCases", **page)
    await recorder.runs(OFFICER, "FieldOfficeCase", id=one)
    await recorder.runs(OFFICER, "DeadlineNotices", **page)
    await recorder.runs(APPROVER, "FieldOfficePayments", filter={"status": ["SUBMITTED"]}, **page)
    await recorder.runs(APPROVER, "FieldOfficePayment", id=payment)
    await recorder.runs(OFFICER, "FieldOfficeSuppliers", office=office, **page)
    await recorder.runs(COORDINATOR, "SupplierLikenesses", **page)
    await recorder.runs(COUNSELLOR, "CounsellorCase", id=one)
    await recorder.runs(COUNSELLOR, "EntitlementPreview", case=one)
    await recorder.runs(OFFICER, "Me")
    await recorder.runs(OFFICER, "Places", country="MN")
    await recorder.runs(OFFICER, "Countries")
    await recorder.runs(COUNSELLOR, "Tariffs")
    await recorder.runs(FINANCE, "ExchangeRates", month="2000-06-01")
    reference = (await recorder.runs(OFFICER, "FieldOfficeCase", id=one))["reference"]
    await recorder.runs(OFFICER, "CaseByReference", reference=reference)
    await recorder.runs(FINANCE, "FinancePayments", **page)
    await recorder.runs(FINANCE, "UnconfirmedAgeing")
    await _every_query_of_what_is_held_and_owed(recorder, office)
    await every_query_of_fees(recorder)
    await every_query_of_statements(recorder)
    await every_query_of_orders(recorder)
    await recorder.runs(FINANCE, "Reports", **page)
    await recorder.runs(FINANCE, "ReportProgress", id=of_report)
    await recorder.runs(FINANCE, "ReportFiles", id=of_report)
    await recorder.runs(FINANCE, "ExchangeRateMonths", **page)
    await recorder.runs(FINANCE, "ProgrammeStatistics", year=days_ago(30).year)
    months = {"firstMonth": days_ago(60).replace(day=1).isoformat(), "lastMonth": today().replace(day=1).isoformat()}
    await recorder.runs(FINANCE, "PaymentTotals", **months)
    on = {"indicator": "REINTEGRATION_ASSISTANCE", "referenceDate": today().isoformat()}
    await recorder.runs(AUDITOR, "IndicatorCases", **on, **page)
    await recorder.runs(AUDITOR, "AuditorCase", id=one, **page)
    await recorder.runs(AUDITOR, "AuditorPayment", id=payment)
    await recorder.runs(AUDITOR, "AuditEntries", record=payment, **page)
    await recorder.runs(AUDITOR, "DuplicateEvidence", **page)
    fund = encode("Fund", identifier("fund", "AMIF-2021-2027"))
    await recorder.runs(OFFICER, "OpenItems", fund=fund, month=today().replace(day=1).isoformat())
    closed = await recorder.runs(FINANCE, "PeriodCloses", fund=fund)
    await recorder.runs(AUDITOR, "AuditorPeriodClose", id=closed["edges"][0]["node"]["id"])
    await recorder.runs(AUDITOR, "Invariants", now=True)


async def _every_query_of_what_is_held_and_owed(recorder: Recorder, office: str) -> None:
    advances = await recorder.runs(APPROVER, "Advances", office=office, first=100)
    await recorder.runs(AUDITOR, "AuditorAdvance", id=advances["edges"][0]["node"]["id"])
    await recorder.runs(FINANCE, "AdvanceAgeing")
    receivables = await recorder.runs(APPROVER, "Receivables", office=office, first=100)
    await recorder.runs(AUDITOR, "AuditorReceivable", id=receivables["edges"][0]["node"]["id"])
    await recorder.runs(FINANCE, "ReceivableAgeing")
