"""Suppliers: an office's registry, where each is paid, and whether two are one: a second person decides before money leaves."""

from uuid import UUID

from reintegration.cases.errors import AlreadyDecidedError
from reintegration.database.rows import locked
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.clock import now
from reintegration.kernel.errors import NotFoundError, SamePersonError
from reintegration.kernel.reference import Reference
from reintegration.payments.commands import (
    DecideSupplierAccount,
    DecideSupplierLikeness,
    RecordSupplierAccount,
    RegisterSupplier,
)
from reintegration.payments.models import Payment
from reintegration.payments.supplier_errors import (
    AccountOpenError,
    AccountUnapprovedError,
    SupplierBarredError,
    SupplierDuplicateError,
)
from reintegration.payments.supplier_models import Supplier, SupplierAccount, SupplierLikeness

_SQL = load_queries(__file__)


async def register_supplier(transaction: Transaction, command: RegisterSupplier) -> Reference:
    """Add a supplier to the registry of one's office.

    The database compares it with all others of the country, and holds it where it shares a number, an account or a name.
    """
    require(transaction.actor, Permission.SUPPLIER_WRITE)
    if command.field_office_id not in transaction.actor.offices:
        raise NotFoundError(kind="FieldOffice")
    supplier = await Supplier.create(
        id=command.id,
        field_office_id=command.field_office_id,
        name=command.name.strip(),
        tax_number=command.tax_number,
        registered_by=transaction.actor.id,
        using_db=transaction.orm,
    )
    return Reference("Supplier", supplier.id, supplier.version)


async def record_supplier_account(transaction: Transaction, command: RecordSupplierAccount) -> Reference:
    """Say where a supplier of one's office is paid from now on; no payment to it is released until a second person approves it.

    Locks the supplier, so that accounts follow one another and a release that is under way comes first.

    Raises:
        AccountOpenError, NotFoundError, InvalidInputError, ForbiddenError.
    """
    require(transaction.actor, Permission.SUPPLIER_WRITE)
    supplier = await locked(transaction, Supplier, command.supplier_id, kind="Supplier")
    last = await _last_account(transaction, supplier.id)
    if last is not None and last.decision is None:
        raise AccountOpenError
    account = await SupplierAccount.create(
        id=command.id,
        supplier_id=supplier.id,
        number=1 if last is None else last.number + 1,
        kind=command.kind,
        account=command.account,
        holder=command.holder,
        holder_latin=command.holder_latin,
        bic=command.bic,
        country=command.country,
        town=command.town,
        recorded_by=transaction.actor.id,
        using_db=transaction.orm,
    )
    return Reference("SupplierAccount", account.id, account.version)


async def decide_supplier_account(transaction: Transaction, command: DecideSupplierAccount) -> Reference:
    """Approve or refuse an account that somebody else has recorded. Locks the account.

    After a refusal nothing is released to the supplier until another account is recorded and approved.

    Raises:
        AlreadyDecidedError, SamePersonError, VersionConflictError, NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.SUPPLIER_CONFIRM)
    account = await locked(
        transaction, SupplierAccount, command.account_id, kind="SupplierAccount", expected_version=command.expected_version
    )
    if account.decision is not None:
        raise AlreadyDecidedError(kind="account")
    if account.recorded_by == transaction.actor.id:
        raise SamePersonError(step="decision on the account")
    account.decision = "approved" if command.approved else "refused"
    account.decision_note, account.decided_by, account.decided_at = command.note, transaction.actor.id, now()
    await account.save(using_db=transaction.orm, update_fields=["decision", "decision_note", "decided_by", "decided_at"])
    return Reference("SupplierAccount", account.id, account.version + 1)


async def check_supplier(transaction: Transaction, payment: Payment) -> None:
    """Let no payment go to an account that nobody has approved, nor to a supplier that may be another one.

    The database looks again, under locks.

    Raises:
        AccountUnapprovedError: the last account of its supplier is open or refused.
        SupplierDuplicateError: its supplier is like an earlier one, and nobody has decided that.
        SupplierBarredError: its supplier was found to be an earlier one.
    """
    if payment.supplier_id is None:
        return
    standing = await transaction.fetch_one(_SQL["standing_of_supplier"], payment.supplier_id)
    if standing is None:
        return
    if standing["account_decision"] not in {None, "approved"}:
        raise AccountUnapprovedError
    if standing["hold"] == "barred":
        raise SupplierBarredError
    if standing["hold"] == "alike":
        raise SupplierDuplicateError


async def decide_supplier_likeness(transaction: Transaction, command: DecideSupplierLikeness) -> Reference:
    """Clear or bar the later of two suppliers that are alike; who decides had no hand in either. Locks the likeness.

    Cleared, it is paid too, until something else is found that the two share. Barred, nothing is ever released to it.

    Raises:
        AlreadyDecidedError, SamePersonError, VersionConflictError, NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.SUPPLIER_COMPARE)
    likeness = await locked(
        transaction, SupplierLikeness, command.likeness_id, kind="SupplierLikeness", expected_version=command.expected_version
    )
    if likeness.decision is not None:
        raise AlreadyDecidedError(kind="likeness")
    if await transaction.fetch_value(_SQL["had_a_hand"], [likeness.earlier_id, likeness.later_id], transaction.actor.id):
        raise SamePersonError(step="comparison of the suppliers")
    likeness.decision = "cleared" if command.cleared else "barred"
    likeness.decision_note, likeness.decided_by, likeness.decided_at = command.note, transaction.actor.id, now()
    await likeness.save(using_db=transaction.orm, update_fields=["decision", "decision_note", "decided_by", "decided_at"])
    return Reference("SupplierLikeness", likeness.id, likeness.version + 1)


async def _last_account(transaction: Transaction, supplier_id: UUID) -> SupplierAccount | None:
    return await SupplierAccount.filter(supplier_id=supplier_id).using_db(transaction.orm).order_by("-number").first()
