"""Suppliers that are one: what the database finds them to share, whom that holds, and who may clear or bar them."""

# ruff: noqa: RUF001 - names are compared across scripts

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from reintegration.cases.errors import AlreadyDecidedError
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.migrate import read_migrations
from reintegration.database.roles import OWNER_ROLE
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
from reintegration.payments.commands import DecideSupplierAccount, DecideSupplierLikeness, RecordSupplierAccount, RegisterSupplier
from reintegration.payments.supplier_errors import SupplierBarredError, SupplierDuplicateError
from reintegration.programme.reference import identifier
from tests import builders
from tests.builders import (
    ADMINISTRATOR,
    APPROVER,
    CAMEROON,
    COORDINATOR,
    EVERYBODY,
    MONGOLIA,
    MONGOLIA_CARITAS,
    OFFICER,
    OTHER_COORDINATOR,
    OTHER_OFFICER,
    PROGRAMME,
    SYSTEM,
    actor,
)
from tests.database.law import become, become_nobody, outcome, undone
from tests.payment_steps import a_draft, a_planned_case, an_account, asking, carry, done, euros, found, go, supplied
from tests.proofs import refused, value

BRAZIL, IRAQ = identifier("field_office", "IOM-BR"), identifier("field_office", "IOM-IQ")
GEORGIA, TURKEY = identifier("field_office", "IOM-GE"), identifier("field_office", "IOM-TR")
NEIGHBOUR = actor(Role.FIELD_OFFICER, "officer-of-caritas", office=MONGOLIA_CARITAS)
_INSERT = "insert into suppliers (id, field_office_id, name, tax_number, registered_by) values ($1, $2, $3, $4, 'clerk')"
_ACCOUNT = (
    "insert into supplier_accounts (id, supplier_id, number, kind, account, holder, recorded_by)"
    " select gen_random_uuid(), $1, 1 + count(*), $2, $3, 'Felt', 'clerk' from supplier_accounts where supplier_id = $1"
)
_APPROVE = (
    "update supplier_accounts set decision = 'approved', decided_by = 'second', decided_at = now(), decision_note = 'A letter'"
    " where supplier_id = $1 and decision is null"
)
_DECIDE = (
    "update supplier_likenesses set decision = $2, decided_by = $3, decided_at = now(), decision_note = 'Two streets'"
    " where id = $1"
)
_SHARED = """
select concat_ws(
    ' ', 'tax' || left(shared_tax_number, 0), 'account' || left(shared_account, 0), 'name' || left(shared_name, 0)
)
from supplier_likenesses where earlier_id = $1 and later_id = $2 order by found_at
"""
_RELEASE = "update payments set status = 'released', released_by = 'coordinator', released_at = now() where id = $1"
_WAITS = "select exists (select from pg_locks where pid = $1 and not granted)"


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


async def inserted(transaction: Transaction, name: str, tax: str | None = None, office: UUID = MONGOLIA) -> UUID:
    """A supplier past the use cases."""
    supplier = new_id()
    assert await outcome(transaction, _INSERT, supplier, office, name, tax) == 1
    return supplier


async def paid_at(transaction: Transaction, supplier: UUID, account: str, kind: str = "bank") -> None:
    assert await outcome(transaction, _APPROVE, supplier) in {0, 1}
    assert await outcome(transaction, _ACCOUNT, supplier, kind, account) == 1
    assert await outcome(transaction, _APPROVE, supplier) == 1


async def shared(transaction: Transaction, earlier: UUID, later: UUID) -> list[str]:
    """What the two were found to share, a text for each finding."""
    return [row[0] for row in await transaction.fetch(_SHARED, earlier, later)]


async def registered(work: UnitOfWork, name: str, tax: str | None = None, *, who: Actor = OFFICER) -> UUID:
    (office,) = who.offices
    return (await done(work, who, service.register_supplier, RegisterSupplier(new_id(), office, name, tax))).id


async def likeness_of(work: UnitOfWork, later: UUID) -> UUID:
    """The one that awaits its decision."""
    return UUID(str(await value(work, "select id from supplier_likenesses where later_id = $1 and decision is null", later)))


def saying(likeness: UUID, *, cleared: bool = True, version: int = 1, note: str = "Two streets") -> DecideSupplierLikeness:
    return DecideSupplierLikeness(likeness, version, cleared, note)


async def approved_payment(work: UnitOfWork, supplier: UUID) -> UUID:
    plan = await a_planned_case(work, 50_000)
    payment = await a_draft(work, plan, await supplied(work, euros(1_000), supplier=supplier))
    await carry(work, payment, "approved")
    return payment


