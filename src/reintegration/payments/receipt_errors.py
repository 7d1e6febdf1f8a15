"""What the payments room refuses about the codes with which returnees confirm a receipt."""

from dataclasses import dataclass
from typing import ClassVar

from reintegration.database.constraints import ConstraintErrors, id_taken
from reintegration.kernel.errors import ConstraintViolationError, DomainError, SamePersonError, TransitionError


@dataclass(kw_only=True)
class NoCodeError(DomainError):
    """No code was issued for this payment."""

    code: ClassVar[str] = "NO_CODE"


@dataclass(kw_only=True)
class CodeLockedError(DomainError):
    """This code was entered wrong too often; the coordinator issues another one."""

    code: ClassVar[str] = "CODE_LOCKED"


@dataclass(kw_only=True)
class CodeExpiredError(DomainError):
    """This code has expired; the coordinator issues another one."""

    code: ClassVar[str] = "CODE_EXPIRED"


@dataclass(kw_only=True)
class ReceiptConfirmedError(DomainError):
    """The returnee has confirmed the receipt already."""

    code: ClassVar[str] = "RECEIPT_CONFIRMED"


def _five_issued() -> ConstraintViolationError:
    return ConstraintViolationError(constraint="receipt_codes_most_ck", explanation="Five codes were issued for this payment")


CONSTRAINTS: ConstraintErrors = {
    "receipt_codes_pk": id_taken,
    "receipt_codes_most_ck": _five_issued,
    "receipt_codes_four_eyes_ck": lambda: SamePersonError(step="confirmation of the receipt"),
    "receipt_codes_attempts_ck": CodeLockedError,
    "receipt_codes_expiry_ck": CodeExpiredError,
    "receipt_codes_once_ck": ReceiptConfirmedError,
    "receipt_codes_one_open_uq": ReceiptConfirmedError,
    "receipt_codes_step_ck": lambda: TransitionError(kind="Payment", current="in another status", wanted="received"),
}

WRITTEN_ALONE = frozenset(
    {
        "receipt_codes_case_uq",
        "receipt_codes_confirmed_ck",
        "receipt_codes_payment_fk",
        "receipt_secrets_append_only_ck",
        "receipt_secrets_code_fk",
        "receipt_secrets_length_ck",
        "receipt_secrets_pk",
    }
)
"""Constraints that no input reaches: violating one is a bug of ours, shown with an incident id."""
