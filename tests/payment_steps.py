"""Plans, documents and payments brought to a stage through the use cases themselves, and what the ledger then holds."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar
from uuid import UUID, uuid4

from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.evidence.commands import AttachDocument, CompleteUpload, RequestUpload
from reintegration.evidence.service import attach_document, complete_upload, request_upload
from reintegration.kernel.actor import Actor
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
from reintegration.kernel.reference import Reference
from reintegration.payments import service as payments
from reintegration.payments.commands import (
    ApprovePayment,
    ConfirmPayment,
    DraftPayment,
    FailPayment,
    MarkPaymentUnconfirmed,
    PaymentContent,
    PaymentLineDraft,
    RegisterSupplier,
    ReleasePayment,
    ReversePayment,
    SubmitPayment,
)
from reintegration.plans import service as plans
from reintegration.plans.commands import ApprovePlan, DraftPlan, PlanLine, SubmitPlan
from tests import builders
from tests.builders import (
    APPROVER,
    CEILING,
    COORDINATOR,
    COUNSELLOR,
    FINANCE,
    MONGOLIA,
    OFFICER,
    PROGRAMME,
    BuiltCase,
    days_ago,
)
from tests.proofs import row, value

C = TypeVar("C")
Doing = Callable[[Transaction, C], Awaitable[Reference]]

_HELD = """
select a.kind, sum(p.amount_minor)::bigint as held
from ledger_accounts a join ledger_postings p on p.account_id = a.id
where a.case_id = $1 and a.stream = $2
group by a.kind having sum(p.amount_minor) <> 0
"""
_STORED = "select status, version, content_digest from payments where id = $1"
DOCUMENTS = {"supplier_direct": "invoice", "reimbursement": "receipt", "travel_document_refund": "receipt"}
OUTCOMES = {"supplier_direct": "proof_of_payment", "cash_premium": "signed_receipt"}


async def done(work: UnitOfWork, who: Actor, use_case: Doing[C], command: C) -> Reference:
    """Run a use case that must work."""
    return await work.write(who, lambda transaction: use_case(transaction, command))


def asking(use_case: Doing[C], command: C) -> Callable[[Transaction], Awaitable[Reference]]:
    """The use case with its command, to be refused."""
    return lambda transaction: use_case(transaction, command)


def euros(cents: int) -> Money:
    """An amount of euro."""
    return Money(cents, "EUR")


def a_line(cents: int, *, line_id: UUID | None = None, kind: str = "micro_business", returnee: UUID | None = None) -> PlanLine:
    """An item of a plan."""
    return PlanLine(kind, "Sheep", euros(cents), line_id=line_id, returnee_id=returnee)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltPlan:
    """A plan version at its present version number, its items and lines in order."""

    id: UUID
    version: int
    digest: str
    case: BuiltCase
    items: tuple[UUID, ...]
    lines: tuple[UUID, ...]


async def a_drafted_plan(work: UnitOfWork, case: BuiltCase, *lines: PlanLine, who: Actor = OFFICER) -> BuiltPlan:
    """A draft of these lines."""
    found = await done(work, who, plans.draft_plan, DraftPlan(new_id(), case.id, lines))
    digest = str(await value(work, "select content_digest from plans where id = $1", found.id))
    async with work.read(who) as transaction:
        rows = await transaction.fetch("select id, line_id from plan_items where plan_id = $1 order by position", found.id)
    items, line_ids = tuple(item["id"] for item in rows), tuple(item["line_id"] for item in rows)
    return BuiltPlan(id=found.id, version=found.version, digest=digest, case=case, items=items, lines=line_ids)


async def a_submitted_plan(work: UnitOfWork, case: BuiltCase, *lines: PlanLine, who: Actor = OFFICER) -> BuiltPlan:
    """A version that awaits its decision."""
    plan = await a_drafted_plan(work, case, *lines, who=who)
    found = await done(work, who, plans.submit_plan, SubmitPlan(plan.id, plan.version))
    return replace(plan, version=found.version)


def approval(plan: BuiltPlan) -> ApprovePlan:
    """The approval of a submitted plan."""
    return ApprovePlan(plan.id, plan.version, plan.digest)


async def an_approved_plan(work: UnitOfWork, case: BuiltCase, *lines: PlanLine, who: Actor = OFFICER) -> BuiltPlan:
    """A version in force."""
    plan = await a_submitted_plan(work, case, *lines, who=who)
    found = await done(work, COORDINATOR, plans.approve_plan, approval(plan))
    return replace(plan, version=found.version)


async def a_planned_case(work: UnitOfWork, *budgets: int, ceiling: Money = CEILING) -> BuiltPlan:
    """A case whose plan is in force, of one item of 1,500 EUR unless said otherwise."""
    case = await builders.a_granted_case(work, ceiling=ceiling)
    return await an_approved_plan(work, case, *(a_line(budget) for budget in budgets or (150_000,)))


async def a_premium_case(work: UnitOfWork) -> tuple[BuiltCase, UUID]:
    """A case granted its premium alone and not departed yet, and the entitlement of 350 EUR of its head."""
    case = await builders.grant(work, await builders.a_referred_case(work), ceiling=None)
    found = await value(work, "select id from entitlements where case_id = $1 and returnee_id = $2", case.id, case.head_id)
    return case, UUID(str(found))


async def stored_document(work: UnitOfWork, case_id: UUID, kind: str, *, who: Actor = OFFICER, sha256: str | None = None) -> UUID:
    """A document that counts as read back from the store."""
    digest = sha256 or f"{uuid4().hex}{uuid4().hex}"
    request = RequestUpload(new_id(), case_id, kind, "чек.pdf", "application/pdf", 100, digest)
    found = await done(work, who, request_upload, request)
    await done(work, who, complete_upload, CompleteUpload(found.id, found.version, 100, digest))
    return found.id


async def attach(work: UnitOfWork, payment_id: UUID, kind: str, *, who: Actor = OFFICER, sha256: str | None = None) -> UUID:
    """A new stored document on a payment."""
    case_id = UUID(str(await value(work, "select case_id from payments where id = $1", payment_id)))
    document = await stored_document(work, case_id, kind, who=who, sha256=sha256)
    await done(work, who, attach_document, AttachDocument(new_id(), payment_id, document))
    return document


async def a_supplier(work: UnitOfWork, *, who: Actor = OFFICER, office: UUID = MONGOLIA) -> UUID:
    """A new supplier of the office."""
    return (await done(work, who, payments.register_supplier, RegisterSupplier(new_id(), office, f"Cashmere {uuid4()}"))).id


def an_account() -> str:
    """An account of a bank that nobody else has."""
    return f"MN{uuid4().int % 10**20}"


async def supplied(
    work: UnitOfWork, *amounts: Money, on: date | None = None, supplier: UUID | None = None, invoice: str | None = None
) -> PaymentContent:
    """The content of a payment to a supplier."""
    return PaymentContent(
        description="Ten sheep",
        payment_date=on or days_ago(3),
        lines=tuple(PaymentLineDraft("Sheep", amount) for amount in amounts),
        supplier_id=supplier or await a_supplier(work),
        invoice_number=invoice or f"F-{uuid4()}",
    )


def plain(*amounts: Money, on: date | None = None) -> PaymentContent:
    """The content of a payment without supplier."""
    return PaymentContent("As agreed", on or days_ago(3), tuple(PaymentLineDraft("A line", amount) for amount in amounts))


async def a_draft(work: UnitOfWork, plan: BuiltPlan, content: PaymentContent, *, item: int = 0, who: Actor = OFFICER) -> UUID:
    """A draft payment of an item of the plan, with its invoice or receipt."""
    kind = "reimbursement" if content.supplier_id is None else "supplier_direct"
    command = DraftPayment(new_id(), plan.case.id, kind, content, plan_item_id=plan.items[item])
    found = await done(work, who, payments.draft_payment, command)
    await attach(work, found.id, DOCUMENTS[kind], who=who)
    return found.id


async def a_premium(work: UnitOfWork, case: BuiltCase, entitlement: UUID, cents: int = 35_000, *, on: date | None = None) -> UUID:
    """A draft of a premium, prepared in Belgium."""
    command = DraftPayment(new_id(), case.id, "cash_premium", plain(euros(cents), on=on), entitlement_id=entitlement)
    return (await done(work, COUNSELLOR, payments.draft_payment, command)).id


@dataclass(frozen=True, slots=True)
class Found:
    """What is stored of a payment now."""

    id: UUID
    status: str
    version: int
    digest: str


async def found(work: UnitOfWork, payment_id: UUID) -> Found:
    """A payment as it is."""
    stored = await row(work, _STORED, payment_id)
    return Found(payment_id, str(stored["status"]), int(str(stored["version"])), str(stored["content_digest"]))


async def submission(work: UnitOfWork, payment_id: UUID) -> SubmitPayment:
    """A submission at the present version."""
    return SubmitPayment(payment_id, (await found(work, payment_id)).version)


async def yes(work: UnitOfWork, payment_id: UUID) -> ApprovePayment:
    """An approval of what is stored."""
    now = await found(work, payment_id)
    return ApprovePayment(payment_id, now.version, now.digest)


async def go(work: UnitOfWork, payment_id: UUID) -> ReleasePayment:
    """A release of what is stored."""
    now = await found(work, payment_id)
    return ReleasePayment(payment_id, now.version, now.digest)


async def confirmation(work: UnitOfWork, payment_id: UUID, *, on: date | None = None) -> ConfirmPayment:
    """The money has arrived."""
    return ConfirmPayment(payment_id, (await found(work, payment_id)).version, on or days_ago(3), "BANK-1")


async def failure(work: UnitOfWork, payment_id: UUID) -> FailPayment:
    """The money has not gone."""
    return FailPayment(payment_id, (await found(work, payment_id)).version, "The bank sent it back")


async def doubt(work: UnitOfWork, payment_id: UUID) -> MarkPaymentUnconfirmed:
    """Nobody knows."""
    return MarkPaymentUnconfirmed(payment_id, (await found(work, payment_id)).version, "The bank is silent")


async def reversal(work: UnitOfWork, payment_id: UUID) -> ReversePayment:
    """The money came back."""
    return ReversePayment(payment_id, (await found(work, payment_id)).version, "The shop closed")


async def carry(work: UnitOfWork, payment_id: UUID, status: str, *, on: date | None = None, in_belgium: bool = False) -> Found:
    """A draft carried on to a status, by another person at each step; `on` is the day it is paid."""
    preparer, approver, releaser = (COUNSELLOR, PROGRAMME, FINANCE) if in_belgium else (OFFICER, APPROVER, COORDINATOR)
    steps = ("submitted", "approved", "released", "paid")
    for step in steps[: steps.index(status) + 1]:
        if step == "submitted":
            await done(work, preparer, payments.submit_payment, await submission(work, payment_id))
        elif step == "approved":
            await done(work, approver, payments.approve_payment, await yes(work, payment_id))
        elif step == "released":
            await done(work, releaser, payments.release_payment, await go(work, payment_id))
        else:
            kind = str(await value(work, "select kind from payments where id = $1", payment_id))
            if kind in OUTCOMES:
                await attach(work, payment_id, OUTCOMES[kind], who=preparer)
            await done(work, releaser, payments.confirm_payment, await confirmation(work, payment_id, on=on))
    return await found(work, payment_id)


async def a_payment(work: UnitOfWork, plan: BuiltPlan, cents: int = 40_000, *, status: str = "paid", item: int = 0) -> UUID:
    """A payment to a supplier at a status between draft and paid."""
    payment = await a_draft(work, plan, await supplied(work, euros(cents)), item=item)
    if status != "draft":
        await carry(work, payment, status)
    return payment


async def held(work: UnitOfWork, case_id: UUID, stream: str = "reintegration") -> dict[str, int]:
    """What the accounts of a case hold, by kind; those of nothing left out."""
    async with work.read(builders.SYSTEM) as transaction:
        return {entry["kind"]: entry["held"] for entry in await transaction.fetch(_HELD, case_id, stream)}


async def line_held(work: UnitOfWork, line_id: UUID) -> int:
    """What a line has left."""
    sql = (
        "select coalesce(sum(p.amount_minor), 0)::bigint from ledger_postings p"
        " join ledger_accounts a on a.id = p.account_id where a.line_id = $1 and a.kind = 'plan_line'"
    )
    return int(str(await value(work, sql, line_id)))
