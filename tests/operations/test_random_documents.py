"""Random documents are valid, mostly within the limits, ask for everything in every form, and the ordinary way answers them."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import pytest
from graphql import GraphQLObjectType, parse, validate
from graphql import build_schema as parse_schema

from reintegration.api.schema import build_schema
from reintegration.kernel.actor import Role
from tests.operations.conftest import Offices
from tests.operations.desk import Desk
from tests.operations.random_coverage import Coverage
from tests.operations.random_documents import DocumentMaker, RandomDocument
from tests.operations.random_draws import Known
from tests.operations.random_graph import Steering
from tests.operations.random_world import answer, imagined, known_of, reading_desk
from tests.operations.schema_walk import Walk
from tests.operations.two_offices import A

NUMBER = 1_500
FILTERED = 500
VALIDATED = 250
"""Validation takes longer than all else; those that both ways answer are validated too."""
SCHEMA = build_schema()._schema  # noqa: SLF001 - Strawberry has no accessor
SELECTIONS = ("field", "inline fragment", "spread")
FORMS = {
    *(f"@{name} {form} on {where}" for name in ("skip", "include") for form in ("literal", "variable") for where in SELECTIONS),
    *(f"both directives on {where}" for where in SELECTIONS),
    *(f"argument {form}" for form in ("enum", "null", "object", "scalar", "variable", "variable whole object")),
    *(f"input field {form}" for form in ("enum for a list", "list", "null", "scalar", "variable", "variable whole list")),
    *(f"list{form}" for form in ("", " empty", " item enum", " item variable")),
    *(f"variable with default {form}" for form in ("absent", "given", "null", "null absent", "null given")),
    *(f"variable without default {form}" for form in ("absent", "given", "null")),
    *(f"variable {form}" for form in ("list", "list empty", "object", "object with null", "undeclared")),
    *(f"alias{form}" for form in ("", " of another field", " the same")),
    *(f"key twice{form}" for form in ("", " with fields below")),
    *(f"page {form}" for form in ("first", "after first", "last", "before last", "first last", "before first", "after last")),
    *(f"field __typename{form}" for form in ("", " aliased")),
    *(f"fragment {form}" for form in ("on an interface", "on an object", "twice", "within a fragment")),
    *(f"inline fragment {form}" for form in ("on an interface", "on an object", "without a type")),
    *(f"operation {form}" for form in ("anonymous", "named", "chosen", "one of two")),
    "field __schema",
    "field __type",
    "field twice under different keys",
    "key within a fragment and without",
}
"""Forms of the language that documents have; those on unions no query of this schema can have."""


@pytest.fixture(scope="module")
def maker() -> DocumentMaker:
    """Over records that are nowhere."""
    return DocumentMaker(SCHEMA, imagined(SCHEMA))


@pytest.fixture(scope="module")
def made(maker: DocumentMaker) -> list[RandomDocument]:
    """Many documents."""
    return [maker.make(seed) for seed in range(NUMBER)]


def test_documents_are_valid_and_mostly_within_the_limits(maker: DocumentMaker, made: list[RandomDocument]) -> None:
    for seed, document in enumerate(made[:VALIDATED]):
        assert validate(SCHEMA, parse(document.query)) == [], (seed, document)
    within = sum(maker.is_within_limits(document) for document in made)
    assert 0.8 * NUMBER <= within < NUMBER


def test_a_seed_has_one_document(made: list[RandomDocument]) -> None:
    again = DocumentMaker(SCHEMA, imagined(SCHEMA))
    assert [again.make(seed) for seed in range(100, 0, -1)] == made[100:0:-1]
    assert len({document.query for document in made}) > 0.99 * NUMBER


def test_documents_ask_for_everything_in_every_form(made: list[RandomDocument]) -> None:
    coverage, places = Coverage(SCHEMA), Walk(SCHEMA).places()
    # The filters of long lists have forms that are rare among so many root fields.
    filtered = {f"Query.{name}": 20.0 for name in ("cases", "payments", "paymentOrders", "receivables", "serviceFees")}
    steered = DocumentMaker(SCHEMA, imagined(SCHEMA), Steering(weights=filtered))
    for document in (*made, *(steered.make(seed) for seed in range(FILTERED))):
        coverage.add(document)
    asked = places & coverage.places.keys()
    assert {place for place in places - asked if place[0] == "Query"} == set()
    assert {kind for kind, _ in places} == {kind for kind, _ in asked}
    assert len(asked) >= 0.95 * len(places), sorted(places - asked)
    assert FORMS - coverage.forms.keys() == set()


def test_the_weights_choose_the_root_fields() -> None:
    weights = {f"Query.{name}": 0.0 for name in Walk(SCHEMA).type("Query").fields} | {"Query.payments": 1.0, "Query.me": 1.0}
    maker, coverage = DocumentMaker(SCHEMA, imagined(SCHEMA), Steering(weights=weights)), Coverage(SCHEMA)
    for seed in range(50):
        coverage.add(maker.make(seed))
    assert {name for kind, name in coverage.places if kind == "Query"} == {"payments", "me"}


def test_another_schema_is_drawn_from_as_it_is() -> None:
    """One with a union, an interface of an interface and lists of lists, none of which ours has on this side."""
    schema = parse_schema(
        """
        interface Named { name(upper: Boolean! = false): String }
        interface Titled implements Named { name(upper: Boolean! = false): String, title: String! }
        type Book implements Named & Titled { name(upper: Boolean! = false): String, title: String!, pages: [[Int!]]! }
        type Film implements Named { name(upper: Boolean! = false): String, title: String, pages: Int, next: Work }
        union Work = Book | Film
        input Range { least: Int! = 1, most: Int, inner: [Range!] }
        type Query { works(ranges: [[Range!]!]): [Work!]! named: Named titled(id: ID!): [Titled] }
        """
    )
    known = Known(ids={"Book": ["b1"]}, strangers={}, values={"Int": (1, 2)}, cursors={}, groups={})
    maker, coverage = DocumentMaker(schema, known, Steering()), Coverage(schema)
    for seed in range(200):
        document = maker.make(seed)
        assert validate(schema, parse(document.query)) == [], (seed, document)
        coverage.add(document)
    kinds = [kind for name, kind in schema.type_map.items() if not name.startswith("__")]
    objects = {(kind.name, name) for kind in kinds if isinstance(kind, GraphQLObjectType) for name in kind.fields}
    assert objects <= coverage.places.keys()
    assert {"fragment on a union", "inline fragment on a union", "inline fragment on an interface"} <= coverage.forms.keys()


@dataclass(frozen=True, slots=True)
class Asking:
    """Who answers, and what is asked."""

    desk: Desk
    maker: DocumentMaker


@pytest.fixture(scope="module")
async def asking(read_offices: Offices) -> AsyncIterator[Asking]:
    """Over the caseload of two offices."""
    async with reading_desk(read_offices) as desk:
        yield Asking(desk, DocumentMaker(SCHEMA, await known_of(desk, read_offices)))


@pytest.mark.parametrize("role", [Role.FEDASIL_PROGRAMME, Role.FIELD_OFFICER, Role.FEDASIL_FINANCE])
async def test_the_ordinary_way_answers_without_a_fault(asking: Asking, role: Role) -> None:
    rich, codes = 0, Counter[object]()
    for seed in range(60):
        document = asking.maker.make(seed)
        result = await answer(asking.desk, A.who(role), document)
        found = {(error.extensions or {})["code"] for error in result.errors or ()}
        assert found.isdisjoint({"INTERNAL", "TIMEOUT", "UNAVAILABLE"}), (seed, document, result.errors)
        codes.update(found)
        rich += isinstance(result.data, Mapping) and any(shown not in (None, [], {}) for shown in result.data.values())
    assert rich >= 30, codes
