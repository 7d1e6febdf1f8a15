"""What other rooms and the edge may ask of the payments room."""

from uuid import UUID

from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.payments.deciding import approve_payment, release_payment
from reintegration.payments.drafting import (
    amend_payment,
    cancel_payment,
    draft_payment,
    pot_of_payment,
    return_payment,
    submit_payment,
)
from reintegration.payments.endorsing import endorse_payment
from reintegration.payments.expiring import Expiry, due_cases, expire_case
from reintegration.payments.holding import hold_payment, lift_hold
from reintegration.payments.receipts import confirm_receipt, issue_receipt_code
from reintegration.payments.refunding import decide_refund, request_refund
from reintegration.payments.settling import confirm_payment, fail_payment, mark_payment_unconfirmed, reverse_payment
from reintegration.payments.sides import lock_payment
from reintegration.payments.suppliers import (
    decide_supplier_account,
    decide_supplier_likeness,
    record_supplier_account,
    register_supplier,
)

__all__ = [
    "Expiry",
    "amend_payment",
    "approve_payment",
    "cancel_payment",
    "confirm_payment",
    "confirm_receipt",
    "decide_refund",
    "decide_supplier_account",
    "decide_supplier_likeness",
    "draft_payment",
    "due_cases",
    "endorse_payment",
    "expire_case",
    "fail_payment",
    "hold_payment",
    "issue_receipt_code",
    "lift_hold",
    "lock_payment",
    "mark_payment_unconfirmed",
    "open_payment_count",
    "pot_of_payment",
    "record_supplier_account",
    "register_supplier",
    "release_payment",
    "request_refund",
    "return_payment",
    "reverse_payment",
    "submit_payment",
]

_SQL = load_queries(__file__)


async def open_payment_count(transaction: Transaction, case_id: UUID) -> int:
    """How many payments of a case are neither paid nor given up."""
    row = await transaction.fetch_one(_SQL["open_payments"], case_id)
    return 0 if row is None else int(row["count"])
