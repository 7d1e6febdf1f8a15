"""A valid input of every mutation, about the records of office A's case, and a stage on which to try it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from reintegration.api.identifiers import encode
from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.actor import Role
from reintegration.kernel.clock import add_months, first_of_month, today
from reintegration.storage.client import ObjectStore
from tests.builders import CEILING_RULE, MONGOLIA, days_ago
from tests.operations import fee_inputs, order_inputs, statement_inputs
from tests.operations.conftest import Offices, copied
from tests.operations.desk import Answer, Desk, open_desk
from tests.operations.expected_fields import ABROAD
from tests.operations.mutation_steps import REGISTRATION, euros
from tests.operations.two_offices import A

Asked = dict[str, object]


@dataclass(frozen=True, slots=True)
class Records:
    """The records of A's case as they stand, for the start of an input."""

    owner: asyncpg.Connection
    case_id: UUID

    async def nothing(self) -> Asked:
        """The mutation is about no record."""
        return {}

    async def of_case(self) -> Asked:
        """Something new of the case."""
        return {"caseId": encode("Case", self.case_id)}

    async def case(self) -> Asked:
        """An update of the case."""
        version = await self.owner.fetchval("select version from cases where id = $1", self.case_id)
        return {**await self.of_case(), "expectedVersion": version}

    async def update(self, kind: str, name: str, table: str, wanted: str = "version > 0") -> Asked:
        """An update of a record of the case, one that is as wanted if there is any."""
        row = await self.owner.fetchrow(
            f"select id, version from {table} where case_id = $1 order by {wanted} desc, id limit 1",  # noqa: S608 - ours
            self.case_id,
        )
        return {name: encode(kind, row["id"]), "expectedVersion": row["version"]}

    async def plan(self) -> Asked:
        """An update of the plan."""
        return await self.update("Plan", "planId", "plans")

    async def payment(self, role: Role, status: str) -> Asked:
        """An update of a payment of the role's side; offices and Fedasil each carry their own on."""
        side = "field_office_id is not null" if role in ABROAD else "field_office_id is null"
        return await self.update("Payment", "paymentId", "payments", f"({side}, status = '{status}')")

    async def a_payment(self, role: Role, status: str) -> Asked:
        """A payment of the role's side, which the mutation doesn't change."""
        return {"paymentId": (await self.payment(role, status))["paymentId"]}

    async def one(self, kind: str, name: str, table: str, wanted: str) -> Asked:
        """The id of a record of the case that is as wanted."""
        sql = f"select id from {table} where case_id = $1 and {wanted} order by id limit 1"  # noqa: S608 - ours
        return {name: encode(kind, await self.owner.fetchval(sql, self.case_id))}

    async def with_case(self, kind: str, name: str, table: str, wanted: str) -> Asked:
        """The case and a record of it."""
        return {**await self.of_case(), **await self.one(kind, name, table, wanted)}

    async def evidence(self, role: Role) -> Asked:
        """A draft of the role's side and a file."""
        payment = (await self.payment(role, "draft"))["paymentId"]
        return {"paymentId": payment, **await self.one("Document", "documentId", "documents", "status = 'stored'")}

    async def a_paid_line(self) -> Asked:
        """A line of a paid payment to a supplier, of which nothing came back, and the proof of its payment."""
        row = await self.owner.fetchrow(
            "select p.id, l.id as line_id, d.document_id from payments as p"
            " join payment_lines as l on l.payment_id = p.id"
            " join payment_documents as d on d.payment_id = p.id and d.stage = 'settlement'"
            " where p.case_id = $1 and p.status = 'paid' and p.kind = 'supplier_direct' and l.currency = 'EUR'"
            " and not exists (select from payment_refunds as r where r.payment_id = p.id) order by p.id limit 1",
            self.case_id,
        )
        line, document = encode("PaymentLine", row["line_id"]), encode("Document", row["document_id"])
        return {"paymentId": encode("Payment", row["id"]), "lineId": line, "documentId": document}

    async def supplier(self) -> Asked:
        """A supplier of the office."""
        sql = "select id from suppliers where field_office_id = $1 order by id limit 1"
        return {"supplierId": encode("Supplier", await self.owner.fetchval(sql, A.office_id))}

    async def account(self) -> Asked:
        """An account of a supplier of the office, undecided where there is one."""
        row = await self.owner.fetchrow(
            "select a.id, a.version from supplier_accounts as a join suppliers as s on s.id = a.supplier_id"
            " where s.field_office_id = $1 order by a.decision nulls first limit 1",
            A.office_id,
        )
        return {"accountId": encode("SupplierAccount", row["id"]), "expectedVersion": row["version"]}

    async def advance(self, role: Role, *, gives: bool, wanted: str) -> Asked:
        """An advance that the role gives or holds, one that is as wanted if there is any."""
        is_of_partner = role is Role.FEDASIL_FINANCE or (role is Role.PARTNER_COORDINATOR and not gives)
        row = await self.owner.fetchrow(
            "select id, version from advances where partner_id = $1 and (field_office_id is null) = $2"  # noqa: S608 - ours
            f" order by {wanted} desc, id limit 1",
            A.partner_id,
            is_of_partner,
        )
        return {"advanceId": encode("Advance", row["id"]), "expectedVersion": row["version"]}

    async def held_advance(self, role: Role) -> Asked:
        """One that the role holds, which the mutation doesn't change."""
        return {"advanceId": (await self.advance(role, gives=False, wanted=_HELD))["advanceId"]}

    async def advance_return(self, role: Role) -> Asked:
        """A return on its way to the role."""
        row = await self.owner.fetchrow(
            "select r.id, r.version from advance_returns as r join advances as a on a.id = r.advance_id"
            " where a.partner_id = $1 and (a.field_office_id is null) = $2 order by r.received_at is null desc, r.id limit 1",
            A.partner_id,
            role is Role.FEDASIL_FINANCE,
        )
        return {"returnId": encode("AdvanceReturn", row["id"]), "expectedVersion": row["version"]}

    async def taker(self, role: Role) -> Asked:
        """To whom the role sends money."""
        if role is Role.FEDASIL_FINANCE:
            return {"partnerId": encode("Partner", A.partner_id)}
        source = await self.advance(role, gives=False, wanted=_HELD)
        return {"officeId": _OFFICE, "sourceId": source["advanceId"]}

    async def receivable(self, role: Role, wanted: str) -> Asked:
        """What is owed to the role's side, one that is as wanted if there is any."""
        row = await self.owner.fetchrow(
            "select id, version from receivables"  # noqa: S608 - ours
            " where (partner_id = $1 and $3) or (field_office_id = $2 and not $3)"
            f" order by {wanted} desc, id limit 1",
            A.partner_id,
            A.office_id,
            role not in ABROAD,
        )
        return {"receivableId": encode("Receivable", row["id"]), "expectedVersion": row["version"]}

    async def owed(self, role: Role) -> Asked:
        """One of which something is still owed, and which the mutation doesn't change."""
        wanted = "(receivable_outstanding(id) > 0)"
        return {"receivableId": (await self.receivable(role, wanted))["receivableId"]}

    async def owed_wholly(self, role: Role) -> Asked:
        """The same with a plan of all of it."""
        found = await self.owed(role)
        row = await self.owner.fetchrow(
            "select receivable_outstanding(r.id) as cents from receivables as r"
            " where (r.partner_id = $1 and $3) or (r.field_office_id = $2 and not $3)"
            " order by (receivable_outstanding(r.id) > 0) desc, r.id limit 1",
            A.partner_id,
            A.office_id,
            role not in ABROAD,
        )
        part = {"dueOn": days_ago(-10).isoformat(), "amount": euros(f"{row['cents'] // 100}.{row['cents'] % 100:02}")}
        return {**found, "instalments": [part]}

    async def under_receivable(self, role: Role, kind: str, name: str, table: str, wanted: str) -> Asked:
        """A record under what is owed to the role's side, one that is as wanted if there is any."""
        row = await self.owner.fetchrow(
            f"select t.id, t.version from {table} as t join receivables as r on r.id = t.receivable_id"  # noqa: S608 - ours
            " where (r.partner_id = $1 and $3) or (r.field_office_id = $2 and not $3)"
            f" order by {wanted} desc, t.id limit 1",
            A.partner_id,
            A.office_id,
            role not in ABROAD,
        )
        return {name: encode(kind, row["id"]), "expectedVersion": row["version"]}

    async def debtor(self, role: Role) -> Asked:
        """Who owes something to the role's side."""
        return await self.supplier() if role in ABROAD else {"partnerId": encode("Partner", A.partner_id)}

    async def service_fee(self) -> Asked:
        """A fee of the case that is paid: nothing more can be done with it than to reverse it."""
        return await self.update("ServiceFee", "serviceFeeId", "service_fees", "(status = 'paid')")

    async def likeness(self) -> Asked:
        """What two suppliers of the office share, undecided where there is one."""
        row = await self.owner.fetchrow(
            "select l.id, l.version from supplier_likenesses as l"
            " join suppliers as e on e.id = l.earlier_id join suppliers as s on s.id = l.later_id"
            " where e.field_office_id = $1 and s.field_office_id = $1 order by l.decision nulls first limit 1",
            A.office_id,
        )
        return {"likenessId": encode("SupplierLikeness", row["id"]), "expectedVersion": row["version"]}

    async def two_items(self) -> Asked:
        """Two items of the plan in force."""
        rows = await self.owner.fetch(
            "select i.id from plan_items as i join plans as p on p.id = i.plan_id"
            " where i.case_id = $1 and p.status = 'approved' order by i.position limit 2",
            self.case_id,
        )
        giver, taker = (encode("PlanItem", row["id"]) for row in rows)
        return {"fromItemId": giver, "toItemId": taker}

    async def month(self) -> Asked:
        """A month that nobody confirmed, if there is any."""
        row = await self.owner.fetchrow("select id, version from exchange_rate_months order by confirmed_by nulls first")
        return {"exchangeRateMonthId": encode("ExchangeRateMonth", row["id"]), "expectedVersion": row["version"]}

    async def spending(self, role: Role) -> Asked:
        """Offices pay for items of a plan, Belgium pays the premium."""
        if role in ABROAD:
            in_force = "plan_id in (select id from plans where status = 'approved')"
            what = {"kind": "REIMBURSEMENT", **await self.one("PlanItem", "planItemId", "plan_items", in_force)}
        else:
            premium = await self.one("Entitlement", "entitlementId", "entitlements", "stream = 'cash_premium'")
            what = {"kind": "CASH_PREMIUM", **premium}
        return {**await self.of_case(), **what}


