"""Fees of the two offices' partners for one case, at every step: withdrawn, refused at both steps, come back, and paid."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar
from uuid import UUID

from reintegration.database.transaction import Transaction
from reintegration.fees import service as fees
from reintegration.fees.commands import (
    ApproveServiceFee,
    ClaimServiceFee,
    PayServiceFee,
    RefuseServiceFee,
    ReverseServiceFee,
    ServiceFeeKind,
    WithdrawServiceFee,
)
from reintegration.kernel.actor import Role
from reintegration.kernel.clock import today
from reintegration.kernel.ids import new_id
from reintegration.kernel.reference import Reference
from tests.operations.two_offices import Desk

C = TypeVar("C")
UseCase = Callable[[Transaction, C], Awaitable[Reference]]


async def charge(desk: Desk, case_id: UUID) -> None:
    """The fee for the plan of a case, claimed again and again."""
    side = desk.side
    withdrawn = await _claimed(desk, case_id)
    await _step(
        desk, Role.PARTNER_COORDINATOR, fees.withdraw_service_fee, WithdrawServiceFee(withdrawn, 1, side.text("A mistake"))
    )
    refused = await _claimed(desk, case_id)
    await _step(desk, Role.FEDASIL_PROGRAMME, fees.refuse_service_fee, RefuseServiceFee(refused, 1, side.text("Not yours")))
    stopped = await _claimed(desk, case_id)
    await _step(desk, Role.FEDASIL_PROGRAMME, fees.approve_service_fee, ApproveServiceFee(stopped, 1))
    await _step(desk, Role.FEDASIL_FINANCE, fees.refuse_service_fee, RefuseServiceFee(stopped, 2, side.text("Paid before")))
    reversed_ = await _paid(desk, case_id)
    back = ReverseServiceFee(reversed_, 3, today(), side.text("The account is closed"))
    finance = side.who(Role.FEDASIL_FINANCE)
    second = replace(finance, id=f"second-{finance.id}")
    await desk.work.write(second, partial(fees.reverse_service_fee, command=back))
    await _paid(desk, case_id)


async def _claimed(desk: Desk, case_id: UUID) -> UUID:
    command = ClaimServiceFee(new_id(), case_id, ServiceFeeKind.PLAN_PREPARATION)
    await _step(desk, Role.FIELD_OFFICER, fees.claim_service_fee, command)
    return command.id


async def _paid(desk: Desk, case_id: UUID) -> UUID:
    fee = await _claimed(desk, case_id)
    await _step(desk, Role.FEDASIL_PROGRAMME, fees.approve_service_fee, ApproveServiceFee(fee, 1))
    await _step(desk, Role.FEDASIL_FINANCE, fees.pay_service_fee, PayServiceFee(fee, 2, today(), desk.side.text("BANK")))
    return fee


async def _step(desk: Desk, role: Role, use_case: UseCase[C], command: C) -> None:
    await desk.do(role, lambda transaction: use_case(transaction, command))
