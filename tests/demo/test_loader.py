"""The loader writes by the set what use cases write one by one: their own code must agree with every row it made."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import pytest

from reintegration.constraints import ALL_CONSTRAINTS
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork, open_pool
from reintegration.demo.loader import LOADER, demo_cases, load_caseload, load_rates
from reintegration.demo.values import SyntheticCase
from reintegration.entitlements.service import replay
from reintegration.kernel.canonical import digest
from reintegration.ledger.service import balances
from reintegration.models import register_models
from reintegration.payments.content import frozen
from reintegration.payments.models import Payment
from reintegration.storage.address import ObjectStoreAddress
from reintegration.storage.client import ObjectStore
from tests.exports.places import own_bucket

_OUTCOMES = ("paid", "unconfirmed", "failed", "reversed", "draft", "submitted", "approved")


@dataclass(slots=True)
class Loaded:
    """A database with a part of the caseload."""

    work: UnitOfWork
    store: ObjectStore
    cases: Sequence[SyntheticCase]


def _part(cases: Sequence[SyntheticCase]) -> list[SyntheticCase]:
    """Some of every kind: each outcome of a payment, Dublin, without support, families, visa-free countries."""
    chosen = {case.reference: case for case in cases[:25]}
    for outcome in _OUTCOMES:
        found = [case for case in cases if any(payment.outcome == outcome for payment in case.payments)][:3]
        chosen |= {case.reference: case for case in found}
    for kind in (
        [case for case in cases if case.dublin][:4],
        [case for case in cases if not case.supported][:6],
        [case for case in cases if len(case.members) > 3][:4],
        [case for case in cases if case.country_code in {"GE", "UA"} and case.supported][:4],
    ):
        chosen |= {case.reference: case for case in kind}
    return sorted(chosen.values(), key=lambda case: case.reference)


@pytest.fixture
async def loaded(fresh_database: DatabaseAddresses, object_store_address: ObjectStoreAddress) -> AsyncIterator[Loaded]:
    await register_models()
    pool = await open_pool(fresh_database.application_url)
    work = UnitOfWork(pool, ALL_CONSTRAINTS)
    async with own_bucket(object_store_address) as store:
        rates = await load_rates(work)
        cases = _part(demo_cases(rates))
        told: list[int] = []
        # Stopped after a part, it goes on where it was; a third time there is nothing to do.
        assert await load_caseload(work, store, cases[:20], rates, told.append) == 20
        assert await load_caseload(work, store, cases, rates, told.append) == len(cases) - 20
        assert await load_caseload(work, store, cases, rates, told.append) == 0
        assert sum(told) == 20 + 2 * len(cases)
        yield Loaded(work, store, cases)
        await _empty(store)
    await pool.close()


async def test_what_was_loaded_is_what_the_use_cases_would_have_written(loaded: Loaded) -> None:
    async with loaded.work.read(LOADER) as transaction:
        await _counts(transaction, loaded.cases)
        await _assessments_replay(transaction)
        await _payments_have_their_digest(transaction)
        await _ledger_adds_up(transaction, loaded.cases)
        await _plans_have_their_digest(transaction)
        documents = await transaction.fetch("select object_key, sha256, size_bytes from documents")
    for row in documents[:40]:
        found = await loaded.store.digest(row["object_key"])
        assert (found.sha256, found.size_bytes) == (row["sha256"], row["size_bytes"])


async def _counts(transaction: Transaction, cases: Sequence[SyntheticCase]) -> None:
    assert await transaction.fetch_value("select count(*) from cases") == len(cases)
    assert await transaction.fetch_value("select count(*) from returnees") == sum(len(case.members) for case in cases)
    statuses = Counter(row["status"] for row in await transaction.fetch("select status from payments"))
    assert statuses == Counter(payment.outcome for case in cases for payment in case.payments)
    assert set(statuses) == set(_OUTCOMES)
    closed = sum(case.closed_on is not None for case in cases)
    assert await transaction.fetch_value("select count(*) from cases where status = 'closed'") == closed
    # Nobody is entitled to anything under Dublin, and every supported case holds exactly its ceiling.
    granted = await transaction.fetch(
        "select c.reference, sum(e.amount_minor)::bigint as granted from entitlements e join cases c on c.id = e.case_id"
        " where e.stream = 'reintegration' group by c.reference"
    )
    assert {row["reference"]: row["granted"] for row in granted} == {
        case.reference: case.ceiling_minor for case in cases if case.supported
    }


async def _assessments_replay(transaction: Transaction) -> None:
    rows = await transaction.fetch("select id from entitlement_assessments order by id limit 25")
    assert len(rows) == 25
    for row in rows:
        assert (await replay(transaction, row["id"])).same


async def _payments_have_their_digest(transaction: Transaction) -> None:
    payments = await Payment.exclude(status="draft").using_db(transaction.orm)
    assert len(payments) > 20
    for payment in payments:
        assert (await frozen(transaction, payment)).digest == payment.content_digest


async def _plans_have_their_digest(transaction: Transaction) -> None:
    items = await transaction.fetch(
        "select p.content_digest, i.* from plans p join plan_items i on i.plan_id = p.id order by i.plan_id, i.position"
    )
    plans: dict[str, list[dict[str, object]]] = {}
    for item in items:
        plans.setdefault(item["content_digest"], []).append(
            {
                "line": item["line_id"],
                "kind": item["kind"],
                "returnee": item["returnee_id"],
                "description": item["description"],
                "budget_minor": item["budget_minor"],
                "co_investment_minor": item["co_investment_minor"],
            }
        )
    assert plans
    assert all(digest(lines) == stored for stored, lines in plans.items())


async def _ledger_adds_up(transaction: Transaction, cases: Sequence[SyntheticCase]) -> None:
    assert await transaction.fetch("select currency from ledger_postings group by currency having sum(amount_minor) <> 0") == []
    paid = await transaction.fetch_value(
        "select sum(l.euro_minor)::bigint from payments p join payment_lines l on l.payment_id = p.id where p.status = 'paid'"
    )
    reserved = await transaction.fetch_value(
        "select sum(l.euro_minor)::bigint from payments p join payment_lines l on l.payment_id = p.id"
        " where p.status in ('submitted', 'approved', 'unconfirmed')"
    )
    ids = [row["id"] for row in await transaction.fetch("select id from cases")]
    held = await balances(transaction, *ids)
    total = Counter[str]()
    for entry in held:
        assert entry.balance_minor >= 0
        if entry.account.stream == "reintegration":
            total[entry.account.kind] += entry.balance_minor
    assert (total["spent"], total["reserved"]) == (paid, reserved)
    # A closed case has given back everything that it did not spend.
    closed = {row["id"] for row in await transaction.fetch("select id from cases where status = 'closed'")}
    assert closed
    assert all(entry.balance_minor == 0 for entry in held if entry.account.case_id in closed and entry.account.kind != "spent")
    assert sum(case.supported for case in cases) > 20


async def _empty(store: ObjectStore) -> None:
    """The bucket goes with the test, and S3 removes no bucket that holds something."""

    def remove(client: object) -> None:
        listed = client.list_object_versions(Bucket=store.address.bucket)  # type: ignore[attr-defined]  # the product never asks
        for entry in (*listed.get("Versions", []), *listed.get("DeleteMarkers", [])):
            client.delete_object(Bucket=store.address.bucket, Key=entry["Key"], VersionId=entry["VersionId"])  # type: ignore[attr-defined]  # nor deletes

    await store.call(None, remove)
