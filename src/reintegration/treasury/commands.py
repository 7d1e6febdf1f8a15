"""What can be asked of the treasury."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from reintegration.kernel.money import Money


@dataclass(frozen=True, slots=True)
class SendAdvance:
    """Send money to a partner, or to an office: from an open advance of its partner, else from the partner's own money.

    `amount` is what leaves, in the currency of the source or in EUR; `currency` is that in which it will be held.
    """

    id: UUID
    partner_id: UUID | None
    field_office_id: UUID | None
    source_id: UUID | None
    amount: Money
    currency: str
    sent_on: date
    reference: str


@dataclass(frozen=True, slots=True)
class ReceiveAdvance:
    """What has arrived of an advance, in the currency in which it is held, and when."""

    id: UUID
    expected_version: int
    amount: Money
    received_on: date


@dataclass(frozen=True, slots=True)
class RecallAdvance:
    """The money has not arrived and is back where it came from."""

    id: UUID
    expected_version: int
    reason: str


@dataclass(frozen=True, slots=True)
class SettleAdvance:
    """Close an advance of which nothing is left."""

    id: UUID
    expected_version: int


@dataclass(frozen=True, slots=True)
class SendBack:
    """Send a part of an advance, or all that is left, back to whom it came from."""

    id: UUID
    advance_id: UUID
    amount: Money
    sent_on: date
    reference: str


@dataclass(frozen=True, slots=True)
class TakeBack:
    """What has arrived of a return, in the currency in which the advance was sent."""

    id: UUID
    expected_version: int
    amount: Money
    received_on: date
