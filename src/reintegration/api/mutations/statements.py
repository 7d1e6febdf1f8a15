"""Mutations of statements: open an account, announce and import a bank's file, withdraw it."""

from datetime import date

import orjson
import strawberry

from reintegration.api.graph import ApiInfo
from reintegration.api.identifiers import decode
from reintegration.api.loaders import record, returned
from reintegration.api.mutations.evidence import Upload, presigned
from reintegration.api.mutations.execute import (
    CreationInput,
    Input,
    Payload,
    UpdateInput,
    chosen_id,
    execute,
    mutation,
    optional,
    require_any,
)
from reintegration.api.scalars import Digest, MoneyInput
from reintegration.api.types.enums import AccountKind, StatementFileStatus, StatementFormat
from reintegration.api.types.statements import BankAccount, StatementFile, StatementMapping
from reintegration.banking.accounts import normalised_account
from reintegration.banking.faults import StatementRefusedError
from reintegration.banking.mapping import MappingRefusedError
from reintegration.cases.errors import FutureDateError
from reintegration.evidence.errors import UploadDiffersError, UploadMissingError
from reintegration.identity.permissions import Permission
from reintegration.kernel.errors import InvalidInputError, SamePersonError, TransitionError
from reintegration.reconciliation import errors
from reintegration.reconciliation.accounts import open_bank_account, record_mapping
from reintegration.reconciliation.commands import (
    BesideBalance,
    BesideCsv,
    ImportStatements,
    OpenBankAccount,
    RecordMapping,
    RequestStatementUpload,
    WithdrawStatements,
)
from reintegration.reconciliation.files import (
    import_statements,
    read_statement_file,
    request_statement_upload,
    withdraw_statements,
)


@strawberry.input
class BankAccountOpenInput(CreationInput):
    """See OpenBankAccount."""

    partner_id: strawberry.ID | None = strawberry.field(default=None, description="For the partner's own account; or an office.")
    office_id: strawberry.ID | None = None
    kind: AccountKind
    account: str = strawberry.field(description="An IBAN, another number, or a telephone; spaces are left out.")
    name: str
    opening: MoneyInput = strawberry.field(description="What it held at the end of `openingOn`; below zero is overdrawn.")
    opening_on: date

    def command(self) -> OpenBankAccount:
        """The command."""
        return OpenBankAccount(
            id=chosen_id(self.id),
            partner_id=optional(self.partner_id, "Partner"),
            field_office_id=optional(self.office_id, "FieldOffice"),
            kind=self.kind.value,
            account=normalised_account(self.account),
            name=self.name.strip(),
            opening=self.opening.read("opening"),
            opening_on=self.opening_on,
        )


@strawberry.input
class StatementMappingRecordInput(CreationInput):
    """See RecordMapping."""

    account_id: strawberry.ID
    mapping: str = strawberry.field(description="A JSON object; schema/operations/README.md names its fields.")

    def command(self) -> RecordMapping:
        """The command."""
        try:
            document = orjson.loads(self.mapping)
        except orjson.JSONDecodeError as error:
            raise InvalidInputError(field="mapping", reason="not JSON") from error
        return RecordMapping(id=chosen_id(self.id), bank_account_id=decode(self.account_id, "BankAccount"), mapping=document)


@strawberry.input
class StatementRequestUploadInput(CreationInput):
    """See RequestStatementUpload."""

    account_id: strawberry.ID
    format: StatementFormat
    file_name: str
    size_bytes: int = strawberry.field(description="At most 20 MiB.")
    sha256: Digest = strawberry.field(description="Of the file; no other bytes are taken.")

    def command(self) -> RequestStatementUpload:
        """The command."""
        return RequestStatementUpload(
            id=chosen_id(self.id),
            bank_account_id=decode(self.account_id, "BankAccount"),
            format=self.format.value,
            file_name=self.file_name,
            size_bytes=self.size_bytes,
            sha256=self.sha256,
        )


@strawberry.input(description="What an account held at the end of a day, or before the first line.")
class BalanceInput:
    """See BesideBalance."""

    amount: MoneyInput
    on: date

    def read(self, field: str) -> BesideBalance:
        """The balance; its currency is compared with the account's where the file is read."""
        return BesideBalance(self.amount.read(field), self.on)


@strawberry.input
class StatementImportInput(UpdateInput):
    """See ImportStatements."""

    file_id: strawberry.ID
    opening: BalanceInput | None = strawberry.field(default=None, description="Of a CSV file that shows none.")
    closing: BalanceInput | None = strawberry.field(default=None, description="Of a CSV file that shows none.")
    bank_number: str | None = strawberry.field(default=None, description="What the bank calls a statement in CSV.")

    def beside(self) -> BesideCsv:
        """What is said beside the file."""
        return BesideCsv(
            opening=None if self.opening is None else self.opening.read("opening"),
            closing=None if self.closing is None else self.closing.read("closing"),
            number=self.bank_number,
        )


