"""What the ledger refuses."""

from dataclasses import dataclass
from typing import ClassVar

from reintegration.database.constraints import ConstraintErrors
from reintegration.kernel.errors import ConstraintViolationError, DomainError


@dataclass(kw_only=True)
class NotEnoughLeftError(DomainError):
    """There is not enough left: what is granted, less what is spent and reserved, does not cover this."""

    code: ClassVar[str] = "NOT_ENOUGH_LEFT"


@dataclass(kw_only=True)
class AlreadyPostedError(DomainError):
    """This step was posted to the ledger already."""

    code: ClassVar[str] = "ALREADY_POSTED"


CONSTRAINTS: ConstraintErrors = {
    "ledger_postings_available_ck": NotEnoughLeftError,
    "ledger_transactions_once_uq": AlreadyPostedError,
    "ledger_transactions_reverses_uq": AlreadyPostedError,
    "ledger_postings_amount_ck": lambda: ConstraintViolationError(
        constraint="ledger_postings_amount_ck", explanation="An amount of zero can't be posted"
    ),
}

WRITTEN_BY_THE_LEDGER_ALONE = frozenset(
    {
        "ledger_accounts_append_only_ck",
        "ledger_accounts_case_fk",
        "ledger_accounts_currency_fk",
        "ledger_accounts_fund_fk",
        "ledger_accounts_kind_ck",
        "ledger_accounts_minimum_ck",
        "ledger_accounts_name_uq",
        "ledger_accounts_pk",
        "ledger_accounts_stream_ck",
        "ledger_postings_account_fk",
        "ledger_postings_append_only_ck",
        "ledger_postings_balanced_ck",
        "ledger_postings_belongs_ck",
        "ledger_postings_case_fk",
        "ledger_postings_grant_ck",
        "ledger_postings_isolation_ck",
        "ledger_postings_pk",
        "ledger_postings_transaction_fk",
        "ledger_transactions_append_only_ck",
        "ledger_transactions_case_fk",
        "ledger_transactions_kind_ck",
        "ledger_transactions_pk",
        "ledger_transactions_reverses_fk",
    }
)
"""Constraints that no input reaches: violating one is a bug of ours, shown with an incident id."""
