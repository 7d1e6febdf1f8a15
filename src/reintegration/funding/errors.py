"""What can be wrong when money needs a fund."""

from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import ClassVar

from reintegration.database.constraints import ConstraintErrors, id_taken
from reintegration.kernel.errors import DomainError, InvalidInputError


@dataclass(kw_only=True)
class NoFundError(DomainError):
    """No {kind} fund has an operation on {on}, so nothing can be paid from it."""

    code: ClassVar[str] = "NO_FUND"
    kind: str
    on: date


@dataclass(kw_only=True)
class AmbiguousFundError(DomainError):
    """Several {kind} operations run on {on} ({codes}); which one pays is not decided by chance."""

    code: ClassVar[str] = "FUND_AMBIGUOUS"
    kind: str
    on: date
    codes: tuple[str, ...]


@dataclass(kw_only=True)
class PeriodUnexplainedError(DomainError):
    """At the end of that month {payments} payment(s) and {lines} line(s) of banks are open and nobody has explained why."""

    code: ClassVar[str] = "PERIOD_UNEXPLAINED"
    payments: int
    lines: int


@dataclass(kw_only=True)
class PeriodOrderError(DomainError):
    """Months of a fund are closed one after the other, each once."""

    code: ClassVar[str] = "PERIOD_ORDER"


@dataclass(kw_only=True)
class PeriodNotOverError(DomainError):
    """A month is closed when it is over, by the calendar of Brussels."""

    code: ClassVar[str] = "PERIOD_NOT_OVER"


@dataclass(kw_only=True)
class ItemNotOpenError(DomainError):
    """This was not open at the end of that month."""

    code: ClassVar[str] = "ITEM_NOT_OPEN"


def _month() -> InvalidInputError:
    return InvalidInputError(field="month", reason="the first day of a month")


CONSTRAINTS: ConstraintErrors = MappingProxyType(
    {
        "period_closes_pk": id_taken,
        "period_closes_month_ck": _month,
        "period_closes_order_ck": PeriodOrderError,
        "period_closes_month_uq": PeriodOrderError,
        "period_closes_over_ck": PeriodNotOverError,
        "period_closes_explained_ck": lambda: PeriodUnexplainedError(payments=0, lines=0),
        "open_item_explanations_pk": id_taken,
        "open_item_explanations_month_ck": _month,
        "open_item_explanations_reason_ck": lambda: InvalidInputError(field="reason", reason="3 to 2000 characters"),
    }
)

LOADER_ONLY: frozenset[str] = frozenset(
    {
        "funds_pk",
        "funds_code_uq",
        "funds_kind_ck",
        "operations_pk",
        "operations_code_uq",
        "operations_fund_fk",
        "operations_dates_ck",
        "operations_rate_rule_ck",
        "operations_union_rate_ck",
        "indicator_definitions_pk",
        "indicator_definitions_code_uq",
        "indicator_definitions_kind_ck",
    }
)
"""Constraints that no request can meet: only the loader, in the owner's role, writes these tables."""

WRITTEN_BY_THE_DATABASE_ALONE: frozenset[str] = frozenset(
    {
        "payment_totals_amount_ck",
        "payment_totals_country_fk",
        "payment_totals_month_ck",
        "payment_totals_pk",
        "payment_totals_place_uq",
        "ledger_corrections_append_only_ck",
        "ledger_corrections_fund_fk",
        "ledger_corrections_month_ck",
        "ledger_corrections_once_uq",
        "ledger_corrections_pk",
        "ledger_corrections_transaction_fk",
        "open_item_explanations_append_only_ck",
        "open_item_explanations_item_ck",
        "open_item_explanations_line_fk",
        "open_item_explanations_payment_fk",
        "period_closes_append_only_ck",
        "period_closes_digest_ck",
        "period_closes_fund_fk",
        "period_closes_previous_fk",
        "period_closes_previous_uq",
    }
)
"""Totals that triggers keep, and what no input of a close reaches."""
