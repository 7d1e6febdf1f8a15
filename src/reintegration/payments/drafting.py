"""Use cases before anybody approves: register a supplier, draft, amend, submit, return, cancel."""

from uuid import UUID

from reintegration.database.rows import locked
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.identity.permissions import Permission, allows, require
from reintegration.kernel.actor import FIELD_ROLES
from reintegration.kernel.clock import now, today
from reintegration.kernel.errors import (
    ConstraintViolationError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    TransitionError,
)
from reintegration.kernel.reference import Reference
from reintegration.ledger.errors import NotEnoughLeftError
from reintegration.ledger.service import Pot, flows, post
from reintegration.payments.commands import (
    AmendPayment,
    CancelPayment,
    DraftPayment,
    PaymentContent,
    ReturnPayment,
    SubmitPayment,
)
from reintegration.payments.content import check_documents, freeze, frozen, record_lines, remove_lines, thaw
from reintegration.payments.models import Payment
from reintegration.payments.sides import check_side
from reintegration.payments.targets import FIELD_KINDS, STREAMS, rate_rule_of, target_of
from reintegration.plans.errors import ItemNotInForceError
from reintegration.plans.service import line_in_force

_SQL = load_queries(__file__)
MOST_CHANGES = 300
"""Changes after which a payment isn't submitted again: each submission leaves two ledger entries, and all are read with it."""


async def draft_payment(transaction: Transaction, command: DraftPayment) -> Reference:
    """Begin a payment with its lines. Nothing is reserved yet.

    Field offices pay for plan items; the premium and the refund of a travel document are prepared in Belgium.

    Raises:
        ForbiddenError, NotFoundError, ItemNotInForceError, AlreadyPaidError, InvalidInputError; ConstraintViolationError
        (payments_case_ck) once the case is closed.
    """
    require(transaction.actor, Permission.PAYMENT_PREPARE)
    if command.kind not in STREAMS:
        raise InvalidInputError(field="kind", reason="not a kind of payment")
    if (command.kind in FIELD_KINDS) != (transaction.actor.role in FIELD_ROLES):
        raise ForbiddenError(permission=Permission.PAYMENT_PREPARE)
    target = await target_of(transaction, command)
    content = _fields(command.content)
    await transaction.execute(
        _SQL["record_draft"],
        command.id,
        command.case_id,
        target.field_office_id,
        target.pot.fund_id,
        command.kind,
        target.pot.stream,
        command.plan_item_id,
        command.entitlement_id,
        content["supplier_id"],
        content["invoice_number"],
        content["description"],
        content["payment_date"],
        target.rate_rule,
        transaction.actor.id,
    )
    await record_lines(transaction, command.id, command.case_id, command.content.lines)
    return Reference("Payment", command.id, 1)


async def amend_payment(transaction: Transaction, command: AmendPayment) -> Reference:
    """Replace the content of one's office's draft. Locks the payment.

    Raises:
        AlreadyPaidError, TransitionError, VersionConflictError, NotFoundError, ForbiddenError, InvalidInputError.
    """
    require(transaction.actor, Permission.PAYMENT_PREPARE)
    payment = await locked_payment(transaction, command.id, command.expected_version, {"draft"}, "draft with other content")
    rate_rule = await rate_rule_of(transaction, payment.fund_id, command.content.payment_date)
    changes = {**_fields(command.content), "rate_rule": rate_rule}
    payment.update_from_dict(changes)
    await payment.save(using_db=transaction.orm, update_fields=sorted(changes))
    await remove_lines(transaction, payment)
    await record_lines(transaction, payment.id, payment.case_id, command.content.lines)
    return Reference("Payment", payment.id, payment.version + 1)


async def submit_payment(transaction: Transaction, command: SubmitPayment) -> Reference:
    """Freeze rates and content, reserve the money, ask for approval.

    Locks the payment, its supplier, then the accounts that give.

    Raises:
        NoRateError, DocumentsMissingError, NotEnoughLeftError, PaymentBeforeArrivalError, PaymentAfterDeadlineError,
        ItemNotInForceError, AlreadyPaidError, PaymentHeldError, TransitionError, VersionConflictError, NotFoundError,
        ForbiddenError; ConstraintViolationError after `MOST_CHANGES`.
    """
    require(transaction.actor, Permission.PAYMENT_PREPARE)
    payment = await locked_payment(transaction, command.id, command.expected_version, {"draft"}, "submitted")
    if payment.version > MOST_CHANGES:
        raise ConstraintViolationError(
            constraint="payments_changes_limit", explanation="This payment was changed too often; cancel it and make a new one"
        )
    if payment.plan_item_id is not None and not await line_in_force(transaction, payment.plan_item_id):
        raise ItemNotInForceError
    await check_documents(transaction, payment, "request")
    if payment.supplier_id is not None:
        await transaction.fetch_one(_SQL["lock_supplier"], payment.supplier_id)
    content = await freeze(transaction, payment)
    await _check_entitlement(transaction, payment, content.total_minor)
    payment.status, payment.submitted_at, payment.content_digest = "submitted", now(), content.digest
    payment.update_from_dict({"outcome_note": None})
    await payment.save(using_db=transaction.orm, update_fields=["status", "submitted_at", "content_digest", "outcome_note"])
    entry = flows.reserve(
        await pot_of_payment(transaction, payment),
        payment_id=payment.id,
        occasion=payment.version + 1,
        amount_minor=content.total_minor,
        on=today(),
    )
    await post(transaction, entry)
    return Reference("Payment", payment.id, payment.version + 1)


