"""Use cases of the outcome: paid, failed, unconfirmed (which is not failed), reversed."""

from collections.abc import Sequence

from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.clock import now, today
from reintegration.kernel.errors import InvalidInputError, NotFoundError, SamePersonError
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import to_euro
from reintegration.kernel.reference import Reference
from reintegration.ledger.service import flows, last_posting_of, post
from reintegration.payments.commands import ConfirmPayment, FailPayment, MarkPaymentUnconfirmed, PaidLine, ReversePayment
from reintegration.payments.content import check_digest, check_documents, frozen
from reintegration.payments.drafting import give_back, locked_payment, pot_of_payment
from reintegration.payments.errors import PaymentInFutureError
from reintegration.payments.models import Payment

_SQL = load_queries(__file__)


async def confirm_payment(transaction: Transaction, command: ConfirmPayment) -> Reference:
    """Record that a released (or unconfirmed) payment was paid; what was reserved is spent.

    Of lines that were paid in part the rest is free again. What of it is still owed is a new payment.
    The approved rate stays, also when the money went in another month than the rate's (schema/decisions/0012).
    Locks the payment, then the account that gives.

    Raises:
        PaymentInFutureError, DocumentsMissingError, PaymentBeforeArrivalError, PaymentAfterDeadlineError,
        NotAtDepartureError, ApprovalVoidError, PaymentMatchedError, PaymentOrderedError, TransitionError, VersionConflictError,
        NotFoundError.
    """
    require(transaction.actor, Permission.PAYMENT_SETTLE)
    if command.paid_on > today():
        raise PaymentInFutureError
    payment = await locked_payment(transaction, command.id, command.expected_version, {"released", "unconfirmed"}, "paid")
    content = await check_digest(transaction, payment, payment.approved_digest or "")
    await check_documents(transaction, payment, "settlement")
    missing_minor = await _record_shortfalls(transaction, payment, command.paid_in_part)
    payment.paid_on, payment.settlement_reference = command.paid_on, command.reference
    await _settle(transaction, payment, "paid", "paid_on", "settlement_reference")
    entry = flows.spend(
        await pot_of_payment(transaction, payment),
        payment_id=payment.id,
        occasion=payment.version + 1,
        amount_minor=content.total_minor - missing_minor,
        on=command.paid_on,
    )
    await post(transaction, entry)
    if missing_minor:
        await give_back(transaction, payment, missing_minor)
    return Reference("Payment", payment.id, payment.version + 1)


async def fail_payment(transaction: Transaction, command: FailPayment) -> Reference:
    """Record that the money has certainly not gone; its reservation is given back.

    Locks the payment, then the account that gives.

    Raises:
        NonPaymentUnprovedError: it is unconfirmed, or its order went to the bank, and no evidence of non-payment is attached.
        PaymentMatchedError: a line of a statement says that it was paid.
        PaymentOrderedError: its order to a bank is sealed, and was neither sent nor cancelled.
        TransitionError, VersionConflictError, NotFoundError, InvalidInputError.
    """
    require(transaction.actor, Permission.PAYMENT_SETTLE)
    payment = await locked_payment(transaction, command.id, command.expected_version, {"released", "unconfirmed"}, "failed")
    content = await frozen(transaction, payment)
    payment.outcome_note = _reason(command.reason)
    await _settle(transaction, payment, "failed", "outcome_note")
    await give_back(transaction, payment, content.total_minor)
    return Reference("Payment", payment.id, payment.version + 1)


async def mark_payment_unconfirmed(transaction: Transaction, command: MarkPaymentUnconfirmed) -> Reference:
    """Record that nobody knows the outcome. The money stays reserved, so it can't be paid again. Locks the payment.

    Raises:
        PaymentOrderedError, TransitionError, VersionConflictError, NotFoundError, InvalidInputError.
    """
    require(transaction.actor, Permission.PAYMENT_SETTLE)
    payment = await locked_payment(transaction, command.id, command.expected_version, {"released"}, "unconfirmed")
    payment.outcome_note = _reason(command.reason)
    await _settle(transaction, payment, "unconfirmed", "outcome_note")
    return Reference("Payment", payment.id, payment.version + 1)


