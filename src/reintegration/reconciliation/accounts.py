"""Use cases of accounts: open one, and say how its bank writes CSV statements."""

from uuid import UUID

from reintegration.banking.mapping import mapping_from_document, mapping_to_document
from reintegration.cases.errors import FutureDateError
from reintegration.database.rows import locked
from reintegration.database.transaction import Transaction
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.actor import FIELD_ROLES
from reintegration.kernel.clock import today
from reintegration.kernel.errors import InvalidInputError, NotFoundError
from reintegration.kernel.reference import Reference
from reintegration.programme.models import FieldOffice
from reintegration.reconciliation.commands import OpenBankAccount, RecordMapping
from reintegration.reconciliation.models import BankAccount, StatementMapping


async def open_bank_account(transaction: Transaction, command: OpenBankAccount) -> Reference:
    """Say that an office, or the partner itself, has this account, and what it held at the end of a day.

    An account is opened once for each currency that it holds. The first statement opens with that balance, or is refused.

    Raises:
        FutureDateError, InvalidInputError, NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.STATEMENT_IMPORT)
    if command.opening_on > today():
        raise FutureDateError(field="openingOn")
    account = await BankAccount.create(
        using_db=transaction.orm,
        id=command.id,
        partner_id=await _holder(transaction, command),
        field_office_id=command.field_office_id,
        kind=command.kind,
        account=command.account,
        currency_row_id=command.opening.currency,
        name=command.name,
        opening_on=command.opening_on,
        opening_minor=command.opening.amount_minor,
        opened_by=transaction.actor.id,
    )
    return Reference("BankAccount", account.id, account.version)


async def record_mapping(transaction: Transaction, command: RecordMapping) -> Reference:
    """Say how the bank writes its CSV files from now on; what was read by an earlier mapping keeps that one.

    Locks the bank account.

    Raises:
        MappingRefusedError, NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.STATEMENT_IMPORT)
    mapping = mapping_from_document(command.mapping)
    account = await locked(transaction, BankAccount, command.bank_account_id, kind="BankAccount")
    numbers = await StatementMapping.filter(bank_account_id=account.id).using_db(transaction.orm).count()
    row = await StatementMapping.create(
        using_db=transaction.orm,
        id=command.id,
        bank_account_id=account.id,
        number=numbers + 1,
        mapping=mapping_to_document(mapping),
        recorded_by=transaction.actor.id,
    )
    return Reference("StatementMapping", row.id, row.version)


async def _holder(transaction: Transaction, command: OpenBankAccount) -> UUID:
    """The partner, to whom the office belongs where there is one."""
    actor = transaction.actor
    if (command.partner_id is None) == (command.field_office_id is None):
        raise InvalidInputError(field="officeId", reason="an account is a partner's or an office's, and of one of them")
    if command.partner_id is not None:
        if actor.role in FIELD_ROLES or actor.partner_id not in {None, command.partner_id}:
            raise NotFoundError(kind="Partner")
        return command.partner_id
    office = await FieldOffice.filter(id=command.field_office_id).using_db(transaction.orm).get_or_none()
    is_own = office is not None and (
        office.id in actor.offices if actor.role in FIELD_ROLES else actor.partner_id in {None, office.partner_id}
    )
    if office is None or not is_own:
        raise NotFoundError(kind="FieldOffice")
    return office.partner_id