Start = Callable[[Records, Role], Awaitable[Asked]]


def about(start: Callable[[Records], Awaitable[Asked]], **more: object) -> tuple[Start, Asked]:
    """An input that starts the same for every role."""
    return (lambda records, _role: start(records)), more


def payment(status: str, **more: object) -> tuple[Start, Asked]:
    """An input about a payment that is in a status, where there is one."""
    return (lambda records, role: records.payment(role, status)), more


_LINES = [{"description": "Ten sheep", "amount": euros("10.00")}]
_CONTENT: Asked = {"description": "Sheep", "paymentDate": days_ago(3).isoformat(), "lines": _LINES}
_DIGEST = "d4" * 32
_RATES = '[{"country":"Mongolia","currency":"Tugrik","isoA3Code":"MNT","isoA2Code":"MN","value":4021.37}]'
_OFFICE = encode("FieldOffice", MONGOLIA)
_ON_THE_WAY = "(received_at is null and recalled_at is null)"
_HELD = "(received_at is not null and settled_at is null)"
_MONTH = first_of_month(days_ago(90)).isoformat()

INPUTS: Mapping[str, tuple[Start, Asked]] = {
    "advanceRecall": (lambda r, role: r.advance(role, gives=True, wanted=_ON_THE_WAY), {"reason": "It never came"}),
    "advanceReceive": (
        lambda r, role: r.advance(role, gives=False, wanted=_ON_THE_WAY),
        {"amount": euros("100.00"), "receivedOn": days_ago(1).isoformat()},
    ),
    "advanceReturnReceive": (Records.advance_return, {"amount": euros("1.00"), "receivedOn": days_ago(1).isoformat()}),
    "advanceReturnSend": (
        Records.held_advance,
        {"amount": euros("1.00"), "sentOn": days_ago(1).isoformat(), "reference": "B-1"},
    ),
    "advanceSend": (
        Records.taker,
        {"amount": euros("9.00"), "currency": "EUR", "sentOn": days_ago(1).isoformat(), "reference": "T-1"},
    ),
    "advanceSettle": (lambda r, role: r.advance(role, gives=True, wanted=_HELD), {}),
    **{f"serviceFee{step}": about(Records.service_fee, **more) for step, more in fee_inputs.STEPS.items()},
    "serviceFeeClaim": about(Records.of_case, kind="PLAN_PREPARATION"),
    "receivableDecide": (
        lambda r, _role: r.receivable(Role.FIELD_OFFICER, "(decision is null)"),
        {"decision": "REFUSED"},
    ),
    "receivablePlanAgree": (Records.owed_wholly, {}),
    "receivableReceiptRecord": (
        Records.owed,
        {"amount": euros("1.00"), "receivedOn": days_ago(0).isoformat(), "reference": "BANK-1"},
    ),
    "receivableReceiptTakeBack": (
        lambda r, role: r.under_receivable(
            role, "ReceivableReceipt", "receiptId", "receivable_receipts", "(t.taken_back_at is null)"
        ),
        {"reason": "The cheque bounced"},
    ),
    "receivableRecord": (
        Records.debtor,
        {
            "amount": euros("1.00"),
            "reason": "OTHER",
            "explanation": "Too much",
            "dueOn": days_ago(-30).isoformat(),
        },
    ),
    "receivableWriteOffDecide": (
        lambda r, _role: r.under_receivable(
            Role.FIELD_OFFICER, "ReceivableWriteOff", "writeOffId", "receivable_write_offs", "(t.decision is null)"
        ),
        {"decision": "REFUSED"},
    ),
    "receivableWriteOffRequest": (
        Records.owed,
        {"amount": euros("1.00"), "reason": "The shop is gone"},
    ),
    "arrivalConfirm": about(Records.case, arrivedOn=days_ago(29).isoformat()),
    "bankAccountOpen": about(Records.nothing, **statement_inputs.OPENING),
    "budgetTransferDecide": about(
        lambda r: r.update("BudgetTransfer", "transferId", "budget_transfers", "decision is null"), decision="REFUSED"
    ),
    "budgetTransferRequest": about(Records.two_items, amount=euros("1.00"), reason="Because"),
    "caseClose": about(Records.case, reason="COMPLETED", closedOn=today().isoformat()),
    "caseDepart": about(Records.case, departedOn=days_ago(30).isoformat(), travelMode="BUS"),
    "caseRefer": about(Records.case, partnerId=encode("Partner", A.partner_id)),
    "caseRegister": about(Records.nothing, **REGISTRATION),
    "caseTransfer": about(Records.case, reason="Because", toOfficeId=_OFFICE),
    "documentAttach": (Records.evidence, {}),
    "documentCompleteUpload": about(lambda r: r.update("Document", "documentId", "documents", "status = 'pending'")),
    "documentRequestUpload": about(
        Records.of_case, kind="OTHER", fileName="a.pdf", mediaType="application/pdf", sizeBytes=9, sha256=_DIGEST
    ),
    "entitlementAssess": about(Records.of_case),
    "entitlementGrant": about(lambda r: r.with_case("EntitlementAssessment", "assessmentId", "entitlement_assessments", "true")),
    "exceptionDecide": about(
        lambda r: r.update("EntitlementException", "exceptionId", "entitlement_exceptions"), decision="REFUSED"
    ),
    "exceptionRequest": about(
        Records.of_case,
        kind="GRANTED_CEILING",
        ruleId=CEILING_RULE,
        amount=euros("1.00"),
        reason="Because",
        reference="FED-9",
    ),
    "exchangeRateHistoryImport": about(Records.nothing, firstMonth=_MONTH, lastMonth=_MONTH, documents=["[]"]),
    "exchangeRateMonthConfirm": about(Records.month),
    "exchangeRateMonthImport": about(Records.nothing, month=first_of_month(days_ago(60)).isoformat(), document=_RATES),
    "extensionDecide": about(
        lambda r: r.update("DeadlineExtension", "extensionId", "deadline_extensions", "decision is null"),
        decision="REFUSED",
    ),
    "extensionRequest": about(
        lambda r: r.one("Entitlement", "entitlementId", "entitlements", "stream = 'reintegration'"),
        newDeadlineOn=add_months(today(), 40).isoformat(),
        reason="Because",
    ),
    "paymentAmend": payment("draft", **_CONTENT),
    "paymentApprove": payment("submitted", contentDigest=_DIGEST),
    "paymentCancel": payment("draft"),
    "paymentConfirm": payment("released", paidOn=days_ago(1).isoformat(), reference="BANK-1"),
    "paymentDraft": (Records.spending, _CONTENT),
    "paymentEndorse": (lambda r, role: r.a_payment(role, "approved"), {"contentDigest": _DIGEST, "reason": "Because"}),
    "paymentFail": payment("released", reason="Because"),
    "paymentHold": (lambda r, role: r.a_payment(role, "submitted"), {"cause": "COMPLAINT", "reason": "Because"}),
    "paymentHoldLift": about(lambda r: r.update("PaymentHold", "holdId", "payment_holds", "lifted_by is null"), reason="Because"),
    "paymentMarkUnconfirmed": payment("released", reason="Because"),
    "paymentOrderCancel": about(lambda r: order_inputs.order(r.owner, "draft"), reason="Because"),
    "paymentOrderCreate": about(lambda r: order_inputs.payments(r.owner), **order_inputs.PREPARED),
    "paymentOrderDownload": about(lambda r: order_inputs.an_order(r.owner, "sent")),
    "paymentOrderMarkSent": about(lambda r: order_inputs.order(r.owner, "sealed")),
    "paymentOrderSeal": about(lambda r: order_inputs.seen_order(r.owner)),
    "paymentRefundDecide": about(
        lambda r: r.update("PaymentRefund", "refundId", "payment_refunds", "decision is null"), decision="REFUSED"
    ),
    "paymentRefundRequest": about(
        Records.a_paid_line, amount=euros("1.00"), receivedOn=today().isoformat(), reference="BANK-2", reason="Because"
    ),
    "paymentRelease": payment("approved", contentDigest=_DIGEST),
    "paymentReturn": payment("submitted", reason="Because"),
    "paymentReverse": payment("paid", reason="Because"),
    "paymentSubmit": payment("draft"),
    "planApprove": about(Records.plan, contentDigest=_DIGEST),
    "planDraft": about(Records.of_case, lines=[{"kind": "MEDICAL", "description": "Medicine", "budget": euros("1.00")}]),
    "planReject": about(Records.plan, reason="Because"),
    "planSubmit": about(Records.plan),
    "receiptCodeIssue": (lambda r, role: r.a_payment(role, "paid"), {}),
    "receiptConfirm": (lambda r, role: r.a_payment(role, "released"), {"code": "AAAA-2222"}),
    "reportOrder": about(Records.nothing, kind="PROGRAMME_STATISTICS", years=[today().year]),
    "openItemExplain": about(lambda r: statement_inputs.open_line(r.owner), reason="Because"),
    "periodClose": about(lambda r: statement_inputs.a_fund(r.owner), month=days_ago(0).replace(day=1).isoformat()),
    "statementImport": about(lambda r: statement_inputs.file(r.owner, "pending")),
    "statementMappingRecord": about(lambda r: statement_inputs.account(r.owner), **statement_inputs.MAPPED),
    "statementMatch": about(lambda r: statement_inputs.line(r.owner)),
    "statementMatchUndo": about(lambda r: statement_inputs.match(r.owner), reason="Because"),
    "statementRequestUpload": about(lambda r: statement_inputs.account(r.owner), **statement_inputs.UPLOAD),
    "statementWithdraw": about(lambda r: statement_inputs.file(r.owner, "imported"), reason="Because"),
    "supplierAccountDecide": about(Records.account, decision="REFUSED", note="Because"),
    "supplierAccountRecord": about(Records.supplier, kind="BANK", account="4000-123", holder="Cashmere"),
    "supplierLikenessDecide": about(Records.likeness, decision="BARRED", note="One shop"),
    "supplierRegister": about(Records.nothing, fieldOfficeId=_OFFICE, name="Cashmere"),
    "vulnerabilityDecide": about(
        lambda r: r.update("Vulnerability", "vulnerabilityId", "vulnerabilities", "decision is null"),
        decision="REFUSED",
    ),
    "vulnerabilityRecord": about(lambda r: r.with_case("Returnee", "returneeId", "returnees", "position = 2"), kind="ELDERLY"),
}


