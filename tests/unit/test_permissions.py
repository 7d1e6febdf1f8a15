"""The permission table: critical cells by name, and rules that no edit of the table may break."""

import pytest

from reintegration.identity.permissions import PERMISSIONS, Permission, allows, require
from reintegration.kernel.actor import FIELD_ROLES, Actor, Role
from reintegration.kernel.errors import ForbiddenError

P = Permission
PEOPLE = frozenset(Role) - {Role.SYSTEM}
READS = frozenset(
    {
        P.CASE_READ,
        P.INTAKE_READ,
        P.IDENTITY_READ,
        P.VULNERABILITY_READ,
        P.ENTITLEMENT_READ,
        P.ENTITLEMENT_EXPLAIN,
        P.PLAN_READ,
        P.PAYMENT_READ,
        P.HOLD_READ,
        P.SUPPLIER_READ,
        P.ADVANCE_READ,
        P.RECEIVABLE_READ,
        P.SERVICE_FEE_READ,
        P.STATEMENT_READ,
        P.PAYMENT_ORDER_READ,
        P.PERIOD_READ,
        P.EVIDENCE_READ,
        P.REPORT_READ,
        P.STATISTICS_READ,
        P.AUDIT_READ,
        P.INVARIANT_READ,
        P.REFERENCE_READ,
    }
)

COUNSELLOR, OFFICER, APPROVER = Role.RETURN_COUNSELLOR, Role.FIELD_OFFICER, Role.FIELD_APPROVER
COORDINATOR, FINANCE, PROGRAMME = Role.PARTNER_COORDINATOR, Role.FEDASIL_FINANCE, Role.FEDASIL_PROGRAMME
AUDITOR, ADMINISTRATOR = Role.AUDITOR, Role.ADMINISTRATOR


@pytest.mark.parametrize(
    ("permission", "roles"),
    [
        (P.CASE_READ, PEOPLE - {ADMINISTRATOR}),
        (P.CASE_REGISTER, {COUNSELLOR}),
        (P.CASE_REFER, {COUNSELLOR, PROGRAMME}),
        (P.CASE_DEPART, {COUNSELLOR}),
        (P.ARRIVAL_CONFIRM, {OFFICER, APPROVER}),
        (P.CASE_TRANSFER, {COORDINATOR, PROGRAMME}),
        (P.CASE_CLOSE, {COUNSELLOR, APPROVER, COORDINATOR, PROGRAMME}),
        (P.INTAKE_READ, {COUNSELLOR, PROGRAMME, AUDITOR}),
        (P.IDENTITY_READ, {COUNSELLOR, OFFICER, APPROVER, COORDINATOR, PROGRAMME}),
        (P.VULNERABILITY_READ, PEOPLE - {FINANCE, ADMINISTRATOR}),
        (P.VULNERABILITY_RECORD, {COUNSELLOR}),
        (P.VULNERABILITY_APPROVE, {PROGRAMME}),
        (P.ENTITLEMENT_READ, PEOPLE - {ADMINISTRATOR}),
        (P.ENTITLEMENT_EXPLAIN, {COUNSELLOR, PROGRAMME, AUDITOR}),
        (P.ENTITLEMENT_ASSESS, {COUNSELLOR, PROGRAMME}),
        (P.ENTITLEMENT_GRANT, {COUNSELLOR}),
        (P.EXCEPTION_REQUEST, {COUNSELLOR}),
        (P.EXCEPTION_DECIDE, {PROGRAMME}),
        (P.EXTENSION_REQUEST, {COUNSELLOR, OFFICER, COORDINATOR}),
        (P.EXTENSION_DECIDE, {PROGRAMME}),
        (P.PLAN_READ, PEOPLE - {ADMINISTRATOR}),
        (P.PLAN_WRITE, {OFFICER}),
        (P.PLAN_APPROVE, {COORDINATOR}),
        (P.PAYMENT_READ, PEOPLE - {ADMINISTRATOR}),
        (P.PAYMENT_PREPARE, {COUNSELLOR, OFFICER}),
        (P.PAYMENT_APPROVE, {APPROVER, PROGRAMME}),
        (P.PAYMENT_ENDORSE, {PROGRAMME}),
        (P.PAYMENT_RELEASE, {COORDINATOR, FINANCE}),
        (P.PAYMENT_SETTLE, {OFFICER, COORDINATOR, FINANCE}),
        (P.PAYMENT_REVERSE, {COORDINATOR, FINANCE}),
        (P.SUPPLIER_READ, PEOPLE - {ADMINISTRATOR}),
        (P.SUPPLIER_WRITE, {OFFICER}),
        (P.SUPPLIER_CONFIRM, {APPROVER, COORDINATOR}),
        (P.ADVANCE_READ, PEOPLE - {ADMINISTRATOR, COUNSELLOR}),
        (P.ADVANCE_GIVE, {COORDINATOR, FINANCE}),
        (P.ADVANCE_TAKE, {OFFICER, APPROVER, COORDINATOR}),
        (P.RECEIVABLE_READ, PEOPLE - {ADMINISTRATOR}),
        (P.RECEIVABLE_RECORD, {OFFICER, COORDINATOR, FINANCE}),
        (P.RECEIVABLE_CONFIRM, {COORDINATOR, FINANCE}),
        (P.RECEIVABLE_RECEIVE, {COORDINATOR, FINANCE}),
        (P.RECEIVABLE_WRITE_OFF, {FINANCE}),
        (P.STATEMENT_READ, PEOPLE - {ADMINISTRATOR, COUNSELLOR}),
        (P.STATEMENT_IMPORT, {OFFICER, APPROVER, COORDINATOR}),
        (P.STATEMENT_MATCH, {OFFICER, APPROVER, COORDINATOR}),
        (P.PAYMENT_ORDER_READ, PEOPLE - {ADMINISTRATOR, COUNSELLOR}),
        (P.PAYMENT_ORDER_PREPARE, {OFFICER, APPROVER, COORDINATOR}),
        (P.PAYMENT_ORDER_SEAL, {APPROVER, COORDINATOR}),
        (P.PERIOD_READ, {FINANCE, PROGRAMME, AUDITOR}),
        (P.PERIOD_CLOSE, {FINANCE}),
        (P.PERIOD_EXPLAIN, {OFFICER, APPROVER, COORDINATOR, FINANCE}),
        (P.SUPPLIER_COMPARE, {COORDINATOR, PROGRAMME}),
        (P.SERVICE_FEE_READ, PEOPLE - {COUNSELLOR, ADMINISTRATOR}),
        (P.SERVICE_FEE_CLAIM, {OFFICER, COORDINATOR}),
        (P.SERVICE_FEE_APPROVE, {PROGRAMME}),
        (P.SERVICE_FEE_REFUSE, {PROGRAMME, FINANCE}),
        (P.SERVICE_FEE_PAY, {FINANCE}),
        (P.EVIDENCE_UPLOAD, {COUNSELLOR, OFFICER, COORDINATOR}),
        (P.EVIDENCE_READ, PEOPLE - {ADMINISTRATOR}),
        (P.RATE_IMPORT, {FINANCE, ADMINISTRATOR}),
        (P.RATE_CONFIRM, {FINANCE}),
        (P.REPORT_ORDER, {FINANCE, PROGRAMME}),
        (P.REPORT_READ, {FINANCE, PROGRAMME, AUDITOR}),
        (P.STATISTICS_READ, {COUNSELLOR, FINANCE, PROGRAMME, AUDITOR}),
        (P.AUDIT_READ, {PROGRAMME, AUDITOR}),
        (P.INVARIANT_READ, {AUDITOR, ADMINISTRATOR}),
        (P.REFERENCE_READ, PEOPLE),
    ],
)
def test_a_permission_belongs_to_exactly_these_roles(permission: Permission, roles: set[Role]) -> None:
    assert {role for role in PEOPLE if allows(role, permission)} == roles


