"""The two AMIF indicators of the programme: who counts, and which cases stand behind a figure."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, cast
from uuid import UUID

from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.errors import InvalidInputError

DEFINITION_VERSION: Final = "2026-1"
PROGRAMME_START: Final = date(2021, 1, 1)
MOST_CASES: Final = 100
_SQL = load_queries(__file__)


class Indicator(StrEnum):
    """AMIF Annex VIII, specific objective 3 (amif.md 1.4)."""

    REINTEGRATION_ASSISTANCE = "O.3.3"
    VOLUNTARILY_RETURNED = "R.3.6"


class AgeBracket(StrEnum):
    """18 and 60 belong to the middle one."""

    UNDER_18 = "<18"
    FROM_18_TO_60 = "18-60"
    OVER_60 = ">60"


class Gender(StrEnum):
    """As registered."""

    FEMALE = "female"
    MALE = "male"
    NON_BINARY = "non_binary"


@dataclass(frozen=True, slots=True)
class IndicatorCase:
    """One person of a figure, without a name; `counted_on` is the day from which they count."""

    case_id: UUID
    case_reference: str
    returnee_id: UUID
    age_bracket: AgeBracket
    gender: Gender
    counted_on: date


@dataclass(frozen=True, slots=True)
class IndicatorKey:
    """The last person of a page, after whom the next one starts."""

    case_reference: str
    returnee_id: UUID


def with_counted(name: str) -> str:
    """The statement `name` with the base of the indicators in its place."""
    return _SQL[name].replace("{counted}", _SQL["counted_persons"])


async def indicator_cases(  # noqa: PLR0913 - four coordinates of a figure, three of a page
    transaction: Transaction,
    code: Indicator,
    reference_date: date,
    *,
    age: AgeBracket | None = None,
    gender: Gender | None = None,
    after: IndicatorKey | None = None,
    limit: int = MOST_CASES,
    is_reversed: bool = False,
) -> tuple[IndicatorCase, ...]:
    """The persons behind a figure of the indicator report, by case reference; with neither age nor gender, of its total.

    With `is_reversed` the last come first, and `after` is the person before whom the page ends.

    Raises:
        ForbiddenError: the role reads no reports.
        InvalidInputError: `limit` is not between 1 and 101 (one more than a page, so that a reader sees whether there is one).
    """
    require(transaction.actor, Permission.REPORT_READ)
    if not 1 <= limit <= MOST_CASES + 1:
        raise InvalidInputError(field="limit", reason=f"is between 1 and {MOST_CASES}")
    comparison, direction = ("<", "desc") if is_reversed else (">", "asc")
    rows = await transaction.fetch(
        with_counted("indicator_cases").replace("{comparison}", comparison).replace("{direction}", direction),
        reference_date,
        PROGRAMME_START,
        code.value,
        None if age is None else age.value,
        None if gender is None else gender.value,
        None if after is None else after.case_reference,
        None if after is None else after.returnee_id,
        limit,
    )
    return tuple(
        IndicatorCase(
            case_id=row["case_id"],
            case_reference=row["case_reference"],
            returnee_id=row["returnee_id"],
            age_bracket=AgeBracket(row["age_bracket"]),
            gender=Gender(row["gender"]),
            counted_on=row["counted_on"],
        )
        for row in rows
    )


async def indicator_total(
    transaction: Transaction,
    code: Indicator,
    reference_date: date,
    *,
    age: AgeBracket | None = None,
    gender: Gender | None = None,
) -> int:
    """The figure itself: how many persons `indicator_cases` gives in all.

    Raises:
        ForbiddenError: the role reads no reports.
    """
    require(transaction.actor, Permission.REPORT_READ)
    total = await transaction.fetch_value(
        with_counted("indicator_cases_total"),
        reference_date,
        PROGRAMME_START,
        code.value,
        None if age is None else age.value,
        None if gender is None else gender.value,
    )
    return cast("int", total)
