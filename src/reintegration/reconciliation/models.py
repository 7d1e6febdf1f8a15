"""Rows of reconciliation, as the migrations made them."""

from typing import TYPE_CHECKING
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from reintegration.kernel.canonical import JsonDocument
from reintegration.kernel.ids import new_id

if TYPE_CHECKING:
    from reintegration.programme.models import Currency, FieldOffice, Partner


class BankAccount(Model):
    """An account of a partner or an office with a bank or an operator of mobile money."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    partner: fields.ForeignKeyRelation["Partner"] = fields.ForeignKeyField(
        "models.Partner", source_field="partner_id", related_name="bank_accounts", on_delete=fields.RESTRICT
    )
    partner_id: UUID
    field_office: fields.ForeignKeyNullableRelation["FieldOffice"] = fields.ForeignKeyField(
        "models.FieldOffice", null=True, source_field="field_office_id", related_name="bank_accounts", on_delete=fields.RESTRICT
    )
    field_office_id: UUID | None
    kind = fields.TextField()
    account = fields.TextField()
    currency_row: fields.ForeignKeyRelation["Currency"] = fields.ForeignKeyField(
        "models.Currency", source_field="currency", related_name="bank_accounts_by_currency_row", on_delete=fields.RESTRICT
    )
    currency_row_id: str
    name = fields.TextField()
    opening_on = fields.DateField()
    opening_minor = fields.BigIntField()
    opened_by = fields.TextField()
    opened_at = fields.DatetimeField(auto_now_add=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table bank_accounts."""

        table = "bank_accounts"


class StatementMapping(Model):
    """How a bank writes the CSV statements of an account; the last one counts."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    bank_account: fields.ForeignKeyRelation["BankAccount"] = fields.ForeignKeyField(
        "models.BankAccount", source_field="bank_account_id", related_name="mappings", on_delete=fields.RESTRICT
    )
    bank_account_id: UUID
    number = fields.IntField()
    mapping: fields.Field[JsonDocument] = fields.JSONField()
    recorded_by = fields.TextField()
    recorded_at = fields.DatetimeField(auto_now_add=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table statement_mappings."""

        table = "statement_mappings"


class StatementFile(Model):
    """A file of a bank in the object store, imported once."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    bank_account: fields.ForeignKeyRelation["BankAccount"] = fields.ForeignKeyField(
        "models.BankAccount", source_field="bank_account_id", related_name="files", on_delete=fields.RESTRICT
    )
    bank_account_id: UUID
    format = fields.TextField()
    mapping: fields.ForeignKeyNullableRelation["StatementMapping"] = fields.ForeignKeyField(
        "models.StatementMapping", null=True, source_field="mapping_id", related_name="files", on_delete=fields.RESTRICT
    )
    mapping_id: UUID | None
    file_name = fields.TextField()
    media_type = fields.TextField()
    size_bytes = fields.BigIntField()
    sha256 = fields.TextField()
    object_key = fields.TextField()
    status = fields.TextField(default="pending")
    uploaded_by = fields.TextField()
    requested_at = fields.DatetimeField(auto_now_add=True)
    imported_by = fields.TextField(null=True)
    imported_at = fields.DatetimeField(null=True)
    withdrawn_by = fields.TextField(null=True)
    withdrawn_at = fields.DatetimeField(null=True)
    withdraw_reason = fields.TextField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table statement_files."""

        table = "statement_files"


