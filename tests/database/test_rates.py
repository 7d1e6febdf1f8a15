"""Exchange rates: imported as published, used only once another person confirmed them, refused whole or not at all."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date
from functools import partial
from uuid import UUID

import asyncpg
import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import IdempotencyKey, UnitOfWork, open_pool
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.clock import add_months, first_of_month, today
from reintegration.kernel.errors import (
    ConstraintViolationError,
    DomainError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    SamePersonError,
    VersionConflictError,
)
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money, to_euro
from reintegration.kernel.reference import Reference
from reintegration.models import register_models
from reintegration.programme.commands import ConfirmRateMonth, ImportRateHistory, ImportRateMonth, RateSource
from reintegration.programme.errors import CONSTRAINTS, NoRateError, RateMonthConfirmedError
from reintegration.programme.inforeuro import LARGEST_PAYLOAD_BYTES, InforEuroFormatError, monthly_document
from reintegration.programme.rates import (
    EURO_RATE,
    FrozenRate,
    confirm_rate_month,
    import_rate_history,
    import_rate_month,
    rate_for,
    rates_for,
)
from reintegration.programme.reference import rates_by_month

ANN = Actor(id="ann", role=Role.FEDASIL_FINANCE)
BEN = Actor(id="ben", role=Role.FEDASIL_FINANCE)
CLERK = Actor(id="clerk", role=Role.ADMINISTRATOR)
OCTOBER = date(2023, 10, 1)
NOVEMBER = date(2023, 11, 1)


@pytest.fixture
async def work(fresh_database: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    await register_models()
    pool = await open_pool(fresh_database.application_url, max_size=4)
    yield UnitOfWork(pool, CONSTRAINTS)
    await pool.close()


def document(**rates: str) -> bytes:
    rows = (
        f'{{"country":"X","currency":"x","isoA3Code":"{code}","isoA2Code":"XX","value":{rate}}}' for code, rate in rates.items()
    )
    return f"[{','.join(rows)}]".encode()


def history(currency: str, **months: str) -> bytes:
    """Months as m2023_10="5.3115"."""
    rows = []
    for name, amount in months.items():
        first = date(int(name[1:5]), int(name[6:]), 1)
        last = date.fromordinal(add_months(first, 1).toordinal() - 1)
        rows.append(
            f'{{"currencyIso":"{currency}","refCurrencyIso":"EUR","amount":{amount},'
            f'"dateStart":"{first:%d/%m/%Y}","dateEnd":"{last:%d/%m/%Y}"}}'
        )
    return f"[{','.join(reversed(rows))}]".encode()


async def bring(
    work: UnitOfWork,
    actor: Actor,
    month: date,
    payload: bytes,
    *,
    source: RateSource = RateSource.PUBLISHED,
    import_id: UUID | None = None,
) -> Reference:
    command = ImportRateMonth(id=import_id or new_id(), month=month, document=payload, source=source)
    return await work.write(actor, lambda transaction: import_rate_month(transaction, command))


async def bring_history(work: UnitOfWork, first: date, last: date, *documents: bytes) -> Reference:
    command = ImportRateHistory(id=new_id(), first_month=first, last_month=last, documents=documents)
    return await work.write(ANN, lambda transaction: import_rate_history(transaction, command))


async def confirm(work: UnitOfWork, actor: Actor, reference: Reference, version: int | None = None) -> Reference:
    command = ConfirmRateMonth(id=reference.id, expected_version=reference.version if version is None else version)
    return await work.write(actor, lambda transaction: confirm_rate_month(transaction, command))


async def rate(work: UnitOfWork, currency: str, month: date) -> FrozenRate:
    async with work.read(ANN) as transaction:
        return await rate_for(transaction, currency, month)


async def stored(work: UnitOfWork) -> tuple[int, int, int]:
    """Imports, rates, entries of the log about either."""
    async with work.read(Actor(id="x", role=Role.SYSTEM)) as transaction:
        row = await transaction.fetch_one(
            "select (select count(*) from exchange_rate_months) as months, (select count(*) from exchange_rates) as rates,"
            " (select count(*) from audit_log where table_name in ('exchange_rate_months', 'exchange_rates')) as entries"
        )
        assert row is not None
        return row["months"], row["rates"], row["entries"]


async def test_the_36_months_are_imported_confirmed_and_used_to_the_digit(work: UnitOfWork) -> None:
    months = sorted(rates_by_month())
    assert len(months) == 36
    for month in months:
        kept = await bring(work, ANN, month, monthly_document(month), source=RateSource.DERIVED)
        assert (await confirm(work, BEN, kept)).version == 2
    assert await stored(work) == (36, 36 * 4, 36 * 6)
    async with work.read(CLERK) as transaction:
        wanted = [(currency, month) for month in months for currency in ("BRL", "USD", "GBP")]
        found = await rates_for(transaction, wanted)
    assert {pair: kept.rate for pair, kept in found.items()} == {
        (currency, month): rates_by_month()[month][currency] for currency, month in wanted
    }
    used = await rate(work, "BRL", date(2023, 10, 31))
    assert used == FrozenRate("5.3115", OCTOBER, "ECB reference rate of the InforEuro rule day (derived)")
    assert to_euro(Money(350000, "BRL"), used.rate) == Money(65895, "EUR")


async def test_an_unconfirmed_month_is_not_used(work: UnitOfWork) -> None:
    kept = await bring(work, ANN, OCTOBER, document(BRL="5.3115"))
    with pytest.raises(NoRateError) as refused:
        await rate(work, "BRL", date(2023, 10, 17))
    assert (refused.value.currency, refused.value.month) == ("BRL", OCTOBER)
    await confirm(work, BEN, kept)
    assert await rate(work, "BRL", date(2023, 10, 17)) == FrozenRate("5.3115", OCTOBER, "InforEuro, as published")
    for currency, month in (
        ("MNT", OCTOBER),
        ("BRL", NOVEMBER),
        ("BRL", date(2023, 9, 30)),
        ("brl", OCTOBER),
        ("\0'--", OCTOBER),
    ):
        with pytest.raises(NoRateError):
            await rate(work, currency, month)


async def test_the_euro_needs_no_month(work: UnitOfWork) -> None:
    assert await rate(work, "EUR", date(1990, 1, 1)) == EURO_RATE == FrozenRate("1", None, "EUR")


async def test_the_first_missing_rate_of_several_is_named(work: UnitOfWork) -> None:
    await confirm(work, BEN, await bring(work, ANN, OCTOBER, document(BRL="5.3115")))
    async with work.read(ANN) as transaction:
        with pytest.raises(NoRateError, match="USD for 2023-10-01"):
            await rates_for(transaction, [("GBP", NOVEMBER), ("USD", OCTOBER), ("BRL", OCTOBER), ("EUR", OCTOBER)])
        assert await rates_for(transaction, []) == {}


async def test_who_imported_cant_confirm(work: UnitOfWork) -> None:
    kept = await bring(work, ANN, OCTOBER, document(BRL="5.3115"))
    before = await stored(work)
    with pytest.raises(SamePersonError):
        await confirm(work, ANN, kept)
    for actor in (CLERK, Actor(id="aud", role=Role.AUDITOR), Actor(id="off", role=Role.FIELD_OFFICER)):
        with pytest.raises(ForbiddenError):
            await confirm(work, actor, kept)
    assert await stored(work) == before
    with pytest.raises(NoRateError):
        await rate(work, "BRL", OCTOBER)


async def test_the_database_itself_keeps_the_four_eyes(work: UnitOfWork) -> None:
    kept = await bring(work, ANN, OCTOBER, document(BRL="5.3115"))
    sql = "update exchange_rate_months set confirmed_by = 'ann', confirmed_at = now() where id = $1"
    with pytest.raises(SamePersonError):
        await work.write(ANN, lambda transaction: transaction.execute(sql, kept.id))
    with pytest.raises(ConstraintViolationError):
        await work.write(
            BEN,
            lambda transaction: transaction.execute(
                "update exchange_rate_months set confirmed_by = 'ben' where id = $1", kept.id
            ),
        )
    for statement in ("update exchange_rates set rate = '1'", "delete from exchange_rates", "delete from exchange_rate_months"):
        with pytest.raises(NotFoundError):
            await work.write(BEN, partial(Transaction.execute, sql=statement))
    assert await stored(work) == (1, 1, 2)


async def test_roles_without_the_permission_import_nothing(work: UnitOfWork) -> None:
    for role in (Role.FIELD_OFFICER, Role.RETURN_COUNSELLOR, Role.AUDITOR, Role.PARTNER_COORDINATOR, Role.FEDASIL_PROGRAMME):
        with pytest.raises(ForbiddenError):
            await bring(work, Actor(id="x", role=role), OCTOBER, document(BRL="5.3115"))
    assert await stored(work) == (0, 0, 0)


async def test_the_same_document_again_is_the_first_import(work: UnitOfWork) -> None:
    first = await bring(work, ANN, OCTOBER, document(BRL="5.3115", USD="1.0539"))
    assert await bring(work, BEN, OCTOBER, document(BRL="5.3115", USD="1.0539")) == first
    confirmed = await confirm(work, BEN, first)
    assert await bring(work, CLERK, OCTOBER, document(BRL="5.3115", USD="1.0539")) == Reference("ExchangeRateMonth", first.id, 2)
    assert confirmed == Reference("ExchangeRateMonth", first.id, 2)
    assert await stored(work) == (1, 2, 4)


async def test_the_same_document_at_once_is_imported_once(work: UnitOfWork) -> None:
    brought = await asyncio.gather(*(bring(work, ANN, OCTOBER, document(BRL="5.3115")) for _ in range(4)))
    assert len(set(brought)) == 1
    assert await stored(work) == (1, 1, 2)


async def test_a_repeated_request_gets_the_first_answer(work: UnitOfWork) -> None:
    key = IdempotencyKey(new_id(), "rateMonthImport", {"month": "2023-10-01"})
    commands = [ImportRateMonth(id=new_id(), month=OCTOBER, document=document(BRL="5.3115")) for _ in range(2)]
    outcomes = [await work.write_once(ANN, key, partial(import_rate_month, command=command)) for command in commands]
    assert [(outcome.reference.id, outcome.replayed) for outcome in outcomes] == [(commands[0].id, False), (commands[0].id, True)]


async def test_a_confirmed_month_takes_no_other_document(work: UnitOfWork) -> None:
    rival = await bring(work, CLERK, OCTOBER, document(BRL="9.9"))
    await confirm(work, BEN, await bring(work, ANN, OCTOBER, document(BRL="5.3115")))
    before = await stored(work)
    with pytest.raises(RateMonthConfirmedError) as refused:
        await bring(work, ANN, OCTOBER, document(BRL="5.3116"))
    assert refused.value.month == OCTOBER
    with pytest.raises(RateMonthConfirmedError):
        await confirm(work, BEN, rival)
    with pytest.raises(RateMonthConfirmedError):
        await bring_history(work, date(2023, 9, 1), NOVEMBER, history("BRL", m2023_09="5", m2023_10="6", m2023_11="7"))
    assert await stored(work) == before
    assert (await rate(work, "BRL", OCTOBER)).rate == "5.3115"


async def test_two_imports_of_a_month_confirmed_at_once_leave_one(work: UnitOfWork) -> None:
    rivals = [await bring(work, ANN, OCTOBER, document(BRL=rate)) for rate in ("5.1", "5.2", "5.3")]
    results = await asyncio.gather(*(confirm(work, BEN, rival) for rival in rivals), return_exceptions=True)
    won = [result for result in results if isinstance(result, Reference)]
    lost = [result for result in results if isinstance(result, DomainError)]
    assert (len(won), len(lost)) == (1, 2)
    assert {error.code for error in lost} <= {"RATE_MONTH_CONFIRMED", "RULE_VIOLATED"}
    assert (await rate(work, "BRL", OCTOBER)).rate == ("5.1", "5.2", "5.3")[rivals.index(Reference(won[0].kind, won[0].id, 1))]


async def test_confirming_needs_the_version_that_is_there(work: UnitOfWork) -> None:
    kept = await bring(work, ANN, OCTOBER, document(BRL="5.3115"))
    with pytest.raises(VersionConflictError):
        await confirm(work, BEN, kept, version=2)
    with pytest.raises(NotFoundError):
        await confirm(work, BEN, Reference("ExchangeRateMonth", new_id(), 1))
    await confirm(work, BEN, kept)
    with pytest.raises(VersionConflictError):
        await confirm(work, BEN, kept)
    with pytest.raises(RateMonthConfirmedError):
        await confirm(work, BEN, kept, version=2)


async def test_an_id_is_not_used_twice(work: UnitOfWork) -> None:
    kept = await bring(work, ANN, OCTOBER, document(BRL="5.3115"))
    with pytest.raises(ConstraintViolationError) as refused:
        await bring(work, ANN, NOVEMBER, document(BRL="5.2952"), import_id=kept.id)
    assert refused.value.constraint == "exchange_rate_months_pk"
    assert await stored(work) == (1, 1, 2)


async def test_histories_come_together_and_a_month_is_one_import(work: UnitOfWork) -> None:
    brazil = history("BRL", m2023_09="5.2877", m2023_10="5.3115", m2023_11="5.2952")
    mongolia = history("MNT", m2023_10="3650", m2023_11="3700.5")
    newest = await bring_history(work, OCTOBER, NOVEMBER, brazil, mongolia)
    assert await stored(work) == (2, 4, 6)
    assert await bring_history(work, OCTOBER, NOVEMBER, mongolia, brazil) == newest
    assert await stored(work) == (2, 4, 6)
    assert await bring_history(work, date(2023, 9, 1), NOVEMBER, brazil, mongolia) == newest
    assert await stored(work) == (3, 5, 8)
    await confirm(work, BEN, newest)
    assert (await rate(work, "MNT", date(2023, 11, 30))).rate == "3700.5"
    with pytest.raises(NoRateError):
        await rate(work, "MNT", OCTOBER)


async def test_a_wrong_history_changes_nothing(work: UnitOfWork) -> None:
    wrong: list[tuple[date, date, tuple[bytes, ...], type[DomainError]]] = [
        (OCTOBER, OCTOBER, (), InvalidInputError),
        (NOVEMBER, OCTOBER, (history("BRL", m2023_10="5"),), InvalidInputError),
        (date(2003, 10, 1), OCTOBER, (history("BRL", m2023_10="5"),), InvalidInputError),
        (date(2023, 10, 2), NOVEMBER, (history("BRL", m2023_10="5"),), InvalidInputError),
        (OCTOBER, OCTOBER, (history("BRL", m2023_10="5"), history("BRL", m2023_10="5")), InforEuroFormatError),
        (OCTOBER, OCTOBER, (history("BRL", m2023_11="5"),), InforEuroFormatError),
        (OCTOBER, OCTOBER, (history("QQQ", m2023_10="5"),), InforEuroFormatError),
        (OCTOBER, OCTOBER, (history("BRL", m2023_10="5"), b'{"message":"Unknown currency"}'), InforEuroFormatError),
    ]
    for first, last, documents, expected in wrong:
        with pytest.raises(expected):
            await bring_history(work, first, last, *documents)
    assert await stored(work) == (0, 0, 0)


async def test_hostile_documents_and_months_change_nothing(work: UnitOfWork) -> None:
    hostile = [
        document(BRL="5.3115") + b"x",
        document(BRL="5.3115", USD="-1"),
        document(BRL="0"),
        document(BRL="NaN"),
        document(BRL="1e400"),
        document(BRL='"5.3115"'),
        document(EUR="1.01", BRL="5"),
        document(EUR="1"),
        document(QQQ="4.2"),
        b"[" + document(USD="1.05")[1:-1] + b"," + document(USD="1.06")[1:-1] + b"]",
        json.dumps([{"isoA3Code": "USD'); drop table cases;--", "value": 1}]).encode(),
        b"[" * 100_000,
        b"\xff\xfe",
        b"",
        b" " * (LARGEST_PAYLOAD_BYTES + 1),
    ]
    for payload in hostile:
        with pytest.raises(InforEuroFormatError):
            await bring(work, ANN, OCTOBER, payload)
    late = add_months(first_of_month(today()), 2)
    for month in (date(2023, 10, 2), date(1993, 12, 1), late, date(9999, 12, 1), date.min):
        with pytest.raises(InvalidInputError):
            await bring(work, ANN, month, document(BRL="5.3115"))
    assert await stored(work) == (0, 0, 0)
    assert (await bring(work, ANN, add_months(late, -1), document(BRL="5.3115"))).version == 1


async def test_a_currency_that_the_database_does_not_know_is_left_out(
    work: UnitOfWork, fresh_database: DatabaseAddresses
) -> None:
    owner = await asyncpg.connect(fresh_database.owner_url)
    try:
        await owner.execute(
            "select set_config('app.actor', 'x', false), set_config('app.role', 'system', false);"
            "delete from currencies where code = 'ISK'"
        )
    finally:
        await owner.close()
    await bring(work, ANN, OCTOBER, document(BRL="5.3115", ISK="146.5"))
    assert await stored(work) == (1, 1, 2)
    with pytest.raises(InforEuroFormatError):
        await bring(work, ANN, OCTOBER, document(ISK="146.5"))
    assert await stored(work) == (1, 1, 2)
