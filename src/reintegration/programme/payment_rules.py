"""What payments and fees are held to, as rows of tables: documents, thresholds, how names of suppliers are compared, tariffs."""

from collections.abc import Iterable

from reintegration.programme import code_lists
from reintegration.programme.reference import identifier
from reintegration.programme.tables import Row, TableRow, TableRows, cents, read_table


def payment_rules() -> tuple[TableRows, ...]:
    """The tables, each from its file."""
    return (
        TableRows("required_documents", "required_documents.csv", _required_documents(), decides=True),
        TableRows("payment_thresholds", "payment_thresholds.csv", _payment_thresholds(), decides=True),
        TableRows("legal_forms", "legal_forms.csv", _legal_forms(), decides=True),
        TableRows(
            "service_fee_tariffs",
            "service_fee_tariffs.csv",
            service_fee_tariffs(read_table("service_fee_tariffs.csv")),
            decides=True,
        ),
    )


def _required_documents() -> tuple[TableRow, ...]:
    return tuple(
        {
            "id": str(
                identifier(
                    "required_document",
                    f"{need.payment_kind}:{need.plan_item_kind or ''}:{need.document_kind}:{need.stage}",
                )
            ),
            "payment_kind": need.payment_kind,
            "plan_item_kind": need.plan_item_kind,
            "document_kind": need.document_kind,
            "stage": need.stage,
            "certainty": need.certainty,
            "source": need.source,
        }
        for need in code_lists.required_documents()
    )


def _payment_thresholds() -> tuple[TableRow, ...]:
    """An id follows from scope and first day: a new version is a new row, and the old one gets its last day."""
    return tuple(
        {
            "id": str(identifier("payment_threshold", f"{row['scope']}:{row['valid_from']}")),
            "scope": row["scope"],
            "most_minor": cents(row["most"]),
            "valid_from": row["valid_from"],
            "valid_to": row["valid_to"] or None,
            "certainty": row["certainty"],
            "source": row["source"],
        }
        for row in read_table("payment_thresholds.csv")
    )


def _legal_forms() -> tuple[TableRow, ...]:
    """A form that is no longer wanted stays in its file, inactive."""
    return tuple(
        {
            "id": str(identifier("legal_form", f"{row['country']}:{row['form']}")),
            "country_code": row["country"] or None,
            "form": row["form"],
            "is_active": row["is_active"] == "true",
            "certainty": row["certainty"],
            "source": row["source"],
        }
        for row in read_table("legal_forms.csv")
    )


def service_fee_tariffs(rows: Iterable[Row]) -> tuple[TableRow, ...]:
    """An id follows from partner, service, country and first day: a new amount is a new row, and the old one gets its last day.

    The file is shipped without a row, for what is agreed with a partner is published nowhere (domain.md 11, row 21).
    """
    return tuple(
        {
            "id": str(identifier("service_fee_tariff", f"{row['partner']}:{row['kind']}:{row['country']}:{row['valid_from']}")),
            "partner_id": str(identifier("partner", row["partner"])),
            "kind": row["kind"],
            "country_code": row["country"] or None,
            "amount_minor": cents(row["amount"]),
            "currency": row["currency"],
            "valid_from": row["valid_from"],
            "valid_to": row["valid_to"] or None,
            "certainty": row["certainty"],
            "source": row["source"],
        }
        for row in rows
    )
