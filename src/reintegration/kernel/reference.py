"""What a use case returns and an idempotency record keeps: which record, at which version."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Reference:
    """A record that a use case made or changed. `kind` is its GraphQL type name."""

    kind: str
    id: UUID
    version: int
