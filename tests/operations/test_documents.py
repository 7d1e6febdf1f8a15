"""Every document of schema/operations: valid, run as its user, its answer and its statements as they were agreed.

The number of statements of each stands in schema/operations/statements.json, whose numbers `operations/README.md` shows; the
answers stand in golden/. Whoever changes either on purpose runs this with WRITE_GOLDEN=1 and reads the difference.
"""

import hashlib
import os
from pathlib import Path
from uuid import UUID, uuid4

import orjson
import pytest
from graphql import OperationDefinitionNode, OperationType, parse, validate

from reintegration.api.cost import operation_cost
from reintegration.api.identifiers import encode
from reintegration.api.limits import Limits
from reintegration.api.schema import build_schema
from reintegration.app import OPERATIONS
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.exports.commands import OrderReport
from reintegration.exports.ordering import order_report
from reintegration.exports.running import ReportResources, run_report
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
from reintegration.storage.address import ObjectStoreAddress
from tests import builders
from tests.builders import (
    ADMINISTRATOR,
    APPROVER,
    AUDITOR,
    COORDINATOR,
    COUNSELLOR,
    FINANCE,
    IOM,
    MONGOLIA,
    OFFICER,
    PROGRAMME,
    BuiltCase,
    days_ago,
)
from tests.exports.places import own_bucket
from tests.operations.documents import Recorder, recording
from tests.operations.mutation_steps import REGISTRATION, upload
from tests.operations.walk import RECEIPT, Part, a_reimbursement, euros
from tests.operations.world import approved_plan, submitted_payment
from tests.proofs import value

GOLDEN = Path(__file__).parent / "golden"
PINNED = OPERATIONS / "statements.json"
PATHS = sorted(OPERATIONS.rglob("*.graphql"))
IS_WRITING = bool(os.environ.get("WRITE_GOLDEN"))
RATES = '[{"country":"UNITED STATES","currency":"US dollar","isoA3Code":"USD","isoA2Code":"US","value":1.0456,"comment":null}]'


def operation_of(path: Path) -> OperationDefinitionNode:
    """The one operation of a file."""
    (operation,) = [item for item in parse(path.read_text()).definitions if isinstance(item, OperationDefinitionNode)]
    return operation


def names(*kinds: OperationType) -> set[str]:
    """The operations of these kinds."""
    found = [operation_of(path) for path in PATHS]
    return {one.name.value for one in found if one.name is not None and one.operation in kinds}


