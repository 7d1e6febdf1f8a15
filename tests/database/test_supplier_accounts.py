"""Accounts of suppliers through their use cases and against the bare database: nothing leaves before one is approved."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast
from uuid import UUID

import asyncpg
import pytest

from reintegration.cases.errors import AlreadyDecidedError
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.identity.permissions import Permission, allows
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.errors import (
    DomainError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    SamePersonError,
    VersionConflictError,
)
from reintegration.kernel.ids import new_id
from reintegration.payments import service
from reintegration.payments.commands import DecideSupplierAccount, RecordSupplierAccount
from reintegration.payments.supplier_errors import AccountOpenError, AccountUnapprovedError
from tests import builders
from tests.builders import (
    ADMINISTRATOR,
    APPROVER,
    CAMEROON,
    COORDINATOR,
    EVERYBODY,
    OFFICER,
    OTHER_COORDINATOR,
    OTHER_OFFICER,
    SYSTEM,
    actor,
)
from tests.database.law import become, become_nobody, outcome, undone
from tests.database.law_case import a_law_case
from tests.payment_steps import a_draft, a_planned_case, a_supplier, an_account, asking, carry, done, euros, found, go, supplied
from tests.proofs import refused, value

IBAN = "BE68539007547034"
_RECORD = (
    "insert into supplier_accounts (id, supplier_id, number, kind, account, holder, recorded_by)"
    " values (gen_random_uuid(), $1, $2, $3, $4, 'Cashmere', 'clerk')"
)
_DECIDE = (
    "update supplier_accounts set decision = $2, decided_by = $3, decided_at = now(), decision_note = 'By telephone'"
    " where supplier_id = $1"
)

_RELEASE = "update payments set status = 'released', released_by = 'coordinator', released_at = now() where id = $1"
_WAITS = "select exists (select from pg_locks where pid = $1 and not granted)"


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


def account_of(supplier: UUID) -> RecordSupplierAccount:
    return RecordSupplierAccount(new_id(), supplier, "bank", an_account(), "Cashmere")


def saying(account: UUID, *, approved: bool = True, version: int = 1, note: str = "By telephone") -> DecideSupplierAccount:
    return DecideSupplierAccount(account, version, approved, note)


async def recorded(work: UnitOfWork, supplier: UUID) -> UUID:
    return (await done(work, OFFICER, service.record_supplier_account, account_of(supplier))).id


async def approved_payment(work: UnitOfWork, supplier: UUID) -> UUID:
    plan = await a_planned_case(work, 50_000)
    payment = await a_draft(work, plan, await supplied(work, euros(1_000), supplier=supplier))
    await carry(work, payment, "approved")
    return payment


async def test_nothing_is_released_until_a_second_person_has_approved_the_last_account(work: UnitOfWork) -> None:
    supplier = await a_supplier(work)
    payment = await approved_payment(work, supplier)
    first = await recorded(work, supplier)
    release = asking(service.release_payment, await go(work, payment))
    await refused(work, COORDINATOR, release, AccountUnapprovedError)
    await refused(work, OFFICER, asking(service.record_supplier_account, account_of(supplier)), AccountOpenError)
    assert (await done(work, APPROVER, service.decide_supplier_account, saying(first))).version == 2
    second = await recorded(work, supplier)
    await refused(work, COORDINATOR, release, AccountUnapprovedError)
    await done(work, COORDINATOR, service.decide_supplier_account, saying(second, approved=False, note="A letter says otherwise"))
    await refused(work, COORDINATOR, release, AccountUnapprovedError)
    third = await recorded(work, supplier)
    await done(work, APPROVER, service.decide_supplier_account, saying(third))
    await done(work, COORDINATOR, service.release_payment, await go(work, payment))
    assert (await found(work, payment)).status == "released"
    numbers = "select string_agg(number || ' ' || decision, ', ' order by number) from supplier_accounts where supplier_id = $1"
    assert await value(work, numbers, supplier) == "1 approved, 2 refused, 3 approved"


async def test_it_is_decided_once_by_somebody_else_who_saw_it(work: UnitOfWork) -> None:
    account = await recorded(work, await a_supplier(work))
    both = actor(Role.FIELD_APPROVER, OFFICER.id)
    await refused(work, both, asking(service.decide_supplier_account, saying(account)), SamePersonError)
    await refused(work, APPROVER, asking(service.decide_supplier_account, saying(account, version=2)), VersionConflictError)
    await refused(work, APPROVER, asking(service.decide_supplier_account, saying(account, note="ok")), InvalidInputError)
    await done(work, APPROVER, service.decide_supplier_account, saying(account))
    again = saying(account, version=2, approved=False)
    await refused(work, COORDINATOR, asking(service.decide_supplier_account, again), AlreadyDecidedError)


async def test_nobody_else_records_or_decides(work: UnitOfWork) -> None:
    elsewhere = actor(Role.FIELD_APPROVER, "approver-of-cameroon", office=CAMEROON)
    supplier = await a_supplier(work)
    record = asking(service.record_supplier_account, account_of(supplier))
    recording: list[tuple[Actor, type[DomainError]]] = [
        *((who, ForbiddenError) for who in EVERYBODY if not allows(who.role, Permission.SUPPLIER_WRITE)),
        (OTHER_OFFICER, NotFoundError),
    ]
    for who, error in recording:
        await refused(work, who, record, error)
    decide = asking(service.decide_supplier_account, saying(await recorded(work, supplier)))
    deciding: list[tuple[Actor, type[DomainError]]] = [
        *((who, ForbiddenError) for who in EVERYBODY if not allows(who.role, Permission.SUPPLIER_CONFIRM)),
        (OTHER_COORDINATOR, NotFoundError),
        (elsewhere, NotFoundError),
    ]
    for who, error in deciding:
        await refused(work, who, decide, error)


@pytest.mark.parametrize(
    ("kind", "account", "is_one"),
    [
        ("iban", IBAN, True),
        ("iban", "MT84MALT011000012345MTLCAST001S", True),
        ("iban", "BE68539007547043", False),
        ("iban", "BE86539007547034", False),
        ("iban", "539007547034", False),
        ("bank", "4000123456", True),
        ("bank", "123", False),
        ("bank", "12 34", False),
        ("mobile_money", "+97699112233", True),
        ("mobile_money", "97699112233", False),
        ("mobile_money", "+0123456789", False),
    ],
)
async def test_an_account_is_what_its_kind_says(law_pool: asyncpg.Pool, kind: str, account: str, is_one: bool) -> None:  # noqa: FBT001 - a table's column
    async with undone(law_pool) as transaction:
        case = await a_law_case(transaction)
        answer = await outcome(transaction, _RECORD, case.supplier_id, 1, kind, account)
        assert answer == (1 if is_one else "supplier_accounts_account_ck")


class TestTheDatabase:
    """The same law, said to whoever writes past the use cases."""

    async def test_accounts_are_numbered_and_decided_once_by_another(self, law_pool: asyncpg.Pool) -> None:
        async with undone(law_pool) as transaction:
            supplier = (await a_law_case(transaction)).supplier_id
            assert await outcome(transaction, _RECORD, supplier, 2, "iban", IBAN) == "supplier_accounts_order_ck"
            assert await outcome(transaction, _RECORD, supplier, 1, "iban", IBAN) == 1
            assert await outcome(transaction, _RECORD, supplier, 1, "iban", IBAN) == "supplier_accounts_number_uq"
            assert await outcome(transaction, _DECIDE, supplier, "approved", "clerk") == "supplier_accounts_four_eyes_ck"
            assert await outcome(transaction, _DECIDE, supplier, "perhaps", "second") == "supplier_accounts_decision_ck"
            assert await outcome(transaction, _DECIDE, supplier, "approved", "second") == 1
            assert await outcome(transaction, _DECIDE, supplier, "refused", "third") == "supplier_accounts_decided_ck"
            already = _RECORD.replace("recorded_by)", "recorded_by, decision, decided_by, decided_at, decision_note)")
            already = already.replace("'clerk')", "'clerk', 'approved', 'second', now(), 'By telephone')")
            assert await outcome(transaction, already, supplier, 2, "iban", IBAN) == "supplier_accounts_new_ck"
            for column in ("account", "holder", "kind", "supplier_id", "recorded_by"):
                change = f"update supplier_accounts set {column} = {column} where supplier_id = $1"  # noqa: S608 - ours
                assert await outcome(transaction, change, supplier) == "denied"
            assert await outcome(transaction, "delete from supplier_accounts where supplier_id = $1", supplier) == "denied"

    async def test_nothing_leaves_for_an_account_that_is_not_approved(self, work: UnitOfWork, law_pool: asyncpg.Pool) -> None:
        supplier = await a_supplier(work)
        payment = await approved_payment(work, supplier)
        async with undone(law_pool) as transaction:
            for number, decision in enumerate((None, "refused", "approved"), start=1):
                assert await outcome(transaction, _RECORD, supplier, number, "bank", an_account()) == 1
                if decision is not None:
                    assert await outcome(transaction, f"{_DECIDE} and number = $4", supplier, decision, "second", number) == 1
                answer = await tried(transaction, COORDINATOR, _RELEASE, payment)
                assert answer == (1 if decision == "approved" else "payments_account_ck"), decision
                await become(transaction, SYSTEM)
                if decision is None:
                    assert await outcome(transaction, f"{_DECIDE} and number = $4", supplier, "approved", "second", number) == 1

    @pytest.mark.parametrize("first", ["account", "release"])
    async def test_an_account_and_a_release_wait_for_each_other(
        self, work: UnitOfWork, law_pool: asyncpg.Pool, first: str
    ) -> None:
        supplier = await a_supplier(work)
        payment = await approved_payment(work, supplier)
        steps = {"account": (OFFICER, _RECORD, supplier, 1, "bank", an_account()), "release": (COORDINATOR, _RELEASE, payment)}
        who, sql, *arguments = steps.pop(first)
        other, then, *more = steps.popitem()[1]
        async with undone(law_pool, cast("Actor", other)) as second:
            pid = await second.fetch_value("select pg_backend_pid()")
            async with undone(law_pool, cast("Actor", who)) as opened:
                assert await outcome(opened, str(sql), *arguments) == 1
                waiting = asyncio.create_task(outcome(second, str(then), *more))
                async with asyncio.timeout(20):
                    while not await opened.fetch_value(_WAITS, pid):
                        assert not waiting.done(), waiting
                        await asyncio.sleep(0.01)
                await opened.execute("commit")
            assert await waiting == ("payments_account_ck" if first == "account" else 1)

    async def test_what_the_checks_look_at_does_not_depend_on_who_acts(
        self, work: UnitOfWork, database_urls: DatabaseAddresses
    ) -> None:
        supplier = await a_supplier(work)
        await recorded(work, supplier)
        guard = await asyncpg.connect(database_urls.superuser_url)
        try:
            await guard.execute("begin; set local role reintegration_guard")
            assert await guard.fetchval("select id from suppliers where id = $1 for share", supplier) == supplier
            assert await guard.fetchval("select count(*) from supplier_accounts where supplier_id = $1", supplier) == 1
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await guard.execute("update suppliers set version = version where id = $1", supplier)
        finally:
            await guard.close()

    async def test_a_role_sees_and_writes_what_is_its_own(self, law_pool: asyncpg.Pool) -> None:
        people = (*EVERYBODY, SYSTEM, OTHER_OFFICER, OTHER_COORDINATOR)
        async with undone(law_pool) as transaction:
            supplier = (await a_law_case(transaction)).supplier_id
            recording = {who for who in people if await tried(transaction, who, _RECORD, supplier, 1, "iban", IBAN) == 1}
            assert recording == {OFFICER, SYSTEM}
            await become(transaction, OFFICER)
            assert await outcome(transaction, _RECORD, supplier, 1, "iban", IBAN) == 1
            deciding = {who for who in people if await tried(transaction, who, _DECIDE, supplier, "approved", "second") == 1}
            assert deciding == {APPROVER, COORDINATOR, SYSTEM}
            seeing = set()
            for who in people:
                await become(transaction, who)
                if await transaction.fetch("select id from supplier_accounts where supplier_id = $1", supplier):
                    seeing.add(who)
            assert seeing == {*EVERYBODY, SYSTEM} - {ADMINISTRATOR}
            await become_nobody(transaction)
            assert await transaction.fetch("select id from supplier_accounts") == []


async def tried(transaction: Transaction, who: Actor, sql: str, *arguments: object) -> int | str:
    """What a statement of somebody comes to; it is taken back."""
    await become(transaction, who)
    await transaction.execute("savepoint trial")
    answer = await outcome(transaction, sql, *arguments)
    await transaction.execute("rollback to trial")
    return answer
