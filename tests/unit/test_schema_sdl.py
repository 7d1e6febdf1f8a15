"""The printed contract: current, without floats, every list bounded."""

from pathlib import Path

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_object_type,
)
from strawberry.utils.str_converters import to_camel_case

from reintegration.api.edge import EdgeSchema
from reintegration.api.graph import READS, ToMany, ToOne, shapes
from reintegration.api.pages import PagesOf
from reintegration.api.printing import print_schema_sorted
from reintegration.api.schema import build_schema
from reintegration.models import register_models

CONTRACT = Path(__file__).parents[2] / "schema" / "schema.graphql"

BOUNDED = {
    "Me.offices",  # the token
    "Me.permissions",  # the enum
    "Document.payments",  # refused past loaders.LARGEST_LIST, as are all of ToMany
    "DuplicateEvidence.payments",
    "PaymentDocument.duplicates",
    "Case.balances",  # streams times funds
    "AuditEntry.changes",  # columns
    "Report.parameters",  # the definition
    "Statistics.byAdministrativeStatus",  # the enum
    "Statistics.topCountries",  # ten
    "Upload.headers",  # those that the store signs
    "Query.paymentTotals",  # countries times two years
    "Query.countries",  # reference data: refused past loaders.LARGEST_LIST
    "Query.exchangeRates",
    "Query.funds",
    "Query.offices",
    "Query.partners",
    "Query.serviceFeeTariffs",
    "Query.returnDesks",
    "EntitlementAssessment.deviations",
    "Query.tariffs",
    "InvariantCheck.invariants",  # those that the software knows
    "Invariant.examples",  # five
    "Query.advanceAgeing",  # holders times four
    "Query.receivableAgeing",  # kinds of debtors times currencies times four
    "Query.openItems",  # 100 payments and 100 lines
    "Query.statementSuggestions",  # 20
    "StatementMatchRecord.reasons",  # criteria of a score
    "StatementSuggestion.reasons",
    "Query.unconfirmedAgeing",  # offices times four
}
"""Lists without pages that are no relation, each with what bounds it."""
EXPLANATION = {
    "AppliedExclusion",
    "AssessmentStep",
    "AssessmentStream",
    "Explanation",
}
"""Parts of a stored assessment, bounded by the rules and the household."""


@pytest.fixture(scope="module")
def schema() -> EdgeSchema:
    return build_schema()


@pytest.fixture(scope="module")
def core(schema: EdgeSchema) -> GraphQLSchema:
    return schema._schema  # noqa: SLF001 - Strawberry has no accessor


def test_the_printed_schema_is_the_committed_one(schema: EdgeSchema) -> None:
    assert CONTRACT.read_text(encoding="utf-8") == print_schema_sorted(schema), "run `make schema` and read the difference"


def test_there_is_no_float_anywhere(core: GraphQLSchema) -> None:
    assert "Float" not in core.type_map


def test_every_list_is_bounded_or_a_connection(core: GraphQLSchema) -> None:
    relations = {
        f"{kind}.{to_camel_case(item.python_name)}"
        for kind, shape in shapes().items()
        for item in shape.shown_as.__strawberry_definition__.fields  # type: ignore[attr-defined] # Strawberry's
        if isinstance(item.metadata.get(READS), ToMany)
    }
    found = set()
    for name, kind in core.type_map.items():
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) or name.startswith("__"):
            continue
        if name in EXPLANATION or name.endswith(("Connection", "Problem")) or name == "Problem":
            continue
        for field_name, field in kind.fields.items():
            if is_list_type(get_nullable_type(field.type)):
                found.add(f"{name}.{field_name}")
    assert found - relations - BOUNDED == set()
    assert BOUNDED - found == set()


def test_every_connection_takes_a_page(core: GraphQLSchema) -> None:
    for name, kind in core.type_map.items():
        if not isinstance(kind, GraphQLObjectType):
            continue
        for field_name, field in kind.fields.items():
            target = get_named_type(field.type)
            if is_object_type(target) and target.name.endswith("Connection"):
                assert {"first", "after", "last", "before"} <= field.args.keys(), f"{name}.{field_name}"


async def test_every_relation_names_a_type_and_columns_that_exist() -> None:
    await register_models()
    for shape in shapes().values():
        for item in shape.shown_as.__strawberry_definition__.fields:  # type: ignore[attr-defined] # Strawberry's
            where = f"{shape.kind}.{item.python_name}"
            match item.metadata.get(READS):
                case ToOne(kind=kind, column=column):
                    assert kind in shapes(), where
                    if shape.stored_as is not None:
                        assert column in shape.model._meta.fields_map, where  # noqa: SLF001 - Tortoise has no other name
                case ToMany(kind=kind, column=column, order=order):
                    fields = shapes()[kind].model._meta.fields_map  # noqa: SLF001 - see above
                    assert {column, *order} <= fields.keys(), where
                case PagesOf(kind=kind, column=column):
                    assert column in shapes()[kind].model._meta.db_fields, where  # noqa: SLF001 - see above
                case _:
                    pass


def test_what_a_role_may_not_see_is_nullable(core: GraphQLSchema) -> None:
    """A type that needs more than its holder must be nullable there."""
    shared = {"CASE_READ", "ENTITLEMENT_READ", "PLAN_READ", "PAYMENT_READ", "SUPPLIER_READ", "EVIDENCE_READ", "REFERENCE_READ"}
    for shape in shapes().values():
        kind = core.type_map[shape.kind]
        assert isinstance(kind, GraphQLObjectType)
        for name, field in kind.fields.items():
            target = shapes().get(get_named_type(field.type).name)
            if target is not None and target.permission.name not in {*shared, shape.permission.name}:
                assert field.type is get_nullable_type(field.type), f"{shape.kind}.{name}"
