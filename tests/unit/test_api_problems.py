"""Problems: one type per error class, and a raised error arrives as a member of the mutation's union."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

import pytest
import strawberry

from reintegration.api import identifiers
from reintegration.api.problems import exception_handlers, problem, problem_type, result_union
from reintegration.kernel.errors import (
    DomainError,
    InvalidInputError,
    NotFoundError,
    SamePersonError,
    TransitionError,
    VersionConflictError,
)
from reintegration.kernel.money import Money

_ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


class Shade(StrEnum):
    DARK = "dark"


@dataclass(kw_only=True)
class EveryFieldError(DomainError):
    """It is {shade}."""

    code: ClassVar[str] = "EVERY_FIELD"
    shade: Shade
    plan_item_id: UUID
    key: UUID
    available: Money
    deadline: date | None
    others: tuple[str, ...]
    case_ids: frozenset[UUID]


@dataclass(kw_only=True)
class UnshowableError(DomainError):
    """No."""

    number: float


@strawberry.type
class PayPayload:
    paid: bool


PayResult = result_union("PayResult", PayPayload, SamePersonError, EveryFieldError)


def _raise(case: str) -> PayPayload:
    match case:
        case "input":
            raise InvalidInputError(field="plan_items.0.budget", reason="too much")
        case "version":
            raise VersionConflictError(kind="plan", id=_ID, expected_version=1, current_version=2)
        case "person":
            raise SamePersonError(step="release")
        case "every":
            raise EveryFieldError(
                shade=Shade.DARK,
                plan_item_id=_ID,
                key=_ID,
                available=Money(65895, "EUR"),
                deadline=None,
                others=("a", "b"),
                case_ids=frozenset({_ID}),
            )
        case "undeclared":
            raise TransitionError(kind="case", current="closed", wanted="open")
        case _:
            return PayPayload(paid=True)


@strawberry.type
class Mutation:
    @strawberry.mutation(graphql_type=PayResult)
    async def pay(self, case: str) -> PayPayload:
        return _raise(case)

    @strawberry.mutation(graphql_type=PayResult)
    def pay_at_once(self, case: str) -> PayPayload:
        return _raise(case)


@strawberry.type
class Query:
    ok: bool = True


_SCHEMA = strawberry.Schema(Query, Mutation, exception_handlers=exception_handlers())
_SELECTION = """{ __typename ... on Problem { code message path } ... on PayPayload { paid }
  ... on VersionConflictProblem { id expectedVersion currentVersion }
  ... on EveryFieldProblem { shade planItemId key available { amount currency } deadline others caseIds } }"""


@pytest.mark.parametrize("field", ["pay", "payAtOnce"])
@pytest.mark.parametrize(
    ("case", "answer"),
    [
        ("good", {"__typename": "PayPayload", "paid": True}),
        (
            "input",
            {
                "__typename": "InvalidInputProblem",
                "code": "INVALID_INPUT",
                "message": "plan_items.0.budget: too much.",
                "path": ["planItems", "0", "budget"],
            },
        ),
        (
            "version",
            {
                "__typename": "VersionConflictProblem",
                "code": "VERSION_CONFLICT",
                "message": "The plan is at version 2, not 1: somebody changed it; look again, then repeat.",
                "path": [],
                "id": identifiers.encode("Plan", _ID),
                "expectedVersion": 1,
                "currentVersion": 2,
            },
        ),
        (
            "every",
            {
                "__typename": "EveryFieldProblem",
                "code": "EVERY_FIELD",
                "message": "It is dark.",
                "path": [],
                "shade": "dark",
                "planItemId": identifiers.encode("PlanItem", _ID),
                "key": str(_ID),
                "available": {"amount": "658.95", "currency": "EUR"},
                "deadline": None,
                "others": ["a", "b"],
                "caseIds": [identifiers.encode("Case", _ID)],
            },
        ),
    ],
)
async def test_an_expected_failure_is_data(field: str, case: str, answer: dict[str, object]) -> None:
    result = await _SCHEMA.execute(f'mutation {{ {field}(case: "{case}") {_SELECTION} }}')
    assert result.errors is None
    assert result.data == {field: answer}


async def test_an_undeclared_failure_is_not_taken_for_another() -> None:
    result = await _SCHEMA.execute(f'mutation {{ pay(case: "undeclared") {_SELECTION} }}')
    assert result.data is None
    assert isinstance((result.errors or [])[0].original_error, TransitionError)


def test_the_union_has_the_common_problems_and_its_own() -> None:
    printed = str(_SCHEMA)
    members = (
        "union PayResult = PayPayload | InvalidInputProblem | NotFoundProblem | ForbiddenProblem | VersionConflictProblem"
        " | IdempotencyConflictProblem | SamePersonProblem | EveryFieldProblem"
    )
    assert members in printed
    assert "type SamePersonProblem implements Problem {" in printed


def test_a_field_that_the_graph_cannot_show_is_refused_when_declared() -> None:
    with pytest.raises(TypeError, match=r"UnshowableError.number: the graph can't show a <class 'float'>"):
        problem_type(UnshowableError)


def test_one_error_class_has_one_type() -> None:
    assert problem_type(NotFoundError) is problem_type(NotFoundError)
    assert type(problem(NotFoundError(kind="Case"))) is problem_type(NotFoundError)
