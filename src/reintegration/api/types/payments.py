"""Payments: the order, its lines with their frozen rates, and who did which step."""

from datetime import date, datetime

import strawberry

from reintegration.api.graph import READS, Amount, ApiInfo, Beside, ByPermission, Column, Node, money, reads
from reintegration.api.loaders import SQL, ByColumn, to_many, to_one
from reintegration.api.scalars import Digest, Money
from reintegration.api.types.enums import Decision, HoldCause, PaymentKind, PaymentStatus
from reintegration.api.types.programme import FieldOffice, Fund
from reintegration.api.types.references import (
    CaseRef,
    CashTransactionRef,
    EntitlementRef,
    LedgerTransactionRef,
    PaymentDocumentRef,
    PaymentEndorsementRef,
    PaymentHoldRef,
    PaymentLineRef,
    PaymentOrderLineRef,
    PaymentRefundRef,
    PaymentShortfallRef,
    PlanItemRef,
    ReceiptCodeRef,
    ReceivableRef,
    StatementMatchRecordRef,
)
from reintegration.api.types.suppliers import Supplier
from reintegration.entitlements.rules import Stream
from reintegration.funding.service import RateRule
from reintegration.identity.permissions import Permission, allows
from reintegration.kernel import money as kernel
from reintegration.payments import models as rows


@reads(rows.PaymentLine, Permission.PAYMENT_READ)
@strawberry.type(description="A line of a payment; from the submission on its rate stands still.")
class PaymentLine(Node):
    """Table payment_lines."""

    row: strawberry.Private[rows.PaymentLine]
    position: int
    description: str
    amount: Money = money("amount_minor", "currency_row_id")
    rate: str | None = strawberry.field(description="Units of the currency for 1 EUR, with the digits of the source.")
    rate_month: date | None
    rate_source: str | None
    euro: Money | None = money("euro_minor", None, "The amount in EUR, rounded half up, for this line.")


_LINES = ("PaymentLine", "payment_id", ("position",))


@reads(rows.Payment, Permission.PAYMENT_READ)
@strawberry.type(description="An order to pay, from draft to its outcome.")
class Payment(Node):
    """Table payments."""

    row: strawberry.Private[rows.Payment]
    kind: PaymentKind
    stream: Stream
    status: PaymentStatus
    description: str
    invoice_number: str | None
    payment_date: date
    rate_rule: RateRule
    content_digest: Digest | None = strawberry.field(description="Of the content; what the approval is bound to.")
    prepared_by: str
    prepared_at: datetime
    submitted_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None
    approved_digest: Digest | None
    released_by: str | None
    released_at: datetime | None
    paid_on: date | None
    settled_by: str | None
    settled_at: datetime | None
    settlement_reference: str | None
    outcome_note: str | None
    reversed_by: str | None
    reversed_at: datetime | None
    from_float: bool = strawberry.field(description="Whether it is paid out of the advances that the office holds.")
    version: int
    case: CaseRef | None = to_one(
        "Case", "case_id", "Null for the office that made the payment when the case has moved to another one."
    )
    office: FieldOffice | None = to_one("FieldOffice", "field_office_id", "Null for what is paid in Belgium.")
    fund: Fund = to_one("Fund", "fund_id")
    plan_item: PlanItemRef | None = to_one("PlanItem", "plan_item_id")
    entitlement: EntitlementRef | None = to_one("Entitlement", "entitlement_id")
    supplier: Supplier | None = to_one("Supplier", "supplier_id")
    lines: list[PaymentLineRef] = to_many(*_LINES, size=3)
    documents: list[PaymentDocumentRef] = to_many("PaymentDocument", "payment_id", ("attached_at", "id"), size=3)
    holds: list[PaymentHoldRef] = to_many(
        "PaymentHold", "payment_id", ("placed_at", "id"), "One that nobody lifted stops it.", size=1
    )
    shortfalls: list[PaymentShortfallRef] = to_many(
        "PaymentShortfall", "payment_id", ("id",), "What was not paid of its lines, where it was paid in part.", size=1
    )
    endorsements: list[PaymentEndorsementRef] = to_many(
        "PaymentEndorsement", "payment_id", ("endorsed_at", "id"), "One of its content lets it go over a threshold.", size=1
    )
    refunds: list[PaymentRefundRef] = to_many(
        "PaymentRefund", "payment_id", ("number",), "Parts that the supplier gave back, or is said to have.", size=1
    )
    receivables: list[ReceivableRef] | None = to_many(
        "Receivable", "payment_id", ("recorded_at", "id"), "What is owed of it, or said to be.", size=1
    )
    receipt_codes: list[ReceiptCodeRef] = to_many(
        "ReceiptCode", "payment_id", ("issued_at", "id"), "For the returnee to say that it arrived.", size=1
    )
    postings: list[LedgerTransactionRef] = to_many("LedgerTransaction", "reference_id", ("recorded_at", "id"), size=3)

    cash_transactions: list[CashTransactionRef] | None = to_many(
        "CashTransaction", "reference_id", ("recorded_at", "id"), "What it moved of the advances that the office holds.", size=1
    )
    statement_records: list[StatementMatchRecordRef] | None = to_many(
        "StatementMatchRecord", "record_id", ("match_id", "number"), "What lines of banks' statements say of it.", size=1
    )
    order_lines: list[PaymentOrderLineRef] | None = to_many(
        "PaymentOrderLine", "payment_id", ("id",), "In which orders to a bank it is, or was; one at most is in force.", size=1
    )

    @strawberry.field(
        description="The sum of the lines in EUR; null until every line has its rate.",
        metadata={READS: Amount("total", None, Beside("total", SQL["payment_total"]))},
    )
    async def total(self, info: ApiInfo) -> Money | None:
        """A sum of stored lines, never a conversion of a sum."""
        lines = await info.context.loader(ByColumn(*_LINES)).load(self.row.pk)
        amounts = [line.row.euro_minor for line in lines if isinstance(line, PaymentLine)]
        if not amounts or None in amounts:
            return None
        return Money.of(kernel.Money(sum(amounts), kernel.EURO))


