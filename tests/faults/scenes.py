"""The operations that faults are tried on: each is asked for on records of its own, which stand just before it."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import asyncpg

from reintegration.api.identifiers import encode
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.entitlements.commands import GrantEntitlements
from reintegration.entitlements.service import grant_entitlements
from reintegration.kernel.actor import Actor
from reintegration.kernel.clock import first_of_month, today
from reintegration.kernel.ids import new_id
from reintegration.programme.reference import identifier
from reintegration.reconciliation import accounts, files
from reintegration.reconciliation.commands import RecordMapping, RequestStatementUpload
from reintegration.storage.client import ObjectStore
from reintegration.treasury import service as treasury
from reintegration.treasury.commands import SendBack, TakeBack
from tests import builders
from tests.advance_steps import a_partner_advance, to_office, to_partner
from tests.builders import APPROVER, COORDINATOR, COUNSELLOR, FINANCE, OFFICER, days_ago
from tests.operations.bank_files import MAPPING, booked, csv_file
from tests.payment_steps import (
    BuiltPlan,
    a_line,
    a_payment,
    a_planned_case,
    a_supplier,
    an_approved_plan,
    attach,
    confirmation,
    done,
    euros,
    found,
)
from tests.payment_steps import payments as payment_cases
from tests.statement_steps import OPENING_MINOR, an_account

Answer = dict[str, object]
_MONTH = first_of_month(first_of_month(first_of_month(today()) - timedelta(days=1)) - timedelta(days=1))
"""The one before the last: over by any clock that is right to some days."""
_FUND = identifier("fund", "AMIF-2021-2027")
_PAYMENT = "payment { id version status contentDigest lines { amount { amount currency } } }"
_ADVANCE = "advance { id version settledBy received { amount currency } }"
_RETURN = "advanceReturn { id version received { amount currency } receivedBy }"
_CLOSE = "periodClose { id month transactions spent { amount currency } corrections digest closedBy }"
_FILE = (
    "statementFile { id version status importedBy account { id balance { amount currency } suspenseLines }"
    " statements { id number lineCount closing { amount currency } } }"
)
_FORGET = """
set session_replication_role = replica;
delete from period_closes;
set session_replication_role = origin;
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """Who asks for what; the same key each time."""

    who: Actor
    name: str
    asked: Answer
    shows: str

    def body(self) -> Answer:
        """The request."""
        title = f"{self.name[0].upper()}{self.name[1:]}"
        shows = f"__typename ... on Problem {{ code message }} ... on {title}Payload {{ replayed {self.shows} }}"
        document = f"mutation($input: {title}Input!) {{ {self.name}(input: $input) {{ {shows} }} }}"
        return {"query": document, "variables": {"input": self.asked}}


@dataclass(slots=True)
class Ground:
    """Where records are made."""

    work: UnitOfWork
    store: ObjectStore
    superuser: asyncpg.Pool
    _plans: list[BuiltPlan] = field(default_factory=list)
    _uses: int = 0

    async def plan(self) -> BuiltPlan:
        """A plan with money left, and with the accounts that its first payment opens; each takes a score of payments."""
        if self._uses % 20 == 0:
            self._plans.append(await a_planned_case(self.work))
            await a_payment(self.work, self._plans[-1], 100)
        self._uses += 1
        return self._plans[-1]

    async def forget_closes(self) -> None:
        """As if no month had been closed."""
        await self.superuser.execute(_FORGET)


Scene = Callable[[Ground], Awaitable[Wish]]


def _wish(who: Actor, name: str, shows: str, **asked: object) -> Wish:
    return Wish(who, name, {"idempotencyKey": str(uuid4()), **asked}, shows)


async def _payment_draft(ground: Ground) -> Wish:
    plan = await ground.plan()
    return _wish(
        OFFICER,
        "paymentDraft",
        _PAYMENT,
        id=str(new_id()),
        caseId=encode("Case", plan.case.id),
        kind="SUPPLIER_DIRECT",
        planItemId=encode("PlanItem", plan.items[0]),
        description="Sheep",
        paymentDate=days_ago(3).isoformat(),
        lines=[{"description": "A sheep", "amount": {"amount": "1.00", "currency": "EUR"}}],
        supplierId=encode("Supplier", await a_supplier(ground.work)),
        invoiceNumber=f"F-{uuid4()}",
    )


async def _of_payment(ground: Ground, status: str, name: str, who: Actor, **asked: object) -> Wish:
    payment = await a_payment(ground.work, await ground.plan(), 100, status=status)
    if name == "paymentConfirm":
        await attach(ground.work, payment, "proof_of_payment")
    now = await found(ground.work, payment)
    digest = {"contentDigest": now.digest} if name in {"paymentApprove", "paymentRelease"} else {}
    about = {"paymentId": encode("Payment", payment), "expectedVersion": now.version}
    return _wish(who, name, _PAYMENT, **about, **digest, **asked)


async def _payment_submit(ground: Ground) -> Wish:
    return await _of_payment(ground, "draft", "paymentSubmit", OFFICER)


async def _payment_approve(ground: Ground) -> Wish:
    return await _of_payment(ground, "submitted", "paymentApprove", APPROVER)


async def _payment_release(ground: Ground) -> Wish:
    return await _of_payment(ground, "approved", "paymentRelease", COORDINATOR)


async def _payment_confirm(ground: Ground) -> Wish:
    on = days_ago(3).isoformat()
    return await _of_payment(ground, "released", "paymentConfirm", COORDINATOR, paidOn=on, reference="BANK-1")


