"""What is owed to the two offices and to Fedasil: by a supplier, a returnee and a partner, at every step."""

from dataclasses import replace
from functools import partial
from uuid import UUID

from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
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
from tests.builders import days_ago
from tests.operations.two_offices import Desk
from tests.operations.two_offices_payments import Cashier
from tests.proofs import value


async def owe_money(desk: Desk, cashier: Cashier) -> None:
    """A supplier of a payment's line, in part paid and given up; a returnee overdue; the partner; one that nobody has decided."""
    side = desk.side
    payment = await cashier.paid(side.euros(46))
    line = UUID(str(await value(desk.work, "select id from payment_lines where payment_id = $1", payment)))
    document = await cashier.document("invoice")
    of_line = _claim(desk, side.euros(20), supplier_id=cashier.supplier_id, line_id=line, document_id=document)
    supplier = await _owed(desk, of_line)
    await _receipts(desk, supplier, Role.PARTNER_COORDINATOR)
    await _plan(desk, supplier, Role.FIELD_OFFICER)
    await _write_offs(desk, supplier, Role.FIELD_OFFICER)
    returnee = _claim(desk, side.euros(21), case_id=cashier.case_id)
    await _owed(desk, replace(returnee, due_on=days_ago(45 + side.cents)))
    await desk.do(
        Role.FIELD_OFFICER,
        partial(recovery.record_receivable, command=_claim(desk, side.euros(22), supplier_id=cashier.supplier_id)),
    )
    partner = await _owed(desk, _claim(desk, side.euros(23), partner_id=side.partner_id), Role.FEDASIL_FINANCE)
    await _receipts(desk, partner, Role.FEDASIL_FINANCE)
    await _plan(desk, partner, Role.FEDASIL_FINANCE)
    await _write_offs(desk, partner, Role.FEDASIL_FINANCE)


def second(who: Actor) -> Actor:
    """A colleague."""
    return replace(who, id=f"second-{who.id}")


def _claim(desk: Desk, amount: Money, **whose: UUID | None) -> RecordReceivable:
    nobody = dict.fromkeys(("case_id", "supplier_id", "partner_id", "line_id"))
    return RecordReceivable(
        id=new_id(),
        amount=amount,
        reason="overpaid",
        explanation=desk.side.text("Too much"),
        due_on=days_ago(-30 - desk.side.cents),
        **(nobody | whose),
    )


async def _owed(desk: Desk, claim: RecordReceivable, role: Role = Role.FIELD_OFFICER) -> UUID:
    await desk.do(role, partial(recovery.record_receivable, command=claim))
    decide = DecideReceivable(claim.id, 1, approved=True, note=desk.side.text("Seen"))
    confirms = second(desk.side.who(role)) if role is Role.FEDASIL_FINANCE else desk.side.who(Role.PARTNER_COORDINATOR)
    await desk.work.write(confirms, partial(recovery.decide_receivable, command=decide))
    return claim.id


async def _receipts(desk: Desk, receivable: UUID, role: Role) -> None:
    """One that bounced, and one that stayed."""
    side = desk.side
    for amount, is_bounced in ((side.euros(2), True), (side.euros(3), False)):
        receipt = RecordReceipt(new_id(), receivable, amount, days_ago(0), side.text("BANK"))
        await desk.work.write(second(side.who(role)), partial(recovery.record_receipt, command=receipt))
        if is_bounced:
            take_back = TakeBackReceipt(receipt.id, 1, side.text("The cheque bounced"))
            await desk.do(role, partial(recovery.take_back_receipt, command=take_back))


async def _plan(desk: Desk, receivable: UUID, role: Role) -> None:
    cents = int(str(await value(desk.work, "select receivable_outstanding($1)", receivable)))
    first = desk.side.euros(1)
    parts = (first, Money(cents - first.amount_minor, "EUR"))
    instalments = tuple(Instalment(days_ago(-days - desk.side.cents), part) for days, part in zip((20, 40), parts, strict=True))
    await desk.do(role, partial(recovery.agree_plan, command=AgreePlan(new_id(), receivable, instalments)))


async def _write_offs(desk: Desk, receivable: UUID, role: Role) -> None:
    """One approved, and one to be decided."""
    for euros in (4, 5):
        asked = RequestWriteOff(new_id(), receivable, desk.side.euros(euros), desk.side.text("The shop is gone"))
        await desk.do(role, partial(recovery.request_write_off, command=asked))
        if euros == 4:
            decide = DecideWriteOff(asked.id, 1, approved=True, note=desk.side.text("Agreed"))
            finance = second(desk.side.who(Role.FEDASIL_FINANCE))
            await desk.work.write(finance, partial(recovery.decide_write_off, command=decide))