def agreed(recorder: Recorder, kind: str) -> None:
    """Answers and statements are those that were agreed; with WRITE_GOLDEN they become so."""
    golden = GOLDEN / f"{kind}.json"
    pinned: dict[str, int] = orjson.loads(PINNED.read_bytes()) if PINNED.exists() else {}
    if IS_WRITING:
        GOLDEN.mkdir(exist_ok=True)
        golden.write_bytes(orjson.dumps(recorder.answers, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")
        pinned |= recorder.statements
        PINNED.write_bytes(orjson.dumps(pinned, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")
    assert recorder.statements == {name: pinned.get(name) for name in recorder.statements}
    assert recorder.answers == orjson.loads(golden.read_bytes())


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_document_is_valid_says_what_it_is_for_and_is_cheap(path: Path) -> None:
    core = build_schema()._schema  # noqa: SLF001 - Strawberry has no accessor
    text = path.read_text()
    who, colon, purpose = text.partition("\n")[0].removeprefix("# ").partition(": ")
    assert colon
    assert who
    assert purpose.endswith((".", ")"))
    assert validate(core, parse(text)) == []
    assert operation_cost(core, parse(text), operation_of(path), {}) < Limits().cost / 50


def test_every_document_is_pinned_and_nothing_else() -> None:
    pinned = orjson.loads(PINNED.read_bytes())
    assert set(pinned) == names(OperationType.QUERY, OperationType.MUTATION), "subscriptions run in the walkthroughs"


async def test_the_mutations_from_registration_to_a_paid_and_reported_receipt(
    fresh_database: DatabaseAddresses, object_store_address: ObjectStoreAddress
) -> None:
    async with own_bucket(object_store_address) as store, recording(fresh_database, store) as recorder:
        case = await granted_by_the_counsellor(recorder)
        item = await planned_by_the_office(recorder, case)
        await paid_by_three_people(recorder, case["id"], item)
        await counted_by_finance(recorder)
        missing = names(OperationType.MUTATION) - recorder.statements.keys()
        assert missing == set()
        del recorder.answers["EntitlementPreview"], recorder.statements["EntitlementPreview"]
        agreed(recorder, "mutations")


async def granted_by_the_counsellor(recorder: Recorder) -> Part:
    """Registered, vulnerable, referred, granted a ceiling, departed, with a premium to be paid."""
    left = days_ago(30).isoformat()
    case = (await recorder.does(COUNSELLOR, "CaseRegister", **REGISTRATION))["case"]
    person = {"caseId": case["id"], "returneeId": case["returnees"][0]["id"], "kind": "PREGNANT"}
    weak = (await recorder.does(COUNSELLOR, "VulnerabilityRecord", **person))["vulnerability"]
    said = {"expectedVersion": weak["version"], "decision": "APPROVED"}
    await recorder.does(PROGRAMME, "VulnerabilityDecide", vulnerabilityId=weak["id"], **said)
    place = {"partnerId": encode("Partner", IOM), "fieldOfficeId": encode("FieldOffice", MONGOLIA)}
    case = (await recorder.does(COUNSELLOR, "CaseRefer", caseId=case["id"], expectedVersion=case["version"], **place))["case"]
    await recorder.runs(COUNSELLOR, "EntitlementPreview", case=case["id"], plannedDepartureOn=left)
    why = {"ruleId": builders.CEILING_RULE, "reason": "As agreed", "reference": "FED-1", "amount": euros("1800.00")}
    asked = await recorder.does(COUNSELLOR, "ExceptionRequest", caseId=case["id"], kind="GRANTED_CEILING", **why)
    said = {"expectedVersion": asked["exception"]["version"], "decision": "APPROVED"}
    await recorder.does(PROGRAMME, "ExceptionDecide", exceptionId=asked["exception"]["id"], **said)
    assessed = await recorder.does(COUNSELLOR, "EntitlementAssess", caseId=case["id"], plannedDepartureOn=left)
    granted = await recorder.does(COUNSELLOR, "EntitlementGrant", caseId=case["id"], assessmentId=assessed["assessment"]["id"])
    case = granted["case"]
    (premium,) = [one for one in case["entitlements"] if one["stream"] == "CASH_PREMIUM"]
    await recorder.does(
        COUNSELLOR,
        "PremiumDraft",
        caseId=case["id"],
        kind="CASH_PREMIUM",
        entitlementId=premium["id"],
        description="Premium at the airport",
        paymentDate=left,
        lines=[{"description": "Premium", "amount": premium["amount"]}],
    )
    gone = {"expectedVersion": case["version"], "departedOn": left, "travelMode": "PLANE"}
    departed: Part = (await recorder.does(COUNSELLOR, "CaseDepart", caseId=case["id"], **gone))["case"]
    return departed


async def planned_by_the_office(recorder: Recorder, case: Part) -> str:
    """Arrived, with a plan that was sent back once and is in force; the id of its item."""
    arrival = {"expectedVersion": case["version"], "arrivedOn": days_ago(29).isoformat()}
    await recorder.does(OFFICER, "ArrivalConfirm", caseId=case["id"], **arrival)
    line = {"kind": "MICRO_BUSINESS", "description": "A workshop for felt", "budget": euros("900.00")}

    async def submitted() -> Part:
        plan = (await recorder.does(OFFICER, "PlanDraft", caseId=case["id"], lines=[line]))["plan"]
        item = plan["items"][0]["id"]
        plan = (await recorder.does(OFFICER, "PlanSubmit", planId=plan["id"], expectedVersion=plan["version"]))["plan"]
        return {"item": item, **plan}

    plan = await submitted()
    why = {"expectedVersion": plan["version"], "reason": "And the children?"}
    await recorder.does(COORDINATOR, "PlanReject", planId=plan["id"], **why)
    plan = await submitted()
    seen = {"expectedVersion": plan["version"], "contentDigest": plan["contentDigest"]}
    await recorder.does(COORDINATOR, "PlanApprove", planId=plan["id"], **seen)
    return str(plan["item"])


async def paid_by_three_people(recorder: Recorder, case: str, item: str) -> None:
    """A receipt paid back after it was returned once and was in doubt once."""
    office = encode("FieldOffice", MONGOLIA)
    await recorder.does(OFFICER, "SupplierRegister", fieldOfficeId=office, name="Felt and Wool", taxNumber="MN-1")
    payment = (await recorder.does(OFFICER, "PaymentDraft", **a_reimbursement(case, item)))["payment"]
    announced = await recorder.does(
        OFFICER,
        "DocumentRequestUpload",
        caseId=case,
        kind="RECEIPT",
        fileName="receipt.png",
        mediaType="image/png",
        sizeBytes=len(RECEIPT),
        sha256=hashlib.sha256(RECEIPT).hexdigest(),
    )
    await upload(announced["upload"], RECEIPT)
    document = announced["document"]
    await recorder.does(OFFICER, "DocumentCompleteUpload", documentId=document["id"], expectedVersion=document["version"])
    await recorder.does(OFFICER, "DocumentAttach", paymentId=payment["id"], documentId=document["id"])
    for who, operation, more in (
        (OFFICER, "PaymentSubmit", {}),
        (APPROVER, "PaymentReturn", {"reason": "Which day?"}),
        (OFFICER, "PaymentSubmit", {}),
        (APPROVER, "PaymentApprove", {"contentDigest": None}),
        (COORDINATOR, "PaymentRelease", {"contentDigest": None}),
        (COORDINATOR, "PaymentMarkUnconfirmed", {"reason": "The bank is silent"}),
        (OFFICER, "PaymentConfirm", {"paidOn": days_ago(1).isoformat(), "reference": "CASH-17"}),
    ):
        seen = {name: text or payment["contentDigest"] for name, text in more.items()}
        asked = {"paymentId": payment["id"], "expectedVersion": payment["version"], **seen}
        payment = (await recorder.does(who, operation, **asked))["payment"]
    assert payment["status"] == "PAID"


async def counted_by_finance(recorder: Recorder) -> None:
    """Rates imported by one and confirmed by another; a report ordered."""
    imported = await recorder.does(ADMINISTRATOR, "ExchangeRateMonthImport", month="1999-06-01", document=RATES)
    month = imported["exchangeRateMonth"]
    confirmed = {"exchangeRateMonthId": month["id"], "expectedVersion": month["version"]}
    await recorder.does(FINANCE, "ExchangeRateMonthConfirm", **confirmed)
    await recorder.does(FINANCE, "ReportOrder", kind="AMIF_INDICATORS", referenceDate="2024-12-31")


async def test_the_queries_send_as_many_statements_for_twenty_cases_as_for_two(
    fresh_database: DatabaseAddresses, object_store_address: ObjectStoreAddress, tmp_path: Path
) -> None:
    async with (
        own_bucket(object_store_address) as store,
        builders.open_work(fresh_database) as work,
        recording(fresh_database, store) as recorder,
        recording(fresh_database, store) as later,
    ):
        (case, paid), _ = [await a_case_with_everything(work) for _ in range(2)]
        report = new_id()
        order = OrderReport(id=report, kind="amif_indicators", parameters={"reference_date": today().isoformat()})
        await work.write(FINANCE, lambda transaction: order_report(transaction, order))
        await run_report(ReportResources(work, store, tmp_path / "scratch", "test"), report)
        await every_query(recorder, case, paid, report)
        assert names(OperationType.QUERY) - recorder.statements.keys() == set()
        agreed(recorder, "queries")
        for _ in range(18):
            await a_case_with_everything(work)
        await every_query(later, case, paid, report)
        assert later.statements == recorder.statements


async def a_case_with_everything(work: UnitOfWork) -> tuple[BuiltCase, UUID]:
    """A case with a plan, a paid payment and one that waits, a supplier and an ordered report; and the paid payment's id."""
    case = await builders.a_granted_case(work)
    supplier = RegisterSupplier(new_id(), MONGOLIA, f"Felt {uuid4().int}")
    await work.write(OFFICER, lambda transaction: payments.register_supplier(transaction, supplier))
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
    return case, paid


async def every_query(recorder: Recorder, case: BuiltCase, paid: UUID, report: UUID) -> None:
    """Each query as its user, on pages of a hundred."""
    one = encode("Case", case.id)
    payment = encode("Payment", paid)
    of_report = encode("Report", report)
    office = encode("FieldOffice", MONGOLIA)
    page = {"first": 100}
    await recorder.runs(OFFICER, "FieldOfficeCases", **page)
    await recorder.runs(OFFICER, "FieldOfficeCase", id=one)
    await recorder.runs(APPROVER, "FieldOfficePayments", filter={"status": ["SUBMITTED"]}, **page)
    await recorder.runs(APPROVER, "FieldOfficePayment", id=payment)
    await recorder.runs(OFFICER, "FieldOfficeSuppliers", office=office, **page)
    await recorder.runs(COUNSELLOR, "CounsellorCase", id=one)
    await recorder.runs(COUNSELLOR, "EntitlementPreview", case=one)
    await recorder.runs(FINANCE, "FinancePayments", **page)
    await recorder.runs(FINANCE, "Reports", **page)
    await recorder.runs(FINANCE, "ReportProgress", id=of_report)
    await recorder.runs(FINANCE, "ReportFiles", id=of_report)
    await recorder.runs(FINANCE, "ExchangeRateMonths", first=5)
    await recorder.runs(FINANCE, "ProgrammeStatistics", year=days_ago(30).year)
    on = {"indicator": "REINTEGRATION_ASSISTANCE", "referenceDate": today().isoformat()}
    await recorder.runs(AUDITOR, "IndicatorCases", **on, **page)
    await recorder.runs(AUDITOR, "AuditorCase", id=one, **page)
    await recorder.runs(AUDITOR, "AuditorPayment", id=payment)
    await recorder.runs(AUDITOR, "AuditEntries", record=payment, **page)
    await recorder.runs(AUDITOR, "DuplicateEvidence", **page)
