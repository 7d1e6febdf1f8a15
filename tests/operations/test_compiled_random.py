"""Thousands of random valid documents, as every role: compiled statements and resolvers give the same bytes."""

import os
from collections.abc import AsyncIterator

import pytest

from reintegration.api.schema import build_schema
from reintegration.kernel.actor import Role
from tests.operations.comparing import COMPILED, ROLES, Comparison, comparing
from tests.operations.conftest import Offices
from tests.operations.random_documents import DocumentMaker
from tests.operations.random_world import known_of
from tests.operations.two_offices import A

DOCUMENTS = int(os.environ.get("RANDOM_DOCUMENTS", "80"))
"""For each role; those of one role are others than those of the next. RANDOM_DOCUMENTS asks for more."""


@pytest.fixture(scope="module")
async def comparison(read_offices: Offices) -> AsyncIterator[Comparison]:
    async with comparing(read_offices) as both:
        yield both


@pytest.fixture(scope="module")
async def maker(read_offices: Offices, comparison: Comparison) -> DocumentMaker:
    return DocumentMaker(build_schema()._schema, await known_of(comparison.desk, read_offices))  # noqa: SLF001 - Strawberry has no accessor


@pytest.mark.parametrize("role", ROLES)
async def test_both_ways_give_the_same_answer(comparison: Comparison, maker: DocumentMaker, role: Role) -> None:
    comparison.ways.clear()
    who = A.who(role)
    for number in range(DOCUMENTS):
        await comparison.agree(who, maker.make(ROLES.index(role) * DOCUMENTS + number))
    # An administrator may see hardly anything, so that most of what they ask is refused.
    assert comparison.ways[COMPILED] >= DOCUMENTS * (0.05 if role is Role.ADMINISTRATOR else 0.25), comparison.ways