@pytest.mark.parametrize(
    ("office", "names"),
    [
        (MONGOLIA, ("Ромашка 1 ХХК", "«РОМАШКА 1», LLC", "ООО Ромашка-1", "ХХК. Ромашка  1 Co., Ltd.", "ＬＬＣ ромашка１")),
        (BRAZIL, ("Straße S.A.", "STRASSE  s. a. ltda", "strasse")),
        (BRAZIL, ("Οδος", "ΟΔΟΣ")),
        (BRAZIL, ("O’Neill & Filhos", "ONeill Filhos ME", "o'neill-filhos (EIRELI)")),
        (TURKEY, ("İSTANBUL Ltd. Şti.", "istanbul A.Ş.", "ıstanbul")),
        (GEORGIA, ("შპს მზე", "მზე LTD", "Მზე")),
        (IRAQ, ("شركة النور", "النور ذ.م.م", "النور ذ م م")),
    ],
)
async def test_a_name_is_the_same_but_for_case_signs_and_legal_form(
    law_pool: asyncpg.Pool, office: UUID, names: tuple[str, ...]
) -> None:
    async with undone(law_pool) as transaction:
        first, *others = [await inserted(transaction, name, office=office) for name in names]
        assert [await shared(transaction, first, other) for other in others] == [["name"]] * len(others)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((BRAZIL, "Casa", None), (BRAZIL, "Ca S.A.", None)),
        ((BRAZIL, "Silva Limitadas", None), (BRAZIL, "Silva", None)),
        ((BRAZIL, "Móveis", None), (BRAZIL, "Moveis", None)),
        ((MONGOLIA, "Ger ТОВ", None), (MONGOLIA, "Ger", None)),
        ((MONGOLIA, "???", "-"), (MONGOLIA_CARITAS, "!!!", ".")),
        ((MONGOLIA, "Yurt", "MN 7"), (CAMEROON, "Yurt", "MN 7")),
        ((MONGOLIA, "LLC", None), (MONGOLIA, "Ltd", None)),
    ],
)
async def test_what_differs_is_not_alike(
    law_pool: asyncpg.Pool, first: tuple[UUID, str, str | None], second: tuple[UUID, str, str | None]
) -> None:
    async with undone(law_pool) as transaction:
        ids = [await inserted(transaction, name, tax, office) for office, name, tax in (first, second)]
        assert await shared(transaction, ids[0], ids[1]) == await shared(transaction, ids[1], ids[0]) == []


