"""Who acts: copied into every transaction, log entry and approval, never a foreign key (a person may be removed)."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What a person is in the programme; permissions hang on it (identity/permissions.py)."""

    RETURN_COUNSELLOR = "return_counsellor"
    FIELD_OFFICER = "field_officer"
    FIELD_APPROVER = "field_approver"
    PARTNER_COORDINATOR = "partner_coordinator"
    FEDASIL_FINANCE = "fedasil_finance"
    FEDASIL_PROGRAMME = "fedasil_programme"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    SYSTEM = "system"
    """The worker and the loader; no token can carry it."""


FIELD_ROLES = frozenset({Role.FIELD_OFFICER, Role.FIELD_APPROVER})


@dataclass(frozen=True, slots=True)
class Actor:
    """The person (or worker) behind a request.

    `id` is the subject of the identity provider, compared case-sensitively. `offices` scopes field roles, `partner_id`
    scopes partner coordinators; other roles have neither.
    """

    id: str
    role: Role
    offices: frozenset[UUID] = frozenset()
    partner_id: UUID | None = None