async def return_payment(transaction: Transaction, command: ReturnPayment) -> Reference:
    """Send a payment back to draft: its approval is void, its reservation given back.

    Locks the payment, then the account that gives.

    Raises:
        TransitionError, VersionConflictError, NotFoundError, ForbiddenError, InvalidInputError.
    """
    if not any(
        allows(transaction.actor.role, permission)
        for permission in (Permission.PAYMENT_PREPARE, Permission.PAYMENT_APPROVE, Permission.PAYMENT_RELEASE)
    ):
        raise ForbiddenError(permission=Permission.PAYMENT_APPROVE)
    if not command.reason.strip():
        raise InvalidInputError(field="reason", reason="says why the payment goes back")
    payment = await locked_payment(transaction, command.id, command.expected_version, {"submitted", "approved"}, "draft")
    content = await frozen(transaction, payment)
    cleared = ("submitted_at", "content_digest", "approved_by", "approved_at", "approved_digest")
    payment.update_from_dict({"status": "draft", "outcome_note": command.reason.strip(), **dict.fromkeys(cleared)})
    await payment.save(using_db=transaction.orm, update_fields=["status", "outcome_note", *cleared])
    await thaw(transaction, payment)
    await give_back(transaction, payment, content.total_minor)
    return Reference("Payment", payment.id, payment.version + 1)


async def cancel_payment(transaction: Transaction, command: CancelPayment) -> Reference:
    """Give a draft up. Locks the payment."""
    require(transaction.actor, Permission.PAYMENT_PREPARE)
    payment = await locked_payment(transaction, command.id, command.expected_version, {"draft"}, "cancelled")
    payment.status = "cancelled"
    await payment.save(using_db=transaction.orm, update_fields=["status"])
    return Reference("Payment", payment.id, payment.version + 1)


async def locked_payment(
    transaction: Transaction, payment_id: UUID, expected_version: int, needed: set[str], wanted: str
) -> Payment:
    """A payment of the actor's own side, locked and in one of the statuses `needed`.

    The side: payments of field offices belong to the office and its partner's coordinator, those made in Belgium to Fedasil.
    Another office's payment of a case that one sees is not one's own: it stays with the office that made it.

    Raises:
        NotFoundError: absent, hidden, or of another office or partner, or (for these) of Belgium.
        ForbiddenError: Fedasil's roles carry no field office's payment on.
        VersionConflictError, TransitionError.
    """
    payment = await locked(transaction, Payment, payment_id, kind="Payment", expected_version=expected_version)
    await check_side(transaction, payment)
    if payment.status not in needed:
        raise TransitionError(kind="Payment", current=payment.status, wanted=wanted)
    return payment


async def pot_of_payment(transaction: Transaction, payment: Payment) -> Pot:
    """Where the money of a payment is."""
    if payment.plan_item_id is None:
        return Pot(payment.case_id, payment.stream, payment.fund_id)
    row = await transaction.fetch_one(_SQL["item_line"], payment.plan_item_id)
    if row is None:
        raise NotFoundError(kind="Payment")
    return Pot(payment.case_id, payment.stream, payment.fund_id, row["line_id"])


async def give_back(transaction: Transaction, payment: Payment, total_minor: int) -> None:
    """Free what a payment had reserved."""
    entry = flows.unreserve(
        await pot_of_payment(transaction, payment),
        payment_id=payment.id,
        occasion=payment.version + 1,
        amount_minor=total_minor,
        on=today(),
    )
    await post(transaction, entry)


async def _check_entitlement(transaction: Transaction, payment: Payment, total_minor: int) -> None:
    """The pot is the household's, the entitlement one person's: nobody is paid another one's premium."""
    if payment.entitlement_id is None:
        return
    row = await transaction.fetch_one(_SQL["entitlement"], payment.entitlement_id, payment.case_id)
    if row is None or total_minor > row["amount_minor"]:
        raise NotEnoughLeftError


def _fields(content: PaymentContent) -> dict[str, object]:
    return {
        "description": content.description,
        "payment_date": content.payment_date,
        "supplier_id": content.supplier_id,
        "invoice_number": None if content.invoice_number is None else content.invoice_number.strip(),
    }