def test_the_table_covers_every_role_and_the_system_may_do_everything() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert PERMISSIONS[Role.SYSTEM] == set(Permission)


@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_no_person_holds_two_of_the_steps_of_a_payment(role: Role) -> None:
    steps = PERMISSIONS[role] & {P.PAYMENT_PREPARE, P.PAYMENT_APPROVE, P.PAYMENT_RELEASE}
    assert len(steps) <= 1


@pytest.mark.parametrize(
    ("asks", "decides"),
    [
        (P.EXCEPTION_REQUEST, P.EXCEPTION_DECIDE),
        (P.EXTENSION_REQUEST, P.EXTENSION_DECIDE),
        (P.PLAN_WRITE, P.PLAN_APPROVE),
        (P.VULNERABILITY_RECORD, P.VULNERABILITY_APPROVE),
        (P.SERVICE_FEE_CLAIM, P.SERVICE_FEE_APPROVE),
        (P.SERVICE_FEE_CLAIM, P.SERVICE_FEE_PAY),
        (P.SERVICE_FEE_APPROVE, P.SERVICE_FEE_PAY),
    ],
)
def test_who_asks_never_decides(asks: Permission, decides: Permission) -> None:
    assert [role for role in PEOPLE if allows(role, asks) and allows(role, decides)] == []


def test_the_auditor_only_reads_and_the_administrator_only_adds_unconfirmed_rates() -> None:
    assert PERMISSIONS[Role.AUDITOR] - READS == frozenset()
    assert PERMISSIONS[Role.ADMINISTRATOR] - READS == {P.RATE_IMPORT}


def test_the_field_never_reads_what_happened_in_belgium() -> None:
    assert [role for role in FIELD_ROLES | {COORDINATOR} if allows(role, P.INTAKE_READ)] == []


def test_require_lets_pass_or_names_the_permission() -> None:
    officer = Actor(id="officer", role=Role.FIELD_OFFICER)
    require(officer, P.PAYMENT_PREPARE)
    with pytest.raises(ForbiddenError) as caught:
        require(officer, P.PAYMENT_RELEASE)
    assert caught.value.message == "Your role may not do this (payment_release)."
