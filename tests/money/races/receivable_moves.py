"""What can be done to what is owed of a paid line, and to the payment and the case that it is of."""

from reintegration.cases import service as cases
from reintegration.cases.commands import CloseCase
from reintegration.cases.values import CloseReason
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.clock import today
from reintegration.payments import service as payments
from reintegration.recovery import service as recovery
from reintegration.recovery.commands import DecideReceivable, DecideWriteOff, TakeBackReceipt
from tests.builders import COORDINATOR, FINANCE, OFFICER
from tests.money.races.moves import Move, move
from tests.payment_steps import done, euros, reversal
from tests.proofs import value
from tests.receivable_steps import SECOND_COORDINATOR, a_plan, a_write_off, bought, came, owed, paid, receipt, refund_of

RECEIVABLES = frozenset(
    {
        "receivableRecord",
        "receivableDecide",
        "receivablePlanAgree",
        "receivableReceiptRecord",
        "receivableReceiptTakeBack",
        "receivableWriteOffRequest",
        "receivableWriteOffDecide",
    }
)
OF_WHAT_IS_OWED = frozenset({"paymentRefundRequest", "paymentReverse", "caseClose"})
"""Other mutations that what is owed stands in the way of, or that say where it goes when it comes."""


async def receivable_moves(work: UnitOfWork) -> list[Move]:
    """Of a line of 100.00 EUR 30.00 are owed, of which 5.00 came and 10.00 may be given up; 15.00 besides; 20.00 are proposed."""
    it = await bought(work, euros(10_000))
    reversed_ = await paid(work, it.plan, euros(2_000))
    receivable = await owed(work, it.claim(euros(3_000)))
    cheque = await came(work, receivable, euros(500))
    asked = a_write_off(receivable, euros(1_000))
    await done(work, OFFICER, recovery.request_write_off, asked)
    other = await owed(work, it.claim(euros(1_500)))
    proposed = it.claim(euros(2_000))
    await done(work, OFFICER, recovery.record_receivable, proposed)
    version = int(str(await value(work, "select version from cases where id = $1", it.plan.case.id)))
    close = CloseCase(case_id=it.plan.case.id, expected_version=version, closed_on=today(), reason=CloseReason.COMPLETED)
    return [
        move("receivableRecord", OFFICER, recovery.record_receivable, it.claim(euros(2_000))),
        move("receivableRecord: of one to be reversed", OFFICER, recovery.record_receivable, reversed_.claim(euros(100))),
        move("receivableDecide", COORDINATOR, recovery.decide_receivable, DecideReceivable(proposed.id, 1, approved=True)),
        move("receivablePlanAgree", OFFICER, recovery.agree_plan, a_plan(receivable, (10, 1_000), (40, 1_500))),
        move("receivableReceiptRecord", COORDINATOR, recovery.record_receipt, receipt(receivable, euros(2_000))),
        move(
            "receivableReceiptTakeBack",
            SECOND_COORDINATOR,
            recovery.take_back_receipt,
            TakeBackReceipt(cheque, 1, "The cheque bounced"),
        ),
        move("receivableWriteOffRequest", OFFICER, recovery.request_write_off, a_write_off(other, euros(1_000))),
        move("receivableWriteOffDecide", FINANCE, recovery.decide_write_off, DecideWriteOff(asked.id, 1, approved=True)),
        move(
            "paymentRefundRequest: of what is owed in part",
            OFFICER,
            payments.request_refund,
            await refund_of(work, it, euros(2_000)),
            rivals=RECEIVABLES,
        ),
        move(
            "paymentReverse: of what may be owed",
            COORDINATOR,
            payments.reverse_payment,
            await reversal(work, reversed_.payment),
            rivals=RECEIVABLES,
        ),
        move("caseClose: of what is owed", COORDINATOR, cases.close_case, close, rivals=RECEIVABLES),
    ]
