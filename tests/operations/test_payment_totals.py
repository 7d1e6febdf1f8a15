"""Totals by country and month: right in the transaction that pays and in every other, never other than the sum of the lines."""

import asyncio
from uuid import UUID

import asyncpg

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.money import Money
from reintegration.payments import service as payments
from reintegration.payments.commands import ApprovePayment, ConfirmPayment, ReleasePayment, ReversePayment
from tests import builders
from tests.builders import APPROVER, COORDINATOR, FINANCE, OFFICER, SYSTEM, BuiltCase, days_ago
from tests.operations.world import approved_plan, submitted_payment
from tests.proofs import value

_TOTALS = "select country || ' ' || month || ' ' || payments || ' ' || euro_minor from payment_totals"
_DIFFERENCES = "select count(*) from payment_totals_differences()"


async def released(work: UnitOfWork, case: BuiltCase, item: UUID, cents: int) -> UUID:
    paid = await submitted_payment(work, case, item, Money(cents, "EUR"))
    digest = str(await value(work, "select content_digest from payments where id = $1", paid))
    await work.write(APPROVER, lambda transaction: payments.approve_payment(transaction, ApprovePayment(paid, 2, digest)))
    await work.write(COORDINATOR, lambda transaction: payments.release_payment(transaction, ReleasePayment(paid, 3, digest)))
    return paid


async def test_a_total_moves_with_its_payments(fresh_database: DatabaseAddresses) -> None:
    async with builders.open_work(fresh_database, max_size=4) as work:
        case = await builders.a_granted_case(work)
        plan = await approved_plan(work, case)
        item = UUID(str(await value(work, "select id from plan_items where plan_id = $1 and position = 1", plan)))
        ids = [await released(work, case, item, cents) for cents in (10_000, 2_345, 1)]
        on = days_ago(1)
        month = on.replace(day=1)

        async def confirm(number: int) -> None:
            async def step(transaction: Transaction) -> object:
                done = await payments.confirm_payment(transaction, ConfirmPayment(ids[number], 4, on, f"BANK-{number}"))
                seen = await transaction.fetch("select payments, euro_minor from payment_totals")
                # The officer sees no total, whatever their own transaction has moved.
                assert seen == []
                return done

            await work.write(OFFICER, step)

        await asyncio.gather(*(confirm(number) for number in range(3)))
        assert await value(work, _TOTALS) == f"MN {month} 3 12346"
        reverse = ReversePayment(ids[1], 5, "The supplier sent it back")
        await work.write(COORDINATOR, lambda transaction: payments.reverse_payment(transaction, reverse))
        assert await value(work, _TOTALS) == f"MN {month} 2 10001"
        assert await value(work, _DIFFERENCES) == 0
        async with work.read(FINANCE) as transaction:
            assert await transaction.fetch_value("select euro_minor from payment_totals") == 10_001


async def test_a_wrong_total_is_found(fresh_database: DatabaseAddresses) -> None:
    owner = await asyncpg.connect(fresh_database.owner_url)
    await owner.execute("insert into payment_totals (country, month, payments, euro_minor) values ('MN', '2023-05-01', 1, 7)")
    await owner.close()
    async with builders.open_work(fresh_database) as work, work.read(SYSTEM) as transaction:
        rows = await transaction.fetch("select * from payment_totals_differences()")
        assert [(row["country"], row["payments"], int(row["euro_minor"])) for row in rows] == [("MN", -1, -7)]
