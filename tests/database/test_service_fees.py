"""Service fees through their use cases: by a tariff, by three people, in the ledger of their fund and never of the case."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest

from reintegration.cases import service as cases
from reintegration.cases.commands import TransferCase
from reintegration.cases.errors import FutureDateError
from reintegration.cases.values import CloseReason
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.fees import service as fees
from reintegration.fees.errors import (
    NoServiceFeeTariffError,
    ServiceFeeClaimedError,
    ServiceFeeNotDueError,
    ServiceFeeOfAnotherPartnerError,
)
from reintegration.kernel.actor import Actor
from reintegration.kernel.clock import today
from reintegration.kernel.errors import (
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    SamePersonError,
    TransitionError,
    VersionConflictError,
)
from reintegration.kernel.ids import new_id
from tests import builders
from tests.builders import (
    ADMINISTRATOR,
    APPROVER,
    AUDITOR,
    COORDINATOR,
    COUNSELLOR,
    FINANCE,
    IOM,
    MONGOLIA_CARITAS,
    OFFICER,
    OTHER_COORDINATOR,
    OTHER_OFFICER,
    PROGRAMME,
    days_ago,
)
from tests.fee_steps import (
    FOLLOW_UP,
    FOLLOW_UP_MINOR,
    PLAN,
    SECOND_FINANCE,
    Tariff,
    add_tariffs,
    approval_of,
    carry_fee,
    claim_of,
    claimed,
    closing,
    fee_held,
    payment_of,
    refusal_of,
    reversal_of,
    withdrawal_of,
)
from tests.payment_steps import a_planned_case, asking, done
from tests.proofs import refused, row, value
from tests.receivable_steps import SECOND_COORDINATOR

_KEPT = """
select status, kind, amount_minor, currency, served_on, partner_id, field_office_id, claimed_by, approved_by, paid_by, ended_by
from service_fees where id = $1
"""
_DECIDED = """
select f.amount_minor, t.country_code from service_fees f join service_fee_tariffs t on t.id = f.tariff_id where f.id = $1
"""
_ENTRIES = """
select t.kind, t.occasion, t.effective_on, t.case_id, t.actor_id, r.kind as reverses, a.kind as account, a.stream, p.amount_minor
from ledger_transactions t
left join ledger_transactions r on r.id = t.reverses_id
join ledger_postings p on p.transaction_id = t.id
join ledger_accounts a on a.id = p.account_id
where t.reference_id = $1
order by t.recorded_at, t.kind, t.occasion desc, p.amount_minor
"""


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    await add_tariffs(database_urls)
    async with builders.open_work(database_urls) as opened:
        yield opened


@pytest.fixture
async def case_id(work: UnitOfWork) -> UUID:
    return (await a_planned_case(work)).case.id


def as_(who: Actor, like: Actor) -> Actor:
    """The person `who` in the role of `like`."""
    return replace(like, id=who.id)


async def entries(work: UnitOfWork, fee: UUID) -> list[tuple[object, ...]]:
    async with work.read(AUDITOR) as transaction:
        return [tuple(found) for found in await transaction.fetch(_ENTRIES, fee)]


async def test_a_fee_is_claimed_approved_and_paid_by_three_and_comes_back_as_a_mirror(work: UnitOfWork, case_id: UUID) -> None:
    fee = await claimed(work, case_id)
    kept = await row(work, _KEPT, fee)
    assert (kept["status"], kept["kind"], kept["amount_minor"], kept["currency"]) == (
        "claimed",
        "plan_preparation",
        30_000,
        "EUR",
    )
    assert (kept["served_on"], kept["partner_id"], kept["field_office_id"]) == (today(), IOM, builders.MONGOLIA)
    assert await fee_held(work, fee) == {}
    await carry_fee(work, fee, "approved")
    assert await fee_held(work, fee) == {"fund": -30_000, "fee_owed": 30_000}
    await done(work, FINANCE, fees.pay_service_fee, await payment_of(work, fee))
    assert await fee_held(work, fee) == {"fund": -30_000, "fee_paid": 30_000}
    await done(work, SECOND_FINANCE, fees.reverse_service_fee, await reversal_of(work, fee))
    assert await fee_held(work, fee) == {}
    day, stream, finance = today(), "service_fee", FINANCE.id
    assert await entries(work, fee) == [
        ("service_fee_owed", 1, day, None, PROGRAMME.id, None, "fund", stream, -30_000),
        ("service_fee_owed", 1, day, None, PROGRAMME.id, None, "fee_owed", stream, 30_000),
        ("service_fee_paid", 1, day, None, finance, None, "fee_owed", stream, -30_000),
        ("service_fee_paid", 1, day, None, finance, None, "fee_paid", stream, 30_000),
        ("service_fee_reversed", 2, day, None, SECOND_FINANCE.id, "service_fee_paid", "fee_paid", stream, -30_000),
        ("service_fee_reversed", 2, day, None, SECOND_FINANCE.id, "service_fee_paid", "fee_owed", stream, 30_000),
        ("service_fee_reversed", 1, day, None, SECOND_FINANCE.id, "service_fee_owed", "fee_owed", stream, -30_000),
        ("service_fee_reversed", 1, day, None, SECOND_FINANCE.id, "service_fee_owed", "fund", stream, 30_000),
    ]
    kept = await row(work, _KEPT, fee)
    people = [kept[step] for step in ("status", "claimed_by", "approved_by", "paid_by", "ended_by")]
    assert people == ["reversed", OFFICER.id, PROGRAMME.id, FINANCE.id, SECOND_FINANCE.id]
    # What came back may be asked for anew.
    await carry_fee(work, await claimed(work, case_id, SECOND_COORDINATOR), "paid")


async def test_the_tariff_of_the_day_of_the_service_decides(fresh_database: DatabaseAddresses) -> None:
    async with builders.open_work(fresh_database) as work:
        plan = await a_planned_case(work)
        claim = claim_of(plan.case.id)
        error = await refused(work, OFFICER, asking(fees.claim_service_fee, claim), NoServiceFeeTariffError)
        assert error.message == f"No tariff of this partner for this service was in force on {today()}."
        await add_tariffs(
            fresh_database,
            Tariff(amount_minor=25_000, valid_to=days_ago(1)),
            Tariff(amount_minor=26_000, valid_from=days_ago(-1)),
            Tariff(amount_minor=27_000, partner_id=builders.CARITAS),
            Tariff(amount_minor=29_000, kind=FOLLOW_UP),
            Tariff(amount_minor=31_000, country="CM"),
        )
        await refused(work, OFFICER, asking(fees.claim_service_fee, claim), NoServiceFeeTariffError)
        await add_tariffs(fresh_database, Tariff(amount_minor=30_000, valid_from=today(), valid_to=today()))
        # That of the country comes before that of all countries.
        await add_tariffs(fresh_database, Tariff(amount_minor=30_500, country="MN"))
        fee = await claimed(work, plan.case.id)
        assert await row(work, _DECIDED, fee) == {"amount_minor": 30_500, "country_code": "MN"}


async def test_a_case_is_followed_up_when_it_closes_with_its_budget_used(work: UnitOfWork, case_id: UUID) -> None:
    await refused(work, OFFICER, asking(fees.claim_service_fee, claim_of(case_id, FOLLOW_UP)), ServiceFeeNotDueError)
    lost = (await a_planned_case(work)).case.id
    await done(work, APPROVER, cases.close_case, await closing(work, lost, CloseReason.LOST_CONTACT))
    await refused(work, OFFICER, asking(fees.claim_service_fee, claim_of(lost, FOLLOW_UP)), ServiceFeeNotDueError)
    await done(work, APPROVER, cases.close_case, await closing(work, case_id))
    fee = await claimed(work, case_id, COORDINATOR, FOLLOW_UP)
    kept = await row(work, _KEPT, fee)
    assert (kept["amount_minor"], kept["served_on"]) == (FOLLOW_UP_MINOR, today())
    # One of each.
    await claimed(work, case_id, OFFICER, PLAN)


async def test_a_service_is_paid_once_for_a_case(work: UnitOfWork, case_id: UUID) -> None:
    unplanned = await builders.a_granted_case(work)
    await refused(work, OFFICER, asking(fees.claim_service_fee, claim_of(unplanned.id)), ServiceFeeNotDueError)
    fee = await claimed(work, case_id)
    await refused(work, SECOND_COORDINATOR, asking(fees.claim_service_fee, claim_of(case_id)), ServiceFeeClaimedError)
    await done(work, COORDINATOR, fees.withdraw_service_fee, await withdrawal_of(work, fee))
    fee = await claimed(work, case_id)
    await done(work, PROGRAMME, fees.refuse_service_fee, await refusal_of(work, fee))
    fee = await claimed(work, case_id)
    await carry_fee(work, fee, "approved")
    await refused(work, SECOND_COORDINATOR, asking(fees.claim_service_fee, claim_of(case_id)), ServiceFeeClaimedError)
    await done(work, FINANCE, fees.refuse_service_fee, await refusal_of(work, fee))
    assert await fee_held(work, fee) == {}
    assert [(kind, occasion, amount) for kind, occasion, *_, amount in await entries(work, fee)] == [
        ("service_fee_owed", 1, -30_000),
        ("service_fee_owed", 1, 30_000),
        ("service_fee_reversed", 1, -30_000),
        ("service_fee_reversed", 1, 30_000),
    ]
    await carry_fee(work, await claimed(work, case_id), "paid")
    await refused(work, SECOND_COORDINATOR, asking(fees.claim_service_fee, claim_of(case_id)), ServiceFeeClaimedError)


async def test_who_approved_the_plan_does_not_claim_the_fee_for_it(work: UnitOfWork, case_id: UUID) -> None:
    await refused(work, COORDINATOR, asking(fees.claim_service_fee, claim_of(case_id)), SamePersonError)
    assert await value(work, "select count(*) from service_fees where case_id = $1", case_id) == 0
    await claimed(work, case_id, SECOND_COORDINATOR)


async def test_a_case_that_moved_before_its_close_was_followed_up_by_who_had_it_then(work: UnitOfWork, case_id: UUID) -> None:
    """A day of the close that lies before the move is that of the partner before."""
    version = int(str(await value(work, "select version from cases where id = $1", case_id)))
    transfer = TransferCase(
        id=new_id(), case_id=case_id, expected_version=version, to_office_id=MONGOLIA_CARITAS, reason="The family asked for it"
    )
    await done(work, PROGRAMME, cases.transfer_case, transfer)
    early = replace(await closing(work, case_id), closed_on=days_ago(1))
    await done(work, OTHER_COORDINATOR, cases.close_case, early)
    claim = claim_of(case_id, FOLLOW_UP)
    await refused(work, OTHER_COORDINATOR, asking(fees.claim_service_fee, claim), ServiceFeeOfAnotherPartnerError)


async def test_the_partner_of_the_day_of_the_service_gets_its_fee(work: UnitOfWork, case_id: UUID) -> None:
    """A case that moved to another partner has a plan of the first; the new one did not prepare it."""
    version = int(str(await value(work, "select version from cases where id = $1", case_id)))
    transfer = TransferCase(
        id=new_id(), case_id=case_id, expected_version=version, to_office_id=MONGOLIA_CARITAS, reason="The family asked for it"
    )
    await done(work, PROGRAMME, cases.transfer_case, transfer)
    await refused(work, OTHER_COORDINATOR, asking(fees.claim_service_fee, claim_of(case_id)), ServiceFeeOfAnotherPartnerError)
    await refused(work, COORDINATOR, asking(fees.claim_service_fee, claim_of(case_id)), NotFoundError)


async def test_each_step_is_its_role_s_and_of_who_sees_the_case(work: UnitOfWork, case_id: UUID) -> None:
    claim = asking(fees.claim_service_fee, claim_of(case_id))
    for who in (COUNSELLOR, APPROVER, FINANCE, PROGRAMME, AUDITOR, ADMINISTRATOR):
        await refused(work, who, claim, ForbiddenError)
    for who in (OTHER_OFFICER, OTHER_COORDINATOR):
        await refused(work, who, claim, NotFoundError)
    fee = await claimed(work, case_id)
    withdraw = asking(fees.withdraw_service_fee, await withdrawal_of(work, fee))
    approve = asking(fees.approve_service_fee, await approval_of(work, fee))
    refuse = asking(fees.refuse_service_fee, await refusal_of(work, fee))
    for who in (OTHER_OFFICER, OTHER_COORDINATOR):
        await refused(work, who, withdraw, NotFoundError)
    for who in (COUNSELLOR, OFFICER, APPROVER, COORDINATOR, FINANCE, AUDITOR, ADMINISTRATOR):
        await refused(work, who, approve, ForbiddenError)
        await refused(work, who, refuse, ForbiddenError)
    await carry_fee(work, fee, "approved")
    pay = asking(fees.pay_service_fee, await payment_of(work, fee))
    for who in (COUNSELLOR, OFFICER, APPROVER, COORDINATOR, PROGRAMME, AUDITOR, ADMINISTRATOR):
        await refused(work, who, pay, ForbiddenError)
    # Approved, it is finance's to refuse, and the partner's to withdraw no more.
    await refused(work, PROGRAMME, asking(fees.refuse_service_fee, await refusal_of(work, fee)), ForbiddenError)
    await refused(work, OFFICER, asking(fees.withdraw_service_fee, await withdrawal_of(work, fee)), TransitionError)
    await refused(work, PROGRAMME, approve, VersionConflictError)


async def test_three_people(work: UnitOfWork, case_id: UUID) -> None:
    fee = await claimed(work, case_id)
    approve = asking(fees.approve_service_fee, await approval_of(work, fee))
    await refused(work, as_(OFFICER, PROGRAMME), approve, SamePersonError)
    refuse = asking(fees.refuse_service_fee, await refusal_of(work, fee))
    await refused(work, as_(OFFICER, PROGRAMME), refuse, SamePersonError)
    await carry_fee(work, fee, "approved")
    pay = asking(fees.pay_service_fee, await payment_of(work, fee))
    refuse = asking(fees.refuse_service_fee, await refusal_of(work, fee))
    for who in (OFFICER, PROGRAMME):
        await refused(work, as_(who, FINANCE), pay, SamePersonError)
        await refused(work, as_(who, FINANCE), refuse, SamePersonError)
    await carry_fee_on(work, fee)
    reverse = asking(fees.reverse_service_fee, await reversal_of(work, fee))
    for who in (OFFICER, FINANCE):
        await refused(work, as_(who, FINANCE), reverse, SamePersonError)


async def test_days_follow_one_another_and_none_is_to_come(work: UnitOfWork, case_id: UUID) -> None:
    fee = await carry_fee(work, await claimed(work, case_id), "approved")
    for day, error in ((days_ago(-1), FutureDateError), (days_ago(1), InvalidInputError)):
        await refused(work, FINANCE, asking(fees.pay_service_fee, await payment_of(work, fee, on=day)), error)
    nameless = replace(await payment_of(work, fee), reference="")
    await refused(work, FINANCE, asking(fees.pay_service_fee, nameless), InvalidInputError)
    await carry_fee_on(work, fee)
    for day, error in ((days_ago(-1), FutureDateError), (days_ago(1), InvalidInputError)):
        back = asking(fees.reverse_service_fee, await reversal_of(work, fee, on=day))
        await refused(work, SECOND_FINANCE, back, error)
    unsaid = replace(await reversal_of(work, fee), reason="no")
    await refused(work, SECOND_FINANCE, asking(fees.reverse_service_fee, unsaid), InvalidInputError)


async def carry_fee_on(work: UnitOfWork, fee: UUID) -> None:
    """An approved fee is paid."""
    await done(work, FINANCE, fees.pay_service_fee, await payment_of(work, fee))
