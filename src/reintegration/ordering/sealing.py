"""Use case of the second pair of eyes: the file is written and stored outside any transaction, then the order is sealed."""

import asyncio
import hashlib
from typing import Protocol
from uuid import UUID

from reintegration.banking.pain_schema import PainVersion
from reintegration.banking.pain_writer import write_pain001
from reintegration.banking.payment_order import Service
from reintegration.database.rows import database_now, locked, visible
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.actor import Actor
from reintegration.kernel.clock import today
from reintegration.kernel.errors import SamePersonError, TransitionError
from reintegration.kernel.reference import Reference
from reintegration.ordering.commands import OrderFile, SealOrder
from reintegration.ordering.content import OrderContent, OrderLine
from reintegration.ordering.errors import OrderDayPassedError, OrderVoidError
from reintegration.ordering.models import PaymentOrder
from reintegration.ordering.preparing import known_obstacle, refuse

_SQL = load_queries(__file__)
_MEDIA_TYPE = "application/xml"


class SealingStore(Protocol):
    """The part of the object store that this room needs."""

    async def put(self, key: str, data: bytes, media_type: str, *, sha256: str) -> bool:
        """Store `data` unless `key` exists; equal bytes are accepted, others refused."""


async def write_order_file(
    unit_of_work: UnitOfWork, store: SealingStore, actor: Actor, order_id: UUID, content_digest: str
) -> OrderFile:
    """Write an order as pain.001, prove it by the schema and store it under a key that is never overwritten.

    Outside any transaction. The same order gives the same bytes under the same key, so that this may be repeated; a file of an
    order that is not sealed afterwards is nobody's, for only sealed orders hand theirs out. What is sealed is not written again.

    Raises:
        OrderVoidError, SamePersonError, TransitionError, NotFoundError, ForbiddenError: nothing was stored then.
    """
    require(actor, Permission.PAYMENT_ORDER_SEAL)
    async with unit_of_work.read(actor) as transaction:
        order = await visible(transaction, PaymentOrder, order_id, kind="PaymentOrder")
        if order.object_key is not None and order.sha256 is not None and order.size_bytes is not None:
            return OrderFile(order.object_key, order.sha256, order.size_bytes)
        content = await _sealable(transaction, order, content_digest)
    message = await asyncio.to_thread(write_pain001, content.message(), content.version)
    if message.conversions:
        raise AssertionError("what is frozen is in the bank's letters already, so that the file says what was seen")
    sha256 = hashlib.sha256(message.content).hexdigest()
    key = f"payment-orders/{order.bank_account_id}/{order.id}/{sha256}.xml"
    await store.put(key, message.content, _MEDIA_TYPE, sha256=sha256)
    return OrderFile(key, sha256, len(message.content))


async def seal_order(transaction: Transaction, command: SealOrder) -> Reference:
    """Approve an order that somebody else has prepared, as long as each of its payments may still go as it says.

    Locks the order, then the payments, then their suppliers.

    Raises:
        PaymentsNotOrderableError: a payment failed, was paid or is in doubt meanwhile, or its payee's account is another one.
        OrderVoidError, OrderDayPassedError, SamePersonError, TransitionError, VersionConflictError, NotFoundError,
        ForbiddenError.
    """
    require(transaction.actor, Permission.PAYMENT_ORDER_SEAL)
    order = await locked(transaction, PaymentOrder, command.id, kind="PaymentOrder", expected_version=command.expected_version)
    await _sealable(transaction, order, command.content_digest)
    await ask_again(transaction, order)
    order.status, order.sealed_by = "sealed", transaction.actor.id
    # Evidence of non-payment counts from this moment on, by the same clock.
    order.sealed_at = await database_now(transaction)
    order.object_key, order.sha256, order.size_bytes = command.file.object_key, command.file.sha256, command.file.size_bytes
    written = ["status", "sealed_by", "sealed_at", "object_key", "sha256", "size_bytes"]
    await order.save(using_db=transaction.orm, update_fields=written)
    return Reference("PaymentOrder", order.id, order.version + 1)


async def ask_again(transaction: Transaction, order: PaymentOrder) -> None:
    """See that each payment of a locked order may still go as the order says. Locks the payments, then their suppliers.

    Raises:
        PaymentsNotOrderableError, OrderDayPassedError.
    """
    if order.execution_on < today():
        raise OrderDayPassedError
    payment_ids = [line["payment_id"] for line in await transaction.fetch(_SQL["lines"], order.id)]
    await transaction.fetch(_SQL["lock_payments"], payment_ids)
    await transaction.fetch(_SQL["lock_suppliers"], payment_ids)
    rows = await transaction.fetch(_SQL["payees"], payment_ids, order.bank_account_id, order.execution_on, order.id)
    refuse(found for row in rows for found in known_obstacle(row))


async def _sealable(transaction: Transaction, order: PaymentOrder, content_digest: str) -> OrderContent:
    """What the actor has seen and may seal."""
    if order.status != "draft":
        raise TransitionError(kind="PaymentOrder", current=order.status, wanted="sealed")
    if order.prepared_by == transaction.actor.id:
        raise SamePersonError(step="sealing of an order")
    content = await content_of(transaction, order)
    if not content_digest == order.content_digest == content.digest():
        raise OrderVoidError
    return content


async def content_of(transaction: Transaction, order: PaymentOrder) -> OrderContent:
    """The content of an order as it is stored now."""
    account = await transaction.fetch_one(_SQL["account"], order.bank_account_id)
    if account is None:
        raise AssertionError("an order is seen with its account")
    lines = await transaction.fetch(_SQL["lines"], order.id)
    return OrderContent(
        id=order.id,
        account=account["account"],
        currency=order.currency_row_id,
        holder=order.holder,
        bic=order.bic,
        execution_on=order.execution_on,
        version=PainVersion(order.format),
        service=Service(order.service),
        prepared_by=order.prepared_by,
        prepared_at=order.prepared_at,
        lines=tuple(OrderLine(**dict(line)) for line in lines),
    )
