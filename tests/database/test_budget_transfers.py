"""Re-budgeting through its use cases and against the bare database: what moves, who decides, and what is refused."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from reintegration.cases import service as cases
from reintegration.cases.commands import CloseCase
from reintegration.cases.errors import AlreadyDecidedError
from reintegration.cases.values import CloseReason
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.actor import Role
from reintegration.kernel.clock import today
from reintegration.kernel.errors import (
    DomainError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    SamePersonError,
    VersionConflictError,
)
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
from reintegration.ledger import flows
from reintegration.ledger.errors import NotEnoughLeftError
from reintegration.ledger.posting import Account, Entry, Posting, post
from reintegration.plans import service
from reintegration.plans.commands import DecideBudgetTransfer, RequestBudgetTransfer
from reintegration.plans.errors import CaseNotReadyError, ItemNotInForceError
from tests import builders
from tests.builders import APPROVER, COORDINATOR, EVERYBODY, OFFICER, OTHER_COORDINATOR, OTHER_OFFICER, actor
from tests.database.law import become, outcome, undone
from tests.database.law_case import FUND, MOMENT, PAID, a_law_case
from tests.database.law_payment import Stage
from tests.payment_steps import (
    BuiltPlan,
    a_line,
    a_payment,
    a_planned_case,
    an_approved_plan,
    asking,
    done,
    euros,
    held,
    line_held,
)
from tests.proofs import refused, row, value

_TRANSFER = "select decision, decision_note, decided_by, version from budget_transfers where id = $1"
_POSTED = (
    "select a.line_id, p.amount_minor from ledger_transactions t join ledger_postings p on p.transaction_id = t.id"
    " join ledger_accounts a on a.id = p.account_id where t.reference_id = $1 and t.kind = 'plan_rebudgeted' order by 2"
)


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


@pytest.fixture
async def stage(law_pool: asyncpg.Pool) -> AsyncIterator[Stage]:
    async with undone(law_pool) as transaction:
        yield Stage(transaction, await a_law_case(transaction))


def request(plan: BuiltPlan, cents: int, *, giver: int = 0, taker: int = 1) -> RequestBudgetTransfer:
    return RequestBudgetTransfer(new_id(), plan.items[giver], plan.items[taker], euros(cents), "School began")


async def requested(work: UnitOfWork, plan: BuiltPlan, cents: int) -> UUID:
    return (await done(work, OFFICER, service.request_budget_transfer, request(plan, cents))).id


def decision(transfer: UUID, *, approved: bool = True, version: int = 1) -> DecideBudgetTransfer:
    return DecideBudgetTransfer(transfer, version, approved, "Agreed" if approved else "Not now")


async def lines(work: UnitOfWork, plan: BuiltPlan) -> tuple[int, ...]:
    return tuple([await line_held(work, line) for line in plan.lines])


async def test_an_approved_transfer_moves_the_money_and_edits_nothing(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 90_000, 10_000)
    transfer = await requested(work, plan, 25_050)
    assert await lines(work, plan) == (90_000, 10_000)
    found = await done(work, COORDINATOR, service.decide_budget_transfer, decision(transfer))
    assert (found.id, found.version) == (transfer, 2)
    assert await lines(work, plan) == (64_950, 35_050)
    assert await row(work, _TRANSFER, transfer) == {
        "decision": "approved",
        "decision_note": "Agreed",
        "decided_by": COORDINATOR.id,
        "version": 2,
    }
    async with work.read(builders.SYSTEM) as transaction:
        posted = await transaction.fetch(_POSTED, transfer)
    assert [tuple(one.values()) for one in map(dict, posted)] == [(plan.lines[0], -25_050), (plan.lines[1], 25_050)]
    budgets = "select array_agg(budget_minor order by position) from plan_items where plan_id = $1"
    assert await value(work, budgets, plan.id) == [90_000, 10_000]


async def test_what_was_moved_can_be_paid_and_what_is_gone_cannot(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 50_000, 10_000)
    transfer = await requested(work, plan, 40_000)
    await done(work, COORDINATOR, service.decide_budget_transfer, decision(transfer))
    await a_payment(work, plan, 45_000, item=1)
    with pytest.raises(NotEnoughLeftError):
        await a_payment(work, plan, 10_001, item=0)
    assert (await held(work, plan.case.id))["spent"] == 45_000


async def test_a_refused_transfer_moves_nothing(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 90_000, 10_000)
    transfer = await requested(work, plan, 100)
    await done(work, COORDINATOR, service.decide_budget_transfer, decision(transfer, approved=False))
    assert await lines(work, plan) == (90_000, 10_000)
    assert (await row(work, _TRANSFER, transfer))["decision"] == "refused"
    again = asking(service.decide_budget_transfer, decision(transfer, version=2))
    await refused(work, COORDINATOR, again, AlreadyDecidedError)


async def test_the_next_version_moves_the_difference_to_what_the_lines_have_now(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 90_000, 10_000)
    await done(work, COORDINATOR, service.decide_budget_transfer, decision(await requested(work, plan, 20_000)))
    await a_payment(work, plan, 25_000, item=1)
    left_open = await requested(work, plan, 1)
    kept = (a_line(60_000, line_id=plan.lines[0]), a_line(40_000, line_id=plan.lines[1]))
    after = await an_approved_plan(work, plan.case, *kept)
    assert await lines(work, after) == (60_000, 15_000)
    assert await held(work, plan.case.id) == {"entitlement": 80_000, "plan_line": 75_000, "spent": 25_000}
    stale = asking(service.decide_budget_transfer, decision(left_open))
    await refused(work, COORDINATOR, stale, ItemNotInForceError)
    await refused(work, OFFICER, asking(service.request_budget_transfer, request(plan, 1)), ItemNotInForceError)
    await done(work, COORDINATOR, service.decide_budget_transfer, decision(left_open, approved=False))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"amount": euros(90_001)}, NotEnoughLeftError),
        ({"amount": euros(0)}, InvalidInputError),
        ({"amount": Money(100, "MNT")}, InvalidInputError),
        ({"reason": "no"}, InvalidInputError),
        ({"to_item_id": new_id()}, NotFoundError),
        ({"same": True}, InvalidInputError),
    ],
    ids=["too-much", "nothing", "tugrik", "no-reason", "unknown", "same"],
)
async def test_a_request_that_makes_no_sense_is_refused(
    work: UnitOfWork, change: dict[str, object], error: type[DomainError]
) -> None:
    plan = await a_planned_case(work, 90_000, 10_000)
    good = request(plan, 100)
    asked = RequestBudgetTransfer(
        id=good.id,
        from_item_id=good.from_item_id,
        to_item_id=good.from_item_id if change.get("same") else change.get("to_item_id", good.to_item_id),  # type: ignore[arg-type]
        amount=change.get("amount", good.amount),  # type: ignore[arg-type]
        reason=str(change.get("reason", good.reason)),
    )
    await refused(work, OFFICER, asking(service.request_budget_transfer, asked), error)


async def test_items_of_two_cases_are_no_ends_of_one_transfer(work: UnitOfWork) -> None:
    plan, other = await a_planned_case(work, 90_000, 10_000), await a_planned_case(work, 50_000)
    crossed = RequestBudgetTransfer(new_id(), plan.items[0], other.items[0], euros(100), "School began")
    await refused(work, OFFICER, asking(service.request_budget_transfer, crossed), NotFoundError)


async def test_who_asks_does_not_decide_and_others_see_nothing(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 90_000, 10_000)
    transfer = await requested(work, plan, 100)
    both = actor(Role.PARTNER_COORDINATOR, OFFICER.id)
    await refused(work, both, asking(service.decide_budget_transfer, decision(transfer)), SamePersonError)
    await refused(work, OTHER_COORDINATOR, asking(service.decide_budget_transfer, decision(transfer)), NotFoundError)
    await refused(work, OTHER_OFFICER, asking(service.request_budget_transfer, request(plan, 100)), NotFoundError)
    stale = asking(service.decide_budget_transfer, decision(transfer, version=7))
    await refused(work, COORDINATOR, stale, VersionConflictError)
    for who in EVERYBODY:
        if who != COORDINATOR:
            await refused(work, who, asking(service.decide_budget_transfer, decision(transfer)), ForbiddenError)
        if who != OFFICER:
            await refused(work, who, asking(service.request_budget_transfer, request(plan, 100)), ForbiddenError)


async def test_a_closed_case_moves_no_budget(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 90_000, 10_000)
    transfer = await requested(work, plan, 100)
    version = await value(work, "select version from cases where id = $1", plan.case.id)
    assert isinstance(version, int)
    close = CloseCase(case_id=plan.case.id, expected_version=version, reason=CloseReason.COMPLETED, closed_on=today())
    await done(work, APPROVER, cases.close_case, close)
    await refused(work, COORDINATOR, asking(service.decide_budget_transfer, decision(transfer)), CaseNotReadyError)
    await refused(work, OFFICER, asking(service.request_budget_transfer, request(plan, 100)), CaseNotReadyError)


async def test_a_payment_and_a_transfer_race_on_the_same_money_and_one_wins(work: UnitOfWork) -> None:
    for _ in range(5):
        plan = await a_planned_case(work, 50_000, 10_000)
        transfer = await requested(work, plan, 30_000)
        results = await asyncio.gather(
            done(work, COORDINATOR, service.decide_budget_transfer, decision(transfer)),
            a_payment(work, plan, 30_000, status="submitted"),
            return_exceptions=True,
        )
        failed = [one for one in results if isinstance(one, BaseException)]
        assert [type(one) for one in failed] == [NotEnoughLeftError]
        left, _ = await lines(work, plan)
        assert left == 20_000


async def test_of_two_decisions_at_once_one_counts(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 50_000, 10_000)
    transfer = await requested(work, plan, 30_000)
    results = await asyncio.gather(
        *(done(work, COORDINATOR, service.decide_budget_transfer, decision(transfer)) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in results) == ["Reference", "VersionConflictError"]
    assert await lines(work, plan) == (20_000, 40_000)


class TestTheDatabase:
    """The same law, said to whoever writes past the use cases."""

    async def test_an_approval_without_its_posting_ends_with_the_transaction(self, stage: Stage) -> None:
        approve = (
            "update budget_transfers set decision = 'approved', decided_by = 'coordinator', decided_at = now() where id = $1"
        )
        assert await outcome(stage.transaction, approve, stage.case.transfer_id) == "budget_transfers_posted_ck"

    async def test_a_posting_without_its_approval_is_refused(self, stage: Stage) -> None:
        case = stage.case
        entry = flows.rebudget(
            case.pot, transfer_id=case.transfer_id, from_line=case.line_id, to_line=new_id(), amount_minor=500, on=PAID
        )
        assert await _posted(stage, entry) == "ledger_postings_rebudget_ck"

    @pytest.mark.parametrize("cheat", ["more", "elsewhere", "backwards", "twice", "three"])
    async def test_a_posting_that_is_not_the_transfer_is_refused(self, stage: Stage, cheat: str) -> None:
        case, transaction = stage.case, stage.transaction
        spare = await transaction.fetch_value("select line_id from plan_items where id = $1", case.spare_item_id)
        assert isinstance(spare, UUID)
        giver, taker = (Account("plan_line", FUND, "reintegration", case.id, line) for line in (case.line_id, spare))
        approve = "update budget_transfers set decision = 'approved', decided_by = 'coordinator', decided_at = $2 where id = $1"
        await transaction.execute(approve, case.transfer_id, MOMENT)
        ends = {
            "more": ((giver, -501), (taker, 501)),
            "elsewhere": ((giver, -500), (case.pot.account("reserved"), 500)),
            "backwards": ((taker, -500), (giver, 500)),
            "twice": ((giver, -500), (taker, 500)),
            "three": ((giver, -500), (taker, 500), (giver, -1), (case.pot.account("reserved"), 1)),
        }[cheat]
        entry = Entry(
            "plan_rebudgeted",
            case.id,
            "BudgetTransfer",
            case.transfer_id,
            2 if cheat == "twice" else 1,
            PAID,
            tuple(Posting(account, amount) for account, amount in ends),
        )
        expected = "ledger_postings_rebudget_ck" if cheat != "backwards" else {"ledger_postings_rebudget_ck", _TOO_LITTLE}
        assert await _posted(stage, entry) in expected

    async def test_it_is_decided_once_and_by_somebody_else(self, stage: Stage) -> None:
        change = "update budget_transfers set decision = 'refused', decided_by = $2, decided_at = now() where id = $1"
        transfer = stage.case.transfer_id
        assert await outcome(stage.transaction, change, transfer, "officer") == "budget_transfers_four_eyes_ck"
        assert await outcome(stage.transaction, change, transfer, "coordinator") == 1
        assert await outcome(stage.transaction, change, transfer, "another") == "budget_transfers_decided_ck"

    async def test_it_is_asked_for_the_plan_in_force(self, stage: Stage) -> None:
        await stage.transaction.execute("update plans set status = 'superseded' where id = $1", stage.case.plan_id)
        asked = (
            "insert into budget_transfers (id, case_id, from_item_id, to_item_id, amount_minor, reason, requested_by)"
            " values (gen_random_uuid(), $1, $2, $3, 1, 'Because', 'officer')"
        )
        ends = (stage.case.item_id, stage.case.spare_item_id)
        assert await outcome(stage.transaction, asked, stage.case.id, *ends) == "budget_transfers_force_ck"

    async def test_it_begins_undecided(self, stage: Stage) -> None:
        await become(stage.transaction, OFFICER)
        asked = (
            "insert into budget_transfers (id, case_id, from_item_id, to_item_id, amount_minor, reason, requested_by, decision,"
            " decided_by, decided_at) values (gen_random_uuid(), $1, $2, $3, 1, 'Because', 'officer', 'refused', 'me', now())"
        )
        ends = (stage.case.item_id, stage.case.spare_item_id)
        assert await outcome(stage.transaction, asked, stage.case.id, *ends) == "denied"


_TOO_LITTLE = "ledger_postings_available_ck"


async def _posted(stage: Stage, entry: Entry) -> str:
    await stage.transaction.execute("savepoint posting")
    try:
        await post(stage.transaction, entry)
    except asyncpg.IntegrityConstraintViolationError as error:
        await stage.transaction.execute("rollback to posting")
        return str(error.constraint_name)
    return "posted"
