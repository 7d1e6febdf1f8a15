"""What the recovery room refuses."""

from dataclasses import dataclass
from typing import ClassVar

from reintegration.cases.errors import AlreadyDecidedError
from reintegration.database.constraints import ConstraintErrors, id_taken
from reintegration.kernel.errors import DomainError, InvalidInputError, NotFoundError, SamePersonError, TransitionError
from reintegration.payments.errors import RefundOpenError


@dataclass(kw_only=True)
class ClaimTooLargeError(DomainError):
    """With what came back and what is owed already, this is more than the line has cost."""

    code: ClassVar[str] = "CLAIM_TOO_LARGE"


@dataclass(kw_only=True)
class NotOwedError(DomainError):
    """Nothing is owed until a second person has confirmed it."""

    code: ClassVar[str] = "NOT_OWED"


@dataclass(kw_only=True)
class MoreThanOwedError(DomainError):
    """This is more than is still owed."""

    code: ClassVar[str] = "MORE_THAN_OWED"


@dataclass(kw_only=True)
class PlanNotWholeError(DomainError):
    """The instalments of a plan add up to all that is still owed."""

    code: ClassVar[str] = "PLAN_NOT_WHOLE"


@dataclass(kw_only=True)
class ReceiptTakenBackError(DomainError):
    """This receipt is taken back already."""

    code: ClassVar[str] = "RECEIPT_TAKEN_BACK"


@dataclass(kw_only=True)
class ReceiptMatchedError(DomainError):
    """A line of a bank's statement says that this money came; undo that match first."""

    code: ClassVar[str] = "RECEIPT_MATCHED"


@dataclass(kw_only=True)
class WriteOffOpenError(DomainError):
    """A write-off of this receivable awaits its decision."""

    code: ClassVar[str] = "WRITE_OFF_OPEN"


def _more_than_nothing() -> InvalidInputError:
    return InvalidInputError(field="amount", reason="more than nothing")


def _currency() -> InvalidInputError:
    return InvalidInputError(field="amount", reason="no currency that is known here")


CONSTRAINTS: ConstraintErrors = {
    "receivables_pk": id_taken,
    "receivables_partner_fk": lambda: NotFoundError(kind="Partner"),
    "receivables_currency_fk": _currency,
    "receivables_amount_ck": _more_than_nothing,
    "receivables_text_ck": lambda: InvalidInputError(field="explanation", reason="3 to 2000 characters; a note up to 2000"),
    "receivables_payment_ck": lambda: InvalidInputError(field="amount", reason="in the currency of the line"),
    "receivables_paid_ck": lambda: InvalidInputError(field="lineId", reason="the debtor has no part in this payment"),
    "receivables_step_ck": lambda: TransitionError(kind="Payment", current="in another status", wanted="claimed back"),
    "receivables_most_ck": ClaimTooLargeError,
    "receivables_document_ck": lambda: InvalidInputError(field="documentId", reason="only what is of a case has a document"),
    "receivables_document_fk": lambda: NotFoundError(kind="Document"),
    "receivables_stored_ck": lambda: InvalidInputError(field="documentId", reason="its upload is not complete"),
    "receivables_confirmed_ck": NotOwedError,
    "receivables_same_currency_ck": lambda: InvalidInputError(field="amount", reason="in the currency of what is owed"),
    "receivables_decided_ck": lambda: AlreadyDecidedError(kind="receivable"),
    "receivables_four_eyes_ck": lambda: SamePersonError(step="decision on the receivable"),
    "receivable_plans_pk": id_taken,
    "receivable_plans_total_ck": PlanNotWholeError,
    "receivable_instalments_total_ck": PlanNotWholeError,
    "receivable_instalments_amount_ck": _more_than_nothing,
    "receivable_instalments_number_ck": lambda: InvalidInputError(field="instalments", reason="1 to 60"),
    "receivable_instalments_due_ck": lambda: InvalidInputError(
        field="instalments", reason="each is due after the one before, and none in the past"
    ),
    "receivable_receipts_pk": id_taken,
    "receivable_receipts_amount_ck": _more_than_nothing,
    "receivable_receipts_euro_ck": lambda: InvalidInputError(field="amount", reason="worth less than half a cent"),
    "receivable_receipts_text_ck": lambda: InvalidInputError(
        field="reference", reason="1 to 200 characters; the reason of taking it back 3 to 2000"
    ),
    "receivable_receipts_date_ck": lambda: InvalidInputError(field="receivedOn", reason="not before the payment was paid"),
    "receivable_receipts_most_ck": MoreThanOwedError,
    "receivable_receipts_refund_ck": RefundOpenError,
    "receivable_receipts_once_ck": ReceiptTakenBackError,
    "receivable_receipts_matched_ck": ReceiptMatchedError,
    "receivable_receipts_four_eyes_ck": lambda: SamePersonError(step="taking back of a receipt"),
    "receivable_write_offs_pk": id_taken,
    "receivable_write_offs_amount_ck": _more_than_nothing,
    "receivable_write_offs_text_ck": lambda: InvalidInputError(field="reason", reason="3 to 2000 characters; a note up to 2000"),
    "receivable_write_offs_most_ck": MoreThanOwedError,
    "receivable_write_offs_one_open_uq": WriteOffOpenError,
    "receivable_write_offs_decided_ck": lambda: AlreadyDecidedError(kind="write-off"),
    "receivable_write_offs_four_eyes_ck": lambda: SamePersonError(step="decision on the write-off"),
}

WRITTEN_ALONE = frozenset(
    {
        "ledger_postings_receipt_ck",
        "receivable_instalments_append_only_ck",
        "receivable_instalments_currency_fk",
        "receivable_instalments_number_uq",
        "receivable_instalments_pk",
        "receivable_instalments_plan_fk",
        "receivable_plans_append_only_ck",
        "receivable_plans_currency_fk",
        "receivable_plans_number_uq",
        "receivable_plans_order_ck",
        "receivable_plans_receivable_fk",
        "receivable_receipts_currency_fk",
        "receivable_receipts_line_fk",
        "receivable_receipts_new_ck",
        "receivable_receipts_number_uq",
        "receivable_receipts_order_ck",
        "receivable_receipts_owed_ck",
        "receivable_receipts_payment_fk",
        "receivable_receipts_payment_uq",
        "receivable_receipts_posted_ck",
        "receivable_receipts_rate_ck",
        "receivable_receipts_receivable_fk",
        "receivable_receipts_taken_back_ck",
        "receivable_write_offs_currency_fk",
        "receivable_write_offs_decision_ck",
        "receivable_write_offs_new_ck",
        "receivable_write_offs_number_uq",
        "receivable_write_offs_order_ck",
        "receivable_write_offs_receivable_fk",
        "receivables_case_fk",
        "receivables_debtor_ck",
        "receivables_decision_ck",
        "receivables_line_ck",
        "receivables_line_fk",
        "receivables_new_ck",
        "receivables_office_ck",
        "receivables_office_fk",
        "receivables_payment_fk",
        "receivables_reason_ck",
        "receivables_supplier_fk",
        "receivables_whose_ck",
    }
)
"""Constraints that no input reaches: violating one is a bug of ours, shown with an incident id."""
