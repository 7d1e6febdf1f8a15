"""The cash book's own law, said to the superuser, who passes every right and policy; and what waits for what."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import asyncpg
import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork, open_pool
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.ids import new_id
from reintegration.payments import service as payments
from reintegration.payments.commands import RequestRefund
from tests import builders
from tests.advance_steps import a_float, a_partner_advance
from tests.builders import CARITAS, COORDINATOR, IOM, MONGOLIA, MONGOLIA_CARITAS, OFFICER, actor, days_ago
from tests.database.law import become, outcome, undone
from tests.database.law_case import a_law_case, a_line, a_payment
from tests.database.law_payment import CHANGES, Stage, premium
from tests.payment_steps import a_draft, a_planned_case, attach, carry, confirmation, done, euros, go, plain, supplied
from tests.proofs import value

_WAITS = "select exists (select from pg_locks where pid = $1 and not granted)"
_SEND = (
    "insert into advances (id, partner_id, field_office_id, source_id, sent_minor, sent_currency, currency, sent_on, reference,"
    " sent_by)"
    " values ($1, $2, $3, $4, $5, 'EUR', 'EUR', $6, 'T-1', 'giver')"
)
_BACK = (
    "insert into advance_returns (id, advance_id, number, sent_minor, currency, back_currency, sent_on, reference, sent_by)"
    " values ($1, $2, 1, $3, 'EUR', 'EUR', $4, 'B-1', 'holder')"
)
_TAKE = (
    "update advance_returns set received_minor = $2, received_on = $3, received_by = 'giver', received_at = now() where id = $1"
)
_SETTLE = "update advances set settled_by = 'second', settled_at = now() where id = $1"
_RELEASE = f"update payments set {CHANGES['released']}, from_float = true where id = $1"  # noqa: S608 - ours
_REVERSE = f"update payments set {CHANGES['reversed']} where id = $1"  # noqa: S608 - ours
_AGREE = "update payment_refunds set decision = 'approved', decided_by = 'second', decided_at = now() where id = $1"


class TestTheBook:
    """Entries written past every record."""

    @pytest.fixture
    async def owner(self, database_urls: DatabaseAddresses) -> AsyncIterator[asyncpg.Connection]:
        """A transaction with an advance account of 1.00 EUR that has cost 1.00, and the account that it came from."""
        connection = await asyncpg.connect(database_urls.superuser_url)
        await connection.execute("begin; select set_config('app.actor', 'root', true), set_config('app.role', 'system', true)")
        yield connection
        await connection.execute("rollback")
        await connection.close()

    async def entry(self, owner: asyncpg.Connection, *postings: tuple[str, int, int], currency: str = "EUR") -> str:
        """An entry on a new advance and the money of its giver, after one of 100; the rule that refuses it."""
        holder = new_id()
        first = (("own", -100, -100), ("advance", 100, 100))
        try:
            for occasion, wanted in enumerate((first, postings)):
                sql = "select open_cash('advance_sent', 'Advance', $1, $2, $3, null, current_date)"
                entry = await owner.fetchval(sql, holder, occasion, IOM)
                for kind, amount, cost in wanted:
                    await owner.execute("select put_cash($1, $2, $3, 'EUR', $4, $5)", entry, kind, holder, amount, cost)
            if currency != "EUR":
                await owner.execute(
                    "insert into cash_postings (transaction_id, account_id, amount_minor, currency, cost_minor)"
                    " select $1, id, 1, $2, 1 from cash_accounts where holder_id = $3 and kind = 'own'",
                    entry,
                    currency,
                    holder,
                )
            await owner.execute("set constraints all immediate")
        except asyncpg.IntegrityConstraintViolationError as error:
            return error.constraint_name or ""
        return "written"

    @pytest.mark.parametrize(
        ("postings", "rule"),
        [
            ((("own", 40, 40), ("advance", -40, -40)), "written"),
            ((("own", 100, 100), ("advance", -100, -100)), "written"),
            ((("own", 101, 100), ("advance", -101, -100)), "cash_postings_held_ck"),
            ((("own", 50, 101), ("advance", -50, -101)), "cash_postings_held_ck"),
            ((("own", 100, 99), ("advance", -100, -99)), "cash_postings_held_ck"),
            ((("own", 40, 40), ("advance", -41, -40)), "cash_postings_balanced_ck"),
            ((("own", 40, 40), ("advance", -40, -41)), "cash_postings_balanced_ck"),
        ],
    )
    async def test_it_balances_and_nobody_holds_less_than_nothing(
        self, owner: asyncpg.Connection, postings: Sequence[tuple[str, int, int]], rule: str
    ) -> None:
        assert await self.entry(owner, *postings) == rule

    async def test_a_posting_is_in_the_currency_of_its_account(self, owner: asyncpg.Connection) -> None:
        assert await self.entry(owner, ("own", 40, 40), ("advance", -40, -40), currency="USD") == "cash_postings_belongs_ck"


async def test_an_office_sees_its_own_money_and_not_its_partners(law_pool: asyncpg.Pool) -> None:
    async with undone(law_pool, actor(Role.PARTNER_COORDINATOR, office=MONGOLIA_CARITAS)) as transaction:
        advance = new_id()
        assert await outcome(transaction, _SEND, advance, CARITAS, MONGOLIA_CARITAS, None, 500, days_ago(9)) == 1
        receive = (
            "update advances set received_minor = 500, received_on = $2, received_by = 'x', received_at = now() where id = $1"
        )
        back = new_id()
        await become(transaction, actor(Role.FIELD_APPROVER, office=MONGOLIA_CARITAS))
        assert await outcome(transaction, receive, advance, days_ago(8)) == 1
        assert await outcome(transaction, _BACK, back, advance, 100, days_ago(7)) == 1
        kinds = "select array_agg(distinct kind order by kind) from cash_accounts where holder_id = any ($1::uuid[])"
        holders = [advance, back, CARITAS]
        assert await transaction.fetch_value(kinds, holders) == ["advance", "returning", "transit"]
        await become(transaction, actor(Role.PARTNER_COORDINATOR, office=MONGOLIA_CARITAS))
        assert "own" in await transaction.fetch_value(kinds, holders)
        for who in (OFFICER, COORDINATOR, builders.COUNSELLOR, builders.ADMINISTRATOR):
            await become(transaction, who)
            for table in ("advances", "advance_returns", "cash_transactions"):
                held = f"select count(*) from {table} where id = any ($1::uuid[])"  # noqa: S608 - ours
                assert await transaction.fetch_value(held, [advance, back]) == 0, (who, table)
            assert await transaction.fetch_value("select count(*) from cash_transactions where reference_id = $1", advance) == 0


async def test_what_is_paid_out_of_is_said_with_the_release_by_an_office(law_pool: asyncpg.Pool) -> None:
    async with undone(law_pool) as transaction:
        case = await a_law_case(transaction)
        stage = Stage(transaction, case)
        await stage.savepoint()
        with pytest.raises(asyncpg.CheckViolationError, match="payments_float_ck"):
            await a_payment(transaction, case.id, case.office_id, plan_item_id=case.item_id, from_float=True)
        await stage.back()
        in_belgium = await a_payment(transaction, case.id, None, **premium(case))
        await a_line(transaction, in_belgium, case.id)
        await stage.bring_to("approved", in_belgium)
        assert await stage.change(f"{CHANGES['released']}, from_float = true", in_belgium) == "payments_float_ck"
        await stage.bring_to("released")
        assert await stage.change(f"{CHANGES['failed']}, from_float = true") == "payments_content_ck"
        assert await stage.change("from_float = true") == "payments_content_ck"


@dataclass(frozen=True, slots=True)
class Rivals:
    """A database whose float nobody else touches, and connections to it."""

    work: UnitOfWork
    pool: asyncpg.Pool

    async def race(self, first: tuple[Actor, str, Sequence[object]], second: tuple[Actor, str, Sequence[object]]) -> int | str:
        """The second must wait for the first, which has done its statement; what it is told when that has committed."""
        async with undone(self.pool, second[0]) as other:
            pid = await other.fetch_value("select pg_backend_pid()")
            async with undone(self.pool, first[0]) as opened:
                assert await outcome(opened, first[1], *first[2]) == 1
                waiting = asyncio.create_task(outcome(other, second[1], *second[2]))
                async with asyncio.timeout(20):
                    while not await opened.fetch_value(_WAITS, pid):
                        assert not waiting.done(), waiting
                        await asyncio.sleep(0.01)
                await opened.execute("commit")
            return await waiting

    async def approved(self, cents: int) -> UUID:
        """A reimbursement, which no supplier's lock is asked for."""
        plan = await a_planned_case(self.work)
        payment = await a_draft(self.work, plan, plain(euros(cents)))
        await carry(self.work, payment, "approved")
        return payment

    async def paid(self, cents: int) -> UUID:
        """A payment to a supplier out of the float."""
        plan = await a_planned_case(self.work)
        payment = await a_draft(self.work, plan, await supplied(self.work, euros(cents)))
        await carry(self.work, payment, "approved")
        await done(self.work, COORDINATOR, payments.release_payment, replace(await go(self.work, payment), from_float=True))
        await attach(self.work, payment, "proof_of_payment")
        await done(self.work, COORDINATOR, payments.confirm_payment, await confirmation(self.work, payment))
        return payment


