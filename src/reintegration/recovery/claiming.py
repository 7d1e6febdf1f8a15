"""What is owed: recorded by one person, confirmed or refused by another, and when it is to be paid."""

from dataclasses import dataclass
from uuid import UUID

from reintegration.cases.errors import AlreadyDecidedError
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.actor import Role
from reintegration.kernel.clock import now
from reintegration.kernel.errors import InvalidInputError, NotFoundError, SamePersonError, TransitionError
from reintegration.kernel.ids import new_id
from reintegration.kernel.reference import Reference
from reintegration.payments.service import lock_payment
from reintegration.recovery.commands import AgreePlan, DecideReceivable, RecordReceivable
from reintegration.recovery.errors import PlanNotWholeError
from reintegration.recovery.models import Receivable, ReceivablePlan
from reintegration.recovery.sides import check_owed, check_side, lock_receivable

_SQL = load_queries(__file__)
MOST_INSTALMENTS = 60


async def record_receivable(transaction: Transaction, command: RecordReceivable) -> Reference:
    """Record that somebody owes something. Nothing is owed until a second person confirms it. Locks the payment.

    An office records what it paid to returnees and suppliers, Fedasil's finance what partners owe and what was paid in Belgium.

    Raises:
        ClaimTooLargeError, TransitionError, InvalidInputError, NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.RECEIVABLE_RECORD)
    if sum(one is not None for one in (command.case_id, command.supplier_id, command.partner_id)) != 1:
        raise InvalidInputError(
            field="caseId", reason="a returnee (by the case), a supplier or a partner owes it, and one of them"
        )
    paid = None if command.line_id is None else await _paid_line(transaction, command.line_id, command.amount.currency)
    debtor, field_office_id, kind = await _debtor(transaction, command, paid)
    await check_side(transaction, field_office_id, kind=kind)
    case_id = command.case_id if paid is None else paid.case_id
    if command.document_id is not None and (
        case_id is None or await transaction.fetch_value(_SQL["document_of_case"], command.document_id, case_id) is None
    ):
        raise NotFoundError(kind="Document")
    receivable = await Receivable.create(
        using_db=transaction.orm,
        id=command.id,
        debtor=debtor,
        case_id=case_id,
        supplier_id=command.supplier_id,
        partner_id=command.partner_id,
        field_office_id=field_office_id,
        payment_id=None if paid is None else paid.payment_id,
        line_id=command.line_id,
        amount_minor=command.amount.amount_minor,
        currency_row_id=command.amount.currency,
        reason=command.reason,
        explanation=command.explanation,
        due_on=command.due_on,
        document_id=command.document_id,
        recorded_by=transaction.actor.id,
    )
    return Reference("Receivable", receivable.id, receivable.version)


async def decide_receivable(transaction: Transaction, command: DecideReceivable) -> Reference:
    """Confirm or refuse what somebody else has recorded: the office's coordinator, or Fedasil's finance.

    Locks the payment, then the receivable.

    Raises:
        AlreadyDecidedError, SamePersonError, VersionConflictError, NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.RECEIVABLE_CONFIRM)
    receivable, _ = await lock_receivable(transaction, command.id, expected_version=command.expected_version)
    if transaction.actor.role is not Role.FEDASIL_FINANCE:
        await check_side(transaction, receivable.field_office_id, kind="Receivable")
    if receivable.decision is not None:
        raise AlreadyDecidedError(kind="receivable")
    if receivable.recorded_by == transaction.actor.id:
        raise SamePersonError(step="decision on the receivable")
    receivable.decision = "approved" if command.approved else "refused"
    receivable.decision_note = command.note
    receivable.decided_by, receivable.decided_at = transaction.actor.id, now()
    await receivable.save(using_db=transaction.orm, update_fields=["decision", "decision_note", "decided_by", "decided_at"])
    return Reference("Receivable", receivable.id, receivable.version + 1)


async def agree_plan(transaction: Transaction, command: AgreePlan) -> Reference:
    """Agree when all that is owed is to be paid. It takes the place of the plan before. Locks the payment, then the receivable.

    Raises:
        PlanNotWholeError, NotOwedError, InvalidInputError, NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.RECEIVABLE_RECORD)
    receivable, _ = await lock_receivable(transaction, command.receivable_id)
    await check_side(transaction, receivable.field_office_id, kind="Receivable")
    if not 1 <= len(command.instalments) <= MOST_INSTALMENTS:
        raise InvalidInputError(field="instalments", reason=f"1 to {MOST_INSTALMENTS}")
    for instalment in command.instalments:
        check_owed(receivable, instalment.amount, field="instalments")
    total_minor = sum(instalment.amount.amount_minor for instalment in command.instalments)
    if total_minor != await transaction.fetch_value(_SQL["outstanding"], receivable.id):
        raise PlanNotWholeError
    plans = await transaction.fetch_value(_SQL["plans"], receivable.id)
    plan = await ReceivablePlan.create(
        using_db=transaction.orm,
        id=command.id,
        receivable_id=receivable.id,
        number=int(str(plans)) + 1,
        total_minor=total_minor,
        currency_row_id=receivable.currency_row_id,
        agreed_by=transaction.actor.id,
        agreed_at=now(),
    )
    await transaction.execute(
        _SQL["record_instalments"],
        plan.id,
        [new_id() for _ in command.instalments],
        list(range(1, len(command.instalments) + 1)),
        [instalment.due_on for instalment in command.instalments],
        [instalment.amount.amount_minor for instalment in command.instalments],
        [instalment.amount.currency for instalment in command.instalments],
    )
    return Reference("ReceivablePlan", plan.id, 1)


@dataclass(frozen=True, slots=True)
class _PaidLine:
    """A line of a payment that was paid, and whose it is."""

    payment_id: UUID
    case_id: UUID
    supplier_id: UUID | None
    partner_id: UUID | None
    field_office_id: UUID | None


async def _paid_line(transaction: Transaction, line_id: UUID, currency: str) -> _PaidLine:
    """The line, its payment locked."""
    row = await transaction.fetch_one(_SQL["paid_line"], line_id)
    if row is None:
        raise NotFoundError(kind="PaymentLine")
    payment = await lock_payment(transaction, row["payment_id"], kind="PaymentLine")
    if payment.status != "paid":
        raise TransitionError(kind="Payment", current=payment.status, wanted="claimed back")
    if currency != row["currency"]:
        raise InvalidInputError(field="amount", reason=f"the line is in {row['currency']}")
    return _PaidLine(row["payment_id"], row["case_id"], row["supplier_id"], row["partner_id"], row["field_office_id"])


async def _debtor(transaction: Transaction, command: RecordReceivable, paid: _PaidLine | None) -> tuple[str, UUID | None, str]:
    """What the debtor is, the office that collects from it, and the type of the record by which it was named."""
    if command.partner_id is not None:
        if paid is not None and paid.partner_id != command.partner_id:
            raise InvalidInputError(field="lineId", reason="the debtor has no part in this payment")
        return "partner", None, "Partner"
    name, kind = ("returnee", "Case") if command.case_id is not None else ("supplier", "Supplier")
    if paid is not None:
        if command.case_id not in {None, paid.case_id} or command.supplier_id not in {None, paid.supplier_id}:
            raise InvalidInputError(field="lineId", reason="the debtor has no part in this payment")
        return name, paid.field_office_id, "PaymentLine"
    statement = _SQL["office_of_case" if name == "returnee" else "office_of_supplier"]
    row = await transaction.fetch_one(statement, command.case_id or command.supplier_id)
    if row is None:
        raise NotFoundError(kind=kind)
    return name, row["field_office_id"], kind
