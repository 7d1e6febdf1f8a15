"""A stage for the law of service fees: a claimed, an approved and a paid one, in a transaction that is undone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.transaction import Transaction
from reintegration.kernel.ids import new_id
from reintegration.ledger.posting import Entry, post
from tests import builders
from tests.database.law import one, outcome, undone
from tests.fee_steps import add_tariffs, carry_fee, claimed
from tests.payment_steps import a_planned_case


@dataclass(frozen=True, slots=True)
class FeeStage:
    """Cases with a plan of which one has a claimed fee, one an approved and one a paid; in a transaction that is undone."""

    transaction: Transaction
    case_id: UUID
    claimed: UUID
    approved: UUID
    paid: UUID
    due: dict[str, object]

    async def claim(self, **cells: object) -> int | str:
        """The fee of a case that has none, as its tariff says but for `cells`."""
        names = {**self.due, "id": new_id(), "status": "claimed", "claimed_by": self.transaction.actor.id, **cells}
        places = ", ".join(f"${place}" for place in range(1, len(names) + 1))
        statement = f"insert into service_fees ({', '.join(names)}) values ({places})"  # noqa: S608 - written in this file
        return await outcome(self.transaction, statement, *names.values())

    async def step(self, fee: UUID, cells: str) -> int | str:
        """One update."""
        return await outcome(self.transaction, f"update service_fees set {cells} where id = $1", fee)  # noqa: S608 - ours

    async def posted(self, *entries: Entry) -> str:
        """The rule that refuses these entries of the ledger."""
        await self.transaction.execute("savepoint posted")
        try:
            for entry in entries:
                await post(self.transaction, entry)
            await self.transaction.execute("set constraints all immediate")
        except asyncpg.InsufficientPrivilegeError:
            return "denied"
        except asyncpg.IntegrityConstraintViolationError as error:
            return error.constraint_name or ""
        else:
            return ""
        finally:
            await self.transaction.execute("rollback to posted")


async def a_set_of_fees(database_urls: DatabaseAddresses) -> tuple[UUID, UUID, UUID, UUID]:
    """A case with a plan and no fee; a fee that waits, one that is approved, one that is paid."""
    await add_tariffs(database_urls)
    async with builders.open_work(database_urls) as work:
        ids = [(await a_planned_case(work)).case.id for _ in range(4)]
        waiting, approved, paid = [await claimed(work, case) for case in ids[1:]]
        await carry_fee(work, approved, "approved")
        await carry_fee(work, paid, "paid")
    return ids[0], waiting, approved, paid


@asynccontextmanager
async def a_stage(law_pool: asyncpg.Pool, fees: tuple[UUID, UUID, UUID, UUID]) -> AsyncIterator[FeeStage]:
    """The stage, undone at the end."""
    async with undone(law_pool) as transaction:
        due = await one(
            transaction,
            "select partner_id, field_office_id, fund_id, served_on, tariff_id, amount_minor, currency"
            " from service_fee_due($1, 'plan_preparation')",
            fees[0],
        )
        yield FeeStage(transaction, *fees, {"case_id": fees[0], "kind": "plan_preparation", **due})
