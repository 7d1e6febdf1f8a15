"""What can be wrong when money needs a fund."""

from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import ClassVar

from reintegration.database.constraints import ConstraintErrors
from reintegration.kernel.errors import DomainError


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


CONSTRAINTS: ConstraintErrors = MappingProxyType({})

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
    }
)
"""Totals that triggers keep."""
