"""Limits and cost: exact numbers, also for documents made to hurt."""

import time

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, parse, validate

from reintegration.api.cost import operation_cost
from reintegration.api.edge import EdgeSchema
from reintegration.api.limits import Limits, document_rules, has_nul
from tests.api_app import Mutation, Query

_SCHEMA = EdgeSchema(Query, Mutation, limits=Limits(), is_hardened=False)
_GRAPH: GraphQLSchema = _SCHEMA._schema  # noqa: SLF001 - Strawberry has no accessor


def _cost(query: str, **variables: object) -> int:
    document = parse(query)
    assert validate(_GRAPH, document) == []
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return operation_cost(_GRAPH, document, operation, variables)


@pytest.mark.parametrize(
    ("query", "variables", "cost"),
    [
        ("{ hello me __typename }", {}, 0),
        ("{ absent { value } }", {}, 1),
        ("{ absent { heavy } }", {}, 6),
        ("{ absent { divisors { value } } }", {}, 1 + 2),
        ("{ absent { others { value heavy } } }", {}, 1 + 10 * 6),
        ("{ numbers(first: 50) { totalCount pageInfo { endCursor } } }", {}, 1 + 1),
        ("{ numbers(first: 50) { edges { cursor node { value } } } }", {}, 1 + 50 * 2),
        ("{ numbers(last: 7) { edges { node { heavy } } } }", {}, 1 + 7 * 7),
        ("query($n: Int) { numbers(first: $n) { edges { cursor } } }", {"n": 5}, 1 + 5),
        ("query($n: Int = 8) { numbers(first: $n) { edges { cursor } } }", {}, 1 + 8),
        ("query($n: Int = 8) { numbers(first: $n) { edges { cursor } } }", {"n": 3}, 1 + 3),
        ("query($n: Int) { numbers(first: $n) { edges { cursor } } }", {}, 1 + 100),
        ("query($n: Int) { numbers(first: $n) { edges { cursor } } }", {"n": None}, 1 + 100),
        ("query($n: Int) { numbers(first: $n) { edges { cursor } } }", {"n": -4}, 1 + 1),
        ("query($n: Int) { numbers(first: $n) { edges { cursor } } }", {"n": 10**9}, 1 + 100),
        ("{ ...A ...A } fragment A on Query { absent { ...B } } fragment B on Number { heavy }", {}, 12),
        ("{ numbers(first: 50) { ...P } } fragment P on NumberConnection { edges { node { value } } }", {}, 1 + 50 * 2),
    ],
)
def test_the_cost_of_an_operation(query: str, variables: dict[str, object], cost: int) -> None:
    assert _cost(query, **variables) == cost


def test_a_nested_page_of_fifty_is_affordable() -> None:
    node = "self { value } divisors { others { others { value } } } others { divisors { value } }"
    query = f"{{ numbers(first: 50) {{ edges {{ node {{ {node} }} }} }} }}"
    assert _cost(query) == 1 + 50 * (1 + 1 + 1 + 2 * (1 + 10 * (1 + 10)) + 10 * (1 + 2)) == 12_751
    assert _cost(query) < Limits().cost


def _bomb(levels: int) -> str:
    chain = "".join(f"fragment F{i} on Number {{ self {{ ...F{i + 1} }} a: self {{ ...F{i + 1} }} }} " for i in range(levels))
    return f"{{ absent {{ ...F0 }} }} {chain} fragment F{levels} on Number {{ value }}"


def test_a_fragment_bomb_is_weighed_in_no_time() -> None:
    document = parse(_bomb(60))
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    started = time.process_time()
    assert operation_cost(_GRAPH, document, operation, {}) == 2**31 - 1
    messages = [error.message for error in validate(_GRAPH, document, list(document_rules(Limits())))]
    assert messages == [
        "The depth of this document is 62; at most 15",
        "The number of aliases of this document is 60; at most 30",
    ]
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "query",
    ["{ ...A } fragment A on Query { ...B } fragment B on Query { ...A hello }", "{ ...Missing }", "type A { b: Int }"],
)
def test_the_rules_survive_invalid_documents(query: str) -> None:
    assert validate(_GRAPH, parse(query), list(document_rules(Limits()))) == []


async def test_the_longest_document_is_validated_in_bounded_time() -> None:
    started = time.process_time()
    result = await _SCHEMA.execute("{ " + "absent { value } " * 490 + "}")
    assert [(error.extensions or {})["code"] for error in result.errors or []] == ["LIMIT_EXCEEDED", "LIMIT_EXCEEDED"]
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("value", "found"),
    [({"a": ["b", {"c": "\0"}]}, True), ({"a\0": 1}, True), ({"a": ["b", 1, None, True, 1.5, {"c": ""}]}, False), ("x\0", True)],
)
def test_nul_is_found_anywhere(value: object, found: bool) -> None:  # noqa: FBT001 - a table's column
    assert has_nul(value) is found
