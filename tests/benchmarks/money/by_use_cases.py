"""Our use cases called in this process: the unit of work over ten connections, without HTTP, tokens or GraphQL."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Self, TypeVar

import asyncpg

from reintegration.constraints import ALL_CONSTRAINTS
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import IdempotencyKey, UnitOfWork, open_pool
from reintegration.evidence.commands import AttachDocument
from reintegration.evidence.service import attach_document
from reintegration.kernel.money import Money
from reintegration.kernel.reference import Reference
from reintegration.models import register_models
from reintegration.payments.commands import (
    ApprovePayment,
    DraftPayment,
    PaymentContent,
    PaymentLineDraft,
    ReleasePayment,
    SubmitPayment,
)
from reintegration.payments.service import approve_payment, draft_payment, release_payment, submit_payment
from tests.benchmarks.money.work import OPERATIONS, SQL, VERSIONS, Payer, Payment, Step

C = TypeVar("C")
CONNECTIONS = 10
"""As our API has by default."""


class UseCases:
    """Path and payer."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._work = UnitOfWork(pool, ALL_CONSTRAINTS)

    @classmethod
    @asynccontextmanager
    async def open(cls, database_url: str) -> AsyncIterator[Self]:
        """Connect to a database."""
        await register_models()
        pool = await open_pool(database_url, max_size=CONNECTIONS)
        try:
            yield cls(pool)
        finally:
            await pool.close()

    @asynccontextmanager
    async def payers(self, count: int) -> AsyncIterator[Sequence[Payer]]:
        """All are this one; they share its connections."""
        yield [self] * count

    async def take(self, step: Step, payment: Payment) -> None:
        """One use case in one transaction."""
        match step:
            case Step.DRAFT:
                await self._once(step, payment, draft_payment, _draft(payment))
            case Step.ATTACH:
                command = AttachDocument(payment.attachment_id, payment.id, payment.subject.document_id)
                await self._once(step, payment, attach_document, command)
            case Step.SUBMIT:

                async def submit(transaction: Transaction, command: SubmitPayment) -> Reference:
                    """The answer of a submission shows its digest, which who approves has to send."""
                    reference = await submit_payment(transaction, command)
                    payment.digest = str(await transaction.fetch_value(SQL["digest"], payment.id))
                    return reference

                await self._once(step, payment, submit, SubmitPayment(payment.id, VERSIONS[step]))
            case Step.APPROVE:
                await self._once(step, payment, approve_payment, ApprovePayment(payment.id, VERSIONS[step], payment.digest))
            case Step.RELEASE:
                await self._once(step, payment, release_payment, ReleasePayment(payment.id, VERSIONS[step], payment.digest))

    async def _once(
        self, step: Step, payment: Payment, use_case: Callable[[Transaction, C], Awaitable[Reference]], command: C
    ) -> None:
        key = IdempotencyKey(payment.keys[step], OPERATIONS[step], payment.input(step))
        await self._work.write_once(payment.actors[step], key, lambda transaction: use_case(transaction, command))


def _draft(payment: Payment) -> DraftPayment:
    subject = payment.subject
    content = PaymentContent(
        description="Grocery shop",
        payment_date=subject.payment_date,
        lines=tuple(PaymentLineDraft(text, Money(minor, subject.currency)) for text, minor in subject.lines),
        supplier_id=subject.supplier_id,
        invoice_number=payment.invoice_number,
    )
    return DraftPayment(payment.id, subject.case_id, "supplier_direct", content, plan_item_id=subject.item_id)
