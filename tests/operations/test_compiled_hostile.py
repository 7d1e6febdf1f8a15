"""What callers send and what the database holds changes no statement, fills no cache, and reaches nobody else's plan."""

import gc
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest

from reintegration.api.compile import reads as compiled
from reintegration.api.compile.plans import Plan, Recent
from reintegration.api.compile.reads import CompiledReads
from reintegration.api.compile.sources import Cause, LeftError
from reintegration.api.compile.text import quoted
from reintegration.api.identifiers import encode
from reintegration.api.schema import build_schema
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.snapshot import SnapshotReader
from reintegration.kernel.actor import Actor, Role
from reintegration.models import register_models
from tests import builders
from tests.builders import COUNSELLOR, FINANCE, MONGOLIA, OFFICER
from tests.operations.comparing import Comparison
from tests.operations.desk import open_desk
from tests.operations.random_documents import RandomDocument
from tests.storage_fixtures import ObjectStore

TEXTS = (
    "'; drop table cases; --",
    '"quoted" and \\back\\slashed\\',
    "$1 $2 %s {} {0} :name ?",
    "line\nbreak\ttab\rreturn",
    "\x01anomaly\x01 and \x02computed 0[1]\x02",
    "\x7f\x80\u2028\u2029\ufeff",
    "Монгол Ардын \U0001f1f2\U0001f1f3 \u202ertl",
    "]}' || (select latin_name from returnee_identities limit 1) || '",
)
UNSPEAKABLE = ("a\0b",)
NUMBERS = (0, -1, 101, 2**31, 2**63, 10**400)

SUPPLIERS = """
query ($office: ID!, $first: Int, $after: String) {
  suppliers(office: $office, first: $first, after: $after) {
    totalCount pageInfo { endCursor } edges { cursor node { id name taxNumber } }
  }
}
"""
CASES = "query ($filter: CaseFilter) { cases(first: 3, filter: $filter) { edges { node { id reference } } } }"
ONE = "query ($id: ID!) { node(id: $id) { id ... on Case { reference } } case(id: $id) { reference } }"
BY_REFERENCE = "query ($reference: String!) { caseByReference(reference: $reference) { id } }"
TARIFF = "query ($version: String) { tariffs(version: $version) { code } }"


@pytest.fixture
async def comparison(fresh_database: DatabaseAddresses, object_store: ObjectStore) -> AsyncIterator[Comparison]:
    async with (
        open_desk(fresh_database, object_store) as desk,
        SnapshotReader(fresh_database.application_url) as reader,
    ):
        yield Comparison(desk, CompiledReads(desk.schema, reader))


async def test_whatever_the_database_holds_is_spelled_alike(comparison: Comparison, fresh_database: DatabaseAddresses) -> None:
    async with builders.open_work(fresh_database) as work:
        for text in TEXTS:
            await work.write(
                OFFICER,
                lambda transaction, text=text: transaction.execute(
                    "insert into suppliers (id, field_office_id, name, tax_number, registered_by, registered_at, version)"
                    " values ($1, $2, $3, $4, $5, now(), 1)",
                    builders.new_id(),
                    MONGOLIA,
                    text,
                    text[:60],
                    OFFICER.id,
                ),
            )
    office, after, seen = encode("FieldOffice", MONGOLIA), None, 0
    for _ in TEXTS:
        asked = RandomDocument(SUPPLIERS, {"office": office, "first": 1, "after": after}, None)
        data = (await comparison.agree(OFFICER, asked)).data
        assert data is not None
        seen += len(data["suppliers"]["edges"])
        after = data["suppliers"]["pageInfo"]["endCursor"]
    assert seen == len(TEXTS)
    assert set(comparison.ways) == {"compiled"}


def hostile() -> Iterator[tuple[str, dict[str, object]]]:
    case, payment = encode("Case", uuid4()), encode("Payment", uuid4())
    for text in (*TEXTS, *UNSPEAKABLE, payment, case[:-1], case + "=", case.swapcase(), "", "x" * 10_000):
        yield ONE, {"id": text}
        yield BY_REFERENCE, {"reference": text}
        yield TARIFF, {"version": text}
        yield SUPPLIERS, {"office": encode("FieldOffice", MONGOLIA), "first": 1, "after": text}
        yield SUPPLIERS, {"office": text, "first": 1}
        yield CASES, {"filter": {"country": text}}
        yield CASES, {"filter": {"office": text, "status": [text]}}
        yield CASES, {"filter": text}
        yield CASES, {text: {}, "filter": {text: 1}}
    for number in NUMBERS:
        yield SUPPLIERS, {"office": encode("FieldOffice", MONGOLIA), "first": number}
        yield CASES, {"filter": {"country": number, "reference": [number]}}
        yield ONE, {"id": number}
    yield ONE, {"id": case}
    yield ONE, {"id": ["' or true --"]}
    yield ONE, {"id": {"a": 1}}
    yield CASES, {"filter": {"deviates": "true"}}


