"""What the payments room refuses."""

from dataclasses import dataclass
from typing import ClassVar

from reintegration.cases.errors import AlreadyDecidedError
from reintegration.database.constraints import ConstraintErrors, id_taken
from reintegration.kernel.errors import (
    ConstraintViolationError,
    DomainError,
    InvalidInputError,
    NotFoundError,
    SamePersonError,
    TransitionError,
)
from reintegration.kernel.money import Money
from reintegration.ledger.errors import NotEnoughLeftError
from reintegration.payments import receipt_errors, supplier_errors


@dataclass(kw_only=True)
class PaymentBeforeArrivalError(DomainError):
    """No payment of the reintegration budget is dated before the arrival that the office confirmed."""

    code: ClassVar[str] = "BEFORE_ARRIVAL"


@dataclass(kw_only=True)
class PaymentAfterDeadlineError(DomainError):
    """The time to use the budget is over on that date; ask for an extension first."""

    code: ClassVar[str] = "AFTER_DEADLINE"


@dataclass(kw_only=True)
class PaymentInFutureError(DomainError):
    """Money can't have been paid in the future."""

    code: ClassVar[str] = "IN_FUTURE"


@dataclass(kw_only=True)
class NotAtDepartureError(DomainError):
    """This is paid in Belgium on the day of departure, and no other day."""

    code: ClassVar[str] = "NOT_AT_DEPARTURE"


@dataclass(kw_only=True)
class DocumentsMissingError(DomainError):
    """These documents are missing: {kinds}."""

    code: ClassVar[str] = "DOCUMENTS_MISSING"
    kinds: tuple[str, ...]


@dataclass(kw_only=True)
class ApprovalVoidError(DomainError):
    """The payment's content is not the one with this digest; look again before you approve or release."""

    code: ClassVar[str] = "APPROVAL_VOID"


@dataclass(kw_only=True)
class AlreadyPaidError(DomainError):
    """A payment for this exists already."""

    code: ClassVar[str] = "ALREADY_PAID"


@dataclass(kw_only=True)
class FloatTooSmallError(DomainError):
    """The office does not hold so much in the currencies of this payment; receive an advance first, or pay out of other money."""

    code: ClassVar[str] = "FLOAT_TOO_SMALL"


@dataclass(kw_only=True)
class PaymentHeldError(DomainError):
    """Somebody holds this payment; it goes on when a second person has lifted the hold."""

    code: ClassVar[str] = "PAYMENT_HELD"


@dataclass(kw_only=True)
class ThresholdExceededError(DomainError):
    """With this payment more leaves than may without an endorsement by Fedasil's programme; ask for one of exactly this content.

    `scope` is the first threshold that it goes over: payment, case_30_days or supplier_30_days; `total` is what is counted, this
    payment included. All are null where only payments that the actor does not see make it too much.
    """

    code: ClassVar[str] = "THRESHOLD_EXCEEDED"
    scope: str | None = None
    limit: Money | None = None
    total: Money | None = None


@dataclass(kw_only=True)
class AlreadyEndorsedError(DomainError):
    """You have endorsed this content already."""

    code: ClassVar[str] = "ALREADY_ENDORSED"


@dataclass(kw_only=True)
class AlreadyHeldError(DomainError):
    """This payment is held already."""

    code: ClassVar[str] = "ALREADY_HELD"


@dataclass(kw_only=True)
class HoldLiftedError(DomainError):
    """This hold is lifted already."""

    code: ClassVar[str] = "HOLD_LIFTED"


@dataclass(kw_only=True)
class NonPaymentUnprovedError(DomainError):
    """Nobody knows yet whether this was paid; it fails only with evidence of non-payment attached."""

    code: ClassVar[str] = "NON_PAYMENT_UNPROVED"


@dataclass(kw_only=True)
class PaymentRefundedError(DomainError):
    """A part of this payment came back, is said to have, or is owed; record the rest as a refund or a receipt."""

    code: ClassVar[str] = "PAYMENT_REFUNDED"


@dataclass(kw_only=True)
class RefundOpenError(DomainError):
    """A refund of this line awaits its decision."""

    code: ClassVar[str] = "REFUND_OPEN"


