"""What ordering refuses."""

from dataclasses import dataclass
from typing import ClassVar, Final
from uuid import UUID

from reintegration.database.constraints import ConstraintErrors, id_taken
from reintegration.kernel.errors import ConstraintViolationError, DomainError, InvalidInputError, NotFoundError, SamePersonError

REASONS: Final = {
    "NO_PAYEE_ACCOUNT": "no account is known to which it could go; an order pays suppliers that have one",
    "NOT_RELEASED": "it is not released, or its outcome is known or in doubt",
    "OTHER_OFFICE": "it is another office's than the account",
    "OTHER_CURRENCY": "it is not in the account's currency alone",
    "IN_ANOTHER_ORDER": "it is in another order",
    "HELD": "somebody holds it",
    "PAID_BY_THE_BANK": "a line of a bank's statement says that it was paid",
    "SUPPLIER_HELD": "its supplier is like another one, and nobody has cleared that",
    "ACCOUNT_UNAPPROVED": "nobody has approved its supplier's last account",
    "ACCOUNT_CHANGED": (
        "its supplier's account was decided after its release, or is another one than the order has; where it has not left,"
        " let it fail and release a new payment"
    ),
    "MOBILE_MONEY": "its supplier is paid by mobile money, to which no bank's order goes",
    "AFTER_DEADLINE": "the time to use the budget is over on the day of execution",
}
"""By what the database calls them (`payment_order_obstacle`)."""
FIELD_MISSING: Final = "FIELD_MISSING"
NOT_WRITABLE: Final = "NOT_WRITABLE"


@dataclass(frozen=True, slots=True)
class OrderObstacle:
    """Why a payment can't be in an order; `field` is what of the supplier's account is missing or can't be written."""

    payment_id: UUID
    obstacle: str
    field: str | None
    reason: str


@dataclass(kw_only=True)
class PaymentsNotOrderableError(DomainError):
    """{count} payment(s) can't be in this order; the first: {first}.

    `obstacles` holds 100 at most, `count` counts payments. The reasons may show a character of a name, the message does not.
    """

    code: ClassVar[str] = "PAYMENTS_NOT_ORDERABLE"
    count: int
    first: str
    obstacles: tuple[OrderObstacle, ...]


@dataclass(kw_only=True)
class OrderVoidError(DomainError):
    """The order's content is not the one with this digest; look again before you seal it."""

    code: ClassVar[str] = "ORDER_VOID"


@dataclass(kw_only=True)
class OrderDayPassedError(DomainError):
    """The day on which the bank should pay has passed; cancel this order and prepare another."""

    code: ClassVar[str] = "ORDER_DAY_PASSED"


@dataclass(kw_only=True)
class OrderPaidError(DomainError):
    """The bank has paid some of this order, so it can't be cancelled; what was not paid fails with its evidence."""

    code: ClassVar[str] = "ORDER_PAID"


@dataclass(kw_only=True)
class OrderUnprovedError(DomainError):
    """The bank may have this order: attach evidence of non-payment to each of its payments, then cancel it.

    `payment_ids` are those without.
    """

    code: ClassVar[str] = "ORDER_UNPROVED"
    payment_ids: tuple[UUID, ...]


def _not_orderable() -> PaymentsNotOrderableError:
    """What only the database saw; two at once."""
    return PaymentsNotOrderableError(count=1, first="something changed meanwhile; look again", obstacles=())


def _only_to_banks() -> ConstraintViolationError:
    return ConstraintViolationError(
        constraint="payment_orders_account_ck", explanation="Orders go to banks; this account is one of mobile money"
    )


CONSTRAINTS: ConstraintErrors = {
    "payment_orders_pk": id_taken,
    "payment_orders_account_fk": lambda: NotFoundError(kind="BankAccount"),
    "payment_orders_account_ck": _only_to_banks,
    "payment_orders_reference_ck": lambda: InvalidInputError(field="reference", reason="1 to 200 characters"),
    "payment_orders_reason_ck": lambda: InvalidInputError(field="reason", reason="3 to 2000 characters"),
    "payment_orders_four_eyes_ck": lambda: SamePersonError(step="sealing or cancelling of an order"),
    "payment_orders_day_ck": OrderDayPassedError,
    "payment_orders_payments_ck": _not_orderable,
    "payment_orders_paid_ck": OrderPaidError,
    "payment_orders_non_payment_ck": lambda: OrderUnprovedError(payment_ids=()),
    "payment_order_lines_payment_uq": _not_orderable,
    "payment_order_lines_payment_ck": _not_orderable,
    "payment_orders_taken_ck": lambda: SamePersonError(step="cancelling of an order whose file was taken"),
    "payment_order_downloads_pk": id_taken,
    "payment_order_downloads_day_ck": OrderDayPassedError,
    "payment_order_downloads_payments_ck": _not_orderable,
    "payment_order_downloads_step_ck": lambda: NotFoundError(kind="PaymentOrder"),
}

WRITTEN_ALONE = frozenset(
    {
        "payment_order_downloads_append_only_ck",
        "payment_order_downloads_order_fk",
        "payment_order_lines_account_fk",
        "payment_order_lines_amount_ck",
        "payment_order_lines_currency_fk",
        "payment_order_lines_frozen_ck",
        "payment_order_lines_latin_ck",
        "payment_order_lines_number_uq",
        "payment_order_lines_order_ck",
        "payment_order_lines_order_fk",
        "payment_order_lines_payment_fk",
        "payment_order_lines_pk",
        "payment_orders_currency_fk",
        "payment_orders_digest_ck",
        "payment_orders_format_ck",
        "payment_orders_key_uq",
        "payment_orders_message_uq",
        "payment_orders_new_ck",
        "payment_orders_service_ck",
        "payment_orders_status_ck",
        "payment_orders_step_ck",
        "payment_orders_sum_ck",
        "payment_orders_total_ck",
    }
)
"""Constraints that no input reaches: violating one is a bug of ours, shown with an incident id."""
