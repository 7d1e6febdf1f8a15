"""What hangs on a payment is read with it, so there is only so much of it."""

from collections.abc import AsyncIterator

import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.evidence import service as evidence
from reintegration.evidence.commands import AttachDocument
from reintegration.kernel.errors import ConstraintViolationError
from reintegration.kernel.ids import new_id
from reintegration.payments import drafting
from reintegration.payments.commands import ReturnPayment, SubmitPayment
from tests import builders
from tests.builders import OFFICER
from tests.payment_steps import a_payment, a_planned_case, asking, done, stored_document
from tests.proofs import refused, value


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


async def test_a_payment_shows_so_many_documents_and_no_more(work: UnitOfWork, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = await a_planned_case(work)
    payment = await a_payment(work, plan, status="draft")
    shown = int(str(await value(work, "select count(*) from payment_documents where payment_id = $1", payment)))
    monkeypatch.setattr(evidence, "MOST_DOCUMENTS", shown + 1)
    one, another = [
        asking(evidence.attach_document, AttachDocument(new_id(), payment, await stored_document(work, plan.case.id, "quote")))
        for _ in range(2)
    ]
    await work.write(OFFICER, one)
    assert await refused(work, OFFICER, another, ConstraintViolationError) == ConstraintViolationError(
        constraint="payment_documents_limit", explanation=f"A payment shows at most {shown + 1} documents"
    )


async def test_a_payment_is_not_submitted_again_and_again_for_ever(work: UnitOfWork, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = await a_planned_case(work)
    payment = await a_payment(work, plan, status="draft")
    version = int(str(await value(work, "select version from payments where id = $1", payment)))
    monkeypatch.setattr(drafting, "MOST_CHANGES", version)
    await done(work, OFFICER, drafting.submit_payment, SubmitPayment(payment, version))
    await done(work, OFFICER, drafting.return_payment, ReturnPayment(payment, version + 1, "the amount is wrong"))
    again = asking(drafting.submit_payment, SubmitPayment(payment, version + 2))
    assert await refused(work, OFFICER, again, ConstraintViolationError) == ConstraintViolationError(
        constraint="payments_changes_limit", explanation="This payment was changed too often; cancel it and make a new one"
    )
