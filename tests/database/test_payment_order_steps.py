"""Orders to a bank after they were prepared: sealed by another person, taken, sent, paid, or given up with evidence."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.errors import (
    ForbiddenError,
    NotFoundError,
    SamePersonError,
    TransitionError,
    VersionConflictError,
)
from reintegration.kernel.ids import new_id
from reintegration.ordering import service as orders
from reintegration.ordering.commands import DownloadOrder, MarkOrderSent
from reintegration.ordering.errors import OrderPaidError, OrderUnprovedError, OrderVoidError, PaymentsNotOrderableError
from reintegration.payments import service as payments
from reintegration.payments.errors import NonPaymentUnprovedError, PaymentOrderedError
from tests import builders
from tests.builders import (
    APPROVER,
    AUDITOR,
    COORDINATOR,
    FINANCE,
    OFFICER,
    OTHER_COORDINATOR,
    OTHER_OFFICER,
)
from tests.order_steps import (
    MemoryStore,
    an_account,
    an_account_of,
    approved_account,
    cancelling,
    payable,
    prepared,
    preparing,
    sealed,
    sealing,
    sent,
    stored,
    supplier_of,
    unpaid,
    unwritten,
)
from tests.payment_steps import (
    a_planned_case,
    asking,
    attach,
    confirmation,
    done,
    doubt,
    failure,
    reversal,
)
from tests.proofs import refused, value
from tests.receivable_steps import SECOND_COORDINATOR
from tests.statement_steps import a_match


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


class TestSealing:
    async def test_another_person_seals_exactly_what_was_seen(self, work: UnitOfWork) -> None:
        plan = await a_planned_case(work)
        account, payment = await an_account(work), await payable(work, plan)
        order = await prepared(work, account, payment, who=APPROVER)
        digest = str((await stored(work, order))["content_digest"])
        mine = unwritten(order, 1, digest)
        for who, command, error in (
            (APPROVER, mine, SamePersonError),
            (OFFICER, mine, ForbiddenError),
            (FINANCE, mine, ForbiddenError),
            (OTHER_COORDINATOR, mine, NotFoundError),
            (COORDINATOR, unwritten(order, 1, "a" * 64), OrderVoidError),
            (COORDINATOR, unwritten(order, 2, digest), VersionConflictError),
        ):
            await refused(work, who, asking(orders.seal_order, command), error)
        store = MemoryStore()
        for who, seen, error in ((APPROVER, digest, SamePersonError), (COORDINATOR, "a" * 64, OrderVoidError)):
            with pytest.raises(error):
                await orders.write_order_file(work, store, who, order, seen)
        assert store.objects == {}
        await done(work, COORDINATOR, orders.seal_order, await sealing(work, order, who=COORDINATOR))
        await refused(work, COORDINATOR, asking(orders.seal_order, replace(mine, expected_version=2)), TransitionError)

    async def test_a_payment_that_ended_meanwhile_or_whose_account_changed_is_named(self, work: UnitOfWork) -> None:
        plan = await a_planned_case(work)
        account = await an_account(work)
        failed, doubtful, changed, paid = [await payable(work, plan) for _ in range(4)]
        order = await prepared(work, account, failed, doubtful, changed, paid)
        seal = await sealing(work, order)
        await done(work, COORDINATOR, payments.fail_payment, await failure(work, failed))
        await done(work, COORDINATOR, payments.mark_payment_unconfirmed, await doubt(work, doubtful))
        await approved_account(work, await supplier_of(work, changed))
        await attach(work, paid, "proof_of_payment")
        await done(work, COORDINATOR, payments.confirm_payment, await confirmation(work, paid))
        error = await refused(work, APPROVER, asking(orders.seal_order, seal), PaymentsNotOrderableError)
        assert isinstance(error, PaymentsNotOrderableError)
        assert [(one.payment_id, one.obstacle) for one in error.obstacles] == [
            (failed, "NOT_RELEASED"),
            (doubtful, "NOT_RELEASED"),
            (changed, "ACCOUNT_CHANGED"),
            (paid, "NOT_RELEASED"),
        ]
        await done(work, OFFICER, orders.cancel_order, await cancelling(work, order))
        assert await value(work, "select count(*) from payment_order_lines where order_id = $1 and in_force", order) == 0


class TestAfterSealing:
    async def test_no_payment_of_a_sealed_order_ends_beside_it(self, work: UnitOfWork) -> None:
        plan = await a_planned_case(work)
        account, payment = await an_account(work), await payable(work, plan)
        order = await sealed(work, account, payment)
        await attach(work, payment, "proof_of_payment")
        for use_case, command in (
            (payments.confirm_payment, await confirmation(work, payment)),
            (payments.fail_payment, await failure(work, payment)),
            (payments.mark_payment_unconfirmed, await doubt(work, payment)),
        ):
            await refused(work, COORDINATOR, asking(use_case, command), PaymentOrderedError)  # type: ignore[arg-type] # each its own
        await done(work, OFFICER, orders.mark_order_sent, MarkOrderSent(order, 2))
        # The bank has an order to pay it: it fails with evidence alone, and may be in doubt or paid.
        await refused(work, COORDINATOR, asking(payments.fail_payment, await failure(work, payment)), NonPaymentUnprovedError)
        await done(work, COORDINATOR, payments.confirm_payment, await confirmation(work, payment))
        again = await payable(work, plan)
        await sent(work, account, again)
        await unpaid(work, again)
        await done(work, COORDINATOR, payments.fail_payment, await failure(work, again))

    async def test_an_order_whose_file_nobody_took_is_cancelled_and_its_payments_are_free(self, work: UnitOfWork) -> None:
        plan = await a_planned_case(work)
        account, payment = await an_account(work), await payable(work, plan)
        for order in (await prepared(work, account, payment), None):
            order = order or await sealed(work, account, payment)  # noqa: PLW2901 - the second order of the same payment
            await done(work, OFFICER, orders.cancel_order, await cancelling(work, order))
            await refused(work, OFFICER, asking(orders.cancel_order, await cancelling(work, order)), TransitionError)
            await refused(work, OFFICER, asking(orders.download_order, DownloadOrder(new_id(), order)), TransitionError)
        await sealed(work, account, payment)
        assert await value(work, "select count(*) from payment_order_lines where payment_id = $1", payment) == 3

    @pytest.mark.parametrize("is_sent", [False, True])
    async def test_an_order_that_the_bank_may_have_is_cancelled_with_evidence_alone(
        self, work: UnitOfWork, *, is_sent: bool
    ) -> None:
        plan = await a_planned_case(work)
        account = await an_account(work)
        known, doubtful = await payable(work, plan), await payable(work, plan)
        order = await sealed(work, account, known, doubtful)
        await done(work, OFFICER, orders.download_order, DownloadOrder(new_id(), order))
        if is_sent:
            await done(work, OFFICER, orders.mark_order_sent, MarkOrderSent(order, 2, "ACK-7"))
            await done(work, COORDINATOR, payments.mark_payment_unconfirmed, await doubt(work, doubtful))
            await refused(work, OFFICER, asking(orders.cancel_order, await cancelling(work, order)), SamePersonError)
        cancel = await cancelling(work, order)
        # Who took the file is the one who knows, whether or not they say that it was sent.
        await refused(work, OFFICER, asking(orders.cancel_order, cancel), SamePersonError)
        error = await refused(work, APPROVER, asking(orders.cancel_order, cancel), OrderUnprovedError)
        assert isinstance(error, OrderUnprovedError)
        assert error.payment_ids == (known, doubtful)
        await unpaid(work, known)
        error = await refused(work, APPROVER, asking(orders.cancel_order, cancel), OrderUnprovedError)
        assert isinstance(error, OrderUnprovedError)
        assert error.payment_ids == (doubtful,)
        await unpaid(work, doubtful)
        await done(work, APPROVER, orders.cancel_order, cancel)
        statuses = "select array_agg(p.status order by p.status) from payments p where p.id = any ($1)"
        expected = ["released", "unconfirmed"] if is_sent else ["released", "released"]
        assert await value(work, statuses, [known, doubtful]) == expected
        if is_sent:
            await refused(work, OFFICER, asking(orders.prepare_order, preparing(account, doubtful)), PaymentsNotOrderableError)
        await prepared(work, account, known)

    async def test_evidence_of_an_order_that_the_bank_refused_says_nothing_of_the_next(self, work: UnitOfWork) -> None:
        plan = await a_planned_case(work)
        account, payment = await an_account(work), await payable(work, plan)
        first = await sent(work, account, payment)
        await unpaid(work, payment)
        await done(work, APPROVER, orders.cancel_order, await cancelling(work, first))
        second = await sent(work, account, payment)
        error = await refused(work, APPROVER, asking(orders.cancel_order, await cancelling(work, second)), OrderUnprovedError)
        assert isinstance(error, OrderUnprovedError)
        assert error.payment_ids == (payment,)
        await refused(work, COORDINATOR, asking(payments.fail_payment, await failure(work, payment)), NonPaymentUnprovedError)
        await done(work, COORDINATOR, payments.mark_payment_unconfirmed, await doubt(work, payment))
        await refused(work, COORDINATOR, asking(payments.fail_payment, await failure(work, payment)), NonPaymentUnprovedError)
        await unpaid(work, payment)
        await done(work, COORDINATOR, payments.fail_payment, await failure(work, payment))

    async def test_the_first_to_take_the_file_is_told_what_changed_since_the_seal(self, work: UnitOfWork) -> None:
        plan = await a_planned_case(work)
        account, payment, other = await an_account(work), await payable(work, plan), await payable(work, plan)
        order, taken = await sealed(work, account, payment), await sealed(work, account, other)
        await done(work, OFFICER, orders.download_order, DownloadOrder(new_id(), taken))
        for changed in (payment, other):
            command = an_account_of(await supplier_of(work, changed))
            await done(work, OFFICER, payments.record_supplier_account, command)
        error = await refused(
            work, OFFICER, asking(orders.download_order, DownloadOrder(new_id(), order)), PaymentsNotOrderableError
        )
        assert isinstance(error, PaymentsNotOrderableError)
        assert [(found.payment_id, found.obstacle) for found in error.obstacles] == [(payment, "ACCOUNT_UNAPPROVED")]
        assert await value(work, "select count(*) from payment_order_downloads where order_id = $1", order) == 0
        # Nobody has it, so nothing has to be proved; what somebody has may be taken again.
        await done(work, OFFICER, orders.cancel_order, await cancelling(work, order))
        await done(work, APPROVER, orders.download_order, DownloadOrder(new_id(), taken))

    async def test_one_person_does_not_say_that_it_was_paid_and_that_it_came_back(self, work: UnitOfWork) -> None:
        plan = await a_planned_case(work)
        account, payment = await an_account(work), await payable(work, plan)
        await sent(work, account, payment)
        await attach(work, payment, "proof_of_payment")
        await done(work, COORDINATOR, payments.confirm_payment, await confirmation(work, payment))
        back = await reversal(work, payment)
        await refused(work, COORDINATOR, asking(payments.reverse_payment, back), SamePersonError)
        assert await value(work, "select status from payments where id = $1", payment) == "paid"
        await done(work, SECOND_COORDINATOR, payments.reverse_payment, back)

    async def test_what_the_bank_has_paid_keeps_its_order(self, work: UnitOfWork) -> None:
        plan = await a_planned_case(work)
        account = await an_account(work)
        matched, paid = await payable(work, plan), await payable(work, plan)
        by_statement, by_hand = await sent(work, account, matched), await sent(work, account, paid)
        await a_match(work, account, matched)
        await attach(work, paid, "proof_of_payment")
        await done(work, COORDINATOR, payments.confirm_payment, await confirmation(work, paid))
        await unpaid(work, matched, paid)
        for order in (by_statement, by_hand):
            await refused(work, APPROVER, asking(orders.cancel_order, await cancelling(work, order)), OrderPaidError)

    async def test_each_use_of_the_file_is_kept(self, work: UnitOfWork) -> None:
        plan = await a_planned_case(work)
        account, payment = await an_account(work), await payable(work, plan)
        draft = await prepared(work, account, payment)
        await refused(work, OFFICER, asking(orders.download_order, DownloadOrder(new_id(), draft)), TransitionError)
        await done(work, APPROVER, orders.seal_order, await sealing(work, draft))
        for who in (OFFICER, COORDINATOR):
            await done(work, who, orders.download_order, DownloadOrder(new_id(), draft))
        for who, error in ((FINANCE, ForbiddenError), (AUDITOR, ForbiddenError), (OTHER_OFFICER, NotFoundError)):
            await refused(work, who, asking(orders.download_order, DownloadOrder(new_id(), draft)), error)
        taken = "select array_agg(downloaded_by order by id) from payment_order_downloads where order_id = $1"
        assert await value(work, taken, draft) == [OFFICER.id, COORDINATOR.id]
        logged = "select count(*) from audit_log where table_name = 'payment_order_downloads' and after ->> 'order_id' = $1"
        assert await value(work, logged, str(draft)) == 2