@reads(rows.PaymentHold, Permission.PAYMENT_READ)
@strawberry.type(description="A payment that somebody stopped, until a second person lifts it.")
class PaymentHold(Node):
    """Table payment_holds."""

    row: strawberry.Private[rows.PaymentHold]
    placed_by: str
    placed_at: datetime
    lifted_by: str | None
    lifted_at: datetime | None
    version: int
    payment: Payment = to_one("Payment", "payment_id")

    # A complaint can be about who made the payment.
    @strawberry.field(
        description="Null for who controls no payments, as are the reasons.",
        metadata={READS: ByPermission(Permission.HOLD_READ, Column("cause"))},
    )
    def cause(self, info: ApiInfo) -> HoldCause | None:
        """For who may read it."""
        return HoldCause(self.row.cause) if _may_know(info) else None

    @strawberry.field(description="Why it was stopped.", metadata={READS: ByPermission(Permission.HOLD_READ, Column("reason"))})
    def reason(self, info: ApiInfo) -> str | None:
        """For who may read it."""
        return self.row.reason if _may_know(info) else None

    @strawberry.field(description="Why it goes on.", metadata={READS: ByPermission(Permission.HOLD_READ, Column("lift_reason"))})
    def lift_reason(self, info: ApiInfo) -> str | None:
        """For who may read it."""
        return self.row.lift_reason if _may_know(info) else None


def _may_know(info: ApiInfo) -> bool:
    return allows(info.context.actor.role, Permission.HOLD_READ)


@reads(rows.PaymentShortfall, Permission.PAYMENT_READ)
@strawberry.type(description="What was not paid of a line of a payment that was paid in part.")
class PaymentShortfall(Node):
    """Table payment_shortfalls."""

    row: strawberry.Private[rows.PaymentShortfall]
    amount: Money = money("amount_minor", "currency_row_id")
    euro: Money = money("euro_minor", None, "What the line would have cost besides.")
    payment: Payment = to_one("Payment", "payment_id")
    line: PaymentLine = to_one("PaymentLine", "line_id")


@reads(rows.PaymentEndorsement, Permission.PAYMENT_READ)
@strawberry.type(description="Somebody of Fedasil's programme lets exactly this content of a payment go over a threshold.")
class PaymentEndorsement(Node):
    """Table payment_endorsements."""

    row: strawberry.Private[rows.PaymentEndorsement]
    content_digest: Digest
    reason: str
    endorsed_by: str
    endorsed_at: datetime
    payment: Payment = to_one("Payment", "payment_id")


@reads(rows.PaymentRefund, Permission.PAYMENT_READ)
@strawberry.type(description="A part of a payment line that the supplier gave back, decided by a second person.")
class PaymentRefund(Node):
    """Table payment_refunds."""

    row: strawberry.Private[rows.PaymentRefund]
    number: int = strawberry.field(description="Of the refunds of its payment, in the order in which they were recorded.")
    amount: Money = money("amount_minor", "currency_row_id")
    euro: Money = money("euro_minor", None, "The amount in EUR at the line's frozen rate; of a whole line all that it cost.")
    received_on: date
    reference: str = strawberry.field(description="Of the bank or the till.")
    reason: str
    requested_by: str
    requested_at: datetime
    decision: Decision | None = strawberry.field(description="Null until it is decided; approval moves the money.")
    decision_note: str | None
    decided_by: str | None
    decided_at: datetime | None
    version: int
    payment: Payment = to_one("Payment", "payment_id")
    line: PaymentLine = to_one("PaymentLine", "line_id")
    evidence: PaymentDocumentRef = to_one("PaymentDocument", "evidence_id", "The proof.")


@reads(rows.ReceiptCode, Permission.PAYMENT_READ)
@strawberry.type(
    description="A one-time code with which the returnee says that a payment arrived; the code itself is stored nowhere."
)
class ReceiptCode(Node):
    """Table receipt_codes."""

    row: strawberry.Private[rows.ReceiptCode]
    issued_by: str
    issued_at: datetime
    expires_at: datetime
    attempts: int = strawberry.field(description="Wrong codes so far; five lock it.")
    voided_at: datetime | None = strawberry.field(description="When another one took its place.")
    confirmed_by: str | None
    confirmed_at: datetime | None
    version: int
    payment: Payment = to_one("Payment", "payment_id")
