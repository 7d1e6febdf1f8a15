"""What a payment is made of: its lines and their frozen rates, its documents, and the digest that an approval binds to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from reintegration.database.sql import load_queries
from reintegration.database.transaction import Row, Transaction
from reintegration.kernel.canonical import digest
from reintegration.kernel.clock import first_of_month, today
from reintegration.kernel.errors import InvalidInputError
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import EURO, Money, minor_digits, to_euro
from reintegration.payments.commands import PaymentLineDraft
from reintegration.payments.errors import ApprovalVoidError, DocumentsMissingError
from reintegration.payments.models import Payment
from reintegration.programme.rates import rate_for

_SQL = load_queries(__file__)
_MOST_LINES = 100
HEADER_FIELDS = (
    "id",
    "case_id",
    "field_office_id",
    "fund_id",
    "kind",
    "stream",
    "plan_item_id",
    "entitlement_id",
    "supplier_id",
    "invoice_number",
    "description",
    "payment_date",
    "rate_rule",
    "prepared_by",
)
LINE_FIELDS = ("position", "description", "amount_minor", "currency", "rate", "rate_month", "rate_source", "euro_minor")


@dataclass(frozen=True, slots=True)
class FrozenContent:
    """A payment's total in euro cents and the digest of everything that was approved."""

    total_minor: int
    digest: str


async def record_lines(transaction: Transaction, payment_id: UUID, case_id: UUID, lines: Sequence[PaymentLineDraft]) -> None:
    """Write the lines of a draft that has none."""
    if not 1 <= len(lines) <= _MOST_LINES:
        raise InvalidInputError(field="lines", reason=f"between 1 and {_MOST_LINES} lines")
    await transaction.execute(
        _SQL["record_lines"],
        payment_id,
        case_id,
        [new_id() for _ in lines],
        list(range(1, len(lines) + 1)),
        [line.description for line in lines],
        [line.amount.amount_minor for line in lines],
        [line.amount.currency for line in lines],
        [minor_digits(line.amount.currency) for line in lines],
    )


async def remove_lines(transaction: Transaction, payment: Payment) -> None:
    """Take the lines of a draft away, for others to come."""
    await transaction.execute(_SQL["remove_lines"], payment.id)


async def freeze(transaction: Transaction, payment: Payment) -> FrozenContent:
    """Fix the rate of each line and convert it: HALF_UP per line, the total is the sum of the lines (amif.md 6.3).

    Raises:
        NoRateError: no confirmed rate for a currency in the month that the operation's rule chooses.
    """
    lines = await transaction.fetch(_SQL["lines"], payment.id)
    month = rate_month(payment.rate_rule, payment.payment_date)
    rates = {currency: await rate_for(transaction, currency, month) for currency in sorted({line["currency"] for line in lines})}
    euros = [to_euro(Money(line["amount_minor"], line["currency"]), rates[line["currency"]].rate) for line in lines]
    await transaction.execute(
        _SQL["freeze_lines"],
        payment.id,
        [line["id"] for line in lines],
        [rates[line["currency"]].rate for line in lines],
        [None if line["currency"] == EURO else rates[line["currency"]].month for line in lines],
        [rates[line["currency"]].source for line in lines],
        [euro.amount_minor for euro in euros],
    )
    return await frozen(transaction, payment)


async def thaw(transaction: Transaction, payment: Payment) -> None:
    """Give the lines of a payment that is a draft again their freedom: a new submission freezes the rate of its own day."""
    await transaction.execute(_SQL["thaw_lines"], payment.id)


async def frozen(transaction: Transaction, payment: Payment) -> FrozenContent:
    """Total and digest of the content as it is stored now."""
    lines = await transaction.fetch(_SQL["lines"], payment.id)
    documents = await transaction.fetch(_SQL["attached"], payment.id)
    requested = [(row["kind"], row["sha256"]) for row in documents if row["stage"] == "request"]
    header = {field: getattr(payment, field) for field in HEADER_FIELDS}
    return FrozenContent(sum(line["euro_minor"] or 0 for line in lines), content_digest(header, lines, requested))


def content_digest(
    header: Mapping[str, object], lines: Iterable[Row | Mapping[str, object]], documents: Iterable[tuple[str, str]]
) -> str:
    """SHA-256 over what an approval binds to: the payment's fields, its frozen lines in order, its documents by digest."""
    document = {
        **{field: header[field] for field in HEADER_FIELDS},
        "lines": [{field: line[field] for field in LINE_FIELDS} for line in lines],
        "documents": sorted(documents, key=lambda found: (found[1], found[0])),
    }
    return digest(document)


async def check_digest(transaction: Transaction, payment: Payment, seen_digest: str) -> FrozenContent:
    """Compare what the actor saw with what is stored.

    Raises:
        ApprovalVoidError: they differ, or what was approved is not what is stored any more.
    """
    content = await frozen(transaction, payment)
    if not seen_digest == payment.content_digest == content.digest or payment.approved_digest not in {None, content.digest}:
        raise ApprovalVoidError
    return content


async def check_documents(transaction: Transaction, payment: Payment, stage: str) -> None:
    """See that the documents are there which the kind of payment needs at this step (domain.md 5).

    Raises:
        DocumentsMissingError: names each kind that is missing.
    """
    item = None if payment.plan_item_id is None else await transaction.fetch_one(_SQL["item_line"], payment.plan_item_id)
    rows = await transaction.fetch(
        _SQL["missing_documents"], payment.id, payment.kind, stage, None if item is None else item["kind"]
    )
    if rows:
        raise DocumentsMissingError(kinds=tuple(row["document_kind"] for row in rows))


def rate_month(rate_rule: str, payment_date: date) -> date:
    """The month whose rate counts: of the payment, or of its registration here (amif.md 6.1)."""
    return first_of_month(payment_date if rate_rule == "PAYMENT_MONTH" else today())
