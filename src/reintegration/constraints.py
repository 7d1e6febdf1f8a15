"""What each constraint of the database means to a caller, gathered from all rooms; tests compare it with the catalogue."""

from reintegration.cases import errors as cases
from reintegration.database.constraints import merge
from reintegration.entitlements import errors as entitlements
from reintegration.evidence import errors as evidence
from reintegration.exports import errors as exports
from reintegration.fees import errors as fees
from reintegration.funding import errors as funding
from reintegration.ledger import errors as ledger
from reintegration.ordering import errors as ordering
from reintegration.payments import errors as payments
from reintegration.plans import errors as plans
from reintegration.programme import errors as programme
from reintegration.reconciliation import errors as reconciliation
from reintegration.recovery import errors as recovery
from reintegration.treasury import errors as treasury

ALL_CONSTRAINTS = merge(
    room.CONSTRAINTS
    for room in (
        cases,
        entitlements,
        evidence,
        exports,
        fees,
        funding,
        ledger,
        ordering,
        payments,
        plans,
        programme,
        reconciliation,
        recovery,
        treasury,
    )
)
"""For the unit of work."""

_OF_THE_DATABASE_ITSELF = frozenset(
    {
        "audit_log_action_ck",
        "audit_log_actor_ck",
        "audit_log_append_only_ck",
        "audit_log_images_ck",
        "audit_log_pk",
        "idempotency_records_append_only_ck",
        "idempotency_records_digest_ck",
        "idempotency_records_pk",
        "invariant_checks_append_only_ck",
        "invariant_checks_pk",
        "invariant_checks_violations_ck",
        "ledger_kind_roles_pk",
        "schema_migrations_pk",
        "status_transitions_pk",
    }
)
"""The log, the keys and the life cycles: written by triggers, the unit of work and the migrations."""

UNREACHABLE_CONSTRAINTS: frozenset[str] = (
    _OF_THE_DATABASE_ITSELF
    | cases.WRITTEN_BY_THE_CASES_ROOM_ALONE
    | entitlements.WRITTEN_BY_THE_ENTITLEMENTS_ROOM_ALONE
    | evidence.WRITTEN_BY_THE_EVIDENCE_ROOM_ALONE
    | exports.WRITTEN_BY_THE_EXPORTS_ROOM_ALONE
    | fees.WRITTEN_ALONE
    | funding.LOADER_ONLY
    | funding.WRITTEN_BY_THE_DATABASE_ALONE
    | ledger.WRITTEN_BY_THE_LEDGER_ALONE
    | ordering.WRITTEN_ALONE
    | payments.WRITTEN_BY_THE_PAYMENTS_ROOM_ALONE
    | plans.WRITTEN_BY_THE_PLANS_ROOM_ALONE
    | programme.LOADER_ONLY
    | reconciliation.WRITTEN_ALONE
    | recovery.WRITTEN_ALONE
    | treasury.WRITTEN_ALONE
)
"""Constraints that no request can meet: violating one is a bug of ours, shown with an incident id."""