class TestWhatTwoSuppliersShare:
    """Found by the database when it is written, whoever writes it."""

    async def test_a_number_and_a_name_are_one_finding(self, law_pool: asyncpg.Pool) -> None:
        async with undone(law_pool) as transaction:
            first = await inserted(transaction, "Wool and Felt", "MN 12.345-6")
            second = await inserted(transaction, "WOOL AND FELT LLC", "mn/123456", MONGOLIA_CARITAS)
            third = await inserted(transaction, "Saddles", "ＭＮ 123456")
            assert await shared(transaction, first, second) == ["tax name"]
            assert await shared(transaction, first, third) == await shared(transaction, second, third) == ["tax"]

    async def test_the_last_account_of_the_same_kind_counts_and_a_finding_stays(self, law_pool: asyncpg.Pool) -> None:
        async with undone(law_pool) as transaction:
            first, second, third = [await inserted(transaction, name) for name in ("One", "Two", "Three")]
            old, new = an_account(), an_account()
            await paid_at(transaction, first, old)
            await paid_at(transaction, first, new)
            await paid_at(transaction, second, old)
            await paid_at(transaction, third, "+97699112233", "mobile_money")
            assert await shared(transaction, first, second) == []
            await paid_at(transaction, first, old)
            assert await shared(transaction, first, second) == ["account"]
            await paid_at(transaction, first, "97699112233")
            assert await shared(transaction, first, third) == []
            assert await shared(transaction, first, second) == ["account"]
            assert await transaction.fetch_value("select supplier_hold($1)", first) is None
            assert await transaction.fetch_value("select supplier_hold($1)", second) == "alike"

    async def test_something_else_that_they_share_is_found_anew_and_the_same_is_not(self, law_pool: asyncpg.Pool) -> None:
        hold = "select supplier_hold($1)"
        async with undone(law_pool) as transaction:
            first, second = await inserted(transaction, "Wool"), await inserted(transaction, "Wool LLC")
            (likeness,) = await transaction.fetch("select id from supplier_likenesses where later_id = $1", second)
            assert await outcome(transaction, _DECIDE, likeness["id"], "cleared", "second") == 1
            assert await transaction.fetch_value(hold, second) is None
            account, other = an_account(), an_account()
            for supplier in (first, second):
                await paid_at(transaction, supplier, account)
            assert await shared(transaction, first, second) == ["name", "account"]
            assert await transaction.fetch_value(hold, second) == "alike"
            open_ones = "select id from supplier_likenesses where later_id = $1 and decision is null"
            assert await outcome(transaction, _DECIDE, await transaction.fetch_value(open_ones, second), "cleared", "second") == 1
            for last in (other, account):
                await paid_at(transaction, second, last)
            await transaction.execute("update suppliers set name = 'WOOL' where id = $1", second)
            assert await shared(transaction, first, second) == ["name", "account"]
            assert await transaction.fetch_value(hold, second) is None
            await transaction.execute("update suppliers set name = 'Felt', tax_number = 'MN-8' where id = $1", second)
            await transaction.execute("update suppliers set tax_number = 'mn 8' where id = $1", first)
            assert await shared(transaction, first, second) == ["name", "account", "tax"]

    async def test_the_later_is_who_was_registered_later_by_the_clock_of_the_database(self, law_pool: asyncpg.Pool) -> None:
        backdated = _INSERT.replace("registered_by)", "registered_by, registered_at)").replace(
            "'clerk')", "'clerk', '2020-01-01')"
        )
        async with undone(law_pool, OFFICER) as transaction:
            first, second, third = await inserted(transaction, "Horses"), new_id(), new_id()
            assert await outcome(transaction, backdated, second, MONGOLIA, "HORSES", None) == 1
            await become(transaction, SYSTEM)
            assert await shared(transaction, first, second) == ["name"]
            assert await outcome(transaction, backdated, third, MONGOLIA_CARITAS, "Horses", None) == 1
            assert await shared(transaction, third, first) == await shared(transaction, third, second) == ["name"]
            assert await transaction.fetch_value("select registered_at from suppliers where id = $1", third) == datetime(
                2020, 1, 1, tzinfo=UTC
            )
            await become(transaction, OFFICER)
            for column in ("registered_at", "registered_by", "field_office_id", "id"):
                change = f"update suppliers set {column} = {column} where id = $1"  # noqa: S608 - ours
                assert await outcome(transaction, change, first) == "denied"

    async def test_other_legal_forms_make_other_names(self, database_urls: DatabaseAddresses) -> None:
        owner = await asyncpg.connect(database_urls.owner_url)
        try:
            await owner.execute(f"begin; set local role {OWNER_ROLE}")
            await owner.execute("select set_config('app.actor', 'loader', true), set_config('app.role', 'system', true)")
            transaction = Transaction(owner, SYSTEM)
            first, second = await inserted(transaction, "Camels Xyz"), await inserted(transaction, "Camels")
            assert await shared(transaction, first, second) == []
            add = (
                "insert into legal_forms (id, country_code, form, is_active, certainty, source)"
                " values ($1, $2, 'X.Y.Z.', true, 'assumed', 'this test')"
            )
            form = new_id()
            await owner.execute(add, new_id(), "CM")
            assert await shared(transaction, first, second) == []
            await owner.execute(add, form, "MN")
            assert await shared(transaction, first, second) == ["name"]
            await owner.execute("update legal_forms set is_active = false where id = $1", form)
            assert await transaction.fetch_value("select supplier_name_key('Camels Xyz', 'MN')") == "camelsxyz"
            assert await transaction.fetch("select * from supplier_likeness_differences()") == []
        finally:
            await owner.close()

    async def test_suppliers_of_before_the_migration_are_compared(self, database_urls: DatabaseAddresses) -> None:
        text = next(one for one in read_migrations() if one.name.endswith("supplier_likenesses")).sql
        superuser = await asyncpg.connect(database_urls.superuser_url)
        try:
            await superuser.execute("begin; set local session_replication_role = replica")
            transaction = Transaction(superuser, SYSTEM)
            second, first = [await inserted(transaction, name, "MN-9") for name in ("Wool of before LLC", "Wool of before")]
            await superuser.execute("update suppliers set registered_at = '2020-01-01' where id = $1", first)
            start = text.index("create function compare_suppliers_of_before")
            await superuser.execute(text[start : text.index("call audit_table")])
            assert await shared(transaction, first, second) == ["tax name"]
        finally:
            await superuser.close()


