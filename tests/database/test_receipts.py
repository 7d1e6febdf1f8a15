"""Receipts through their use cases and against the bare database: one code, tried five times, kept nowhere."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import IdempotencyKey, UnitOfWork
from reintegration.identity.permissions import Permission, allows
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.errors import ConstraintViolationError, DomainError, ForbiddenError, NotFoundError, SamePersonError
from reintegration.kernel.errors import TransitionError as StepError
from reintegration.kernel.ids import new_id
from reintegration.payments import service
from reintegration.payments.commands import ConfirmReceipt, IssueReceiptCode
from reintegration.payments.receipt_errors import CodeExpiredError, CodeLockedError, NoCodeError, ReceiptConfirmedError
from reintegration.payments.receipts import LIFETIME, MOST_ATTEMPTS, new_code
from tests import builders
from tests.builders import (
    CAMEROON,
    COORDINATOR,
    COUNSELLOR,
    EVERYBODY,
    FINANCE,
    OFFICER,
    OTHER_COORDINATOR,
    OTHER_OFFICER,
    SYSTEM,
    actor,
)
from tests.database.law import become, outcome, undone
from tests.database.law_case import a_law_case
from tests.database.law_payment import Stage
from tests.payment_steps import a_payment, a_planned_case, asking, done
from tests.proofs import refused, row, value

CODE = "7KQ2-XW9M"
_CODES = "select attempts, confirmed_by, voided_at is not null as is_void from receipt_codes where payment_id = $1 order by id"


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


@pytest.fixture
async def stage(law_pool: asyncpg.Pool) -> AsyncIterator[Stage]:
    async with undone(law_pool) as transaction:
        yield Stage(transaction, await a_law_case(transaction))


async def issued(work: UnitOfWork, payment: UUID, code: str = CODE, who: Actor = COORDINATOR) -> UUID:
    return (await done(work, who, service.issue_receipt_code, IssueReceiptCode(new_id(), payment, code))).id


async def said(work: UnitOfWork, payment: UUID, code: str, who: Actor = OFFICER) -> bool:
    """Whether a code that somebody said is the code."""
    found = await done(work, who, service.confirm_receipt, ConfirmReceipt(payment, code))
    return await value(work, "select confirmed_at is not null from receipt_codes where id = $1", found.id) is True


async def a_paid(work: UnitOfWork, status: str = "paid") -> UUID:
    return await a_payment(work, await a_planned_case(work, 50_000), 1_000, status=status)


@pytest.mark.parametrize("heard", [CODE, "7kq2xw9m", " 7KQ2 XW9M ", "7-K-Q-2-X-W-9-M"])
async def test_the_code_confirms_however_it_is_written(work: UnitOfWork, heard: str) -> None:
    payment = await a_paid(work)
    await issued(work, payment)
    assert await said(work, payment, heard)
    assert await row(work, _CODES, payment) == {"attempts": 0, "confirmed_by": OFFICER.id, "is_void": False}
    again = asking(service.confirm_receipt, ConfirmReceipt(payment, CODE))
    await refused(work, OFFICER, again, ReceiptConfirmedError)
    more = asking(service.issue_receipt_code, IssueReceiptCode(new_id(), payment, CODE))
    await refused(work, COORDINATOR, more, ReceiptConfirmedError)


async def test_five_wrong_codes_lock_it_for_the_right_one_too(work: UnitOfWork) -> None:
    payment = await a_paid(work)
    await issued(work, payment)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        assert not await said(work, payment, "7KQ2-XW9N")
        assert (await row(work, _CODES, payment))["attempts"] == attempt
    await refused(work, OFFICER, asking(service.confirm_receipt, ConfirmReceipt(payment, CODE)), CodeLockedError)
    await issued(work, payment, "2222-3333")
    assert not await said(work, payment, CODE)
    assert await said(work, payment, "2222-3333")


async def test_six_tries_at_once_are_no_more_than_five(work: UnitOfWork) -> None:
    payment = await a_paid(work)
    await issued(work, payment)
    tries = [done(work, OFFICER, service.confirm_receipt, ConfirmReceipt(payment, f"2222-333{digit}")) for digit in range(2, 8)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(one) for one in results if isinstance(one, BaseException)] == [CodeLockedError]


async def test_a_repeated_wrong_answer_counts_once(work: UnitOfWork) -> None:
    payment = await a_paid(work)
    await issued(work, payment)
    key = IdempotencyKey(new_id(), "receiptConfirm", {"code": "wrong"})
    for turn in range(3):
        outcome_of = await work.write_once(
            OFFICER, key, lambda t: service.confirm_receipt(t, ConfirmReceipt(payment, "2222-3333"))
        )
        assert outcome_of.replayed == (turn > 0)
    assert (await row(work, _CODES, payment))["attempts"] == 1


async def test_an_expired_code_confirms_nothing(work: UnitOfWork, database_urls: DatabaseAddresses) -> None:
    payment = await a_paid(work)
    code = await issued(work, payment)
    superuser = await asyncpg.connect(database_urls.superuser_url)
    await superuser.execute("set session_replication_role = replica")
    await superuser.execute(
        "update receipt_codes set issued_at = issued_at - $2::interval, expires_at = expires_at - $2::interval where id = $1",
        code,
        LIFETIME + timedelta(seconds=1),
    )
    await superuser.close()
    await refused(work, OFFICER, asking(service.confirm_receipt, ConfirmReceipt(payment, CODE)), CodeExpiredError)


async def test_a_payment_has_five_codes_at_most(work: UnitOfWork) -> None:
    payment = await a_paid(work)
    for _ in range(5):
        await issued(work, payment)
    sixth = asking(service.issue_receipt_code, IssueReceiptCode(new_id(), payment, CODE))
    error = await refused(work, COORDINATOR, sixth, ConstraintViolationError)
    assert isinstance(error, ConstraintViolationError)
    assert error.constraint == "receipt_codes_most_ck"


@pytest.mark.parametrize(("status", "works"), [("draft", False), ("approved", False), ("released", True), ("paid", True)])
async def test_it_comes_with_the_money_and_not_before(work: UnitOfWork, status: str, works: bool) -> None:  # noqa: FBT001 - a table
    payment = await a_paid(work, status)
    if works:
        await issued(work, payment)
        assert await said(work, payment, CODE)
        return
    await refused(work, COORDINATOR, asking(service.issue_receipt_code, IssueReceiptCode(new_id(), payment, CODE)), StepError)
    await refused(work, OFFICER, asking(service.confirm_receipt, ConfirmReceipt(payment, CODE)), StepError)


async def test_without_a_code_there_is_nothing_to_say(work: UnitOfWork) -> None:
    payment = await a_paid(work)
    await refused(work, OFFICER, asking(service.confirm_receipt, ConfirmReceipt(payment, CODE)), NoCodeError)


async def test_nobody_else_issues(work: UnitOfWork) -> None:
    others: list[tuple[Actor, type[DomainError]]] = [
        *((who, ForbiddenError) for who in EVERYBODY if not allows(who.role, Permission.RECEIPT_ISSUE)),
        (FINANCE, ForbiddenError),
        (OTHER_COORDINATOR, NotFoundError),
    ]
    payment = await a_paid(work)
    for who, error in others:
        await refused(work, who, asking(service.issue_receipt_code, IssueReceiptCode(new_id(), payment, CODE)), error)


async def test_nobody_else_confirms(work: UnitOfWork) -> None:
    others: list[tuple[Actor, type[DomainError]]] = [
        *((who, ForbiddenError) for who in EVERYBODY if not allows(who.role, Permission.RECEIPT_CONFIRM)),
        (COUNSELLOR, ForbiddenError),
        (OTHER_OFFICER, NotFoundError),
        (actor(Role.FIELD_OFFICER, COORDINATOR.id), SamePersonError),
    ]
    payment = await a_paid(work)
    await issued(work, payment)
    for who, error in others:
        await refused(work, who, asking(service.confirm_receipt, ConfirmReceipt(payment, CODE)), error)


async def test_the_code_is_nowhere_in_the_database(work: UnitOfWork, database_urls: DatabaseAddresses) -> None:
    payment = await a_paid(work)
    key = IdempotencyKey(new_id(), "receiptCodeIssue", {"paymentId": str(payment)})
    await work.write_once(COORDINATOR, key, lambda t: service.issue_receipt_code(t, IssueReceiptCode(new_id(), payment, CODE)))
    superuser = await asyncpg.connect(database_urls.superuser_url)
    found = []
    for record in await superuser.fetch(
        "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
    ):
        table = record["relname"]
        hits = f"select count(*) from {table} as t where t::text ilike $1 or t::text ilike $2"  # noqa: S608 - our tables
        if await superuser.fetchval(hits, f"%{CODE}%", f"%{CODE.replace('-', '')}%"):
            found.append(table)
    logged = "select count(*) from audit_log where table_name = 'receipt_secrets'"
    assert (found, await superuser.fetchval(logged)) == ([], 0)
    await superuser.close()


def test_codes_are_easy_to_say_and_hard_to_guess() -> None:
    codes = {new_code() for _ in range(500)}
    assert len(codes) == 500
    for code in codes:
        assert len(code) == 9
        assert code[4] == "-"
        assert not set(code) & set("01ILOU")


class TestTheDatabase:
    """The same law, said to whoever writes past the use cases."""

    _ISSUE = (
        "insert into receipt_codes (id, payment_id, case_id, issued_by, expires_at)"
        " values ($1, $2, $3, 'coordinator', now() + interval '1 day')"
    )
    _SECRET = "insert into receipt_secrets values ($1, $2, repeat('s', 16)::bytea, repeat('h', 32)::bytea)"

    async def code(self, stage: Stage) -> UUID:
        await stage.bring_to("released")
        code = new_id()
        assert await outcome(stage.transaction, self._ISSUE, code, stage.case.payment_id, stage.case.id) == 1
        assert await outcome(stage.transaction, self._SECRET, code, stage.case.id) == 1
        return code

    async def test_it_is_issued_for_money_on_its_way_and_stands_alone(self, stage: Stage) -> None:
        given = (stage.case.payment_id, stage.case.id)
        assert await outcome(stage.transaction, self._ISSUE, new_id(), *given) == "receipt_codes_step_ck"
        await self.code(stage)
        assert await outcome(stage.transaction, self._ISSUE, new_id(), *given) == "receipt_codes_one_open_uq"

    async def test_attempts_count_up_by_one_to_five(self, stage: Stage) -> None:
        code = await self.code(stage)
        change = "update receipt_codes set attempts = $2 where id = $1"
        for attempts, expected in (
            (2, "receipt_codes_once_ck"),
            (1, 1),
            (0, "receipt_codes_once_ck"),
            (2, 1),
            (3, 1),
            (4, 1),
            (5, 1),
        ):
            assert await outcome(stage.transaction, change, code, attempts) == expected
        assert await outcome(stage.transaction, change, code, 6) == "receipt_codes_attempts_ck"

    async def test_it_ends_once(self, stage: Stage) -> None:
        code = await self.code(stage)
        confirm = "update receipt_codes set confirmed_by = $2, confirmed_at = now() where id = $1"
        assert await outcome(stage.transaction, confirm, code, "coordinator") == "receipt_codes_four_eyes_ck"
        assert await outcome(stage.transaction, confirm, code, "officer") == 1
        assert await outcome(stage.transaction, confirm, code, "another") == "receipt_codes_once_ck"
        void = "update receipt_codes set voided_at = now() where id = $1"
        assert await outcome(stage.transaction, void, code) in {"receipt_codes_once_ck", "receipt_codes_confirmed_ck"}

    async def test_secrets_are_read_by_those_who_confirm_or_issue_and_written_once(self, stage: Stage) -> None:
        code = await self.code(stage)
        seen = {}
        for who in (*EVERYBODY, actor(Role.FIELD_OFFICER, "elsewhere", office=CAMEROON), OTHER_COORDINATOR, SYSTEM):
            await become(stage.transaction, who)
            seen[who.id] = await outcome(stage.transaction, "select from receipt_secrets where code_id = $1", code)
        readers = {one.id for one in (COUNSELLOR, OFFICER, COORDINATOR, FINANCE, SYSTEM)}
        assert {who for who, rows in seen.items() if rows == 1} == readers
        await become(stage.transaction, SYSTEM)
        for statement in (
            "update receipt_secrets set salt = hash where code_id = $1",
            "delete from receipt_secrets where code_id = $1",
        ):
            assert await outcome(stage.transaction, statement, code) == "denied"

    async def test_each_write_has_its_roles(self, stage: Stage) -> None:
        transaction, case = stage.transaction, stage.case
        code = await self.code(stage)
        void = "update receipt_codes set voided_at = now() where id = $1"
        count = "update receipt_codes set attempts = attempts + 1 where id = $1"
        made: dict[str, set[str]] = {"issue": set(), "secret": set(), "count": set()}
        for who in (*EVERYBODY, actor(Role.FIELD_OFFICER, "elsewhere", office=CAMEROON), OTHER_COORDINATOR):
            await transaction.execute("savepoint attempted")
            await become(transaction, who)
            if await outcome(transaction, count, code) == 1:
                made["count"].add(who.id)
            await become(transaction, SYSTEM)
            assert await outcome(transaction, void, code) == 1
            await become(transaction, who)
            another = new_id()
            if await outcome(transaction, self._ISSUE, another, case.payment_id, case.id) == 1:
                made["issue"].add(who.id)
            await become(transaction, SYSTEM)
            await outcome(transaction, self._ISSUE, another, case.payment_id, case.id)
            await become(transaction, who)
            if await outcome(transaction, self._SECRET, another, case.id) == 1:
                made["secret"].add(who.id)
            await transaction.execute("rollback to attempted")
        assert made["issue"] == {COORDINATOR.id}
        assert made["secret"] == {COORDINATOR.id, FINANCE.id}
        assert made["count"] == {COORDINATOR.id, OFFICER.id}

    async def test_who_sees_the_payment_sees_the_code_row_and_nobody_else(self, stage: Stage) -> None:
        code = await self.code(stage)
        blind = (builders.ADMINISTRATOR, actor(Role.FIELD_OFFICER, "elsewhere", office=CAMEROON), OTHER_COORDINATOR)
        for who in (*EVERYBODY, *blind):
            await become(stage.transaction, who)
            rows = await outcome(stage.transaction, "select from receipt_codes where id = $1", code)
            assert rows == (0 if who in blind else 1)
