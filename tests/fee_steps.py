"""Service fees brought to a step through their use cases: of IOM and Caritas, by tariffs that a test adds for its own time."""

from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Final
from uuid import UUID

import asyncpg

from reintegration.cases.commands import CloseCase
from reintegration.cases.values import CloseReason
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
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
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.clock import today
from reintegration.kernel.ids import new_id
from tests.builders import CARITAS, COORDINATOR, FINANCE, IOM, OFFICER, PROGRAMME, SYSTEM, actor
from tests.payment_steps import done
from tests.proofs import value

SECOND_FINANCE = actor(Role.FEDASIL_FINANCE, "second-finance")
PLAN, FOLLOW_UP = ServiceFeeKind.PLAN_PREPARATION, ServiceFeeKind.FOLLOW_UP
FEE_MINOR: Final = 30_000
"""IOM, a plan."""
FOLLOW_UP_MINOR: Final = 12_550
CARITAS_MINOR: Final = 28_037
_ADD = """
insert into service_fee_tariffs (
    id, partner_id, kind, country_code, amount_minor, currency, valid_from, valid_to, certainty, source
)
values ($1, $2, $3, $4, $5, 'EUR', $6, $7, 'assumed', 'a test')
on conflict do nothing
"""
_AS_LOADER = "select set_config('app.actor', 'loader', false), set_config('app.role', 'system', false)"
HELD = """
select a.kind, sum(p.amount_minor)::bigint as held
from ledger_transactions t
join ledger_postings p on p.transaction_id = t.id
join ledger_accounts a on a.id = p.account_id
where t.reference_id = $1
group by a.kind having sum(p.amount_minor) <> 0
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """A tariff of a test; of IOM, for a plan, in all countries and from 2022 on unless said otherwise."""

    amount_minor: int = FEE_MINOR
    partner_id: UUID = IOM
    kind: ServiceFeeKind = PLAN
    country: str | None = None
    valid_from: date = date(2022, 1, 26)
    valid_to: date | None = None

    @property
    def id(self) -> UUID:
        """The same in every run, so that lists come in one order; not of version 5, which is the loader's."""
        name = f"{self.partner_id} {self.kind} {self.country} {self.valid_from} {self.amount_minor}"
        return UUID(bytes=sha256(name.encode()).digest()[:16], version=4)


USUAL: Final = (
    Tariff(),
    Tariff(amount_minor=FOLLOW_UP_MINOR, kind=FOLLOW_UP),
    Tariff(amount_minor=31_000, country="GE", valid_to=date(2024, 12, 31)),
    Tariff(amount_minor=CARITAS_MINOR, partner_id=CARITAS),
)


async def add_tariffs(addresses: DatabaseAddresses, *tariffs: Tariff) -> None:
    """As the loader does, in the owner's role; those that are there already stay."""
    owner = await asyncpg.connect(addresses.superuser_url)
    try:
        await owner.execute(_AS_LOADER)
        for tariff in tariffs or USUAL:
            await owner.execute(
                _ADD,
                tariff.id,
                tariff.partner_id,
                tariff.kind.value,
                tariff.country,
                tariff.amount_minor,
                tariff.valid_from,
                tariff.valid_to,
            )
    finally:
        await owner.close()


def claim_of(case_id: UUID, kind: ServiceFeeKind = PLAN) -> ClaimServiceFee:
    """The command."""
    return ClaimServiceFee(new_id(), case_id, kind)


async def claimed(work: UnitOfWork, case_id: UUID, who: Actor = OFFICER, kind: ServiceFeeKind = PLAN) -> UUID:
    """A fee that awaits its approval."""
    return (await done(work, who, fees.claim_service_fee, claim_of(case_id, kind))).id


async def version_of(work: UnitOfWork, fee: UUID) -> int:
    """Its present version."""
    return int(str(await value(work, "select version from service_fees where id = $1", fee)))


async def approval_of(work: UnitOfWork, fee: UUID) -> ApproveServiceFee:
    """The command."""
    return ApproveServiceFee(fee, await version_of(work, fee))


async def refusal_of(work: UnitOfWork, fee: UUID) -> RefuseServiceFee:
    """The command."""
    return RefuseServiceFee(fee, await version_of(work, fee), "The plan was Fedasil's own")


async def withdrawal_of(work: UnitOfWork, fee: UUID) -> WithdrawServiceFee:
    """The command."""
    return WithdrawServiceFee(fee, await version_of(work, fee), "Claimed by mistake")


async def payment_of(work: UnitOfWork, fee: UUID, *, on: date | None = None) -> PayServiceFee:
    """The command; today unless said otherwise."""
    return PayServiceFee(fee, await version_of(work, fee), on or today(), "BANK-31")


async def reversal_of(work: UnitOfWork, fee: UUID, *, on: date | None = None) -> ReverseServiceFee:
    """The command; today unless said otherwise."""
    return ReverseServiceFee(fee, await version_of(work, fee), on or today(), "Paid to a closed account")


async def carry_fee(work: UnitOfWork, fee: UUID, status: str) -> UUID:
    """A claimed fee carried on to a status, by another person at each step."""
    steps = ("approved", "paid", "reversed")
    for step in steps[: steps.index(status) + 1]:
        if step == "approved":
            await done(work, PROGRAMME, fees.approve_service_fee, await approval_of(work, fee))
        elif step == "paid":
            await done(work, FINANCE, fees.pay_service_fee, await payment_of(work, fee))
        else:
            await done(work, SECOND_FINANCE, fees.reverse_service_fee, await reversal_of(work, fee))
    return fee


async def fee_held(work: UnitOfWork, fee: UUID) -> dict[str, int]:
    """What the accounts of its fund have of it."""
    async with work.read(SYSTEM) as transaction:
        return {found["kind"]: found["held"] for found in await transaction.fetch(HELD, fee)}


async def closing(work: UnitOfWork, case_id: UUID, reason: CloseReason = CloseReason.COMPLETED) -> CloseCase:
    """The command, today."""
    version = int(str(await value(work, "select version from cases where id = $1", case_id)))
    return CloseCase(case_id=case_id, expected_version=version, closed_on=today(), reason=reason, note=None)


async def a_life_of_fees(work: UnitOfWork, case_id: UUID) -> None:
    """One came back, one was refused when it was approved, one is paid, one is withdrawn, one awaits its approval."""
    await carry_fee(work, await claimed(work, case_id), "reversed")
    stopped = await carry_fee(work, await claimed(work, case_id), "approved")
    await done(work, FINANCE, fees.refuse_service_fee, await refusal_of(work, stopped))
    await carry_fee(work, await claimed(work, case_id), "paid")
    withdrawn = await claimed(work, case_id, OFFICER, FOLLOW_UP)
    await done(work, COORDINATOR, fees.withdraw_service_fee, await withdrawal_of(work, withdrawn))
    await claimed(work, case_id, OFFICER, FOLLOW_UP)
