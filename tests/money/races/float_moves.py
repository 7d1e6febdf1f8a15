"""What can be done to the money that a partner and its office hold, and to payments out of it."""

from dataclasses import replace
from uuid import UUID

from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.ids import new_id
from reintegration.payments import service as payments
from reintegration.payments.commands import DecideRefund, RequestRefund
from reintegration.treasury import service as treasury
from reintegration.treasury.commands import RecallAdvance, ReceiveAdvance, SendBack, SettleAdvance, TakeBack
from tests.advance_steps import a_float, a_partner_advance, to_office
from tests.builders import APPROVER, COORDINATOR, OFFICER, days_ago
from tests.money.races.moves import Move, move
from tests.payment_steps import (
    a_draft,
    a_planned_case,
    attach,
    carry,
    confirmation,
    done,
    euros,
    failure,
    go,
    reversal,
    supplied,
)
from tests.proofs import value

ADVANCES = frozenset(
    {"advanceSend", "advanceReceive", "advanceRecall", "advanceSettle", "advanceReturnSend", "advanceReturnReceive"}
)
OUT_OF_THE_FLOAT = frozenset({"paymentRelease", "paymentConfirm", "paymentFail", "paymentReverse", "paymentRefundDecide"})
"""Mutations of payments that move money which the office holds."""
_SECOND = replace(COORDINATOR, id="second-coordinator")


async def float_moves(work: UnitOfWork) -> list[Move]:
    """One advance is spent wholly; of the other 300.00 EUR are held, and each of two payments would take 200.00."""
    partner = await a_partner_advance(work, 200_000)
    spent = await a_float(work, euros(10_000), euros(10_000), source=partner, on=days_ago(40))
    reversed_, refunded = [await _released(work, 5_000) for _ in range(2)]
    for payment in (reversed_, refunded):
        await attach(work, payment, "proof_of_payment")
        await done(work, COORDINATOR, payments.confirm_payment, await confirmation(work, payment))
    held = await a_float(work, euros(52_000), euros(52_000), source=partner, on=days_ago(30))
    confirmed, failed = [await _released(work, 10_000) for _ in range(2)]
    await attach(work, confirmed, "proof_of_payment")
    approved = await _approved(work, 20_000)
    back = SendBack(new_id(), held, euros(2_000), days_ago(2), "B-1")
    await done(work, OFFICER, treasury.send_back, back)
    on_its_way = (
        await done(work, COORDINATOR, treasury.send_advance, to_office(euros(1_000), source=partner, currency="EUR"))
    ).id
    refund = await _refund(work, refunded)
    await done(work, OFFICER, payments.request_refund, refund)

    receive = ReceiveAdvance(on_its_way, 1, euros(1_000), days_ago(5))
    taken = TakeBack(back.id, 1, euros(2_000), days_ago(1))
    other = SendBack(new_id(), held, euros(20_000), days_ago(1), "B-2")
    release = replace(await go(work, approved), from_float=True)
    decision = DecideRefund(refund.id, 1, approved=True)
    rivals = ADVANCES | OUT_OF_THE_FLOAT
    return [
        move("advanceSend", COORDINATOR, treasury.send_advance, to_office(euros(100_000), source=partner, currency="EUR")),
        move("advanceReceive", APPROVER, treasury.receive_advance, receive),
        move("advanceRecall", _SECOND, treasury.recall_advance, RecallAdvance(on_its_way, 1, "It never came")),
        move("advanceReturnSend", OFFICER, treasury.send_back, other),
        move("advanceReturnReceive", COORDINATOR, treasury.take_back, taken),
        move("advanceSettle", COORDINATOR, treasury.settle_advance, SettleAdvance(spent, 2)),
        move("paymentRelease: out of the float", COORDINATOR, payments.release_payment, release, rivals=rivals),
        move(
            "paymentConfirm: out of the float",
            COORDINATOR,
            payments.confirm_payment,
            await confirmation(work, confirmed),
            rivals=rivals,
        ),
        move("paymentFail: out of the float", COORDINATOR, payments.fail_payment, await failure(work, failed), rivals=rivals),
        move(
            "paymentReverse: out of the float",
            COORDINATOR,
            payments.reverse_payment,
            await reversal(work, reversed_),
            rivals=rivals,
        ),
        move("paymentRefundDecide: out of the float", COORDINATOR, payments.decide_refund, decision, rivals=rivals),
    ]


async def _approved(work: UnitOfWork, cents: int) -> UUID:
    plan = await a_planned_case(work)
    payment = await a_draft(work, plan, await supplied(work, euros(cents)))
    await carry(work, payment, "approved")
    return payment


async def _released(work: UnitOfWork, cents: int) -> UUID:
    payment = await _approved(work, cents)
    await done(work, COORDINATOR, payments.release_payment, replace(await go(work, payment), from_float=True))
    return payment


async def _refund(work: UnitOfWork, payment: UUID) -> RequestRefund:
    line = await value(work, "select id from payment_lines where payment_id = $1", payment)
    proof = "select document_id from payment_documents where payment_id = $1 and stage = 'settlement'"
    document = UUID(str(await value(work, proof, payment)))
    return RequestRefund(new_id(), payment, UUID(str(line)), document, euros(1_000), days_ago(1), "BANK-9", "A sheep short")