class TestTheRelease:
    """Nothing leaves for the later of two that are alike."""

    async def test_the_later_one_is_held_until_it_is_cleared_and_the_earlier_one_is_not(self, work: UnitOfWork) -> None:
        name = f"Shop {new_id()}"
        earlier, later = await registered(work, name), await registered(work, f"{name} LLC")
        payments = [await approved_payment(work, supplier) for supplier in (earlier, later)]
        await done(work, COORDINATOR, service.release_payment, await go(work, payments[0]))
        release = asking(service.release_payment, await go(work, payments[1]))
        error = await refused(work, COORDINATOR, release, SupplierDuplicateError)
        assert name not in str(error)
        likeness = await likeness_of(work, later)
        assert (await done(work, COORDINATOR, service.decide_supplier_likeness, saying(likeness))).version == 2
        await done(work, COORDINATOR, service.release_payment, await go(work, payments[1]))
        assert (await found(work, payments[1])).status == "released"

    async def test_one_that_is_barred_is_never_paid(self, work: UnitOfWork) -> None:
        name = f"Shop {new_id()}"
        await registered(work, name)
        await registered(work, f"Not {name}", name)
        later = await registered(work, f"{name} LLC", name)  # barred for one, and alike to the other
        await done(work, PROGRAMME, service.decide_supplier_likeness, saying(await likeness_of(work, later), cleared=False))
        release = asking(service.release_payment, await go(work, await approved_payment(work, later)))
        await refused(work, COORDINATOR, release, SupplierBarredError)

    async def test_the_database_holds_it_without_the_use_case(self, work: UnitOfWork, law_pool: asyncpg.Pool) -> None:
        name = f"Shop {new_id()}"
        await registered(work, name)
        later = await registered(work, f"{name} LLC")
        payment, likeness = await approved_payment(work, later), await likeness_of(work, later)
        async with undone(law_pool) as transaction:
            for decision, answer in ((None, "payments_duplicate_ck"), ("barred", "payments_barred_ck"), ("cleared", 1)):
                await transaction.execute("savepoint trial")
                if decision is not None:
                    assert await outcome(transaction, _DECIDE, likeness, decision, "second") == 1
                await become(transaction, COORDINATOR)
                assert await outcome(transaction, _RELEASE, payment) == answer, decision
                await transaction.execute("rollback to trial")

    @pytest.mark.parametrize("first", ["account", "release"])
    async def test_what_makes_a_supplier_alike_and_a_release_to_it_wait_for_each_other(
        self, work: UnitOfWork, law_pool: asyncpg.Pool, first: str
    ) -> None:
        """The account is the earlier supplier's, of another office: neither locks a row of the other's."""
        earlier, later = await registered(work, f"Shop {new_id()}", who=NEIGHBOUR), await registered(work, f"Shop {new_id()}")
        account = await accounted(work, later)
        payment = await approved_payment(work, later)
        steps: Mapping[str, tuple[Actor, str, tuple[object, ...]]] = {
            "account": (NEIGHBOUR, _ACCOUNT, (earlier, "bank", account)),
            "release": (COORDINATOR, _RELEASE, (payment,)),
        }
        second = next(name for name in steps if name != first)
        assert await one_after_the_other(law_pool, steps[first], steps[second]) == (
            "payments_duplicate_ck" if first == "account" else 1
        )

    async def test_a_release_before_the_decision_is_stored_is_refused(self, work: UnitOfWork, law_pool: asyncpg.Pool) -> None:
        """Nobody waits: what is not decided yet holds."""
        name = f"Shop {new_id()}"
        await registered(work, name)
        later = await registered(work, f"{name} LLC")
        payment, likeness = await approved_payment(work, later), await likeness_of(work, later)
        async with undone(law_pool, PROGRAMME) as deciding, undone(law_pool, COORDINATOR) as releasing:
            assert await outcome(deciding, _DECIDE, likeness, "cleared", "second") == 1
            assert await outcome(releasing, _RELEASE, payment) == "payments_duplicate_ck"
            await deciding.execute("commit")
            assert await outcome(releasing, _RELEASE, payment) == 1


async def accounted(work: UnitOfWork, supplier: UUID) -> str:
    """An approved account of a supplier of the office."""
    record = RecordSupplierAccount(new_id(), supplier, "bank", an_account(), "Felt")
    await done(work, OFFICER, service.record_supplier_account, record)
    approve = DecideSupplierAccount(record.id, 1, approved=True, note="A letter")
    await done(work, APPROVER, service.decide_supplier_account, approve)
    return record.account


