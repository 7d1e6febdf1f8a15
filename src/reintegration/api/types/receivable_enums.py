"""The closed lists of receivables; a test compares each with the constraint in the database that holds it."""

from enum import StrEnum, auto

import strawberry


@strawberry.enum(description="Who owes it: the returnee of a case, a supplier, or a partner.")
class Debtor(StrEnum):
    """Column receivables.debtor."""

    RETURNEE = auto()
    SUPPLIER = auto()
    PARTNER = auto()


@strawberry.enum(description="Why somebody owes something.")
class ReceivableReason(StrEnum):
    """Column receivables.reason."""

    OVERPAID = auto()
    WRONGLY_PAID = auto()
    NOT_DELIVERED = auto()
    RETURNED_TO_BELGIUM = auto()
    RETURNED_TO_EU = auto()
    INELIGIBLE = auto()
    OTHER = auto()


@strawberry.enum(
    description="PROPOSED until a second person confirms or refuses it; OVERDUE where a part should have come by now; "
    "SETTLED where all came, WRITTEN_OFF where the rest was given up."
)
class ReceivableState(StrEnum):
    """What `receivable_standing` says."""

    PROPOSED = auto()
    REFUSED = auto()
    OPEN = auto()
    OVERDUE = auto()
    SETTLED = auto()
    WRITTEN_OFF = auto()
