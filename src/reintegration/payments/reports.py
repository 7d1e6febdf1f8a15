"""The payments ledger export for Fedasil finance: a row per payment line with everything that proves it."""

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
from reintegration.kernel.money import EURO, Money

_SQL = load_queries(__file__)
_K = ColumnKind

PAYMENT_LINES: Final = Table(
    "payments_ledger",
    (
        Column("case_reference", _K.TEXT, "Reference of the case"),
        Column("payment_id", _K.TEXT, "Id of the payment; its lines share it"),
        Column("line", _K.INTEGER, "Number of the line in its payment"),
        Column("office", _K.TEXT, "Code of the field office that made the payment; empty when made in Belgium"),
        Column("office_name", _K.TEXT, "Name of that office"),
        Column("partner", _K.TEXT, "Code of that office's partner"),
        Column("payment_kind", _K.TEXT, "supplier_direct, reimbursement, cash_premium or travel_document_refund"),
        Column("item_kind", _K.TEXT, "Kind of the plan item; empty for premiums and refunds"),
        Column("stream", _K.TEXT, "Money stream: cash_premium, reintegration or travel_document_refund"),
        Column("fund", _K.TEXT, "Code of the fund that is charged", ColumnRole.FUND),
        Column("status", _K.TEXT, "submitted, approved, released, paid, failed, unconfirmed or reversed"),
        Column("payment_date", _K.DATE, "Day for which the payment was asked"),
        Column("paid_on", _K.DATE, "Day of payment; empty until paid, kept after a reversal"),
        Column("supplier", _K.TEXT, "Name of the supplier of a direct payment"),
        Column("invoice_number", _K.TEXT, "Number of the invoice"),
        Column("description", _K.TEXT, "What the payment is for, as the office wrote it"),
        Column("line_description", _K.TEXT, "What the line is for, as the office wrote it"),
        Column("amount", _K.MONEY, "Amount in the currency of the line", ColumnRole.SUMMED),
        Column("currency", _K.TEXT, "ISO 4217 code of the amount"),
        Column("rate", _K.RATE, "Units of the currency for 1 EUR, as published, frozen at submission"),
        Column("rate_month", _K.DATE, "First day of the month of the rate; empty for euro"),
        Column("rate_source", _K.TEXT, "Where the rate comes from"),
        Column("rate_rule", _K.TEXT, "Which month's rate the operation takes"),
        Column("amount_eur", _K.MONEY, "Amount in euro: amount / rate, half up to cents", ColumnRole.SUMMED),
        Column("paid_amount", _K.MONEY, "What was paid of the amount; empty unless the status is paid", ColumnRole.SUMMED),
        Column("paid_eur", _K.MONEY, "The same in euro at the line's rate", ColumnRole.SUMMED),
        Column("settlement_reference", _K.TEXT, "Reference of the bank or the signed receipt"),
        Column("prepared_by", _K.TEXT, "Who prepared it"),
        Column("prepared_at", _K.TIMESTAMP, "When"),
        Column("submitted_at", _K.TIMESTAMP, "When it was submitted"),
        Column("approved_by", _K.TEXT, "Who approved it"),
        Column("approved_at", _K.TIMESTAMP, "When"),
        Column("released_by", _K.TEXT, "Who released it"),
        Column("released_at", _K.TIMESTAMP, "When"),
        Column("settled_by", _K.TEXT, "Who recorded the outcome"),
        Column("settled_at", _K.TIMESTAMP, "When"),
        Column("reversed_by", _K.TEXT, "Who reversed it"),
        Column("reversed_at", _K.TIMESTAMP, "When"),
        Column(
            "refunded_amount",
            _K.MONEY,
            "What came back of the line so far, in its currency: refunds and receipts",
            ColumnRole.SUMMED,
        ),
        Column("refunded_eur", _K.MONEY, "The same in euro at the line's rate; empty if nothing came back", ColumnRole.SUMMED),
        Column("last_refund_on", _K.DATE, "Day on which the last of it came"),
        Column("net_eur", _K.MONEY, "What the fund bears: paid_eur less refunded_eur", ColumnRole.SUMMED),
        Column("approval_digest", _K.DIGEST, "SHA-256 of the content that was approved"),
        Column("evidence_digests", _K.TEXT, "SHA-256 of each document, ordered, a space between"),
        Column("ledger_transactions", _K.TEXT, "Ids of the ledger transactions, in order, a space between"),
    ),
)
_SAME = {"approval_digest": "approved_digest"}
_COMPUTED = {"amount", "amount_eur", "paid_amount", "paid_eur", "refunded_amount", "refunded_eur", "net_eur"}


def report_definitions() -> tuple[ReportDefinition, ...]:
    """The reports of the payments room."""
    return (
        ReportDefinition(
            kind="payments_ledger",
            definition_version="2026-3",
            description=(
                "Payment lines paid, or until then to be paid, or reversed, or that came back in part, from the first to the "
                "last day, both included: money that came back stands in the period in which it came. Drafts and cancelled "
                "drafts are left out."
            ),
            tables=(
                ReportTable(
                    PAYMENT_LINES,
                    from_query(_SQL["payments_ledger"], _period, _line),
                    counted_by(_SQL["payments_ledger_count"], _period),
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


def _line(row: DatabaseRow) -> Row:
    is_paid = row["status"] == "paid"
    paid_minor = row["euro_minor"] - (row["shortfall_euro_minor"] or 0) if is_paid else None
    computed = {
        "amount": Money(row["amount_minor"], row["currency"]),
        "amount_eur": _money(row["euro_minor"], EURO),
        "paid_amount": _money(row["amount_minor"] - (row["shortfall_minor"] or 0) if is_paid else None, row["currency"]),
        "paid_eur": _money(paid_minor, EURO),
        "refunded_amount": _money(row["refunded_minor"], row["currency"]),
        "refunded_eur": _money(row["refunded_euro_minor"], EURO),
        "net_eur": None if paid_minor is None else _money(paid_minor - (row["refunded_euro_minor"] or 0), EURO),
    }
    return [
        computed[column.name] if column.name in _COMPUTED else row[_SAME.get(column.name, column.name)]
        for column in PAYMENT_LINES.columns
    ]


def _money(amount_minor: int | None, currency: str) -> Money | None:
    return None if amount_minor is None else Money(amount_minor, currency)
