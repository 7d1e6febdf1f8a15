"""What can be asked of the exports room."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReport:
    """Order a report: its kind, and its parameters as text by name (each report's definition says which it takes)."""

    id: UUID
    kind: str
    parameters: Mapping[str, str] = field(default_factory=dict)