async def test_hostile_variables_are_refused_or_answered_alike_and_change_no_statement(comparison: Comparison) -> None:
    statements: set[str] = set()
    whole = SnapshotReader.read
    reader = comparison.reads._reader  # noqa: SLF001 - what it is asked to run

    async def read(actor: Actor, statement: str, parameters: list[object]) -> bytes:
        statements.add(statement)
        return await whole(reader, actor, statement, parameters)

    reader.read = read  # type: ignore[method-assign, assignment] # listens
    for query, variables in hostile():
        await comparison.agree(COUNSELLOR, RandomDocument(query, variables, None))
    assert comparison.ways[Cause.REFUSED] > 50
    for text in (*TEXTS, "drop table", "or true"):
        assert [sql for sql in statements if text in sql] == []
    assert len(statements) <= 10, "one for each shape"


def test_only_names_can_be_written_into_a_statement() -> None:
    assert quoted("it's") == "'it''s'"
    for text in ("a\\b", "a\nb", "a\0b"):
        with pytest.raises(ValueError, match="not a name"):
            quoted(text)


@dataclass
class Unread:
    """A reader that nobody may ask."""

    async def read(self, *_arguments: object) -> bytes:
        raise AssertionError("nothing is read here")


def reads() -> CompiledReads:
    return CompiledReads(build_schema(), Unread())  # type: ignore[arg-type] # only plans are made


def test_plans_do_not_cross_roles() -> None:
    both = reads()
    query = "{ cases(first: 1) { edges { node { intake { administrativeStatus } returnees { identity { latinName } } } } } }"
    sqls = {}
    for who in (COUNSELLOR, FINANCE, OFFICER):
        plan = both.plan(query, None, who.role)
        assert both.plan(query, None, who.role) is plan
        sqls[who.role] = plan.statement(who, plan.variables.read({}))[0].sql
    assert both.size == 3
    assert "case_intakes" in sqls[Role.RETURN_COUNSELLOR]
    assert "returnee_identities" in sqls[Role.RETURN_COUNSELLOR]
    assert "case_intakes" not in sqls[Role.FEDASIL_FINANCE] + sqls[Role.FIELD_OFFICER]
    assert "returnee_identities" not in sqls[Role.FEDASIL_FINANCE]
    assert "returnee_identities" in sqls[Role.FIELD_OFFICER]


def test_the_caches_are_bounded_and_memory_stays_flat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measured over a hundred thousand documents in tests/benchmarks/README.md; each fills the same bounded places as these."""
    monkeypatch.setattr(compiled, "PLANS", 50)
    both = reads()

    def ask(numbers: range) -> None:
        for number in numbers:
            plan = both.plan(f"{{ a{number}: cases(first: 1) {{ edges {{ node {{ id deadline }} }} }} }}", None, OFFICER.role)
            plan.statement(OFFICER, plan.variables.read({}))

    ask(range(10))
    tracemalloc.start()
    ask(range(10, 620))  # more than every cache on the way holds
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    ask(range(620, 820))
    gc.collect()
    growth = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert both.size == 50
    assert abs(growth) < 100_000, "bytes"


def test_one_document_keeps_a_bounded_number_of_variants() -> None:
    both = reads()
    names = [f"v{number}" for number in range(12)]
    fields = " ".join(f"id @include(if: ${name})" for name in names)
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    query = f"query ({declared}) {{ cases(first: 1) {{ edges {{ node {{ reference {fields} }} }} }} }}"
    plan = both.plan(query, None, OFFICER.role)
    for number in range(200):
        asked = {name: bool(number >> place & 1) for place, name in enumerate(names)}
        plan.statement(OFFICER, plan.variables.read(asked))
    assert isinstance(plan, Plan)
    assert len(plan._roots) <= 16  # noqa: SLF001 - what it keeps


def test_what_was_used_last_is_kept() -> None:
    recent: Recent[int, str] = Recent(2)
    for key in (1, 2, 1, 3):
        recent.get(key, lambda key=key: str(key))  # type: ignore[misc] # bound at once
    assert recent.get(1, lambda: "made anew") == "1"
    assert recent.get(2, lambda: "made anew") == "made anew"


async def test_a_very_large_selection_is_left_to_resolvers() -> None:
    await register_models()
    both = reads()
    again = " ".join(f"{name} {{{{ case {{{{ ...F{{n}} }}}} }}}}" for name in ("returnees", "plans", "entitlements"))
    levels = " ".join(f"fragment F{n} on Case {{ {again.format(n=n + 1)} }}" for n in range(5))
    inner = "id reference status version registeredAt registeredBy departedOn arrivedOn closedOn closeNote deadline dublin"
    query = f"{{ cases(first: 1) {{ edges {{ node {{ ...F0 }} }} }} }} {levels} fragment F5 on Case {{ {inner} }}"
    plan = both.plan(query, None, OFFICER.role)
    with pytest.raises(LeftError) as left:
        plan.statement(OFFICER, plan.variables.read({}))
    assert str(left.value) == "resolver: a very large selection"
