"""What can be done to fees of a partner, and to the case that one is claimed for."""

from reintegration.cases import service as cases
from reintegration.cases.commands import TransferCase
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.fees import service as fees
from reintegration.kernel.ids import new_id
from tests.builders import CAMEROON, COORDINATOR, FINANCE, OFFICER, PROGRAMME
from tests.fee_steps import (
    SECOND_FINANCE,
    approval_of,
    carry_fee,
    claim_of,
    claimed,
    closing,
    payment_of,
    refusal_of,
    reversal_of,
    withdrawal_of,
)
from tests.money.races.moves import Move, move
from tests.payment_steps import a_planned_case
from tests.proofs import value

SERVICE_FEES = frozenset(f"serviceFee{step}" for step in ("Claim", "Approve", "Refuse", "Withdraw", "Pay", "Reverse"))
OF_A_FEE = frozenset({"caseTransfer", "caseClose"})
"""Other mutations that say who may claim it, and for what."""


async def fee_moves(work: UnitOfWork) -> list[Move]:
    """A case without a fee, one whose fee waits for its approval, one whose is approved, one whose is paid."""
    case, *others = [(await a_planned_case(work)).case for _ in range(4)]
    waiting, approved, paid = [await claimed(work, other.id) for other in others]
    await carry_fee(work, approved, "approved")
    await carry_fee(work, paid, "paid")
    version = int(str(await value(work, "select version from cases where id = $1", case.id)))
    away = TransferCase(
        id=new_id(), case_id=case.id, expected_version=version, to_office_id=CAMEROON, reason="The family moved on"
    )
    return [
        move("serviceFeeClaim", OFFICER, fees.claim_service_fee, claim_of(case.id)),
        move("serviceFeeApprove", PROGRAMME, fees.approve_service_fee, await approval_of(work, waiting)),
        move("serviceFeeRefuse", PROGRAMME, fees.refuse_service_fee, await refusal_of(work, waiting)),
        move("serviceFeeWithdraw", COORDINATOR, fees.withdraw_service_fee, await withdrawal_of(work, waiting)),
        move("serviceFeeRefuse: when it is approved", FINANCE, fees.refuse_service_fee, await refusal_of(work, approved)),
        move("serviceFeePay", FINANCE, fees.pay_service_fee, await payment_of(work, approved)),
        move("serviceFeeReverse", SECOND_FINANCE, fees.reverse_service_fee, await reversal_of(work, paid)),
        move("caseTransfer: of what a fee is for", COORDINATOR, cases.transfer_case, away, rivals=SERVICE_FEES),
        move("caseClose: of what a fee is for", COORDINATOR, cases.close_case, await closing(work, case.id), rivals=SERVICE_FEES),
    ]
