"""Use case of the first pair of eyes: gather payments into an order, and freeze what was approved of their payees."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from reintegration.banking.latin import to_latin
from reintegration.banking.payment_order import PaymentOrderRefusedError, check_order
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Row, Transaction
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.clock import now, today
from reintegration.kernel.errors import InvalidInputError, NotFoundError
from reintegration.kernel.ids import new_id
from reintegration.kernel.reference import Reference
from reintegration.ordering.commands import PrepareOrder
from reintegration.ordering.content import OrderContent, OrderLine, end_to_end_id, places
from reintegration.ordering.errors import FIELD_MISSING, NOT_WRITABLE, REASONS, OrderObstacle, PaymentsNotOrderableError
from reintegration.ordering.models import PaymentOrder
from reintegration.ordering.payees import Payee, missing, name_of, remittance_of

_SQL = load_queries(__file__)
MOST_PAYMENTS = 500
"""Of one order: all of them are read with it, and a person looks at each."""
MOST_OBSTACLES = 100
_LATEST = timedelta(days=60)
_FIELDS = {"debtor.name": "holder", "debtor.bic": "bic", "debtor.account": "accountId"}
_LINE_FIELDS = {"creditor_name": "holderLatin", "creditor_account": "account", "creditor_bic": "bic", "creditor_town": "town"}
"""What `banking` calls what was asked, and what was recorded with an account."""


async def prepare_order(transaction: Transaction, command: PrepareOrder) -> Reference:
    """Gather released payments to suppliers, of an account's office or partner, into an order out of that account.

    Each line freezes the payee's account as a second person approved it, the amount, and the reference that statements carry.
    Locks the payments, then their suppliers.

    Raises:
        PaymentsNotOrderableError: with each payment and why, or which field of its payee's account is missing.
        InvalidInputError: the account's holder or BIC, the day, or how many payments.
        NotFoundError, ForbiddenError; ConstraintViolationError (payment_orders_account_ck) for an account of mobile money.
    """
    require(transaction.actor, Permission.PAYMENT_ORDER_PREPARE)
    payment_ids = list(command.payment_ids)
    if not 1 <= len(payment_ids) <= MOST_PAYMENTS or len(set(payment_ids)) < len(payment_ids):
        raise InvalidInputError(field="paymentIds", reason=f"1 to {MOST_PAYMENTS} payments, each once")
    if not today() <= command.execution_on <= today() + _LATEST:
        raise InvalidInputError(field="executionOn", reason=f"a day from today on, at most {_LATEST.days} days ahead")
    if not _is_written_alike(command.holder):
        raise InvalidInputError(field="holder", reason="Latin letters without marks, digits, / - ? : ( ) . , ' + and spaces")
    account = await transaction.fetch_one(_SQL["account"], command.bank_account_id)
    if account is None:
        raise NotFoundError(kind="BankAccount")
    if len(await transaction.fetch(_SQL["lock_payments"], payment_ids)) < len(payment_ids):
        raise NotFoundError(kind="Payment")
    await transaction.fetch(_SQL["lock_suppliers"], payment_ids)
    rows = await transaction.fetch(_SQL["payees"], payment_ids, account["id"], command.execution_on, None)
    refuse(found for row in rows for found in _obstacles(row, account, command))
    content = _content(transaction, command, account, rows)
    _check(content)
    await _record(transaction, command, content)
    return Reference("PaymentOrder", command.id, 1)


def refuse(found: Iterable[OrderObstacle]) -> None:
    """Let an order pass that nothing stands against.

    Raises:
        PaymentsNotOrderableError: with every obstacle, 100 at most.
    """
    obstacles = tuple(found)
    if obstacles:
        raise PaymentsNotOrderableError(
            count=len({one.payment_id for one in obstacles}),
            first=obstacles[0].obstacle if obstacles[0].field is None else f"{obstacles[0].obstacle} {obstacles[0].field}",
            obstacles=obstacles[:MOST_OBSTACLES],
        )


def known_obstacle(row: Row) -> Iterator[OrderObstacle]:
    """What the database has against a payment."""
    if row["obstacle"] is not None:
        yield OrderObstacle(row["payment_id"], row["obstacle"], None, REASONS[row["obstacle"]])


def _obstacles(row: Row, account: Row, command: PrepareOrder) -> Iterator[OrderObstacle]:
    if row["obstacle"] is not None:
        yield from known_obstacle(row)
        return
    payee, payment_id = _payee(row), row["payment_id"]
    debtor_country = account["account"][:2] if account["kind"] == "iban" else account["country_code"]
    for field, reason in missing(payee, debtor_country=debtor_country, service=command.service):
        yield OrderObstacle(payment_id, FIELD_MISSING, field, reason)
    try:
        name_of(payee)
    except ValueError as error:
        yield OrderObstacle(payment_id, NOT_WRITABLE, "holderLatin", str(error))


def _payee(row: Row) -> Payee:
    return Payee(
        kind=row["kind"],
        account=row["account"],
        holder=row["holder"],
        holder_latin=row["holder_latin"],
        bic=row["bic"],
        country=row["country"],
        town=row["town"],
        office_country=row["country_code"],
    )


def _content(transaction: Transaction, command: PrepareOrder, account: Row, rows: Sequence[Row]) -> OrderContent:
    return OrderContent(
        id=command.id,
        account=account["account"],
        currency=account["currency"],
        holder=command.holder,
        bic=command.bic,
        execution_on=command.execution_on,
        version=command.version,
        service=command.service,
        prepared_by=transaction.actor.id,
        prepared_at=now().replace(microsecond=0),
        lines=tuple(
            OrderLine(
                payment_id=row["payment_id"],
                number=number,
                end_to_end_id=end_to_end_id(row["payment_id"]),
                amount_minor=row["amount_minor"],
                supplier_account_id=row["supplier_account_id"],
                account=row["account"],
                holder=row["holder"],
                payee_name=name_of(_payee(row)),
                bic=row["bic"],
                country=row["country"],
                town=row["town"],
                remittance=remittance_of(row["invoice_number"]),
            )
            for number, row in enumerate(rows, start=1)
        ),
    )


def _is_written_alike(text: str) -> bool:
    """Whether the bank reads just this: the person who seals the order sees what the file says."""
    try:
        return to_latin(text) == text
    except ValueError:
        return False


def _check(content: OrderContent) -> None:
    """Ask `banking` whether a bank would take it, so that nothing is left to be found when it is sealed."""
    try:
        check_order(content.message())
    except PaymentOrderRefusedError as error:
        of_order = [problem for problem in error.problems if problem.instruction is None]
        if of_order:
            field = _FIELDS.get(of_order[0].field, of_order[0].field)
            raise InvalidInputError(field=field, reason=of_order[0].reason) from error
        payments = places(content.lines)
        refuse(
            OrderObstacle(
                payments[problem.instruction or 0], NOT_WRITABLE, _LINE_FIELDS.get(problem.field, problem.field), problem.reason
            )
            for problem in error.problems
        )


async def _record(transaction: Transaction, command: PrepareOrder, content: OrderContent) -> None:
    await PaymentOrder.create(
        using_db=transaction.orm,
        id=content.id,
        bank_account_id=command.bank_account_id,
        currency_row_id=content.currency,
        execution_on=content.execution_on,
        format=content.version.value,
        service=content.service.value,
        holder=content.holder,
        bic=content.bic,
        message_id=content.message_id,
        line_count=len(content.lines),
        total_minor=content.total_minor,
        content_digest=content.digest(),
        prepared_by=content.prepared_by,
        prepared_at=content.prepared_at,
    )
    lines = content.lines
    await transaction.execute(
        _SQL["record_lines"],
        content.id,
        content.currency,
        [new_id() for _ in lines],
        [line.payment_id for line in lines],
        [line.number for line in lines],
        [line.end_to_end_id for line in lines],
        [line.amount_minor for line in lines],
        [line.supplier_account_id for line in lines],
        [line.account for line in lines],
        [line.holder for line in lines],
        [line.payee_name for line in lines],
        [line.bic for line in lines],
        [line.country for line in lines],
        [line.town for line in lines],
        [line.remittance for line in lines],
    )