async def row_counts(owner: asyncpg.Connection) -> dict[str, int]:
    """How many rows every table has; the log's count also stands for every change of a row."""
    tables = await owner.fetch(
        "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('public', 'jobs')"
    )
    counts = " union all ".join(f"select '{row['name']}' as name, count(*) as rows from {row['name']}" for row in tables)  # noqa: S608 - from the catalogue
    return {row["name"]: row["rows"] for row in await owner.fetch(counts)}


@dataclass(frozen=True, slots=True)
class Stage:
    """A desk over a copy of the caseload, and the owner's look at it."""

    desk: Desk
    owner: asyncpg.Connection
    records: Records

    async def ask(self, role: Role, name: str) -> Answer:
        """A mutation by A's person of a role, of their own side where that matters."""
        start, more = INPUTS[name]
        return await self.desk.ask(A.who(role), name, {**more, **await start(self.records, role)})


@asynccontextmanager
async def open_stage(offices: Offices, server: DatabaseAddresses, store: ObjectStore) -> AsyncIterator[Stage]:
    """A stage over a copy of its own."""
    async with copied(offices, server) as addresses, open_desk(addresses, store) as desk:
        owner = await asyncpg.connect(addresses.owner_url)
        try:
            yield Stage(desk, owner, Records(owner, offices.caseload.case_of_a))
        finally:
            await owner.close()
