"""What can be asked about months."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ClosePeriod:
    """Close a month of a fund; `month` is its first day."""

    id: UUID
    fund_id: UUID
    month: date


@dataclass(frozen=True, slots=True)
class ExplainOpenItem:
    """Why a payment of which nobody knows, or a line in suspense, is still open at the end of a month."""

    id: UUID
    month: date
    payment_id: UUID | None
    line_id: UUID | None
    reason: str
