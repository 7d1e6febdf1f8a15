"""Mistakes in what a case may spend, planted one at a time.

One of Python is patched in for its test, one of the database replaces what a database of the test's own has.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal
from uuid import UUID, uuid4

import pytest

from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import IdempotencyKey, Outcome, UnitOfWork
from reintegration.kernel.actor import Actor
from reintegration.kernel.money import EURO, Money, minor_digits
from reintegration.kernel.reference import Reference
from reintegration.ledger import flows, posting
from reintegration.ledger.posting import Entry
from reintegration.payments import content, drafting, expiring, settling
from reintegration.payments.content import FrozenContent
from reintegration.payments.models import Payment
from reintegration.plans import budget_transfers
from tests.money.playing import Room


@dataclass(frozen=True, slots=True)
class Plant:
    """Where a mistake is planted."""

    room: Room
    patch: pytest.MonkeyPatch

    def sql(self, *statements: str) -> None:
        """Change the database of the test."""
        self.room.runner.run(self.room.table.eye.execute(";".join(statements)))

    def source(self, function: str) -> str:
        """A function as the database has it."""
        found = self.room.runner.run(self.room.table.eye.fetchval("select pg_get_functiondef($1::regproc)", function))
        return str(found)


def a_reservation_that_is_not_counted(plant: Plant) -> None:
    plant.sql("drop trigger ledger_postings_check on ledger_postings")


def a_correction_without_a_reversal(plant: Plant) -> None:
    whole = settling.post

    async def post(transaction: Transaction, entry: Entry) -> UUID:
        return entry.reference_id if entry.kind == "payment_reversed" else await whole(transaction, entry)

    plant.patch.setattr(settling, "post", post)


def a_dropped_lock(plant: Plant) -> None:
    """Of the accounts that give. Who posts first while two are at it waits a moment, as a busy server would make it wait."""
    locking = plant.source("check_postings")
    unlocked = re.sub(r"perform from ledger_accounts a where .* for no key update;", "", locking)
    assert unlocked != locking
    plant.sql(unlocked)
    whole = posting.post_many

    async def post_many(transaction: Transaction, entries: tuple[Entry, ...]) -> tuple[UUID, ...]:
        posted = await whole(transaction, entries)
        if plant.room.table.is_racing:
            await asyncio.sleep(0.1)
        return posted

    plant.patch.setattr(posting, "post_many", post_many)


def an_expiry_that_gives_back_twice(plant: Plant) -> None:
    """What is left is what was left at the first look; and neither law of the database looks at expiries."""
    looking = plant.source("check_postings")
    away = "begin if exists (select from added p join ledger_transactions t on t.id = p.transaction_id "
    away += "where t.kind = 'entitlement_released') then return null; end if;"
    plant.sql(looking.replace("begin", away, 1), "drop trigger deadline_expiries_posted_ck on deadline_expiries")
    whole, first = expiring.balances, {}

    async def balances(transaction: Transaction, case_id: UUID) -> object:
        return first.setdefault(case_id, await whole(transaction, case_id))

    plant.patch.setattr(expiring, "balances", balances)


def a_rate_rounded_half_to_even(plant: Plant) -> None:
    plant.sql("alter table payment_lines drop constraint payment_lines_conversion_ck")

    def to_euro(money: Money, rate: str) -> Money:
        amount = Decimal(money.amount_minor).scaleb(2 - minor_digits(money.currency))
        return Money(int((amount / Decimal(rate)).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)), EURO)

    plant.patch.setattr(content, "to_euro", to_euro)


def an_unreserved_first_line_alone(plant: Plant) -> None:
    whole = drafting.frozen

    async def frozen(transaction: Transaction, payment: Payment) -> FrozenContent:
        first = await transaction.fetch_value(
            "select euro_minor from payment_lines where payment_id = $1 order by position limit 1", payment.id
        )
        found = await whole(transaction, payment)
        return found if first is None else replace(found, total_minor=first)

    plant.patch.setattr(drafting, "frozen", frozen)


def a_replay_that_is_carried_out(plant: Plant) -> None:
    whole = UnitOfWork.write_once

    async def write_once(
        self: UnitOfWork, actor: Actor, key: IdempotencyKey, work: Callable[[Transaction], Awaitable[Reference]]
    ) -> Outcome:
        return await whole(self, actor, replace(key, key=uuid4()), work)

    plant.patch.setattr(UnitOfWork, "write_once", write_once)


def a_transfer_approved_twice(plant: Plant) -> None:
    plant.sql(
        "drop trigger budget_transfers_check on budget_transfers",
        "alter table ledger_transactions drop constraint ledger_transactions_once_uq",
    )
    whole = budget_transfers.locked

    async def locked(*arguments: object, **named: object) -> object:
        transfer = await whole(*arguments, **named)
        transfer.decision = None
        return transfer

    plant.patch.setattr(budget_transfers, "locked", locked)


def a_reservation_given_back_to_the_wrong_account(plant: Plant) -> None:
    whole = flows.unreserve

    def unreserve(pot: flows.Pot, **named: object) -> Entry:
        entry = whole(pot, **named)
        taken, given = entry.postings
        return replace(entry, postings=(taken, replace(given, account=pot.account("entitlement"))))

    plant.patch.setattr(flows, "unreserve", unreserve)


def a_failed_payment_that_keeps_its_reservation(plant: Plant) -> None:
    async def give_back(_transaction: Transaction, _payment: Payment, _total_minor: int) -> None:
        """Forgotten."""

    plant.patch.setattr(settling, "give_back", give_back)


def a_reversal_that_stays_with_a_closed_case(plant: Plant) -> None:
    plant.sql("create or replace function payment_case_is_closed(payment uuid) returns boolean language sql stable return false")
