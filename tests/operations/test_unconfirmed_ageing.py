"""The ageing report of unconfirmed payments: which age, whose, and what it adds up."""

from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from uuid import UUID

import asyncpg
import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.actor import Actor
from reintegration.kernel.clock import BRUSSELS, today
from reintegration.payments import service as payments
from reintegration.storage.client import ObjectStore
from tests.builders import ADMINISTRATOR, APPROVER, AUDITOR, COORDINATOR, FINANCE, OFFICER, OTHER_COORDINATOR, OTHER_OFFICER
from tests.operations.desk import Answer, Desk, open_desk
from tests.payment_steps import a_payment, a_planned_case, done, doubt

_ASKED = "{ unconfirmedAgeing { office { code } daysFrom daysTo payments amount { amount currency } } }"


@pytest.fixture
async def desk(fresh_database: DatabaseAddresses, object_store: ObjectStore) -> AsyncIterator[Desk]:
    async with open_desk(fresh_database, object_store) as opened:
        yield opened


async def unconfirmed(work: UnitOfWork, superuser: asyncpg.Connection, cents: int, days: int) -> UUID:
    """A payment that has been unconfirmed since noon of so many days ago."""
    payment = await a_payment(work, await a_planned_case(work, 50_000), cents, status="released")
    await done(work, OFFICER, payments.mark_payment_unconfirmed, await doubt(work, payment))
    since = datetime.combine(today() - timedelta(days=days), time(12), BRUSSELS)
    await superuser.execute("update payments set settled_at = $2 where id = $1", payment, since)
    return payment


async def ageing(desk: Desk, who: Actor) -> list[Answer]:
    result = await desk.schema.execute(_ASKED, {}, desk.context(who))
    assert result.errors is None, result.errors
    assert result.data is not None
    found: list[Answer] = result.data["unconfirmedAgeing"]
    return found


def bucket(start: int, end: int | None, payments: int, amount: str) -> dict[str, object]:
    return {
        "office": {"code": "IOM-MN"},
        "daysFrom": start,
        "daysTo": end,
        "payments": payments,
        "amount": {"amount": amount, "currency": "EUR"},
    }


async def test_payments_stand_in_the_age_that_they_have(desk: Desk, fresh_database: DatabaseAddresses) -> None:
    superuser = await asyncpg.connect(fresh_database.superuser_url)
    await superuser.execute("set session_replication_role = replica")
    for cents, days in ((100, 0), (1_000, 7), (20_000, 8), (30_000, 30), (4_000, 31), (5_000, 90), (7_777, 91), (1, 900)):
        await unconfirmed(desk.work, superuser, cents, days)
    await superuser.close()
    await a_payment(desk.work, await a_planned_case(desk.work, 50_000), 999, status="paid")
    expected = [
        bucket(0, 7, 2, "11.00"),
        bucket(8, 30, 2, "500.00"),
        bucket(31, 90, 2, "90.00"),
        bucket(91, None, 2, "77.78"),
    ]
    for who in (FINANCE, AUDITOR, COORDINATOR, OFFICER, APPROVER):
        assert await ageing(desk, who) == expected
    for who in (OTHER_OFFICER, OTHER_COORDINATOR):
        assert await ageing(desk, who) == []


async def test_it_is_not_for_administrators(desk: Desk) -> None:
    result = await desk.schema.execute(_ASKED, {}, desk.context(ADMINISTRATOR))
    assert result.data == {"unconfirmedAgeing": None}
    assert result.errors is not None
    assert [(error.extensions or {}).get("code") for error in result.errors] == ["FORBIDDEN"]