@pytest.fixture
async def rivals(fresh_database: DatabaseAddresses) -> AsyncIterator[Rivals]:
    async with builders.open_work(fresh_database) as work:
        pool = await open_pool(fresh_database.application_url, max_size=2)
        yield Rivals(work, pool)
        await pool.close()


def sending(source: UUID, cents: int) -> tuple[Actor, str, Sequence[object]]:
    return COORDINATOR, _SEND, (new_id(), IOM, MONGOLIA, source, cents, days_ago(3))


async def test_who_takes_from_an_advance_waits_for_who_takes_before(rivals: Rivals) -> None:
    partner = await a_partner_advance(rivals.work, 10_000)
    assert await rivals.race(sending(partner, 6_000), sending(partner, 6_000)) == "cash_postings_held_ck"
    back = (COORDINATOR, _BACK, (new_id(), partner, 3_000, days_ago(2)))
    assert await rivals.race(sending(partner, 3_000), back) == "cash_postings_held_ck"


async def test_what_comes_back_to_an_advance_is_seen_by_who_waits_for_it(rivals: Rivals) -> None:
    partner = await a_partner_advance(rivals.work, 10_000)
    office = await a_float(rivals.work, euros(10_000), euros(10_000), source=partner)
    back = new_id()
    async with undone(rivals.pool, OFFICER) as transaction:
        assert await outcome(transaction, _BACK, back, office, 10_000, days_ago(3)) == 1
        await transaction.execute("commit")
    taking = (COORDINATOR, _TAKE, (back, 10_000, days_ago(2)))
    assert await rivals.race(taking, sending(partner, 10_000)) == 1


