"""The money benchmark's paths pay alike, leave nothing behind, and count what fails."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

import asyncpg
import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.actor import Role
from reintegration.storage.address import ObjectStoreAddress
from tests.benchmarks.measures import Load
from tests.benchmarks.money import work
from tests.benchmarks.money.by_api import Api
from tests.benchmarks.money.by_functions import Functions
from tests.benchmarks.money.by_use_cases import UseCases
from tests.benchmarks.money.database import Holdings, fill, forget, holdings, prepare
from tests.benchmarks.money.driver import Job, pay, turns
from tests.benchmarks.money.equality import differences, rows_left
from tests.benchmarks.money.fleet import DOCUMENTS
from tests.benchmarks.money.measures import Measurement, Place, ratio, results
from tests.benchmarks.money.report import Findings, section
from tests.benchmarks.money.work import Path, Payment, Step, Subject, actors_of, fresh
from tests.benchmarks.money.yardstick import take, yardstick_database
from tests.benchmarks.servers.protocol import Person
from tests.conftest import TEST_DIR
from tests.http_client import Server, running
from tests.operations.conftest import cloned

_TABLES = ("payments", "payment_lines", "payment_documents", "ledger_accounts", "ledger_transactions", "ledger_postings")


@dataclass(frozen=True, slots=True)
class Till:
    owner: asyncpg.Connection
    told: list[dict[str, str]]
    paths: dict[str, Path]


@pytest.fixture(scope="module")
async def till(
    postgres_addresses: DatabaseAddresses,
    database_template: str,
    object_store_address: ObjectStoreAddress,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Till]:
    folder = tmp_path_factory.mktemp("money")
    async with AsyncExitStack() as stack:
        addresses = await stack.enter_async_context(cloned(postgres_addresses, database_template))
        owner = await asyncpg.connect(addresses.owner_url)
        stack.push_async_callback(owner.close)
        await fill(addresses.owner_url, 100)
        await prepare(owner)
        told = await work.subjects(owner, 20)
        server = await stack.enter_async_context(running(addresses, object_store_address, folder, operations=DOCUMENTS))
        headers = {who.subject: {"Authorization": f"Bearer {_token(server, who)}"} for who in work.people_of(told).values()}
        paths: dict[str, Path] = {
            "api": await stack.enter_async_context(Api.open(f"{server.url}/graphql", headers)),
            "use_cases": await stack.enter_async_context(UseCases.open(addresses.application_url)),
            "functions": await stack.enter_async_context(Functions.open(addresses.application_url)),
        }
        yield Till(owner, told, paths)


def _token(server: Server, who: Person) -> str:
    return server.token(Role(who.role), who.subject, office=tuple(who.offices), partner=who.partner or "")


async def _counts(owner: asyncpg.Connection) -> list[int]:
    return [await owner.fetchval(f"select count(*) from {table}") for table in (*_TABLES, "audit_log", "idempotency_records")]  # noqa: S608 - tables of ours


async def test_every_path_leaves_the_same_rows_and_they_are_forgotten(till: Till) -> None:
    await forget(till.owner)
    before = await _counts(till.owner)
    subjects = turns(till.told)
    assert await differences(till.paths, subjects, till.owner) == {}
    for path in till.paths.values():
        counted = await pay(path, subjects, Job(3, 0.1))
        assert (counted.load.errors, counted.first_error) == (0, "")
        assert counted.load.requests >= 3
        assert list(counted.steps) == [step.value for step in Step]
    assert (
        await till.owner.fetchval("select count(*) from payments where status = 'released' and invoice_number like 'B/%'")
        == (await _counts(till.owner))[0] - before[0]
    )
    await forget(till.owner)
    assert await rows_left(till.owner) == []
    assert await _counts(till.owner) == before
    assert (await holdings(till.owner)).payments == before[0]


class _Short:
    """A path that forgets to release."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @asynccontextmanager
    async def payers(self, count: int) -> AsyncIterator[list["_Short"]]:
        async with self._path.payers(count) as payers:
            self._payer = payers[0]
            yield [self] * count

    async def take(self, step: Step, payment: Payment) -> None:
        if step is not Step.RELEASE:
            await self._payer.take(step, payment)


