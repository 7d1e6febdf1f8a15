"""Mutations of suppliers: register one, say where it is paid; approve that, and clear or bar one, with a second pair of eyes."""

import re

import strawberry

from reintegration.api.graph import ApiInfo
from reintegration.api.identifiers import decode
from reintegration.api.loaders import returned
from reintegration.api.mutations.execute import CreationInput, Input, Payload, UpdateInput, chosen_id, execute, mutation
from reintegration.api.types.enums import AccountKind, Decision, SupplierDecision
from reintegration.api.types.suppliers import Supplier, SupplierAccount, SupplierLikeness
from reintegration.cases.errors import AlreadyDecidedError
from reintegration.identity.permissions import Permission
from reintegration.kernel.errors import SamePersonError
from reintegration.payments.commands import (
    DecideSupplierAccount,
    DecideSupplierLikeness,
    RecordSupplierAccount,
    RegisterSupplier,
)
from reintegration.payments.service import (
    decide_supplier_account,
    decide_supplier_likeness,
    record_supplier_account,
    register_supplier,
)
from reintegration.payments.supplier_errors import AccountOpenError

_GROUPING = re.compile(r"[\s./-]")


def _one_line(text: str | None) -> str | None:
    return None if text is None else " ".join(text.split())


@strawberry.input
class SupplierRegisterInput(CreationInput):
    """See RegisterSupplier."""

    field_office_id: strawberry.ID
    name: str
    tax_number: str | None = None

    def command(self) -> RegisterSupplier:
        """The command."""
        return RegisterSupplier(
            id=chosen_id(self.id),
            field_office_id=decode(self.field_office_id, "FieldOffice"),
            name=self.name,
            tax_number=self.tax_number,
        )


@strawberry.input
class SupplierAccountRecordInput(CreationInput):
    """See RecordSupplierAccount."""

    supplier_id: strawberry.ID
    kind: AccountKind
    account: str = strawberry.field(description="Spaces, full stops, hyphens and slashes are left out; letters become capitals.")
    holder: str = strawberry.field(description="The name that the bank or operator has.")
    holder_latin: str | None = strawberry.field(
        default=None, description="The same in the letters that orders to banks take, as the payee's bank writes it."
    )
    bic: str | None = strawberry.field(
        default=None, description="Of the bank; orders need it across borders, and without an IBAN."
    )
    country: str | None = strawberry.field(default=None, description="The holder's, two letters; orders need it across borders.")
    town: str | None = strawberry.field(
        default=None, description="The holder's, in Latin letters; orders need it across borders."
    )

    def command(self) -> RecordSupplierAccount:
        """The command."""
        return RecordSupplierAccount(
            id=chosen_id(self.id),
            supplier_id=decode(self.supplier_id, "Supplier"),
            kind=self.kind.value,
            account=_GROUPING.sub("", self.account).upper(),
            holder=self.holder.strip(),
            holder_latin=_one_line(self.holder_latin),
            bic=self.bic,
            country=self.country,
            town=_one_line(self.town),
        )


@strawberry.input
class SupplierAccountDecideInput(UpdateInput):
    """See DecideSupplierAccount."""

    account_id: strawberry.ID
    decision: Decision
    note: str = strawberry.field(description="What it was compared with: a letter of the bank, a call to a number known before.")

    def command(self) -> DecideSupplierAccount:
        """The command."""
        return DecideSupplierAccount(
            account_id=decode(self.account_id, "SupplierAccount"),
            expected_version=self.expected_version,
            approved=self.decision is Decision.APPROVED,
            note=self.note.strip(),
        )


@strawberry.input
class SupplierLikenessDecideInput(UpdateInput):
    """See DecideSupplierLikeness."""

    likeness_id: strawberry.ID
    decision: SupplierDecision
    note: str = strawberry.field(description="What was compared: two addresses, two owners, a visit.")

    def command(self) -> DecideSupplierLikeness:
        """The command."""
        return DecideSupplierLikeness(
            likeness_id=decode(self.likeness_id, "SupplierLikeness"),
            expected_version=self.expected_version,
            cleared=self.decision is SupplierDecision.CLEARED,
            note=self.note.strip(),
        )


@strawberry.type
class SupplierRegisterPayload(Payload):
    """The new supplier."""

    supplier: Supplier


@strawberry.type
class SupplierAccountRecordPayload(Payload):
    """The account, to be decided."""

    account: SupplierAccount


@strawberry.type
class SupplierAccountDecidePayload(Payload):
    """The decided account."""

    account: SupplierAccount


@strawberry.type
class SupplierLikenessDecidePayload(Payload):
    """The decided likeness."""

    likeness: SupplierLikeness


@strawberry.type
class SupplierMutations:
    """Part of `Mutation`."""

    @mutation(SupplierRegisterPayload)
    async def supplier_register(self, info: ApiInfo, asked: Input[SupplierRegisterInput]) -> SupplierRegisterPayload:
        """Add a supplier to the registry of one's office; one like another of the country is held until that is decided."""
        done = await execute(info, asked, Permission.SUPPLIER_WRITE, register_supplier, asked.command)
        found = await returned(info.context, Supplier, done.reference.id)
        return SupplierRegisterPayload(supplier=found, replayed=done.replayed)

    @mutation(SupplierAccountRecordPayload, AccountOpenError)
    async def supplier_account_record(
        self, info: ApiInfo, asked: Input[SupplierAccountRecordInput]
    ) -> SupplierAccountRecordPayload:
        """Say where a supplier is paid from now on; no payment to it is released until a second person has approved it."""
        done = await execute(info, asked, Permission.SUPPLIER_WRITE, record_supplier_account, asked.command)
        found = await returned(info.context, SupplierAccount, done.reference.id)
        return SupplierAccountRecordPayload(account=found, replayed=done.replayed)

    @mutation(SupplierAccountDecidePayload, AlreadyDecidedError, SamePersonError)
    async def supplier_account_decide(
        self, info: ApiInfo, asked: Input[SupplierAccountDecideInput]
    ) -> SupplierAccountDecidePayload:
        """Approve or refuse an account that somebody else has recorded."""
        done = await execute(info, asked, Permission.SUPPLIER_CONFIRM, decide_supplier_account, asked.command)
        found = await returned(info.context, SupplierAccount, done.reference.id)
        return SupplierAccountDecidePayload(account=found, replayed=done.replayed)

    @mutation(SupplierLikenessDecidePayload, AlreadyDecidedError, SamePersonError)
    async def supplier_likeness_decide(
        self, info: ApiInfo, asked: Input[SupplierLikenessDecideInput]
    ) -> SupplierLikenessDecidePayload:
        """Clear or bar the later of two suppliers that are alike; who registered one of them does not."""
        done = await execute(info, asked, Permission.SUPPLIER_COMPARE, decide_supplier_likeness, asked.command)
        found = await returned(info.context, SupplierLikeness, done.reference.id)
        return SupplierLikenessDecidePayload(likeness=found, replayed=done.replayed)
