"""schemathesis asks for every query and mutation as several roles: whatever it makes up, no answer is a fault of ours."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Protocol

import pytest
import requests
import schemathesis
from graphql import introspection_from_schema
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.graphql.schemas import GraphQLSchema

from reintegration.api.codes import Code
from reintegration.api.schema import build_schema
from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.actor import Role
from reintegration.storage.address import ObjectStoreAddress
from tests.builders import SYSTEM, open_work
from tests.conformance.generated import Records, declare_scalars
from tests.fee_steps import add_tariffs
from tests.http_client import Server, running
from tests.operations.caseload import build, visible_ids

_EXAMPLES = 12
_SEED = 20260101
_ROLES = (
    Role.FIELD_OFFICER,
    Role.PARTNER_COORDINATOR,
    Role.FEDASIL_FINANCE,
    Role.AUDITOR,
    Role.RETURN_COUNSELLOR,
    Role.ADMINISTRATOR,
)
_EXPECTED = frozenset(code.value for code in Code) - {Code.INTERNAL.value, Code.UNAVAILABLE.value, Code.TIMEOUT.value}


def _graph() -> GraphQLSchema:
    """The whole graph as schemathesis reads it; hardened as in production there would be nothing to read."""
    declare_scalars()
    return schemathesis.graphql.from_dict(dict(introspection_from_schema(build_schema()._schema)))  # noqa: SLF001 - Strawberry has no accessor


class _MadeUp(Protocol):
    """The part of schemathesis' case that counts here."""

    body: object


GRAPH = _graph()
LABELS = [found.ok().label for found in GRAPH.get_all_operations() if isinstance(found, Ok)]


@pytest.fixture(scope="module")
async def server(
    own_database: DatabaseAddresses, object_store_address: ObjectStoreAddress, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Server]:
    async with running(own_database, object_store_address, tmp_path_factory.mktemp("served")) as started:
        yield started


@pytest.fixture(scope="module")
async def records(own_database: DatabaseAddresses) -> Records:
    """A caseload in which every table is filled."""
    await add_tariffs(own_database)
    async with open_work(own_database) as work:
        await build(work)
        found = await visible_ids(work, SYSTEM)
    return Records({kind: sorted(ids) for kind, ids in found.items()})


def test_the_whole_schema_is_asked_for() -> None:
    core = build_schema()._schema  # noqa: SLF001 - Strawberry has no accessor
    assert core.query_type is not None
    assert core.mutation_type is not None
    assert sorted(LABELS) == sorted(
        [*(f"Query.{name}" for name in core.query_type.fields), *(f"Mutation.{name}" for name in core.mutation_type.fields)]
    )


@pytest.mark.parametrize("label", LABELS)
async def test_no_answer_is_a_fault_of_ours(server: Server, records: Records, label: str) -> None:
    tokens = {role: server.token(role) for role in _ROLES}
    outcomes = await asyncio.to_thread(_ask, label, f"{server.url}/graphql", tokens, records)
    assert sum(outcomes.values()) >= len(_ROLES)


def _ask(label: str, url: str, tokens: Mapping[Role, str], records: Records) -> Counter[str]:
    """Ask as every role for what schemathesis makes up of an operation; how often which code came."""
    operation = GRAPH.find_operation_by_label(label)
    assert operation is not None
    outcomes: Counter[str] = Counter()
    made_up = st.one_of(*[operation.as_strategy()] * 5, operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))

    @seed(_SEED)
    @settings(
        max_examples=_EXAMPLES, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(made_up)
    def ask(case: _MadeUp) -> None:
        document = records.document(str(case.body), label)
        for role, token in tokens.items():
            response = session.post(url, json={"query": document}, headers={"Authorization": f"Bearer {token}"}, timeout=60)
            body = response.json()
            errors = body.get("errors", [])
            found = [error["extensions"]["code"] for error in errors]
            assert response.status_code == 200, (role, document, body)
            assert set(found) <= _EXPECTED, (role, document, errors)
            assert not any("incident" in error["extensions"] for error in errors), (role, document, errors)
            outcomes.update(found[:1] or ["ok"])

    with requests.Session() as session:
        session.trust_env = False
        ask()
    return outcomes