async def reverse_payment(transaction: Transaction, command: ReversePayment) -> Reference:
    """Record that the money of a paid payment came back, by a ledger entry that reverses the spending.

    It is free for the case again, or goes on to the fund where the case is closed.
    Locks the payment, then the account that gives.

    Raises:
        SamePersonError: by the one who prepared it, or, where its order went to a bank, who said that it was paid.
        PaymentRefundedError: a part of it came back before, or is said to have.
        TransitionError, VersionConflictError, NotFoundError, InvalidInputError.
    """
    require(transaction.actor, Permission.PAYMENT_REVERSE)
    payment = await locked_payment(transaction, command.id, command.expected_version, {"paid"}, "reversed")
    if transaction.actor.id == payment.prepared_by:
        raise SamePersonError(step="reversal of a payment")
    content = await frozen(transaction, payment)
    missing_minor = await transaction.fetch_value(_SQL["shortfall"], payment.id)
    if not isinstance(missing_minor, int):
        raise TypeError("a sum of cents")
    paid_minor = content.total_minor - missing_minor
    spent = await last_posting_of(transaction, payment.id, "payment_spent")
    if spent is None:
        raise AssertionError("a paid payment was spent")
    payment.status, payment.reversed_by, payment.reversed_at = "reversed", transaction.actor.id, now()
    payment.outcome_note = _reason(command.reason)
    await payment.save(using_db=transaction.orm, update_fields=["status", "reversed_by", "reversed_at", "outcome_note"])
    pot = await pot_of_payment(transaction, payment)
    entry = flows.reverse(
        pot,
        payment_id=payment.id,
        occasion=payment.version + 1,
        amount_minor=paid_minor,
        on=today(),
        reverses_id=spent,
    )
    await post(transaction, entry)
    # Asked after the entry: its foreign key waits for who is closing the case, and who comes to close it waits for this.
    if await transaction.fetch_value(_SQL["case_is_closed"], payment.id):
        onward = flows.return_to_fund(
            pot, payment_id=payment.id, occasion=payment.version + 1, amount_minor=paid_minor, on=today()
        )
        await post(transaction, onward)
    return Reference("Payment", payment.id, payment.version + 1)


async def _record_shortfalls(transaction: Transaction, payment: Payment, paid: Sequence[PaidLine]) -> int:
    """Record what was not paid of the lines; returns it in euro cents. The euro paid are at the line's frozen rate, HALF_UP."""
    if not paid:
        return 0
    lines = {line["id"]: line for line in await transaction.fetch(_SQL["lines"], payment.id)}
    missing = []
    for one in paid:
        line = lines.pop(one.line_id, None)
        if line is None:
            raise NotFoundError(kind="PaymentLine")
        if one.amount.currency != line["currency"] or not 0 <= one.amount.amount_minor <= line["amount_minor"]:
            raise InvalidInputError(field="paidInPart", reason="between nothing and the line's amount, in its currency")
        if one.amount.amount_minor < line["amount_minor"]:
            euro_minor = line["euro_minor"] - to_euro(one.amount, line["rate"]).amount_minor
            missing.append((line["id"], line["amount_minor"] - one.amount.amount_minor, line["currency"], euro_minor))
    if missing:
        ids, amounts, currencies, euros = (list(column) for column in zip(*missing, strict=True))
        await transaction.execute(
            _SQL["record_shortfalls"], payment.id, payment.case_id, [new_id() for _ in missing], ids, amounts, currencies, euros
        )
    return sum(euro_minor for *_, euro_minor in missing)


async def _settle(transaction: Transaction, payment: Payment, status: str, *fields: str) -> None:
    payment.status, payment.settled_by, payment.settled_at = status, transaction.actor.id, now()
    await payment.save(using_db=transaction.orm, update_fields=["status", "settled_by", "settled_at", *fields])


def _reason(text: str) -> str:
    if not text.strip():
        raise InvalidInputError(field="reason", reason="says what happened")
    return text.strip()