async def _payment_unconfirmed(ground: Ground) -> Wish:
    return await _of_payment(ground, "released", "paymentMarkUnconfirmed", COORDINATOR, reason="The bank is silent")


async def _payment_fail(ground: Ground) -> Wish:
    return await _of_payment(ground, "released", "paymentFail", COORDINATOR, reason="The bank sent it back")


async def _payment_reverse(ground: Ground) -> Wish:
    return await _of_payment(ground, "paid", "paymentReverse", COORDINATOR, reason="The shop closed")


async def _advance_send(ground: Ground) -> Wish:
    source = await a_partner_advance(ground.work, 10_000)
    sent = to_office(euros(9_000), source=source)
    return _wish(
        COORDINATOR,
        "advanceSend",
        "advance { id version sent { amount currency } }",
        officeId=encode("FieldOffice", UUID(str(sent.field_office_id))),
        sourceId=encode("Advance", source),
        amount={"amount": "90.00", "currency": "EUR"},
        currency="MNT",
        sentOn=sent.sent_on.isoformat(),
        reference="T-2",
    )


async def _advance_receive(ground: Ground) -> Wish:
    advance = await done(ground.work, FINANCE, treasury.send_advance, to_partner(10_000))
    amount = {"amount": "100.00", "currency": "EUR"}
    about = {"advanceId": encode("Advance", advance.id), "expectedVersion": 1}
    return _wish(COORDINATOR, "advanceReceive", _ADVANCE, **about, amount=amount, receivedOn=days_ago(40).isoformat())


async def _sent_back(ground: Ground) -> tuple[UUID, UUID]:
    """An advance of which everything is on its way back, and that return."""
    advance = await a_partner_advance(ground.work, 10_000)
    sent = SendBack(new_id(), advance, euros(10_000), days_ago(20), "T-3")
    await done(ground.work, COORDINATOR, treasury.send_back, sent)
    return advance, sent.id


async def _advance_return_receive(ground: Ground) -> Wish:
    _, sent = await _sent_back(ground)
    amount = {"amount": "100.00", "currency": "EUR"}
    about = {"returnId": encode("AdvanceReturn", sent), "expectedVersion": 1}
    return _wish(FINANCE, "advanceReturnReceive", _RETURN, **about, amount=amount, receivedOn=days_ago(10).isoformat())


async def _advance_settle(ground: Ground) -> Wish:
    advance, sent = await _sent_back(ground)
    await done(ground.work, FINANCE, treasury.take_back, TakeBack(sent, 1, euros(10_000), days_ago(10)))
    return _wish(FINANCE, "advanceSettle", _ADVANCE, advanceId=encode("Advance", advance), expectedVersion=2)


async def _period_close(ground: Ground) -> Wish:
    """Of a month in which something was paid: closed before, perhaps, and that forgotten."""
    await ground.forget_closes()
    if not await ground.superuser.fetchval("select exists (select from ledger_transactions where effective_on = $1)", _MONTH):
        await _paid_on(ground.work, _MONTH)
    return _wish(FINANCE, "periodClose", _CLOSE, fundId=encode("Fund", _FUND), month=_MONTH.isoformat())


async def _paid_on(work: UnitOfWork, day: date) -> None:
    """A payment of 10 EUR of a case that arrived long enough ago."""
    asked = builders.a_registration()
    intake = replace(asked.intake, applied_on=days_ago(120), consent_signed_on=days_ago(120))
    case = await builders.a_referred_case(work, replace(asked, intake=intake))
    await builders.an_exception(work, case)
    assessment = await builders.an_assessment(work, case, planned=days_ago(95))
    await done(work, COUNSELLOR, grant_entitlements, GrantEntitlements(case_id=case.id, assessment_id=assessment))
    arrived = await builders.arrive(work, await builders.depart(work, case, on=days_ago(95)), on=days_ago(94))
    payment = await a_payment(work, await an_approved_plan(work, arrived, a_line(150_000)), 1_000, status="released")
    await attach(work, payment, "proof_of_payment")
    await done(work, COORDINATOR, payment_cases.confirm_payment, await confirmation(work, payment, on=day))


async def _statement_import(ground: Ground) -> Wish:
    account = await an_account(ground.work)
    await done(ground.work, OFFICER, accounts.record_mapping, RecordMapping(new_id(), account, MAPPING))
    data = csv_file(OPENING_MINOR, booked(-40_000, name="Ганбаатар"), booked(-250), booked(1_000))
    digest = hashlib.sha256(data).hexdigest()
    request = RequestStatementUpload(new_id(), account, "csv", "хуулга.csv", len(data), digest)
    await done(ground.work, OFFICER, files.request_statement_upload, request)
    await ground.store.put(f"statements/{account}/{request.id}/{digest}", data, "text/csv", sha256=digest)
    return _wish(OFFICER, "statementImport", _FILE, fileId=encode("StatementFile", request.id), expectedVersion=1)


SCENES: dict[str, Scene] = {
    "paymentDraft": _payment_draft,
    "paymentSubmit": _payment_submit,
    "paymentApprove": _payment_approve,
    "paymentRelease": _payment_release,
    "paymentConfirm": _payment_confirm,
    "paymentMarkUnconfirmed": _payment_unconfirmed,
    "paymentFail": _payment_fail,
    "paymentReverse": _payment_reverse,
    "advanceSend": _advance_send,
    "advanceReceive": _advance_receive,
    "advanceReturnReceive": _advance_return_receive,
    "advanceSettle": _advance_settle,
    "periodClose": _period_close,
    "statementImport": _statement_import,
}
