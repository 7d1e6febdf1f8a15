"""Faults planted into the compiler: the comparison of random documents finds each of them, so it can fail."""

import re
from collections.abc import Callable, Mapping, Sequence

import pytest
from graphql import FieldNode, GraphQLObjectType, SelectionSetNode

from reintegration.api.compile import pages, plans, render, values
from reintegration.api.compile.plans import Plan
from reintegration.api.compile.reads import CompiledReads
from reintegration.api.compile.selection import Selections
from reintegration.api.compile.text import Text
from reintegration.api.schema import build_schema
from reintegration.kernel.actor import Role
from tests.operations.comparing import DifferenceError, comparing
from tests.operations.conftest import Offices
from tests.operations.random_documents import DocumentMaker
from tests.operations.random_world import known_of
from tests.operations.two_offices import A

ASKED = 400
"""Documents at most, each by every one of these."""
ROLES = (Role.FEDASIL_PROGRAMME, Role.FEDASIL_FINANCE, Role.FIELD_OFFICER)

Patch = pytest.MonkeyPatch


def a_swapped_alias(patch: Patch) -> None:
    whole = Selections.fields

    def fields(self: Selections, sets: Sequence[SelectionSetNode], kind: GraphQLObjectType) -> dict[str, list[FieldNode]]:
        found = whole(self, sets, kind)
        aliased = [key for key, nodes in found.items() if nodes[0].alias]
        if len(aliased) > 1:
            found[aliased[0]], found[aliased[1]] = found[aliased[1]], found[aliased[0]]
        return found

    patch.setattr(Selections, "fields", fields)


def a_lost_null(patch: Patch) -> None:
    patch.setattr(render, "or_null", Text.expression)


def a_missing_permission(patch: Patch) -> None:
    patch.setattr(render, "allows", lambda _role, _permission: True)


def an_unstable_order(patch: Patch) -> None:
    whole = render.Renderer.bounded_list

    def bounded_list(self: render.Renderer, ordered: str, *largest: int) -> Text:
        return whole(self, re.sub(r" order by [^()]*$", " order by random()", ordered), *largest)

    patch.setattr(render.Renderer, "bounded_list", bounded_list)


def a_wrong_cursor_bound(patch: Patch) -> None:
    whole = pages._Page._rows  # noqa: SLF001 - where the fault would be

    def rows(self: pages._Page) -> str:
        return whole(self).replace(") < (", ") <= (").replace(") > (", ") >= (")

    patch.setattr(pages._Page, "_rows", rows)  # noqa: SLF001 - as above


def an_unescaped_name(patch: Patch) -> None:
    spellings: Mapping[str, str] = {**values._SPELLINGS, "String": "'\"' || {x} || '\"'"}  # noqa: SLF001 - as above
    patch.setattr(values, "_SPELLINGS", spellings)


def a_plan_reused_across_roles(patch: Patch) -> None:
    kept: dict[tuple[str, str | None], Plan] = {}
    whole = CompiledReads.plan

    def plan(self: CompiledReads, query: str, operation_name: str | None, role: Role) -> Plan:
        return kept.setdefault((query, operation_name), whole(self, query, operation_name, role))

    patch.setattr(CompiledReads, "plan", plan)


def a_dropped_fragment(patch: Patch) -> None:
    whole = Selections._meets  # noqa: SLF001 - as above
    patch.setattr(Selections, "_meets", lambda self, condition, kind: condition != "Node" and whole(self, condition, kind))


FAULTS: tuple[Callable[[Patch], None], ...] = (
    a_swapped_alias,
    a_lost_null,
    a_missing_permission,
    an_unstable_order,
    a_wrong_cursor_bound,
    an_unescaped_name,
    a_plan_reused_across_roles,
    a_dropped_fragment,
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
async def test_a_planted_fault_is_found(read_offices: Offices, monkeypatch: Patch, fault: Callable[[Patch], None]) -> None:
    fault(monkeypatch)
    async with comparing(read_offices) as comparison:
        maker = DocumentMaker(build_schema()._schema, await known_of(comparison.desk, read_offices))  # noqa: SLF001 - Strawberry has no accessor

        async def ask() -> None:
            for number in range(ASKED):
                for role in ROLES:
                    await comparison.agree(A.who(role), maker.make(number))

        with pytest.raises(DifferenceError):
            await ask()


def test_the_faults_stand_where_the_compiler_looks() -> None:
    """A patched name that nobody reads would plant nothing."""
    assert render.or_null is not Text.expression
    assert plans.Renderer is render.Renderer
    assert len(FAULTS) == 8
