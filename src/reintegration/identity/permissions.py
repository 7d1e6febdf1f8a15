"""What each role may do. One enum, one table; scope (which offices, which partner) is the database's policies' affair."""

from collections.abc import Mapping
from enum import StrEnum, auto
from types import MappingProxyType

from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.errors import ForbiddenError


class Permission(StrEnum):
    """One thing that a role may or may not do."""

    CASE_READ = auto()
    CASE_REGISTER = auto()
    CASE_REFER = auto()
    CASE_DEPART = auto()
    ARRIVAL_CONFIRM = auto()
    CASE_TRANSFER = auto()
    CASE_CLOSE = auto()
    INTAKE_READ = auto()
    """Asylum status and referral channel: what happened in Belgium is never shown in the country of return."""
    IDENTITY_READ = auto()
    """Names. Finance and auditors work with case references."""
    VULNERABILITY_READ = auto()
    VULNERABILITY_RECORD = auto()
    VULNERABILITY_APPROVE = auto()
    ENTITLEMENT_READ = auto()
    ENTITLEMENT_EXPLAIN = auto()
    """Rules, reasons and exceptions: they can tell of an asylum procedure, so who may not know of it gets amounts alone."""
    ENTITLEMENT_ASSESS = auto()
    ENTITLEMENT_GRANT = auto()
    EXCEPTION_REQUEST = auto()
    EXCEPTION_DECIDE = auto()
    EXTENSION_REQUEST = auto()
    EXTENSION_DECIDE = auto()
    PLAN_READ = auto()
    PLAN_WRITE = auto()
    PLAN_APPROVE = auto()
    PAYMENT_READ = auto()
    PAYMENT_PREPARE = auto()
    PAYMENT_APPROVE = auto()
    PAYMENT_HOLD = auto()
    """Stop a payment, or let one go on that somebody else has stopped."""
    HOLD_READ = auto()
    """Why a payment is held: a complaint can be about who made it."""
    PAYMENT_ENDORSE = auto()
    """Let a payment go over a threshold."""
    PAYMENT_RELEASE = auto()
    PAYMENT_SETTLE = auto()
    PAYMENT_REVERSE = auto()
    RECEIPT_ISSUE = auto()
    """Issue the code with which a returnee says that a payment arrived."""
    RECEIPT_CONFIRM = auto()
    SUPPLIER_READ = auto()
    SUPPLIER_WRITE = auto()
    SUPPLIER_CONFIRM = auto()
    """Approve where a supplier is paid, or refuse it."""
    ADVANCE_READ = auto()
    ADVANCE_GIVE = auto()
    """Send money to who spends it, take it back, settle."""
    ADVANCE_TAKE = auto()
    """Receive such money, account for it, send it back."""
    STATEMENT_READ = auto()
    """What banks say of the accounts of partners and offices."""
    STATEMENT_IMPORT = auto()
    """Open accounts, import statements of banks, withdraw them."""
    STATEMENT_MATCH = auto()
    """Say why a line of a statement is there."""
    PAYMENT_ORDER_READ = auto()
    """Orders to banks, with where each payee is paid."""
    PAYMENT_ORDER_PREPARE = auto()
    """Gather payments into an order, take its file, say that the bank has it, give it up."""
    PAYMENT_ORDER_SEAL = auto()
    SUPPLIER_COMPARE = auto()
    """Say of two suppliers that are alike whether the later one may be paid."""
    RECEIVABLE_READ = auto()
    RECEIVABLE_RECORD = auto()
    """Say that somebody owes something, agree when it is paid, ask to give it up."""
    RECEIVABLE_CONFIRM = auto()
    RECEIVABLE_RECEIVE = auto()
    """Say that money came, or did not stay."""
    RECEIVABLE_WRITE_OFF = auto()
    SERVICE_FEE_READ = auto()
    """What partners get for their service: no affair of who helps the returnee in Belgium."""
    SERVICE_FEE_CLAIM = auto()
    """Ask for the fee of a service, or ask for it no longer."""
    SERVICE_FEE_APPROVE = auto()
    SERVICE_FEE_REFUSE = auto()
    SERVICE_FEE_PAY = auto()
    """Say that a fee was paid, or came back."""
    EVIDENCE_UPLOAD = auto()
    EVIDENCE_READ = auto()
    RATE_IMPORT = auto()
    RATE_CONFIRM = auto()
    PERIOD_READ = auto()
    PERIOD_CLOSE = auto()
    PERIOD_EXPLAIN = auto()
    """Say why something is still open at the end of a month."""
    REPORT_ORDER = auto()
    REPORT_READ = auto()
    STATISTICS_READ = auto()
    AUDIT_READ = auto()
    INVARIANT_READ = auto()
    """How the money stands as a whole: what must always hold, and whether it does."""
    REFERENCE_READ = auto()