@dataclass(kw_only=True)
class RefundTooLargeError(DomainError):
    """With what came back before and what is owed of it, this is more than the line has cost."""

    code: ClassVar[str] = "REFUND_TOO_LARGE"


def _violated(constraint: str, explanation: str) -> ConstraintViolationError:
    return ConstraintViolationError(constraint=constraint, explanation=explanation)


@dataclass(kw_only=True)
class PaymentMatchedError(DomainError):
    """A line of a bank's statement says that so much of this payment was paid; undo that match first."""

    code: ClassVar[str] = "PAYMENT_MATCHED"


@dataclass(kw_only=True)
class PaymentOrderedError(DomainError):
    """This payment is in an order to a bank that is sealed; say that the order was sent, or cancel it, first."""

    code: ClassVar[str] = "PAYMENT_ORDERED"


CONSTRAINTS: ConstraintErrors = {
    **supplier_errors.CONSTRAINTS,
    **receipt_errors.CONSTRAINTS,
    "payments_pk": id_taken,
    "payments_supplier_fk": lambda: NotFoundError(kind="Supplier"),
    "payments_item_fk": lambda: NotFoundError(kind="PlanItem"),
    "payments_entitlement_fk": lambda: NotFoundError(kind="Entitlement"),
    "payments_kind_ck": lambda: InvalidInputError(field="kind", reason="not a kind of payment"),
    "payments_stream_ck": lambda: InvalidInputError(
        field="kind", reason="premium and refund belong to an entitlement, everything else to a plan item"
    ),
    "payments_supplier_ck": lambda: InvalidInputError(
        field="supplier", reason="a direct payment names its supplier and invoice, no other payment does"
    ),
    "payments_description_ck": lambda: InvalidInputError(field="description", reason="a text is empty or too long"),
    "payments_case_ck": lambda: _violated("payments_case_ck", "The case is closed"),
    "payments_transition_ck": lambda: TransitionError(kind="Payment", current="in another status", wanted="that"),
    "payments_four_eyes_ck": lambda: SamePersonError(step="approval or release of a payment"),
    "payments_reversed_ck": lambda: SamePersonError(step="reversal of a payment"),
    "payments_approved_digest_ck": ApprovalVoidError,
    "payments_entitlement_once_uq": AlreadyPaidError,
    "payments_invoice_uq": AlreadyPaidError,
    "payments_invoice_ck": AlreadyPaidError,
    "payments_entitlement_ck": NotEnoughLeftError,
    "payments_arrival_ck": PaymentBeforeArrivalError,
    "payments_deadline_ck": PaymentAfterDeadlineError,
    "payments_held_ck": FloatTooSmallError,
    "payments_float_ck": lambda: InvalidInputError(
        field="fromFloat", reason="what is paid in Belgium is paid out of no office's money"
    ),
    "payments_departure_ck": NotAtDepartureError,
    "payments_documents_ck": lambda: DocumentsMissingError(kinds=("a required document",)),
    "payments_non_payment_ck": NonPaymentUnprovedError,
    "payments_hold_ck": PaymentHeldError,
    "payments_threshold_ck": ThresholdExceededError,
    "payment_endorsements_pk": id_taken,
    "payment_endorsements_once_uq": AlreadyEndorsedError,
    "payment_endorsements_reason_ck": lambda: InvalidInputError(field="reason", reason="3 to 2000 characters"),
    "payment_endorsements_step_ck": lambda: TransitionError(kind="Payment", current="in another status", wanted="endorsed"),
    "payment_endorsements_digest_ck": ApprovalVoidError,
    "payment_endorsements_four_eyes_ck": lambda: SamePersonError(step="endorsement of a payment"),
    "payment_holds_pk": id_taken,
    "payment_holds_one_open_uq": AlreadyHeldError,
    "payment_holds_once_ck": HoldLiftedError,
    "payment_holds_four_eyes_ck": lambda: SamePersonError(step="lifting of the hold"),
    "payment_holds_reason_ck": lambda: InvalidInputError(field="reason", reason="3 to 2000 characters"),
    "payment_holds_step_ck": lambda: TransitionError(kind="Payment", current="in another status", wanted="held"),
    "payment_shortfalls_amount_ck": lambda: InvalidInputError(
        field="paidInPart", reason="what is missing is worth less than half a cent"
    ),
    "payment_shortfalls_settled_ck": lambda: InvalidInputError(
        field="paidInPart", reason="a payment of which nothing was paid has failed"
    ),
    "payments_refunded_ck": PaymentRefundedError,
    "payments_matched_ck": PaymentMatchedError,
    "payments_ordered_ck": PaymentOrderedError,
    "payments_order_sent_ck": NonPaymentUnprovedError,
    "payments_order_reversed_ck": lambda: SamePersonError(step="reversal of a payment that a bank has an order for"),
    "payment_refunds_pk": id_taken,
    "payment_refunds_line_fk": lambda: NotFoundError(kind="PaymentLine"),
    "payment_refunds_one_open_uq": RefundOpenError,
    "payment_refunds_amount_ck": lambda: InvalidInputError(field="amount", reason="more than zero"),
    "payment_refunds_euro_ck": lambda: InvalidInputError(field="amount", reason="worth less than half a cent"),
    "payment_refunds_text_ck": lambda: InvalidInputError(
        field="reason", reason="3 to 2000 characters, a reference of 1 to 200, a note of at most 2000"
    ),
    "payment_refunds_four_eyes_ck": lambda: SamePersonError(step="decision on the refund"),
    "payment_refunds_decided_ck": lambda: AlreadyDecidedError(kind="refund"),
    "payment_refunds_step_ck": lambda: TransitionError(kind="Payment", current="in another status", wanted="refunded"),
    "payment_refunds_supplier_ck": lambda: InvalidInputError(field="payment", reason="no supplier was paid"),
    "payment_refunds_date_ck": lambda: InvalidInputError(field="receivedOn", reason="money comes back after it was paid"),
    "payment_refunds_most_ck": RefundTooLargeError,
    "payment_lines_currency_fk": lambda: InvalidInputError(field="currency", reason="not a currency in use"),
    "payment_lines_amount_ck": lambda: InvalidInputError(
        field="lines", reason="amounts are more than zero, descriptions 1 to 500 characters"
    ),
    "payment_lines_euro_ck": lambda: InvalidInputError(field="lines", reason="an amount is worth less than half a cent"),
}

