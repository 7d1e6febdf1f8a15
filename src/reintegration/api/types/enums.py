"""The closed lists of the graph; a test compares each with the constraint in the database that holds it."""

from enum import StrEnum, auto

import strawberry

from reintegration.cases import values as cases
from reintegration.entitlements.rules import Stream
from reintegration.funding.service import FundKind, RateRule
from reintegration.identity.permissions import Permission
from reintegration.kernel.actor import Role
from reintegration.reconciliation.commands import RecordKind

for _kind, _description in (
    (cases.CaseStatus, "Where a case stands in its life."),
    (
        RecordKind,
        "What explains a line of a statement: one of six kinds of records, each in one direction, or a reason in words.",
    ),
    (cases.AdministrativeStatus, "The profile at application; Belgium's affair alone."),
    (cases.ReferralChannel, "How the household came to the programme; Belgium's affair alone."),
    (cases.HouseholdRole, "Place in the household."),
    (cases.Gender, "As the AMIF indicators count it."),
    (cases.TravelMode, "How the household travelled."),
    (cases.VulnerabilityKind, "The vulnerable groups."),
    (cases.CloseReason, "Why a case ended."),
    (Stream, "Money that must never be mixed."),
    (FundKind, "Where a fund's money comes from."),
    (RateRule, "Which month's exchange rate a payment takes."),
    (Permission, "One thing that a role may or may not do."),
    (Role, "What a person is in the programme."),
):
    strawberry.enum(_kind, description=_description)


@strawberry.enum(description="What the second person said.")
class Decision(StrEnum):
    """Of a request that needs two people."""

    APPROVED = auto()
    REFUSED = auto()


@strawberry.enum(
    description="Where an account is kept: IBAN as in ISO 13616, BANK in a country without it, MOBILE_MONEY as in E.164."
)
class AccountKind(StrEnum):
    """Of a supplier's account."""

    IBAN = auto()
    BANK = auto()
    MOBILE_MONEY = auto()


@strawberry.enum(
    description="Why nothing is released to a supplier: ALIKE where it is like one of its country that was "
    "registered before and nobody has decided that, BARRED where it was found to be that one."
)
class SupplierHold(StrEnum):
    """What `supplier_hold` says."""

    ALIKE = auto()
    BARRED = auto()


@strawberry.enum(
    description="Of two suppliers that are alike. CLEARED: the later one may be paid too, for it is another business, or "
    "one that serves two offices. BARRED: they are one, and nothing is ever released to the later one."
)
class SupplierDecision(StrEnum):
    """Column supplier_likenesses.decision."""

    CLEARED = auto()
    BARRED = auto()


@strawberry.enum(name="EntitlementExceptionKind", description="What an exception does.")
class ExceptionKind(StrEnum):
    """Column entitlement_exceptions.kind."""

    EXCLUSION_OVERRIDE = auto()
    GRANTED_CEILING = auto()


@strawberry.enum(description="Where a version of a plan stands.")
class PlanStatus(StrEnum):
    """Column plans.status."""

    DRAFT = auto()
    SUBMITTED = auto()
    APPROVED = auto()
    REJECTED = auto()
    SUPERSEDED = auto()


@strawberry.enum(description="What an item of a plan is for.")
class PlanItemKind(StrEnum):
    """Column plan_items.kind."""

    MICRO_BUSINESS = auto()
    AGRICULTURE_LIVESTOCK = auto()
    HOUSING_RENT = auto()
    HOUSING_RENOVATION = auto()
    FURNISHING = auto()
    MEDICAL = auto()
    PSYCHOSOCIAL = auto()
    VOCATIONAL_TRAINING = auto()
    EDUCATION_ADULT = auto()
    SCHOOLING_CHILD = auto()
    JOB_PLACEMENT = auto()
    WAGE_SUBSIDY = auto()
    LEGAL_ADMIN = auto()
    BASIC_NEEDS = auto()
    TEMPORARY_SHELTER = auto()
    ONWARD_TRANSPORT = auto()
    OTHER = auto()


@strawberry.enum(description="Where a payment stands; UNCONFIRMED means that nobody knows whether the money arrived.")
class PaymentStatus(StrEnum):
    """Column payments.status."""

    DRAFT = auto()
    SUBMITTED = auto()
    APPROVED = auto()
    RELEASED = auto()
    PAID = auto()
    FAILED = auto()
    UNCONFIRMED = auto()
    REVERSED = auto()
    CANCELLED = auto()


