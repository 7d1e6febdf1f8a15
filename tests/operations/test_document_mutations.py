"""The mutations' documents, each run as its user on the way from registration to a closed case."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from graphql import OperationType

from reintegration.api.identifiers import encode
from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.actor import Actor
from reintegration.kernel.clock import today
from reintegration.storage.address import ObjectStoreAddress
from tests import builders
from tests.builders import (
    ADMINISTRATOR,
    APPROVER,
    COORDINATOR,
    COUNSELLOR,
    FINANCE,
    IOM,
    MONGOLIA,
    OFFICER,
    PROGRAMME,
    days_ago,
)
from tests.exports.places import own_bucket
from tests.fee_steps import add_tariffs
from tests.operations.document_fees import paid_to_the_partner
from tests.operations.document_orders import ordered_by_the_office
from tests.operations.document_statements import reconciled_by_the_office
from tests.operations.documents import Recorder, agreed, recording
from tests.operations.mutation_steps import REGISTRATION, upload
from tests.operations.walk import RECEIPT, Part, a_reimbursement, euros

Steps = Sequence[tuple[Actor, str, Mapping[str, str | None]]]
"""Who does what to a payment, with what more; None stands for the digest that the person saw."""
HISTORY = '[{"currencyIso":"USD","refCurrencyIso":"EUR","amount":1.1021,"dateStart":"01/06/1998","dateEnd":"30/06/1998"}]'
RATES = '[{"country":"UNITED STATES","currency":"US dollar","isoA3Code":"USD","isoA2Code":"US","value":1.0456,"comment":null}]'


async def test_the_mutations_from_registration_to_a_paid_and_reported_receipt(
    fresh_database: DatabaseAddresses, object_store_address: ObjectStoreAddress
) -> None:
    await add_tariffs(fresh_database)
    async with own_bucket(object_store_address) as store, recording(fresh_database, store) as recorder:
        case = await granted_by_the_counsellor(recorder)
        item = await planned_by_the_office(recorder, case)
        await paid_by_three_people(recorder, case["id"], item)
        await held_by_the_office(recorder)
        await reconciled_by_the_office(recorder, await refunded_by_the_supplier(recorder, case["id"], item), 30_000)
        await counted_by_finance(recorder)
        await closed_by_the_coordinator(recorder, case["id"])
        await paid_to_the_partner(recorder, case["id"])
        agreed(recorder, OperationType.MUTATION)


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
    seen = await recorder.runs(OFFICER, "FieldOfficeCase", id=case["id"])
    (budget,) = [one for one in seen["entitlements"] if one["stream"] == "REINTEGRATION"]
    later = {"newDeadlineOn": (date.fromisoformat(budget["deadlineOn"]) + timedelta(days=30)).isoformat(), "reason": "Floods"}
    asked = (await recorder.does(OFFICER, "ExtensionRequest", entitlementId=budget["id"], **later))["extension"]
    said = {"expectedVersion": asked["version"], "decision": "APPROVED"}
    await recorder.does(PROGRAMME, "ExtensionDecide", extensionId=asked["id"], **said)
    lines = [
        {"kind": "MICRO_BUSINESS", "description": "A workshop for felt", "budget": euros("900.00")},
        {"kind": "SCHOOLING_CHILD", "description": "School fees", "budget": euros("100.00")},
    ]

    async def submitted() -> Part:
        plan = (await recorder.does(OFFICER, "PlanDraft", caseId=case["id"], lines=lines))["plan"]
        item, school = (one["id"] for one in plan["items"])
        plan = (await recorder.does(OFFICER, "PlanSubmit", planId=plan["id"], expectedVersion=plan["version"]))["plan"]
        return {"item": item, "school": school, **plan}

    plan = await submitted()
    why = {"expectedVersion": plan["version"], "reason": "And the children?"}
    await recorder.does(COORDINATOR, "PlanReject", planId=plan["id"], **why)
    plan = await submitted()
    seen = {"expectedVersion": plan["version"], "contentDigest": plan["contentDigest"]}
    await recorder.does(COORDINATOR, "PlanApprove", planId=plan["id"], **seen)
    ends = {"fromItemId": plan["item"], "toItemId": plan["school"], "amount": euros("20.00"), "reason": "School began"}
    asked = (await recorder.does(OFFICER, "BudgetTransferRequest", **ends))["transfer"]
    said = {"expectedVersion": asked["version"], "decision": "APPROVED"}
    await recorder.does(COORDINATOR, "BudgetTransferDecide", transferId=asked["id"], **said)
    return str(plan["item"])


async def paid_by_three_people(recorder: Recorder, case: str, item: str) -> None:
    """A receipt paid back after it was returned once and was in doubt once, and came back; a second payment that fails."""
    office = encode("FieldOffice", MONGOLIA)
    await recorder.does(OFFICER, "SupplierRegister", fieldOfficeId=office, name="Felt and Wool", taxNumber="MN-1")
    content = a_reimbursement(case, item)
    payment = (await recorder.does(OFFICER, "PaymentDraft", **content))["payment"]
    amended = {name: content[name] for name in ("description", "paymentDate", "lines")}
    asked = {"paymentId": payment["id"], "expectedVersion": payment["version"]}
    payment = (await recorder.does(OFFICER, "PaymentAmend", **asked, **amended))["payment"]
    document = await filed(recorder, case, "RECEIPT", "receipt.png", RECEIPT)
    second = (await recorder.does(OFFICER, "PaymentDraft", **content))["payment"]
    for one in (payment, second):
        await recorder.does(OFFICER, "DocumentAttach", paymentId=one["id"], documentId=document)
    why = {"cause": "COMPLAINT", "reason": "A neighbour called"}
    hold = (await recorder.does(FINANCE, "PaymentHold", paymentId=second["id"], **why))["hold"]
    seen = {"expectedVersion": hold["version"], "reason": "It was another household"}
    await recorder.does(COORDINATOR, "PaymentHoldLift", holdId=hold["id"], **seen)
    paid: Steps = (
        (OFFICER, "PaymentSubmit", {}),
        (APPROVER, "PaymentReturn", {"reason": "Which day?"}),
        (OFFICER, "PaymentSubmit", {}),
        (APPROVER, "PaymentApprove", {"contentDigest": None}),
        (COORDINATOR, "PaymentRelease", {"contentDigest": None}),
        (COORDINATOR, "PaymentMarkUnconfirmed", {"reason": "The bank is silent"}),
        (OFFICER, "PaymentConfirm", {"paidOn": days_ago(1).isoformat(), "reference": "CASH-17"}),
    )
    assert await stepped(recorder, payment, paid) == "PAID"
    code = (await recorder.does(COORDINATOR, "ReceiptCodeIssue", paymentId=payment["id"]))["oneTimeCode"]
    await recorder.does(OFFICER, "ReceiptConfirm", paymentId=payment["id"], code=str(code).lower())
    took_back: Steps = ((COORDINATOR, "PaymentReverse", {"reason": "The shop took the machine back"}),)
    payment = await recorder.runs(OFFICER, "FieldOfficePayment", id=payment["id"])
    assert await stepped(recorder, payment, took_back) == "REVERSED"
    approved: Steps = ((OFFICER, "PaymentSubmit", {}), (APPROVER, "PaymentApprove", {"contentDigest": None}))
    assert await stepped(recorder, second, approved) == "APPROVED"
    second = await recorder.runs(PROGRAMME, "FieldOfficePayment", id=second["id"])
    seen = {"contentDigest": second["contentDigest"], "reason": "A tailor's workshop costs that much"}
    await recorder.does(PROGRAMME, "PaymentEndorse", paymentId=second["id"], **seen)
    failed: Steps = (
        (COORDINATOR, "PaymentRelease", {"contentDigest": None}),
        (COORDINATOR, "PaymentFail", {"reason": "Refused by the bank"}),
    )
    assert await stepped(recorder, second, failed) == "FAILED"


async def filed(recorder: Recorder, case: str, kind: str, name: str, data: bytes) -> str:
    """A file of the case, uploaded and completed."""
    announced = await recorder.does(
        OFFICER,
        "DocumentRequestUpload",
        caseId=case,
        kind=kind,
        fileName=name,
        mediaType="image/png" if name.endswith("png") else "application/pdf",
        sizeBytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )
    await upload(announced["upload"], data)
    document = announced["document"]
    await recorder.does(OFFICER, "DocumentCompleteUpload", documentId=document["id"], expectedVersion=document["version"])
    return str(document["id"])


async def refunded_by_the_supplier(recorder: Recorder, case: str, item: str) -> str:
    """An invoice paid, and a part of it that came back; its payment."""
    office = encode("FieldOffice", MONGOLIA)
    supplier = (await recorder.does(OFFICER, "SupplierRegister", fieldOfficeId=office, name="Sheep and Sons"))["supplier"]
    where = {"kind": "IBAN", "account": "BE68 5390 0754 7034", "holder": "Sheep and Sons"}
    where |= {"bic": "GEBABEBB", "country": "MN", "town": "Ulaanbaatar"}
    account = (await recorder.does(OFFICER, "SupplierAccountRecord", supplierId=supplier["id"], **where))["account"]
    compared = {"expectedVersion": account["version"], "decision": "APPROVED", "note": "As on the letter of the bank"}
    await recorder.does(APPROVER, "SupplierAccountDecide", accountId=account["id"], **compared)
    again = (await recorder.does(OFFICER, "SupplierRegister", fieldOfficeId=office, name="SHEEP AND SONS LLC"))["supplier"]
    assert again["hold"] == "ALIKE"
    likeness = (await recorder.runs(COORDINATOR, "SupplierLikenesses"))["edges"][0]["node"]
    barred = {"expectedVersion": likeness["version"], "decision": "BARRED", "note": "One shop, one owner"}
    await recorder.does(COORDINATOR, "SupplierLikenessDecide", likenessId=likeness["id"], **barred)
    invoice = {"kind": "SUPPLIER_DIRECT", "supplierId": supplier["id"], "invoiceNumber": "2026-17"}
    payment = (await recorder.does(OFFICER, "PaymentDraft", **a_reimbursement(case, item) | invoice))["payment"]
    for kind in ("INVOICE", "PROOF_OF_PAYMENT"):
        document = await filed(recorder, case, kind, f"{kind}.pdf".lower(), f"%PDF-1.4 {kind}".encode())
        if kind == "INVOICE":
            await recorder.does(OFFICER, "DocumentAttach", paymentId=payment["id"], documentId=document)
            released: Steps = (
                (OFFICER, "PaymentSubmit", {}),
                (APPROVER, "PaymentApprove", {"contentDigest": None}),
                (COORDINATOR, "PaymentRelease", {"contentDigest": None}),
            )
            assert await stepped(recorder, payment, released) == "RELEASED"
            await ordered_by_the_office(recorder, payment["id"])
    await recorder.does(OFFICER, "DocumentAttach", paymentId=payment["id"], documentId=document)
    payment = await recorder.runs(OFFICER, "FieldOfficePayment", id=payment["id"])
    paid: Steps = ((OFFICER, "PaymentConfirm", {"paidOn": days_ago(1).isoformat(), "reference": "BANK-18"}),)
    assert await stepped(recorder, payment, paid) == "PAID"
    back = {"amount": euros("10.00"), "receivedOn": today().isoformat(), "reference": "BANK-19", "reason": "A sheep short"}
    of_line = {"paymentId": payment["id"], "lineId": payment["lines"][0]["id"], "documentId": document}
    asked = (await recorder.does(OFFICER, "PaymentRefundRequest", **of_line, **back))["refund"]
    said = {"expectedVersion": asked["version"], "decision": "APPROVED"}
    await recorder.does(COORDINATOR, "PaymentRefundDecide", refundId=asked["id"], **said)
    await owed_by_the_supplier(recorder, supplier["id"], payment["lines"][0]["id"])
    return str(payment["id"])


async def owed_by_the_supplier(recorder: Recorder, supplier: str, line: str) -> None:
    """Confirmed, paid by a cheque that bounces, planned anew, and a part of it given up."""
    why = {"reason": "NOT_DELIVERED", "explanation": "A sheep never came", "dueOn": days_ago(-30).isoformat()}
    claim = {"supplierId": supplier, "lineId": line, "amount": euros("8.00"), **why}
    owed = (await recorder.does(OFFICER, "ReceivableRecord", **claim))["receivable"]
    said = {"expectedVersion": 1, "decision": "APPROVED"}
    await recorder.does(COORDINATOR, "ReceivableDecide", receivableId=owed["id"], **said)
    came = {"amount": euros("3.00"), "receivedOn": today().isoformat(), "reference": "CHEQUE-1"}
    cheque = (await recorder.does(COORDINATOR, "ReceivableReceiptRecord", receivableId=owed["id"], **came))["receipt"]
    second = replace(COORDINATOR, id="second-coordinator")
    bounced = {"expectedVersion": 1, "reason": "The cheque bounced"}
    await recorder.does(second, "ReceivableReceiptTakeBack", receiptId=cheque["id"], **bounced)
    parts = [{"dueOn": days_ago(-days).isoformat(), "amount": euros("4.00")} for days in (10, 40)]
    await recorder.does(OFFICER, "ReceivablePlanAgree", receivableId=owed["id"], instalments=parts)
    lost = {"amount": euros("4.00"), "reason": "The shop is gone"}
    asked = (await recorder.does(OFFICER, "ReceivableWriteOffRequest", receivableId=owed["id"], **lost))["writeOff"]
    await recorder.does(FINANCE, "ReceivableWriteOffDecide", writeOffId=asked["id"], **said)


async def held_by_the_office(recorder: Recorder) -> None:
    """An advance to the partner, one sent on to the office that never arrived, one of which a part came back, one settled."""
    at = {"sentOn": days_ago(9).isoformat(), "currency": "EUR"}
    to_partner = {"partnerId": encode("Partner", IOM), "amount": euros("500.00"), "reference": "T-1"}
    first = (await recorder.does(FINANCE, "AdvanceSend", **at, **to_partner))["advance"]
    came = {"expectedVersion": 1, "amount": euros("500.00"), "receivedOn": days_ago(8).isoformat()}
    await recorder.does(COORDINATOR, "AdvanceReceive", advanceId=first["id"], **came)
    onward = {"officeId": encode("FieldOffice", MONGOLIA), "sourceId": first["id"], "amount": euros("200.00"), "reference": "T-2"}
    lost, held = [(await recorder.does(COORDINATOR, "AdvanceSend", **at, **onward))["advance"] for _ in range(2)]
    second = replace(COORDINATOR, id="second-coordinator")
    await recorder.does(second, "AdvanceRecall", advanceId=lost["id"], expectedVersion=1, reason="The bank sent it back")
    came["amount"] = euros("200.00")
    await recorder.does(APPROVER, "AdvanceReceive", advanceId=held["id"], **came)
    sent = {"amount": euros("200.00"), "sentOn": days_ago(2).isoformat(), "reference": "B-1"}
    back = (await recorder.does(OFFICER, "AdvanceReturnSend", advanceId=held["id"], **sent))["advanceReturn"]
    came = {"expectedVersion": 1, "amount": euros("199.00"), "receivedOn": days_ago(1).isoformat()}
    await recorder.does(COORDINATOR, "AdvanceReturnReceive", returnId=back["id"], **came)
    await recorder.does(COORDINATOR, "AdvanceSettle", advanceId=held["id"], expectedVersion=2)


async def stepped(recorder: Recorder, payment: Part, steps: Steps) -> str:
    """A payment taken through steps, each with what the person before saw; its status at the end."""
    for who, operation, more in steps:
        seen = {name: text or payment["contentDigest"] for name, text in more.items()}
        asked = {"paymentId": payment["id"], "expectedVersion": payment["version"], **seen}
        payment = (await recorder.does(who, operation, **asked))["payment"]
    return str(payment["status"])


async def closed_by_the_coordinator(recorder: Recorder, case: str) -> None:
    """The premium is given up, the family moves to another office, and the case ends."""
    (edge,) = (await recorder.runs(COUNSELLOR, "FieldOfficePayments", filter={"status": ["DRAFT"]}))["edges"]
    draft = edge["node"]
    await recorder.does(COUNSELLOR, "PaymentCancel", paymentId=draft["id"], expectedVersion=draft["version"])
    version = (await recorder.runs(COORDINATOR, "FieldOfficeCase", id=case))["version"]
    place = {"toOfficeId": encode("FieldOffice", builders.CAMEROON), "reason": "The family moved on"}
    moved = await recorder.does(COORDINATOR, "CaseTransfer", caseId=case, expectedVersion=version, **place)
    end = {"expectedVersion": moved["case"]["version"], "closedOn": today().isoformat(), "reason": "COMPLETED"}
    await recorder.does(COORDINATOR, "CaseClose", caseId=case, **end)


async def counted_by_finance(recorder: Recorder) -> None:
    """Rates imported by one and confirmed by another; a report ordered."""
    imported = await recorder.does(ADMINISTRATOR, "ExchangeRateMonthImport", month="1999-06-01", document=RATES)
    month = imported["exchangeRateMonth"]
    confirmed = {"exchangeRateMonthId": month["id"], "expectedVersion": month["version"]}
    await recorder.does(FINANCE, "ExchangeRateMonthConfirm", **confirmed)
    history = {"firstMonth": "1998-06-01", "lastMonth": "1998-06-01", "documents": [HISTORY]}
    await recorder.does(ADMINISTRATOR, "ExchangeRateHistoryImport", **history)
    await recorder.does(FINANCE, "ReportOrder", kind="AMIF_INDICATORS", referenceDate="2024-12-31")
