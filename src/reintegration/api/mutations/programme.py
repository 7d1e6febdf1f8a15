"""Mutations of exchange rates: months are imported, and another person confirms each."""

from datetime import date

import strawberry

from reintegration.api.graph import ApiInfo
from reintegration.api.identifiers import decode
from reintegration.api.loaders import returned
from reintegration.api.mutations.execute import CreationInput, Input, Payload, UpdateInput, chosen_id, execute, mutation
from reintegration.api.types.programme import ExchangeRateMonth
from reintegration.identity.permissions import Permission
from reintegration.kernel.errors import SamePersonError
from reintegration.programme.commands import ConfirmRateMonth, ImportRateHistory, ImportRateMonth, RateSource
from reintegration.programme.errors import RateMonthConfirmedError
from reintegration.programme.inforeuro import InforEuroFormatError
from reintegration.programme.rates import confirm_rate_month, import_rate_history, import_rate_month

strawberry.enum(RateSource, description="Where the rates of a document come from; kept with every converted line.")


@strawberry.input
class ExchangeRateMonthImportInput(CreationInput):
    """See ImportRateMonth."""

    month: date = strawberry.field(description="Its first day; the document itself carries no date.")
    document: str = strawberry.field(description="The text of the monthly InforEuro file, JSON.")
    source: RateSource = RateSource.PUBLISHED

    def command(self) -> ImportRateMonth:
        """The command."""
        return ImportRateMonth(id=chosen_id(self.id), month=self.month, document=self.document.encode(), source=self.source)


@strawberry.input
class ExchangeRateHistoryImportInput(CreationInput):
    """See ImportRateHistory. `id` is the newest month's."""

    first_month: date = strawberry.field(description="The first day of the first month to take from the documents.")
    last_month: date = strawberry.field(description="The first day of the last one.")
    documents: list[str] = strawberry.field(
        description="The text of an InforEuro history, JSON, for each currency that the months shall have."
    )

    def command(self) -> ImportRateHistory:
        """The command."""
        return ImportRateHistory(
            id=chosen_id(self.id),
            first_month=self.first_month,
            last_month=self.last_month,
            documents=tuple(document.encode() for document in self.documents),
        )


@strawberry.input
class ExchangeRateMonthConfirmInput(UpdateInput):
    """See ConfirmRateMonth."""

    exchange_rate_month_id: strawberry.ID

    def command(self) -> ConfirmRateMonth:
        """The command."""
        return ConfirmRateMonth(
            id=decode(self.exchange_rate_month_id, "ExchangeRateMonth"), expected_version=self.expected_version
        )


@strawberry.type
class ExchangeRateMonthImportPayload(Payload):
    """The imported month; the first import of the same document, where there was one."""

    exchange_rate_month: ExchangeRateMonth


@strawberry.type
class ExchangeRateHistoryImportPayload(Payload):
    """The newest imported month; the first import of the same documents, where there was one."""

    exchange_rate_month: ExchangeRateMonth


@strawberry.type
class ExchangeRateMonthConfirmPayload(Payload):
    """The confirmed month."""

    exchange_rate_month: ExchangeRateMonth


@strawberry.type
class ProgrammeMutations:
    """Part of `Mutation`."""

    @mutation(ExchangeRateMonthImportPayload, InforEuroFormatError, RateMonthConfirmedError)
    async def exchange_rate_month_import(
        self, info: ApiInfo, asked: Input[ExchangeRateMonthImportInput]
    ) -> ExchangeRateMonthImportPayload:
        """Keep the rates of a monthly InforEuro file, unconfirmed; the same document again gives the first import."""
        done = await execute(info, asked, Permission.RATE_IMPORT, import_rate_month, asked.command)
        found = await returned(info.context, ExchangeRateMonth, done.reference.id)
        return ExchangeRateMonthImportPayload(exchange_rate_month=found, replayed=done.replayed)

    @mutation(ExchangeRateHistoryImportPayload, InforEuroFormatError, RateMonthConfirmedError)
    async def exchange_rate_history_import(
        self, info: ApiInfo, asked: Input[ExchangeRateHistoryImportInput]
    ) -> ExchangeRateHistoryImportPayload:
        """Keep months of InforEuro histories, unconfirmed; the same documents again give the first import."""
        done = await execute(info, asked, Permission.RATE_IMPORT, import_rate_history, asked.command)
        found = await returned(info.context, ExchangeRateMonth, done.reference.id)
        return ExchangeRateHistoryImportPayload(exchange_rate_month=found, replayed=done.replayed)

    @mutation(ExchangeRateMonthConfirmPayload, RateMonthConfirmedError, SamePersonError)
    async def exchange_rate_month_confirm(
        self, info: ApiInfo, asked: Input[ExchangeRateMonthConfirmInput]
    ) -> ExchangeRateMonthConfirmPayload:
        """Let the rates of a month be used; not by the person who imported it."""
        done = await execute(info, asked, Permission.RATE_CONFIRM, confirm_rate_month, asked.command)
        found = await returned(info.context, ExchangeRateMonth, done.reference.id)
        return ExchangeRateMonthConfirmPayload(exchange_rate_month=found, replayed=done.replayed)
