"""What reconciliation refuses."""

from dataclasses import dataclass
from typing import ClassVar

from reintegration.database.constraints import ConstraintErrors, id_taken
from reintegration.kernel.errors import ConstraintViolationError, DomainError, InvalidInputError, NotFoundError, SamePersonError


@dataclass(kw_only=True)
class StatementKnownError(DomainError):
    """This file has been imported for this account already."""

    code: ClassVar[str] = "STATEMENT_KNOWN"


@dataclass(kw_only=True)
class StatementGapError(DomainError):
    """The statement does not follow the one before it: {reason}."""

    code: ClassVar[str] = "STATEMENT_GAP"
    reason: str


@dataclass(kw_only=True)
class StatementOfOtherAccountError(DomainError):
    """The file holds no statement of this account in its currency."""

    code: ClassVar[str] = "STATEMENT_OF_OTHER_ACCOUNT"


@dataclass(kw_only=True)
class MappingMissingError(DomainError):
    """A CSV file is read by a mapping, and this account has none yet."""

    code: ClassVar[str] = "MAPPING_MISSING"


@dataclass(kw_only=True)
class StatementNotLastError(DomainError):
    """A file can be withdrawn once every statement that came after it is withdrawn."""

    code: ClassVar[str] = "STATEMENT_NOT_LAST"


@dataclass(kw_only=True)
class StatementMatchedError(DomainError):
    """Lines of this file are matched; undo these matches first."""

    code: ClassVar[str] = "STATEMENT_MATCHED"


@dataclass(kw_only=True)
class LineMatchedError(DomainError):
    """One of the lines is matched already; undo that match first."""

    code: ClassVar[str] = "LINE_MATCHED"


@dataclass(kw_only=True)
class MatchUnbalancedError(DomainError):
    """The lines and what explains them do not come to the same amount; without records, two lines must take each other back."""

    code: ClassVar[str] = "MATCH_UNBALANCED"


@dataclass(kw_only=True)
class RecordNotOnAccountError(DomainError):
    """Nothing of this record moved on the account: it is another office's, in another currency, or has not happened."""

    code: ClassVar[str] = "RECORD_NOT_ON_ACCOUNT"


@dataclass(kw_only=True)
class RecordMatchedError(DomainError):
    """Not so much of this record is left without a line, or it moved the other way."""

    code: ClassVar[str] = "RECORD_MATCHED"


def _account() -> InvalidInputError:
    return InvalidInputError(
        field="account", reason="an IBAN; a telephone number such as +25670012345; or 4 to 34 capital letters and digits"
    )


def _rule(constraint: str, explanation: str) -> ConstraintViolationError:
    return ConstraintViolationError(constraint=constraint, explanation=explanation)


CONSTRAINTS: ConstraintErrors = {
    "bank_accounts_pk": id_taken,
    "bank_accounts_partner_fk": lambda: NotFoundError(kind="Partner"),
    "bank_accounts_office_fk": lambda: NotFoundError(kind="FieldOffice"),
    "bank_accounts_currency_fk": lambda: InvalidInputError(field="opening", reason="no currency that is known here"),
    "bank_accounts_account_ck": _account,
    # The same words whose account ever it is, for who asks may not know of it.
    "bank_accounts_account_uq": lambda: _rule("bank_accounts_account_uq", "This account can't be opened in this currency"),
    "bank_accounts_name_ck": lambda: InvalidInputError(field="name", reason="1 to 200 characters"),
    "statement_mappings_pk": id_taken,
    "statement_mappings_mapping_ck": lambda: InvalidInputError(field="mapping", reason="at most 20,000 characters"),
    "statement_files_pk": id_taken,
    "statement_files_digest_uq": StatementKnownError,
    "statement_files_size_ck": lambda: InvalidInputError(field="sizeBytes", reason="1 byte to 20 MiB"),
    "statement_files_digest_ck": lambda: InvalidInputError(field="sha256", reason="64 lower-case hexadecimal digits"),
    "statement_files_name_ck": lambda: InvalidInputError(field="fileName", reason="1 to 200 characters"),
    "statement_files_reason_ck": lambda: InvalidInputError(field="reason", reason="3 to 2000 characters"),
    "statement_files_four_eyes_ck": lambda: SamePersonError(step="withdrawal of a file"),
    "statement_files_last_ck": StatementNotLastError,
    "statement_files_matched_ck": StatementMatchedError,
    "statements_follows_ck": lambda: StatementGapError(reason="it opens with another balance, ends before it, or one is missing"),
    "statement_matches_pk": id_taken,
    "statement_matches_balanced_ck": MatchUnbalancedError,
    "statement_matches_undo_ck": lambda: InvalidInputError(field="reason", reason="3 to 2000 characters"),
    "statement_match_lines_line_uq": LineMatchedError,
    "statement_match_lines_line_fk": lambda: NotFoundError(kind="StatementLine"),
    "statement_match_lines_account_ck": lambda: NotFoundError(kind="StatementLine"),
    "statement_match_lines_once_uq": lambda: InvalidInputError(field="lineIds", reason="each line once"),
    "statement_match_records_once_uq": lambda: InvalidInputError(field="records", reason="each record once"),
    "statement_match_records_record_ck": RecordNotOnAccountError,
    "statement_match_records_rest_ck": RecordMatchedError,
    "statement_match_records_note_ck": lambda: InvalidInputError(field="records.note", reason="3 to 2000 characters"),
    "statement_match_records_moved_currency_fk": lambda: InvalidInputError(
        field="records.moved", reason="no currency that is known here"
    ),
    "statement_match_records_amount_ck": lambda: InvalidInputError(field="records.amount", reason="not zero"),
}

WRITTEN_ALONE = frozenset(
    {
        "bank_accounts_append_only_ck",
        "bank_accounts_holder_ck",
        "bank_accounts_kind_ck",
        "statement_files_account_fk",
        "statement_files_format_ck",
        "statement_files_key_uq",
        "statement_files_mapping_fk",
        "statement_files_media_type_ck",
        "statement_files_new_ck",
        "statement_files_status_ck",
        "statement_files_step_ck",
        "statement_files_sum_ck",
        "statement_lines_account_fk",
        "statement_lines_append_only_ck",
        "statement_lines_currency_fk",
        "statement_lines_number_uq",
        "statement_lines_pk",
        "statement_lines_statement_ck",
        "statement_lines_statement_fk",
        "statement_lines_transactions_ck",
        "statement_mappings_account_fk",
        "statement_mappings_append_only_ck",
        "statement_mappings_number_uq",
        "statement_mappings_order_ck",
        "statement_match_lines_match_fk",
        "statement_match_lines_pk",
        "statement_match_records_currency_fk",
        "statement_match_records_kind_ck",
        "statement_match_records_match_fk",
        "statement_match_records_moved_ck",
        "statement_match_records_new_ck",
        "statement_match_records_number_uq",
        "statement_match_records_pk",
        "statement_match_records_score_ck",
        "statement_matches_account_fk",
        "statement_matches_step_ck",
        "statements_account_fk",
        "statements_append_only_ck",
        "statements_bank_number_ck",
        "statements_count_ck",
        "statements_currency_fk",
        "statements_days_ck",
        "statements_file_ck",
        "statements_file_fk",
        "statements_imported_ck",
        "statements_number_uq",
        "statements_order_ck",
        "statements_pk",
        "statements_position_uq",
    }
)
"""Constraints that no input reaches: violating one is a bug of ours, shown with an incident id."""