class BankStatement(Model):
    """The lines of an account between two balances."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    file: fields.ForeignKeyRelation["StatementFile"] = fields.ForeignKeyField(
        "models.StatementFile", source_field="file_id", related_name="statements", on_delete=fields.RESTRICT
    )
    file_id: UUID
    bank_account: fields.ForeignKeyRelation["BankAccount"] = fields.ForeignKeyField(
        "models.BankAccount", source_field="bank_account_id", related_name="statements", on_delete=fields.RESTRICT
    )
    bank_account_id: UUID
    number = fields.IntField()
    position = fields.IntField()
    bank_number = fields.TextField(null=True)
    electronic_sequence = fields.BigIntField(null=True)
    opening_minor = fields.BigIntField()
    opening_on = fields.DateField()
    closing_minor = fields.BigIntField()
    closing_on = fields.DateField()
    line_count = fields.IntField()
    currency_row: fields.ForeignKeyRelation["Currency"] = fields.ForeignKeyField(
        "models.Currency", source_field="currency", related_name="statements_by_currency_row", on_delete=fields.RESTRICT
    )
    currency_row_id: str

    class Meta:
        """Table statements."""

        table = "statements"


class StatementLine(Model):
    """What a bank booked."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    statement: fields.ForeignKeyRelation["BankStatement"] = fields.ForeignKeyField(
        "models.BankStatement", source_field="statement_id", related_name="lines", on_delete=fields.RESTRICT
    )
    statement_id: UUID
    bank_account: fields.ForeignKeyRelation["BankAccount"] = fields.ForeignKeyField(
        "models.BankAccount", source_field="bank_account_id", related_name="lines", on_delete=fields.RESTRICT
    )
    bank_account_id: UUID
    number = fields.IntField()
    source_row = fields.IntField()
    booked_on = fields.DateField()
    value_on = fields.DateField(null=True)
    amount_minor = fields.BigIntField()
    currency_row: fields.ForeignKeyRelation["Currency"] = fields.ForeignKeyField(
        "models.Currency", source_field="currency", related_name="statement_lines_by_currency_row", on_delete=fields.RESTRICT
    )
    currency_row_id: str
    is_reversal = fields.BooleanField()
    transactions = fields.IntField()
    bank_reference = fields.TextField(null=True)
    end_to_end_reference = fields.TextField(null=True)
    counterparty_name = fields.TextField(null=True)
    counterparty_account = fields.TextField(null=True)
    remittance = fields.TextField(null=True)

    class Meta:
        """Table statement_lines."""

        table = "statement_lines"


class StatementMatch(Model):
    """A person's decision on why lines are there; undone, never changed."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    bank_account: fields.ForeignKeyRelation["BankAccount"] = fields.ForeignKeyField(
        "models.BankAccount", source_field="bank_account_id", related_name="matches", on_delete=fields.RESTRICT
    )
    bank_account_id: UUID
    line_count = fields.IntField()
    record_count = fields.IntField()
    matched_by = fields.TextField()
    matched_at = fields.DatetimeField(auto_now_add=True)
    undone_by = fields.TextField(null=True)
    undone_at = fields.DatetimeField(null=True)
    undo_reason = fields.TextField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table statement_matches."""

        table = "statement_matches"


class StatementMatchLine(Model):
    """A line of a match."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    match: fields.ForeignKeyRelation["StatementMatch"] = fields.ForeignKeyField(
        "models.StatementMatch", source_field="match_id", related_name="lines", on_delete=fields.RESTRICT
    )
    match_id: UUID
    line: fields.ForeignKeyRelation["StatementLine"] = fields.ForeignKeyField(
        "models.StatementLine", source_field="line_id", related_name="matches", on_delete=fields.RESTRICT
    )
    line_id: UUID
    in_force = fields.BooleanField(default=True)

    class Meta:
        """Table statement_match_lines."""

        table = "statement_match_lines"


class StatementMatchRecord(Model):
    """What explains the lines of a match: a record, or a reason in words."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    match: fields.ForeignKeyRelation["StatementMatch"] = fields.ForeignKeyField(
        "models.StatementMatch", source_field="match_id", related_name="records", on_delete=fields.RESTRICT
    )
    match_id: UUID
    number = fields.IntField()
    kind = fields.TextField()
    record_id = fields.UUIDField(null=True)
    amount_minor = fields.BigIntField()
    currency_row: fields.ForeignKeyRelation["Currency"] = fields.ForeignKeyField(
        "models.Currency",
        source_field="currency",
        related_name="statement_match_records_by_currency_row",
        on_delete=fields.RESTRICT,
    )
    currency_row_id: str
    moved_minor = fields.BigIntField(null=True)
    moved_currency_row: fields.ForeignKeyNullableRelation["Currency"] = fields.ForeignKeyField(
        "models.Currency",
        null=True,
        source_field="moved_currency",
        related_name="statement_match_records_by_moved_currency_row",
        on_delete=fields.RESTRICT,
    )
    moved_currency_row_id: str | None
    note = fields.TextField(null=True)
    score = fields.SmallIntField(null=True)
    explanation: fields.Field[list[JsonDocument] | None] = fields.JSONField(null=True)
    in_force = fields.BooleanField(default=True)

    class Meta:
        """Table statement_match_records."""

        table = "statement_match_records"
