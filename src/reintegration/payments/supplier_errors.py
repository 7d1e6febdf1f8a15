"""What the payments room refuses about suppliers."""

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
)


@dataclass(kw_only=True)
class AccountUnapprovedError(DomainError):
    """Nobody has approved the last account of this supplier; compare it with its papers, or record the right one."""

    code: ClassVar[str] = "ACCOUNT_UNAPPROVED"


@dataclass(kw_only=True)
class AccountOpenError(DomainError):
    """The last account of this supplier awaits its decision."""

    code: ClassVar[str] = "ACCOUNT_OPEN"


@dataclass(kw_only=True)
class SupplierDuplicateError(DomainError):
    """This supplier is like one registered before it; its partner's coordinator or Fedasil's programme clears or bars it."""

    code: ClassVar[str] = "SUPPLIER_DUPLICATE"


@dataclass(kw_only=True)
class SupplierBarredError(DomainError):
    """This supplier was found to be one registered before it; nothing is released to it, pay the first one."""

    code: ClassVar[str] = "SUPPLIER_BARRED"


def _name_taken() -> ConstraintViolationError:
    return ConstraintViolationError(constraint="suppliers_name_uq", explanation="The office has a supplier of this name already")


CONSTRAINTS: ConstraintErrors = {
    "suppliers_pk": id_taken,
    "suppliers_office_fk": lambda: NotFoundError(kind="FieldOffice"),
    "suppliers_name_uq": _name_taken,
    "suppliers_name_ck": lambda: InvalidInputError(field="name", reason="1 to 200 characters"),
    "supplier_accounts_pk": id_taken,
    "supplier_accounts_account_ck": lambda: InvalidInputError(
        field="account",
        reason="an IBAN with its check digits, a telephone number from + and its country on, or 4 to 34 letters and digits",
    ),
    "supplier_accounts_holder_ck": lambda: InvalidInputError(field="holder", reason="1 to 200 characters"),
    "supplier_accounts_latin_ck": lambda: InvalidInputError(
        field="holderLatin", reason="1 to 70 Latin letters without marks, digits, - ? : ( ) . , ' + and spaces between them"
    ),
    "supplier_accounts_bic_ck": lambda: InvalidInputError(field="bic", reason="8 or 11 capitals and digits, such as GEBABEBB"),
    "supplier_accounts_place_ck": lambda: InvalidInputError(
        field="town", reason="1 to 35 Latin letters without marks, with a country of two capitals"
    ),
    "supplier_accounts_note_ck": lambda: InvalidInputError(field="note", reason="3 to 2000 characters"),
    "supplier_accounts_four_eyes_ck": lambda: SamePersonError(step="decision on the account"),
    "supplier_accounts_decided_ck": lambda: AlreadyDecidedError(kind="account"),
    "payments_account_ck": AccountUnapprovedError,
    "supplier_likenesses_note_ck": lambda: InvalidInputError(field="note", reason="3 to 2000 characters"),
    "supplier_likenesses_four_eyes_ck": lambda: SamePersonError(step="comparison of the suppliers"),
    "supplier_likenesses_decided_ck": lambda: AlreadyDecidedError(kind="likeness"),
    "payments_duplicate_ck": SupplierDuplicateError,
    "payments_barred_ck": SupplierBarredError,
}

WRITTEN_ALONE = frozenset(
    {
        "supplier_accounts_decision_ck",
        "supplier_accounts_kind_ck",
        "supplier_accounts_new_ck",
        "supplier_accounts_number_uq",
        "supplier_accounts_order_ck",
        "supplier_accounts_supplier_fk",
        "supplier_likenesses_decision_ck",
        "supplier_likenesses_earlier_fk",
        "supplier_likenesses_later_fk",
        "supplier_likenesses_pk",
        "supplier_likenesses_shared_ck",
        "supplier_likenesses_two_ck",
        "supplier_traits_country_fk",
        "supplier_traits_pk",
        "supplier_traits_supplier_fk",
        "supplier_traits_trait_ck",
        "suppliers_office_uq",
    }
)
"""Constraints that no input reaches: violating one is a bug of ours, shown with an incident id."""
