"""The export of service fees for Fedasil finance: a row per fee, and what each partner got out of each fund in each month."""

from datetime import date
from typing import Final

from reintegration.database.sql import load_queries
from reintegration.database.transaction import Row as DatabaseRow
from reintegration.exports.definitions import (
    Parameters,
    ReportDefinition,
    ReportTable,
    counted_by,
    day,
    from_query,
    only,
)
from reintegration.exports.tables import Column, ColumnKind, ColumnRole, Row, Table
from reintegration.kernel.errors import InvalidInputError
from reintegration.kernel.money import Money

_SQL = load_queries(__file__)
_K = ColumnKind

FEES: Final = Table(
    "service_fees",
    (
        Column("service_fee_id", _K.TEXT, "Id of the fee"),
        Column("case_reference", _K.TEXT, "Reference of the case; the fee is no money of it"),
        Column("partner", _K.TEXT, "Code of the partner that gets it"),
        Column("office", _K.TEXT, "Code of the office that had the case when it was claimed"),
        Column("fund", _K.TEXT, "Code of the fund that bears it", ColumnRole.FUND),
        Column("service", _K.TEXT, "plan_preparation or follow_up"),
        Column("served_on", _K.DATE, "Day of the service, whose tariff says the amount"),
        Column("status", _K.TEXT, "claimed, approved, paid, refused, withdrawn or reversed"),
        Column("amount", _K.MONEY, "Amount of the tariff", ColumnRole.SUMMED),
        Column("owed_amount", _K.MONEY, "The same while it is approved and not paid", ColumnRole.SUMMED),
        Column("paid_amount", _K.MONEY, "The same once it is paid and has not come back", ColumnRole.SUMMED),
        Column("currency", _K.TEXT, "ISO 4217 code of the amounts"),
        Column("tariff_id", _K.TEXT, "Id of the tariff that has decided it"),
        Column("tariff_from", _K.DATE, "First day of that tariff"),
        Column("tariff_country", _K.TEXT, "Country of that tariff; empty for one of all countries"),
        Column("claimed_by", _K.TEXT, "Who claimed it"),
        Column("claimed_at", _K.TIMESTAMP, "When"),
        Column("approved_by", _K.TEXT, "Who approved it"),
        Column("approved_at", _K.TIMESTAMP, "When"),
        Column("paid_by", _K.TEXT, "Who paid it"),
        Column("paid_at", _K.TIMESTAMP, "When that was recorded"),
        Column("paid_on", _K.DATE, "Day of payment; kept after a reversal"),
        Column("payment_reference", _K.TEXT, "Reference of the transfer"),
        Column("ended_by", _K.TEXT, "Who refused, withdrew or reversed it"),
        Column("ended_at", _K.TIMESTAMP, "When"),
        Column("ended_reason", _K.TEXT, "Why, as that person wrote it"),
        Column("returned_on", _K.DATE, "Day on which it came back"),
        Column("ledger_transactions", _K.TEXT, "Ids of the ledger transactions, in order, a space between"),
    ),
)
TOTALS: Final = Table(
    "service_fee_totals",
    (
        Column("partner", _K.TEXT, "Code of the partner"),
        Column("fund", _K.TEXT, "Code of the fund", ColumnRole.FUND),
        Column("month", _K.DATE, "First day of the month in which fees were paid or came back"),
        Column("paid_fees", _K.INTEGER, "How many were paid"),
        Column("returned_fees", _K.INTEGER, "How many came back"),
        Column("paid_amount", _K.MONEY, "What was paid", ColumnRole.SUMMED),
        Column("returned_amount", _K.MONEY, "What came back", ColumnRole.SUMMED),
        Column("net_amount", _K.MONEY, "What the fund bears: paid less returned", ColumnRole.SUMMED),
        Column("currency", _K.TEXT, "ISO 4217 code of the amounts"),
    ),
)
_MONEY_OF_FEES: Final = {"amount", "owed_amount", "paid_amount"}
_MONEY_OF_TOTALS: Final = {"paid_amount", "returned_amount", "net_amount"}


def report_definitions() -> tuple[ReportDefinition, ...]:
    """The reports of the fees room."""
    return (
        ReportDefinition(
            kind="service_fees",
            definition_version="2026-1",
            description=(
                "Fees of partners whose service was done, or that were paid or came back, from the first to the last day, both "
                "included; and by partner, fund and month what was paid and what came back in those days."
            ),
            tables=(
                ReportTable(
                    FEES,
                    from_query(_SQL["service_fees"], _period, _fee),
                    counted_by(_SQL["service_fees_count"], _period),
                ),
                ReportTable(
                    TOTALS,
                    from_query(_SQL["service_fee_totals"], _period, _total),
                    counted_by(_SQL["service_fee_totals_count"], _period),
                ),
            ),
            parse=_parse,
        ),
    )


def _parse(parameters: Parameters) -> Parameters:
    """`from` and `to`, both included."""
    first, last = only(parameters, "from", "to")
    if day("to", last) < day("from", first):
        raise InvalidInputError(field="to", reason="is not before from")
    return {"from": first, "to": last}


def _period(parameters: Parameters) -> tuple[date, date]:
    return date.fromisoformat(parameters["from"]), date.fromisoformat(parameters["to"])


def _fee(row: DatabaseRow) -> Row:
    return _cells(FEES, row, _MONEY_OF_FEES)


def _total(row: DatabaseRow) -> Row:
    return _cells(TOTALS, row, _MONEY_OF_TOTALS)


def _cells(table: Table, row: DatabaseRow, money: set[str]) -> Row:
    return [
        _money(row[f"{column.name}_minor"], row["currency"]) if column.name in money else row[column.name]
        for column in table.columns
    ]


def _money(amount_minor: int | None, currency: str) -> Money | None:
    return None if amount_minor is None else Money(amount_minor, currency)
