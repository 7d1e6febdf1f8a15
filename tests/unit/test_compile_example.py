"""The example of the compiler's README is what the compiler makes."""

import re
from pathlib import Path
from uuid import UUID

from graphql import get_operation_ast

import reintegration.api.compile as room
from reintegration.api.compile.arguments import Arguments
from reintegration.api.compile.plans import Plan
from reintegration.api.identifiers import encode
from reintegration.api.schema import build_schema
from reintegration.kernel.actor import Actor, Role
from reintegration.models import register_models

README = Path(room.__file__).with_name("README.md").read_text(encoding="utf-8")


def block(kind: str) -> str:
    found = re.search(rf"<!-- example -->.*?```{kind}\n(.*?)\n```.*<!-- /example -->", README, re.DOTALL)
    assert found is not None
    return found.group(1)


async def test_the_example_is_compiled_to_what_stands_there() -> None:
    await register_models()
    schema = build_schema()
    query = block("graphql").replace("…", encode("FieldOffice", UUID(int=1)))
    document = schema.valid_document(query)
    assert document is not None
    operation = get_operation_ast(document, None)
    assert operation is not None
    arguments = Arguments(schema)
    plan = Plan(arguments, document, operation, Role.FIELD_OFFICER)
    actor = Actor("officer", Role.FIELD_OFFICER, frozenset({UUID(int=1)}))
    statement, parameters = plan.statement(actor, plan.variables.read({"first": 3}))
    assert block("sql") in statement.sql
    assert sorted(map(str, parameters)) == [str(UUID(int=1)), "3"]