async def test_releases_out_of_one_float_wait_for_each_other(rivals: Rivals) -> None:
    await a_float(rivals.work, euros(10_000), euros(10_000))
    one, other = [await rivals.approved(6_000) for _ in range(2)]
    assert await rivals.race((COORDINATOR, _RELEASE, (one,)), (COORDINATOR, _RELEASE, (other,))) == "payments_held_ck"


async def test_a_settlement_waits_for_money_that_comes_back(rivals: Rivals) -> None:
    advance = await a_float(rivals.work, euros(10_000), euros(10_000))
    payment = await rivals.paid(10_000)
    settling = (COORDINATOR, _SETTLE, (advance,))
    assert await rivals.race((COORDINATOR, _REVERSE, (payment,)), settling) == "advances_settled_ck"
    again = await rivals.paid(10_000)
    line = await value(rivals.work, "select id from payment_lines where payment_id = $1", again)
    proof = await value(
        rivals.work, "select document_id from payment_documents where payment_id = $1 and stage = 'settlement'", again
    )
    refund = RequestRefund(new_id(), again, UUID(str(line)), UUID(str(proof)), euros(500), days_ago(1), "BANK-9", "A sheep short")
    await done(rivals.work, OFFICER, payments.request_refund, refund)
    # It waits; that it is posted too is the use case's affair.
    assert await rivals.race(settling, (COORDINATOR, _AGREE, (refund.id,))) == "payment_refunds_posted_ck"
