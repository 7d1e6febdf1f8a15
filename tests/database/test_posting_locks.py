"""Who only names an account keeps nobody from taking from it: two who take at once wait for each other, not for a deadlock."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.payments import service
from reintegration.payments.commands import SubmitPayment
from tests import builders
from tests.builders import OFFICER
from tests.payment_steps import a_draft, a_planned_case, done, euros, line_held, plain

_PATIENCE_S = 10
"""Less than the 15 seconds after which a lock is given up."""
_NAMED = "select from ledger_accounts where line_id = $1 and kind = 'plan_line' for key share"


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


async def test_an_account_that_others_name_is_taken_from_by_two_at_once(
    work: UnitOfWork, database_urls: DatabaseAddresses
) -> None:
    """A foreign key's lock is held on the line for as long as two payments of it are submitted; both are, one after the other."""
    plan = await a_planned_case(work, 10_000)
    drafts = [await a_draft(work, plan, plain(euros(2_000))) for _ in range(2)]
    owner = await asyncpg.connect(database_urls.superuser_url)
    try:
        async with owner.transaction():
            assert await owner.execute(_NAMED, plan.lines[0]) == "SELECT 1"
            submitting = (done(work, OFFICER, service.submit_payment, SubmitPayment(draft, 1)) for draft in drafts)
            await asyncio.wait_for(asyncio.gather(*submitting), _PATIENCE_S)
    finally:
        await owner.close()
    assert await line_held(work, plan.lines[0]) == 6_000
