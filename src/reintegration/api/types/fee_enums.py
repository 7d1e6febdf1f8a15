"""The closed lists of service fees; a test compares each with the constraint in the database that holds it."""

from enum import StrEnum, auto

import strawberry

from reintegration.entitlements.rules import Stream
from reintegration.fees.commands import ServiceFeeKind

strawberry.enum(
    ServiceFeeKind,
    description="The service that a fee is for: PLAN_PREPARATION is done when the first version of the case's plan is approved, "
    "FOLLOW_UP when the case closes with its budget used, wholly or in part.",
)


@strawberry.enum(description="Where a service fee stands.")
class ServiceFeeStatus(StrEnum):
    """Column service_fees.status."""

    CLAIMED = auto()
    APPROVED = auto()
    PAID = auto()
    REFUSED = auto()
    WITHDRAWN = auto()
    REVERSED = auto()


@strawberry.enum(description="Money that must never be mixed: the streams of a case, and the fees of partners.")
class LedgerStream(StrEnum):
    """Column ledger_accounts.stream."""

    CASH_PREMIUM = Stream.CASH_PREMIUM.value
    REINTEGRATION = Stream.REINTEGRATION.value
    TRAVEL_DOCUMENT_REFUND = Stream.TRAVEL_DOCUMENT_REFUND.value
    SERVICE_FEE = "service_fee"