WRITTEN_BY_THE_PAYMENTS_ROOM_ALONE = (
    supplier_errors.WRITTEN_ALONE
    | receipt_errors.WRITTEN_ALONE
    | frozenset(
        {
            "ledger_postings_refund_ck",
            "payment_endorsements_append_only_ck",
            "payment_endorsements_payment_fk",
            "payment_holds_cause_ck",
            "payment_holds_lifted_ck",
            "payment_holds_payment_fk",
            "payment_lines_conversion_ck",
            "payment_lines_frozen_ck",
            "payment_lines_payment_fk",
            "payment_lines_pk",
            "payment_lines_position_uq",
            "payment_lines_rate_ck",
            "payment_shortfalls_append_only_ck",
            "payment_shortfalls_currency_fk",
            "payment_shortfalls_line_fk",
            "payment_shortfalls_line_uq",
            "payment_shortfalls_payment_fk",
            "payment_shortfalls_pk",
            "payment_shortfalls_rest_ck",
            "payment_shortfalls_step_ck",
            "payment_refunds_currency_fk",
            "payment_refunds_decision_ck",
            "payment_refunds_evidence_ck",
            "payment_refunds_evidence_fk",
            "payment_refunds_line_ck",
            "payment_refunds_number_uq",
            "payment_refunds_payment_fk",
            "payment_refunds_posted_ck",
            "payments_approved_ck",
            "payments_case_fk",
            "payments_case_uq",
            "payments_content_ck",
            "payments_fund_fk",
            "payments_lines_ck",
            "payments_office_fk",
            "payments_paid_ck",
            "payments_rate_rule_ck",
            "payments_released_ck",
            "payments_status_ck",
            "payments_submitted_ck",
        }
    )
)
"""Constraints that no input reaches: violating one is a bug of ours, shown with an incident id."""