async def test_a_path_that_leaves_less_is_named(till: Till) -> None:
    paths: dict[str, Path] = {"functions": till.paths["functions"], "short": _Short(till.paths["functions"])}
    found = await differences(paths, turns(till.told), till.owner)
    assert list(found) == ["short"]
    assert found["short"].startswith("rows: 17 and 15 items (5 idempotency_records, 2 ledger_postings, 1 ledger_transactions,")


async def test_a_key_pays_once_by_every_path(till: Till) -> None:
    subject = Subject.read(till.told[0])
    for name in ("use_cases", "functions"):
        async with till.paths[name].payers(1) as (payer,):
            payment = fresh(subject, actors_of(subject))
            for step in Step:
                await payer.take(step, payment)
                before = await _counts(till.owner)
                digest = payment.digest
                await payer.take(step, payment)
                assert await _counts(till.owner) == before
                payment.digest = digest


async def test_a_path_that_refuses_is_counted_and_says_why(till: Till) -> None:
    broken = [{**one, "document_id": till.told[-1]["document_id"]} for one in till.told[:1]]
    for path in till.paths.values():
        counted = await pay(path, turns(broken), Job(1, 0.05))
        assert counted.load.requests == 0
        assert counted.load.errors >= 1
        assert counted.first_error


async def test_the_yardstick_counts_transactions(postgres_addresses: DatabaseAddresses) -> None:
    folder = TEST_DIR / "postgresql"
    database = await yardstick_database(postgres_addresses, 1, folder)
    load = await take(database, 1, 1, folder)
    assert load.requests > 10
    assert 0 < load.p50_ms <= load.p99_ms


def _measured(place: Place, number: int, requests: int) -> Measurement:
    return Measurement(place, number, Load(requests, 0, 2.0, 1.0, 2.0), {step.value: 1.0 for step in Step}, 2.0, 3.0)


def test_ratios_are_taken_round_by_round_and_only_where_both_are() -> None:
    ours, bare = Place(10, 16, "use_cases"), Place(10, 16, "functions")
    measured = [
        _measured(ours, 0, 50),
        _measured(bare, 0, 100),
        _measured(bare, 1, 10),
        _measured(ours, 2, 60),
        _measured(bare, 2, 80),
    ]
    assert ratio(measured, ours, bare, lambda one: one.payments_per_s) == pytest.approx(0.625)
    assert ratio(measured, ours, replace(bare, size=20), lambda one: one.payments_per_s) is None
    assert [(one.path, one.payments_per_s, one.transactions_per_s) for one in results(measured)] == [
        ("use_cases", 27.5, 137.5),
        ("functions", 40.0, 200.0),
    ]


def test_the_tables_show_what_was_measured() -> None:
    held = Holdings(1, 1000, 2, 3, 4, 5, 6.0, 7 * 1024 * 1024)
    findings = Findings({}, 16, 20, holdings={10: held, 20: replace(held, payments=2000)}, cases={10: 8, 20: 9})
    findings.measurements += [
        _measured(Place(10, 16, "use_cases"), 0, 100),
        _measured(Place(20, 16, "use_cases"), 0, 50),
        _measured(Place(20, 16, "functions"), 0, 80),
        replace(_measured(Place(20, 16, "tpc_b"), 0, 500), steps={}),
    ]
    lines = list(section(findings, results(findings.measurements)))
    assert "| ≥ 0.5 of the functions, 16 clients | 0.62 |" in lines
    assert "| ≤ 1.2 times the time from 1,000 to 2,000 payments | **2.00** |" in lines
    assert "| ≤ 1.2 times the CPU from 1,000 to 2,000 payments | 1.00 |" in lines
    assert "| 16 | 0.62 | - | - | 0.80 | 0.50 | - |" in lines
    assert "| use cases in process | 2.00 | 1.00 |" in lines
    assert "| 1,000 | 2 | 3 | 4 | 5 | 7 | 6 | 8 |" in lines
    assert "| 2,000 | 16 | use cases in process | 25.0 | 125 | 1.0 | 2.0 | 2.00 + 3.00 | 1.0, 1.0, 1.0, 1.0, 1.0 |" in lines
    assert "| - | 16 | TPC-B-like | - | 250 | 1.0 | 2.0 | 3.00 | - |" in lines
