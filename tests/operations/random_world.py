"""What random documents know of the caseload of two offices, and how they are asked; and a caseload that doesn't exist."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import cast
from uuid import UUID

from graphql import GraphQLEnumType, GraphQLField, GraphQLSchema, Undefined, get_named_type
from strawberry.types import ExecutionResult

from reintegration.api.graph import shapes
from reintegration.api.identifiers import encode
from reintegration.api.loaders import table_of
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.clock import first_of_month
from reintegration.storage.address import ObjectStoreAddress
from reintegration.storage.client import ObjectStore
from tests.builders import SYSTEM, days_ago
from tests.operations.caseload import NODES, visible_ids
from tests.operations.conftest import Offices
from tests.operations.desk import Desk, open_desk
from tests.operations.random_documents import RandomDocument
from tests.operations.random_draws import Known
from tests.operations.schema_walk import Walk
from tests.operations.test_matrix_fields import known, roots
from tests.operations.two_offices import A, B

_ENTRIES_BY = (frozenset({"record"}), frozenset({"table", "row"}))
_OFFICES = [encode("FieldOffice", side.office_id) for side in (A, A, A, B)]
_DAYS: dict[str, Sequence[object]] = {
    "From": [str(days_ago(days)) for days in (9000, 400, 31, 3)],
    "To": [str(days_ago(days)) for days in (-9000, -400, 0, 2)],
    "Date": [str(days_ago(days)) for days in (0, 1, 3, 30, 400)],
    "month": [str(first_of_month(days_ago(days))) for days in (1, 3, 3, 60, 9000)],
    "year": sorted({days_ago(days).year for days in (0, 30, 400)}),
}
_SHARED_VALUES: dict[str, Sequence[object]] = _DAYS | {
    "CaseFilter.office": _OFFICES,
    "Float": (0.5, 2.0),
    "Int": tuple(range(12)),
    "PaymentFilter.office": _OFFICES,
    "Query.bankAccounts.office": _OFFICES,
    "Query.suppliers.office": _OFFICES,
    "String": ("a", "BE"),
    "amount": ("25.00", "25.00", "350.00", "0.01", "-1.00"),
    "country": ("MN", "MN", "MN", "CM", "BR"),
    "currency": ("EUR", "EUR", "EUR", "MNT"),
    "DateTime": ("2026-01-01T00:00:00Z", "2023-09-14T08:30:00+02:00"),
    "Digest": ("b2" * 32,),
    "UUID": ("01890a5d-ac96-774b-bcce-b302099a8057",),
}


@asynccontextmanager
async def reading_desk(offices: Offices) -> AsyncIterator[Desk]:
    """A desk for questions: links are signed without asking the store, so none has to run."""
    store = ObjectStore(ObjectStoreAddress("evidence", "http://127.0.0.1:1", "nobody", "nothing"))
    async with store, open_desk(offices.addresses, store) as desk:
        yield desk


async def answer(desk: Desk, who: Actor, made: RandomDocument) -> ExecutionResult:
    """What the ordinary way answers."""
    return await desk.schema.execute(made.query, dict(made.variables), desk.context(who), operation_name=made.operation_name)


async def known_of(desk: Desk, offices: Offices) -> Known:
    """The records of office A, those of others as strangers, and cursors as the programme is given them."""
    everything = await visible_ids(desk.work, SYSTEM)
    mine = await visible_ids(desk.work, A.who(Role.FIELD_OFFICER))
    ids = {kind: [encode(kind, key) for key in sorted(mine[kind] or everything[kind])] for kind in NODES}
    async with desk.work.read(SYSTEM) as transaction:
        found = await transaction.fetch("select reference from cases order by id")
        versions = await transaction.fetch("select code from tariff_versions order by code")
        own = await transaction.fetch_value("select reference from cases where id = $1", offices.caseload.case_of_a)
    logged = ("Case", "Payment", "Plan")
    values: dict[str, Sequence[object]] = {
        "reference": [own, own, *(row["reference"] for row in found)],
        "row": [str(key) for kind in logged for key in sorted(mine[kind])],
        "table": [table_of(shapes()[kind]) for kind in (*logged, "Supplier", "ReturneeIdentity")],
        "version": [row["code"] for row in versions],
        "Version": [row["code"] for row in versions],
    }
    arguments = roots(
        encode("Case", offices.caseload.case_of_a),
        str(own),
        known(mine, everything),
    )
    cursors = {place: await _cursors(desk, query) for place, query in _connections(Walk.over(desk.schema), ids, arguments)}
    return Known(
        ids=ids,
        strangers={
            kind: [encode(kind, key) for key in sorted(everything[kind] - mine[kind])]
            for kind in NODES
            if mine[kind] and everything[kind] != mine[kind]
        },
        values=_SHARED_VALUES | values,
        cursors={place: found for place, found in cursors.items() if found},
        groups={"Query.auditEntries": _ENTRIES_BY},
    )


def _orders(item: GraphQLField) -> Iterator[tuple[str, str]]:
    """Each order of a list, as cursors' place and as an argument; a list without a choice has one."""
    for name, argument in item.args.items():
        kind = get_named_type(argument.type)
        if isinstance(kind, GraphQLEnumType) and argument.default_value not in {None, Undefined}:
            yield from ((f"@{value}", f", {name}: {value})") for value in kind.values)
            return
    yield "", ")"


