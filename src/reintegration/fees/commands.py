"""What can be asked of the fees room."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


class ServiceFeeKind(StrEnum):
    """The service that a fee is for; each is paid once for a case."""

    PLAN_PREPARATION = "plan_preparation"
    """Done on the day on which the first version of the case's plan was approved."""
    FOLLOW_UP = "follow_up"
    """Done on the day on which the case was closed with its budget used, wholly or in part."""


@dataclass(frozen=True, slots=True)
class ClaimServiceFee:
    """Ask for the fee of a service; the tariff says how much it is."""

    id: UUID
    case_id: UUID
    kind: ServiceFeeKind


@dataclass(frozen=True, slots=True)
class ApproveServiceFee:
    """Let it be paid."""

    id: UUID
    expected_version: int


@dataclass(frozen=True, slots=True)
class RefuseServiceFee:
    """Don't let it be paid."""

    id: UUID
    expected_version: int
    reason: str


@dataclass(frozen=True, slots=True)
class WithdrawServiceFee:
    """The partner asks for it no longer."""

    id: UUID
    expected_version: int
    reason: str


@dataclass(frozen=True, slots=True)
class PayServiceFee:
    """It was paid."""

    id: UUID
    expected_version: int
    paid_on: date
    reference: str


@dataclass(frozen=True, slots=True)
class ReverseServiceFee:
    """What was paid came back."""

    id: UUID
    expected_version: int
    returned_on: date
    reason: str
