"""Which fund pays, and by which rule its operation converts. Reads only."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from reintegration.database.sql import load_queries
from reintegration.database.transaction import Row, Transaction
from reintegration.funding.errors import AmbiguousFundError, NoFundError
from reintegration.kernel.errors import NotFoundError

_SQL = load_queries(__file__)


class FundKind(StrEnum):
    """Whose money it is."""

    AMIF = "amif"
    NATIONAL = "national"


class RateRule(StrEnum):
    """Which month's exchange rate a line takes (amif.md 6.1)."""

    REGISTRATION_MONTH = "REGISTRATION_MONTH"
    PAYMENT_MONTH = "PAYMENT_MONTH"


@dataclass(frozen=True, slots=True)
class FundChoice:
    """The fund that pays."""

    id: UUID
    code: str
    kind: FundKind


@dataclass(frozen=True, slots=True)
class OperationRule:
    """The operation of a fund on a day; `certainty` belongs to its rules, which are to be confirmed."""

    id: UUID
    code: str
    fund_id: UUID
    specific_objective: str
    type_of_action: str
    union_rate_percent: int | None
    rate_rule: RateRule
    certainty: str


async def fund_for(transaction: Transaction, *, amif_eligible: bool, on: date) -> FundChoice:
    """AMIF for those whom it may help, the national budget for the others, if an operation of it runs that day.

    Raises:
        NoFundError: no such fund has an operation on that day; the other fund never stands in.
        AmbiguousFundError: several funds of the kind have one.
    """
    kind = FundKind.AMIF if amif_eligible else FundKind.NATIONAL
    row = _only(await transaction.fetch(_SQL["funds_on"], kind.value, on), kind.value, on)
    return FundChoice(row["id"], row["code"], FundKind(row["kind"]))


async def operation_for(transaction: Transaction, fund_id: UUID, on: date) -> OperationRule:
    """The operation of the fund that runs on a day.

    Raises:
        NotFoundError: no such fund.
        NoFundError: none runs that day.
        AmbiguousFundError: several do.
    """
    kind = await transaction.fetch_value(_SQL["fund_kind"], fund_id)
    if not isinstance(kind, str):
        raise NotFoundError(kind="Fund")
    row = _only(await transaction.fetch(_SQL["operations_on"], fund_id, on), kind, on)
    return OperationRule(
        id=row["id"],
        code=row["code"],
        fund_id=row["fund_id"],
        specific_objective=row["specific_objective"],
        type_of_action=row["type_of_action"],
        union_rate_percent=row["union_rate_percent"],
        rate_rule=RateRule(row["rate_rule"]),
        certainty=row["certainty"],
    )


def _only(rows: list[Row], kind: str, on: date) -> Row:
    if not rows:
        raise NoFundError(kind=kind, on=on)
    if len(rows) > 1:
        raise AmbiguousFundError(kind=kind, on=on, codes=tuple(row["code"] for row in rows))
    return rows[0]