async def one_after_the_other(
    law_pool: asyncpg.Pool, first: tuple[Actor, str, tuple[object, ...]], second: tuple[Actor, str, tuple[object, ...]]
) -> int | str:
    """What the second comes to, which has to wait until the first is stored."""
    async with undone(law_pool, second[0]) as later:
        pid = await later.fetch_value("select pg_backend_pid()")
        async with undone(law_pool, first[0]) as opened:
            assert await outcome(opened, first[1], *first[2]) == 1
            waiting = asyncio.create_task(outcome(later, second[1], *second[2]))
            async with asyncio.timeout(20):
                while not await opened.fetch_value(_WAITS, pid):
                    assert not waiting.done(), waiting
                    await asyncio.sleep(0.01)
            await opened.execute("commit")
        answer = await waiting
        await later.execute("commit")
        return answer


async def test_of_two_registrations_at_once_the_second_waits_and_is_found(work: UnitOfWork, law_pool: asyncpg.Pool) -> None:
    first, second, name = new_id(), new_id(), f"Shop {new_id()}"
    answer = await one_after_the_other(
        law_pool,
        (OFFICER, _INSERT, (first, MONGOLIA, name, None)),
        (NEIGHBOUR, _INSERT, (second, MONGOLIA_CARITAS, f"{name}, LLC", None)),
    )
    assert answer == 1
    pairs = "select string_agg(earlier_id || ' ' || later_id, ', ') from supplier_likenesses where later_id = any ($1)"
    assert await value(work, pairs, [first, second]) == f"{first} {second}"


class TestTheDecision:
    """Once, by somebody who sees both and had no hand in either."""

    async def test_it_is_made_once_by_somebody_else_who_saw_it(self, work: UnitOfWork) -> None:
        name = f"Shop {new_id()}"
        earlier, later = [
            await registered(work, text, who=who) for text, who in ((name, OFFICER), (f"{name} LLC", second_officer()))
        ]
        await accounted(work, earlier)
        likeness = await likeness_of(work, later)
        decide = service.decide_supplier_likeness
        for hand in (OFFICER.id, second_officer().id):
            await refused(work, actor(Role.PARTNER_COORDINATOR, hand), asking(decide, saying(likeness)), SamePersonError)
        await refused(work, COORDINATOR, asking(decide, saying(likeness, version=2)), VersionConflictError)
        await refused(work, COORDINATOR, asking(decide, saying(likeness, note="ok")), InvalidInputError)
        await done(work, COORDINATOR, decide, saying(likeness, cleared=False))
        await refused(work, PROGRAMME, asking(decide, saying(likeness, version=2)), AlreadyDecidedError)
        assert await value(work, "select decision || ' ' || decided_by from supplier_likenesses where id = $1", likeness) == (
            "barred partner_coordinator"
        )

    async def test_nobody_else_decides(self, work: UnitOfWork) -> None:
        name = f"Shop {new_id()}"
        await registered(work, name)
        inside = await likeness_of(work, await registered(work, f"{name} LLC"))
        across = await likeness_of(work, await registered(work, name, who=NEIGHBOUR))
        decide = service.decide_supplier_likeness
        deciding: list[tuple[Actor, UUID, type[DomainError]]] = [
            *((who, inside, ForbiddenError) for who in EVERYBODY if not allows(who.role, Permission.SUPPLIER_COMPARE)),
            (OTHER_COORDINATOR, inside, NotFoundError),
            (COORDINATOR, across, NotFoundError),
            (OTHER_COORDINATOR, across, NotFoundError),
        ]
        for who, likeness, error in deciding:
            await refused(work, who, asking(decide, saying(likeness)), error)
        await done(work, PROGRAMME, decide, saying(across))


def second_officer() -> Actor:
    return actor(Role.FIELD_OFFICER, "second-officer")


