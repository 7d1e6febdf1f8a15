"""Random histories of an office's float against the bare database, compared with the reference ledger after every step."""

from collections.abc import AsyncIterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.transaction import Transaction
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money, to_euro
from tests import builders
from tests.builders import APPROVER, COORDINATOR, IOM, MONGOLIA, SYSTEM
from tests.database.law import become, outcome, undone
from tests.database.law_case import LawCase, a_document, a_law_case, a_line, a_payment, attach
from tests.database.law_payment import CHANGES
from tests.money.reference import OFFICE, Ledger, RefusedError

_RATE = "4000"
_FIRST_DAY = date(2025, 1, 1)
_SEND = (
    "insert into advances (id, partner_id, field_office_id, sent_minor, sent_currency, currency, sent_on, reference, sent_by)"
    " values ($1, $2, $3, $4, 'EUR', 'MNT', $5, 'T', 'giver')"
)
_RECEIVE = "update advances set received_minor = $2, received_on = $3, received_by = 'holder', received_at = now() where id = $1"
_SETTLE = "update advances set settled_by = 'second', settled_at = now() where id = $1"
_SHORT = (
    "insert into payment_shortfalls (id, payment_id, case_id, line_id, amount_minor, currency, euro_minor)"
    " select gen_random_uuid(), payment_id, case_id, id, $2, currency, $3 from payment_lines where payment_id = $1"
)
_HELD = (
    "select coalesce(sum(amount_minor), 0)::bigint as amount, coalesce(sum(cost_minor), 0)::bigint as cost"
    " from cash_postings where account_id = $1"
)
_ON = (
    "select coalesce(sum(p.amount_minor), 0)::bigint as amount, coalesce(sum(p.cost_minor), 0)::bigint as cost"
    " from cash_postings p join cash_accounts a on a.id = p.account_id where a.kind = $1 and a.holder_id = any ($2::uuid[])"
)
_AMOUNTS = st.one_of(st.integers(1, 9), st.integers(1, 50_000_000), st.sampled_from([400_000, 10_000_000, 40_000_000]))
_LINES = st.one_of(st.integers(2_000, 50_000_000), st.sampled_from([400_000, 10_000_000, 40_000_000]))
"""Half a cent at least."""
_WHICH = st.integers(0, 9)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("advance"), _AMOUNTS, st.integers(1, 20_000)),
        st.tuples(st.just("release"), _LINES, _WHICH),
        st.tuples(st.just("release"), _LINES, _WHICH),
        st.tuples(st.just("paid"), _WHICH, st.one_of(st.just(0), st.integers(1, 99))),
        st.tuples(st.just("paid"), _WHICH, st.just(0)),
        st.tuples(st.just("unconfirmed"), _WHICH, _WHICH),
        st.tuples(st.just("failed"), _WHICH, _WHICH),
        st.tuples(st.just("reversed"), _WHICH, _WHICH),
        st.tuples(st.just("settle"), _WHICH, _WHICH),
    ),
    min_size=6,
    max_size=20,
)
_FROM = {
    "paid": {"released", "unconfirmed"},
    "failed": {"released", "unconfirmed"},
    "unconfirmed": {"released"},
    "reversed": {"paid"},
}


@dataclass(slots=True)
class Drawn:
    """A payment out of the float: its step, its amount, the euro that it is charged, and what of both was missing."""

    amount: int
    euro: int
    status: str = "released"
    missing: tuple[int, int] = (0, 0)


