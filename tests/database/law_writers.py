"""Which permissions the policies of migration 0010 repeat, table by table."""

from collections.abc import Mapping

from reintegration.identity.permissions import Permission, allows
from reintegration.kernel.actor import Role

_MONEY = (Permission.PAYMENT_PREPARE, Permission.PAYMENT_APPROVE, Permission.PAYMENT_RELEASE)
INSERTED_WITH: Mapping[str, tuple[Permission, ...]] = {
    "cases": (Permission.CASE_REGISTER,),
    "case_intakes": (Permission.CASE_REGISTER,),
    "returnees": (Permission.CASE_REGISTER,),
    "returnee_identities": (Permission.CASE_REGISTER,),
    "vulnerabilities": (Permission.VULNERABILITY_RECORD,),
    "case_transfers": (Permission.CASE_REFER, Permission.CASE_TRANSFER),
    "entitlement_assessments": (Permission.ENTITLEMENT_ASSESS,),
    "entitlement_exceptions": (Permission.EXCEPTION_REQUEST,),
    "entitlements": (Permission.ENTITLEMENT_GRANT,),
    "deadline_extensions": (Permission.EXTENSION_REQUEST,),
    "deadline_notices": (),
    "plans": (Permission.PLAN_WRITE,),
    "plan_items": (Permission.PLAN_WRITE,),
    "budget_transfers": (Permission.PLAN_WRITE,),
    "ledger_accounts": _MONEY,
    "ledger_transactions": _MONEY,
    "ledger_postings": _MONEY,
    "suppliers": (Permission.SUPPLIER_WRITE,),
    "payments": (Permission.PAYMENT_PREPARE,),
    "payment_lines": (Permission.PAYMENT_PREPARE,),
    "payment_holds": (Permission.PAYMENT_HOLD,),
    "documents": (Permission.EVIDENCE_UPLOAD,),
    "payment_documents": (Permission.EVIDENCE_UPLOAD,),
}
"""One of these lets a role write a new row of a field office's case; where there is none, the system alone does."""
UPDATED_WITH: Mapping[str, tuple[Permission, ...]] = {
    "case_intakes": (Permission.CASE_REGISTER,),
    "returnees": (Permission.CASE_REGISTER,),
    "returnee_identities": (Permission.CASE_REGISTER,),
    "vulnerabilities": (Permission.VULNERABILITY_APPROVE,),
    "entitlement_exceptions": (Permission.EXCEPTION_DECIDE,),
    "entitlements": (Permission.ARRIVAL_CONFIRM, Permission.EXTENSION_DECIDE),
    "deadline_extensions": (Permission.EXTENSION_DECIDE,),
    "plans": (Permission.PLAN_APPROVE,),
    "budget_transfers": (Permission.PLAN_APPROVE,),
    "suppliers": (Permission.SUPPLIER_WRITE,),
    "payments": (Permission.PAYMENT_PREPARE,),
    "payment_lines": _MONEY,
}
"""One of these lets a role write an old row without changing it: an approved plan, a field office's draft payment."""
_OF_THE_OFFICE = frozenset({"payments", "payment_lines", "payment_documents"})
"""Of a field office's payment, which Fedasil does not carry on."""
_IN_BELGIUM = frozenset({Role.RETURN_COUNSELLOR, Role.FEDASIL_FINANCE, Role.FEDASIL_PROGRAMME})


def inserts(role: Role, table: str) -> bool:
    """Whether a role writes new rows of a field office's case."""
    return _writes(role, table, INSERTED_WITH[table])


def updates(role: Role, table: str) -> bool:
    """Whether a role writes old rows, where the law does not look at what changes."""
    return table not in UPDATED_WITH or _writes(role, table, UPDATED_WITH[table])


def _writes(role: Role, table: str, permissions: tuple[Permission, ...]) -> bool:
    if role in _IN_BELGIUM and table in _OF_THE_OFFICE:
        return False
    return role is Role.SYSTEM or any(allows(role, permission) for permission in permissions)
