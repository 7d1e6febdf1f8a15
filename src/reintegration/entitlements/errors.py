"""What can be wrong with facts, exceptions and tariff versions."""

from dataclasses import dataclass
from typing import ClassVar

from reintegration.kernel.errors import DomainError


@dataclass(kw_only=True)
class ContradictoryFactsError(DomainError):
    """The facts of the case contradict each other: {contradictions}."""

    code: ClassVar[str] = "CONTRADICTORY_FACTS"
    contradictions: tuple[str, ...]


@dataclass(kw_only=True)
class FactsDocumentError(DomainError):
    """The stored facts can't be read at {path}: {reason}."""

    code: ClassVar[str] = "FACTS_UNREADABLE"
    path: str
    reason: str


@dataclass(kw_only=True)
class TariffRowError(DomainError):
    """The tariff row {rule_id} can't be used; {column}: {reason}."""

    code: ClassVar[str] = "TARIFF_ROW_INVALID"
    rule_id: str
    column: str
    reason: str


@dataclass(kw_only=True)
class AmbiguousTariffError(DomainError):
    """The tariff version {version} has equally specific rules for one person: {rule_ids}."""

    code: ClassVar[str] = "TARIFF_AMBIGUOUS"
    version: str
    rule_ids: tuple[str, ...]


@dataclass(kw_only=True)
class ExceptionNotAllowedError(DomainError):
    """The exception {reference} can't be applied to {rule_id}: {reason}."""

    code: ClassVar[str] = "EXCEPTION_NOT_ALLOWED"
    rule_id: str
    reference: str
    reason: str
