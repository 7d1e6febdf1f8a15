"""Orders to a bank: frozen as approved, sealed by a second person, one at most for a payment, and found again in statements."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from reintegration.banking.pain_schema import PainVersion, schema_faults
from reintegration.banking.payment_order import Service
from reintegration.banking.xml_tree import read_xml
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.clock import today
from reintegration.kernel.errors import (
    ConstraintViolationError,
    DomainError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
)
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
from reintegration.ordering import service as orders
from reintegration.ordering.errors import PaymentsNotOrderableError
from reintegration.payments import service as payments
from reintegration.reconciliation import matching
from tests import builders
from tests.builders import (
    ADMINISTRATOR,
    APPROVER,
    AUDITOR,
    COORDINATOR,
    COUNSELLOR,
    FINANCE,
    IOM,
    OFFICER,
    OTHER_COORDINATOR,
    OTHER_OFFICER,
    PROGRAMME,
)
from tests.order_steps import (
    BIC,
    HOLDER,
    MemoryStore,
    an_account,
    an_account_of,
    approved_account,
    payable,
    prepared,
    preparing,
    sealing,
    sent,
    stored,
    supplier_of,
)
from tests.payment_steps import (
    a_draft,
    a_payment,
    a_planned_case,
    asking,
    carry,
    done,
    doubt,
    euros,
    failure,
    plain,
)
from tests.proofs import refused, row, value
from tests.statement_steps import a_line, a_match, a_statement, imported, lines_of, opening

if TYPE_CHECKING:
    from reintegration.ordering.commands import PrepareOrder

_IBAN = "BE68539007547034"
_LINE = "select * from payment_order_lines where payment_id = $1 order by id desc limit 1"


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


async def test_an_order_freezes_what_was_approved_and_its_file_is_what_the_bank_reads(work: UnitOfWork) -> None:
    plan, store = await a_planned_case(work), MemoryStore()
    account = await an_account(work)
    first = await payable(work, plan, 12_345, holder="Ганбаатар Дорж", holder_latin="Ganbaatar Dorj")
    second = await payable(work, plan, 55, holder="Café Élan & Fils")
    command = preparing(account, first, second)
    await done(work, OFFICER, orders.prepare_order, command)
    found = await stored(work, command.id)
    assert (found["status"], found["line_count"], found["total_minor"], found["prepared_by"]) == ("draft", 2, 12_400, OFFICER.id)
    line = await row(work, _LINE, first)
    assert (line["holder"], line["payee_name"], line["bic"], line["amount_minor"]) == (
        "Ганбаатар Дорж",
        "Ganbaatar Dorj",
        BIC,
        12_345,
    )
    assert (line["end_to_end_id"], line["number"], line["in_force"]) == (first.hex, 1, True)
    # Marks are lost where the bank has none, and who seals the order sees it.
    assert (await row(work, _LINE, second))["payee_name"] == "Cafe Elan + Fils"

    seal = await sealing(work, command.id, store)
    await done(work, APPROVER, orders.seal_order, seal)
    again = MemoryStore()
    assert await orders.write_order_file(work, again, APPROVER, command.id, seal.content_digest) == seal.file
    assert again.puts == 0
    found = await stored(work, command.id)
    (content,) = store.objects.values()
    assert (found["sha256"], found["size_bytes"]) == (hashlib.sha256(content).hexdigest(), len(content))
    assert list(store.objects) == [f"payment-orders/{account}/{command.id}/{found['sha256']}.xml"] == [found["object_key"]]

    assert schema_faults(content, PainVersion.V09) == ()
    root, _ = read_xml(content)
    texts = [root.value(f"CstmrCdtTrfInitn/GrpHdr/{name}") for name in ("MsgId", "NbOfTxs", "CtrlSum")]
    assert texts == [found["message_id"], "2", "124.00"]
    assert len(str(found["message_id"])) == 26
    written = content.decode()
    assert written.count(f"<Nm>{HOLDER}</Nm>") == 2
    for expected in (
        f"<EndToEndId>{first.hex}</EndToEndId>",
        f"<EndToEndId>{second.hex}</EndToEndId>",
        '<InstdAmt Ccy="EUR">123.45</InstdAmt>',
        '<InstdAmt Ccy="EUR">0.55</InstdAmt>',
        "<Nm>Ganbaatar Dorj</Nm>",
        "<Nm>Cafe Elan + Fils</Nm>",
        f"<Dt>{today().isoformat()}</Dt>",
    ):
        assert written.count(expected) == 1, expected


async def test_the_same_order_gives_the_same_bytes_and_a_file_that_was_lost_before_the_seal_is_no_harm(work: UnitOfWork) -> None:
    plan, store = await a_planned_case(work), MemoryStore()
    order = await prepared(work, await an_account(work), await payable(work, plan))
    first = await sealing(work, order, store)
    second = await sealing(work, order, store)
    assert (first, store.puts, len(store.objects)) == (second, 2, 1)
    await done(work, APPROVER, orders.seal_order, second)


async def test_a_statement_finds_the_payment_by_what_the_order_called_it(work: UnitOfWork) -> None:
    plan = await a_planned_case(work)
    account = await an_account(work)
    payment, alike = await payable(work, plan, 7_700), await payable(work, plan, 7_700)
    await sent(work, account, payment, alike)
    line_row = await row(work, _LINE, payment)
    booked = a_line(
        1,
        -7_700,
        on=today(),
        end_to_end_reference=str(line_row["end_to_end_id"]),
        counterparty_account=str(line_row["account"]),
        counterparty_name=None,
    )
    (line,) = await lines_of(work, await imported(work, account, await a_statement(work, account, booked, closing_on=today())))
    async with work.read(OFFICER) as transaction:
        best, second = (await matching.suggestions(transaction, line, 20))[:2]
    assert (best[0].record_id, best[1].points) == (payment, 100)
    assert (second[0].record_id, second[1].points) == (alike, 40)


class TestPreparing:
    async def test_what_cannot_enter_is_named_with_its_reason(self, work: UnitOfWork) -> None:
        plan = await a_planned_case(work)
        account = await an_account(work)
        no_account = await a_payment(work, plan, 1_000, status="released")
        reimbursement = await a_draft(work, plan, plain(euros(1_000)))
        await carry(work, reimbursement, "released")
        failed = await payable(work, plan)
        await done(work, COORDINATOR, payments.fail_payment, await failure(work, failed))
        doubtful = await payable(work, plan)
        await done(work, COORDINATOR, payments.mark_payment_unconfirmed, await doubt(work, doubtful))
        ordered = await payable(work, plan)
        await prepared(work, account, ordered)
        matched = await payable(work, plan)
        await a_match(work, account, matched)
        changed, opened = await payable(work, plan), await payable(work, plan)
        await approved_account(work, await supplier_of(work, changed))
        await done(work, OFFICER, payments.record_supplier_account, an_account_of(await supplier_of(work, opened)))
        telephone = await payable(work, plan, kind="mobile_money", account="+97688112233", bic=None)
        expected = {
            no_account: "NO_PAYEE_ACCOUNT",
            reimbursement: "NO_PAYEE_ACCOUNT",
            failed: "NOT_RELEASED",
            doubtful: "NOT_RELEASED",
            await payable(work, plan, status="paid"): "NOT_RELEASED",
            await payable(work, plan, status="approved"): "NOT_RELEASED",
            ordered: "IN_ANOTHER_ORDER",
            matched: "PAID_BY_THE_BANK",
            changed: "ACCOUNT_CHANGED",
            opened: "ACCOUNT_UNAPPROVED",
            telephone: "MOBILE_MONEY",
        }
        good = await payable(work, plan)
        error = await refused(
            work, OFFICER, asking(orders.prepare_order, preparing(account, good, *expected)), PaymentsNotOrderableError
        )
        assert isinstance(error, PaymentsNotOrderableError)
        assert {one.payment_id: one.obstacle for one in error.obstacles} == expected
        assert (error.count, error.first) == (11, "NO_PAYEE_ACCOUNT")
        dollars = await an_account(work, replace(opening(money=Money(0, "USD")), account="000222"))
        await refused(work, OFFICER, asking(orders.prepare_order, preparing(dollars, good)), PaymentsNotOrderableError)
        await prepared(work, account, good)

    async def test_what_the_bank_asks_across_borders_is_named_by_payment_and_field(self, work: UnitOfWork) -> None:
        plan = await a_planned_case(work)
        belgian = replace(opening(office=None, partner=IOM), kind="iban", account=_IBAN)
        account = await an_account(work, belgian, who=COORDINATOR)
        bare = await payable(work, plan, bic=None)
        no_town = await payable(work, plan, country="MN")
        whole = await payable(work, plan, country="MN", town="Ulaanbaatar")
        unwritable = await payable(work, plan, country="MN", town="Ulaanbaatar", holder="محمد")
        command = preparing(account, bare, no_town, whole, unwritable, bic="GEBABEBB")
        error = await refused(work, COORDINATOR, asking(orders.prepare_order, command), PaymentsNotOrderableError)
        assert isinstance(error, PaymentsNotOrderableError)
        assert [(one.payment_id, one.obstacle, one.field) for one in error.obstacles] == [
            (bare, "FIELD_MISSING", "bic"),
            (bare, "FIELD_MISSING", "country"),
            (bare, "FIELD_MISSING", "town"),
            (no_town, "FIELD_MISSING", "town"),
            (unwritable, "NOT_WRITABLE", "holderLatin"),
        ]
        assert (error.count, error.first) == (3, "FIELD_MISSING bic")
        assert "arabic letter meem" in error.obstacles[-1].reason
        in_sepa = preparing(account, whole, service=Service.SEPA)
        error = await refused(work, COORDINATOR, asking(orders.prepare_order, in_sepa), PaymentsNotOrderableError)
        assert isinstance(error, PaymentsNotOrderableError)
        assert [(one.payment_id, one.obstacle, one.field) for one in error.obstacles] == [(whole, "NOT_WRITABLE", "account")]
        order = await prepared(work, account, whole, who=COORDINATOR)
        # An office sees its payment, and not the order out of its partner's account.
        async with work.read(OFFICER) as transaction:
            assert await transaction.fetch("select id from payment_orders where id = $1", order) == []
            assert await transaction.fetch("select id from payment_order_lines where payment_id = $1", whole) == []

    async def test_what_else_is_refused(self, work: UnitOfWork) -> None:
        plan = await a_planned_case(work)
        account, good = await an_account(work), await payable(work, plan)
        telephone = replace(opening(), kind="mobile_money", account="+97699112233")
        by_telephone = await an_account(work, telephone)
        elsewhere = await an_account(work, replace(opening(office=builders.CAMEROON), account="000111"), who=OTHER_OFFICER)
        mine = preparing(account, good)
        refusals: list[tuple[builders.Actor, PrepareOrder, type[DomainError]]] = [
            (OFFICER, preparing(account), InvalidInputError),
            (OFFICER, preparing(account, good, good), InvalidInputError),
            (OFFICER, preparing(account, good, on=today() - timedelta(days=1)), InvalidInputError),
            (OFFICER, preparing(account, good, on=today() + timedelta(days=61)), InvalidInputError),
            (OFFICER, preparing(account, good, holder="Монгол"), InvalidInputError),
            (OFFICER, preparing(account, good, holder="Été"), InvalidInputError),
            (OFFICER, preparing(account, good, holder=""), InvalidInputError),
            (OFFICER, preparing(account, good, holder="x" * 71), InvalidInputError),
            (OFFICER, preparing(account, good, bic="NOT-A-BIC"), InvalidInputError),
            (OFFICER, preparing(account, good, new_id()), NotFoundError),
            (OFFICER, preparing(new_id(), good), NotFoundError),
            (OFFICER, preparing(elsewhere, good), NotFoundError),
            (OTHER_OFFICER, preparing(elsewhere, good), NotFoundError),
            (OTHER_COORDINATOR, mine, NotFoundError),
            *((who, mine, ForbiddenError) for who in (COUNSELLOR, FINANCE, PROGRAMME, AUDITOR, ADMINISTRATOR)),
        ]
        for who, command, error in refusals:
            await refused(work, who, asking(orders.prepare_order, command), error)
        by_phone = preparing(by_telephone, good, bic=None)
        await refused(work, OFFICER, asking(orders.prepare_order, by_phone), ConstraintViolationError)
        await done(work, COORDINATOR, orders.prepare_order, mine)

    async def test_an_order_pays_nothing_after_the_deadline(self, work: UnitOfWork) -> None:
        plan = await a_planned_case(work)
        account, payment = await an_account(work), await payable(work, plan)
        deadline = await value(work, "select max(deadline_on) from entitlements where case_id = $1", plan.case.id)
        asked = "select payment_order_obstacle($1, $2::date + $3::integer, $4, null, null)"
        for days, obstacle in ((0, None), (1, "AFTER_DEADLINE")):
            assert await value(work, asked, account, deadline, days, payment) == obstacle


async def test_of_two_orders_at_once_one_has_the_payment(work: UnitOfWork) -> None:
    plan = await a_planned_case(work)
    account, payment = await an_account(work), await payable(work, plan)
    commands = [preparing(account, payment) for _ in range(4)]
    found = await asyncio.gather(
        *(done(work, OFFICER, orders.prepare_order, command) for command in commands), return_exceptions=True
    )
    assert sum(isinstance(one, PaymentsNotOrderableError) for one in found) == 3
    assert await value(work, "select count(*) from payment_order_lines where payment_id = $1", payment) == 1
