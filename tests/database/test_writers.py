"""Which role writes what, held by the database where Python forgets to ask: columns, steps, money, deadlines."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest

from reintegration.database.transaction import Transaction
from reintegration.kernel.actor import Role
from reintegration.kernel.ids import new_id
from reintegration.ledger.flows import Pot, grant, reserve
from reintegration.ledger.posting import Account, Entry, Posting, post
from tests.builders import FINANCE, MONGOLIA, SYSTEM, actor
from tests.database.law import become, insert, outcome, undone
from tests.database.law_case import ARRIVED, BUDGET_MINOR, DEADLINE, FUND, PAID, LawCase, a_law_case
from tests.database.law_payment import CHANGES, PATHS

FIELD = frozenset({Role.FIELD_OFFICER, Role.FIELD_APPROVER, Role.PARTNER_COORDINATOR})
WRITERS = tuple(role for role in Role if role not in {Role.AUDITOR, Role.ADMINISTRATOR, Role.SYSTEM})


@dataclass(frozen=True, slots=True)
class Stage:
    """A case that arrived, whose draft payment is ready to submit."""

    transaction: Transaction
    case: LawCase

    async def tried(self, role: Role, statement: str, *arguments: object) -> int | str:
        """What a statement does as a role; nothing of it stays."""
        await self.transaction.execute("savepoint tried")
        await become(self.transaction, actor(role))
        try:
            return await outcome(self.transaction, statement, *arguments)
        finally:
            await self.transaction.execute("rollback to tried")
            await become(self.transaction, SYSTEM)

    async def writers(self, statement: str, *arguments: object) -> set[Role]:
        """The roles that may do it; everybody else is refused for who they are."""
        found = {role: await self.tried(role, statement, *arguments) for role in WRITERS}
        assert {result for result in found.values() if result != 1} <= {"denied"}, found
        return {role for role, result in found.items() if result == 1}


@pytest.fixture
async def stage(law_pool: asyncpg.Pool) -> AsyncIterator[Stage]:
    async with undone(law_pool) as transaction:
        yield Stage(transaction, await a_law_case(transaction))


async def a_case_before(stage: Stage, status: str) -> object:
    """Another case of the office, registered or departed."""
    case_id = await insert(
        stage.transaction,
        "cases",
        reference="BE-1903-000001",
        status="registered",
        country_of_return="MN",
        registered_by="counsellor",
    )
    office = "partner_id = (select partner_id from field_offices where id = $2), field_office_id = $2"
    if status == "departed":
        await stage.transaction.execute(
            f"update cases set status = 'departed', departed_on = '2025-03-01', {office} where id = $1",  # noqa: S608 - ours
            case_id,
            MONGOLIA,
        )
    return case_id


async def test_what_a_case_is_nobody_changes(stage: Stage) -> None:
    for change in ("dublin = true, partner_id = null, field_office_id = null", "country_of_return = 'CM'"):
        assert await stage.writers(f"update cases set {change} where id = $1", stage.case.id) == set()  # noqa: S608 - ours
    for change in (
        "arrived_on = arrived_on + 1",
        "registered_by = 'me'",
        "departed_on = departed_on - 1",
        "reference = 'BE-1-1'",
    ):
        assert await stage.writers(f"update cases set {change} where id = $1", stage.case.id) == set()  # noqa: S608 - ours


async def test_each_step_of_a_case_has_its_roles(stage: Stage) -> None:
    closed = "update cases set status = 'closed', closed_on = '2025-05-01', close_reason = 'completed' where id = $1"
    await stage.transaction.execute("update payments set status = 'cancelled' where id = $1", stage.case.payment_id)
    closers = {Role.RETURN_COUNSELLOR, Role.FIELD_APPROVER, Role.PARTNER_COORDINATOR, Role.FEDASIL_PROGRAMME}
    assert await stage.writers(closed, stage.case.id) == closers
    implementing = "update cases set status = 'implementing' where id = $1"
    assert await stage.writers(implementing, stage.case.id) == {Role.PARTNER_COORDINATOR}
    departed = await a_case_before(stage, "departed")
    arrived = (
        "update cases set status = 'arrived', arrived_on = '2025-03-02', arrival_confirmed_by = 'x', arrival_confirmed_at = now()"
        " where id = $1"
    )
    assert await stage.writers(arrived, departed) == {Role.FIELD_OFFICER, Role.FIELD_APPROVER}
    assert await stage.writers(arrived.replace("'x'", "'x', dublin = dublin, close_note = 'x'"), departed) == set()


@pytest.mark.parametrize("change", ["status = 'departed', departed_on = '2025-03-01'", "status = 'referred'"])
async def test_what_happens_before_the_departure_is_belgiums_affair(stage: Stage, change: str) -> None:
    case_id = await a_case_before(stage, "registered")
    office = ", partner_id = (select partner_id from field_offices where id = $2), field_office_id = $2"
    statement = f"update cases set {change}{office if 'referred' in change else ''} where id = $1"  # noqa: S608 - ours
    found = {
        role: await stage.tried(role, statement, case_id, *([MONGOLIA] if "referred" in change else []))
        for role in WRITERS
        if role not in FIELD
    }
    programme = 1 if "referred" in change else "denied"
    assert found == {Role.RETURN_COUNSELLOR: 1, Role.FEDASIL_PROGRAMME: programme, Role.FEDASIL_FINANCE: "denied"}


async def test_a_deadline_moves_from_nothing_or_to_an_approved_extension(stage: Stage) -> None:
    moved = "update entitlements set deadline_on = $2 where id = $1"
    entitlement = stage.case.entitlement_id
    extension = "update deadline_extensions set decision = 'approved', decided_by = 'programme', decided_at = now()"
    assert await stage.writers(f"{extension} where entitlement_id = $1", entitlement) == {Role.FEDASIL_PROGRAMME}
    wanted = await stage.transaction.fetch_value(
        "select new_deadline_on from deadline_extensions where entitlement_id = $1", entitlement
    )
    assert await stage.writers(moved, entitlement, wanted) == set()
    await stage.transaction.execute(f"{extension} where entitlement_id = $1", entitlement)
    assert Role.FEDASIL_PROGRAMME in await stage.writers(moved, entitlement, wanted)
    assert await stage.writers(moved, entitlement, DEADLINE.replace(year=2030)) == set()
    assert await stage.writers(moved, entitlement, None) == set()
    await stage.transaction.execute(moved, entitlement, None)
    assert {Role.FIELD_OFFICER, Role.FIELD_APPROVER} <= await stage.writers(moved, entitlement, DEADLINE)


PAYERS = {
    "submitted": {Role.FIELD_OFFICER},
    "cancelled": {Role.FIELD_OFFICER},
    "approved": {Role.FIELD_APPROVER},
    "released": {Role.PARTNER_COORDINATOR},
    "paid": {Role.FIELD_OFFICER, Role.PARTNER_COORDINATOR},
    "failed": {Role.FIELD_OFFICER, Role.PARTNER_COORDINATOR},
    "unconfirmed": {Role.FIELD_OFFICER, Role.PARTNER_COORDINATOR},
    "reversed": {Role.PARTNER_COORDINATOR},
}


@pytest.mark.parametrize("status", sorted(PAYERS))
async def test_each_step_of_an_offices_payment_has_its_roles(stage: Stage, status: str) -> None:
    update = "update payments set {} where id = $1"
    for step in PATHS[status][:-1]:
        assert await outcome(stage.transaction, update.format(CHANGES[step]), stage.case.payment_id) == 1
    assert await stage.writers(update.format(CHANGES[status]), stage.case.payment_id) == PAYERS[status]
    if status in {"approved", "released"}:
        assert await stage.writers(update.format(CHANGES["draft"]), stage.case.payment_id) == FIELD


async def test_only_who_prepares_changes_a_draft(stage: Stage) -> None:
    for change in ("description = 'another'", "payment_date = payment_date + 1"):
        statement = f"update payments set {change} where id = $1"  # noqa: S608 - ours
        assert await stage.writers(statement, stage.case.payment_id) == {Role.FIELD_OFFICER}


async def test_a_plan_is_decided_by_the_coordinator_alone(stage: Stage) -> None:
    plan = await insert(
        stage.transaction,
        "plans",
        case_id=stage.case.id,
        number=2,
        status="draft",
        content_digest="a" * 64,
        prepared_by="somebody",
    )
    submitted = "update plans set status = 'submitted', submitted_by = 'x', submitted_at = now() where id = $1"
    assert await stage.writers(submitted, plan) == {Role.FIELD_OFFICER}
    await stage.transaction.execute(submitted, plan)
    rejected = "update plans set status = 'rejected', decided_by = 'y', decided_at = now() where id = $1"
    assert await stage.writers(rejected, plan) == {Role.PARTNER_COORDINATOR}


async def posted(stage: Stage, role: Role, entry: Entry) -> str:
    """What becomes of a ledger entry of a role."""
    await stage.transaction.execute("savepoint posted")
    await become(stage.transaction, actor(role))
    try:
        await post(stage.transaction, entry)
    except asyncpg.InsufficientPrivilegeError:
        return "denied"
    except asyncpg.IntegrityConstraintViolationError as error:
        return str(error.constraint_name)
    else:
        return "posted"
    finally:
        await stage.transaction.execute("rollback to posted")
        await become(stage.transaction, SYSTEM)


async def test_money_leaves_a_fund_by_the_grant_of_its_entitlement_alone(stage: Stage) -> None:
    case, rule = stage.case, "ledger_postings_grant_ck"
    premium = Pot(case.id, "cash_premium", FUND)
    entry = grant(premium, entitlement_id=case.premium_id, amount_minor=35_000, on=PAID)
    assert await posted(stage, Role.RETURN_COUNSELLOR, entry) == "posted"
    for role in set(WRITERS) - {Role.RETURN_COUNSELLOR}:
        assert await posted(stage, role, entry) == "denied"
    budget = Pot(case.id, "reintegration", FUND)
    for pot, entitlement, amount in (
        (premium, case.premium_id, 35_001),
        (premium, new_id(), 35_000),
        (budget, case.premium_id, 35_000),
    ):
        crooked = grant(pot, entitlement_id=entitlement, amount_minor=amount, on=PAID)
        assert await posted(stage, Role.RETURN_COUNSELLOR, crooked) == rule
    twice = grant(budget, entitlement_id=case.entitlement_id, amount_minor=BUDGET_MINOR, on=PAID)
    assert await posted(stage, Role.RETURN_COUNSELLOR, twice) == "ledger_transactions_once_uq"
    again = Entry("entitlement_granted", case.id, "Entitlement", case.premium_id, 2, PAID, entry.postings)
    assert await posted(stage, Role.RETURN_COUNSELLOR, again) == rule
    fund = Account("fund", FUND, "reintegration")
    for kind, role in (("plan_budgeted", Role.PARTNER_COORDINATOR), ("payment_reserved", Role.FIELD_OFFICER)):
        postings = (Posting(fund, -1_000), Posting(case.pot.source, 1_000))
        assert await posted(stage, role, Entry(kind, case.id, "Plan", new_id(), 1, PAID, postings)) == rule


async def test_a_movement_of_money_has_its_roles_and_its_author(stage: Stage) -> None:
    entry = reserve(stage.case.pot, payment_id=stage.case.payment_id, occasion=2, amount_minor=100, on=PAID)
    found = {role: await posted(stage, role, entry) for role in WRITERS}
    preparers = {Role.RETURN_COUNSELLOR, Role.FIELD_OFFICER}
    assert found == {role: "posted" if role in preparers else "denied" for role in WRITERS}
    forged = (
        "insert into ledger_transactions (id, kind, case_id, reference_kind, reference_id, occasion, effective_on, actor_id)"
        " values (gen_random_uuid(), 'payment_reserved', $1, 'Payment', $2, 1, $3, 'somebody else')"
    )
    assert await stage.writers(forged, stage.case.id, new_id(), ARRIVED) == set()


async def test_no_account_is_opened_with_an_overdraft(stage: Stage) -> None:
    account = (
        "insert into ledger_accounts (id, kind, fund_id, case_id, stream, line_id, currency, minimum_minor)"
        " values (gen_random_uuid(), 'reserved', $1, $2, 'reintegration', gen_random_uuid(), 'EUR', -100)"
    )
    assert await stage.tried(FINANCE.role, account, FUND, stage.case.id) == "ledger_accounts_minimum_ck"