class TestTheDatabase:
    """The same law, said to whoever writes past the use cases."""

    async def test_a_likeness_is_written_by_nobody_and_decided_once_by_another(self, law_pool: asyncpg.Pool) -> None:
        make = (
            "insert into supplier_likenesses (id, earlier_id, later_id, shared_name) values (gen_random_uuid(), $1, $2, 'wool')"
        )
        async with undone(law_pool) as transaction:
            first, second = await inserted(transaction, "Wool"), await inserted(transaction, "Wool LLC")
            (row,) = await transaction.fetch("select id from supplier_likenesses where later_id = $1", second)
            likeness = row["id"]
            assert await outcome(transaction, make, first, second) == "denied"
            assert await outcome(transaction, "delete from supplier_likenesses where id = $1", likeness) == "denied"
            for column in ("earlier_id", "later_id", "shared_name", "shared_account", "shared_tax_number", "found_at", "id"):
                change = f"update supplier_likenesses set {column} = {column} where id = $1"  # noqa: S608 - ours
                assert await outcome(transaction, change, likeness) == "denied"
            for statement in (
                "select from supplier_traits",
                "delete from supplier_traits",
                "update supplier_traits set key = 'x'",
            ):
                assert await outcome(transaction, statement) == "denied"
            assert await outcome(transaction, _DECIDE, likeness, "cleared", "clerk") == "supplier_likenesses_four_eyes_ck"
            assert await outcome(transaction, _DECIDE, likeness, "perhaps", "second") == "supplier_likenesses_decision_ck"
            assert await outcome(transaction, _DECIDE, likeness, None, "second") == "supplier_likenesses_decision_ck"
            assert await outcome(transaction, _DECIDE, likeness, "cleared", "second") == 1
            assert await outcome(transaction, _DECIDE, likeness, "barred", "third") == "supplier_likenesses_decided_ck"

    async def test_who_recorded_an_account_of_one_does_not_decide(self, law_pool: asyncpg.Pool) -> None:
        async with undone(law_pool) as transaction:
            first, second = await inserted(transaction, "Wool"), await inserted(transaction, "Wool LLC")
            recorded = _ACCOUNT.replace("'clerk'", "'treasurer'")
            assert await outcome(transaction, recorded, first, "bank", an_account()) == 1
            likeness = await transaction.fetch_value("select id from supplier_likenesses where later_id = $1", second)
            assert await outcome(transaction, _DECIDE, likeness, "cleared", "treasurer") == "supplier_likenesses_four_eyes_ck"
            assert await outcome(transaction, _DECIDE, likeness, "cleared", "second") == 1

    async def test_the_moment_of_a_decision_is_the_databases(self, law_pool: asyncpg.Pool) -> None:
        async with undone(law_pool) as transaction:
            later = [await inserted(transaction, name) for name in ("Wool", "Wool LLC")][1]
            likeness = await transaction.fetch_value("select id from supplier_likenesses where later_id = $1", later)
            said = _DECIDE.replace("now()", "'2020-01-01'")
            assert await outcome(transaction, said, likeness, "cleared", "second") == 1
            decided = await transaction.fetch_value(
                "select decided_at between found_at and clock_timestamp() from supplier_likenesses where id = $1", likeness
            )
            assert decided is True

    async def test_who_sees_both_sees_it_and_a_coordinator_or_the_programme_decides(self, law_pool: asyncpg.Pool) -> None:
        people = (*EVERYBODY, SYSTEM, OTHER_OFFICER, OTHER_COORDINATOR, NEIGHBOUR)
        everywhere = {who for who in EVERYBODY if who.role in SEES_ALL} | {SYSTEM}
        async with undone(law_pool) as transaction:
            inside = [await inserted(transaction, name) for name in ("Wool", "Wool LLC")][1]
            across = await inserted(transaction, "WOOL", office=MONGOLIA_CARITAS)
            for later, seers, deciders in (
                (inside, {*EVERYBODY, SYSTEM} - {ADMINISTRATOR}, {COORDINATOR, PROGRAMME, SYSTEM}),
                (across, everywhere, {PROGRAMME, SYSTEM}),
            ):
                await become(transaction, SYSTEM)
                likeness = await transaction.fetch_value("select id from supplier_likenesses where later_id = $1", later)
                seeing, deciding = set(), set()
                for who in people:
                    await become(transaction, who)
                    if await transaction.fetch("select id from supplier_likenesses where id = $1", likeness):
                        seeing.add(who)
                    await transaction.execute("savepoint trial")
                    if await outcome(transaction, _DECIDE, likeness, "cleared", "second") == 1:
                        deciding.add(who)
                    await transaction.execute("rollback to trial")
                assert (seeing, deciding) == (seers, deciders)
            await become_nobody(transaction)
            assert await transaction.fetch("select id from supplier_likenesses") == []


SEES_ALL = {Role.RETURN_COUNSELLOR, Role.FEDASIL_FINANCE, Role.FEDASIL_PROGRAMME, Role.AUDITOR}