_P = Permission

_READ_BY_ALL_WITH_CASES = frozenset(
    {
        _P.CASE_READ,
        _P.ENTITLEMENT_READ,
        _P.PLAN_READ,
        _P.PAYMENT_READ,
        _P.SUPPLIER_READ,
        _P.RECEIVABLE_READ,
        _P.EVIDENCE_READ,
        _P.REFERENCE_READ,
    }
)
_READ_ABOUT_PEOPLE = frozenset({_P.IDENTITY_READ, _P.VULNERABILITY_READ})

PERMISSIONS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.RETURN_COUNSELLOR: _READ_BY_ALL_WITH_CASES
        | _READ_ABOUT_PEOPLE
        | {
            _P.CASE_REGISTER,
            _P.CASE_REFER,
            _P.CASE_DEPART,
            _P.CASE_CLOSE,
            _P.INTAKE_READ,
            _P.VULNERABILITY_RECORD,
            _P.ENTITLEMENT_EXPLAIN,
            _P.ENTITLEMENT_ASSESS,
            _P.ENTITLEMENT_GRANT,
            _P.EXCEPTION_REQUEST,
            _P.EXTENSION_REQUEST,
            _P.PAYMENT_PREPARE,
            _P.RECEIPT_CONFIRM,
            _P.EVIDENCE_UPLOAD,
            _P.STATISTICS_READ,
        },
        Role.FIELD_OFFICER: _READ_BY_ALL_WITH_CASES
        | _READ_ABOUT_PEOPLE
        | {
            _P.ARRIVAL_CONFIRM,
            _P.EXTENSION_REQUEST,
            _P.PLAN_WRITE,
            _P.PAYMENT_PREPARE,
            _P.PAYMENT_SETTLE,
            _P.RECEIPT_CONFIRM,
            _P.SUPPLIER_WRITE,
            _P.RECEIVABLE_RECORD,
            _P.SERVICE_FEE_READ,
            _P.SERVICE_FEE_CLAIM,
            _P.ADVANCE_READ,
            _P.ADVANCE_TAKE,
            _P.STATEMENT_READ,
            _P.PAYMENT_ORDER_READ,
            _P.STATEMENT_IMPORT,
            _P.PAYMENT_ORDER_PREPARE,
            _P.STATEMENT_MATCH,
            _P.PERIOD_EXPLAIN,
            _P.EVIDENCE_UPLOAD,
        },
        Role.FIELD_APPROVER: _READ_BY_ALL_WITH_CASES
        | _READ_ABOUT_PEOPLE
        | {
            _P.ARRIVAL_CONFIRM,
            _P.CASE_CLOSE,
            _P.PAYMENT_APPROVE,
            _P.PAYMENT_HOLD,
            _P.HOLD_READ,
            _P.SUPPLIER_CONFIRM,
            _P.SERVICE_FEE_READ,
            _P.ADVANCE_READ,
            _P.ADVANCE_TAKE,
            _P.STATEMENT_READ,
            _P.PAYMENT_ORDER_READ,
            _P.STATEMENT_IMPORT,
            _P.PAYMENT_ORDER_PREPARE,
            _P.PAYMENT_ORDER_SEAL,
            _P.STATEMENT_MATCH,
            _P.PERIOD_EXPLAIN,
        },
        Role.PARTNER_COORDINATOR: _READ_BY_ALL_WITH_CASES
        | _READ_ABOUT_PEOPLE
        | {
            _P.CASE_TRANSFER,
            _P.CASE_CLOSE,
            _P.EXTENSION_REQUEST,
            _P.PLAN_APPROVE,
            _P.PAYMENT_HOLD,
            _P.HOLD_READ,
            _P.PAYMENT_RELEASE,
            _P.PAYMENT_SETTLE,
            _P.PAYMENT_REVERSE,
            _P.RECEIPT_ISSUE,
            _P.SUPPLIER_CONFIRM,
            _P.ADVANCE_READ,
            _P.ADVANCE_GIVE,
            _P.ADVANCE_TAKE,
            _P.STATEMENT_READ,
            _P.PAYMENT_ORDER_READ,
            _P.STATEMENT_IMPORT,
            _P.PAYMENT_ORDER_PREPARE,
            _P.PAYMENT_ORDER_SEAL,
            _P.STATEMENT_MATCH,
            _P.PERIOD_EXPLAIN,
            _P.SUPPLIER_COMPARE,
            _P.RECEIVABLE_RECORD,
            _P.RECEIVABLE_CONFIRM,
            _P.RECEIVABLE_RECEIVE,
            _P.SERVICE_FEE_READ,
            _P.SERVICE_FEE_CLAIM,
            _P.EVIDENCE_UPLOAD,
        },
        Role.FEDASIL_FINANCE: _READ_BY_ALL_WITH_CASES
        | {
            _P.PAYMENT_HOLD,
            _P.HOLD_READ,
            _P.PAYMENT_RELEASE,
            _P.PAYMENT_SETTLE,
            _P.PAYMENT_REVERSE,
            _P.RECEIPT_ISSUE,
            _P.RATE_IMPORT,
            _P.RATE_CONFIRM,
            _P.REPORT_ORDER,
            _P.ADVANCE_READ,
            _P.PERIOD_READ,
            _P.PERIOD_CLOSE,
            _P.PERIOD_EXPLAIN,
            _P.STATEMENT_READ,
            _P.PAYMENT_ORDER_READ,
            _P.ADVANCE_GIVE,
            _P.RECEIVABLE_RECORD,
            _P.RECEIVABLE_CONFIRM,
            _P.RECEIVABLE_RECEIVE,
            _P.RECEIVABLE_WRITE_OFF,
            _P.SERVICE_FEE_READ,
            _P.SERVICE_FEE_REFUSE,
            _P.SERVICE_FEE_PAY,
            _P.REPORT_READ,
            _P.STATISTICS_READ,
        },
        Role.FEDASIL_PROGRAMME: _READ_BY_ALL_WITH_CASES
        | _READ_ABOUT_PEOPLE
        | {
            _P.CASE_REFER,
            _P.CASE_TRANSFER,
            _P.CASE_CLOSE,
            _P.INTAKE_READ,
            _P.VULNERABILITY_APPROVE,
            _P.ENTITLEMENT_EXPLAIN,
            _P.ENTITLEMENT_ASSESS,
            _P.EXCEPTION_DECIDE,
            _P.EXTENSION_DECIDE,
            _P.PAYMENT_APPROVE,
            _P.PAYMENT_ENDORSE,
            _P.PAYMENT_HOLD,
            _P.HOLD_READ,
            _P.SUPPLIER_COMPARE,
            _P.SERVICE_FEE_READ,
            _P.SERVICE_FEE_APPROVE,
            _P.SERVICE_FEE_REFUSE,
            _P.REPORT_ORDER,
            _P.ADVANCE_READ,
            _P.PERIOD_READ,
            _P.STATEMENT_READ,
            _P.PAYMENT_ORDER_READ,
            _P.REPORT_READ,
            _P.STATISTICS_READ,
            _P.AUDIT_READ,
        },
        Role.AUDITOR: _READ_BY_ALL_WITH_CASES
        | {
            _P.INTAKE_READ,
            _P.VULNERABILITY_READ,
            _P.ENTITLEMENT_EXPLAIN,
            _P.HOLD_READ,
            _P.ADVANCE_READ,
            _P.SERVICE_FEE_READ,
            _P.PERIOD_READ,
            _P.STATEMENT_READ,
            _P.PAYMENT_ORDER_READ,
            _P.REPORT_READ,
            _P.STATISTICS_READ,
            _P.AUDIT_READ,
            _P.INVARIANT_READ,
        },
        # An imported rate does nothing until finance confirms its month.
        Role.ADMINISTRATOR: frozenset({_P.REFERENCE_READ, _P.RATE_IMPORT, _P.INVARIANT_READ}),
        Role.SYSTEM: frozenset(Permission),
    }
)


def allows(role: Role, permission: Permission) -> bool:
    """Whether `role` has `permission`, scope aside."""
    return permission in PERMISSIONS[role]


def require(actor: Actor, permission: Permission) -> None:
    """Let `actor` pass only with `permission`.

    Raises:
        ForbiddenError: the actor's role lacks it.
    """
    if not allows(actor.role, permission):
        raise ForbiddenError(permission=permission.value)