@strawberry.input
class StatementWithdrawInput(UpdateInput):
    """See WithdrawStatements."""

    file_id: strawberry.ID
    reason: str

    def command(self) -> WithdrawStatements:
        """The command."""
        return WithdrawStatements(
            id=decode(self.file_id, "StatementFile"), expected_version=self.expected_version, reason=self.reason.strip()
        )


@strawberry.type
class BankAccountOpenPayload(Payload):
    """The account."""

    bank_account: BankAccount


@strawberry.type
class StatementMappingRecordPayload(Payload):
    """The mapping that counts from now on."""

    statement_mapping: StatementMapping


@strawberry.type
class StatementRequestUploadPayload(Payload):
    """The announced file and where to send it."""

    statement_file: StatementFile
    upload: Upload | None = strawberry.field(description="Null once the file is imported; a replay signs a new request.")


@strawberry.type
class StatementImportPayload(Payload):
    """The imported file."""

    statement_file: StatementFile


@strawberry.type
class StatementWithdrawPayload(Payload):
    """The withdrawn file."""

    statement_file: StatementFile


@strawberry.type
class StatementMutations:
    """Part of `Mutation`."""

    @mutation(BankAccountOpenPayload, FutureDateError)
    async def bank_account_open(self, info: ApiInfo, asked: Input[BankAccountOpenInput]) -> BankAccountOpenPayload:
        """Say that an office, or the partner itself, has an account with a bank or an operator of mobile money."""
        done = await execute(info, asked, Permission.STATEMENT_IMPORT, open_bank_account, asked.command)
        found = await returned(info.context, BankAccount, done.reference.id)
        return BankAccountOpenPayload(bank_account=found, replayed=done.replayed)

    @mutation(StatementMappingRecordPayload, MappingRefusedError)
    async def statement_mapping_record(
        self, info: ApiInfo, asked: Input[StatementMappingRecordInput]
    ) -> StatementMappingRecordPayload:
        """Say how the bank writes the CSV files of an account from now on."""
        done = await execute(info, asked, Permission.STATEMENT_IMPORT, record_mapping, asked.command)
        found = await returned(info.context, StatementMapping, done.reference.id)
        return StatementMappingRecordPayload(statement_mapping=found, replayed=done.replayed)

    @mutation(StatementRequestUploadPayload, errors.StatementKnownError)
    async def statement_request_upload(
        self, info: ApiInfo, asked: Input[StatementRequestUploadInput]
    ) -> StatementRequestUploadPayload:
        """Announce a bank's file; the answer holds an address that takes exactly these bytes."""
        done = await execute(info, asked, Permission.STATEMENT_IMPORT, request_statement_upload, asked.command)
        file = await record(info.context, StatementFile, done.reference.id)
        upload = await presigned(info.context, file.row) if file.status is StatementFileStatus.PENDING else None
        return StatementRequestUploadPayload(statement_file=file, upload=upload, replayed=done.replayed)

    @mutation(
        StatementImportPayload,
        UploadMissingError,
        UploadDiffersError,
        errors.MappingMissingError,
        StatementRefusedError,
        errors.StatementOfOtherAccountError,
        errors.StatementKnownError,
        errors.StatementGapError,
        TransitionError,
    )
    async def statement_import(self, info: ApiInfo, asked: Input[StatementImportInput]) -> StatementImportPayload:
        """Read a file that was sent and record its statements, each of which follows the one before it; all or nothing."""
        require_any(info, Permission.STATEMENT_IMPORT)
        context, file_id = info.context, decode(asked.file_id, "StatementFile")
        # An earlier mutation's snapshot would be held open while the file is read.
        await context.reset_reads()
        read = await read_statement_file(context.unit_of_work, context.object_store, context.actor, file_id, asked.beside())

        def command() -> ImportStatements:
            return ImportStatements(
                id=file_id,
                expected_version=asked.expected_version,
                mapping_id=read.mapping_id,
                statements=read.statements,
            )

        done = await execute(info, asked, Permission.STATEMENT_IMPORT, import_statements, command)
        found = await returned(context, StatementFile, done.reference.id)
        return StatementImportPayload(statement_file=found, replayed=done.replayed)

    @mutation(
        StatementWithdrawPayload,
        errors.StatementNotLastError,
        errors.StatementMatchedError,
        TransitionError,
        SamePersonError,
    )
    async def statement_withdraw(self, info: ApiInfo, asked: Input[StatementWithdrawInput]) -> StatementWithdrawPayload:
        """Take back a file that somebody else should not have imported: cut off, or read by a wrong mapping."""
        done = await execute(info, asked, Permission.STATEMENT_IMPORT, withdraw_statements, asked.command)
        found = await returned(info.context, StatementFile, done.reference.id)
        return StatementWithdrawPayload(statement_file=found, replayed=done.replayed)