def _connections(walk: Walk, ids: Mapping[str, Sequence[str]], arguments: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Every list with pages and a document of its first page."""
    for kind, name in sorted(walk.places()):
        item = walk.type(kind).fields[name]
        if "after" not in item.args:
            continue
        for place, order in _orders(item):
            page = f"{name}{arguments[name] if kind == 'Query' else '(first: 20)'}".removesuffix(")") + order
            below = f"{page} {{ edges {{ cursor }} }}"
            nodes = " ".join(
                f'n{at}: node(id: "{key}") {{ ... on {kind} {{ {below} }} }}' for at, key in enumerate(ids.get(kind, ())[:12])
            )
            yield f"{kind}.{name}{place}", f"{{ {below if kind == 'Query' else nodes} }}"


async def _cursors(desk: Desk, query: str) -> list[str]:
    result = await answer(desk, A.who(Role.FEDASIL_PROGRAMME), RandomDocument(query, {}, None))
    assert result.errors is None, (query, result.errors)
    return sorted(set(_found_in(result.data)))


def _found_in(value: object) -> Iterator[str]:
    for inner in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
        yield from _found_in(inner)
    if isinstance(value, dict) and "cursor" in value:
        yield cast("str", value["cursor"])


def imagined(schema: GraphQLSchema) -> Known:
    """Records that are nowhere, to draw documents without a database."""
    keys = [UUID(int=number) for number in range(1, 6)]
    values: dict[str, Sequence[object]] = {
        "reference": [f"BE-2026-{number:06}" for number in range(1, 6)],
        "row": [str(key) for key in keys],
        "table": [table_of(shapes()[kind]) for kind in ("Case", "Payment")],
        "version": ["2026"],
        "Version": ["2026"],
    }
    walk = Walk(schema)
    return Known(
        ids={kind: [encode(kind, key) for key in keys] for kind in NODES},
        strangers={kind: [encode(kind, UUID(int=number)) for number in range(6, 9)] for kind in NODES},
        values=_SHARED_VALUES | values,
        cursors={
            f"{kind}.{name}{place}": [f"{kind}{name}{place[1:]}{number}" for number in range(3)]
            for kind, name in sorted(walk.places())
            if "after" in (item := walk.type(kind).fields[name]).args
            for place, _ in _orders(item)
        },
        groups={"Query.auditEntries": _ENTRIES_BY},
    )
