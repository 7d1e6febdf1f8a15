"""Rows of the ledger room, as the migrations made them."""

from typing import TYPE_CHECKING
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from reintegration.kernel.ids import new_id

if TYPE_CHECKING:
    from reintegration.cases.models import Case
    from reintegration.funding.models import Fund
    from reintegration.programme.models import Currency


class LedgerAccount(Model):
    """An account; its balance is the sum of its postings."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    kind = fields.TextField()
    fund: fields.ForeignKeyRelation["Fund"] = fields.ForeignKeyField(
        "models.Fund", source_field="fund_id", related_name="ledger_accounts", on_delete=fields.RESTRICT
    )
    fund_id: UUID
    case: fields.ForeignKeyNullableRelation["Case"] = fields.ForeignKeyField(
        "models.Case", null=True, source_field="case_id", related_name="ledger_accounts", on_delete=fields.RESTRICT
    )
    case_id: UUID | None
    stream = fields.TextField(null=True)
    line_id = fields.UUIDField(null=True)
    currency_row: fields.ForeignKeyRelation["Currency"] = fields.ForeignKeyField(
        "models.Currency", source_field="currency", related_name="ledger_accounts_by_currency_row", on_delete=fields.RESTRICT
    )
    currency_row_id: str
    minimum_minor = fields.BigIntField(null=True)

    class Meta:
        """Table ledger_accounts."""

        table = "ledger_accounts"


class LedgerTransaction(Model):
    """A balanced set of postings with its reason."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    kind = fields.TextField()
    case: fields.ForeignKeyNullableRelation["Case"] = fields.ForeignKeyField(
        "models.Case", null=True, source_field="case_id", related_name="ledger_transactions", on_delete=fields.RESTRICT
    )
    case_id: UUID | None
    """None of a partner's fee, which is no case's money."""
    reference_kind = fields.TextField()
    reference_id = fields.UUIDField()
    occasion = fields.IntField()
    reverses: fields.ForeignKeyNullableRelation["LedgerTransaction"] = fields.ForeignKeyField(
        "models.LedgerTransaction",
        null=True,
        source_field="reverses_id",
        related_name="ledger_transactions_by_reverses",
        on_delete=fields.RESTRICT,
    )
    reverses_id: UUID | None
    effective_on = fields.DateField()
    actor_id = fields.TextField()
    recorded_at = fields.DatetimeField(auto_now_add=True)
    transaction_id = fields.BigIntField()

    class Meta:
        """Table ledger_transactions."""

        table = "ledger_transactions"


class LedgerPosting(Model):
    """An amount on an account."""

    id = fields.BigIntField(primary_key=True, generated=True)
    transaction: fields.ForeignKeyRelation["LedgerTransaction"] = fields.ForeignKeyField(
        "models.LedgerTransaction", source_field="transaction_id", related_name="ledger_postings", on_delete=fields.RESTRICT
    )
    transaction_id: UUID
    account: fields.ForeignKeyRelation["LedgerAccount"] = fields.ForeignKeyField(
        "models.LedgerAccount", source_field="account_id", related_name="ledger_postings", on_delete=fields.RESTRICT
    )
    account_id: UUID
    case: fields.ForeignKeyNullableRelation["Case"] = fields.ForeignKeyField(
        "models.Case", null=True, source_field="case_id", related_name="ledger_postings", on_delete=fields.RESTRICT
    )
    case_id: UUID | None
    amount_minor = fields.BigIntField()
    currency = fields.TextField()

    class Meta:
        """Table ledger_postings."""

        table = "ledger_postings"
