"""The coded values of the graph: each enum's members are named in upper case, their values are the database's."""

from enum import EnumMeta, StrEnum
from inspect import cleandoc

import strawberry

from reintegration.cases.values import (
    AdministrativeStatus,
    CaseStatus,
    CloseReason,
    Gender,
    HouseholdRole,
    ReferralChannel,
    TravelMode,
    VulnerabilityKind,
)
from reintegration.entitlements.commands import RequestedException
from reintegration.entitlements.rules import Stream
from reintegration.kernel.actor import Role
from reintegration.programme.commands import RateSource

__all__ = [
    "AdministrativeStatus",
    "CaseStatus",
    "CloseReason",
    "Decision",
    "DocumentKind",
    "DocumentStatus",
    "FundKind",
    "Gender",
    "HouseholdRole",
    "PaymentKind",
    "PaymentStatus",
    "PlanItemKind",
    "PlanStatus",
    "ProofStage",
    "RateRule",
    "RateSource",
    "ReferralChannel",
    "ReportKind",
    "ReportStatus",
    "RequestedException",
    "Role",
    "Stream",
    "TravelMode",
    "VulnerabilityKind",
]


class Decision(StrEnum):
    """What a second person decided."""

    APPROVED = "approved"
    REFUSED = "refused"


class PlanStatus(StrEnum):
    """Where a plan version stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


class PlanItemKind(StrEnum):
    """What an item of a plan is for."""

    MICRO_BUSINESS = "micro_business"
    AGRICULTURE_LIVESTOCK = "agriculture_livestock"
    HOUSING_RENT = "housing_rent"
    HOUSING_RENOVATION = "housing_renovation"
    FURNISHING = "furnishing"
    MEDICAL = "medical"
    PSYCHOSOCIAL = "psychosocial"
    VOCATIONAL_TRAINING = "vocational_training"
    EDUCATION_ADULT = "education_adult"
    SCHOOLING_CHILD = "schooling_child"
    JOB_PLACEMENT = "job_placement"
    WAGE_SUBSIDY = "wage_subsidy"
    LEGAL_ADMIN = "legal_admin"
    BASIC_NEEDS = "basic_needs"
    TEMPORARY_SHELTER = "temporary_shelter"
    ONWARD_TRANSPORT = "onward_transport"
    OTHER = "other"


class PaymentKind(StrEnum):
    """How a payment reaches the household; the last two are made in Belgium, at departure."""

    SUPPLIER_DIRECT = "supplier_direct"
    REIMBURSEMENT = "reimbursement"
    CASH_PREMIUM = "cash_premium"
    TRAVEL_DOCUMENT_REFUND = "travel_document_refund"


class PaymentStatus(StrEnum):
    """Where a payment stands; which may follow which is held by the database."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    RELEASED = "released"
    PAID = "paid"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    REVERSED = "reversed"
    CANCELLED = "cancelled"


class RateRule(StrEnum):
    """The month whose exchange rate converts a payment line."""

    REGISTRATION_MONTH = "REGISTRATION_MONTH"
    PAYMENT_MONTH = "PAYMENT_MONTH"


class FundKind(StrEnum):
    """Whose money it is."""

    AMIF = "amif"
    NATIONAL = "national"


class DocumentKind(StrEnum):
    """What a document proves."""

    INVOICE = "invoice"
    RECEIPT = "receipt"
    PROOF_OF_PAYMENT = "proof_of_payment"
    SIGNED_RECEIPT = "signed_receipt"
    QUOTE = "quote"
    HANDOVER_CERTIFICATE = "handover_certificate"
    CONTRACT = "contract"
    TRAVEL_DOCUMENT = "travel_document"
    CONSENT = "consent"
    PROOF_OF_ARRIVAL = "proof_of_arrival"
    NON_PAYMENT_EVIDENCE = "non_payment_evidence"
    OTHER = "other"


class DocumentStatus(StrEnum):
    """Whether a document's file has arrived and was checked."""

    PENDING = "pending"
    STORED = "stored"


class ProofStage(StrEnum):
    """When a payment needs a document: to be submitted, or to be settled."""

    REQUEST = "request"
    SETTLEMENT = "settlement"


class ReportKind(StrEnum):
    """The reports that can be ordered."""

    AMIF_INDICATORS = "amif_indicators"
    PAYMENTS_LEDGER = "payments_ledger"
    PROGRAMME_STATISTICS = "programme_statistics"


class ReportStatus(StrEnum):
    """How far an ordered report is."""

    QUEUED = "queued"
    RUNNING = "running"
    SEALED = "sealed"
    FAILED = "failed"


def _show(kind: EnumMeta, name: str | None = None) -> None:
    """Give the graph an enum, described by the first line of its docstring."""
    strawberry.enum(kind, name=name, description=cleandoc(kind.__doc__ or "").split("\n\n")[0])


for _kind in (
    AdministrativeStatus,
    CaseStatus,
    CloseReason,
    Decision,
    DocumentKind,
    DocumentStatus,
    FundKind,
    Gender,
    HouseholdRole,
    PaymentKind,
    PaymentStatus,
    PlanItemKind,
    PlanStatus,
    ProofStage,
    RateRule,
    RateSource,
    ReferralChannel,
    ReportKind,
    ReportStatus,
    Role,
    TravelMode,
    VulnerabilityKind,
):
    _show(_kind)
_show(RequestedException, "ExceptionKind")
_show(Stream, "MoneyStream")
