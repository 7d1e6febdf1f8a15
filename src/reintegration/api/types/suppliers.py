"""Suppliers: who sells to an office, where each is paid, and what it shares with another."""

from datetime import datetime

import strawberry

from reintegration.api.graph import READS, ApiInfo, Expression, Node, reads
from reintegration.api.loaders import SQL, ByStatement, to_many, to_one
from reintegration.api.types.enums import AccountKind, Decision, SupplierDecision, SupplierHold
from reintegration.api.types.programme import FieldOffice
from reintegration.api.types.references import SupplierAccountRef, SupplierLikenessRef
from reintegration.identity.permissions import Permission
from reintegration.payments import supplier_models as models


@reads(models.Supplier, Permission.SUPPLIER_READ)
@strawberry.type(description="Who sells to an office.")
class Supplier(Node):
    """Table suppliers."""

    row: strawberry.Private[models.Supplier]
    name: str
    tax_number: str | None
    registered_by: str
    registered_at: datetime
    version: int
    office: FieldOffice = to_one("FieldOffice", "field_office_id")
    accounts: list[SupplierAccountRef] = to_many(
        "SupplierAccount",
        "supplier_id",
        ("number",),
        "Where it is or was paid; until the last is approved nothing leaves.",
        size=1,
    )
    likenesses: list[SupplierLikenessRef] = to_many(
        "SupplierLikeness",
        "later_id",
        ("found_at", "id"),
        "What it shares with suppliers that were registered before it, of those that the caller sees too.",
        size=1,
    )

    @strawberry.field(
        description="Why nothing is released to it; null where it may be paid.",
        metadata={READS: Expression("supplier_hold(t.id)")},
    )
    async def hold(self, info: ApiInfo) -> SupplierHold | None:
        """Also for who doesn't see the other supplier."""
        found = await info.context.loader(ByStatement("holds_of_suppliers", "supplier_id")).load(self.row.pk)
        return None if found is None or found["hold"] is None else SupplierHold(found["hold"])

    @strawberry.field(
        description="Whether it owes something that a second person has confirmed.",
        metadata={READS: Expression(SQL["supplier_owes"])},
    )
    async def owes(self, info: ApiInfo) -> bool:
        """It stops no payment."""
        return await info.context.loader(ByStatement("owing_suppliers", "supplier_id")).load(self.row.pk) is not None


@reads(models.SupplierAccount, Permission.SUPPLIER_READ)
@strawberry.type(description="Where a supplier is paid, approved or refused by a second person.")
class SupplierAccount(Node):
    """Table supplier_accounts."""

    row: strawberry.Private[models.SupplierAccount]
    number: int = strawberry.field(description="Among the accounts of its supplier, of which the last counts.")
    kind: AccountKind
    account: str
    holder: str = strawberry.field(description="The name that the bank or operator has.")
    holder_latin: str | None = strawberry.field(
        description="The same as orders to banks write it, where it was in other letters."
    )
    bic: str | None = strawberry.field(description="Of the bank.")
    country: str | None = strawberry.field(description="The holder's, two letters; banks ask across borders.")
    town: str | None = strawberry.field(description="The holder's.")
    recorded_by: str
    recorded_at: datetime
    decision: Decision | None = strawberry.field(description="Null until it is decided.")
    decided_by: str | None
    decided_at: datetime | None
    decision_note: str | None
    version: int
    supplier: Supplier = to_one("Supplier", "supplier_id")


@reads(models.SupplierLikeness, Permission.SUPPLIER_READ)
@strawberry.type(
    description="What two suppliers of a country share, in its normal form; the later one is held until a second person decides."
)
class SupplierLikeness(Node):
    """Table supplier_likenesses."""

    row: strawberry.Private[models.SupplierLikeness]
    shared_tax_number: str | None = strawberry.field(description="Small letters and digits alone; null where it differs.")
    shared_account: str | None = strawberry.field(description="The kind and the account that were recorded last.")
    shared_name: str | None = strawberry.field(description="Without legal form, spaces and signs.")
    found_at: datetime
    decision: SupplierDecision | None = strawberry.field(description="Null until it is decided.")
    decided_by: str | None
    decided_at: datetime | None
    decision_note: str | None
    version: int
    earlier: Supplier = to_one("Supplier", "earlier_id", "The one that was registered first, which goes on being paid.")
    later: Supplier = to_one("Supplier", "later_id")
