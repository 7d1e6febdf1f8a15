"""What the treasury refuses."""

from dataclasses import dataclass
from typing import ClassVar

from reintegration.database.constraints import ConstraintErrors, id_taken
from reintegration.kernel.errors import DomainError, InvalidInputError, NotFoundError, SamePersonError


@dataclass(kw_only=True)
class NotEnoughHeldError(DomainError):
    """There is not so much left of the advance."""

    code: ClassVar[str] = "NOT_ENOUGH_HELD"


@dataclass(kw_only=True)
class AdvanceClosedError(DomainError):
    """This advance has not arrived yet, was recalled, or is settled."""

    code: ClassVar[str] = "ADVANCE_CLOSED"


@dataclass(kw_only=True)
class AdvanceNotAtZeroError(DomainError):
    """An advance is settled once nothing is left of it: spent, sent back and taken back, and what was sent on is settled too."""

    code: ClassVar[str] = "ADVANCE_NOT_AT_ZERO"


@dataclass(kw_only=True)
class AdvanceMatchedError(DomainError):
    """A line of a bank's statement says that this advance was sent; undo that match first."""

    code: ClassVar[str] = "ADVANCE_MATCHED"


def _four_eyes() -> SamePersonError:
    return SamePersonError(step="next step of an advance")


def _before(field: str) -> InvalidInputError:
    return InvalidInputError(field=field, reason="not before the day of the step before it")


CONSTRAINTS: ConstraintErrors = {
    "advances_pk": id_taken,
    "advances_partner_fk": lambda: NotFoundError(kind="Partner"),
    "advances_office_fk": lambda: NotFoundError(kind="FieldOffice"),
    "advances_sent_ck": lambda: InvalidInputError(field="amount", reason="more than nothing"),
    "advances_received_ck": lambda: InvalidInputError(field="amount", reason="more than nothing"),
    "advances_received_on_ck": lambda: _before("receivedOn"),
    "advances_reference_ck": lambda: InvalidInputError(field="reference", reason="1 to 200 characters"),
    "advances_recall_ck": lambda: InvalidInputError(field="reason", reason="3 to 2000 characters"),
    "advances_sent_currency_ck": lambda: InvalidInputError(
        field="amount", reason="in the currency in which the source is held; without a source in EUR"
    ),
    "advances_currency_fk": lambda: InvalidInputError(field="currency", reason="no currency that is known here"),
    "advances_source_ck": AdvanceClosedError,
    "advances_settled_ck": AdvanceNotAtZeroError,
    "advances_matched_ck": AdvanceMatchedError,
    "advances_four_eyes_ck": _four_eyes,
    "advance_returns_pk": id_taken,
    "advance_returns_sent_ck": lambda: InvalidInputError(field="amount", reason="more than nothing"),
    "advance_returns_received_ck": lambda: InvalidInputError(field="amount", reason="more than nothing"),
    "advance_returns_received_on_ck": lambda: _before("receivedOn"),
    "advance_returns_sent_on_ck": lambda: _before("sentOn"),
    "advance_returns_reference_ck": lambda: InvalidInputError(field="reference", reason="1 to 200 characters"),
    "advance_returns_four_eyes_ck": _four_eyes,
    "cash_postings_held_ck": NotEnoughHeldError,
}

WRITTEN_ALONE = frozenset(
    {
        "advance_returns_advance_fk",
        "advance_returns_back_currency_fk",
        "advance_returns_currency_ck",
        "advance_returns_currency_fk",
        "advance_returns_new_ck",
        "advance_returns_number_uq",
        "advance_returns_order_ck",
        "advance_returns_step_ck",
        "advances_new_ck",
        "advances_outcome_ck",
        "advances_partner_ck",
        "advances_sent_currency_fk",
        "advances_source_fk",
        "advances_step_ck",
        "cash_accounts_append_only_ck",
        "cash_accounts_currency_fk",
        "cash_accounts_kind_ck",
        "cash_accounts_name_uq",
        "cash_accounts_office_fk",
        "cash_accounts_partner_fk",
        "cash_accounts_pk",
        "cash_postings_account_fk",
        "cash_postings_amount_ck",
        "cash_postings_append_only_ck",
        "cash_postings_balanced_ck",
        "cash_postings_belongs_ck",
        "cash_postings_pk",
        "cash_postings_transaction_fk",
        "cash_transactions_append_only_ck",
        "cash_transactions_kind_ck",
        "cash_transactions_office_fk",
        "cash_transactions_once_uq",
        "cash_transactions_partner_fk",
        "cash_transactions_pk",
    }
)
"""Constraints that no input reaches: violating one is a bug of ours, shown with an incident id."""