@dataclass(slots=True)
class History:
    """The database and the reference, step by step."""

    transaction: Transaction
    case: LawCase
    money: Ledger = field(default_factory=lambda: Ledger(month_of=lambda _: 0))
    advances: list[UUID] = field(default_factory=list)
    payments: dict[UUID, Drawn] = field(default_factory=dict)

    async def step(self, name: str, first: int, second: int) -> None:
        """One step in both, with the same answer."""
        if name == "advance":
            await self.advance(first, second)
        elif name == "release":
            await self.release(first)
        elif name == "settle":
            await self.settle(first)
        elif self.payments:
            await self.carry(name, first % len(self.payments), second)
        await self.compare()

    async def advance(self, amount: int, cost: int) -> None:
        advance, on = new_id(), _FIRST_DAY + timedelta(days=len(self.advances))
        await become(self.transaction, COORDINATOR)
        assert await outcome(self.transaction, _SEND, advance, IOM, MONGOLIA, cost, on) == 1
        await become(self.transaction, APPROVER)
        assert await outcome(self.transaction, _RECEIVE, advance, amount, on) == 1
        self.advances.append(advance)
        name = str(advance)
        self.money.carry(name, ("own", "partner", "EUR"), ("transit", name, "EUR"), cost)
        self.money.arrive(name, ("transit", name, "EUR"), ("advance", name, "MNT"), OFFICE, amount, None)
        self.money.lots[name] = (len(self.advances), 0, "MNT")

    async def release(self, amount: int) -> None:
        euro = to_euro(Money(amount, "MNT"), _RATE).amount_minor
        await become(self.transaction, SYSTEM)
        payment = await a_payment(self.transaction, self.case.id, MONGOLIA, plan_item_id=self.case.item_id)
        cells = {"amount_minor": amount, "currency": "MNT", "rate": _RATE, "rate_source": "InforEuro", "euro_minor": euro}
        await a_line(self.transaction, payment, self.case.id, rate_month=date(2025, 4, 1), **cells)
        await self.prove(payment, "receipt", "request")
        for status in ("submitted", "approved"):
            assert await self.change(payment, CHANGES[status]) == 1
        answer = await self.change(payment, f"{CHANGES['released']}, from_float = true")
        before = deepcopy(self.money)
        try:
            self.money.draw(str(payment), "MNT", amount)
        except RefusedError:
            self.money = before
            assert answer == "payments_held_ck"
        else:
            assert answer == 1
            self.payments[payment] = Drawn(amount, euro)

    async def settle(self, which: int) -> None:
        if self.advances:
            which %= len(self.advances)
            await become(self.transaction, COORDINATOR)
            name = str(self.advances[which])
            answer = await outcome(self.transaction, _SETTLE, self.advances[which])
            if name in self.money.settled:
                assert answer == "advances_step_ck"
                return
            try:
                self.money.settle(name, is_sent_on=False)
            except RefusedError:
                assert answer == "advances_settled_ck"
            else:
                assert answer == 1

    async def carry(self, status: str, which: int, hundredths: int) -> None:
        payment, drawn = list(self.payments.items())[which]
        if drawn.status not in _FROM[status]:
            return
        await become(self.transaction, SYSTEM)
        if status == "paid":
            await self.pay(payment, drawn, drawn.amount * hundredths // 100)
            return
        if status == "failed" and drawn.status == "unconfirmed":
            await self.prove(payment, "non_payment_evidence", "settlement")
        assert await self.change(payment, CHANGES[status]) == 1
        drawn.status, drawn.missing = status, (0, 0)
        if status != "unconfirmed":
            self.money.restore(str(payment))

    async def pay(self, payment: UUID, drawn: Drawn, missing: int) -> None:
        missing_euro = drawn.euro - to_euro(Money(drawn.amount - missing, "MNT"), _RATE).amount_minor
        if missing and missing_euro in {0, drawn.euro}:
            return  # In euro it was paid wholly, or not at all.
        if missing:
            await self.transaction.execute(_SHORT, payment, missing, missing_euro)
        assert await self.change(payment, CHANGES["paid"]) == 1
        self.money.pay_out(str(payment), "MNT", missing, drawn.euro - missing_euro)
        drawn.status, drawn.missing = "paid", (missing, missing_euro)

    async def prove(self, payment: UUID, kind: str, stage: str) -> None:
        document = await a_document(self.transaction, self.case.id, MONGOLIA, kind=kind)
        await attach(self.transaction, payment, self.case.id, document, stage=stage)

    async def change(self, payment: UUID, assignments: str) -> int | str:
        return await outcome(self.transaction, f"update payments set {assignments} where id = $1", payment)  # noqa: S608 - ours

    async def compare(self) -> None:
        """Every lot, what is on its way, what was spent, and the difference: to the cent."""
        await become(self.transaction, SYSTEM)
        for advance in self.advances:
            assert await self.sums(_HELD, advance) == self.held("advance", str(advance))
        assert await self.sums(_ON, "paying", list(self.payments)) == self.held("paying")
        assert await self.sums(_ON, "spent", [MONGOLIA]) == self.held("spent")
        assert await self.sums(_ON, "difference", [MONGOLIA]) == self.held("difference")

    def held(self, *account: str) -> tuple[int, int]:
        """By the reference."""
        return self.money.held(*account), self.money.held("cost", *account)

    async def sums(self, sql: str, *arguments: object) -> tuple[int, int]:
        (found,) = await self.transaction.fetch(sql, *arguments)
        return found["amount"], found["cost"]


@pytest.fixture(scope="module")
async def offices(own_database: DatabaseAddresses) -> AsyncIterator[asyncpg.Pool]:
    """A database of these histories' own: elsewhere offices hold and have spent what other tests left."""
    async with builders.a_pool(own_database) as pool:
        yield pool


@given(steps=STEPS)
@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_what_is_held_spent_and_lost_agrees_with_the_reference_after_every_step(
    offices: asyncpg.Pool, steps: list[tuple[str, int, int]]
) -> None:
    async with undone(offices) as transaction:
        history = History(transaction, await a_law_case(transaction, MONGOLIA))
        await history.compare()
        for name, first, second in steps:
            await history.step(name, first, second)