@strawberry.enum(description="How the money leaves.")
class PaymentKind(StrEnum):
    """Column payments.kind."""

    SUPPLIER_DIRECT = auto()
    REIMBURSEMENT = auto()
    CASH_PREMIUM = auto()
    TRAVEL_DOCUMENT_REFUND = auto()


@strawberry.enum(description="What a document is.")
class DocumentKind(StrEnum):
    """Column documents.kind."""

    INVOICE = auto()
    RECEIPT = auto()
    PROOF_OF_PAYMENT = auto()
    SIGNED_RECEIPT = auto()
    QUOTE = auto()
    HANDOVER_CERTIFICATE = auto()
    CONTRACT = auto()
    TRAVEL_DOCUMENT = auto()
    CONSENT = auto()
    PROOF_OF_ARRIVAL = auto()
    NON_PAYMENT_EVIDENCE = auto()
    OTHER = auto()


@strawberry.enum(description="Whether a document's file has arrived and was verified.")
class DocumentStatus(StrEnum):
    """Column documents.status."""

    PENDING = auto()
    STORED = auto()


@strawberry.enum(description="The step of a payment that a document belongs to.")
class EvidenceStage(StrEnum):
    """Column payment_documents.stage."""

    REQUEST = auto()
    SETTLEMENT = auto()


@strawberry.enum(description="What an account of the ledger holds.")
class LedgerAccountKind(StrEnum):
    """Column ledger_accounts.kind."""

    FUND = auto()
    ENTITLEMENT = auto()
    PLAN_LINE = auto()
    RESERVED = auto()
    SPENT = auto()


@strawberry.enum(description="Why a payment is held.")
class HoldCause(StrEnum):
    """Column payment_holds.cause."""

    COMPLAINT = auto()
    SUSPICION = auto()
    SUPPLIER = auto()
    DOCUMENTS = auto()
    OTHER = auto()


@strawberry.enum(description="Why money moved in the ledger.")
class LedgerTransactionKind(StrEnum):
    """Column ledger_transactions.kind."""

    ENTITLEMENT_GRANTED = auto()
    ENTITLEMENT_RELEASED = auto()
    PLAN_BUDGETED = auto()
    PLAN_REBUDGETED = auto()
    PAYMENT_RESERVED = auto()
    PAYMENT_UNRESERVED = auto()
    PAYMENT_SPENT = auto()
    PAYMENT_REVERSED = auto()
    PAYMENT_REFUNDED = auto()
    RECEIVABLE_RECEIVED = auto()
    RECEIVABLE_TAKEN_BACK = auto()


@strawberry.enum(description="Where money of the cash book is.")
class CashAccountKind(StrEnum):
    """Column cash_accounts.kind."""

    TREASURY = auto()
    OWN = auto()
    TRANSIT = auto()
    ADVANCE = auto()
    RETURNING = auto()
    PAYING = auto()
    SPENT = auto()
    EXCHANGE = auto()
    DIFFERENCE = auto()


@strawberry.enum(description="Why money moved in the cash book.")
class CashTransactionKind(StrEnum):
    """Column cash_transactions.kind."""

    ADVANCE_SENT = auto()
    ADVANCE_RECEIVED = auto()
    ADVANCE_RECALLED = auto()
    ADVANCE_RETURNED = auto()
    ADVANCE_TAKEN_BACK = auto()
    FLOAT_DRAWN = auto()
    FLOAT_SPENT = auto()
    FLOAT_RESTORED = auto()
    FLOAT_REFUNDED = auto()
    RECEIVABLE_RECEIVED = auto()
    RECEIVABLE_TAKEN_BACK = auto()


@strawberry.enum(description="What a report shows.")
class ReportKind(StrEnum):
    """Column export_jobs.kind."""

    AMIF_INDICATORS = auto()
    PAYMENTS_LEDGER = auto()
    PROGRAMME_STATISTICS = auto()


@strawberry.enum(description="How far a report is; SEALED means that its manifest is written.")
class ReportStatus(StrEnum):
    """Column export_jobs.status."""

    QUEUED = auto()
    RUNNING = auto()
    SEALED = auto()
    FAILED = auto()


@strawberry.enum(description="What happened to a row.")
class AuditAction(StrEnum):
    """Column audit_log.action."""

    INSERT = auto()
    UPDATE = auto()
    DELETE = auto()


@strawberry.enum(description="How a bank wrote a statement.")
class StatementFormat(StrEnum):
    """Column statement_files.format."""

    CSV = auto()
    CAMT053 = auto()


@strawberry.enum(description="Where a bank's file stands.")
class StatementFileStatus(StrEnum):
    """Column statement_files.status."""

    PENDING = auto()
    IMPORTED = auto()
    WITHDRAWN = auto()
