"""Receivables brought to a stage through their use cases: on a supplier of the office in Mongolia, on its returnees, on IOM."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
from reintegration.payments import service as payments
from reintegration.payments.commands import RequestRefund
from reintegration.recovery import service as recovery
from reintegration.recovery.commands import (
    AgreePlan,
    DecideReceivable,
    DecideWriteOff,
    Instalment,
    RecordReceipt,
    RecordReceivable,
    RequestWriteOff,
    TakeBackReceipt,
)
from tests.builders import COORDINATOR, FINANCE, IOM, OFFICER, SYSTEM, actor, days_ago
from tests.payment_steps import BuiltPlan, a_draft, a_planned_case, attach, carry, confirmation, done, euros, go, supplied
from tests.proofs import row, value

SECOND_COORDINATOR = actor(Role.PARTNER_COORDINATOR, "second-coordinator")
SECOND_FINANCE = actor(Role.FEDASIL_FINANCE, "second-finance")


@dataclass(frozen=True, slots=True)
class Bought:
    """A paid payment to a supplier, and its lines in order."""

    plan: BuiltPlan
    payment: UUID
    supplier: UUID
    lines: tuple[UUID, ...]

    def claim(self, amount: Money, *, line: int = 0) -> RecordReceivable:
        """The supplier owes a part of a line."""
        return replace(a_claim(amount), supplier_id=self.supplier, line_id=self.lines[line])


def a_claim(amount: Money, *, due_on: date | None = None) -> RecordReceivable:
    """Owed by nobody yet; a test says by whom."""
    return RecordReceivable(
        new_id(), None, None, None, None, amount, "not_delivered", "Two sheep never came", due_on or days_ago(-30)
    )


def of_partner(amount: Money) -> RecordReceivable:
    """IOM owes Fedasil."""
    return replace(a_claim(amount), partner_id=IOM, reason="ineligible")


async def bought(work: UnitOfWork, *amounts: Money, budget: int = 150_000) -> Bought:
    """A payment of a case of its own."""
    plan = await a_planned_case(work, budget)
    return await paid(work, plan, *amounts)


async def paid(work: UnitOfWork, plan: BuiltPlan, *amounts: Money) -> Bought:
    """A payment of this case, paid."""
    payment = await a_draft(work, plan, await supplied(work, *amounts))
    await carry(work, payment, "paid")
    return await as_bought(work, plan, payment)


async def out_of_the_float(work: UnitOfWork, amount: Money) -> Bought:
    """A payment of a case of its own, paid out of what the office holds."""
    plan = await a_planned_case(work)
    payment = await a_draft(work, plan, await supplied(work, amount))
    await carry(work, payment, "approved")
    await done(work, COORDINATOR, payments.release_payment, replace(await go(work, payment), from_float=True))
    await attach(work, payment, "proof_of_payment")
    await done(work, COORDINATOR, payments.confirm_payment, await confirmation(work, payment))
    return await as_bought(work, plan, payment)


async def as_bought(work: UnitOfWork, plan: BuiltPlan, payment: UUID) -> Bought:
    """A payment that is paid already."""
    async with work.read(SYSTEM) as transaction:
        lines = await transaction.fetch("select id from payment_lines where payment_id = $1 order by position", payment)
        supplier = await transaction.fetch_value("select supplier_id from payments where id = $1", payment)
    return Bought(plan, payment, UUID(str(supplier)), tuple(line["id"] for line in lines))


async def owed(work: UnitOfWork, claim: RecordReceivable, who: Actor = OFFICER, second: Actor = COORDINATOR) -> UUID:
    """Recorded by one, confirmed by another."""
    await done(work, who, recovery.record_receivable, claim)
    await done(work, second, recovery.decide_receivable, DecideReceivable(claim.id, 1, approved=True))
    return claim.id


async def owed_by_partner(work: UnitOfWork, amount: Money) -> UUID:
    """By IOM to Fedasil."""
    return await owed(work, of_partner(amount), FINANCE, SECOND_FINANCE)


def receipt(receivable: UUID, amount: Money, *, on: date | None = None) -> RecordReceipt:
    """Money that came yesterday, or on that day."""
    return RecordReceipt(new_id(), receivable, amount, on or days_ago(1), "BANK-7")


async def came(work: UnitOfWork, receivable: UUID, amount: Money, who: Actor = COORDINATOR) -> UUID:
    """A receipt that is recorded."""
    return (await done(work, who, recovery.record_receipt, receipt(receivable, amount))).id


async def bounced(work: UnitOfWork, receipt_id: UUID, who: Actor = SECOND_COORDINATOR) -> None:
    """It did not stay."""
    await done(work, who, recovery.take_back_receipt, TakeBackReceipt(receipt_id, 1, "The cheque bounced"))


def a_plan(receivable: UUID, *parts: tuple[int, int]) -> AgreePlan:
    """Instalments in EUR: in how many days, and how many cents."""
    return AgreePlan(new_id(), receivable, tuple(Instalment(days_ago(-days), euros(cents)) for days, cents in parts))


def a_write_off(receivable: UUID, amount: Money) -> RequestWriteOff:
    """Asked for."""
    return RequestWriteOff(new_id(), receivable, amount, "The shop is gone")


async def written_off(work: UnitOfWork, receivable: UUID, amount: Money, who: Actor = OFFICER, second: Actor = FINANCE) -> None:
    """Asked for by one, approved by Fedasil's finance."""
    asked = a_write_off(receivable, amount)
    await done(work, who, recovery.request_write_off, asked)
    await done(work, second, recovery.decide_write_off, DecideWriteOff(asked.id, 1, approved=True))


async def standing(work: UnitOfWork, receivable: UUID) -> tuple[object, ...]:
    """What came, was given up, is owed and is overdue, in minor units; and the state."""
    found = await row(
        work,
        "select received_minor, written_off_minor, outstanding_minor, overdue_minor, state from receivable_standing($1)",
        receivable,
    )
    return tuple(found.values())


async def refund_of(work: UnitOfWork, it: Bought, amount: Money) -> RequestRefund:
    """A refund of the first line."""
    proof = "select document_id from payment_documents where payment_id = $1 and stage = 'settlement' order by id limit 1"
    document = UUID(str(await value(work, proof, it.payment)))
    return RequestRefund(new_id(), it.payment, it.lines[0], document, amount, days_ago(1), "BANK-9", "A sheep short")
